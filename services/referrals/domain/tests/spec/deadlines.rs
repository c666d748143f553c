//! The clocks: what starts each, when it is due, and what stops it.

use crate::support::{
    agreement, approval, at, award, cascade, council, day, decided, emergency, framework, offered, propose,
    provider, referral, released, requirements, submit, terms,
};
use care::spec::given;
use care::{Domain, Event, Timestamp};
use referrals_domain::{
    AwardFailed, AwardLapsed, CascadePolicy, CascadePolicySet, ChildArrived, ClockPolicy, ConfirmAward,
    Deadline, DeadlineId, DeadlineKind, DeclineReferral, Ending, GiveRetrospectiveApproval,
    IdentityGrantEnded, Presumption, ProposeAward, RecordArrival, RecordDeparture, RecordStatutoryStep,
    ReferralEvent, Referrals, Requirements, SetCascadePolicy, State, StatutoryStep, WithdrawReferral,
};

const DURHAM: &str = "E06000047";
const LEEDS: &str = "E08000035";

fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn state(events: &[ReferralEvent]) -> State {
    let mut state = State::default();
    for event in events {
        Referrals::evolve(&mut state, event);
    }
    state
}

fn deadlines(events: &[ReferralEvent], now: Timestamp) -> Vec<Deadline> {
    state(events).deadlines(now)
}

/// The kinds and due times, the soonest first.
fn due(events: &[ReferralEvent], now: Timestamp) -> Vec<(&'static str, String)> {
    deadlines(events, now).iter().map(|it| (it.id.kind.as_str(), it.due.to_string())).collect()
}

fn kinds(events: &[ReferralEvent], now: Timestamp) -> Vec<&'static str> {
    due(events, now).into_iter().map(|(kind, _)| kind).collect()
}

/// Awarded by this proposal and confirmed; the placement is to start on 20 June 2026, a Saturday.
fn awarded_by(asked: Requirements, proposal: ProposeAward) -> Vec<ReferralEvent> {
    let mut events = offered(asked, framework());
    events.extend(cascade());
    events.extend(decided(&events, proposal));
    events.extend(decided(&events, ConfirmAward { award: award(1), agreement: agreement(), at: at(6) }));
    events
}

fn in_area(code: Option<&str>) -> ProposeAward {
    ProposeAward { area_authority: code.map(str::to_owned), ..propose() }
}

fn with_policy(clocks: ClockPolicy, mut events: Vec<ReferralEvent>) -> Vec<ReferralEvent> {
    let policy = CascadePolicy { clocks, ..CascadePolicy::default() };
    events.insert(0, CascadePolicySet { council: council(), version: 1, policy, at: at(0) }.into());
    events
}

fn adjoining(codes: &[&str]) -> ClockPolicy {
    ClockPolicy { adjoining: codes.iter().map(|code| (*code).to_owned()).collect(), ..ClockPolicy::default() }
}

fn step(step: StatutoryStep, on: &str) -> RecordStatutoryStep {
    RecordStatutoryStep {
        award: award(1),
        step,
        on: day(on),
        post: "post-0417".to_owned(),
        role: "DIRECTOR_OF_CHILDRENS_SERVICES".to_owned(),
        at: instant("2026-06-25T12:00:00Z"),
    }
}

#[test]
fn a_placement_plan_is_due_five_working_days_after_the_start_and_moves_with_it() {
    let mut events = awarded_by(requirements(), in_area(Some("E06000005")));
    assert_eq!(due(&events, at(7)), [("PLACEMENT_PLAN", "2026-06-26T23:00:00Z".to_owned())]);
    let deadline = &deadlines(&events, at(7))[0];
    assert_eq!((deadline.since, deadline.presumed), (instant("2026-06-19T23:00:00Z"), None));
    assert!(!deadline.overdue(deadline.due) && deadline.overdue(instant("2026-06-26T23:00:00.000001Z")));
    // The child comes on Monday: the week's end is in between.
    events.extend(decided(
        &events,
        RecordArrival { award: award(1), on: day("2026-06-22"), corrected: false, at: at(8) },
    ));
    assert_eq!(due(&events, at(9)), [("PLACEMENT_PLAN", "2026-06-29T23:00:00Z".to_owned())]);
}

