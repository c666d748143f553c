//! A log that does to chosen entries what disks, networks and power cuts do, and otherwise is the SQLite log behind it.

use async_trait::async_trait;
use care::StreamId;
use eventlog::sqlite::SqliteStore;
use eventlog::{
    AppendError, Appended, Entry, EventLog, LogError, LogId, LogStore, Recorded, Service, Snapshot,
    SourcePosition, StoredReply, Ticket,
};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};

pub(crate) const LOG: LogId = LogId::region(Service::Invoicing);

/// A folder of logs that goes when the test ends.
pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// The log's file, opened as another start of the program would.
    pub(crate) async fn log(&self) -> Arc<dyn EventLog> {
        self.log_of(LOG).await
    }

    /// The same of another log.
    pub(crate) async fn log_of(&self, id: LogId) -> Arc<dyn EventLog> {
        SqliteStore::open(self.0.path()).unwrap().open(id).await.unwrap()
    }

    pub(crate) async fn faulty(&self) -> Arc<FaultyLog> {
        FaultyLog::over(self.log().await)
    }
}

/// What happens to an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It is refused and nothing of it is kept.
    Fail,
    /// It is kept, and the answer says that it failed.
    FailButDurable,
    /// It and all behind it take so much longer.
    Delay(Duration),
    /// The power goes before it is kept.
    CrashBefore,
    /// The power goes after it is kept and before anybody hears of it.
    CrashAfter,
}

type Answer = oneshot::Sender<Result<Appended, AppendError>>;

pub(crate) struct FaultyLog {
    inner: Arc<dyn EventLog>,
    /// By the entry's number, from 1 in the order of submission.
    faults: Arc<Mutex<HashMap<u64, Fault>>>,
    queue: mpsc::UnboundedSender<(Entry, Answer)>,
    submitted: watch::Sender<u64>,
    /// Entries up to this number may be committed.
    released: watch::Sender<u64>,
    /// Where each read began, and how many events it gave.
    reads: Mutex<Vec<(u64, usize)>>,
    reads_to_fail: AtomicU64,
}

impl FaultyLog {
    pub(crate) fn over(inner: Arc<dyn EventLog>) -> Arc<Self> {
        let (queue, entries) = mpsc::unbounded_channel();
        let (released, gate) = watch::channel(u64::MAX);
        let faults = Arc::default();
        tokio::spawn(append_in_order(Arc::clone(&inner), Arc::clone(&faults), entries, gate));
        Arc::new(Self {
            inner,
            faults,
            queue,
            submitted: watch::Sender::new(0),
            released,
            reads: Mutex::default(),
            reads_to_fail: AtomicU64::new(0),
        })
    }

    pub(crate) fn fault(&self, number: u64, fault: Fault) {
        self.faults.lock().unwrap().insert(number, fault);
    }

    /// Commits no entry beyond this number until told otherwise.
    pub(crate) fn release_to(&self, number: u64) {
        self.released.send_replace(number);
    }

    pub(crate) fn release(&self) {
        self.release_to(u64::MAX);
    }

    /// Waits until so many entries have been handed over.
    pub(crate) async fn until_submitted(&self, count: u64) {
        let mut submitted = self.submitted.subscribe();
        let seen = submitted.wait_for(|submitted| *submitted >= count);
        tokio::time::timeout(Duration::from_secs(20), seen)
            .await
            .expect("the entries are handed over")
            .unwrap();
    }

    pub(crate) fn submitted(&self) -> u64 {
        *self.submitted.borrow()
    }

    pub(crate) fn fail_reads(&self, count: u64) {
        self.reads_to_fail.store(count, Ordering::SeqCst);
    }

    pub(crate) fn reads(&self) -> Vec<(u64, usize)> {
        self.reads.lock().unwrap().clone()
    }
}

fn broken() -> LogError {
    LogError::Unavailable { place: "test disk".to_owned(), detail: "told to fail".to_owned() }
}

async fn append_in_order(
    inner: Arc<dyn EventLog>,
    faults: Arc<Mutex<HashMap<u64, Fault>>>,
    mut entries: mpsc::UnboundedReceiver<(Entry, Answer)>,
    mut gate: watch::Receiver<u64>,
) {
    let mut number = 0;
    while let Some(first) = entries.recv().await {
        let mut next = Some(first);
        let mut answers = Vec::new();
        // As in a group commit, whatever waits and may go is on the disk before any of it is answered.
        while let Some((entry, answer)) = next {
            number += 1;
            if gate.wait_for(|released| *released >= number).await.is_err() {
                return;
            }
            let fault = faults.lock().unwrap().get(&number).copied();
            let Some(outcome) = append(&*inner, entry, fault).await else { return };
            answers.push((answer, outcome));
            let more = *gate.borrow() > number;
            next = if more { entries.try_recv().ok() } else { None };
        }
        for (answer, outcome) in answers {
            // Whoever asked may be part of what crashed.
            let _ = answer.send(outcome);
        }
    }
}

/// What the entry is answered; none after a crash.
async fn append(
    inner: &dyn EventLog,
    entry: Entry,
    fault: Option<Fault>,
) -> Option<Result<Appended, AppendError>> {
    match fault {
        None => Some(inner.append(entry).await),
        Some(Fault::Fail) => Some(Err(broken().into())),
        // What the log behind refuses stays refused; only what it took is denied.
        Some(Fault::FailButDurable) => Some(inner.append(entry).await.and(Err(broken().into()))),
        Some(Fault::Delay(delay)) => {
            tokio::time::sleep(delay).await;
            Some(inner.append(entry).await)
        }
        Some(Fault::CrashBefore) => None,
        Some(Fault::CrashAfter) => {
            inner.append(entry).await.unwrap();
            None
        }
    }
}

#[async_trait]
impl EventLog for FaultyLog {
    fn id(&self) -> LogId {
        self.inner.id()
    }

    async fn submit(&self, entry: Entry) -> Result<Ticket, LogError> {
        let (answer, ticket) = Ticket::new(self.id());
        self.queue.send((entry, answer)).map_err(|_| LogError::Closed(self.id()))?;
        self.submitted.send_modify(|submitted| *submitted += 1);
        Ok(ticket)
    }

    async fn read(&self, after: u64, limit: usize) -> Result<Vec<Arc<Recorded>>, LogError> {
        let failing = |left: u64| left.checked_sub(1);
        if self.reads_to_fail.fetch_update(Ordering::SeqCst, Ordering::SeqCst, failing).is_ok() {
            return Err(broken());
        }
        let events = self.inner.read(after, limit).await?;
        self.reads.lock().unwrap().push((after, events.len()));
        Ok(events)
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
