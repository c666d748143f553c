//! Imports of the regulator's register. A row that cannot be taken is noted and leaves the others as they are; nothing is taken away before
//! the whole register has been read.

use super::{Events, register};
use crate::{Command, RegisterPart, RegisterRow, RegistrationChanges, Rejection};
use care::market::{
    Establishment, EstablishmentAmended, Listed, ListingChange, Market, MarketEvent, NotTaken,
    ProviderRegistered, RegisterImported, RegisterPartRead, Registration, RegistrationStatus,
};
use care::{Date, EstablishmentUrn, ProviderId, Refusal, Timestamp};
use std::collections::BTreeSet;

/// Reads some rows. The last event says which, and what they changed.
pub(super) fn read(market: &Market, part: &RegisterPart) -> Events {
    current(market, part.as_of)?;
    let mut read = RegisterPartRead {
        as_of: part.as_of,
        file_sha256: part.file_sha256.clone(),
        rows: BTreeSet::new(),
        changes: Vec::new(),
        not_taken: Vec::new(),
        at: part.at,
    };
    let (mut events, mut entered) = (Vec::new(), BTreeSet::new());
    for row in &part.rows {
        let urn = &row.entry.urn;
        if !read.rows.insert(urn.clone()) {
            continue;
        }
        let row = taken(market, row, &mut entered, (part.as_of, part.at))
            .unwrap_or_else(|refused| Taken { refused: Some(refused), ..Taken::default() });
        read.changes.extend(row.changes.into_iter().map(|change| Listed { urn: urn.clone(), change }));
        events.extend(row.events);
        read.not_taken.extend(row.refused.map(|refused| NotTaken {
            urn: urn.clone(),
            reason: refused.reason().to_owned(),
            detail: refused.to_string(),
        }));
    }
    events.push(read.into());
    Ok(events)
}

/// An older register than the one that holds would undo what is known by now. The same again is taken: it changes nothing, or corrects.
fn current(market: &Market, as_of: Date) -> Result<(), Rejection> {
    match market.listings().latest() {
        Some(latest) if latest > as_of => Err(Rejection::RegisterSuperseded { as_of, latest }),
        _ => Ok(()),
    }
}

/// What a row comes to.
#[derive(Default)]
struct Taken {
    changes: Vec<ListingChange>,
    events: Vec<MarketEvent>,
    /// Why it is not taken in everything.
    refused: Option<Rejection>,
}

fn taken(
    market: &Market,
    row: &RegisterRow,
    entered: &mut BTreeSet<ProviderId>,
    (as_of, at): (Date, Timestamp),
) -> Result<Taken, Rejection> {
    match market.establishment(&row.entry.urn) {
        None => entered_row(market, row, entered, at),
        Some(known) => known_row(market, known, row, (as_of, at)),
    }
}

/// What a row says otherwise of an establishment that the market knows. What was entered for a later day than the register's stands: its file
/// lags by months, and must not lift a suspension that came since.
fn known_row(
    market: &Market,
    known: &Establishment,
    row: &RegisterRow,
    (as_of, at): (Date, Timestamp),
) -> Result<Taken, Rejection> {
    let (was, says) = (&known.registration, &row.entry.registration);
    let mut taken = Taken::default();
    let mut amended = RegistrationChanges::default();
    if was.grade != says.grade {
        let (before, now) = (was.grade.clone(), says.grade.clone());
        if known.grade_on > as_of {
            taken.changes.push(ListingChange::EnteredLater { before, now });
        } else {
            amended.grade = Some(now.clone());
            taken.changes.push(ListingChange::Regraded { before, now });
        }
    }
    if was.status != says.status {
        let (before, now) = (was.status, says.status);
        if known.status_on > as_of {
            let (before, now) = (before.to_string(), now.to_string());
            taken.changes.push(ListingChange::EnteredLater { before, now });
        } else {
            amended.status = Some(now);
            taken.changes.push(ListingChange::Status { before, now });
        }
    }
    let fewer_or_more = row.places_printed && was.places_registered != says.places_registered;
    let urn = &row.entry.urn;
    let places = fewer_or_more.then_some(says.places_registered);
    match register::amend(
        market,
        urn,
        &RegistrationChanges { places_registered: places, ..amended.clone() },
        None,
        at,
    ) {
        Ok(events) => {
            taken.events = events;
            let (before, now) = (was.places_registered, says.places_registered);
            taken.changes.extend(places.map(|_| ListingChange::Places { before, now }));
        }
        // A suspension holds, however many places are open.
        Err(refused @ (Rejection::PlacesBelowOpen { .. } | Rejection::PlacesBelowClaimed { .. })) => {
            taken.events = register::amend(market, urn, &amended, None, at)?;
            taken.refused = Some(refused);
        }
        Err(refused) => return Err(refused),
    }
    // A council runs its own homes as one provider, whomever the register names.
    let own = known.operated_by.is_some() && known.operated_by == row.entry.operated_by;
    if known.provider != row.entry.provider && !own {
        let (before, now) = (known.provider.clone(), row.entry.provider.clone());
        taken.changes.push(ListingChange::Owner { before, now });
    }
    Ok(taken)
}

