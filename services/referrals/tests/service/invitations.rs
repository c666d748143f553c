//! Invitations as evidence: who was asked under which step and until when, who looked, who let the time pass, and the steps that come to
//! nothing by themselves.

use crate::bench::{
    Bench, established, household, neighbour, offer_request, post_request, reason, requirements,
};
use api::common;
use api::referrals as proto;
use api::referrals::referrals_service_server::ReferralsService;
use care::market::{EstablishmentRegistered, RegistrationStatus};
use jiff::SignedDuration;
use service_kit::Role;
use std::time::Duration;
use tonic::Code;

fn list(parent: &str) -> proto::ListInvitationsRequest {
    proto::ListInvitationsRequest { parent: parent.to_owned(), ..Default::default() }
}

async fn invitations(bench: &Bench, request: proto::ListInvitationsRequest) -> Vec<proto::Invitation> {
    bench.service.list_invitations(bench.own(request)).await.unwrap().into_inner().invitations
}

async fn referral(bench: &Bench, name: &str) -> proto::Referral {
    let get = proto::GetReferralRequest { name: name.to_owned() };
    bench.service.get_referral(bench.own(get)).await.unwrap().into_inner()
}

fn after(bench: &Bench, hours: i64) {
    bench.clock.advance_to(bench.clock.now() + SignedDuration::from_hours(hours));
}

fn count(types: &[String], event_type: &str) -> usize {
    types.iter().filter(|name| *name == event_type).count()
}

#[tokio::test]
async fn a_council_sees_whom_it_asked_and_what_came_of_it_by_itself() {
    let bench = Bench::open().await.with_market().await;
    let posted = bench.post("r-1").await;
    bench.release(&posted.name, &["oak", "elm"]).await;
    let asked = invitations(&bench, list(&posted.name)).await;
    let told: Vec<_> = asked.iter().map(|it| (it.provider.as_str(), it.cascade_step.as_str())).collect();
    // Elm's home is the council's own.
    assert_eq!(told, [("providers/elm", "IN_HOUSE_RESIDENTIAL"), ("providers/oak", "FRAMEWORK")]);
    assert!(asked.iter().all(|it| !it.expired && it.view_time.is_none() && it.referral_version == 1));
    // Oak opens it, twice; elm never does.
    let get = proto::GetReleasedReferralRequest { name: posted.name.clone() };
    let seen = bench.service.get_released_referral(bench.oak(get.clone())).await.unwrap().into_inner();
    assert_eq!(seen.answer_by_time, asked[1].answer_by_time);
    bench.service.get_released_referral(bench.oak(get)).await.unwrap();
    assert_eq!(count(&bench.types().await, "InvitationViewed"), 1);
    let open = invitations(&bench, list(&posted.name)).await;
    assert_eq!([open[0].viewed_version, open[1].viewed_version], [0, 1]);
    // Oak says no, and with it nobody of the framework is left; elm lets the time pass.
    let name = posted.name.clone();
    let no = proto::DeclineReferralRequest { name, reason: "NEED".to_owned(), ..Default::default() };
    bench.service.decline_referral(bench.oak(no)).await.unwrap();
    assert!(bench.service.sweep().await);
    assert_eq!(count(&bench.types().await, "InvitationExpired"), 0);
    after(&bench, 24 * 8);
    assert!(bench.service.sweep().await && bench.service.sweep().await);
    assert_eq!(count(&bench.types().await, "InvitationExpired"), 1);
    let ended = invitations(&bench, list(&posted.name)).await;
    let told: Vec<_> =
        ended.iter().map(|it| (it.expired, it.expire_time.is_some(), it.decline_reason.as_str())).collect();
    assert_eq!(told, [(true, true, ""), (false, false, "NEED")]);
    let steps: Vec<_> = referral(&bench, &posted.name)
        .await
        .cascade_steps
        .into_iter()
        .map(|it| (it.step, it.outcome, it.by_itself))
        .collect();
    let step = |step: &str, outcome: &str| (step.to_owned(), outcome.to_owned(), true);
    assert_eq!(steps, [step("FRAMEWORK", "DECLINED"), step("IN_HOUSE_RESIDENTIAL", "NO_OFFER")]);
    // A late answer is taken.
    let mut late = offer_request(&posted.name);
    (late.start, late.valid_until) = ("2026-06-20".to_owned(), "2026-06-20".to_owned());
    bench.service.submit_offer(bench.oak(late)).await.unwrap();
    assert!(invitations(&bench, list(&posted.name)).await[1].offered);
}

