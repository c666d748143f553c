//! UBL as a document: strict, and to the penny.

use super::cursor::{Cursor, Reading};
use super::parts::{self, exemptions};
use super::{Space, sums, xml};
use crate::document::{Document, Kind, LINES_MAX, Preceding, Profile};
use crate::fault::{Fault, Faults, quoted};
use std::cell::RefCell;

/// What may stand in a document and is not kept: nothing in it says who pays how much for what.
const HARMLESS: [&str; 14] = [
    "UBLVersionID",
    "UUID",
    "IssueTime",
    "LineCountNumeric",
    "AccountingCost",
    "DespatchDocumentReference",
    "ReceiptDocumentReference",
    "StatementDocumentReference",
    "OriginatorDocumentReference",
    "AdditionalDocumentReference",
    "ProjectReference",
    "Delivery",
    "Signature",
    "DiscrepancyResponse",
];

/// Reads a UBL 2.1 `Invoice` or `CreditNote`. Every sum that it states is computed again.
///
/// # Errors
/// All that is wrong, up to a bound, each with its line, its column and its path: XML that is not well-formed, a DTD, an entity, more than
/// [`super::BYTES_MAX`], [`super::DEPTH_MAX`] or [`super::ELEMENTS_MAX`]; another namespace, currency or kind of document; elements that
/// are missing, come twice or are not of the profile; values that are none; sums that are off; and what [`Document::check`] says.
pub fn read(bytes: &[u8]) -> Result<Document, Faults> {
    let tree = xml::parse(bytes).map_err(Faults::one)?;
    let reading = Reading { tree: &tree, faults: RefCell::default() };
    let root = Cursor::root(&reading);
    let credit = match (tree.root.space, tree.root.name.as_str()) {
        (Space::Invoice, "Invoice") => false,
        (Space::CreditNote, "CreditNote") => true,
        _ => {
            root.say("it is neither an Invoice nor a CreditNote of UBL 2", "send one of these");
            return Err(reading.faults.into_inner());
        }
    };
    let document = whole(&root, credit);
    let mut faults = reading.faults.into_inner();
    match document {
        // What the fields are together is worth saying only once each of them is one.
        Some(document) if faults.is_empty() => {
            if let Err(found) = document.check() {
                faults.extend(found);
            }
            faults.or(document)
        }
        _ => {
            if faults.is_empty() {
                faults.push(Fault::new(
                    "file",
                    "it cannot be read as a document",
                    "send a whole UBL document",
                ));
            }
            Err(faults)
        }
    }
}

fn whole(root: &Cursor<'_>, credit: bool) -> Option<Document> {
    let profile = profile(root);
    let kind = kind(root, credit);
    let number = root.value("ID").and_then(|id| id.text());
    let issued_on = root.value("IssueDate").and_then(|day| day.day());
    let text = |name| root.maybe_value(name).and_then(|value| value.text());
    let day = |name| root.maybe_value(name).and_then(|value| value.day());
    let (tax_point, note, buyer_reference) = (day("TaxPointDate"), text("Note"), text("BuyerReference"));
    if let Some(currency) = root.value("DocumentCurrencyCode") {
        currency.expect("GBP");
    }
    if let Some(currency) = root.maybe_value("TaxCurrencyCode") {
        currency.expect("GBP");
    }
    let period = root.maybe("InvoicePeriod").and_then(|period| parts::period(&period));
    let order = root.maybe("OrderReference").and_then(|order| parts::id_of(&order, &["SalesOrderID"]));
    let contract = root.maybe("ContractDocumentReference").and_then(|contract| parts::id_of(&contract, &[]));
    let preceding = root.all("BillingReference").iter().filter_map(preceding_of).collect();
    let seller = root.part("AccountingSupplierParty").and_then(|party| parts::party(&party));
    let buyer = root.part("AccountingCustomerParty").and_then(|party| parts::party(&party));
    let means = root.maybe("PaymentMeans");
    let payment = means.as_ref().and_then(|means| parts::payment(means, credit));
    let due_on = match &means {
        Some(means) if credit => means.maybe_value("PaymentDueDate").and_then(|day| day.day()),
        _ if credit => None,
        _ => day("DueDate"),
    };
    let terms = root.maybe("PaymentTerms").and_then(|terms| parts::terms(&terms));
    let cursors = root.all(if credit { "CreditNoteLine" } else { "InvoiceLine" });
    if cursors.len() > LINES_MAX {
        root.say(format!("more than {LINES_MAX} lines"), "split the document");
        return None;
    }
    let lines: Vec<_> = cursors.iter().filter_map(|line| parts::line(line, credit)).collect();
    let whole = lines.len() == cursors.len();
    let tax = root.part("TaxTotal");
    let (exempt, outside_scope) = tax.as_ref().map(exemptions).unwrap_or_default();
    let total = root.part("LegalMonetaryTotal");
    let rounding = total.as_ref().and_then(|total| total.maybe_value("PayableRoundingAmount")?.amount());
    root.nothing_else(&HARMLESS);
    let document = Document {
        kind: kind?,
        profile: profile?,
        number: number?,
        issued_on: issued_on?,
        due_on,
        tax_point,
        note,
        buyer_reference,
        period,
        order,
        preceding,
        contract,
        seller: seller?,
        buyer: buyer?,
        payment,
        terms,
        exempt,
        outside_scope,
        lines,
        rounding: rounding.unwrap_or_default(),
    };
    if whole {
        sums::compare(&document, &cursors, &tax?, &total?);
    }
    Some(document)
}

fn profile(root: &Cursor<'_>) -> Option<Profile> {
    let customization = root.value("CustomizationID");
    let process = root.maybe_value("ProfileID");
    let customization = customization?;
    let text = customization.text()?;
    let Some(profile) = Profile::ALL.into_iter().find(|profile| profile.customization() == text) else {
        let known = Profile::ALL.map(Profile::customization).join(" or ");
        customization.say(format!("{} is another profile", quoted(&text)), format!("use {known}"));
        return None;
    };
    match (process, profile.process()) {
        (Some(process), Some(ours)) => process.expect(ours),
        (None, Some(ours)) => root.say("cbc:ProfileID is missing", format!("give {ours}")),
        // The core has no process of its own, so any may stand there; it would not come back.
        (Some(process), None) => process.say("the core of EN 16931 has no process", "leave it out"),
        (None, None) => {}
    }
    Some(profile)
}

fn kind(root: &Cursor<'_>, credit: bool) -> Option<Kind> {
    let code = root.value(if credit { "CreditNoteTypeCode" } else { "InvoiceTypeCode" })?;
    let text = code.text()?;
    let mut kinds = Kind::ALL.into_iter().filter(|kind| kind.is_credit_note() == credit);
    let kind = kinds.clone().find(|kind| kind.code() == text);
    if kind.is_none() {
        let codes = kinds.by_ref().map(Kind::code).collect::<Vec<_>>().join(" and ");
        code.say(format!("{} is another kind of document", quoted(&text)), format!("{codes} are taken"));
    }
    kind
}

fn preceding_of(reference: &Cursor<'_>) -> Option<Preceding> {
    let document = reference.part("InvoiceDocumentReference");
    reference.nothing_else(&[]);
    let document = document?;
    let number = document.value("ID").and_then(|id| id.text());
    let issued_on = document.maybe_value("IssueDate").and_then(|day| day.day());
    document.nothing_else(&[]);
    Some(Preceding { number: number?, issued_on })
}
