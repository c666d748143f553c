//! What figures are made of what the logs say, and what of them is told to whom.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod apart;
mod attacker;
mod disclosure;
mod kpis;
mod oracle;
mod world;