/// A new establishment, and its provider if that is new too.
fn entered_row(
    market: &Market,
    row: &RegisterRow,
    entered: &mut BTreeSet<ProviderId>,
    at: Timestamp,
) -> Result<Taken, Rejection> {
    register::check_entry(&row.entry)?;
    let provider = &row.entry.provider;
    let mut events: Vec<MarketEvent> = Vec::new();
    if market.provider(provider).is_none() && entered.insert(provider.clone()) {
        events.push(
            ProviderRegistered { provider: provider.clone(), name: row.provider_name.clone(), at }.into(),
        );
    }
    events.push(row.entry.clone().into());
    Ok(Taken { changes: vec![ListingChange::New], events, refused: None })
}

/// The register holds from now on. What an earlier one listed and this one does not may take nobody any more.
pub(super) fn finish(
    market: &Market,
    as_of: Date,
    file_sha256: &str,
    (rows, gone_confirmed): (u32, u32),
    at: Timestamp,
) -> Events {
    current(market, as_of)?;
    let open = market.listings().open.as_ref();
    let open = open.filter(|open| open.as_of == as_of && open.file_sha256 == file_sha256);
    let read = open.map_or(0, |open| open.rows.len());
    let Some(open) = open.filter(|_| u32::try_from(read) == Ok(rows)) else {
        return Err(Rejection::RegisterIncomplete { as_of, read, rows });
    };
    let listed_before = || market.establishments().filter(|(_, it)| it.listed_on.is_some());
    let gone: BTreeSet<EstablishmentUrn> =
        listed_before().map(|(urn, _)| urn.clone()).filter(|urn| !open.rows.contains(urn)).collect();
    let listed = listed_before().count();
    let usual = (listed * Command::NO_LONGER_LISTED_PER_MILLE / 1000).max(10);
    let known = u32::try_from(gone.len()) == Ok(gone_confirmed);
    if gone.len() > Command::NO_LONGER_LISTED_MAX || gone.len() > usual && !known {
        return Err(Rejection::RegisterTooDifferent { as_of, gone: gone.len(), listed });
    }
    let mut events: Vec<MarketEvent> =
        gone.iter().filter_map(|urn| resigned(market, urn, (as_of, at))).collect();
    let file_sha256 = file_sha256.to_owned();
    events.push(RegisterImported { as_of, file_sha256, rows, no_longer_listed: gone, at }.into());
    Ok(events)
}

/// Ofsted does not say why a registration has gone. Places, children and claims stay as they are; nobody new comes.
fn resigned(market: &Market, urn: &EstablishmentUrn, (as_of, at): (Date, Timestamp)) -> Option<MarketEvent> {
    let known = market.establishment(urn)?;
    let was = &known.registration;
    // What was entered for a later day stands here too.
    if known.status_on > as_of
        || matches!(was.status, RegistrationStatus::Resigned | RegistrationStatus::Cancelled)
    {
        return None;
    }
    let registration = Registration { status: RegistrationStatus::Resigned, ..was.clone() };
    Some(EstablishmentAmended { urn: urn.clone(), registration, sector: None, at }.into())
}
