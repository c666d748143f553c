//! Cells of a spreadsheet that are text and stay text.

/// What makes a spreadsheet take a cell for a formula, and what it skips before one; the wide forms are taken for the others by some.
const FORMULA: [char; 12] = ['=', '+', '-', '@', '\t', '\r', '\n', '\'', '＝', '＋', '－', '＠'];

/// Text as a cell that no spreadsheet runs.
pub(crate) fn guarded(text: &str) -> String {
    if text.starts_with(FORMULA) { format!("'{text}") } else { text.to_owned() }
}

/// What [`guarded`] was given. A cell of somebody else's that begins with an apostrophe and then goes on as text stays as it is.
pub(crate) fn unguarded(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(text) if text.starts_with(FORMULA) => text,
        _ => cell,
    }
}

/// Rows as CSV: comma, quotes where they are needed, CRLF as RFC 4180 has it.
pub(crate) struct Sheet {
    out: csv::Writer<Vec<u8>>,
}

impl Sheet {
    pub(crate) fn new<'a>(header: impl IntoIterator<Item = &'a str>) -> Self {
        let out = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
        let mut sheet = Self { out };
        sheet.row(header);
        sheet
    }

    pub(crate) fn row<T: AsRef<[u8]>>(&mut self, cells: impl IntoIterator<Item = T>) {
        // Writing to memory cannot fail, and every caller writes rows of one length.
        let written = self.out.write_record(cells);
        debug_assert!(written.is_ok(), "{written:?}");
    }

    pub(crate) fn finish(self) -> String {
        let bytes = self.out.into_inner().unwrap_or_default();
        String::from_utf8(bytes).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn formulas_are_text() {
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "＝1", "'=1"] {
            assert!(guarded(formula).starts_with('\''), "{formula}");
        }
        assert_eq!(guarded("a=1"), "a=1");
        assert_eq!(unguarded("'tis"), "'tis");
        assert_eq!(unguarded(&guarded("'tis")), "'tis");
    }

    proptest! {
        #[test]
        fn what_is_guarded_comes_back(text in "[-=+@'\t\ra-c]{0,6}|\\PC{0,10}") {
            let cell = guarded(&text);
            prop_assert_eq!(unguarded(&cell), text);
        }
    }
}
