//! What the adapters of the port share, so that a log is the same log whatever it is stored in.

mod batch;
mod measures;
mod stage;
mod stored;
mod tail;

pub(crate) use batch::{BATCH_ENTRIES_MAX, Batch, Job, Jobs, Outcome, QUEUE_ENTRIES_MAX};
pub use measures::Appends;
pub(crate) use measures::Trouble;
pub(crate) use stage::{Rows, VERSIONS_MAX, stage_all};
pub(crate) use stored::{
    EventRow, event_columns, reply_checksum, reply_damage, snapshot_checksum, source_checksum,
    source_from_row,
};
pub(crate) use tail::Tail;

/// How many events one read returns at most.
pub(crate) const READ_EVENTS_MAX: usize = 1_000;
