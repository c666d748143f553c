//! Evaluation, the whole way: what an offer says, the gate and the scores, the order of merit, and the award that departs from it.

use crate::bench::{
    Bench, award_request, council, fields, offer_request, post_request, reason, requirements,
};
use api::referrals as proto;
use api::referrals::referrals_service_server::ReferralsService;
use care::market::{EstablishmentAmended, RestrictionNoticeServed};
use care::published::{EvaluationWeights, EvaluationWeightsSet};
use tonic::Code;

/// A rationale that must stand nowhere in clear.
const RATIONALE: &str = "Zebedee knows the carer, who plays the sousaphone.";

fn assessment() -> proto::ImpactRiskAssessment {
    let finding = proto::ImpactFinding {
        concern: Some(proto::impact_finding::Concern::Need("TRAUMA".to_owned())),
        outcome: "IMPACT_MANAGED".to_owned(),
    };
    proto::ImpactRiskAssessment {
        done_on: "2026-05-30".to_owned(),
        post: "registered manager".to_owned(),
        findings: vec![finding],
        outcome: String::new(),
    }
}

/// Oak's offer, with what it says of safety.
fn oaks(referral: &str) -> proto::SubmitOfferRequest {
    let mitigation = proto::Mitigation {
        concern: Some(proto::mitigation::Concern::Need("TRAUMA".to_owned())),
        how: "THERAPY".to_owned(),
    };
    proto::SubmitOfferRequest {
        mitigations: vec![mitigation],
        impact_risk_assessment: Some(assessment()),
        ..offer_request(referral)
    }
}

/// Elm's, of the council's own home, cheaper.
fn elms(referral: &str) -> proto::SubmitOfferRequest {
    let lines =
        vec![api::common::PriceLine { kind: "CORE".to_owned(), weekly_pence: 300_000, until: String::new() }];
    proto::SubmitOfferRequest {
        place: "places/SC040001-01".to_owned(),
        establishment: "establishments/SC040001".to_owned(),
        lines,
        ..oaks(referral)
    }
}

fn evaluate(offer: &proto::Offer, scores: &[(&str, u32)]) -> proto::EvaluateOfferRequest {
    let score = |(criterion, score): &(&str, u32)| proto::CriterionScore {
        criterion: (*criterion).to_owned(),
        score: *score,
    };
    proto::EvaluateOfferRequest {
        name: offer.name.clone(),
        scores: scores.iter().map(score).collect(),
        scorer: "commissioning officer 3".to_owned(),
        rationale: RATIONALE.to_owned(),
        exemption: None,
        request_id: format!("e-{}", offer.provider),
    }
}

/// A referral with oak's and elm's offers.
async fn offered(bench: &Bench) -> (proto::Referral, proto::Offer, proto::Offer) {
    let posted = bench.post("r-1").await;
    bench.release(&posted.name, &["oak", "elm"]).await;
    bench.cascade(&posted.name).await;
    let oaks = bench.service.submit_offer(bench.oak(oaks(&posted.name))).await.unwrap().into_inner();
    let elms = bench.service.submit_offer(bench.elm(elms(&posted.name))).await.unwrap().into_inner();
    (posted, oaks, elms)
}

async fn evaluated(bench: &Bench, message: proto::EvaluateOfferRequest) -> proto::Evaluation {
    bench.service.evaluate_offer(bench.own(message)).await.unwrap().into_inner()
}

async fn listed(bench: &Bench, referral: &str) -> Vec<proto::Evaluation> {
    let list = proto::ListEvaluationsRequest { parent: referral.to_owned(), ..Default::default() };
    bench.service.list_evaluations(bench.own(list)).await.unwrap().into_inner().evaluations
}

fn short(evaluation: &proto::Evaluation) -> (u32, u32, u32) {
    let summary = evaluation.summary.unwrap();
    (summary.rank, summary.score_basis_points, summary.price_score_basis_points)
}

