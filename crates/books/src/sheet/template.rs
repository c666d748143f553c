//! Invoices and credit notes going out as CSV, one row for each line.

use super::cells::{Sheet, guarded};
use super::columns::{COLUMNS, Column, Of};
use crate::amount::{Decimal, Pounds};
use crate::document::{Category, Document, Exemption, Line, Totals};
use crate::fault::{Fault, Faults, quoted};
use care::{Date, Nights, Pence};
use std::borrow::Cow;
use std::collections::BTreeSet;

/// Writes documents in the template, with all its columns. Parties are written by their ids.
///
/// # Errors
/// As [`Document::check`] for each of them; a document that takes back more than one other, which a row cannot say; a number that comes
/// twice from one seller.
pub fn write_invoices(documents: &[Document]) -> Result<String, Faults> {
    let mut faults = Faults::new();
    let mut seen = BTreeSet::new();
    let mut sheet = Sheet::new(COLUMNS.iter().map(|column| column.name));
    for document in documents {
        if let Err(found) = document.check() {
            faults.extend(found);
        }
        if document.preceding.len() > 1 {
            faults.push(Fault::new(
                "preceding",
                "there are several",
                "send this document as UBL, which has room for them",
            ));
        }
        if !seen.insert((&document.seller.id, &document.number)) {
            faults.push(Fault::new(
                "number",
                format!("{} comes twice", quoted(&document.number)),
                "send it once",
            ));
        }
        // What is the document's stands in each of its rows, and is worked out once.
        let totals = document.totals();
        let whole = |column: &Column| of_document(document, totals.as_ref(), column.name);
        let head = COLUMNS.iter().map(|column| (column.of == Of::Document).then(|| whole(column)));
        let head: Vec<Option<String>> = head.collect();
        for line in &document.lines {
            let cells = COLUMNS.iter().zip(&head);
            sheet.row(cells.map(|(column, head)| match head {
                Some(cell) => Cow::Borrowed(cell.as_bytes()),
                None => Cow::Owned(of_line(line, column.name).into_bytes()),
            }));
        }
    }
    faults.or(()).map(|()| sheet.finish())
}

fn text(text: Option<&String>) -> String {
    text.map(|text| guarded(text)).unwrap_or_default()
}

fn day(day: Option<Date>) -> String {
    day.map(|day| day.to_string()).unwrap_or_default()
}

fn last_night(nights: Option<Nights>) -> String {
    day(nights.and_then(|nights| nights.end().yesterday().ok()))
}

fn of_document(document: &Document, totals: Option<&Totals>, column: &str) -> String {
    let total =
        |of: fn(&Totals) -> Pence| totals.map(|totals| Pounds(of(totals)).to_string()).unwrap_or_default();
    let payment = document.payment.as_ref();
    let preceding = document.preceding.first();
    let exemption = |of: &Option<Exemption>, part: fn(&Exemption) -> &Option<String>| {
        of.as_ref()
            .and_then(|exemption| part(exemption).as_ref())
            .map(|text| guarded(text))
            .unwrap_or_default()
    };
    match column {
        "kind" => document.kind.word().to_owned(),
        "profile" => document.profile.word().to_owned(),
        "number" => guarded(&document.number),
        "issued_on" => document.issued_on.to_string(),
        "due_on" => day(document.due_on),
        "tax_point" => day(document.tax_point),
        "seller" => guarded(&document.seller.id),
        "buyer" => guarded(&document.buyer.id),
        "net_total" => total(|totals| totals.net),
        "vat_total" => total(|totals| totals.tax),
        "payable_total" => total(|totals| totals.payable),
        "note" => text(document.note.as_ref()),
        "buyer_reference" => text(document.buyer_reference.as_ref()),
        "first_night" => day(document.period.map(|nights| nights.start())),
        "last_night" => last_night(document.period),
        "order" => text(document.order.as_ref()),
        "contract" => text(document.contract.as_ref()),
        "preceding" => text(preceding.map(|preceding| &preceding.number)),
        "preceding_on" => day(preceding.and_then(|preceding| preceding.issued_on)),
        "payment_means" => payment.map(|payment| guarded(&payment.means)).unwrap_or_default(),
        "payment_account" => text(payment.and_then(|payment| payment.account.as_ref())),
        "payment_name" => text(payment.and_then(|payment| payment.account_name.as_ref())),
        "payment_reference" => text(payment.and_then(|payment| payment.reference.as_ref())),
        "rounding" if document.rounding != Pence::ZERO => Pounds(document.rounding).to_string(),
        "terms" => text(document.terms.as_ref()),
        "exempt_code" => exemption(&document.exempt, |exemption| &exemption.code),
        "exempt_reason" => exemption(&document.exempt, |exemption| &exemption.reason),
        "outside_scope_code" => exemption(&document.outside_scope, |exemption| &exemption.code),
        "outside_scope_reason" => exemption(&document.outside_scope, |exemption| &exemption.reason),
        _ => String::new(),
    }
}

fn of_line(line: &Line, column: &str) -> String {
    match column {
        "line" => guarded(&line.id),
        "name" => guarded(&line.name),
        "quantity" => line.quantity.to_string(),
        "unit" => line.unit.word().to_owned(),
        "price" => line.price.pounds.to_string(),
        "price_per" => line.price.per.to_string(),
        "net" => Pounds(line.net).to_string(),
        "vat" => line.vat.category.treatment().to_owned(),
        "vat_rate" if line.vat.category == Category::Standard => {
            Decimal::new(i64::from(line.vat.rate), 2).unwrap_or(Decimal::ZERO).to_string()
        }
        "charge" => text(line.charge.as_ref()),
        "agreement" => text(line.agreement.as_ref()),
        "line_first_night" => day(line.period.map(|nights| nights.start())),
        "line_last_night" => last_night(line.period),
        "description" => text(line.description.as_ref()),
        "line_note" => text(line.note.as_ref()),
        _ => String::new(),
    }
}
