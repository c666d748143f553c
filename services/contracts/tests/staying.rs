//! Notices, endings and Staying Put over the service: what each side gives, sees and may do, and that the log gives it again.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![allow(dead_code, reason = "each test file uses a part of what is common")]

mod common;

use api::contracts::contracts_service_server::ContractsService;
use api::{common as shared, contracts as proto};
use care::published::Route;
use common::{DORSET, DURHAM, World, ask, at_noon_of, council, proposed, provider};
use service_kit::Role;
use tonic::{Code, Status};
use tonic_types::StatusExt;

#[track_caller]
fn refused<T: std::fmt::Debug>(answer: Result<T, Status>, code: Code, expected: &str) -> Vec<String> {
    let status = answer.unwrap_err();
    let details = status.get_error_details();
    let reason = details.error_info().map(|info| info.reason.clone()).unwrap_or_default();
    assert_eq!((status.code(), reason.as_str()), (code, expected), "{}", status.message());
    let violations = details.bad_request().map(|bad| bad.field_violations.clone()).unwrap_or_default();
    violations.into_iter().map(|violation| violation.field).collect()
}

const DAY: &str = "2026-05-06";

/// A placement of Durham's with P1 that started on 4 May 2026; its agreement's name.
async fn placed(world: &World, n: u128, provision: &str, age_years: u8) -> String {
    let mut proposed = proposed(n, DURHAM, "P1", 450_000);
    provision.clone_into(&mut proposed.provision);
    proposed.age_years = age_years;
    if provision == "FOSTERING" {
        proposed.terms.route = Route::Spot { justification: "the carers are known".to_owned() };
    }
    world.award(&proposed).await;
    let parent = format!("councils/{DURHAM}");
    let wanted = proposed.award.to_string();
    let agreements = world.agreements(council(DURHAM), &parent).await;
    let name = agreements.into_iter().find(|it| it.award == wanted).unwrap().name;
    let start = proto::StartPlacementRequest {
        name: name.clone(),
        on: "2026-05-04".to_owned(),
        ..Default::default()
    };
    world.contracts.start_placement(at_noon_of(DAY, ask(council(DURHAM), start))).await.unwrap();
    name
}

fn gives(parent: &str) -> proto::GiveNoticeRequest {
    proto::GiveNoticeRequest {
        parent: parent.to_owned(),
        given_on: DAY.to_owned(),
        reason: "NEEDS".to_owned(),
        ..Default::default()
    }
}

async fn give(
    world: &World,
    role: Role,
    request: proto::GiveNoticeRequest,
) -> Result<proto::PlacementNotice, Status> {
    let answer = world.contracts.give_notice(at_noon_of(DAY, ask(role, request))).await;
    answer.map(tonic::Response::into_inner)
}

async fn notices(world: &World, role: Role, list: proto::ListNoticesRequest) -> Vec<proto::PlacementNotice> {
    world.contracts.list_notices(ask(role, list)).await.unwrap().into_inner().notices
}

fn of(parent: &str) -> proto::ListNoticesRequest {
    proto::ListNoticesRequest { parent: parent.to_owned(), ..Default::default() }
}

async fn agreement(world: &World, role: Role, name: &str) -> proto::Agreement {
    let get = proto::GetAgreementRequest { name: name.to_owned() };
    world.contracts.get_agreement(ask(role, get)).await.unwrap().into_inner()
}

