//! Given/when/then for each command of the domain, and properties over random sequences of them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod award;
mod cascade;
mod cascade_again;
mod cascade_model;
mod cascade_moved;
mod cascade_page;
mod clocks_page;
mod deadlines;
mod envelopes;
mod evaluation;
mod evaluation_again;
mod evaluation_page;
mod form;
mod gates;
mod golden;
mod histories;
mod identity;
mod market;
mod posting;
mod properties;
mod questions;
mod ranking;
mod shortlist;
mod siblings;
mod stability;
mod staying;
mod staying_notices;
mod support;
