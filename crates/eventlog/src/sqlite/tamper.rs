#![allow(clippy::unwrap_used, reason = "this is test code, compiled for the tests of other crates")]
//! What may be done to a log's file behind its appender's back, for tests of those who must notice.

use crate::adapter::event_columns;
use crate::log_id::LogId;
use crate::sqlite::file::connect;
use crate::sqlite::high_water;
use crate::sqlite::rows::event_from_row;
use rusqlite::{Connection, OpenFlags, params};
use std::path::Path;

/// Replaces the payload of the event at `position`, and its digest, as somebody who knows the format would: the file itself does
/// not show it afterwards.
///
/// # Panics
/// When the file is not a log or has no such event.
pub fn tamper(path: &Path, position: u64, new_payload: &[u8]) {
    let connection = open(path);
    let log: String = connection.query_row("SELECT log FROM appender", [], |row| row.get(0)).unwrap();
    let log: LogId = log.parse().unwrap();
    let query = concat!("SELECT ", event_columns!(), " FROM events WHERE position = ?1");
    let event = connection.query_row(query, [position], |row| event_from_row(path, log, row)).unwrap();
    let mut event = event.unwrap();
    event.payload = new_payload.to_vec();
    let update = "UPDATE events SET payload = ?2, leaf_hash = ?3 WHERE position = ?1";
    let changed =
        connection.execute(update, params![position, new_payload, event.leaf_hash().as_bytes().as_slice()]);
    assert_eq!(changed.unwrap(), 1);
}

/// Replaces the payload of the event at `position` and leaves its digest, as a failing disk would.
///
/// # Panics
/// When the file is not a log or has no such event.
pub fn damage(path: &Path, position: u64, new_payload: &[u8]) {
    let update = "UPDATE events SET payload = ?2 WHERE position = ?1";
    assert_eq!(open(path).execute(update, params![position, new_payload]).unwrap(), 1);
}

/// Removes every event after `position`, as a restore of an older backup of the folder would.
///
/// # Panics
/// When the file is not a log.
pub fn truncate(path: &Path, position: u64) {
    open(path).execute("DELETE FROM events WHERE position > ?1", [position]).unwrap();
    let _ = std::fs::remove_file(high_water::path_of(path));
}

fn open(path: &Path) -> Connection {
    connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE).unwrap()
}
