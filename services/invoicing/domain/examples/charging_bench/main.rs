//! How long it takes to charge every placement of England and to take up a year of it again, in each council's own ledger:
//! `cargo run --release -p invoicing-domain --example charging_bench`. Nothing is written, which `ledger_bench` of invoicing does. Each council's log
//! is its own, so two threads work, each on every other council, and their times of the processor are added up where it says so. A number after
//! `--` asks for fewer placements.

#![allow(
    clippy::print_stdout,
    clippy::expect_used,
    clippy::float_arithmetic,
    reason = "a benchmark prints ratios, and stops where it cannot go on"
)]

mod clock;
mod england;

use care::{CouncilId, Date, Domain, Event};
use clock::{Took, now};
use england::{id, noon};
use invoicing_domain::{
    AccrueNights, Ask, Cause, Command, Invoicing, InvoicingEvent, IssueInvoice, RecordPayment, RunId,
    RunKind, State,
};
use jiff::Span;
use jiff::civil::date;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

/// Four-weekly runs in a year.
const RUNS: i32 = 13;
const THREADS: usize = 2;

/// A council's ledger and its log.
struct Book {
    council: CouncilId,
    state: State,
    log: Vec<InvoicingEvent>,
    commands: u64,
}

impl Book {
    fn take(&mut self, on: Date, ask: Ask) {
        self.commands += 1;
        let cause = Cause::event("bench", self.commands);
        let command = Command { council: self.council, cause, at: noon(on), ask };
        let events = Invoicing::decide(&self.state, &command).expect("a command that is taken");
        for event in &events {
            Invoicing::evolve(&mut self.state, event);
        }
        self.log.extend(events);
    }

    fn run(&mut self, run: RunId, through: Date) {
        self.take(through, Ask::StartRun { run, kind: RunKind::Accrual, through });
        let run_of = Some(run);
        for agreement in self.state.to_accrue(through) {
            self.take(through, Ask::AccrueNights(AccrueNights { agreement, through, run: run_of }));
        }
        self.take(through, Ask::FinishRun { run });
    }

    fn settle(&mut self, through: Date) {
        for provider in self.state.to_invoice(through) {
            let before = self.state.invoice_numbers.len();
            self.take(through, Ask::IssueInvoice(IssueInvoice { provider, part: 0, through, run: None }));
            for invoice in self.state.invoice_numbers.clone().into_iter().skip(before) {
                self.take(
                    through,
                    Ask::RecordPayment(RecordPayment {
                        invoice,
                        amount: None,
                        paid_on: None,
                        by: "bench".to_owned(),
                    }),
                );
            }
        }
    }
}

/// What was measured over all councils.
#[derive(Default)]
struct Figures {
    charged: usize,
    charging: Took,
    events: usize,
    entries: usize,
    bytes: usize,
    reading: Took,
    folding: Took,
    peer: Option<Peer>,
}

/// One council's year, as hledger reads it and as it is replayed here.
struct Peer {
    entries: usize,
    hledger: Duration,
}

/// Has hledger read the books of a ledger, if it is there: the transactions that the export has, in the plainest form.
fn beside_hledger(state: &State) -> Option<Peer> {
    let mut journal = String::new();
    let booked = state.ledger.entries().iter().filter(|entry| !entry.postings.is_empty());
    let mut entries = 0;
    for entry in booked {
        entries += 1;
        let _ = writeln!(journal, "{} {}", entry.dates.posted_on, entry.id);
        for posting in &entry.postings {
            let (sign, pence) =
                (if posting.amount.0 < 0 { "-" } else { "" }, posting.amount.0.unsigned_abs());
            let _ = writeln!(journal, "    {}  {sign}{}.{:02}", posting.account, pence / 100, pence % 100);
        }
    }
    let file = std::env::temp_dir().join(format!("charging_bench-{}.journal", std::process::id()));
    std::fs::write(&file, journal).ok()?;
    let begun = Instant::now();
    let hledger = std::env::var("HLEDGER").unwrap_or_else(|_| "hledger".to_owned());
    let read = std::process::Command::new(hledger).arg("-f").arg(&file).args(["balance", "--flat"]).output();
    let took = begun.elapsed();
    std::fs::remove_file(&file).ok()?;
    read.ok().filter(|read| read.status.success()).map(|_| Peer { entries, hledger: took })
}

