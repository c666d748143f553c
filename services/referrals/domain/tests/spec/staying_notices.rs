//! Given/when/then for notices of a placement's end, and the deadlines that follow from them.

use crate::staying::{Home, due, ending_by, first, follows, instant, left, linked, state, two};
use crate::support::{at, award, council, day, referral};
use care::published::NoticeBy;
use care::spec::given;
use referrals_domain::{
    Ending, PlacementNoticeNoted, RecordDeparture, RecordNotice, RecordStatutoryStep, ReferralEvent,
    Referrals, StandingNotice, State, StatutoryStep,
};

fn notice(last_day: &str, steps_outstanding: bool) -> StandingNotice {
    let (by, given_on) = (NoticeBy::Council, day("2026-05-20"));
    StandingNotice { number: 1, by, given_on, last_day: day(last_day), steps_outstanding }
}

fn note(notice: Option<StandingNotice>) -> RecordNotice {
    RecordNotice { award: award(1), number: 1, notice, at: at(8) }
}

fn noted(notice: Option<StandingNotice>) -> ReferralEvent {
    let (council, award, referral) = (council(), award(1), referral(1));
    let withdrawn = notice.is_none().then_some(1);
    PlacementNoticeNoted { council, award, referral, notice, withdrawn, at: at(8) }.into()
}

#[test]
fn a_notice_runs_to_its_last_day_until_a_departure_is_known_or_it_is_withdrawn() {
    let runs = notice("2026-06-17", false);
    first()
        .when(note(Some(runs.clone())))
        .then([noted(Some(runs.clone()))])
        .when(note(Some(runs.clone())))
        .then_nothing()
        .when(note(None))
        .then([noted(None)])
        .when(note(None))
        .then_nothing();
    // Of an award that nobody made nothing is noted.
    given::<Referrals>([]).when(note(Some(runs.clone()))).then_nothing();
    let mut events = Home::of(1, "2026-05-01").events();
    events.push(noted(Some(runs)));
    let last = vec![("NOTICE_LAST_DAY", referral(1), award(1), "2026-06-17T23:00:00Z".to_owned())];
    assert_eq!(due(&events, "2026-05-21T12:00:00Z"), last);
    assert_eq!(due(&events, "2026-06-20T12:00:00Z"), last, "and is overdue then");
    let id = state(&events).deadlines(at(9)).into_iter().find(|it| it.id.kind.as_str() == "NOTICE_LAST_DAY");
    let id = id.unwrap().id;
    let with = |event: ReferralEvent| {
        let mut events = events.clone();
        events.push(event);
        (due(&events, "2026-05-21T12:00:00Z").len(), state(&events).ending(&id, at(9)))
    };
    assert_eq!(with(noted(None)), (0, Ending::Ceased));
    assert_eq!(with(left(1, day("2026-06-17"))), (0, Ending::Met));
}

/// Regulation 14: at immediate risk the child leaves first.
#[test]
fn what_is_outstanding_when_a_placement_ends_at_once_is_due_ten_working_days_after() {
    let mut events = Home::of(1, "2026-05-01").events();
    events.push(noted(Some(notice("2026-05-20", true))));
    let kinds = |events: &[ReferralEvent]| {
        due(events, "2026-05-20T12:00:00Z").iter().map(|it| it.0).collect::<Vec<_>>()
    };
    assert_eq!(kinds(&events), ["NOTICE_LAST_DAY", "ENDING_STEPS"]);
    // Wednesday 20 May; Monday 25 May is a bank holiday.
    events.push(left(1, day("2026-05-20")));
    let outstanding = vec![("OUTSTANDING_NOTICES", referral(1), award(1), "2026-06-04T23:00:00Z".to_owned())];
    assert_eq!(due(&events, "2026-06-10T12:00:00Z"), outstanding);
    let done = RecordStatutoryStep {
        award: award(1),
        step: StatutoryStep::OutstandingNotices,
        on: day("2026-06-05"),
        post: "post-0417".to_owned(),
        role: "TEAM_MANAGER".to_owned(),
        at: instant("2026-06-11T12:00:00Z"),
    };
    let state = given::<Referrals>(events)
        .when(done)
        .then_events(|events| {
            let [ReferralEvent::StatutoryStepRecorded(recorded)] = events else { panic!("{events:?}") };
            assert!(recorded.late);
        })
        .into_state();
    assert_eq!(state.deadlines(instant("2026-06-11T12:00:00Z")), []);
    // Where everything was done before, nothing is outstanding after.
    let mut events = Home::of(1, "2026-05-01").events();
    events.extend([noted(Some(notice("2026-06-17", false))), left(1, day("2026-06-01"))]);
    assert_eq!(due(&events, "2026-06-10T12:00:00Z"), []);
}

/// Before the end, not before the notice of it.
#[test]
fn what_regulation_14_asks_for_is_due_by_the_last_day_of_the_councils_notice() {
    let mut events = Home::of(1, "2026-05-01").events();
    events.push(noted(Some(notice("2026-06-17", true))));
    let steps = |events: &[ReferralEvent]| {
        let mut found = due(events, "2026-05-21T12:00:00Z");
        found.retain(|it| it.0 == "ENDING_STEPS");
        found
    };
    let outstanding = vec![("ENDING_STEPS", referral(1), award(1), "2026-06-17T23:00:00Z".to_owned())];
    assert_eq!(steps(&events), outstanding);
    let id = state(&events).deadlines(at(9)).into_iter().find(|it| it.id.kind.as_str() == "ENDING_STEPS");
    let id = id.unwrap().id;
    let with = |event: ReferralEvent| {
        let mut events = events.clone();
        events.push(event);
        (steps(&events).len(), state(&events).ending(&id, at(9)))
    };
    assert_eq!(with(noted(Some(notice("2026-06-17", false)))), (0, Ending::Met));
    assert_eq!(with(noted(None)), (0, Ending::Ceased));
    // Then the ten working days after the end run.
    assert_eq!(with(left(1, day("2026-06-17"))), (0, Ending::Ceased));
    events.push(left(1, day("2026-06-17")));
    assert_eq!(due(&events, "2026-06-18T12:00:00Z")[0].0, "OUTSTANDING_NOTICES");
}