#[tokio::test]
async fn invitations_are_paged_filtered_and_their_councils_alone() {
    let bench = Bench::open().await.with_market().await;
    let posted = bench.post("r-1").await;
    bench.release(&posted.name, &["oak", "elm"]).await;
    let first = proto::ListInvitationsRequest { page_size: 1, ..list(&posted.name) };
    let page = bench.service.list_invitations(bench.own(first.clone())).await.unwrap().into_inner();
    assert_eq!((page.invitations.len(), page.next_page_token.is_empty()), (1, false));
    let second = proto::ListInvitationsRequest { page_token: page.next_page_token, ..first };
    let page = bench.service.list_invitations(bench.own(second)).await.unwrap().into_inner();
    assert_eq!(page.invitations[0].provider, "providers/oak");
    assert!(page.next_page_token.is_empty());
    let framework =
        proto::ListInvitationsRequest { cascade_step: "FRAMEWORK".to_owned(), ..list(&posted.name) };
    assert_eq!(invitations(&bench, framework).await.len(), 1);
    bench.offer(&posted.name).await;
    let unanswered = proto::ListInvitationsRequest { unanswered_only: true, ..list(&posted.name) };
    assert_eq!(invitations(&bench, unanswered).await[0].provider, "providers/elm");
    let wrong = proto::ListInvitationsRequest { cascade_step: "SOMEWHERE".to_owned(), ..list(&posted.name) };
    let refused = bench.service.list_invitations(bench.own(wrong)).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    let by_neighbour = bench.by(Role::Council(neighbour()), list(&posted.name));
    let refused = bench.service.list_invitations(by_neighbour).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
}

/// Nobody asks: the instant passes, and it is recorded; after a stop, when the service is back.
#[tokio::test]
async fn the_timer_records_at_the_instant_and_catches_up_after_a_restart() {
    let bench = Bench::open().await;
    bench.service.sweep_by_itself();
    let posted = bench.post("r-1").await;
    bench.release(&posted.name, &["oak"]).await;
    let expired = |number: usize| {
        let bench = &bench;
        async move {
            let recorded = async {
                while count(&bench.types().await, "InvitationExpired") < number {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            };
            tokio::time::timeout(Duration::from_secs(5), recorded).await.is_ok()
        }
    };
    after(&bench, 24 * 8);
    assert!(expired(1).await, "the timer does not wake");
    bench.release(&posted.name, &["elm"]).await;
    let bench = bench.reopen().await;
    after(&bench, 24 * 8);
    assert_eq!(count(&bench.types().await, "InvitationExpired"), 1);
    bench.service.sweep_by_itself();
    let caught_up = async {
        while count(&bench.types().await, "InvitationExpired") < 2 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), caught_up).await.expect("it does not catch up");
    let steps = referral(&bench, &posted.name).await.cascade_steps;
    assert_eq!(steps.len(), 1, "the framework is exhausted again: {steps:?}");
}

