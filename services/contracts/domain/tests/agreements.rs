//! How an award becomes an agreement and a placement, and each refusal on the way.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use care::published::{
    AgreementIssued, AgreementRefused, PlacementEndWithdrawn, PlacementEnded, PlacementStarted,
};
use care::spec::{Given, given};
use care::{AgreementId, Date, Refusal, Timestamp};
use common::{
    DORSET, DURHAM, award, award_events, claim, facts, id, note_claim, note_proposal, proposal, start,
};
use contracts_domain::agreements::terms::Terms;
use contracts_domain::agreements::{
    AgreementCommand, AgreementEvent, AgreementStatus, Outcome, PlacementStep, ProposalLapsed,
};
use contracts_domain::{Agreements, checks};
use jiff::civil::date;

fn agreement_id() -> AgreementId {
    AgreementId::for_request("award", &award(1).to_string())
}

fn issued(events: &[AgreementEvent]) -> &AgreementIssued {
    match events.last() {
        Some(AgreementEvent::AgreementIssued(issued)) => issued,
        other => panic!("no agreement was issued but {other:#?}"),
    }
}

fn refusal(events: &[AgreementEvent]) -> &AgreementRefused {
    match events.last() {
        Some(AgreementEvent::AgreementRefused(refused)) => refused,
        other => panic!("the agreement was not refused but {other:#?}"),
    }
}

#[test]
fn both_halves_make_the_same_agreement_in_either_order() {
    let mut agreements = Vec::new();
    for claim_first in [false, true] {
        let (first, second) = (note_proposal(proposal(1, DURHAM)), note_claim(claim(1, DURHAM)));
        let (first, second) = if claim_first { (second, first) } else { (first, second) };
        given::<Agreements>([])
            .when(first.clone())
            .then_events(|events| assert_eq!(events.len(), 1, "one half alone decides nothing"))
            .when(first.clone())
            .then_nothing()
            .when(second.clone())
            .then_events(|events| {
                assert_eq!(events.len(), 2);
                agreements.push(issued(events).clone());
            })
            .then_state(|state| {
                assert!(state.proposals.is_empty() && state.claims.is_empty());
                assert_eq!(state.settled[&award(1)], Outcome::Issued { agreement: agreement_id() });
                assert_eq!(state.agreements[&agreement_id()].status(), AgreementStatus::Issued);
                assert!(state.by_provider[&id("P1")].contains(&agreement_id()));
            })
            .when(first)
            .then_nothing()
            .when(second)
            .then_nothing();
    }
    assert_eq!(agreements[0], agreements[1]);
    let agreement = &agreements[0];
    assert_eq!(agreement.agreement, agreement_id());
    assert_eq!(agreement.terms, common::terms());
    let ends: Vec<_> = Terms::as_issued(agreement).lines.iter().map(|line| line.until).collect();
    assert_eq!(ends, [None, Some(date(2026, 11, 4))], "an addition ends when that was agreed");
    assert_eq!(agreement.start, start());
    assert_eq!(agreement.evidence.contracts_position, 5);
    assert!(agreement.evidence.checks.iter().all(|check| check.passed));
    assert_eq!(agreement.evidence.checks.len(), 20);
}

#[test]
fn an_award_that_the_contract_does_not_allow_is_refused_with_its_evidence() {
    let mut dear = proposal(1, DURHAM);
    dear.terms.lines = vec![common::line("CORE", 450_001)];
    given::<Agreements>([])
        .when(note_proposal(dear))
        .then_events(|events| assert_eq!(events.len(), 1))
        .when(note_claim(claim(1, DURHAM)))
        .then_events(|events| {
            let refused = refusal(events);
            assert_eq!(refused.reason, checks::PRICE_ABOVE_SCHEDULE);
            assert_eq!(refused.detail, "the core fee is £4,500.01 a week, the admitted price £4,500.00");
            assert_eq!(refused.evidence.checks.iter().filter(|check| !check.passed).count(), 1);
        })
        .then_state(|state| {
            assert!(state.agreements.is_empty() && state.proposals.is_empty() && state.claims.is_empty());
        })
        .when(note_proposal(proposal(1, DURHAM)))
        .then_nothing();
}