#[test]
fn no_clock_runs_before_the_award_holds_nor_after_it_failed_lapsed_or_ended() {
    let confirmed = awarded_by(requirements(), in_area(None));
    let proposed = &confirmed[..confirmed.len() - 2];
    assert_eq!(kinds(proposed, at(6)), [""; 0]);
    let mut failed = proposed.to_vec();
    let reason = "PLACE_TAKEN".to_owned();
    let place = crate::support::place();
    failed.push(
        AwardFailed {
            council: council(),
            award: award(1),
            referral: referral(1),
            place,
            reason,
            detail: String::new(),
            at: at(6),
        }
        .into(),
    );
    assert_eq!(kinds(&failed, at(7)), [""; 0]);
    assert_eq!(kinds(&confirmed, at(7)).len(), 3);
    // The child never came.
    let departed = |on: &str| RecordDeparture {
        award: award(1),
        on: day(on),
        reason: "CREQO".into(),
        ending: None,
        at: at(9),
    };
    let mut lapsed = confirmed.clone();
    lapsed.extend(decided(&lapsed, departed("2026-06-20")));
    assert!(lapsed.iter().any(|event| matches!(event, ReferralEvent::AwardLapsed(AwardLapsed { .. }))));
    assert_eq!(kinds(&lapsed, at(10)), [""; 0]);
    // The child came and will leave on the 24th.
    let mut left = confirmed;
    left.extend(decided(
        &left,
        RecordArrival { award: award(1), on: day("2026-06-20"), corrected: false, at: at(8) },
    ));
    assert!(matches!(left.last(), Some(ReferralEvent::ChildArrived(ChildArrived { .. }))));
    left.extend(decided(&left, departed("2026-06-24")));
    let ends = instant("2026-06-23T23:00:00Z");
    assert_eq!(kinds(&left, ends).len(), 3);
    assert!(deadlines(&left, at(10)).iter().all(|it| it.until == Some(ends)));
    assert_eq!(kinds(&left, ends + jiff::SignedDuration::from_micros(1)), [""; 0]);
}

#[test]
fn a_departure_that_is_put_right_lets_the_clocks_run_on() {
    let mut events = awarded_by(requirements(), in_area(Some("E06000005")));
    events.extend(decided(
        &events,
        RecordArrival { award: award(1), on: day("2026-06-20"), corrected: false, at: at(8) },
    ));
    let ended = |from: &str| IdentityGrantEnded {
        council: council(),
        referral: referral(1),
        provider: provider("oak"),
        award: award(1),
        from: day(from),
        at: instant("2026-06-23T12:00:00Z"),
    };
    events.push(ended("2026-06-22").into());
    let now = instant("2026-06-23T13:00:00Z");
    assert_eq!(kinds(&events, now), [""; 0]);
    events.push(ended("2026-07-20").into());
    assert_eq!(kinds(&events, now), ["PLACEMENT_PLAN"]);
}

#[test]
fn out_of_area_the_area_authority_is_told_before_the_start_and_a_distant_placement_approved() {
    let before_start = "2026-06-19T23:00:00Z".to_owned();
    let plan = ("PLACEMENT_PLAN", "2026-06-26T23:00:00Z".to_owned());
    let near = with_policy(adjoining(&[DURHAM]), awarded_by(requirements(), in_area(Some(DURHAM))));
    assert_eq!(due(&near, at(7)), [("AREA_AUTHORITY_NOTICE", before_start.clone()), plan.clone()]);
    let far = with_policy(adjoining(&[DURHAM]), awarded_by(requirements(), in_area(Some(LEEDS))));
    let distant = ("DISTANT_PLACEMENT_APPROVAL", before_start.clone());
    assert_eq!(due(&far, at(7)), [("AREA_AUTHORITY_NOTICE", before_start), distant, plan]);
    assert!(deadlines(&far, at(7)).iter().all(|it| it.presumed.is_none()));
}

