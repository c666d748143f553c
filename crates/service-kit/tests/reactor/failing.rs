//! A log that counts what it is handed and fails one entry, and otherwise is the log behind it.

use async_trait::async_trait;
use care::StreamId;
use eventlog::{
    AppendError, Entry, EventLog, LogError, LogId, Recorded, Snapshot, SourcePosition, StoredReply, Ticket,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::watch;

pub(crate) struct FailingOnce {
    inner: Arc<dyn EventLog>,
    /// The number of the entry that fails, from 1; 0 for none.
    fails: u64,
    submitted: AtomicU64,
}

impl FailingOnce {
    pub(crate) fn over(inner: Arc<dyn EventLog>, fails: u64) -> Arc<Self> {
        Arc::new(Self { inner, fails, submitted: AtomicU64::new(0) })
    }

    /// How many entries it was handed.
    pub(crate) fn submitted(&self) -> u64 {
        self.submitted.load(Ordering::Acquire)
    }
}

#[async_trait]
impl EventLog for FailingOnce {
    fn id(&self) -> LogId {
        self.inner.id()
    }

    async fn submit(&self, entry: Entry) -> Result<Ticket, LogError> {
        if self.submitted.fetch_add(1, Ordering::AcqRel) + 1 != self.fails {
            return self.inner.submit(entry).await;
        }
        let (answer, ticket) = Ticket::new(self.id());
        let full = LogError::Unavailable { place: "the disk".to_owned(), detail: "full".to_owned() };
        let _ = answer.send(Err(AppendError::Log(full)));
        Ok(ticket)
    }

    async fn read(&self, after: u64, limit: usize) -> Result<Vec<Arc<Recorded>>, LogError> {
        self.inner.read(after, limit).await
    }

    async fn read_stream(
        &self,
        stream: &StreamId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Arc<Recorded>>, LogError> {
        self.inner.read_stream(stream, after, limit).await
    }

    fn head(&self) -> watch::Receiver<u64> {
        self.inner.head()
    }

    async fn reply(&self, key: &str) -> Result<Option<StoredReply>, LogError> {
        self.inner.reply(key).await
    }

    async fn keys(&self) -> Result<Vec<String>, LogError> {
        self.inner.keys().await
    }

    async fn sources(&self) -> Result<Vec<SourcePosition>, LogError> {
        self.inner.sources().await
    }

    async fn save_snapshot(&self, name: &'static str, snapshot: Snapshot) -> Result<(), LogError> {
        self.inner.save_snapshot(name, snapshot).await
    }

    async fn load_snapshot(&self, name: &'static str) -> Result<Option<Snapshot>, LogError> {
        self.inner.load_snapshot(name).await
    }
}
