//! The council's part of an award: proposing it with the evidence that its policy asks for, and what comes back from
//! market and contract. Invariant 6 is kept here.

use super::attributes;
use super::cascade::{FRAMEWORK, behind};
use super::choice;
use super::gates::{emergency_due, passed};
use super::obstacles::Obstacles;
use super::shortlist::all_ended;
use super::staying::{ending_noted, ending_taken_back};
use super::{Decision, must_be_open, referral};
use crate::commands::{
    ConfirmAward, FailAward, GiveRetrospectiveApproval, ProposeAward, RecordArrival, RecordDeparture,
    RecordEndWithdrawn,
};
use crate::events::{
    AwardFailed, AwardLapsed, ChildArrived, IdentityGrantEnded, IdentityGranted, ReferralAwarded,
    ReferralEvent, RetrospectiveApprovalGiven, ShortlistEnd,
};
use crate::policy::is_role;
use crate::rejection::Rejection;
use crate::state::{Award, MOVED, Offer, Outcome, Referral, State};
use care::market::{SUPPORTED_ACCOMMODATION, SUPPORTED_ACCOMMODATION_AGE_MIN};
#[cfg(feature = "planted-defects")]
use care::planted::{Planted, is_planted};
use care::published::{
    Approval, AwardProposed, AwardProposedToMarket, AwardTerms, CascadeEvidence, CascadeStepEvidence,
    ChoiceEvidence, Route,
};
use care::{AgreementId, Timestamp, london_date};
use std::collections::BTreeSet;

pub(super) fn propose(state: &State, command: &ProposeAward) -> Decision {
    let referral = referral(state, command.referral)?;
    if state.awards.contains_key(&command.award) {
        return Err(Rejection::AwardExists(command.award));
    }
    must_be_open(referral)?;
    let offer = state.offers.get(&command.offer).filter(|offer| offer.referral == referral.id);
    let offer = offer.ok_or(Rejection::OfferUnknown(command.offer))?;
    let (evidence, route) = judge(state, referral, offer, command)?;
    let attributes_shown = attributes::shown(referral, &route);
    let proposed = AwardProposed {
        award: command.award,
        council: referral.council,
        referral: referral.id,
        referral_version: referral.version,
        place: offer.terms.place.clone(),
        urn: offer.terms.urn.clone(),
        provider: offer.provider.clone(),
        provision: offer.terms.provision.clone(),
        start: offer.terms.start,
        hold_token: command.hold_token,
        solo: referral.requirements.solo,
        age_years: command.age_years,
        terms: AwardTerms {
            offer: offer.id,
            route,
            lines: offer.terms.lines.clone(),
            funders: referral.requirements.funders.clone(),
        },
        evidence,
        attributes_shown,
        at: command.at,
    };
    #[cfg(feature = "planted-defects")]
    let granted_early = is_planted(Planted::GrantedBeforeAward).then(|| granted(&proposed, command.at));
    let event = AwardProposedToMarket {
        proposed,
        sex: referral.requirements.sex.clone(),
        area_authority: command.area_authority.clone(),
        household: command.household.clone(),
    };
    #[cfg(feature = "planted-defects")]
    if let Some(granted) = granted_early {
        return Ok(vec![event.into(), granted.into()]);
    }
    Ok(vec![event.into()])
}

/// The evidence of an award and its route, or everything that is in its way: who is told one thing at a time asks again for each.
fn judge(
    state: &State,
    referral: &Referral,
    offer: &Offer,
    command: &ProposeAward,
) -> Result<(CascadeEvidence, Route), Rejection> {
    let mut obstacles = Obstacles::default();
    not_takeable(referral, offer, command).for_each(|it| obstacles.add(it));
    let can_be_taken = obstacles.is_empty();
    let supported = offer.terms.provision == SUPPORTED_ACCOMMODATION.0;
    #[cfg(feature = "planted-defects")]
    let supported = supported && !is_planted(Planted::Under16Accepted);
    if supported && command.age_years < SUPPORTED_ACCOMMODATION_AGE_MIN {
        obstacles.add(Rejection::Under16SupportedAccommodation { age_years: command.age_years });
    }
    let route = obstacles.unless(agreed_route(offer, command));
    // An award is external unless the council operates the establishment itself and the place is had in-house.
    let external = !offer.is_in_house();
    let mut evidence = evidence(state, referral, offer, external, command, &mut obstacles);
    // What gates and people say of an offer that cannot be taken says nothing of the next one.
    if can_be_taken {
        let gates = obstacles.unless(passed(state, referral, offer, &offer.terms.route, command));
        (evidence.gates, evidence.gates_due) = gates.unwrap_or_default();
        let merit = choice::merit(state, referral, offer, external, command);
        evidence.choice = obstacles.unless(merit);
    }
    if let Some(reason) = obstacles.unless(choice::parting(state, referral, offer, command)).flatten() {
        evidence.choice.get_or_insert_default().sibling_split_reason = Some(reason);
    }
    evidence.choice = evidence.choice.filter(|choice| *choice != ChoiceEvidence::default());
    obstacles.none()?;
    // Without a route there was an obstacle.
    Ok((evidence, route.ok_or(Rejection::SpotJustificationMissing)?))
}

