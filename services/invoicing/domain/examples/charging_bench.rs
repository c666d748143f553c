//! How long it takes to charge every placement of England and to take up a year of it again, in each council's own ledger:
//! `cargo run --release -p invoicing-domain --example charging_bench`. One thread works; nothing is written, which the logs' own benchmarks
//! time. A number after `--` asks for fewer placements.

#![allow(
    clippy::print_stdout,
    clippy::expect_used,
    reason = "a benchmark prints, and stops where it cannot go on"
)]

use care::published::{
    AgreementIssued, AwardTerms, CallOffEvidence, FunderShare, PlacementStarted, PriceLine, Route,
};
use care::{
    AgreementId, AwardId, CouncilId, Date, Domain, Event, OfferId, Pence, ReferralId, Timestamp, councils,
};
use invoicing_domain::{
    AccrueNights, Ask, Cause, Command, Invoicing, InvoicingEvent, IssueInvoice, RecordPayment, RunId,
    RunKind, State,
};
use jiff::Span;
use jiff::civil::date;
use std::time::{Duration, Instant};
use uuid::Uuid;

const PLACEMENTS: usize = 80_000;
const PROVIDERS_OF_A_COUNCIL: usize = 40;
/// Four-weekly runs in a year.
const RUNS: i32 = 13;

fn noon(day: Date) -> Timestamp {
    format!("{day}T12:00:00Z").parse().expect("a date")
}

fn id(council: usize, n: usize) -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{council}|{n}").as_bytes())
}

/// Every third placement has therapy, and health pays a part of every fifth.
fn agreed(council: CouncilId, nth: usize, n: usize, start: Date) -> AgreementIssued {
    let line = |kind: &str, weekly| PriceLine { kind: kind.to_owned(), weekly: Pence(weekly) };
    let share = |funder: &str, basis_points| FunderShare { funder: funder.to_owned(), basis_points };
    let weekly = 90_000 + 101 * i64::try_from(n).unwrap_or(0);
    let mut lines = vec![line("CORE", weekly)];
    lines.extend(n.is_multiple_of(3).then(|| line("THERAPY", 10_001)));
    let funders = match n % 5 {
        0 => vec![share("SOCIAL_CARE", 7_000), share("HEALTH", 3_000)],
        _ => vec![share("SOCIAL_CARE", 10_000)],
    };
    let id = id(nth, n);
    AgreementIssued {
        agreement: AgreementId(id),
        award: AwardId(id),
        council,
        referral: ReferralId(id),
        provider: format!("provider-{}", n % PROVIDERS_OF_A_COUNCIL).parse().expect("a provider"),
        urn: "SC045099".parse().expect("a URN"),
        place: format!("SC{nth:06}-{n}").parse().expect("a place"),
        provision: if n.is_multiple_of(4) { "RESIDENTIAL" } else { "FOSTERING" }.to_owned(),
        start,
        terms: AwardTerms { offer: OfferId(id), route: Route::InHouse, lines, funders },
        evidence: CallOffEvidence { contracts_position: 1, checks: vec![] },
        at: noon(start),
    }
}

/// Time on the clock, and of the processor where the system tells: on a busy machine the two differ.
#[derive(Clone, Copy)]
struct Now(Instant, Option<Duration>);

fn now() -> Now {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanos = told.and_then(|told| told.split_whitespace().next()?.parse().ok());
    Now(Instant::now(), nanos.map(Duration::from_nanos))
}

#[derive(Clone, Copy, Default)]
struct Took {
    clock: Duration,
    processor: Duration,
}

impl Took {
    fn add(&mut self, since: Now) {
        let now = now();
        self.clock += now.0 - since.0;
        self.processor += now.1.zip(since.1).map_or(now.0 - since.0, |(now, then)| now - then);
    }

    fn and(self, other: Self) -> Self {
        Self { clock: self.clock + other.clock, processor: self.processor + other.processor }
    }
}

impl std::fmt::Display for Took {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (clock, processor) = (self.clock.as_secs_f64(), self.processor.as_secs_f64());
        write!(f, "{clock:.2} s ({processor:.2} s of the processor)")
    }
}

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
                    Ask::RecordPayment(RecordPayment { invoice, amount: None, paid_on: None }),
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
    bytes: usize,
    reading: Took,
    folding: Took,
}

fn year_of(council: CouncilId, nth: usize, placements: usize, figures: &mut Figures) {
    let start = date(2026, 4, 1);
    let mut book = Book { council, state: State::default(), log: Vec::new(), commands: 0 };
    for n in 0..placements {
        let issued = agreed(council, nth, n, start);
        let (agreement, award, place) = (issued.agreement, issued.award, issued.place.clone());
        book.take(start, Ask::OpenAgreement(issued));
        let started = PlacementStarted { agreement, award, council, place, on: start, at: noon(start) };
        book.take(start, Ask::OpenCharges(started));
    }
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
    assert!(again.ledger.balanced());
    figures.events += events.len();
    figures.bytes += kept.iter().map(|(_, _, payload)| payload.len()).sum::<usize>();
}

fn main() {
    let asked = std::env::args().nth(1).and_then(|count| count.parse().ok());
    let all: usize = asked.unwrap_or(PLACEMENTS);
    let councils: Vec<CouncilId> = councils().iter().map(|council| council.id).collect();
    let mut figures = Figures::default();
    for (nth, council) in councils.iter().enumerate() {
        let placements = all / councils.len() + usize::from(nth < all % councils.len());
        year_of(*council, nth, placements, &mut figures);
    }
    println!("{all} placements in the ledgers of {} councils", councils.len());
    println!("charging four weeks of all and posting them: {}, {} events", figures.charging, figures.charged);
    let (reading, folding) = (figures.reading, figures.folding);
    println!(
        "a year replayed, {RUNS} four-weekly runs with their invoices and payments: {}, {} events of {} MB; of it reading {reading}, \
         folding {folding}",
        reading.and(folding),
        figures.events,
        figures.bytes / 1_000_000
    );
}
