//! Claims: what becomes of a place when a council awards it, when the child comes and when the child leaves.
//!
//! These answer other services' events, so a "no" is an event too, and a step that comes twice is done once.

use super::holds::{
    admitting, claimable, expired_hold, expired_holds_of, free, live_hold, next_token, room, unblocked,
    unclaimed,
};
use super::reservations::{ended_by_arrival, yielded_to_stay};
use super::{home_of, place_of};
use crate::{ClaimForAward, Rejection};
use care::market::{
    AwardStage, Claim, HoldEnd, HoldPolicy, Home, Market, MarketEvent, OccupancyEnded, OccupancyRefused, Own,
    Place, PlaceClaimed, PlaceHeld, PlaceOccupied, SUPPORTED_ACCOMMODATION, SUPPORTED_ACCOMMODATION_AGE_MIN,
    Stage, Vacancy, Yielded,
};
#[cfg(feature = "planted-defects")]
use care::planted::{Planted, is_planted};
use care::published::{
    Accommodation, ClaimEvidence, ClaimRefused, ClaimReleased, HouseholdEvidence, MarketEvidence,
};
use care::{AwardId, CouncilId, Date, Nights, PlaceId, Refusal, Timestamp};
use std::iter;
use std::time::Duration;

/// How long the hold lasts that is taken and used in one decision.
const PASSING_HOLD: Duration = Duration::from_secs(HoldPolicy::LEASE_SECONDS_MIN as u64);

pub(super) fn claim(market: &Market, asked: &ClaimForAward) -> Vec<MarketEvent> {
    if market.award(&asked.award).is_some() {
        return Vec::new();
    }
    match judge(market, asked) {
        Ok(events) => events,
        Err(refusal) => {
            let expired = market.place(&asked.place).and_then(|it| expired_hold(&asked.place, it, asked.at));
            let refused = ClaimRefused {
                award: asked.award,
                council: asked.council,
                referral: asked.referral,
                place: asked.place.clone(),
                reason: refusal.reason().to_owned(),
                detail: refusal.to_string(),
                at: asked.at,
            };
            expired.into_iter().chain([refused.into()]).collect()
        }
    }
}

fn judge(market: &Market, asked: &ClaimForAward) -> Result<Vec<MarketEvent>, Rejection> {
    let (place, establishment) = place_of(market, &asked.place)?;
    let home = home_of(market, place)?;
    check_names(asked, place, home)?;
    let vacancy = admitting(&asked.place, place, establishment)?;
    check_child(asked, vacancy, home)?;
    Rejection::unless_near("start", asked.start, asked.at)?;
    let hold = own_hold(asked, place)?;
    let token = hold.map(|hold| hold.token);
    let nights = Nights::from_on(asked.start, None);
    let own = Own { place: &asked.place, council: asked.council, hold: token };
    // A hold was judged for all of its nights when it was taken, and nobody has agreed nights before them since: the award that stands on
    // it needs no more than that they are still free.
    match hold.filter(|hold| hold.start <= asked.start) {
        Some(_) => free(place, nights, asked.at, own)?,
        None => claimable(place, asked.start, asked.at, own)?,
    }
    room(market, place, nights, asked.at, own, asked.solo)?;

    let mut events = expired_holds_of(market, &place.urn, asked.at);
    let token = token.unwrap_or_else(|| {
        let held = passing_hold(asked, next_token(place));
        let token = held.token;
        events.push(held.into());
        token
    });
    let first_night = Nights::from_on(asked.start, Some(asked.start.tomorrow().unwrap_or(Date::MAX)));
    let others = market.claims_besides(&place.urn, first_night, asked.at, Some(own));
    let (registration, bounds) = (&establishment.registration, home.bounds());
    // A solo child takes them all who lives in no household, this one or one who is there already: the next in a household is none besides.
    let whole =
        asked.solo && home.household.is_none() || market.solo_on(establishment, first_night, asked.at);
    let evidence = ClaimEvidence {
        registration: registration.status.word().to_owned(),
        provision: home.provision().to_owned(),
        grade: registration.grade.clone(),
        age_from: vacancy.age_from.max(bounds.age_from),
        age_to: vacancy.age_to.min(bounds.age_to),
        age_years: asked.age_years,
        places_registered: registration.places_registered,
        places_claimed: if whole { registration.places_registered } else { others.saturating_add(1) },
        accommodation: Some(Accommodation::of(establishment.restricted_on)),
    };
    let household = home.household.map(|(id, it)| HouseholdEvidence {
        household: id.clone(),
        children: it.approval.children,
        children_placed: market.claims_in(home, first_night, asked.at, Some(own)).saturating_add(1),
        exempt: it.approval.exempt,
        sexes: it.approval.sexes,
        siblings_only: it.approval.siblings_only,
    });
    let evidence = MarketEvidence {
        evidence,
        sexes_advertised: vacancy.sexes,
        sexes_registered: registration.sexes,
        sex: asked.sex.clone(),
        household,
    };
    events.push(claimed(asked, token, evidence).into());
    Ok(events)
}

