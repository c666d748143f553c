//! What the parts between services cost beside what they are built on, on this machine in this run.

use crate::place::Place;
use crate::shell::{self, Failure, cargo};

/// Each prints its figures, its peer's and their ratio.
const BENCHMARKS: [(&str, &str); 3] =
    [("eventlog", "postgres_bench"), ("exchange", "relay_bench"), ("brokerage", "ready_bench")];

pub(crate) fn run(place: &Place) -> Result<(), Failure> {
    // The last one times the program itself.
    let mut program = cargo();
    program.args(["build", "--release", "--locked", "--package", "brokerage"]);
    shell::run(program.current_dir(&place.root), "install Rust")?;
    for (package, example) in BENCHMARKS {
        let mut bench = cargo();
        bench.args(["run", "--release", "--locked", "--package", package, "--example", example]);
        shell::run(bench.current_dir(&place.root), "install Rust")?;
    }
    Ok(())
}
