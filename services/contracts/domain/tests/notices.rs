//! Notice that a placement is to end: who gives it, for how long, what a council does before, and what a withdrawn one leaves.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use care::published::{
    EndingSteps, NoticeBy, PlacementNoticeGiven, PlacementNoticeWithdrawn, PlacementStarted,
};
use care::spec::{Given, given};
use care::{AgreementId, Date, Domain, Refusal, Timestamp};
use common::{DURHAM, award, award_events, claim, facts, fold, id, proposal, start};
use contracts_domain::Agreements;
use contracts_domain::agreements::{
    AgreementCommand, AgreementEvent, GiveNotice, NOTICE_DAYS, NoticeGiver, NoticeStep, PlacementStep,
    ShortNotice,
};
use jiff::civil::date;
use jiff::{Span, ToSpan};
use proptest::prelude::{Just, Strategy, any, prop, proptest};
use proptest::{prop_assert, prop_assert_eq};

fn agreement_id() -> AgreementId {
    AgreementId::for_request("award", &award(1).to_string())
}

/// A Wednesday, two days after the arrival.
fn told() -> Timestamp {
    "2026-05-06T09:00:00Z".parse().unwrap()
}

fn today() -> Date {
    date(2026, 5, 6)
}

fn awarded() -> Vec<AgreementEvent> {
    award_events(proposal(1, DURHAM), claim(1, DURHAM), &facts())
}

fn placed() -> Vec<AgreementEvent> {
    let mut events = awarded();
    let started = PlacementStarted {
        correction: None,
        agreement: agreement_id(),
        award: award(1),
        council: id(DURHAM),
        place: id("SC000001-01"),
        on: start(),
        at: told(),
    };
    events.push(started.into());
    events
}

fn lives_there() -> Given<Agreements> {
    given::<Agreements>(placed())
}

fn done() -> EndingSteps {
    EndingSteps {
        reviewed_on: Some(date(2026, 5, 4)),
        iro_told_on: Some(date(2026, 5, 5)),
        alternative_arranged_on: Some(date(2026, 5, 5)),
        written_notice_on: Some(today()),
    }
}

fn notice() -> GiveNotice {
    GiveNotice {
        given_on: today(),
        last_day: None,
        reason: "NEEDS".to_owned(),
        short: None,
        steps: EndingSteps::default(),
    }
}

fn by(by: NoticeGiver, step: NoticeStep) -> AgreementCommand {
    let agreement = agreement_id();
    AgreementCommand::Notice { agreement, by, expected_version: None, step, at: told() }
}

fn provider() -> NoticeGiver {
    NoticeGiver::Provider(id("P1"))
}

fn gives(giver: NoticeGiver, notice: GiveNotice) -> AgreementCommand {
    by(giver, NoticeStep::Give(notice))
}

fn withdraws(giver: NoticeGiver, notice: u32) -> AgreementCommand {
    by(giver, NoticeStep::Withdraw { notice })
}

fn given_by_provider(number: u32) -> PlacementNoticeGiven {
    PlacementNoticeGiven {
        agreement: agreement_id(),
        award: award(1),
        council: id(DURHAM),
        place: id("SC000001-01"),
        notice: number,
        by: NoticeBy::Provider,
        reason: "NEEDS".to_owned(),
        given_on: today(),
        last_day: date(2026, 6, 3),
        short: None,
        agreed_on: None,
        steps: None,
        at: told(),
    }
}

fn withdrawn(number: u32) -> AgreementEvent {
    let (agreement, award, council) = (agreement_id(), award(1), id(DURHAM));
    PlacementNoticeWithdrawn { agreement, award, council, notice: number, at: told() }.into()
}

fn short(why: &str, agreed_on: Option<Date>) -> Option<ShortNotice> {
    Some(ShortNotice { why: why.to_owned(), agreed_on })
}

fn fields(rejection: &impl Refusal) -> Vec<String> {
    rejection.violations().into_iter().map(|violation| violation.field).collect()
}

#[test]
fn a_provider_gives_28_days_and_may_give_more() {
    assert_eq!(NOTICE_DAYS, 28);
    lives_there()
        .when(gives(provider(), notice()))
        .then([given_by_provider(1).into()])
        .then_state(|state| {
            let agreement = &state.agreements[&agreement_id()];
            assert_eq!(agreement.standing_notice().unwrap().given.last_day, date(2026, 6, 3));
            assert_eq!(agreement.version, 3);
        })
        .when(gives(provider(), GiveNotice { last_day: Some(date(2026, 7, 1)), ..notice() }))
        .then_refused("NOTICE_STANDS");
    let longer = GiveNotice { last_day: Some(date(2026, 8, 5)), ..notice() };
    lives_there().when(gives(provider(), longer)).then_events(|events| {
        let [AgreementEvent::PlacementNoticeGiven(given)] = events else { panic!("{events:?}") };
        assert_eq!(given.last_day, date(2026, 8, 5));
    });
}

