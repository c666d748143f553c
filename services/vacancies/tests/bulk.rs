//! Many vacancies at once, as a portal sends them.
#![allow(clippy::unwrap_used, reason = "fixed texts that parse")]

mod world;

use api::vacancies as proto;
use api::vacancies::vacancies_service_server::VacanciesService;
use proto::{VacancyAction, VacancyOutcome};
use service_kit::Role;
use tonic::{Code, Status};
use world::{DERBY, World, advertise, fields, place, reason};

fn item(place: &str, action: VacancyAction) -> proto::VacancyItem {
    let advertised = action == VacancyAction::Advertise;
    let vacancy = advertise(place).vacancy.filter(|_| advertised);
    proto::VacancyItem { place: place.into(), action: action.into(), vacancy }
}

fn asked(items: Vec<proto::VacancyItem>, request_id: &str) -> proto::UpsertVacanciesRequest {
    proto::UpsertVacanciesRequest { provider: "providers/P1".into(), items, request_id: request_id.into() }
}

impl World {
    async fn upsert(
        &self,
        request: proto::UpsertVacanciesRequest,
    ) -> Result<proto::UpsertVacanciesResponse, Status> {
        let answer = self.service.upsert_vacancies(self.provider("P1", request)).await;
        answer.map(tonic::Response::into_inner)
    }
}

#[tokio::test]
async fn each_item_is_answered_for_itself_and_a_repeat_alike() {
    let world = World::with_home().await;
    let mut changed = item(&place(2), VacancyAction::Advertise);
    changed.vacancy.as_mut().unwrap().note = "By the river".into();
    let mut unfit = item(&place(3), VacancyAction::Advertise);
    let vacancy = unfit.vacancy.as_mut().unwrap();
    (vacancy.available_from, vacancy.age_to) = ("soon".into(), 99);
    let items = || {
        vec![
            item(&place(1), VacancyAction::Advertise),
            changed.clone(),
            unfit.clone(),
            item("places/SC1-09", VacancyAction::Confirm),
            item(&place(1), VacancyAction::Withdraw),
            item("SC1-01", VacancyAction::Unspecified),
        ]
    };
    let head = world.service.market().head();
    let answer = world.upsert(asked(items(), "bulk-1")).await.unwrap();
    let told: Vec<_> =
        answer.results.iter().map(|it| (it.outcome(), it.reason.as_str(), it.place.as_str())).collect();
    assert_eq!(
        told,
        [
            (VacancyOutcome::Confirmed, "", "places/SC1-01"),
            (VacancyOutcome::Advertised, "", "places/SC1-02"),
            (VacancyOutcome::Refused, "FIELD_INVALID", "places/SC1-03"),
            (VacancyOutcome::Refused, "PLACE_UNKNOWN", "places/SC1-09"),
            (VacancyOutcome::Refused, "FIELD_INVALID", "places/SC1-01"),
            (VacancyOutcome::Refused, "FIELD_INVALID", ""),
        ]
    );
    assert_eq!(answer.refused_total, 4);
    let wrong = |result: usize| -> Vec<&str> {
        answer.results[result].violations.iter().map(|it| it.field.as_str()).collect()
    };
    assert_eq!(wrong(2), ["vacancy.available_from", "vacancy.age_to"]);
    assert_eq!((wrong(4), wrong(5)), (vec!["place"], vec!["place", "action"]));
    assert_eq!(world.service.market().head(), head + 2);

    assert_eq!(world.upsert(asked(items(), "bulk-1")).await.unwrap(), answer);
    assert_eq!(world.service.market().head(), head + 2, "nothing is done twice");
    let other = world.upsert(asked(vec![item(&place(1), VacancyAction::Confirm)], "bulk-1")).await;
    assert_eq!(reason(&other.unwrap_err()), "REQUEST_ID_REUSED");
}

#[tokio::test]
async fn refusals_are_those_of_the_methods_for_one_place() {
    let world = World::with_home().await;
    world.hold(DERBY, 1).await.unwrap();
    let mut too_old = item(&place(2), VacancyAction::Advertise);
    too_old.vacancy.as_mut().unwrap().age_to = 18;
    let answer = world.upsert(asked(vec![item(&place(1), VacancyAction::Withdraw), too_old], "")).await;
    let answer = answer.unwrap();
    let reasons: Vec<_> = answer.results.iter().map(|it| it.reason.as_str()).collect();
    assert_eq!(reasons, ["PLACE_HELD", "AGES_OUTSIDE_REGISTRATION"]);
    assert!(answer.results.iter().all(|it| it.message.len() > 20), "{answer:?}");

    let mut misplaced = item(&place(2), VacancyAction::Withdraw);
    misplaced.vacancy = Some(proto::Vacancy::default());
    let answer = world.upsert(asked(vec![misplaced], "")).await.unwrap();
    assert_eq!(answer.results[0].violations[0].field, "vacancy");
    let answer = world.upsert(asked(vec![item(&place(2), VacancyAction::Withdraw)], "")).await.unwrap();
    assert_eq!(answer.results[0].outcome(), VacancyOutcome::Withdrawn);
    let gone = world.place_as(Role::Provider("P1".parse().unwrap()), 2).await.unwrap();
    assert_eq!(gone.state(), proto::PlaceState::NotAdvertised);
}

#[tokio::test]
async fn another_providers_place_looks_like_one_that_is_not_there() {
    let world = World::with_home().await;
    let mut foreign = asked(vec![item(&place(1), VacancyAction::Withdraw)], "");
    foreign.provider = "providers/P2".into();
    let answer = world.service.upsert_vacancies(world.provider("P2", foreign.clone())).await.unwrap();
    assert_eq!(answer.into_inner().results[0].reason, "PLACE_UNKNOWN");
    let status = world.upsert(foreign).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::PermissionDenied, "NOT_YOURS"));
}

#[tokio::test]
async fn one_request_takes_so_many_items() {
    let world = World::with_home().await;
    let many = |count: usize| asked(vec![item(&place(1), VacancyAction::Confirm); count], "");
    for wrong in [0, 501] {
        assert_eq!(fields(&world.upsert(many(wrong)).await.unwrap_err()), ["items"]);
    }
    let answer = world.upsert(many(500)).await.unwrap();
    assert_eq!((answer.results.len(), answer.refused_total), (500, 499));
}
