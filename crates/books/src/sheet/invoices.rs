//! Invoices and credit notes coming in as CSV, one row for each line.
//!
//! A file is read as a stream and taken whole or not at all: every bad row is told with its line, its column and the reason, up to a bound.

use super::cells::unguarded;
use super::columns::{COLUMNS, Of};
use super::parties::Parties;
use crate::amount::{Decimal, Pounds, pence_of};
use crate::document::{
    Category, Document, Exemption, Kind, LINES_MAX, Line, Payment, Preceding, Price, Profile, Unit, Vat,
    day_of,
};
use crate::fault::{Fault, Faults, quoted};
use care::{Date, Nights, Pence};
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::io::{ErrorKind, Read};

/// A file at most.
pub const BYTES_MAX: u64 = 10 * 1024 * 1024;
/// Rows at most.
pub const ROWS_MAX: u64 = 100_000;

/// Reads a file of invoices and credit notes of the template ([`super::COLUMNS`]).
///
/// # Errors
/// All that is wrong, each with its line, up to a bound: more than [`BYTES_MAX`] or [`ROWS_MAX`], a heading that is missing, unknown or there
/// twice, a row of another length, a value that is none, an unknown party, rows of a document that are apart or contradict each other, sums that are
/// off, and what [`Document::check`] says.
pub fn read_invoices(input: impl Read, parties: &impl Parties) -> Result<Vec<Document>, Faults> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(input.take(BYTES_MAX + 1));
    let mut sheet = Reading {
        parties,
        faults: Faults::new(),
        columns: BTreeMap::new(),
        seen: BTreeSet::new(),
        documents: Vec::new(),
        incomplete: false,
    };
    let headings = reader.byte_headers().cloned();
    match headings {
        Ok(headings) => sheet.headings(&headings),
        Err(error) => sheet.broken(&error),
    }
    if !sheet.faults.is_empty() {
        return Err(sheet.faults);
    }
    let mut group: Vec<Row> = Vec::new();
    let (mut record, mut rows) = (csv::ByteRecord::new(), 0);
    loop {
        match reader.read_byte_record(&mut record) {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => {
                sheet.broken(&error);
                break;
            }
        }
        rows += 1;
        let line = record.position().map_or(0, csv::Position::line);
        if rows > ROWS_MAX || reader.position().byte() > BYTES_MAX {
            return Err(too_much(line));
        }
        let Some(row) = sheet.row(line, &record) else { continue };
        if group.first().is_some_and(|first| first.key() != row.key()) || group.len() > LINES_MAX {
            sheet.document(&std::mem::take(&mut group));
        }
        group.push(row);
    }
    // Blank lines are no rows: with them the last bytes that are read may lie beyond the bound, and a part of the file behind them.
    if reader.position().byte() > BYTES_MAX {
        return Err(too_much(reader.position().line()));
    }
    sheet.document(&group);
    if rows == 0 && sheet.faults.is_empty() {
        sheet.faults.push(
            Fault::new("file", "there is no row under the headings", "give one row for each line").at_line(1),
        );
    }
    sheet.faults.or(sheet.documents)
}

/// A file beyond the bounds. What is wrong with its rows can wait: none of them is taken.
fn too_much(line: u64) -> Faults {
    let limits = format!("more than {ROWS_MAX} rows or {BYTES_MAX} bytes");
    Faults::one(Fault::new("file", limits, "send several files").at_line(line))
}

/// A row: its cells by column, empty ones left out.
struct Row {
    line: u64,
    cells: BTreeMap<&'static str, String>,
}

impl Row {
    fn get(&self, column: &str) -> Option<&str> {
        self.cells.get(column).map(String::as_str)
    }

    /// Which document it is of.
    fn key(&self) -> (Option<&str>, Option<&str>) {
        (self.get("seller"), self.get("number"))
    }
}

struct Reading<'a, P> {
    parties: &'a P,
    faults: Faults,
    columns: BTreeMap<usize, &'static str>,
    seen: BTreeSet<(String, String)>,
    documents: Vec<Document>,
    /// Whether a row of the document that is being gathered could not be read, so that its sums say nothing.
    incomplete: bool,
}

