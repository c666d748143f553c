//! What an agreement costs over dates, and all else that both sides agree on: signatures, amendments, absences, uplifts, outcomes.
//!
//! What the award brought is version 1 of the terms. An amendment is proposed by either side and holds once both have signed; an uplift is
//! decided by the council and put right by it ([`UpliftCorrected`]), and a sibling discount ends with the last sibling. Each of them makes a version, which is published whole
//! (`AgreementTermsSet`), so that nobody needs the versions before.

mod absence;
mod amend;
mod commands;
mod events;
mod lines;
mod outcomes;
mod purchase;
mod rejection;
mod rise;
mod siblings;
mod state;
mod uplift;

pub use commands::{
    Changes, Consent, CorrectUplift, DecideUplift, LineChange, LinePrice, OutcomeDecision, OutcomeEvidence,
    TellAbsence, TermsStep, UpliftAnswer, UpliftSubject,
};
pub use events::{
    AgreementSigned, AmendmentClosed, AmendmentEnd, AmendmentProposed, AmendmentSigned, AmendmentTookEffect,
    FrameworkShown, Negotiated, NewOutcome, OutcomeEvidenced, OutcomeRefused, Purchase, PurchaseRecorded,
    SiblingDiscount, UpliftCorrected, UpliftDecided, UpliftOf,
};
pub use lines::weekly_on;
pub use rejection::{CoreCheck, TermsRejection};
pub(super) use siblings::follow;
pub use state::{
    Amendment, AppliedUplift, ClosedAmendment, Outcome, OutcomePayment, Signature, Terms, UpliftDecision,
};

use super::commands::NoticeGiver;
use super::rejection::AgreementRejection;
use super::state::{Agreement, AgreementStatus, Agreements};
use crate::frameworks::Frameworks;
use amend::Scene;
use care::{CouncilId, Decided, Timestamp};

/// How many amendments an agreement has at most, those that came to nothing included.
const AMENDMENTS_MAX: usize = 200;
/// How many amendments of an agreement can wait for a signature at a time.
const OPEN_AMENDMENTS_MAX: usize = 5;
/// How many absences an agreement has at most.
const ABSENCES_MAX: usize = 1_000;
/// How many payments for outcomes an agreement has at most, refused ones included.
const PAYMENTS_MAX: usize = 200;
/// How many agreements one decision uplifts at most.
const UPLIFTED_MAX: usize = 200;
/// How far ahead an amendment, an uplift, an expected end or a review lies at most, in days: three years.
const AHEAD_DAYS_MAX: u16 = 1_096;

/// Decides a step of an agreement's terms.
pub(super) fn decide(
    state: &Agreements,
    agreement: &Agreement,
    by: &NoticeGiver,
    (step, facts): (&TermsStep, &Frameworks),
    at: Timestamp,
) -> Decided<Agreements> {
    if let (AgreementStatus::Cancelled, Some(end)) = (agreement.status(), &agreement.ended) {
        return Err(AgreementRejection::AgreementEnded(end.on));
    }
    let scene = Scene { state, agreement, by: by.side(), facts, at };
    match step {
        TermsStep::Sign(consent) => amend::sign(scene, consent),
        TermsStep::Propose(changes) => amend::propose(scene, changes),
        TermsStep::SignAmendment { amendment, consent } => amend::sign_amendment(scene, *amendment, consent),
        TermsStep::DeclineAmendment { amendment, reason } => {
            amend::close(scene, *amendment, AmendmentEnd::Declined, reason)
        }
        TermsStep::WithdrawAmendment { amendment, reason } => {
            amend::close(scene, *amendment, AmendmentEnd::Withdrawn, reason)
        }
        TermsStep::RecordAbsence(told) => absence::record(agreement, told, at),
        TermsStep::RecordPurchase(purchase) => purchase::record(agreement, purchase, at),
        TermsStep::EvidenceOutcome(told) => outcomes::evidence(agreement, told, at),
        TermsStep::DecideOutcome { payment, decision, approver } => {
            outcomes::decide(agreement, *payment, decision, approver, at)
        }
    }
}

/// Decides an uplift of a council's agreements with a provider.
pub(super) fn decide_uplift(
    state: &Agreements,
    council: CouncilId,
    asked: &DecideUplift,
    facts: &Frameworks,
) -> Decided<Agreements> {
    uplift::decide(state, council, asked, facts)
}

/// Puts right what a council decided of an uplift.
pub(super) fn correct_uplift(
    state: &Agreements,
    council: CouncilId,
    asked: &CorrectUplift,
    facts: &Frameworks,
) -> Decided<Agreements> {
    uplift::correct(state, council, asked, facts)
}
