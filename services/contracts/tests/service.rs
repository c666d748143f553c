//! The service over real logs: what each caller sees and may do, and how news from other services becomes agreements.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;
mod framework_terms;
mod weights;

use api::contracts::contracts_service_server::ContractsService;
use api::{common as shared, contracts as proto};
use care::published::{AwardProposed, ClaimRefused, ClaimReleased};
use common::{
    DORSET, DURHAM, World, add_lot, add_member, admit, ask, at_noon_of, claimed, council, create, lead, now,
    proposed, provider,
};
use eventlog::{LogId, Service};
use tonic::{Code, Status};
use tonic_types::StatusExt;

fn reason(status: &Status) -> String {
    status.get_error_details().error_info().map(|info| info.reason.clone()).unwrap_or_default()
}

#[track_caller]
fn refused<T: std::fmt::Debug>(answer: Result<T, Status>, code: Code, expected: &str) -> Status {
    let status = answer.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (code, expected), "{}", status.message());
    status
}

fn fields_of(status: &Status) -> Vec<String> {
    let details = status.get_error_details();
    let violations = details.bad_request().map(|bad| bad.field_violations.clone()).unwrap_or_default();
    violations.into_iter().map(|violation| violation.field).collect()
}

#[tokio::test]
async fn an_award_becomes_an_agreement_that_starts_and_ends() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path()).await;
    world.furnish().await;
    world.award(&proposed(1, DURHAM, "P1", 450_000)).await;
    let durham = format!("councils/{DURHAM}");
    let issued = world.agreements(council(DURHAM), &durham).await.remove(0);
    assert_eq!(issued.status(), proto::AgreementStatus::Issued);
    assert_eq!((issued.weekly_pence, issued.etag.as_str()), (450_000, "1"));
    let verdict = issued.verdict.clone().unwrap();
    assert!(verdict.allowed);
    assert_eq!(verdict.contracts_position, 6);

    let call = &world.contracts;
    let start = proto::StartPlacementRequest {
        name: issued.name.clone(),
        on: "2026-05-05".to_owned(),
        etag: "1".to_owned(),
        request_id: "r-1".to_owned(),
        correction: String::new(),
    };
    let early = proto::StartPlacementRequest {
        correction: "came a day later".to_owned(),
        request_id: "r-0".to_owned(),
        ..start.clone()
    };
    let early = call.start_placement(ask(council(DURHAM), early)).await;
    assert_eq!(fields_of(&refused(early, Code::FailedPrecondition, "ARRIVAL_NOT_RECORDED")), ["correction"]);
    let planned = call.start_placement(ask(council(DURHAM), start.clone())).await;
    assert_eq!(fields_of(&refused(planned, Code::FailedPrecondition, "DATE_TOO_FAR")), ["on"]);
    let arrived = |start| at_noon_of("2026-05-05", ask(council(DURHAM), start));
    let started = call.start_placement(arrived(start.clone())).await.unwrap().into_inner();
    assert_eq!(
        (started.status(), started.started_on.as_str()),
        (proto::AgreementStatus::Started, "2026-05-05")
    );
    let again = call.start_placement(arrived(start.clone())).await.unwrap().into_inner();
    assert_eq!(again, started, "a repeat is answered alike");
    let fresh = proto::StartPlacementRequest { request_id: "r-2".to_owned(), ..start };
    let stale = call.start_placement(arrived(fresh)).await;
    refused(stale, Code::Aborted, "ETAG_MISMATCH");

    let cancel = proto::CancelAgreementRequest {
        name: issued.name.clone(),
        reason: "OTHER".to_owned(),
        ..Default::default()
    };
    let cancelled = call.cancel_agreement(ask(council(DURHAM), cancel)).await;
    refused(cancelled, Code::FailedPrecondition, "PLACEMENT_ALREADY_STARTED");
    let end = |on: &str, reason: &str| proto::EndPlacementRequest {
        name: issued.name.clone(),
        on: on.to_owned(),
        reason: reason.to_owned(),
        ..Default::default()
    };
    let early = call.end_placement(ask(council(DURHAM), end("2026-05-04", "CARPL"))).await;
    let status = refused(early, Code::FailedPrecondition, "END_BEFORE_START");
    assert_eq!(fields_of(&status), ["on"]);
    let miscoded = call.end_placement(ask(council(DURHAM), end("2026-05", "MOVED"))).await;
    let status = refused(miscoded, Code::InvalidArgument, "FIELD_INVALID");
    assert_eq!(fields_of(&status), ["on", "reason"]);
    let ended = call.end_placement(ask(council(DURHAM), end("2026-06-01", "CARPL"))).await;
    let ended = ended.unwrap().into_inner();
    assert_eq!((ended.status(), ended.ended_on.as_str()), (proto::AgreementStatus::Ended, "2026-06-01"));
    let again = call.end_placement(ask(council(DURHAM), end("2026-06-11", "CARPL"))).await;
    refused(again, Code::FailedPrecondition, "AGREEMENT_ENDED");
    let correction = "a digit was missing".to_owned();
    let right = proto::EndPlacementRequest { correction, ..end("2026-06-11", "CARPL") };
    let ended = call.end_placement(ask(council(DURHAM), right)).await.unwrap().into_inner();
    assert_eq!((ended.ended_on.as_str(), ended.etag.as_str()), ("2026-06-11", "4"));
    drop(world);

    let world = World::open(folder.path()).await;
    assert_eq!(world.agreements(council(DURHAM), &durham).await, [ended], "the log gives it again");
}

