//! Runs a pure domain over a log: `command → decide → append, one fsync → evolve → reply`.
//!
//! One writer decides, in memory, in order. It decides each command against the staged state, which already has the events of
//! commands that are on their way to the disk, and hands the entry to the log without waiting; the log commits whatever waits
//! together. Only when an entry is durable does the committed state change and the caller get its answer. If a write fails
//! nothing is acknowledged: the staged state is thrown away and built anew from the log.

mod ahead;
mod committed;
mod completer;
mod engine;
mod outcome;
pub mod snapshot;
mod writer;

pub use ahead::Ahead;
pub use engine::{Context, Engine, RequestKey};
pub use outcome::{EngineError, Executed, HandedOver, OpenError, Reacted, Reply};
