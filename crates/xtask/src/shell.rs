//! Running other programs, and how a task fails.

use std::fmt;
use std::io::ErrorKind;
use std::process::Command;

/// Why a task did not succeed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// A check or test found something.
    Found(String),
    /// The command line was wrong.
    Usage(String),
    /// Something the task needs is not there.
    Missing(String),
}

impl Failure {
    /// The same numbers as the product's own commands end with.
    pub(crate) const fn exit_code(&self) -> u8 {
        match self {
            Self::Found(_) => 1,
            Self::Usage(_) => 2,
            Self::Missing(_) => 69,
        }
    }

    /// An installation that failed leaves something missing.
    pub(crate) fn into_missing(self, hint: &str) -> Self {
        match self {
            Self::Found(what) => Self::Missing(format!("{what}; {hint}")),
            other => other,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Found(what) | Self::Usage(what) | Self::Missing(what)) = self;
        f.write_str(what)
    }
}

/// Shows what is about to be done.
pub(crate) fn say(what: &str) {
    eprintln!("xtask: {what}");
}

/// The cargo that runs this task, so that both are of one toolchain.
pub(crate) fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// A command as a person would type it, without the path of the program.
pub(crate) fn typed(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program());
    let program = program.file_name().unwrap_or(program.as_os_str());
    let words = std::iter::once(program).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// Runs a command whose output goes to the terminal. `without` says how to get the program when it is not there.
pub(crate) fn run(command: &mut Command, without: &str) -> Result<(), Failure> {
    let line = typed(command);
    say(&line);
    let status = command.status().map_err(|error| not_started(&line, &error, without))?;
    if status.success() { Ok(()) } else { Err(Failure::Found(format!("`{line}` failed ({status})"))) }
}

/// Runs a command for its standard output, trimmed.
pub(crate) fn read(command: &mut Command, without: &str) -> Result<String, Failure> {
    let line = typed(command);
    let output = command.output().map_err(|error| not_started(&line, &error, without))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).trim().into());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(Failure::Found(format!("`{line}` failed ({}): {}", output.status, said.trim())))
}

pub(crate) fn not_started(line: &str, error: &std::io::Error, without: &str) -> Failure {
    if error.kind() == ErrorKind::NotFound {
        Failure::Missing(format!("`{line}` needs a program that is not here: {without}"))
    } else {
        Failure::Missing(format!("`{line}` could not start: {error}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_is_not_there_is_missing_and_one_that_fails_has_found_something() {
        let absent = run(&mut Command::new("no-such-program-here"), "apt-get install it").unwrap_err();
        assert_eq!(absent.exit_code(), 69);
        assert!(absent.to_string().contains("apt-get install it"));
        let failed = run(Command::new("sh").args(["-c", "exit 3"]), "").unwrap_err();
        assert_eq!(failed.exit_code(), 1);
        let failed = read(Command::new("sh").args(["-c", "echo why >&2; exit 3"]), "").unwrap_err();
        assert!(failed.to_string().ends_with("why"), "{failed}");
        assert_eq!(read(Command::new("sh").args(["-c", "echo ' 1.2 '"]), ""), Ok("1.2".into()));
    }
}
