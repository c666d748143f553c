//! What contracts' and the market's events mean for a council's ledger.

use crate::Ledger;
use care::market::{
    BlockAllocated, BlockEnded, EstablishmentAmended, EstablishmentRegistered, ListingChange, OccupancyEnded,
    PlaceReserved, RegisterImported, RegisterPartRead, RegistrationStatus, ResaleBought, ResaleSold,
    ReservationEnded,
};
use care::published::{
    AbsenceRecorded, AgreementIssued, AgreementTermsSet, OutcomePaymentDue, PlacementEndWithdrawn,
    PlacementEnded, PlacementStarted, StayingPutEnded, StayingPutStarted,
};
use care::{CouncilId, DecodeError, EventBody, decode_body, london_date};
use eventlog::{LogId, Owner, Recorded, Service};
use invoicing_domain::{Ask, Cause, Command, Invoicing, RegistrationTold};
use service_kit::{Clock, EngineReaction, Letters, Route};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Follows each council's contracts log into the same council's ledger, and the region's vacancies log into the ledger of the council that an
/// event is about.
pub(crate) fn reaction(
    ledgers: &BTreeMap<CouncilId, Ledger>,
    clock: Clock,
    letters: Letters,
) -> Arc<EngineReaction<Invoicing>> {
    let councils: BTreeSet<CouncilId> = ledgers.keys().copied().collect();
    let contracts = councils.iter().map(|council| LogId::council(Service::Contracts, *council));
    let engines = ledgers.iter().map(|(council, ledger)| (Owner::Council(*council), ledger.clone()));
    let sources = contracts.chain([LogId::region(Service::Vacancies)]).collect();
    let react = move |event: &Recorded| react(&councils, event);
    EngineReaction::to_many("invoicing", sources, engines.collect(), clock, letters, react)
}

/// The commands that an event leads to: of a council's log in the ledger of the log's own council, whatever council the event names, since
/// that is refused there and parked in the open; of the region's log in the ledger of the council that it names, and what is told of the
/// registration of homes in every ledger: any council may have a child there by the time it hears of it.
fn react(councils: &BTreeSet<CouncilId>, event: &Recorded) -> Result<Vec<Route<Invoicing>>, DecodeError> {
    if event.log.owner == Owner::Region {
        let told = registrations(event)?;
        if !told.is_empty() {
            let ask = |council: &CouncilId| route(*council, event, Ask::NoteRegistrations(told.clone()));
            return Ok(councils.iter().map(ask).collect());
        }
    }
    let told = match event.log.owner {
        Owner::Council(council) => agreed(event)?.map(|ask| (council, ask)),
        Owner::Region => beforehand(event)?,
        Owner::DeadLetters => None,
    };
    let known = told.filter(|(council, _)| councils.contains(council));
    Ok(known.map(|(council, ask)| route(council, event, ask)).into_iter().collect())
}

fn route(council: CouncilId, event: &Recorded, ask: Ask) -> Route<Invoicing> {
    let cause = Cause::event(&format!("{}/{}", event.log, event.stream), event.stream_version);
    let command = Command { council, cause, at: event.meta.recorded_at, ask };
    Route { owner: Owner::Council(council), command }
}

/// Whether a home is registered: suspended it still is, and what it supplies is a state-regulated body's.
fn is_registered(status: RegistrationStatus) -> bool {
    matches!(status, RegistrationStatus::Active | RegistrationStatus::Suspended)
}

