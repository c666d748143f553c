//! Keeping advertisements true: confirming them, many at once, and what becomes of those of which nothing is heard.

use super::Events;
use super::holds::expired_hold;
use super::places::{advertise, open_place, withdraw};
use crate::{Rejection, VacancyChange};
use care::market::{
    Market, MarketEvent, Unheard, Vacancy, VacancyAdvertised, VacancyConfirmed, VacancyQueried,
    VacancyUnlisted,
};
use care::{PlaceId, Timestamp};
use std::collections::BTreeSet;

/// Whoever confirms a place that is held or taken says what it is advertised for once it is free.
pub(super) fn confirm(market: &Market, id: &PlaceId, at: Timestamp) -> Events {
    let (place, _) = open_place(market, id)?;
    match place.vacancy {
        None => Err(Rejection::PlaceNotAdvertised(id.clone())),
        Some(_) => Ok(vec![VacancyConfirmed { place: id.clone(), at }.into()]),
    }
}

/// No rule about one place reads another, so each change is decided as if it were alone.
pub(super) fn upsert(market: &Market, changes: &[VacancyChange], at: Timestamp) -> Vec<MarketEvent> {
    let mut named = BTreeSet::new();
    let first = changes.iter().filter(|change| named.insert(change.place()));
    first.filter_map(|it| change(market, it, at).ok()).flatten().collect()
}

/// One of many changes. What is accepted always leads to events of its place.
pub(crate) fn change(market: &Market, change: &VacancyChange, at: Timestamp) -> Events {
    match change {
        VacancyChange::Confirm(place) => confirm(market, place, at),
        VacancyChange::Withdraw(place) => withdraw(market, place, at),
        VacancyChange::Advertise(stated) => {
            // What was advertised once may no longer be within the registration, so it is judged even if nothing changes.
            let events = advertise(market, stated)?;
            let known = market.place(&stated.place).and_then(|place| place.vacancy.as_ref());
            if known.is_some_and(|known| says(known, stated)) {
                return confirm(market, &stated.place, at);
            }
            Ok(events)
        }
    }
}

/// Whether a place is advertised for exactly this already.
fn says(known: &Vacancy, stated: &VacancyAdvertised) -> bool {
    // By name, so that what a place is advertised for one day cannot be forgotten here.
    let Vacancy {
        available_from,
        needs,
        sexes,
        age_from,
        age_to,
        note,
        exclusions,
        mix,
        reservation,
        confirmed_at: _,
        asked_at: _,
    } = known;
    (*available_from, *sexes, *age_from, *age_to)
        == (stated.available_from, stated.sexes, stated.age_from, stated.age_to)
        && (needs, note, exclusions, mix, reservation)
            == (&stated.needs, &stated.note, &stated.exclusions, &stated.mix, &stated.reservation)
}

/// Asks about what is stale, and unlists what was asked about without an answer. A place that is held or taken is not due, see
/// [`Place::unheard`](care::market::Place::unheard); so a council's hold keeps a place listed, as it keeps it from being withdrawn.
pub(super) fn sweep(market: &Market, at: Timestamp, limit: usize) -> Vec<MarketEvent> {
    market.unheard_by(at).take(limit).flat_map(|id| unheard(market, id, at)).collect()
}

fn unheard(market: &Market, id: &PlaceId, at: Timestamp) -> Vec<MarketEvent> {
    let found = market.place(id).and_then(|place| Some((place, place.vacancy.as_ref()?, place.unheard()?.1)));
    let Some((place, vacancy, what)) = found else { return Vec::new() };
    let (id, confirmed_at) = (id.clone(), vacancy.confirmed_at);
    match what {
        Unheard::Ask => vec![VacancyQueried { place: id, confirmed_at, at }.into()],
        Unheard::Unlist(asked_at) => {
            let mut events: Vec<MarketEvent> = expired_hold(&id, place, at).into_iter().collect();
            events.push(VacancyUnlisted { place: id, asked_at, at }.into());
            events
        }
    }
}