/// Regulation 14 is about the end, whether there was notice of it or not.
#[test]
fn an_end_by_the_council_without_notice_asks_for_what_is_outstanding() {
    let leaves = |reason: &str, ending: Option<&str>| RecordDeparture {
        award: award(1),
        on: day("2026-05-20"),
        reason: reason.to_owned(),
        ending: ending.map(str::to_owned),
        at: at(8),
    };
    let asked = |before: Vec<ReferralEvent>, departure: RecordDeparture| {
        let mut all = before.clone();
        given::<Referrals>(before).when(departure).then_events(|events| all.extend(events.iter().cloned()));
        due(&all, "2026-06-10T12:00:00Z").iter().filter(|it| it.0 == "OUTSTANDING_NOTICES").count() == 1
    };
    let home = || Home::of(1, "2026-05-01").events();
    for reason in ["ALLEG", "APPRR", "CARPL", "CHILD", "LAREQ", "OTHER", "STAND"] {
        for ending in [Some("PLANNED"), Some("DISRUPTION"), Some("OTHER"), None] {
            assert!(asked(home(), leaves(reason, ending)), "{reason} {ending:?}");
        }
        for left_care in [
            "RETURNED_HOME",
            "PERMANENCE",
            "STAYED_PUT",
            "INDEPENDENCE",
            "ADULT_CARE",
            "TRANSFERRED",
            "CUSTODY",
        ] {
            assert!(!asked(home(), leaves(reason, Some(left_care))), "{reason} {left_care}");
        }
    }
    for theirs in ["CREQB", "CREQO", "CLOSE", "CUSTOD", "PLACE"] {
        assert!(!asked(home(), leaves(theirs, Some("PLANNED"))), "{theirs}");
    }
    let council = || leaves("LAREQ", Some("PLANNED"));
    let after = |notice: StandingNotice| [home(), vec![noted(Some(notice))]].concat();
    assert!(asked(after(notice("2026-06-17", true)), council()), "with steps outstanding");
    assert!(!asked(after(notice("2026-06-17", false)), council()), "all steps were taken");
    let theirs = StandingNotice { by: NoticeBy::Provider, ..notice("2026-06-17", false) };
    assert!(!asked(after(theirs), council()), "the provider ended it");
    // A time away comes to its end; once the link is taken back, it was a home.
    let mut away = two();
    away.extend([linked(1, Some(follows("RESPITE", Some("T4"), 2)))]);
    assert!(!asked(away.clone(), council()));
    away.extend([left(1, day("2026-05-20")), ending_by(1, Some("PLANNED"), true), linked(1, None)]);
    assert_eq!(due(&away, "2026-06-10T12:00:00Z")[0].0, "OUTSTANDING_NOTICES");
    // A reason put right is news.
    given::<Referrals>(home())
        .when(leaves("LAREQ", None))
        .then([left(1, day("2026-05-20")), ending_by(1, None, true)])
        .when(leaves("CREQB", None))
        .then([ending_by(1, None, false)])
        .then_state(|state| assert_eq!(state.deadlines(instant("2026-06-10T12:00:00Z")), []));
}

#[test]
fn of_two_notices_the_one_that_runs_out_first_is_the_deadline() {
    let provider = StandingNotice { number: 2, by: NoticeBy::Provider, ..notice("2026-06-10", false) };
    let note = |number: u32, notice: Option<StandingNotice>| RecordNotice { number, ..note(notice) };
    let last_day = |state: &State| state.staying.notice(award(1)).map(|it| it.last_day.to_string());
    let both = || {
        first()
            .when(note(1, Some(notice("2026-06-17", true))))
            .then_events(|events| assert_eq!(events.len(), 1))
            .when(note(2, Some(provider.clone())))
            .then_events(|events| assert_eq!(events.len(), 1))
            .then_state(|state| assert_eq!(last_day(state).as_deref(), Some("2026-06-10")))
    };
    // The steps are the council's, whose notice runs longer.
    both().then_state(|state| {
        let kinds = state.deadlines(at(9)).iter().filter(|it| it.id.kind.as_str() == "ENDING_STEPS").count();
        assert_eq!(kinds, 1);
    });
    both()
        .when(note(2, None))
        .then_events(|events| assert_eq!(events.len(), 1))
        .then_state(|state| assert_eq!(last_day(state).as_deref(), Some("2026-06-17")))
        .when(note(2, None))
        .then_nothing()
        .when(note(1, None))
        .then_events(|events| assert_eq!(events.len(), 1))
        .then_state(|state| assert!(state.staying.notices.is_empty()));
}

/// A log from when one notice could stand does not say which was withdrawn.
#[test]
fn a_withdrawal_without_a_number_is_of_the_one_that_stood() {
    let ReferralEvent::PlacementNoticeNoted(mut old) = noted(None) else { panic!("no notice") };
    old.withdrawn = None;
    let mut events = Home::of(1, "2026-05-01").events();
    events.extend([noted(Some(notice("2026-06-17", false))), old.into()]);
    assert!(state(&events).staying.notices.is_empty());
}