#[test]
fn fewer_days_need_a_reason() {
    let on = |last_day: Date| GiveNotice { last_day: Some(last_day), ..notice() };
    let day_27 = on(date(2026, 6, 2));
    let refused = lives_there().when(gives(provider(), day_27.clone())).then_refused("NOTICE_TOO_SHORT");
    assert_eq!(fields(&refused), ["last_day"]);
    assert!(refused.to_string().contains("2026-06-03"), "{refused}");
    lives_there()
        .when(gives(provider(), GiveNotice { short: short("AGREED", Some(today())), ..day_27.clone() }))
        .then_events(|events| assert_eq!(events.len(), 1));
    let at_once = GiveNotice { short: short("IMMEDIATE_RISK", None), ..on(today()) };
    lives_there().when(gives(provider(), at_once.clone())).then_events(|events| assert_eq!(events.len(), 1));
    for (wrong, field) in [
        // An agreement has a day, and only an agreement has.
        (GiveNotice { short: short("AGREED", None), ..day_27.clone() }, "short_notice.agreed_on"),
        (
            GiveNotice { short: short("IMMEDIATE_RISK", Some(today())), ..at_once.clone() },
            "short_notice.agreed_on",
        ),
        (GiveNotice { short: short("AGREED", Some(date(2026, 5, 7))), ..day_27 }, "short_notice.agreed_on"),
        (GiveNotice { short: short("IMMEDIATE_RISK", None), ..notice() }, "short_notice"),
        (GiveNotice { given_on: date(2026, 5, 7), ..notice() }, "given_on"),
        (GiveNotice { given_on: date(2026, 5, 3), ..notice() }, "given_on"),
        (GiveNotice { last_day: Some(date(2026, 5, 5)), ..at_once }, "last_day"),
        (on(date(2027, 5, 8)), "last_day"),
        (GiveNotice { steps: done(), ..notice() }, "steps"),
    ] {
        let refused = lives_there().when(gives(provider(), wrong)).then_refused("FIELD_INVALID");
        assert_eq!(fields(&refused), [field]);
    }
}

fn notice_given(events: &[AgreementEvent]) -> &PlacementNoticeGiven {
    let [AgreementEvent::PlacementNoticeGiven(given)] = events else { panic!("{events:?}") };
    given
}

/// Regulation 14 asks for them before the end, not before the notice of it.
#[test]
fn a_council_gives_notice_first_and_records_what_regulation_14_asks_for_as_it_is_done() {
    let council = |steps: EndingSteps| gives(NoticeGiver::Council, GiveNotice { steps, ..notice() });
    let reviewed = EndingSteps { reviewed_on: Some(date(2026, 5, 5)), ..EndingSteps::default() };
    let rest = EndingSteps { reviewed_on: None, ..done() };
    let all = EndingSteps { reviewed_on: reviewed.reviewed_on, ..done() };
    lives_there()
        .when(council(EndingSteps::default()))
        .then_events(|events| assert!(notice_given(events).steps_outstanding()))
        .when(council(reviewed.clone()))
        .then_events(|events| {
            let given = notice_given(events);
            assert_eq!((given.notice, given.steps.as_ref()), (1, Some(&reviewed)));
            assert!(given.steps_outstanding());
        })
        // What is not told again stays.
        .when(council(rest.clone()))
        .then_events(|events| {
            let given = notice_given(events);
            assert_eq!((given.steps.as_ref(), given.steps_outstanding()), (Some(&all), false));
        })
        .then_state(|state| {
            let notices = &state.agreements[&agreement_id()].notices;
            assert_eq!((notices.len(), notices[0].given.steps.as_ref()), (1, Some(&all)));
        })
        .when(council(rest))
        .then_nothing()
        // Another notice is no repeat.
        .when(gives(NoticeGiver::Council, GiveNotice { reason: "PRICE".to_owned(), ..notice() }))
        .then_refused("NOTICE_STANDS");
    for (steps, repeat) in [
        (EndingSteps { written_notice_on: Some(date(2026, 5, 7)), ..done() }, false),
        (EndingSteps { written_notice_on: Some(date(2026, 5, 7)), ..done() }, true),
        // Before the child came.
        (EndingSteps { written_notice_on: Some(date(2026, 5, 3)), ..done() }, false),
        (EndingSteps { written_notice_on: Some(date(2026, 5, 3)), ..done() }, true),
    ] {
        let before = lives_there();
        let before = if repeat {
            before.when(council(EndingSteps::default())).then_events(|events| assert_eq!(events.len(), 1))
        } else {
            before
        };
        let refused = before.when(council(steps)).then_refused("FIELD_INVALID");
        assert_eq!(fields(&refused), ["steps.written_notice_on"]);
    }
    // Weeks later, when the days of grace are over, and with the day of departure known.
    let later = |command: AgreementCommand| match command {
        AgreementCommand::Notice { agreement, by, expected_version, step, .. } => {
            let at = "2026-06-02T09:00:00Z".parse().unwrap();
            AgreementCommand::Notice { agreement, by, expected_version, step, at }
        }
        other => other,
    };
    lives_there()
        .when(council(EndingSteps::default()))
        .then_events(|events| assert_eq!(events.len(), 1))
        .when(end(date(2026, 6, 3), None))
        .then_events(|events| assert_eq!(events.len(), 1))
        .when(later(council(done())))
        .then_events(|events| assert!(!notice_given(events).steps_outstanding()));
}

