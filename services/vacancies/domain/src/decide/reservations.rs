//! Paid reservations: a council has nights of a place before it knows which child comes, and pays for them.
//!
//! A reservation is a claim. The council's own hold, award or occupancy stands on it; with the child's arrival it ends, so that nobody pays
//! twice for a night. Where the hold is released or the award fails, the reservation is still there.

use super::holds::{admitting, expired_holds_of, free, next_token, own_hold_token, room};
use super::{Events, place_of};
use crate::{Command, Rejection, ReservePlace};
use care::market::{
    Market, MarketEvent, Own, Place, PlaceReserved, Reservation, ReservationEnd, ReservationEnded, Retainer,
    Yielded,
};
use care::{CouncilId, Date, Nights, PlaceId, Timestamp, days_after, london_date};
use std::iter;

pub(super) fn reserve(market: &Market, asked: &ReservePlace) -> Events {
    let nights = nights_ahead(asked.from, asked.until, asked.at)?;
    Rejection::unless_near("until", asked.until, asked.at)?;
    let (place, establishment) = place_of(market, &asked.place)?;
    let vacancy = admitting(&asked.place, place, establishment)?;
    let terms = vacancy.reservation.ok_or_else(|| Rejection::NotForReservation(asked.place.clone()))?;
    if asked.weekly != terms.weekly {
        return Err(Rejection::PriceChanged { place: asked.place.clone(), weekly: terms.weekly });
    }
    if nights.count() > terms.nights_max.into() {
        return Err(Rejection::ReservationTooLong { nights: nights.count(), most: terms.nights_max });
    }
    if asked.from < vacancy.available_from {
        return Err(Rejection::NotAvailableYet {
            place: asked.place.clone(),
            available_from: vacancy.available_from,
            start: asked.from,
        });
    }
    if let Some(own) = place.reservations_on(nights).find(|it| it.council == asked.council) {
        return Err(Rejection::Reserved { place: asked.place.clone(), until: own.until });
    }
    // A reservation has a last night, so that night too must be outside another council's block.
    if let Some(block) = place.blocks().find(|it| it.nights().overlaps(&nights)) {
        let (place, until) = (asked.place.clone(), block.terms.until);
        return Err(if block.entitled(asked.from.max(block.terms.from)) == asked.council {
            Rejection::NightsInOwnBlock(place)
        } else {
            Rejection::BlockOfAnotherCouncil { place, until }
        });
    }
    let hold = own_hold_token(place, asked.council, asked.at);
    let own = Own { place: &asked.place, council: asked.council, hold };
    free(place, nights, asked.at, own)?;
    alone(&asked.place, place, asked.council, asked.from, asked.at)?;
    let latest =
        days_after(vacancy.available_from.max(london_date(asked.at)), Command::RESERVATION_AHEAD_DAYS);
    if asked.from > latest {
        return Err(Rejection::ReservationTooFarAhead { latest });
    }
    room(market, place, nights, asked.at, own, false)?;
    within_limit(market, asked.council, asked.at)?;

    let mut events = expired_holds_of(market, &place.urn, asked.at);
    events.push(
        PlaceReserved {
            place: asked.place.clone(),
            urn: place.urn.clone(),
            provider: establishment.provider.clone(),
            council: asked.council,
            referral: asked.referral,
            from: asked.from,
            until: asked.until,
            weekly: asked.weekly,
            token: next_token(place),
            approver: asked.approver.clone(),
            at: asked.at,
        }
        .into(),
    );
    Ok(events)
}

/// Nights that are asked for: at least one, and none that has passed.
pub(super) fn nights_ahead(from: Date, until: Date, at: Timestamp) -> Result<Nights, Rejection> {
    let today = london_date(at);
    if from < today {
        return Err(Rejection::NightsPassed { from, today });
    }
    if until <= from {
        return Err(Rejection::NightsInvalid { from, until });
    }
    Ok(Nights::from_on(from, Some(until)))
}

/// Whether no other council has agreed nights of a place ahead, nor claims it from a night of `first` or later on. A claim has no end that the
/// market knows, so nights that two councils agreed one after the other would keep the first from using its own: the second waits until the first
/// one's have passed. And whose nights come before another's claim could use them for no child.
pub(super) fn alone(
    id: &PlaceId,
    place: &Place,
    council: CouncilId,
    first: Date,
    at: Timestamp,
) -> Result<(), Rejection> {
    claimed_by_nobody_else(id, place, council, first, at)?;
    match place.agreed_by_others(council, london_date(at)) {
        None => Ok(()),
        Some(until) => Err(Rejection::AgreedByAnotherCouncil { place: id.clone(), until }),
    }
}

/// Whether no other council has a claim on a place that takes a night from `first` on, however much later it begins.
pub(super) fn claimed_by_nobody_else(
    id: &PlaceId,
    place: &Place,
    council: CouncilId,
    first: Date,
    at: Timestamp,
) -> Result<(), Rejection> {
    let others = place.claims_on(Nights::from_on(first, None), at).filter(|claim| claim.council != council);
    match others.map(|claim| claim.end).max_by_key(|end| (end.is_none(), *end)) {
        None => Ok(()),
        Some(free_from) => Err(Rejection::PlaceTaken { place: id.clone(), free_from }),
    }
}

