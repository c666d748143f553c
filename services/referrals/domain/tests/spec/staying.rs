//! What becomes of placements after the award: links, notices, endings, and the clocks that they start.

use crate::support::{
    agreement, at, award, council, day, place, posted, proposed, provider, referral, requirements,
};
use care::spec::{Given, given};
use care::{AwardId, Date, Domain, PlaceId, ReferralId, Timestamp};
use referrals_domain::{
    AwardFailed, CascadePolicy, CascadePolicySet, ChildArrived, ClockPolicy, Deadline, Ending, Follows,
    IdentityGrantEnded, IdentityGranted, LinkReferral, PlacementEndingNoted, PostReferral, RecordDeparture,
    RecordStatutoryStep, ReferralAwarded, ReferralEvent, ReferralLinked, Referrals, Requirements, State,
    StatutoryStep,
};

/// A referral that was awarded a home in which the child has lived since a day.
pub(crate) struct Home {
    pub(crate) number: u128,
    pub(crate) place: PlaceId,
    pub(crate) start: Date,
    pub(crate) age_years: u8,
    pub(crate) requirements: Requirements,
}

impl Home {
    pub(crate) fn of(number: u128, start: &str) -> Self {
        Self { number, place: place(), start: day(start), age_years: 13, requirements: requirements() }
    }

    /// Posted, proposed, awarded.
    pub(crate) fn awarded(&self) -> Vec<ReferralEvent> {
        let mut events = proposed();
        let Some(ReferralEvent::AwardProposed(mut event)) = events.pop() else { panic!("no proposal") };
        let (award, referral) = (award(self.number), referral(self.number));
        (event.proposed.award, event.proposed.referral) = (award, referral);
        (event.proposed.place, event.proposed.start) = (self.place.clone(), self.start);
        event.proposed.age_years = self.age_years;
        let ReferralEvent::ReferralPosted(mut posted) = posted(self.requirements.clone()) else {
            panic!("not posted")
        };
        posted.referral = referral;
        let (council, provider, agreement) = (council(), event.proposed.provider.clone(), agreement());
        let granted = IdentityGranted { council, referral, provider: provider.clone(), award, at: at(6) };
        vec![
            posted.into(),
            event.into(),
            ReferralAwarded { council, award, referral, provider, agreement, at: at(6) }.into(),
            granted.into(),
        ]
    }

    /// And the child came.
    pub(crate) fn events(&self) -> Vec<ReferralEvent> {
        let mut events = self.awarded();
        events.push(arrived(self.number, self.start));
        events
    }
}

pub(crate) fn arrived(n: u128, on: Date) -> ReferralEvent {
    ChildArrived { council: council(), award: award(n), referral: referral(n), on, at: at(7) }.into()
}

pub(crate) fn left(n: u128, on: Date) -> ReferralEvent {
    let (council, referral, provider, award) = (council(), referral(n), provider("oak"), award(n));
    IdentityGrantEnded { council, referral, provider, award, from: on, at: at(8) }.into()
}

pub(crate) fn ending(n: u128, ending: Option<&str>) -> ReferralEvent {
    ending_by(n, ending, false)
}

pub(crate) fn ending_by(n: u128, ending: Option<&str>, by_council: bool) -> ReferralEvent {
    let (council, award, referral, ending) = (council(), award(n), referral(n), ending.map(str::to_owned));
    PlacementEndingNoted { council, award, referral, ending, by_council, at: at(8) }.into()
}

pub(crate) fn follows(kind: &str, respite: Option<&str>, n: u128) -> Follows {
    Follows { award: award(n), kind: kind.to_owned(), respite: respite.map(str::to_owned) }
}

pub(crate) fn linked(n: u128, follows: Option<Follows>) -> ReferralEvent {
    ReferralLinked { council: council(), referral: referral(n), follows, at: at(9) }.into()
}

