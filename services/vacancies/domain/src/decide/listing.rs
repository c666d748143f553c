//! Imports of the regulator's register. A row that cannot be taken is noted and leaves the others as they are; nothing is taken away before
//! the whole register has been read.

use super::{Events, register};
use crate::{Command, RegisterPart, RegisterRow, RegistrationChanges, Rejection};
use care::market::{
    EstablishmentAmended, Listed, ListingChange, Market, MarketEvent, NotTaken, ProviderRegistered,
    RegisterImported, RegisterPartRead, Registration, RegistrationStatus,
};
use care::{Date, EstablishmentUrn, ProviderId, Refusal, Timestamp};
use std::collections::BTreeSet;

/// Reads some rows. The last event says which, and what they changed.
pub(super) fn read(market: &Market, part: &RegisterPart) -> Events {
    current(market, part.as_of)?;
    let mut read = RegisterPartRead {
        as_of: part.as_of,
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
        match taken(market, row, &mut entered, part.at) {
            Ok((changes, of_row)) => {
                read.changes.extend(changes.into_iter().map(|change| Listed { urn: urn.clone(), change }));
                events.extend(of_row);
            }
            Err(rejection) => read.not_taken.push(NotTaken {
                urn: urn.clone(),
                reason: rejection.reason().to_owned(),
                detail: rejection.to_string(),
            }),
        }
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

type Taken = (Vec<ListingChange>, Vec<MarketEvent>);

fn taken(
    market: &Market,
    row: &RegisterRow,
    entered: &mut BTreeSet<ProviderId>,
    at: Timestamp,
) -> Result<Taken, Rejection> {
    match market.establishment(&row.entry.urn) {
        None => entered_row(market, row, entered, at),
        Some(known) => {
            let (was, says) = (&known.registration, &row.entry.registration);
            let mut changes = Vec::new();
            if was.grade != says.grade {
                changes.push(ListingChange::Regraded { before: was.grade.clone(), now: says.grade.clone() });
            }
            if was.status != says.status {
                changes.push(ListingChange::Status { before: was.status, now: says.status });
            }
            if row.places_printed && was.places_registered != says.places_registered {
                let (before, now) = (was.places_registered, says.places_registered);
                changes.push(ListingChange::Places { before, now });
            }
            let amended = RegistrationChanges {
                status: Some(says.status),
                grade: Some(says.grade.clone()),
                places_registered: row.places_printed.then_some(says.places_registered),
                ..RegistrationChanges::default()
            };
            let events = register::amend(market, &row.entry.urn, &amended, None, at)?;
            if known.provider != row.entry.provider {
                let (before, now) = (known.provider.clone(), row.entry.provider.clone());
                changes.push(ListingChange::Owner { before, now });
            }
            Ok((changes, events))
        }
    }
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
    Ok((vec![ListingChange::New], events))
}

/// The register holds from now on. What an earlier one listed and this one does not may take nobody any more.
pub(super) fn finish(market: &Market, as_of: Date, file_sha256: &str, rows: u32, at: Timestamp) -> Events {
    current(market, as_of)?;
    let open = market.listings().open.as_ref().filter(|open| open.as_of == as_of);
    let read = open.map_or(0, |open| open.rows.len());
    let Some(open) = open.filter(|_| u32::try_from(read) == Ok(rows)) else {
        return Err(Rejection::RegisterIncomplete { as_of, read, rows });
    };
    let listed_before = market.establishments().filter(|(_, it)| it.listed_on.is_some());
    let gone: BTreeSet<EstablishmentUrn> =
        listed_before.map(|(urn, _)| urn.clone()).filter(|urn| !open.rows.contains(urn)).collect();
    if gone.len() > Command::NO_LONGER_LISTED_MAX {
        return Err(Rejection::RegisterTooDifferent { as_of, gone: gone.len() });
    }
    let mut events: Vec<MarketEvent> = gone.iter().filter_map(|urn| resigned(market, urn, at)).collect();
    let file_sha256 = file_sha256.to_owned();
    events.push(RegisterImported { as_of, file_sha256, rows, no_longer_listed: gone, at }.into());
    Ok(events)
}

/// Ofsted does not say why a registration has gone. Places, children and claims stay as they are; nobody new comes.
fn resigned(market: &Market, urn: &EstablishmentUrn, at: Timestamp) -> Option<MarketEvent> {
    let was = &market.establishment(urn)?.registration;
    if matches!(was.status, RegistrationStatus::Resigned | RegistrationStatus::Cancelled) {
        return None;
    }
    let registration = Registration { status: RegistrationStatus::Resigned, ..was.clone() };
    Some(EstablishmentAmended { urn: urn.clone(), registration, sector: None, at }.into())
}