#[test]
fn in_an_emergency_the_area_authority_is_told_within_five_working_days_but_the_director_approves_before() {
    let proposal = ProposeAward { approval: None, emergency: true, ..in_area(Some(LEEDS)) };
    let events = with_policy(adjoining(&[DURHAM]), awarded_by(emergency(), proposal));
    let expected = [
        ("RETROSPECTIVE_APPROVAL", "2026-06-04T12:05:00Z"),
        ("DISTANT_PLACEMENT_APPROVAL", "2026-06-19T23:00:00Z"),
        ("PLACEMENT_PLAN", "2026-06-26T23:00:00Z"),
        ("AREA_AUTHORITY_NOTICE", "2026-06-26T23:00:00Z"),
    ];
    assert_eq!(due(&events, at(7)), expected.map(|(kind, due)| (kind, due.to_owned())));
}

#[test]
fn what_is_not_known_is_taken_to_be_distant_and_that_is_said() {
    let presumed = |events: &[ReferralEvent]| {
        deadlines(events, at(7)).iter().map(|it| (it.id.kind.as_str(), it.presumed)).collect::<Vec<_>>()
    };
    let unknown = with_policy(adjoining(&[DURHAM]), awarded_by(requirements(), in_area(None)));
    let why = Some(Presumption::AreaUnknown);
    assert_eq!(
        presumed(&unknown),
        [("AREA_AUTHORITY_NOTICE", why), ("DISTANT_PLACEMENT_APPROVAL", why), ("PLACEMENT_PLAN", None)]
    );
    let unlisted = awarded_by(requirements(), in_area(Some(DURHAM)));
    let why = Some(Presumption::AdjoiningUnlisted);
    assert_eq!(
        presumed(&unlisted),
        [("AREA_AUTHORITY_NOTICE", None), ("DISTANT_PLACEMENT_APPROVAL", why), ("PLACEMENT_PLAN", None)]
    );
}

#[test]
fn a_placement_of_the_same_day_has_until_that_days_end() {
    let asked = requirements();
    let mut events = vec![crate::support::posted(asked), released("oak")];
    let mut today = terms(framework());
    today.start = day("2026-06-01");
    events.extend(decided(&events, submit(today)));
    events.extend(cascade());
    events.extend(decided(&events, in_area(Some(LEEDS))));
    events.extend(decided(&events, ConfirmAward { award: award(1), agreement: agreement(), at: at(6) }));
    let end = "2026-06-01T23:00:00Z".to_owned();
    let expected = [("AREA_AUTHORITY_NOTICE", end.clone()), ("DISTANT_PLACEMENT_APPROVAL", end)];
    assert_eq!(due(&events, at(7))[..2], expected);
}

#[test]
fn a_child_of_the_policys_age_in_residential_care_needs_a_senior_review() {
    let aged = |age_years| ProposeAward { age_years, ..in_area(Some("E06000005")) };
    let review = |events: &[ReferralEvent]| kinds(events, at(7)).contains(&"SENIOR_REVIEW");
    assert!(review(&awarded_by(requirements(), aged(11))));
    assert!(!review(&awarded_by(requirements(), aged(12))));
    let stricter = ClockPolicy { senior_review_age_max: 13, ..ClockPolicy::default() };
    assert!(review(&with_policy(stricter, awarded_by(requirements(), aged(12)))));
    let mut fostered = awarded_by(requirements(), aged(11));
    for event in &mut fostered {
        if let ReferralEvent::AwardProposed(event) = event {
            event.proposed.provision = "FOSTERING".to_owned();
        }
    }
    assert!(!review(&fostered));
}

