//! What the parts between services cost beside what they are built on, on this machine in this run.

use crate::place::Place;
use crate::shell::{self, Failure, cargo};
use std::path::PathBuf;

/// Each prints its figures, its peer's and their ratio.
const BENCHMARKS: [(&str, &str); 10] = [
    ("eventlog", "postgres_bench"),
    ("exchange", "relay_bench"),
    ("matching", "search_bench"),
    ("contracts-domain", "call_off_bench"),
    ("invoicing-domain", "charging_bench"),
    ("invoicing", "ledger_bench"),
    ("brokerage", "award_bench"),
    ("brokerage", "register_bench"),
    ("brokerage", "told_bench"),
    ("brokerage", "ready_bench"),
];

pub(crate) fn run(place: &Place) -> Result<(), Failure> {
    let peers = peers(place)?;
    // The last ones time the program itself.
    let mut program = cargo();
    program.args(["build", "--release", "--locked", "--package", "brokerage"]);
    shell::run(program.current_dir(&place.root), "install Rust")?;
    for (package, example) in BENCHMARKS {
        let mut bench = cargo();
        bench.env("PEERS", &peers);
        bench.args(["run", "--release", "--locked", "--package", package, "--example", example]);
        shell::run(bench.current_dir(&place.root), "install Rust")?;
    }
    Ok(())
}

/// Builds what others append with; it is a workspace of its own, so that nobody else builds it.
fn peers(place: &Place) -> Result<PathBuf, Failure> {
    let target = place.root.join("target/peers");
    let mut build = cargo();
    build.args([
        "build",
        "--release",
        "--locked",
        "--manifest-path",
        "tests/peers/Cargo.toml",
        "--target-dir",
    ]);
    shell::run(build.arg(&target).current_dir(&place.root), "install Rust")?;
    Ok(target.join("release/peers"))
}