pub(crate) fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn state(events: &[ReferralEvent]) -> State {
    let mut state = State::default();
    for event in events {
        Referrals::evolve(&mut state, event);
    }
    state
}

/// The deadlines of these kinds: kind, referral, award and due time.
pub(crate) fn due(events: &[ReferralEvent], now: &str) -> Vec<(&'static str, ReferralId, AwardId, String)> {
    let of_start = ["PLACEMENT_PLAN", "AREA_AUTHORITY_NOTICE", "DISTANT_PLACEMENT_APPROVAL", "SENIOR_REVIEW"];
    let shown = |it: &Deadline| {
        let award = it.id.award.unwrap();
        (it.id.kind.as_str(), it.id.referral, award, it.due.to_string())
    };
    let standing = state(events).deadlines(instant(now));
    standing.iter().filter(|it| !of_start.contains(&it.id.kind.as_str())).map(shown).collect()
}

pub(crate) fn link(n: u128, follows: Option<Follows>) -> LinkReferral {
    LinkReferral { referral: referral(n), follows, at: at(9) }
}

pub(crate) fn depart(on: &str, ending: Option<&str>) -> RecordDeparture {
    let (reason, ending) = ("CREQB".to_owned(), ending.map(str::to_owned));
    RecordDeparture { award: award(1), on: day(on), reason, ending, at: at(8) }
}

/// A home since 1 May 2026, and a second referral.
pub(crate) fn two() -> Vec<ReferralEvent> {
    let mut events = Home::of(1, "2026-05-01").events();
    events.extend(Home::of(2, "2026-06-01").awarded());
    events
}

pub(crate) fn first() -> Given<Referrals> {
    given::<Referrals>(Home::of(1, "2026-05-01").events())
}

#[test]
fn a_referral_follows_from_a_placement_that_holds() {
    let moves = follows("MOVE", None, 1);
    given::<Referrals>(two())
        .when(link(2, Some(moves.clone())))
        .then([linked(2, Some(moves.clone()))])
        .when(link(2, Some(moves.clone())))
        .then_nothing()
        .when(link(2, None))
        .then([linked(2, None)])
        .then_state(|state| assert!(state.staying.follows.is_empty()));
    let two = || given::<Referrals>(two());
    two().when(link(3, Some(moves))).then_refused("REFERRAL_UNKNOWN");
    two().when(link(2, Some(follows("MOVE", None, 7)))).then_refused("AWARD_UNKNOWN");
    two().when(link(2, Some(follows("MOVE", None, 2)))).then_refused("FOLLOWS_ITSELF");
    for wrong in [
        follows("MOVED", None, 1),
        follows("MOVE", Some("T3"), 1),
        follows("RESPITE", None, 1),
        follows("RESPITE", Some("T5"), 1),
    ] {
        two().when(link(2, Some(wrong))).then_refused("FIELD_INVALID");
    }
    let failed = AwardFailed {
        council: council(),
        award: award(1),
        referral: referral(1),
        place: place(),
        reason: "PLACE_TAKEN".to_owned(),
        detail: String::new(),
        at: at(6),
    };
    let mut events = Home::of(1, "2026-05-01").awarded();
    events.truncate(2);
    events.extend(Home::of(2, "2026-06-01").awarded());
    let proposed = given::<Referrals>(events.clone());
    proposed.when(link(2, Some(follows("MOVE", None, 1)))).then_refused("FOLLOWS_NOT_PLACED");
    let failed = given::<Referrals>(events).and([failed.into()]);
    failed.when(link(2, Some(follows("MOVE", None, 1)))).then_refused("FOLLOWS_NOT_PLACED");
}

