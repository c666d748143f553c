//! Rows and what they mean; every value read is checked against what was written with it.

use crate::event::{Meta, Recorded};
use crate::log_id::LogId;
use crate::port::{Snapshot, SourcePosition, StoredReply};
use care::{StreamId, Timestamp};
use sha2::{Digest, Sha256};

/// The columns of an event, in the order of [`EventRow`]'s fields; a literal, to make statements of.
macro_rules! event_columns {
    () => {
        "position, stream, stream_version, type, version, payload, effective, council, actor, causation, correlation, \
         recorded_at_us, leaf_hash"
    };
}
pub(crate) use event_columns;

/// An event as it is stored, before anything of it is believed.
pub(crate) struct EventRow {
    pub(crate) position: u64,
    pub(crate) stream: String,
    pub(crate) stream_version: u64,
    pub(crate) event_type: String,
    pub(crate) version: u16,
    pub(crate) payload: Vec<u8>,
    pub(crate) effective: Option<String>,
    pub(crate) council: Option<String>,
    pub(crate) actor: String,
    pub(crate) causation: Option<String>,
    pub(crate) correlation: Option<String>,
    pub(crate) recorded_at_us: i64,
    pub(crate) leaf_hash: Vec<u8>,
}

impl EventRow {
    /// The event, if it is what its digest says; else what is wrong with it.
    pub(crate) fn check(self, log: LogId) -> Result<Recorded, String> {
        let position = self.position;
        let unreadable = |what: &str| format!("event {position}: its {what} is unreadable");
        let effective = self.effective.map(|text| text.parse()).transpose();
        let council = self.council.map(|text| text.parse()).transpose();
        let event = Recorded {
            log,
            position,
            stream: StreamId::from_stored(&self.stream),
            stream_version: self.stream_version,
            event_type: self.event_type,
            version: self.version,
            payload: self.payload,
            effective: effective.map_err(|_| unreadable("effective date"))?,
            council: council.map_err(|_| unreadable("council"))?,
            meta: Meta {
                actor: self.actor,
                causation: self.causation,
                correlation: self.correlation,
                recorded_at: Timestamp::from_microsecond(self.recorded_at_us)
                    .map_err(|_| unreadable("time"))?,
            },
        };
        if self.leaf_hash != event.leaf_hash().as_bytes().as_slice() {
            return Err(format!("event {position} does not match the digest that was stored with it"));
        }
        Ok(event)
    }
}

/// 63 bits of SHA-256: enough to notice damage, and a database's integers hold no more.
fn checksum(parts: &[&[u8]]) -> i64 {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part.len().to_be_bytes());
        hasher.update(part);
    }
    let digest = hasher.finalize();
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    i64::from_be_bytes(first) & i64::MAX
}

pub(crate) fn reply_checksum(key: &str, reply: &StoredReply) -> i64 {
    checksum(&[key.as_bytes(), &reply.request_hash, &reply.reply, &reply.head.to_be_bytes()])
}

/// What is wrong with an answer that does not match its checksum.
pub(crate) fn reply_damage(key: &str) -> String {
    format!("the answer kept under {key:?} does not match its checksum")
}

pub(crate) fn source_checksum(log: &str, position: u64) -> i64 {
    checksum(&[log.as_bytes(), &position.to_be_bytes()])
}

/// How far a log has been consumed, if its row is what its checksum says.
pub(crate) fn source_from_row(log: &str, position: u64, checksum: i64) -> Result<SourcePosition, String> {
    match log.parse() {
        Ok(id) if source_checksum(log, position) == checksum => Ok(SourcePosition { log: id, position }),
        _ => Err(format!("the position of {log:?} does not match its checksum")),
    }
}

pub(crate) fn snapshot_checksum(name: &str, snapshot: &Snapshot) -> i64 {
    checksum(&[name.as_bytes(), snapshot.schema.as_bytes(), &snapshot.position.to_be_bytes(), &snapshot.body])
}