#[test]
fn a_short_break_has_neither_plan_nor_notice() {
    let short = Requirements { legal_status: Some("V3".to_owned()), ..requirements() };
    let events = with_policy(adjoining(&[DURHAM]), awarded_by(short, in_area(Some(DURHAM))));
    assert_eq!(kinds(&events, at(7)), [""; 0]);
}

#[test]
fn a_release_is_to_be_answered_within_the_window_of_its_urgency() {
    // Released on a Monday at 12:02.
    for (urgency, expected) in [
        ("EMERGENCY", "2026-06-01T16:02:00Z"),
        ("URGENT", "2026-06-02T12:02:00Z"),
        ("PLANNED", "2026-06-08T23:00:00Z"),
    ] {
        let asked = Requirements { urgency: urgency.to_owned(), ..requirements() };
        let events = [crate::support::posted(asked), released("oak"), released("elm")];
        let expected = instant(expected);
        let standing = deadlines(&events, expected);
        assert_eq!(standing.len(), 2, "{urgency}");
        let providers: Vec<_> = standing.iter().filter_map(|it| it.id.provider.clone()).collect();
        assert_eq!(providers, [provider("elm"), provider("oak")]);
        assert!(standing.iter().all(|it| (it.due, it.since, it.until) == (expected, at(2), Some(expected))));
        let after = expected + jiff::SignedDuration::from_micros(1);
        assert_eq!(kinds(&events, after), [""; 0], "{urgency}");
        let state = state(&events);
        let expired = |now| state.invitation_expired(&state.referrals[&referral(1)], &provider("oak"), now);
        assert!(!expired(expected) && expired(after), "{urgency}");
    }
}

#[test]
fn an_answer_or_the_end_of_the_search_stops_the_clock_of_a_release() {
    let open = [crate::support::posted(requirements()), released("oak")];
    let id = deadlines(&open, at(3))[0].id.clone();
    let after = |command: referrals_domain::Command| {
        let events: Vec<_> = open.iter().cloned().chain(decided(&open, command)).collect();
        let state = state(&events);
        assert_eq!(state.deadlines(at(5)), []);
        // What was answered, or is not sought any more, does not expire later.
        assert_eq!(state.ending(&id, instant("2026-06-09T12:00:00Z")), state.ending(&id, at(5)));
        state.ending(&id, at(5))
    };
    assert_eq!(after(submit(terms(framework())).into()), Ending::Met);
    let decline = DeclineReferral {
        referral: referral(1),
        provider: provider("oak"),
        reason: "NEED".into(),
        at: at(4),
    };
    assert_eq!(after(decline.into()), Ending::Met);
    let withdraw = WithdrawReferral { referral: referral(1), reason: "OTHER".into(), at: at(4) };
    assert_eq!(after(withdraw.into()), Ending::Ceased);
    assert_eq!(state(&open).ending(&id, instant("2026-06-09T12:00:00Z")), Ending::Expired);
}

#[test]
fn an_award_stops_the_clocks_of_the_other_releases_and_its_lapse_starts_them_again() {
    let mut events = offered(requirements(), framework());
    events.push(released("elm"));
    events.extend(cascade());
    events.extend(decided(&events, in_area(Some("E06000005"))));
    assert!(kinds(&events, at(7)).is_empty(), "nobody can answer while the award is on its way");
    events.extend(decided(&events, ConfirmAward { award: award(1), agreement: agreement(), at: at(6) }));
    assert_eq!(kinds(&events, at(7)), ["PLACEMENT_PLAN"]);
    let never_came = RecordDeparture {
        award: award(1),
        on: day("2026-06-20"),
        reason: "CARPL".into(),
        ending: None,
        at: at(8),
    };
    events.extend(decided(&events, never_came));
    assert_eq!(kinds(&events, at(9)), ["RELEASE_RESPONSE"]);
}

