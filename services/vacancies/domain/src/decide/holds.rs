//! Holds: leases on a place, each with a fencing token that is higher than any before it on that place.

use super::{Events, home_of, place_of};
use crate::{HoldPlace, Rejection};
use care::market::{
    Claim, Establishment, HoldEnd, HoldPolicy, HoldReleased, Market, MarketEvent, Own, Place, PlaceHeld,
    RegistrationStatus, UNREGISTERED, Vacancy,
};
#[cfg(feature = "planted-defects")]
use care::planted::{Planted, is_planted};
use care::{CouncilId, Date, EstablishmentUrn, Nights, PlaceId, ReferralId, Timestamp, london_date};
use std::time::Duration;

pub(super) fn hold(market: &Market, asked: &HoldPlace) -> Events {
    if !(HoldPolicy::LEASE_SECONDS_MIN..=HoldPolicy::LEASE_SECONDS_MAX).contains(&asked.lease_seconds) {
        return Err(Rejection::LeaseOutOfRange(asked.lease_seconds));
    }
    let (version, policy) = market.hold_policy(asked.council);
    if asked.lease_seconds > policy.lease_seconds_max {
        let (asked, most) = (asked.lease_seconds, policy.lease_seconds_max);
        return Err(Rejection::LeaseBeyondPolicy { asked, most, version });
    }
    let lease = Duration::from_secs(asked.lease_seconds.into());
    let expires_at = asked.at.checked_add(lease).unwrap_or(Timestamp::MAX);
    let (place, establishment) = place_of(market, &asked.place)?;
    let vacancy = admitting(&asked.place, place, establishment)?;
    let from = london_date(asked.at).max(vacancy.available_from).max(asked.first_night.unwrap_or(Date::MIN));
    Rejection::unless_near("first_night", from, asked.at)?;
    let nights = Nights::from_on(from, None);
    let own = Own { place: &asked.place, council: asked.council, hold: None };
    claimable(place, from, asked.at, own)?;
    room(market, place, nights, asked.at, own, false)?;
    within_limits(market, asked, &policy)?;

    let mut events = expired_holds_of(market, &place.urn, asked.at);
    events.push(
        PlaceHeld {
            place: asked.place.clone(),
            council: asked.council,
            referral: asked.referral,
            referral_version: asked.referral_version,
            from,
            token: next_token(place),
            expires_at,
            at: asked.at,
        }
        .into(),
    );
    Ok(events)
}

/// Higher than the token of any hold on the place before.
pub(super) fn next_token(place: &Place) -> u64 {
    #[cfg(feature = "planted-defects")]
    if is_planted(Planted::TokenRepeated) {
        return place.last_token.max(1);
    }
    place.last_token.saturating_add(1)
}

/// Whether the council may have one more hold, for this referral and at all. The hold that an award without one takes on its
/// way is not judged: it is used in the same decision.
fn within_limits(market: &Market, asked: &HoldPlace, policy: &HoldPolicy) -> Result<(), Rejection> {
    let own =
        || market.holds_in_force(asked.at).map(|(_, hold)| hold).filter(|hold| hold.council == asked.council);
    if own().filter(|hold| hold.referral == asked.referral).count() >= policy.referral_holds_max.into() {
        return Err(Rejection::ReferralHoldLimit(asked.referral, policy.referral_holds_max));
    }
    if own().count() >= policy.council_holds_max.into() {
        return Err(Rejection::CouncilHoldLimit(policy.council_holds_max));
    }
    Ok(())
}

pub(super) fn release(
    market: &Market,
    id: &PlaceId,
    council: CouncilId,
    token: u64,
    at: Timestamp,
) -> Events {
    let (place, _) = place_of(market, id)?;
    let hold = live_hold(id, place, token, at)?;
    if hold.council != council {
        return Err(Rejection::HoldNotYours { place: id.clone(), token });
    }
    Ok(vec![ended(id, hold, HoldEnd::Released, at)])
}

/// Gives back what a council holds for a referral whose search has ended: others wait for these places.
pub(super) fn search_ended(
    market: &Market,
    council: CouncilId,
    referral: ReferralId,
    at: Timestamp,
) -> Vec<MarketEvent> {
    let theirs = |(_, hold): &(&PlaceId, &Claim)| hold.council == council && hold.referral == referral;
    let held = market.holds_in_force(at).filter(theirs);
    held.map(|(id, hold)| ended(id, hold, HoldEnd::SearchEnded, at)).collect()
}

