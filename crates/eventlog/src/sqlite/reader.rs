//! Read-only connections to a log's file.

use crate::adapter::{event_columns, reply_checksum, reply_damage, snapshot_checksum, source_from_row};
use crate::event::Recorded;
use crate::log_id::LogId;
use crate::port::{LogError, Snapshot, SourcePosition, StoredReply};
use crate::sqlite::file::{connect, damaged, describe};
use crate::sqlite::rows::event_from_row;
use care::StreamId;
use rusqlite::{Connection, OpenFlags, OptionalExtension, Params};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// How many idle connections are kept for the next readers.
const IDLE_CONNECTIONS_MAX: usize = 2;

/// The readers of one file.
pub(super) struct Readers {
    path: PathBuf,
    log: LogId,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    pub(super) fn new(path: &Path, log: LogId) -> Self {
        Self { path: path.to_owned(), log, idle: Mutex::default() }
    }

    fn with<T>(&self, read: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, LogError> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let result = idle.map_or_else(|| connect(&self.path, OpenFlags::SQLITE_OPEN_READ_ONLY), Ok).and_then(
            |connection| {
                let result = read(&connection);
                let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
                if idle.len() < IDLE_CONNECTIONS_MAX {
                    idle.push(connection);
                }
                result
            },
        );
        result.map_err(|error| describe(&self.path, &error))
    }

    fn events(&self, condition: &str, params: impl Params) -> Result<Vec<Arc<Recorded>>, LogError> {
        let query = format!(concat!("SELECT ", event_columns!(), " FROM events WHERE {}"), condition);
        self.with(|connection| {
            let mut statement = connection.prepare_cached(&query)?;
            let rows = statement.query_map(params, |row| event_from_row(&self.path, self.log, row))?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        })?
        .into_iter()
        .map(|event| event.map(Arc::new))
        .collect()
    }

    pub(super) fn read(&self, after: u64, limit: usize) -> Result<Vec<Arc<Recorded>>, LogError> {
        self.events("position > ?1 ORDER BY position LIMIT ?2", (after, limit))
    }

    pub(super) fn read_stream(
        &self,
        stream: &StreamId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Arc<Recorded>>, LogError> {
        let condition = "stream = ?1 AND stream_version > ?2 ORDER BY stream_version LIMIT ?3";
        self.events(condition, (stream.as_str(), after, limit))
    }

    pub(super) fn reply(&self, key: &str) -> Result<Option<StoredReply>, LogError> {
        let found = self.with(|connection| {
            connection
                .prepare_cached("SELECT request_hash, reply, head, checksum FROM requests WHERE key = ?1")?
                .query_row([key], |row| {
                    Ok((
                        StoredReply { request_hash: row.get(0)?, reply: row.get(1)?, head: row.get(2)? },
                        row.get(3)?,
                    ))
                })
                .optional()
        })?;
        match found {
            Some((reply, checksum)) if reply_checksum(key, &reply) != checksum => {
                Err(self.reply_damaged(key))
            }
            found => Ok(found.map(|(reply, _): (_, i64)| reply)),
        }
    }

    /// All keys. The answers kept under them are read too, so that a damaged one is noticed now and not when it is asked for.
    pub(super) fn keys(&self) -> Result<Vec<String>, LogError> {
        let keys: Vec<Result<String, String>> = self.with(|connection| {
            connection
                .prepare("SELECT key, request_hash, reply, head, checksum FROM requests")?
                .query_map([], |row| {
                    let key: String = row.get(0)?;
                    let reply =
                        StoredReply { request_hash: row.get(1)?, reply: row.get(2)?, head: row.get(3)? };
                    let checksum: i64 = row.get(4)?;
                    Ok(if reply_checksum(&key, &reply) == checksum { Ok(key) } else { Err(key) })
                })?
                .collect()
        })?;
        keys.into_iter().map(|key| key.map_err(|key| self.reply_damaged(&key))).collect()
    }

    fn reply_damaged(&self, key: &str) -> LogError {
        damaged(&self.path, &reply_damage(key))
    }

    pub(super) fn sources(&self) -> Result<Vec<SourcePosition>, LogError> {
        let rows: Vec<(String, u64, i64)> = self.with(|connection| {
            connection
                .prepare("SELECT log, position, checksum FROM sources")?
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
                .collect()
        })?;
        rows.into_iter()
            .map(|(log, position, checksum)| source_from_row(&log, position, checksum))
            .map(|source| source.map_err(|detail| damaged(&self.path, &detail)))
            .collect()
    }

    pub(super) fn snapshot(&self, name: &str) -> Result<Option<Snapshot>, LogError> {
        let found = self.with(|connection| {
            connection
                .prepare("SELECT schema, position, body, checksum FROM snapshots WHERE name = ?1")?
                .query_row([name], |row| {
                    Ok((
                        Snapshot { schema: row.get(0)?, position: row.get(1)?, body: row.get(2)? },
                        row.get::<_, i64>(3)?,
                    ))
                })
                .optional()
        })?;
        // A damaged snapshot is as good as none: the log is replayed instead.
        Ok(found
            .filter(|(snapshot, checksum)| snapshot_checksum(name, snapshot) == *checksum)
            .map(|(snapshot, _)| snapshot))
    }
}
