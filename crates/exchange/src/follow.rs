//! Drives a reaction over the logs it follows.

use crate::port::{Exchange, ExchangeError, Subscription};
use async_trait::async_trait;
use eventlog::{LogId, Recorded};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How many events are given to a reaction at a time.
const BATCH_EVENTS_MAX: usize = 256;
/// The first wait before a failed batch is tried again; it doubles up to [`RETRY_MAX`].
const RETRY_FIRST: Duration = Duration::from_millis(20);
/// The longest wait before a failed batch is tried again.
const RETRY_MAX: Duration = Duration::from_secs(5);

/// Why a batch was not consumed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReactionError {
    /// It may succeed later: it is tried again, as a whole; what was seen is dropped.
    #[error("{0}")]
    Retry(String),
    /// It never will: the source is not followed further, and people must look.
    #[error("{0}")]
    Stuck(String),
}

/// What a service does about other logs' events.
#[async_trait]
pub trait Reaction: Send + Sync + 'static {
    /// Its name, for logs and alarms, such as `vacancies`.
    fn name(&self) -> &'static str;

    /// The logs it follows.
    fn sources(&self) -> Vec<LogId>;

    /// The position after which it must be given the source's events. It may be given some again: what was seen it drops.
    fn position(&self, source: LogId) -> u64;

    /// Consumes events of one source, in order and without gaps. Each effect and its position are durable together before this returns.
    ///
    /// # Errors
    /// When some event could not be consumed; the batch is given again from [`Reaction::position`] on.
    async fn consume(&self, source: LogId, events: &[Arc<Recorded>]) -> Result<(), ReactionError>;
}

/// How a follower is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FollowerState {
    /// Everything up to this position has been consumed.
    Consumed(u64),
    /// It stopped after this position, for this reason, and needs people.
    Stuck(u64, String),
}

/// A source being followed.
pub struct Follower {
    /// The reaction's name.
    pub reaction: &'static str,
    /// The log it follows.
    pub source: LogId,
    /// How it is doing.
    pub state: watch::Receiver<FollowerState>,
    task: JoinHandle<()>,
}

impl Drop for Follower {
    fn drop(&mut self) {
        // Between two polls: an effect in flight completes in its engine, and is dropped as seen when it comes again.
        self.task.abort();
    }
}

/// Follows all sources of a reaction, each in a task of its own, until the followers are dropped.
#[must_use]
pub fn follow(exchange: &Arc<dyn Exchange>, reaction: &Arc<dyn Reaction>) -> Vec<Follower> {
    let start = |source| {
        let (states, state) = watch::channel(FollowerState::Consumed(0));
        let task = tokio::spawn(drive(Arc::clone(exchange), Arc::clone(reaction), source, states));
        Follower { reaction: reaction.name(), source, state, task }
    };
    reaction.sources().into_iter().map(start).collect()
}

async fn drive(
    exchange: Arc<dyn Exchange>,
    reaction: Arc<dyn Reaction>,
    source: LogId,
    states: watch::Sender<FollowerState>,
) {
    let mut wait = RETRY_FIRST;
    let mut furthest = 0;
    loop {
        let from = reaction.position(source);
        let error = match exchange.subscribe(source, from).await {
            Ok(mut subscription) => {
                states.send_replace(FollowerState::Consumed(from));
                let error = consume_all(&mut *subscription, &*reaction, source, from, &states).await;
                // Events without effect are given again and pass again: only what never passed before is progress.
                if consumed(&states) > furthest {
                    furthest = consumed(&states);
                    wait = RETRY_FIRST;
                }
                error
            }
            Err(error @ ExchangeError::SourceBehind { .. }) => ReactionError::Stuck(error.to_string()),
            Err(error) => ReactionError::Retry(error.to_string()),
        };
        match error {
            ReactionError::Stuck(why) => {
                tracing::error!(reaction = reaction.name(), %source, why, "ALARM: this source is not followed any more");
                states.send_replace(FollowerState::Stuck(consumed(&states), why));
                return;
            }
            ReactionError::Retry(why) => {
                tracing::warn!(reaction = reaction.name(), %source, why, ?wait, "not consumed, trying again");
                tokio::time::sleep(wait).await;
                wait = (wait * 2).min(RETRY_MAX);
            }
        }
    }
}

fn consumed(states: &watch::Sender<FollowerState>) -> u64 {
    match *states.borrow() {
        FollowerState::Consumed(position) | FollowerState::Stuck(position, _) => position,
    }
}

/// Consumes until something fails, and says what.
async fn consume_all(
    subscription: &mut dyn Subscription,
    reaction: &dyn Reaction,
    source: LogId,
    from: u64,
    states: &watch::Sender<FollowerState>,
) -> ReactionError {
    let mut position = from;
    loop {
        let events = match subscription.next(BATCH_EVENTS_MAX).await {
            Ok(events) => events,
            Err(error) => return ReactionError::Retry(error.to_string()),
        };
        for event in &events {
            if event.position != position + 1 {
                // A position that is skipped is an event that somebody never hears of.
                return ReactionError::Stuck(format!("event {} came after {position}", event.position));
            }
            position = event.position;
        }
        if let Err(error) = reaction.consume(source, &events).await {
            return error;
        }
        states.send_replace(FollowerState::Consumed(position));
    }
}
