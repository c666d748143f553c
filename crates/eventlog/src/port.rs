//! The port: what a log does, whatever it is stored in.

use crate::event::{Meta, NewEvent, Recorded};
use crate::log_id::LogId;
use async_trait::async_trait;
use care::StreamId;
use std::sync::Arc;
use tokio::sync::{oneshot, watch};

/// What a stream must look like for an entry to be appended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// It has exactly this many events; zero for a stream that must not exist yet.
    Version(u64),
    /// Anything: the appender is sure that no other decision can conflict.
    Any,
}

/// A client's key for a request, kept with the request's events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotency {
    /// The requester and its request id, at most 200 bytes.
    pub key: String,
    /// SHA-256 of the request, to tell a repetition from a different request under the same key.
    pub request_hash: [u8; 32],
    /// The answer, byte for byte.
    pub reply: Vec<u8>,
}

/// How far another log has been consumed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourcePosition {
    /// The other log.
    pub log: LogId,
    /// The position of the event whose effect this is.
    pub position: u64,
}

/// The events of one decision: all of them are appended, or none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The log's last position that the decision was made on; the append is refused if the log has moved on.
    pub expected_head: Option<u64>,
    /// For each stream, in the order of their first event here, what it must look like. Streams not named are `Any`.
    pub expected: Vec<(StreamId, Expected)>,
    /// The events, at most 1,000; none when only a source position is to be remembered.
    pub events: Vec<NewEvent>,
    /// Who, why, when.
    pub meta: Meta,
    /// The client's key, if it gave one.
    pub idempotency: Option<Idempotency>,
    /// The event of another log whose effect this is.
    pub source: Option<SourcePosition>,
}

/// What became of an entry that was not refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Appended {
    /// It is durable, and these are its events.
    Committed(Committed),
    /// The same request was answered before: this is the answer. Nothing was appended.
    Repeated(StoredReply),
    /// The source event had been consumed before. Nothing was appended.
    AlreadySeen,
}

/// The durable result of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committed {
    /// The log's last position after it.
    pub head: u64,
    /// Its events as recorded.
    pub events: Vec<Arc<Recorded>>,
}

/// An answer kept under an idempotency key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredReply {
    /// SHA-256 of the request that was answered.
    pub request_hash: [u8; 32],
    /// The answer.
    pub reply: Vec<u8>,
    /// The log's last position when it was given.
    pub head: u64,
}

/// Why an entry was not appended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// The log moved on since the decision.
    #[error("the log is at position {actual}, the decision was made at {expected}")]
    WrongHead {
        /// The head the decision was made on.
        expected: u64,
        /// The head it found.
        actual: u64,
    },
    /// A stream moved on since the decision.
    #[error("stream {stream} is at version {actual}, expected {expected}")]
    WrongVersion {
        /// The stream.
        stream: StreamId,
        /// The version the decision was made on.
        expected: u64,
        /// The version it found.
        actual: u64,
    },
    /// The key was used before for another request.
    #[error("the request id was used before for a different request")]
    KeyReused,
    /// The entry is larger than a log takes.
    #[error("the entry is too large: {0}")]
    TooLarge(String),
    /// The log itself could not do it.
    #[error(transparent)]
    Log(#[from] LogError),
}

/// A log that cannot work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LogError {
    /// Another appender has taken the log over.
    #[error("{log}: another appender has taken over (epoch {current}, ours was {ours})")]
    Fenced {
        /// The log.
        log: LogId,
        /// This appender's epoch.
        ours: u64,
        /// The epoch found.
        current: u64,
    },
    /// What is stored is not what was written.
    #[error("{place} is damaged: {detail}. Restore it from a backup; nothing was changed")]
    Damaged {
        /// The file or table.
        place: String,
        /// What was found, with the position where known.
        detail: String,
    },
    /// The storage refused or failed; nothing was appended.
    #[error("{place}: {detail}")]
    Unavailable {
        /// The file or server.
        place: String,
        /// What it said.
        detail: String,
    },
    /// The appender has been closed.
    #[error("{0}: the log is closed")]
    Closed(LogId),
}

/// A promise that an entry was handed over; it resolves once the entry is durable or refused.
#[derive(Debug)]
pub struct Ticket {
    pub(crate) log: LogId,
    pub(crate) outcome: oneshot::Receiver<Result<Appended, AppendError>>,
}

impl Ticket {
    /// A ticket and the sender that resolves it, for adapters and test doubles.
    #[must_use]
    pub fn new(log: LogId) -> (oneshot::Sender<Result<Appended, AppendError>>, Self) {
        let (sender, outcome) = oneshot::channel();
        (sender, Self { log, outcome })
    }