/// Why the offer cannot be taken: it was taken back, answers another version of the referral, or its days have passed.
fn not_takeable(
    referral: &Referral,
    offer: &Offer,
    command: &ProposeAward,
) -> impl Iterator<Item = Rejection> {
    let (id, today) = (offer.id, london_date(command.at));
    let (answered, current) = (offer.referral_version, referral.version);
    let (valid_until, start) = (offer.terms.valid_until, offer.terms.start);
    [
        offer.withdrawn.then_some(Rejection::OfferWithdrawn(id)),
        (answered != current).then_some(Rejection::OfferStale { offer: id, answered, current }),
        offer.expired(today).then_some(Rejection::OfferExpired { offer: id, valid_until }),
        (start < today).then_some(Rejection::OfferStartsInPast { offer: id, start }),
    ]
    .into_iter()
    .flatten()
}

/// The offer's route; for a spot purchase the justification is the council's to give, not the seller's.
fn agreed_route(offer: &Offer, command: &ProposeAward) -> Result<Route, Rejection> {
    let Route::Spot { .. } = offer.terms.route else {
        return Ok(offer.terms.route.clone());
    };
    let given = command.spot_justification.as_deref().map(str::trim).filter(|text| !text.is_empty());
    let justification = given.ok_or(Rejection::SpotJustificationMissing)?.to_owned();
    Ok(Route::Spot { justification })
}

/// What the policy asks for and the referral shows, without gates and choice.
fn evidence(
    state: &State,
    referral: &Referral,
    offer: &Offer,
    external: bool,
    command: &ProposeAward,
    obstacles: &mut Obstacles,
) -> CascadeEvidence {
    let policy = &state.policy;
    let mut evidence = CascadeEvidence {
        policy_version: state.policy_version,
        steps: Vec::new(),
        approval: None,
        approval_due: None,
        choice: None,
        gates: Vec::new(),
        gates_due: None,
    };
    if external {
        let mut required: BTreeSet<&str> =
            policy.steps_for(&offer.terms.provision).iter().map(String::as_str).collect();
        let spot = matches!(offer.terms.route, Route::Spot { .. });
        if spot {
            // Spot means off the framework once it is exhausted: part of the word, whatever a policy says.
            required.insert(FRAMEWORK);
        }
        // That those who happened to be asked said no is not yet that the framework has nobody: that is somebody's to say.
        let unsaid = |step: &str| {
            let cascade = &referral.cascade;
            spot && step == FRAMEWORK
                && cascade.by_itself.contains(step)
                && !cascade.waivers.contains_key(step)
        };
        let missing: Vec<String> = required
            .into_iter()
            .filter(|step| unsaid(step) || !behind(referral, step))
            .map(str::to_owned)
            .collect();
        #[cfg(feature = "planted-defects")]
        let missing = if is_planted(Planted::CascadeUnchecked) { Vec::new() } else { missing };
        if !missing.is_empty() {
            obstacles
                .add(Rejection::CascadeEvidenceMissing { policy_version: state.policy_version, missing });
        }
        evidence.approval_due = obstacles.unless(approval_due(state, referral, command)).flatten();
    }
    if let Some(approval) = &command.approval {
        obstacles.unless(check_approval(state, "approval", approval));
        evidence.approval = Some(approval.clone());
    }
    evidence.steps = steps_shown(referral);
    evidence
}

