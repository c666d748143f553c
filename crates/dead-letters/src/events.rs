//! What happens in a dead-letter log. Each event's stream is the log that the letters come from.

use care::{CouncilId, EventBody, StreamId, Timestamp};
use serde::{Deserialize, Serialize};

/// An event could not be applied, or was behind such a one in its stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LetterParked {
    /// The event's log, such as `vacancies/region`.
    pub source: String,
    /// Its position there, from 1.
    pub position: u64,
    /// Its stream.
    pub stream: StreamId,
    /// Its type.
    pub event_type: String,
    /// The version of its type's shape.
    pub version: u16,
    /// What was wrong.
    pub why: String,
    /// Whether nothing is known to be wrong with it, but that one before it is parked.
    pub behind: bool,
    /// When.
    pub at: Timestamp,
}

/// A letter's event was applied after all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LetterRetried {
    /// The event's log.
    pub source: String,
    /// Its position there.
    pub position: u64,
    /// Who asked for it.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// A letter was given up: its event is never applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LetterDiscarded {
    /// The event's log.
    pub source: String,
    /// Its position there.
    pub position: u64,
    /// Who gave it up.
    pub by: String,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// The stream of a log's letters.
fn stream_of(source: &str) -> StreamId {
    StreamId::new("log", source)
}

/// The council whose log it is; none for the region's.
fn council_of(source: &str) -> Option<CouncilId> {
    source.split_once('/').and_then(|(_, owner)| owner.parse().ok())
}

impl EventBody for LetterParked {
    const TYPE: &'static str = "LetterParked";

    fn stream(&self) -> StreamId {
        stream_of(&self.source)
    }

    fn council(&self) -> Option<CouncilId> {
        council_of(&self.source)
    }
}

impl EventBody for LetterRetried {
    const TYPE: &'static str = "LetterRetried";

    fn stream(&self) -> StreamId {
        stream_of(&self.source)
    }

    fn council(&self) -> Option<CouncilId> {
        council_of(&self.source)
    }
}

impl EventBody for LetterDiscarded {
    const TYPE: &'static str = "LetterDiscarded";

    fn stream(&self) -> StreamId {
        stream_of(&self.source)
    }

    fn council(&self) -> Option<CouncilId> {
        council_of(&self.source)
    }
}

care::events! {
    /// The events of a dead-letter log.
    pub enum DeadLetterEvent { LetterParked, LetterRetried, LetterDiscarded }
}