#[tokio::test]
async fn a_provider_gives_notice_and_both_sides_see_it() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path()).await;
    world.furnish().await;
    let name = placed(&world, 1, "RESIDENTIAL", 13).await;
    let asked = proto::GiveNoticeRequest { request_id: "n-1".to_owned(), ..gives(&name) };
    let given = give(&world, provider("P1"), asked.clone()).await.unwrap();
    assert_eq!(given.name, format!("{name}/notices/1"));
    assert_eq!((given.side(), given.state()), (proto::NoticeSide::Provider, proto::NoticeState::Standing));
    assert_eq!((given.last_day.as_str(), given.steps.as_ref()), ("2026-06-03", None));
    assert_eq!(give(&world, provider("P1"), asked).await.unwrap(), given, "a repeat is answered alike");
    assert_eq!(notices(&world, provider("P1"), of("providers/P1")).await, std::slice::from_ref(&given));
    let durham = format!("councils/{DURHAM}");
    assert_eq!(notices(&world, council(DURHAM), of(&durham)).await, std::slice::from_ref(&given));
    assert_eq!(agreement(&world, council(DURHAM), &name).await.notice, Some(given.clone()));
    // Nobody else's.
    assert_eq!(notices(&world, provider("P2"), of("providers/P2")).await, []);
    let foreign = world.contracts.list_notices(ask(provider("P2"), of("providers/P1"))).await;
    refused(foreign, Code::PermissionDenied, "NOT_YOURS");
    refused(give(&world, provider("P2"), gives(&name)).await, Code::NotFound, "AGREEMENT_UNKNOWN");
    refused(give(&world, council(DORSET), gives(&name)).await, Code::PermissionDenied, "NOT_YOURS");
    let withdraw = |role| {
        let request = proto::WithdrawNoticeRequest { name: given.name.clone(), ..Default::default() };
        world.contracts.withdraw_notice(ask(role, request))
    };
    refused(withdraw(council(DURHAM)).await, Code::FailedPrecondition, "NOTICE_NOT_YOURS");
    let withdrawn = withdraw(provider("P1")).await.unwrap().into_inner();
    assert_eq!(withdrawn.state(), proto::NoticeState::Withdrawn);
    assert!(withdrawn.withdraw_time.is_some());
    drop(world);

    let world = World::open(folder.path()).await;
    assert_eq!(notices(&world, council(DURHAM), of(&durham)).await, [withdrawn], "the log gives it again");
}

#[tokio::test]
async fn a_council_says_what_it_did_before_and_an_early_departure_is_flagged() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path()).await;
    world.furnish().await;
    let name = placed(&world, 1, "RESIDENTIAL", 13).await;
    let early = proto::EndingSteps { iro_told_on: "2026-05-03".to_owned(), ..Default::default() };
    let early = proto::GiveNoticeRequest { steps: Some(early), ..gives(&name) };
    let early = refused(give(&world, council(DURHAM), early).await, Code::InvalidArgument, "FIELD_INVALID");
    assert_eq!(early, ["steps.iro_told_on"], "before the child came");
    // Notice first, the steps before the end.
    let first = give(&world, council(DURHAM), gives(&name)).await.unwrap();
    assert_eq!(first.steps, Some(proto::EndingSteps::default()));
    // The provider gives notice of its own meanwhile.
    let short_notice =
        Some(proto::ShortNotice { why: "AGREED".to_owned(), agreed_on: "2026-05-05".to_owned() });
    let sooner = proto::GiveNoticeRequest { last_day: "2026-06-02".to_owned(), short_notice, ..gives(&name) };
    let sooner = give(&world, provider("P1"), sooner).await.unwrap();
    assert_eq!((sooner.agreement_claimed, first.agreement_claimed), (true, false));
    assert_eq!(agreement(&world, council(DURHAM), &name).await.notice, Some(sooner));
    let steps = proto::EndingSteps {
        reviewed_on: "2026-05-05".to_owned(),
        iro_told_on: "2026-05-05".to_owned(),
        alternative_arranged_on: "2026-05-05".to_owned(),
        written_notice_on: DAY.to_owned(),
    };
    let given = proto::GiveNoticeRequest { steps: Some(steps.clone()), ..gives(&name) };
    let given = give(&world, council(DURHAM), given).await.unwrap();
    assert_eq!((given.name.as_str(), given.steps.as_ref()), (first.name.as_str(), Some(&steps)));
    let seen = notices(&world, provider("P1"), of("providers/P1")).await;
    assert_eq!((seen.len(), seen[0].steps.as_ref()), (2, None), "the council's own business");
    let end = proto::EndPlacementRequest {
        name: name.clone(),
        on: "2026-06-01".to_owned(),
        reason: "CREQB".to_owned(),
        ending: "DISRUPTED".to_owned(),
        ..Default::default()
    };
    let miscoded = world.contracts.end_placement(ask(council(DURHAM), end.clone())).await;
    assert_eq!(refused(miscoded, Code::InvalidArgument, "FIELD_INVALID"), ["ending"]);
    let end = proto::EndPlacementRequest { ending: "DISRUPTION".to_owned(), ..end };
    let ended = world.contracts.end_placement(ask(council(DURHAM), end)).await.unwrap().into_inner();
    assert_eq!((ended.ending.as_str(), ended.ended_early, ended.notice), ("DISRUPTION", true, None));
    let state = |state: proto::NoticeState| proto::ListNoticesRequest {
        state: state.into(),
        ..of(&format!("councils/{DURHAM}"))
    };
    assert_eq!(notices(&world, council(DURHAM), state(proto::NoticeState::Standing)).await, []);
    assert_eq!(notices(&world, council(DURHAM), state(proto::NoticeState::Ended)).await.len(), 2);
}