#[test]
fn at_immediate_risk_the_end_is_at_once_and_the_review_is_not_asked_for() {
    let at_once = |last_day: Date, steps: EndingSteps| {
        let short = short("IMMEDIATE_RISK", None);
        gives(NoticeGiver::Council, GiveNotice { last_day: Some(last_day), short, steps, ..notice() })
    };
    let told_nobody = EndingSteps { iro_told_on: None, ..done() };
    lives_there()
        .when(at_once(today(), told_nobody))
        .then_events(|events| assert!(notice_given(events).steps_outstanding()));
    let unreviewed = EndingSteps { reviewed_on: None, ..done() };
    lives_there()
        .when(at_once(date(2026, 5, 8), unreviewed.clone()))
        .then_events(|events| assert!(!notice_given(events).steps_outstanding()));
    // Of a notice that runs for longer it is.
    lives_there()
        .when(gives(NoticeGiver::Council, GiveNotice { steps: unreviewed, ..notice() }))
        .then_events(|events| assert!(notice_given(events).steps_outstanding()));
    // A risk that can wait for three days is not immediate, whoever says so.
    for giver in [NoticeGiver::Council, provider()] {
        let (last_day, short) = (Some(date(2026, 5, 9)), short("IMMEDIATE_RISK", None));
        let waits = GiveNotice { last_day, short, ..notice() };
        let refused = lives_there().when(gives(giver, waits)).then_refused("FIELD_INVALID");
        assert_eq!(fields(&refused), ["last_day"]);
    }
}

/// Else who tells late would take from the other side the days that it has.
#[test]
fn a_notice_that_is_told_late_counts_from_three_days_before() {
    let told_on = |on: &str, notice: GiveNotice| AgreementCommand::Notice {
        agreement: agreement_id(),
        by: provider(),
        expected_version: None,
        step: NoticeStep::Give(notice),
        at: format!("{on}T09:00:00Z").parse().unwrap(),
    };
    for (on, last_day) in [
        ("2026-05-06", date(2026, 6, 3)),
        ("2026-05-09", date(2026, 6, 3)),
        ("2026-05-10", date(2026, 6, 4)),
        ("2026-06-03", date(2026, 6, 28)),
    ] {
        lives_there()
            .when(told_on(on, notice()))
            .then_events(|events| assert_eq!(notice_given(events).last_day, last_day, "{on}"));
    }
    let backdated = GiveNotice { last_day: Some(date(2026, 6, 3)), ..notice() };
    lives_there().when(told_on("2026-06-03", backdated)).then_refused("NOTICE_TOO_SHORT");
    // Nor was anything agreed before there was a placement.
    let (last_day, short) = (Some(date(2026, 5, 20)), short("AGREED", Some(date(2026, 5, 3))));
    let agreed = GiveNotice { last_day, short, ..notice() };
    let refused = lives_there().when(gives(provider(), agreed)).then_refused("FIELD_INVALID");
    assert_eq!(fields(&refused), ["short_notice.agreed_on"]);
}