#[tokio::test]
async fn where_the_policy_says_so_providers_are_asked_in_order_and_a_step_can_be_waived() {
    let bench = Bench::open().await.with_market().await;
    let name = "councils/E06000005/cascadePolicy".to_owned();
    let get = proto::GetCascadePolicyRequest { name: name.clone() };
    let mut policy = bench.service.get_cascade_policy(bench.own(get)).await.unwrap().into_inner();
    let steps = policy.steps.clone().unwrap();
    assert!(!steps.release_in_order && steps.emergency_may_skip() && steps.gates.is_empty());
    policy.steps =
        Some(proto::StepPolicy { release_in_order: true, emergency_may_skip: Some(false), ..steps });
    let set = proto::SetCascadePolicyRequest { name, policy: Some(policy), request_id: "p-1".to_owned() };
    let now = bench.service.set_cascade_policy(bench.own(set)).await.unwrap().into_inner();
    assert!(now.steps.unwrap().release_in_order);
    let posted = bench.post("r-1").await;
    bench.step(&posted.name, "CONNECTED_CARE").await;
    bench.step(&posted.name, "IN_HOUSE_FOSTERING").await;
    let release = |step: &str| proto::ReleaseReferralRequest {
        name: posted.name.clone(),
        providers: vec!["providers/oak".to_owned()],
        cascade_step: step.to_owned(),
        ..Default::default()
    };
    let refused = bench.service.release_referral(bench.own(release(""))).await.unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::FailedPrecondition, "CASCADE_STEP_NOT_REACHED")
    );
    assert!(refused.message().contains("IN_HOUSE_RESIDENTIAL"), "{}", refused.message());
    let waive = |role: &str| proto::WaiveCascadeStepRequest {
        name: posted.name.clone(),
        step: "IN_HOUSE_RESIDENTIAL".to_owned(),
        reason: "KNOWN_UNAVAILABLE".to_owned(),
        approval: Some(common::Approval { approver: "post-0417".to_owned(), role: role.to_owned() }),
        request_id: format!("w-{role}"),
    };
    let refused = bench.service.waive_cascade_step(bench.own(waive("TEAM_MANAGER"))).await.unwrap_err();
    assert_eq!(reason(&refused), "WAIVER_ROLE_NOT_ACCEPTED");
    let waived = bench.service.waive_cascade_step(bench.own(waive("HEAD_OF_SERVICE"))).await.unwrap();
    let waived = waived.into_inner().waivers.remove(0);
    assert_eq!((waived.step.as_str(), waived.reason.as_str()), ("IN_HOUSE_RESIDENTIAL", "KNOWN_UNAVAILABLE"));
    let released = bench.service.release_referral(bench.own(release("SPECIALIST"))).await.unwrap();
    assert_eq!(released.into_inner().releases[0].cascade_step, "SPECIALIST");
    let unsaid = proto::WaiveCascadeStepRequest { approval: None, ..waive("HEAD_OF_SERVICE") };
    let refused = bench.service.waive_cascade_step(bench.own(unsaid)).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
}

/// Under which step a new release of a referral of these provisions asks elm.
async fn elm_is_asked_under(bench: &Bench, request_id: &str, provisions: &[&str]) -> String {
    let provisions = provisions.iter().map(|it| (*it).to_owned()).collect();
    let asked = proto::Requirements { provisions, ..requirements() };
    let post = proto::PostReferralRequest { requirements: Some(asked), ..post_request(request_id) };
    let posted = bench.post_as(post).await;
    bench.release(&posted.name, &["elm"]).await;
    invitations(bench, list(&posted.name)).await.remove(0).cascade_step
}

#[tokio::test]
async fn the_step_follows_from_what_homes_give_that_may_take_a_child() {
    let bench = Bench::open().await.with_market().await;
    // Beside the council's own children's home elm has one that is suspended, which answers for nothing.
    let mut suspended = established("elm", "SC040008");
    suspended.registration.status = RegistrationStatus::Suspended;
    bench.market(vec![suspended.into()]).await;
    assert_eq!(elm_is_asked_under(&bench, "r-1", &["RESIDENTIAL"]).await, "IN_HOUSE_RESIDENTIAL");
    // And an agency of its own whose carers give short breaks alone.
    let agency =
        EstablishmentRegistered { provision: "FOSTERING".to_owned(), ..established("elm", "SC040009") };
    bench.market(vec![agency.into(), household("SC040009-H1", "SC040009").into()]).await;
    let both = ["FOSTERING", "RESIDENTIAL"];
    assert_eq!(elm_is_asked_under(&bench, "r-2", &both).await, "IN_HOUSE_RESIDENTIAL");
    assert_eq!(elm_is_asked_under(&bench, "r-3", &["FOSTERING_SHORT_BREAKS"]).await, "FRAMEWORK");
}