/// What the market tells of the registration of homes, by date. An amendment counts from the day on which it was entered; the register that it
/// came from says after it since when it is so.
fn registrations(event: &Recorded) -> Result<Vec<RegistrationTold>, DecodeError> {
    let (version, payload) = (event.version, event.payload.as_slice());
    Ok(match event.event_type.as_str() {
        EstablishmentRegistered::TYPE => {
            let it: EstablishmentRegistered = decode_body(version, payload)?;
            let (registered, from) = (is_registered(it.registration.status), london_date(it.at));
            // A home of which nothing was told is taken to be registered.
            let gone = RegistrationTold { urn: it.urn, registered, from, dates: None, at: it.at };
            if registered { Vec::new() } else { vec![gone] }
        }
        EstablishmentAmended::TYPE => {
            let it: EstablishmentAmended = decode_body(version, payload)?;
            let (registered, from) = (is_registered(it.registration.status), london_date(it.at));
            vec![RegistrationTold { urn: it.urn, registered, from, dates: None, at: it.at }]
        }
        RegisterPartRead::TYPE => {
            let it: RegisterPartRead = decode_body(version, payload)?;
            let of = |listed: care::market::Listed| match listed.change {
                ListingChange::Status { now, .. } => Some(RegistrationTold {
                    urn: listed.urn,
                    registered: is_registered(now),
                    from: it.as_of,
                    dates: Some(london_date(it.at)),
                    at: it.at,
                }),
                _ => None,
            };
            it.changes.into_iter().filter_map(of).collect()
        }
        RegisterImported::TYPE => {
            let it: RegisterImported = decode_body(version, payload)?;
            let (from, dates, at) = (it.as_of, Some(london_date(it.at)), it.at);
            let gone = |urn| RegistrationTold { urn, registered: false, from, dates, at };
            it.no_longer_listed.into_iter().map(gone).collect()
        }
        _ => Vec::new(),
    })
}

/// What contracts tells of a council's agreement.
fn agreed(event: &Recorded) -> Result<Option<Ask>, DecodeError> {
    let (version, payload) = (event.version, event.payload.as_slice());
    Ok(Some(match event.event_type.as_str() {
        AgreementIssued::TYPE => Ask::OpenAgreement(decode_body(version, payload)?),
        PlacementStarted::TYPE => Ask::OpenCharges(decode_body(version, payload)?),
        PlacementEnded::TYPE => Ask::CloseCharges(decode_body(version, payload)?),
        PlacementEndWithdrawn::TYPE => Ask::ReopenCharges(decode_body(version, payload)?),
        AgreementTermsSet::TYPE => Ask::SetTerms(decode_body(version, payload)?),
        AbsenceRecorded::TYPE => Ask::NoteAbsence(decode_body(version, payload)?),
        StayingPutStarted::TYPE => Ask::OpenStayingPut(decode_body(version, payload)?),
        StayingPutEnded::TYPE => Ask::CloseStayingPut(decode_body(version, payload)?),
        OutcomePaymentDue::TYPE => Ask::ChargeOutcome(decode_body(version, payload)?),
        _ => return Ok(None),
    }))
}

/// What the market tells of nights agreed beforehand, and of which council: each hears of its own half of a sale.
fn beforehand(event: &Recorded) -> Result<Option<(CouncilId, Ask)>, DecodeError> {
    let (version, payload) = (event.version, event.payload.as_slice());
    Ok(Some(match event.event_type.as_str() {
        PlaceReserved::TYPE => {
            let fact: PlaceReserved = decode_body(version, payload)?;
            (fact.council, Ask::Reserve(fact))
        }
        ReservationEnded::TYPE => {
            let fact: ReservationEnded = decode_body(version, payload)?;
            (fact.council, Ask::EndReservation(fact))
        }
        OccupancyEnded::TYPE => {
            let fact: OccupancyEnded = decode_body(version, payload)?;
            // Most departures take nothing of a reservation.
            if fact.yielded.is_empty() {
                return Ok(None);
            }
            (fact.council, Ask::YieldNights(fact))
        }
        BlockAllocated::TYPE => {
            let fact: BlockAllocated = decode_body(version, payload)?;
            (fact.council, Ask::AllocateBlock(fact))
        }
        BlockEnded::TYPE => {
            let fact: BlockEnded = decode_body(version, payload)?;
            (fact.council, Ask::EndBlock(fact))
        }
        ResaleSold::TYPE => {
            let fact: ResaleSold = decode_body(version, payload)?;
            (fact.seller, Ask::SellNights(fact))
        }
        ResaleBought::TYPE => {
            let fact: ResaleBought = decode_body(version, payload)?;
            (fact.buyer, Ask::BuyNights(fact))
        }
        _ => return Ok(None),
    }))
}
