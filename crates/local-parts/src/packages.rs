//! Debian packages and virtual environments of Python: what other people's programs come in.

use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Why something is not here, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotInstalled(pub(crate) String);

impl fmt::Display for NotInstalled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NotInstalled {}

/// Whether a program is there and does not fail when asked for its version, say.
pub(crate) fn works(program: &str, argument: &str) -> bool {
    let status = Command::new(program).arg(argument).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// Installs Debian packages where we may.
pub(crate) fn install_debian(packages: &[&str]) -> Result<(), NotInstalled> {
    let names = packages.join(" ");
    let root = Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n");
    if !root || !works("apt-get", "--version") {
        return Err(NotInstalled(format!(
            "{names} is missing, and only root on Debian can install it from here: apt-get install {names}"
        )));
    }
    say(&format!("installing with apt-get: {names}"));
    let mut install = Command::new("apt-get");
    install.env("DEBIAN_FRONTEND", "noninteractive");
    install.args(["install", "--yes", "--quiet", "--no-install-recommends"]).args(packages);
    run(Command::new("apt-get").args(["update", "--quiet"]))?;
    run(&mut install)
}

/// Makes or reuses a virtual environment with exactly `packages` (`name==version`), and gives its interpreter. Those who ask at the same time
/// wait for each other.
///
/// # Errors
/// When Python with its module `venv` is missing or PyPI cannot be reached, with what to do.
pub fn python_environment(folder: &Path, packages: &[&str]) -> Result<PathBuf, NotInstalled> {
    let unwritable = |error| NotInstalled(format!("{} cannot be written: {error}", folder.display()));
    std::fs::create_dir_all(folder).map_err(unwritable)?;
    // The lock goes with the file, which stays open until the end.
    let lock = File::create(folder.with_extension("lock")).map_err(unwritable)?;
    lock.lock().map_err(unwritable)?;
    let (python, stamp) = (folder.join("bin/python"), folder.join("installed.txt"));
    let wanted = packages.join("\n");
    let works = python.to_str().is_some_and(|python| works(python, "--version"));
    if works && std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(python);
    }
    say(&format!("installing {} from PyPI into {}", packages.join(", "), folder.display()));
    let without = "install Python with its venv module (Debian: apt-get install python3 python3-venv)";
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(folder))
        .map_err(|error| NotInstalled(format!("{error}; {without}")))?;
    let mut pip = Command::new(&python);
    pip.args(["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]).args(packages);
    run(&mut pip).map_err(|error| NotInstalled(format!("{error}; can this machine reach PyPI?")))?;
    // Last, so that an installation that broke off is made again.
    std::fs::write(&stamp, wanted).map_err(unwritable)?;
    Ok(python)
}

/// Runs a command to its end, and gives the last lines of what it said where it failed.
pub(crate) fn run(command: &mut Command) -> Result<(), NotInstalled> {
    let line = command.get_program().to_string_lossy().into_owned();
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| NotInstalled(format!("{line} could not be started: {error}")))?;
    if output.status.success() {
        return Ok(());
    }
    // Maven tells its errors on standard output.
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    let end: Vec<_> = said.trim().lines().rev().take(5).collect();
    Err(NotInstalled(format!(
        "{line} failed ({}): {}",
        output.status,
        end.into_iter().rev().collect::<Vec<_>>().join("\n")
    )))
}

/// What is about to take a while.
#[expect(clippy::print_stderr, reason = "a test that waits minutes for an installation must say so")]
pub(crate) fn say(what: &str) {
    eprintln!("local-parts: {what}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fails_says_what_it_said_last() {
        let error = run(Command::new("sh").args(["-c", "echo before; echo why >&2; exit 3"])).unwrap_err();
        assert!(error.to_string().contains("sh failed") && error.to_string().ends_with("why"), "{error}");
        let absent = run(&mut Command::new("no-such-program-here")).unwrap_err();
        assert!(absent.to_string().contains("could not be started"), "{absent}");
        assert!(!works("no-such-program-here", "--version"));
    }
}
