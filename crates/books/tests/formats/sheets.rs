//! Spreadsheets: invoices come back as they were, nothing is accepted of a file with one bad row, and no cell is a formula.

use crate::made::{self, council, generated_books, generated_document, provider};
use books::document::{Document, Party};
use books::sheet::{
    AgedPayable, COLUMNS, Column, Parties, StatementLine, aged_payables, journal, read_invoices, statement,
    write_invoices,
};
use books::{FAULTS_MAX, Faults};
use care::{Date, Pence};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::io::Read;

/// Knows the sellers of some documents, and one council.
struct Known(BTreeMap<String, Party>);

impl Parties for Known {
    fn seller(&self, id: &str) -> Option<Party> {
        self.0.get(id).cloned()
    }
    fn buyer(&self, id: &str) -> Option<Party> {
        Some(council()).filter(|council| council.id == id)
    }
}

/// Documents that a sheet can hold, each from a seller of its own.
fn documents(seeds: std::ops::Range<u64>) -> (Vec<Document>, Known) {
    let documents: Vec<Document> = seeds
        .map(|seed| {
            let mut document = generated_document(seed);
            document.seller.id = format!("provider-{seed}");
            document
        })
        .collect();
    let known =
        documents.iter().map(|document| (document.seller.id.clone(), document.seller.clone())).collect();
    (documents, Known(known))
}

fn known() -> Known {
    Known(BTreeMap::from([("acme-care".to_owned(), provider(true))]))
}

/// A file of a few columns, of `rows` invoices of one line each.
fn small(rows: usize) -> String {
    let header = "kind,number,issued_on,due_on,seller,buyer,net_total,vat_total,payable_total,line,name,quantity,unit,price,price_per,net,vat,exempt_reason\n";
    let row = |number: usize| {
        format!(
            "INVOICE,A{number},2026-04-30,2026-05-30,acme-care,E06000015,376.40,0.00,376.40,1,Core fee,28,NIGHT,94.10,7,376.40,EXEMPT,Welfare\n"
        )
    };
    std::iter::once(header.to_owned()).chain((1..=rows).map(row)).collect()
}

fn refused(text: &str) -> Faults {
    read_invoices(text.as_bytes(), &known()).expect_err(text)
}

#[test]
fn invoices_come_back_as_they_were() {
    let (documents, known) = documents(0..300);
    let text = write_invoices(&documents).expect("written");
    assert_eq!(read_invoices(text.as_bytes(), &known).expect("read"), documents);
    // A spreadsheet may put the columns in another order and a mark before them.
    let marked = format!("\u{feff}{text}");
    assert_eq!(read_invoices(marked.as_bytes(), &known).expect("read"), documents);
    assert_eq!(read_invoices(small(3).as_bytes(), &self::known()).expect("read").len(), 3);
}

