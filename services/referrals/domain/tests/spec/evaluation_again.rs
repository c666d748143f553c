//! Given/when/then for what holds beside one evaluation: the same place offered again, all offers of a referral, and one set of weights.

use crate::evaluation::{evaluate, offering, offers, scores, taking};
use crate::support::{at, council, decided, framework, offer, provider, referral, requirements, spot};
use care::published::EvaluationWeights;
use care::spec::given;
use referrals_domain::{
    CascadePolicy, CascadePolicySet, EvaluateOffer, Gate, GateCondition, HomeKnown, ProposeAward,
    RecordGateDecision, ReferralEvent, Referrals, StepPolicy, SubmitOffer, WithdrawOffer,
};

fn then(mut events: Vec<ReferralEvent>, command: impl Into<referrals_domain::Command>) -> Vec<ReferralEvent> {
    events.extend(decided(&events, command));
    events
}

fn under(policy: CascadePolicy, events: Vec<ReferralEvent>) -> Vec<ReferralEvent> {
    let set: ReferralEvent = CascadePolicySet { council: council(), version: 1, policy, at: at(0) }.into();
    [set].into_iter().chain(events).collect()
}

fn with_panel() -> CascadePolicy {
    let roles = ["PLACEMENT_PANEL".to_owned()].into();
    let gate = Gate { gate: "RESIDENTIAL_PANEL".to_owned(), roles, when: GateCondition::default() };
    let steps = StepPolicy { gates: vec![gate], ..StepPolicy::default() };
    CascadePolicy { steps, ..CascadePolicy::default() }
}

fn panel(n: u128, decision: &str) -> RecordGateDecision {
    RecordGateDecision {
        referral: referral(1),
        offer: offer(n),
        gate: "RESIDENTIAL_PANEL".to_owned(),
        decision: decision.to_owned(),
        post: "post-0101".to_owned(),
        role: "PLACEMENT_PANEL".to_owned(),
        on: crate::support::day("2026-06-01"),
        at: at(4),
    }
}

fn back(n: u128) -> WithdrawOffer {
    WithdrawOffer { referral: referral(1), offer: offer(n), provider: provider("oak"), at: at(4) }
}

/// The place of the first offer, offered again as the second.
fn again() -> SubmitOffer {
    let first = offering(1, 300_000, framework());
    SubmitOffer { offer: offer(2), at: at(4), ..first }
}

#[test]
fn a_place_is_offered_once_at_a_time() {
    let events = offers(requirements(), [offering(1, 300_000, framework())]);
    let [ReferralEvent::OfferWithdrawn(before), ReferralEvent::OfferSubmitted(now)] =
        &decided(&events, again())[..]
    else {
        panic!("the offer before is taken back, and nothing else ends with it");
    };
    assert_eq!((before.offer, now.offer), (offer(1), offer(2)));
    assert_eq!(decided(&events, offering(2, 300_000, framework())).len(), 1, "another place");
    assert_eq!(decided(&then(events, back(1)), again()).len(), 1);
}

#[test]
fn offering_the_same_place_again_is_no_way_round_a_gate() {
    let events = under(with_panel(), offers(requirements(), [offering(1, 300_000, framework())]));
    let events = then(then(then(events, panel(1, "REFUSED")), back(1)), again());
    let mut emergency = events.clone();
    for event in &mut emergency {
        if let ReferralEvent::ReferralPosted(it) = event {
            it.requirements.urgency = "EMERGENCY".to_owned();
        }
    }
    let urgent = ProposeAward { emergency: true, approval: None, ..taking(2) };
    given::<Referrals>(emergency.clone()).when(urgent.clone()).then_refused("GATE_NOT_PASSED");
    // Put off is not decided; and what it decides on the offer itself is.
    given::<Referrals>(then(emergency.clone(), panel(2, "DEFERRED")))
        .when(urgent)
        .then_refused("GATE_NOT_PASSED");
    assert_eq!(decided(&then(events, panel(2, "APPROVED")), taking(2)).len(), 1);
}