#[tokio::test]
async fn a_dear_award_is_refused_and_a_lost_place_lapses() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path()).await;
    world.furnish().await;
    world.award(&proposed(1, DURHAM, "P1", 450_001)).await;
    let lost = proposed(2, DURHAM, "P1", 450_000);
    world.happens(LogId::council(Service::Referrals, lost.council), &lost).await;
    let refusal = ClaimRefused {
        award: lost.award,
        council: lost.council,
        referral: lost.referral,
        place: lost.place.clone(),
        reason: "PLACE_TAKEN".to_owned(),
        detail: "another council has it".to_owned(),
        at: now(),
    };
    world.happens(LogId::region(Service::Vacancies), &refusal).await;
    let log = world.log(DURHAM).await;
    let types: Vec<_> = log.iter().map(|event| event.event_type.as_str()).collect();
    assert_eq!(types, ["ProposalNoted", "ClaimNoted", "AgreementRefused", "ProposalNoted", "ProposalLapsed"]);
    let refused: care::published::AgreementRefused = care::decode_body(1, &log[2].payload).unwrap();
    assert_eq!(refused.reason, "PRICE_ABOVE_SCHEDULE");
    assert!(world.agreements(council(DURHAM), &format!("councils/{DURHAM}")).await.is_empty());
}

fn released(proposed: &AwardProposed) -> ClaimReleased {
    ClaimReleased {
        award: proposed.award,
        council: proposed.council,
        place: proposed.place.clone(),
        reason: "ACCOMMODATION_RESTRICTED".to_owned(),
        at: now(),
    }
}

