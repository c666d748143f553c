//! Carer households over gRPC: an agency enters them, a search measures to them, and one agency learns nothing of another's; and what was
//! entered of an establishment by date.
#![allow(clippy::unwrap_used, reason = "fixed texts that parse")]

mod world;

use api::vacancies as proto;
use api::vacancies::history_entry::Told;
use api::vacancies::vacancies_service_server::VacanciesService;
use tonic::Code;
use world::{DERBY, World, advertise, fields, home, reason};

const AGENCY: &str = "establishments/FA1";

fn approval() -> proto::HouseholdApproval {
    proto::HouseholdApproval {
        approved_on: "2025-06-01".into(),
        children: 2,
        age_from: 10,
        age_to: 17,
        sexes: proto::Sexes::Any.into(),
        sibling_groups: true,
        ..Default::default()
    }
}

fn entered(sector: &str) -> proto::RegisterHouseholdRequest {
    proto::RegisterHouseholdRequest {
        provider: "providers/P1".into(),
        establishment: AGENCY.into(),
        approval: Some(approval()),
        sector: sector.into(),
        utla: String::new(),
        request_id: format!("household-{}", sector.replace(' ', "")),
    }
}

/// A market with an agency of P1 whose office is in Darlington, and a household in Newcastle and one that says not where it is; each has an
/// advertised place.
async fn agency() -> (World, Vec<proto::Household>, Vec<String>) {
    let world = World::with_home().await;
    let agency = proto::RegisterEstablishmentRequest {
        urn: "FA1".into(),
        provision: "FOSTERING".into(),
        place_code: "U4".into(),
        places_registered: 50,
        request_id: "agency".into(),
        ..home()
    };
    world.service.register_establishment(world.lead(agency)).await.unwrap();
    let (mut households, mut places) = (Vec::new(), Vec::new());
    for sector in ["NE1 1", ""] {
        let request = world.provider("P1", entered(sector));
        let household = world.service.register_household(request).await.unwrap().into_inner();
        let request = proto::OpenPlacesRequest {
            provider: "providers/P1".into(),
            establishment: AGENCY.into(),
            count: 1,
            household: household.name.clone(),
            request_id: format!("open-{}", sector.replace(' ', "")),
        };
        let opened = world.service.open_places(world.provider("P1", request)).await.unwrap().into_inner();
        let place = opened.places[0].clone();
        assert_eq!(place.household, household.name);
        world.service.advertise_vacancy(world.provider("P1", advertise(&place.name))).await.unwrap();
        households.push(household);
        places.push(place.name);
    }
    (world, households, places)
}

#[tokio::test]
async fn a_household_is_entered_read_amended_and_closed() {
    let (world, households, places) = agency().await;
    assert_eq!(households[0].name, "households/FA1-h01");
    assert_eq!((households[0].sector.as_str(), households[0].utla.as_str()), ("NE1 1", "E08000021"));
    assert_eq!((households[1].sector.as_str(), households[1].utla.as_str()), ("", ""));
    let get = |name: &str| proto::GetHouseholdRequest { name: name.into() };
    let read = world.service.get_household(world.council(DERBY, get(&households[0].name))).await;
    let read = read.unwrap().into_inner();
    assert_eq!((read.places.as_slice(), read.places_open), (&places[..1], 1));

    let narrowed = proto::HouseholdApproval { children: 1, ..approval() };
    let amend = proto::AmendHouseholdRequest {
        provider: "providers/P1".into(),
        household: read.name.clone(),
        etag: read.etag.clone(),
        approval: Some(narrowed),
        ..Default::default()
    };
    let amended = world.service.amend_household(world.provider("P1", amend.clone())).await.unwrap();
    let amended = amended.into_inner();
    assert_eq!(amended.approval.unwrap().children, 1);
    assert_eq!((amended.sector.as_str(), amended.utla.as_str()), ("NE1 1", "E08000021"), "as it was");
    let stale = world.service.amend_household(world.provider("P1", amend)).await.unwrap_err();
    assert_eq!(reason(&stale), "ETAG_MISMATCH");

    let close = proto::CloseHouseholdRequest {
        provider: "providers/P1".into(),
        household: read.name.clone(),
        on: "2026-01-05".into(),
        request_id: "close".into(),
    };
    let closed = world.service.close_household(world.provider("P1", close)).await.unwrap().into_inner();
    assert_eq!((closed.closed_on.as_str(), closed.places_open), ("2026-01-05", 0));
    let get = proto::GetEstablishmentRequest { name: AGENCY.into() };
    let agency = world.service.get_establishment(world.council(DERBY, get)).await.unwrap().into_inner();
    assert_eq!(agency.households, 1, "one is closed");
}

