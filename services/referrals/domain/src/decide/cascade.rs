//! The cascade that acts by itself: whom a referral is released to under which step, what became of it, and the steps that came to nothing;
//! and the steps that people waive.

use super::post::check_codes;
use super::{Decision, must_be_open, referral, released_referral};
use crate::commands::{Homes, ReleaseReferral, SweepInvitations, ViewInvitation, WaiveCascadeStep};
use crate::deadlines::seeks;
use crate::events::{
    CascadeStepRecorded, CascadeStepWaived, InvitationExpired, InvitationViewed, ReferralEvent,
    ReferralReleased,
};
use crate::policy::{CascadeMode, is_role};
use crate::rejection::Rejection;
use crate::state::{MOVED, Referral, Standing, State, Waiver};
#[cfg(feature = "planted-defects")]
use care::planted::{Planted, is_planted};
use care::{ProviderId, Timestamp, code_sets};
use std::collections::BTreeSet;

/// The outcomes that show no exhausted step: a home was found there, or somebody left it without an answer.
const PLACE_FOUND: &str = "PLACE_FOUND";
const NOT_EXHAUSTED: [&str; 2] = [PLACE_FOUND, MOVED];
/// Asking those of the framework, and those who are not of it.
pub(super) const FRAMEWORK: &str = "FRAMEWORK";
const OFF_FRAMEWORK: &str = "OFF_FRAMEWORK";
/// Asking the council's own.
const IN_HOUSE_FOSTERING: &str = "IN_HOUSE_FOSTERING";
const IN_HOUSE_RESIDENTIAL: &str = "IN_HOUSE_RESIDENTIAL";
const IN_HOUSE: [&str; 2] = [IN_HOUSE_FOSTERING, IN_HOUSE_RESIDENTIAL];
/// To how many providers a referral can be released: more than any region has.
const RELEASES_MAX: usize = 500;

/// Whether a step was tried without success.
pub(super) fn exhausted(referral: &Referral, step: &str) -> bool {
    referral.steps.get(step).is_some_and(|(outcome, _)| !NOT_EXHAUSTED.contains(&outcome.as_str()))
}

/// Whether a step is behind: tried without success, or waived.
pub(super) fn behind(referral: &Referral, step: &str) -> bool {
    exhausted(referral, step) || referral.cascade.waivers.contains_key(step)
}

pub(super) fn release(state: &State, command: &ReleaseReferral) -> Decision {
    if !(1..=100).contains(&command.providers.len()) {
        return Err(Rejection::field("providers", "name 1 to 100 providers"));
    }
    if let Some(step) = &command.step {
        check_codes(command.at, &[("step", code_sets::CASCADE_STEP, step)])?;
    }
    let referral = referral(state, command.referral)?;
    must_be_open(referral)?;
    let asked = |provider: &&ProviderId| is_to_be_asked(state, referral, provider, command);
    let new: Vec<_> = command.providers.iter().filter(asked).collect();
    let first = new.iter().filter(|provider| !referral.releases.contains_key(**provider)).count();
    if referral.releases.len() + first > RELEASES_MAX {
        return Err(Rejection::LimitReached { referral: referral.id, what: "releases", most: RELEASES_MAX });
    }
    let answer_by = state.answer_by(referral, command.at);
    let mut released = Vec::with_capacity(new.len());
    for provider in new {
        let step = step_of(referral, provider, command)?;
        check_order(state, referral, &step)?;
        let event = ReferralReleased {
            council: referral.council,
            referral: referral.id,
            referral_version: referral.version,
            provider: provider.clone(),
            stage: command.stage,
            answer_by: Some(answer_by),
            step: Some(step),
            at: command.at,
        };
        released.push(event.into());
    }
    let left = moved(state, referral, &released, command);
    Ok(released.into_iter().chain(left).collect())
}

