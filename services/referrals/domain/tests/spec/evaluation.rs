//! Given/when/then for evaluation: what an offer says of safety, the gate, the scores, and what an award says of its choice.

use crate::support::{
    approval, at, award, cascade, council, day, decided, emergency, framework, offer, posted, propose,
    provider, referral, released, requirements, sealed, spot, submit, terms, the_proposal,
};
use care::published::{Approval, ChoiceEvidence, EvaluationWeights, PriceLine, Route};
use care::spec::given;
use care::{Pence, Refusal, RefusalKind};
use referrals_domain::{
    AmendReferral, CascadePolicy, CascadePolicySet, Concern, EvaluateOffer, HomeKnown, ImpactAssessment,
    ImpactFinding, Mitigation, OfferEvaluated, OfferTerms, Profile, ProposeAward, ReferralEvent, Referrals,
    Requirements, SubmitOffer, WithdrawOffer, WithdrawReferral,
};
use std::collections::BTreeMap;

pub(crate) fn scores(scores: &[(&str, u8)]) -> BTreeMap<String, u8> {
    scores.iter().map(|(criterion, score)| ((*criterion).to_owned(), *score)).collect()
}

pub(crate) fn evaluate(n: u128, skills: u8) -> EvaluateOffer {
    EvaluateOffer {
        referral: referral(1),
        offer: offer(n),
        scores: scores(&[("SKILLS", skills)]),
        scorer: " post-0100 ".to_owned(),
        rationale: sealed("why"),
        exemption: None,
        weights: None,
        home: HomeKnown { grade: Some("GOOD".to_owned()), ..HomeKnown::default() },
        at: at(4),
    }
}

fn impact(findings: &[(&str, &str)]) -> ImpactAssessment {
    let finding = |(need, outcome): &(&str, &str)| ImpactFinding {
        concern: Concern::Need((*need).to_owned()),
        outcome: (*outcome).to_owned(),
    };
    ImpactAssessment {
        done_on: day("2026-05-30"),
        post: "registered manager".to_owned(),
        findings: findings.iter().map(finding).collect(),
    }
}

fn assessed(route: Route) -> OfferTerms {
    OfferTerms { impact: Some(impact(&[("TRAUMA", "IMPACT_MANAGED")])), ..terms(route) }
}

/// Offer `n` of this weekly price.
pub(crate) fn offering(n: u128, weekly: i64, route: Route) -> SubmitOffer {
    let lines = vec![PriceLine { kind: "CORE".to_owned(), weekly: Pence(weekly), until: None }];
    // One place is offered once at a time.
    let place = format!("SC045099-{n:02}").parse().unwrap();
    SubmitOffer { offer: offer(n), ..submit(OfferTerms { place, lines, ..assessed(route) }) }
}

/// A referral with its cascade, released to oak, with these offers.
pub(crate) fn offers(
    requirements: Requirements,
    offers: impl IntoIterator<Item = SubmitOffer>,
) -> Vec<ReferralEvent> {
    let mut events = vec![posted(requirements), released("oak")];
    events.extend(cascade());
    for offer in offers {
        events.extend(decided(&events, offer));
    }
    events
}

/// Two offers: the first dear and skilled (0.6667 × 9 + 0.3333 × 6), the second cheap (0.6667 × 6 + 0.3333).
fn two() -> Vec<ReferralEvent> {
    let mut events =
        offers(requirements(), [offering(1, 500_000, framework()), offering(2, 300_000, framework())]);
    for command in [evaluate(1, 9), evaluate(2, 6)] {
        events.extend(decided(&events, command));
    }
    events
}

fn the_evaluation(events: &[ReferralEvent]) -> OfferEvaluated {
    match events {
        [ReferralEvent::OfferEvaluated(event)] => event.clone(),
        other => panic!("expected one OfferEvaluated, got {other:?}"),
    }
}

fn failed(events: &[ReferralEvent]) -> Vec<String> {
    let evaluation = the_evaluation(events);
    assert!(evaluation.passed() || evaluation.scores.is_empty(), "scored though the gate was not passed");
    evaluation.gate.into_iter().filter(|check| !check.passed).map(|check| check.check).collect()
}

pub(crate) fn taking(n: u128) -> ProposeAward {
    ProposeAward { offer: offer(n), ..propose() }
}

