//! Carer households: what an agency approves, and what becomes of their places.
//!
//! An approval narrows what the agency is registered for and never widens it. How many children live in a household is kept by its places:
//! never more are open than it is approved for.

use super::holds::{expired_hold, expired_holds_of};
use super::places::{approval_keeps_promises, closable};
use super::register::check_age_range;
use super::{Events, establishment_of};
use crate::{Command, HouseholdChanges, RegisterHousehold, Rejection};
use care::market::{
    Establishment, Home, Household, HouseholdAmended, HouseholdApproval, HouseholdClosed,
    HouseholdRegistered, Market, MarketEvent, PlaceClosed,
};
#[cfg(feature = "planted-defects")]
use care::planted::{Planted, is_planted};
use care::{Date, HouseholdId, Nights, Timestamp, london_date};

pub(super) fn register(market: &Market, asked: &RegisterHousehold) -> Events {
    let establishment = establishment_of(market, &asked.urn)?;
    if !establishment.has_households() {
        let provision = establishment.provision.clone();
        return Err(Rejection::NoHouseholds { urn: asked.urn.clone(), provision });
    }
    check_approval(establishment, &asked.approval, asked.at)?;
    // Households are closed but never removed, so the next number is always free.
    let number = establishment.households.len() + 1;
    if number > Command::HOUSEHOLDS_MAX {
        return Err(Rejection::TooManyHouseholds(asked.urn.clone()));
    }
    let id = format!("{}-h{number:02}", asked.urn);
    let household = id.parse().map_err(|_| Rejection::UrnTooLong(asked.urn.clone(), id.len()))?;
    let (urn, approval) = (asked.urn.clone(), asked.approval.clone());
    let (sector, utla) = (asked.sector.clone(), asked.utla.clone());
    Ok(vec![HouseholdRegistered { household, urn, approval, sector, utla, at: asked.at }.into()])
}

/// The usual fostering limit does not hold for hosts of supported lodgings, who foster nobody.
fn check_approval(it: &Establishment, approval: &HouseholdApproval, at: Timestamp) -> Result<(), Rejection> {
    Rejection::unless_come("approval.approved_on", approval.approved_on, at)?;
    if !(1..=HouseholdApproval::CHILDREN_MAX).contains(&approval.children) {
        return Err(Rejection::HouseholdChildren(approval.children));
    }
    let more_than_usual = approval.children > HouseholdApproval::USUAL_LIMIT;
    if it.is_fostering() && more_than_usual && !approval.exempt && !approval.siblings_only {
        return Err(Rejection::UsualFosteringLimit(approval.children));
    }
    if approval.short_breaks_only && !it.is_fostering() {
        return Err(Rejection::ShortBreaksNotFostered(it.provision.clone()));
    }
    check_age_range((approval.age_from, approval.age_to), &it.provision)?;
    let registration = &it.registration;
    if approval.age_from < registration.age_from || approval.age_to > registration.age_to {
        return Err(Rejection::AgesOutsideRegistration {
            from: approval.age_from,
            to: approval.age_to,
            registered_from: registration.age_from,
            registered_to: registration.age_to,
        });
    }
    if !registration.sexes.covers(approval.sexes) {
        return Err(Rejection::SexesOutsideRegistration);
    }
    Ok(())
}