#[test]
fn each_side_gives_its_own_notice_and_the_one_that_runs_out_first_counts() {
    let longer = GiveNotice { last_day: Some(date(2026, 7, 1)), ..notice() };
    let both = || {
        lives_there()
            .when(gives(provider(), longer.clone()))
            .then_events(|events| assert_eq!(notice_given(events).notice, 1))
            .when(gives(NoticeGiver::Council, GiveNotice { steps: done(), ..notice() }))
            .then_events(|events| assert_eq!(notice_given(events).notice, 2))
    };
    let last_day = |state: &Agreements| {
        state.agreements[&agreement_id()].standing_notice().map(|notice| notice.given.last_day)
    };
    both()
        .then_state(|state| assert_eq!(last_day(state), Some(date(2026, 6, 3))))
        .when(withdraws(NoticeGiver::Council, 2))
        .then([withdrawn(2)])
        .then_state(|state| assert_eq!(last_day(state), Some(date(2026, 7, 1))));
    let other = GiveNotice { last_day: Some(date(2026, 7, 2)), ..notice() };
    both().when(gives(provider(), other)).then_refused("NOTICE_STANDS");
    both().when(end(date(2026, 6, 3), None)).then_events(|events| {
        let [AgreementEvent::PlacementEnded(ended)] = events else { panic!("{events:?}") };
        assert_eq!(ended.notice_last_day, Some(date(2026, 6, 3)));
    });
    // An end that lies ahead may yet be put right; one that is past is past.
    let ahead =
        || lives_there().when(end(date(2026, 5, 7), None)).then_events(|events| assert_eq!(events.len(), 1));
    ahead().when(gives(provider(), notice())).then([given_by_provider(1).into()]);
}

#[test]
fn who_gave_it_takes_it_back_and_another_can_follow() {
    let stands = || given::<Agreements>(placed()).and([given_by_provider(1).into()]);
    stands().when(withdraws(NoticeGiver::Council, 1)).then_refused("NOTICE_NOT_YOURS");
    stands().when(withdraws(provider(), 2)).then_refused("NOTICE_UNKNOWN");
    stands()
        .when(withdraws(provider(), 1))
        .then([withdrawn(1)])
        .then_state(|state| assert!(state.agreements[&agreement_id()].standing_notice().is_none()))
        .when(withdraws(provider(), 1))
        .then_nothing()
        .when(gives(provider(), notice()))
        .then([given_by_provider(2).into()]);
}

#[test]
fn notice_is_of_a_placement_that_goes_on_and_of_ones_own() {
    given::<Agreements>(awarded()).when(gives(provider(), notice())).then_refused("PLACEMENT_NOT_STARTED");
    let other = NoticeGiver::Provider(id("P2"));
    lives_there().when(gives(other.clone(), notice())).then_refused("AGREEMENT_UNKNOWN");
    lives_there().when(withdraws(other, 1)).then_refused("AGREEMENT_UNKNOWN");
    let left = end(date(2026, 5, 6), None);
    let over = || lives_there().when(left.clone()).then_events(|events| assert_eq!(events.len(), 1));
    over().when(gives(provider(), notice())).then_refused("AGREEMENT_ENDED");
    let stale = AgreementCommand::Notice {
        agreement: agreement_id(),
        by: provider(),
        expected_version: Some(1),
        step: NoticeStep::Give(notice()),
        at: told(),
    };
    lives_there().when(stale).then_refused("ETAG_MISMATCH");
}

#[test]
fn so_many_notices_and_no_more() {
    let mut events = placed();
    for number in 1..=20 {
        events.extend([given_by_provider(number).into(), withdrawn(number)]);
    }
    given::<Agreements>(events).when(gives(provider(), notice())).then_refused("LIMIT_REACHED");
}

fn end(on: Date, ending: Option<&str>) -> AgreementCommand {
    let (reason, ending) = ("CREQB".to_owned(), ending.map(str::to_owned));
    let step = PlacementStep::End { on, reason, ending };
    AgreementCommand::Placement { agreement: agreement_id(), expected_version: None, step, at: told() }
}

