//! How long a service with 1,000,000 events of history takes from its start until it says that it is ready: five processes over Kafka, the
//! market's log in a file or in PostgreSQL.
//!
//! `cargo build --release && cargo run --release -p brokerage --example ready_bench`; with a number, such as `-- 50000`, that many events.
//! Beside it stands what reading the same log costs, without folding it: the least that a start without snapshots could take.
#![allow(clippy::print_stdout, reason = "it prints its figures")]
#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on ends")]

use care::{StreamId, Timestamp};
use eventlog::postgres::PostgresStore;
use eventlog::sqlite::SqliteStore;
use eventlog::{Entry, EventLog, Expected, Idempotency, LogId, LogStore, Meta, NewEvent, Service, Ticket};
use local_parts::kafka::Kafka;
use local_parts::postgres::{Database, Postgres};
use service_kit::Region;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

const EVENTS: u64 = 1_000_000;
const ESTABLISHMENTS: usize = 250;
const PLACES_PER_ESTABLISHMENT: usize = 4;
/// How many appends are on their way at a time.
const IN_FLIGHT: usize = 512;
/// The first start of all: everything is published and consumed.
const FIRST_START_MAX: Duration = Duration::from_secs(900);
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

/// Five processes.
struct Processes {
    folder: PathBuf,
    brokers: String,
    prefix: String,
    databases: Option<BTreeMap<Service, Database>>,
    addresses: BTreeMap<Service, String>,
    processes: BTreeMap<Service, Child>,
}

fn program() -> PathBuf {
    let example = std::env::current_exe().unwrap();
    let program = example.parent().and_then(Path::parent).unwrap().join("brokerage");
    assert!(program.exists(), "{} is not there: cargo build --release", program.display());
    program
}

impl Processes {
    /// Starts a process, and waits until it is ready; gives how long that took.
    fn start(&mut self, service: Service, patience: Duration) -> Duration {
        let mut command = Command::new(program());
        command
            .args(["run", "--service", service.name(), "--data-dir"])
            .arg(self.folder.join(service.name()));
        command.args(["--brokers", &self.brokers, "--topic-prefix", &self.prefix]);
        command.args(["--listen", &self.addresses[&service], "--token-keys"]).arg(self.folder.join("tokens"));
        for (peer, address) in &self.addresses {
            command.args(["--peer", &format!("{peer}=http://{address}")]);
        }
        if let Some(databases) = &self.databases {
            command.args(["--database", databases[&service].url()]);
        }
        command.env("RUST_LOG", "info").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let start = Instant::now();
        let mut process = command.spawn().unwrap();
        let stderr = BufReader::new(process.stderr.take().unwrap());
        let (ready, told) = mpsc::channel();
        std::thread::spawn(move || {
            let mut said = String::new();
            for line in stderr.lines().map_while(Result::ok) {
                if line.contains("brokerage::running: ready") {
                    // Whoever waited may have given up.
                    let _ = ready.send(Ok(Instant::now()));
                }
                said.push_str(&line);
                said.push('\n');
            }
            let _ = ready.send(Err(said));
        });
        self.processes.insert(service, process);
        // All five are started before the first is ready.
        match told.recv_timeout(patience) {
            Ok(Ok(ready)) => ready - start,
            Ok(Err(said)) => panic!("{service} ended:\n{said}"),
            Err(_) => start.elapsed(),
        }
    }

    fn end(&mut self, service: Service) {
        if let Some(mut process) = self.processes.remove(&service) {
            let id = process.id().to_string();
            Command::new("kill").args(["-TERM", &id]).status().unwrap();
            process.wait().unwrap();
        }
    }

    /// Asks until all processes say that they are ready.
    fn wait(&mut self) {
        let begun = Instant::now();
        for service in Service::ALL {
            loop {
                self.end(service);
                if self.start(service, Duration::from_secs(60)) < Duration::from_secs(60) {
                    break;
                }
                assert!(begun.elapsed() < FIRST_START_MAX, "{service} does not become ready");
            }
        }
    }
}

impl Drop for Processes {
    fn drop(&mut self) {
        for service in Service::ALL {
            self.end(service);
        }
    }
}

async fn measure(events: u64, in_database: bool) {
    let folder = tempfile::tempdir().unwrap();
    let brokers = Kafka::ensure().unwrap();
    let prefix = format!("ready-{}", uuid::Uuid::new_v4().simple());
    let applied = Command::new(program())
        .args(["topics", "apply", "--brokers", &brokers, "--topic-prefix", &prefix, "--replicas", "1"])
        .stdout(Stdio::null())
        .status();
    assert!(applied.unwrap().success());
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
    let listeners: Vec<_> = Service::ALL.map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).into();
    let addresses = listeners.iter().map(|listener| listener.local_addr().unwrap().to_string());
    let addresses = Service::ALL.into_iter().zip(addresses).collect();
    drop(listeners);
    let folder = folder.path().to_owned();
    let mut region = Processes { folder, brokers, prefix, databases, addresses, processes: BTreeMap::new() };
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
                region.start(service, FIRST_START_MAX)
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