#[test]
fn an_offer_is_scored_by_the_default_weights_where_nothing_else_is_set() {
    let events = offers(requirements(), [offering(1, 500_000, framework())]);
    given::<Referrals>(events).when(evaluate(1, 8)).then_events(|events| {
        let evaluation = the_evaluation(events);
        assert!(evaluation.passed());
        assert_eq!((evaluation.weights.framework.clone(), evaluation.weights.version), (None, 0));
        assert_eq!(evaluation.weights.weights, care::published::default_weights());
        assert_eq!(
            (evaluation.scorer.as_str(), &evaluation.scores),
            ("post-0100", &scores(&[("SKILLS", 8)]))
        );
        let checks: Vec<&str> = evaluation.gate.iter().map(|it| it.check.as_str()).collect();
        let all = [
            "OFFER_NOT_IN_FORCE",
            "OFFER_STALE",
            "REGISTRATION_NOT_ACTIVE",
            "ACCOMMODATION_RESTRICTED",
            "GRADE_INADEQUATE",
            "IMPACT_ASSESSMENT_MISSING",
            "IMPACT_NOT_MANAGEABLE",
        ];
        assert_eq!(checks, all);
    });
}

#[test]
fn a_frameworks_weights_are_for_its_own_route_alone() {
    let weights = [("SKILLS".to_owned(), 3_000), ("LOCATION".to_owned(), 3_000), ("PRICE".to_owned(), 4_000)];
    let set = EvaluationWeights { version: 3, from: day("2026-05-01"), weights: weights.into() };
    let by = |scores| EvaluateOffer { weights: Some(set.clone()), scores, ..evaluate(1, 8) };
    let both = scores(&[("SKILLS", 8), ("LOCATION", 5)]);
    let events = offers(requirements(), [offering(1, 500_000, framework())]);
    let wrong =
        given::<Referrals>(events.clone()).when(by(scores(&[("SKILLS", 8)]))).then_refused("FIELD_INVALID");
    assert_eq!(wrong.violations()[0].field, "scores");
    given::<Referrals>(events).when(by(both.clone())).then_events(|events| {
        let used = the_evaluation(events).weights;
        assert_eq!((used.framework, used.version), (Some("tyne-tees".parse().unwrap()), 3));
        assert_eq!(used.weights, set.weights);
    });
    let events = offers(requirements(), [offering(1, 500_000, spot(""))]);
    given::<Referrals>(events.clone()).when(by(both)).then_refused("FIELD_INVALID");
    given::<Referrals>(events).when(by(scores(&[("SKILLS", 8)]))).then_events(|events| {
        assert_eq!(the_evaluation(events).weights.version, 0);
    });
}

#[test]
fn scores_are_complete_within_range_and_of_no_price() {
    let events = offers(requirements(), [offering(1, 500_000, framework())]);
    for wrong in [&[][..], &[("SKILLS", 11)], &[("SKILLS", 8), ("PRICE", 10)], &[("NEEDS", 8)]] {
        let command = EvaluateOffer { scores: scores(wrong), ..evaluate(1, 0) };
        let refused = given::<Referrals>(events.clone()).when(command).then_refused("FIELD_INVALID");
        assert_eq!(refused.violations()[0].field, "scores", "{wrong:?}");
    }
    let nobody = EvaluateOffer { scorer: "  ".to_owned(), ..evaluate(1, 8) };
    let refused = given::<Referrals>(events).when(nobody).then_refused("FIELD_INVALID");
    assert_eq!(refused.violations()[0].field, "scorer");
}

#[test]
fn an_inadequate_home_is_not_evaluated_unless_somebody_who_may_exempts_it() {
    let inadequate = HomeKnown { grade: Some("INADEQUATE".to_owned()), ..HomeKnown::default() };
    let command = EvaluateOffer { home: inadequate, ..evaluate(1, 8) };
    let by = |role: &str| {
        let exemption = Some(Approval { role: role.to_owned(), ..approval() });
        EvaluateOffer { exemption, ..command.clone() }
    };
    let events = offers(requirements(), [offering(1, 500_000, framework())]);
    given::<Referrals>(events.clone())
        .when(command.clone())
        .then_events(|events| assert_eq!(failed(events), ["GRADE_INADEQUATE"]));
    given::<Referrals>(events.clone()).when(by("TEA_LADY")).then_refused("APPROVER_ROLE_NOT_ACCEPTED");
    let nameless = Some(Approval { approver: String::new(), ..approval() });
    let refused = given::<Referrals>(events.clone())
        .when(EvaluateOffer { exemption: nameless, ..command.clone() })
        .then_refused("FIELD_INVALID");
    assert_eq!(refused.violations()[0].field, "exemption.approver");
    given::<Referrals>(events.clone()).when(by("HEAD_OF_SERVICE")).then_events(|events| {
        let evaluation = the_evaluation(events);
        assert!(evaluation.passed());
        assert_eq!(evaluation.exemption, Some(approval()));
    });
    let unneeded = EvaluateOffer { exemption: Some(approval()), ..evaluate(1, 8) };
    given::<Referrals>(events)
        .when(unneeded)
        .then_events(|events| assert_eq!(the_evaluation(events).exemption, None, "nothing was exempted"));
}

