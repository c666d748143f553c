//! The rules by which an award becomes an agreement, and an agreement a placement.

use super::commands::{AgreementCommand, NoticeGiver, PlacementStep};
use super::events::{AgreementEvent, ClaimNoted, ProposalNoted};
use super::notice;
use super::rejection::AgreementRejection;
use super::release::claim_released;
use super::reviews;
use super::state::{Agreement, Agreements, Outcome};
use super::staying_put;
use super::staying_rejection::StayingRejection;
use super::terms;
use crate::attributes::Shown;
use crate::call_off::{CallOffQuestion, Verdict, checks, judge_call_off};
use crate::frameworks::Frameworks;
#[cfg(feature = "planted-defects")]
use care::planted::{Planted, is_planted};
use care::published::{
    AgreementIssued, AgreementRefused, CallOffCheck, PlacementEndWithdrawn, PlacementEnded, PlacementStarted,
    Route,
};
use care::{AgreementId, AwardId, CouncilId, Date, Decided, Domain, Timestamp, last_day_ahead, london_date};
use jiff::Span;

impl Domain for Agreements {
    type State = Self;
    type Command = AgreementCommand;
    type Event = AgreementEvent;
    type Rejection = AgreementRejection;

    fn decide(state: &Self, command: &AgreementCommand) -> Decided<Self> {
        let mut events = decide(state, command)?;
        if let Some(at) = events.iter().find_map(|event| match event {
            AgreementEvent::PlacementEnded(ended) => Some(ended.at),
            AgreementEvent::PlacementEndWithdrawn(withdrawn) => Some(withdrawn.at),
            _ => None,
        }) {
            events.extend(terms::follow(state, &events, at));
        }
        Ok(events)
    }

    fn evolve(state: &mut Self, event: &AgreementEvent) {
        state.apply(event);
    }
}

fn decide(state: &Agreements, command: &AgreementCommand) -> Decided<Agreements> {
    match command {
        AgreementCommand::NoteProposal { proposal, facts, at } => {
            let known = state.proposals.contains_key(&proposal.award);
            // A log holds the same events whichever of the two logs was heard of first.
            let own = state.is_of(proposal.council);
            let lapsed = state.settled.get(&proposal.award);
            let lapsed_unnoted = own && matches!(lapsed, Some(Outcome::Lapsed { noted: false, .. }));
            if known || !(state.takes(proposal.award, proposal.council) || lapsed_unnoted) {
                return Ok(vec![]);
            }
            let mut events = vec![proposal.clone().into()];
            if let Some(claim) = state.claims.get(&proposal.award) {
                events.push(complete(proposal, claim, facts, *at));
            }
            Ok(events)
        }
        AgreementCommand::NoteClaim { claim, facts, at } => {
            let known = state.claims.contains_key(&claim.award);
            if known || !state.takes(claim.award, claim.council) {
                return Ok(vec![]);
            }
            let mut events = vec![claim.clone().into()];
            if let Some(proposal) = state.proposals.get(&claim.award) {
                events.push(complete(proposal, claim, facts, *at));
            }
            Ok(events)
        }
        AgreementCommand::NoteClaimRefused(lapsed) => {
            let takes = state.takes(lapsed.award, lapsed.council);
            Ok(if takes { vec![lapsed.clone().into()] } else { vec![] })
        }
        AgreementCommand::NoteClaimReleased { released, contracts_position, at } => {
            Ok(claim_released(state, released, *contracts_position, *at))
        }
        AgreementCommand::Placement { agreement, expected_version, step, at } => {
            placement(versioned(state, *agreement, *expected_version)?, step, *at)
        }
        AgreementCommand::Notice { agreement, by, expected_version, step, at } => {
            own(state, *agreement, by)?;
            notice::decide(versioned(state, *agreement, *expected_version)?, by, step, *at)
        }
        AgreementCommand::Terms { agreement, by, expected_version, step, facts, at } => {
            own(state, *agreement, by)?;
            let found = versioned(state, *agreement, *expected_version)?;
            terms::decide(state, found, by, (step, facts), *at)
        }
        AgreementCommand::ConcludeReview { agreement, expected_version, review, called, at } => {
            reviews::conclude(versioned(state, *agreement, *expected_version)?, review, called, *at)
        }
        AgreementCommand::DecideUplift { council, decision, facts } => {
            terms::decide_uplift(state, *council, decision, facts)
        }
        AgreementCommand::CorrectUplift { council, correction, facts } => {
            terms::correct_uplift(state, *council, correction, facts)
        }
    }
}

