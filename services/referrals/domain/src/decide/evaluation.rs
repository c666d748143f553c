//! Judging offers: first the gate, then the scores. What the market knows of the home and what the framework counts come with the command.

use super::award::check_approval;
use super::{Decision, must_be_open, referral};
use crate::assurance::{NOT_MANAGEABLE, check_post, is_assessed};
use crate::commands::{EvaluateOffer, LinkSiblings};
use crate::events::{GateCheck, OfferEvaluated, SiblingsLinked, WeightsUsed};
use crate::gate::{self, GateRule};
use crate::ranking::SCORE_MAX;
use crate::rejection::Rejection;
use crate::requirements::Found;
use crate::siblings::SIBLINGS_MAX;
use crate::state::{Offer, Referral, Stage, State};
use care::{OfferId, ReferralId, code_sets, london_date};
use std::collections::{BTreeMap, BTreeSet};

/// The grade of which East Riding evaluates no offer unless the head of children's social care exempts it.
const INADEQUATE: &str = "INADEQUATE";

/// The status of a registration under which a home may take a child.
const ACTIVE: &str = "ACTIVE";

pub(super) fn evaluate(state: &State, command: &EvaluateOffer) -> Decision {
    let referral = referral(state, command.referral)?;
    let offer = state.offers.get(&command.offer).filter(|offer| offer.referral == referral.id);
    let offer = offer.ok_or(Rejection::OfferUnknown(command.offer))?;
    must_be_open(referral)?;
    let mut found = Found { year: code_sets::collection_year(london_date(command.at)), list: Vec::new() };
    check_post(&mut found, "scorer", &command.scorer);
    let inadequate = command.home.grade.as_deref() == Some(INADEQUATE);
    let exemption = command.exemption.clone().filter(|_| inadequate);
    let gate = gate(referral, offer, command, exemption.is_some());
    // What judging began with holds until its end, whoever takes an offer back meanwhile.
    let weights = referral.judging().map(|it| it.weights.clone()).unwrap_or_else(|| {
        let framework = state.judging_framework(referral, command.at);
        WeightsUsed::of(framework, command.weights.as_ref())
    });
    let passed = gate.iter().all(|check| check.passed);
    if passed {
        check_scores(&mut found, &weights, &command.scores);
    }
    if !found.list.is_empty() {
        return Err(Rejection::FieldInvalid(found.list));
    }
    if let Some(exemption) = &exemption {
        check_approval(state, "exemption", exemption)?;
    }
    let event = OfferEvaluated {
        council: referral.council,
        offer: offer.id,
        referral: referral.id,
        referral_version: referral.version,
        gate,
        exemption,
        weights,
        // What did not pass the gate is not scored, whatever was sent.
        scores: if passed { command.scores.clone() } else { BTreeMap::new() },
        scorer: command.scorer.trim().to_owned(),
        rationale: command.rationale.clone(),
        began_with: began_with(state, referral, offer, passed, command),
        at: command.at,
    };
    Ok(vec![event.into()])
}

/// With which offers judging begins: with the first score, and anew with the next evaluation, whether or not it passes the gate, where none can
/// be taken any more of those with which it began; none where it has begun.
fn began_with(
    state: &State,
    referral: &Referral,
    offer: &Offer,
    passed: bool,
    command: &EvaluateOffer,
) -> BTreeSet<OfferId> {
    let begins = passed || referral.judging().is_some();
    if !begins || state.judged_together(referral, command.at).is_some() {
        return BTreeSet::new();
    }
    let standing = state.standing_offers(referral, command.at).map(|it| it.id);
    standing.chain(passed.then_some(offer.id)).collect()
}

