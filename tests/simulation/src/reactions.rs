//! What one service's events mean to another: the same translation as in `services/vacancies/src/reactions.rs`,
//! `services/contracts/src/reactions.rs` and `services/referrals/src/reactions.rs`, which read events as bytes of a followed log and are
//! bound to engines. A council's log speaks for that council alone, which is checked here as there.

use care::market::MarketEvent;
use care::published::{
    AgreementRefused, ClaimRefused, PlacementEndWithdrawn, PlacementEnded, PlacementNoticeWithdrawn,
    PlacementStarted,
};
use care::{CouncilId, Date, Event, ProviderId, Timestamp, london_date};
use contracts_domain::agreements::{AgreementEvent, ClaimNoted, ProposalLapsed};
use contracts_domain::{AgreementCommand, Frameworks};
use referrals_domain::{
    ConfirmAward, FailAward, RecordArrival, RecordDeparture, RecordEndWithdrawn, RecordNotice, ReferralEvent,
};
use vacancies_domain::Command as MarketCommand;

/// A command to a council's log.
pub(crate) type ToCouncil<C> = Option<(CouncilId, C)>;

/// What an event of a council's referrals log means to the market.
pub(crate) fn referral_to_market(owner: CouncilId, event: &ReferralEvent) -> Option<MarketCommand> {
    let command = match event {
        ReferralEvent::AwardProposed(event) => MarketCommand::ClaimForAward(event.clone().into()),
        ReferralEvent::ReferralAwarded(event) => {
            MarketCommand::EndSearch { council: event.council, referral: event.referral, at: event.at }
        }
        ReferralEvent::ReferralWithdrawn(event) => {
            MarketCommand::EndSearch { council: event.council, referral: event.referral, at: event.at }
        }
        _ => return None,
    };
    (event.council() == Some(owner)).then_some(command)
}

/// What an event of a council's contracts log means to the market.
pub(crate) fn agreement_to_market(owner: CouncilId, event: &AgreementEvent) -> Option<MarketCommand> {
    let command = match event.clone() {
        AgreementEvent::AgreementRefused(AgreementRefused { award, council, reason, at, .. }) => {
            MarketCommand::ReleaseClaim { award, council, reason, at }
        }
        AgreementEvent::PlacementStarted(PlacementStarted { award, council, place, on, at, .. }) => {
            MarketCommand::OccupyPlace { award, council, place, on, at }
        }
        AgreementEvent::PlacementEnded(PlacementEnded { award, council, on, at, .. }) => {
            MarketCommand::EndOccupancy { award, council, on, at }
        }
        AgreementEvent::PlacementEndWithdrawn(PlacementEndWithdrawn { award, council, at, .. }) => {
            MarketCommand::ResumeOccupancy { award, council, at }
        }
        _ => return None,
    };
    (event.council() == Some(owner)).then_some(command)
}

/// What an event of a council's referrals log means to its contracts; `at` is when it was recorded.
pub(crate) fn referral_to_contracts(
    owner: CouncilId,
    event: &ReferralEvent,
    frameworks: &Frameworks,
    at: Timestamp,
) -> ToCouncil<AgreementCommand> {
    let ReferralEvent::AwardProposed(event) = event else { return None };
    let proposed = event.proposed.clone();
    let facts = frameworks.facts_since(&proposed.provider, london_date(proposed.at).min(proposed.start));
    let council = proposed.council;
    let command = AgreementCommand::NoteProposal { proposal: proposed.into(), facts, at };
    (council == owner).then_some((council, command))
}

/// What an event of the market means to a council's contracts; `at` is when it was recorded.
pub(crate) fn market_to_contracts(
    event: &MarketEvent,
    frameworks: &Frameworks,
    at: Timestamp,
) -> ToCouncil<AgreementCommand> {
    let facts = |provider: &ProviderId, at: Timestamp, start: Date| {
        frameworks.facts_since(provider, london_date(at).min(start))
    };
    match event {
        MarketEvent::PlaceClaimed(event) => {
            let (facts, council) = (facts(&event.provider, event.at, event.start), event.council);
            let claim = ClaimNoted {
                award: event.award,
                council,
                referral: event.referral,
                referral_version: event.referral_version,
                place: event.place.clone(),
                urn: event.urn.clone(),
                provider: event.provider.clone(),
                start: event.start,
                solo: Some(event.solo),
                evidence: event.evidence.evidence.clone(),
                claimed_at: event.at,
            };
            Some((council, AgreementCommand::NoteClaim { claim, facts, at }))
        }
        MarketEvent::ClaimRefused(event) => {
            let ClaimRefused { award, council, reason, .. } = event.clone();
            Some((council, AgreementCommand::NoteClaimRefused(ProposalLapsed { award, council, reason })))
        }
        MarketEvent::ClaimReleased(event) => {
            let contracts_position = frameworks.position();
            let released = event.clone();
            Some((event.council, AgreementCommand::NoteClaimReleased { released, contracts_position, at }))
        }
        _ => None,
    }
}

/// What an event of a council's contracts log means to its referrals.
pub(crate) fn agreement_to_referrals(
    owner: CouncilId,
    event: &AgreementEvent,
) -> ToCouncil<referrals_domain::Command> {
    let (council, command) = match event.clone() {
        AgreementEvent::AgreementIssued(issued) => {
            let confirm = ConfirmAward { award: issued.award, agreement: issued.agreement, at: issued.at };
            (issued.council, confirm.into())
        }
        AgreementEvent::AgreementRefused(AgreementRefused { award, council, reason, detail, at, .. }) => {
            (council, FailAward { award, reason, detail, at }.into())
        }
        AgreementEvent::PlacementStarted(PlacementStarted { award, council, on, correction, at, .. }) => {
            (council, RecordArrival { award, on, corrected: correction.is_some(), at }.into())
        }
        AgreementEvent::PlacementEnded(PlacementEnded { award, council, on, reason, ending, at, .. }) => {
            (council, RecordDeparture { award, on, reason, ending, at }.into())
        }
        AgreementEvent::PlacementEndWithdrawn(PlacementEndWithdrawn { award, council, at, .. }) => {
            (council, RecordEndWithdrawn { award, at }.into())
        }
        AgreementEvent::PlacementNoticeGiven(given) => (given.council, RecordNotice::given(&given).into()),
        AgreementEvent::PlacementNoticeWithdrawn(event) => {
            let PlacementNoticeWithdrawn { award, council, notice: number, at, .. } = event;
            (council, RecordNotice { award, number, notice: None, at }.into())
        }
        _ => return None,
    };
    (council == owner).then_some((council, command))
}

/// What an event of the market means to a council's referrals.
pub(crate) fn market_to_referrals(event: &MarketEvent) -> ToCouncil<referrals_domain::Command> {
    let MarketEvent::ClaimRefused(event) = event else { return None };
    let ClaimRefused { award, council, reason, detail, at, .. } = event.clone();
    Some((council, FailAward { award, reason, detail, at }.into()))
}