/// The steps that were tried, and those that were waived. One that was left before anybody answered was neither.
fn steps_shown(referral: &Referral) -> Vec<CascadeStepEvidence> {
    let tried = referral.steps.iter().filter(|(_, (outcome, _))| outcome != MOVED);
    let tried = tried.map(|(step, (outcome, at))| CascadeStepEvidence {
        step: step.clone(),
        outcome: outcome.clone(),
        at: *at,
        waived_by: None,
    });
    let waived = referral.cascade.waivers.iter().map(|(step, waiver)| CascadeStepEvidence {
        step: step.clone(),
        outcome: waiver.reason.clone(),
        at: waiver.approval.at,
        waived_by: Some(waiver.approval.clone()),
    });
    tried.chain(waived).collect()
}

/// Until when an external award without approval must get one; none when it has one.
fn approval_due(
    state: &State,
    referral: &Referral,
    command: &ProposeAward,
) -> Result<Option<Timestamp>, Rejection> {
    if command.approval.is_some() {
        return Ok(None);
    }
    #[cfg(feature = "planted-defects")]
    if is_planted(Planted::ApproverUnchecked)
        || command.emergency && is_planted(Planted::EmergencyWithoutDeadline)
    {
        return Ok(None);
    }
    if !command.emergency {
        return Err(Rejection::ApproverMissing);
    }
    if referral.requirements.urgency != "EMERGENCY" {
        return Err(Rejection::NotAnEmergency { urgency: referral.requirements.urgency.clone() });
    }
    Ok(Some(emergency_due(state, command.at)))
}

/// Whether an approval, which the request has in `field`, is one by a role that the policy lets approve.
pub(super) fn check_approval(state: &State, field: &str, approval: &Approval) -> Result<(), Rejection> {
    let approver = approval.approver.trim();
    if approver.is_empty() || approver.chars().count() > 80 {
        let field = format!("{field}.approver");
        return Err(Rejection::field(&field, "name the approver's post in 1 to 80 characters"));
    }
    if !is_role(&approval.role) {
        let field = format!("{field}.role");
        return Err(Rejection::field(&field, "a role is 1 to 40 of A-Z, 0-9 and '_'"));
    }
    #[cfg(feature = "planted-defects")]
    if is_planted(Planted::RoleUnchecked) {
        return Ok(());
    }
    if state.policy.approver_roles.contains(&approval.role) {
        return Ok(());
    }
    Err(Rejection::ApproverRoleNotAccepted {
        role: approval.role.clone(),
        accepted: state.policy.approver_roles.iter().cloned().collect(),
    })
}

pub(super) fn approve(state: &State, command: &GiveRetrospectiveApproval) -> Decision {
    let award = state.awards.get(&command.award).ok_or(Rejection::AwardUnknown(command.award))?;
    let due = award
        .proposed
        .evidence
        .approval_due
        .filter(|due| state.approvals_due.contains(&(*due, command.award)))
        .ok_or(Rejection::ApprovalNotDue(command.award))?;
    check_approval(state, "approval", &command.approval)?;
    let event = RetrospectiveApprovalGiven {
        council: award.proposed.council,
        award: command.award,
        referral: award.proposed.referral,
        approval: command.approval.clone(),
        due,
        late: command.approval.at > due,
    };
    Ok(vec![event.into()])
}

/// The award, if it still waits for an outcome: a reaction to any other has been seen, or is none of this log's.
fn waiting(state: &State, award: care::AwardId) -> Option<&Award> {
    state.awards.get(&award).filter(|award| award.outcome == Outcome::Proposed)
}

pub(super) fn confirm(state: &State, command: &ConfirmAward) -> Vec<ReferralEvent> {
    let Some(Award { proposed, .. }) = waiting(state, command.award) else {
        return Vec::new();
    };
    let awarded = ReferralAwarded {
        council: proposed.council,
        award: proposed.award,
        referral: proposed.referral,
        provider: proposed.provider.clone(),
        agreement: command.agreement,
        at: command.at,
    };
    let why = |provider: &care::ProviderId| {
        if *provider == proposed.provider { ShortlistEnd::Awarded } else { ShortlistEnd::AwardedToAnother }
    };
    let referral = state.referrals.get(&proposed.referral);
    let ended = referral.map(|it| all_ended(it, why, command.at)).unwrap_or_default();
    [awarded.into(), granted(proposed, command.at).into()].into_iter().chain(ended).collect()
}

