//! Given/when/then for the gates of a council's policy: who decides, and which awards wait for it.

use crate::support::{
    approval, at, award, cascade, council, day, decided, emergency, framework, offer, offered, posted,
    propose, proposed, referral, requirements, spot, step, the_proposal,
};
use care::published::GatesDue;
use care::spec::given;
use care::{Domain, Pence, Refusal};
use jiff::SignedDuration;
use referrals_domain::{
    CascadePolicy, CascadePolicySet, ConfirmAward, DeadlineKind, Ending, FailAward, Gate, GateArea,
    GateCondition, GateDecided, ProposeAward, RecordGateDecision, ReferralEvent, Referrals, Rejection,
    Requirements, SetCascadePolicy, State, StepPolicy, WithdrawOffer,
};
use std::collections::BTreeSet;

const PANEL: &str = "RESIDENTIAL_PANEL";
const OWN: &str = "E06000005";
const NEXT_DOOR: &str = "E06000047";
const FAR: &str = "E08000035";

fn gate(code: &str, when: GateCondition) -> Gate {
    Gate { gate: code.to_owned(), roles: BTreeSet::from(["PLACEMENT_PANEL".to_owned()]), when }
}

fn with(gates: Vec<Gate>) -> CascadePolicy {
    let steps = StepPolicy { gates, ..StepPolicy::default() };
    let clocks =
        referrals_domain::ClockPolicy { adjoining: [NEXT_DOOR.to_owned()].into(), ..Default::default() };
    CascadePolicy { steps, clocks, ..CascadePolicy::default() }
}

fn set(policy: CascadePolicy) -> ReferralEvent {
    CascadePolicySet { council: council(), version: 1, policy, at: at(0) }.into()
}

/// An offer on a referral with all evidence, under a policy with the panel for every award.
fn ready(asked: Requirements) -> Vec<ReferralEvent> {
    let mut events = vec![set(with(vec![gate(PANEL, GateCondition::default())]))];
    events.extend(offered(asked, framework()));
    events.extend(cascade());
    events
}

fn decide(decision: &str) -> RecordGateDecision {
    RecordGateDecision {
        referral: referral(1),
        offer: offer(1),
        gate: PANEL.to_owned(),
        decision: decision.to_owned(),
        post: "post-0101".to_owned(),
        role: "PLACEMENT_PANEL".to_owned(),
        on: day("2026-06-01"),
        at: at(4),
    }
}

fn decision(decision: &str) -> ReferralEvent {
    GateDecided {
        council: council(),
        referral: referral(1),
        offer: offer(1),
        gate: PANEL.to_owned(),
        decision: decision.to_owned(),
        post: "post-0101".to_owned(),
        role: "PLACEMENT_PANEL".to_owned(),
        on: day("2026-06-01"),
        due: None,
        late: false,
        at: at(4),
    }
    .into()
}

fn urgent() -> ProposeAward {
    ProposeAward { approval: None, emergency: true, ..propose() }
}

#[test]
fn an_award_waits_for_its_gate_and_shows_that_it_passed() {
    let refused = given::<Referrals>(ready(requirements())).when(propose()).then_refused("GATE_NOT_PASSED");
    assert!(refused.to_string().contains(PANEL), "{refused}");
    for (last, passes) in [("APPROVED", true), ("REFUSED", false), ("DEFERRED", false)] {
        let mut events = ready(requirements());
        events.extend([decision("APPROVED"), decision(last)]);
        let given = given::<Referrals>(events).when(propose());
        if !passes {
            given.then_refused("GATE_NOT_PASSED");
            continue;
        }
        given.then_events(|events| {
            let evidence = &the_proposal(events).evidence;
            let told: Vec<_> =
                evidence.gates.iter().map(|it| (it.gate.as_str(), it.approval.role.as_str())).collect();
            assert_eq!((told, &evidence.gates_due), (vec![(PANEL, "PLACEMENT_PANEL")], &None));
        });
    }
}

