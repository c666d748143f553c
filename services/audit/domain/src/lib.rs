//! What is decided in audit: that the leaves of a log are recorded once each, in order and without gaps.
//!
//! The log of an audit owner is fed by the logs of the same owner: the region's audit log by the region's logs, a council's by the
//! council's. Hashes and roots are computed by the service and come in with the command; what they commit to is checked by
//! verification, not here.

mod commands;
mod decide;
mod events;
mod rejection;
mod state;

pub use commands::RecordLeaves;
pub use events::{AuditEvent, Leaf, LeavesRecorded, RecordedEntry};
pub use rejection::AuditRejection;
pub use state::{AuditState, RecordedTree};

/// The most leaves that one event records.
pub const LEAVES_MAX: usize = 256;

/// The domain of an audit log.
pub struct Audit;

impl care::Domain for Audit {
    type State = AuditState;
    type Command = RecordLeaves;
    type Event = AuditEvent;
    type Rejection = AuditRejection;

    /// An event here records up to [`LEAVES_MAX`] others, and the fold is small.
    const SNAPSHOT_EVENTS: u64 = 20_000 / LEAVES_MAX as u64;

    fn decide(state: &AuditState, command: &RecordLeaves) -> care::Decided<Self> {
        decide::decide(state, command)
    }

    fn evolve(state: &mut AuditState, event: &AuditEvent) {
        state::evolve(state, event);
    }
}
