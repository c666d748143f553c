//! What an audit log has come to: per log, how many leaves are recorded and the root over them. The leaves themselves are kept by
//! the service's index, which folds the same events.

use crate::events::AuditEvent;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The trees of an owner's logs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditState {
    /// By the log's name.
    pub trees: BTreeMap<String, RecordedTree>,
}

/// The tree of a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedTree {
    /// How many leaves are recorded.
    pub size: u64,
    /// The root over them, 64 lower-case hexadecimal digits.
    pub root: String,
}

impl AuditState {
    /// How many leaves of a log are recorded.
    #[must_use]
    pub fn size(&self, log: &str) -> u64 {
        self.trees.get(log).map_or(0, |tree| tree.size)
    }
}

pub(crate) fn evolve(state: &mut AuditState, event: &AuditEvent) {
    let AuditEvent::LeavesRecorded(recorded) = event;
    let tree = RecordedTree { size: recorded.tree_size, root: recorded.root.clone() };
    state.trees.insert(recorded.log.clone(), tree);
}