#[test]
fn a_gate_looks_at_awards_for_which_all_of_its_condition_is_so() {
    let any = GateCondition::default;
    let provisions = |code: &str| GateCondition { provisions: [code.to_owned()].into(), ..any() };
    let age = |most| GateCondition { age_years_max: Some(most), ..any() };
    let weekly = |pence| GateCondition { weekly_from: Some(Pence(pence)), ..any() };
    let area = |area| GateCondition { area: Some(area), ..any() };
    let spot_only = GateCondition { spot: true, ..any() };
    let (out, distant) = (GateArea::OutOfArea, GateArea::Distant);
    // The offer is of 4,534 pounds a week in a children's home, for a child of 13.
    for (when, authority, off_framework, looks) in [
        (provisions("RESIDENTIAL"), Some(OWN), false, true),
        (provisions("SECURE"), Some(OWN), false, false),
        (age(13), Some(OWN), false, true),
        (age(12), Some(OWN), false, false),
        (weekly(453_400), Some(OWN), false, true),
        (weekly(453_401), Some(OWN), false, false),
        (spot_only.clone(), Some(OWN), true, true),
        (spot_only.clone(), Some(OWN), false, false),
        (area(out), Some(OWN), false, false),
        (area(out), Some(NEXT_DOOR), false, true),
        (area(distant), Some(NEXT_DOOR), false, false),
        (area(distant), Some(FAR), false, true),
        // Where nobody knows where the home lies it is taken to be far away.
        (area(distant), None, false, true),
        (GateCondition { spot: true, ..age(13) }, Some(OWN), false, false),
    ] {
        let told = format!("{when:?} {authority:?}");
        let mut events = vec![set(with(vec![gate(PANEL, when)]))];
        events.extend(offered(requirements(), if off_framework { spot("") } else { framework() }));
        events.extend(cascade());
        events.push(step("FRAMEWORK", "NO_PLACE"));
        let command = ProposeAward {
            area_authority: authority.map(str::to_owned),
            household: None,
            spot_justification: Some("nobody near".to_owned()),
            ..propose()
        };
        let mut state = State::default();
        events.iter().for_each(|event| Referrals::evolve(&mut state, event));
        let reason = Referrals::decide(&state, &command.into()).map_err(|refused| refused.reason()).err();
        assert_eq!(reason, looks.then_some("GATE_NOT_PASSED"), "{told}");
    }
}

#[test]
fn an_emergency_goes_ahead_of_a_gate_which_is_then_due_with_its_approval() {
    let mut events = ready(emergency());
    events.extend(decided(&events, urgent()));
    let proposal = the_proposal(&events[events.len() - 1..]).clone();
    let due = at(5) + SignedDuration::from_hours(72);
    assert_eq!(proposal.evidence.gates_due, Some(GatesDue { gates: vec![PANEL.to_owned()], due }));
    assert_eq!(proposal.evidence.approval_due, Some(due));
    // Approved by telephone, before the panel sits.
    let approved = ProposeAward { approval: Some(approval()), ..urgent() };
    let told = decided(&ready(emergency()), approved);
    assert_eq!(the_proposal(&told).evidence.approval_due, None);
    assert_eq!(the_proposal(&told).evidence.gates_due.as_ref().map(|it| it.due), Some(due));
    given::<Referrals>(ready(requirements()))
        .when(ProposeAward { approval: Some(approval()), ..urgent() })
        .then_refused("NOT_AN_EMERGENCY");
    // Ahead of it, and not against it.
    let mut against = ready(emergency());
    against.push(decision("REFUSED"));
    given::<Referrals>(against.clone()).when(urgent()).then_refused("GATE_NOT_PASSED");
    // A refusal that is looked at again stands until it is taken back.
    against.push(decision("DEFERRED"));
    given::<Referrals>(against.clone()).when(urgent()).then_refused("GATE_NOT_PASSED");
    against.extend([decision("APPROVED"), decision("DEFERRED")]);
    let told = decided(&against, urgent());
    assert_eq!(the_proposal(&told).evidence.gates_due.as_ref().map(|it| it.gates.len()), Some(1));
}

