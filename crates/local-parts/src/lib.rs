//! The real servers that tests and local development run against: found, or started on this machine.
//!
//! Only the standard library is used: `cargo xtask` is built from it too.

pub mod kafka;
