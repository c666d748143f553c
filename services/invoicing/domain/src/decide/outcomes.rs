//! Payments for outcomes that were agreed beforehand. Contracts says once that one is due; it is charged on the day on which the outcome was
//! achieved, to those who paid on that day, and charged anew where late news says that others did. No news takes a payment back: contracts
//! refuses an outcome before it is due, or never.

use super::correct::Work;
use super::facts::{Trouble, date_trouble, foreign, placement, refuse, unknown};
use super::{entry_dates, is_new, limits};
use crate::agreement::{Agreement, OutcomePaid};
use crate::charge::{mirror, outcome_charge};
use crate::commands::Command;
use crate::events::{ChargeReversed, InvoicingEvent, OutcomeCharged};
use crate::journal::EntryId;
use crate::lines::outcome;
use crate::rejection::Rejection;
use crate::state::State;
use care::published::OutcomePaymentDue;
use care::{Date, Nights, Pence, Refusal, london_date};
use std::sync::Arc;

pub(super) fn due(state: &State, command: &Command, due: &OutcomePaymentDue) -> Vec<InvoicingEvent> {
    let refuse = |trouble| refuse::<OutcomePaymentDue>(state, command, due.agreement, trouble);
    if let Some(trouble) = foreign(command, due.council).or_else(|| date_trouble(due.achieved_on)) {
        return refuse(trouble);
    }
    let Some(agreement) = placement(state, due.agreement) else {
        return refuse(unknown(due.agreement));
    };
    if agreement.outcomes.contains_key(&due.payment) {
        return Vec::new();
    }
    if let Some(trouble) = payment_trouble(command, agreement, due) {
        return refuse(trouble);
    }
    match charged(state, command, agreement, due) {
        Ok(events) => events,
        Err(rejection) => refuse((rejection.reason(), rejection.to_string())),
    }
}

fn payment_trouble(command: &Command, agreement: &Agreement, due: &OutcomePaymentDue) -> Option<Trouble> {
    let (today, on) = (london_date(command.at), due.achieved_on);
    if due.amount <= Pence::ZERO || due.amount > Pence::MAX_INPUT {
        let detail =
            format!("{} for an outcome is out of range: expected up to {}", due.amount, Pence::MAX_INPUT);
        return Some(("AMOUNT_INVALID", detail));
    }
    if due.provider != agreement.provider {
        let detail =
            format!("{} is to be paid, and the agreement is with {}", due.provider, agreement.provider);
        return Some(("PROVIDER_FOREIGN", detail));
    }
    if on > today {
        return Some((
            "DATE_OUT_OF_RANGE",
            format!("it was achieved on {on}, which is after today, {today}"),
        ));
    }
    let most = limits::OUTCOMES_MAX;
    let full = agreement.outcomes.len() >= most;
    full.then(|| ("OUTCOMES_TOO_MANY", format!("an agreement has {most} payments for outcomes at most")))
}

fn charged(
    state: &State,
    command: &Command,
    agreement: &Agreement,
    due: &OutcomePaymentDue,
) -> Result<Vec<InvoicingEvent>, Rejection> {
    let id = EntryId(command.cause.id_of(&format!("OUTCOME|{}|{}", agreement.id, due.payment)));
    let dates = entry_dates(state, due.achieved_on, on_the_day(due.achieved_on));
    let (charge, entry) = outcome_charge(agreement, due.amount, id, dates, None)?;
    if !is_new(state, &entry)? {
        return Ok(Vec::new());
    }
    let (council, payment, at) = (command.council, due.payment, command.at);
    let (charge, entry) = (Arc::new(charge), Arc::new(entry));
    Ok(vec![OutcomeCharged { council, payment, charge, entry, at }.into()])
}

/// No night, on a day.
fn on_the_day(day: Date) -> Nights {
    Nights::from_on(day, Some(day))
}

impl Work<'_> {
    /// Corrects the payments for outcomes that say something else than what holds now of the funders of their day.
    pub(super) fn correct_outcomes(
        &mut self,
        agreement: &mut Agreement,
        reason: &str,
    ) -> Result<(), Rejection> {
        for (payment, paid) in agreement.outcomes.clone() {
            self.correct_outcome(agreement, payment, paid, reason)?;
        }
        Ok(())
    }

    fn correct_outcome(
        &mut self,
        agreement: &mut Agreement,
        payment: u32,
        paid: OutcomePaid,
        reason: &str,
    ) -> Result<(), Rejection> {
        let (state, command) = (self.state, self.command);
        let known = state.charges.get(&paid.charge).zip(state.ledger.entry(paid.charge));
        let Some((recorded, entry)) = known else { return Ok(()) };
        if recorded.says(&outcome(agreement, paid.amount, paid.achieved_on)?) {
            return Ok(());
        }
        let (council, at) = (command.council, command.at);
        let day = entry.dates.adjusts.unwrap_or(entry.dates.posted_on);
        let dates = entry_dates(state, day, recorded.nights);
        let (reversal, entry) = mirror(recorded, entry, &command.cause, dates, reason, recorded.due_on)?;
        let id = EntryId(command.cause.id_of(&format!("RECHARGE|{}", recorded.id)));
        let (charge, again) = outcome_charge(agreement, paid.amount, id, dates, Some(reason))?;
        if is_new(state, &entry)? && is_new(state, &again)? {
            agreement.reversed(&reversal, &entry);
            let (back, entry) = (Arc::new(reversal), Arc::new(entry));
            self.events.push(ChargeReversed { council, charge: back, entry, at }.into());
            let (charge, entry) = (Arc::new(charge), Arc::new(again));
            let event = OutcomeCharged { council, payment, charge, entry, at };
            agreement.outcome_charged(&event);
            self.events.push(event.into());
        }
        Ok(())
    }
}
