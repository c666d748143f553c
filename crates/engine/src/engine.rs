//! The handle of a running domain.

use crate::ahead::Ahead;
use crate::committed::{Folded, read_sources};
use crate::completer::Completer;
use crate::outcome::{EngineError, Executed, HandedOver, OpenError, Reacted};
use crate::snapshot;
use crate::writer::{Job, Writer};
use care::{Domain, Timestamp};
use eventlog::{EventLog, LogId, SourcePosition};
use sha2::{Digest, Sha256};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};

/// How many commands may wait for the writer before callers wait too.
const QUEUE_COMMANDS_MAX: usize = 1_024;

/// A client's key for a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestKey {
    /// The requester and its request id, at most 200 bytes.
    pub key: String,
    /// SHA-256 of what was asked.
    pub request_hash: [u8; 32],
}

/// Who asks, why and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    /// The principal or service.
    pub actor: String,
    /// The event or request that led here.
    pub causation: Option<String>,
    /// The thread across services.
    pub correlation: Option<String>,
    /// The instant to record.
    pub at: Timestamp,
    /// The client's key, for a request that may be repeated.
    pub request: Option<RequestKey>,
}

/// A domain running over a log. Cheap to clone; the domain stops when the last clone is dropped.
pub struct Engine<D: Domain> {
    log: Arc<dyn EventLog>,
    jobs: mpsc::Sender<Job<D>>,
    folded: Arc<RwLock<Folded<D>>>,
    head: watch::Receiver<u64>,
}

impl<D: Domain> Clone for Engine<D> {
    fn clone(&self) -> Self {
        Self {
            log: Arc::clone(&self.log),
            jobs: self.jobs.clone(),
            folded: Arc::clone(&self.folded),
            head: self.head.clone(),
        }
    }
}

impl<D: Domain> Engine<D> {
    /// Replays the log and starts deciding.
    ///
    /// # Errors
    /// When the log cannot be read, or holds an event that this program does not understand.
    pub async fn open(log: Arc<dyn EventLog>) -> Result<Self, OpenError> {
        Self::open_after(log, &Ahead::default()).await
    }

    /// Replays what was not folded of the log while this process stood by, and starts deciding.
    ///
    /// # Errors
    /// As [`Engine::open`].
    pub async fn open_after(log: Arc<dyn EventLog>, ahead: &Ahead) -> Result<Self, OpenError> {
        let head = *log.head().borrow();
        let (mut folded, mut snapshot_at) = match ahead.take::<D>(log.id(), head).await {
            // Which snapshot there is was the other instance's business.
            Some(folded) => (folded, 0),
            None => {
                let folded = snapshot::load::<D>(&*log).await;
                let at = folded.head;
                (folded, at)
            }
        };
        folded.catch_up(&*log, None).await?;
        if folded.head >= snapshot_at + D::SNAPSHOT_EVENTS {
            // So that the next start is short, whether anything happens until then or not.
            snapshot_at = folded.head;
            if let Some(snapshot) = snapshot::take(&folded) {
                let log = Arc::clone(&log);
                tokio::spawn(async move { snapshot::save(&*log, snapshot).await });
            }
        }
        folded.sources = read_sources(&*log).await?;
        let keys = log.keys().await?;
        let (head_sender, head) = watch::channel(folded.head);
        let staged = folded.clone();
        let folded = Arc::new(RwLock::new(folded));
        let (jobs, queue) = mpsc::channel(QUEUE_COMMANDS_MAX);
        let (in_flight, completions) = mpsc::channel(QUEUE_COMMANDS_MAX);
        let stale = Arc::new(AtomicBool::new(false));
        let completer = Completer::new(
            Arc::clone(&log),
            Arc::clone(&folded),
            head_sender,
            Arc::clone(&stale),
            snapshot_at,
        );
        tokio::spawn(completer.run(completions));
        let writer = Writer::new(Arc::clone(&log), staged, Arc::clone(&folded), keys, in_flight, stale);
        tokio::spawn(writer.run(queue));
        Ok(Self { log, jobs, folded, head })
    }

    /// The log's name.
    #[must_use]
    pub fn log_id(&self) -> LogId {
        self.log.id()
    }

    /// The log, for those who follow it.
    #[must_use]
    pub fn log(&self) -> Arc<dyn EventLog> {
        Arc::clone(&self.log)
    }

