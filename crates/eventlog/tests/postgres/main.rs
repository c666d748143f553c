//! The PostgreSQL adapter on a real server: the suite of the port, and what only servers, sessions and connections can suffer.
#![cfg(feature = "conformance")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod faults;
mod proxy;
mod schema;
mod sessions;
mod standby;
mod world;

async fn fresh() -> eventlog::conformance::Subject {
    world::World::new().await.subject()
}

eventlog::log_conformance_suite!(fresh);
