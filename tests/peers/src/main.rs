//! Appends with two well-known crates, as often as they can, whenever it is told to.
//!
//! `peers URL URL` takes an empty database for each. A line on stdin such as `cqrs-es 256` has so many callers append for two seconds,
//! each waiting for its answer before the next: one event of the size that `postgres_bench` uses, to a new stream, expected to be new.
//! The answer is a line with the calls a second. Each crate has 64 connections: more than the ten of its default, and with still
//! more neither was faster. Both store less than our log: no idempotency key, no positions without gaps, no digest.

mod cqrs;
mod disintegrated;
#[path = "../../../crates/eventlog/examples/rate/mod.rs"]
mod rate;

use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use std::time::Duration;

const CONNECTIONS: u32 = 64;
const EVENT_BYTES: usize = 240;

/// The text of every event.
fn payload() -> String {
    "e".repeat(EVENT_BYTES)
}

async fn pool(url: &str) -> Result<PgPool, sqlx::Error> {
    PgPoolOptions::new()
        .max_connections(CONNECTIONS)
        .acquire_timeout(Duration::from_secs(60))
        .connect(url)
        .await
}

#[tokio::main]
async fn main() {
    let urls: Vec<String> = std::env::args().skip(1).collect();
    let [cqrs_url, disintegrated_url] = &urls[..] else {
        panic!("expected two addresses of empty databases")
    };
    let cqrs = cqrs::open(pool(cqrs_url).await.expect("the first database")).await;
    let disintegrated =
        disintegrated::open(pool(disintegrated_url).await.expect("the second database")).await;
    for line in std::io::stdin().lines() {
        let line = line.expect("a line");
        let (name, callers) = line.split_once(' ').expect("a crate and a number of callers");
        let callers = callers.parse().expect("a number of callers");
        let found = match name {
            "cqrs-es" => cqrs::rate_of(&cqrs, callers).await,
            "disintegrate" => disintegrated::rate_of(&disintegrated, callers).await,
            other => panic!("{other:?} is not measured here: expected cqrs-es or disintegrate"),
        };
        println!("{found}");
    }
}
