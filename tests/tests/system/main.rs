//! Whole-system tests against a running region, through its public gRPC API and its command line.
//!
//! One test binary, since each links the whole system: `access` (who may call what), `bad_input` and `fuzz` (what cannot be granted),
//! `repeats` (the same request again), `market` (one place, many councils) and `python` (a client that knows only reflection).
#![allow(clippy::unwrap_used, reason = "tests and their helpers fail loudly")]

mod access;
mod bad_input;
mod fuzz;
mod market;
#[allow(dead_code, reason = "the rest is for tests of the program as a process of its own")]
mod process;
mod python;
mod region;
mod repeats;
mod samples;
mod seed;
mod wire;
mod world;
