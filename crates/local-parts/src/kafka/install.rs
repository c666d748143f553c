//! Java, and Kafka's own jars, fetched by Maven.

use super::{NoBroker, VERSION, folder};
use crate::packages::{install_debian, run, say, works};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Kafka 4 runs on this and later.
const JAVA_VERSION_MIN: u32 = 17;

/// What runs a broker.
pub(super) struct Installed {
    /// The program.
    pub(super) java: PathBuf,
    /// The folder of jars.
    pub(super) jars: PathBuf,
}

impl Installed {
    /// Finds Java and the jars; fetches the jars if they are not there.
    pub(super) fn find() -> Result<Self, NoBroker> {
        let jars = folder().join("jars");
        let have_jars =
            jars.join(format!("kafka_2.13-{VERSION}.jar")).exists() && jars.join("whole").exists();
        if java().is_none() || (!have_jars && !works("mvn", "-version")) {
            install_packages(&["maven", "openjdk-17-jre-headless"])?;
        }
        let java =
            java().ok_or_else(|| NoBroker(format!("there is no Java {JAVA_VERSION_MIN} or later here")))?;
        if !have_jars {
            fetch(&jars)?;
        }
        Ok(Self { java, jars })
    }

    /// A Java command that has all jars.
    pub(super) fn command(&self, heap_mib: u32) -> Command {
        let mut command = Command::new(&self.java);
        command.arg(format!("-Xmx{heap_mib}m"));
        // It starts in half the time and on a test's load is no slower.
        command.args([
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-Dorg.apache.logging.log4j.level=WARN",
        ]);
        command.arg("-cp").arg(self.jars.join("*"));
        command
    }
}

/// The first Java that is new enough.
fn java() -> Option<PathBuf> {
    let home = std::env::var_os("JAVA_HOME").map(|home| Path::new(&home).join("bin/java"));
    let new_enough = |java: &PathBuf| {
        let output = Command::new(java).arg("-version").output().ok()?;
        version(&String::from_utf8_lossy(&output.stderr))
    };
    home.into_iter().chain([PathBuf::from("java")]).find(|java| new_enough(java) >= Some(JAVA_VERSION_MIN))
}

/// The major version in what `java -version` says, such as 17 of `openjdk version "17.0.15" 2025-04-15`.
fn version(said: &str) -> Option<u32> {
    let (_, quoted) = said.split_once('"')?;
    quoted.split(['.', '"', '-']).next()?.parse().ok()
}

/// `kcat`, which reads topics; it is installed where we may.
pub(super) fn kcat() -> Result<&'static str, NoBroker> {
    if !works("kcat", "-V") {
        install_packages(&["kcat"])?;
    }
    Ok("kcat")
}

/// Installs Debian packages where we may.
fn install_packages(packages: &[&str]) -> Result<(), NoBroker> {
    install_debian(packages).map_err(|error| NoBroker(error.to_string()))
}

/// Copies the jars into `jars`; a copy that broke off is made again.
fn fetch(jars: &Path) -> Result<(), NoBroker> {
    say(&format!("fetching Kafka {VERSION} with Maven into {}", jars.display()));
    let _ = std::fs::remove_dir_all(jars);
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/local/kafka/pom.xml");
    let mut maven = Command::new("mvn");
    maven.args(["-q", "-B", "-f"]).arg(project).arg("dependency:copy-dependencies");
    maven.arg(format!("-DoutputDirectory={}", jars.display()));
    run(&mut maven).map_err(|error| NoBroker(error.to_string()))?;
    std::fs::write(jars.join("whole"), "").map_err(|error| NoBroker(format!("{}: {error}", jars.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_java_is_read_old_and_new() {
        assert_eq!(version("openjdk version \"17.0.15\" 2025-04-15\nOpenJDK Runtime"), Some(17));
        assert_eq!(version("openjdk version \"25\" 2025-09-16"), Some(25));
        assert_eq!(version("java version \"1.8.0_292\""), Some(1));
        assert_eq!(version("sh: java: not found"), None);
    }

    #[test]
    fn the_project_that_fetches_the_jars_names_the_same_version() {
        let project = include_str!("../../../../deploy/local/kafka/pom.xml");
        assert!(project.contains(&format!("<version>{VERSION}</version>")));
    }
}