/// The order of merit leaves out what a gate refused, and so does the award, by the same rule.
#[test]
fn a_refusal_stands_whatever_the_condition_of_the_gate_says() {
    let elsewhere = GateCondition { area: Some(GateArea::OutOfArea), ..GateCondition::default() };
    let mut events = vec![set(with(vec![gate(PANEL, elsewhere)]))];
    events.extend(offered(emergency(), framework()));
    events.extend(cascade());
    assert_eq!(decided(&events, propose()).len(), 1, "it lies in the council's own area");
    for last in ["REFUSED", "DEFERRED"] {
        events.push(decision(last));
        for command in [propose(), urgent()] {
            given::<Referrals>(events.clone()).when(command).then_refused("GATE_NOT_PASSED");
        }
    }
    events.push(decision("APPROVED"));
    let told = decided(&events, propose());
    let evidence = &the_proposal(&told).evidence;
    assert!(evidence.gates.is_empty(), "it was not to look: {evidence:?}");
}

/// Regulation 11 asks for these before the placement, and knows no emergency.
#[test]
fn an_emergency_goes_ahead_of_neither_the_nominated_officer_nor_the_director() {
    for code in ["NOMINATED_OFFICER", "DIRECTOR"] {
        let gates = vec![gate(PANEL, GateCondition::default()), gate(code, GateCondition::default())];
        let mut events = vec![set(with(gates))];
        events.extend(offered(emergency(), framework()));
        events.extend(cascade());
        let refused = given::<Referrals>(events.clone()).when(urgent()).then_refused("GATE_NOT_PASSED");
        assert!(refused.to_string().contains(code) && !refused.to_string().contains(PANEL), "{refused}");
        let by_them = RecordGateDecision { gate: code.to_owned(), ..decide("APPROVED") };
        events.extend(decided(&events, by_them));
        let told = decided(&events, urgent());
        let due = the_proposal(&told).evidence.gates_due.as_ref();
        assert_eq!(due.map(|it| it.gates.clone()), Some(vec![PANEL.to_owned()]));
    }
}

#[test]
fn what_an_emergency_went_ahead_of_is_a_deadline_until_it_is_decided() {
    let mut events = ready(emergency());
    events.extend(decided(&events, urgent()));
    let agreement = crate::support::agreement();
    events.extend(decided(&events, ConfirmAward { award: award(1), agreement, at: at(6) }));
    let standing = |events: &[ReferralEvent]| {
        let mut state = State::default();
        events.iter().for_each(|event| Referrals::evolve(&mut state, event));
        let found = state.deadlines(at(10)).into_iter().find(|it| it.id.kind == DeadlineKind::GateDecision);
        (found, state)
    };
    let due = at(5) + SignedDuration::from_hours(72);
    let (found, _) = standing(&events);
    let id = found.map(|it| (it.due, it.id)).filter(|(at, _)| *at == due).unwrap().1;
    // Put off is not decided.
    events.extend(decided(&events, decide("DEFERRED")));
    assert!(standing(&events).0.is_some());
    let after = RecordGateDecision { on: day("2026-06-05"), at: at(5 * 24 * 60), ..decide("APPROVED") };
    let recorded = decided(&events, after);
    assert!(
        matches!(&recorded[..], [ReferralEvent::GateDecided(it)] if it.late && it.due == Some(due)),
        "{recorded:?}"
    );
    events.extend(recorded);
    let (found, state) = standing(&events);
    assert_eq!((found, state.ending(&id, at(10))), (None, Ending::Met));
    // And then there is nothing more to decide on an awarded referral.
    given::<Referrals>(events).when(decide("REFUSED")).then_refused("REFERRAL_NOT_OPEN");
}

#[test]
fn what_a_gate_approved_before_the_award_is_no_deadline_after_it() {
    let gates = |roles: &str| {
        let by = |code| Gate { roles: [roles.to_owned()].into(), ..gate(code, GateCondition::default()) };
        vec![by("SENIOR_REVIEW"), by("DIRECTOR")]
    };
    for (role, left) in [
        ("DIRECTOR_OF_CHILDRENS_SERVICES", vec!["AREA_AUTHORITY_NOTICE", "PLACEMENT_PLAN"]),
        // A deputy may pass the gate, and the regulations ask for the director all the same.
        ("DEPUTY", vec!["AREA_AUTHORITY_NOTICE", "DISTANT_PLACEMENT_APPROVAL", "PLACEMENT_PLAN"]),
    ] {
        let mut events = vec![set(with(gates(role)))];
        events.extend(offered(requirements(), framework()));
        events.extend(cascade());
        for code in ["SENIOR_REVIEW", "DIRECTOR"] {
            let (gate, role) = (code.to_owned(), role.to_owned());
            events.extend(decided(&events, RecordGateDecision { gate, role, ..decide("APPROVED") }));
        }
        let young = ProposeAward { age_years: 10, area_authority: Some(FAR.to_owned()), ..propose() };
        events.extend(decided(&events, young));
        let agreement = crate::support::agreement();
        events.extend(decided(&events, ConfirmAward { award: award(1), agreement, at: at(6) }));
        let mut state = State::default();
        events.iter().for_each(|event| Referrals::evolve(&mut state, event));
        let mut kinds: Vec<_> = state.deadlines(at(7)).iter().map(|it| it.id.kind.as_str()).collect();
        kinds.sort_unstable();
        assert_eq!(kinds, left, "{role}");
    }
}