#[tokio::test]
async fn every_wrong_field_of_a_notice_is_told_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path()).await;
    world.furnish().await;
    let wrong = proto::GiveNoticeRequest {
        parent: "agreements/1".to_owned(),
        given_on: "yesterday".to_owned(),
        last_day: "soon".to_owned(),
        reason: "BORED".to_owned(),
        short_notice: Some(proto::ShortNotice { why: "SO".to_owned(), agreed_on: "then".to_owned() }),
        steps: Some(proto::EndingSteps { iro_told_on: "then".to_owned(), ..Default::default() }),
        etag: "x".to_owned(),
        request_id: String::new(),
    };
    let fields = refused(give(&world, council(DURHAM), wrong).await, Code::InvalidArgument, "FIELD_INVALID");
    let expected = [
        "parent",
        "given_on",
        "last_day",
        "reason",
        "short_notice.why",
        "short_notice.agreed_on",
        "steps.iro_told_on",
        "etag",
    ];
    assert_eq!(fields, expected);
    let unnamed = proto::WithdrawNoticeRequest { name: "notices/01".to_owned(), ..Default::default() };
    let unnamed = world.contracts.withdraw_notice(ask(council(DURHAM), unnamed)).await;
    assert_eq!(refused(unnamed, Code::InvalidArgument, "FIELD_INVALID"), ["name"]);
}

/// Three agreements with two notices each, read one by one.
#[tokio::test]
async fn notices_come_in_pages() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path()).await;
    world.furnish().await;
    for n in 1..=3 {
        let name = placed(&world, n, "RESIDENTIAL", 13).await;
        let first = give(&world, provider("P1"), gives(&name)).await.unwrap();
        let withdraw = proto::WithdrawNoticeRequest { name: first.name, ..Default::default() };
        world.contracts.withdraw_notice(ask(provider("P1"), withdraw)).await.unwrap();
        give(&world, provider("P1"), gives(&name)).await.unwrap();
    }
    for (role, parent) in [(provider("P1"), "providers/P1"), (council(DURHAM), "councils/E06000047")] {
        let (mut names, mut page_token) = (Vec::new(), String::new());
        loop {
            let list = proto::ListNoticesRequest { page_size: 1, page_token, ..of(parent) };
            let page = world.contracts.list_notices(ask(role.clone(), list)).await.unwrap().into_inner();
            names.extend(page.notices.into_iter().map(|notice| notice.name));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        let distinct: std::collections::BTreeSet<&String> = names.iter().collect();
        assert_eq!((names.len(), distinct.len()), (6, 6));
        assert!(names.is_sorted());
    }
}