#[test]
fn the_gate_asks_for_an_impact_assessment_that_can_be_managed_and_for_a_home_that_may_admit() {
    let with = |terms: OfferTerms, command: EvaluateOffer| {
        let events = offers(requirements(), [submit(terms)]);
        failed(&decided(&events, command))
    };
    assert_eq!(with(terms(framework()), evaluate(1, 8)), ["IMPACT_ASSESSMENT_MISSING"]);
    let grave = impact(&[("TRAUMA", "IMPACT_NOT_MANAGEABLE"), ("SELF_HARM", "NO_IMPACT")]);
    let grave = OfferTerms { impact: Some(grave), ..terms(framework()) };
    assert_eq!(with(grave, evaluate(1, 8)), ["IMPACT_NOT_MANAGEABLE"]);
    let nobody = OfferTerms { impact: Some(impact(&[])), ..terms(framework()) };
    assert_eq!(with(nobody, evaluate(1, 8)), [] as [&str; 0]);
    let restricted = HomeKnown { restricted_on: Some(day("2026-05-01")), ..HomeKnown::default() };
    let restricted = EvaluateOffer { home: restricted, ..evaluate(1, 8) };
    assert_eq!(with(assessed(framework()), restricted), ["ACCOMMODATION_RESTRICTED"]);
    for (status, passes) in [("ACTIVE", true), ("SUSPENDED", false), ("CANCELLED", false)] {
        let home = HomeKnown { status: Some(status.to_owned()), ..HomeKnown::default() };
        let found = with(assessed(framework()), EvaluateOffer { home, ..evaluate(1, 8) });
        let expected: &[&str] = if passes { &[] } else { &["REGISTRATION_NOT_ACTIVE"] };
        assert_eq!(found, expected, "{status}");
    }
}

#[test]
fn fostering_needs_no_impact_assessment() {
    let fostering = Requirements { provisions: vec!["FOSTERING".to_owned()], ..requirements() };
    let offered = OfferTerms { provision: "FOSTERING".to_owned(), ..terms(framework()) };
    let events = offers(fostering, [submit(offered)]);
    assert_eq!(failed(&decided(&events, evaluate(1, 8))), [] as [&str; 0]);
}

#[test]
fn an_offer_that_cannot_be_taken_does_not_pass() {
    let events = offers(requirements(), [offering(1, 500_000, framework())]);
    let late = EvaluateOffer { at: "2026-06-11T12:00:00Z".parse().unwrap(), ..evaluate(1, 8) };
    assert_eq!(failed(&decided(&events, late)), ["OFFER_NOT_IN_FORCE"]);
    let take_back =
        WithdrawOffer { referral: referral(1), offer: offer(1), provider: provider("oak"), at: at(4) };
    let mut withdrawn = events.clone();
    withdrawn.extend(decided(&withdrawn, take_back));
    assert_eq!(failed(&decided(&withdrawn, evaluate(1, 8))), ["OFFER_NOT_IN_FORCE"]);
    let amend = AmendReferral {
        referral: referral(1),
        expected_version: 1,
        requirements: requirements(),
        identity: None,
        narrative: None,
        background: None,
        envelopes: std::collections::BTreeMap::new(),
        at: at(4),
    };
    let mut amended = events;
    amended.extend(decided(&amended, amend));
    assert_eq!(failed(&decided(&amended, evaluate(1, 8))), ["OFFER_STALE"]);
}

#[test]
fn only_an_offer_of_an_open_referral_is_evaluated() {
    given::<Referrals>([]).when(evaluate(1, 8)).then_refused("REFERRAL_UNKNOWN");
    let mut events = offers(requirements(), [offering(1, 500_000, framework())]);
    given::<Referrals>(events.clone()).when(evaluate(2, 8)).then_refused("OFFER_UNKNOWN");
    let withdraw = WithdrawReferral { referral: referral(1), reason: "OTHER".to_owned(), at: at(4) };
    events.extend(decided(&events, withdraw));
    given::<Referrals>(events).when(evaluate(1, 8)).then_refused("REFERRAL_NOT_OPEN");
}