fn claimed(asked: &ClaimForAward, token: u64, evidence: MarketEvidence) -> PlaceClaimed {
    PlaceClaimed {
        award: asked.award,
        council: asked.council,
        referral: asked.referral,
        referral_version: asked.referral_version,
        place: asked.place.clone(),
        urn: asked.urn.clone(),
        provider: asked.provider.clone(),
        start: asked.start,
        solo: asked.solo,
        token,
        evidence,
        at: asked.at,
    }
}

/// An award without a hold takes one in the same decision, so that every claim comes from a live hold.
fn passing_hold(asked: &ClaimForAward, token: u64) -> PlaceHeld {
    PlaceHeld {
        place: asked.place.clone(),
        council: asked.council,
        referral: asked.referral,
        referral_version: asked.referral_version,
        from: asked.start,
        token,
        expires_at: asked.at.checked_add(PASSING_HOLD).unwrap_or(Timestamp::MAX),
        at: asked.at,
    }
}

/// The award must be for the place that was offered: the contract is judged on the names it carries.
fn check_names(asked: &ClaimForAward, place: &Place, home: Home<'_>) -> Result<(), Rejection> {
    let mismatch = |what| Err(Rejection::PlaceMismatch(asked.place.clone(), what));
    if asked.urn != place.urn {
        return mismatch("establishment");
    }
    if asked.provider != home.establishment.provider {
        return mismatch("provider");
    }
    if asked.provision != home.provision() {
        return mismatch("provision");
    }
    Ok(())
}

fn check_child(asked: &ClaimForAward, vacancy: &Vacancy, home: Home<'_>) -> Result<(), Rejection> {
    let (age, establishment) = (asked.age_years, home.establishment);
    let (provision, place_code) = SUPPORTED_ACCOMMODATION;
    let supported = establishment.provision == provision || establishment.place_code == place_code;
    if supported && age < SUPPORTED_ACCOMMODATION_AGE_MIN {
        #[cfg(feature = "planted-defects")]
        if is_planted(Planted::Under16Accepted) {
            return Ok(());
        }
        return Err(Rejection::Under16SupportedAccommodation(age));
    }
    #[cfg(feature = "planted-defects")]
    if is_planted(Planted::AgeUnchecked) {
        return Ok(());
    }
    // Registration and approval may have been narrowed since the place was advertised: all must allow the child.
    let bounds = home.bounds();
    let (from, to) = (vacancy.age_from.max(bounds.age_from), vacancy.age_to.min(bounds.age_to));
    if !(from..=to).contains(&age) {
        return Err(Rejection::AgeOutOfRange { place: asked.place.clone(), age, from, to });
    }
    let sexes = [vacancy.sexes, bounds.registered, bounds.approved];
    if let Some(sexes) = sexes.into_iter().find(|sexes| !sexes.takes(&asked.sex)) {
        return Err(Rejection::SexNotTaken { place: asked.place.clone(), sex: asked.sex.clone(), sexes });
    }
    if asked.start < vacancy.available_from {
        return Err(Rejection::NotAvailableYet {
            place: asked.place.clone(),
            available_from: vacancy.available_from,
            start: asked.start,
        });
    }
    Ok(())
}

/// The hold that the award uses: the one whose token it names, or the one the council has for this referral.
fn own_hold<'a>(asked: &ClaimForAward, place: &'a Place) -> Result<Option<&'a Claim>, Rejection> {
    let ours = |hold: &Claim| hold.council == asked.council && hold.referral == asked.referral;
    #[cfg(feature = "planted-defects")]
    let ours = |hold: &Claim| ours(hold) || is_planted(Planted::ForeignHoldAccepted);
    let hold = match asked.hold_token {
        Some(token) => {
            let hold = live_hold(&asked.place, place, token, asked.at)?;
            if !ours(hold) {
                return Err(Rejection::HoldNotYours { place: asked.place.clone(), token });
            }
            Some(hold)
        }
        None => place.hold().filter(|hold| hold.is_live(asked.at) && ours(hold)),
    };
    match hold {
        #[cfg(feature = "planted-defects")]
        Some(hold) if is_planted(Planted::HoldOfOtherVersionAccepted) => Ok(Some(hold)),
        Some(hold) if hold.referral_version != asked.referral_version => {
            Err(Rejection::HoldForOtherVersion {
                place: asked.place.clone(),
                token: hold.token,
                held: hold.referral_version,
                asked: asked.referral_version,
            })
        }
        hold => Ok(hold),
    }
}

