//! The real servers and programs that tests and local development run against: found or installed, started, shared and stopped. They are
//! spoken to by running their own binaries only, so this crate names no database and no broker.
//!
//! `cargo xtask` is built from it too, so it depends on next to nothing.

pub mod accounting;
pub mod kafka;
pub mod packages;
pub mod postgres;
