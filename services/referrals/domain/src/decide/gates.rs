//! The gates of a council's policy: recording what they decide, and holding an award against it. An emergency may go ahead of a gate, which then
//! has a deadline, but never against one that refused, nor ahead of one whose approval the law asks for before the placement.

use super::cascade::check_post;
use super::post::check_codes;
use super::{Decision, must_be_open, referral};
use crate::commands::{ProposeAward, RecordGateDecision};
use crate::deadlines::{Area, area};
use crate::events::GateDecided;
use crate::rejection::Rejection;
use crate::state::{APPROVED, GateDecision, Offer, Referral, State};
use crate::step_policy::{Gate, Looked, before_always};
#[cfg(feature = "planted-defects")]
use care::planted::{Planted, is_planted};
use care::published::{GateEvidence, GatesDue, Route};
use care::{Pence, Timestamp, code_sets, london_date};
use jiff::SignedDuration;

/// What the policy's gates say of an award that is to be made: those that let it pass, and those that an emergency goes ahead of. A gate has a say
/// where its condition is met, and where it refuses.
///
/// # Errors
/// [`Rejection::GateNotPassed`] where one has not approved, unless it is an emergency, none of them refused and none is
/// [`before_always`];
/// [`Rejection::NotAnEmergency`] where it only claims to be one.
pub(super) fn passed(
    state: &State,
    referral: &Referral,
    offer: &Offer,
    route: &Route,
    command: &ProposeAward,
) -> Result<(Vec<GateEvidence>, Option<GatesDue>), Rejection> {
    let area = area(&state.policy, referral.council, command.area_authority.as_deref());
    let looked = Looked {
        provision: &offer.terms.provision,
        age_years: command.age_years,
        out_of_area: !matches!(area, Area::Own),
        distant: !matches!(area, Area::Own | Area::Adjoining),
        weekly: offer.terms.lines.iter().map(|line| line.weekly).sum::<Pence>(),
        route,
    };
    let (mut evidence, mut missing) = (Vec::new(), Vec::new());
    let refused = state.refused_at_gate(referral, offer);
    let in_the_way =
        |gate: &&Gate| gate.when.meets(&looked) || state.gate_refuses(referral, offer, &gate.gate);
    for gate in state.policy.steps.gates.iter().filter(in_the_way) {
        let decided = state.gate_says(referral, offer, &gate.gate);
        match decided.filter(|it| it.decision == APPROVED) {
            Some(it) => {
                evidence.push(GateEvidence { gate: gate.gate.clone(), approval: it.approval.clone() })
            }
            None => missing.push(gate.gate.clone()),
        }
    }
    #[cfg(feature = "planted-defects")]
    if is_planted(Planted::GateIgnored) {
        missing.clear();
    }
    if missing.is_empty() {
        return Ok((evidence, None));
    }
    if refused || !command.emergency {
        return Err(Rejection::GateNotPassed { offer: offer.id, gates: missing });
    }
    let lawful: Vec<String> = missing.iter().filter(|gate| before_always(gate)).cloned().collect();
    if !lawful.is_empty() {
        return Err(Rejection::GateNotPassed { offer: offer.id, gates: lawful });
    }
    if referral.requirements.urgency != "EMERGENCY" {
        return Err(Rejection::NotAnEmergency { urgency: referral.requirements.urgency.clone() });
    }
    let due = emergency_due(state, command.at);
    Ok((evidence, Some(GatesDue { gates: missing, due })))
}

/// Until when what an emergency went ahead of must be made up for.
pub(super) fn emergency_due(state: &State, at: Timestamp) -> Timestamp {
    let hours = SignedDuration::from_hours(i64::from(state.policy.emergency_approval_hours));
    // At the end of the calendar the deadline is the instant itself: due at once rather than never.
    at.checked_add(hours).unwrap_or(at)
}

pub(super) fn decide(state: &State, command: &RecordGateDecision) -> Decision {
    check_codes(
        command.at,
        &[
            ("gate", code_sets::GATE, &command.gate),
            ("decision", code_sets::GATE_DECISION, &command.decision),
        ],
    )?;
    check_post("by", &command.post, &command.role)?;
    let referral = referral(state, command.referral)?;
    let offer = state.offers.get(&command.offer).filter(|offer| offer.referral == referral.id);
    let offer = offer.ok_or(Rejection::OfferUnknown(command.offer))?;
    if !(london_date(offer.at)..=london_date(command.at)).contains(&command.on) {
        return Err(Rejection::field("on", "expected a day from that of the offer to today"));
    }
    let due = awaited(state, referral, offer, &command.gate);
    if due.is_none() {
        must_be_open(referral)?;
        if offer.withdrawn {
            return Err(Rejection::OfferWithdrawn(offer.id));
        }
    }
    let roles = match (state.policy.steps.gate(&command.gate), due) {
        (Some(gate), _) => &gate.roles,
        // The policy has changed since the emergency: who approves awards decides.
        (None, Some(_)) => &state.policy.approver_roles,
        (None, None) => return Err(Rejection::GateNotInPolicy(command.gate.clone())),
    };
    if !roles.contains(&command.role) {
        let (role, gate) = (command.role.clone(), command.gate.clone());
        return Err(Rejection::GateRoleNotAccepted { role, gate, accepted: roles.iter().cloned().collect() });
    }
    let post = command.post.trim();
    let same = |it: &GateDecision| {
        (it.decision.as_str(), it.on) == (command.decision.as_str(), command.on)
            && (it.approval.approver.as_str(), &it.approval.role) == (post, &command.role)
    };
    if referral.cascade.gate(offer.id, &command.gate).is_some_and(same) {
        return Ok(Vec::new());
    }
    let event = GateDecided {
        council: referral.council,
        referral: referral.id,
        offer: offer.id,
        gate: command.gate.clone(),
        decision: command.decision.clone(),
        post: post.to_owned(),
        role: command.role.clone(),
        on: command.on,
        due,
        late: due.is_some_and(|due| due < command.at),
        at: command.at,
    };
    Ok(vec![event.into()])
}

/// Until when this gate is to decide on an award of the offer that went ahead of it, the last of them; none if no award waits for it.
fn awaited(state: &State, referral: &Referral, offer: &Offer, gate: &str) -> Option<Timestamp> {
    let awards = referral.awards.iter().filter_map(|id| state.awards.get(id));
    let waiting = awards.filter_map(|award| {
        let proposed = &award.proposed;
        let due = proposed.evidence.gates_due.as_ref()?.due;
        let waits = proposed.terms.offer == offer.id
            && state.gates_due.contains(&(due, proposed.award))
            && state.gates_undecided(proposed.award).contains(&gate);
        waits.then_some(due)
    });
    waiting.max()
}
