//! Payments for outcomes that were agreed beforehand, such as a step down that has held for some weeks: the provider shows that one was
//! achieved, the council accepts that or does not, and what is paid stays within what was agreed.

use super::PAYMENTS_MAX;
use super::commands::{OutcomeDecision, OutcomeEvidence};
use super::events::{OutcomeEvidenced, OutcomeRefused};
use super::rejection::{Limit, TermsRejection};
use super::state::{Outcome, number_after};
use crate::agreements::rejection::AgreementRejection;
use crate::agreements::state::{Agreement, Agreements};
use care::published::OutcomePaymentDue;
use care::{Date, Decided, Pence, Timestamp, Violation, days_after, london_date};

/// Days of a week.
const WEEK: u16 = 7;

fn outcome_on(agreement: &Agreement, number: u32, on: Date) -> Result<&Outcome, TermsRejection> {
    let counts =
        |it: &&Outcome| it.number == number && it.from <= on && it.until.is_none_or(|until| on < until);
    let unknown = TermsRejection::OutcomeUnknown { outcome: number, on };
    agreement.terms.outcomes.iter().find(counts).ok_or(unknown)
}

/// What is left of an outcome's cap.
fn left(agreement: &Agreement, outcome: &Outcome) -> Result<Pence, TermsRejection> {
    let left = outcome.agreed.cap - agreement.terms.paid_for(outcome.number);
    if left > Pence::ZERO { Ok(left) } else { Err(TermsRejection::OutcomeCapReached(outcome.agreed.cap)) }
}

pub(super) fn evidence(agreement: &Agreement, told: &OutcomeEvidence, at: Timestamp) -> Decided<Agreements> {
    if agreement.started.is_none() {
        return Err(AgreementRejection::PlacementNotStarted);
    }
    let payments = &agreement.terms.payments;
    let outcome = outcome_on(agreement, told.outcome, told.achieved_on)?;
    let held = days_after(told.achieved_on, outcome.agreed.held_weeks.saturating_mul(WEEK));
    let today = london_date(at);
    if told.achieved_on > today {
        let description = "the day lies ahead: tell of the outcome once it is achieved".to_owned();
        let violation = Violation { field: "achieved_on".to_owned(), description };
        return Err(TermsRejection::FieldInvalid(vec![violation]).into());
    }
    if held > today {
        return Err(TermsRejection::OutcomeNotHeld(held).into());
    }
    let told_before = payments.iter().find(|payment| {
        let it = &payment.evidenced;
        it.outcome == told.outcome && it.achieved_on == told.achieved_on && payment.refused.is_none()
    });
    if let Some(before) = told_before {
        return Err(TermsRejection::OutcomeTold(before.evidenced.payment).into());
    }
    left(agreement, outcome)?;
    if payments.len() >= PAYMENTS_MAX {
        return Err(TermsRejection::limit(Limit::Payments).into());
    }
    let issued = &agreement.issued;
    let evidenced = OutcomeEvidenced {
        agreement: issued.agreement,
        award: issued.award,
        council: issued.council,
        outcome: told.outcome,
        payment: number_after(payments.len()),
        achieved_on: told.achieved_on,
        evidence: told.evidence.clone(),
        at,
    };
    Ok(vec![evidenced.into()])
}

pub(super) fn decide(
    agreement: &Agreement,
    number: u32,
    decision: &OutcomeDecision,
    approver: &str,
    at: Timestamp,
) -> Decided<Agreements> {
    let found = agreement.terms.payments.iter().find(|payment| payment.evidenced.payment == number);
    let payment = found.ok_or(TermsRejection::PaymentUnknown(number))?;
    if payment.paid.is_some() || payment.refused.is_some() {
        return Err(TermsRejection::PaymentDecided(number).into());
    }
    let (issued, approver) = (&agreement.issued, approver.to_owned());
    let (id, award, council) = (issued.agreement, issued.award, issued.council);
    let OutcomeDecision::Accepted = decision else {
        let OutcomeDecision::Refused { reason } = decision else { return Ok(vec![]) };
        let reason = reason.clone();
        let refused = OutcomeRefused { agreement: id, award, council, payment: number, reason, approver, at };
        return Ok(vec![refused.into()]);
    };
    let (number_of, achieved_on) = (payment.evidenced.outcome, payment.evidenced.achieved_on);
    let agreed = agreement.terms.outcomes.iter().find(|outcome| outcome.number == number_of);
    let unknown = TermsRejection::OutcomeUnknown { outcome: number_of, on: achieved_on };
    let outcome = agreed.ok_or(unknown)?;
    let amount = left(agreement, outcome)?.min(outcome.agreed.payment);
    let due = OutcomePaymentDue {
        agreement: id,
        award,
        council,
        provider: issued.provider.clone(),
        outcome: number_of,
        payment: number,
        amount,
        achieved_on,
        measure: outcome.agreed.measure.clone(),
        approver,
        at,
    };
    Ok(vec![due.into()])
}
