//! Logs in PostgreSQL: one database per service, a log's rows behind row-level security, one writer task per log.
//!
//! A batch is one statement, one round trip and one commit, which is on the server's disk before its entries are answered. Entries
//! that wait together share it (group commit): the writer takes one entry, then whatever else is waiting, and never waits
//! for more. Each session needs a server process of its own: a pooler that hands one to several sessions would mix up owners.

mod append;
mod appender;
pub mod bare;
mod errors;
mod lease;
mod migrate;
mod reader;
mod rows;
mod session;
mod store;
mod writer;

pub use lease::Lease;
pub use store::PostgresStore;

use crate::adapter::{Jobs, READ_EVENTS_MAX, Tail, Trouble};
use crate::event::Recorded;
use crate::log_id::LogId;
use crate::port::{Entry, EventLog, LogError, Snapshot, SourcePosition, StoredReply, Ticket};
use crate::postgres::appender::Appender;
use crate::postgres::reader::Readers;
use crate::postgres::session::Server;
use crate::postgres::writer::Writer;
use async_trait::async_trait;
use care::StreamId;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::watch;

/// How often a log that is only read is asked for its head. Nothing is announced instead: the server would take a lock of the whole
/// database for it at every commit.
const POLL_MS: u64 = 200;

/// A log in a PostgreSQL database.
pub struct PostgresLog {
    id: LogId,
    /// None for a log that is only read.
    jobs: Option<Jobs>,
    /// Who appends; none for a log that is only read.
    holder: Option<String>,
    head: watch::Receiver<u64>,
    tail: Tail,
    /// Whether `head` has everything durable.
    sure: Arc<AtomicBool>,
    readers: Readers,
    trouble: Trouble,
}

impl PostgresLog {
    /// Becomes the log's one appender.
    async fn open(server: Arc<Server>, id: LogId, readers: Readers) -> Result<Self, LogError> {
        let opened = Appender::take_over(server, id).await?;
        let holder = Some(opened.0.holder.clone());
        let (head_sender, head) = watch::channel(opened.2.head);
        let (jobs, queue) = Jobs::new(id);
        let (tail, sure) = (Tail::default(), Arc::new(AtomicBool::new(true)));
        let trouble = Trouble::default();
        let watched = (readers.clone(), trouble.clone());
        let writer = Writer::new(opened, head_sender, tail.clone(), Arc::clone(&sure), watched);
        tokio::spawn(writer.run(queue));
        Ok(Self { id, jobs: Some(jobs), holder, head, tail, sure, readers, trouble })
    }

    /// Follows the log without appending to it.
    async fn follow(id: LogId, readers: Readers) -> Result<Self, LogError> {
        let (head_sender, head) = watch::channel(readers.head().await?);
        tokio::spawn(poll(readers.clone(), head_sender));
        let (tail, sure) = (Tail::default(), Arc::new(AtomicBool::new(true)));
        Ok(Self { id, jobs: None, holder: None, head, tail, sure, readers, trouble: Trouble::default() })
    }

    fn jobs(&self) -> Result<&Jobs, LogError> {
        self.jobs.as_ref().ok_or_else(|| LogError::Unavailable {
            place: self.id.to_string(),
            detail: "it was opened to be read; only its appender may append".to_owned(),
        })
    }
}

/// Asks for the head until nobody follows it any more.
async fn poll(readers: Readers, heads: watch::Sender<u64>) {
    loop {
        tokio::select! {
            () = heads.closed() => return,
            () = tokio::time::sleep(Duration::from_millis(POLL_MS)) => {}
        }
        match readers.head().await {
            Ok(head) => {
                heads.send_if_modified(|known| std::mem::replace(known, head) != head);
            }
            // Whoever reads is told; here it is tried again.
            Err(error) => tracing::debug!(%error, "the head of a followed log cannot be read"),
        }
    }
}

#[async_trait]
impl EventLog for PostgresLog {
    fn id(&self) -> LogId {
        self.id
    }

    fn trouble(&self) -> Option<LogError> {
        self.trouble.lately()
    }

    async fn submit(&self, entry: Entry) -> Result<Ticket, LogError> {
        self.jobs()?.submit(entry).await
    }

    async fn read(&self, after: u64, limit: usize) -> Result<Vec<Arc<Recorded>>, LogError> {
        let limit = limit.min(READ_EVENTS_MAX);
        if self.sure.load(Ordering::Acquire) {
            if after >= *self.head.borrow() {
                return Ok(Vec::new());
            }
            if let Some(events) = self.tail.latest(after, limit) {
                return Ok(events);
            }
        }
        self.readers.read(after, limit).await
    }

    async fn read_stored(&self, after: u64, limit: usize) -> Result<Vec<Arc<Recorded>>, LogError> {
        self.readers.read(after, limit.min(READ_EVENTS_MAX)).await
    }

    async fn read_stream(
        &self,
        stream: &StreamId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Arc<Recorded>>, LogError> {
        self.readers.read_stream(stream, after, limit.min(READ_EVENTS_MAX)).await
    }

    fn head(&self) -> watch::Receiver<u64> {
        self.head.clone()
    }

    async fn still_ours(&self) -> Result<bool, LogError> {
        match &self.holder {
            Some(holder) => self.readers.is_held_by(holder).await,
            None => Ok(false),
        }
    }

    async fn reply(&self, key: &str) -> Result<Option<StoredReply>, LogError> {
        self.readers.reply(key).await
    }

    async fn keys(&self) -> Result<Vec<String>, LogError> {
        self.readers.keys().await
    }

    async fn sources(&self) -> Result<Vec<SourcePosition>, LogError> {
        self.readers.sources().await
    }

    async fn save_snapshot(&self, name: &'static str, snapshot: Snapshot) -> Result<(), LogError> {
        self.jobs()?.save_snapshot(name, snapshot).await
    }

    async fn load_snapshot(&self, name: &'static str) -> Result<Option<Snapshot>, LogError> {
        self.readers.snapshot(name).await
    }
}
