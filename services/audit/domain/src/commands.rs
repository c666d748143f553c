//! What may be asked of an audit log.

use crate::events::LeavesRecorded;

/// Record the leaves of a batch of consecutive events of one log. A batch whose leaves are all recorded already changes nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordLeaves(pub LeavesRecorded);

impl From<LeavesRecorded> for RecordLeaves {
    fn from(leaves: LeavesRecorded) -> Self {
        Self(leaves)
    }
}
