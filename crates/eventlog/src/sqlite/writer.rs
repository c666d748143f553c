//! The one writer of a log's file.

use crate::adapter::{
    Batch, Job, Outcome, Rows, Tail, Trouble, VERSIONS_MAX, reply_checksum, snapshot_checksum,
    source_checksum, source_from_row, stage_all,
};
use crate::event::Recorded;
use crate::log_id::LogId;
#[cfg(feature = "planted-defects")]
use crate::planted::{Planted, is_planted};
use crate::port::{Entry, LogError, Snapshot, SourcePosition, StoredReply};
use crate::sqlite::Found;
use crate::sqlite::file::{Opened, damaged, describe};
use crate::sqlite::high_water::HighWater;
use crate::sqlite::rows::{INSERT_EVENT, insert_event};
use care::StreamId;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::{mpsc, watch};

pub(super) struct Writer {
    connection: Connection,
    path: PathBuf,
    log: LogId,
    epoch: u64,
    head: u64,
    /// Versions of the streams touched lately; the table is asked for the others.
    versions: HashMap<StreamId, u64>,
    heads: watch::Sender<u64>,
    tail: Tail,
    high: HighWater,
    damage: Found,
    trouble: Trouble,
}

impl Writer {
    pub(super) fn new(
        opened: Opened,
        path: &Path,
        log: LogId,
        heads: watch::Sender<u64>,
        tail: Tail,
        (damage, trouble): (Found, Trouble),
    ) -> Self {
        let Opened { connection, head, epoch, high } = opened;
        Self {
            connection,
            path: path.to_owned(),
            log,
            epoch,
            head,
            versions: HashMap::new(),
            heads,
            tail,
            high,
            damage,
            trouble,
        }
    }

    /// Works until every handle of the log is gone.
    pub(super) fn run(mut self, mut queue: mpsc::Receiver<Job>) {
        while let Some(job) = queue.blocking_recv() {
            // Whoever else could run runs first: on a busy machine more then shares the commit, on an idle one it costs nothing.
            std::thread::yield_now();
            let mut batch = Batch::collect(job, &mut queue);
            for saving in batch.snapshots.drain(..) {
                // A snapshot is a cache: whether anybody hears of its fate does not matter.
                let _ = saving.answer.send(self.save_snapshot(saving.name, &saving.snapshot));
            }
            if !batch.entries.is_empty() {
                self.commit(batch);
            }
        }
        self.fold_journal();
    }

    /// Leaves one file, as small as it can be, for whoever copies it. It is only tidiness: a reader may still be in the way.
    fn fold_journal(&self) {
        let folded = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        if let Err(error) = folded {
            tracing::debug!(log = %self.log, %error, "the write-ahead log stays beside the file");
        }
    }

    /// Appends a batch in one transaction, and answers only after it is on the disk.
    fn commit(&mut self, mut batch: Batch) {
        let head_before = self.head;
        let entries = std::mem::take(&mut batch.entries);
        let count = entries.len();
        let outcomes = self.append_all(entries);
        self.trouble.note(&outcomes, count);
        match &outcomes {
            Ok(outcomes) => {
                if self.head != head_before {
                    self.high.raise(self.head);
                }
                self.tail.extend(outcomes);
                self.heads.send_if_modified(|head| std::mem::replace(head, self.head) != self.head);
            }
            Err(error) => {
                tracing::error!(log = %self.log, %error, entries = count, "append failed, nothing was acknowledged");
                self.versions.clear();
                self.look_again(head_before);
            }
        }
        batch.answer(outcomes);
    }

    /// After a failed commit: it may have reached the disk all the same, and then the next event comes after it.
    fn look_again(&mut self, head_before: u64) {
        let stored =
            self.connection.query_row("SELECT coalesce(max(position), 0) FROM events", [], |row| row.get(0));
        // If it cannot be told now, the next append finds the position taken, fails, and looks again.
        self.head = stored.unwrap_or(head_before);
        if self.head != head_before {
            self.tail.clear();
            self.heads.send_replace(self.head);
        }
    }