#[test]
fn a_referral_can_say_so_as_it_is_posted() {
    let post = |n: u128, follows: Follows| PostReferral {
        referral: referral(n),
        follows: Some(follows),
        ..crate::support::post(requirements())
    };
    let moves = follows("MOVE", None, 1);
    first().when(post(2, moves.clone())).then_events(|events| {
        let [ReferralEvent::ReferralPosted(_), ReferralEvent::ReferralLinked(linked)] = events else {
            panic!("{events:?}")
        };
        assert_eq!((linked.referral, linked.follows.as_ref()), (referral(2), Some(&moves)));
    });
    // What is wrong with the link is wrong with the referral: nothing is posted.
    first().when(post(2, follows("MOVE", None, 7))).then_refused("AWARD_UNKNOWN");
    first().when(post(2, follows("RESPITE", None, 1))).then_refused("FIELD_INVALID");
}

#[test]
fn how_a_placement_ended_is_noted_once_and_put_right() {
    first()
        .when(depart("2026-05-29", Some("DISRUPTION")))
        .then([left(1, day("2026-05-29")), ending(1, Some("DISRUPTION"))])
        .when(depart("2026-05-29", Some("DISRUPTION")))
        .then_nothing()
        // The day is put right, the ending stands.
        .when(depart("2026-05-30", Some("DISRUPTION")))
        .then([left(1, day("2026-05-30"))])
        .when(depart("2026-05-30", Some("PLANNED")))
        .then([ending(1, Some("PLANNED"))])
        .when(depart("2026-05-30", None))
        .then([ending(1, None)])
        .then_state(|state| assert!(state.staying.endings.is_empty()));
    // An older contracts log tells of no endings.
    first().when(depart("2026-05-29", None)).then([left(1, day("2026-05-29"))]);
}

#[test]
fn a_disruption_asks_for_a_meeting_within_the_policys_working_days() {
    let mut events = Home::of(1, "2026-05-01").events();
    // A Friday; 20 working days on is Friday 26 June.
    events.extend([left(1, day("2026-05-29")), ending(1, Some("DISRUPTION"))]);
    let meeting = |due: &str| vec![("DISRUPTION_MEETING", referral(1), award(1), due.to_owned())];
    assert_eq!(due(&events, "2026-07-01T12:00:00Z"), meeting("2026-06-26T23:00:00Z"));
    let clocks = ClockPolicy { disruption_meeting_working_days: 5, ..ClockPolicy::default() };
    let policy = CascadePolicy { clocks, ..CascadePolicy::default() };
    let mut sooner = events.clone();
    sooner.insert(0, CascadePolicySet { council: council(), version: 1, policy, at: at(0) }.into());
    assert_eq!(due(&sooner, "2026-06-01T12:00:00Z"), meeting("2026-06-05T23:00:00Z"));
    // Held, it is met; put right to a planned end, it ceases.
    let held = RecordStatutoryStep {
        award: award(1),
        step: StatutoryStep::DisruptionMeeting,
        on: day("2026-06-10"),
        post: "post-0417".to_owned(),
        role: "TEAM_MANAGER".to_owned(),
        at: instant("2026-06-11T12:00:00Z"),
    };
    let id =
        state(&events).deadlines(at(9)).into_iter().find(|it| it.id.kind.as_str() == "DISRUPTION_MEETING");
    let id = id.unwrap().id;
    let met = given::<Referrals>(events.clone())
        .when(held.clone())
        .then_events(|events| {
            let [ReferralEvent::StatutoryStepRecorded(recorded)] = events else { panic!("{events:?}") };
            assert!(!recorded.late);
        })
        .into_state();
    assert_eq!((met.deadlines(at(9)).len(), met.ending(&id, at(9))), (0, Ending::Met));
    events.push(ending(1, Some("PLANNED")));
    assert_eq!(due(&events, "2026-07-01T12:00:00Z"), []);
    assert_eq!(state(&events).ending(&id, at(9)), Ending::Ceased);
    given::<Referrals>(events).when(held).then_refused("STEP_NOT_NEEDED");
}

