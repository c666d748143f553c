//! An invoice of the ledger as the document that a provider is sent: self-billed, in the terms of EN 16931, and the remittance advice of its
//! payment.
//!
//! The ledger knows a provider by its id alone. It stands where the standard asks for the seller's name, and, of who sells exempt or taxed, for
//! a tax registration. VAT is in the books by line; where that differs by pennies from VAT on the sum, as the standard has it, the document
//! says so as its rounding, so that what is to be paid is what the ledger owes.

mod received;

use books::Faults;
use books::document::{
    Address, Category, Document, Exemption, Kind, Line, Party, Preceding, Price, Profile, Unit, Vat,
};
use books::remittance::{Item, Remittance};
use care::{CouncilId, Date, Pence, ProviderId, code_sets};
use invoicing_domain as domain;
use invoicing_domain::{EntryId, InvoiceKind, NO_VAT_NUMBER, PayableKind, STANDARD_RATES, State};
use std::collections::BTreeSet;

/// As which file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileKind {
    Ubl,
    Csv,
    RemittanceText,
    RemittanceHtml,
    RemittanceCsv,
}

impl FileKind {
    /// The kind of file as the web has it, and how its name ends.
    pub(crate) fn media(self) -> (&'static str, &'static str) {
        match self {
            Self::Ubl => ("application/xml", ".xml"),
            Self::Csv => ("text/csv; charset=utf-8", ".csv"),
            Self::RemittanceText => ("text/plain; charset=utf-8", "-remittance.txt"),
            Self::RemittanceHtml => ("text/html; charset=utf-8", "-remittance.html"),
            Self::RemittanceCsv => ("text/csv; charset=utf-8", "-remittance.csv"),
        }
    }
}

/// What a file is written from.
pub(crate) enum Source {
    Document(Box<Document>, FileKind),
    Remittance(Remittance, FileKind),
    /// A remittance advice of what was not paid to the provider.
    NothingPaid,
}

impl Source {
    pub(crate) fn of(state: &State, invoice: &domain::Invoice, kind: FileKind) -> Self {
        match kind {
            FileKind::Ubl | FileKind::Csv => Self::Document(Box::new(document(state, invoice)), kind),
            _ => remittance(invoice).map_or(Self::NothingPaid, |advice| Self::Remittance(advice, kind)),
        }
    }

    /// The file; none where there is nothing to tell of.
    ///
    /// # Errors
    /// What the format cannot carry.
    pub(crate) fn written(&self) -> Option<Result<String, Faults>> {
        Some(match self {
            Self::Document(document, FileKind::Csv) => {
                books::sheet::write_invoices(std::slice::from_ref(document))
            }
            Self::Document(document, _) => books::ubl::write(document),
            Self::Remittance(advice, FileKind::RemittanceHtml) => advice.html(),
            Self::Remittance(advice, FileKind::RemittanceCsv) => advice.csv(),
            Self::Remittance(advice, _) => advice.text(),
            Self::NothingPaid => return None,
        })
    }
}

fn document(state: &State, invoice: &domain::Invoice) -> Document {
    let issued = &invoice.issued;
    let credit = issued.kind == InvoiceKind::CreditNote;
    // A credit note has its amounts positive where they take back.
    let sign = if credit { -1 } else { 1 };
    let lines: Vec<Line> = issued.lines.iter().enumerate().map(|(index, it)| line(index, it, sign)).collect();
    let has = |category| lines.iter().any(|line| line.vat.category == category);
    let (taxed, outside) = (has(Category::Standard), has(Category::OutsideScope));
    // An independent school's education is taxed: only what is exempt is said to be.
    let is_untaxed = |it: &domain::InvoiceLine| is_untaxed(it.vat.as_deref());
    let of_exempt = || issued.lines.iter().filter(|it| vat(it).category == Category::Exempt);
    let education = of_exempt().any(|it| it.kind == "EDUCATION" && !is_untaxed(it));
    let welfare = of_exempt().any(|it| it.kind != "EDUCATION" && !is_untaxed(it));
    let untaxed = of_exempt().any(is_untaxed);
    let due = issued.payable_by;
    let mut document = Document {
        kind: if credit { Kind::SelfBilledCreditNote } else { Kind::SelfBilledInvoice },
        profile: Profile::En16931,
        number: issued.number.clone(),
        issued_on: issued.issued_on,
        due_on: (!credit).then_some(due),
        tax_point: None,
        note: Some(note(taxed)),
        buyer_reference: None,
        period: Some(issued.entry.dates.effective).filter(|nights| !nights.is_empty()),
        order: None,
        preceding: if credit { preceding(state, invoice) } else { Vec::new() },
        contract: None,
        seller: seller(issued, outside),
        buyer: party(issued.council.to_string(), issued.council.name().to_owned()),
        payment: None,
        terms: credit.then(|| format!("To be settled by {due}")),
        exempt: has(Category::Exempt).then(|| exempt(welfare, education, untaxed)),
        outside_scope: outside.then(outside_scope),
        lines,
        rounding: Pence::ZERO,
    };
    if let Some(totals) = document.totals() {
        document.rounding = Pence(sign * issued.gross().0 - totals.with_vat.0);
    }
    document
}

