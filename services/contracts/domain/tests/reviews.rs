//! Reviews of placements that suspensions call for: which there are, how they are concluded, and each refusal.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use care::published::StayingPutStarted;
use care::spec::given;
use care::{AgreementId, Date, Refusal, RefusalKind, Timestamp};
use common::terms::left;
use common::{DARLINGTON, DORSET, DURHAM, award_events, claim, command, framework_events, id, proposal};
use contracts_domain::agreements::{
    AgreementCommand, AgreementEvent, ConcludeReview, PlacementReviewConcluded, ReviewOutcome, ReviewState,
    reviews,
};
use contracts_domain::frameworks::{Change, FrameworkCommand, Frameworks, SuspensionScope};
use contracts_domain::{AgreementRejection, Agreements};
use jiff::civil::date;

/// The first day of the suspension: a month after the placement began.
const FROM: Date = date(2026, 6, 4);
const TODAY: Date = date(2026, 6, 10);

fn told_at() -> Timestamp {
    "2026-06-10T09:00:00Z".parse().unwrap()
}

fn suspend(scope: SuspensionScope) -> FrameworkCommand {
    let (provider, reason) = (id("P1"), "Inadequate at inspection".to_owned());
    command(Change::SuspendProvider { provider, scope, reason, from: FROM })
}

fn lift(on: Date) -> FrameworkCommand {
    command(Change::LiftSuspension { provider: id("P1"), scope: SuspensionScope::provider(), on })
}

fn region(commands: Vec<FrameworkCommand>) -> Frameworks {
    let mut state = given::<Frameworks>(framework_events());
    for command in commands {
        state = state.when(command).then_events(|_| {});
    }
    state.into_state()
}

fn agreement_id() -> AgreementId {
    common::terms::agreement(1)
}

/// Durham's agreement of which the child has come.
fn placed() -> Vec<AgreementEvent> {
    common::terms::placed(1)
}

fn ended(on: Date) -> AgreementEvent {
    left(1, on).into()
}

fn stays_put(from: Date) -> AgreementEvent {
    StayingPutStarted {
        agreement: agreement_id(),
        award: common::award(1),
        council: id(DURHAM),
        provider: id("P1"),
        from,
        lines: vec![common::line("CORE", 20_000)],
        at: common::at(),
    }
    .into()
}

/// The reviews of Durham's agreement after these events.
fn found(region: &Frameworks, events: &[AgreementEvent], today: Date) -> Vec<(u32, ReviewState)> {
    let state = common::fold::<Agreements>(events);
    let called = region.called_reviews(id(DURHAM), None);
    let all = reviews(&called, &state.agreements[&agreement_id()], today);
    all.map(|it| (it.suspension.number, it.state)).collect()
}

#[test]
fn a_suspension_begins_a_review_of_each_placement_that_goes_on() {
    let whole = || region(vec![suspend(SuspensionScope::provider())]);
    let open = [(1, ReviewState::Open)];
    assert_eq!(found(&whole(), &placed(), TODAY), open);
    assert_eq!(found(&region(Vec::new()), &placed(), TODAY), []);
    let homes = |urn: &str| region(vec![suspend(SuspensionScope::home(id(urn)))]);
    assert_eq!(found(&homes("SC000001"), &placed(), TODAY), open);
    assert_eq!(found(&homes("SC000002"), &placed(), TODAY), []);
    let of_council = |council: &str| SuspensionScope { urns: [].into(), council: Some(id(council)) };
    assert_eq!(found(&region(vec![suspend(of_council(DURHAM))]), &placed(), TODAY), open);
    assert_eq!(found(&region(vec![suspend(of_council(DARLINGTON))]), &placed(), TODAY), []);
    // Each suspension calls for one of its own.
    let twice = region(vec![suspend(SuspensionScope::provider()), suspend(of_council(DURHAM))]);
    assert_eq!(found(&twice, &placed(), TODAY), [(1, ReviewState::Open), (2, ReviewState::Open)]);
    // Lifting it concludes nothing; one that never held began nothing.
    let lifted = |on| region(vec![suspend(SuspensionScope::provider()), lift(on)]);
    assert_eq!(found(&lifted(date(2026, 6, 9)), &placed(), TODAY), open);
    assert_eq!(found(&lifted(FROM), &placed(), TODAY), []);
    assert!(region(Vec::new()).called_reviews(id(DORSET), None).providers().next().is_none());
}

#[test]
fn a_placement_is_reviewed_while_it_goes_on_and_no_longer() {
    let whole = region(vec![suspend(SuspensionScope::provider())]);
    let with = |events: &[AgreementEvent]| {
        let events: Vec<_> = placed().into_iter().chain(events.iter().cloned()).collect();
        found(&whole, &events, TODAY)
    };
    assert_eq!(with(&[ended(FROM)]), [], "no night of it is on a day of the suspension");
    assert_eq!(with(&[ended(FROM.tomorrow().unwrap())]), [(1, ReviewState::PlacementOver)]);
    assert_eq!(with(&[ended(TODAY)]), [(1, ReviewState::PlacementOver)]);
    assert_eq!(with(&[ended(date(2026, 6, 11))]), [(1, ReviewState::Open)], "a departure that is to come");
    let birthday = date(2026, 6, 1);
    assert_eq!(with(&[ended(birthday), stays_put(birthday)]), [(1, ReviewState::Open)], "Staying Put");
}