/// The checks of the gate that apply, in the order in which they are told.
fn gate(referral: &Referral, offer: &Offer, command: &EvaluateOffer, exempted: bool) -> Vec<GateCheck> {
    let terms = &offer.terms;
    let check = |rule: GateRule, passed: bool, found: String| GateCheck {
        check: rule.check.to_owned(),
        passed,
        found,
    };
    let today = london_date(command.at);
    let in_force = offer.live(command.at) && terms.start >= today;
    let withdrawn = if offer.withdrawn { ", withdrawn" } else { "" };
    let (from, until) = (terms.start, terms.valid_until);
    let (answered, current) = (offer.referral_version, referral.version);
    let restricted = command.home.restricted_on;
    let notice = restricted.map(|on| format!("a notice restricts accommodation there since {on}"));
    let grade = command.home.grade.as_deref().unwrap_or("not known here");
    let status = command.home.status.as_deref().unwrap_or("not known here");
    let mut gate = vec![
        check(
            gate::NOT_IN_FORCE,
            in_force,
            format!("valid until {until}, from {from}, evaluated on {today}{withdrawn}"),
        ),
        check(
            gate::STALE,
            answered == current,
            format!("it answers version {answered}, the referral is at version {current}"),
        ),
        check(
            gate::NOT_ACTIVE,
            command.home.status.as_deref().is_none_or(|status| status == ACTIVE),
            format!("the registration's status is {status}"),
        ),
        check(
            gate::RESTRICTED,
            restricted.is_none(),
            notice.unwrap_or_else(|| "no notice that restricts accommodation there is known".to_owned()),
        ),
        check(
            gate::INADEQUATE,
            grade != INADEQUATE || exempted,
            format!("the grade is {grade}{}", if exempted { ", exempted" } else { "" }),
        ),
    ];
    match &terms.impact {
        Some(impact) => {
            let outcome = impact.outcome();
            gate.push(check(gate::UNASSESSED, true, format!("made on {}", impact.done_on)));
            gate.push(check(
                gate::UNMANAGEABLE,
                outcome != NOT_MANAGEABLE,
                format!("its outcome is {outcome}"),
            ));
        }
        None if is_assessed(&terms.provision) => {
            let found = format!("none came with this offer of {}", terms.provision);
            gate.push(check(gate::UNASSESSED, false, found));
        }
        None => {}
    }
    gate
}

/// Each criterion but the price has a score, and nothing else has.
fn check_scores(found: &mut Found, weights: &WeightsUsed, scores: &BTreeMap<String, u8>) {
    let asked = weights.quality();
    let given: BTreeSet<&str> = scores.keys().map(String::as_str).collect();
    let list = asked.iter().copied().collect::<Vec<_>>().join(", ");
    found.unless(
        given == asked,
        "scores",
        &format!("score each of {list}, and nothing else: the price is scored by rule"),
    );
    let in_range = scores.values().all(|score| *score <= SCORE_MAX);
    found.unless(in_range, "scores", &format!("a score is 0 to {SCORE_MAX}"));
}

pub(super) fn link_siblings(state: &State, command: &LinkSiblings) -> Decision {
    let first = referral(state, command.referral)?;
    if command.siblings.len() >= SIBLINGS_MAX {
        return Err(Rejection::field("siblings", "name at most 11 others"));
    }
    if command.siblings.contains(&first.id) {
        return Err(Rejection::field("siblings", "a referral is not its own sibling: name the others"));
    }
    for id in command.siblings.iter().chain([&first.id]) {
        if matches!(referral(state, *id)?.stage, Stage::Withdrawn { .. }) && !command.siblings.is_empty() {
            return Err(Rejection::ReferralNotOpen { referral: *id, stage: "withdrawn" });
        }
    }
    let others = |of: ReferralId| -> BTreeSet<ReferralId> {
        command.siblings.iter().copied().chain([first.id]).filter(|id| *id != of).collect()
    };
    let linked = |id: &ReferralId| state.referrals.get(id).is_some_and(|it| it.siblings == others(*id));
    if command.siblings.iter().chain([&first.id]).all(linked) {
        return Ok(Vec::new());
    }
    let event = SiblingsLinked {
        council: first.council,
        referral: first.id,
        siblings: command.siblings.clone(),
        at: command.at,
    };
    Ok(vec![event.into()])
}