/// Whether a line is taxable and bears no VAT.
fn is_untaxed(treatment: Option<&str>) -> bool {
    treatment == Some(NO_VAT_NUMBER)
}

/// A kind of line in words.
fn label_of(kind: &str) -> String {
    code_sets::CHARGE_LINE.label(kind).unwrap_or(kind).to_owned()
}

/// What HM Revenue and Customs asks to stand on a self-billed document (VAT Notice 700/62).
fn note(taxed: bool) -> String {
    let whose = "Self-billing: made by the council on the provider's behalf.";
    if taxed { format!("{whose} The VAT shown is your output tax due to HMRC.") } else { whose.to_owned() }
}

/// Why there is no VAT on some lines: the standard has one reason for all of them, and one code would be wrong of some. It has no category for what
/// is taxable and bears no VAT, and of those that it has this one alone may stand beside the others.
fn exempt(welfare: bool, education: bool, untaxed: bool) -> Exemption {
    let law = "VAT Act 1994, schedule 9, group 7, item 9";
    if welfare && !education && !untaxed {
        return Exemption { code: Some("VATEX-EU-132-1G".to_owned()), reason: Some(law.to_owned()) };
    }
    let mut reasons = Vec::new();
    reasons.extend(welfare.then(|| format!("Welfare: {law}")));
    reasons.extend(education.then(|| match welfare {
        true => "education: schedule 9, group 6, item 1".to_owned(),
        false => "Education: VAT Act 1994, schedule 9, group 6, item 1".to_owned(),
    }));
    reasons.extend(
        untaxed.then(|| "No VAT is added: the council knows no VAT number of the supplier".to_owned()),
    );
    Exemption { code: None, reason: Some(reasons.join("; ")) }
}

fn outside_scope() -> Exemption {
    let reason = "No supply for VAT: the council's own provision, or nights between councils";
    Exemption { code: Some("VATEX-EU-O".to_owned()), reason: Some(reason.to_owned()) }
}

pub(crate) fn party(id: String, name: String) -> Party {
    Party {
        id,
        name,
        company_number: None,
        vat_number: None,
        tax_reference: None,
        endpoint: None,
        address: Address { country: "GB".to_owned(), ..Address::default() },
    }
}

fn seller(issued: &domain::InvoiceIssued, outside_scope: bool) -> Party {
    let (id, name) = (issued.provider.to_string(), provider_as_named(&issued.provider));
    let vat_number = issued.vat_number.as_ref().filter(|_| !outside_scope).map(ToString::to_string);
    let tax_reference = (!outside_scope && vat_number.is_none()).then(|| id.clone());
    Party { vat_number, tax_reference, ..party(id, name) }
}

/// The name of another council, or the id.
pub(crate) fn provider_as_named(provider: &ProviderId) -> String {
    let council: Option<CouncilId> =
        provider.as_str().strip_prefix("council-").and_then(|gss| gss.to_ascii_uppercase().parse().ok());
    council.map_or_else(|| provider.to_string(), |council| council.name().to_owned())
}

