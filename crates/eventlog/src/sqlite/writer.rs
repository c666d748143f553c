//! The one writer of a log's file.

use crate::event::Recorded;
use crate::log_id::LogId;
use crate::port::{
    AppendError, Appended, Committed, Entry, Expected, Idempotency, LogError, Snapshot, SourcePosition,
    StoredReply,
};
use crate::sqlite::file::{Opened, damaged, describe};
use crate::sqlite::rows::{INSERT_EVENT, insert_event, reply_checksum, snapshot_checksum, source_checksum};
use crate::sqlite::{TAIL_EVENTS_MAX, Tail};
use care::{StreamId, Timestamp};
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};
use tokio::sync::{mpsc, oneshot, watch};

/// How many entries share a commit at most.
pub(super) const BATCH_ENTRIES_MAX: usize = 512;
/// How many bytes of payload share a commit at most, one entry more.
const BATCH_BYTES_MAX: usize = 4 * 1024 * 1024;
/// How many events one entry may have.
const ENTRY_EVENTS_MAX: usize = 1_000;
/// How many bytes one event's payload may have.
const PAYLOAD_BYTES_MAX: usize = 1024 * 1024;
/// How many streams' versions are remembered before the memory is started anew.
const VERSIONS_MAX: usize = 50_000;

type Answer<T> = oneshot::Sender<T>;

/// What the writer is asked to do.
pub(super) enum Job {
    Append(Box<Entry>, Answer<Result<Appended, AppendError>>),
    SaveSnapshot(&'static str, Box<Snapshot>, Answer<Result<(), LogError>>),
}

/// An entry and where its answer goes.
type Waiting = (Entry, Answer<Result<Appended, AppendError>>);

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
}

impl Writer {
    pub(super) fn new(
        opened: Opened,
        path: &Path,
        log: LogId,
        heads: watch::Sender<u64>,
        tail: Tail,
    ) -> Self {
        let Opened { connection, head, epoch } = opened;
        Self { connection, path: path.to_owned(), log, epoch, head, versions: HashMap::new(), heads, tail }
    }

    /// Works until every handle of the log is gone.
    pub(super) fn run(mut self, mut queue: mpsc::Receiver<Job>) {
        while let Some(job) = queue.blocking_recv() {
            // Whoever else could run runs first: on a busy machine more then shares the commit, on an idle one it costs nothing.
            std::thread::yield_now();
            let mut waiting: Vec<Waiting> = Vec::new();
            let mut bytes = 0;
            let mut next = Some(job);
            while let Some(job) = next {
                match job {
                    Job::Append(entry, answer) => {
                        bytes += entry.events.iter().map(|event| event.payload.len()).sum::<usize>();
                        waiting.push((*entry, answer));
                    }
                    Job::SaveSnapshot(name, snapshot, answer) => {
                        // A snapshot is a cache: whether anybody hears of its fate does not matter.
                        let _ = answer.send(self.save_snapshot(name, &snapshot));
                    }
                }
                // Whatever else is waiting shares the commit; nothing is waited for.
                let full = waiting.len() >= BATCH_ENTRIES_MAX || bytes >= BATCH_BYTES_MAX;
                next = if full { None } else { queue.try_recv().ok() };
            }
            self.commit(waiting);
        }
    }

    /// Appends a batch in one transaction, and answers only after it is on the disk.
    fn commit(&mut self, waiting: Vec<Waiting>) {
        if waiting.is_empty() {
            return;
        }
        let head_before = self.head;
        let (entries, answers): (Vec<_>, Vec<_>) = waiting.into_iter().unzip();
        match self.append_all(entries) {
            Ok(outcomes) => {
                self.publish(&outcomes);
                for (answer, outcome) in answers.into_iter().zip(outcomes) {
                    // A caller that went away reads the log, or asks again with the same key.
                    let _ = answer.send(outcome);
                }
            }
            Err(error) => {
                tracing::error!(log = %self.log, %error, entries = answers.len(), "append failed, nothing was acknowledged");
                self.versions.clear();
                self.look_again(head_before);
                for answer in answers {
                    let _ = answer.send(Err(AppendError::Log(error.clone())));
                }
            }
        }
    }

    /// After a failed commit: it may have reached the disk all the same, and then the next event comes after it.
    fn look_again(&mut self, head_before: u64) {
        let stored =
            self.connection.query_row("SELECT coalesce(max(position), 0) FROM events", [], |row| row.get(0));
        // If it cannot be told now, the next append finds the position taken, fails, and looks again.
        self.head = stored.unwrap_or(head_before);
        if self.head != head_before {
            self.tail.lock().unwrap_or_else(PoisonError::into_inner).clear();
            self.heads.send_replace(self.head);
        }
    }

    fn append_all(&mut self, entries: Vec<Entry>) -> Result<Vec<Result<Appended, AppendError>>, LogError> {
        let path = self.path.clone();
        let failed = |error: rusqlite::Error| describe(&path, &error);
        let (epoch, log) = (self.epoch, self.log);
        if self.versions.len() > VERSIONS_MAX {
            self.versions.clear();
        }
        let mut staging = Staging {
            // Rolled back when dropped before its commit.
            transaction: self
                .connection
                .transaction_with_behavior(TransactionBehavior::Immediate)
                .map_err(failed)?,
            path: &self.path,
            log,
            head: &mut self.head,
            versions: &mut self.versions,
        };
        let current: u64 = staging
            .transaction
            .query_row("SELECT epoch FROM appender", [], |row| row.get(0))
            .map_err(failed)?;
        if current != epoch {
            return Err(LogError::Fenced { log, ours: epoch, current });
        }
        let outcomes = entries
            .into_iter()
            .map(|entry| match staging.stage(entry) {
                Err(AppendError::Log(error)) => Err(error),
                outcome => Ok(outcome),
            })
            .collect::<Result<Vec<_>, LogError>>()?;
        staging.transaction.commit().map_err(failed)?;
        Ok(outcomes)
    }

