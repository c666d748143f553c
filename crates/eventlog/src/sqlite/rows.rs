//! Rows and what they mean; every value read is checked against what was written with it.

use crate::event::{Meta, Recorded};
use crate::log_id::LogId;
use crate::port::{LogError, Snapshot, StoredReply};
use crate::sqlite::file::damaged;
use care::{StreamId, Timestamp};
use rusqlite::{CachedStatement, Row, params};
use sha2::{Digest, Sha256};
use std::path::Path;

pub(super) const EVENT_COLUMNS: &str = "position, stream, stream_version, type, version, payload, effective, council, \
     actor, causation, correlation, recorded_at_us, leaf_hash";

pub(super) const INSERT_EVENT: &str = "INSERT INTO events (position, stream, stream_version, type, version, payload, \
     effective, council, actor, causation, correlation, recorded_at_us, leaf_hash) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";

pub(super) fn insert_event(statement: &mut CachedStatement<'_>, event: &Recorded) -> rusqlite::Result<()> {
    statement
        .execute(params![
            event.position,
            event.stream.as_str(),
            event.stream_version,
            event.event_type,
            event.version,
            event.payload,
            event.effective.map(|date| date.to_string()),
            event.council.map(|council| council.to_string()),
            event.meta.actor,
            event.meta.causation,
            event.meta.correlation,
            event.meta.recorded_at.as_microsecond(),
            event.leaf_hash().as_bytes().as_slice(),
        ])
        .map(drop)
}

/// An event as its row holds it; the row's digest is checked.
pub(super) fn event_from_row(
    path: &Path,
    log: LogId,
    row: &Row<'_>,
) -> rusqlite::Result<Result<Recorded, LogError>> {
    let position: u64 = row.get(0)?;
    let unreadable =
        |what: &str| Ok(Err(damaged(path, &format!("event {position}: its {what} is unreadable"))));
    let effective = match row.get::<_, Option<String>>(6)?.map(|text| text.parse()).transpose() {
        Ok(effective) => effective,
        Err(_) => return unreadable("effective date"),
    };
    let council = match row.get::<_, Option<String>>(7)?.map(|text| text.parse()).transpose() {
        Ok(council) => council,
        Err(_) => return unreadable("council"),
    };
    let Ok(recorded_at) = Timestamp::from_microsecond(row.get(11)?) else { return unreadable("time") };
    let event = Recorded {
        log,
        position,
        stream: StreamId::from_stored(&row.get::<_, String>(1)?),
        stream_version: row.get(2)?,
        event_type: row.get(3)?,
        version: row.get(4)?,
        payload: row.get(5)?,
        effective,
        council,
        meta: Meta { actor: row.get(8)?, causation: row.get(9)?, correlation: row.get(10)?, recorded_at },
    };
    let stored: Vec<u8> = row.get(12)?;
    if stored != event.leaf_hash().as_bytes().as_slice() {
        let detail = format!("event {position} does not match the digest that was stored with it");
        return Ok(Err(damaged(path, &detail)));
    }
    Ok(Ok(event))
}

/// 63 bits of SHA-256: enough to notice damage, and SQLite's integers hold no more.
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

pub(super) fn reply_checksum(key: &str, reply: &StoredReply) -> i64 {
    checksum(&[key.as_bytes(), &reply.request_hash, &reply.reply, &reply.head.to_be_bytes()])
}

pub(super) fn source_checksum(log: &str, position: u64) -> i64 {
    checksum(&[log.as_bytes(), &position.to_be_bytes()])
}

pub(super) fn snapshot_checksum(name: &str, snapshot: &Snapshot) -> i64 {
    checksum(&[name.as_bytes(), snapshot.schema.as_bytes(), &snapshot.position.to_be_bytes(), &snapshot.body])
}