#[test]
fn halves_that_are_not_about_the_same_thing_are_refused() {
    let mut other = claim(1, DURHAM);
    other.place = id("SC000001-02");
    other.evidence.age_years = 12;
    let events = award_events(proposal(1, DURHAM), other, &facts());
    let refused = refusal(&events);
    assert_eq!(refused.reason, checks::CLAIM_DISAGREES);
    assert_eq!(refused.detail, "terms and claim differ in place, age");
}

#[test]
fn a_refused_claim_ends_the_award_whenever_it_is_told() {
    let lapsed = ProposalLapsed { award: award(1), council: id(DURHAM), reason: "PLACE_TAKEN".to_owned() };
    let refused = || AgreementCommand::NoteClaimRefused(lapsed.clone());
    given::<Agreements>([])
        .when(note_proposal(proposal(1, DURHAM)))
        .then([proposal(1, DURHAM).into()])
        .when(refused())
        .then([lapsed.clone().into()])
        .then_state(|state| assert!(state.proposals.is_empty()))
        .when(refused())
        .then_nothing();
    given::<Agreements>([])
        .when(refused())
        .then([lapsed.clone().into()])
        // The log holds the same two events whichever was heard of first.
        .when(note_proposal(proposal(1, DURHAM)))
        .then([proposal(1, DURHAM).into()])
        .then_state(|state| assert!(state.proposals.is_empty()))
        .when(note_proposal(proposal(1, DURHAM)))
        .then_nothing();
}

#[test]
fn news_of_another_council_changes_nothing() {
    let here = || given::<Agreements>([proposal(1, DURHAM).into()]);
    here().when(note_proposal(proposal(2, DORSET))).then_nothing();
    here().when(note_claim(claim(1, DORSET))).then_nothing();
    let lapsed = ProposalLapsed { award: award(1), council: id(DORSET), reason: "PLACE_TAKEN".to_owned() };
    here().when(AgreementCommand::NoteClaimRefused(lapsed)).then_nothing();
}

fn agreed() -> Given<Agreements> {
    given::<Agreements>(award_events(proposal(1, DURHAM), claim(1, DURHAM), &facts()))
}

/// The day after the agreed first night, when arrivals and departures are told.
fn told() -> Timestamp {
    "2026-05-05T09:00:00Z".parse().unwrap()
}

fn step(step: PlacementStep) -> AgreementCommand {
    AgreementCommand::Placement { agreement: agreement_id(), expected_version: None, step, at: told() }
}

fn begin(on: Date) -> AgreementCommand {
    step(PlacementStep::Start { on })
}

fn end(on: Date) -> AgreementCommand {
    step(PlacementStep::End { on, reason: "CARPL".to_owned(), ending: None })
}

fn cancel() -> AgreementCommand {
    step(PlacementStep::Cancel { reason: "OTHER".to_owned() })
}

fn started(on: Date) -> AgreementEvent {
    PlacementStarted {
        correction: None,
        agreement: agreement_id(),
        award: award(1),
        council: id(DURHAM),
        place: id("SC000001-01"),
        on,
        at: told(),
    }
    .into()
}

fn ended(on: Date, reason: &str) -> AgreementEvent {
    PlacementEnded {
        correction: None,
        ending: None,
        notice_last_day: None,
        agreement: agreement_id(),
        award: award(1),
        council: id(DURHAM),
        place: id("SC000001-01"),
        on,
        reason: reason.to_owned(),
        at: told(),
    }
    .into()
}

#[test]
fn a_child_comes_and_leaves() {
    agreed()
        .when(begin(start()))
        .then([started(start())])
        .then_state(|state| assert_eq!(state.agreements[&agreement_id()].status(), AgreementStatus::Started))
        .when(begin(start()))
        .then_refused("PLACEMENT_ALREADY_STARTED");
    agreed()
        .and([started(start())])
        .when(end(date(2026, 8, 1)))
        .then([ended(date(2026, 8, 1), "CARPL")])
        .then_state(|state| {
            let agreement = &state.agreements[&agreement_id()];
            assert_eq!((agreement.status(), agreement.version), (AgreementStatus::Ended, 3));
        })
        .when(end(date(2026, 8, 2)))
        .then_refused("AGREEMENT_ENDED");
}

fn correct(on: Date, reason: &str) -> AgreementCommand {
    let (reason, correction) = (reason.to_owned(), "typed the wrong month".to_owned());
    step(PlacementStep::CorrectEnd { on, reason, ending: None, correction })
}

