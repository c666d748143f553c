//! What providers send, as the domain takes it: from the fields of a request, from UBL and from CSV. All that is wrong with a file is told at
//! once, with where it stands and what to do.

use super::agreement_of;
use api::invoicing as proto;
use books::document::{Category, Document, Kind, Line, Party, Unit, Vat};
use books::sheet::Parties;
use books::{Fault, Faults, amount, quoted};
use care::{
    AgreementId, CouncilId, Date, Nights, Pence, ProviderId, Refusal, RefusalKind, Violation, code_sets,
};
use invoicing_domain::{InvoiceFormat, InvoiceKind, SubmittedInvoice, SupplierLine, limits};
use proto::{SubmitInvoiceDocumentRequest, SubmitInvoiceRequest, SubmittedLine};
use service_kit::{Caller, Fields, Role, refuse};
use std::collections::BTreeMap;
use tonic::{Status, Streaming};

/// The longest number of a document, in characters.
const NUMBER_CHARS_MAX: usize = 60;

/// A file that cannot be taken.
#[derive(Debug, thiserror::Error)]
#[error("the file was not taken, nothing of it was recorded: {0}")]
struct DocumentInvalid(Faults);

impl Refusal for DocumentInvalid {
    fn reason(&self) -> &'static str {
        "DOCUMENT_INVALID"
    }
    fn kind(&self) -> RefusalKind {
        RefusalKind::Invalid
    }
    fn violations(&self) -> Vec<Violation> {
        let told = |fault: &Fault| Violation { field: fault.field.clone(), description: fault.to_string() };
        let mut told: Vec<Violation> = self.0.told.iter().map(told).collect();
        if self.0.left_off > 0 {
            let description = format!("{} more faults are not told", self.0.left_off);
            told.push(Violation { field: "content".to_owned(), description });
        }
        told
    }
}

/// The day of receipt: a council may enter what came earlier, a provider sends now.
pub(super) fn receipt(fields: &mut Fields, caller: &Caller, received_on: &str) -> Option<Option<Date>> {
    let day = fields.date_optional("received_on", received_on)?;
    if day.is_some() && matches!(caller.role, Role::Provider(_)) {
        fields.violation("received_on", "is for the council that enters what came earlier: leave it out");
        return None;
    }
    Some(day)
}

/// As which file documents are sent.
pub(super) fn format(fields: &mut Fields, format: i32) -> Option<InvoiceFormat> {
    match fields.check("format", proto::SentFormat::try_from(format))? {
        proto::SentFormat::Ubl => Some(InvoiceFormat::Ubl),
        proto::SentFormat::Csv => Some(InvoiceFormat::Csv),
        proto::SentFormat::Unspecified => {
            fields.violation("format", "it is not set: say as which file, such as SENT_FORMAT_CSV");
            None
        }
    }
}

/// The pieces of a request put together.
///
/// # Errors
/// `DOCUMENT_INVALID` where they are more than a file may have, as soon as they are; what the transport says of a broken one.
pub(super) async fn whole(
    mut pieces: Streaming<SubmitInvoiceDocumentRequest>,
) -> Result<SubmitInvoiceDocumentRequest, Status> {
    let mut whole = pieces.message().await?.unwrap_or_default();
    let most = usize::try_from(books::sheet::BYTES_MAX).unwrap_or(usize::MAX);
    while let Some(piece) = pieces.message().await? {
        if whole.content.len().saturating_add(piece.content.len()) > most {
            let fault = Fault::new("content", format!("more than {most} bytes"), "send several files");
            return Err(refuse(&DocumentInvalid(Faults::one(fault))));
        }
        whole.content.extend(piece.content);
    }
    Ok(whole)
}