impl<P: Parties> Reading<'_, P> {
    fn broken(&mut self, error: &csv::Error) {
        let line = error.position().map_or(1, csv::Position::line);
        let what = match error.kind() {
            csv::ErrorKind::Io(error) if error.kind() != ErrorKind::InvalidData => {
                "it could not be read to its end"
            }
            _ => "it is not CSV in UTF-8",
        };
        self.faults.push(Fault::new("file", what, "send it again, saved as CSV UTF-8").at_line(line));
        self.incomplete = true;
    }

    fn headings(&mut self, headings: &csv::ByteRecord) {
        for (index, heading) in headings.iter().enumerate() {
            let heading = String::from_utf8_lossy(heading);
            let heading = heading.trim_start_matches('\u{feff}').trim();
            match COLUMNS.iter().find(|column| column.name == heading) {
                Some(column) if self.columns.values().any(|known| *known == column.name) => {
                    self.faults
                        .push(Fault::new(heading, "the heading comes twice", "leave one out").at_line(1));
                }
                Some(column) => {
                    self.columns.insert(index, column.name);
                }
                None => {
                    let names: Vec<_> = COLUMNS.iter().map(|column| column.name).collect();
                    let remedy = format!("the headings are {}", names.join(", "));
                    self.faults.push(Fault::new(quoted(heading), "no such heading", remedy).at_line(1));
                }
            }
        }
        for column in COLUMNS.iter().filter(|column| column.needed) {
            if !self.columns.values().any(|known| *known == column.name) {
                let remedy = format!("add it: {}", column.meaning);
                self.faults.push(Fault::new(column.name, "the heading is missing", remedy).at_line(1));
            }
        }
    }

    fn row(&mut self, line: u64, record: &csv::ByteRecord) -> Option<Row> {
        if record.len() != self.columns.len() {
            let wrong = format!("{} cells under {} headings", record.len(), self.columns.len());
            self.faults
                .push(Fault::new("row", wrong, "put quotes around a cell with a comma in it").at_line(line));
            self.incomplete = true;
            return None;
        }
        let mut cells = BTreeMap::new();
        for (index, cell) in record.iter().enumerate() {
            let Some(column) = self.columns.get(&index) else { continue };
            match std::str::from_utf8(cell) {
                Ok(cell) if cell.trim().is_empty() => {}
                Ok(cell) => {
                    cells.insert(*column, unguarded(cell.trim_matches(' ')).to_owned());
                }
                Err(_) => {
                    self.faults
                        .push(Fault::new(*column, "not UTF-8", "save the file as CSV UTF-8").at_line(line));
                    self.incomplete = true;
                    return None;
                }
            }
        }
        Some(Row { line, cells })
    }

    /// Makes one document of its rows.
    fn document(&mut self, rows: &[Row]) {
        let incomplete = std::mem::take(&mut self.incomplete);
        let Some(first) = rows.first() else { return };
        let mut cells = Cells { row: first, faults: Faults::new() };
        let key = (
            first.get("seller").unwrap_or_default().to_owned(),
            first.get("number").unwrap_or_default().to_owned(),
        );
        if !self.seen.insert(key) {
            cells.say(
                "number",
                "its rows are apart, or it comes twice",
                "put the rows of a document together",
            );
        }
        for row in &rows[1..] {
            for column in COLUMNS.iter().filter(|column| column.of == Of::Document) {
                if row.get(column.name) != first.get(column.name) {
                    let wrong = format!(
                        "{} here and {} in line {}",
                        quoted(row.get(column.name).unwrap_or_default()),
                        quoted(first.get(column.name).unwrap_or_default()),
                        first.line
                    );
                    let remedy = "say the same in all rows of a document";
                    cells.faults.push(Fault::new(column.name, wrong, remedy).at_line(row.line));
                }
            }
        }
        let document = head(&mut cells, self.parties);
        let stated = ["net_total", "vat_total", "payable_total"].map(|column| cells.amount(column));
        let mut lines = Vec::new();
        for row in rows {
            let mut of_line = Cells { row, faults: Faults::new() };
            lines.extend(line(&mut of_line));
            cells.faults.extend(of_line.faults);
        }
        let mut faults = cells.faults;
        if let (Some(mut document), true) = (document, faults.is_empty() && !incomplete) {
            document.lines = lines;
            compare(&document, stated, first.line, &mut faults);
            if let Err(found) = document.check() {
                faults.extend(placed(found, rows));
            }
            if faults.is_empty() {
                self.documents.push(document);
            }
        }
        self.faults.extend(faults);
    }
}