    /// Waits until the entry is durable or refused.
    ///
    /// # Errors
    /// Why it was not appended; [`LogError::Closed`] when the appender ended first, in which case the entry may or may
    /// not be durable.
    pub async fn outcome(self) -> Result<Appended, AppendError> {
        self.outcome.await.unwrap_or(Err(AppendError::Log(LogError::Closed(self.log))))
    }
}

/// A disposable copy of a state, to shorten a replay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Which program and shape wrote it; any other ignores it.
    pub schema: String,
    /// The position up to which it has folded.
    pub position: u64,
    /// The state.
    pub body: Vec<u8>,
}

/// An append-only log with one owner and one appender.
#[async_trait]
pub trait EventLog: Send + Sync + 'static {
    /// Its name.
    fn id(&self) -> LogId;

    /// Hands an entry to the appender. Entries are appended in the order in which they were handed over; those that wait
    /// together share one commit.
    ///
    /// # Errors
    /// When the appender is gone.
    async fn submit(&self, entry: Entry) -> Result<Ticket, LogError>;

    /// Appends an entry and waits until it is durable.
    ///
    /// # Errors
    /// See [`AppendError`].
    async fn append(&self, entry: Entry) -> Result<Appended, AppendError> {
        self.submit(entry).await?.outcome().await
    }

    /// Up to `limit` events after `position`, in order.
    ///
    /// # Errors
    /// When the storage fails or is damaged.
    async fn read(&self, after: u64, limit: usize) -> Result<Vec<Arc<Recorded>>, LogError>;

    /// As [`EventLog::read`], but always from the storage, up to whatever it holds: for those who check it. An adapter that keeps events
    /// or the head in memory must not answer from there.
    ///
    /// # Errors
    /// When the storage fails or is damaged.
    async fn read_stored(&self, after: u64, limit: usize) -> Result<Vec<Arc<Recorded>>, LogError> {
        self.read(after, limit).await
    }

    /// Up to `limit` events of a stream after its version `after`, in order.
    ///
    /// # Errors
    /// When the storage fails or is damaged.
    async fn read_stream(
        &self,
        stream: &StreamId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Arc<Recorded>>, LogError>;

    /// The last durable position, and every later one as it becomes durable.
    fn head(&self) -> watch::Receiver<u64>;

    /// Whether no other appender has taken the log over since this one opened it. An adapter whose storage no other process can open says
    /// yes without looking.
    ///
    /// # Errors
    /// When the storage cannot say.
    async fn still_ours(&self) -> Result<bool, LogError> {
        Ok(true)
    }

    /// The answer kept under a key.
    ///
    /// # Errors
    /// When the storage fails or is damaged.
    async fn reply(&self, key: &str) -> Result<Option<StoredReply>, LogError>;

    /// All idempotency keys.
    ///
    /// # Errors
    /// When the storage fails or is damaged.
    async fn keys(&self) -> Result<Vec<String>, LogError>;

    /// How far other logs have been consumed.
    ///
    /// # Errors
    /// When the storage fails or is damaged.
    async fn sources(&self) -> Result<Vec<SourcePosition>, LogError>;

    /// Damage that was found since the log was opened: from then on nothing is appended to it.
    fn damage(&self) -> Option<LogError> {
        None
    }

    /// Why the last append failed, if it did so in the last half minute: the disk is full, the server is away.
    fn trouble(&self) -> Option<LogError> {
        None
    }

    /// Keeps a snapshot under a name, instead of the one before.
    ///
    /// # Errors
    /// When the storage fails.
    async fn save_snapshot(&self, name: &'static str, snapshot: Snapshot) -> Result<(), LogError>;

    /// The snapshot kept under a name; none when there is none, or when it is damaged (a snapshot is only a cache).
    ///
    /// # Errors
    /// When the storage fails.
    async fn load_snapshot(&self, name: &'static str) -> Result<Option<Snapshot>, LogError>;
}

/// Where logs are kept.
#[async_trait]
pub trait LogStore: Send + Sync + 'static {
    /// Opens a log as its one appender, making it if it is not there; an appender that had it before is fenced.
    ///
    /// # Errors
    /// When it cannot be opened or is damaged.
    async fn open(&self, id: LogId) -> Result<Arc<dyn EventLog>, LogError>;

    /// Opens a log to read and follow it, beside whoever appends to it: for a standby, so that it knows what happened when it takes over. The
    /// head moves on a moment after a commit, and what is read may be ahead of it.
    ///
    /// # Errors
    /// When the log cannot be read, or this store is used by one process at a time. Appending to it is one too.
    async fn open_reader(&self, id: LogId) -> Result<Arc<dyn EventLog>, LogError>;

    /// Waits until the appenders of all logs opened here have ended, which they do when the last handle of their log is gone, and have put
    /// everything in order. Nothing is lost when a process ends without; the next start has more to do.
    async fn closed(&self) {}
}