#[test]
fn a_gate_of_a_policy_that_changed_can_still_be_decided_and_of_a_failed_award_need_not() {
    let mut events = ready(emergency());
    events.extend(decided(&events, urgent()));
    let without =
        CascadePolicySet { council: council(), version: 2, policy: CascadePolicy::default(), at: at(6) };
    let mut changed = events.clone();
    changed.push(without.into());
    assert_eq!(decided(&changed, decide("APPROVED")).len(), 1, "the panel may approve awards");
    let officer = RecordGateDecision { role: "TEAM_MANAGER".to_owned(), ..decide("APPROVED") };
    given::<Referrals>(changed).when(officer).then_refused("GATE_ROLE_NOT_ACCEPTED");
    let (reason, detail) = ("PLACE_TAKEN".to_owned(), "taken".to_owned());
    events.extend(decided(&events, FailAward { award: award(1), reason, detail, at: at(6) }));
    given::<Referrals>(events).then_state(|state| assert!(state.gates_due.is_empty()));
}

#[test]
fn a_decision_is_of_an_offer_by_a_role_that_may_on_a_day_that_has_come() {
    given::<Referrals>(ready(requirements()))
        .when(decide("APPROVED"))
        .then([decision("APPROVED")])
        .when(decide("APPROVED"))
        .then_nothing()
        .when(decide("REFUSED"))
        .then([decision("REFUSED")]);
    type Change = fn(&mut RecordGateDecision);
    let wrong: [(Change, &str); 9] = [
        (|it| it.role = "HEAD_OF_SERVICE".to_owned(), "GATE_ROLE_NOT_ACCEPTED"),
        (|it| it.role = "the panel".to_owned(), "FIELD_INVALID"),
        (|it| it.post = " ".to_owned(), "FIELD_INVALID"),
        (|it| it.gate = "DIRECTOR".to_owned(), "GATE_NOT_IN_POLICY"),
        (|it| it.gate = "SOMEBODY".to_owned(), "FIELD_INVALID"),
        (|it| it.decision = "PERHAPS".to_owned(), "FIELD_INVALID"),
        (|it| it.offer = offer(9), "OFFER_UNKNOWN"),
        (|it| it.on = day("2026-05-31"), "FIELD_INVALID"),
        (|it| it.on = day("2026-06-02"), "FIELD_INVALID"),
    ];
    for (change, reason) in wrong {
        let mut command = decide("APPROVED");
        change(&mut command);
        given::<Referrals>(ready(requirements())).when(command).then_refused(reason);
    }
    given::<Referrals>([posted(requirements())]).when(decide("APPROVED")).then_refused("OFFER_UNKNOWN");
    given::<Referrals>([]).when(decide("APPROVED")).then_refused("REFERRAL_UNKNOWN");
    given::<Referrals>(proposed()).when(decide("APPROVED")).then_refused("AWARD_IN_PROGRESS");
    let mut withdrawn = ready(requirements());
    let provider = crate::support::provider("oak");
    let back = WithdrawOffer { referral: referral(1), offer: offer(1), provider, at: at(4) };
    withdrawn.extend(decided(&withdrawn, back));
    given::<Referrals>(withdrawn).when(decide("APPROVED")).then_refused("OFFER_WITHDRAWN");
}

