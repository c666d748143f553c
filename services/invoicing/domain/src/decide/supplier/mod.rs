//! Invoices that providers send: taken or refused, matched when they come in, disputed and credited. The undisputed part is payable throughout.
//!
//! A number is a provider's for good once a document has it: only where the council rejected that as no valid invoice may it be sent again. What
//! is refused at the door was never received and takes no number.

mod arrange;
mod checks;
mod credit;
mod query;
mod rejection;
mod rematch;

pub(super) use arrange::{arrange, set_tolerance};
pub(super) use query::{answer, query, resolve};
pub use rejection::{InvoiceRejected, InvoiceTrouble, QueryRejected};
pub(super) use rematch::rematch;

use super::matching::Matching;
use super::{entry_dates, is_new, limits};
use crate::accounts::Account;
use crate::commands::{Command, SubmitInvoices, SubmittedInvoice};
use crate::events::{
    InvoiceKind, InvoicingEvent, LineCredit, LineMatch, SupplierInvoiceReceived, SupplierLine,
};
use crate::journal::{EntryCode, EntryId, JournalEntry, balanced, checked_sum};
use crate::rejection::Rejection;
use crate::state::{State, Supplier};
use care::{Date, InvoiceId, Nights, Pence, ProviderId, london_date};
use jiff::Span;
use std::borrow::Cow;
use std::sync::Arc;

/// Takes invoices and credit notes that a provider sends at once: all of them, or none.
pub(super) fn submit(
    state: &State,
    command: &Command,
    ask: &SubmitInvoices,
) -> Result<Vec<InvoicingEvent>, Rejection> {
    let id = |n: usize| InvoiceId(command.cause.id_of(&format!("SUPPLIER_INVOICE|{n}")));
    if state.supplier.invoices.contains_key(&id(0)) {
        return Ok(Vec::new());
    }
    checks::size(&ask.invoices)?;
    let today = london_date(command.at);
    let mut supplier = Cow::Borrowed(&state.supplier);
    let mut events = Vec::with_capacity(ask.invoices.len());
    for (n, invoice) in ask.invoices.iter().enumerate() {
        let receipt = Receipt {
            state,
            supplier: &supplier,
            command,
            provider: &ask.provider,
            invoice,
            received_on: ask.received_on.unwrap_or(today),
            today,
        };
        let rejected =
            |(line, trouble)| InvoiceRejected { invoice: n, number: invoice.number.clone(), line, trouble };
        receipt.check().map_err(|trouble| Box::new(rejected(trouble)))?;
        let credit = receipt.credit().map_err(|trouble| Box::new(rejected(trouble)))?;
        let event = receipt.received(id(n), ask, credit)?;
        if n + 1 < ask.invoices.len() {
            supplier.to_mut().received(&event);
        }
        events.push(event.into());
    }
    Ok(events)
}

/// What is wrong, and with which line, from 0, where it is one.
type Wrong = (Option<usize>, InvoiceTrouble);

/// One document that is being received.
struct Receipt<'a> {
    state: &'a State,
    supplier: &'a Supplier,
    command: &'a Command,
    provider: &'a ProviderId,
    invoice: &'a SubmittedInvoice,
    received_on: Date,
    today: Date,
}

