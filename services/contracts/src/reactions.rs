//! What this service does about other services' events: proposed awards and the market's answers become commands to the
//! log of the council that they are about.

use care::published::{AwardProposed, ClaimRefused, ClaimReleased, PlaceClaimed};
use care::{CouncilId, Date, DecodeError, EventBody, ProviderId, Timestamp, decode_body, london_date};
use contracts_domain::agreements::{AgreementCommand, ClaimNoted, ProposalLapsed};
use contracts_domain::{Agreements, Frameworks};
use engine::Engine;
use eventlog::{LogId, Owner, Recorded, Service};
use service_kit::{Clock, EngineReaction, Letters, Route};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The reaction to every referrals log and to the region's vacancies log.
pub(crate) fn reaction(
    frameworks: &Engine<Frameworks>,
    agreements: &BTreeMap<CouncilId, Engine<Agreements>>,
    clock: Clock,
    letters: Letters,
) -> Arc<EngineReaction<Agreements>> {
    let councils: BTreeSet<CouncilId> = agreements.keys().copied().collect();
    let referrals = councils.iter().map(|council| LogId::council(Service::Referrals, *council));
    let sources = referrals.chain([LogId::region(Service::Vacancies)]).collect();
    let engines = agreements.iter().map(|(id, engine)| (Owner::Council(*id), engine.clone())).collect();
    let frameworks = frameworks.clone();
    let react = move |event: &Recorded| react(&frameworks, &councils, event);
    EngineReaction::new("contracts", sources, engines, clock, letters, react)
}

/// What an event means here. The route follows from the event's own council, so nothing of one council reaches another's
/// log; an event about a council that the region does not serve, or from a log that is not that council's, means nothing.
fn react(
    frameworks: &Engine<Frameworks>,
    councils: &BTreeSet<CouncilId>,
    event: &Recorded,
) -> Result<Option<Route<Agreements>>, DecodeError> {
    // No award is judged of days before it was proposed, and claimed.
    let facts = |provider: &ProviderId, at: Timestamp, start: Date| {
        frameworks.read(|state| state.facts_since(provider, london_date(at).min(start)))
    };
    let at = event.meta.recorded_at;
    let (council, command) = match (event.log.service, event.event_type.as_str()) {
        (Service::Referrals, AwardProposed::TYPE) => {
            let proposed: AwardProposed = decode_body(event.version, &event.payload)?;
            let facts = facts(&proposed.provider, proposed.at, proposed.start);
            let command = AgreementCommand::NoteProposal { proposal: proposed.into(), facts, at };
            (event.council, command)
        }
        (Service::Vacancies, <PlaceClaimed>::TYPE) => {
            let claimed: PlaceClaimed = decode_body(event.version, &event.payload)?;
            let facts = facts(&claimed.provider, claimed.at, claimed.start);
            let command = AgreementCommand::NoteClaim { claim: claim(claimed), facts, at };
            (event.council, command)
        }
        (Service::Vacancies, ClaimRefused::TYPE) => {
            let refused: ClaimRefused = decode_body(event.version, &event.payload)?;
            let ClaimRefused { award, council, reason, .. } = refused;
            (event.council, AgreementCommand::NoteClaimRefused(ProposalLapsed { award, council, reason }))
        }
        (Service::Vacancies, ClaimReleased::TYPE) => {
            let released: ClaimReleased = decode_body(event.version, &event.payload)?;
            let contracts_position = frameworks.read(Frameworks::position);
            (event.council, AgreementCommand::NoteClaimReleased { released, contracts_position, at })
        }
        _ => return Ok(None),
    };
    let foreign = |council: &CouncilId| match event.log.owner {
        Owner::Region => false,
        Owner::Council(owner) => owner != *council,
        Owner::DeadLetters => true,
    };
    let Some(council) = council.filter(|council| councils.contains(council) && !foreign(council)) else {
        tracing::warn!(event = %event.reference(), "this event is about a council that the log does not belong to");
        return Ok(None);
    };
    Ok(Some(Route { owner: Owner::Council(council), command }))
}

fn claim(claimed: PlaceClaimed) -> ClaimNoted {
    ClaimNoted {
        award: claimed.award,
        council: claimed.council,
        referral: claimed.referral,
        referral_version: claimed.referral_version,
        place: claimed.place,
        urn: claimed.urn,
        provider: claimed.provider,
        start: claimed.start,
        solo: Some(claimed.solo),
        evidence: claimed.evidence,
        claimed_at: claimed.at,
    }
}