#[test]
fn a_child_who_leaves_early_has_left_and_the_event_says_what_notice_stood() {
    for (on, early) in [(date(2026, 6, 2), true), (date(2026, 6, 3), false), (date(2026, 6, 9), false)] {
        given::<Agreements>(placed())
            .and([given_by_provider(1).into()])
            .when(end(on, Some("DISRUPTION")))
            .then_events(|events| {
                let [AgreementEvent::PlacementEnded(ended)] = events else { panic!("{events:?}") };
                assert_eq!(ended.ending.as_deref(), Some("DISRUPTION"));
                assert_eq!(ended.notice_last_day, Some(date(2026, 6, 3)));
            })
            .then_state(|state| {
                let end = state.agreements[&agreement_id()].ended.clone().unwrap();
                assert_eq!(end.early(), early, "{on}");
            });
    }
    // A withdrawn notice has no last day.
    given::<Agreements>(placed())
        .and([given_by_provider(1).into(), withdrawn(1)])
        .when(end(date(2026, 5, 6), None))
        .then_events(|events| {
            let [AgreementEvent::PlacementEnded(ended)] = events else { panic!("{events:?}") };
            assert_eq!((&ended.ending, ended.notice_last_day), (&None, None));
        });
}

#[test]
fn how_it_ended_can_be_put_right() {
    let correct = |ending: Option<&str>| {
        let (ending, reason) = (ending.map(str::to_owned), "CREQB".to_owned());
        let correction = "it was planned".to_owned();
        let step = PlacementStep::CorrectEnd { on: date(2026, 5, 6), reason, ending, correction };
        AgreementCommand::Placement { agreement: agreement_id(), expected_version: None, step, at: told() }
    };
    lives_there()
        .when(end(date(2026, 5, 6), Some("DISRUPTION")))
        .then_events(|events| assert_eq!(events.len(), 1))
        .when(correct(Some("DISRUPTION")))
        .then_nothing()
        // What is not told anew stays as it was.
        .when(correct(None))
        .then_nothing()
        .when(correct(Some("PLANNED")))
        .then_events(|events| assert_eq!(events.len(), 1))
        .then_state(|state| {
            let end = state.agreements[&agreement_id()].ended.clone().unwrap();
            assert_eq!(end.ending.as_deref(), Some("PLANNED"));
        });
}

fn notices() -> impl Strategy<Value = (NoticeGiver, GiveNotice)> {
    let whys = [None, short("AGREED", Some(today())), short("IMMEDIATE_RISK", None)];
    let giver = prop::sample::select(vec![provider(), NoticeGiver::Council]);
    let steps = prop::sample::select(vec![EndingSteps::default(), done()]);
    let last_day = prop::option::of((0_i64..60).prop_map(|days| today().saturating_add(days.days())));
    (giver, prop::sample::select(whys.to_vec()), steps, last_day, any::<bool>()).prop_map(
        |(giver, short, steps, last_day, back)| {
            let given_on = if back { start() } else { today() };
            (giver, GiveNotice { given_on, last_day, short, steps, ..notice() })
        },
    )
}

proptest! {
    /// But for the list of notices and the version, which counts what happened, nothing says that it ever was.
    #[test]
    fn a_withdrawn_notice_changes_nothing_else((giver, notice) in notices(), left in Just(date(2026, 5, 20))) {
        let before = fold::<Agreements>(&placed());
        let mut state = before.clone();
        for command in [gives(giver.clone(), notice), withdraws(giver, 1)] {
            for event in Agreements::decide(&state, &command).unwrap_or_default() {
                Agreements::evolve(&mut state, &event);
            }
        }
        let mut without = state.clone();
        let agreement = without.agreements.get_mut(&agreement_id()).unwrap();
        agreement.version -= 2 * u32::try_from(agreement.notices.len()).unwrap();
        agreement.notices.clear();
        prop_assert_eq!(&without, &before);
        // And what follows is decided alike.
        let end = end(left, None);
        prop_assert_eq!(Agreements::decide(&state, &end), Agreements::decide(&before, &end));
    }

    /// Whatever is asked, a notice that is taken runs forward, for 28 days unless it says why, and a council's has its steps.
    #[test]
    fn every_notice_that_is_taken_is_long_enough_or_says_why((giver, notice) in notices()) {
        let state = fold::<Agreements>(&placed());
        for event in Agreements::decide(&state, &gives(giver, notice)).unwrap_or_default() {
            let AgreementEvent::PlacementNoticeGiven(given) = event else { panic!("{event:?}") };
            let earliest = given.given_on.saturating_add(Span::new().days(28));
            prop_assert!(given.last_day >= given.given_on);
            prop_assert_eq!(given.last_day < earliest, given.short.is_some());
            prop_assert_eq!(given.by == NoticeBy::Council, given.steps.is_some());
            let days = care::Nights::from_on(given.given_on, Some(given.last_day)).count();
            prop_assert!(given.short.as_deref() != Some("IMMEDIATE_RISK") || days <= 2);
        }
    }
}