#[tokio::test]
async fn one_agency_learns_nothing_of_anothers_households() {
    let (world, households, _) = agency().await;
    let get = || proto::GetHouseholdRequest { name: households[0].name.clone() };
    let list = || proto::ListHouseholdsRequest { parent: AGENCY.into(), page_size: 1, ..Default::default() };
    let status = world.service.get_household(world.provider("P2", get())).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::NotFound, "HOUSEHOLD_UNKNOWN"));
    let status = world.service.list_households(world.provider("P2", list())).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::NotFound, "ESTABLISHMENT_UNKNOWN"));
    let close = proto::CloseHouseholdRequest {
        provider: "providers/P2".into(),
        household: households[0].name.clone(),
        on: "2026-01-05".into(),
        request_id: String::new(),
    };
    let status = world.service.close_household(world.provider("P2", close)).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::NotFound, "HOUSEHOLD_UNKNOWN"));
    let amend = proto::AmendHouseholdRequest {
        provider: "providers/P2".into(),
        household: households[0].name.clone(),
        sector: "DL1 5".into(),
        ..Default::default()
    };
    let status = world.service.amend_household(world.provider("P2", amend)).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::NotFound, "HOUSEHOLD_UNKNOWN"));
    let page = world.service.list_households(world.provider("P1", list())).await.unwrap().into_inner();
    assert_eq!(page.households[0].name, households[0].name);
    let next = proto::ListHouseholdsRequest { page_token: page.next_page_token, ..list() };
    let page = world.service.list_households(world.lead(next)).await.unwrap().into_inner();
    assert_eq!((page.households[0].name.as_str(), page.next_page_token.as_str()), ("households/FA1-h02", ""));
}

#[tokio::test]
async fn everything_wrong_with_a_household_is_told_at_once() {
    let (world, ..) = agency().await;
    let wrong = proto::HouseholdApproval {
        approved_on: "1.6.2025".into(),
        children: 900,
        age_from: 99,
        sexes: 9,
        ..approval()
    };
    let request = proto::RegisterHouseholdRequest {
        establishment: "FA1".into(),
        approval: Some(wrong),
        sector: "ZZ9 9".into(),
        utla: "W06000001".into(),
        ..entered("")
    };
    let status = world.service.register_household(world.provider("P1", request)).await.unwrap_err();
    let expected = [
        "establishment",
        "approval.approved_on",
        "approval.children",
        "approval.age_from",
        "approval.sexes",
        "sector",
        "utla",
    ];
    assert_eq!(fields(&status), expected);
    let none = proto::RegisterHouseholdRequest { approval: None, ..entered("") };
    let status = world.service.register_household(world.provider("P1", none)).await.unwrap_err();
    assert_eq!(fields(&status), ["approval"]);
    let many = proto::HouseholdApproval { children: 4, ..approval() };
    let many = proto::RegisterHouseholdRequest { approval: Some(many), ..entered("DL1 5") };
    let status = world.service.register_household(world.provider("P1", many)).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::InvalidArgument, "USUAL_FOSTERING_LIMIT"));
}

#[tokio::test]
async fn a_search_measures_to_the_household_and_else_to_its_agency() {
    let (world, households, places) = agency().await;
    let near = |near: &str| proto::SearchVacanciesRequest {
        council: format!("councils/{DERBY}"),
        provisions: vec!["FOSTERING".into()],
        near: near.into(),
        within_tenths_of_mile: Some(100),
        ..Default::default()
    };
    for (sector, index) in [("NE1 1", 0), ("DL1 5", 1)] {
        let found = world.service.search_vacancies(world.council(DERBY, near(sector))).await.unwrap();
        let found = found.into_inner().matches;
        assert_eq!(found.len(), 1, "within ten miles of {sector}");
        assert_eq!((&found[0].place, &found[0].household), (&places[index], &households[index].name));
    }
    let moved = proto::AmendHouseholdRequest {
        provider: "providers/P1".into(),
        household: households[0].name.clone(),
        sector: "DL1 5".into(),
        ..Default::default()
    };
    world.service.amend_household(world.provider("P1", moved)).await.unwrap();
    let found = world.service.search_vacancies(world.council(DERBY, near("DL1 5"))).await.unwrap();
    assert_eq!(found.into_inner().matches_total, 2);
}