pub(super) fn sweep(market: &Market, at: Timestamp, limit: usize) -> Vec<MarketEvent> {
    market.leases_ended(at).take(limit).filter_map(|id| expired_hold(id, market.place(id)?, at)).collect()
}

/// The live hold with this token.
pub(super) fn live_hold<'a>(
    id: &PlaceId,
    place: &'a Place,
    token: u64,
    at: Timestamp,
) -> Result<&'a Claim, Rejection> {
    match place.hold().filter(|hold| hold.token == token) {
        #[cfg(feature = "planted-defects")]
        Some(hold) if is_planted(Planted::ExpiredHoldAccepted) => Ok(hold),
        Some(hold) if hold.is_live(at) => Ok(hold),
        Some(_) => Err(Rejection::HoldExpired { place: id.clone(), token }),
        None if place.expired_token == Some(token) => {
            Err(Rejection::HoldExpired { place: id.clone(), token })
        }
        None => Err(Rejection::HoldTokenStale { place: id.clone(), token }),
    }
}

/// Whether children may come to this place at all, and what it is advertised for.
pub(super) fn admitting<'a>(
    id: &PlaceId,
    place: &'a Place,
    establishment: &Establishment,
) -> Result<&'a Vacancy, Rejection> {
    admits(id, place, establishment)?;
    place.vacancy.as_ref().ok_or_else(|| Rejection::PlaceNotAdvertised(id.clone()))
}

/// Whether children may come to this place at all, advertised or not.
pub(super) fn admits(id: &PlaceId, place: &Place, establishment: &Establishment) -> Result<(), Rejection> {
    let urn = || place.urn.clone();
    let (unregistered, status) = (establishment.provision == UNREGISTERED, establishment.registration.status);
    let (inactive, restricted_on) = (status != RegistrationStatus::Active, establishment.restricted_on);
    #[cfg(feature = "planted-defects")]
    let (unregistered, inactive, restricted_on) = (
        unregistered && !is_planted(Planted::UnregisteredAwarded),
        inactive && !is_planted(Planted::RegistrationUnchecked),
        restricted_on.filter(|_| !is_planted(Planted::NoticeIgnored)),
    );
    if unregistered {
        return Err(Rejection::UnregisteredProvision(urn()));
    }
    if inactive {
        return Err(Rejection::RegistrationNotActive(urn(), status));
    }
    if let Some(since) = restricted_on {
        return Err(Rejection::AccommodationRestricted { urn: urn(), since });
    }
    if !place.open {
        return Err(Rejection::PlaceClosed(id.clone()));
    }
    Ok(())
}

/// Whether a council can claim a place from the night of `first` on, for as long as it may be: it can have all of its nights, and no other council
/// has agreed nights before that are not over. A hold and an award ask the same.
pub(super) fn claimable(place: &Place, first: Date, at: Timestamp, own: Own<'_>) -> Result<(), Rejection> {
    free(place, Nights::from_on(first, None), at, own)?;
    #[cfg(feature = "planted-defects")]
    if is_planted(Planted::ReservationOverlooked) || is_planted(Planted::BlockOverlooked) {
        return Ok(());
    }
    match place.waits_for_others(own.council, first, london_date(at)) {
        None => Ok(()),
        Some(until) => Err(Rejection::AgreedByAnotherCouncil { place: own.place.clone(), until }),
    }
}

/// Whether a council can have these nights: nobody else has any of them, and no block gives the right to another.
pub(super) fn free(place: &Place, nights: Nights, at: Timestamp, own: Own<'_>) -> Result<(), Rejection> {
    unclaimed(place, nights, at, own)?;
    unblocked(place, nights, own)
}

/// Whether no block gives the right to nights that a claim takes to another council.
pub(super) fn unblocked(place: &Place, nights: Nights, own: Own<'_>) -> Result<(), Rejection> {
    #[cfg(feature = "planted-defects")]
    if is_planted(Planted::BlockOverlooked) {
        return Ok(());
    }
    let blocks = place.blocked_for(Some(own.council), nights);
    match blocks.map(|block| block.open_to(Some(own.council), nights.start())).max() {
        None => Ok(()),
        Some(until) => Err(Rejection::BlockOfAnotherCouncil { place: own.place.clone(), until }),
    }
}

