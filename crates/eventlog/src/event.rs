//! Events as they stand in a log, and the leaf by which anyone can check them.

use crate::log_id::LogId;
use care::{CouncilId, Date, StreamId, Timestamp};
use merkle_log::Hash;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::fmt;

/// Where an event stands: its log and its position there, from 1. This is the event's identity, everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventRef {
    /// The log.
    pub log: LogId,
    /// The position, from 1.
    pub position: u64,
}

impl fmt::Display for EventRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.log, self.position)
    }
}

/// Who caused an event, why, and when it was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meta {
    /// The principal, such as `council:E06000015/case-system`, or the service for a reaction. A pseudonym, never a name.
    pub actor: String,
    /// What caused it: `log:position` of an event, or the request id of a command.
    pub causation: Option<String>,
    /// The thread it belongs to across services, such as the referral's stream.
    pub correlation: Option<String>,
    /// When it was recorded, to the microsecond.
    pub recorded_at: Timestamp,
}

/// An event on its way into a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// The stream it belongs to.
    pub stream: StreamId,
    /// Its type.
    pub event_type: &'static str,
    /// The version of its type's shape.
    pub version: u16,
    /// Its payload, JSON.
    pub payload: Vec<u8>,
    /// The date from which it holds, where that differs from the recording.
    pub effective: Option<Date>,
    /// The council it concerns.
    pub council: Option<CouncilId>,
}

/// An event in a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// The log it is in.
    pub log: LogId,
    /// Its position there, from 1, without gaps.
    pub position: u64,
    /// Its stream.
    pub stream: StreamId,
    /// Its version within the stream, from 1, without gaps.
    pub stream_version: u64,
    /// Its type.
    pub event_type: String,
    /// The version of its type's shape.
    pub version: u16,
    /// Its payload, JSON, byte for byte as appended.
    pub payload: Vec<u8>,
    /// The date from which it holds.
    pub effective: Option<Date>,
    /// The council it concerns.
    pub council: Option<CouncilId>,
    /// Who, why and when.
    pub meta: Meta,
}

/// The leaf's fields, in the alphabetical order that canonical JSON (RFC 8785) asks for.
#[derive(Serialize)]
struct Leaf<'a> {
    actor: &'a str,
    causation: Option<&'a str>,
    correlation: Option<&'a str>,
    council: Option<CouncilId>,
    effective: Option<Date>,
    log: String,
    payload_sha256: String,
    position: u64,
    recorded_at_us: i64,
    schema: &'static str,
    stream: &'a str,
    stream_version: u64,
    r#type: &'a str,
    version: u16,
}

impl Recorded {
    /// Its identity.
    #[must_use]
    pub fn reference(&self) -> EventRef {
        EventRef { log: self.log, position: self.position }
    }

    /// The event as a leaf of its log's Merkle tree: canonical JSON of everything but the payload, which it commits
    /// to by digest. It holds no personal data, and stays valid when a child's key is destroyed.
    #[must_use]
    pub fn leaf(&self) -> Vec<u8> {
        let leaf = Leaf {
            actor: &self.meta.actor,
            causation: self.meta.causation.as_deref(),
            correlation: self.meta.correlation.as_deref(),
            council: self.council,
            effective: self.effective,
            log: self.log.to_string(),
            payload_sha256: hex::encode(Sha256::digest(&self.payload)),
            position: self.position,
            recorded_at_us: self.meta.recorded_at.as_microsecond(),
            schema: "brokerage.leaf.v1",
            stream: self.stream.as_str(),
            stream_version: self.stream_version,
            r#type: &self.event_type,
            version: self.version,
        };
        serde_json::to_vec(&leaf).expect("text and whole numbers always have a JSON form")
    }

    /// The RFC 6962 hash of [`Recorded::leaf`]. It is stored beside the event, so that a damaged row is noticed when it
    /// is read, and by the audit service, so that a changed one is.
    #[must_use]
    pub fn leaf_hash(&self) -> Hash {
        merkle_log::leaf_hash(&self.leaf())
    }
}
