//! An invoice or credit note that a provider sent, as the document that was read of it: its own number, date, lines and VAT. It is written anew
//! from the log, which keeps what the ledger goes by and not the bytes of a file: texts of a provider may name a child. So it says who billed for
//! which nights how much, and nothing of what the council made of that.

use super::{
    FileKind, Source, exempt, is_untaxed, label_of, lump, outside_scope, party, provider_as_named, vat_of,
};
use books::document::{Category, Document, Kind, Line, Party, Preceding, Profile};
use care::Pence;
use invoicing_domain::{InvoiceKind, State, SupplierInvoice, SupplierInvoiceReceived, SupplierLine};

impl Source {
    /// What a file of a document that was received is written from; none where it is asked for as a remittance advice, which is a payment run's.
    pub(crate) fn received(state: &State, invoice: &SupplierInvoice, kind: FileKind) -> Option<Self> {
        match kind {
            FileKind::Ubl | FileKind::Csv => Some(Self::Document(Box::new(document(state, invoice)), kind)),
            _ => None,
        }
    }
}

fn document(state: &State, invoice: &SupplierInvoice) -> Document {
    let received = &invoice.received;
    let credit = received.kind == InvoiceKind::CreditNote;
    let lines: Vec<Line> = received.lines.iter().enumerate().map(|(index, it)| line(index, it)).collect();
    let has = |category| lines.iter().any(|line| line.vat.category == category);
    let outside = has(Category::OutsideScope);
    let of_exempt =
        || received.lines.iter().zip(&lines).filter(|(_, it)| it.vat.category == Category::Exempt);
    let untaxed = of_exempt().any(|(it, _)| is_untaxed(Some(&it.vat)));
    let education = of_exempt().any(|(it, _)| it.kind == "EDUCATION" && !is_untaxed(Some(&it.vat)));
    let welfare = of_exempt().any(|(it, _)| it.kind != "EDUCATION" && !is_untaxed(Some(&it.vat)));
    let mut document = Document {
        kind: if credit { Kind::CreditNote } else { Kind::Invoice },
        profile: Profile::En16931,
        number: received.number.clone(),
        issued_on: received.issued_on,
        due_on: (!credit).then_some(received.payable_by.max(received.issued_on)),
        tax_point: None,
        note: Some(format!("As the council read it when it received it on {}.", received.received_on)),
        buyer_reference: None,
        period: None,
        order: None,
        preceding: preceding(state, received),
        contract: None,
        seller: seller(state, received, outside),
        buyer: party(received.council.to_string(), received.council.name().to_owned()),
        payment: None,
        terms: None,
        exempt: has(Category::Exempt).then(|| exempt(welfare, education, untaxed)),
        outside_scope: outside.then(outside_scope),
        lines,
        rounding: Pence::ZERO,
    };
    if let Some(totals) = document.totals() {
        document.rounding = received.gross() - totals.with_vat;
    }
    document
}

fn line(index: usize, line: &SupplierLine) -> Line {
    let (id, name) = ((index + 1).to_string(), label_of(&line.kind));
    let vat = vat_of(Some(&line.vat), line.nights.start());
    let weekly = line.weekly.unwrap_or(Pence::ZERO);
    let weekly = Pence(if line.net < Pence::ZERO { -weekly.0.abs() } else { weekly.0.abs() });
    let of_nights = Line::of_nights(id.clone(), name.clone(), line.nights, weekly, line.net, vat);
    let written = of_nights.unwrap_or_else(|| lump(id, name, line.net, vat));
    Line {
        charge: Some(line.kind.clone()),
        agreement: Some(line.agreement.to_string()),
        period: Some(line.nights),
        ..written
    }
}

/// The invoice that a credit note takes back, by its provider's number.
fn preceding(state: &State, received: &SupplierInvoiceReceived) -> Vec<Preceding> {
    let credited = received.credits.and_then(|id| state.supplier.invoices.get(&id));
    let named = |it: &std::sync::Arc<SupplierInvoice>| Preceding {
        number: it.received.number.clone(),
        issued_on: Some(it.received.issued_on),
    };
    credited.map(named).into_iter().collect()
}

/// The provider with the VAT number that the council had verified of the day of issue; where there is none, its id stands for a tax registration.
fn seller(state: &State, received: &SupplierInvoiceReceived, outside_scope: bool) -> Party {
    let (id, name) = (received.provider.to_string(), provider_as_named(&received.provider));
    let known = state.tax.suppliers.get(&received.provider).and_then(|it| it.on(received.issued_on));
    let vat_number = known.and_then(|it| it.vat_number.as_ref()).filter(|_| !outside_scope);
    let vat_number = vat_number.map(ToString::to_string);
    let tax_reference = (!outside_scope && vat_number.is_none()).then(|| id.clone());
    Party { vat_number, tax_reference, ..party(id, name) }
}
