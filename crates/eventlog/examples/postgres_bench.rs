//! Appends a second of a log in PostgreSQL beside those of its bare peer, in one run on one server, and what history costs.
//!
//! `cargo run --release -p eventlog --example postgres_bench`; with numbers of callers, such as `-- 256`, only those against the bare
//! peer. With `PEERS` in the environment, the program of `tests/peers`, the crates that it appends with are measured too. Figures of different runs or machines are not to be compared, the ratios are.
#![allow(clippy::print_stdout, reason = "it prints its figures")]
#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on ends")]
#![allow(clippy::float_arithmetic, reason = "rates and ratios are not money")]

mod rate;

use care::{StreamId, Timestamp};
use eventlog::postgres::PostgresStore;
use eventlog::postgres::bare::BareLog;
use eventlog::{Appended, Entry, EventLog, Expected, Idempotency, LogId, LogStore, Meta, NewEvent, Service};
use local_parts::postgres::Postgres;
use rate::{ROUND, rate};
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Lines, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

const LOG: LogId = LogId::region(Service::Vacancies);
/// About what an advertised vacancy takes in its log, and the answer to it, in bytes.
const EVENT_BYTES: usize = 240;
const REPLY_BYTES: usize = 120;
const CALLERS: [usize; 3] = [1, 16, 256];
const ROUNDS: usize = 5;
const LONG_EVENTS: u64 = 1_000_000;
const SHORT_EVENTS: u64 = 1_000;