#[test]
fn no_cell_is_a_formula() {
    let (documents, _) = documents(0..200);
    let remittance = write_invoices(&documents).expect("written");
    let entries = journal(&generated_books(9, 300)).expect("written");
    let line =
        StatementLine { on: made::day(3), reference: "=1+1".into(), text: "@x".into(), amount: Pence(-5) };
    let account = statement("=payable", (made::day(1), Pence(10)), &[line]).expect("written");
    assert!(account.contains("'=payable") && account.contains("'=1+1") && account.contains(",0.05,0.05"));
    let mut guarded = 0;
    for sheet in [remittance, entries, account] {
        let mut reader = csv::Reader::from_reader(sheet.as_bytes());
        for record in reader.records() {
            for cell in &record.expect("a row") {
                let number = cell.parse::<books::amount::Decimal>().is_ok();
                assert!(number || !cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{cell}");
                guarded += usize::from(cell.starts_with('\''));
            }
        }
    }
    assert!(guarded > 100, "there were such texts: {guarded}");
}

#[test]
fn every_bad_row_is_told_and_nothing_is_accepted() {
    let good = small(5);
    let line = |number: usize, from: &str, to: &str| {
        let mut lines: Vec<String> = good.lines().map(str::to_owned).collect();
        assert!(lines[number - 1].contains(from), "{from}");
        lines[number - 1] = lines[number - 1].replacen(from, to, 1);
        lines.join("\n") + "\n"
    };
    for (text, place, words) in [
        (line(3, "376.40,EXEMPT", "376.41,EXEMPT"), 3, ["net", "come to 376.40"]),
        (line(3, "376.40,0.00", "376.41,0.00"), 3, ["net_total", "state 376.40"]),
        (line(3, "0.00,376.40", "0.00,376.39"), 3, ["payable_total", "state 376.40"]),
        (line(4, "2026-04-30", "30/04/2026"), 4, ["issued_on", "2026-04-30"]),
        (line(4, "acme-care", "nobody"), 4, ["seller", "nobody"]),
        (line(4, "E06000015", "E06000001"), 4, ["buyer", "GSS code"]),
        (line(5, "NIGHT", "DAYS"), 5, ["unit", "NIGHT, WEEK"]),
        (line(5, "94.10", "£94.10"), 5, ["price", "12.34"]),
        (line(5, ",7,", ",0,"), 5, ["price.per", "above zero"]),
        (line(5, ",28,", ",-28,"), 5, ["net", "come to -376.40"]),
        (line(6, "EXEMPT", "ZERO"), 6, ["vat", "EXEMPT, STANDARD"]),
        (line(6, "EXEMPT,Welfare", "EXEMPT,"), 6, ["exempt", "BR-E-10"]),
        (line(6, "INVOICE", "BILL"), 6, ["kind", "SELF_BILLED_INVOICE"]),
        (line(6, "A5", "A1"), 6, ["number", "together"]),
        (line(6, "A5", ""), 6, ["number", "it is empty"]),
        (line(6, "Core fee", "Core, fee"), 6, ["row", "19 cells under 18"]),
        (line(1, "kind", "sort"), 1, ["sort", "no such heading"]),
        (line(1, ",vat,", ",net,"), 1, ["vat", "missing"]),
        (line(1, "exempt_reason", "vat"), 1, ["vat", "twice"]),
        ("".to_owned(), 1, ["kind", "missing"]),
        (small(0), 1, ["file", "no row"]),
    ] {
        let faults = refused(&text);
        let found = faults.told.iter().any(|fault| {
            let said = fault.to_string();
            fault.place.is_some_and(|at| at.line == place) && words.iter().all(|word| said.contains(word))
        });
        assert!(found, "line {place}: {words:?} in {faults}");
    }
}

#[test]
fn the_rows_of_a_document_agree() {
    let second = small(1);
    let row = second.lines().nth(1).expect("a row");
    let other = row.replace(",1,Core", ",2,Core").replace("2026-05-30", "2026-06-30");
    let faults = refused(&format!("{second}{other}\n"));
    assert!(
        faults.to_string().contains("line 3: due_on: \"2026-06-30\" here and \"2026-05-30\" in line 2"),
        "{faults}"
    );
}

/// Gives a text again and again without holding it.
struct Endless<'a> {
    header: &'a [u8],
    row: &'a [u8],
    at: usize,
}

impl Read for Endless<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        for byte in buffer.iter_mut() {
            *byte = match self.header.get(self.at) {
                Some(byte) => *byte,
                None => self.row[(self.at - self.header.len()) % self.row.len()],
            };
            self.at += 1;
        }
        Ok(buffer.len())
    }
}

#[test]
fn ten_megabytes_with_one_bad_row_are_refused_with_that_row() {
    let rows = 75_000;
    let text = small(rows);
    assert!(text.len() > 9_000_000 && text.len() < 10 * 1024 * 1024, "{}", text.len());
    assert_eq!(read_invoices(text.as_bytes(), &known()).expect("read").len(), rows);
    let bad = text.replacen("A74000,2026-04-30", "A74000,2026-04-31", 1);
    let faults = refused(&bad);
    assert_eq!(faults.told.len(), 1, "{faults}");
    assert_eq!(faults.told[0].place.expect("a place").line, 74_001);
    // All rows bad: as many are told as fit, the rest is counted.
    let rows = 1_000;
    let all = refused(&small(rows).replace("376.40,EXEMPT", "376.41,EXEMPT"));
    assert_eq!(all.told.len(), FAULTS_MAX);
    // Each for its line, for the sum of the lines and for what is to be paid.
    assert_eq!(all.told.len() + all.left_off, 3 * rows);
}