pub(super) fn amend(
    market: &Market,
    id: &HouseholdId,
    changes: &HouseholdChanges,
    revision: Option<u32>,
    at: Timestamp,
) -> Events {
    let household = open_household(market, id)?;
    let establishment = establishment_of(market, &household.urn)?;
    if revision.is_some_and(|revision| revision != household.revision) {
        return Err(Rejection::EtagMismatch { found: household.revision });
    }
    let was = &household.approval;
    let approval = changes.approval.clone().unwrap_or_else(|| was.clone());
    // What was approved before may be outside a registration that was narrowed since: a household that only moves is not judged again.
    if approval != *was {
        check_approval(establishment, &approval, at)?;
        let after = Household { approval: approval.clone(), ..household.clone() };
        let home = |household| Home { establishment, household: Some((id, household)) };
        approval_keeps_promises(market, (home(household), home(&after)), at)?;
    }
    let sector = changes.sector.clone().unwrap_or_else(|| household.sector.clone());
    let utla = changes.utla.clone().unwrap_or_else(|| household.utla.clone());
    if approval == *was && sector == household.sector && utla == household.utla {
        return Ok(Vec::new());
    }
    let fewer = approval.children < was.children;
    if fewer {
        holds_as_many(market, (id, household), establishment, approval.children, at)?;
    }
    // With fewer children the claims that are recorded must be those that were counted: leases that have ended are recorded first.
    let mut events = if fewer { expired_holds_of(market, &household.urn, at) } else { Vec::new() };
    let (household, urn) = (id.clone(), household.urn.clone());
    events.push(HouseholdAmended { household, urn, approval, sector, utla, at }.into());
    Ok(events)
}

/// Whether no more places are open, and no more children there or to come, than the household is to be approved for.
fn holds_as_many(
    market: &Market,
    (id, household): (&HouseholdId, &Household),
    establishment: &Establishment,
    children: u8,
    at: Timestamp,
) -> Result<(), Rejection> {
    #[cfg(feature = "planted-defects")]
    if is_planted(Planted::RegisteredPlacesUnchecked) {
        return Ok(());
    }
    let open = open_places(market, household);
    let home = Home { establishment, household: Some((id, household)) };
    let claimed = market.claims_in(home, Nights::from_on(london_date(at), None), at, None);
    let most = open.max(claimed);
    if most > children.into() {
        return Err(Rejection::ChildrenBelowPlaces { household: id.clone(), most, children });
    }
    Ok(())
}

/// How many of a household's places are open.
pub(super) fn open_places(market: &Market, household: &Household) -> u16 {
    let places = household.places.iter().filter_map(|id| market.place(id));
    u16::try_from(places.filter(|place| place.open).count()).unwrap_or(u16::MAX)
}

/// A household that is not closed.
pub(super) fn open_household<'a>(market: &'a Market, id: &HouseholdId) -> Result<&'a Household, Rejection> {
    let household = market.household(id).ok_or_else(|| Rejection::HouseholdUnknown(id.clone()))?;
    match household.closed_on {
        Some(on) => Err(Rejection::HouseholdClosed { household: id.clone(), on }),
        None => Ok(household),
    }
}

/// A household closes with its places. While a child is there or to come, or anybody has agreed nights ahead, it cannot: where that child goes is to
/// be agreed first. Nor does it close for a day on which a child was still there.
pub(super) fn close(market: &Market, id: &HouseholdId, on: Date, at: Timestamp) -> Events {
    let household = open_household(market, id)?;
    Rejection::unless_come("on", on, at)?;
    let approved_on = household.approval.approved_on;
    if on < approved_on {
        return Err(Rejection::ClosedBeforeApproved { approved_on, on });
    }
    let mut events: Vec<MarketEvent> = Vec::new();
    for (place_id, place) in household.places.iter().filter_map(|id| Some((id, market.place(id)?))) {
        closable(place_id, place, at)?;
        // Nobody is there or to come from today on; on a night between that day and today somebody may have been.
        let since = place.claims_on(Nights::from_on(on, None), at).filter_map(|claim| claim.end).max();
        if let Some(until) = since {
            return Err(Rejection::PlaceInUseUntil { place: place_id.clone(), until, on });
        }
        events.extend(expired_hold(place_id, place, at));
        if place.open {
            events.push(PlaceClosed { place: place_id.clone(), at }.into());
        }
    }
    events.push(HouseholdClosed { household: id.clone(), urn: household.urn.clone(), on, at }.into());
    Ok(events)
}