/// An invoice or credit note in the fields of a request.
pub(super) fn of_fields(
    fields: &mut Fields,
    request: &SubmitInvoiceRequest,
    council: Option<CouncilId>,
    today: Date,
) -> Option<SubmittedInvoice> {
    let number = fields.text("number", &request.number, NUMBER_CHARS_MAX);
    let kind = match fields.check("kind", proto::SentKind::try_from(request.kind))? {
        proto::SentKind::Invoice => Some(InvoiceKind::Invoice),
        proto::SentKind::CreditNote => Some(InvoiceKind::CreditNote),
        proto::SentKind::Unspecified => {
            fields.violation("kind", "it is not set: say what it is, such as SENT_KIND_INVOICE");
            None
        }
    };
    let credits = fields.text_optional("credits", &request.credits, NUMBER_CHARS_MAX);
    if kind == Some(InvoiceKind::Invoice) && !request.credits.is_empty() {
        fields.violation("credits", "is for a credit note: leave it out");
    }
    let issued_on = fields.date("issued_on", &request.issued_on);
    fields.at_most("lines", request.lines.len(), limits::SUPPLIER_LINES_MAX)?;
    let mut lines = Vec::with_capacity(request.lines.len());
    for (n, line) in request.lines.iter().enumerate() {
        lines.extend(fields.beneath(&format!("lines[{n}]"), |fields| line_of(fields, line, council, today)));
    }
    if lines.len() < request.lines.len() {
        return None;
    }
    Some(SubmittedInvoice {
        buyer: council?,
        number: number?,
        kind: kind?,
        credits: credits.filter(|credits| !credits.is_empty()),
        issued_on: issued_on?,
        lines,
        stated: (Pence(request.net_pence), Pence(request.vat_pence)),
    })
}

fn line_of(
    fields: &mut Fields,
    line: &SubmittedLine,
    council: Option<CouncilId>,
    today: Date,
) -> Option<SupplierLine> {
    if line.agreement.is_empty() {
        fields.violation("agreement", "must be given");
    }
    let agreement = agreement_of(fields, council, &line.agreement);
    let kind = fields.code("kind", code_sets::CHARGE_LINE, &line.kind, today);
    let (start, end) = (fields.date("start", &line.start), fields.date("end", &line.end));
    let nights = match (start, end) {
        (Some(start), Some(end)) => fields.check("end", Nights::new(start, end)),
        _ => None,
    };
    let vat = fields.code("vat", code_sets::VAT_TREATMENT, &line.vat, today);
    let weekly = fields.number("weekly_pence", line.weekly_pence, -1_000_000_000..=1_000_000_000);
    Some(SupplierLine {
        agreement: agreement??,
        kind: kind?,
        nights: nights?,
        quantity: line.quantity,
        weekly: weekly.map(Pence).filter(|weekly| *weekly != Pence::ZERO),
        net: Pence(line.net_pence),
        vat: vat?,
        vat_amount: Pence(line.vat_pence),
    })
}

/// The documents of a file.
pub(super) struct Sent {
    pub(super) invoices: Vec<SubmittedInvoice>,
}

impl Sent {
    /// Reads a file that a provider sends. It is taken whole or not at all.
    ///
    /// # Errors
    /// `DOCUMENT_INVALID` with all that is wrong with it.
    pub(super) fn read(content: &[u8], format: InvoiceFormat, provider: &ProviderId) -> Result<Self, Status> {
        let documents = match format {
            InvoiceFormat::Csv => books::sheet::read_invoices(content, &Known { provider }),
            _ => books::ubl::read(content).map(|document| vec![document]),
        };
        let refused = |faults| refuse(&DocumentInvalid(faults));
        let documents = documents.map_err(refused)?;
        let (mut faults, mut invoices) = (Faults::new(), Vec::with_capacity(documents.len()));
        let mut row = 1;
        for document in &documents {
            // A row of a spreadsheet is a line, under the row of headings.
            let first_row = (format == InvoiceFormat::Csv).then_some(row + 1);
            row += document.lines.len();
            let mut reading = Reading { document, provider, first_row, faults: Faults::new() };
            invoices.extend(reading.invoice());
            faults.extend(reading.faults);
        }
        faults.or(Self { invoices }).map_err(refused)
    }
}

