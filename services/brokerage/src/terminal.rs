//! The terminal: what is printed and where, the logs, and the exit codes.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// How a command ends, as a shell sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// It was done, or the answer is yes.
    Yes = 0,
    /// The answer is no: refused by a rule, not found, not verified.
    No = 1,
    /// The command itself was wrong.
    Usage = 2,
    /// Something it needs is not there or not in order (`EX_UNAVAILABLE` of sysexits).
    Unavailable = 69,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// How a result is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Output {
    /// For people.
    Table,
    /// For programs.
    Json,
}

/// Logs go to stderr, as text; `RUST_LOG` chooses how much.
pub(crate) fn start_logging() {
    let info = || Targets::new().with_default(LevelFilter::INFO);
    let asked = std::env::var("RUST_LOG").ok().map(|filter| filter.parse::<Targets>());
    let (filter, wrong) = match asked {
        Some(Ok(filter)) => (filter, None),
        Some(Err(error)) => (info(), Some(error)),
        None => (info(), None),
    };
    let colours = std::io::stderr().is_terminal();
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(colours);
    // A second call, as tests make, leaves the first in place.
    let _ = tracing_subscriber::registry().with(lines.with_filter(filter)).try_init();
    if let Some(error) = wrong {
        tracing::warn!(%error, "RUST_LOG is not understood, logging at level info: expected such as `warn` or `info,engine=debug`");
    }
}

/// Says what somebody should know though it goes on, on stderr.
#[expect(clippy::print_stderr, reason = "this is where the binary speaks to people")]
pub(crate) fn say_warning(message: &str) {
    eprintln!("warning: {message}");
}

/// Says what went wrong, on stderr.
#[expect(clippy::print_stderr, reason = "this is where the binary speaks to people")]
pub(crate) fn say_error(message: &str) {
    eprintln!("error: {message}");
}

/// Says something beside the result, on stderr.
#[expect(clippy::print_stderr, reason = "this is where the binary speaks to people")]
pub(crate) fn say_note(message: &str) {
    eprintln!("{message}");
}

/// Prints a result, on stdout. A reader that has gone away, such as `head`, is not an error.
pub(crate) fn say(text: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}
