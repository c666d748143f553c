//! The least that a durable command costs on this machine: the benchmark's peer of a log, and used by nothing else.
//!
//! It commits as the writer of a log does (one thread, WAL, `synchronous=FULL`, take one, then whatever else is waiting) but does
//! nothing besides: one small row for the event and one for the idempotency key, with no checks, digests or stream versions.

use super::file::{self, describe};
use crate::adapter::{BATCH_ENTRIES_MAX, QUEUE_ENTRIES_MAX};
use crate::port::LogError;
use rusqlite::{Connection, OpenFlags, TransactionBehavior, params};
use std::path::Path;
use tokio::sync::{mpsc, oneshot};

struct Append {
    key: String,
    payload: Vec<u8>,
    reply: Vec<u8>,
    answer: oneshot::Sender<Result<(), LogError>>,
}

/// A file of two tables and its writer. Cheap to clone; the writer ends with the last clone.
#[derive(Clone)]
pub struct BareLog {
    appends: mpsc::Sender<Append>,
}

impl BareLog {
    /// Makes the file, which must not be there. Blocks.
    ///
    /// # Errors
    /// When the file or the writer's thread cannot be made.
    pub fn create(path: &Path) -> Result<Self, LogError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
        let opened = file::connect_to_write(path, flags).and_then(|connection| {
            connection.execute_batch(
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
                 CREATE TABLE events (position INTEGER PRIMARY KEY, payload BLOB NOT NULL) STRICT;
                 CREATE TABLE requests (key TEXT PRIMARY KEY, reply BLOB NOT NULL) STRICT, WITHOUT ROWID;",
            )?;
            Ok(connection)
        });
        let connection = opened.map_err(|error| describe(path, &error))?;
        let (appends, queue) = mpsc::channel(QUEUE_ENTRIES_MAX);
        let place = path.to_owned();
        std::thread::Builder::new()
            .name("bare log".to_owned())
            .spawn(move || run(connection, &place, queue))
            .map_err(|error| LogError::Unavailable {
                place: path.display().to_string(),
                detail: format!("no thread for its writer: {error}"),
            })?;
        Ok(Self { appends })
    }

    /// Appends an event and the answer kept under the command's key, and waits until both are durable.
    ///
    /// # Errors
    /// When they cannot be written; a key that is there already is an error.
    pub async fn append(&self, key: String, payload: Vec<u8>, reply: Vec<u8>) -> Result<(), LogError> {
        let ended = || LogError::Unavailable {
            place: "the bare log".to_owned(),
            detail: "its writer has ended".to_owned(),
        };
        let (answer, answered) = oneshot::channel();
        self.appends.send(Append { key, payload, reply, answer }).await.map_err(|_| ended())?;
        answered.await.unwrap_or_else(|_| Err(ended()))
    }
}

fn run(mut connection: Connection, path: &Path, mut queue: mpsc::Receiver<Append>) {
    while let Some(first) = queue.blocking_recv() {
        let mut batch = vec![first];
        while batch.len() < BATCH_ENTRIES_MAX
            && let Ok(next) = queue.try_recv()
        {
            batch.push(next);
        }
        let committed = commit(&mut connection, &batch).map_err(|error| describe(path, &error));
        for append in batch {
            // A caller that went away no longer measures.
            let _ = append.answer.send(committed.clone());
        }
    }
}

fn commit(connection: &mut Connection, batch: &[Append]) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    {
        let mut event = transaction.prepare_cached("INSERT INTO events (payload) VALUES (?1)")?;
        let mut request = transaction.prepare_cached("INSERT INTO requests (key, reply) VALUES (?1, ?2)")?;
        for append in batch {
            event.execute([&append.payload])?;
            request.execute(params![append.key, append.reply])?;
        }
    }
    transaction.commit()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_was_answered_is_in_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bare.db");
        let log = BareLog::create(&path).unwrap();
        let appends = (0..40).map(|n| {
            let log = log.clone();
            tokio::spawn(async move { log.append(n.to_string(), vec![1; 200], vec![2; 100]).await })
        });
        for append in appends.collect::<Vec<_>>() {
            append.await.unwrap().unwrap();
        }
        assert!(log.append("7".to_owned(), vec![1], vec![2]).await.is_err());
        let reader = file::connect(&path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        let counts = "SELECT (SELECT count(*) FROM events), (SELECT count(*) FROM requests)";
        let counts: (u64, u64) = reader.query_row(counts, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        assert_eq!(counts, (40, 40));
    }
}
