#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark speaks to the terminal and stops at anything unexpected"
)]
//! What the exchange costs over Kafka itself, both measured in one run against the same broker:
//! `cargo run --release -p exchange --example relay_bench [EVENTS] [ROUNDS]`
//!
//! Throughput: a relay publishing a log that is already there, its start and reading SQLite included, beside a bare rdkafka producer of
//! the same records, encoded beforehand, with the same settings. Round trip, one event in flight: append → relay → follower, and
//! produce → consume without any of ours. Figures of one machine, with broker and clients on it: compare within a run only. CPU
//! is this process's, so a busy machine does not change it much.

use care::{StreamId, Timestamp};
use eventlog::sqlite::SqliteStore;
use eventlog::{Entry, EventLog, LogId, LogStore, Meta, NewEvent, Recorded, Service};
use exchange::kafka::bare::BareKafka;
use exchange::kafka::{ByLog, Connection, Kafka, Origin, Publisher, RecordKey, Relay, Topics, cloud_event};
use exchange::{Embedded, Exchange};
use std::sync::Arc;
use std::time::{Duration, Instant};

const LOG: LogId = LogId::region(Service::Vacancies);
const ROUND_TRIPS: usize = 1_000;

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse::<u64>().unwrap());
    let (events, rounds) = (arguments.next().unwrap_or(200_000), arguments.next().unwrap_or(3));
    let brokers = local_parts::kafka::Kafka::ensure().unwrap_or_else(|none| panic!("{none}"));
    let folder = tempfile::tempdir().unwrap();
    println!("broker {brokers}; log in {}", folder.path().display());
    let store = SqliteStore::open(folder.path()).unwrap();
    let log = store.open(LOG).await.unwrap();
    append(&log, events).await;
    throughput(&brokers, &log, rounds).await;
    let fresh = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(fresh.path()).unwrap();
    round_trips(&brokers, store.open(LOG).await.unwrap()).await;
}

async fn throughput(brokers: &str, log: &Arc<dyn EventLog>, rounds: u64) {
    let start = Instant::now();
    let recorded = read_all(log).await;
    let reading = rate(recorded.len(), start.elapsed());
    let bytes: usize = recorded.iter().map(|event| event.payload.len()).sum();
    println!("{} events, {} bytes of payload each", recorded.len(), bytes / recorded.len());
    println!("reading the log alone     {reading:>9} events/s");
    let start = Instant::now();
    let encoded =
        recorded.iter().map(|event| cloud_event::encode(&key(), event, None).headers.len()).sum::<usize>();
    assert!(encoded > recorded.len());
    println!("encoding it alone         {:>9} events/s", rate(recorded.len(), start.elapsed()));
    for round in 1..=rounds {
        let (before, count) = (cpu_ticks(), u64::try_from(recorded.len()).unwrap());
        let bare = bare(&topics(brokers).await, brokers, &recorded);
        let between = cpu_ticks();
        let relayed = relayed(&topics(brokers).await, brokers, log).await;
        let cpu = |ticks: u64| ticks * 10_000_000 / count;
        let (of_bare, of_relay) = (cpu(between - before), cpu(cpu_ticks() - between));
        println!(
            "round {round}: bare producer {bare:>8} records/s, {of_bare:>6} ns of CPU each; relay {relayed:>8} events/s, {of_relay:>6} \
             ns of CPU each: {} % of its rate",
            relayed * 100 / bare
        );
    }
}

async fn relayed(topics: &Topics, brokers: &str, log: &Arc<dyn EventLog>) -> u64 {
    let publisher = Publisher::new(&Connection::new(brokers), topics, &key()).unwrap();
    let head = *log.head().borrow();
    let start = Instant::now();
    let relay = Relay::start(&publisher, Arc::clone(log), Arc::new(ByLog(Arc::clone(log))), None).unwrap();
    relay.state.clone().wait_for(|state| state.published == head).await.unwrap();
    rate(usize::try_from(head).unwrap(), start.elapsed())
}

fn bare(topics: &Topics, brokers: &str, recorded: &[Arc<Recorded>]) -> u64 {
    let topic = topics.topic(LOG).unwrap().name;
    let key = key();
    let encoded: Vec<_> = recorded.iter().map(|event| cloud_event::encode(&key, event, None)).collect();
    let kafka = BareKafka::new(brokers).unwrap();
    let start = Instant::now();
    kafka.produce(&topic, &encoded).unwrap();
    rate(encoded.len(), start.elapsed())
}