fn failed(evaluation: &proto::Evaluation) -> Vec<&str> {
    evaluation.gate.iter().filter(|check| !check.passed).map(|check| check.check.as_str()).collect()
}

#[tokio::test]
async fn an_award_departs_from_the_order_of_merit_with_a_reason_alone() {
    let bench = Bench::open().await.with_market().await;
    let (posted, oaks, elms) = offered(&bench).await;
    assert_eq!(oaks.mitigations.len(), 1);
    assert_eq!(oaks.impact_risk_assessment.as_ref().unwrap().outcome, "IMPACT_MANAGED");
    let first = evaluated(&bench, evaluate(&oaks, &[("SKILLS", 9)])).await;
    assert_eq!(
        (short(&first), first.rationale.as_str()),
        ((1, 9_333, 10_000), RATIONALE),
        "alone it is the cheapest"
    );
    let second = evaluated(&bench, evaluate(&elms, &[("SKILLS", 7)])).await;
    // 0.6667 × 7,000 + 0.3333 × 10,000; oak, 0.6667 × 9,000 + 0.3333 × 6,616, since its price is half as much again.
    assert_eq!(short(&second), (2, 7_999, 10_000));
    let list = listed(&bench, &posted.name).await;
    let told: Vec<_> = list.iter().map(|it| (it.offer.as_str(), short(it))).collect();
    assert_eq!(told, [(oaks.name.as_str(), (1, 8_205, 6_616)), (elms.name.as_str(), (2, 7_999, 10_000))]);
    assert!(list.iter().all(|it| it.rationale == RATIONALE && it.weights_framework.is_empty()));
    let taking = |departure: &str| proto::AwardReferralRequest {
        departure_reason: departure.to_owned(),
        ..award_request(&elms, 0)
    };
    let missing = bench.service.award_referral(bench.own(taking(""))).await.unwrap_err();
    assert_eq!(
        (missing.code(), reason(&missing).as_str()),
        (Code::FailedPrecondition, "DEPARTURE_REASON_MISSING")
    );
    let wrong = bench.service.award_referral(bench.own(taking("CHEAPER"))).await.unwrap_err();
    assert_eq!((wrong.code(), fields(&wrong)), (Code::InvalidArgument, vec!["departure_reason".to_owned()]));
    let award = bench.service.award_referral(bench.own(taking("NEARER_FAMILY"))).await.unwrap().into_inner();
    let choice = award.choice.unwrap();
    assert_eq!((choice.evaluated, choice.rank, choice.score_basis_points), (2, 2, 7_999));
    assert_eq!(choice.departure_reason, "NEARER_FAMILY");
}

#[tokio::test]
async fn the_council_alone_sees_how_offers_were_judged_and_no_rationale_stands_in_clear() {
    let bench = Bench::open().await.with_market().await;
    let (posted, oaks, _) = offered(&bench).await;
    evaluated(&bench, evaluate(&oaks, &[("SKILLS", 9)])).await;
    let list = proto::ListOffersRequest { parent: posted.name.clone(), ..Default::default() };
    let own = bench.service.list_offers(bench.own(list)).await.unwrap().into_inner().offers;
    let ranks: Vec<_> =
        own.iter().map(|it| (it.name == oaks.name, it.evaluation.map(|it| it.rank))).collect();
    assert!(ranks.contains(&(true, Some(1))) && ranks.contains(&(false, None)), "{ranks:?}");
    let get = proto::GetReleasedReferralRequest { name: posted.name.clone() };
    let seen = bench.service.get_released_referral(bench.oak(get)).await.unwrap().into_inner();
    assert_eq!((seen.offers.len(), seen.offers[0].evaluation), (1, None));
    for event in bench.events(council()).await {
        let payload = String::from_utf8_lossy(&event.payload).into_owned();
        assert!(!payload.contains("sousaphone") && !payload.contains("Zebedee"), "{payload}");
    }
    let bench = bench.reopen().await;
    assert_eq!(listed(&bench, &posted.name).await[0].rationale, RATIONALE, "read again after a start");
}

