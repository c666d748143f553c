//! Deadlines: what a council is to do and by when, and being told of it as it changes.

use crate::bench::{
    Bench, award_request, established, fields, household, neighbour, post_request, reason, requirements,
};
use api::common;
use api::referrals as proto;
use api::referrals::referrals_service_server::ReferralsService;
use care::market::PlaceOpened;
use jiff::SignedDuration;
use proto::DeadlineChange as Change;
use proto::DeadlineKind as Kind;
use service_kit::Role;
use std::time::Duration;
use tokio_stream::{Stream, StreamExt};
use tonic::{Code, Status};

const PARENT: &str = "councils/E06000005";

async fn list(bench: &Bench, kind: Kind, overdue_only: bool) -> Vec<proto::Deadline> {
    let (parent, kind) = (PARENT.to_owned(), kind.into());
    let asked = proto::ListDeadlinesRequest { parent, kind, overdue_only, ..Default::default() };
    bench.service.list_deadlines(bench.own(asked)).await.unwrap().into_inner().deadlines
}

fn watch_request(kind: Kind) -> proto::WatchDeadlinesRequest {
    proto::WatchDeadlinesRequest { parent: PARENT.to_owned(), kind: kind.into() }
}

type Changes<'a> = &'a mut (dyn Stream<Item = Result<proto::WatchDeadlinesResponse, Status>> + Unpin);

/// The next change, which comes within a second.
async fn next(changes: Changes<'_>) -> (Change, Kind, proto::Deadline) {
    let next = tokio::time::timeout(Duration::from_secs(1), changes.next()).await;
    let told = next.expect("nothing is told").unwrap().unwrap();
    let deadline = told.deadline.clone().unwrap();
    (told.change(), deadline.kind(), deadline)
}

async fn is_silent(changes: Changes<'_>) {
    let next = tokio::time::timeout(Duration::from_millis(100), changes.next()).await;
    assert!(next.is_err(), "{next:?}");
}

fn after(bench: &Bench, hours: i64) {
    bench.clock.advance_to(bench.clock.now() + SignedDuration::from_hours(hours));
}

fn plan(award: &str, request_id: &str) -> proto::RecordStatutoryStepRequest {
    let by = common::Approval { approver: "post-0417".to_owned(), role: "TEAM_MANAGER".to_owned() };
    proto::RecordStatutoryStepRequest {
        name: award.to_owned(),
        step: Kind::PlacementPlan.into(),
        on: "2026-06-01".to_owned(),
        by: Some(by),
        request_id: request_id.to_owned(),
    }
}

#[tokio::test]
async fn a_watcher_hears_of_releases_as_they_are_made_answered_and_expire() {
    let bench = Bench::open().await;
    let referral = bench.post("r-1").await;
    bench.release(&referral.name, &["oak"]).await;
    let mut changes = bench
        .service
        .watch_deadlines(bench.own(watch_request(Kind::Unspecified)))
        .await
        .unwrap()
        .into_inner();
    let (change, kind, deadline) = next(&mut changes).await;
    assert_eq!((change, kind), (Change::Standing, Kind::ReleaseResponse));
    assert_eq!((deadline.provider.as_str(), &deadline.referral), ("providers/oak", &referral.name));
    assert!(!deadline.to_do.is_empty() && !deadline.source.is_empty() && deadline.award.is_empty());
    after(&bench, 1);
    bench.release(&referral.name, &["elm"]).await;
    let (change, _, deadline) = next(&mut changes).await;
    assert_eq!((change, deadline.provider.as_str()), (Change::Arisen, "providers/elm"));
    let decline = proto::DeclineReferralRequest {
        name: referral.name.clone(),
        reason: "NEED".to_owned(),
        request_id: String::new(),
    };
    bench.service.decline_referral(bench.elm(decline)).await.unwrap();
    let (change, _, deadline) = next(&mut changes).await;
    assert_eq!((change, deadline.provider.as_str()), (Change::Met, "providers/elm"));
    // An emergency is to be answered within four hours, and nothing but the time passes.
    after(&bench, 3);
    is_silent(&mut changes).await;
    assert_eq!(list(&bench, Kind::ReleaseResponse, false).await.len(), 1);
    after(&bench, 1);
    let (change, _, deadline) = next(&mut changes).await;
    assert_eq!((change, deadline.provider.as_str()), (Change::Expired, "providers/oak"));
    assert_eq!(list(&bench, Kind::Unspecified, false).await, []);
    let get = proto::GetReferralRequest { name: referral.name.clone() };
    let shown = bench.service.get_referral(bench.own(get)).await.unwrap().into_inner();
    let expired: Vec<_> = shown.releases.iter().map(|it| (it.provider.as_str(), it.expired)).collect();
    assert_eq!(expired, [("providers/elm", false), ("providers/oak", true)]);
    assert!(shown.releases.iter().all(|it| it.response_due_time.is_some()));
}