#[test]
fn a_departure_that_was_recorded_wrong_is_put_right() {
    let gone = || agreed().and([started(start()), ended(date(2026, 8, 1), "CARPL")]);
    let AgreementEvent::PlacementEnded(plain) = ended(date(2026, 7, 1), "CREQO") else { unreachable!() };
    let right = PlacementEnded { correction: Some("typed the wrong month".to_owned()), ..plain };
    gone()
        .when(correct(date(2026, 7, 1), "CREQO"))
        .then([right.into()])
        .then_state(|state| {
            let agreement = &state.agreements[&agreement_id()];
            let end = agreement.ended.clone().unwrap();
            assert_eq!((end.on, end.reason.as_str(), agreement.version), (date(2026, 7, 1), "CREQO", 4));
        })
        .when(correct(date(2026, 7, 1), "CREQO"))
        .then_nothing();
    gone().when(correct(date(2026, 5, 3), "CARPL")).then_refused("END_BEFORE_START");
    gone().when(correct(Date::MAX, "CARPL")).then_refused("DATE_TOO_FAR");
    let here = agreed().and([started(start())]);
    let refused = here.when(correct(date(2026, 7, 1), "CARPL")).then_refused("DEPARTURE_NOT_RECORDED");
    assert_eq!(refused.violations()[0].field, "correction");
    let never_came = agreed().and([ended(start(), "OTHER")]);
    never_came.when(correct(date(2026, 7, 1), "CARPL")).then_refused("DEPARTURE_NOT_RECORDED");
}

fn withdraw_end(at: &str) -> AgreementCommand {
    let step = PlacementStep::WithdrawEnd { reason: "the carers keep the child".to_owned() };
    let (agreement, at) = (agreement_id(), at.parse().unwrap());
    AgreementCommand::Placement { agreement, expected_version: None, step, at }
}

fn end_withdrawn(on: Date, at: &str) -> AgreementEvent {
    PlacementEndWithdrawn {
        agreement: agreement_id(),
        award: award(1),
        council: id(DURHAM),
        place: id("SC000001-01"),
        on,
        reason: "the carers keep the child".to_owned(),
        at: at.parse().unwrap(),
    }
    .into()
}

#[test]
fn an_end_that_lies_ahead_is_withdrawn_and_the_placement_goes_on() {
    let leaving = || agreed().and([started(start()), ended(date(2026, 8, 1), "CARPL")]);
    let here = || {
        leaving()
            .when(withdraw_end("2026-07-31T09:00:00Z"))
            .then([end_withdrawn(date(2026, 8, 1), "2026-07-31T09:00:00Z")])
    };
    let _ = here().then_state(|state| {
        let agreement = &state.agreements[&agreement_id()];
        assert_eq!((agreement.status(), agreement.version), (AgreementStatus::Started, 4));
    });
    here().when(withdraw_end("2026-07-31T09:00:00Z")).then_refused("END_NOT_RECORDED");
    // What is told of another end is told after that, also by a clock that was put back: who reads both goes by it.
    here().when(end(date(2026, 9, 1))).then_events(|events| {
        let [AgreementEvent::PlacementEnded(ended)] = events else { panic!("{events:?}") };
        assert_eq!((ended.on, ended.at), (date(2026, 9, 1), "2026-07-31T09:00:00.000001Z".parse().unwrap()));
    });
    leaving()
        .when(withdraw_end("2026-05-05T09:00:00Z"))
        .then([end_withdrawn(date(2026, 8, 1), "2026-05-05T09:00:00.000001Z")]);
}

#[test]
fn an_end_that_has_come_or_is_none_is_not_withdrawn() {
    let left = || agreed().and([started(start()), ended(date(2026, 8, 1), "CARPL")]);
    // The day begins in London: at 23:00 UTC of the day before.
    let refused = left().when(withdraw_end("2026-07-31T23:00:00Z")).then_refused("END_TOOK_EFFECT");
    assert!(refused.to_string().contains("2026-08-01"), "{refused}");
    agreed()
        .and([started(start())])
        .when(withdraw_end("2026-05-05T09:00:00Z"))
        .then_refused("END_NOT_RECORDED");
    let never_came = agreed().and([ended(start(), "OTHER")]);
    never_came.when(withdraw_end("2026-05-01T09:00:00Z")).then_refused("END_NOT_RECORDED");
}