#[test]
fn a_recorded_step_stops_its_clock_once_and_says_whether_it_was_late() {
    let events = with_policy(adjoining(&[DURHAM]), awarded_by(requirements(), in_area(Some(LEEDS))));
    for (kind, on, late) in [
        (StatutoryStep::PlacementPlan, "2026-06-25", false),
        (StatutoryStep::AreaAuthorityNotice, "2026-06-19", false),
        (StatutoryStep::AreaAuthorityNotice, "2026-06-20", true),
        (StatutoryStep::DistantPlacementApproval, "2026-05-30", false),
    ] {
        let recorded = decided(&events, step(kind, on));
        assert!(
            matches!(&recorded[..], [ReferralEvent::StatutoryStepRecorded(it)] if (it.step, it.late) == (kind, late)),
            "{recorded:?}"
        );
        let after: Vec<_> = events.iter().cloned().chain(recorded).collect();
        let id = DeadlineId {
            kind: DeadlineKind::Step(kind),
            referral: referral(1),
            award: Some(award(1)),
            provider: None,
        };
        assert!(deadlines(&events, at(7)).iter().any(|it| it.id == id));
        assert!(!deadlines(&after, at(7)).iter().any(|it| it.id == id));
        assert_eq!(state(&after).ending(&id, at(7)), Ending::Met);
        assert_eq!(decided(&after, step(kind, on)), [], "a repeat");
        let corrected = RecordStatutoryStep { post: "post-0418".to_owned(), ..step(kind, on) };
        assert_eq!(decided(&after, corrected).len(), 1, "a correction");
    }
}

#[test]
fn a_late_plan_is_late_after_the_fifth_working_day() {
    let events = awarded_by(requirements(), in_area(Some("E06000005")));
    for (on, late) in [("2026-06-26", false), ("2026-06-27", true)] {
        let at = instant("2026-07-01T12:00:00Z");
        let recorded = decided(&events, RecordStatutoryStep { at, ..step(StatutoryStep::PlacementPlan, on) });
        assert!(
            matches!(&recorded[..], [ReferralEvent::StatutoryStepRecorded(it)] if it.late == late),
            "{on}"
        );
    }
}

#[test]
fn a_step_needs_a_day_that_has_come_a_post_and_a_role() {
    let events = awarded_by(requirements(), in_area(None));
    let wrong = RecordStatutoryStep {
        on: day("2026-06-26"),
        post: " ".to_owned(),
        role: "the director".to_owned(),
        ..step(StatutoryStep::PlacementPlan, "2026-06-26")
    };
    let too_old = step(StatutoryStep::PlacementPlan, "2026-02-28");
    for (command, fields) in [(wrong, &["on", "by.approver", "by.role"][..]), (too_old, &["on"])] {
        let refused = given::<Referrals>(events.clone()).when(command).then_refused("FIELD_INVALID");
        let named: Vec<_> =
            care::Refusal::violations(&refused).into_iter().map(|violation| violation.field).collect();
        assert_eq!(named, fields);
    }
}

#[test]
fn a_step_of_no_award_of_a_failed_one_or_that_none_asks_for_is_refused() {
    let events = awarded_by(requirements(), in_area(Some("E06000005")));
    let on = "2026-06-20";
    let refused = |events: &[ReferralEvent], command: RecordStatutoryStep, reason: &str| {
        given::<Referrals>(events.to_vec()).when(command).then_refused(reason);
    };
    let unknown = RecordStatutoryStep { award: award(9), ..step(StatutoryStep::PlacementPlan, on) };
    refused(&events, unknown, "AWARD_UNKNOWN");
    for kind in [
        StatutoryStep::AreaAuthorityNotice,
        StatutoryStep::DistantPlacementApproval,
        StatutoryStep::SeniorReview,
    ] {
        refused(&events, step(kind, on), "STEP_NOT_NEEDED");
    }
    let mut lapsed = events;
    let never_came =
        RecordDeparture { award: award(1), on: day(on), reason: "CARPL".into(), ending: None, at: at(8) };
    lapsed.extend(decided(&lapsed, never_came));
    refused(&lapsed, step(StatutoryStep::PlacementPlan, on), "AWARD_NOT_STANDING");
}

