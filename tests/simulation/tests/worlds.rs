//! A million steps in random worlds: no invariant breaks, and everything that can be asked is asked and answered in every way.
//!
//! One world again: `SIMULATION_SEED=7 SIMULATION_STEPS=5000 cargo test -p simulation one_world`. The same variables give the million
//! another first seed and each of its worlds another length.
#![allow(clippy::print_stderr, reason = "what was covered is for whoever runs the test")]

use simulation::{Coverage, run};
use std::num::NonZero;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

const WORLDS: u64 = 200;
const STEPS: u64 = 5_000;

fn from_environment(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().expect("a whole number"))
}

/// The counters of many worlds. They are independent, so every processor has some.
fn run_worlds(first: u64, worlds: u64, steps: u64) -> Coverage {
    let next = AtomicU64::new(first);
    let work = || {
        let mut covered = Coverage::default();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= first + worlds {
                return covered;
            }
            covered.add(&run(seed, steps).unwrap_or_else(|failure| panic!("{failure}")));
        }
    };
    let mut covered = Coverage::default();
    thread::scope(|scope| {
        let count = thread::available_parallelism().map_or(1, NonZero::get);
        let threads: Vec<_> = (0..count).map(|_| scope.spawn(work)).collect();
        for thread in threads {
            covered.add(&thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
    });
    covered
}

#[test]
fn one_world() {
    let (seed, steps) = (from_environment("SIMULATION_SEED", 1), from_environment("SIMULATION_STEPS", STEPS));
    let covered = run(seed, steps).unwrap_or_else(|failure| panic!("{failure}"));
    eprintln!("{covered}");
}

#[test]
fn a_million_steps_keep_every_invariant() {
    let (first, steps) =
        (from_environment("SIMULATION_SEED", 1), from_environment("SIMULATION_STEPS", STEPS));
    let covered = run_worlds(first, WORLDS, steps);
    eprintln!("{covered}");
}
