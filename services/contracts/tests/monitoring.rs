//! Figures over the service: who reads whose, from what was heard of other services' logs, and as what they are shown.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use api::contracts as proto;
use api::contracts::contracts_service_server::ContractsService;
use common::{DORSET, DURHAM, World, ask, council, lead, proposed, provider};
use eventlog::{LogId, Service};
use serde_json::json;
use service_kit::Role;
use tonic::{Code, Status};
use tonic_types::StatusExt;
use uuid::Uuid;

const Q1: &str = "2026-27-Q1";

fn figures_of(scope: &str) -> proto::GetMonitoringRequest {
    let (from_quarter, to_quarter) = (Q1.to_owned(), Q1.to_owned());
    proto::GetMonitoringRequest { scope: scope.to_owned(), from_quarter, to_quarter }
}

async fn read(world: &World, role: Role, scope: &str) -> Result<proto::Monitoring, Status> {
    let answer = world.contracts.get_monitoring(ask(role, figures_of(scope))).await;
    answer.map(tonic::Response::into_inner)
}

fn row<'m>(monitoring: &'m proto::Monitoring, kpi: &str) -> &'m proto::MonitoringRow {
    monitoring.rows.iter().find(|row| row.kpi == kpi).unwrap()
}

fn reason(status: &Status) -> String {
    status.get_error_details().error_info().map(|info| info.reason.clone()).unwrap_or_default()
}

/// Durham has asked P1 six times, and P1 has offered twice.
async fn asked_six_times(world: &World) {
    let durham = LogId::council(Service::Referrals, DURHAM.parse().unwrap());
    for n in 0..6_u128 {
        let referral = Uuid::from_u128(n);
        let said =
            json!({"council": DURHAM, "referral": referral, "provider": "P1", "at": "2026-05-01T09:00:00Z"});
        world.is_said(durham, "ReferralReleased", &said).await;
        if n < 2 {
            let said = json!({"council": DURHAM, "offer": referral, "referral": referral, "provider": "P1", "at": "2026-05-01T10:00:00Z"});
            world.is_said(durham, "OfferSubmitted", &said).await;
        }
    }
}

#[tokio::test]
async fn a_council_and_a_provider_read_their_own_whole_and_a_lead_what_may_be_told() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path()).await;
    world.furnish().await;
    asked_six_times(&world).await;
    world.award(&proposed(1, DURHAM, "P1", 400_000)).await;
    let own = read(&world, council(DURHAM), "councils/E06000047").await.unwrap();
    let offers = row(&own, "OFFER_RATE");
    assert_eq!((offers.numerator, offers.denominator, offers.value), (Some(2), Some(6), Some(3_333)));
    assert_eq!(row(&own, "TIME_TO_OFFER_MEDIAN").value, Some(60));
    assert_eq!(row(&own, "ROUTE_FRAMEWORK").numerator, Some(1));
    assert_eq!(row(&own, "PRICE_OF_CEILING").value, Some(8_000));
    assert_eq!(row(&own, "GRADE_GOOD").numerator, Some(1));
    let of_provider = read(&world, provider("P1"), "providers/P1").await.unwrap();
    assert_eq!(row(&of_provider, "OFFER_RATE").denominator, Some(6));
    for scope in ["frameworks/tyne-tees", "providers/P1"] {
        let told = read(&world, lead("tyne-tees"), scope).await.unwrap();
        for kpi in ["OFFER_RATE", "PRICE_OF_CEILING", "ROUTE_FRAMEWORK"] {
            let row = row(&told, kpi);
            assert!(!row.suppressed.is_empty(), "{scope}: {row:?}");
            assert_eq!((row.value, row.numerator, row.denominator), (None, None, None), "{scope}: {row:?}");
        }
        assert!(told.rows.iter().all(|row| row.kpi != "CREDITED"), "money is its own's to read");
    }
    let region = read(&world, council(DURHAM), "frameworks/tyne-tees").await.unwrap();
    assert_eq!((region.from_quarter.as_str(), region.to_quarter.as_str()), (Q1, Q1));
    let again = read(&world, council(DURHAM), "frameworks/tyne-tees").await.unwrap();
    assert_eq!(region, again);
}