#[test]
fn a_later_evaluation_replaces_the_one_before_and_the_order_follows() {
    let order = |events: Vec<ReferralEvent>| {
        let state = given::<Referrals>(events).into_state();
        let ranking = state.ranking(&state.referrals[&referral(1)], at(5));
        ranking.iter().map(|it| (it.offer, it.rank, it.score_basis_points)).collect::<Vec<_>>()
    };
    let mut events = two();
    // 0.6667 × 9,000 + 0.3333 × 6,000, and 0.6667 × 6,000 + 0.3333 × 10,000, rounded down.
    assert_eq!(order(events.clone()), [(offer(1), 1, 8_000), (offer(2), 2, 7_333)]);
    events.extend(decided(&events, evaluate(1, 5)));
    assert_eq!(order(events), [(offer(2), 1, 7_333), (offer(1), 2, 5_333)]);
}

#[test]
fn who_can_no_longer_be_taken_has_no_rank_and_the_others_move_up() {
    let mut events = two();
    let take_back =
        WithdrawOffer { referral: referral(1), offer: offer(1), provider: provider("oak"), at: at(5) };
    events.extend(decided(&events, take_back));
    let state = given::<Referrals>(events).into_state();
    let ranking = state.ranking(&state.referrals[&referral(1)], at(6));
    assert_eq!(ranking.iter().map(|it| (it.offer, it.rank)).collect::<Vec<_>>(), [(offer(2), 1)]);
    let expired = state.ranking(&state.referrals[&referral(1)], "2026-06-11T12:00:00Z".parse().unwrap());
    assert_eq!(expired, []);
}

#[test]
fn the_first_is_awarded_with_its_rank_as_evidence() {
    let command = ProposeAward { departure_reason: Some("OTHER".to_owned()), ..taking(1) };
    given::<Referrals>(two()).when(command).then_events(|events| {
        let choice = ChoiceEvidence {
            evaluated: 2,
            standing: 2,
            rank: Some(1),
            score_basis_points: Some(8_000),
            ..ChoiceEvidence::default()
        };
        assert_eq!(the_proposal(events).evidence.choice, Some(choice), "the first departs from nothing");
    });
}

#[test]
fn another_is_awarded_with_a_coded_reason_alone() {
    let refused = given::<Referrals>(two()).when(taking(2)).then_refused("DEPARTURE_REASON_MISSING");
    assert_eq!(refused.kind(), RefusalKind::Precondition);
    assert!(refused.to_string().contains("is number 2 of 2"), "{refused}");
    let because = |reason: &str| ProposeAward { departure_reason: Some(reason.to_owned()), ..taking(2) };
    let wrong = given::<Referrals>(two()).when(because("CHEAPER")).then_refused("FIELD_INVALID");
    assert_eq!(wrong.violations()[0].field, "departure_reason");
    given::<Referrals>(two()).when(because("NEARER_SCHOOL")).then_events(|events| {
        let choice = the_proposal(events).evidence.choice.clone().unwrap();
        assert_eq!((choice.rank, choice.departure_reason.as_deref()), (Some(2), Some("NEARER_SCHOOL")));
    });
}

#[test]
fn one_that_was_not_evaluated_departs_from_those_that_were() {
    let mut events = two();
    events.extend(decided(&events, offering(3, 200_000, framework())));
    given::<Referrals>(events.clone()).when(taking(3)).then_refused("DEPARTURE_REASON_MISSING");
    let because = ProposeAward { departure_reason: Some("CHILD_WISHES".to_owned()), ..taking(3) };
    given::<Referrals>(events).when(because).then_events(|events| {
        let choice = the_proposal(events).evidence.choice.clone().unwrap();
        assert_eq!((choice.evaluated, choice.rank), (2, None));
    });
}

#[test]
fn an_award_without_any_evaluation_is_as_it_was() {
    let events = offers(requirements(), [submit(terms(framework()))]);
    given::<Referrals>(events)
        .when(taking(1))
        .then_events(|events| assert_eq!(the_proposal(events).evidence.choice, None));
}

#[test]
fn what_did_not_pass_the_gate_is_not_awarded() {
    let mut events = offers(requirements(), [submit(terms(framework())), offering(3, 300_000, framework())]);
    events.extend(decided(&events, evaluate(1, 8)));
    let because = ProposeAward { departure_reason: Some("COURT".to_owned()), ..taking(1) };
    let refused = given::<Referrals>(events.clone()).when(because).then_refused("EVALUATION_GATE_FAILED");
    assert!(refused.to_string().contains("IMPACT_ASSESSMENT_MISSING"), "{refused}");
    given::<Referrals>(events).when(taking(3)).then_events(|events| {
        assert_eq!(the_proposal(events).evidence.choice, None, "nothing is in the order")
    });
}