#[tokio::test]
async fn a_plan_becomes_overdue_as_time_passes_and_is_met_by_a_record() {
    let bench = Bench::open().await.with_market().await;
    let mut changes = bench
        .service
        .watch_deadlines(bench.own(watch_request(Kind::PlacementPlan)))
        .await
        .unwrap()
        .into_inner();
    let award = bench.awarded().await;
    let (change, _, deadline) = next(&mut changes).await;
    assert_eq!((change, &deadline.award, deadline.overdue), (Change::Arisen, &award.name, false));
    let seconds = |deadline: &proto::Deadline| deadline.due_time.as_ref().map(|due| due.seconds);
    let due = "2026-06-26T23:00:00Z".parse::<care::Timestamp>().unwrap();
    assert_eq!(seconds(&deadline), Some(due.as_second()));
    // The child comes on Monday, two days after the agreed start.
    let issued = bench.issued(&award).await;
    let late =
        care::published::PlacementStarted { on: "2026-06-22".parse().unwrap(), ..bench.started(&issued) };
    bench.contracts(late).await;
    let (change, _, deadline) = next(&mut changes).await;
    let due = "2026-06-29T23:00:00Z".parse::<care::Timestamp>().unwrap();
    assert_eq!((change, seconds(&deadline)), (Change::Moved, Some(due.as_second())));
    assert_eq!(list(&bench, Kind::PlacementPlan, true).await, []);
    bench.clock.advance_to(due);
    is_silent(&mut changes).await;
    bench.clock.advance_to(due + SignedDuration::from_micros(1));
    let (change, _, deadline) = next(&mut changes).await;
    assert_eq!((change, deadline.overdue), (Change::Overdue, true));
    assert_eq!(list(&bench, Kind::PlacementPlan, true).await, [deadline]);
    let ask = || bench.service.record_statutory_step(bench.own(plan(&award.name, "s-1")));
    let recorded = ask().await.unwrap().into_inner();
    let step = &recorded.statutory_steps[0];
    assert_eq!((step.step(), step.on.as_str(), step.late), (Kind::PlacementPlan, "2026-06-01", false));
    assert_eq!(recorded.area_authority, "E06000005");
    assert_eq!(next(&mut changes).await.0, Change::Met);
    assert_eq!(ask().await.unwrap().into_inner(), recorded, "a repeat");
    let again = bench.service.record_statutory_step(bench.own(plan(&award.name, "s-2"))).await.unwrap();
    assert_eq!(again.into_inner(), recorded, "the same again");
    let types = bench.types().await;
    assert_eq!(types.iter().filter(|it| *it == "StatutoryStepRecorded").count(), 1);
    // What needs no approval by the director says so.
    let distant = proto::RecordStatutoryStepRequest {
        step: Kind::DistantPlacementApproval.into(),
        ..plan(&award.name, "s-3")
    };
    let refused = bench.service.record_statutory_step(bench.own(distant)).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::FailedPrecondition, "STEP_NOT_NEEDED"));
}

/// The agency lies in the council's own area, and the carers with whom the child is to live in the neighbour's.
#[tokio::test]
async fn a_place_opened_a_moment_ago_says_where_the_child_will_live() {
    let mut bench = Bench::open().await;
    let (_, offer) = bench.offered().await;
    bench.market(vec![established("oak", "SC045099").into()]).await;
    bench.is_deaf();
    let carers = household("SC045099-H1", "SC045099");
    let place = PlaceOpened {
        place: "SC045099-01".parse().unwrap(),
        urn: carers.urn.clone(),
        household: Some(carers.household.clone()),
        at: bench.clock.now(),
    };
    bench.market_alone(vec![carers.into(), place.into()]).await;
    let service = bench.service.clone();
    let asked = bench.own(award_request(&offer, 0));
    let (award, ()) = tokio::join!(service.award_referral(asked), async {
        tokio::task::yield_now().await;
        bench.hears();
    });
    assert_eq!(award.unwrap().into_inner().area_authority, "E06000047");
}