    /// Decides a command and waits until its events are durable. `render` makes the answer from the state after the decision; the
    /// answer is kept with the events, so that a repeated request gets it byte for byte.
    ///
    /// # Errors
    /// See [`EngineError`]; after any of them nothing has changed, except that after
    /// [`EngineError::Unavailable`] the events may turn out to be durable.
    pub async fn execute(
        &self,
        command: D::Command,
        context: Context,
        render: impl FnOnce(&D::State, &[D::Event]) -> Vec<u8> + Send + 'static,
    ) -> Executed<D::Rejection> {
        let (answer, answered) = oneshot::channel();
        let job = Job::Command { command, context, render: Box::new(render), answer };
        self.jobs.send(job).await.map_err(|_| self.stopped())?;
        answered.await.unwrap_or_else(|_| Err(self.stopped()))
    }

    /// Gives the effect of another log's event: the command's events and the event's position become durable in one
    /// write. Without a command only the position does. An event at or before a position already consumed is dropped.
    ///
    /// # Errors
    /// A rejection too, since a reaction's "no" has to be an event: it shows a defect, and the event was not consumed.
    pub async fn react(
        &self,
        source: SourcePosition,
        command: Option<D::Command>,
        context: Context,
    ) -> Result<Reacted, EngineError<D::Rejection>> {
        self.hand_over(source, 0, command, context).await?.outcome().await
    }

    /// As [`Engine::react`], but gives a promise as soon as the event has its place in the queue, so that events handed over one
    /// after the other share commits. `after` is the position handed over before this one: if that was not consumed, nor is
    /// this, for otherwise it would take the position with it and the one before would never be given again.
    ///
    /// # Errors
    /// When the engine has stopped.
    pub async fn hand_over(
        &self,
        source: SourcePosition,
        after: u64,
        command: Option<D::Command>,
        context: Context,
    ) -> Result<HandedOver<D::Rejection>, EngineError<D::Rejection>> {
        let (answer, answered) = oneshot::channel();
        let job = Job::Reaction { source, after, command, context, answer };
        self.jobs.send(job).await.map_err(|_| self.stopped())?;
        Ok(HandedOver { log: self.log.id(), answered })
    }

    /// Looks at the committed state: only what is durable.
    pub fn read<R>(&self, look: impl FnOnce(&D::State) -> R) -> R {
        look(&self.folded.read().unwrap_or_else(PoisonError::into_inner).state)
    }

    /// Looks at the committed state together with the position that it stands at.
    pub fn read_at<R>(&self, look: impl FnOnce(&D::State, u64) -> R) -> R {
        let folded = self.folded.read().unwrap_or_else(PoisonError::into_inner);
        look(&folded.state, folded.head)
    }

    /// The position that the committed state stands at and the SHA-256 of its JSON, in hex: two folds of the same events have the
    /// same, whichever process made them.
    #[must_use]
    pub fn digest(&self) -> String {
        self.read_at(|state, head| {
            let state = serde_json::to_vec(state).unwrap_or_default();
            format!("{head}:{}", hex::encode(Sha256::digest(state)))
        })
    }

    /// Waits until `look` finds something in the committed state, for `patience` at most.
    pub async fn wait_for<T>(
        &self,
        patience: Duration,
        mut look: impl FnMut(&D::State) -> Option<T>,
    ) -> Option<T> {
        let mut head = self.head.clone();
        let found = async {
            loop {
                head.mark_unchanged();
                if let Some(found) = self.read(&mut look) {
                    return Some(found);
                }
                head.changed().await.ok()?;
            }
        };
        tokio::time::timeout(patience, found).await.ok().flatten()
    }

    /// The position that the committed state stands at, as it moves on, for who looks at the state again whenever it may have changed.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.head.clone()
    }

    /// The position that the committed state stands at.
    #[must_use]
    pub fn head(&self) -> u64 {
        *self.head.borrow()
    }

    /// Up to which position another log has been consumed.
    #[must_use]
    pub fn consumed(&self, source: LogId) -> u64 {
        let folded = self.folded.read().unwrap_or_else(PoisonError::into_inner);
        folded.sources.get(&source).copied().unwrap_or(0)
    }

    /// The state as it stood after `position`, folded from the log's first event.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn state_at(&self, position: u64) -> Result<D::State, OpenError> {
        let mut folded = Folded::<D>::default();
        folded.catch_up(&*self.log, Some(position)).await?;
        Ok(folded.state)
    }

    fn stopped(&self) -> EngineError<D::Rejection> {
        EngineError::Unavailable(format!("{} has stopped", self.log.id()))
    }
}