#[test]
fn a_policy_of_steps_is_checked_and_what_is_new_in_events_is_left_out_where_it_says_nothing() {
    let command = |policy| SetCascadePolicy { council: council(), expected_version: 0, policy, at: at(0) };
    let wrong = |gates: Vec<Gate>| {
        let refused = given::<Referrals>([]).when(command(with(gates))).then_refused("FIELD_INVALID");
        match refused {
            Rejection::FieldInvalid(list) => {
                list.into_iter().map(|violation| violation.field).collect::<Vec<_>>()
            }
            other => panic!("{other}"),
        }
    };
    let bad = GateCondition {
        provisions: ["HOTEL".to_owned()].into(),
        age_years_max: Some(18),
        weekly_from: Some(Pence(-1)),
        ..GateCondition::default()
    };
    let nobody = Gate { roles: BTreeSet::new(), ..gate("SOMEBODY", bad) };
    assert_eq!(
        wrong(vec![nobody]),
        [
            "steps.gates.gate",
            "steps.gates.roles",
            "steps.gates.when.provisions",
            "steps.gates.when.age_years_max",
            "steps.gates.when.weekly_from_pence"
        ]
    );
    let twice = vec![gate(PANEL, GateCondition::default()); 2];
    assert_eq!(wrong(twice), ["steps.gates.gate"]);
    let roles: BTreeSet<String> = (0..21).map(|n| format!("ROLE_{n}")).collect();
    let many = StepPolicy { waiver_roles: roles, ..StepPolicy::default() };
    given::<Referrals>([])
        .when(command(CascadePolicy { steps: many, ..CascadePolicy::default() }))
        .then_refused("FIELD_INVALID");
    let area = GateCondition { area: Some(GateArea::OutOfArea), ..GateCondition::default() };
    for (policy, said) in [(with(Vec::new()), false), (with(vec![gate("NOMINATED_OFFICER", area)]), true)] {
        let set = decided(&[], command(policy));
        let text = String::from_utf8(care::Event::encode(&set[0])).unwrap();
        assert_eq!(text.contains("\"steps\":{"), said, "{text}");
    }
}

/// A child of ten whose emergency went ahead of the senior review, and starts on 20 June.
fn ahead_of_review() -> Vec<ReferralEvent> {
    let review = Gate {
        roles: BTreeSet::from(["PLACEMENT_PANEL".to_owned()]),
        ..gate("SENIOR_REVIEW", GateCondition::default())
    };
    let mut events = vec![set(with(vec![review]))];
    events.extend(offered(emergency(), framework()));
    events.extend(cascade());
    events.extend(decided(&events, ProposeAward { age_years: 10, ..urgent() }));
    let agreement = crate::support::agreement();
    events.extend(decided(&events, ConfirmAward { award: award(1), agreement, at: at(6) }));
    events
}

#[test]
fn what_a_gate_approves_too_late_leaves_the_deadline_standing() {
    for (on, stands) in [("2026-06-19", false), ("2026-06-20", true), ("2026-06-22", true)] {
        let mut events = ahead_of_review();
        let (gate, on) = ("SENIOR_REVIEW".to_owned(), day(on));
        let late = at(21 * 24 * 60);
        let command = RecordGateDecision { gate, on, at: late, ..decide("APPROVED") };
        events.extend(decided(&events, command));
        let mut state = State::default();
        events.iter().for_each(|event| Referrals::evolve(&mut state, event));
        let found = state.deadlines(late).iter().any(|it| it.id.kind.as_str() == "SENIOR_REVIEW");
        assert_eq!(found, stands, "{on}");
    }
}

#[test]
fn of_two_emergencies_on_one_offer_the_last_says_until_when() {
    let mut events = ahead_of_review();
    let (reason, on) = ("CARPL".to_owned(), day("2026-06-20"));
    let never_came =
        referrals_domain::RecordDeparture { award: award(1), on, reason, ending: None, at: at(8) };
    events.extend(decided(&events, never_came));
    let again = ProposeAward { award: award(2), age_years: 10, at: at(9), ..urgent() };
    events.extend(decided(&events, again));
    let review = RecordGateDecision { gate: "SENIOR_REVIEW".to_owned(), at: at(10), ..decide("APPROVED") };
    let due = at(9) + SignedDuration::from_hours(72);
    let told = decided(&events, review);
    assert!(matches!(&told[..], [ReferralEvent::GateDecided(it)] if it.due == Some(due)), "{told:?}");
}
