//! The terminal: what is printed and where, the logs, and the exit codes.

use comfy_table::{ColumnConstraint, ContentArrangement, Table, Width, presets};
use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
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

/// How a process's log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// A JSON object a line, for what collects logs.
    Json,
}

/// Logs go to stderr; `RUST_LOG` chooses how much.
pub(crate) fn start_logging(format: LogFormat) {
    let info = || Targets::new().with_default(LevelFilter::INFO);
    let asked = std::env::var("RUST_LOG").ok().map(|filter| filter.parse::<Targets>());
    let (filter, wrong) = match asked {
        Some(Ok(filter)) => (filter, None),
        Some(Err(error)) => (info(), Some(error)),
        None => (info(), None),
    };
    let colours = std::io::stderr().is_terminal();
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(colours);
    let lines = match format {
        LogFormat::Text => lines.with_filter(filter).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).with_filter(filter).boxed(),
    };
    // A second call, as tests make, leaves the first in place.
    let _ = tracing_subscriber::registry().with(lines).try_init();
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

/// Whether some of the result could not be printed.
static RESULT_LOST: AtomicBool = AtomicBool::new(false);

/// Prints a result, on stdout. A reader that has gone away, such as `head`, is not an error; a full disk is, and is told at the end by
/// [`delivered`].
pub(crate) fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    told(writeln!(out, "{text}").and_then(|()| out.flush()));
}

/// Notes where some of a result could not be printed.
fn told(printed: std::io::Result<()>) {
    if let Err(error) = printed
        && error.kind() != std::io::ErrorKind::BrokenPipe
        && !RESULT_LOST.swap(true, Ordering::Relaxed)
    {
        say_error(&format!("the result could not be written: {error}"));
    }
}

/// Prints bytes of a result as they are.
pub(crate) fn say_bytes(bytes: &[u8]) {
    let mut out = std::io::stdout().lock();
    told(out.write_all(bytes).and_then(|()| out.flush()));
}

/// How the command ends, given that what it printed may have been lost: then not as if all were well.
pub(crate) fn delivered(exit: Exit) -> Exit {
    if exit == Exit::Yes && RESULT_LOST.load(Ordering::Relaxed) { Exit::Unavailable } else { exit }
}

/// Rows of text, as people see them.
pub(crate) struct Rows {
    /// What the columns are; none where each row begins with what it is.
    pub(crate) header: Option<Vec<String>>,
    /// The rows, each with as many cells.
    pub(crate) rows: Vec<Vec<String>>,
    /// How many characters wide the columns of a table are; as it comes where nobody has reckoned it.
    pub(crate) widths: Option<Vec<usize>>,
}

/// How wide what is printed may be where it goes to people: to a terminal, or to whoever sets `COLUMNS`; none for a pipe or file.
pub(crate) fn width() -> Option<u16> {
    let of_terminal = || std::io::stdout().is_terminal().then(|| Table::new().width().unwrap_or(WIDTH_USUAL));
    width_asked().or_else(of_terminal)
}

fn width_asked() -> Option<u16> {
    let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.trim().parse().ok());
    columns.map(|columns: u16| columns.max(WIDTH_MIN))
}

/// The narrowest table that can be asked for, in columns of the terminal.
const WIDTH_MIN: u16 = 20;
/// How wide a terminal is that does not say.
const WIDTH_USUAL: u16 = 80;
/// What stands in a table where there is nothing to tell.
const NOTHING: &str = "-";

impl Rows {
    /// Rows beneath their columns' names, as wide as it comes.
    pub(crate) fn beneath(header: Vec<String>, rows: Vec<Vec<String>>) -> Self {
        Self { header: Some(header), rows, widths: None }
    }

    /// The text for stdout: a table of this width, such as [`width`] gives, or without one a line for each row, with a tab between the cells, as
    /// `cut` and `awk` take it.
    pub(crate) fn text(&self, width: Option<u16>) -> String {
        width.map_or_else(|| self.lines(), |width| self.table(width))
    }

    fn table(&self, width: u16) -> String {
        let mut table = Table::new();
        table.load_style(presets::UTF8_BORDERS_ONLY).set_content_arrangement(ContentArrangement::Dynamic);
        table.set_width(width);
        if let Some(header) = &self.header {
            table.set_header(header);
        }
        // An empty cell would look as if something had been forgotten.
        let said = |cell: &String| if cell.is_empty() { NOTHING.to_owned() } else { cell.clone() };
        table.add_rows(self.rows.iter().map(|row| row.iter().map(said).collect::<Vec<_>>()));
        for (column, width) in table.column_iter_mut().zip(self.widths.iter().flatten()) {
            // With a space on each side.
            let width = u16::try_from(width + 2).unwrap_or(u16::MAX);
            column.set_constraint(ColumnConstraint::Absolute(Width::Fixed(width)));
        }
        table.trim_fmt()
    }

    /// One line for each row.
    fn lines(&self) -> String {
        // A cell with a tab or line end of its own would be two.
        let cell = |cell: &String| cell.split_whitespace().collect::<Vec<_>>().join(" ");
        let line = |row: &Vec<String>| row.iter().map(cell).collect::<Vec<_>>().join("\t");
        self.header.iter().chain(&self.rows).map(line).collect::<Vec<_>>().join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::Rows;

    fn rows() -> Rows {
        let row = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
        let long = "no child of this age was ever offered a home so far from where it lives";
        Rows {
            header: Some(row(["name", "note", "open"])),
            rows: vec![row(["p1", long, ""]), row(["p2", "a\n b", "yes"])],
            widths: None,
        }
    }

    #[test]
    fn a_pipe_gets_one_line_for_each_row_with_tabs() {
        let text = rows().lines();
        let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split('\t').collect()).collect();
        assert_eq!(lines.len(), 3, "{text:?}");
        assert!(lines.iter().all(|cells| cells.len() == 3), "{text:?}");
        assert_eq!(lines[2], ["p2", "a b", "yes"]);
        assert!(!text.contains("  ") && !text.contains('│'), "{text:?}");
    }

    #[test]
    fn a_table_is_as_wide_as_asked_and_no_line_ends_in_a_space() {
        for width in [20, 40, 80] {
            let text = rows().table(width);
            let widest = text.lines().map(|line| line.chars().count()).max().unwrap_or_default();
            assert!(widest <= width.into(), "{widest} > {width}:\n{text}");
            assert!(text.lines().all(|line| line == line.trim_end()), "{text}");
        }
    }
}
