//! What can be wrong with a register: where, which value, what was expected.

use super::parse::COLUMNS;
use std::fmt;

/// The most errors that are reported in full; the rest are counted.
pub(super) const REPORTED_MAX: usize = 20;
/// The most characters of a wrong value that are repeated.
const SHOWN_CHARACTERS_MAX: usize = 60;

/// One thing that is wrong with the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RegisterError {
    /// The line as an editor counts it, from 1. Of the field itself if it stands below the start of its row.
    pub(crate) line: usize,
    /// The column's number from 1, and its name; none if it is not about one column.
    pub(crate) column: Option<(usize, Box<str>)>,
    /// The value as it stands, shortened; none if there is none to show.
    pub(crate) value: Option<Box<str>>,
    pub(crate) fault: Fault,
}

/// What is wrong, and what is expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Fault {
    #[error("the file cannot be read: {0}")]
    Unreadable(String),
    #[error("the file is larger than {0} bytes: is it a register?")]
    TooLarge(usize),
    #[error("the file is UTF-16: save it as \"CSV UTF-8\"")]
    Utf16,
    #[error("the file is empty: the first line must name the columns {}", COLUMNS.join(","))]
    Empty,
    #[error("the file has no rows: below the columns, expected one line for each registration")]
    NoRows,
    #[error("the column {0:?} is missing: add it to the first line and to every row")]
    ColumnMissing(&'static str),
    #[error("is not a column of the register: remove it; expected {}", COLUMNS.join(","))]
    ColumnUnknown,
    #[error("is already column {0}: keep one of the two")]
    ColumnTwice(usize),
    #[error("{found} fields, but the first line names {expected}: put quotes around a value with a comma{}", quote_hint(*.open_quote))]
    FieldCount {
        /// Fields in this row.
        found: usize,
        /// Columns in the first line.
        expected: usize,
        /// Whether a field runs over several lines, as after a quote that is never closed.
        open_quote: bool,
    },
    #[error("is not UTF-8 text: save the file as \"CSV UTF-8\"")]
    NotUtf8,
    #[error("is blank: expected {0}")]
    Blank(&'static str),
    #[error("is not {0}")]
    Not(&'static str),
    #[error("is not a whole number from 0 to {0}")]
    NotANumber(u16),
    #[error("is not a date: expected year-month-day, such as 2025-03-31")]
    NotADate,
    #[error("is none of the values known here; expected {}", quoted(.0))]
    NotOneOf(Vec<&'static str>),
    #[error("is already on line {0}: a URN is given once")]
    UrnTwice(usize),
    #[error(
        "and line {line} both lead to the URN {urn}, since a fostering agency is entered once for each kind of fostering: \
         give one of the two another URN"
    )]
    UrnShared {
        /// The URN of both.
        urn: Box<str>,
        /// The line of the earlier row.
        line: usize,
    },
    #[error("is not a URN: expected 1 to {0} letters and digits, such as SC045099 or 2590934")]
    NotAUrn(usize),
    #[error("begins with {0}, as only the councils' own provision does: give it another")]
    Reserved(&'static str),
}

/// All that is wrong with a file: never more than the first 20 in full, and how many there are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct RegisterErrors {
    /// The first ones, in the order of the file.
    pub(crate) reported: Vec<RegisterError>,
    /// How many there are in all.
    pub(crate) total: usize,
}

impl RegisterErrors {
    /// Adds one error.
    pub(super) fn push(&mut self, error: RegisterError) {
        self.total += 1;
        if self.reported.len() < REPORTED_MAX {
            self.reported.push(error);
        }
    }

    /// A file that is wrong as a whole.
    pub(super) fn file(line: usize, fault: Fault) -> Self {
        Self { reported: vec![RegisterError { line, column: None, value: None, fault }], total: 1 }
    }
}

/// A value as it is shown in an error.
pub(super) fn shown(value: &[u8]) -> Box<str> {
    let text = String::from_utf8_lossy(value);
    let mut characters = text.chars();
    let mut shown: String = characters.by_ref().take(SHOWN_CHARACTERS_MAX).collect();
    if characters.next().is_some() {
        shown.push('…');
    }
    shown.into()
}

fn quote_hint(open_quote: bool) -> &'static str {
    if open_quote { "; a value runs over several lines, so a quote may not be closed" } else { "" }
}

fn quoted(words: &[&str]) -> String {
    let words: Vec<String> = words
        .iter()
        .map(|word| if word.is_empty() { "nothing".into() } else { format!("{word:?}") })
        .collect();
    words.join(", ")
}

impl fmt::Display for RegisterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        if let Some((number, name)) = &self.column {
            write!(f, ", column {number} ({name})")?;
        }
        f.write_str(": ")?;
        if let Some(value) = &self.value {
            write!(f, "{value:?} ")?;
        }
        self.fault.fmt(f)
    }
}

impl fmt::Display for RegisterErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.total {
            1 => f.write_str("1 error in the register:")?,
            total => write!(f, "{total} errors in the register:")?,
        }
        for error in &self.reported {
            write!(f, "\n  {error}")?;
        }
        match self.total.saturating_sub(self.reported.len()) {
            0 => Ok(()),
            more => write!(f, "\n  … and {more} more"),
        }
    }
}

impl std::error::Error for RegisterError {}
impl std::error::Error for RegisterErrors {}
