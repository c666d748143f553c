//! The one writer: decides commands in order against the staged state, and hands their entries to the log.

use crate::committed::Folded;
use crate::completer::{InFlight, KeyAnswer};
use crate::engine::{Context, RequestKey};
use crate::outcome::{EngineError, Executed, Reacted, Reply};
use care::{Domain, Event};
use eventlog::{Entry, EventLog, Expected, Idempotency, Meta, NewEvent, SourcePosition};
#[cfg(feature = "planted-defects")]
use eventlog::{
    Service,
    planted::{Planted, is_planted},
};
use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::{mpsc, oneshot};

pub(crate) type Render<D> = Box<dyn FnOnce(&<D as Domain>::State, &[<D as Domain>::Event]) -> Vec<u8> + Send>;

/// What the writer is asked to do.
pub(crate) enum Job<D: Domain> {
    Command {
        command: D::Command,
        context: Context,
        render: Render<D>,
        answer: oneshot::Sender<Executed<D::Rejection>>,
    },
    Reaction {
        source: SourcePosition,
        /// The position that must have been consumed before.
        after: u64,
        command: Option<D::Command>,
        context: Context,
        answer: oneshot::Sender<Result<Reacted, EngineError<D::Rejection>>>,
    },
}

pub(crate) struct Writer<D: Domain> {
    log: Arc<dyn EventLog>,
    staged: Folded<D>,
    folded: Arc<RwLock<Folded<D>>>,
    /// A hash of every key that was ever used: a key that is not here is new, and needs no look into the log.
    keys: HashSet<u64>,
    hasher: RandomState,
    in_flight: mpsc::Sender<InFlight<D>>,
    /// Set by the completer when an entry failed.
    stale: Arc<AtomicBool>,
}

impl<D: Domain> Job<D> {
    fn refuse(self, cause: String) {
        // Whoever asked may have gone away.
        match self {
            Self::Command { answer, .. } => drop(answer.send(Err(EngineError::Unavailable(cause)))),
            Self::Reaction { answer, .. } => drop(answer.send(Err(EngineError::Unavailable(cause)))),
        }
    }
}

impl<D: Domain> Writer<D> {
    pub(crate) fn new(
        log: Arc<dyn EventLog>,
        staged: Folded<D>,
        folded: Arc<RwLock<Folded<D>>>,
        keys: Vec<String>,
        in_flight: mpsc::Sender<InFlight<D>>,
        stale: Arc<AtomicBool>,
    ) -> Self {
        let hasher = RandomState::new();
        let keys = keys.iter().map(|key| hasher.hash_one(key)).collect();
        Self { log, staged, folded, keys, hasher, in_flight, stale }
    }

    /// Works until every handle of the engine is gone.
    pub(crate) async fn run(mut self, mut queue: mpsc::Receiver<Job<D>>) {
        while let Some(job) = queue.recv().await {
            if self.take(job).await.is_err() {
                tracing::error!(log = %self.log.id(), "the log is closed, it takes no more commands");
                return;
            }
        }
    }

    async fn take(&mut self, job: Job<D>) -> Result<(), Broken> {
        if let Err(cause) = self.refresh().await? {
            job.refuse(cause);
            return Ok(());
        }
        match job {
            Job::Command { command, context, render, answer } => {
                self.command(command, context, render, answer).await
            }
            Job::Reaction { source, after, command, context, answer } => {
                self.reaction((source, after), command, context, answer).await
            }
        }
    }

    async fn command(
        &mut self,
        command: D::Command,
        context: Context,
        render: Render<D>,
        answer: oneshot::Sender<Executed<D::Rejection>>,
    ) -> Result<(), Broken> {
        #[cfg(feature = "planted-defects")]
        let context = if is_planted(Planted::DedupeDropped, self.log.id()) {
            Context { request: None, ..context }
        } else {
            context
        };
        if let Some(RequestKey { key, request_hash }) = &context.request
            && self.keys.contains(&self.hasher.hash_one(key))
        {
            // The answer may still be on its way to the disk: ask for it behind everything in flight.
            let (answers, asked) = oneshot::channel();
            self.complete(InFlight::AnswerOf { key: key.clone(), request_hash: *request_hash, answers })
                .await?;
            match asked.await.map_err(|_| Broken)? {
                KeyAnswer::Known(executed) => {
                    // Whoever asked may have gone away.
                    let _ = answer.send(executed);
                    return Ok(());
                }
                // Another key has the same hash, or the command before failed: it is new after all.
                KeyAnswer::New => {
                    if let Err(cause) = self.refresh().await? {
                        let _ = answer.send(Err(EngineError::Unavailable(cause)));
                        return Ok(());
                    }
                }
            }
        }
        let events = match D::decide(&self.staged.state, &command) {
            Ok(events) => events,
            Err(rejection) => {
                // The refusal may rest on events in flight: it is answered behind them.
                let refuse = move |behind: Result<u64, String>| {
                    let error =
                        behind.map_or_else(EngineError::Unavailable, |_| EngineError::Rejected(rejection));
                    let _ = answer.send(Err(error));
                };
                return self.complete(InFlight::Answer(Box::new(refuse))).await;
            }
        };
        let mut entry = self.stage(&events, &context, None);
        let reply = render(&self.staged.state, &events);
        if let Some(RequestKey { key, request_hash }) = context.request {
            self.keys.insert(self.hasher.hash_one(&key));
            entry.idempotency = Some(Idempotency { key, request_hash, reply: reply.clone() });
        } else if events.is_empty() {
            let unchanged = move |behind: Result<u64, String>| {
                let reply = |head| Reply { bytes: reply, head, repeated: false };
                let _ = answer.send(behind.map(reply).map_err(EngineError::Unavailable));
            };
            return self.complete(InFlight::Answer(Box::new(unchanged))).await;
        }
        let ticket = self.log.submit(entry).await.map_err(|_| Broken)?;
        self.complete(InFlight::Command { ticket, events, reply, answer }).await
    }