/// Says in which row the field of a document stands.
fn placed(mut faults: Faults, rows: &[Row]) -> Faults {
    for fault in &mut faults.told {
        let index = fault
            .field
            .strip_prefix("lines[")
            .and_then(|rest| rest.split_once(']'))
            .and_then(|(index, _)| index.parse::<usize>().ok());
        let row = index.and_then(|index| rows.get(index)).or_else(|| rows.first());
        *fault = fault.clone().at_line(row.map_or(1, |row| row.line));
    }
    faults
}

fn compare(document: &Document, stated: [Option<Pence>; 3], line: u64, faults: &mut Faults) {
    let Some(totals) = document.totals() else { return };
    let computed = [("net_total", totals.net), ("vat_total", totals.tax), ("payable_total", totals.payable)];
    for ((column, computed), stated) in computed.into_iter().zip(stated) {
        if let Some(stated) = stated.filter(|stated| *stated != computed) {
            let wrong = format!("it states {}, but the lines come to {}", Pounds(stated), Pounds(computed));
            faults.push(Fault::new(column, wrong, format!("state {}", Pounds(computed))).at_line(line));
        }
    }
}

/// The cells of a row, and what is wrong with them.
struct Cells<'a> {
    row: &'a Row,
    faults: Faults,
}

impl Cells<'_> {
    fn say(&mut self, column: &str, wrong: impl Into<String>, remedy: impl Into<String>) {
        self.faults.push(Fault::new(column, wrong, remedy).at_line(self.row.line));
    }

    fn maybe(&self, column: &str) -> Option<String> {
        self.row.get(column).map(str::to_owned)
    }

    fn text(&mut self, column: &'static str) -> Option<String> {
        let text = self.maybe(column);
        if text.is_none() {
            let meaning = COLUMNS.iter().find(|known| known.name == column).map_or("", |known| known.meaning);
            self.say(column, "it is empty", format!("give it: {meaning}"));
        }
        text
    }

    fn read<T>(&mut self, column: &str, text: &str, value: Option<T>, remedy: &str) -> Option<T> {
        if value.is_none() {
            self.say(column, format!("{} cannot be read", quoted(text)), remedy);
        }
        value
    }

    fn word<T>(&mut self, column: &'static str, words: impl Fn(&str) -> Option<T>) -> Option<T> {
        let text = self.text(column)?;
        let meaning = COLUMNS.iter().find(|known| known.name == column).map_or("", |known| known.meaning);
        self.read(column, &text, words(&text), &format!("use {meaning}"))
    }

    fn day(&mut self, column: &str) -> Option<Date> {
        let text = self.maybe(column)?;
        self.read(column, &text, day_of(&text), "write the date as 2026-04-30")
    }

    fn decimal(&mut self, column: &'static str) -> Option<Decimal> {
        let text = self.text(column)?;
        self.read(column, &text, text.parse().ok(), "write the number as 12.34, without separators")
    }

    fn amount(&mut self, column: &'static str) -> Option<Pence> {
        let text = self.text(column)?;
        self.read(column, &text, pence_of(&text), "write the amount as 1234.57, without separators and £")
    }

    fn nights(&mut self, first: &str, last: &str) -> Option<Nights> {
        let given = (self.maybe(first), self.maybe(last));
        let (start, end) = (self.day(first), self.day(last));
        match given {
            (None, None) => return None,
            (Some(_), Some(_)) => {}
            _ => {
                self.say(first, format!("only one of {first} and {last} is given"), "give both or none");
                return None;
            }
        }
        let (start, end) = (start?, end?);
        let nights = end
            .tomorrow()
            .ok()
            .and_then(|end| Nights::new(start, end).ok())
            .filter(|nights| !nights.is_empty());
        if nights.is_none() {
            self.say(last, format!("{end} lies before {first} {start}"), "correct the dates");
        }
        nights
    }

    fn exemption(&self, code: &str, reason: &str) -> Option<Exemption> {
        let exemption = Exemption { code: self.maybe(code), reason: self.maybe(reason) };
        (exemption != Exemption::default()).then_some(exemption)
    }
}

/// The terms of a credit note that says nothing of them.
const CREDIT_NOTE_TERMS: &str = "Taken off what is to be paid";

/// On which terms a credit note is that says neither a day nor terms: nobody pays it by a day, and the standard asks for one or the other (BR-CO-25).
fn default_terms(kind: Option<Kind>, due_on: Option<Date>) -> Option<String> {
    let silent = due_on.is_none() && kind.is_some_and(Kind::is_credit_note);
    silent.then(|| CREDIT_NOTE_TERMS.to_owned())
}