#[test]
fn an_agreement_made_after_a_suspension_was_told_is_none_that_it_calls_on_to_review() {
    let later = region(vec![suspend(SuspensionScope::provider()), lift(FROM.tomorrow().unwrap())]);
    // Judged on facts that have it: it is no placement that the suspension met.
    let events = award_events(proposal(1, DURHAM), claim(1, DURHAM), &later.facts_for(&id("P1")));
    assert!(events.iter().any(|it| matches!(it, AgreementEvent::AgreementIssued(_))), "{events:#?}");
    assert_eq!(found(&later, &events, TODAY), []);
}

fn conclusion(outcome: ReviewOutcome) -> ConcludeReview {
    ConcludeReview {
        framework: id("tyne-tees"),
        suspension: 1,
        outcome,
        reason: "settled and safe".to_owned(),
        post: "Head of service".to_owned(),
        reviewed_on: TODAY,
    }
}

fn conclude(review: ConcludeReview, at: Timestamp) -> AgreementCommand {
    let called = region(vec![suspend(SuspensionScope::provider())]).called_reviews(id(DURHAM), None);
    AgreementCommand::ConcludeReview { agreement: agreement_id(), expected_version: None, review, called, at }
}

fn concluded(outcome: ReviewOutcome) -> AgreementEvent {
    let told = conclusion(outcome);
    PlacementReviewConcluded {
        agreement: agreement_id(),
        award: common::award(1),
        council: id(DURHAM),
        framework: told.framework,
        suspension: told.suspension,
        outcome,
        reason: told.reason,
        post: told.post,
        reviewed_on: told.reviewed_on,
        at: told_at(),
    }
    .into()
}

#[test]
fn a_review_is_concluded_and_its_last_conclusion_holds() {
    use ReviewOutcome::{Moves, Stays};
    let region = region(vec![suspend(SuspensionScope::provider())]);
    let later: Timestamp = "2026-06-10T10:00:00Z".parse().unwrap();
    let _ = given::<Agreements>(placed())
        .when(conclude(conclusion(Stays), told_at()))
        .then([concluded(Stays)])
        .then_state(|state| {
            let agreement = &state.agreements[&agreement_id()];
            assert!(agreement.ended.is_none(), "nothing ends by itself");
            let called = region.called_reviews(id(DURHAM), None);
            let states: Vec<_> = reviews(&called, agreement, TODAY).map(|it| it.state).collect();
            assert_eq!(states, [ReviewState::Concluded]);
        })
        .when(conclude(conclusion(Stays), later))
        .then([])
        .when(conclude(conclusion(Moves), told_at()))
        .then([concluded(Moves)])
        .then_state(|state| {
            let held = &state.agreements[&agreement_id()].reviews;
            assert_eq!(held.iter().map(|it| it.outcome).collect::<Vec<_>>(), [Moves]);
        });
}

#[test]
fn a_conclusion_is_refused_where_nothing_was_called_for_or_the_day_is_wrong() {
    let refused = |alter: &dyn Fn(&mut ConcludeReview), reason: &str| -> AgreementRejection {
        let mut review = conclusion(ReviewOutcome::Stays);
        alter(&mut review);
        given::<Agreements>(placed()).when(conclude(review, told_at())).then_refused(reason)
    };
    let uncalled = refused(&|it| it.suspension = 2, "REVIEW_NOT_CALLED");
    assert_eq!(
        (uncalled.kind(), uncalled.violations()[0].field.as_str()),
        (RefusalKind::NotFound, "suspension")
    );
    refused(&|it| it.framework = id("d2n2"), "REVIEW_NOT_CALLED");
    for day in [date(2026, 4, 30), date(2026, 6, 11)] {
        let wrong = refused(&|it| it.reviewed_on = day, "REVIEW_DATE_INVALID");
        assert_eq!(
            (wrong.kind(), wrong.violations()[0].field.as_str()),
            (RefusalKind::Precondition, "reviewed_on")
        );
    }
    for day in [date(2026, 5, 1), TODAY] {
        let mut review = conclusion(ReviewOutcome::Stays);
        review.reviewed_on = day;
        given::<Agreements>(placed())
            .when(conclude(review, told_at()))
            .then_events(|events| assert_eq!(events.len(), 1));
    }
    let unknown = given::<Agreements>([]).when(conclude(conclusion(ReviewOutcome::Stays), told_at()));
    unknown.then_refused("AGREEMENT_UNKNOWN");
}
