//! After the award, over the service: links, notices and endings as contracts tells of them, their deadlines, and the stability of a year.

use crate::bench::{Bench, council, fields, neighbour, reason};
use api::common;
use api::referrals as proto;
use api::referrals::referrals_service_server::ReferralsService;
use care::published::{
    AgreementIssued, EndingSteps, NoticeBy, PlacementEnded, PlacementNoticeGiven, PlacementNoticeWithdrawn,
};
use proto::DeadlineKind as Kind;
use service_kit::Role;
use tonic::{Code, Status};

const PARENT: &str = "councils/E06000005";

async fn kinds(bench: &Bench) -> Vec<Kind> {
    let asked = proto::ListDeadlinesRequest { parent: PARENT.to_owned(), ..Default::default() };
    let page = bench.service.list_deadlines(bench.own(asked)).await.unwrap().into_inner();
    let of_start = [Kind::PlacementPlan, Kind::AreaAuthorityNotice, Kind::DistantPlacementApproval];
    page.deadlines.iter().map(proto::Deadline::kind).filter(|kind| !of_start.contains(kind)).collect()
}

fn notice(issued: &AgreementIssued) -> PlacementNoticeGiven {
    PlacementNoticeGiven {
        agreement: issued.agreement,
        award: issued.award,
        council: issued.council,
        place: issued.place.clone(),
        notice: 1,
        by: NoticeBy::Council,
        reason: "STANDARDS".to_owned(),
        given_on: issued.start,
        last_day: issued.start,
        short: Some("IMMEDIATE_RISK".to_owned()),
        agreed_on: None,
        steps: Some(EndingSteps::default()),
        at: crate::bench::start(),
    }
}

async fn award(bench: &Bench, name: &str) -> proto::Award {
    let get = proto::GetAwardRequest { name: name.to_owned() };
    bench.service.get_award(bench.own(get)).await.unwrap().into_inner()
}

async fn link(bench: &Bench, name: &str, follows: Option<proto::Follows>) -> Result<proto::Referral, Status> {
    let asked = proto::LinkReferralRequest { name: name.to_owned(), follows, request_id: String::new() };
    bench.service.link_referral(bench.own(asked)).await.map(tonic::Response::into_inner)
}

fn moves_from(award: &str) -> Option<proto::Follows> {
    Some(proto::Follows { award: award.to_owned(), kind: "MOVE".to_owned(), respite: String::new() })
}

#[tokio::test]
async fn notices_and_endings_become_deadlines_and_are_shown() {
    let bench = Bench::open().await.with_market().await;
    let placed = bench.arrived().await;
    let issued = bench.issued(&placed).await;
    bench.contracts(notice(&issued)).await;
    assert_eq!(kinds(&bench).await, [Kind::EndingSteps, Kind::NoticeLastDay]);
    assert_eq!(award(&bench, &placed.name).await.notice_last_day, issued.start.to_string());
    let (agreement, award_id, at) = (issued.agreement, issued.award, crate::bench::start());
    let withdrawn =
        PlacementNoticeWithdrawn { agreement, award: award_id, council: council(), notice: 1, at };
    bench.contracts(withdrawn).await;
    assert_eq!(kinds(&bench).await, [Kind::Unspecified; 0]);
    bench.contracts(PlacementNoticeGiven { notice: 2, ..notice(&issued) }).await;
    let ended = PlacementEnded {
        ending: Some("DISRUPTION".to_owned()),
        notice_last_day: Some(issued.start),
        ..bench.ended(&issued, issued.start)
    };
    bench.contracts(ended).await;
    // Ten working days for what is outstanding, twenty for the meeting.
    assert_eq!(kinds(&bench).await, [Kind::OutstandingNotices, Kind::DisruptionMeeting]);
    assert_eq!(award(&bench, &placed.name).await.ending, "DISRUPTION");
    bench.clock.advance_to("2026-06-22T12:00:00Z".parse().unwrap());
    for (step, request_id) in [(Kind::OutstandingNotices, "s-1"), (Kind::DisruptionMeeting, "s-2")] {
        let by = common::Approval { approver: "post-0417".to_owned(), role: "TEAM_MANAGER".to_owned() };
        let recorded = proto::RecordStatutoryStepRequest {
            name: placed.name.clone(),
            step: step.into(),
            on: "2026-06-22".to_owned(),
            by: Some(by),
            request_id: request_id.to_owned(),
        };
        bench.service.record_statutory_step(bench.own(recorded)).await.unwrap();
    }
    assert_eq!(kinds(&bench).await, [Kind::Unspecified; 0]);
    let bench = bench.reopen().await;
    assert_eq!(award(&bench, &placed.name).await.statutory_steps.len(), 2, "the log gives it again");
}

