//! Places: opening, closing, advertising.

use super::holds::expired_hold;
use super::households::{open_household, open_places};
use super::{Events, establishment_of, home_of, place_of};
use crate::{Command, Rejection};
use care::market::{
    Bounds, Home, Market, MarketEvent, Place, PlaceClosed, PlaceOpened, Sexes, Stage, VacancyAdvertised,
    VacancyWithdrawn,
};
use care::{Date, EstablishmentUrn, HouseholdId, Nights, PlaceId, Timestamp, london_date};

pub(super) fn open(
    market: &Market,
    urn: &EstablishmentUrn,
    count: u16,
    household: Option<&HouseholdId>,
    at: Timestamp,
) -> Events {
    if !(1..=Command::OPEN_PLACES_MAX).contains(&count) {
        return Err(Rejection::CountOutOfRange(count));
    }
    let establishment = establishment_of(market, urn)?;
    let open = market.places_of(establishment).filter(|(_, place)| place.open).count();
    let open = u16::try_from(open).unwrap_or(u16::MAX);
    let registered = establishment.registration.places_registered;
    if open.saturating_add(count) > registered {
        return Err(Rejection::PlacesExceedRegistration { open, registered, asked: count });
    }
    if let Some(id) = household {
        let it = open_household(market, id)?;
        if it.urn != *urn {
            return Err(Rejection::HouseholdUnknown(id.clone()));
        }
        let (open, children) = (open_places(market, it), it.approval.children);
        if open.saturating_add(count) > children.into() {
            return Err(Rejection::PlacesExceedApproval { open, children, asked: count });
        }
    }
    // Places are closed but never removed, so the next number is always free.
    let next = establishment.places.len() + 1;
    (next..next + usize::from(count))
        .map(|number| {
            let place = format!("{urn}-{number:02}");
            // Only a URN that is too long, or millions of closed places, give an id that is too long.
            let place = place.parse().map_err(|_| Rejection::UrnTooLong(urn.clone(), place.len()))?;
            Ok(PlaceOpened { place, urn: urn.clone(), household: household.cloned(), at }.into())
        })
        .collect()
}

pub(super) fn close(market: &Market, id: &PlaceId, at: Timestamp) -> Events {
    let (place, _) = open_place(market, id)?;
    closable(id, place, at)?;
    let mut events: Vec<MarketEvent> = expired_hold(id, place, at).into_iter().collect();
    events.push(PlaceClosed { place: id.clone(), at }.into());
    Ok(events)
}

/// Whether nobody has nights of a place, or a right to them, from now on.
pub(super) fn closable(id: &PlaceId, place: &Place, at: Timestamp) -> Result<(), Rejection> {
    let nights = Nights::from_on(london_date(at), None);
    if place.claims_on(nights, at).next().is_some() || place.reservations_on(nights).next().is_some() {
        return Err(Rejection::PlaceInUse(id.clone()));
    }
    no_block_ahead(id, place, nights)
}

pub(super) fn advertise(market: &Market, vacancy: &VacancyAdvertised) -> Events {
    let (place, establishment) = open_place(market, &vacancy.place)?;
    Rejection::unless_near("available_from", vacancy.available_from, vacancy.at)?;
    let registration = &establishment.registration;
    let (from, to) = (vacancy.age_from, vacancy.age_to);
    if from > to || from < registration.age_from || to > registration.age_to {
        return Err(Rejection::AgesOutsideRegistration {
            from,
            to,
            registered_from: registration.age_from,
            registered_to: registration.age_to,
        });
    }
    if !registration.sexes.covers(vacancy.sexes) {
        return Err(Rejection::SexesOutsideRegistration);
    }
    let home = home_of(market, place)?;
    let bounds = home.bounds();
    if let Some((id, _)) = home.household
        && (from < bounds.age_from || to > bounds.age_to || !bounds.covers(vacancy.sexes))
    {
        return Err(Rejection::OutsideApproval {
            household: id.clone(),
            from: bounds.age_from,
            to: bounds.age_to,
            sexes: bounds.approved,
        });
    }
    if let Some(mix) = &vacancy.mix {
        mix.check().map_err(Rejection::MixInvalid)?;
    }
    if let Some(terms) = &vacancy.reservation
        && !(1..=Command::RESERVATION_NIGHTS_MAX).contains(&terms.nights_max)
    {
        return Err(Rejection::ReservationTermsInvalid(terms.nights_max));
    }
    keeps_promises(place, vacancy, bounds)?;
    let mut events: Vec<MarketEvent> = expired_hold(&vacancy.place, place, vacancy.at).into_iter().collect();
    events.push(vacancy.clone().into());
    Ok(events)
}