#[tokio::test]
async fn nobody_reads_what_is_anothers() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path()).await;
    world.furnish().await;
    let refused = [
        (council(DORSET), "councils/E06000047", Code::PermissionDenied, "NOT_YOURS"),
        (council(DORSET), "frameworks/tyne-tees", Code::NotFound, "FRAMEWORK_UNKNOWN"),
        (council(DORSET), "frameworks/nowhere", Code::NotFound, "FRAMEWORK_UNKNOWN"),
        (council(DURHAM), "providers/P1", Code::PermissionDenied, "NOT_YOURS"),
        (provider("P1"), "providers/P2", Code::PermissionDenied, "NOT_YOURS"),
        (provider("P1"), "frameworks/tyne-tees", Code::PermissionDenied, "NOT_YOURS"),
        (provider("P1"), "councils/E06000047", Code::PermissionDenied, "NOT_YOURS"),
        (lead("tyne-tees"), "councils/E06000047", Code::PermissionDenied, "NOT_YOURS"),
        (lead("tyne-tees"), "frameworks/d2n2", Code::PermissionDenied, "NOT_YOURS"),
        (lead("tyne-tees"), "providers/P9", Code::NotFound, "PROVIDER_NOT_ADMITTED"),
        (lead("d2n2"), "providers/P1", Code::NotFound, "PROVIDER_NOT_ADMITTED"),
    ];
    for (role, scope, code, expected) in refused {
        let status = read(&world, role.clone(), scope).await.unwrap_err();
        assert_eq!((status.code(), reason(&status).as_str()), (code, expected), "{role} reads {scope}");
        let document = proto::GetMonitoringDocumentRequest { scope: scope.to_owned(), ..Default::default() };
        let status = world.contracts.get_monitoring_document(ask(role.clone(), document)).await.unwrap_err();
        assert_eq!(
            (status.code(), reason(&status).as_str()),
            (code, expected),
            "{role} reads {scope} as a page"
        );
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_told_by_field() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path()).await;
    let wrong = [
        (("", "", ""), "scope"),
        (("agreements/1", "", ""), "scope"),
        (("councils/E0", "", ""), "scope"),
        (("councils/E06000047", "2026-Q1", ""), "from_quarter"),
        (("councils/E06000047", "", "2026-27-Q5"), "to_quarter"),
        (("councils/E06000047", "2026-27-Q2", "2026-27-Q1"), "from_quarter"),
        (("councils/E06000047", "2020-21-Q1", "2026-27-Q1"), "from_quarter"),
        (("councils/E06000047", "2000-01-Q1", "2000-01-Q1"), ""),
    ];
    for ((scope, from, to), field) in wrong {
        let form = proto::GetMonitoringRequest {
            scope: scope.to_owned(),
            from_quarter: from.to_owned(),
            to_quarter: to.to_owned(),
        };
        let answer = world.contracts.get_monitoring(ask(council(DURHAM), form)).await;
        match answer {
            Ok(_) => assert_eq!(field, "", "{scope} {from} {to}"),
            Err(status) => {
                assert_eq!(status.code(), Code::InvalidArgument, "{scope} {from} {to}: {status:?}");
                let details = status.get_error_details();
                let told = &details.bad_request().unwrap().field_violations;
                assert_eq!(told.iter().map(|it| it.field.as_str()).collect::<Vec<_>>(), [field]);
            }
        }
    }
    let odd = proto::GetMonitoringDocumentRequest {
        scope: "councils/E06000047".to_owned(),
        format: 99,
        ..Default::default()
    };
    let status = world.contracts.get_monitoring_document(ask(council(DURHAM), odd)).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
}

/// Eight quarters up to today's where none is named; a document of each kind.
#[tokio::test]
async fn the_last_eight_quarters_are_shown_as_a_page_charts_and_rows() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path()).await;
    let scope = "councils/E06000047".to_owned();
    let ask_for = async |format: proto::MonitoringFormat| {
        let form = proto::GetMonitoringDocumentRequest {
            scope: scope.clone(),
            format: format.into(),
            ..Default::default()
        };
        world.contracts.get_monitoring_document(ask(council(DURHAM), form)).await.unwrap().into_inner()
    };
    let form = proto::GetMonitoringRequest { scope: scope.clone(), ..Default::default() };
    let data = world.contracts.get_monitoring(ask(council(DURHAM), form)).await.unwrap().into_inner();
    assert_eq!((data.from_quarter.as_str(), data.to_quarter.as_str()), ("2024-25-Q2", Q1));
    let csv = ask_for(proto::MonitoringFormat::Csv).await;
    assert_eq!(csv.content.iter().filter(|byte| **byte == b'\n').count(), data.rows.len() + 1);
    assert_eq!(csv.file_name, format!("kpis-E06000047-{Q1}.csv"));
    let page = ask_for(proto::MonitoringFormat::Html).await;
    assert!(page.content.starts_with(b"<!DOCTYPE html>") && page.media_type.starts_with("text/html"));
    let charts = ask_for(proto::MonitoringFormat::Svg).await;
    assert!(charts.content.starts_with(b"<?xml") && charts.media_type == "image/svg+xml");
}

/// An event that cannot be read makes no figures wrong: none that it may be part of are told, nor what it is. All else goes on.
#[tokio::test]
async fn an_event_that_cannot_be_read_stops_figures_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path()).await;
    world.furnish().await;
    let ledger = LogId::council(Service::Invoicing, DURHAM.parse().unwrap());
    world.is_said(ledger, "InvoiceIssued", &json!({"invoice": 7})).await;
    let status = read(&world, council(DURHAM), "councils/E06000047").await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    for (role, scope) in [(provider("P1"), "providers/P1"), (lead("tyne-tees"), "frameworks/tyne-tees")] {
        let status = read(&world, role, scope).await.unwrap_err();
        assert_eq!(status.code(), Code::Unavailable, "{scope}");
        let message = status.message();
        assert!(!message.contains("E06000047") && !message.contains("invoice"), "whose it is: {message}");
    }
    let other = read(&world, council(DORSET), &format!("councils/{DORSET}")).await.unwrap();
    assert!(!other.rows.is_empty(), "another council's own figures are not made of it");
    world.award(&proposed(1, DURHAM, "P1", 400_000)).await;
    assert_eq!(world.agreements(council(DURHAM), "councils/E06000047").await.len(), 1);
    world.is_said(LogId::region(Service::Vacancies), "PlaceOpened", &json!({"place": 7})).await;
    let status = read(&world, council(DORSET), &format!("councils/{DORSET}")).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable, "the market is everybody's");
}

/// After a restart all is heard again, and comes to the same.
#[tokio::test]
async fn a_restart_comes_to_the_same_figures() {
    let folder = tempfile::tempdir().unwrap();
    let (before, digest) = {
        let world = World::open(folder.path()).await;
        world.furnish().await;
        asked_six_times(&world).await;
        let read = read(&world, council(DURHAM), "councils/E06000047").await.unwrap();
        (read, world.contracts.digests())
    };
    let world = World::open(folder.path()).await;
    assert_eq!(read(&world, council(DURHAM), "councils/E06000047").await.unwrap(), before);
    assert_eq!(world.contracts.digests(), digest);
    assert!(digest.contains_key("contracts: what figures are made of"));
}