#[test]
fn a_child_who_has_moved_leaves_the_placement_before_on_the_same_day() {
    for kind in ["MOVE", "SIBLING_REUNION"] {
        let mut events = two();
        events.push(linked(2, Some(follows(kind, None, 1))));
        assert_eq!(due(&events, "2026-06-01T12:00:00Z"), [], "the child has not come yet");
        events.push(arrived(2, day("2026-06-01")));
        let former = vec![("FORMER_PLACEMENT_END", referral(2), award(1), "2026-06-01T23:00:00Z".to_owned())];
        assert_eq!(due(&events, "2026-06-01T12:00:00Z"), former);
        let ended_on = |on: &str, now: &str| {
            let mut events = events.clone();
            events.push(left(1, day(on)));
            due(&events, now)
        };
        assert_eq!(ended_on("2026-06-01", "2026-05-31T12:00:00Z"), [], "a same-day move, told on the eve");
        assert_eq!(
            ended_on("2026-06-03", "2026-06-01T12:00:00Z"),
            former,
            "two nights in two places: until that day comes"
        );
        // The new home has ended too, and the one before goes on.
        let mut over = events.clone();
        over.push(left(2, day("2026-06-01")));
        assert_eq!(due(&over, "2026-06-05T12:00:00Z"), former);
        over.push(left(1, day("2026-06-01")));
        assert_eq!(due(&over, "2026-06-05T12:00:00Z"), []);
    }
    for other in [follows("RETURN", None, 1), follows("RESPITE", Some("T2"), 1)] {
        let mut events = two();
        events.extend([linked(2, Some(other)), arrived(2, day("2026-06-01"))]);
        assert_eq!(due(&events, "2026-06-01T12:00:00Z"), []);
    }
}

#[test]
fn a_time_away_has_a_longest_length() {
    for (respite, last, due_time) in [
        ("T3", "2026-06-22", "2026-06-22T23:00:00Z"),
        ("T4", "2026-06-08", "2026-06-08T23:00:00Z"),
        ("SHORT_BREAK", "2026-06-18", "2026-06-18T23:00:00Z"),
    ] {
        let mut events = two();
        events.extend([linked(2, Some(follows("RESPITE", Some(respite), 1))), arrived(2, day("2026-06-01"))]);
        let back = vec![("RESPITE_END", referral(2), award(2), due_time.to_owned())];
        assert_eq!(due(&events, "2026-06-02T12:00:00Z"), back);
        let left_on = |on: Date| {
            let mut events = events.clone();
            events.push(left(2, on));
            due(&events, "2026-06-02T12:00:00Z")
        };
        assert_eq!(left_on(day(last)), [], "{respite}");
        assert_eq!(left_on(day(last).tomorrow().unwrap()), back, "{respite}: one night too many");
    }
}

/// Of the others, each child once: its last referral. A link that goes round is the council's slip, and ends nothing.
#[test]
fn of_other_children_the_last_referral_counts_and_of_the_own_none() {
    let linked = |later: u128, earlier: u128| -> ReferralEvent {
        let follows = Some(Follows { award: award(earlier), kind: "MOVE".to_owned(), respite: None });
        ReferralLinked { council: council(), referral: referral(later), follows, at: at(9) }.into()
    };
    let mut state = State::default();
    let homes = (1..=4).flat_map(|number| Home::of(number, "2026-06-01").events());
    homes.chain([linked(2, 1), linked(3, 2)]).for_each(|event| Referrals::evolve(&mut state, &event));
    let others = |state: &State, own: u128| {
        state.other_children(referral(own), |_| true).iter().map(|it| it.id).collect::<Vec<_>>()
    };
    assert!([1, 2, 3].iter().all(|own| others(&state, *own) == [referral(4)]));
    assert_eq!(others(&state, 4).len(), 1);
    assert_eq!(state.other_children(referral(4), |it| it.id == referral(2)).len(), 1);
    Referrals::evolve(&mut state, &linked(1, 3));
    assert!(others(&state, 1).contains(&referral(4)));
}
