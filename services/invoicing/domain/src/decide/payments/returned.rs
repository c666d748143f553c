//! What the bank sends back: the payment is mirrored as it was posted, the debt stands again, and the account that it went to has to be
//! verified anew before a run pays to it.

use super::super::entry_dates;
use super::{run_of, text};
use crate::commands::{Command, RecordPaymentReturned, ReturnOf};
use crate::events::{InvoicingEvent, PaymentReturned};
use crate::journal::{EntryCode, EntryId, JournalEntry, balanced};
use crate::rejection::{PaymentRejection, Rejection};
use crate::state::{InvoicePayment, State};
use care::{Date, InvoiceId, Nights, PaymentRunId, ProviderId, london_date};
use std::sync::Arc;

/// Records that a payment came back.
pub(super) fn record(
    state: &State,
    command: &Command,
    by: &str,
    ask: &RecordPaymentReturned,
) -> Result<Vec<InvoicingEvent>, Rejection> {
    let reason = text("reason", &ask.reason)?;
    let (payments, since) = match &ask.of {
        ReturnOf::Run(run, provider) => of_run(state, *run, provider)?,
        ReturnOf::Invoice(invoice) => of_invoice(state, *invoice)?,
    };
    let returned_on = open_day(state, command, ask.returned_on, since)?;
    let mut events = Vec::with_capacity(payments.len());
    for (invoice, payment) in payments {
        let entry = mirror(state, command, payment, returned_on)?;
        let (council, run, amount, at) = (command.council, payment.run, payment.amount, command.at);
        let (payment, by) = (payment.entry, by.to_owned());
        let (reason, entry) = (reason.clone(), Arc::new(entry));
        events.push(
            PaymentReturned { council, invoice, run, payment, amount, returned_on, reason, entry, by, at }
                .into(),
        );
    }
    Ok(events)
}

/// The day on which it came back: as asked, which must be possible and in an open period, or today.
fn open_day(state: &State, command: &Command, asked: Option<Date>, since: Date) -> Result<Date, Rejection> {
    let today = london_date(command.at);
    let returned_on = asked.unwrap_or(today);
    if returned_on < since || returned_on > today {
        return Err(PaymentRejection::ReturnDateInvalid { returned_on, since, today }.into());
    }
    match state.open_from.filter(|open_from| asked.is_some() && returned_on < *open_from) {
        Some(open_from) => Err(Rejection::PeriodClosed { field: "returned_on", on: returned_on, open_from }),
        None => Ok(returned_on),
    }
}

/// Payments, and the first day on which they can have come back.
type Paid<'a> = (Vec<(InvoiceId, &'a InvoicePayment)>, Date);

/// All that a run paid to a provider: the bank sends one sum back as a whole. It may refuse it as soon as it has the file.
fn of_run<'a>(state: &'a State, id: PaymentRunId, provider: &ProviderId) -> Result<Paid<'a>, Rejection> {
    let run = run_of(state, id)?;
    let number = run.proposed.number;
    let Some(released) = run.released.as_ref() else {
        let (status, remedy) = (run.status(), "only what went to the bank comes back");
        return Err(PaymentRejection::RunStatus { number, status, remedy }.into());
    };
    let unknown = || PaymentRejection::PayeeUnknown { number, provider: provider.clone() };
    let payee = run.payee(provider).ok_or_else(unknown)?;
    let of_item = |invoice: InvoiceId| {
        let paid = |it: &&InvoicePayment| it.run == Some(id) && it.returned_on.is_none();
        let (_, payments) = state.payments_of(invoice)?;
        payments.iter().find(paid).map(|payment| (invoice, payment))
    };
    let payments: Vec<_> = payee.items.iter().filter_map(|item| of_item(item.invoice)).collect();
    if payments.is_empty() {
        let what = format!("{provider} in payment run {number}");
        return Err(PaymentRejection::NothingToReturn { what }.into());
    }
    Ok((payments, released.created_on))
}

/// The last payment of an invoice that has not come back.
fn of_invoice(state: &State, id: InvoiceId) -> Result<Paid<'_>, Rejection> {
    let (number, payments) = state.payments_of(id).ok_or(Rejection::InvoiceUnknown(id))?;
    let last = payments.iter().rfind(|payment| payment.returned_on.is_none());
    match last {
        None => Err(PaymentRejection::NothingToReturn { what: format!("invoice {number}") }.into()),
        Some(payment) if payment.run.is_some() => {
            Err(PaymentRejection::PaidByRun { invoice: number.to_owned() }.into())
        }
        Some(payment) => Ok((vec![(id, payment)], payment.on)),
    }
}

/// The mirror of what was posted: nothing is worked out again.
fn mirror(
    state: &State,
    command: &Command,
    payment: &InvoicePayment,
    returned_on: Date,
) -> Result<JournalEntry, Rejection> {
    let unknown = || PaymentRejection::NothingToReturn { what: format!("entry {}", payment.entry) };
    let posted = state.ledger.entry(payment.entry).ok_or_else(unknown)?;
    let entry = JournalEntry {
        id: EntryId(command.cause.id_of(&format!("RETURN|{}", payment.entry))),
        code: EntryCode::PaymentReturn,
        dates: entry_dates(state, returned_on, Nights::from_on(returned_on, Some(returned_on))),
        postings: balanced(posted.postings.iter().map(|it| (it.account.clone(), -it.amount)))?,
        ..JournalEntry::clone(posted)
    };
    state.ledger.check(&entry)?;
    Ok(entry)
}
