//! Events as rows of a file.

use crate::adapter::{EventRow, event_columns};
use crate::event::Recorded;
use crate::log_id::LogId;
use crate::port::LogError;
use crate::sqlite::file::damaged;
use rusqlite::{CachedStatement, Row, params};
use std::path::Path;

pub(super) const INSERT_EVENT: &str = concat!(
    "INSERT INTO events (",
    event_columns!(),
    ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)"
);

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
    let row = EventRow {
        position: row.get(0)?,
        stream: row.get(1)?,
        stream_version: row.get(2)?,
        event_type: row.get(3)?,
        version: row.get(4)?,
        payload: row.get(5)?,
        effective: row.get(6)?,
        council: row.get(7)?,
        actor: row.get(8)?,
        causation: row.get(9)?,
        correlation: row.get(10)?,
        recorded_at_us: row.get(11)?,
        leaf_hash: row.get(12)?,
    };
    Ok(row.check(log).map_err(|detail| damaged(path, &detail)))
}