#[tokio::test]
async fn a_place_that_the_market_takes_back_ends_what_has_not_begun() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path()).await;
    world.furnish().await;
    let market = || LogId::region(Service::Vacancies);
    let early = proposed(1, DURHAM, "P1", 450_000);
    // The release is heard of before the proposal, which comes from another log.
    world.happens(market(), &claimed(&early)).await;
    world.happens(market(), &released(&early)).await;
    world.happens(LogId::council(Service::Referrals, early.council), &early).await;
    let late = proposed(2, DURHAM, "P1", 450_000);
    world.award(&late).await;
    world.happens(market(), &released(&late)).await;
    world.happens(market(), &released(&late)).await;
    let log = world.log(DURHAM).await;
    let types: Vec<_> = log.iter().map(|event| event.event_type.as_str()).collect();
    let expected = [
        "ClaimNoted",
        "AgreementRefused",
        "ProposalNoted",
        "ClaimNoted",
        "AgreementIssued",
        "PlacementEnded",
    ];
    assert_eq!(types, expected);
    let refused: care::published::AgreementRefused = care::decode_body(1, &log[1].payload).unwrap();
    assert_eq!((refused.reason.as_str(), refused.evidence.contracts_position), ("CLAIM_RELEASED", 6));
    let ended = world.agreements(council(DURHAM), &format!("councils/{DURHAM}")).await.remove(0);
    assert_eq!(ended.status(), proto::AgreementStatus::Cancelled);
    assert_eq!((ended.ended_on.as_str(), ended.end_reason.as_str()), ("2026-05-04", "PLACE_WITHDRAWN"));
}

#[tokio::test]
async fn a_child_who_lives_in_a_place_that_the_market_takes_back_stays_and_the_alarm_sounds() {
    let folder = tempfile::tempdir().unwrap();
    let lines = folder.path().join("lines");
    let to_file = std::sync::Arc::new(std::fs::File::create(&lines).unwrap());
    let subscriber = tracing_subscriber::fmt().with_writer(to_file).with_ansi(false).finish();
    // This thread's alone, and the one that the followers of this test run on.
    let _guard = tracing::subscriber::set_default(subscriber);
    let world = World::open(folder.path()).await;
    world.furnish().await;
    let alarms = || {
        let text = std::fs::read_to_string(&lines).unwrap();
        text.lines().filter(|line| line.contains("ERROR") && line.contains("ALARM")).count()
    };
    let (waiting, living) = (proposed(1, DURHAM, "P1", 450_000), proposed(2, DURHAM, "P1", 450_000));
    world.award(&waiting).await;
    world.happens(LogId::region(Service::Vacancies), &released(&waiting)).await;
    assert_eq!(alarms(), 0, "nobody lives there yet");
    world.award(&living).await;
    let durham = format!("councils/{DURHAM}");
    let agreements = world.agreements(council(DURHAM), &durham).await;
    let issued = agreements.iter().find(|it| it.status() == proto::AgreementStatus::Issued).unwrap();
    let start = proto::StartPlacementRequest {
        name: issued.name.clone(),
        on: "2026-05-04".to_owned(),
        ..Default::default()
    };
    let start = at_noon_of("2026-05-04", ask(council(DURHAM), start));
    let started = world.contracts.start_placement(start).await.unwrap().into_inner();
    let before = world.log(DURHAM).await.len();
    world.happens(LogId::region(Service::Vacancies), &released(&living)).await;
    assert_eq!(world.log(DURHAM).await.len(), before);
    let agreements = world.agreements(council(DURHAM), &durham).await;
    assert!(agreements.contains(&started), "the placement goes on as it was: {agreements:?}");
    assert_eq!(alarms(), 1);
}