fn correct_start(on: Date) -> AgreementCommand {
    step(PlacementStep::CorrectStart { on, correction: "came a day later".to_owned() })
}

#[test]
fn an_arrival_that_was_recorded_wrong_is_put_right() {
    let here = || agreed().and([started(start())]);
    let AgreementEvent::PlacementStarted(plain) = started(date(2026, 5, 5)) else { unreachable!() };
    let right = PlacementStarted { correction: Some("came a day later".to_owned()), ..plain };
    here()
        .when(correct_start(date(2026, 5, 5)))
        .then([right.into()])
        .then_state(|state| {
            assert_eq!(state.agreements[&agreement_id()].started, Some(date(2026, 5, 5)));
        })
        .when(correct_start(date(2026, 5, 5)))
        .then_nothing();
    here().when(correct_start(date(2026, 5, 3))).then_refused("START_BEFORE_AGREED");
    here().when(correct_start(date(2026, 5, 7))).then_refused("DATE_TOO_FAR");
    let left = || here().and([ended(date(2026, 5, 5), "CARPL")]);
    let refused = left().when(correct_start(date(2026, 5, 6))).then_refused("START_AFTER_END");
    assert_eq!(refused.violations()[0].field, "on");
    left().when(correct_start(date(2026, 5, 5))).then_events(|events| assert_eq!(events.len(), 1));
    let refused = agreed().when(correct_start(start())).then_refused("ARRIVAL_NOT_RECORDED");
    assert_eq!(refused.violations()[0].field, "correction");
}

#[test]
fn a_child_may_leave_on_the_day_it_came_but_not_before() {
    let here = || agreed().and([started(date(2026, 5, 6))]);
    here().when(end(date(2026, 5, 6))).then([ended(date(2026, 5, 6), "CARPL")]);
    here().when(end(date(2026, 5, 5))).then_refused("END_BEFORE_START");
}

#[test]
fn a_child_may_come_late_but_not_before_the_agreed_night() {
    agreed().when(begin(date(2026, 5, 6))).then([started(date(2026, 5, 6))]);
    agreed().when(begin(date(2026, 5, 3))).then_refused("START_BEFORE_AGREED");
}

#[test]
fn an_arrival_is_told_on_its_eve_at_the_earliest() {
    agreed().when(begin(date(2026, 5, 6))).then([started(date(2026, 5, 6))]);
    let refused = agreed().when(begin(date(2026, 5, 7))).then_refused("DATE_TOO_FAR");
    assert!(refused.to_string().ends_with("by 2026-05-06 now"), "{refused}");
    assert_eq!(refused.violations()[0].field, "on");
}

#[test]
fn a_departure_is_told_a_leap_year_ahead_at_most() {
    let here = || agreed().and([started(start())]);
    here().when(end(date(2027, 5, 6))).then([ended(date(2027, 5, 6), "CARPL")]);
    let refused = here().when(end(date(2027, 5, 7))).then_refused("DATE_TOO_FAR");
    assert!(refused.to_string().contains("give 2027-05-06 or earlier"), "{refused}");
    here().when(end(Date::MAX)).then_refused("DATE_TOO_FAR");
}

#[test]
fn a_child_who_never_comes_costs_nothing() {
    agreed()
        .when(cancel())
        .then([ended(start(), "OTHER")])
        .then_state(|state| {
            assert_eq!(state.agreements[&agreement_id()].status(), AgreementStatus::Cancelled);
        })
        .when(begin(start()))
        .then_refused("AGREEMENT_ENDED");
    agreed().and([started(start())]).when(cancel()).then_refused("PLACEMENT_ALREADY_STARTED");
    agreed().when(end(start())).then_refused("PLACEMENT_NOT_STARTED");
}

#[test]
fn an_agreement_that_is_not_there_or_has_changed_is_not_moved() {
    given::<Agreements>([]).when(begin(start())).then_refused("AGREEMENT_UNKNOWN");
    let stale = AgreementCommand::Placement {
        agreement: agreement_id(),
        expected_version: Some(2),
        step: PlacementStep::Start { on: start() },
        at: told(),
    };
    agreed().when(stale).then_refused("ETAG_MISMATCH");
}
