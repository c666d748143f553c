//! The gates of a council's policy, the whole way: an award waits for them, an emergency goes ahead of them, and what is due is told.

use crate::bench::{Bench, award_request, post_request, reason, requirements};
use api::common;
use api::referrals as proto;
use api::referrals::referrals_service_server::ReferralsService;
use tonic::Code;

/// Sets a policy with a panel for homes of children under 16.
async fn with_panel(bench: &Bench) {
    let name = "councils/E06000005/cascadePolicy".to_owned();
    let get = proto::GetCascadePolicyRequest { name: name.clone() };
    let mut policy = bench.service.get_cascade_policy(bench.own(get)).await.unwrap().into_inner();
    let when = proto::GateCondition {
        provisions: vec!["RESIDENTIAL".to_owned()],
        age_years_max: Some(15),
        area: proto::GateArea::OutOfArea.into(),
        weekly_from_pence: Some(1),
        spot: false,
    };
    let gate = proto::Gate {
        gate: "RESIDENTIAL_PANEL".to_owned(),
        roles: vec!["PLACEMENT_PANEL".to_owned()],
        when: Some(when),
    };
    policy.steps = Some(proto::StepPolicy { gates: vec![gate], ..Default::default() });
    let policy = Some(policy);
    let set = proto::SetCascadePolicyRequest { name, policy: policy.clone(), request_id: String::new() };
    let set = bench.service.set_cascade_policy(bench.own(set)).await.unwrap().into_inner();
    let expected = policy.and_then(|it| it.steps).map(|steps| steps.gates);
    assert_eq!(set.steps.map(|steps| steps.gates), expected);
}

fn decision(offer: &proto::Offer, decision: &str) -> proto::RecordGateDecisionRequest {
    let by = common::Approval { approver: "post-0101".to_owned(), role: "PLACEMENT_PANEL".to_owned() };
    proto::RecordGateDecisionRequest {
        offer: offer.name.clone(),
        gate: "RESIDENTIAL_PANEL".to_owned(),
        decision: decision.to_owned(),
        by: Some(by),
        on: "2026-06-01".to_owned(),
        request_id: String::new(),
    }
}

#[tokio::test]
async fn an_award_waits_for_the_panel_and_shows_its_approval() {
    // The market knows of no home, so that this one may be anywhere.
    let bench = Bench::open().await;
    with_panel(&bench).await;
    let (_, offer) = bench.offered().await;
    let refused = bench.service.award_referral(bench.own(award_request(&offer, 0))).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::FailedPrecondition, "GATE_NOT_PASSED"));
    assert!(refused.message().contains("RESIDENTIAL_PANEL"), "{}", refused.message());
    let wrong =
        proto::RecordGateDecisionRequest { gate: "DIRECTOR".to_owned(), ..decision(&offer, "APPROVED") };
    let refused = bench.service.record_gate_decision(bench.own(wrong)).await.unwrap_err();
    assert_eq!(reason(&refused), "GATE_NOT_IN_POLICY");
    let by = common::Approval { approver: "post-1".to_owned(), role: "TEAM_MANAGER".to_owned() };
    let other = proto::RecordGateDecisionRequest { by: Some(by), ..decision(&offer, "APPROVED") };
    let refused = bench.service.record_gate_decision(bench.own(other)).await.unwrap_err();
    assert_eq!(reason(&refused), "GATE_ROLE_NOT_ACCEPTED");
    let decided = bench.service.record_gate_decision(bench.own(decision(&offer, "APPROVED"))).await.unwrap();
    let decided = decided.into_inner().gate_decisions.remove(0);
    assert_eq!((decided.offer.as_str(), decided.decision.as_str()), (offer.name.as_str(), "APPROVED"));
    let mut again = award_request(&offer, 0);
    again.request_id = "a-2".to_owned();
    let award = bench.service.award_referral(bench.own(again)).await.unwrap().into_inner();
    assert_eq!(award.passed_gates[0].gate, "RESIDENTIAL_PANEL");
    assert_eq!((award.gates_due.len(), award.gates_due_time), (0, None));
}

#[tokio::test]
async fn a_home_in_the_councils_own_area_needs_no_gate_for_others() {
    let bench = Bench::open().await.with_market().await;
    with_panel(&bench).await;
    let (_, offer) = bench.offered().await;
    let award = bench.service.award_referral(bench.own(award_request(&offer, 0))).await.unwrap().into_inner();
    assert!(award.passed_gates.is_empty());
}

#[tokio::test]
async fn an_emergency_goes_ahead_and_the_panel_is_due() {
    let bench = Bench::open().await;
    with_panel(&bench).await;
    let urgent = proto::Requirements { urgency: "EMERGENCY".to_owned(), ..requirements() };
    let posted =
        bench.post_as(proto::PostReferralRequest { requirements: Some(urgent), ..post_request("r-1") }).await;
    bench.release(&posted.name, &["oak"]).await;
    bench.cascade(&posted.name).await;
    let offer = bench.offer(&posted.name).await;
    let request = proto::AwardReferralRequest { approval: None, emergency: true, ..award_request(&offer, 0) };
    let award = bench.service.award_referral(bench.own(request)).await.unwrap().into_inner();
    assert_eq!(award.gates_due, ["RESIDENTIAL_PANEL"]);
    assert_eq!(award.gates_due_time, award.approval_due_time);
    let list = || proto::ListDeadlinesRequest {
        parent: "councils/E06000005".to_owned(),
        kind: proto::DeadlineKind::GateDecision.into(),
        ..Default::default()
    };
    let due = bench.service.list_deadlines(bench.own(list())).await.unwrap().into_inner().deadlines;
    assert_eq!(due.len(), 1);
    assert_eq!((&due[0].award, due[0].due_time), (&award.name, award.gates_due_time));
    assert!(!due[0].to_do.is_empty() && !due[0].source.is_empty());
    bench.service.record_gate_decision(bench.own(decision(&offer, "APPROVED"))).await.unwrap();
    let due = bench.service.list_deadlines(bench.own(list())).await.unwrap().into_inner().deadlines;
    assert!(due.is_empty(), "{due:?}");
    let get = proto::GetAwardRequest { name: award.name };
    let award = bench.service.get_award(bench.own(get)).await.unwrap().into_inner();
    assert!(award.gates_due.is_empty() && award.gates_due_time.is_some());
}
