#![allow(clippy::unwrap_used, reason = "this is test code")]
//! The adapter for Kafka against Apache Kafka: the broker that `local-parts` finds or starts, and brokers that are killed here.

mod conformance;
mod following;
mod outages;
mod relays;
mod remade;
mod topics;
mod world;
