//! What becomes of an award whose place the market takes back, wherever it has got to.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use care::published::{ClaimReleased, PLACE_WITHDRAWN, PlacementEnded};
use care::spec::{Given, given};
use care::{AgreementId, Date, Timestamp};
use common::{
    DORSET, DURHAM, award, award_events, claim, facts, id, note_claim, note_proposal, proposal, start,
};
use contracts_domain::agreements::{
    AgreementCommand, AgreementEvent, AgreementStatus, Outcome, PlacementStep, ProposalLapsed,
};
use contracts_domain::{Agreements, checks};
use jiff::civil::date;

fn agreement_id() -> AgreementId {
    AgreementId::for_request("award", &award(1).to_string())
}

/// The day before the agreed first night.
fn in_time() -> Timestamp {
    "2026-05-03T09:00:00Z".parse().unwrap()
}

/// The day after the agreed first night.
fn told() -> Timestamp {
    "2026-05-05T09:00:00Z".parse().unwrap()
}

fn released_by(council: &str) -> AgreementCommand {
    released_at(council, in_time())
}

fn released_at(council: &str, at: Timestamp) -> AgreementCommand {
    let released = ClaimReleased {
        award: award(1),
        council: id(council),
        place: id("SC000001-01"),
        reason: "ACCOMMODATION_RESTRICTED".to_owned(),
        at: common::at(),
    };
    AgreementCommand::NoteClaimReleased { released, contracts_position: 5, at }
}

fn released() -> AgreementCommand {
    released_by(DURHAM)
}

fn step(step: PlacementStep) -> AgreementCommand {
    AgreementCommand::Placement { agreement: agreement_id(), expected_version: None, step, at: told() }
}

fn begin() -> AgreementCommand {
    step(PlacementStep::Start { on: start() })
}

fn end(on: Date) -> AgreementCommand {
    step(PlacementStep::End { on, reason: "CARPL".to_owned(), ending: None })
}

fn agreed() -> Given<Agreements> {
    given::<Agreements>(award_events(proposal(1, DURHAM), claim(1, DURHAM), &facts()))
}

#[track_caller]
fn assert_refused(events: &[AgreementEvent]) {
    let [AgreementEvent::AgreementRefused(refused)] = events else { panic!("not refused but {events:#?}") };
    assert_eq!(refused.reason, checks::CLAIM_RELEASED);
    let detail = "the market took the place back before there was an agreement: ACCOMMODATION_RESTRICTED";
    assert_eq!(refused.detail, detail);
    assert_eq!((refused.award, refused.council), (award(1), id(DURHAM)));
    assert_eq!((refused.referral, &refused.place), (claim(1, DURHAM).referral, &id("SC000001-01")));
    assert_eq!((refused.evidence.contracts_position, refused.at), (5, in_time()));
    let [check] = refused.evidence.checks.as_slice() else { panic!("{:?}", refused.evidence) };
    assert_eq!((check.check.as_str(), check.passed), (checks::CLAIM_RELEASED, false));
    assert_eq!(check.found, refused.detail);
}

#[test]
fn an_award_of_which_half_is_known_is_refused_once_and_the_other_half_comes_too_late() {
    for claim_first in [true, false] {
        let (first, second) = (note_claim(claim(1, DURHAM)), note_proposal(proposal(1, DURHAM)));
        let (first, second) = if claim_first { (first, second) } else { (second, first) };
        given::<Agreements>([])
            .when(first)
            .then_events(|events| assert_eq!(events.len(), 1))
            .when(released())
            .then_events(assert_refused)
            .then_state(|state| {
                assert!(state.proposals.is_empty() && state.claims.is_empty() && state.agreements.is_empty());
                let outcome = Outcome::Refused { reason: checks::CLAIM_RELEASED.to_owned() };
                assert_eq!(state.settled[&award(1)], outcome);
            })
            .when(released())
            .then_nothing()
            .when(second)
            .then_nothing();
    }
}

#[test]
fn an_agreement_whose_child_has_not_come_ends_before_its_first_night() {
    let ended = PlacementEnded {
        correction: None,
        ending: None,
        notice_last_day: None,
        agreement: agreement_id(),
        award: award(1),
        council: id(DURHAM),
        place: id("SC000001-01"),
        on: start(),
        reason: PLACE_WITHDRAWN.to_owned(),
        at: in_time(),
    };
    agreed()
        .when(released())
        .then([ended.into()])
        .then_state(|state| {
            let agreement = &state.agreements[&agreement_id()];
            assert_eq!((agreement.status(), agreement.version), (AgreementStatus::Cancelled, 2));
        })
        .when(released())
        .then_nothing()
        .when(begin())
        .then_refused("AGREEMENT_ENDED");
}

#[test]
fn a_child_who_may_be_there_already_is_not_written_off() {
    let first_night = "2026-05-04T00:00:00+01:00".parse().unwrap();
    for late in [first_night, told()] {
        agreed()
            .when(released_at(DURHAM, late))
            .then_nothing()
            .when(begin())
            .then_events(|events| assert_eq!(events.len(), 1));
    }
}

#[test]
fn a_placement_that_has_started_goes_on() {
    agreed()
        .when(begin())
        .then_events(|events| assert_eq!(events.len(), 1))
        .when(released())
        .then_nothing()
        .then_state(|state| {
            let agreement = state.of_award(award(1)).unwrap();
            assert_eq!((agreement.status(), agreement.version), (AgreementStatus::Started, 2));
        })
        .when(end(date(2026, 8, 1)))
        .then_events(|events| assert_eq!(events.len(), 1))
        .when(released())
        .then_nothing();
}

#[test]
fn a_release_that_follows_an_end_or_a_refusal_changes_nothing() {
    agreed()
        .when(step(PlacementStep::Cancel { reason: "OTHER".to_owned() }))
        .then_events(|events| assert_eq!(events.len(), 1))
        .when(released())
        .then_nothing()
        .then_state(|state| {
            assert_eq!(state.agreements[&agreement_id()].ended.as_ref().unwrap().reason, "OTHER");
        });
    let mut dear = proposal(1, DURHAM);
    dear.terms.lines = vec![common::line("CORE", 450_001)];
    given::<Agreements>(award_events(dear, claim(1, DURHAM), &facts()))
        .when(released())
        .then_nothing()
        .then_state(|state| {
            let outcome = Outcome::Refused { reason: checks::PRICE_ABOVE_SCHEDULE.to_owned() };
            assert_eq!(state.settled[&award(1)], outcome);
        });
    let lapsed = ProposalLapsed { award: award(1), council: id(DURHAM), reason: "PLACE_TAKEN".to_owned() };
    given::<Agreements>([lapsed.into()]).when(released()).then_nothing();
}

#[test]
fn a_release_of_an_unknown_award_or_of_another_council_changes_nothing() {
    given::<Agreements>([]).when(released()).then_nothing();
    given::<Agreements>([claim(1, DURHAM).into()]).when(released_by(DORSET)).then_nothing();
    agreed().when(released_by(DORSET)).then_nothing();
}