    fn append_all(&mut self, entries: Vec<Entry>) -> Result<Vec<Outcome>, LogError> {
        if let Some(damage) = self.damage.get() {
            return Err(damage.clone());
        }
        let path = self.path.clone();
        let failed = |error: rusqlite::Error| describe(&path, &error);
        let (epoch, log) = (self.epoch, self.log);
        if self.versions.len() > VERSIONS_MAX {
            self.versions.clear();
        }
        #[cfg(feature = "planted-defects")]
        if is_planted(Planted::AcknowledgedBeforeCommit, log) && !self.connection.is_autocommit() {
            self.connection.execute_batch("COMMIT").map_err(failed)?;
        }
        let mut rows = FileRows {
            // Rolled back when dropped before its commit.
            transaction: self
                .connection
                .transaction_with_behavior(TransactionBehavior::Immediate)
                .map_err(failed)?,
            path: &self.path,
            versions: &mut self.versions,
        };
        let current: u64 =
            rows.transaction.query_row("SELECT epoch FROM appender", [], |row| row.get(0)).map_err(failed)?;
        if current != epoch {
            return Err(LogError::Fenced { log, ours: epoch, current });
        }
        let outcomes = stage_all(&mut rows, log, &mut self.head, entries)?;
        #[cfg(feature = "planted-defects")]
        if is_planted(Planted::AcknowledgedBeforeCommit, log) {
            rows.transaction.set_drop_behavior(rusqlite::DropBehavior::Ignore);
            return Ok(outcomes);
        }
        rows.transaction.commit().map_err(failed)?;
        Ok(outcomes)
    }

    fn save_snapshot(&self, name: &str, snapshot: &Snapshot) -> Result<(), LogError> {
        self.connection
            .execute(
                "INSERT OR REPLACE INTO snapshots (name, schema, position, body, checksum) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![name, snapshot.schema, snapshot.position, snapshot.body, snapshot_checksum(name, snapshot)],
            )
            .map(drop)
            .map_err(|error| describe(&self.path, &error))
    }
}

/// The rows of a file within a transaction, which has what was added to it.
struct FileRows<'a> {
    transaction: rusqlite::Transaction<'a>,
    path: &'a Path,
    versions: &'a mut HashMap<StreamId, u64>,
}

impl FileRows<'_> {
    fn failed(&self, error: &rusqlite::Error) -> LogError {
        describe(self.path, error)
    }
}

impl Rows for FileRows<'_> {
    fn version(&mut self, stream: &StreamId) -> Result<u64, LogError> {
        if let Some(version) = self.versions.get(stream) {
            return Ok(*version);
        }
        let version = self
            .transaction
            .prepare_cached("SELECT coalesce(max(stream_version), 0) FROM events WHERE stream = ?1")
            .and_then(|mut statement| statement.query_row([stream.as_str()], |row| row.get(0)))
            .map_err(|error| self.failed(&error))?;
        self.versions.insert(stream.clone(), version);
        Ok(version)
    }

    fn reply(&mut self, key: &str) -> Result<Option<StoredReply>, LogError> {
        self.transaction
            .prepare_cached("SELECT request_hash, reply, head FROM requests WHERE key = ?1")
            .and_then(|mut statement| {
                statement
                    .query_row([key], |row| {
                        Ok(StoredReply { request_hash: row.get(0)?, reply: row.get(1)?, head: row.get(2)? })
                    })
                    .optional()
            })
            .map_err(|error| self.failed(&error))
    }

    fn source(&mut self, log: LogId) -> Result<u64, LogError> {
        let log = log.to_string();
        let found: Option<(u64, i64)> = self
            .transaction
            .prepare_cached("SELECT position, checksum FROM sources WHERE log = ?1")
            .and_then(|mut statement| {
                statement.query_row([&log], |row| Ok((row.get(0)?, row.get(1)?))).optional()
            })
            .map_err(|error| self.failed(&error))?;
        found.map_or(Ok(0), |(position, checksum)| {
            let source = source_from_row(&log, position, checksum);
            source.map(|source| source.position).map_err(|detail| damaged(self.path, &detail))
        })
    }

    fn add_event(&mut self, event: &Arc<Recorded>) -> Result<(), LogError> {
        self.transaction
            .prepare_cached(INSERT_EVENT)
            .and_then(|mut insert| insert_event(&mut insert, event))
            .map_err(|error| self.failed(&error))?;
        self.versions.insert(event.stream.clone(), event.stream_version);
        Ok(())
    }

    fn add_reply(&mut self, key: String, stored: StoredReply) -> Result<(), LogError> {
        let checksum = reply_checksum(&key, &stored);
        self.transaction
            .prepare_cached(
                "INSERT INTO requests (key, request_hash, reply, head, checksum) VALUES (?1, ?2, ?3, ?4, ?5)",
            )
            .and_then(|mut insert| {
                insert.execute(params![
                    key,
                    stored.request_hash.as_slice(),
                    stored.reply,
                    stored.head,
                    checksum
                ])
            })
            .map(drop)
            .map_err(|error| self.failed(&error))
    }

    fn add_source(&mut self, source: SourcePosition) -> Result<(), LogError> {
        let log = source.log.to_string();
        self.transaction
            .prepare_cached("INSERT OR REPLACE INTO sources (log, position, checksum) VALUES (?1, ?2, ?3)")
            .and_then(|mut insert| {
                insert.execute(params![log, source.position, source_checksum(&log, source.position)])
            })
            .map(drop)
            .map_err(|error| self.failed(&error))
    }
}