#[tokio::test]
async fn a_foster_placement_goes_on_as_staying_put() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path()).await;
    world.furnish().await;
    let name = placed(&world, 1, "FOSTERING", 17).await;
    let stay = |on: &str| {
        let lines =
            vec![shared::PriceLine { kind: "CORE".to_owned(), weekly_pence: 20_000, until: String::new() }];
        let (name, on) = (name.clone(), on.to_owned());
        let request = proto::StartStayingPutRequest { name, on, lines, ..Default::default() };
        world.contracts.start_staying_put(at_noon_of(DAY, ask(council(DURHAM), request)))
    };
    let fields = refused(stay("2027-05-05").await, Code::FailedPrecondition, "NOT_THE_18TH_BIRTHDAY");
    assert_eq!(fields, ["on"]);
    let stays = stay("2026-07-01").await.unwrap().into_inner();
    assert_eq!((stays.ended_on.as_str(), stays.end_reason.as_str()), ("2026-07-01", "PLACE"));
    assert_eq!((stays.ending.as_str(), stays.status()), ("STAYED_PUT", proto::AgreementStatus::Ended));
    let arrangement = stays.staying_put.clone().unwrap();
    assert_eq!((arrangement.from.as_str(), arrangement.weekly_pence), ("2026-07-01", 20_000));
    let leave =
        proto::EndStayingPutRequest { name: name.clone(), on: "2026-09-01".to_owned(), ..Default::default() };
    let left = world.contracts.end_staying_put(ask(council(DURHAM), leave)).await.unwrap().into_inner();
    assert_eq!(left.staying_put.unwrap().ended_on, "2026-09-01");
    let right = proto::EndStayingPutRequest {
        name: name.clone(),
        on: "2026-08-01".to_owned(),
        correction: "typed the wrong month".to_owned(),
        ..Default::default()
    };
    let right = world.contracts.end_staying_put(ask(council(DURHAM), right)).await.unwrap().into_inner();
    assert_eq!(right.staying_put.unwrap().ended_on, "2026-08-01");
    let types: Vec<_> = world.log(DURHAM).await.iter().map(|event| event.event_type.clone()).collect();
    assert_eq!(types[4..], ["PlacementEnded", "StayingPutStarted", "StayingPutEnded", "StayingPutEnded"]);
}

/// The child's age tells one agreement from another; its provider is shown it while the child may be there.
#[tokio::test]
async fn an_agreement_has_the_childs_age_for_its_provider_until_it_ends() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path()).await;
    world.furnish().await;
    let name = placed(&world, 1, "FOSTERING", 11).await;
    let seen = async |day: &str, who: Role, parent: &str| {
        let get = proto::GetAgreementRequest { name: name.clone() };
        let list = proto::ListAgreementsRequest { parent: parent.to_owned(), ..Default::default() };
        let got = world.contracts.get_agreement(at_noon_of(day, ask(who.clone(), get))).await.unwrap();
        let listed = world.contracts.list_agreements(at_noon_of(day, ask(who, list))).await.unwrap();
        let got = got.into_inner().age_years;
        assert_eq!(listed.into_inner().agreements[0].age_years, got);
        got
    };
    let ages = async |day: &str| {
        let own = seen(day, council(DURHAM), &format!("councils/{DURHAM}")).await;
        (own, seen(day, provider("P1"), "providers/P1").await)
    };
    assert_eq!(ages("2026-05-04").await, (Some(11), Some(11)));
    let end = proto::EndPlacementRequest {
        name: name.clone(),
        on: DAY.to_owned(),
        reason: "CREQB".to_owned(),
        ..Default::default()
    };
    // The end is told two days ahead, and the child is there until then.
    world.contracts.end_placement(at_noon_of("2026-05-04", ask(council(DURHAM), end))).await.unwrap();
    assert_eq!(ages("2026-05-05").await, (Some(11), Some(11)));
    assert_eq!(ages(DAY).await, (Some(11), None));
}
