//! Invariant 1: who has which nights, counted anew from the claims of one establishment.

use super::market::{Claim, Home};
use crate::breach::{Breach, Checked, Invariant};
use care::{Date, EstablishmentUrn, PlaceId, StreamId};
use std::collections::HashMap;

/// Checks all nights of an establishment for two claims on one place and for company of a solo child, and the nights from `from` on for
/// more claims than are registered: what was registered for earlier nights may have been more.
///
/// Every claim that is recorded counts, a hold whose lease has ended too: its end is recorded before others take the nights.
pub(super) fn check(
    urn: &EstablishmentUrn,
    home: &Home,
    claims: &HashMap<PlaceId, Vec<Claim>>,
    from: Date,
) -> Checked {
    let mut taken: Vec<(Date, Date, bool, &PlaceId)> = Vec::new();
    for place in &home.places {
        let first = taken.len();
        for claim in claims.get(place).into_iter().flatten().filter(|claim| claim.start < claim.end()) {
            taken.push((claim.start, claim.end(), claim.solo, place));
        }
        let own = &mut taken[first..];
        own.sort_unstable();
        if let Some(pair) = own.windows(2).find(|pair| pair[0].1 > pair[1].0) {
            let found = format!("{place} is claimed twice: from {} and from {}", pair[0].0, pair[1].0);
            return breach(StreamId::new("place", place), found);
        }
    }
    for (start, end, _, place) in taken.iter().filter(|claim| claim.2) {
        let company = taken.iter().find(|other| other.3 != *place && other.0 < *end && *start < other.1);
        if let Some(other) = company {
            let found = format!("the solo placement in {place} from {start} is not alone: {}", other.3);
            return breach(StreamId::new("place", place), found);
        }
    }
    check_registered(urn, home, &taken, from)
}

fn check_registered(
    urn: &EstablishmentUrn,
    home: &Home,
    taken: &[(Date, Date, bool, &PlaceId)],
    from: Date,
) -> Checked {
    let registered = i32::from(home.registration.places_registered);
    let mut steps: Vec<(Date, i32)> = Vec::new();
    for (start, end, ..) in taken.iter().filter(|claim| claim.1 > from) {
        steps.push(((*start).max(from), 1));
        steps.push((*end, -1));
    }
    // Departures before arrivals of the same day.
    steps.sort_unstable();
    let mut claimed = 0;
    for (night, step) in steps {
        claimed += step;
        if claimed > registered {
            let found = format!("{claimed} places of {urn} are claimed on {night}, {registered} registered");
            return breach(StreamId::new("establishment", urn), found);
        }
    }
    Ok(())
}

fn breach(stream: StreamId, found: String) -> Checked {
    Err(Breach { invariant: Invariant::OneChildAPlace, found, stream })
}