#[tokio::test]
async fn nothing_of_one_council_reaches_anothers_log() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path()).await;
    world.furnish().await;
    world.award(&proposed(1, DURHAM, "P1", 450_000)).await;
    world.award(&proposed(2, DORSET, "P1", 450_000)).await;
    let misplaced = proposed(3, DORSET, "P1", 450_000);
    world.happens(LogId::council(Service::Referrals, common::id(DURHAM)), &misplaced).await;
    for gss in [DURHAM, DORSET] {
        let log = world.log(gss).await;
        assert_eq!(log.len(), 3, "{gss} has its award and nothing else");
        assert!(log.iter().all(|event| event.council == Some(common::id(gss))));
    }
    // The provider has agreements with both councils, and sees its side of them.
    let both = world.agreements(provider("P1"), "providers/P1").await;
    let councils: Vec<_> = both.iter().map(|agreement| agreement.name[..18].to_owned()).collect();
    assert_eq!(councils, [format!("councils/{DURHAM}"), format!("councils/{DORSET}")]);
    for agreement in &both {
        assert!(agreement.funders.is_empty() && agreement.verdict.is_none());
        assert_eq!(agreement.weekly_pence, 450_000);
    }
    let Some(shared::route::Route::Spot(spot)) = both[1].route.clone().unwrap().route else {
        panic!("Dorset bought spot")
    };
    assert_eq!(spot.justification, "", "a council's reasons are its own");
    assert!(world.agreements(provider("P2"), "providers/P2").await.is_empty());
    let call = &world.contracts;
    let list =
        |parent: &str| proto::ListAgreementsRequest { parent: parent.to_owned(), ..Default::default() };
    let get = || proto::GetAgreementRequest { name: both[0].name.clone() };
    refused(
        call.list_agreements(ask(council(DORSET), list(&format!("councils/{DURHAM}")))).await,
        Code::PermissionDenied,
        "NOT_YOURS",
    );
    refused(
        call.list_agreements(ask(provider("P2"), list("providers/P1"))).await,
        Code::PermissionDenied,
        "NOT_YOURS",
    );
    refused(call.get_agreement(ask(council(DORSET), get())).await, Code::PermissionDenied, "NOT_YOURS");
    refused(call.get_agreement(ask(provider("P2"), get())).await, Code::NotFound, "AGREEMENT_UNKNOWN");
    let own = call.get_agreement(ask(provider("P1"), get())).await.unwrap().into_inner();
    // A list leaves out what changed since.
    assert_eq!(proto::Agreement { terms: None, ..own }, both[0]);
    let start = proto::StartPlacementRequest {
        name: both[0].name.clone(),
        on: "2026-05-04".to_owned(),
        ..Default::default()
    };
    refused(call.start_placement(ask(council(DORSET), start)).await, Code::PermissionDenied, "NOT_YOURS");
}

#[tokio::test]
async fn agreements_come_in_pages_that_cover_each_once() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path()).await;
    world.furnish().await;
    for n in 0..5 {
        world.award(&proposed(n, if n % 2 == 0 { DURHAM } else { DORSET }, "P1", 450_000)).await;
    }
    let (mut seen, mut page_token) = (Vec::new(), String::new());
    loop {
        let parent = "providers/P1".to_owned();
        let list = proto::ListAgreementsRequest { parent, page_size: 2, page_token, ..Default::default() };
        let page = world.contracts.list_agreements(ask(provider("P1"), list)).await.unwrap().into_inner();
        seen.extend(page.agreements.into_iter().map(|agreement| agreement.name));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(seen.len(), 5);
    assert!(seen.is_sorted());
}