/// Whether a council may have one more reservation.
pub(super) fn within_limit(market: &Market, council: CouncilId, at: Timestamp) -> Result<(), Rejection> {
    let ahead = Nights::from_on(london_date(at), None);
    let in_force = market.agreed().flat_map(|(_, place)| place.reservations_on(ahead));
    if in_force.filter(|it| it.council == council).count() >= Command::RESERVATIONS_MAX {
        return Err(Rejection::ReservationLimit);
    }
    Ok(())
}

pub(super) fn end(
    market: &Market,
    id: &PlaceId,
    council: CouncilId,
    token: u64,
    on: Date,
    at: Timestamp,
) -> Events {
    let (place, _) = place_of(market, id)?;
    let unknown = || Rejection::ReservationUnknown { place: id.clone(), token };
    let reservation = own(place, council, token).ok_or_else(unknown)?;
    if let Some(sold) = sold_of(place, council, token) {
        return Err(Rejection::NightsSold { place: id.clone(), until: sold.until });
    }
    let (from, until, today) = (reservation.from, reservation.until, london_date(at));
    if !(from.max(today)..until).contains(&on) {
        return Err(Rejection::EndOutOfRange { on, least: from.max(today), until });
    }
    let least = from.max(days_after(today, Command::RESERVATION_NOTICE_DAYS));
    if on < least {
        return Err(Rejection::ReservationNoticeTooShort { least, until });
    }
    Ok(ended(id, iter::once((reservation, on)), ReservationEnd::Ended, at))
}

/// A council's reservation with this token.
pub(super) fn own(place: &Place, council: CouncilId, token: u64) -> Option<&Reservation> {
    let mut all = place.agreed.iter().flat_map(|it| &it.reservations);
    all.find(|it| it.council == council && it.token == token)
}

/// What another council has bought of a council's reservation.
pub(super) fn sold_of(place: &Place, council: CouncilId, token: u64) -> Option<&Reservation> {
    let of = |it: &&Reservation| it.sold_by.iter().any(|by| (by.council, by.token) == (council, token));
    place.agreed.iter().flat_map(|it| &it.reservations).find(of)
}

/// The ends of a council's reservations of a place with the night of `on`, because its child came: the placement is paid from then on.
pub(super) fn ended_by_arrival(
    id: &PlaceId,
    place: &Place,
    council: CouncilId,
    on: Date,
    at: Timestamp,
) -> Vec<MarketEvent> {
    let ahead = place.reservations_on(Nights::from_on(on, None)).filter(|it| it.council == council);
    ended(id, ahead.map(|it| (it, on)), ReservationEnd::Occupied, at)
}

/// What of a council's reservations gives way to nights that its child has stayed after all: the placement is paid for them, so that the reservation
/// begins after them, or is gone if it has no other. What was bought of another council is given up as a whole, as on an arrival: those who
/// sold it pay the provider, and no seller's night is paid from the middle on.
pub(super) fn yielded_to_stay(
    id: &PlaceId,
    place: &Place,
    council: CouncilId,
    stayed: Nights,
    at: Timestamp,
) -> (Vec<Yielded>, Vec<MarketEvent>) {
    let (bought, own): (Vec<_>, Vec<_>) = place
        .reservations_on(stayed)
        .filter(|it| it.council == council)
        .partition(|it| !it.sold_by.is_empty());
    let yielded = own.into_iter().map(|it| {
        let until = it.until.min(stayed.end());
        Yielded { token: it.token, from: it.from, until, weekly: it.weekly }
    });
    let bought = bought.into_iter().map(|it| (it, it.from));
    (yielded.collect(), ended(id, bought, ReservationEnd::Occupied, at))
}

/// The ends of all reservations of a place on the day a notice restricts it.
pub(super) fn ended_by_notice(id: &PlaceId, place: &Place, on: Date, at: Timestamp) -> Vec<MarketEvent> {
    let all = place.reservations_on(Nights::from_on(on, None));
    ended(id, all.map(|it| (it, on)), ReservationEnd::Restricted, at)
}

/// The ends of reservations, each on a day, and of what those go on paying who sold their nights. Each ends once, on its first day: a seller's
/// end is that of the buyer's too, and a council may have bought back what it had sold.
fn ended<'a>(
    id: &PlaceId,
    ending: impl Iterator<Item = (&'a Reservation, Date)>,
    reason: ReservationEnd,
    at: Timestamp,
) -> Vec<MarketEvent> {
    let mut ends: Vec<ReservationEnded> = Vec::new();
    for (it, on) in ending {
        let own = Retainer { council: it.council, token: it.token, from: it.from, weekly: it.weekly };
        for Retainer { council, token, from, weekly } in iter::once(own).chain(it.sold_by.iter().cloned()) {
            let until = on.max(from);
            match ends.iter_mut().find(|end| end.token == token) {
                Some(end) => end.until = end.until.min(until),
                None => {
                    let place = id.clone();
                    ends.push(ReservationEnded { place, council, token, from, until, weekly, reason, at });
                }
            }
        }
    }
    ends.into_iter().map(MarketEvent::from).collect()
}
