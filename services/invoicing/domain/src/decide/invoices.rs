//! Self-billing: the council makes the invoice from what it has charged, and pays it.

use super::{entry_dates, is_new, limits};
use crate::accounts::Account;
use crate::charge::Charge;
use crate::commands::{Command, IssueInvoice, RecordPayment};
use crate::events::{InvoiceIssued, InvoiceKind, InvoiceLine, InvoicingEvent, PaymentRecorded};
use crate::journal::{EntryCode, EntryId, JournalEntry, balanced, checked_sum};
use crate::rejection::{PaymentRejection, Rejection};
use crate::state::State;
use crate::tax::VatNumber;
use care::{Date, InvoiceId, Nights, Pence, ProviderId, london_date};
use jiff::Span;
use std::sync::Arc;

/// Issues one invoice, or a credit note where more is taken back than charged.
pub(super) fn issue(
    state: &State,
    command: &Command,
    ask: &IssueInvoice,
) -> Result<Vec<InvoicingEvent>, Rejection> {
    let charges = due(state, ask);
    let Some(effective) = span_of(&charges) else {
        return Ok(Vec::new());
    };
    let net = checked_sum(charges.iter().map(|charge| charge.total)).ok_or(Rejection::AmountOverflow)?;
    let vat = checked_sum(charges.iter().map(|charge| charge.vat())).ok_or(Rejection::AmountOverflow)?;
    let gross = checked_sum([net, vat]).ok_or(Rejection::AmountOverflow)?;
    let kind = if gross < Pence::ZERO { InvoiceKind::CreditNote } else { InvoiceKind::Invoice };
    let id = command.cause.id_of(&format!("INVOICE|{}|{}", ask.provider, ask.part));
    let issued_on = london_date(command.at);
    let entry = JournalEntry {
        id: EntryId(id),
        code: if kind == InvoiceKind::Invoice { EntryCode::Invoice } else { EntryCode::CreditNote },
        dates: entry_dates(state, issued_on, effective),
        provider: ask.provider.clone(),
        agreement: None,
        invoice: Some(InvoiceId(id)),
        postings: balanced([
            (Account::accrued(&ask.provider), net),
            (Account::vat(), vat),
            (Account::payable(&ask.provider), -gross),
        ])?,
        memorandum: Vec::new(),
    };
    if !is_new(state, &entry)? {
        return Ok(Vec::new());
    }
    let sequence = u64::try_from(state.invoice_numbers.len()).unwrap_or(u64::MAX).saturating_add(1);
    Ok(vec![
        InvoiceIssued {
            invoice: InvoiceId(id),
            council: command.council,
            provider: ask.provider.clone(),
            sequence,
            number: format!("{}-{sequence:06}", command.council),
            kind,
            through: ask.through,
            issued_on,
            payable_by: issued_on.saturating_add(Span::new().days(limits::PAYMENT_DAYS)),
            lines: charges.iter().flat_map(|charge| lines_of(charge)).collect(),
            nights_count: charges.iter().map(|charge| charge.nights_added()).sum(),
            net,
            vat,
            vat_number: vat_number(state, &ask.provider, issued_on, vat),
            entry: Arc::new(entry),
            run: ask.run,
            at: command.at,
        }
        .into(),
    ])
}

/// The VAT number of a provider on a day; of VAT that is for nights before it gave that up, the last one that it had.
fn vat_number(state: &State, provider: &ProviderId, day: Date, vat: Pence) -> Option<VatNumber> {
    let supplier = state.tax.suppliers.get(provider)?;
    let now = supplier.on(day).and_then(|details| details.vat_number.clone());
    let before = || {
        let mut earlier = supplier.holds.range(..=day).rev();
        earlier.find_map(|(_, details)| details.vat_number.clone())
    };
    now.or_else(|| if vat == Pence::ZERO { None } else { before() })
}

/// What the provider's next invoice holds, by agreement and night, so that a charge stands beside what takes it back. What is outside the scope
/// of VAT is invoiced by itself, after the rest: EN 16931 has no document with both (BR-O-11).
fn due<'a>(state: &'a State, ask: &IssueInvoice) -> Vec<&'a Arc<Charge>> {
    let Some(account) = state.providers.get(&ask.provider) else {
        return Vec::new();
    };
    let is_due = |(id, due_on): &(&EntryId, &Date)| **due_on <= ask.through && state.is_self_billed(**id);
    let due = account.uninvoiced.unordered().filter(is_due);
    let mut charges: Vec<_> = due.filter_map(|(id, _)| state.charges.get(id)).collect();
    charges.sort_by_key(|charge| {
        let order = (charge.agreement, charge.nights.start(), charge.reverses.is_some(), charge.id);
        (charge.is_outside_scope(), order)
    });
    let outside_scope = charges.first().is_some_and(|charge| charge.is_outside_scope());
    charges.retain(|charge| charge.is_outside_scope() == outside_scope);
    let mut lines = 0;
    let fits = |charge: &&Arc<Charge>| {
        lines += charge.lines.len();
        lines <= limits::INVOICE_LINES_MAX
    };
    charges.into_iter().take_while(fits).collect()
}

/// From the first night to the last; nothing without charges.
fn span_of(charges: &[&Arc<Charge>]) -> Option<Nights> {
    let start = charges.iter().map(|charge| charge.nights.start()).min()?;
    let end = charges.iter().map(|charge| charge.nights.end()).max()?;
    Nights::new(start, end).ok()
}