#[tokio::test]
async fn a_repeat_is_recognised_without_the_rationale_in_clear() {
    let bench = Bench::open().await.with_market().await;
    let (_, oaks, _) = offered(&bench).await;
    let request = evaluate(&oaks, &[("SKILLS", 9)]);
    let first = evaluated(&bench, request.clone()).await;
    assert_eq!(evaluated(&bench, request.clone()).await, first);
    let other = proto::EvaluateOfferRequest { rationale: "Another.".to_owned(), ..request };
    let reused = bench.service.evaluate_offer(bench.own(other)).await.unwrap_err();
    assert_eq!(reason(&reused), "REQUEST_ID_REUSED");
    let events = bench.types().await;
    assert_eq!(events.iter().filter(|name| *name == "OfferEvaluated").count(), 1);
}

#[tokio::test]
async fn a_frameworks_weights_are_those_of_the_day_on_which_the_referral_was_written() {
    let bench = Bench::open().await.with_market().await;
    let set = |version, from: &str, skills: u32| EvaluationWeightsSet {
        framework: "tyne-tees".parse().unwrap(),
        set: EvaluationWeights {
            version,
            from: from.parse().unwrap(),
            weights: [
                ("SKILLS".to_owned(), skills),
                ("LOCATION".to_owned(), 5_000 - skills),
                ("PRICE".to_owned(), 5_000),
            ]
            .into(),
        },
    };
    bench.weights(set(1, "2026-05-01", 2_000)).await;
    bench.weights(set(2, "2026-06-02", 3_000)).await;
    let (posted, oaks, _) = offered(&bench).await;
    bench.clock.advance_to(bench.clock.now() + jiff::SignedDuration::from_hours(48));
    let incomplete = evaluate(&oaks, &[("SKILLS", 9)]);
    let refused = bench.service.evaluate_offer(bench.own(incomplete)).await.unwrap_err();
    assert_eq!((refused.code(), fields(&refused)), (Code::InvalidArgument, vec!["scores".to_owned()]));
    assert!(refused.message().contains("LOCATION, SKILLS"), "{}", refused.message());
    let evaluation = evaluated(&bench, evaluate(&oaks, &[("SKILLS", 10), ("LOCATION", 0)])).await;
    assert_eq!(evaluation.weights_framework, "frameworks/tyne-tees");
    assert_eq!((evaluation.summary.unwrap().weights_version, short(&evaluation)), (1, (1, 7_000, 10_000)));
    // Written anew, it is by the weights of today.
    let amend = proto::AmendReferralRequest {
        name: posted.name.clone(),
        etag: "1".to_owned(),
        requirements: Some(requirements()),
        identity: None,
        request_id: String::new(),
        replace_background: false,
    };
    bench.service.amend_referral(bench.own(amend)).await.unwrap();
    let again = proto::SubmitOfferRequest { request_id: "o-2".to_owned(), ..self::oaks(&posted.name) };
    let again = bench.service.submit_offer(bench.oak(again)).await.unwrap().into_inner();
    let message = evaluate(&again, &[("SKILLS", 10), ("LOCATION", 0)]);
    let message = proto::EvaluateOfferRequest { request_id: "e-2".to_owned(), ..message };
    let evaluation = evaluated(&bench, message).await;
    assert_eq!((evaluation.summary.unwrap().weights_version, short(&evaluation)), (2, (1, 8_000, 10_000)));
}

