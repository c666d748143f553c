//! How long Ofsted's whole register takes into a region of one process, and then a changed copy of it: from the first part sent until the
//! finished import is durable, as `brokerage register import` says it, and until what changed is read back and told.
//!
//! `cargo build --release && cargo run --release -p brokerage --example register_bench`; with a path, that register. Without one it is a
//! simulated register as large as England's of 31 March 2025 (5,446 registrations). Beside it stands what comparing the two files takes,
//! which reads, checks and compares every row and keeps nothing: the least that an import could take.
#![allow(clippy::print_stdout, reason = "it prints its figures")]
#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on ends")]
#![allow(clippy::float_arithmetic, reason = "milliseconds are not money")]

#[allow(unused, reason = "the other benchmarks use the rest")]
mod parts;

use care::Timestamp;
use parts::{Whole, program};
use serde_json::Value;
use service_kit::Role;
use service_kit::token::TokenKeys;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

const REGISTRATIONS: usize = 5_446;
/// How often the register is taken into a fresh region; the figures are those of the median.
const TIMES: usize = 5;
/// What is asked of it.
const ASKED: Duration = Duration::from_secs(2);

/// The shipped register again and again, each time with other numbers, until it is as long as England's.
fn simulated() -> String {
    let shipped = include_str!("../data/simulated_register.csv");
    let (header, rows) = shipped.split_once('\n').unwrap();
    let rows: Vec<&str> = rows.lines().collect();
    let numbered = (0..REGISTRATIONS).map(|number| {
        let (_, rest) = rows[number % rows.len()].split_once(',').unwrap();
        format!("SC{number:06},{rest}")
    });
    std::iter::once(header.to_owned()).chain(numbered).collect::<Vec<_>>().join("\n")
}

/// A copy as of a year later: every hundredth is gone, every fiftieth suspended.
fn changed(register: &str) -> String {
    let kept = register.lines().enumerate().filter(|(number, _)| number % 100 != 99);
    let told = kept.map(|(number, line)| match number % 50 {
        7 => line.replacen(",Active,", ",Suspended,", 1),
        _ => line.to_owned(),
    });
    told.collect::<Vec<_>>().join("\n")
}

fn run(arguments: &[&str], region: Option<(&str, &str)>) -> (String, Duration) {
    let mut command = Command::new(program());
    command.args(arguments);
    if let Some((address, token)) = region {
        command.env("BROKERAGE_ADDRESS", address).env("BROKERAGE_TOKEN", token);
    }
    let begun = Instant::now();
    let output = command.output().unwrap();
    let took = begun.elapsed();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    (String::from_utf8(output.stdout).unwrap(), took)
}

struct Import {
    rows: u64,
    totals: String,
    durable: Duration,
    told: Duration,
}

fn import(path: &Path, as_of: &str, gone: &str, region: (&str, &str)) -> Import {
    let path = path.to_str().unwrap();
    let arguments = [
        "register",
        "import",
        path,
        "--as-of",
        as_of,
        "--confirm-no-longer-listed",
        gone,
        "--output",
        "json",
    ];
    let (said, told) = run(&arguments, Some(region));
    let said: Value = serde_json::from_str(&said).unwrap();
    Import {
        rows: said["rows"].as_u64().unwrap(),
        totals: said["change_totals"].to_string(),
        durable: Duration::from_millis(said["duration_ms"].as_u64().unwrap()),
        told,
    }
}

fn print(what: &str, mut imports: Vec<Import>, least: Duration) {
    imports.sort_by_key(|it| it.durable);
    let longest = imports.last().unwrap().durable;
    let it = &imports[imports.len() / 2];
    let kept = if longest <= ASKED { "each within 2 s" } else { "NOT each within 2 s" };
    println!(
        "{what}: {} establishments durable in {:.2?} at the median of {TIMES}, {longest:.2?} at most ({kept}), and told in {:.2?}; \
         {:.1} times what the comparison of the files takes ({least:.2?}); {}",
        it.rows,
        it.durable,
        it.told,
        it.durable.as_secs_f64() / least.as_secs_f64(),
        it.totals
    );
}

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let given: Option<PathBuf> = std::env::args_os().nth(1).map(PathBuf::from);
    let register = given.map_or_else(simulated, |path| std::fs::read_to_string(path).unwrap());
    let [before, later] = ["before.csv", "later.csv"].map(|name| folder.path().join(name));
    std::fs::write(&before, &register).unwrap();
    std::fs::write(&later, changed(&register)).unwrap();
    let paths = [&before, &later].map(|path| path.to_str().unwrap());
    let (_, least) = run(&["register", "compare", paths[0], paths[1], "--output", "json"], None);
    let (mut first, mut second) = (Vec::new(), Vec::new());
    for time in 0..TIMES {
        let region = Whole::start(&folder.path().join(time.to_string()));
        let keys = TokenKeys::load(&region.token_keys).unwrap().unwrap();
        let lead = Role::FrameworkLead("d2n2".parse().unwrap());
        let token = keys.issue(lead, "bench", Timestamp::now(), 3_600, false).unwrap();
        let address = format!("http://{}", region.address);
        first.push(import(&before, "2025-03-31", "0", (&address, &token)));
        // An agency is one establishment for each kind of fostering, so more may be gone than rows are.
        second.push(import(&later, "2026-03-31", "1000", (&address, &token)));
    }
    print("The register", first, least);
    print("A changed copy", second, least);
}
