//! Awards: what becomes of them, and what stands in their way.

use crate::bench::{
    Bench, award_request, council, offer_request, post_request, reason, requirements, spot_route,
};
use api::common;
use api::referrals as proto;
use api::referrals::referrals_service_server::ReferralsService;
use care::published::AgreementRefused;
use jiff::SignedDuration;
use tonic::Code;
use tonic_types::StatusExt;

#[tokio::test]
async fn an_award_waits_for_the_agreement() {
    let bench = Bench::open().await;
    let (referral, offer) = bench.offered().await;
    let pending =
        bench.service.award_referral(bench.own(award_request(&offer, 0))).await.unwrap().into_inner();
    assert_eq!((pending.state(), pending.weekly_pence), (proto::AwardState::Proposed, 453_400));
    let waiting = bench.service.award_referral(bench.own(award_request(&offer, 30)));
    let told = async { bench.contracts(bench.issued(&pending).await).await };
    let (confirmed, ()) = tokio::join!(waiting, told);
    let confirmed = confirmed.unwrap().into_inner();
    assert_eq!((confirmed.state(), &confirmed.name), (proto::AwardState::Confirmed, &pending.name));
    let get = proto::GetReferralRequest { name: referral.name.clone() };
    let referral = bench.service.get_referral(bench.own(get)).await.unwrap().into_inner();
    assert_eq!(referral.stage(), proto::ReferralStage::Awarded);
    assert_eq!((referral.award, referral.agreement), (confirmed.name, confirmed.agreement));
    let types = bench.types().await;
    assert!(
        types.ends_with(&["AwardProposed", "ReferralAwarded", "IdentityGranted"].map(str::to_owned)),
        "{types:?}"
    );
}

#[tokio::test]
async fn a_place_taken_is_the_answer_again_and_again_and_the_referral_is_open() {
    let bench = Bench::open().await;
    let (referral, offer) = bench.offered().await;
    let pending =
        bench.service.award_referral(bench.own(award_request(&offer, 0))).await.unwrap().into_inner();
    bench.market(vec![bench.taken(&pending).into()]).await;
    for wait_seconds in [0, 5] {
        let request = award_request(&offer, wait_seconds);
        let refused = bench.service.award_referral(bench.own(request)).await.unwrap_err();
        assert_eq!((refused.code(), reason(&refused).as_str()), (Code::FailedPrecondition, "PLACE_TAKEN"));
        let details = refused.get_error_details();
        let metadata = &details.error_info().unwrap().metadata;
        assert_eq!((&metadata["award"], metadata["place"].as_str()), (&pending.name, "places/SC045099-01"));
    }
    let get = proto::GetAwardRequest { name: pending.name.clone() };
    let failed = bench.service.get_award(bench.own(get)).await.unwrap().into_inner();
    assert_eq!((failed.state(), failed.failure_reason.as_str()), (proto::AwardState::Failed, "PLACE_TAKEN"));
    let again = proto::AwardReferralRequest { request_id: "a-2".to_owned(), ..award_request(&offer, 0) };
    let again = bench.service.award_referral(bench.own(again)).await.unwrap().into_inner();
    assert_ne!(again.name, pending.name);
    let list = |state: proto::AwardState| proto::ListAwardsRequest {
        parent: "councils/E06000005".to_owned(),
        referral: referral.name.clone(),
        state: state.into(),
        ..Default::default()
    };
    let count = async |state| {
        bench.service.list_awards(bench.own(list(state))).await.unwrap().into_inner().awards.len()
    };
    assert_eq!(count(proto::AwardState::Unspecified).await, 2);
    assert_eq!(count(proto::AwardState::Failed).await, 1);
}

#[tokio::test]
async fn everything_in_the_way_of_an_award_is_told_in_one_answer() {
    let bench = Bench::open().await;
    let posted = bench.post_as(post_request("r-1")).await;
    bench.release(&posted.name, &["oak"]).await;
    let offer = bench.offer(&posted.name).await;
    let request = proto::AwardReferralRequest { approval: None, ..award_request(&offer, 0) };
    let refused = bench.service.award_referral(bench.own(request)).await.unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::FailedPrecondition, "CASCADE_EVIDENCE_MISSING")
    );
    let words = refused.message();
    assert!(words.contains("be exhausted before this award"), "the first is told in words: {words}");
    assert!(words.ends_with("in the way besides: APPROVER_MISSING"), "{words}");
    let details = refused.get_error_details();
    let [beside] = &details.bad_request().unwrap().field_violations[..] else { panic!("{details:?}") };
    assert_eq!(beside.field, "approval");
    assert!(beside.description.starts_with("APPROVER_MISSING: an external award"), "{beside:?}");
}