/// A different id each time, spread as random ones are.
fn next_id() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(1);
    let mix = |n: u64| {
        let n = (n ^ (n >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let n = (n ^ (n >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        n ^ (n >> 31)
    };
    let n = COUNT.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    format!("{:016x}-{:016x}", mix(n), mix(!n))
}

/// A command's entry: one event in a new stream, and the client's key.
fn entry() -> Entry {
    let (id, key) = (next_id(), next_id());
    let stream = StreamId::new("vacancy", &id);
    let event = NewEvent {
        stream: stream.clone(),
        event_type: "VacancyAdvertised",
        version: 1,
        payload: vec![b'e'; EVENT_BYTES],
        effective: None,
        council: "E06000015".parse().ok(),
    };
    let meta = Meta {
        actor: "provider:bench/portal".into(),
        causation: Some(format!("request:{key}")),
        correlation: Some(stream.to_string()),
        recorded_at: Timestamp::UNIX_EPOCH,
    };
    let idempotency = Idempotency {
        key: format!("provider:bench/portal|{key}"),
        request_hash: [7; 32],
        reply: vec![b'r'; REPLY_BYTES],
    };
    Entry {
        expected_head: None,
        expected: vec![(stream, Expected::Version(0))],
        events: vec![event],
        meta,
        idempotency: Some(idempotency),
        source: None,
    }
}

async fn rate_of_log(callers: usize, log: &Arc<dyn EventLog>) -> f64 {
    let log = Arc::clone(log);
    rate(callers, move || {
        let log = Arc::clone(&log);
        async move { assert!(matches!(log.append(entry()).await, Ok(Appended::Committed(_)))) }
    })
    .await
}

/// The same bytes, in two columns each.
async fn rate_of_bare(callers: usize, bare: &BareLog) -> f64 {
    let bare = bare.clone();
    let (event_bytes, reply_bytes) = bytes(&entry());
    rate(callers, move || {
        let bare = bare.clone();
        let key = format!("provider:bench/portal|{}", next_id());
        async move { bare.append(key, vec![b'e'; event_bytes], vec![b'r'; reply_bytes]).await.unwrap() }
    })
    .await
}

/// What a log stores for an entry besides positions and keys, in bytes: of its event, and of what is kept under its key.
fn bytes(entry: &Entry) -> (usize, usize) {
    let (event, meta) = (&entry.events[0], &entry.meta);
    let texts = [event.stream.as_str(), event.event_type, &meta.actor, "E06000015"].map(str::len);
    let optional = [&meta.causation, &meta.correlation].map(|text| text.as_ref().map_or(0, String::len));
    // The version within the stream, the shape's version, the time and the digest; the request's hash, the head and the checksum.
    let (of_event, of_reply) = (8 + 4 + 8 + 32, 32 + 8 + 8);
    let event = texts.iter().chain(&optional).sum::<usize>() + event.payload.len() + of_event;
    (event, REPLY_BYTES + of_reply)
}

/// The middle of some figures, and the lowest and highest.
fn spread(mut figures: Vec<f64>, digits: usize) -> String {
    figures.sort_by(f64::total_cmp);
    let middle = figures[figures.len() / 2];
    format!("{middle:.digits$} ({:.digits$} to {:.digits$})", figures[0], figures[figures.len() - 1])
}

fn print(what: &str, (ours, theirs): (Vec<f64>, Vec<f64>), names: (&str, &str)) {
    let ratios = ours.iter().zip(&theirs).map(|(ours, theirs)| ours / theirs).collect();
    println!(
        "{what:>12}: {} {}/s, {} {}/s, ratio {}",
        names.0,
        spread(ours, 0),
        names.1,
        spread(theirs, 0),
        spread(ratios, 2)
    );
}

async fn against_the_bare_peer(server: &Postgres, callers: &[usize]) {
    println!("appends a second, {ROUNDS} rounds of {ROUND:?} each, in turns: middle (lowest to highest)");
    let (database, peer) = (server.database().unwrap(), server.database().unwrap());
    let log = PostgresStore::connect(database.url()).await.unwrap().open(LOG).await.unwrap();
    let bare = BareLog::create(peer.url()).await.unwrap();
    for &callers in callers {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            ours.push(rate_of_log(callers, &log).await);
            theirs.push(rate_of_bare(callers, &bare).await);
        }
        print(&format!("{callers} callers"), (ours, theirs), ("log", "bare"));
    }
}

/// The program of `tests/peers`, which appends with other crates when it is told to.
struct Peers {
    process: Child,
    asked: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Peers {
    fn start(program: &OsStr, urls: [&str; 2]) -> Self {
        let mut process =
            Command::new(program).args(urls).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (asked, answers) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
        Self { process, asked, answers: BufReader::new(answers).lines() }
    }

    fn rate(&mut self, peer: &str, callers: usize) -> f64 {
        writeln!(self.asked, "{peer} {callers}").unwrap();
        self.answers.next().unwrap().unwrap().parse().unwrap()
    }

    fn end(mut self) {
        drop(self.asked);
        assert!(self.process.wait().unwrap().success());
    }
}

async fn against_other_crates(server: &Postgres, program: &OsStr) {
    println!("appends a second, beside those of other crates, in turns");
    let databases = [(); 3].map(|()| server.database().unwrap());
    let log = PostgresStore::connect(databases[0].url()).await.unwrap().open(LOG).await.unwrap();
    let mut peers = Peers::start(program, [databases[1].url(), databases[2].url()]);
    for callers in CALLERS {
        for peer in ["cqrs-es", "disintegrate"] {
            let (mut ours, mut theirs) = (Vec::new(), Vec::new());
            for _ in 0..ROUNDS {
                ours.push(rate_of_log(callers, &log).await);
                theirs.push(tokio::task::block_in_place(|| peers.rate(peer, callers)));
            }
            print(&format!("{callers} callers"), (ours, theirs), ("log", peer));
        }
    }
    peers.end();
}

/// A log with `events` events and as many keys, made by the server.
async fn log_of(database: &local_parts::postgres::Database, events: u64) -> (Arc<dyn EventLog>, Duration) {
    let store = PostgresStore::connect(database.url()).await.unwrap();
    // The first log of a database has the number 1.
    drop(store.open(LOG).await.unwrap());
    let fill = format!(
        "INSERT INTO brokerage.events SELECT 1, n, 'vacancy/' || md5(n::text), 1, 'VacancyAdvertised', 1, \
             decode(repeat('65', {EVENT_BYTES}), 'hex'), NULL, 'E06000015', 'provider:bench/portal', 'request:' || md5(n::text), \
             'vacancy/' || md5(n::text), 0, decode(repeat('07', 32), 'hex') FROM generate_series(1, {events}) AS n; \
         INSERT INTO brokerage.requests SELECT 1, 'provider:bench/portal|' || md5('k' || n::text), \
             decode(repeat('07', 32), 'hex'), decode(repeat('72', {REPLY_BYTES}), 'hex'), n, 1 FROM generate_series(1, {events}) AS n"
    );
    database.run_as_admin(&fill).unwrap();
    database.run_as_admin("VACUUM ANALYZE").unwrap();
    database.run_as_admin("CHECKPOINT").unwrap();
    let begun = Instant::now();
    let log = store.open(LOG).await.unwrap();
    (log, begun.elapsed())
}

async fn with_and_without_history(server: &Postgres) {
    let (long, short) = (server.database().unwrap(), server.database().unwrap());
    let (long, opening) = log_of(&long, LONG_EVENTS).await;
    let (short, _) = log_of(&short, SHORT_EVENTS).await;
    let begun = Instant::now();
    let keys = long.keys().await.unwrap().len();
    println!(
        "a log of {LONG_EVENTS} events opens in {opening:?}, its {keys} keys are read in {:?}",
        begun.elapsed()
    );
    println!("appends a second to a log of {LONG_EVENTS} events and to one of {SHORT_EVENTS}");
    for callers in CALLERS {
        let (mut with, mut without) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            with.push(rate_of_log(callers, &long).await);
            without.push(rate_of_log(callers, &short).await);
        }
        print(&format!("{callers} callers"), (with, without), ("long", "short"));
    }
}

#[tokio::main]
async fn main() {
    let server = Postgres::ensure().unwrap();
    let callers: Vec<usize> = std::env::args().skip(1).map(|number| number.parse().unwrap()).collect();
    if callers.is_empty() {
        against_the_bare_peer(&server, &CALLERS).await;
        if let Some(peers) = std::env::var_os("PEERS") {
            against_other_crates(&server, &peers).await;
        }
        with_and_without_history(&server).await;
    } else {
        against_the_bare_peer(&server, &callers).await;
    }
}