/// A council pays for nights ahead as they were advertised: what it could take it can still take. A later day is none where the first of these
/// nights has not come, and what the regulator takes away the provider does not.
fn keeps_promises(place: &Place, stated: &VacancyAdvertised, bounds: Bounds) -> Result<(), Rejection> {
    let Some(known) = &place.vacancy else { return Ok(()) };
    let today = london_date(stated.at);
    let Some((first, until)) = promised(place, today) else { return Ok(()) };
    let later = stated.available_from > known.available_from.max(first.max(today));
    let narrower = stated.age_from > known.age_from.max(bounds.age_from)
        || stated.age_to < known.age_to.min(bounds.age_to)
        || !stated.sexes.covers(taken(known.sexes, bounds));
    if later || narrower {
        return Err(Rejection::NightsPromised { place: stated.place.clone(), until });
    }
    Ok(())
}

/// The first night that councils pay for of a place, and the day after the last one, where some are ahead on `today`.
fn promised(place: &Place, today: Date) -> Option<(Date, Date)> {
    let ahead = Nights::from_on(today, None);
    let reserved = place.reservations_on(ahead).map(|it| it.nights());
    let blocks = place.blocks().map(|it| it.nights()).filter(|it| it.overlaps(&ahead));
    let promised: Vec<Nights> = reserved.chain(blocks).collect();
    promised.iter().map(Nights::start).min().zip(promised.iter().map(Nights::end).max())
}

/// Whom a place takes that is advertised for some sexes.
fn taken(advertised: Sexes, bounds: Bounds) -> Sexes {
    let allowed = if bounds.registered == Sexes::Any { bounds.approved } else { bounds.registered };
    if bounds.covers(advertised) { advertised } else { allowed }
}

/// The same for the places of a household whose approval changes from one to another: what a council pays for is still taken there, and is the same
/// provision.
pub(super) fn approval_keeps_promises(
    market: &Market,
    (before, after): (Home<'_>, Home<'_>),
    at: Timestamp,
) -> Result<(), Rejection> {
    let (was, is) = (before.bounds(), after.bounds());
    for (id, place) in market.places_of_home(before) {
        let Some((_, until)) = promised(place, london_date(at)) else { continue };
        let known = place.vacancy.as_ref();
        let (from, to) = known.map_or((0, u8::MAX), |it| (it.age_from, it.age_to));
        let sexes = taken(known.map_or(Sexes::Any, |it| it.sexes), was);
        let narrower = from.max(is.age_from) > from.max(was.age_from)
            || to.min(is.age_to) < to.min(was.age_to)
            || was.covers(sexes) && !is.covers(sexes);
        if narrower || before.provision() != after.provision() {
            return Err(Rejection::NightsPromised { place: id.clone(), until });
        }
    }
    Ok(())
}

fn no_block_ahead(id: &PlaceId, place: &Place, ahead: Nights) -> Result<(), Rejection> {
    match place.blocks().find(|block| block.nights().overlaps(&ahead)) {
        Some(block) => Err(Rejection::BlockInForce { place: id.clone(), until: block.terms.until }),
        None => Ok(()),
    }
}

/// A hold is a promise to a council, and a reservation or a block a paid one, so a place cannot be withdrawn under any of them.
pub(super) fn withdraw(market: &Market, id: &PlaceId, at: Timestamp) -> Events {
    let (place, _) = place_of(market, id)?;
    if place.vacancy.is_none() {
        return Err(Rejection::PlaceNotAdvertised(id.clone()));
    }
    if let Some(hold) = place.hold().filter(|hold| hold.is_live(at))
        && let Stage::Hold { expires_at } = hold.stage
    {
        return Err(Rejection::PlaceHeld(id.clone(), expires_at));
    }
    let ahead = Nights::from_on(london_date(at), None);
    if let Some(reservation) = place.reservations_on(ahead).max_by_key(|it| it.until) {
        return Err(Rejection::Reserved { place: id.clone(), until: reservation.until });
    }
    no_block_ahead(id, place, ahead)?;
    let mut events: Vec<MarketEvent> = expired_hold(id, place, at).into_iter().collect();
    events.push(VacancyWithdrawn { place: id.clone(), at }.into());
    Ok(events)
}

pub(super) fn open_place<'a>(
    market: &'a Market,
    id: &PlaceId,
) -> Result<(&'a Place, &'a care::market::Establishment), Rejection> {
    let found = place_of(market, id)?;
    if found.0.open { Ok(found) } else { Err(Rejection::PlaceClosed(id.clone())) }
}