#[test]
fn nor_round_a_failed_evaluation() {
    let suspended = HomeKnown { status: Some("SUSPENDED".to_owned()), ..HomeKnown::default() };
    let events = offers(requirements(), [offering(1, 300_000, framework())]);
    let events = then(events, EvaluateOffer { home: suspended, ..evaluate(1, 8) });
    let events = then(then(events, back(1)), again());
    given::<Referrals>(events.clone()).when(taking(2)).then_refused("EVALUATION_GATE_FAILED");
    assert_eq!(decided(&then(events, evaluate(2, 8)), taking(2)).len(), 1);
}

#[test]
fn where_evaluation_is_required_all_that_can_be_taken_are_judged() {
    let policy = CascadePolicy { evaluation_required: true, ..CascadePolicy::default() };
    let three = [1, 2, 3].map(|n| offering(n, 300_000, framework()));
    let events = then(under(policy, offers(requirements(), three)), evaluate(1, 9));
    let refused = given::<Referrals>(events.clone()).when(taking(1)).then_refused("EVALUATION_MISSING");
    let named = |n: u128| refused.to_string().contains(&offer(n).to_string());
    assert_eq!([1, 2, 3].map(named), [false, true, true]);
    let events = then(then(events, evaluate(2, 5)), back(3));
    let choice = |events: &[ReferralEvent]| {
        crate::support::the_proposal(&decided(events, taking(1))).evidence.choice.clone().unwrap()
    };
    assert_eq!((choice(&events).evaluated, choice(&events).standing), (2, 2));
}

#[test]
fn a_reason_that_the_evaluation_tells_needs_an_evaluation() {
    let two = [offering(1, 300_000, framework()), offering(2, 300_000, framework())];
    let events = then(offers(requirements(), two), evaluate(1, 9));
    let because = |reason: &str| ProposeAward { departure_reason: Some(reason.to_owned()), ..taking(2) };
    given::<Referrals>(events.clone()).when(because("OTHER")).then_refused("FIELD_INVALID");
    for reason in ["NOT_AVAILABLE", "GATE_REFUSED"] {
        assert_eq!(decided(&events, because(reason)).len(), 1);
    }
    let judged = then(events, evaluate(2, 5));
    assert_eq!(decided(&judged, because("OTHER")).len(), 1);
}

#[test]
fn what_a_gate_refused_stands_in_no_order() {
    let two = [offering(1, 300_000, framework()), offering(2, 300_000, framework())];
    let events = under(with_panel(), offers(requirements(), two));
    let events = then(then(then(events, evaluate(1, 9)), evaluate(2, 5)), panel(1, "REFUSED"));
    let events = then(events, panel(2, "APPROVED"));
    // Nothing departs from what nobody may have.
    assert_eq!(decided(&events, taking(2)).len(), 1);
}

#[test]
fn all_offers_of_a_referral_are_judged_by_one_set_of_weights() {
    let weights = [("LOCATION".to_owned(), 6_000), ("PRICE".to_owned(), 4_000)];
    let set =
        EvaluationWeights { version: 3, from: crate::support::day("2026-05-01"), weights: weights.into() };
    let two = [offering(1, 300_000, framework()), offering(2, 300_000, spot(""))];
    let events = offers(requirements(), two);
    let by = |n, location| EvaluateOffer {
        weights: Some(set.clone()),
        scores: scores(&[("LOCATION", location)]),
        ..evaluate(n, 0)
    };
    let events = then(then(events, by(1, 5)), by(2, 9));
    let order = |events: Vec<ReferralEvent>| {
        let state = given::<Referrals>(events).into_state();
        let ranking = state.ranking(&state.referrals[&referral(1)], at(5));
        ranking.iter().map(|it| (it.offer, it.score_basis_points)).collect::<Vec<_>>()
    };
    assert_eq!(order(events.clone()), [(offer(2), 9_400), (offer(1), 7_000)]);
    // It is settled: that the one offer of the framework is taken back makes it no other question.
    let events = then(events, back(1));
    assert_eq!(order(events.clone()), [(offer(2), 9_400)]);
    let third = then(events, offering(3, 300_000, spot("")));
    let by_default = EvaluateOffer { weights: None, ..evaluate(3, 9) };
    given::<Referrals>(third.clone()).when(by_default).then_refused("FIELD_INVALID");
    let judged = then(third, EvaluateOffer { weights: None, ..by(3, 5) });
    assert_eq!(order(judged.clone()), [(offer(2), 9_400), (offer(3), 7_000)]);
    let state = given::<Referrals>(judged).into_state();
    let judging = state.referrals[&referral(1)].judging().unwrap();
    assert_eq!(judging.offers, [offer(1), offer(2)].into());
    assert_eq!((judging.weights.version, judging.at), (3, at(4)));
}