/// The council's claim of an award whose child has not come.
fn waiting_claim(market: &Market, award: AwardId, council: CouncilId) -> Option<(&PlaceId, &Place, &Claim)> {
    let known = market.award(&award).filter(|known| known.stage == AwardStage::Claimed)?;
    let place = market.place(&known.place)?;
    let claim = place.claim_of(award).filter(|claim| claim.council == council)?;
    Some((&known.place, place, claim))
}

pub(super) fn release(
    market: &Market,
    award: AwardId,
    council: CouncilId,
    reason: &str,
    at: Timestamp,
) -> Vec<MarketEvent> {
    let Some((place, ..)) = waiting_claim(market, award, council) else {
        return Vec::new();
    };
    vec![released(award, council, place, reason, at)]
}

fn released(award: AwardId, council: CouncilId, place: &PlaceId, reason: &str, at: Timestamp) -> MarketEvent {
    ClaimReleased { award, council, place: place.clone(), reason: reason.to_owned(), at }.into()
}

pub(super) fn occupy(
    market: &Market,
    award: AwardId,
    council: CouncilId,
    asked: &PlaceId,
    on: Date,
    at: Timestamp,
) -> Vec<MarketEvent> {
    let refused = |place: &PlaceId, reason: &str, detail: String| {
        let (place, reason) = (place.clone(), reason.to_owned());
        MarketEvent::from(OccupancyRefused { award, council, place, on, reason, detail, at })
    };
    let Some((id, place, claim)) = waiting_claim(market, award, council) else {
        return match market.award(&award).map(|known| known.stage) {
            Some(
                AwardStage::Occupied
                | AwardStage::OccupiedWithoutClaim
                | AwardStage::Ended
                | AwardStage::Overstayed,
            ) => Vec::new(),
            _ => vec![refused(asked, "NO_CLAIM", format!("the market holds no claim of award {award}"))],
        };
    };
    let since = market.establishment(&place.urn).and_then(|it| it.restricted_on).filter(|since| on > *since);
    #[cfg(feature = "planted-defects")]
    let since = since.filter(|_| !is_planted(Planted::NoticeIgnoredOnArrival));
    if let Some(since) = since {
        let refusal = Rejection::AccommodationRestricted { urn: place.urn.clone(), since };
        let reason = HoldEnd::Restricted.word();
        return vec![
            released(award, council, id, reason, at),
            refused(id, refusal.reason(), refusal.to_string()),
        ];
    }
    let counted_from = first_night_counted(market, (id, place), claim, on, at);
    let came = PlaceOccupied { award, council, place: id.clone(), on, counted_from, at }.into();
    iter::once(came).chain(ended_by_arrival(id, place, council, counted_from, at)).collect()
}

/// A child who comes later than agreed counts from then. One who came earlier counts from that night if it was free,
/// else from the first claimed night: the market never counts two children in one place on one night.
fn first_night_counted(
    market: &Market,
    (id, place): (&PlaceId, &Place),
    claim: &Claim,
    on: Date,
    at: Timestamp,
) -> Date {
    if on >= claim.start {
        return on;
    }
    let earlier = Nights::from_on(on, Some(claim.start));
    let own = Own { place: id, council: claim.council, hold: None };
    let possible =
        free(place, earlier, at, own).and_then(|()| room(market, place, earlier, at, own, claim.solo));
    if possible.is_ok() { on } else { claim.start }
}