#[tokio::test]
async fn prices_are_seen_by_members_by_the_lead_and_each_by_its_provider() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path()).await;
    world.furnish().await;
    let call = &world.contracts;
    let list = || proto::ListFrameworkProvidersRequest {
        parent: "frameworks/tyne-tees".to_owned(),
        ..Default::default()
    };
    for (role, expected) in [
        (lead("tyne-tees"), ["P1", "P2"].as_slice()),
        (council(DURHAM), &["P1", "P2"]),
        (provider("P1"), &["P1"]),
        (provider("P3"), &[]),
    ] {
        let found = call.list_framework_providers(ask(role.clone(), list())).await.unwrap().into_inner();
        let names: Vec<_> = found.providers.iter().map(|provider| provider.name.as_str()).collect();
        let expected: Vec<_> =
            expected.iter().map(|provider| format!("frameworks/tyne-tees/providers/{provider}")).collect();
        assert_eq!(names, expected, "{role}");
    }
    let guest = call.list_framework_providers(ask(council(DORSET), list())).await;
    refused(guest, Code::NotFound, "FRAMEWORK_UNKNOWN");
    let other = call.list_framework_providers(ask(lead("d2n2"), list())).await;
    refused(other, Code::PermissionDenied, "NOT_YOURS");
    // Ceilings are for those who buy, lead or were admitted; a list shows no more than a look at one.
    let name = "frameworks/tyne-tees".to_owned();
    for (role, ceiling) in [
        (lead("tyne-tees"), 500_000),
        (council(DURHAM), 500_000),
        (provider("P1"), 500_000),
        (provider("P3"), 0),
        (council(DORSET), 0),
        (lead("d2n2"), 0),
    ] {
        let get = proto::GetFrameworkRequest { name: name.clone() };
        let got = call.get_framework(ask(role.clone(), get)).await.unwrap().into_inner();
        let level = &got.lots[0].levels[0];
        assert_eq!((level.level.as_str(), level.ceiling_weekly_pence), ("STANDARD", ceiling), "{role}");
        let list = call.list_frameworks(ask(role, proto::ListFrameworksRequest::default())).await.unwrap();
        assert_eq!(list.into_inner().frameworks, [got]);
    }
    let public = call.get_framework(ask(council(DORSET), proto::GetFrameworkRequest { name })).await;
    let public = public.unwrap().into_inner();
    assert_eq!((public.members.len(), public.lots.len(), public.etag.as_str()), (2, 1, "6"));
    let mine =
        |gss: &str| proto::ListFrameworksRequest { member: format!("councils/{gss}"), ..Default::default() };
    for (gss, expected) in [(DURHAM, 1), (DORSET, 0)] {
        let found = call.list_frameworks(ask(provider("P1"), mine(gss))).await.unwrap().into_inner();
        assert_eq!(found.frameworks.len(), expected);
    }
}

#[tokio::test]
async fn only_its_lead_changes_a_framework_and_hears_everything_that_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path()).await;
    let call = &world.contracts;
    let foreign = call.create_framework(ask(lead("d2n2"), create("tyne-tees"))).await;
    refused(foreign, Code::PermissionDenied, "NOT_YOURS");
    let unknown = call.add_lot(ask(lead("tyne-tees"), add_lot())).await;
    refused(unknown, Code::NotFound, "FRAMEWORK_UNKNOWN");
    world.furnish().await;
    let twice = call.create_framework(ask(lead("tyne-tees"), create("tyne-tees"))).await;
    refused(twice, Code::AlreadyExists, "FRAMEWORK_EXISTS");
    let mut wrong = add_lot();
    wrong.etag = "v6".to_owned();
    let lot = wrong.lot.as_mut().unwrap();
    lot.provisions.push("TREE_HOUSE".to_owned());
    lot.age_to = 26;
    lot.levels.push(proto::Level { level: "STANDARD".to_owned(), ceiling_weekly_pence: 1 });
    lot.levels.push(proto::Level { level: " ".to_owned(), ceiling_weekly_pence: 0 });
    let status =
        refused(call.add_lot(ask(lead("tyne-tees"), wrong)).await, Code::InvalidArgument, "FIELD_INVALID");
    let expected = [
        "etag",
        "lot.provisions[1]",
        "lot.age_to",
        "lot.levels[1].level",
        "lot.levels[2].level",
        "lot.levels[2].ceiling_weekly_pence",
    ];
    assert_eq!(fields_of(&status), expected);
    let dear = call.admit_provider(ask(lead("tyne-tees"), admit("P3", 500_001))).await;
    assert_eq!(fields_of(&refused(dear, Code::FailedPrecondition, "PRICE_ABOVE_CEILING")), ["prices"]);
    let twice = call.add_member(ask(lead("tyne-tees"), add_member(DURHAM))).await;
    refused(twice, Code::AlreadyExists, "COUNCIL_ALREADY_MEMBER");
    let leave = proto::RemoveMemberRequest {
        name: "frameworks/tyne-tees".to_owned(),
        council: format!("councils/{DURHAM}"),
        on: "2026-05-01".to_owned(),
        ..Default::default()
    };
    let left = call.remove_member(ask(lead("tyne-tees"), leave)).await.unwrap().into_inner();
    assert_eq!(left.members[1].until, "2026-05-01");
}