fn required(offers: Vec<ReferralEvent>) -> Vec<ReferralEvent> {
    under(CascadePolicy { evaluation_required: true, ..CascadePolicy::default() }, offers)
}

#[test]
fn who_offers_after_judging_began_keeps_no_award_waiting() {
    let two = [1, 2].map(|n| offering(n, 300_000, framework()));
    let events = then(required(offers(requirements(), two)), evaluate(1, 9));
    let events = then(events, offering(3, 300_000, framework()));
    let refused = given::<Referrals>(events.clone()).when(taking(1)).then_refused("EVALUATION_MISSING");
    let named = |n: u128| refused.to_string().contains(&offer(n).to_string());
    assert_eq!([1, 2, 3].map(named), [false, true, false]);
    let events = then(events, evaluate(2, 5));
    assert_eq!(decided(&events, taking(1)).len(), 1, "the third is not waited for");
    // It is not taken unjudged, and judged it stands in the order.
    given::<Referrals>(events.clone()).when(taking(3)).then_refused("EVALUATION_MISSING");
    let events = then(events, evaluate(3, 10));
    assert_eq!(decided(&events, taking(3)).len(), 1);
    given::<Referrals>(events).when(taking(1)).then_refused("DEPARTURE_REASON_MISSING");
}

#[test]
fn judging_begins_anew_where_nothing_is_left_of_what_it_began_with() {
    let events = then(required(offers(requirements(), [offering(1, 300_000, framework())])), evaluate(1, 9));
    let more = [2, 3].map(|n| offering(n, 300_000, framework()));
    let events = more.into_iter().fold(events, then);
    let events = then(then(events, back(1)), evaluate(2, 9));
    // The favourite judged alone would be first of one.
    let refused = given::<Referrals>(events.clone()).when(taking(2)).then_refused("EVALUATION_MISSING");
    assert!(refused.to_string().contains(&offer(3).to_string()), "{refused}");
    let state = given::<Referrals>(events).into_state();
    assert_eq!(state.referrals[&referral(1)].judging().unwrap().offers, [offer(2), offer(3)].into());
}

#[test]
fn and_so_it_does_with_one_that_does_not_pass_the_gate() {
    let suspended = HomeKnown { status: Some("SUSPENDED".to_owned()), ..HomeKnown::default() };
    let fails = |n| EvaluateOffer { home: suspended.clone(), ..evaluate(n, 8) };
    let offered = |events, n| then(events, offering(n, 300_000, framework()));
    // Before the first score nothing begins.
    let events = required(offers(requirements(), [offering(1, 300_000, framework())]));
    let state = given::<Referrals>(then(events.clone(), fails(1))).into_state();
    assert_eq!(state.referrals[&referral(1)].judging(), None);
    // Of the first nothing is left; the second was scored late, and the third fails.
    let events = then(offered(then(events, evaluate(1, 9)), 2), evaluate(2, 7));
    let events = then(offered(then(events, back(1)), 3), fails(3));
    let state = given::<Referrals>(events.clone()).into_state();
    assert_eq!(state.referrals[&referral(1)].judging().unwrap().offers, [offer(2), offer(3)].into());
    assert_eq!(decided(&offered(events, 4), taking(2)).len(), 1, "the fourth is not waited for");
}

/// An evaluation of before it was recorded with which offers judging began.
#[test]
fn what_was_judged_before_judging_was_recorded_is_judged_on() {
    let two = [1, 2].map(|n| offering(n, 300_000, framework()));
    let mut events = then(required(offers(requirements(), two)), evaluate(1, 9));
    if let Some(ReferralEvent::OfferEvaluated(event)) = events.last_mut() {
        assert_eq!(event.began_with, [offer(1), offer(2)].into());
        event.began_with.clear();
    }
    let state = given::<Referrals>(events.clone()).into_state();
    assert_eq!(state.referrals[&referral(1)].judging().unwrap().offers, [offer(1), offer(2)].into());
    given::<Referrals>(events).when(taking(1)).then_refused("EVALUATION_MISSING");
}
