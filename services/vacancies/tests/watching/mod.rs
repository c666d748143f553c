//! Standing needs: a council is told what comes and goes, and goes on where it left off.

use crate::world::{DERBY, DURHAM, World, advertise, fields, place, reason, start};
use api::vacancies as proto;
use api::vacancies::vacancies_service_server::VacanciesService;
use api::vacancies::watch_vacancies_response::Change;
use jiff::ToSpan;
use std::time::Duration;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Status};

type Told = ReceiverStream<Result<proto::WatchVacanciesResponse, Status>>;

/// A place for a child of 10 to 15 near Darlington.
fn need(gss: &str) -> proto::WatchVacanciesRequest {
    proto::WatchVacanciesRequest {
        council: format!("councils/{gss}"),
        need: Some(proto::SearchVacanciesRequest {
            provisions: vec!["RESIDENTIAL".into()],
            near: "DL1".into(),
            within_tenths_of_mile: Some(200),
            ..Default::default()
        }),
        age_from: Some(10),
        age_to: Some(15),
        ..Default::default()
    }
}

async fn watch(world: &World, request: proto::WatchVacanciesRequest) -> Told {
    let gss = request.council.trim_start_matches("councils/").to_owned();
    world.service.watch_vacancies(world.council(&gss, request)).await.unwrap().into_inner()
}

/// The next thing told, in a word, and up to where all was told. Soon, or the test fails.
async fn next(told: &mut Told) -> (String, u64) {
    let next = tokio::time::timeout(Duration::from_secs(20), told.next()).await.expect("something is told");
    let response = next.unwrap().unwrap();
    let word = match response.change.unwrap() {
        Change::Appeared(found) => format!("+{}", found.place),
        Change::Gone(place) => format!("-{place}"),
        Change::CaughtUp(caught_up) => format!("={}", caught_up.matches_total),
    };
    (word, response.position)
}

async fn words(told: &mut Told, number: usize) -> Vec<String> {
    let mut words = Vec::new();
    for _ in 0..number {
        words.push(next(told).await.0);
    }
    words
}

async fn withdraw(world: &World, number: u8) {
    let request = proto::WithdrawVacancyRequest {
        provider: "providers/P1".into(),
        place: place(number),
        request_id: String::new(),
    };
    world.service.withdraw_vacancy(world.provider("P1", request)).await.unwrap();
}

#[tokio::test]
async fn what_comes_and_goes_is_told_to_those_who_need_it() {
    let world = World::with_home().await;
    let mut told = watch(&world, need(DERBY)).await;
    let mut girls = need(DURHAM);
    girls.need.as_mut().unwrap().provisions = vec!["FOSTERING".into()];
    let mut others = watch(&world, girls).await;
    let (one, two) = (place(1), place(2));
    assert_eq!(words(&mut told, 3).await, [format!("+{one}"), format!("+{two}"), "=2".into()]);
    assert_eq!(words(&mut others, 1).await, ["=0"]);

    withdraw(&world, 1).await;
    assert_eq!(next(&mut told).await.0, format!("-{one}"));
    let hold = world.hold(DURHAM, 2).await.unwrap();
    assert_eq!(next(&mut told).await.0, format!("-{two}"));
    let release = proto::ReleaseHoldRequest {
        council: hold.council.clone(),
        place: place(2),
        token: hold.token,
        request_id: String::new(),
    };
    world.service.release_hold(world.council(DURHAM, release)).await.unwrap();
    assert_eq!(next(&mut told).await.0, format!("+{two}"));
    // What else is said of a place that matches is told too, and what is said of one that does not is not.
    let mut other = advertise(&two);
    other.vacancy.as_mut().unwrap().note = "A cat lives there".into();
    world.service.advertise_vacancy(world.provider("P1", other.clone())).await.unwrap();
    assert_eq!(next(&mut told).await.0, format!("+{two}"));
    let vacancy = other.vacancy.as_mut().unwrap();
    (vacancy.age_from, vacancy.age_to) = (16, 17);
    world.service.advertise_vacancy(world.provider("P1", other.clone())).await.unwrap();
    assert_eq!(next(&mut told).await.0, format!("-{two}"));
    other.vacancy.as_mut().unwrap().age_from = 15;
    world.service.advertise_vacancy(world.provider("P1", other)).await.unwrap();
    assert_eq!(next(&mut told).await.0, format!("+{two}"), "one of the ages that would do");

    world.service.end_calls();
    assert!(
        told.next().await.is_none() && others.next().await.is_none(),
        "nothing was told that was not needed"
    );
}

