//! Invariant 1: who has which nights, counted anew from the claims of one establishment.

use super::agreed::Agreed;
use super::market::{Claim, Home, Touched};
use crate::breach::{Breach, Checked, Invariant};
use care::{Date, EstablishmentUrn, Nights, PlaceId, StreamId};
use std::collections::HashMap;

/// Whether a claim counts at the instant of the decision; its nights and its place.
struct Taken<'a> {
    start: Date,
    end: Date,
    solo: bool,
    lapsed: bool,
    place: &'a PlaceId,
}

/// Checks all nights of an establishment for two claims on one place and for company of a solo child, and those that were taken or
/// judged anew for more claims than are registered at `at`: what was registered for other nights may have been more.
///
/// For one place and a solo child every claim that is recorded counts, a hold whose lease has ended too: its end is recorded before others
/// take the nights. Against the number that is registered it counts no more.
pub(super) fn check(
    urn: &EstablishmentUrn,
    home: &Home,
    (claims, agreed): (&HashMap<PlaceId, Vec<Claim>>, &Agreed),
    touched: &Touched,
) -> Checked {
    let (anew, at) = (touched.nights, touched.at);
    let mut taken: Vec<Taken<'_>> = Vec::new();
    for place in &home.places {
        let first = taken.len();
        for claim in claims.get(place).into_iter().flatten().filter(|claim| claim.start < claim.end()) {
            let (start, end, solo) = (claim.start, claim.end(), claim.solo);
            taken.push(Taken { start, end, solo, lapsed: claim.has_lapsed(at), place });
        }
        let own = &mut taken[first..];
        own.sort_unstable_by_key(|claim| (claim.start, claim.end));
        if let Some(pair) = own.windows(2).find(|pair| pair[0].end > pair[1].start) {
            let found =
                format!("{place} is claimed twice: from {} and from {}", pair[0].start, pair[1].start);
            return breach(StreamId::new("place", place), found);
        }
    }
    let reserved: Vec<Taken<'_>> = home
        .places
        .iter()
        .flat_map(|place| {
            let all = agreed.reservations(place).filter(|it| it.from < it.until);
            all.map(move |it| Taken { start: it.from, end: it.until, solo: false, lapsed: false, place })
        })
        .collect();
    for solo in taken.iter().filter(|claim| claim.solo) {
        let place = solo.place;
        let home_of = |place: &PlaceId| home.household_of.get(place);
        let is_company = |other: &&Taken<'_>| {
            other.place != place
                && home_of(other.place) == home_of(place)
                && other.start < solo.end
                && solo.start < other.end
        };
        if let Some(other) = taken.iter().chain(&reserved).find(is_company) {
            let found =
                format!("the solo placement in {place} from {} is not alone: {}", solo.start, other.place);
            return breach(StreamId::new("place", place), found);
        }
    }
    // Nights that are taken in one household are judged of no other, which may have been approved for more.
    let touched_in = touched.place.as_ref().map(|place| home.household_of.get(place));
    for (household, approval) in &home.households {
        if touched_in.is_some_and(|it| it != Some(household)) {
            continue;
        }
        let lives = |place: &PlaceId| home.household_of.get(place) == Some(household);
        let of = StreamId::new("household", household);
        check_number(of, approval.children.into(), (&taken, &reserved), anew, lives)?;
    }
    let registered = home.registration.places_registered.into();
    check_number(StreamId::new("establishment", urn), registered, (&taken, &reserved), anew, |_| true)
}

/// A claim that stands on a reservation counts once, so of a reservation only those nights count on which nobody else is.
fn check_number(
    of: StreamId,
    allowed: i32,
    (taken, reserved): (&[Taken<'_>], &[Taken<'_>]),
    anew: Nights,
    counts: impl Fn(&PlaceId) -> bool,
) -> Checked {
    let mut steps: Vec<(Date, i32)> = Vec::new();
    for claim in taken.iter().filter(|claim| !claim.lapsed && counts(claim.place)) {
        let (start, end) = (claim.start.max(anew.start()), claim.end.min(anew.end()));
        if start < end {
            steps.extend([(start, 1), (end, -1)]);
        }
    }
    for reservation in reserved.iter().filter(|it| counts(it.place)) {
        let mut night = reservation.start.max(anew.start());
        while night < reservation.end.min(anew.end()) {
            let next = night.saturating_add(jiff::Span::new().days(1));
            let claims = taken.iter().filter(|it| it.place == reservation.place && !it.lapsed);
            if !claims.into_iter().any(|it| it.start <= night && night < it.end) {
                steps.extend([(night, 1), (next, -1)]);
            }
            night = next;
        }
    }
    // Departures before arrivals of the same day.
    steps.sort_unstable();
    let mut claimed = 0;
    for (night, step) in steps {
        claimed += step;
        if claimed > allowed {
            let found = format!("{claimed} places of {of} are claimed on {night}, {allowed} allowed");
            return breach(of, found);
        }
    }
    Ok(())
}

fn breach(stream: StreamId, found: String) -> Checked {
    Err(Breach { invariant: Invariant::OneChildAPlace, found, stream })
}
