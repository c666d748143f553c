//! What contracts' events mean for a council's ledger.

use crate::Ledger;
use care::published::{AgreementIssued, PlacementEnded, PlacementStarted};
use care::{CouncilId, DecodeError, EventBody, decode_body};
use eventlog::{LogId, Owner, Recorded, Service};
use invoicing_domain::{Ask, Cause, Command, Invoicing};
use service_kit::{Clock, EngineReaction, Letters, Route};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Follows each council's contracts log into the same council's ledger.
pub(crate) fn reaction(
    ledgers: &BTreeMap<CouncilId, Ledger>,
    clock: Clock,
    letters: Letters,
) -> Arc<EngineReaction<Invoicing>> {
    let contracts = |council: &CouncilId| LogId::council(Service::Contracts, *council);
    let engines = ledgers.iter().map(|(council, ledger)| (Owner::Council(*council), ledger.clone()));
    let sources = ledgers.keys().map(contracts).collect();
    EngineReaction::new("invoicing", sources, engines.collect(), clock, letters, react)
}

/// The command that an event leads to in the ledger of the log's own council. The event itself may name another council; that
/// is refused there, and parked in the open.
fn react(event: &Recorded) -> Result<Option<Route<Invoicing>>, DecodeError> {
    let Owner::Council(council) = event.log.owner else { return Ok(None) };
    let (version, payload) = (event.version, event.payload.as_slice());
    let ask = match event.event_type.as_str() {
        AgreementIssued::TYPE => Ask::OpenAgreement(decode_body(version, payload)?),
        PlacementStarted::TYPE => Ask::OpenCharges(decode_body(version, payload)?),
        PlacementEnded::TYPE => Ask::CloseCharges(decode_body(version, payload)?),
        _ => return Ok(None),
    };
    let cause = Cause::event(&event.log.to_string(), event.position);
    let command = Command { council, cause, at: event.meta.recorded_at, ask };
    Ok(Some(Route { owner: Owner::Council(council), command }))
}