#[tokio::test]
async fn a_referral_whose_child_never_came_can_be_awarded_again() {
    let bench = Bench::open().await;
    let (referral, offer) = bench.offered().await;
    let award = bench.service.award_referral(bench.own(award_request(&offer, 0))).await.unwrap().into_inner();
    let issued = bench.issued(&award).await;
    bench.contracts(issued.clone()).await;
    let stage = async || {
        let get = proto::GetReferralRequest { name: referral.name.clone() };
        bench.service.get_referral(bench.own(get)).await.unwrap().into_inner().stage()
    };
    assert_eq!(stage().await, proto::ReferralStage::Awarded);
    bench.contracts(bench.ended(&issued, issued.start)).await;
    assert_eq!(stage().await, proto::ReferralStage::Open);
    let get = proto::GetAwardRequest { name: award.name.clone() };
    let lapsed = bench.service.get_award(bench.own(get)).await.unwrap().into_inner();
    assert_eq!(
        (lapsed.state(), lapsed.failure_reason.as_str(), lapsed.agreement.is_empty()),
        (proto::AwardState::Lapsed, "AGREEMENT_ENDED_BEFORE_START", false)
    );
    let repeated =
        bench.service.award_referral(bench.own(award_request(&offer, 0))).await.unwrap().into_inner();
    assert_eq!(repeated, lapsed, "a repeat is no new attempt");
    let again = proto::AwardReferralRequest { request_id: "a-2".to_owned(), ..award_request(&offer, 0) };
    let again = bench.service.award_referral(bench.own(again)).await.unwrap().into_inner();
    assert_ne!(again.name, award.name);
}

#[tokio::test]
async fn a_contract_that_does_not_allow_it_fails_the_award() {
    let bench = Bench::open().await;
    let (_, offer) = bench.offered().await;
    let pending =
        bench.service.award_referral(bench.own(award_request(&offer, 0))).await.unwrap().into_inner();
    let issued = bench.issued(&pending).await;
    let refused = AgreementRefused {
        award: issued.award,
        council: issued.council,
        referral: issued.referral,
        place: issued.place,
        reason: "PRICE_ABOVE_CEILING".to_owned(),
        detail: "the core fee is above the ceiling".to_owned(),
        evidence: issued.evidence,
        at: issued.at,
    };
    bench.contracts(refused).await;
    let refused = bench.service.award_referral(bench.own(award_request(&offer, 0))).await.unwrap_err();
    assert_eq!(reason(&refused), "PRICE_ABOVE_CEILING");
}

#[tokio::test]
async fn the_age_on_the_first_night_counts_not_that_of_the_day_of_posting() {
    let bench = Bench::open().await;
    let born = |date_of_birth: &str| proto::Identity {
        date_of_birth: date_of_birth.to_owned(),
        ..crate::bench::identity()
    };
    let asked =
        proto::Requirements { provisions: vec!["SUPPORTED_ACCOMMODATION".to_owned()], ..requirements() };
    // Both are 15 on the day of posting, 1 June; the first night is 20 June.
    for (n, birth, allowed) in [(1, "2010-06-20", true), (2, "2010-06-21", false)] {
        let message = proto::PostReferralRequest {
            requirements: Some(asked.clone()),
            identity: Some(born(birth)),
            ..post_request(&format!("r-{n}"))
        };
        let posted = bench.post_as(message).await;
        bench.release(&posted.name, &["oak"]).await;
        bench.step(&posted.name, "CONNECTED_CARE").await;
        let offer = proto::SubmitOfferRequest {
            provision: "SUPPORTED_ACCOMMODATION".to_owned(),
            request_id: format!("o-{n}"),
            ..offer_request(&posted.name)
        };
        let offer = bench.service.submit_offer(bench.oak(offer)).await.unwrap().into_inner();
        let award = proto::AwardReferralRequest { request_id: format!("a-{n}"), ..award_request(&offer, 0) };
        let answer = bench.service.award_referral(bench.own(award)).await;
        let refused = answer.err().map(|status| reason(&status));
        assert_eq!(refused.as_deref(), (!allowed).then_some("UNDER_16_SUPPORTED_ACCOMMODATION"), "{birth}");
    }
}

