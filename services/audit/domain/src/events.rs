//! What happens in an audit log.

use care::{CouncilId, Date, EventBody, StreamId};
use serde::{Deserialize, Serialize};

/// The leaves of consecutive events of one log became part of that log's tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeavesRecorded {
    /// The log whose events they are, such as `referrals/E06000015`.
    pub log: String,
    /// The position of the first of them there, from 1.
    pub first_position: u64,
    /// The events in order of their positions, those together that were decided together.
    pub entries: Vec<RecordedEntry>,
    /// How many leaves the tree has with them: the position of the last.
    pub tree_size: u64,
    /// The root of the tree with them, 64 lower-case hexadecimal digits.
    pub root: String,
}

/// Consecutive events with the same author, cause, thread and instant: mostly those of one decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedEntry {
    /// The principal, a pseudonym, or the service.
    pub actor: String,
    /// `log:position` of an event, or `request:` and an id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causation: Option<String>,
    /// The thread across services.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation: Option<String>,
    /// When they were recorded, microseconds since 1970.
    pub recorded_at_us: i64,
    /// The events.
    pub leaves: Vec<Leaf>,
}

/// One event: what its leaf commits to, but for the payload's digest and the version of its shape, which its log holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leaf {
    /// The RFC 6962 hash of its leaf, 64 lower-case hexadecimal digits.
    pub hash: String,
    /// Its type.
    pub event_type: String,
    /// Its stream.
    pub stream: String,
    /// Its version in the stream, from 1.
    pub stream_version: u64,
    /// The date from which it holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective: Option<Date>,
    /// The council it concerns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub council: Option<CouncilId>,
}

impl EventBody for LeavesRecorded {
    const TYPE: &'static str = "LeavesRecorded";

    fn stream(&self) -> StreamId {
        StreamId::new("log", &self.log)
    }

    /// The council whose log it is; none for the region's.
    fn council(&self) -> Option<CouncilId> {
        self.log.split_once('/').and_then(|(_, owner)| owner.parse().ok())
    }
}

care::events! {
    /// The events of an audit log.
    pub enum AuditEvent { LeavesRecorded }
}