#[tokio::test]
async fn who_comes_back_goes_on_where_it_left_off() {
    let world = World::with_home().await;
    let mut told = watch(&world, need(DERBY)).await;
    let (first, second, caught_up) = (next(&mut told).await, next(&mut told).await, next(&mut told).await);
    // Cut off in the middle, nothing is taken for heard.
    assert_eq!((first.1, second.1), (0, 0));
    let head = caught_up.1;
    drop(told);

    withdraw(&world, 1).await;
    let mut other = advertise(&place(2));
    other.vacancy.as_mut().unwrap().available_from = "2026-01-07".into();
    world.service.advertise_vacancy(world.provider("P1", other)).await.unwrap();
    let on = |position| proto::WatchVacanciesRequest { after_position: Some(position), ..need(DERBY) };
    let mut told = watch(&world, on(head)).await;
    let mut gone = words(&mut told, 2).await;
    gone.sort();
    assert_eq!(gone, [format!("-{}", place(1)), format!("-{}", place(2))]);
    let (word, head) = next(&mut told).await;
    assert_eq!(word, "=0");
    drop(told);
    // Nothing is recorded when a day begins, and yet there is a place.
    world.kit.clock.advance_to(start().checked_add(72.hours()).unwrap());
    let mut told = watch(&world, on(head)).await;
    assert_eq!(words(&mut told, 2).await, [format!("+{}", place(2)), "=1".into()]);
    let mut told = watch(&world, on(0)).await;
    assert_eq!(words(&mut told, 2).await, [format!("+{}", place(2)), "=1".into()]);
}

/// What is heard next, with what to go on from.
async fn heard(told: &mut Told) -> (String, proto::WatchVacanciesRequest) {
    let response =
        tokio::time::timeout(Duration::from_secs(20), told.next()).await.unwrap().unwrap().unwrap();
    let word = match response.change.unwrap() {
        Change::Appeared(found) => format!("+{}", found.place),
        Change::Gone(place) => format!("-{place}"),
        Change::CaughtUp(caught_up) => format!("={}", caught_up.matches_total),
    };
    let (after_position, after_time) = (Some(response.position), response.as_of);
    (word, proto::WatchVacanciesRequest { after_position, after_time, ..need(DERBY) })
}

#[tokio::test]
async fn who_comes_back_is_told_nothing_that_it_knows() {
    let world = World::with_home().await;
    let mut told = watch(&world, need(DERBY)).await;
    assert_eq!(words(&mut told, 2).await.len(), 2);
    let (_, on) = heard(&mut told).await;
    drop(told);
    let (said, on) = heard(&mut watch(&world, on).await).await;
    assert_eq!(said, "=2", "nothing has happened");
    // Of the other place in the same home nothing is new, nor of one that did not match and does not.
    withdraw(&world, 1).await;
    let mut told = watch(&world, on.clone()).await;
    assert_eq!(words(&mut told, 2).await, [format!("-{}", place(1)), "=1".into()]);
    let mut told = watch(&world, on).await;
    heard(&mut told).await;
    let (said, on) = heard(&mut told).await;
    assert_eq!(said, "=1");
    drop(told);
    let mut elsewhere = advertise(&place(1));
    let vacancy = elsewhere.vacancy.as_mut().unwrap();
    (vacancy.age_from, vacancy.age_to) = (16, 17);
    world.service.advertise_vacancy(world.provider("P1", elsewhere)).await.unwrap();
    let (said, _) = heard(&mut watch(&world, on).await).await;
    assert_eq!(said, "=1");
}

#[tokio::test]
async fn what_a_new_day_brought_is_told_once() {
    let world = World::with_home().await;
    let mut later = advertise(&place(1));
    later.vacancy.as_mut().unwrap().available_from = "2026-01-07".into();
    world.service.advertise_vacancy(world.provider("P1", later)).await.unwrap();
    let mut told = watch(&world, need(DERBY)).await;
    assert_eq!(words(&mut told, 2).await, [format!("+{}", place(2)), "=1".into()]);
    world.kit.clock.advance_to(start().checked_add(72.hours()).unwrap());
    let (came, on) = heard(&mut told).await;
    assert_eq!(came, format!("+{}", place(1)));
    drop(told);
    let (said, _) = heard(&mut watch(&world, on.clone()).await).await;
    assert_eq!(said, "=2");
    // Who remembers the position alone is told again what may have come since the event there.
    let mut told = watch(&world, proto::WatchVacanciesRequest { after_time: None, ..on.clone() }).await;
    assert_eq!(words(&mut told, 2).await, [format!("+{}", place(1)), "=2".into()]);
    for (wrong, field) in [
        (proto::WatchVacanciesRequest { after_position: None, ..on.clone() }, "after_position"),
        (
            proto::WatchVacanciesRequest {
                after_time: Some(service_kit::timestamp(start().checked_add(96.hours()).unwrap())),
                ..on.clone()
            },
            "after_time",
        ),
        (
            proto::WatchVacanciesRequest {
                after_time: Some(prost_types::Timestamp { seconds: 0, nanos: -1 }),
                ..on
            },
            "after_time",
        ),
    ] {
        let refused = world.service.watch_vacancies(world.council(DERBY, wrong)).await.unwrap_err();
        assert_eq!((refused.code(), fields(&refused)), (Code::InvalidArgument, vec![field.to_owned()]));
    }
}