    async fn reaction(
        &mut self,
        (source, after): (SourcePosition, u64),
        command: Option<D::Command>,
        context: Context,
        answer: oneshot::Sender<Result<Reacted, EngineError<D::Rejection>>>,
    ) -> Result<(), Broken> {
        let consumed = self.staged.sources.get(&source.log).copied().unwrap_or(0);
        let is_seen = source.position <= consumed;
        #[cfg(feature = "planted-defects")]
        let is_seen = is_seen && !is_planted(Planted::DedupeDropped, self.log.id());
        if is_seen {
            let seen = move |behind: Result<u64, String>| {
                let _ = answer.send(behind.map(|_| Reacted::AlreadySeen).map_err(EngineError::Unavailable));
            };
            return self.complete(InFlight::Answer(Box::new(seen))).await;
        }
        if consumed < after {
            let early = move |behind: Result<u64, String>| {
                let why = format!("event {after} of {}, which comes before, was not consumed", source.log);
                let _ = answer.send(Err(EngineError::Unavailable(behind.err().unwrap_or(why))));
            };
            return self.complete(InFlight::Answer(Box::new(early))).await;
        }
        let decided = command.map_or(Ok(Vec::new()), |command| D::decide(&self.staged.state, &command));
        let events = match decided {
            Ok(events) => events,
            Err(rejection) => {
                let refuse = move |behind: Result<u64, String>| {
                    let error =
                        behind.map_or_else(EngineError::Unavailable, |_| EngineError::Rejected(rejection));
                    let _ = answer.send(Err(error));
                };
                return self.complete(InFlight::Answer(Box::new(refuse))).await;
            }
        };
        #[cfg(feature = "planted-defects")]
        let before = self.staged.head;
        let entry = self.stage(&events, &context, Some(source));
        self.staged.sources.insert(source.log, source.position);
        #[cfg(feature = "planted-defects")]
        let entry = self.planted(entry, before).await?;
        let ticket = self.log.submit(entry).await.map_err(|_| Broken)?;
        self.complete(InFlight::Reaction { ticket, events, source, answer }).await
    }

    /// An entry of a reaction as planted defects leave it; `head` is that before it.
    #[cfg(feature = "planted-defects")]
    async fn planted(&self, mut entry: Entry, head: u64) -> Result<Entry, Broken> {
        let log = self.log.id();
        if entry.events.is_empty() {
            return Ok(entry);
        }
        if is_planted(Planted::OffsetBeforeEffect, log) {
            let (expected, events, source) = (Vec::new(), Vec::new(), entry.source.take());
            let offset = Entry { expected_head: Some(head), expected, events, source, ..entry.clone() };
            let durable = self.log.submit(offset).await.map_err(|_| Broken)?;
            // Whatever became of it shows at the effect, which is decided on the same head.
            let _ = durable.outcome().await;
        }
        // The auditors record every event, so their first effect would be that of the first command.
        if is_planted(Planted::EndsBeforeEffect, log) && log.service != Service::Audit {
            std::process::abort();
        }
        Ok(entry)
    }

    /// Applies the events to the staged state and makes the entry that the log will refuse unless it finds everything as
    /// the decision did.
    fn stage(&mut self, events: &[D::Event], context: &Context, source: Option<SourcePosition>) -> Entry {
        let expected_head = Some(self.staged.head);
        let mut expected = Vec::new();
        let mut new_events = Vec::with_capacity(events.len());
        for event in events {
            let stream = event.stream();
            if !expected.iter().any(|(known, _)| *known == stream) {
                let version = self.staged.versions.get(&stream).copied().unwrap_or(0);
                expected.push((stream.clone(), Expected::Version(version)));
            }
            self.staged.apply(&stream, event);
            new_events.push(NewEvent {
                stream,
                event_type: event.event_type(),
                version: event.version(),
                payload: event.encode(),
                effective: event.effective(),
                council: event.council(),
            });
        }
        let meta = Meta {
            actor: context.actor.clone(),
            causation: context.causation.clone(),
            // Whatever starts a thread names it.
            correlation: context
                .correlation
                .clone()
                .or_else(|| events.first().map(|event| event.stream().to_string())),
            recorded_at: context.at,
        };
        Entry { expected_head, expected, events: new_events, meta, idempotency: None, source }
    }

    async fn complete(&mut self, in_flight: InFlight<D>) -> Result<(), Broken> {
        self.in_flight.send(in_flight).await.map_err(|_| Broken)?;
        Ok(())
    }

    /// If an entry failed, throws the staged state away and starts from what is durable, once nothing is in flight any
    /// more. The inner error says why the log cannot be read; nothing is decided until it can.
    async fn refresh(&mut self) -> Result<Result<(), String>, Broken> {
        if !self.stale.load(Ordering::Acquire) {
            return Ok(Ok(()));
        }
        let (rebuilt, done) = oneshot::channel();
        self.complete(InFlight::Rebuild { rebuilt }).await?;
        let caught_up = done.await.map_err(|_| Broken)?;
        if caught_up.is_ok() {
            self.staged = self.folded.read().unwrap_or_else(PoisonError::into_inner).clone();
        }
        Ok(caught_up)
    }
}

/// The log or the completer is gone.
pub(crate) struct Broken;
