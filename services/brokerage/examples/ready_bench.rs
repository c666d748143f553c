//! How long a service with 1,000,000 events of history takes from its start until it says that it is ready: five processes over Kafka, the
//! market's log in a file or in PostgreSQL.
//!
//! `cargo build --release && cargo run --release -p brokerage --example ready_bench`; with a number, such as `-- 50000`, that many events.
//! Beside it stands what reading the same log costs, without folding it: the least that a start without snapshots could take.
#![allow(clippy::print_stdout, reason = "it prints its figures")]
#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on ends")]

mod parts;

use care::{StreamId, Timestamp};
use eventlog::postgres::PostgresStore;
use eventlog::sqlite::SqliteStore;
use eventlog::{Entry, EventLog, Expected, Idempotency, LogId, LogStore, Meta, NewEvent, Service, Ticket};
use local_parts::kafka::Kafka;
use local_parts::postgres::Postgres;
use parts::Processes;
use service_kit::Region;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

const EVENTS: u64 = 1_000_000;
const ESTABLISHMENTS: usize = 250;
const PLACES_PER_ESTABLISHMENT: usize = 4;
/// How many appends are on their way at a time.
const IN_FLIGHT: usize = 512;
/// How often each start is timed.
const STARTS: usize = 3;
const READ_EVENTS: usize = 1_000;

/// The n-th event of a market that has been advertised in for long.
fn event(n: usize) -> (StreamId, &'static str, String) {
    let at = r#""at":"2026-01-05T10:00:00Z""#;
    let urn = |home: usize| format!("SC{home:06}");
    let place = |place: usize| {
        format!("{}-{:02}", urn(place / PLACES_PER_ESTABLISHMENT), place % PLACES_PER_ESTABLISHMENT + 1)
    };
    let places = ESTABLISHMENTS * PLACES_PER_ESTABLISHMENT;
    match n {
        0 => {
            let body = format!(r#"{{"provider":"bench","name":"Simulated provider",{at}}}"#);
            (StreamId::new("provider", "bench"), "ProviderRegistered", body)
        }
        n if n <= ESTABLISHMENTS => {
            let urn = urn(n - 1);
            let body = format!(
                r#"{{"urn":"{urn}","provider":"bench","provision":"RESIDENTIAL","place_code":"K2","utla":"E06000005","sector":"DL1 5","operated_by":null,"registered_on":"2020-06-25","registration":{{"status":"ACTIVE","grade":"GOOD","age_from":8,"age_to":17,"sexes":"ANY","places_registered":4}},{at}}}"#
            );
            (StreamId::new("establishment", urn), "EstablishmentRegistered", body)
        }
        n if n <= ESTABLISHMENTS + places => {
            let number = n - ESTABLISHMENTS - 1;
            let (place, urn) = (place(number), urn(number / PLACES_PER_ESTABLISHMENT));
            let body = format!(r#"{{"place":"{place}","urn":"{urn}",{at}}}"#);
            (StreamId::new("place", place), "PlaceOpened", body)
        }
        n => {
            let place = place(n % places);
            let body = format!(
                r#"{{"place":"{place}","available_from":"2026-01-10","needs":["AUTISM","TRAUMA"],"sexes":"FEMALE","age_from":10,"age_to":17,"note":"Ground floor room","at":"2026-01-05T10:00:00Z"}}"#
            );
            (StreamId::new("place", place), "VacancyAdvertised", body)
        }
    }
}

fn entry(n: usize) -> Entry {
    let (stream, event_type, body) = event(n);
    // Keys are drawn at random by clients.
    let key = uuid::Uuid::from_u128(
        u128::try_from(n).unwrap().wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835),
    );
    Entry {
        expected_head: None,
        expected: vec![(stream.clone(), Expected::Any)],
        events: vec![NewEvent {
            stream,
            event_type,
            version: 1,
            payload: body.into_bytes(),
            effective: None,
            council: None,
        }],
        meta: Meta {
            actor: "provider:bench/portal".to_owned(),
            causation: Some(format!("request:{key}")),
            correlation: None,
            recorded_at: Timestamp::now(),
        },
        idempotency: Some(Idempotency {
            key: format!("provider:bench/portal|{key}"),
            request_hash: [7; 32],
            reply: vec![b'r'; 120],
        }),
        source: None,
    }
}

async fn fill(log: &dyn EventLog, events: u64) {
    let mut tickets: Vec<Ticket> = Vec::new();
    for n in 0..usize::try_from(events).unwrap() {
        tickets.push(log.submit(entry(n)).await.unwrap());
        if tickets.len() == IN_FLIGHT {
            for ticket in tickets.drain(..) {
                ticket.outcome().await.unwrap();
            }
        }
    }
    for ticket in tickets {
        ticket.outcome().await.unwrap();
    }
}

/// How long it takes to read the log, and nothing else.
async fn read(log: &dyn EventLog) -> Duration {
    let start = Instant::now();
    let mut position = 0;
    loop {
        let events = log.read_stored(position, READ_EVENTS).await.unwrap();
        let Some(last) = events.last() else { return start.elapsed() };
        position = last.position;
    }
}

async fn measure(events: u64, in_database: bool) {
    let folder = tempfile::tempdir().unwrap();
    let brokers = Kafka::ensure().unwrap();
    let databases = in_database.then(|| {
        let server = Postgres::ensure().unwrap();
        Service::ALL
            .into_iter()
            .map(|service| (service, server.database().unwrap()))
            .collect::<BTreeMap<_, _>>()
    });
    Region::load_or_create(&folder.path().join("vacancies")).unwrap();
    let store: Box<dyn LogStore> = match &databases {
        Some(databases) => {
            Box::new(PostgresStore::connect(databases[&Service::Vacancies].url()).await.unwrap())
        }
        None => Box::new(SqliteStore::open(&folder.path().join("vacancies/logs")).unwrap()),
    };
    let log = store.open(LogId::region(Service::Vacancies)).await.unwrap();
    let begun = Instant::now();
    fill(&*log, events).await;
    println!("  filled in {:.1?}, read in {:.2?}", begun.elapsed(), read(&*log).await);
    drop(log);
    store.closed().await;
    drop(store);
    let mut region = Processes::new(folder.path(), &brokers, databases);
    let begun = Instant::now();
    for service in Service::ALL {
        region.start(service, Duration::ZERO);
    }
    region.wait();
    println!("  published, consumed and recorded in {:.1?}", begun.elapsed());
    for service in Service::ALL {
        let mut took: Vec<Duration> = (0..STARTS)
            .map(|_| {
                region.end(service);
                region.start(service, parts::FIRST_START_MAX)
            })
            .collect();
        took.sort();
        println!("  {service}: ready {:.2?} after its start (median of {STARTS})", took[STARTS / 2]);
    }
}

#[tokio::main]
async fn main() {
    let events = std::env::args().nth(1).map_or(EVENTS, |events| events.parse().unwrap());
    for (place, in_database) in [("a file", false), ("PostgreSQL", true)] {
        println!("{events} events of the market's log in {place}:");
        measure(events, in_database).await;
    }
}