/// Of another provider's agreement a provider knows nothing.
fn own(state: &Agreements, id: AgreementId, by: &NoticeGiver) -> Result<(), AgreementRejection> {
    let found = state.agreements.get(&id);
    match (by, found) {
        (NoticeGiver::Provider(own), Some(found)) if found.issued.provider != *own => {
            Err(AgreementRejection::AgreementUnknown(id))
        }
        _ => Ok(()),
    }
}

impl Agreements {
    /// Whether this log still has something to do for an award. What comes from elsewhere is never answered with a
    /// rejection: news of an award that is settled, or of another council, changes nothing.
    fn takes(&self, award: AwardId, council: CouncilId) -> bool {
        self.is_of(council) && !self.settled.contains_key(&award)
    }

    /// Whether this is, or may become, the log of a council.
    pub(super) fn is_of(&self, council: CouncilId) -> bool {
        self.council.is_none_or(|own| own == council)
    }
}

/// Judges an award of which both halves are known, on the day the market gave the place, whichever half came first.
fn complete(
    proposal: &ProposalNoted,
    claim: &ClaimNoted,
    facts: &Frameworks,
    at: Timestamp,
) -> AgreementEvent {
    let on = london_date(claim.claimed_at);
    #[cfg(feature = "planted-defects")]
    let on = if is_planted(Planted::JudgedOnFirstNight) { claim.start } else { on };
    let mut verdict = judge_call_off(
        facts,
        &CallOffQuestion {
            council: claim.council,
            provider: &claim.provider,
            urn: &claim.urn,
            provision: &claim.evidence.provision,
            grade: &claim.evidence.grade,
            age_years: claim.evidence.age_years,
            on,
            start: claim.start,
            route: &proposal.terms.route,
            lines: &proposal.terms.lines,
            funders: &proposal.terms.funders,
            shown: Shown {
                solo: claim.solo,
                by_referral: proposal.attributes_shown.as_ref(),
                accommodation: claim.evidence.accommodation,
            },
        },
    );
    let differences = differences(proposal, claim);
    let found = match differences.as_slice() {
        [] => "terms and claim are about the same award".to_owned(),
        differences => format!("terms and claim differ in {}", differences.join(", ")),
    };
    let agrees =
        CallOffCheck { check: checks::CLAIM_DISAGREES.to_owned(), passed: differences.is_empty(), found };
    // First: where the halves differ, what else was judged of them says little.
    verdict.evidence.checks.insert(0, agrees);
    match verdict.refusal().cloned() {
        #[cfg(feature = "planted-defects")]
        None if is_planted(Planted::EvidenceLeftOut) => {
            verdict.evidence.checks.clear();
            issue(proposal, claim, verdict, (schedule_from(proposal, facts, on), at)).into()
        }
        None => issue(proposal, claim, verdict, (schedule_from(proposal, facts, on), at)).into(),
        Some(failed) => refuse(claim, verdict, failed, at).into(),
    }
}

fn differences(proposal: &ProposalNoted, claim: &ClaimNoted) -> Vec<&'static str> {
    [
        ("council", proposal.council == claim.council),
        ("referral", proposal.referral == claim.referral),
        ("referral version", proposal.referral_version == claim.referral_version),
        ("place", proposal.place == claim.place),
        ("establishment", proposal.urn == claim.urn),
        ("provider", proposal.provider == claim.provider),
        ("provision", proposal.provision == claim.evidence.provision),
        ("age", proposal.age_years == claim.evidence.age_years),
        ("first night", proposal.start == claim.start),
    ]
    .into_iter()
    .filter_map(|(field, same)| (!same).then_some(field))
    .collect()
}

/// The day from which the price schedule holds that a core fee is called off under.
fn schedule_from(proposal: &ProposalNoted, facts: &Frameworks, on: Date) -> Option<Date> {
    let Route::Framework { framework, lot, .. } = &proposal.terms.route else { return None };
    facts.get(framework)?.schedule(&proposal.provider, lot, on).map(|schedule| schedule.from)
}

