//! How long it takes until four weeks of every placement of England are charged, posted and durable, in each council's own SQLite log with
//! `synchronous=FULL`: `cargo run --release -p invoicing --example ledger_bench`. The engine does it as in the service, without gRPC around it.
//! A number after `--` asks for fewer placements.

#![allow(
    clippy::print_stdout,
    clippy::expect_used,
    reason = "a benchmark prints, and stops where it cannot go on"
)]

#[path = "../domain/examples/charging_bench/england.rs"]
mod england;

use care::{CouncilId, Date, days_after};
use engine::{Context, Engine};
use england::{id, noon};
use eventlog::sqlite::SqliteStore;
use eventlog::{LogId, LogStore, Service};
use futures::future::join_all;
use invoicing_domain::{AccrueNights, Ask, Cause, Command, Invoicing, RunId, RunKind};
use std::time::Instant;

/// How many commands wait for a ledger's writer at once, as in a run of the service.
const COMMANDS_AT_ONCE: usize = 100;
/// How many councils' runs are under way at once.
const COUNCILS_AT_ONCE: usize = 16;

/// A council's ledger over its log.
struct Book {
    council: CouncilId,
    nth: usize,
    ledger: Engine<Invoicing>,
}

impl Book {
    async fn open(
        store: &SqliteStore,
        council: CouncilId,
        nth: usize,
        placements: usize,
        start: Date,
    ) -> Self {
        let log = store.open(LogId::council(Service::Invoicing, council)).await.expect("a log");
        let book = Self { council, nth, ledger: Engine::open(log).await.expect("an empty log") };
        // Commands that wait together are taken in any order, and an arrival is refused before its agreement.
        let asks = england::opening(council, nth, placements, start);
        let (issued, arrived) = asks.into_iter().partition(|ask| matches!(ask, Ask::OpenAgreement(_)));
        book.all("issued", start, issued).await;
        book.all("arrived", start, arrived).await;
        book
    }

    async fn one(&self, cause: Cause, on: Date, ask: Ask) {
        let command = Command { council: self.council, cause, at: noon(on), ask };
        let context = Context {
            actor: "bench".to_owned(),
            causation: None,
            correlation: None,
            at: noon(on),
            request: None,
        };
        self.ledger.execute(command, context, |_, _| Vec::new()).await.expect("a command that is taken");
    }

    async fn all(&self, what: &str, on: Date, asks: Vec<Ask>) {
        let numbered: Vec<(u64, Ask)> = (0..).zip(asks).collect();
        for some in numbered.chunks(COMMANDS_AT_ONCE) {
            join_all(some.iter().map(|(n, ask)| self.one(Cause::event(what, *n), on, ask.clone()))).await;
        }
    }

    /// Four weeks of all nights, as `AccrueNights` does them: when it returns, they are durable.
    async fn charge(&self, through: Date) {
        let run = RunId(id(self.nth, usize::MAX));
        self.all("start", through, vec![Ask::StartRun { run, kind: RunKind::Accrual, through }]).await;
        let due = self.ledger.read(|state| state.to_accrue(through));
        let charge = |agreement| Ask::AccrueNights(AccrueNights { agreement, through, run: Some(run) });
        self.all("charge", through, due.into_iter().map(charge).collect()).await;
        self.all("finish", through, vec![Ask::FinishRun { run }]).await;
    }
}

#[tokio::main]
async fn main() {
    let asked = std::env::args().nth(1).and_then(|count| count.parse().ok());
    let all: usize = asked.unwrap_or(england::PLACEMENTS);
    let folder = tempfile::tempdir().expect("a folder");
    let store = SqliteStore::open(folder.path()).expect("a store");
    let start: Date = "2026-04-01".parse().expect("a date");
    let mut books = Vec::new();
    for (nth, (council, placements)) in england::shares(all).into_iter().enumerate() {
        books.push(Book::open(&store, council, nth, placements, start).await);
    }
    let through = days_after(start, 28);
    let begun = Instant::now();
    for some in books.chunks(COUNCILS_AT_ONCE) {
        join_all(some.iter().map(|book| book.charge(through))).await;
    }
    let took = begun.elapsed();
    let charged: usize = books.iter().map(|book| book.ledger.read(|state| state.charges.len())).sum();
    assert!(charged >= all, "{charged} charges of {all} placements");
    println!(
        "{all} placements in the ledgers of {} councils, each a file with synchronous=FULL",
        books.len()
    );
    println!(
        "charged for four weeks, posted and durable: {:.2} s, target 5 s; {charged} charges",
        took.as_secs_f64()
    );
}
