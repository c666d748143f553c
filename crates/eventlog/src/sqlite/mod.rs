//! Logs in SQLite: one file per log, one writer thread, read-only readers.
//!
//! A commit is on the disk before its entries are answered (`synchronous=FULL`), and entries that wait together share
//! one (group commit): the writer takes one entry, then whatever else is waiting, and never waits for more.

pub mod bare;
mod file;
mod high_water;
mod reader;
mod rows;
mod store;
#[cfg(any(test, feature = "conformance"))]
mod tamper;
mod writer;

pub use store::{SqliteStore, StoreLocked};
#[cfg(any(test, feature = "conformance"))]
pub use tamper::{damage, tamper, truncate};

use crate::adapter::{Jobs, READ_EVENTS_MAX, Tail, Trouble};
use crate::event::Recorded;
use crate::log_id::LogId;
use crate::port::{Entry, EventLog, LogError, Snapshot, SourcePosition, StoredReply, Ticket};
use async_trait::async_trait;
use care::StreamId;
use reader::Readers;
use rusqlite::OpenFlags;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;
use tokio::sync::watch;
use writer::Writer;

/// A log in one SQLite file.
pub struct SqliteLog {
    id: LogId,
    jobs: Jobs,
    head: watch::Receiver<u64>,
    tail: Tail,
    readers: Arc<Readers>,
    found: Found,
    trouble: Trouble,
}

impl SqliteLog {
    /// Opens the log's file, makes it if it is not there, and becomes its one appender, on a thread of its own that ends after the log was
    /// dropped. Blocks.
    ///
    /// # Errors
    /// [`LogError::Damaged`] naming the file when it is not what was written; [`LogError::Unavailable`] when it cannot be
    /// opened.
    pub fn open(path: &Path, id: LogId) -> Result<(Self, JoinHandle<()>), LogError> {
        let opened = file::open_as_appender(path, id)?;
        let (jobs, queue) = Jobs::new(id);
        let (head_sender, head) = watch::channel(opened.head);
        let tail = Tail::default();
        let readers = Arc::new(Readers::new(path, id));
        let found = Found::default();
        if file::is_long(path) {
            check_indexes(path, id, Arc::clone(&found))?;
        }
        let trouble = Trouble::default();
        let health = (Arc::clone(&found), trouble.clone());
        let writer = Writer::new(opened, path, id, head_sender, tail.clone(), health);
        let thread = std::thread::Builder::new()
            .name(format!("log {id}"))
            .stack_size(512 * 1024)
            .spawn(move || writer.run(queue))
            .map_err(|error| LogError::Unavailable {
                place: path.display().to_string(),
                detail: format!("no thread for its writer: {error}"),
            })?;
        Ok((Self { id, jobs, head, tail, readers, found, trouble }, thread))
    }

    async fn blocking<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Readers) -> Result<T, LogError> + Send + 'static,
    ) -> Result<T, LogError> {
        let readers = Arc::clone(&self.readers);
        tokio::task::spawn_blocking(move || read(&readers)).await.unwrap_or(Err(LogError::Closed(self.id)))
    }
}

/// Damage that was found while the log was in use: from then on nothing is appended.
type Found = Arc<OnceLock<LogError>>;

/// Holds the file's indexes against its tables, on a thread of its own.
fn check_indexes(path: &Path, id: LogId, found: Found) -> Result<(), LogError> {
    let path = path.to_owned();
    let place = path.display().to_string();
    let check = move || {
        let checked = file::connect(&path, OpenFlags::SQLITE_OPEN_READ_ONLY)
            .map_err(|error| file::describe(&path, &error))
            .and_then(|connection| file::look_for_damage(&connection, &path, "integrity_check"));
        match checked {
            Err(error @ LogError::Damaged { .. }) => {
                tracing::error!(log = %id, %error, "ALARM: nothing is appended any more");
                // Nobody else sets it.
                let _ = found.set(error);
            }
            Err(error) => {
                tracing::error!(log = %id, %error, "ALARM: the file's indexes could not be checked")
            }
            Ok(()) => tracing::debug!(log = %id, "the file's indexes are as its tables"),
        }
    };
    let thread = std::thread::Builder::new().name(format!("check {id}")).spawn(check);
    thread.map(drop).map_err(|error| LogError::Unavailable {
        place,
        detail: format!("no thread to check its indexes: {error}"),
    })
}

#[async_trait]
impl EventLog for SqliteLog {
    fn id(&self) -> LogId {
        self.id
    }

    async fn submit(&self, entry: Entry) -> Result<Ticket, LogError> {
        self.jobs.submit(entry).await
    }

    async fn read(&self, after: u64, limit: usize) -> Result<Vec<Arc<Recorded>>, LogError> {
        let limit = limit.min(READ_EVENTS_MAX);
        if after >= *self.head.borrow() {
            return Ok(Vec::new());
        }
        if let Some(events) = self.tail.latest(after, limit) {
            return Ok(events);
        }
        self.blocking(move |readers| readers.read(after, limit)).await
    }

    async fn read_stored(&self, after: u64, limit: usize) -> Result<Vec<Arc<Recorded>>, LogError> {
        let limit = limit.min(READ_EVENTS_MAX);
        self.blocking(move |readers| readers.read(after, limit)).await
    }

    async fn read_stream(
        &self,
        stream: &StreamId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Arc<Recorded>>, LogError> {
        let (stream, limit) = (stream.clone(), limit.min(READ_EVENTS_MAX));
        self.blocking(move |readers| readers.read_stream(&stream, after, limit)).await
    }

    fn head(&self) -> watch::Receiver<u64> {
        self.head.clone()
    }

    async fn reply(&self, key: &str) -> Result<Option<StoredReply>, LogError> {
        let key = key.to_owned();
        self.blocking(move |readers| readers.reply(&key)).await
    }

    async fn keys(&self) -> Result<Vec<String>, LogError> {
        self.blocking(Readers::keys).await
    }

    async fn sources(&self) -> Result<Vec<SourcePosition>, LogError> {
        self.blocking(Readers::sources).await
    }

    fn damage(&self) -> Option<LogError> {
        self.found.get().cloned()
    }

    fn trouble(&self) -> Option<LogError> {
        self.trouble.lately()
    }

    async fn save_snapshot(&self, name: &'static str, snapshot: Snapshot) -> Result<(), LogError> {
        self.jobs.save_snapshot(name, snapshot).await
    }

    async fn load_snapshot(&self, name: &'static str) -> Result<Option<Snapshot>, LogError> {
        self.blocking(move |readers| readers.snapshot(name)).await
    }
}
