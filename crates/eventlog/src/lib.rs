//! Append-only logs. Everything that happened in the brokerage is an event in a log; a log has one service, one owner
//! and one appender, and positions in it are dense (1, 2, 3 …), so any reader can see that nothing is missing.
//!
//! [`EventLog`] is the port; [`sqlite`] and [`postgres`] are its adapters. [`conformance`] is the suite that every adapter passes.
//! This is the only crate that names a database.

mod adapter;
#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
mod event;
mod log_id;
#[cfg(feature = "planted-defects")]
pub mod planted;
mod port;
pub mod postgres;
pub mod sqlite;

pub use adapter::Appends;
pub use event::{EventRef, Meta, NewEvent, Recorded};
pub use log_id::{LogId, LogIdInvalid, Owner, Service, ServiceUnknown};
pub use port::{
    AppendError, Appended, Committed, Entry, EventLog, Expected, Idempotency, LogError, LogStore, Snapshot,
    SourcePosition, StoredReply, Ticket,
};
