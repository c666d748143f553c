//! The one writer of a log: a task that takes batches from the queue and has the server commit them, one round trip each.

use crate::adapter::{Batch, Job, Outcome, Tail, Trouble};
#[cfg(feature = "planted-defects")]
use crate::planted::{Planted, is_planted};
use crate::port::{Entry, LogError};
use crate::postgres::append::{Appending, Known, Verdict, stage};
use crate::postgres::appender::Appender;
use crate::postgres::errors::unavailable;
use crate::postgres::reader::Readers;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

/// How long a lost server is left alone, at first and at most.
const BACKOFF_MS: (u64, u64) = (100, 2_000);

/// The writer's connection.
enum Link {
    Up(Box<Appending>),
    /// Lost: batches are refused at once, and it is tried again at the next one after `at`, or then.
    Down {
        at: Instant,
        backoff: Duration,
        why: LogError,
    },
    /// For good: somebody else has the log, or it lost events.
    Over(LogError),
}

pub(super) struct Writer {
    appender: Appender,
    link: Link,
    epoch: u64,
    known: Known,
    heads: watch::Sender<u64>,
    tail: Tail,
    /// Whether `heads` has everything durable: not after a commit whose fate is unknown.
    sure: Arc<AtomicBool>,
    readers: Readers,
    trouble: Trouble,
}

impl Writer {
    pub(super) fn new(
        (appender, appending, known): (Appender, Appending, Known),
        heads: watch::Sender<u64>,
        tail: Tail,
        sure: Arc<AtomicBool>,
        (readers, trouble): (Readers, Trouble),
    ) -> Self {
        let epoch = appending.epoch;
        let link = Link::Up(Box::new(appending));
        Self { appender, link, epoch, known, heads, tail, sure, readers, trouble }
    }

    /// Works until every handle of the log is gone.
    pub(super) async fn run(mut self, mut queue: mpsc::Receiver<Job>) {
        loop {
            let job = match self.link {
                Link::Down { at, .. } => tokio::select! {
                    job = queue.recv() => job,
                    // So that followers hear of what turned out to be durable though nobody appends.
                    () = tokio::time::sleep_until(at) => {
                        self.connect_again().await;
                        continue;
                    }
                },
                Link::Up(_) | Link::Over(_) => queue.recv().await,
            };
            let Some(job) = job else { return };
            // Whoever else could run runs first: on a busy machine more then shares the commit, on an idle one it costs nothing.
            tokio::task::yield_now().await;
            let mut batch = Batch::collect(job, &mut queue);
            for saving in batch.snapshots.drain(..) {
                let readers = self.readers.clone();
                // A snapshot is a cache and may be large: no batch waits for it, and whether anybody hears of its fate does not matter.
                tokio::spawn(async move {
                    let saved = readers.save_snapshot(saving.name, &saving.snapshot).await;
                    let _ = saving.answer.send(saved);
                });
            }
            if !batch.entries.is_empty() {
                self.commit(batch).await;
            }
        }
    }

    /// Has a batch committed, and answers only after the server said so.
    async fn commit(&mut self, mut batch: Batch) {
        let entries = std::mem::take(&mut batch.entries);
        let count = entries.len();
        let outcomes = self.append_all(entries).await;
        self.trouble.note(&outcomes, count);
        match &outcomes {
            Ok(outcomes) => {
                self.tail.extend(outcomes);
                self.publish_head();
            }
            Err(error) => {
                tracing::error!(log = %self.appender.log, %error, entries = count, "append failed, nothing was acknowledged");
                self.look_again(error).await;
            }
        }
        batch.answer(outcomes);
    }

    async fn append_all(&mut self, entries: Vec<Entry>) -> Result<Vec<Outcome>, LogError> {
        if matches!(&self.link, Link::Down { at, .. } if *at <= Instant::now()) {
            self.connect_again().await;
        }
        #[cfg(feature = "planted-defects")]
        if is_planted(Planted::AppenderWithoutFence, self.appender.log)
            && let Link::Up(appending) = &mut self.link
        {
            let known = self.appender.unfenced(appending, &self.known).await?;
            self.know(known);
        }
        let appending = match &mut self.link {
            Link::Up(appending) => appending,
            Link::Down { why, .. } => return Err(why.clone()),
            Link::Over(why) => return Err(why.clone()),
        };
        let mut found = HashMap::new();
        // What is believed of streams and keys is nearly always right. If not, it is looked up, and then it is.
        for _ in 0..2 {
            let staged = stage(self.appender.log, &self.known, &found, entries.clone())?;
            match appending.append(&staged.rows).await? {
                Verdict::Appended => {
                    self.known.adopt(staged.head, staged.rows);
                    return Ok(staged.outcomes);
                }
                Verdict::Fenced(current) => {
                    return Err(LogError::Fenced { log: self.appender.log, ours: self.epoch, current });
                }
                Verdict::Mistaken => found = appending.look_up(&staged.rows, &mut self.known).await?,
            }
        }
        let detail = format!("{}: its rows changed while its one appender looked at them", self.appender.log);
        Err(unavailable(&self.appender.server.place, detail))
    }

    /// After a failed commit: it may be durable all the same, and then the next event comes after it.
    async fn look_again(&mut self, error: &LogError) {
        let lost = match &mut self.link {
            Link::Up(_) if matches!(error, LogError::Fenced { .. }) => {
                self.link = Link::Over(error.clone());
                return;
            }
            Link::Up(appending) if !appending.session.is_lost() => {
                let looked = self.appender.look_again(appending, &self.known).await;
                looked.map(|known| self.know(known)).err()
            }
            Link::Up(_) => Some(error.clone()),
            Link::Down { .. } | Link::Over(_) => return,
        };
        if let Some(why) = lost {
            self.sure.store(false, Ordering::Release);
            self.link = Link::Down { at: Instant::now(), backoff: Duration::from_millis(BACKOFF_MS.0), why };
            self.connect_again().await;
        }
    }

    /// Tries the server once. Only after looking at what is stored is the log in use again.
    async fn connect_again(&mut self) {
        let Link::Down { backoff, .. } = self.link else { return };
        let connected = async {
            let mut appending = self.appender.come_back(self.epoch).await?;
            let known = self.appender.look_again(&mut appending, &self.known).await?;
            Ok((appending, known))
        };
        match connected.await {
            Ok((appending, known)) => {
                tracing::info!(log = %self.appender.log, head = known.head, "connected to the database again");
                self.epoch = appending.epoch;
                self.link = Link::Up(Box::new(appending));
                self.know(known);
                self.sure.store(true, Ordering::Release);
            }
            Err(why @ (LogError::Fenced { .. } | LogError::Damaged { .. })) => {
                tracing::error!(log = %self.appender.log, error = %why, "the log takes no more entries");
                self.link = Link::Over(why);
            }
            Err(why) => {
                let backoff = (backoff * 2).min(Duration::from_millis(BACKOFF_MS.1));
                self.link = Link::Down { at: Instant::now() + backoff, backoff, why };
            }
        }
    }

    fn know(&mut self, known: Known) {
        if known.head != self.known.head {
            self.tail.clear();
        }
        self.known = known;
        self.publish_head();
    }

    fn publish_head(&self) {
        let head = self.known.head;
        self.heads.send_if_modified(|known| std::mem::replace(known, head) != head);
    }
}
