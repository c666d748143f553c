//! Two people behind every payment: one records a bank account and another verifies it; one proposes a run and two others approve it.
//!
//! A person is the subject of the token that the command was called with. Whoever calls for several people with one token, such as a case
//! system, is one person here.

mod approval;
mod payees;
mod proposal;
mod returned;

use super::{limits, tax};
use crate::commands::{Command, PaymentStep, Payments};
use crate::events::InvoicingEvent;
use crate::rejection::{PaymentRejection, Rejection};
use crate::state::{PaymentRun, State};
use care::{PaymentRunId, Violation};

/// Decides a command about payments.
pub(super) fn decide(
    state: &State,
    command: &Command,
    ask: &Payments,
) -> Result<Vec<InvoicingEvent>, Rejection> {
    let by = ask.by.as_str();
    match &ask.step {
        PaymentStep::SetPolicy(policy) => payees::set_policy(state, command, by, policy),
        PaymentStep::RecordBankDetails { provider, account } => {
            payees::record(state, command, by, provider, account)
        }
        PaymentStep::VerifyBankDetails { provider, revision, how } => {
            payees::verify(state, command, by, provider, *revision, how)
        }
        PaymentStep::RecordTaxDetails { provider, details } => {
            tax::record(state, command, by, provider, details)
        }
        PaymentStep::VerifyTaxDetails { provider, revision, how } => {
            tax::verify(state, command, by, provider, *revision, how)
        }
        PaymentStep::Propose(wanted) => proposal::propose(state, command, by, wanted),
        PaymentStep::Approve(run) => approval::approve(state, command, by, *run),
        PaymentStep::Reject { run, reason } => approval::reject(state, command, by, *run, reason),
        PaymentStep::Returned(returned) => returned::record(state, command, by, returned),
    }
}

fn run_of(state: &State, run: PaymentRunId) -> Result<&PaymentRun, Rejection> {
    state.payments.runs.get(&run).ok_or_else(|| PaymentRejection::RunUnknown(run).into())
}

/// A text of a person, of which there has to be one.
pub(in crate::decide) fn text(field: &str, text: &str) -> Result<String, Rejection> {
    let kept = text.trim();
    let max = limits::PAYMENT_TEXT_CHARS_MAX;
    if kept.is_empty() || kept.chars().count() > max || kept.chars().any(char::is_control) {
        let description = format!("expected 1 to {max} characters of one line");
        let violation = Violation { field: field.to_owned(), description };
        return Err(PaymentRejection::FieldsInvalid(vec![violation]).into());
    }
    Ok(kept.to_owned())
}

/// The next revision of what has been recorded `count` times.
pub(in crate::decide) fn next_revision(what: &'static str, count: usize) -> Result<u32, Rejection> {
    let max = limits::PAYMENT_REVISIONS_MAX;
    match u32::try_from(count) {
        Ok(count) if count < max => Ok(count + 1),
        _ => Err(PaymentRejection::LimitReached { what, max }.into()),
    }
}