#[test]
fn a_policy_can_ask_that_offers_be_evaluated() {
    let policy = CascadePolicy { evaluation_required: true, ..CascadePolicy::default() };
    let set: ReferralEvent = CascadePolicySet { council: council(), version: 1, policy, at: at(0) }.into();
    let under = |requirements: Requirements| {
        [set.clone()]
            .into_iter()
            .chain(offers(requirements, [offering(1, 500_000, framework())]))
            .collect::<Vec<_>>()
    };
    let mut events = under(requirements());
    given::<Referrals>(events.clone()).when(taking(1)).then_refused("EVALUATION_MISSING");
    events.extend(decided(&events, evaluate(1, 8)));
    given::<Referrals>(events).when(taking(1)).then_events(|events| assert_eq!(events.len(), 1));
    // The process cannot be used for a placement of today or tomorrow (East Riding).
    given::<Referrals>(under(emergency())).when(taking(1)).then_events(|events| assert_eq!(events.len(), 1));
    let own = SubmitOffer { own_establishment: true, ..submit(terms(Route::InHouse)) };
    let mut events = vec![set, posted(requirements()), released("oak")];
    events.extend(decided(&events, own));
    given::<Referrals>(events)
        .when(ProposeAward { award: award(2), ..taking(1) })
        .then_events(|events| assert_eq!(events.len(), 1, "nothing is bought"));
}

#[test]
fn mitigations_answer_to_what_the_referral_names() {
    let risky = Requirements {
        profile: Profile { risks: vec!["MISSING".to_owned()], ..Profile::default() },
        ..requirements()
    };
    let events = vec![posted(risky), released("oak")];
    let say = |mitigations: Vec<(Concern, &str)>| {
        let mitigations =
            mitigations.into_iter().map(|(concern, how)| Mitigation { concern, how: how.to_owned() });
        submit(OfferTerms { mitigations: mitigations.collect(), ..terms(framework()) })
    };
    let (need, risk) = (|it: &str| Concern::Need(it.to_owned()), |it: &str| Concern::Risk(it.to_owned()));
    let right = say(vec![
        (need("TRAUMA"), "THERAPY"),
        (need("TRAUMA"), "TRAINED_CARERS"),
        (risk("MISSING"), "MISSING_PROTOCOL"),
    ]);
    given::<Referrals>(events.clone()).when(right).then_events(|events| assert_eq!(events.len(), 1));
    for (wrong, field) in [
        (vec![(need("AUTISM"), "THERAPY")], "mitigations[0]"),
        (vec![(risk("FIRE"), "THERAPY")], "mitigations[0]"),
        (vec![(need("NOISE"), "THERAPY")], "mitigations[0].need"),
        (vec![(need("TRAUMA"), "PRAYER")], "mitigations[0].how"),
        (vec![(need("TRAUMA"), "THERAPY"), (need("TRAUMA"), "THERAPY")], "mitigations[1]"),
        (vec![(need("TRAUMA"), "THERAPY"); 100], "mitigations"),
    ] {
        let refused = given::<Referrals>(events.clone()).when(say(wrong)).then_refused("FIELD_INVALID");
        assert_eq!(refused.violations()[0].field, field);
    }
}

#[test]
fn an_impact_assessment_is_recent_and_says_who_made_it() {
    let events = vec![posted(requirements()), released("oak")];
    let right = || impact(&[("TRAUMA", "IMPACT_MANAGED")]);
    let twice = impact(&[("TRAUMA", "NO_IMPACT"), ("TRAUMA", "IMPACT_MANAGED")]);
    for (wrong, field) in [
        (ImpactAssessment { done_on: day("2026-06-02"), ..right() }, "impact_risk_assessment.done_on"),
        (ImpactAssessment { done_on: day("2026-02-28"), ..right() }, "impact_risk_assessment.done_on"),
        (ImpactAssessment { post: String::new(), ..right() }, "impact_risk_assessment.post"),
        (impact(&[("TRAUMA", "GRAVE")]), "impact_risk_assessment.findings[0].outcome"),
        (impact(&[("NOISE", "NO_IMPACT")]), "impact_risk_assessment.findings[0].need"),
        (twice, "impact_risk_assessment.findings[1]"),
        (impact(&vec![("TRAUMA", "NO_IMPACT"); 100]), "impact_risk_assessment.findings"),
    ] {
        let offered = submit(OfferTerms { impact: Some(wrong), ..terms(framework()) });
        let refused = given::<Referrals>(events.clone()).when(offered).then_refused("FIELD_INVALID");
        assert_eq!(refused.violations()[0].field, field);
    }
    assert_eq!(right().outcome(), "IMPACT_MANAGED");
    assert_eq!(impact(&[]).outcome(), "NO_IMPACT");
}
