//! Given/when/then for each command of the domain, and properties over random sequences of them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod award;
mod clocks_page;
mod deadlines;
mod form;
mod golden;
mod identity;
mod market;
mod posting;
mod properties;
mod questions;
mod shortlist;
mod stability;
mod staying;
mod support;
