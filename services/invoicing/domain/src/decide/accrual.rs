//! Charging nights, and the runs in which that is done for many agreements.

use super::correct::Work;
use super::entry_dates;
use crate::agreement::Subject;
use crate::charge::charge;
use crate::commands::{AccrueNights, Command};
use crate::commitment::year_end;
use crate::events::{ChargePosted, InvoicingEvent, RunFinished, RunId, RunKind, RunStarted};
use crate::journal::EntryId;
use crate::lines::components;
use crate::rejection::Rejection;
use crate::state::State;
use care::{Date, Nights, london_date};
use std::borrow::Cow;
use std::sync::Arc;

/// Charges the nights that are not charged yet, a charge for each calendar month, so that each counts in its own period, and for each part
/// of it that the same funders pay. What is left of late news is corrected first.
pub(super) fn accrue(
    state: &State,
    command: &Command,
    ask: &AccrueNights,
) -> Result<Vec<InvoicingEvent>, Rejection> {
    let today = check_through(command, ask.through)?;
    let agreement = state.agreements.get(&ask.agreement).ok_or(Rejection::AgreementUnknown(ask.agreement))?;
    let nth = |n: usize| EntryId(command.cause.id_of(&format!("CHARGE|{}|{n}", agreement.id)));
    let committed = EntryId(command.cause.id_of(&format!("COMMITMENT|{}", agreement.id)));
    let first = nth(0);
    if [first, committed].into_iter().any(|id| state.ledger.entry(id).is_some()) {
        // The same request again: it has had its effect, also where its nights were taken back since.
        return Ok(Vec::new());
    }
    let (mut work, mut agreement) = (Work::new(state, command), Cow::Borrowed(agreement));
    let occupied = state.occupied(&agreement, None);
    if !agreement.stale.is_empty() {
        let (stale, reason) = (agreement.stale.clone(), agreement.news.clone().unwrap_or_default());
        work.correct(agreement.to_mut(), &occupied, &stale, &reason)?;
    }
    let due = agreement.uncharged(&occupied, ask.through);
    let parts = due.into_iter().flat_map(by_month).flat_map(|nights| agreement.terms.by_funders(nights));
    let parts: Vec<Nights> = parts.collect();
    let new_year = agreement.committed_to.is_none_or(|to| to < year_end(today));
    // A bed is paid for while a child who was expected does not come: those nights were not to come of it.
    let reducible = matches!(agreement.subject, Subject::Reservation | Subject::Block);
    let commit = new_year || reducible || !work.events.is_empty();
    let components = if parts.is_empty() { Vec::new() } else { components(&agreement) };
    for (n, nights) in parts.into_iter().enumerate() {
        let last_night = nights.end().yesterday().unwrap_or(nights.start());
        let dates = entry_dates(state, last_night, nights);
        let id = if n == 0 { first } else { nth(n) };
        let (charge, entry) = charge(&agreement, &components, id, dates, None)?;
        state.ledger.check(&entry)?;
        if commit {
            agreement.to_mut().charged(&charge, &entry);
        }
        let (council, at, charge, entry) = (command.council, command.at, Arc::new(charge), Arc::new(entry));
        work.events.push(ChargePosted { council, charge, entry, run: ask.run, at }.into());
    }
    if commit {
        work.commit(&agreement, None)?;
    }
    Ok(work.events)
}

/// Today; a night is charged when it has passed: until then the child may leave before it.
fn check_through(command: &Command, through: Date) -> Result<Date, Rejection> {
    let today = london_date(command.at);
    if through > today { Err(Rejection::ThroughOutOfRange { through, today }) } else { Ok(today) }
}

/// The nights of a period, by calendar month.
pub(crate) fn by_month(nights: Nights) -> impl Iterator<Item = Nights> {
    let end = nights.end();
    let mut next = nights.start();
    std::iter::from_fn(move || {
        let month_end = next.last_of_month().tomorrow().unwrap_or(end);
        let part = Nights::new(next, month_end.min(end)).ok().filter(|part| !part.is_empty())?;
        next = part.end();
        Some(part)
    })
}

pub(super) fn start_run(
    state: &State,
    command: &Command,
    run: RunId,
    kind: RunKind,
    through: Date,
) -> Result<Vec<InvoicingEvent>, Rejection> {
    check_through(command, through)?;
    if state.runs.contains_key(&run) {
        return Ok(Vec::new());
    }
    Ok(vec![RunStarted { run, council: command.council, kind, through, at: command.at }.into()])
}

pub(super) fn finish_run(
    state: &State,
    command: &Command,
    run: RunId,
) -> Result<Vec<InvoicingEvent>, Rejection> {
    let found = state.runs.get(&run).ok_or(Rejection::RunUnknown)?;
    if found.finished.is_some() {
        return Ok(Vec::new());
    }
    let items = match found.kind {
        RunKind::Accrual => found.agreements.len(),
        RunKind::Invoicing => found.invoices.len(),
    };
    Ok(vec![
        RunFinished {
            run,
            council: command.council,
            items: u64::try_from(items).unwrap_or(u64::MAX),
            nights: found.nights,
            amount: found.amount,
            at: command.at,
        }
        .into(),
    ])
}

#[cfg(test)]
mod tests {
    use super::{Nights, by_month};
    use jiff::civil::date;

    #[test]
    fn a_period_is_cut_at_the_first_of_each_month() {
        let parts: Vec<String> = by_month(Nights::new(date(2026, 1, 30), date(2026, 3, 2)).unwrap())
            .map(|part| part.to_string())
            .collect();
        assert_eq!(
            parts,
            ["[2026-01-30, 2026-02-01)", "[2026-02-01, 2026-03-01)", "[2026-03-01, 2026-03-02)"]
        );
        assert_eq!(by_month(Nights::new(date(2026, 1, 1), date(2026, 1, 1)).unwrap()).count(), 0);
        assert_eq!(by_month(Nights::new(date(2026, 1, 1), date(2026, 2, 1)).unwrap()).count(), 1);
    }
}