fn state(on: &str, text: &str) -> proto::SetStatementOfPurposeRequest {
    proto::SetStatementOfPurposeRequest {
        provider: "providers/P1".into(),
        establishment: "establishments/SC1".into(),
        on: on.into(),
        text: text.into(),
        request_id: String::new(),
    }
}

#[tokio::test]
async fn the_history_tells_what_stood_on_a_day_and_what_was_known_by_an_instant() {
    let world = World::with_home().await;
    let first = state("2025-03-01", "Four children.");
    let stated = world.service.set_statement_of_purpose(world.provider("P1", first)).await.unwrap();
    assert_eq!(stated.into_inner().statement_of_purpose.unwrap().text, "Four children.");
    let entered_first = world.at();
    world.kit.clock.advance_to("2026-01-20T10:00:00Z".parse().unwrap());
    let corrected = state("2025-03-01", "Three children.");
    world.service.set_statement_of_purpose(world.provider("P1", corrected)).await.unwrap();
    let amend = proto::AmendEstablishmentRequest {
        name: "establishments/SC1".into(),
        grade: Some("INADEQUATE".into()),
        ..Default::default()
    };
    world.service.amend_establishment(world.lead(amend)).await.unwrap();
    let serve = proto::ServeRestrictionNoticeRequest {
        name: "establishments/SC1".into(),
        on: "2026-01-10".into(),
        request_id: String::new(),
    };
    world.service.serve_restriction_notice(world.lead(serve)).await.unwrap();
    let lift = proto::LiftRestrictionNoticeRequest {
        name: "establishments/SC1".into(),
        on: "2026-01-15".into(),
        request_id: String::new(),
    };
    world.service.lift_restriction_notice(world.lead(lift)).await.unwrap();

    let history = async |as_of: &str, known_by: Option<prost_types::Timestamp>| {
        let name = "establishments/SC1".to_owned();
        let request = proto::GetEstablishmentHistoryRequest { name, as_of: as_of.into(), known_by };
        world.service.get_establishment_history(world.council(DERBY, request)).await.unwrap().into_inner()
    };
    let now = history("", None).await;
    assert_eq!(now.registration.as_ref().unwrap().grade, "INADEQUATE");
    assert_eq!(now.restricted_on, "", "it was lifted");
    let days: Vec<&str> = now.entries.iter().map(|it| it.on.as_str()).collect();
    assert_eq!(days, ["2025-03-01", "2025-03-01", "2026-01-05", "2026-01-10", "2026-01-15", "2026-01-20"]);
    assert!(matches!(&now.entries[3].told, Some(Told::Notice(it)) if !it.lifted));
    assert!(matches!(&now.entries[4].told, Some(Told::Notice(it)) if it.lifted));
    let then = history("2026-01-12", None).await;
    assert_eq!(then.restricted_on, "2026-01-10");
    assert_eq!(then.registration.unwrap().grade, "GOOD");
    assert_eq!(then.statement_of_purpose.unwrap().text, "Three children.");
    let known = history("2026-01-12", Some(service_kit::timestamp(entered_first))).await;
    assert_eq!(known.statement_of_purpose.unwrap().text, "Four children.", "the correction came later");
    assert_eq!((known.restricted_on.as_str(), known.entries.len()), ("", 2));
    assert_eq!(history("2020-01-01", None).await.entries, []);

    let list = proto::ListEstablishmentsRequest { parent: "providers/-".into(), ..Default::default() };
    let listed = world.service.list_establishments(world.council(DERBY, list)).await.unwrap().into_inner();
    let listed = listed.establishments[0].statement_of_purpose.clone().unwrap();
    assert_eq!((listed.on.as_str(), listed.text.as_str()), ("2025-03-01", ""));
}

#[tokio::test]
async fn only_its_provider_states_what_an_establishment_is_for() {
    let world = World::with_home().await;
    let of_p2 = proto::SetStatementOfPurposeRequest {
        provider: "providers/P2".into(),
        ..state("2026-01-01", "Anybody.")
    };
    let status = world.service.set_statement_of_purpose(world.provider("P2", of_p2)).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::NotFound, "ESTABLISHMENT_UNKNOWN"));
    let ahead = state("2027-01-01", "Later.");
    let status = world.service.set_statement_of_purpose(world.provider("P1", ahead)).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::InvalidArgument, "DAY_AHEAD"));
    let long = state("2026-01-01", &"x".repeat(4_001));
    let status = world.service.set_statement_of_purpose(world.provider("P1", long)).await.unwrap_err();
    assert_eq!(fields(&status), ["text"]);
}
