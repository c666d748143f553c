//! What contracts' and the market's events mean for a council's ledger.

use crate::Ledger;
use care::market::{
    BlockAllocated, BlockEnded, OccupancyEnded, PlaceReserved, ResaleBought, ResaleSold, ReservationEnded,
};
use care::published::{
    AbsenceRecorded, AgreementIssued, AgreementTermsSet, OutcomePaymentDue, PlacementEndWithdrawn,
    PlacementEnded, PlacementStarted, StayingPutEnded, StayingPutStarted,
};
use care::{CouncilId, DecodeError, EventBody, decode_body};
use eventlog::{LogId, Owner, Recorded, Service};
use invoicing_domain::{Ask, Cause, Command, Invoicing};
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
    EngineReaction::new("invoicing", sources, engines.collect(), clock, letters, react)
}

/// The command that an event leads to: of a council's log in the ledger of the log's own council, whatever council the event names, since
/// that is refused there and parked in the open; of the region's log in the ledger of the council that it names.
fn react(councils: &BTreeSet<CouncilId>, event: &Recorded) -> Result<Option<Route<Invoicing>>, DecodeError> {
    let told = match event.log.owner {
        Owner::Council(council) => agreed(event)?.map(|ask| (council, ask)),
        Owner::Region => beforehand(event)?,
        Owner::DeadLetters => None,
    };
    let Some((council, ask)) = told.filter(|(council, _)| councils.contains(council)) else {
        return Ok(None);
    };
    let cause = Cause::event(&format!("{}/{}", event.log, event.stream), event.stream_version);
    let command = Command { council, cause, at: event.meta.recorded_at, ask };
    Ok(Some(Route { owner: Owner::Council(council), command }))
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
