//! The engine over real SQLite files and over a log that fails, waits and crashes when told to.
#![expect(clippy::unwrap_used, reason = "a test and what it needs may panic: that is how it fails")]

mod account;
mod deciding;
mod failing;
mod faulty;
mod interleaving;
mod planted;
mod reacting;
mod replaying;
mod snapshots;