    /// Lets followers see what has become durable.
    fn publish(&self, outcomes: &[Result<Appended, AppendError>]) {
        let mut tail = self.tail.lock().unwrap_or_else(PoisonError::into_inner);
        for outcome in outcomes {
            if let Ok(Appended::Committed(committed)) = outcome {
                tail.extend(committed.events.iter().cloned());
            }
        }
        let excess = tail.len().saturating_sub(TAIL_EVENTS_MAX);
        tail.drain(..excess);
        drop(tail);
        self.heads.send_if_modified(|head| std::mem::replace(head, self.head) != self.head);
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

/// A transaction that entries are added to. Each entry is checked in full before its first row is written, so a refused one
/// leaves nothing behind and the others of its batch go on.
struct Staging<'a> {
    transaction: rusqlite::Transaction<'a>,
    path: &'a Path,
    log: LogId,
    head: &'a mut u64,
    versions: &'a mut HashMap<StreamId, u64>,
}

impl Staging<'_> {
    fn stage(&mut self, entry: Entry) -> Result<Appended, AppendError> {
        if let Some(idempotency) = &entry.idempotency
            && let Some(stored) = self.reply(&idempotency.key)?
        {
            let same = stored.request_hash == idempotency.request_hash;
            return if same { Ok(Appended::Repeated(stored)) } else { Err(AppendError::KeyReused) };
        }
        if let Some(source) = &entry.source
            && source.position <= self.source_position(source.log)?
        {
            return Ok(Appended::AlreadySeen);
        }
        self.check_expectations(&entry)?;
        let Entry { events, meta, idempotency, source, .. } = entry;
        let recorded_at =
            Timestamp::from_microsecond(meta.recorded_at.as_microsecond()).unwrap_or(meta.recorded_at);
        let meta = crate::event::Meta { recorded_at, ..meta };
        let mut recorded = Vec::with_capacity(events.len());
        for event in events {
            let stream_version = self.version(&event.stream)? + 1;
            let event = Recorded {
                log: self.log,
                position: *self.head + 1,
                stream: event.stream,
                stream_version,
                event_type: event.event_type.to_owned(),
                version: event.version,
                payload: event.payload,
                effective: event.effective,
                council: event.council,
                meta: meta.clone(),
            };
            let mut insert =
                self.transaction.prepare_cached(INSERT_EVENT).map_err(|error| self.failed(&error))?;
            insert_event(&mut insert, &event).map_err(|error| self.failed(&error))?;
            *self.head += 1;
            self.versions.insert(event.stream.clone(), stream_version);
            recorded.push(Arc::new(event));
        }
        if let Some(idempotency) = idempotency {
            self.keep_reply(idempotency)?;
        }
        if let Some(source) = source {
            self.keep_source(source)?;
        }
        Ok(Appended::Committed(Committed { head: *self.head, events: recorded }))
    }

    fn check_expectations(&mut self, entry: &Entry) -> Result<(), AppendError> {
        if entry.events.len() > ENTRY_EVENTS_MAX {
            let detail = format!("{} events, at most {ENTRY_EVENTS_MAX}", entry.events.len());
            return Err(AppendError::TooLarge(detail));
        }
        if let Some(event) = entry.events.iter().find(|event| event.payload.len() > PAYLOAD_BYTES_MAX) {
            let detail = format!(
                "a {} of {} bytes, at most {PAYLOAD_BYTES_MAX}",
                event.event_type,
                event.payload.len()
            );
            return Err(AppendError::TooLarge(detail));
        }
        if let Some(expected) = entry.expected_head.filter(|expected| *expected != *self.head) {
            return Err(AppendError::WrongHead { expected, actual: *self.head });
        }
        for (stream, expected) in &entry.expected {
            let actual = self.version(stream)?;
            match expected {
                Expected::Version(expected) if *expected != actual => {
                    return Err(AppendError::WrongVersion {
                        stream: stream.clone(),
                        expected: *expected,
                        actual,
                    });
                }
                Expected::Version(_) | Expected::Any => {}
            }
        }
        Ok(())
    }

    fn failed(&self, error: &rusqlite::Error) -> AppendError {
        AppendError::Log(describe(self.path, error))
    }

    fn version(&mut self, stream: &StreamId) -> Result<u64, AppendError> {
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

    fn reply(&self, key: &str) -> Result<Option<StoredReply>, AppendError> {
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

    fn keep_reply(&self, Idempotency { key, request_hash, reply }: Idempotency) -> Result<(), AppendError> {
        let stored = StoredReply { request_hash, reply, head: *self.head };
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

    fn source_position(&self, source: LogId) -> Result<u64, AppendError> {
        let log = source.to_string();
        let found: Option<(u64, i64)> = self
            .transaction
            .prepare_cached("SELECT position, checksum FROM sources WHERE log = ?1")
            .and_then(|mut statement| {
                statement.query_row([&log], |row| Ok((row.get(0)?, row.get(1)?))).optional()
            })
            .map_err(|error| self.failed(&error))?;
        match found {
            Some((position, checksum)) if source_checksum(&log, position) != checksum => {
                let detail = format!("the position of {log:?} does not match its checksum");
                Err(AppendError::Log(damaged(self.path, &detail)))
            }
            Some((position, _)) => Ok(position),
            None => Ok(0),
        }
    }

    fn keep_source(&self, source: SourcePosition) -> Result<(), AppendError> {
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