#[test]
fn a_file_without_end_is_refused_at_the_limit() {
    let text = small(1);
    let (header, row) = text.split_once('\n').expect("a header");
    let header = format!("{header}\n");
    let mut endless = Endless { header: header.as_bytes(), row: row.as_bytes(), at: 0 };
    let faults = read_invoices(&mut endless, &known()).expect_err("refused");
    assert!(faults.to_string().contains("bytes"), "{faults}");
    assert!(endless.at < 11 * 1024 * 1024, "no more is read than is taken: {}", endless.at);
    let quote = Endless { header: header.as_bytes(), row: b"\"", at: 0 };
    assert!(read_invoices(quote, &known()).is_err());
}

#[test]
fn a_file_whose_end_lies_behind_blank_lines_is_not_taken_in_part() {
    let text = small(2);
    let (first, last) = text.split_at(text.find("INVOICE,A2").expect("a second row"));
    let with_blanks = |bytes: usize| format!("{first}{}{last}", "\n".repeat(bytes));
    assert_eq!(read_invoices(with_blanks(1_000).as_bytes(), &known()).expect("read").len(), 2);
    let faults = refused(&with_blanks(10 * 1024 * 1024));
    assert!(faults.to_string().contains("bytes"), "{faults}");
}

#[test]
fn the_longest_document_is_written_in_time_that_grows_with_its_lines() {
    let (mut documents, _) = documents(0..1);
    let mut document = documents.remove(0);
    let line = document.lines[0].clone();
    let numbered = |n: usize| books::document::Line { id: n.to_string(), ..line.clone() };
    document.lines = (1..=books::document::LINES_MAX).map(numbered).collect();
    document.rounding = Pence::ZERO;
    let begun = std::time::Instant::now();
    // Whether its sums hold is another test's: it is written to the end either way.
    let _ = write_invoices(&[document]);
    let taken = begun.elapsed();
    assert!(taken.as_secs() < 20, "{taken:?}: its sums are worked out for every cell");
}

/// The shortest credit note, of the shortest file's invoice.
const CREDIT_NOTE: &str = "kind,number,issued_on,seller,buyer,preceding,net_total,vat_total,payable_total,line,name,quantity,unit,price,\
     price_per,net,vat,exempt_reason\n\
     CREDIT_NOTE,C1,2026-05-06,acme-care,E06000015,A1,94.10,0.00,94.10,1,Core fee,7,NIGHT,94.10,7,94.10,EXEMPT,Welfare\n";

#[test]
fn the_shortest_credit_note_of_the_page_is_read() {
    let read = read_invoices(CREDIT_NOTE.as_bytes(), &known()).expect("it is read");
    assert_eq!((read.len(), read[0].preceding[0].number.as_str()), (1, "A1"));
    assert_eq!(read[0].terms.as_deref(), Some("Taken off what is to be paid"));
    // With terms of its own it has those.
    let own = CREDIT_NOTE.replacen("exempt_reason", "exempt_reason,terms", 1).replacen(
        "Welfare",
        "Welfare,Refunded",
        1,
    );
    assert_eq!(read_invoices(own.as_bytes(), &known()).expect("read")[0].terms.as_deref(), Some("Refunded"));
    // An invoice still says by when it is to be paid.
    let undated = small(1).replacen("2026-05-30", "", 1);
    assert!(refused(&undated).to_string().contains("BR-CO-25"));
}

/// The page that people read, out of the columns that the reader knows.
fn page() -> String {
    let mut page = String::from(
        "# Invoices as a spreadsheet\n\nGenerated from `crates/books/src/sheet/columns.rs`; `UPDATE_DOCS=1 cargo test -p books template` writes it \
         anew.\n\nInvoices and credit notes come in, and go out, as CSV in UTF-8 with these headings in the first row, in any order. One row is one \
         line of a document; the rows of a document stand together and say the same of it. Dates are written `2026-04-30`, amounts `1234.57`, \
         without £ and separators. A file has at most 10 MB and 100,000 rows, and is taken whole or not at all: each bad row is told with its \
         line, its column, what is wrong and what to do.\n\nText that a spreadsheet would take for a formula goes out with an apostrophe in front, \
         which is taken off again when it comes in.\n\n| column | needed | what stands in it |\n|---|---|---|\n",
    );
    for Column { name, needed, meaning, .. } in COLUMNS {
        let needed = if *needed { "yes" } else { "" };
        page.push_str(&format!("| `{name}` | {needed} | {meaning} |\n"));
    }
    page.push_str("\nThe shortest file:\n\n```csv\n");
    page.push_str(&small(1));
    page.push_str("```\n\nThe shortest credit note, which takes a part of it back; its amounts are positive:\n\n```csv\n");
    page.push_str(CREDIT_NOTE);
    page.push_str("```\n");
    page
}