#[tokio::test]
async fn a_referral_is_linked_to_the_placement_that_it_follows_from() {
    let bench = Bench::open().await.with_market().await;
    let placed = bench.arrived().await;
    let next = bench.post("r-2").await;
    let linked = link(&bench, &next.name, moves_from(&placed.name)).await.unwrap();
    assert_eq!(linked.follows, moves_from(&placed.name));
    let get = proto::GetReferralRequest { name: next.name.clone() };
    assert_eq!(bench.service.get_referral(bench.own(get)).await.unwrap().into_inner(), linked);
    // Or as it is posted.
    let message =
        proto::PostReferralRequest { follows: moves_from(&placed.name), ..crate::bench::post_request("r-3") };
    assert_eq!(bench.post_as(message).await.follows, moves_from(&placed.name));
    // Its own award, another council's, and what is no code.
    let itself = link(&bench, &placed.referral, moves_from(&placed.name)).await.unwrap_err();
    assert_eq!((itself.code(), reason(&itself).as_str()), (Code::FailedPrecondition, "FOLLOWS_ITSELF"));
    let foreign = placed.name.replace("E06000005", "E06000047");
    let wrong = Some(proto::Follows { award: foreign, kind: "FLIGHT".to_owned(), respite: "T9".to_owned() });
    let wrong = link(&bench, &next.name, wrong).await.unwrap_err();
    assert_eq!(fields(&wrong), ["follows.award", "follows.kind", "follows.respite"]);
    let respite = Some(proto::Follows { kind: "RESPITE".to_owned(), ..moves_from(&placed.name).unwrap() });
    let respite = link(&bench, &next.name, respite).await.unwrap_err();
    assert_eq!(fields(&respite), ["follows.respite"]);
    let asked = proto::LinkReferralRequest { name: next.name.clone(), ..Default::default() };
    let theirs = bench.service.link_referral(bench.by(Role::Council(neighbour()), asked)).await.unwrap_err();
    assert_eq!(reason(&theirs), "NOT_YOURS");
    assert_eq!(link(&bench, &next.name, None).await.unwrap().follows, None);
}

#[tokio::test]
async fn the_stability_of_a_year_counts_and_names() {
    let bench = Bench::open().await.with_market().await;
    let placed = bench.arrived().await;
    let issued = bench.issued(&placed).await;
    let ask = |name: &str, with_referrals: bool| {
        let asked = proto::GetStabilityRequest { name: name.to_owned(), with_referrals };
        bench.service.get_stability(bench.own(asked))
    };
    let year = "councils/E06000005/stability/2027";
    let figures = ask(year, true).await.unwrap().into_inner();
    assert_eq!((figures.name.as_str(), figures.year_ending.as_str()), (year, "2027-03-31"));
    let named = |count: Option<proto::StabilityCount>| {
        let count = count.unwrap();
        (count.count, count.referrals)
    };
    assert_eq!(named(figures.placed), (1, vec![placed.referral.clone()]));
    let left = issued.start.tomorrow().unwrap();
    let ended = PlacementEnded { ending: Some("DISRUPTION".to_owned()), ..bench.ended(&issued, left) };
    bench.contracts(ended).await;
    // Told ahead, it has not happened.
    assert_eq!(ask(year, false).await.unwrap().into_inner().ended.unwrap().count, 0);
    bench.clock.advance_to(format!("{left}T12:00:00Z").parse().unwrap());
    let figures = ask(year, false).await.unwrap().into_inner();
    assert_eq!(named(figures.placed), (0, vec![]));
    assert_eq!(named(figures.disrupted_within_90_days), (1, vec![]), "named only where asked for");
    assert_eq!(fields(&ask("councils/E06000005/stability/1999", false).await.unwrap_err()), ["name"]);
    assert_eq!(fields(&ask("councils/E06000005/stability/last", false).await.unwrap_err()), ["name"]);
    let foreign = ask("councils/E06000047/stability/2027", false).await.unwrap_err();
    assert_eq!(reason(&foreign), "NOT_YOURS");
}

/// A child who moves from home to home is one, however often it was referred.
#[tokio::test]
async fn a_child_is_not_taken_for_another_like_itself() {
    let bench = Bench::open().await.with_market().await;
    let placed = bench.arrived().await;
    let post = async |request_id: &str, follows: Option<proto::Follows>| {
        bench
            .post_as(proto::PostReferralRequest { follows, ..crate::bench::post_request(request_id) })
            .await
            .name
    };
    let moved = post("r-2", moves_from(&placed.name)).await;
    post("r-3", moves_from(&placed.name)).await;
    let other = post("r-4", None).await;
    for (name, children) in [(&placed.referral, 2), (&moved, 2), (&other, 2)] {
        let asked = proto::PreviewReleaseRequest { name: name.clone() };
        let preview = bench.service.preview_release(bench.own(asked)).await.unwrap().into_inner();
        let recognition = preview.recognition.unwrap();
        assert_eq!((recognition.alike, recognition.compared), (children, children), "{name}");
    }
    link(&bench, &moved, None).await.unwrap();
    let asked = proto::PreviewReleaseRequest { name: other };
    let preview = bench.service.preview_release(bench.own(asked)).await.unwrap().into_inner();
    assert_eq!(preview.recognition.unwrap().compared, 3);
}