#[tokio::test]
async fn a_need_that_cannot_be_watched_is_refused_by_field() {
    let world = World::with_home().await;
    let mut wrong = need(DERBY);
    wrong.age_to = Some(9);
    wrong.utlas = vec!["841".into(), "nowhere".into()];
    let asked = wrong.need.as_mut().unwrap();
    asked.page_size = 5;
    asked.near = "no where".into();
    asked.age_years = Some(11);
    let refused = world.service.watch_vacancies(world.council(DERBY, wrong)).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert_eq!(fields(&refused), ["need.page_size", "need.age_years", "need.near", "age_to", "utlas[1]"]);
    let beyond = proto::WatchVacanciesRequest { after_position: Some(1_000), ..need(DERBY) };
    let refused = world.service.watch_vacancies(world.council(DERBY, beyond)).await.unwrap_err();
    assert_eq!(
        (refused.code(), fields(&refused)),
        (Code::InvalidArgument, vec!["after_position".to_owned()])
    );
    let refused = world.service.watch_vacancies(world.council(DERBY, need(DURHAM))).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::PermissionDenied, "NOT_YOURS"));
    let half = proto::WatchVacanciesRequest { age_to: None, ..need(DERBY) };
    let refused = world.service.watch_vacancies(world.council(DERBY, half)).await.unwrap_err();
    assert_eq!(fields(&refused), ["age_to"]);
    // Elsewhere is not here.
    let elsewhere = proto::WatchVacanciesRequest { utlas: vec![DERBY.into()], ..need(DERBY) };
    assert_eq!(words(&mut watch(&world, elsewhere).await, 1).await, ["=0"]);
    let here = proto::WatchVacanciesRequest { utlas: vec!["841".into()], ..need(DERBY) };
    assert_eq!(words(&mut watch(&world, here).await, 3).await[2], "=2");
}

#[tokio::test]
async fn too_many_watchers_are_told_so_and_one_who_leaves_makes_room() {
    let world = World::with_home().await;
    let mut watching = Vec::new();
    for _ in 0..32 {
        watching.push(watch(&world, need(DERBY)).await);
    }
    let refused = world.service.watch_vacancies(world.council(DERBY, need(DERBY))).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::ResourceExhausted, "TOO_MANY_WATCHERS"));
    // Another council's watchers are its own affair.
    assert_eq!(words(&mut watch(&world, need(DURHAM)).await, 3).await[2], "=2");
    drop(watching.pop());
    let room = async {
        while world.service.watch_vacancies(world.council(DERBY, need(DERBY))).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), room).await.unwrap();
}

#[tokio::test]
async fn a_first_night_that_has_passed_is_tonight() {
    let world = World::with_home().await;
    let mut asked = need(DERBY);
    asked.need.as_mut().unwrap().available_on = "2026-01-06".into();
    let mut told = watch(&world, asked).await;
    assert_eq!(words(&mut told, 3).await[2], "=2");
    withdraw(&world, 1).await;
    assert_eq!(next(&mut told).await.0, format!("-{}", place(1)));
    world.kit.clock.advance_to(start().checked_add(240.hours()).unwrap());
    let mut later = advertise(&place(1));
    later.vacancy.as_mut().unwrap().available_from = "2026-01-15".into();
    world.service.advertise_vacancy(world.provider("P1", later)).await.unwrap();
    assert_eq!(next(&mut told).await.0, format!("+{}", place(1)));
}

#[tokio::test]
async fn what_came_free_by_itself_while_nobody_listened_is_told_too() {
    let world = World::with_home().await;
    world.hold(DURHAM, 1).await.unwrap();
    let mut told = watch(&world, need(DERBY)).await;
    assert_eq!(words(&mut told, 1).await, [format!("+{}", place(2))]);
    let (caught_up, head) = next(&mut told).await;
    assert_eq!(caught_up, "=1");
    drop(told);
    // The lease has ended, and nothing recorded it.
    world.kit.clock.advance_to(start().checked_add(72.hours()).unwrap());
    let on = proto::WatchVacanciesRequest { after_position: Some(head), ..need(DERBY) };
    let mut told = watch(&world, on).await;
    let first = next(&mut told).await;
    assert_eq!(first.1, head, "cut off here, it goes on from where it was");
    assert_eq!(first.0, format!("+{}", place(1)), "of the other nothing is new");
    assert_eq!(next(&mut told).await.0, "=2");
}