#[tokio::test]
async fn evidence_and_approver_are_asked_for() {
    let bench = Bench::open().await;
    let posted = bench.post("r-1").await;
    bench.release(&posted.name, &["oak"]).await;
    let offer = bench.offer(&posted.name).await;
    let refused = bench.service.award_referral(bench.own(award_request(&offer, 0))).await.unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::FailedPrecondition, "CASCADE_EVIDENCE_MISSING")
    );
    bench.cascade(&posted.name).await;
    let nobody = proto::AwardReferralRequest { approval: None, ..award_request(&offer, 0) };
    let refused = bench.service.award_referral(bench.own(nobody)).await.unwrap_err();
    assert_eq!(reason(&refused), "APPROVER_MISSING");
    let wrong = common::Approval { approver: "post-1".to_owned(), role: "TEA_LADY".to_owned() };
    let wrong = proto::AwardReferralRequest { approval: Some(wrong), ..award_request(&offer, 0) };
    let refused = bench.service.award_referral(bench.own(wrong)).await.unwrap_err();
    assert_eq!(reason(&refused), "APPROVER_ROLE_NOT_ACCEPTED");
    let too_long = proto::AwardReferralRequest { wait_seconds: Some(31), ..award_request(&offer, 0) };
    let refused = bench.service.award_referral(bench.own(too_long)).await.unwrap_err();
    assert_eq!(crate::bench::fields(&refused), ["wait_seconds"]);
    let other = bench.post("r-2").await;
    let elsewhere = proto::AwardReferralRequest { name: other.name, ..award_request(&offer, 0) };
    let refused = bench.service.award_referral(bench.own(elsewhere)).await.unwrap_err();
    assert_eq!(crate::bench::fields(&refused), ["offer"]);
}

#[tokio::test]
async fn an_emergency_is_due_then_overdue_then_approved() {
    let bench = Bench::open().await;
    let (_, offer) = bench.offered().await;
    let emergency =
        proto::AwardReferralRequest { approval: None, emergency: true, ..award_request(&offer, 0) };
    let award = bench.service.award_referral(bench.own(emergency)).await.unwrap().into_inner();
    assert!(award.approval.is_none() && !award.approval_overdue);
    let due = |overdue_only| proto::ListApprovalsDueRequest {
        parent: "councils/E06000005".to_owned(),
        overdue_only,
        ..Default::default()
    };
    let list = async |overdue| {
        bench.service.list_approvals_due(bench.own(due(overdue))).await.unwrap().into_inner().awards
    };
    assert_eq!((list(false).await.len(), list(true).await.len()), (1, 0));
    bench.clock.advance_to(bench.clock.now() + SignedDuration::from_hours(73));
    let overdue = list(true).await;
    assert!(overdue.len() == 1 && overdue[0].approval_overdue);
    let approve = proto::GiveRetrospectiveApprovalRequest {
        name: award.name.clone(),
        approval: award_request(&offer, 0).approval,
        request_id: "g-1".to_owned(),
    };
    let approved = bench.service.give_retrospective_approval(bench.own(approve)).await.unwrap().into_inner();
    assert!(!approved.approval_overdue && approved.approval.is_some());
    assert!(list(false).await.is_empty());
}

#[tokio::test]
async fn a_justification_that_names_the_child_is_refused() {
    let bench = Bench::open().await;
    let posted = bench.post("r-1").await;
    bench.release(&posted.name, &["oak"]).await;
    bench.cascade(&posted.name).await;
    bench.step(&posted.name, "FRAMEWORK").await;
    let spot = proto::SubmitOfferRequest { route: Some(spot_route()), ..offer_request(&posted.name) };
    let offer = bench.service.submit_offer(bench.oak(spot)).await.unwrap().into_inner();
    let because = |text: &str| proto::AwardReferralRequest {
        spot_justification: text.to_owned(),
        ..award_request(&offer, 0)
    };
    let refused =
        bench.service.award_referral(bench.own(because("nobody would take Zebedee"))).await.unwrap_err();
    assert_eq!(reason(&refused), "PERSONAL_DATA_IN_TEXT");
    assert!(!refused.message().contains("Zebedee"));
    let refused = bench.service.award_referral(bench.own(because(""))).await.unwrap_err();
    assert_eq!(reason(&refused), "SPOT_JUSTIFICATION_MISSING");
    let award =
        bench.service.award_referral(bench.own(because("no framework place"))).await.unwrap().into_inner();
    let Some(common::Route { route: Some(common::route::Route::Spot(spot)) }) = award.route else {
        panic!("not a spot purchase");
    };
    assert_eq!(spot.justification, "no framework place");
}

#[tokio::test]
async fn another_councils_events_change_nothing_here() {
    let bench = Bench::open().await;
    let (_, offer) = bench.offered().await;
    let pending =
        bench.service.award_referral(bench.own(award_request(&offer, 0))).await.unwrap().into_inner();
    let mut foreign = bench.taken(&pending);
    foreign.council = crate::bench::neighbour();
    bench.market(vec![foreign.into()]).await;
    // The neighbour's contracts have no say in this council's award, whatever they write.
    bench.neighbours_contracts(bench.issued(&pending).await).await;
    let get = proto::GetAwardRequest { name: pending.name };
    let award = bench.service.get_award(bench.own(get)).await.unwrap().into_inner();
    assert_eq!(award.state(), proto::AwardState::Proposed);
    assert_eq!(bench.events(council()).await.last().unwrap().event_type, "AwardProposed");
}