#[tokio::test]
async fn a_policy_that_lists_adjoining_authorities_ends_what_was_presumed() {
    let bench = Bench::open().await;
    // The market does not have the home, so that nobody knows where it lies.
    bench.awarded().await;
    let parent = PARENT.to_owned();
    let mut token = String::new();
    let mut kinds = Vec::new();
    loop {
        let asked = proto::ListDeadlinesRequest {
            parent: parent.clone(),
            page_size: 1,
            page_token: token,
            ..Default::default()
        };
        let page = bench.service.list_deadlines(bench.own(asked)).await.unwrap().into_inner();
        kinds.extend(page.deadlines.iter().map(|it| (it.kind(), it.presumption.contains("not known"))));
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(
        kinds,
        [
            (Kind::DistantPlacementApproval, true),
            (Kind::AreaAuthorityNotice, true),
            (Kind::PlacementPlan, false)
        ],
        "the soonest first: in an emergency the notice may follow, the director's approval may not"
    );
    let get = proto::GetCascadePolicyRequest { name: format!("{PARENT}/cascadePolicy") };
    let mut policy = bench.service.get_cascade_policy(bench.own(get)).await.unwrap().into_inner();
    let clocks = policy.clocks.clone().unwrap();
    assert_eq!((clocks.adjoining.len(), clocks.response_emergency_hours), (0, Some(4)));
    policy.clocks = Some(proto::ClockPolicy {
        adjoining: vec!["E06000047".to_owned()],
        senior_review_age_max: Some(14),
        ..Default::default()
    });
    let name = policy.name.clone();
    let set =
        proto::SetCascadePolicyRequest { name, policy: Some(policy.clone()), request_id: String::new() };
    let mut changes = bench
        .service
        .watch_deadlines(bench.own(watch_request(Kind::SeniorReview)))
        .await
        .unwrap()
        .into_inner();
    is_silent(&mut changes).await;
    let set = bench.service.set_cascade_policy(bench.own(set)).await.unwrap().into_inner();
    let clocks = set.clocks.clone().unwrap();
    assert_eq!((clocks.adjoining, clocks.response_urgent_hours), (vec!["E06000047".to_owned()], Some(24)));
    assert_eq!(next(&mut changes).await.0, Change::Arisen, "the child is 14");
    policy.etag = set.etag;
    policy.clocks = Some(proto::ClockPolicy {
        adjoining: vec!["Durham".to_owned()],
        response_emergency_hours: Some(1_000_000),
        senior_review_age_max: Some(18),
        ..Default::default()
    });
    let name = policy.name.clone();
    let wrong = proto::SetCascadePolicyRequest { name, policy: Some(policy), request_id: String::new() };
    let refused = bench.service.set_cascade_policy(bench.own(wrong)).await.unwrap_err();
    let mut wrong = fields(&refused);
    wrong.sort_unstable();
    let field = |name: &str| format!("policy.clocks.{name}");
    assert_eq!(wrong, ["adjoining", "response_emergency_hours", "senior_review_age_max"].map(field));
}

#[tokio::test]
async fn another_councils_deadlines_are_not_told_and_wrong_fields_are() {
    let bench = Bench::open().await;
    let asked = proto::ListDeadlinesRequest { parent: PARENT.to_owned(), ..Default::default() };
    let foreign = bench.by(Role::Council(neighbour()), asked);
    assert_eq!(reason(&bench.service.list_deadlines(foreign).await.unwrap_err()), "NOT_YOURS");
    let foreign = bench.by(Role::Council(neighbour()), watch_request(Kind::Unspecified));
    assert_eq!(reason(&bench.service.watch_deadlines(foreign).await.err().unwrap()), "NOT_YOURS");
    let wrong = proto::WatchDeadlinesRequest { parent: "councils/1".to_owned(), kind: 99 };
    let refused = bench.service.watch_deadlines(bench.own(wrong)).await.err().unwrap();
    assert_eq!(fields(&refused), ["parent", "kind"]);
    let wrong = proto::RecordStatutoryStepRequest {
        name: "awards/1".to_owned(),
        step: Kind::RetrospectiveApproval.into(),
        on: "yesterday".to_owned(),
        ..Default::default()
    };
    let refused = bench.service.record_statutory_step(bench.own(wrong)).await.unwrap_err();
    assert_eq!(fields(&refused), ["name", "step", "on", "by.approver", "by.role"]);
}

#[tokio::test]
async fn watchers_end_with_the_service_and_only_so_many_watch() {
    let bench = Bench::open().await;
    let watch = || bench.service.watch_deadlines(bench.own(watch_request(Kind::Unspecified)));
    let mut watching = Vec::new();
    let refused = loop {
        match watch().await {
            Ok(changes) => watching.push(changes.into_inner()),
            Err(refused) => break refused,
        }
    };
    assert_eq!((watching.len(), reason(&refused).as_str()), (32, "TOO_MANY_WATCHERS"));
    // Who hangs up makes room.
    watching.pop();
    let mut last = loop {
        match watch().await {
            Ok(changes) => break changes.into_inner(),
            Err(_) => tokio::task::yield_now().await,
        }
    };
    bench.service.end_calls();
    assert!(last.next().await.is_none());
    for mut changes in watching {
        assert!(changes.next().await.is_none());
    }
}

/// A watcher that does not read is told what has become of each deadline, and nothing is kept for it meanwhile.
#[tokio::test]
async fn a_watcher_that_does_not_read_is_told_the_outcome() {
    let bench = Bench::open().await;
    let mut changes = bench
        .service
        .watch_deadlines(bench.own(watch_request(Kind::ReleaseResponse)))
        .await
        .unwrap()
        .into_inner();
    for n in 0..100 {
        let planned = proto::Requirements { urgency: "PLANNED".to_owned(), ..requirements() };
        let message =
            proto::PostReferralRequest { requirements: Some(planned), ..post_request(&format!("r-{n}")) };
        let referral = bench.post_as(message).await;
        bench.release(&referral.name, &["oak"]).await;
    }
    let standing = list(&bench, Kind::ReleaseResponse, false).await.len();
    let mut arisen = 0;
    while arisen < 100 {
        assert_eq!(next(&mut changes).await.0, Change::Arisen);
        arisen += 1;
    }
    is_silent(&mut changes).await;
    assert_eq!((standing, arisen), (50, 100), "a page of 50");
}
