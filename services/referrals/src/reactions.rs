//! What this service does about other services' events: an agreement confirms an award, a refusal by market or contract
//! fails it, the end of the placement ends the provider's sight of who the child is, and notices run to their last day. Each reaches the log of the council
//! that it is about, and no other.

use crate::desk::Desk;
use care::published::{
    AgreementIssued, AgreementRefused, ClaimRefused, PlacementEndWithdrawn, PlacementEnded,
    PlacementNoticeGiven, PlacementNoticeWithdrawn, PlacementStarted,
};
use care::{CouncilId, DecodeError, EventBody, decode_body};
use eventlog::{LogId, Owner, Recorded, Service};
use referrals_domain::{
    Command, ConfirmAward, FailAward, RecordArrival, RecordDeparture, RecordEndWithdrawn, RecordNotice,
};
use service_kit::{Clock, EngineReaction, Letters, Route};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The reaction to the region's vacancies log and to every council's contracts log.
pub(crate) fn outcomes(
    desks: &BTreeMap<CouncilId, Desk>,
    clock: Clock,
    letters: Letters,
) -> Arc<EngineReaction<referrals_domain::Referrals>> {
    let councils: BTreeSet<CouncilId> = desks.keys().copied().collect();
    let contracts = councils.iter().map(|council| LogId::council(Service::Contracts, *council));
    let sources = contracts.chain([LogId::region(Service::Vacancies)]).collect();
    let engines = desks.iter().map(|(id, desk)| (Owner::Council(*id), desk.engine.clone())).collect();
    let react = move |event: &Recorded| react(&councils, event);
    EngineReaction::new("referrals", sources, engines, clock, letters, react)
}

fn react(
    councils: &BTreeSet<CouncilId>,
    event: &Recorded,
) -> Result<Option<Route<referrals_domain::Referrals>>, DecodeError> {
    let (council, command): (CouncilId, Command) = match (event.log.service, event.event_type.as_str()) {
        (Service::Contracts, AgreementIssued::TYPE) => {
            let issued: AgreementIssued = decode_body(event.version, &event.payload)?;
            let confirm = ConfirmAward { award: issued.award, agreement: issued.agreement, at: issued.at };
            (issued.council, confirm.into())
        }
        (Service::Contracts, AgreementRefused::TYPE) => {
            let refused: AgreementRefused = decode_body(event.version, &event.payload)?;
            let AgreementRefused { award, council, reason, detail, at, .. } = refused;
            (council, FailAward { award, reason, detail, at }.into())
        }
        (Service::Contracts, PlacementStarted::TYPE) => {
            let PlacementStarted { award, council, on, correction, at, .. } =
                decode_body(event.version, &event.payload)?;
            (council, RecordArrival { award, on, corrected: correction.is_some(), at }.into())
        }
        (Service::Contracts, PlacementEnded::TYPE) => {
            let PlacementEnded { award, council, on, reason, ending, at, .. } =
                decode_body(event.version, &event.payload)?;
            (council, RecordDeparture { award, on, reason, ending, at }.into())
        }
        (Service::Contracts, PlacementEndWithdrawn::TYPE) => {
            let PlacementEndWithdrawn { award, council, at, .. } =
                decode_body(event.version, &event.payload)?;
            (council, RecordEndWithdrawn { award, at }.into())
        }
        (Service::Contracts, PlacementNoticeGiven::TYPE) => {
            let given: PlacementNoticeGiven = decode_body(event.version, &event.payload)?;
            (given.council, RecordNotice::given(&given).into())
        }
        (Service::Contracts, PlacementNoticeWithdrawn::TYPE) => {
            let PlacementNoticeWithdrawn { award, council, notice: number, at, .. } =
                decode_body(event.version, &event.payload)?;
            (council, RecordNotice { award, number, notice: None, at }.into())
        }
        (Service::Vacancies, ClaimRefused::TYPE) => {
            let refused: ClaimRefused = decode_body(event.version, &event.payload)?;
            let ClaimRefused { award, council, reason, detail, at, .. } = refused;
            (council, FailAward { award, reason, detail, at }.into())
        }
        _ => return Ok(None),
    };
    let foreign = matches!(event.log.owner, Owner::Council(owner) if owner != council);
    if foreign || !councils.contains(&council) {
        tracing::warn!(event = %event.reference(), %council, "this event is about a council that it cannot concern");
        return Ok(None);
    }
    Ok(Some(Route { owner: Owner::Council(council), command }))
}
