//! How soon a council whose need stands hears of a place: from the answer to the provider who advertises it until the watching council has it,
//! in a region of one process, and in one of five over Kafka.
//!
//! `cargo build --release && cargo run --release -p brokerage --example told_bench`; with a number, that many places. One at a time, so that
//! each waits as long as changes are let come together (`services/vacancies/src/watch.rs`). The market's own log is followed, so Kafka is
//! not on the way; five processes are measured to show that.
#![allow(clippy::print_stdout, reason = "it prints its figures")]
#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on ends")]
#![allow(clippy::float_arithmetic, reason = "milliseconds are not money")]

mod parts;

use api::vacancies::vacancies_service_client::VacanciesServiceClient;
use api::vacancies::watch_vacancies_response::Change;
use api::vacancies::{SearchVacanciesRequest, WatchVacanciesRequest};
use eventlog::Service;
use local_parts::kafka::Kafka;
use parts::market::{Bearer, COUNCIL, PLACES_PER_HOME, Sellers, connect};
use parts::{Processes, Whole, percentiles};
use service_kit::Role;
use std::path::Path;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

const PLACES: u32 = 400;
/// Not measured: everything is opened once.
const WARM_UP: usize = 20;
/// What a council is promised.
const PROMISED: Duration = Duration::from_secs(1);

/// Watches as a council, and hands over each place with the instant at which it came.
async fn watch(keys: &Path, address: &str) -> mpsc::UnboundedReceiver<(String, Instant)> {
    let council = Bearer::of(keys, Role::Council(COUNCIL.parse().unwrap()));
    let mut client = VacanciesServiceClient::with_interceptor(connect(address).await, council);
    let need = SearchVacanciesRequest {
        provisions: vec!["FOSTERING".to_owned()],
        needs: vec!["TRAUMA".to_owned()],
        near: "DE1".to_owned(),
        ..Default::default()
    };
    let request = WatchVacanciesRequest {
        council: format!("councils/{COUNCIL}"),
        need: Some(need),
        age_from: Some(5),
        age_to: Some(12),
        ..Default::default()
    };
    let mut told = client.watch_vacancies(request).await.unwrap().into_inner();
    let first = told.message().await.unwrap().unwrap();
    assert!(matches!(first.change, Some(Change::CaughtUp(_))), "{first:?}");
    let (hand_over, handed_over) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok(Some(response)) = told.message().await {
            if let Some(Change::Appeared(found)) = response.change {
                let sent = hand_over.send((found.place, Instant::now()));
                if sent.is_err() {
                    return;
                }
            }
        }
    });
    handed_over
}

/// How long each of so many places took.
async fn measured(keys: &Path, address: &str, places: u32) -> Vec<Duration> {
    let mut sellers = Sellers::of(keys, address).await;
    sellers.register().await;
    let homes = (usize::try_from(places).unwrap() + WARM_UP).div_ceil(PLACES_PER_HOME.try_into().unwrap());
    let mut opened = Vec::new();
    for number in 1..=u32::try_from(homes).unwrap() {
        opened.extend(sellers.home(number).await);
    }
    let mut told = watch(keys, address).await;
    let mut times = Vec::new();
    for place in opened.into_iter().take(usize::try_from(places).unwrap() + WARM_UP) {
        sellers.advertise(&place.name).await;
        let answered = Instant::now();
        let heard = tokio::time::timeout(Duration::from_secs(30), told.recv()).await;
        let (which, came) = heard.expect("it is told").unwrap();
        assert_eq!(which, place.name);
        times.push(came.saturating_duration_since(answered));
    }
    times.split_off(WARM_UP)
}

fn print(what: &str, times: Vec<Duration>) {
    let (places, longest) = (times.len(), times.iter().max().copied().unwrap_or_default());
    let [half, most] = percentiles(times).map(|time| time.as_secs_f64() * 1e3);
    let kept = if longest < PROMISED { "all within a second" } else { "NOT all within a second" };
    println!(
        "{what}, {places} places: told after p50 {half:.1} ms, p99 {most:.1} ms, at most {:.1} ms: {kept}",
        longest.as_secs_f64() * 1e3
    );
}

#[tokio::main]
async fn main() {
    let places = std::env::args().nth(1).map_or(PLACES, |places| places.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let whole = Whole::start(&folder.path().join("whole"));
    print("one process", measured(&whole.token_keys, &whole.address, places).await);
    drop(whole);
    let brokers = Kafka::ensure().unwrap();
    let mut region = Processes::new(&folder.path().join("apart"), &brokers, None);
    for service in Service::ALL {
        region.start(service, Duration::ZERO);
    }
    region.wait();
    let address = region.addresses[&Service::Vacancies].clone();
    print("five processes over Kafka", measured(&region.token_keys(), &address, places).await);
}