/// Whether nobody else has any of these nights. What a council has already does not count: its reservation, and its hold if it is named.
pub(super) fn unclaimed(place: &Place, nights: Nights, at: Timestamp, own: Own<'_>) -> Result<(), Rejection> {
    #[cfg(feature = "planted-defects")]
    if is_planted(Planted::OverlapUnchecked) {
        return Ok(());
    }
    let others =
        place.claims_on(nights, at).filter(|claim| !claim.is_hold() || Some(claim.token) != own.hold);
    // A claim without an end lasts longer than one with any end.
    match others.map(|claim| claim.end).max_by_key(|end| (end.is_none(), *end)) {
        None => {}
        Some(free_from) => return Err(Rejection::PlaceTaken { place: own.place.clone(), free_from }),
    }
    #[cfg(feature = "planted-defects")]
    if is_planted(Planted::ReservationOverlooked) {
        return Ok(());
    }
    match place.reserved_by_others(Some(own.council), nights).map(|it| it.until).max() {
        None => Ok(()),
        Some(until) => Err(Rejection::Reserved { place: own.place.clone(), until }),
    }
}

/// The token of the council's live hold on a place.
pub(super) fn own_hold_token(place: &Place, council: CouncilId, at: Timestamp) -> Option<u64> {
    place.hold().filter(|hold| hold.council == council && hold.is_live(at)).map(|hold| hold.token)
}

/// Whether there is room for one more on each of these nights in the establishment and in the place's home, or for a solo child the home is
/// empty. The home is the household, or what of the establishment belongs to none.
pub(super) fn room(
    market: &Market,
    place: &Place,
    nights: Nights,
    at: Timestamp,
    own: Own<'_>,
    solo: bool,
) -> Result<(), Rejection> {
    let home = home_of(market, place)?;
    let urn = || place.urn.clone();
    let taken_whole = market.solo_on(home, nights, at);
    #[cfg(feature = "planted-defects")]
    if is_planted(if solo || taken_whole {
        Planted::SoloUnchecked
    } else {
        Planted::RegisteredPlacesUnchecked
    }) {
        return Ok(());
    }
    if taken_whole {
        return Err(match home.household {
            Some((id, _)) => Rejection::HouseholdTaken(id.clone()),
            None => Rejection::SoloOccupied(urn()),
        });
    }
    let in_home = market.claims_in(home, nights, at, Some(own));
    let not_alone = solo && in_home > 0;
    if let Some((id, household)) = home.household {
        let children = household.approval.children;
        if in_home >= children.into() || not_alone {
            return Err(Rejection::HouseholdFull { household: id.clone(), children, claimed: in_home, solo });
        }
    }
    let registered = home.establishment.registration.places_registered;
    let claimed = market.claims_besides(&place.urn, nights, at, Some(own));
    if claimed >= registered || not_alone {
        return Err(Rejection::EstablishmentFull { urn: urn(), registered, claimed, solo });
    }
    Ok(())
}

/// Records the end of the place's hold if its lease has ended.
pub(super) fn expired_hold(id: &PlaceId, place: &Place, at: Timestamp) -> Option<MarketEvent> {
    let hold = place.hold().filter(|hold| !hold.is_live(at))?;
    Some(ended(id, hold, HoldEnd::Expired, at))
}

/// Records the end of a hold for the reason given, or of its lease if that came first.
pub(super) fn end_hold(id: &PlaceId, hold: &Claim, reason: HoldEnd, at: Timestamp) -> MarketEvent {
    ended(id, hold, if hold.is_live(at) { reason } else { HoldEnd::Expired }, at)
}

/// Records the ended leases in an establishment, since its claims are counted together.
pub(super) fn expired_holds_of(market: &Market, urn: &EstablishmentUrn, at: Timestamp) -> Vec<MarketEvent> {
    market
        .leases_ended(at)
        .filter_map(|id| Some((id, market.place(id)?)))
        .filter(|(_, place)| place.urn == *urn)
        .filter_map(|(id, place)| expired_hold(id, place, at))
        .collect()
}

fn ended(id: &PlaceId, hold: &Claim, reason: HoldEnd, at: Timestamp) -> MarketEvent {
    HoldReleased { place: id.clone(), council: hold.council, token: hold.token, reason, at }.into()
}