/// The steps that are left with a release under another: nobody is asked under them any more who might answer.
fn moved(
    state: &State,
    referral: &Referral,
    released: &[ReferralEvent],
    command: &ReleaseReferral,
) -> Vec<ReferralEvent> {
    let Some(step) = &command.step else { return Vec::new() };
    let leaves = |provider: &ProviderId| {
        let asked = |it: &ReferralEvent| matches!(it, ReferralEvent::ReferralReleased(it) if it.provider == *provider);
        let from =
            referral.releases.get(provider).filter(|it| it.step.as_ref() != Some(step) && it.is_awaited());
        from.filter(|_| released.iter().any(asked)).map(|it| it.left_at(command.at))
    };
    let settled = settle(state, referral, command.at, leaves);
    // Under the step of the release an answer may come.
    let elsewhere =
        |it: &ReferralEvent| !matches!(it, ReferralEvent::CascadeStepRecorded(it) if it.step == *step);
    settled.into_iter().filter(elsewhere).collect()
}

/// Whether a release asks this provider: who was never asked, who was asked about an older version, let the time pass or is now asked under
/// another step that is named. Whoever has an offer that can be taken has answered.
fn is_to_be_asked(
    state: &State,
    referral: &Referral,
    provider: &ProviderId,
    command: &ReleaseReferral,
) -> bool {
    let Some(release) = referral.releases.get(provider) else { return true };
    let elsewhere = command.step.is_some() && command.step != release.step;
    let again = !referral.is_asked(release) || release.expired.is_some() || elsewhere;
    again && !state.has_standing_offer(referral, provider, command.at)
}

/// The step under which a provider is asked: the one that is named; else in-house where its homes of what is sought are all the council's own, and
/// the framework.
fn step_of(
    referral: &Referral,
    provider: &ProviderId,
    command: &ReleaseReferral,
) -> Result<String, Rejection> {
    let none = Homes::default();
    let homes = command.homes.get(provider).unwrap_or(&none);
    if let Some(step) = &command.step {
        let of_step = |provision: &String| in_house_step(provision) == step;
        let alone = homes.own.iter().any(of_step) && !homes.others.iter().any(of_step);
        if IN_HOUSE.contains(&step.as_str()) && !alone {
            // Its answer would say nothing of the council's own homes.
            let problem = format!(
                "{step} is for the council's own homes of that kind, and {provider} has none, or others too: name another step, or none"
            );
            return Err(Rejection::field("step", &problem));
        }
        return Ok(step.clone());
    }
    let sought = |provision: &&String| referral.requirements.provisions.contains(provision);
    let of_it = homes.own.iter().chain(&homes.others).any(|it| sought(&it));
    // A home of another kind answers for itself where it has none of what is sought.
    let asked = |provision: &&String| !of_it || sought(provision);
    if homes.others.iter().any(|it| asked(&it)) {
        return Ok(FRAMEWORK.to_owned());
    }
    // Of both kinds the one that is asked first; the other can be named.
    let steps: BTreeSet<&str> = homes.own.iter().filter(asked).map(|it| in_house_step(it)).collect();
    Ok(steps.first().copied().unwrap_or(FRAMEWORK).to_owned())
}

/// The step under which the council's own homes of a provision are asked.
fn in_house_step(provision: &str) -> &'static str {
    if provision.starts_with("FOSTERING") { IN_HOUSE_FOSTERING } else { IN_HOUSE_RESIDENTIAL }
}

/// Refuses to ask under a step before those that the policy has before it are behind, where it says so.
fn check_order(state: &State, referral: &Referral, step: &str) -> Result<(), Rejection> {
    let policy = &state.policy;
    let skips = referral.requirements.urgency == "EMERGENCY" && policy.steps.emergency_may_skip;
    if policy.mode == CascadeMode::Parallel || !policy.steps.release_in_order || skips {
        return Ok(());
    }
    let mut before = policy.steps_before_release(step, &referral.requirements.provisions);
    if step == OFF_FRAMEWORK {
        // Off the framework once it is exhausted: part of the word, as for an award, which asks besides that somebody has said so.
        before.insert(FRAMEWORK);
    }
    let missing: Vec<String> =
        before.into_iter().filter(|step| !behind(referral, step)).map(str::to_owned).collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(Rejection::CascadeStepNotReached { step: step.to_owned(), missing })
}