fn line(index: usize, line: &domain::InvoiceLine, sign: i64) -> Line {
    let (id, net) = ((index + 1).to_string(), Pence(sign * line.amount.0));
    let name = label_of(&line.kind);
    let vat = vat(line);
    // The price is never negative: the sign is that of the quantity.
    let weekly = Pence(if net < Pence::ZERO { -line.weekly.0.abs() } else { line.weekly.0.abs() });
    let (note, agreement) = (line.nights_count < 0, line.agreement.to_string());
    let written = Line::of_nights(id.clone(), name.clone(), line.nights, weekly, net, vat)
        .unwrap_or_else(|| lump(id, name, net, vat));
    Line {
        note: note.then(|| "Taken back".to_owned()),
        charge: Some(line.kind.clone()),
        agreement: Some(agreement),
        ..written
    }
}

/// A line that is for no night.
fn lump(id: String, name: String, net: Pence, vat: Vat) -> Line {
    let one = books::amount::Decimal::whole(1);
    let quantity = books::amount::Decimal::whole(if net < Pence::ZERO { -1 } else { 1 });
    let pounds = books::amount::Decimal::of_pence(Pence(net.0.saturating_abs()));
    Line {
        id,
        name,
        description: None,
        note: None,
        charge: None,
        agreement: None,
        period: None,
        quantity,
        unit: Unit::One,
        // What cannot be written is told by the check of the document.
        price: Price { pounds: pounds.unwrap_or(books::amount::Decimal::ZERO), per: one },
        net,
        vat,
    }
}

/// The treatment as it was recorded, at the rate of the line's nights. Records from before it was noted are of welfare.
fn vat(line: &domain::InvoiceLine) -> Vat {
    vat_of(line.vat.as_deref(), line.nights.start())
}

/// A treatment as it was recorded, a code of `code_sets::VAT_TREATMENT`, at the rate of a day.
fn vat_of(treatment: Option<&str>, day: Date) -> Vat {
    // Without a VAT number there is no category of its own, see `exempt`.
    match treatment.and_then(Category::of_treatment).unwrap_or(Category::Exempt) {
        Category::Exempt => Vat::EXEMPT,
        Category::OutsideScope => Vat::OUTSIDE_SCOPE,
        Category::Standard => {
            let rate = STANDARD_RATES.iter().rfind(|(since, _)| *since <= day).map_or(0, |(_, rate)| *rate);
            Vat { category: Category::Standard, rate }
        }
    }
}

/// The invoices with what a credit note takes back, in order of their numbers; where it takes back nothing that was invoiced, the provider's
/// last one before it.
fn preceding(state: &State, note: &domain::Invoice) -> Vec<Preceding> {
    let issued = &note.issued;
    let reversed = |line: &domain::InvoiceLine| state.charges.get(&line.charge)?.reverses;
    let taken_back: BTreeSet<EntryId> = issued.lines.iter().filter_map(reversed).collect();
    let account = state.providers.get(&issued.provider);
    let ids = account.map_or(&[][..], |account| &account.invoices);
    let earlier: Vec<_> = ids
        .iter()
        .filter_map(|id| state.invoices.get(id).map(|it| &it.issued))
        .filter(|it| it.sequence < issued.sequence)
        .collect();
    let holds = |it: &&&std::sync::Arc<domain::InvoiceIssued>| {
        it.lines.iter().any(|line| taken_back.contains(&line.charge))
    };
    let mut found: Vec<_> = earlier.iter().filter(holds).collect();
    if found.is_empty() {
        found.extend(earlier.last());
    }
    let preceding = |it: &&std::sync::Arc<domain::InvoiceIssued>| Preceding {
        number: it.number.clone(),
        issued_on: Some(it.issued_on),
    };
    found.into_iter().map(preceding).collect()
}

/// What a provider is told of a payment; none where nothing was paid to it. The ledger knows no bank accounts.
fn remittance(invoice: &domain::Invoice) -> Option<Remittance> {
    let (issued, paid, open) = (&invoice.issued, invoice.paid(), invoice.open());
    let paid_on = invoice.payments.last().filter(|_| paid > Pence::ZERO)?.on;
    let item = Item {
        number: issued.number.clone(),
        issued_on: issued.issued_on,
        kind: PayableKind::SelfBilledInvoice.label().to_owned(),
        amount: issued.gross(),
        withheld: open,
        reason: (open != Pence::ZERO).then(|| "Not paid yet".to_owned()),
    };
    Some(Remittance {
        council: issued.council.name().to_owned(),
        provider: provider_as_named(&issued.provider),
        reference: issued.number.clone(),
        paid_on,
        account_ends: None,
        paid,
        items: vec![item],
    })
}