fn lines_of(charge: &Charge) -> impl Iterator<Item = InvoiceLine> + '_ {
    let sign = if charge.reverses.is_some() { -1 } else { 1 };
    charge.lines.iter().map(move |line| InvoiceLine {
        charge: charge.id,
        agreement: charge.agreement,
        kind: line.kind.clone(),
        nights: line.nights.unwrap_or(charge.nights),
        nights_count: sign * line.nights.unwrap_or(charge.nights).count(),
        weekly: line.weekly,
        amount: line.amount,
        vat: line.vat.clone(),
        vat_amount: line.vat_amount,
    })
}

/// A document that is paid, whoever made it.
struct Paid<'a> {
    number: &'a str,
    provider: &'a ProviderId,
    /// The day before which it cannot have been paid.
    since: Date,
    /// What is payable of it and not paid yet.
    open: Pence,
    /// What the council disputes of it.
    in_query: Pence,
    settled_on: Option<Date>,
}

impl<'a> Paid<'a> {
    fn of(state: &'a State, id: InvoiceId) -> Result<Self, Rejection> {
        if let Some(sent) = state.supplier.invoices.get(&id) {
            let (received, open) = (&sent.received, sent.due());
            let (settled_on, in_query) = (sent.settled_on(), sent.in_query());
            let (number, provider, since) = (&received.number, &received.provider, received.received_on);
            return Ok(Self { number, provider, since, open, in_query, settled_on });
        }
        let invoice = state.invoices.get(&id).ok_or(Rejection::InvoiceUnknown(id))?;
        let (issued, settled_on) = (&invoice.issued, invoice.settled_on);
        // Of a settled one only a planted defect comes further.
        let open = if settled_on.is_some() { issued.gross() } else { invoice.open() };
        let (number, provider, since) = (&issued.number, &issued.provider, issued.issued_on);
        Ok(Self { number, provider, since, open, in_query: Pence::ZERO, settled_on })
    }

    /// Insists that something of it can be paid by itself: it is neither settled nor all in query, and no run that still can be released holds it.
    fn payable_alone(&self, state: &State, invoice: InvoiceId, today: Date) -> Result<(), Rejection> {
        let number = self.number.to_owned();
        if let Some(on) = self.settled_on {
            return Err(Rejection::InvoiceSettled { number, on });
        }
        if self.open == Pence::ZERO {
            let in_query = self.in_query;
            return Err(Rejection::InvoiceInQuery { number, in_query });
        }
        match state.payments.holding(invoice, today) {
            Some(run) => {
                let run = run.proposed.number;
                Err(PaymentRejection::InvoiceInRun { invoice: number, run }.into())
            }
            None => Ok(()),
        }
    }

    /// What was paid: as asked, which must be something of what is open and no more, or all of that.
    fn amount(&self, asked: Option<Pence>) -> Result<Pence, Rejection> {
        let open = self.open;
        let Some(amount) = asked else {
            return Ok(open);
        };
        let beyond = amount.0.unsigned_abs() > open.0.unsigned_abs();
        if amount.0.signum() != open.0.signum() || beyond {
            return Err(Rejection::PaymentAmountInvalid { number: self.number.to_owned(), amount, open });
        }
        Ok(amount)
    }
}

/// Records that an invoice was paid, or a credit note settled.
pub(super) fn pay(
    state: &State,
    command: &Command,
    ask: &RecordPayment,
) -> Result<Vec<InvoicingEvent>, Rejection> {
    let document = Paid::of(state, ask.invoice)?;
    let id = EntryId(command.cause.id_of(&format!("PAYMENT|{}", ask.invoice)));
    if state.ledger.entry(id).is_some() && !planted!(PostedTwice) {
        return Ok(Vec::new());
    }
    if !planted!(PostedTwice) {
        document.payable_alone(state, ask.invoice, london_date(command.at))?;
    }
    let paid_on = payment_date(state, command, ask.paid_on, document.since)?;
    let (provider, amount) = (document.provider.clone(), document.amount(ask.amount)?);
    let entry = JournalEntry {
        id,
        code: if amount < Pence::ZERO { EntryCode::Refund } else { EntryCode::Payment },
        dates: entry_dates(state, paid_on, Nights::from_on(paid_on, Some(paid_on))),
        agreement: None,
        invoice: Some(ask.invoice),
        postings: balanced([(Account::payable(&provider), amount), (Account::bank(), -amount)])?,
        memorandum: Vec::new(),
        provider,
    };
    state.ledger.check(&entry)?;
    let (council, at, entry) = (command.council, command.at, Arc::new(entry));
    let (invoice, by) = (ask.invoice, Some(ask.by.clone()));
    Ok(vec![PaymentRecorded { invoice, council, paid_on, amount, entry, run: None, by, at }.into()])
}

/// The day of payment: as asked, which must be possible and in an open period, or today.
fn payment_date(
    state: &State,
    command: &Command,
    asked: Option<Date>,
    issued_on: Date,
) -> Result<Date, Rejection> {
    let today = london_date(command.at);
    let Some(paid_on) = asked else {
        return Ok(today);
    };
    if paid_on < issued_on || paid_on > today {
        return Err(Rejection::PaymentDateInvalid { paid_on, issued_on, today });
    }
    match state.open_from {
        Some(open_from) if paid_on < open_from => {
            Err(Rejection::PeriodClosed { field: "paid_on", on: paid_on, open_from })
        }
        _ => Ok(paid_on),
    }
}