#[tokio::test]
async fn the_gate_is_judged_by_what_the_market_says_of_the_home() {
    let bench = Bench::open().await.with_market().await;
    let (posted, oaks, _) = offered(&bench).await;
    let served = RestrictionNoticeServed {
        urn: "SC045099".parse().unwrap(),
        on: "2026-06-01".parse().unwrap(),
        at: bench.clock.now(),
    };
    bench.market(vec![served.into()]).await;
    let evaluation = evaluated(&bench, evaluate(&oaks, &[("SKILLS", 9)])).await;
    assert_eq!(failed(&evaluation), ["ACCOMMODATION_RESTRICTED"]);
    assert_eq!((evaluation.scores.len(), short(&evaluation)), (0, (0, 0, 0)));
    let refused = bench.service.award_referral(bench.own(award_request(&oaks, 0))).await.unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::FailedPrecondition, "EVALUATION_GATE_FAILED")
    );
    assert_eq!(listed(&bench, &posted.name).await.len(), 1, "what failed is told with why");
}

#[tokio::test]
async fn an_inadequate_home_is_exempted_by_who_may_approve() {
    let bench = Bench::open().await.with_market().await;
    let (_, oaks, _) = offered(&bench).await;
    bench.service.council(council()).unwrap().read(|_| ());
    let registration = care::market::Registration {
        status: care::market::RegistrationStatus::Active,
        grade: "INADEQUATE".to_owned(),
        age_from: 8,
        age_to: 17,
        sexes: care::market::Sexes::Any,
        places_registered: 3,
    };
    let (urn, at) = ("SC045099".parse().unwrap(), bench.clock.now());
    bench.market(vec![EstablishmentAmended { urn, registration, sector: None, at }.into()]).await;
    let evaluation = evaluated(&bench, evaluate(&oaks, &[("SKILLS", 9)])).await;
    assert_eq!(failed(&evaluation), ["GRADE_INADEQUATE"]);
    let exempted = |role: &str| proto::EvaluateOfferRequest {
        exemption: Some(api::common::Approval { approver: "post-0417".to_owned(), role: role.to_owned() }),
        request_id: format!("e-{role}"),
        ..evaluate(&oaks, &[("SKILLS", 9)])
    };
    let refused = bench.service.evaluate_offer(bench.own(exempted("TEA_LADY"))).await.unwrap_err();
    assert_eq!(reason(&refused), "APPROVER_ROLE_NOT_ACCEPTED");
    let evaluation = evaluated(&bench, exempted("HEAD_OF_SERVICE")).await;
    assert_eq!((failed(&evaluation).len(), short(&evaluation).0), (0, 1));
    assert_eq!(evaluation.exemption.unwrap().role, "HEAD_OF_SERVICE");
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_told_at_once() {
    let bench = Bench::open().await.with_market().await;
    let (posted, oaks, _) = offered(&bench).await;
    let wrong = proto::EvaluateOfferRequest {
        name: oaks.name.clone(),
        scores: [("CHARM", 5), ("SKILLS", 11)]
            .map(|(criterion, score)| proto::CriterionScore { criterion: criterion.to_owned(), score })
            .into(),
        ..Default::default()
    };
    let refused = bench.service.evaluate_offer(bench.own(wrong)).await.unwrap_err();
    assert_eq!(fields(&refused), ["scores[0].criterion", "scores[1].score", "scorer", "rationale"]);
    let wrong = proto::SubmitOfferRequest {
        mitigations: vec![proto::Mitigation::default()],
        impact_risk_assessment: Some(proto::ImpactRiskAssessment::default()),
        request_id: "o-2".to_owned(),
        ..self::oaks(&posted.name)
    };
    let refused = bench.service.submit_offer(bench.oak(wrong)).await.unwrap_err();
    let expected = ["mitigations[0]", "impact_risk_assessment.done_on", "impact_risk_assessment.post"];
    assert_eq!(fields(&refused), expected);
    let unknown = format!("{}/offers/00000000-0000-4000-8000-000000000001", posted.name);
    let unknown = proto::EvaluateOfferRequest { name: unknown, ..evaluate(&oaks, &[("SKILLS", 9)]) };
    let refused = bench.service.evaluate_offer(bench.own(unknown)).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::NotFound, "OFFER_UNKNOWN"));
}

