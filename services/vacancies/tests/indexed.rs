//! What a search reads is derived: however the market came to be what it is, it must be what an index made anew would say.
#![allow(clippy::unwrap_used, reason = "fixed texts that parse")]

mod world;

use api::vacancies as proto;
use api::vacancies::vacancies_service_server::VacanciesService;
use geography::Miles;
use matching::{Criteria, Index};
use proto::VacancyAction;
use world::{DERBY, World, advertise, place};

/// More than what is read of the log at a time, so that the index is made anew.
const BURST: usize = 11;
const PLACES: u32 = 500;

fn found(world: &World) -> (Vec<String>, u32, Vec<(String, u32)>) {
    // A grade and a distance, so that what is known of the home as a whole matters too.
    let criteria = Criteria {
        council: Some(DERBY.parse().unwrap()),
        near: Some("DL1 5".parse().unwrap()),
        within: Some(Miles::whole(20)),
        grade_at_least: Some("GOOD".into()),
        ..Criteria::default()
    };
    let result = world.service.market().read(|market| Index::of(market).search(&criteria, world.at(), 50));
    let excluded = result.excluded.iter().map(|(rule, count)| (rule.to_string(), *count)).collect();
    let places = result.matches.iter().map(|it| format!("places/{}", it.place)).collect();
    (places, result.matches_total, excluded)
}

async fn searched(world: &World) -> (Vec<String>, u32, Vec<(String, u32)>) {
    let request = proto::SearchVacanciesRequest {
        council: format!("councils/{DERBY}"),
        page_size: 50,
        near: "DL1 5".into(),
        within_tenths_of_mile: Some(200),
        grade_at_least: "GOOD".into(),
        ..Default::default()
    };
    let answer = world.service.search_vacancies(world.council(DERBY, request)).await.unwrap().into_inner();
    let excluded = answer.excluded.into_iter().map(|it| (it.reason, it.places)).collect();
    (answer.matches.into_iter().map(|it| it.place).collect(), answer.matches_total, excluded)
}

async fn agrees(world: &World, what: &str) {
    assert_eq!(searched(world).await, found(world), "after {what}");
}

#[tokio::test]
async fn a_search_reads_what_was_committed_before_it_of_whatever_kind() {
    let world = World::with_home().await;
    agrees(&world, "opening").await;
    let hold = world.hold(DERBY, 1).await.unwrap();
    agrees(&world, "a hold").await;
    let request = proto::ReleaseHoldRequest {
        council: format!("councils/{DERBY}"),
        place: place(1),
        token: hold.token,
        request_id: String::new(),
    };
    world.service.release_hold(world.council(DERBY, request)).await.unwrap();
    agrees(&world, "its release").await;
    let withdraw = proto::WithdrawVacancyRequest {
        provider: "providers/P1".into(),
        place: place(2),
        request_id: String::new(),
    };
    world.service.withdraw_vacancy(world.provider("P1", withdraw)).await.unwrap();
    agrees(&world, "a withdrawal").await;
    world.service.advertise_vacancy(world.provider("P1", advertise(&place(2)))).await.unwrap();
    agrees(&world, "an advertisement").await;
    let amend = proto::AmendEstablishmentRequest {
        name: "establishments/SC1".into(),
        grade: Some("INADEQUATE".into()),
        ..Default::default()
    };
    world.service.amend_establishment(world.lead(amend)).await.unwrap();
    agrees(&world, "a worse grade").await;
    let amend = proto::AmendEstablishmentRequest {
        name: "establishments/SC1".into(),
        grade: Some("GOOD".into()),
        sector: "NE1 1".into(),
        ..Default::default()
    };
    world.service.amend_establishment(world.lead(amend)).await.unwrap();
    agrees(&world, "a move").await;
    let notice = proto::ServeRestrictionNoticeRequest {
        name: "establishments/SC1".into(),
        on: "2026-01-05".into(),
        request_id: String::new(),
    };
    world.service.serve_restriction_notice(world.lead(notice)).await.unwrap();
    agrees(&world, "a notice").await;
}

#[tokio::test]
async fn after_more_events_than_are_read_at_a_time_nothing_is_missing() {
    let world = World::with_home().await;
    let amend = proto::AmendEstablishmentRequest {
        name: "establishments/SC1".into(),
        places_registered: Some(PLACES),
        ..Default::default()
    };
    world.service.amend_establishment(world.lead(amend)).await.unwrap();
    for (round, count) in [200, 200, PLACES - 402].into_iter().enumerate() {
        let request = proto::OpenPlacesRequest {
            provider: "providers/P1".into(),
            establishment: "establishments/SC1".into(),
            count,
            request_id: format!("more-{round}"),
            household: String::new(),
        };
        world.service.open_places(world.provider("P1", request)).await.unwrap();
    }
    agrees(&world, "opening many").await;
    let upsert = |action: VacancyAction| {
        let item = |number| {
            let place = format!("places/SC1-{number:02}");
            let vacancy = advertise(&place).vacancy.filter(|_| action == VacancyAction::Advertise);
            proto::VacancyItem { place, action: action.into(), vacancy }
        };
        let items = (1..=PLACES).map(item).collect();
        proto::UpsertVacanciesRequest { provider: "providers/P1".into(), items, request_id: String::new() }
    };
    let mut actions = vec![VacancyAction::Advertise];
    actions.extend([VacancyAction::Confirm; BURST]);
    for action in actions {
        let request = world.provider("P1", upsert(action));
        let answer = world.service.upsert_vacancies(request).await.unwrap().into_inner();
        assert_eq!(answer.refused_total, 0);
    }
    let head = world.service.market().head();
    assert!(head > 5_500, "{head} events");
    agrees(&world, "more than are read at a time").await;
    assert_eq!(found(&world).1, PLACES);
    // Fewer than lead to a new index, and more than one reading.
    for action in [VacancyAction::Withdraw, VacancyAction::Advertise, VacancyAction::Withdraw] {
        world.service.upsert_vacancies(world.provider("P1", upsert(action))).await.unwrap();
    }
    agrees(&world, "several readings").await;
    assert_eq!(found(&world).1, 0);
}
