//! What a reaction cannot apply, it parks: the letters of a service, and how people settle them.
//!
//! A retry does not go by the position up to which the source is consumed, for the parked event lies before it. It is a command with a
//! key made of reaction, source and position, so a retry that was interrupted after its effect was durable is done once all the same.

use super::{EngineReaction, Letters, Route, wrong_with};
use crate::errors::{from_engine, refused, unavailable};
use async_trait::async_trait;
use care::{Domain, StreamId};
use dead_letters::{Command, DeadLettersState, DiscardLetter, NoteRetried};
use engine::{Context, EngineError, RequestKey};
use eventlog::{EventRef, LogId, Recorded};
use exchange::Exchange;
use std::sync::Arc;
use tonic::{Code, Status};

/// How many letters one call retries: with their two writes each they take some seconds.
const RETRY_LETTERS_MAX: u64 = 500;

/// What a retry came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetriedLetters {
    /// How many letters' events were applied.
    pub retried: u64,
    /// How many letters of the stream are parked still: nothing is wrong with them, they are more than one call takes.
    pub remaining: u64,
}

/// A reaction that parks what it cannot apply.
#[async_trait]
pub trait Parking: Send + Sync + 'static {
    /// The reaction's name.
    fn reaction(&self) -> &'static str;

    /// Its letters.
    fn letters(&self) -> &Letters;

    /// Applies the events of a stream's letters in their order, as they are stored at their source, until one fails again. It goes on
    /// when the caller does not wait for it.
    ///
    /// # Errors
    /// `DEAD_LETTER_UNKNOWN` when nothing of the stream is parked; `DEAD_LETTER_FAILED_AGAIN` with the reason for the first that
    /// cannot be applied, when those before it have been; `UNAVAILABLE`, after which it is safe to ask again.
    async fn retry(
        self: Arc<Self>,
        exchange: Arc<dyn Exchange>,
        source: LogId,
        stream: StreamId,
        by: String,
    ) -> Result<RetriedLetters, Status>;

    /// Gives up the first letter of its stream, for a reason.
    ///
    /// # Errors
    /// `DEAD_LETTER_UNKNOWN`, `DEAD_LETTER_NOT_FIRST` or `REASON_INVALID`; `UNAVAILABLE`, after which it is safe to ask again.
    async fn discard(&self, event: EventRef, reason: String, by: String) -> Result<(), Status>;
}

/// Why a letter's event was not applied.
enum Failed {
    /// It cannot be, as before.
    Again(String),
    /// It may be later.
    Unavailable(String),
}

#[async_trait]
impl<D: Domain> Parking for EngineReaction<D> {
    fn reaction(&self) -> &'static str {
        self.name
    }

    fn letters(&self) -> &Letters {
        &self.letters
    }

    async fn retry(
        self: Arc<Self>,
        exchange: Arc<dyn Exchange>,
        source: LogId,
        stream: StreamId,
        by: String,
    ) -> Result<RetriedLetters, Status> {
        // In a task of its own: a caller that goes away must not end the turn while an effect is on its way to the disk.
        let retrying = tokio::spawn(async move { self.retry_stream(&*exchange, source, &stream, &by).await });
        retrying.await.unwrap_or_else(|_| Err(unavailable("the retry was interrupted: ask again")))
    }

    async fn discard(&self, event: EventRef, reason: String, by: String) -> Result<(), Status> {
        let _turn = self.turn(event.log).await;
        let source = event.log.to_string();
        let at = self.clock.now();
        let command = DiscardLetter { source, position: event.position, by: by.clone(), reason, at };
        self.settle(command.into(), by).await?;
        tracing::warn!(reaction = self.name, %event, "a dead letter was discarded");
        Ok(())
    }
}

impl<D: Domain> EngineReaction<D> {
    async fn retry_stream(
        &self,
        exchange: &dyn Exchange,
        source: LogId,
        stream: &StreamId,
        by: &str,
    ) -> Result<RetriedLetters, Status> {
        let _turn = self.turn(source).await;
        let log = source.to_string();
        let mut retried = 0;
        while retried < RETRY_LETTERS_MAX
            && let Some(position) = self.letters.read(|state| state.of(&log)?.first(stream))
        {
            let event = EventRef { log: source, position };
            match self.apply_parked(exchange, event).await {
                Ok(()) => {}
                Err(Failed::Unavailable(detail)) => {
                    return Err(unavailable(format!("{event}: {detail}; {retried} were applied before it")));
                }
                Err(Failed::Again(why)) => return Err(failed_again(event, &why, retried)),
            }
            let noted =
                NoteRetried { source: log.clone(), position, by: by.to_owned(), at: self.clock.now() };
            self.settle(noted.into(), by.to_owned()).await?;
            retried += 1;
        }
        if retried == 0 {
            let message = format!(
                "nothing of {stream} of {source} is parked by {}: `brokerage dlq list` shows what is",
                self.name
            );
            return Err(refused(Code::NotFound, "DEAD_LETTER_UNKNOWN", message, []));
        }
        let of_stream =
            |state: &DeadLettersState| state.of(&log).map_or(0, |letters| letters.of_stream(stream));
        let remaining = u64::try_from(self.letters.read(of_stream)).unwrap_or(u64::MAX);
        tracing::info!(reaction = self.name, %source, %stream, retried, remaining, "dead letters were retried");
        Ok(RetriedLetters { retried, remaining })
    }

    /// Applies a parked event, once however often it is asked.
    async fn apply_parked(&self, exchange: &dyn Exchange, at: EventRef) -> Result<(), Failed> {
        let events = exchange.fetch(at.log, at.position.saturating_sub(1), 1).await;
        let events = events.map_err(|error| Failed::Unavailable(error.to_string()))?;
        let Some(event) = events.first().filter(|event| event.reference() == at) else {
            return Err(Failed::Unavailable(format!("{} does not have it", at.log)));
        };
        let routes = (self.react)(event).map_err(|error| Failed::Again(wrong_with(&error)))?;
        for Route { owner, command } in routes {
            let Some(engine) = self.engines.get(&owner) else {
                return Err(Failed::Again(format!("there is no {owner} log here")));
            };
            let context = Context { request: Some(self.key(event)), ..self.context(event) };
            match engine.execute(command, context, |_, _| Vec::new()).await {
                Ok(_) => {}
                Err(EngineError::Unavailable(detail)) => return Err(Failed::Unavailable(detail)),
                Err(error) => return Err(Failed::Again(error.to_string())),
            }
        }
        Ok(())
    }

    /// Under what the effect of a parked event is known in its log.
    fn key(&self, event: &Recorded) -> RequestKey {
        let key = format!("dead-letter|{}|{}", self.name, event.reference());
        RequestKey { key, request_hash: event.leaf_hash().0 }
    }

    async fn settle(&self, command: Command, actor: String) -> Result<(), Status> {
        let context =
            Context { actor, causation: None, correlation: None, at: self.clock.now(), request: None };
        self.letters.execute(command, context, |_, _| Vec::new()).await.map(drop).map_err(from_engine)
    }
}

fn failed_again(event: EventRef, why: &str, retried: u64) -> Status {
    let message = format!("{event} failed again: {why}; {retried} before it were applied");
    let metadata = [("event", event.to_string()), ("retried", retried.to_string())];
    refused(Code::FailedPrecondition, "DEAD_LETTER_FAILED_AGAIN", message, metadata)
}
