//! What this service does about other services' events: a proposed award asks for its place, a refused agreement gives it
//! back, arrivals and departures move the claim, and a search that ended gives back what is still held for it.

use care::published::{
    AgreementRefused, AwardProposed, AwardProposedToMarket, PlacementEndWithdrawn, PlacementEnded,
    PlacementStarted, SearchEnded,
};
use care::{CouncilId, DecodeError, EventBody, decode_body};
use engine::Engine;
use eventlog::{LogId, Owner, Recorded, Service};
use service_kit::{Clock, EngineReaction, Letters, Region, Route};
use std::collections::BTreeMap;
use std::sync::Arc;
use vacancies_domain::{Command, Vacancies as Market};

/// The reaction to every council's referrals and contracts logs.
pub(crate) fn reaction(
    region: &Region,
    market: &Engine<Market>,
    clock: Clock,
    letters: Letters,
) -> Arc<EngineReaction<Market>> {
    let councils = region.councils().into_iter();
    let sources = councils
        .flat_map(|council| {
            [LogId::council(Service::Referrals, council), LogId::council(Service::Contracts, council)]
        })
        .collect();
    let engines = BTreeMap::from([(Owner::Region, market.clone())]);
    EngineReaction::new("vacancies", sources, engines, clock, letters, react)
}

/// What an event means here. A council's log speaks for that council alone: an event in it about another council means nothing.
fn react(event: &Recorded) -> Result<Option<Route<Market>>, DecodeError> {
    let (council, command) = match (event.log.service, event.event_type.as_str()) {
        (Service::Referrals, AwardProposed::TYPE) => {
            let proposed: AwardProposedToMarket = decode_body(event.version, &event.payload)?;
            (proposed.proposed.council, Command::ClaimForAward(proposed.into()))
        }
        (Service::Referrals, ended) if SearchEnded::TYPES.contains(&ended) => {
            let SearchEnded { council, referral, at } =
                SearchEnded::decode(ended, event.version, &event.payload)?;
            (council, Command::EndSearch { council, referral, at })
        }
        (Service::Contracts, AgreementRefused::TYPE) => {
            let refused: AgreementRefused = decode_body(event.version, &event.payload)?;
            let AgreementRefused { award, council, reason, at, .. } = refused;
            (council, Command::ReleaseClaim { award, council, reason, at })
        }
        (Service::Contracts, PlacementStarted::TYPE) => {
            let started: PlacementStarted = decode_body(event.version, &event.payload)?;
            let PlacementStarted { award, council, place, on, at, .. } = started;
            (council, Command::OccupyPlace { award, council, place, on, at })
        }
        (Service::Contracts, PlacementEnded::TYPE) => {
            let ended: PlacementEnded = decode_body(event.version, &event.payload)?;
            let PlacementEnded { award, council, on, at, .. } = ended;
            (council, Command::EndOccupancy { award, council, on, at })
        }
        (Service::Contracts, PlacementEndWithdrawn::TYPE) => {
            let withdrawn: PlacementEndWithdrawn = decode_body(event.version, &event.payload)?;
            let PlacementEndWithdrawn { award, council, at, .. } = withdrawn;
            (council, Command::ResumeOccupancy { award, council, at })
        }
        _ => return Ok(None),
    };
    if !is_of(event.log.owner, council) {
        tracing::warn!(event = %event.reference(), "this event is about a council that the log does not belong to");
        return Ok(None);
    }
    Ok(Some(Route { owner: Owner::Region, command }))
}

fn is_of(owner: Owner, council: CouncilId) -> bool {
    owner == Owner::Council(council)
}