fn issue(
    proposal: &ProposalNoted,
    claim: &ClaimNoted,
    verdict: Verdict,
    (schedule_from, at): (Option<Date>, Timestamp),
) -> AgreementIssued {
    AgreementIssued {
        // One award makes one agreement, so its id follows from the award's.
        agreement: AgreementId::for_request("award", &proposal.award.to_string()),
        award: proposal.award,
        council: claim.council,
        referral: claim.referral,
        provider: claim.provider.clone(),
        urn: claim.urn.clone(),
        place: claim.place.clone(),
        provision: claim.evidence.provision.clone(),
        start: claim.start,
        terms: proposal.terms.clone(),
        evidence: verdict.evidence,
        schedule_from,
        at,
    }
}

fn refuse(claim: &ClaimNoted, verdict: Verdict, failed: CallOffCheck, at: Timestamp) -> AgreementRefused {
    AgreementRefused {
        award: claim.award,
        council: claim.council,
        referral: claim.referral,
        place: claim.place.clone(),
        reason: failed.check,
        detail: failed.found,
        evidence: verdict.evidence,
        at,
    }
}

/// The agreement, if it is there and at the version that the caller saw.
fn versioned(
    state: &Agreements,
    id: AgreementId,
    expected_version: Option<u32>,
) -> Result<&Agreement, AgreementRejection> {
    let agreement = state.agreements.get(&id).ok_or(AgreementRejection::AgreementUnknown(id))?;
    if let Some(expected) = expected_version.filter(|expected| *expected != agreement.version) {
        return Err(AgreementRejection::EtagMismatch { agreement: id, expected, current: agreement.version });
    }
    Ok(agreement)
}

fn placement(agreement: &Agreement, step: &PlacementStep, at: Timestamp) -> Decided<Agreements> {
    match (step, &agreement.ended) {
        (PlacementStep::CorrectEnd { on, reason, ending, correction }, end) => {
            let (Some(started), Some(end)) = (agreement.started, end) else {
                return Err(AgreementRejection::DepartureNotRecorded);
            };
            if let Some(arrangement) = agreement.staying_put.as_ref().filter(|it| it.has_nights()) {
                return Err(StayingRejection::StayingPutRuns(arrangement.from).into());
            }
            check_end(*on, started, at)?;
            // What is not told anew stays. But where nobody stays put after all, that is no way it ended.
            let kept = || end.ending.clone().filter(|before| before != staying_put::STAYED_PUT);
            let ending = ending.clone().or_else(kept);
            if end.on == *on && end.reason == *reason && end.ending == ending {
                return Ok(vec![]);
            }
            let correction = Some(correction.clone());
            let corrected = PlacementEnded { ending, correction, ..ended(agreement, *on, reason, at) };
            Ok(vec![corrected.into()])
        }
        (PlacementStep::WithdrawEnd { reason }, _) => Ok(vec![withdraw_end(agreement, reason, at)?.into()]),
        (PlacementStep::CorrectStart { on, correction }, end) => {
            correct_start(agreement, end.as_ref().map(|end| end.on), *on, correction, at)
        }
        (PlacementStep::EndStayingPut { on, correction }, _) => {
            staying_put::end(agreement, *on, correction.as_ref(), at)
        }
        (PlacementStep::StayPut { on, .. }, Some(end)) if !staying_put::fits(agreement, end, *on) => {
            Err(AgreementRejection::AgreementEnded(end.on))
        }
        (PlacementStep::StayPut { on, lines }, _) => staying_put::start(agreement, *on, lines, at),
        (_, Some(end)) => Err(AgreementRejection::AgreementEnded(end.on)),
        (PlacementStep::Start { on }, None) => start(agreement, *on, at),
        (PlacementStep::End { on, reason, ending }, None) => {
            let started = agreement.started.ok_or(AgreementRejection::PlacementNotStarted)?;
            check_end(*on, started, at)?;
            let ended = PlacementEnded { ending: ending.clone(), ..ended(agreement, *on, reason, at) };
            Ok(vec![ended.into()])
        }
        (PlacementStep::Cancel { reason }, None) => match agreement.started {
            Some(started) => Err(AgreementRejection::PlacementAlreadyStarted(started)),
            None => Ok(vec![ended(agreement, agreement.issued.start, reason, at).into()]),
        },
    }
}