#[tokio::test]
async fn a_policy_asks_that_offers_be_evaluated() {
    let bench = Bench::open().await.with_market().await;
    let planned = proto::Requirements { urgency: "PLANNED".to_owned(), ..requirements() };
    let posted = bench
        .post_as(proto::PostReferralRequest { requirements: Some(planned), ..post_request("r-1") })
        .await;
    bench.release(&posted.name, &["oak"]).await;
    bench.cascade(&posted.name).await;
    let offer = bench.service.submit_offer(bench.oak(oaks(&posted.name))).await.unwrap().into_inner();
    let name = "councils/E06000005/cascadePolicy".to_owned();
    let get = proto::GetCascadePolicyRequest { name: name.clone() };
    let policy = bench.service.get_cascade_policy(bench.own(get)).await.unwrap().into_inner();
    assert!(!policy.evaluation_required);
    let policy = Some(proto::CascadePolicy { evaluation_required: true, ..policy });
    let set = proto::SetCascadePolicyRequest { name, policy, request_id: String::new() };
    assert!(bench.service.set_cascade_policy(bench.own(set)).await.unwrap().into_inner().evaluation_required);
    let missing = bench.service.award_referral(bench.own(award_request(&offer, 0))).await.unwrap_err();
    assert_eq!(reason(&missing), "EVALUATION_MISSING");
    let list = proto::ListEvaluationsRequest { parent: posted.name.clone(), ..Default::default() };
    let all = bench.service.list_evaluations(bench.own(list.clone())).await.unwrap().into_inner();
    assert_eq!(all.judging, None);
    evaluated(&bench, evaluate(&offer, &[("SKILLS", 9)])).await;
    let judging =
        bench.service.list_evaluations(bench.own(list)).await.unwrap().into_inner().judging.unwrap();
    assert_eq!((judging.offers, judging.referral_version), (vec![offer.name.clone()], 1));
    assert!(judging.begin_time.is_some() && !judging.weights.is_empty());
    let award = bench.service.award_referral(bench.own(award_request(&offer, 0))).await.unwrap().into_inner();
    assert_eq!(award.choice.unwrap().rank, 1);
}

/// A referral of which nothing was sealed gets its narrative's key with the first rationale.
#[tokio::test]
async fn the_key_of_a_rationale_is_needed_like_a_narratives() {
    let bench = Bench::open().await.with_market().await;
    let unnamed = proto::Requirements { age_years: Some(14), max_distance_miles: None, ..requirements() };
    let message =
        proto::PostReferralRequest { requirements: Some(unnamed), identity: None, ..post_request("r-1") };
    let posted = bench.post_as(message).await;
    bench.release(&posted.name, &["oak"]).await;
    let offer = bench.service.submit_offer(bench.oak(oaks(&posted.name))).await.unwrap().into_inner();
    evaluated(&bench, evaluate(&offer, &[("SKILLS", 9)])).await;
    let refused = bench.close().await.start_without_keys().await;
    assert!(refused.contains("accept-lost-keys"), "{refused}");
}

/// The hash by which a repeat is recognised stands in the log: made of the text itself it would tell who guesses it.
#[tokio::test]
async fn the_same_rationale_is_kept_differently_under_another_key() {
    let mut kept = Vec::new();
    for _ in 0..2 {
        let bench = Bench::open().await.with_market().await;
        let (_, oaks, _) = offered(&bench).await;
        let request = evaluate(&oaks, &[("SKILLS", 9)]);
        evaluated(&bench, request.clone()).await;
        let caller = bench.own(()).extensions().get::<service_kit::Caller>().cloned().unwrap();
        let key = service_kit::kept_under(&caller, &request.request_id);
        let reply = bench.service.council(council()).unwrap().log().reply(&key).await.unwrap().unwrap();
        kept.push((request, format!("{:?}", reply.request_hash)));
    }
    assert_eq!(kept[0].0, kept[1].0, "the same is asked");
    assert_ne!(kept[0].1, kept[1].1);
}
