//! The council's side before the market: its policy, the referral itself, and the steps of the cascade.

use super::cascade::behind;
use super::shortlist::all_ended;
use super::staying::{check_link, linked};
use super::{Decision, must_be_open, referral};
use crate::commands::{AmendReferral, PostReferral, RecordCascadeStep, SetCascadePolicy, WithdrawReferral};
use crate::events::{
    CascadePolicySet, CascadeStepRecorded, ReferralAmended, ReferralEvent, ReferralPosted, ReferralWithdrawn,
    ShortlistEnd,
};
use crate::rejection::Rejection;
use crate::requirements::{Found, KeyPurpose};
use crate::state::{MOVED, Referral, State};
use care::{CodeSet, Timestamp, Violation, code_sets, london_date};

/// Refuses when something is wrong.
fn none_of(violations: Vec<Violation>) -> Result<(), Rejection> {
    if violations.is_empty() { Ok(()) } else { Err(Rejection::FieldInvalid(violations)) }
}

/// Refuses codes that their sets do not hold at that instant.
pub(super) fn check_codes(at: Timestamp, codes: &[(&str, CodeSet, &str)]) -> Result<(), Rejection> {
    let mut found = Found { year: code_sets::collection_year(london_date(at)), list: Vec::new() };
    for (field, set, code) in codes {
        found.codes(field, *set, &[(*code).to_owned()]);
    }
    none_of(found.list)
}

pub(super) fn set_policy(state: &State, command: &SetCascadePolicy) -> Decision {
    none_of(command.policy.violations(london_date(command.at)))?;
    if command.expected_version != state.policy_version {
        return Err(Rejection::VersionChanged {
            expected: command.expected_version,
            current: state.policy_version,
        });
    }
    let version = state.policy_version + 1;
    let event = CascadePolicySet {
        council: command.council,
        version,
        policy: command.policy.clone(),
        at: command.at,
    };
    Ok(vec![event.into()])
}

pub(super) fn post(state: &State, command: &PostReferral) -> Decision {
    if state.referrals.contains_key(&command.referral) {
        return Err(Rejection::ReferralExists(command.referral));
    }
    none_of(command.requirements.violations(london_date(command.at)))?;
    if let Some(follows) = &command.follows {
        check_link(state, command.referral, follows, command.at)?;
    }
    let event = ReferralPosted {
        council: command.council,
        referral: command.referral,
        requirements: command.requirements.clone(),
        identity: command.identity.clone(),
        narrative: command.narrative.clone(),
        background: command.background.clone(),
        at: command.at,
    };
    let follows = command.follows.as_ref();
    let link = follows.map(|follows| linked(command.council, command.referral, Some(follows), command.at));
    Ok([event.into()].into_iter().chain(link).collect())
}

pub(super) fn amend(state: &State, command: &AmendReferral) -> Decision {
    let referral = referral(state, command.referral)?;
    must_be_open(referral)?;
    if command.expected_version != referral.version {
        return Err(Rejection::VersionChanged {
            expected: command.expected_version,
            current: referral.version,
        });
    }
    none_of(command.requirements.violations(london_date(command.at)))?;
    let resealed = resealed(referral, command)?;
    let event = ReferralAmended {
        council: referral.council,
        referral: referral.id,
        version: referral.version + 1,
        requirements: command.requirements.clone(),
        identity: command.identity.clone(),
        narrative: command.narrative.clone(),
        background: command.background.clone(),
        at: command.at,
    };
    Ok([event.into()].into_iter().chain(resealed).collect())
}

/// What the shortlisted read from now on, where a sealed part is new: nobody goes on reading what was said before.
fn resealed(referral: &Referral, command: &AmendReferral) -> Result<Vec<ReferralEvent>, Rejection> {
    let new = command.identity.is_some() || command.narrative.is_some() || command.background.is_some();
    if !new {
        return Ok(Vec::new());
    }
    let shortlisted = referral.releases.iter().filter(|(_, release)| release.is_shortlisted());
    let sealed = shortlisted.map(|(provider, release)| {
        let envelope = command.envelopes.get(provider).ok_or(Rejection::EnvelopeStale(referral.id))?;
        release.check(referral.id, KeyPurpose::Narrative, envelope)?;
        let version = referral.version + 1;
        Ok(referral.envelope_sealed(provider, KeyPurpose::Narrative, envelope, version, command.at))
    });
    sealed.collect()
}

pub(super) fn record_step(state: &State, command: &RecordCascadeStep) -> Decision {
    check_codes(
        command.at,
        &[
            ("step", code_sets::CASCADE_STEP, &command.step),
            ("outcome", code_sets::CASCADE_OUTCOME, &command.outcome),
        ],
    )?;
    if command.outcome == MOVED {
        let problem = "MOVED is recorded by itself when providers are asked under another step: say what came of this one, or waive it";
        return Err(Rejection::field("outcome", problem));
    }
    let referral = referral(state, command.referral)?;
    must_be_open(referral)?;
    let before = state.policy.steps_before(&command.step, &referral.requirements.provisions);
    // Nobody has said what came of a step that was left.
    let said = |step: &str| referral.steps.get(step).is_some_and(|(outcome, _)| outcome != MOVED);
    let recorded = |step: &str| said(step) || behind(referral, step);
    let missing: Vec<String> = before.into_iter().filter(|step| !recorded(step)).map(str::to_owned).collect();
    if !missing.is_empty() {
        return Err(Rejection::CascadeOutOfOrder { step: command.step.clone(), missing });
    }
    let event = CascadeStepRecorded {
        council: referral.council,
        referral: referral.id,
        step: command.step.clone(),
        outcome: command.outcome.clone(),
        by_itself: false,
        at: command.at,
    };
    Ok(vec![event.into()])
}

pub(super) fn withdraw(state: &State, command: &WithdrawReferral) -> Decision {
    check_codes(command.at, &[("reason", code_sets::WITHDRAWAL, &command.reason)])?;
    let referral = referral(state, command.referral)?;
    must_be_open(referral)?;
    let event = ReferralWithdrawn {
        council: referral.council,
        referral: referral.id,
        reason: command.reason.clone(),
        at: command.at,
    };
    let ended = all_ended(referral, |_| ShortlistEnd::ReferralWithdrawn, command.at);
    Ok([event.into()].into_iter().chain(ended).collect())
}