/// Takes an end back that has not come yet. Who has left has left: such an end is put right by a correction.
fn withdraw_end(
    agreement: &Agreement,
    reason: &str,
    at: Timestamp,
) -> Result<PlacementEndWithdrawn, AgreementRejection> {
    let (Some(_), Some(end)) = (agreement.started, &agreement.ended) else {
        return Err(AgreementRejection::EndNotRecorded);
    };
    if let Some(arrangement) = agreement.staying_put.as_ref().filter(|it| it.has_nights()) {
        return Err(StayingRejection::StayingPutRuns(arrangement.from).into());
    }
    if end.on <= london_date(at) {
        return Err(AgreementRejection::EndTookEffect(end.on));
    }
    let issued = &agreement.issued;
    Ok(PlacementEndWithdrawn {
        agreement: issued.agreement,
        award: issued.award,
        council: issued.council,
        place: issued.place.clone(),
        on: end.on,
        reason: reason.to_owned(),
        // Who reads both goes by when they were recorded, and clocks may be put back.
        at: at.max(just_after(end.at)),
    })
}

fn just_after(at: Timestamp) -> Timestamp {
    at.checked_add(Span::new().microseconds(1)).unwrap_or(at)
}

/// Whether a child who came on `started` can have left, or can be about to leave, on `on`.
pub(super) fn check_end(on: Date, started: Date, at: Timestamp) -> Result<(), AgreementRejection> {
    if on < started {
        return Err(AgreementRejection::EndBeforeStart { on, started });
    }
    let latest = last_day_ahead(london_date(at));
    if on > latest { Err(AgreementRejection::EndTooFar { on, latest }) } else { Ok(()) }
}

fn start(agreement: &Agreement, on: Date, at: Timestamp) -> Decided<Agreements> {
    if let Some(started) = agreement.started {
        return Err(AgreementRejection::PlacementAlreadyStarted(started));
    }
    Ok(vec![arrived(agreement, on, None, at)?.into()])
}

/// Puts an arrival right that was recorded on a wrong day: within the nights that are agreed and, where the child has left, no later than that.
fn correct_start(
    agreement: &Agreement,
    ended: Option<Date>,
    on: Date,
    correction: &str,
    at: Timestamp,
) -> Decided<Agreements> {
    let Some(started) = agreement.started else {
        return Err(AgreementRejection::ArrivalNotRecorded);
    };
    if let Some(ended) = ended.filter(|ended| *ended < on) {
        return Err(AgreementRejection::StartAfterEnd { on, ended });
    }
    let corrected = arrived(agreement, on, Some(correction.to_owned()), at)?;
    Ok(if started == on { vec![] } else { vec![corrected.into()] })
}

/// The arrival on a day that it can have been.
fn arrived(
    agreement: &Agreement,
    on: Date,
    correction: Option<String>,
    at: Timestamp,
) -> Result<PlacementStarted, AgreementRejection> {
    let issued = &agreement.issued;
    if on < issued.start {
        return Err(AgreementRejection::StartBeforeAgreed { on, agreed: issued.start });
    }
    // A day of grace, for an arrival that is told on the eve; an arrival further ahead is a plan and no fact.
    let today = london_date(at);
    let latest = today.tomorrow().unwrap_or(today);
    if on > latest {
        return Err(AgreementRejection::StartTooFar { on, latest });
    }
    Ok(PlacementStarted {
        agreement: issued.agreement,
        award: issued.award,
        council: issued.council,
        place: issued.place.clone(),
        on,
        correction,
        at,
    })
}

pub(super) fn ended(agreement: &Agreement, on: Date, reason: &str, at: Timestamp) -> PlacementEnded {
    let issued = &agreement.issued;
    let at = agreement.end_withdrawn_at.map_or(at, |withdrawn| at.max(just_after(withdrawn)));
    PlacementEnded {
        agreement: issued.agreement,
        award: issued.award,
        council: issued.council,
        place: issued.place.clone(),
        on,
        reason: reason.to_owned(),
        correction: None,
        ending: None,
        notice_last_day: agreement.standing_notice().map(|notice| notice.given.last_day),
        at,
    }
}
