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
        .when(gives(NoticeGiver::Council, GiveNotice { steps: done(), ..notice() }))
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

#[test]
fn a_council_ends_a_placement_only_after_what_regulation_14_asks_for() {
    let told_nobody = GiveNotice { steps: EndingSteps { iro_told_on: None, ..done() }, ..notice() };
    let refused = lives_there()
        .when(gives(NoticeGiver::Council, told_nobody.clone()))
        .then_refused("ENDING_STEPS_MISSING");
    assert_eq!(fields(&refused), ["steps.iro_told_on"]);
    let ahead = EndingSteps { written_notice_on: Some(date(2026, 5, 7)), ..done() };
    let refused = lives_there()
        .when(gives(NoticeGiver::Council, GiveNotice { steps: ahead, ..notice() }))
        .then_refused("FIELD_INVALID");
    assert_eq!(fields(&refused), ["steps.written_notice_on"]);
    lives_there().when(gives(NoticeGiver::Council, GiveNotice { steps: done(), ..notice() })).then_events(
        |events| {
            let [AgreementEvent::PlacementNoticeGiven(given)] = events else { panic!("{events:?}") };
            assert_eq!((given.by, given.steps.clone()), (NoticeBy::Council, Some(done())));
            assert!(!given.steps_outstanding());
        },
    );
    // At immediate risk the child leaves first, and what is outstanding is known.
    let (last_day, short) = (Some(today()), short("IMMEDIATE_RISK", None));
    lives_there()
        .when(gives(
            NoticeGiver::Council,
            GiveNotice { last_day, short: short.clone(), ..told_nobody.clone() },
        ))
        .then_events(|events| {
            let [AgreementEvent::PlacementNoticeGiven(given)] = events else { panic!("{events:?}") };
            assert!(given.steps_outstanding());
        });
    // But for the review, which is not asked for then.
    let unreviewed = GiveNotice { steps: EndingSteps { reviewed_on: None, ..done() }, ..notice() };
    lives_there()
        .when(gives(
            NoticeGiver::Council,
            GiveNotice { last_day, short: short.clone(), ..unreviewed.clone() },
        ))
        .then_events(|events| {
            let [AgreementEvent::PlacementNoticeGiven(given)] = events else { panic!("{events:?}") };
            assert!(!given.steps_outstanding());
        });
    lives_there().when(gives(NoticeGiver::Council, unreviewed)).then_refused("ENDING_STEPS_MISSING");
    // An agreement on fewer days is no such exception.
    let agreed = Some(ShortNotice { why: "AGREED".to_owned(), agreed_on: Some(today()) });
    lives_there()
        .when(gives(NoticeGiver::Council, GiveNotice { last_day, short: agreed, ..told_nobody }))
        .then_refused("ENDING_STEPS_MISSING");
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

    /// Whatever is asked, a notice that is taken runs forward, for 28 days unless it says why, and a council's has its steps or a reason.
    #[test]
    fn every_notice_that_is_taken_is_long_enough_or_says_why((giver, notice) in notices()) {
        let state = fold::<Agreements>(&placed());
        for event in Agreements::decide(&state, &gives(giver, notice)).unwrap_or_default() {
            let AgreementEvent::PlacementNoticeGiven(given) = event else { panic!("{event:?}") };
            let earliest = given.given_on.saturating_add(Span::new().days(28));
            prop_assert!(given.last_day >= given.given_on);
            prop_assert_eq!(given.last_day < earliest, given.short.is_some());
            prop_assert_eq!(given.by == NoticeBy::Council, given.steps.is_some());
            prop_assert!(!given.steps_outstanding() || given.short.as_deref() == Some("IMMEDIATE_RISK"));
        }
    }
}
