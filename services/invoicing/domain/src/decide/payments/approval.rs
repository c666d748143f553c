//! A run is approved as it was proposed, or not at all: where anything of it was paid otherwise or is disputed by now, or a payee's bank account is
//! another, approving it is refused and somebody proposes a new one. So what two people saw is what is paid. The second approval releases it.

use super::super::{entry_dates, limits};
use super::{run_of, text};
use crate::accounts::Account;
use crate::bacs_days::last_submission;
use crate::commands::Command;
use crate::events::{
    InvoicingEvent, PaymentRecorded, PaymentRunApproved, PaymentRunRejected, PaymentRunReleased, RunItem,
};
use crate::journal::{EntryCode, EntryId, JournalEntry, balanced};
use crate::rejection::{PaymentRejection, Rejection};
use crate::state::{PaymentRun, PaymentRunStatus, State};
use care::{Nights, PaymentRunId, Pence, ProviderId, london_date};
use std::sync::Arc;

/// How many people approve a run, besides the one who proposed it.
const APPROVALS: usize = 2;

/// Approves a run, and releases it with the second approval.
pub(super) fn approve(
    state: &State,
    command: &Command,
    by: &str,
    id: PaymentRunId,
) -> Result<Vec<InvoicingEvent>, Rejection> {
    let run = run_of(state, id)?;
    is_undecided(run)?;
    may_approve(state, run, by)?;
    let (number, pay_on, today) = (run.proposed.number, run.proposed.pay_on, london_date(command.at));
    if last_submission(pay_on) < today {
        return Err(PaymentRejection::PayDayPassed { number, pay_on, today }.into());
    }
    if let Some(what) = outdated(state, run) {
        return Err(PaymentRejection::RunOutdated { number, what }.into());
    }
    let (council, at) = (command.council, command.at);
    let mut events = vec![PaymentRunApproved { council, run: id, by: by.to_owned(), at }.into()];
    if run.approvals.len() + 1 >= APPROVALS {
        release(state, command, run, &mut events)?;
    }
    Ok(events)
}

/// Rejects a run, or takes it back: whoever proposed it may do so too.
pub(super) fn reject(
    state: &State,
    command: &Command,
    by: &str,
    id: PaymentRunId,
    reason: &str,
) -> Result<Vec<InvoicingEvent>, Rejection> {
    let reason = text("reason", reason)?;
    is_undecided(run_of(state, id)?)?;
    let (council, by, at) = (command.council, by.to_owned(), command.at);
    Ok(vec![PaymentRunRejected { council, run: id, reason, by, at }.into()])
}

fn is_undecided(run: &PaymentRun) -> Result<(), Rejection> {
    let (number, status) = (run.proposed.number, run.status());
    let remedy = match status {
        PaymentRunStatus::Proposed | PaymentRunStatus::ApprovedOnce => return Ok(()),
        PaymentRunStatus::Rejected => "propose another",
        PaymentRunStatus::Released => "it is paid; record what the bank sends back",
    };
    Err(PaymentRejection::RunStatus { number, status, remedy }.into())
}

/// Whether this person may approve this run: another than before, and within their limit.
fn may_approve(state: &State, run: &PaymentRun, by: &str) -> Result<(), Rejection> {
    let person = by.to_owned();
    if run.proposed.by == by {
        return Err(PaymentRejection::SamePerson { person, did: "proposed" }.into());
    }
    if run.approvals.iter().any(|approval| approval.by == by) {
        return Err(PaymentRejection::SamePerson { person, did: "approved" }.into());
    }
    let policy = state.payments.policy().ok_or(PaymentRejection::PolicyMissing)?;
    let limits = &policy.policy.approver_limits;
    let (limit, total) = (limits.get(by).copied(), run.proposed.total);
    if !limits.is_empty() && limit.is_none_or(|limit| limit < total) {
        return Err(PaymentRejection::ApproverLimit { person, limit, total }.into());
    }
    Ok(())
}

/// What of a run is not so any more: the first document or payee.
fn outdated(state: &State, run: &PaymentRun) -> Option<String> {
    if state.payments.policy().map(|now| now.revision) != state.payments.policy_at_proposal(run) {
        return Some(
            "the council's payment policy is another, which says from which account it pays".to_owned(),
        );
    }
    for payee in &run.proposed.payees {
        let details = state.payments.bank.get(&payee.provider);
        let verified = details.and_then(|details| details.verified.as_ref()).map(|it| it.revision);
        if verified != Some(payee.details) {
            return Some(format!(
                "the bank account of {} is another, or not verified any more",
                payee.provider
            ));
        }
        for item in &payee.items {
            let now = state.payable(item.invoice).map_or(Pence::ZERO, |payable| payable.due);
            if now != item.amount {
                return Some(format!(
                    "{} of {} is payable on {}, not {}",
                    now, payee.provider, item.number, item.amount
                ));
            }
        }
    }
    None
}

/// Sends a run to the bank: each document is paid on the pay day.
fn release(
    state: &State,
    command: &Command,
    run: &PaymentRun,
    events: &mut Vec<InvoicingEvent>,
) -> Result<(), Rejection> {
    let policy = state.payments.policy().ok_or(PaymentRejection::PolicyMissing)?.revision;
    let (council, at, created_on) = (command.council, command.at, london_date(command.at));
    let of_the_day = state.payments.runs.values().filter_map(|run| run.released.as_ref());
    let earlier = of_the_day.filter(|released| released.created_on == created_on).count();
    let max = limits::FILES_A_DAY_MAX;
    let file_number = u16::try_from(earlier + 1).ok().filter(|number| *number <= max);
    let too_many = PaymentRejection::LimitReached { what: "a release of today", max: u32::from(max) };
    let file_number = file_number.ok_or(too_many)?;
    let id = run.proposed.run;
    events.push(PaymentRunReleased { council, run: id, policy, created_on, file_number, at }.into());
    for payee in &run.proposed.payees {
        for item in &payee.items {
            events.push(paid(state, command, run, &payee.provider, item)?);
        }
    }
    Ok(())
}

fn paid(
    state: &State,
    command: &Command,
    run: &PaymentRun,
    provider: &ProviderId,
    item: &RunItem,
) -> Result<InvoicingEvent, Rejection> {
    let (run, paid_on, amount) = (run.proposed.run, run.proposed.pay_on, item.amount);
    // A day is a span of no nights, and a span that ends where it begins can always be made.
    let on_the_day = Nights::from_on(paid_on, Some(paid_on));
    let entry = JournalEntry {
        id: EntryId(command.cause.id_of(&format!("PAYMENT|{run}|{}", item.invoice))),
        code: if amount < Pence::ZERO { EntryCode::Refund } else { EntryCode::Payment },
        dates: entry_dates(state, paid_on, on_the_day),
        agreement: None,
        invoice: Some(item.invoice),
        postings: balanced([(Account::payable(provider), amount), (Account::bank(), -amount)])?,
        memorandum: Vec::new(),
        provider: provider.clone(),
    };
    state.ledger.check(&entry)?;
    let (invoice, council, at, entry) = (item.invoice, command.council, command.at, Arc::new(entry));
    Ok(PaymentRecorded { invoice, council, paid_on, amount, entry, run: Some(run), by: None, at }.into())
}