pub(super) fn end(
    market: &Market,
    award: AwardId,
    council: CouncilId,
    on: Date,
    at: Timestamp,
) -> Vec<MarketEvent> {
    let Some(known) = market.award(&award) else {
        return Vec::new();
    };
    let claim = market.place(&known.place).and_then(|place| place.claim_of(award));
    let ours = claim.is_some_and(|claim| claim.council == council);
    let ended =
        |yielded| OccupancyEnded { award, council, place: known.place.clone(), on, yielded, at }.into();
    match (known.stage, claim) {
        (AwardStage::Claimed | AwardStage::Occupied, Some(_)) if ours => vec![ended(Vec::new())],
        (AwardStage::Ended | AwardStage::Overstayed, Some(claim)) if ours => {
            match departs_anew(market, &known.place, claim, on, at) {
                None => Vec::new(),
                Some(Ok((yielded, mut events))) => {
                    events.push(ended(yielded));
                    events
                }
                // It is said once that somebody must look into it.
                Some(Err(_)) if known.stage == AwardStage::Overstayed => Vec::new(),
                Some(Err(taken)) => {
                    let (place, reason) = (known.place.clone(), taken.reason().to_owned());
                    let detail = taken.to_string();
                    vec![OccupancyRefused { award, council, place, on, reason, detail, at }.into()]
                }
            }
        }
        _ => Vec::new(),
    }
}

/// The child stays though an end was recorded: the claim is again one without an end, if nobody has a night of it by now. As on an arrival, the
/// council's own reservations end.
pub(super) fn resume(market: &Market, award: AwardId, council: CouncilId, at: Timestamp) -> Vec<MarketEvent> {
    let left = |stage| matches!(stage, AwardStage::Ended | AwardStage::Overstayed);
    let Some(known) = market.award(&award).filter(|known| left(known.stage)) else {
        return Vec::new();
    };
    let Some(place) = market.place(&known.place) else { return Vec::new() };
    let came = |claim: &&Claim| claim.council == council && matches!(claim.stage, Stage::Occupied { .. });
    let Some(claim) = place.claim_of(award).filter(came) else { return Vec::new() };
    let Some(recorded) = claim.end else { return Vec::new() };
    let id = known.place.clone();
    match may_stay(market, (&id, place), claim, Nights::from_on(recorded, None), at) {
        Ok(()) => {
            let (on, counted_from) = (claim.start, claim.start);
            let expired = expired_holds_of(market, &place.urn, at);
            let ended = ended_by_arrival(&id, place, council, recorded, at);
            let stays = PlaceOccupied { award, council, place: id, on, counted_from, at };
            expired.into_iter().chain([stays.into()]).chain(ended).collect()
        }
        // It is said once that somebody must look into it.
        Err(_) if known.stage == AwardStage::Overstayed => Vec::new(),
        Err(taken) => {
            let (reason, detail) = (taken.reason().to_owned(), taken.to_string());
            vec![OccupancyRefused { award, council, place: id, on: recorded, reason, detail, at }.into()]
        }
    }
}

/// Whether nobody else has any of the nights that a child stays longer, and there is room for it.
fn may_stay(
    market: &Market,
    (id, place): (&PlaceId, &Place),
    claim: &Claim,
    more: Nights,
    at: Timestamp,
) -> Result<(), Rejection> {
    let own = Own { place: id, council: claim.council, hold: None };
    unclaimed(place, more, at, own)?;
    unblocked(place, Nights::from_on(claim.start, Some(more.end())), own)?;
    room(market, place, more, at, own, claim.solo)
}

/// The nights that the council's own reservations yield to a stay, and what else happens with it.
type YieldedTo = (Vec<Yielded>, Vec<MarketEvent>);

/// Whether the claim of a child who came can end on another day than was recorded; none where that changes nothing. Fewer nights are
/// given back; more are taken only if nobody has any of them by now: the market never counts two children in one place on one night.
/// The council's own reservations yield. What it gives are the nights that they yield, and the ends of leases that had run out and of reservations.
fn departs_anew(
    market: &Market,
    id: &PlaceId,
    claim: &Claim,
    on: Date,
    at: Timestamp,
) -> Option<Result<YieldedTo, Rejection>> {
    let recorded = claim.end.filter(|_| matches!(claim.stage, Stage::Occupied { .. }))?;
    let place = market.place(id)?;
    if on.max(claim.start) == recorded {
        return None;
    }
    if on < recorded {
        return Some(Ok((Vec::new(), Vec::new())));
    }
    let more = Nights::from_on(recorded, Some(on));
    Some(may_stay(market, (id, place), claim, more, at).map(|()| {
        let (yielded, given_up) = yielded_to_stay(id, place, claim.council, more, at);
        let expired = expired_holds_of(market, &place.urn, at);
        (yielded, expired.into_iter().chain(given_up).collect())
    }))
}