#[test]
fn only_the_director_approves_a_distant_placement_and_an_approver_reviews() {
    let young = ProposeAward { age_years: 10, ..in_area(Some(LEEDS)) };
    let events = awarded_by(requirements(), young);
    let by = |kind, role: &str| RecordStatutoryStep { role: role.to_owned(), ..step(kind, "2026-06-10") };
    for (kind, role, accepted) in [
        (StatutoryStep::DistantPlacementApproval, "HEAD_OF_SERVICE", false),
        (StatutoryStep::DistantPlacementApproval, "DIRECTOR_OF_CHILDRENS_SERVICES", true),
        (StatutoryStep::SeniorReview, "TEAM_MANAGER", false),
        (StatutoryStep::SeniorReview, "HEAD_OF_SERVICE", true),
        (StatutoryStep::AreaAuthorityNotice, "TEAM_MANAGER", true),
        (StatutoryStep::PlacementPlan, "SOCIAL_WORKER", true),
    ] {
        let state = state(&events);
        let reason = match Referrals::decide(&state, &by(kind, role).into()) {
            Ok(events) => format!("{} event", events.len()),
            Err(refused) => care::Refusal::reason(&refused).to_owned(),
        };
        let expected = if accepted { "1 event" } else { "STEP_ROLE_NOT_ACCEPTED" };
        assert_eq!(reason, expected, "{} by {role}", kind.as_str());
    }
}

#[test]
fn an_approval_afterwards_meets_its_deadline() {
    let proposal = ProposeAward { approval: None, emergency: true, ..in_area(Some("E06000005")) };
    let mut events = awarded_by(emergency(), proposal);
    let id = deadlines(&events, at(7))[0].id.clone();
    assert_eq!(id.kind, DeadlineKind::RetrospectiveApproval);
    events.extend(decided(&events, GiveRetrospectiveApproval { award: award(1), approval: approval() }));
    assert_eq!(kinds(&events, at(7)), ["PLACEMENT_PLAN"]);
    assert_eq!(state(&events).ending(&id, at(7)), Ending::Met);
}

#[test]
fn a_policy_of_clocks_is_checked_and_what_is_new_in_events_is_left_out_where_it_says_nothing() {
    let wrong = ClockPolicy {
        adjoining: ["Durham".to_owned()].into(),
        response_emergency_hours: 0,
        response_urgent_hours: 241,
        response_planned_working_days: 31,
        senior_review_age_max: 18,
        disruption_meeting_working_days: 0,
    };
    let set = |clocks| SetCascadePolicy {
        council: council(),
        expected_version: 0,
        policy: CascadePolicy { clocks, ..CascadePolicy::default() },
        at: at(0),
    };
    let refused = given::<Referrals>(Vec::new()).when(set(wrong)).then_refused("FIELD_INVALID");
    assert_eq!(care::Refusal::violations(&refused).len(), 6, "{refused}");
    for (clocks, said) in [(ClockPolicy::default(), false), (adjoining(&[DURHAM, "W06000021"]), true)] {
        let set = decided(&[], set(clocks));
        let text = String::from_utf8(set[0].encode()).unwrap();
        assert_eq!(text.contains("clocks"), said, "{text}");
        assert_eq!(ReferralEvent::decode(set[0].event_type(), 1, text.as_bytes()).unwrap(), set[0]);
    }
    for (area, said) in [(None, false), (Some(LEEDS), true)] {
        let events = awarded_by(requirements(), in_area(area));
        let proposed = events.iter().find(|event| matches!(event, ReferralEvent::AwardProposed(_))).unwrap();
        let text = String::from_utf8(proposed.encode()).unwrap();
        assert_eq!(text.contains("area_authority"), said, "{text}");
        assert_eq!(ReferralEvent::decode("AwardProposed", 1, text.as_bytes()).unwrap(), *proposed);
    }
}
