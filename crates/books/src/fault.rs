//! What is wrong with a file or a document: where, in which field, what, and what to do about it. All that is found is told at once, up
//! to a bound.

use std::fmt;

/// So many faults are told of one file; the rest is counted.
pub const FAULTS_MAX: usize = 100;
/// A value that somebody sent is quoted up to so many characters.
const QUOTED_MAX: usize = 60;

/// Where in a file something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line, from 1.
    pub line: u64,
    /// The column in characters, from 1; none where the line says enough.
    pub column: Option<u64>,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Fault {
    /// Where in the file; none for a value that came from no file.
    pub place: Option<Place>,
    /// The field: a path such as `/Invoice/cbc:ID`, a column, or a field of the document such as `lines[2].net`.
    pub field: String,
    /// What is wrong with it.
    pub wrong: String,
    /// What to do.
    pub remedy: String,
}

impl Fault {
    /// A fault of a field, without a place.
    #[must_use]
    pub fn new(field: impl Into<String>, wrong: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { place: None, field: field.into(), wrong: wrong.into(), remedy: remedy.into() }
    }

    /// The same at a line.
    #[must_use]
    pub fn at_line(mut self, line: u64) -> Self {
        self.place = Some(Place { line, column: None });
        self
    }

    /// The same at a line and a column.
    #[must_use]
    pub fn at(mut self, line: u64, column: u64) -> Self {
        self.place = Some(Place { line, column: Some(column) });
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            Some(Place { line, column: Some(column) }) => write!(f, "line {line}, column {column}: ")?,
            Some(Place { line, column: None }) => write!(f, "line {line}: ")?,
            None => {}
        }
        write!(f, "{}: {}; {}", self.field, self.wrong, self.remedy)
    }
}

/// All that is wrong, in the order in which it was found, up to [`FAULTS_MAX`].
#[derive(Debug, Clone, Default, PartialEq, Eq, thiserror::Error)]
pub struct Faults {
    /// The first of them.
    pub told: Vec<Fault>,
    /// How many more there are.
    pub left_off: usize,
}

impl Faults {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Just one.
    #[must_use]
    pub fn one(fault: Fault) -> Self {
        Self { told: vec![fault], left_off: 0 }
    }

    /// Notes one more.
    pub fn push(&mut self, fault: Fault) {
        if self.told.len() < FAULTS_MAX {
            self.told.push(fault);
        } else {
            self.left_off += 1;
        }
    }

    /// Notes those of a part.
    pub fn extend(&mut self, other: Self) {
        for fault in other.told {
            self.push(fault);
        }
        self.left_off += other.left_off;
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.told.is_empty()
    }

    /// `value` where nothing is wrong.
    ///
    /// # Errors
    /// These faults, if there are any.
    pub fn or<T>(self, value: T) -> Result<T, Self> {
        if self.is_empty() { Ok(value) } else { Err(self) }
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.told.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            fault.fmt(f)?;
        }
        if self.left_off > 0 {
            write!(f, "\nand {} more", self.left_off)?;
        }
        Ok(())
    }
}

/// A value that somebody sent, short and without what a terminal would act on.
#[must_use]
pub fn quoted(value: &str) -> String {
    let mut short: String = value.chars().take(QUOTED_MAX).collect();
    if short.len() < value.len() {
        short.push('…');
    }
    format!("{short:?}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_says_where_which_what_and_what_to_do() {
        let fault = Fault::new("net", "12.3 is not an amount", "give pounds and pence").at(3, 14);
        assert_eq!(fault.to_string(), "line 3, column 14: net: 12.3 is not an amount; give pounds and pence");
    }

    #[test]
    fn what_is_beyond_the_bound_is_counted() {
        let mut faults = Faults::new();
        for _ in 0..FAULTS_MAX + 3 {
            faults.push(Fault::new("a", "b", "c"));
        }
        assert_eq!((faults.told.len(), faults.left_off), (FAULTS_MAX, 3));
        assert!(faults.to_string().ends_with("and 3 more"));
    }

    #[test]
    fn what_was_sent_is_quoted_short_and_tame() {
        assert_eq!(quoted("a\u{1b}[2J"), "\"a\\u{1b}[2J\"");
        assert!(quoted(&"x".repeat(1000)).chars().count() < QUOTED_MAX + 4);
    }
}
