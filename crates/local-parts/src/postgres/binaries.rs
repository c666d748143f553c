//! PostgreSQL's programs: where they are, and as whom they run.

use crate::postgres::NoServer;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The user that Debian's package makes.
const SERVER_USER: &str = "postgres";

/// The programs of one installed version.
#[derive(Debug, Clone)]
pub(crate) struct Binaries {
    folder: PathBuf,
    version: String,
    /// The server refuses to run as root, so root becomes this user for it.
    run_as: Option<&'static str>,
}

impl Binaries {
    /// The newest that is installed; root on Debian installs it.
    pub(crate) fn ensure() -> Result<Self, NoServer> {
        if let Some(found) = Self::find() {
            return Ok(found);
        }
        let how = "Set DATABASE_URL to a running server's, or install one: apt-get install postgresql";
        if !is_root() || !Path::new("/usr/bin/apt-get").exists() {
            return Err(NoServer(format!("this test needs PostgreSQL, and none is installed. {how}")));
        }
        install()?;
        Self::find().ok_or_else(|| {
            NoServer(format!("the package was installed, but its programs were not found. {how}"))
        })
    }

    fn find() -> Option<Self> {
        let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?.flatten();
        let newest = versions
            .filter(|version| version.path().join("bin/postgres").exists())
            .filter_map(|version| version.file_name().to_str()?.parse::<u32>().ok())
            .max()?;
        let folder = Path::new("/usr/lib/postgresql").join(newest.to_string()).join("bin");
        Some(Self { folder, version: newest.to_string(), run_as: is_root().then_some(SERVER_USER) })
    }

    pub(crate) fn version(&self) -> &str {
        &self.version
    }

    /// A program that serves, as the user that may.
    pub(crate) fn server(&self, program: &str) -> Command {
        self.as_server_user(&self.folder.join(program))
    }

    /// A program that asks a server.
    pub(crate) fn client(&self, program: &str) -> Command {
        Command::new(self.folder.join(program))
    }

    /// Gives a folder to the user that the server runs as.
    pub(crate) fn hand_over(&self, folder: &Path) -> Result<(), NoServer> {
        match self.run_as {
            Some(user) => run(Command::new("chown").arg(user).arg(folder)).map(drop),
            None => Ok(()),
        }
    }

    /// Whether the server's user can get into a folder.
    pub(crate) fn may_enter(&self, folder: &Path) -> Result<bool, NoServer> {
        let mut test = self.as_server_user(Path::new("test"));
        let status = test.arg("-x").arg(folder).status();
        status.map(|status| status.success()).map_err(|error| NoServer(format!("setpriv: {error}")))
    }

    fn as_server_user(&self, program: &Path) -> Command {
        let Some(user) = self.run_as else { return Command::new(program) };
        let mut command = Command::new("setpriv");
        command.args(["--reuid", user, "--regid", user, "--init-groups", "--"]).arg(program);
        command
    }
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

#[allow(
    clippy::print_stderr,
    reason = "whoever waits for a test should know that a package is being installed"
)]
fn install() -> Result<(), NoServer> {
    eprintln!("PostgreSQL is not installed: running apt-get install postgresql");
    let apt = || {
        let mut apt = Command::new("apt-get");
        apt.env("DEBIAN_FRONTEND", "noninteractive").arg("--quiet");
        apt
    };
    run(apt().arg("update"))?;
    run(apt().args(["install", "--yes", "--no-install-recommends", "postgresql"])).map(drop)
}

/// Runs a command to its end and gives what it printed, or says what it complained of.
pub(crate) fn run(command: &mut Command) -> Result<String, NoServer> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).current_dir("/").output();
    let output = output.map_err(|error| NoServer(format!("{name}: {error}")))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(text);
    }
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(NoServer(format!("{name} ended with {}: {}{}", output.status, text, complaint.trim())))
}
