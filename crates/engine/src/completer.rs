//! Takes decisions in order as they become durable: applies them to the committed state, then answers.

use crate::committed::{Folded, next_events, read_sources};
use crate::outcome::{EngineError, Executed, OpenError, Reacted, Reply};
use crate::snapshot;
use care::{Domain, Event};
use eventlog::{AppendError, Appended, EventLog, SourcePosition, Ticket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::{mpsc, oneshot, watch};

/// What a key was answered with.
pub(crate) enum KeyAnswer<R> {
    Known(Executed<R>),
    New,
}

/// A decision on its way to being durable, and who waits for it.
pub(crate) enum InFlight<D: Domain> {
    Command {
        ticket: Ticket,
        events: Vec<D::Event>,
        reply: Vec<u8>,
        answer: oneshot::Sender<Executed<D::Rejection>>,
    },
    Reaction {
        ticket: Ticket,
        events: Vec<D::Event>,
        source: SourcePosition,
        answer: oneshot::Sender<Result<Reacted, EngineError<D::Rejection>>>,
    },
    /// An answer that appends nothing but may rest on decisions before it: it is given behind them, as `Err` if one of
    /// them failed.
    Answer(Box<dyn FnOnce(Result<u64, String>) + Send>),
    AnswerOf {
        key: String,
        request_hash: [u8; 32],
        answers: oneshot::Sender<KeyAnswer<D::Rejection>>,
    },
    /// Asks for a committed state that has everything durable, or why there is none.
    Rebuild {
        rebuilt: oneshot::Sender<Result<(), String>>,
    },
}

pub(crate) struct Completer<D: Domain> {
    log: Arc<dyn EventLog>,
    folded: Arc<RwLock<Folded<D>>>,
    heads: watch::Sender<u64>,
    /// Set when an entry failed: everything decided after it rested on events that never were.
    stale: Arc<AtomicBool>,
    /// Why, for those who wait behind it.
    cause: String,
    snapshot_due: u64,
}

impl<D: Domain> Completer<D> {
    pub(crate) fn new(
        log: Arc<dyn EventLog>,
        folded: Arc<RwLock<Folded<D>>>,
        heads: watch::Sender<u64>,
        stale: Arc<AtomicBool>,
        snapshot_at: u64,
    ) -> Self {
        let snapshot_due = snapshot_at + D::SNAPSHOT_EVENTS;
        Self { log, folded, heads, stale, cause: String::new(), snapshot_due }
    }

    pub(crate) async fn run(mut self, mut queue: mpsc::Receiver<InFlight<D>>) {
        while let Some(next) = queue.recv().await {
            match next {
                InFlight::Command { ticket, events, reply, answer } => {
                    let executed = match self.durable(ticket, &events, None).await {
                        Ok(Some(head)) => Ok(Reply { bytes: reply, head, repeated: false }),
                        Ok(None) => Err(EngineError::Unavailable(self.cause.clone())),
                        Err(error) => Err(error),
                    };
                    // Whoever asked may have gone away; the events stand all the same.
                    let _ = answer.send(executed);
                }
                InFlight::Reaction { ticket, events, source, answer } => {
                    let reacted = self.durable(ticket, &events, Some(source)).await;
                    let _ = answer
                        .send(reacted.map(|head| head.map_or(Reacted::AlreadySeen, |_| Reacted::Applied)));
                }
                InFlight::Answer(answer) => {
                    let stale = self.stale.load(Ordering::Acquire);
                    answer(if stale { Err(self.cause.clone()) } else { Ok(*self.heads.borrow()) });
                }
                InFlight::AnswerOf { key, request_hash, answers } => {
                    let _ = answers.send(self.answer_of(&key, request_hash).await);
                }
                InFlight::Rebuild { rebuilt } => {
                    let caught_up = self.catch_up().await.map_err(|error| error.to_string());
                    if let Err(error) = &caught_up {
                        tracing::error!(log = %self.log.id(), error, "the log cannot be read after a failed write");
                    } else {
                        self.stale.store(false, Ordering::Release);
                    }
                    let _ = rebuilt.send(caught_up);
                }
            }
        }
    }

    /// Waits for an entry and applies it; none if its source event had been consumed before.
    async fn durable(
        &mut self,
        ticket: Ticket,
        events: &[D::Event],
        source: Option<SourcePosition>,
    ) -> Result<Option<u64>, EngineError<D::Rejection>> {
        let error = match ticket.outcome().await {
            Ok(Appended::Committed(committed)) => match self.apply(committed.head, events, source).await {
                Ok(()) => {
                    self.snapshot_when_due(committed.head).await;
                    return Ok(Some(committed.head));
                }
                Err(error) => EngineError::Unavailable(error.to_string()),
            },
            Ok(Appended::AlreadySeen) => {
                self.fail("the log had consumed this event before".to_owned()).await;
                return Ok(None);
            }
            Ok(Appended::Repeated(_)) => {
                EngineError::Unavailable("the log had this request before".to_owned())
            }
            Err(AppendError::KeyReused) => EngineError::KeyReused,
            Err(AppendError::TooLarge(detail)) => EngineError::TooLarge(detail),
            // It was decided on events that never were: whoever waits is told of the failure that it comes from.
            Err(AppendError::WrongHead { .. } | AppendError::WrongVersion { .. })
                if self.stale.load(Ordering::Acquire) =>
            {
                EngineError::Unavailable(self.cause.clone())
            }
            Err(error @ (AppendError::WrongHead { .. } | AppendError::WrongVersion { .. })) => {
                // One appender decides on what it read of the log: if the log knows better, trying again changes nothing.
                tracing::error!(log = %self.log.id(), %error, "ALARM: the log is not what was read of it: examine it, or restore it");
                EngineError::Unavailable(format!("{} is not what was read of it: {error}", self.log.id()))
            }
            Err(error) => EngineError::Unavailable(error.to_string()),
        };
        self.fail(error.to_string()).await;
        Err(error)
    }

    async fn fail(&mut self, cause: String) {
        if !self.stale.swap(true, Ordering::AcqRel) {
            tracing::warn!(log = %self.log.id(), cause, "an entry failed, the staged state is built anew");
            self.cause = cause;
        }
        // It may have reached the disk all the same, where whoever follows the log sees it. If the log cannot be read now, it
        // is before the next decision.
        if let Err(error) = self.catch_up().await {
            tracing::warn!(log = %self.log.id(), %error, "the log cannot be read after a failed write");
        }
    }

    /// Applies a durable entry that ends at `head`.
    async fn apply(
        &self,
        head: u64,
        events: &[D::Event],
        source: Option<SourcePosition>,
    ) -> Result<(), OpenError> {
        {
            let mut folded = self.folded.write().unwrap_or_else(PoisonError::into_inner);
            let behind = head.saturating_sub(folded.head);
            if usize::try_from(behind).is_ok_and(|behind| behind == events.len()) {
                for event in events {
                    folded.apply(&event.stream(), event);
                }
                if let Some(source) = source {
                    let seen = folded.sources.entry(source.log).or_default();
                    *seen = source.position.max(*seen);
                }
                self.heads.send_replace(folded.head);
                return Ok(());
            }
        }
        // An entry before it failed and is durable all the same. The log has both, if they have not been read already.
        self.catch_up().await
    }

    async fn answer_of(&self, key: &str, request_hash: [u8; 32]) -> KeyAnswer<D::Rejection> {
        match self.log.reply(key).await {
            Ok(Some(stored)) if stored.request_hash == request_hash => {
                KeyAnswer::Known(Ok(Reply { bytes: stored.reply, head: stored.head, repeated: true }))
            }
            Ok(Some(_)) => KeyAnswer::Known(Err(EngineError::KeyReused)),
            Ok(None) => KeyAnswer::New,
            Err(error) => KeyAnswer::Known(Err(EngineError::Unavailable(error.to_string()))),
        }
    }

    /// Reads what is durable after all: a failed commit may have reached the disk.
    async fn catch_up(&self) -> Result<(), OpenError> {
        loop {
            let head = self.folded.read().unwrap_or_else(PoisonError::into_inner).head;
            let events = next_events::<D>(&*self.log, head, None).await?;
            if events.is_empty() {
                break;
            }
            let mut folded = self.folded.write().unwrap_or_else(PoisonError::into_inner);
            for (stream, event) in &events {
                folded.apply(stream, event);
            }
        }
        let sources = read_sources(&*self.log).await?;
        let mut folded = self.folded.write().unwrap_or_else(PoisonError::into_inner);
        folded.sources = sources;
        self.heads.send_replace(folded.head);
        Ok(())
    }

    async fn snapshot_when_due(&mut self, head: u64) {
        if head < self.snapshot_due {
            return;
        }
        self.snapshot_due = head + D::SNAPSHOT_EVENTS;
        let snapshot = snapshot::take(&self.folded.read().unwrap_or_else(PoisonError::into_inner));
        if let Some(snapshot) = snapshot {
            snapshot::save(&*self.log, snapshot).await;
        }
    }
}