async fn round_trips(brokers: &str, log: Arc<dyn EventLog>) {
    let (topics, connection) = (topics(brokers).await, Connection::new(brokers));
    let logs = Arc::new(Embedded::default());
    logs.publish(Arc::clone(&log));
    let publisher = Publisher::new(&connection, &topics, &key()).unwrap();
    let _relay = Relay::start(&publisher, Arc::clone(&log), Arc::new(ByLog(Arc::clone(&log))), None).unwrap();
    let exchange = Kafka::new(&connection, &topics, &key(), logs as Arc<dyn Origin>).unwrap();
    let mut following = exchange.subscribe(LOG, 0).await.unwrap();
    let (mut whole, mut after_commit) = (Vec::new(), Vec::new());
    for _ in 0..ROUND_TRIPS {
        let start = Instant::now();
        append(&log, 1).await;
        let committed = Instant::now();
        assert_eq!(following.next(10).await.unwrap().len(), 1);
        whole.push(start.elapsed());
        after_commit.push(committed.elapsed());
    }
    let own = own_round_trips(brokers, &read_all(&log).await).await;
    println!("round trip, 1 in flight, {ROUND_TRIPS} times          p50          p99");
    for (what, mut times) in [
        ("append (fsync), relay, follow", whole),
        ("the same from the commit on", after_commit),
        ("Kafka's own: produce, consume", own),
    ] {
        times.sort_unstable();
        println!(
            "  {what:<35} {:>9} us {:>9} us",
            times[times.len() / 2].as_micros(),
            times[times.len() * 99 / 100].as_micros()
        );
    }
}

async fn own_round_trips(brokers: &str, recorded: &[Arc<Recorded>]) -> Vec<Duration> {
    let topic = topics(brokers).await.topic(LOG).unwrap().name;
    let key = key();
    let encoded: Vec<_> = recorded.iter().map(|event| cloud_event::encode(&key, event, None)).collect();
    BareKafka::new(brokers).unwrap().round_trips(&topic, &encoded).await.unwrap()
}

/// A key like any other.
fn key() -> RecordKey {
    RecordKey::new(&[7; 32])
}

/// Topics that nobody has used.
async fn topics(brokers: &str) -> Topics {
    let name = format!("bench-{}-{}", std::process::id(), Timestamp::now().as_microsecond());
    let topics = Topics::default().named(name).replicas(1);
    topics.apply(&Connection::new(brokers), &[LOG]).await.unwrap();
    topics
}

async fn read_all(log: &Arc<dyn EventLog>) -> Vec<Arc<Recorded>> {
    let mut events: Vec<Arc<Recorded>> = Vec::new();
    loop {
        let more = log.read(events.last().map_or(0, |last| last.position), 1_000).await.unwrap();
        if more.is_empty() {
            return events;
        }
        events.extend(more);
    }
}

async fn append(log: &Arc<dyn EventLog>, events: u64) {
    for first in (0..events).step_by(500) {
        let event = |n: u64| NewEvent {
            stream: StreamId::new("place", n % 1_000),
            event_type: "PlaceOpened",
            version: 1,
            payload: format!("{{\"n\":{n},\"note\":\"{}\"}}", "a home for a child ".repeat(16)).into_bytes(),
            effective: None,
            council: "E06000015".parse().ok(),
        };
        let meta = Meta {
            actor: "council:E06000015/case-system".into(),
            causation: Some("0192f0c1-2b7a-7cc0-9d3e-0c7f4a2d9b11".into()),
            correlation: Some("referral/0192f0c1-2b7a-7cc0-9d3e-0c7f4a2d9b12".into()),
            recorded_at: Timestamp::from_microsecond(Timestamp::now().as_microsecond()).unwrap(),
        };
        let entry = Entry {
            expected_head: None,
            expected: Vec::new(),
            events: (first..events.min(first + 500)).map(event).collect(),
            meta,
            idempotency: None,
            source: None,
        };
        log.append(entry).await.unwrap();
    }
}

/// Processor time of this process so far, in hundredths of a second: what other programs do to the clock does not count.
fn cpu_ticks() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let (_, after_name) = stat.rsplit_once(')').unwrap();
    after_name.split_whitespace().skip(11).take(2).map(|ticks| ticks.parse::<u64>().unwrap()).sum()
}

fn rate(events: usize, time: Duration) -> u64 {
    u64::try_from(events as u128 * 1_000_000 / time.as_micros().max(1)).unwrap()
}
