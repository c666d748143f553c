//! Takes decisions in order as they become durable: applies them to the committed state, then answers.

use crate::committed::Folded;
use crate::outcome::{EngineError, Executed, Reacted, Reply};
use crate::snapshot::{self, SNAPSHOT_EVENTS};
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
    Rebuild {
        drained: oneshot::Sender<()>,
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
    ) -> Self {
        let snapshot_due = *heads.borrow() + SNAPSHOT_EVENTS;
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
                InFlight::Rebuild { drained } => {
                    if let Err(error) = self.catch_up().await {
                        tracing::error!(log = %self.log.id(), %error, "the log cannot be read after a failed write");
                        return;
                    }
                    self.stale.store(false, Ordering::Release);
                    let _ = drained.send(());
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
            Ok(Appended::Committed(committed)) => {
                self.apply(events, source);
                self.heads.send_replace(committed.head);
                self.snapshot_when_due(committed.head).await;
                return Ok(Some(committed.head));
            }
            Ok(Appended::AlreadySeen) => {
                self.fail("the log had consumed this event before".to_owned());
                return Ok(None);
            }
            Ok(Appended::Repeated(_)) => {
                EngineError::Unavailable("the log had this request before".to_owned())
            }
            Err(AppendError::KeyReused) => EngineError::KeyReused,
            Err(AppendError::TooLarge(detail)) => EngineError::TooLarge(detail),
            Err(error) => EngineError::Unavailable(error.to_string()),
        };
        self.fail(error.to_string());
        Err(error)
    }

    fn fail(&mut self, cause: String) {
        if !self.stale.swap(true, Ordering::AcqRel) {
            tracing::warn!(log = %self.log.id(), cause, "an entry failed, the staged state is built anew");
            self.cause = cause;
        }
    }

    fn apply(&self, events: &[D::Event], source: Option<SourcePosition>) {
        let mut folded = self.folded.write().unwrap_or_else(PoisonError::into_inner);
        for event in events {
            folded.apply(&event.stream(), event);
        }
        if let Some(source) = source {
            folded.sources.insert(source.log, source.position);
        }
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
    async fn catch_up(&self) -> Result<(), crate::OpenError> {
        let mut folded = self.folded.read().unwrap_or_else(PoisonError::into_inner).clone();
        folded.catch_up(&*self.log, None).await?;
        folded.load_sources(&*self.log).await?;
        let head = folded.head;
        *self.folded.write().unwrap_or_else(PoisonError::into_inner) = folded;
        self.heads.send_replace(head);
        Ok(())
    }

    async fn snapshot_when_due(&mut self, head: u64) {
        if head < self.snapshot_due {
            return;
        }
        self.snapshot_due = head + SNAPSHOT_EVENTS;
        let snapshot = snapshot::take(&self.folded.read().unwrap_or_else(PoisonError::into_inner));
        if let Some(snapshot) = snapshot {
            snapshot::save(&*self.log, snapshot).await;
        }
    }
}