/// The parties that stand in a spreadsheet by their ids: the provider that sends it, and councils.
struct Known<'a> {
    provider: &'a ProviderId,
}

impl Parties for Known<'_> {
    fn seller(&self, id: &str) -> Option<Party> {
        // The standard wants a tax registration of a seller; the ledger knows a provider by its id alone.
        let party = crate::document::party(id.to_owned(), id.to_owned());
        (id == self.provider.as_str()).then(|| Party { tax_reference: Some(id.to_owned()), ..party })
    }

    fn buyer(&self, id: &str) -> Option<Party> {
        let council: CouncilId = id.parse().ok()?;
        Some(crate::document::party(council.to_string(), council.name().to_owned()))
    }
}

/// A document that is made a submission.
struct Reading<'a> {
    document: &'a Document,
    provider: &'a ProviderId,
    /// The row of its first line, where it is of a spreadsheet.
    first_row: Option<usize>,
    faults: Faults,
}

impl Reading<'_> {
    fn say(&mut self, line: Option<usize>, field: &str, wrong: impl Into<String>, remedy: &str) {
        let number = quoted(&self.document.number);
        let (field, place) = match line {
            Some(line) => (format!("lines[{line}].{field}"), format!("{number}, line {}", line + 1)),
            None => (field.to_owned(), number),
        };
        let fault = Fault::new(field, format!("{place}: {}", wrong.into()), remedy);
        let row = self.first_row.and_then(|row| u64::try_from(row + line.unwrap_or(0)).ok());
        self.faults.push(match row {
            Some(row) => fault.at_line(row),
            None => fault,
        });
    }

    fn invoice(&mut self) -> Option<SubmittedInvoice> {
        let document = self.document;
        let kind = match document.kind {
            Kind::Invoice => InvoiceKind::Invoice,
            Kind::CreditNote => InvoiceKind::CreditNote,
            Kind::SelfBilledInvoice | Kind::SelfBilledCreditNote => {
                self.say(
                    None,
                    "kind",
                    "self-billed documents are made by the council",
                    "send an invoice of your own",
                );
                return None;
            }
        };
        if document.seller.id != self.provider.as_str() {
            let wrong = format!("{} sells, and {} sends it", quoted(&document.seller.id), self.provider);
            self.say(None, "seller", wrong, "send what you sell yourself, with your id as the seller's");
        }
        let buyer = document.buyer.id.parse::<CouncilId>();
        if buyer.is_err() {
            let wrong = format!("{} is no council", quoted(&document.buyer.id));
            self.say(None, "buyer", wrong, "give the council's GSS code");
        }
        if document.number.chars().count() > NUMBER_CHARS_MAX {
            self.say(None, "number", format!("longer than {NUMBER_CHARS_MAX} characters"), "shorten it");
        }
        let credits = match (kind, document.preceding.as_slice()) {
            (InvoiceKind::CreditNote, [one]) => Some(one.number.clone()),
            (InvoiceKind::CreditNote, _) => {
                self.say(
                    None,
                    "preceding",
                    "it does not take back exactly one invoice",
                    "send one for each invoice",
                );
                None
            }
            _ => None,
        };
        let vat = self.vat();
        let lines: Vec<SupplierLine> =
            (0..document.lines.len()).filter_map(|n| self.line(n, vat.get(n).copied()?)).collect();
        let sum = |of: fn(&SupplierLine) -> Pence| lines.iter().map(of).sum();
        let stated = (sum(|line| line.net), sum(|line| line.vat_amount));
        let (number, issued_on) = (document.number.clone(), document.issued_on);
        let whole = self.faults.is_empty();
        Some(SubmittedInvoice { buyer: buyer.ok()?, number, kind, credits, issued_on, lines, stated })
            .filter(|_| whole)
    }

    /// The VAT on each line: of all lines that are treated alike the difference of two rounded sums, so that they come to what the document
    /// states. Its rounding is of the last taxed line.
    fn vat(&mut self) -> Vec<Pence> {
        let mut sums: BTreeMap<Vat, Pence> = BTreeMap::new();
        let mut vat = Vec::with_capacity(self.document.lines.len());
        for line in &self.document.lines {
            let sum = sums.entry(line.vat).or_default();
            let before = amount::basis_points_of(*sum, line.vat.rate);
            *sum = Pence(sum.0.saturating_add(line.net.0));
            vat.push(amount::basis_points_of(*sum, line.vat.rate) - before);
        }
        let rounding = self.document.rounding;
        if rounding != Pence::ZERO {
            let taxed = |line: &Line| line.vat.category == Category::Standard;
            match self.document.lines.iter().rposition(taxed).and_then(|last| vat.get_mut(last)) {
                Some(last) => *last += rounding,
                None => self.say(
                    None,
                    "rounding",
                    "no line is taxed, so there is nothing to round",
                    "leave it out",
                ),
            }
        }
        vat
    }

    fn line(&mut self, n: usize, vat_amount: Pence) -> Option<SupplierLine> {
        let document = self.document;
        let line = document.lines.get(n)?;
        let nights = line.period.or(document.period);
        if nights.is_none() {
            self.say(
                Some(n),
                "period",
                "it does not say for which nights it is",
                "give its first and last night",
            );
        }
        let kind = self.kind(n, line);
        let agreement = self.agreement(n, line);
        let nights = nights?;
        let quantity = self.quantity(n, line, nights);
        Some(SupplierLine {
            agreement: agreement?,
            kind: kind?,
            nights,
            quantity: quantity?,
            weekly: weekly(line),
            net: line.net,
            vat: line.vat.category.treatment().to_owned(),
            vat_amount,
        })
    }

    fn kind(&mut self, n: usize, line: &Line) -> Option<String> {
        let code = line.charge.as_deref().unwrap_or_default();
        let known = code_sets::CHARGE_LINE.label(code).map(|_| code.to_owned());
        if known.is_none() {
            let wrong = format!("{} is no line of a charge", quoted(code));
            self.say(Some(n), "charge", wrong, "give a code of CHARGE_LINE, such as CORE");
        }
        known
    }

    /// The agreement of a line, or of the whole document: by its id, or by its name, which ends with that.
    fn agreement(&mut self, n: usize, line: &Line) -> Option<AgreementId> {
        let text = line.agreement.as_ref().or(self.document.contract.as_ref());
        let text = text.map(String::as_str).unwrap_or_default();
        let found = text.rsplit('/').next().and_then(|id| id.parse().ok());
        if found.is_none() {
            let wrong = format!("{} is no agreement", quoted(text));
            self.say(
                Some(n),
                "agreement",
                wrong,
                "give the agreement's id, as the council's agreement has it",
            );
        }
        found
    }

    /// How many nights a line is for; of hours and pieces only the sign says something.
    fn quantity(&mut self, n: usize, line: &Line, nights: Nights) -> Option<i64> {
        let whole = |per: i64| line.quantity.at_scale(0)?.checked_mul(i128::from(per));
        let quantity = match line.unit {
            Unit::Night => whole(1),
            Unit::Week => whole(7),
            Unit::Hour | Unit::One => Some(i128::from(nights.count()) * i128::from(line.quantity.signum())),
        };
        let quantity = quantity.and_then(|quantity| i64::try_from(quantity).ok());
        if quantity.is_none() {
            let wrong = format!("{} is no number of nights", line.quantity);
            self.say(Some(n), "quantity", wrong, "give whole nights or weeks");
        }
        quantity
    }
}

/// The weekly fee of a line whose price is one.
fn weekly(line: &Line) -> Option<Pence> {
    let per = line.price.per.at_scale(0)?;
    let is_weekly = matches!((line.unit, per), (Unit::Night, 7) | (Unit::Week, 1));
    let pence = line.price.pounds.at_scale(2).filter(|_| is_weekly)?;
    i64::try_from(pence).ok().map(Pence)
}
