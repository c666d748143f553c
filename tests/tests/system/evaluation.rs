//! Offers judged in a whole region: what a framework's lead decides in contracts counts in referrals, after a start too, and the award says where
//! its offer stood.

use crate::region::reason;
use crate::world::{World, award, award_of, offer_of, post, release, requirements};
use api::contracts::{CriterionWeight, SetEvaluationWeightsRequest};
use api::referrals::{
    AwardReferralRequest, AwardState, CriterionScore, EvaluateOfferRequest, Evaluation, ImpactRiskAssessment,
    ListEvaluationsRequest, Offer, SubmitOfferRequest,
};

fn evaluate(offer: &Offer, location: u32) -> EvaluateOfferRequest {
    let score = |criterion: &str, score| CriterionScore { criterion: criterion.to_owned(), score };
    EvaluateOfferRequest {
        name: offer.name.clone(),
        scores: vec![score("SKILLS", 5), score("LOCATION", location)],
        scorer: "commissioning officer 3".to_owned(),
        rationale: "Near the school.".to_owned(),
        ..Default::default()
    }
}

fn short(evaluation: &Evaluation) -> (String, u32, u32, u32) {
    let summary = evaluation.summary.unwrap();
    (evaluation.weights_framework.clone(), summary.weights_version, summary.rank, summary.score_basis_points)
}

#[tokio::test]
async fn what_a_lead_says_counts_decides_the_order_and_the_award_tells_where_its_offer_stood() {
    let world = World::open().await;
    let seller = world.enter_provider("oak").await;
    let places = world.home(&seller, "SC000001", 2).await;
    let weight =
        |criterion: &str, basis_points| CriterionWeight { criterion: criterion.to_owned(), basis_points };
    let set = SetEvaluationWeightsRequest {
        name: "frameworks/d2n2".to_owned(),
        from: "2026-06-02".to_owned(),
        weights: vec![weight("PRICE", 2_000), weight("SKILLS", 2_000), weight("LOCATION", 6_000)],
        ..Default::default()
    };
    world.lead("d2n2").await.contracts().set_evaluation_weights(set).await.unwrap();
    world.clock.advance_to("2026-06-02T09:00:00Z".parse().unwrap());
    // What was decided is known again after a start.
    let world = World::on(world.stop().await).await;
    world.clock.advance_to("2026-06-02T09:00:00Z".parse().unwrap());
    let (derby, seller) = (world.council("E06000015").await, world.provider("oak").await);
    let referral = post(&derby, requirements(), None).await;
    release(&derby, &referral, &seller).await;
    let mut offers = Vec::new();
    for (place, pence) in places.iter().zip([400_000, 200_000]) {
        let assessment = ImpactRiskAssessment {
            done_on: "2026-06-01".to_owned(),
            post: "registered manager".to_owned(),
            ..Default::default()
        };
        let offered = SubmitOfferRequest {
            start: "2026-06-02".to_owned(),
            impact_risk_assessment: Some(assessment),
            ..offer_of(&world, &derby, &referral, place, pence)
        };
        offers.push(seller.referrals().submit_offer(offered).await.unwrap().into_inner());
    }
    let mut desk = derby.referrals();
    for (offer, location) in offers.iter().zip([10, 2]) {
        desk.evaluate_offer(evaluate(offer, location)).await.unwrap();
    }
    let list = ListEvaluationsRequest { parent: referral, ..Default::default() };
    let listed = desk.list_evaluations(list).await.unwrap().into_inner().evaluations;
    let framework = || "frameworks/d2n2".to_owned();
    // Skills give both 0.2 × 5,000; price and location 0.2 × 5,000 + 0.6 × 10,000 to the dear one, 0.2 × 10,000 + 0.6 × 2,000 to the other.
    let order = [(framework(), 1, 1, 8_000), (framework(), 1, 2, 4_200)];
    assert_eq!(listed.iter().map(short).collect::<Vec<_>>(), order);
    let missing = award(&derby, &offers[1], None).await.unwrap_err();
    assert_eq!(reason(&missing), "DEPARTURE_REASON_MISSING");
    let second =
        AwardReferralRequest { departure_reason: "CHILD_WISHES".to_owned(), ..award_of(&offers[1], None) };
    let won = desk.award_referral(second).await.unwrap().into_inner();
    assert_eq!(won.state(), AwardState::Confirmed);
    let choice = won.choice.unwrap();
    assert_eq!((choice.rank, choice.evaluated, choice.departure_reason.as_str()), (2, 2, "CHILD_WISHES"));
}