/// The first look in each version, while a home is sought; later ones are no news.
pub(super) fn view(state: &State, command: &ViewInvitation) -> Decision {
    let referral = released_referral(state, command.referral, &command.provider)?;
    let release = referral.releases.get(&command.provider);
    let seen = release.and_then(|release| release.viewed).is_some_and(|(seen, _)| seen == referral.version);
    if seen || !seeks(referral) {
        return Ok(Vec::new());
    }
    let event = InvitationViewed {
        council: referral.council,
        referral: referral.id,
        referral_version: referral.version,
        provider: command.provider.clone(),
        at: command.at,
    };
    Ok(vec![event.into()])
}

/// Records who has not answered by `at`, and the steps that came to nothing with it, of whole referrals until there are `limit` events.
pub(super) fn sweep(state: &State, command: &SweepInvitations) -> Vec<ReferralEvent> {
    let mut events = Vec::new();
    let due = state.clocks.waiting.iter().filter(|(_, from)| **from < command.at);
    for referral in due.filter_map(|(id, _)| state.referrals.get(id)) {
        if events.len() >= command.limit {
            break;
        }
        let late = referral.releases.iter();
        let late = late.filter(|(_, release)| release.is_awaited() && release.answer_by < command.at);
        let mut gone = BTreeSet::new();
        for (provider, release) in late {
            gone.insert(provider);
            let expired = InvitationExpired {
                council: referral.council,
                referral: referral.id,
                provider: provider.clone(),
                step: release.step.clone(),
                answer_by: release.answer_by,
                at: command.at,
            };
            events.push(expired.into());
        }
        let changed = |provider: &ProviderId| gone.contains(provider).then_some(Standing::Gone);
        events.extend(settle(state, referral, command.at, changed));
    }
    events
}

/// The steps that came to nothing, recorded by themselves. It says what happened, in whatever order: what must be behind is for releases
/// and awards to ask.
pub(super) fn settle(
    state: &State,
    referral: &Referral,
    at: Timestamp,
    changed: impl Fn(&ProviderId) -> Option<Standing>,
) -> Vec<ReferralEvent> {
    let recorded = state.settled(referral, at, changed).into_iter().map(|(step, outcome)| {
        CascadeStepRecorded {
            council: referral.council,
            referral: referral.id,
            step,
            outcome: outcome.to_owned(),
            by_itself: true,
            at,
        }
        .into()
    });
    recorded.collect()
}

pub(super) fn waive(state: &State, command: &WaiveCascadeStep) -> Decision {
    let at = command.approval.at;
    check_codes(
        at,
        &[("step", code_sets::CASCADE_STEP, &command.step), ("reason", code_sets::WAIVER, &command.reason)],
    )?;
    check_post("approval", &command.approval.approver, &command.approval.role)?;
    let referral = referral(state, command.referral)?;
    must_be_open(referral)?;
    let accepted = state.policy.waiver_roles();
    let may = accepted.contains(&command.approval.role);
    #[cfg(feature = "planted-defects")]
    let may = may || is_planted(Planted::WaiverRoleUnchecked);
    if !may {
        let (role, accepted) = (command.approval.role.clone(), accepted.iter().cloned().collect());
        return Err(Rejection::WaiverRoleNotAccepted { role, accepted });
    }
    let same = |waiver: &Waiver| {
        let (before, now) = (&waiver.approval, &command.approval);
        (&waiver.reason, &before.approver, &before.role) == (&command.reason, &now.approver, &now.role)
    };
    if referral.cascade.waivers.get(&command.step).is_some_and(same) {
        return Ok(Vec::new());
    }
    let event = CascadeStepWaived {
        council: referral.council,
        referral: referral.id,
        step: command.step.clone(),
        reason: command.reason.clone(),
        approval: command.approval.clone(),
    };
    Ok(vec![event.into()])
}

/// Somebody's post and role, as they are recorded; the request has them in `field`.
pub(super) fn check_post(field: &str, post: &str, role: &str) -> Result<(), Rejection> {
    let post = post.trim();
    if post.is_empty() || post.chars().count() > 80 {
        let field = format!("{field}.approver");
        return Err(Rejection::field(&field, "name the post of who decided in 1 to 80 characters"));
    }
    if !is_role(role) {
        return Err(Rejection::field(&format!("{field}.role"), "a role is 1 to 40 of A-Z, 0-9 and '_'"));
    }
    Ok(())
}