fn check() -> proto::CheckCallOffRequest {
    let called = shared::route::FrameworkCallOff {
        framework: "frameworks/tyne-tees".to_owned(),
        lot: "residential".to_owned(),
        level: "STANDARD".to_owned(),
        attributes: Vec::new(),
    };
    proto::CheckCallOffRequest {
        parent: format!("councils/{DURHAM}"),
        provider: "providers/P1".to_owned(),
        establishment: "establishments/SC000001".to_owned(),
        provision: "RESIDENTIAL".to_owned(),
        grade: "GOOD".to_owned(),
        age_years: 13,
        start: "2026-05-04".to_owned(),
        route: Some(shared::Route { route: Some(shared::route::Route::Framework(called)) }),
        lines: vec![shared::PriceLine {
            kind: "CORE".to_owned(),
            weekly_pence: 450_000,
            until: String::new(),
        }],
        funders: vec![shared::FunderShare { funder: "SOCIAL_CARE".to_owned(), basis_points: 10_000 }],
    }
}

#[tokio::test]
async fn a_suspension_stops_a_call_off_until_it_is_lifted() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path()).await;
    world.furnish().await;
    let call = &world.contracts;
    let judged = async || {
        let verdict = call.check_call_off(ask(council(DURHAM), check())).await.unwrap().into_inner();
        (verdict.allowed, verdict.reason)
    };
    assert_eq!(judged().await, (true, String::new()));
    let suspend = proto::SuspendProviderRequest {
        parent: "frameworks/tyne-tees".to_owned(),
        provider: "providers/P1".to_owned(),
        establishment: "establishments/SC000001".to_owned(),
        reason: "Inadequate at inspection".to_owned(),
        from: "2026-05-01".to_owned(),
        ..Default::default()
    };
    let suspended = call.suspend_provider(ask(lead("tyne-tees"), suspend)).await.unwrap().into_inner();
    assert_eq!(suspended.suspensions[0].establishment, "establishments/SC000001");
    assert_eq!(judged().await, (false, "PROVIDER_SUSPENDED".to_owned()));
    world.award(&proposed(1, DURHAM, "P1", 450_000)).await;
    assert_eq!(world.log(DURHAM).await[2].event_type, "AgreementRefused", "as the council was told");
    let lift = proto::LiftSuspensionRequest {
        parent: "frameworks/tyne-tees".to_owned(),
        provider: "providers/P1".to_owned(),
        establishment: "establishments/SC000001".to_owned(),
        on: "2026-05-01".to_owned(),
        ..Default::default()
    };
    let lifted = call.lift_suspension(ask(lead("tyne-tees"), lift)).await.unwrap().into_inner();
    assert_eq!(lifted.suspensions[0].until, "2026-05-01");
    assert_eq!(judged().await, (true, String::new()));
}

#[tokio::test]
async fn a_call_off_check_is_the_councils_own_and_names_each_wrong_field() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path()).await;
    let call = &world.contracts;
    let foreign = call.check_call_off(ask(council(DORSET), check())).await;
    refused(foreign, Code::PermissionDenied, "NOT_YOURS");
    let mut wrong = check();
    wrong.provision = "TREE_HOUSE".to_owned();
    wrong.grade = "FINE".to_owned();
    wrong.age_years = 26;
    wrong.route = None;
    wrong.lines[0].weekly_pence = -1;
    wrong.funders[0].funder = "PARENTS".to_owned();
    let status = refused(
        call.check_call_off(ask(council(DURHAM), wrong)).await,
        Code::InvalidArgument,
        "FIELD_INVALID",
    );
    let expected = ["provision", "grade", "age_years", "route", "lines[0].weekly_pence", "funders[0].funder"];
    assert_eq!(fields_of(&status), expected);
    let verdict = call.check_call_off(ask(council(DURHAM), check())).await.unwrap().into_inner();
    assert_eq!((verdict.allowed, verdict.reason.as_str()), (false, "FRAMEWORK_UNKNOWN"));
}
