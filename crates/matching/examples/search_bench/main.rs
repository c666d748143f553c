//! Searches over 100,000 simulated live places, and the same questions in PostgreSQL, on the same data in one run.
//!
//! `cargo run --release -p matching --example search_bench`; with `-- alone`, without PostgreSQL. One thread asks; the server too has one core
//! for a question, and its time is what it takes inside: neither the way there nor back counts against it. Figures of different runs or
//! machines are not to be compared, the ratios are.
#![allow(clippy::print_stdout, reason = "it prints its figures")]
#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on ends")]
#![allow(clippy::float_arithmetic, reason = "times and ratios are not money, and latitudes only narrow down")]

mod peer;
mod simulated;

use care::market::Market;
use matching::{Criteria, Explanation, Index, SearchResult};
use simulated::{Question, Simulated};
use std::hint::black_box;
use std::time::{Duration, Instant};

const PLACES: usize = 100_000;
const QUESTIONS: usize = 10_000;
/// Questions that PostgreSQL is asked: it takes its time.
const PEER_QUESTIONS: usize = 400;
/// Every question is asked so often, one after the other each time, and its shortest time counts, here and in PostgreSQL: what other programs
/// take of the machine is not measured.
pub(crate) const PASSES: usize = 3;
const CHANGES: usize = 50_000;
const EXPLAINED: usize = 1_000;
const TOP: usize = 50;

/// Times, in order.
pub(crate) struct Times(Vec<Duration>);

impl Times {
    pub(crate) fn of(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self(times)
    }

    /// So many of a thousand took no longer.
    pub(crate) fn thousandth(&self, thousandth: usize) -> Duration {
        self.0[(self.0.len() * thousandth / 1000).min(self.0.len() - 1)]
    }

    fn print(&self, what: &str) {
        let [middle, high, most] = [500, 990, 1000].map(|thousandth| self.thousandth(thousandth));
        println!("{what:>36}: p50 {middle:.1?}, p99 {high:.1?}, most {most:.1?}, {} questions", self.0.len());
    }
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let begun = Instant::now();
    let done = black_box(work());
    (done, begun.elapsed())
}

/// How long this process was on a processor, to a hundredth of a second. On a busy machine the times above hold others' turns too.
fn on_processor() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields).split_whitespace();
    Duration::from_millis(
        fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum::<u64>() * 10,
    )
}

/// What this process has in memory, in kilobytes.
fn memory_kb() -> i64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("0");
    line.split_whitespace().next().and_then(|kb| kb.parse().ok()).unwrap_or(0)
}

fn top(index: &Index, question: &Question) -> SearchResult {
    index.search(&question.criteria(), simulated::now(), TOP)
}

/// Reads out every finding of every place that was left out: rule, version, fact and counterfactual.
fn findings(explained: &Explanation<'_>) -> (usize, usize) {
    let (mut places, mut findings) = (0, 0);
    for excluded in explained.excluded() {
        places += 1;
        excluded.findings().for_each(|finding| {
            black_box(&finding);
            findings += 1;
        });
    }
    (places, findings)
}

/// The shortest of some times, question by question.
pub(crate) fn shortest(all: Vec<Vec<Duration>>) -> Vec<Duration> {
    let less = |a: Vec<Duration>, b: Vec<Duration>| a.into_iter().zip(b).map(|(a, b)| a.min(b)).collect();
    all.into_iter().reduce(less).unwrap_or_default()
}

/// Asks all questions and prints how long they took, and how long each was on the processor; gives the times of each in their order.
fn asked(what: &str, questions: &[Question], mut ask: impl FnMut(&Criteria)) -> Vec<Duration> {
    let begun = on_processor();
    let mut one = |question: &Question| {
        let criteria = question.criteria();
        timed(|| ask(&criteria)).1
    };
    let passes: Vec<Vec<Duration>> = (0..PASSES).map(|_| questions.iter().map(&mut one).collect()).collect();
    let each = (on_processor() - begun) / u32::try_from(questions.len() * PASSES).unwrap();
    let first = Times::of(passes[0].clone());
    let times = shortest(passes);
    Times::of(times.clone()).print(what);
    let [middle, high, most] = [500, 990, 1000].map(|thousandth| first.thousandth(thousandth));
    println!(
        "{:>36}  {each:.1?} on the processor for each; in the first pass alone: p50 {middle:.1?}, p99 {high:.1?}, most {most:.1?}",
        ""
    );
    times
}

fn searches(index: &Index, questions: &[Question]) -> Vec<Duration> {
    let now = simulated::now();
    let times = asked("top 50", questions, |criteria| {
        black_box(index.search(criteria, now, TOP));
    });
    // They take long, so fewer are asked.
    let questions = &questions[..EXPLAINED.min(questions.len())];
    asked("every place judged by every rule", questions, |criteria| {
        let explained = index.explain(criteria, now);
        black_box((explained.result(TOP), &explained));
    });
    let (mut places, mut all) = (0, 0);
    asked("the same, and every finding read out", questions, |criteria| {
        let explained = index.explain(criteria, now);
        let counted = findings(&explained);
        black_box(explained.result(TOP));
        (places, all) = (places + counted.0, all + counted.1);
    });
    let (places, all) = (places / (questions.len() * PASSES), all / (questions.len() * PASSES));
    println!("{:>36}  {places} places left out and {all} findings a question", "");
    let criteria = questions[0].criteria();
    let explained = index.explain(&criteria, now);
    let (_, took) = timed(|| explained.digest(1));
    println!("{:>36}: {took:.1?}", "digest of a ranking");
    times
}

fn changes(market: &mut Market, index: &mut Index, simulated: &mut Simulated) {
    let mut times = Vec::with_capacity(CHANGES);
    for _ in 0..CHANGES {
        let event = simulated.change();
        market.evolve(&event);
        times.push(timed(|| index.update(market, &event)).1);
    }
    Times::of(times).print("update of the index by an event");
}

fn main() {
    let mut simulated = Simulated::new();
    let mut market = Market::default();
    for event in simulated.opening(PLACES) {
        market.evolve(&event);
    }
    let before = memory_kb();
    let (mut index, took) = timed(|| Index::of(&market));
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    println!(
        "{} processors, load {}",
        std::thread::available_parallelism().map_or(1, usize::from),
        load.trim()
    );
    println!(
        "{PLACES} live places, simulated; the index is built in {took:.0?} and takes {} MB",
        (memory_kb() - before) / 1024
    );
    let questions: Vec<Question> = (0..QUESTIONS).map(|_| simulated.question()).collect();
    // Once unmeasured, so that the first are not those of a cold start.
    questions.iter().take(200).for_each(|question| drop(top(&index, question)));
    let times = searches(&index, &questions);
    if std::env::args().nth(1).as_deref() != Some("alone") {
        let asked = &questions[..PEER_QUESTIONS];
        let ours: Vec<SearchResult> = asked.iter().map(|question| top(&index, question)).collect();
        // The same questions, not others that may be harder.
        peer::compare(&market, asked, &ours, &Times::of(times[..PEER_QUESTIONS].to_vec()));
    }
    changes(&mut market, &mut index, &mut simulated);
}
