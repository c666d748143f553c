//! What becomes of an award whose place the market took back, as it does under a restriction notice.

use super::decide::ended;
use super::events::AgreementEvent;
use super::state::{AgreementStatus, Agreements};
use crate::call_off::checks;
use care::published::{
    AgreementRefused, CallOffCheck, CallOffEvidence, ClaimReleased, PLACE_WITHDRAWN, PlacementEnded,
};
use care::{PlaceId, ReferralId, Timestamp, london_date};

/// An award that is not decided is refused, and an agreement whose first night is yet to come ends before it. A placement that has
/// started goes on, as does one whose first night has come though no arrival was told, since the child may be there: whether that child
/// may stay is for people to say. An award that came to nothing is
/// left as it is, so that the release which follows this service's own refusal changes nothing.
pub(super) fn claim_released(
    state: &Agreements,
    released: &ClaimReleased,
    contracts_position: u64,
    at: Timestamp,
) -> Vec<AgreementEvent> {
    if !state.is_of(released.council) {
        return Vec::new();
    }
    if state.settled.contains_key(&released.award) {
        return withdrawn(state, released, at).map(AgreementEvent::from).into_iter().collect();
    }
    // The market tells of its claims in order, so a release always finds one. An award of which nothing is known has no
    // referral that could be told.
    let Some((referral, place)) = half_known(state, released) else {
        return Vec::new();
    };
    vec![refused(released, referral, place, contracts_position, at).into()]
}

fn withdrawn(state: &Agreements, released: &ClaimReleased, at: Timestamp) -> Option<PlacementEnded> {
    let agreement = state.of_award(released.award)?;
    let waiting = agreement.status() == AgreementStatus::Issued && london_date(at) < agreement.issued.start;
    // The agreed first night is the day of departure, which is not paid: no night is charged.
    waiting.then(|| ended(agreement, agreement.issued.start, PLACE_WITHDRAWN, at))
}

/// The referral and the place of an award of which one half is known.
fn half_known<'a>(state: &'a Agreements, released: &ClaimReleased) -> Option<(ReferralId, &'a PlaceId)> {
    let claim = state.claims.get(&released.award).map(|claim| (claim.referral, &claim.place));
    claim
        .or_else(|| state.proposals.get(&released.award).map(|proposal| (proposal.referral, &proposal.place)))
}

/// The contract itself was not judged: the terms may not even be known.
fn refused(
    released: &ClaimReleased,
    referral: ReferralId,
    place: &PlaceId,
    contracts_position: u64,
    at: Timestamp,
) -> AgreementRefused {
    let reason = checks::CLAIM_RELEASED.to_owned();
    let detail = format!("the market took the place back before there was an agreement: {}", released.reason);
    let check = CallOffCheck { check: reason.clone(), passed: false, found: detail.clone() };
    AgreementRefused {
        award: released.award,
        council: released.council,
        referral,
        place: place.clone(),
        reason,
        detail,
        evidence: CallOffEvidence { contracts_position, checks: vec![check] },
        at,
    }
}