/// All of a document but its lines.
fn head(cells: &mut Cells<'_>, parties: &impl Parties) -> Option<Document> {
    let kind = cells.word("kind", |word| Kind::ALL.into_iter().find(|kind| kind.word() == word));
    let profile = match cells.maybe("profile") {
        None => Some(Profile::En16931),
        Some(_) => {
            cells.word("profile", |word| Profile::ALL.into_iter().find(|profile| profile.word() == word))
        }
    };
    let number = cells.text("number");
    let issued_on = cells.text("issued_on").and_then(|_| cells.day("issued_on"));
    let seller = cells.text("seller").and_then(|id| {
        let party = parties.seller(&id);
        cells.read("seller", &id, party, "give the id of a provider that the council knows")
    });
    let buyer = cells.text("buyer").and_then(|id| {
        let party = parties.buyer(&id);
        cells.read("buyer", &id, party, "give the GSS code of the council")
    });
    let preceding_on = cells.day("preceding_on");
    let preceding: Vec<_> = cells
        .maybe("preceding")
        .map(|number| Preceding { number, issued_on: preceding_on })
        .into_iter()
        .collect();
    if preceding.is_empty() && preceding_on.is_some() {
        cells.say("preceding", "it is empty", "say which invoice was issued on preceding_on");
    }
    let (account, account_name) = (cells.maybe("payment_account"), cells.maybe("payment_name"));
    let reference = cells.maybe("payment_reference");
    let payment = match cells.maybe("payment_means") {
        Some(means) => Some(Payment { means, account, account_name, reference }),
        None => {
            if account.is_some() || account_name.is_some() || reference.is_some() {
                cells.say("payment_means", "it is empty", "use 30 for a bank transfer");
            }
            None
        }
    };
    let rounding = match cells.maybe("rounding") {
        None => Pence::ZERO,
        Some(_) => cells.amount("rounding").unwrap_or_default(),
    };
    let due_on = cells.day("due_on");
    Some(Document {
        due_on,
        tax_point: cells.day("tax_point"),
        period: cells.nights("first_night", "last_night"),
        note: cells.maybe("note"),
        buyer_reference: cells.maybe("buyer_reference"),
        order: cells.maybe("order"),
        contract: cells.maybe("contract"),
        terms: cells.maybe("terms").or_else(|| default_terms(kind, due_on)),
        exempt: cells.exemption("exempt_code", "exempt_reason"),
        outside_scope: cells.exemption("outside_scope_code", "outside_scope_reason"),
        kind: kind?,
        profile: profile?,
        number: number?,
        issued_on: issued_on?,
        preceding,
        seller: seller?,
        buyer: buyer?,
        payment,
        lines: Vec::new(),
        rounding,
    })
}

fn line(cells: &mut Cells<'_>) -> Option<Line> {
    let (id, name) = (cells.text("line"), cells.text("name"));
    let quantity = cells.decimal("quantity");
    let unit = cells.word("unit", |word| Unit::ALL.into_iter().find(|unit| unit.word() == word));
    let pounds = cells.decimal("price");
    let per = match cells.maybe("price_per") {
        None => Some(Decimal::whole(1)),
        Some(_) => cells.decimal("price_per"),
    };
    let net = cells.amount("net");
    let category = cells.word("vat", Category::of_treatment);
    let rate = match cells.maybe("vat_rate") {
        None => Some(0),
        Some(text) => {
            let rate = text
                .parse()
                .ok()
                .and_then(|rate: Decimal| rate.at_scale(2))
                .and_then(|rate| u32::try_from(rate).ok());
            cells.read(
                "vat_rate",
                &text,
                rate.filter(|rate| *rate <= 10_000),
                "write the per cent, such as 20",
            )
        }
    };
    Some(Line {
        description: cells.maybe("description"),
        note: cells.maybe("line_note"),
        charge: cells.maybe("charge"),
        agreement: cells.maybe("agreement"),
        period: cells.nights("line_first_night", "line_last_night"),
        id: id?,
        name: name?,
        quantity: quantity?,
        unit: unit?,
        price: Price { pounds: pounds?, per: per? },
        net: net?,
        vat: Vat { category: category?, rate: rate? },
    })
}