/// With the award comes the provider's need to know who the child is.
fn granted(proposed: &AwardProposed, at: Timestamp) -> IdentityGranted {
    IdentityGranted {
        council: proposed.council,
        referral: proposed.referral,
        provider: proposed.provider.clone(),
        award: proposed.award,
        at,
    }
}

pub(super) fn fail(state: &State, command: &FailAward) -> Vec<ReferralEvent> {
    let Some(Award { proposed, .. }) = waiting(state, command.award) else {
        return Vec::new();
    };
    let failed = AwardFailed {
        council: proposed.council,
        award: proposed.award,
        referral: proposed.referral,
        place: proposed.place.clone(),
        reason: command.reason.clone(),
        detail: command.detail.clone(),
        at: command.at,
    };
    vec![failed.into()]
}

/// The award, if it holds, and its agreement.
pub(super) fn holding(state: &State, award: care::AwardId) -> Option<(&Award, AgreementId)> {
    let award = state.awards.get(&award)?;
    match award.outcome {
        Outcome::Confirmed { agreement, .. } => Some((award, agreement)),
        Outcome::Proposed | Outcome::Lapsed { .. } | Outcome::Failed { .. } => None,
    }
}

pub(super) fn arrive(state: &State, command: &RecordArrival) -> Vec<ReferralEvent> {
    let Some((Award { proposed, arrived, .. }, _)) = holding(state, command.award) else {
        return Vec::new();
    };
    // The first day that is told holds until it is put right.
    if arrived.is_some_and(|known| !command.corrected || known == command.on) {
        return Vec::new();
    }
    let arrived = ChildArrived {
        council: proposed.council,
        award: proposed.award,
        referral: proposed.referral,
        on: command.on,
        at: command.at,
    };
    vec![arrived.into()]
}

/// With the placement ends the provider's need to know who the child is: on the day of departure, or at once if the child
/// never came. Then the child still needs a home.
pub(super) fn depart(state: &State, command: &RecordDeparture) -> Vec<ReferralEvent> {
    let Some((award, agreement)) = holding(state, command.award) else {
        return Vec::new();
    };
    let noted = ending_noted(state, award, command);
    grant_ended(state, award, agreement, command).into_iter().chain(noted).collect()
}

/// The placement goes on after all: the provider goes on knowing who the child is, and nothing is noted of how it ended.
pub(super) fn stay(state: &State, command: &RecordEndWithdrawn) -> Vec<ReferralEvent> {
    let Some((award, _)) = holding(state, command.award).filter(|(award, _)| award.arrived.is_some()) else {
        return Vec::new();
    };
    let proposed = &award.proposed;
    let referral = state.referrals.get(&proposed.referral);
    let ended = referral.and_then(|it| it.granted.get(&proposed.provider)).is_some_and(Option::is_some);
    let granted = ended.then(|| granted(proposed, command.at).into());
    granted.into_iter().chain(ending_taken_back(state, award, command.at)).collect()
}

fn grant_ended(
    state: &State,
    Award { proposed, arrived, .. }: &Award,
    agreement: AgreementId,
    command: &RecordDeparture,
) -> Vec<ReferralEvent> {
    let referral = state.referrals.get(&proposed.referral);
    match referral.and_then(|referral| referral.granted.get(&proposed.provider)) {
        Some(None) => {}
        // The departure of a child who came is put right.
        Some(Some(end)) if arrived.is_some() && *end != command.on => {}
        _ => return Vec::new(),
    }
    let from = if arrived.is_some() { command.on } else { london_date(command.at) };
    let ended = IdentityGrantEnded {
        council: proposed.council,
        referral: proposed.referral,
        provider: proposed.provider.clone(),
        award: proposed.award,
        from,
        at: command.at,
    };
    let lapsed = AwardLapsed {
        council: proposed.council,
        award: proposed.award,
        referral: proposed.referral,
        agreement,
        reason: command.reason.clone(),
        at: command.at,
    };
    let lapsed = arrived.is_none().then(|| lapsed.into());
    let over = referral.filter(|_| from <= london_date(command.at));
    let keys = over.map(|it| it.keys_destroyed(&proposed.provider, |_| true, command.at)).unwrap_or_default();
    [ended.into()].into_iter().chain(lapsed).chain(keys).collect()
}