fn year_of(council: CouncilId, nth: usize, placements: usize, figures: &mut Figures) {
    let start = date(2026, 4, 1);
    let mut book = Book { council, state: State::default(), log: Vec::new(), commands: 0 };
    england::opening(council, nth, placements, start).into_iter().for_each(|ask| book.take(start, ask));
    for n in 1..=RUNS {
        let through = start.saturating_add(Span::new().weeks(4 * n));
        let run = RunId(id(nth, placements + usize::try_from(n).unwrap_or(0)));
        let (begun, before) = (now(), book.log.len());
        book.run(run, through);
        if n == 1 {
            figures.charging.add(begun);
            figures.charged += book.log.len() - before;
        }
        book.settle(through);
    }
    let kept: Vec<_> =
        book.log.iter().map(|event| (event.event_type(), event.version(), event.encode())).collect();
    book.log.clear();
    let begun = now();
    let read = |(kind, version, payload): &(&str, u16, Vec<u8>)| {
        InvoicingEvent::decode(kind, *version, payload).expect("an event")
    };
    let events: Vec<InvoicingEvent> = kept.iter().map(read).collect();
    figures.reading.add(begun);
    let begun = now();
    let mut again = State::default();
    for event in &events {
        Invoicing::evolve(&mut again, event);
    }
    figures.folding.add(begun);
    assert!(again == book.state, "a replay comes to the same ledger");
    if nth == 0 {
        figures.peer = beside_hledger(&again);
    }
    assert!(again.ledger.balanced());
    figures.events += events.len();
    figures.entries += again.ledger.entries().iter().filter(|entry| !entry.postings.is_empty()).count();
    figures.bytes += kept.iter().map(|(_, _, payload)| payload.len()).sum::<usize>();
}

/// Every other council, from the `first` on.
fn some(all: usize, first: usize) -> Figures {
    let mut figures = Figures::default();
    let councils = england::shares(all).into_iter().enumerate().skip(first).step_by(THREADS);
    for (nth, (council, placements)) in councils {
        year_of(council, nth, placements, &mut figures);
    }
    figures
}

fn main() {
    let asked = std::env::args().nth(1).and_then(|count| count.parse().ok());
    let all: usize = asked.unwrap_or(england::PLACEMENTS);
    let parts: Vec<Figures> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|first| scope.spawn(move || some(all, first))).collect();
        threads.into_iter().map(|thread| thread.join().expect("a thread that ends")).collect()
    });
    let sum = |of: fn(&Figures) -> Took| parts.iter().map(of).fold(Took::default(), Took::and);
    let count = |of: fn(&Figures) -> usize| parts.iter().map(of).sum::<usize>();
    println!("{all} placements in the ledgers of {} councils", care::councils().len());
    println!(
        "charging four weeks of all and posting them: {:.2} s of the processor, target 1 s; {} events",
        sum(|it| it.charging).processor.as_secs_f64(),
        count(|it| it.charged)
    );
    let longest = parts.iter().map(|it| it.reading.and(it.folding).clock).max().unwrap_or_default();
    let (reading, folding) = (sum(|it| it.reading), sum(|it| it.folding));
    println!(
        "a year replayed, {RUNS} four-weekly runs with their invoices and payments, {} events of {} MB: {:.2} s on {THREADS} threads, target \
         15 s; {:.2} s of the processor, of it reading {:.2} s, folding {:.2} s",
        count(|it| it.events),
        count(|it| it.bytes) / 1_000_000,
        longest.as_secs_f64(),
        reading.and(folding).processor.as_secs_f64(),
        reading.processor.as_secs_f64(),
        folding.processor.as_secs_f64()
    );
    let ours = reading.and(folding).processor.as_secs_f64()
        / f64::from(u32::try_from(count(|it| it.entries)).unwrap_or(u32::MAX));
    match parts.iter().find_map(|it| it.peer.as_ref()) {
        Some(Peer { entries, hledger }) => {
            let theirs = hledger.as_secs_f64() / f64::from(u32::try_from(*entries).unwrap_or(u32::MAX));
            println!(
                "hledger reads one council's journal of {entries} transactions in {:.2} s, {:.1} µs each; a replay takes {:.1} µs for each \
                 transaction, logs and all: {:.1} times as fast",
                hledger.as_secs_f64(),
                theirs * 1e6,
                ours * 1e6,
                theirs / ours
            );
        }
        None => println!("hledger is not here: not compared"),
    }
}
