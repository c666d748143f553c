//! The queue before a log's one writer, and what of it shares a commit.

use crate::adapter::measures::Appends;
use crate::log_id::LogId;
use crate::port::{AppendError, Appended, Entry, LogError, Snapshot, Ticket};
use std::time::Instant;
use tokio::sync::{mpsc, oneshot};

/// How many entries may wait for the writer before senders wait too.
pub(crate) const QUEUE_ENTRIES_MAX: usize = 1_024;
/// How many entries share a commit at most.
pub(crate) const BATCH_ENTRIES_MAX: usize = 512;
/// How many bytes of payload share a commit at most, one entry more.
const BATCH_BYTES_MAX: usize = 4 * 1024 * 1024;

/// What became of an entry.
pub(crate) type Outcome = Result<Appended, AppendError>;

/// Where an answer goes. Whoever waited for it may have gone away.
type Answer<T> = oneshot::Sender<T>;

/// What a writer is asked to do.
pub(crate) enum Job {
    Append(Box<Entry>, Answer<Outcome>),
    SaveSnapshot(Saving),
}

/// A snapshot to keep under a name.
pub(crate) struct Saving {
    pub(crate) name: &'static str,
    pub(crate) snapshot: Box<Snapshot>,
    pub(crate) answer: Answer<Result<(), LogError>>,
}

/// The handle to a writer's queue.
pub(crate) struct Jobs {
    log: LogId,
    queue: mpsc::Sender<Job>,
}

impl Jobs {
    /// A queue for the writer of `log`.
    pub(crate) fn new(log: LogId) -> (Self, mpsc::Receiver<Job>) {
        let (queue, jobs) = mpsc::channel(QUEUE_ENTRIES_MAX);
        (Self { log, queue }, jobs)
    }

    pub(crate) async fn submit(&self, entry: Entry) -> Result<Ticket, LogError> {
        let (answer, ticket) = Ticket::new(self.log);
        self.send(Job::Append(Box::new(entry), answer)).await?;
        Ok(ticket)
    }

    pub(crate) async fn save_snapshot(&self, name: &'static str, snapshot: Snapshot) -> Result<(), LogError> {
        let (answer, saved) = oneshot::channel();
        self.send(Job::SaveSnapshot(Saving { name, snapshot: Box::new(snapshot), answer })).await?;
        saved.await.unwrap_or(Err(LogError::Closed(self.log)))
    }

    async fn send(&self, job: Job) -> Result<(), LogError> {
        self.queue.send(job).await.map_err(|_| LogError::Closed(self.log))
    }
}

/// What shares a commit.
pub(crate) struct Batch {
    collected: Instant,
    pub(crate) entries: Vec<Entry>,
    answers: Vec<Answer<Outcome>>,
    pub(crate) snapshots: Vec<Saving>,
}

impl Batch {
    /// The first job and whatever else is waiting; nothing is waited for.
    pub(crate) fn collect(first: Job, queue: &mut mpsc::Receiver<Job>) -> Self {
        let (entries, answers, snapshots) = Default::default();
        let mut batch = Self { collected: Instant::now(), entries, answers, snapshots };
        let mut bytes = 0;
        let mut next = Some(first);
        while let Some(job) = next {
            match job {
                Job::Append(entry, answer) => {
                    bytes += entry.events.iter().map(|event| event.payload.len()).sum::<usize>();
                    batch.entries.push(*entry);
                    batch.answers.push(answer);
                }
                Job::SaveSnapshot(saving) => batch.snapshots.push(saving),
            }
            let full = batch.entries.len() >= BATCH_ENTRIES_MAX || bytes >= BATCH_BYTES_MAX;
            next = if full { None } else { queue.try_recv().ok() };
        }
        batch
    }

    /// Tells each entry what became of it: only ever after the commit.
    pub(crate) fn answer(self, outcomes: Result<Vec<Outcome>, LogError>) {
        match outcomes {
            Ok(outcomes) => {
                Appends::committed(outcomes.len(), self.collected);
                for (answer, outcome) in self.answers.into_iter().zip(outcomes) {
                    // A caller that went away reads the log, or asks again with the same key.
                    let _ = answer.send(outcome);
                }
            }
            Err(error) => {
                for answer in self.answers {
                    let _ = answer.send(Err(AppendError::Log(error.clone())));
                }
            }
        }
    }
}