#[test]
fn the_template_is_documented() {
    let (documents, _) = documents(0..1);
    let text = write_invoices(&documents).expect("written");
    let header: Vec<&str> = text.lines().next().expect("a header").split(',').collect();
    assert_eq!(header, COLUMNS.iter().map(|column| column.name).collect::<Vec<_>>());
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/invoice-csv.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, page()).expect("written");
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == page(),
        "docs/invoice-csv.md is not current: run this test with UPDATE_DOCS=1 and commit it"
    );
}

#[test]
fn aged_payables_sum() {
    let as_of = Date::constant(2026, 6, 30);
    let mut acme = AgedPayable { provider: "=acme".into(), ..AgedPayable::default() };
    for (days, amount) in [
        (0, 1),
        (1, 10),
        (30, 100),
        (31, 1_000),
        (60, 10_000),
        (61, 100_000),
        (90, 1_000_000),
        (91, 10_000_000),
    ] {
        let due = as_of.checked_sub(care_span(days)).expect("a day");
        assert!(acme.add(due, as_of, Pence(amount)));
    }
    let sheet = aged_payables(as_of, &[acme.clone(), AgedPayable { provider: "b".into(), ..acme.clone() }])
        .expect("written");
    let rows: Vec<&str> = sheet.lines().collect();
    assert_eq!(rows[1], "2026-06-30,'=acme,0.01,1.10,110.00,11000.00,100000.00,111111.11");
    assert_eq!(rows[3], "2026-06-30,TOTAL,0.02,2.20,220.00,22000.00,200000.00,222222.22");
    acme.older = Pence(i64::MAX);
    assert!(!acme.add(Date::constant(2020, 1, 1), as_of, Pence(1)));
    assert!(aged_payables(as_of, &[acme]).is_err());
}

fn care_span(days: i64) -> std::time::Duration {
    std::time::Duration::from_secs(u64::try_from(days).expect("positive") * 86_400)
}

#[test]
fn a_statement_carries_its_balance() {
    let line = |days, amount| StatementLine {
        on: made::day(days),
        reference: "r".into(),
        text: "t".into(),
        amount: Pence(amount),
    };
    let sheet =
        statement("bank", (made::day(0), Pence(-100)), &[line(1, 250), line(2, -50)]).expect("written");
    let rows: Vec<&str> = sheet.lines().collect();
    assert_eq!(
        rows[1..],
        [
            "bank,2024-04-01,,Balance brought forward,,,-1.00",
            "bank,2024-04-02,r,t,2.50,,1.50",
            "bank,2024-04-03,r,t,,0.50,1.00"
        ]
    );
    assert!(statement("bank", (made::day(5), Pence(0)), &[line(1, 1)]).is_err());
    assert!(statement("bank", (made::day(0), Pence(i64::MAX)), &[line(1, 1)]).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(read_invoices(bytes.as_slice(), &known()).is_err());
    }

    #[test]
    fn a_changed_file_is_refused_or_consistent(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0_u8..3), 1..5)) {
        let (documents, known) = documents(0..4);
        let mut bytes = write_invoices(&documents).expect("written").into_bytes();
        for (at, byte, how) in changes {
            let at = at.index(bytes.len());
            match how {
                0 => bytes[at] = byte,
                1 => drop(bytes.remove(at)),
                _ => bytes.insert(at, byte),
            }
        }
        if let Ok(read) = read_invoices(bytes.as_slice(), &known) {
            let text = write_invoices(&read).expect("written");
            prop_assert_eq!(read_invoices(text.as_bytes(), &known).expect("read"), read);
        }
    }
}