impl Receipt<'_> {
    fn received(
        &self,
        id: InvoiceId,
        ask: &SubmitInvoices,
        credit: Option<(InvoiceId, Vec<LineCredit>)>,
    ) -> Result<SupplierInvoiceReceived, Rejection> {
        let invoice = self.invoice;
        let (credits, credit) = credit.map_or((None, Vec::new()), |(id, credit)| (Some(id), credit));
        let matches = match invoice.kind {
            InvoiceKind::CreditNote => Vec::new(),
            InvoiceKind::Invoice => {
                let (state, supplier) = (self.state, self.supplier);
                let matching = Matching { state, supplier, anew: None, kept: Pence::ZERO, changed: None };
                matching.lines(&invoice.lines, supplier.tolerance(self.received_on))
            }
        };
        let change = Change::accepted(&matches) - Change::credited(&credit);
        let code = match invoice.kind {
            InvoiceKind::Invoice => EntryCode::Invoice,
            InvoiceKind::CreditNote => EntryCode::CreditNote,
        };
        let posting =
            Posted { id: EntryId(id.0), code, provider: self.provider, invoice: id, on: self.received_on };
        let entry = posting.entry(self.state, &invoice.lines, change)?;
        let place = self.supplier.received.len();
        Ok(SupplierInvoiceReceived {
            invoice: id,
            council: self.command.council,
            provider: self.provider.clone(),
            sequence: u64::try_from(place).unwrap_or(u64::MAX).saturating_add(1),
            number: invoice.number.clone(),
            kind: invoice.kind,
            credits,
            format: ask.format,
            issued_on: invoice.issued_on,
            received_on: self.received_on,
            payable_by: self.received_on.saturating_add(Span::new().days(limits::PAYMENT_DAYS)),
            lines: invoice.lines.clone(),
            matches,
            credit,
            net: sum(&invoice.lines, |line| line.net)?,
            vat: sum(&invoice.lines, |line| line.vat_amount)?,
            entry: entry.map(Arc::new),
            at: self.command.at,
        })
    }
}

fn sum(lines: &[SupplierLine], of: impl Fn(&SupplierLine) -> Pence) -> Result<Pence, Rejection> {
    checked_sum(lines.iter().map(of)).ok_or(Rejection::AmountOverflow)
}

/// By how much what is accepted of an invoice changes.
#[derive(Debug, Clone, Copy, Default)]
struct Change {
    /// Of what was accrued.
    agreed: Pence,
    /// Of VAT.
    vat: Pence,
    /// Of differences within tolerance.
    difference: Pence,
}

impl Change {
    fn accepted<'a>(matches: impl IntoIterator<Item = &'a LineMatch>) -> Self {
        matches.into_iter().fold(Self::default(), |sum, it| Self {
            agreed: sum.agreed + it.accepted - it.difference,
            vat: sum.vat + it.accepted_vat,
            difference: sum.difference + it.difference,
        })
    }

    fn credited(credits: &[LineCredit]) -> Self {
        credits.iter().fold(Self::default(), |sum, it| Self {
            agreed: sum.agreed + it.accepted - it.difference,
            vat: sum.vat + it.accepted_vat,
            difference: sum.difference + it.difference,
        })
    }

    fn gross(self) -> Pence {
        self.agreed + self.vat + self.difference
    }
}

impl std::ops::Sub for Change {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self {
            agreed: self.agreed - other.agreed,
            vat: self.vat - other.vat,
            difference: self.difference - other.difference,
        }
    }
}

/// What is posted of a document of a provider.
struct Posted<'a> {
    id: EntryId,
    code: EntryCode,
    provider: &'a ProviderId,
    invoice: InvoiceId,
    on: Date,
}

impl Posted<'_> {
    /// The entry of a change; none where nothing changes. What becomes payable was accrued, but for VAT and differences.
    fn entry(
        &self,
        state: &State,
        lines: &[SupplierLine],
        change: Change,
    ) -> Result<Option<JournalEntry>, Rejection> {
        let postings = balanced([
            (Account::accrued(self.provider), change.agreed),
            (Account::differences(), change.difference),
            (Account::vat(), change.vat),
            (Account::payable(self.provider), -change.gross()),
        ])?;
        if postings.is_empty() {
            return Ok(None);
        }
        let entry = JournalEntry {
            id: self.id,
            code: self.code,
            dates: entry_dates(state, self.on, span_of(lines, self.on)),
            provider: self.provider.clone(),
            agreement: None,
            invoice: Some(self.invoice),
            postings,
            memorandum: Vec::new(),
        };
        Ok(is_new(state, &entry)?.then_some(entry))
    }
}

/// From the first night of some lines to the last.
fn span_of(lines: &[SupplierLine], on: Date) -> Nights {
    let start = lines.iter().map(|line| line.nights.start()).min().unwrap_or(on);
    let end = lines.iter().map(|line| line.nights.end()).max().unwrap_or(on);
    Nights::from_on(start, Some(end))
}
