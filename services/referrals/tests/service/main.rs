//! The service through its gRPC methods, over real files, with other services' logs played by hand.

#![allow(clippy::unwrap_used, clippy::result_large_err, reason = "a test that cannot go on fails")]

mod awards;
mod bench;
mod deadlines;
mod envelopes;
mod evaluations;
mod form;
mod gates;
mod homes;
mod identity;
mod invitations;
mod messages;
mod provider;
mod questions;
mod referral;
mod rules;
mod searches;
mod shortlist;
mod siblings;
mod staying;
mod watch_released;
