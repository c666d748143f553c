//! How a process is doing: how far it follows the others' logs, how far its own are published, and whether it is ready.
//!
//! What it follows it holds against the ends of the sources, which are looked at now and then. Its lag is the time since the oldest end
//! that it has not reached was seen, so no clock of another machine comes into it. Until a source has been caught up with once, its owner
//! is asked too: a topic that was made again has nothing, and would be caught up with at once.

use dead_letters::{DeadLettersState, SourceLetters};
use eventlog::LogId;
use exchange::kafka::{Relay, RelayState};
use exchange::{Embedded, Exchange, FollowerState};
use service_kit::{Clock, Parking};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// How often the ends of the sources are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// How often while the process is not ready.
const LOOK_AGAIN: Duration = Duration::from_millis(250);
/// How long a look at one may take.
const LOOK_PATIENCE: Duration = Duration::from_secs(5);
/// How much is said about what is not ready.
const REASONS_MAX: usize = 10;

/// A source that a reaction follows.
#[derive(Clone)]
pub(crate) struct Followed {
    /// The reaction's name.
    pub(crate) reaction: &'static str,
    pub(crate) source: LogId,
    pub(crate) state: watch::Receiver<FollowerState>,
}

/// An end of a source that was seen, and when.
#[derive(Debug, Clone, Copy)]
struct Seen {
    head: u64,
    at: Instant,
}

/// How far one source is followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FollowedTo {
    pub(crate) reaction: &'static str,
    pub(crate) source: LogId,
    pub(crate) consumed: u64,
    pub(crate) stuck: Option<String>,
    /// How many events of what was seen are not consumed.
    pub(crate) lag_events: u64,
    /// For how long, in seconds.
    pub(crate) lag_seconds: u64,
    /// How many of its events are parked. They do not keep the process from being ready: all else goes on.
    pub(crate) dead_letters: u64,
    /// Whether an end has been seen and reached since the start.
    caught_up: bool,
}

/// How a process is doing.
pub(crate) struct Progress {
    pub(crate) own: Arc<Embedded>,
    pub(crate) clock: Clock,
    followed: Vec<Followed>,
    relays: Vec<Relay>,
    parking: Vec<Arc<dyn Parking>>,
    lag_seconds_max: u64,
    looked: Mutex<Looked>,
}

#[derive(Default)]
struct Looked {
    /// For each followed source, by its place in the list: the oldest end not known to be reached.
    ends: BTreeMap<usize, Seen>,
    caught_up: BTreeMap<usize, bool>,
    /// Why the ends could not be looked at.
    trouble: Option<String>,
}

impl Progress {
    pub(crate) fn new(
        own: Arc<Embedded>,
        clock: Clock,
        followed: Vec<Followed>,
        relays: Vec<Relay>,
        parking: Vec<Arc<dyn Parking>>,
        lag_seconds_max: u64,
    ) -> Arc<Self> {
        Arc::new(Self { own, clock, followed, relays, parking, lag_seconds_max, looked: Mutex::default() })
    }

    /// How many events of a source a reaction has parked.
    fn dead_letters(&self, reaction: &str, source: LogId) -> u64 {
        let of = self.parking.iter().find(|parking| parking.reaction() == reaction);
        let parked =
            |state: &DeadLettersState| state.of(&source.to_string()).map_or(0, SourceLetters::parked);
        of.map_or(0, |of| u64::try_from(of.letters().read(parked)).unwrap_or(u64::MAX))
    }

    /// Each log of this process: its last position, and how it is published.
    pub(crate) fn logs(&self) -> Vec<(LogId, u64, Option<RelayState>)> {
        let of = |log: LogId| self.relays.iter().find(|relay| relay.log == log);
        let logs = self.own.logs();
        let progress = |log: &Arc<dyn eventlog::EventLog>| {
            let head = *log.head().borrow();
            // A relay that waits does not look at the log.
            let state = of(log.id()).map(|relay| RelayState { head, ..relay.state.borrow().clone() });
            (log.id(), head, state)
        };
        logs.iter().map(progress).collect()
    }

    /// How far each source is followed.
    pub(crate) fn followers(&self) -> Vec<FollowedTo> {
        let looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        let to = |(index, followed): (usize, &Followed)| {
            let (consumed, stuck) = match followed.state.borrow().clone() {
                FollowerState::Consumed(position) => (position, None),
                FollowerState::Stuck(position, why) => (position, Some(why)),
            };
            let behind = looked.ends.get(&index).filter(|seen| seen.head > consumed);
            FollowedTo {
                reaction: followed.reaction,
                source: followed.source,
                consumed,
                stuck,
                lag_events: behind.map_or(0, |seen| seen.head - consumed),
                lag_seconds: behind.map_or(0, |seen| seen.at.elapsed().as_secs()),
                dead_letters: self.dead_letters(followed.reaction, followed.source),
                caught_up: looked.caught_up.get(&index).copied().unwrap_or(false),
            }
        };
        self.followed.iter().enumerate().map(to).collect()
    }

    /// What keeps the process from being ready, a line each.
    pub(crate) fn not_ready(&self) -> Vec<String> {
        let mut reasons = Vec::new();
        let trouble = self.looked.lock().unwrap_or_else(PoisonError::into_inner).trouble.clone();
        reasons.extend(trouble);
        reasons
            .extend(self.own.logs().iter().filter_map(|log| log.damage()).map(|damage| damage.to_string()));
        let cannot = |log: &Arc<dyn eventlog::EventLog>| {
            Some(format!("{} could not be appended to: {}", log.id(), log.trouble()?))
        };
        reasons.extend(self.own.logs().iter().filter_map(cannot));
        for FollowedTo { reaction, source, consumed, stuck, lag_events, lag_seconds, caught_up, .. } in
            self.followers()
        {
            if let Some(why) = stuck {
                reasons.push(format!("{reaction} stopped following {source} after {consumed}: {why}"));
            } else if lag_seconds > self.lag_seconds_max {
                reasons
                    .push(format!("{reaction} is {lag_events} events and {lag_seconds} s behind {source}"));
            } else if !caught_up {
                reasons.push(format!("{reaction} has not caught up with {source} since the start"));
            }
        }
        for (log, _, state) in self.logs() {
            let Some(state) = state else { continue };
            let behind = state.lag_seconds(self.clock.now()) > self.lag_seconds_max;
            let slow = if state.compared { "it is slow" } else { "what its topic has is being read" };
            let why = state.error.clone().unwrap_or_else(|| slow.to_owned());
            let never_began = !state.started && state.error.is_some();
            if state.stopped || behind || never_began || !state.compared {
                reasons.push(format!(
                    "{log} is published to Kafka up to {} of {}: {why}",
                    state.published, state.head
                ));
            }
        }
        if reasons.len() > REASONS_MAX {
            let more = reasons.len() - REASONS_MAX;
            reasons.truncate(REASONS_MAX);
            reasons.push(format!("and {more} more"));
        }
        reasons
    }

    /// Each source, and whether some reaction has not caught up with it since the start.
    fn sources(&self) -> BTreeMap<LogId, bool> {
        let looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        let mut sources = BTreeMap::new();
        for (index, followed) in self.followed.iter().enumerate() {
            *sources.entry(followed.source).or_default() |= !looked.caught_up.contains_key(&index);
        }
        sources
    }

    /// Looks at the ends of all sources.
    pub(crate) async fn look(&self, exchange: &dyn Exchange) {
        let mut heads: BTreeMap<LogId, u64> = BTreeMap::new();
        let (mut trouble, mut away) = (None, BTreeSet::new());
        for (source, new) in self.sources() {
            match tokio::time::timeout(LOOK_PATIENCE, exchange.head(source)).await {
                Ok(Ok(published)) => {
                    let mut head = published;
                    if new && !away.contains(&source.service) {
                        match recorded(exchange, source).await {
                            Some(recorded) => head = head.max(recorded),
                            None => drop(away.insert(source.service)),
                        }
                    }
                    heads.insert(source, head);
                }
                Ok(Err(error)) => trouble = Some(error.to_string()),
                Err(_) => {
                    trouble = Some(format!(
                        "Kafka did not tell the end of {source} within {LOOK_PATIENCE:?}: are the brokers up and reached?"
                    ))
                }
            }
            if trouble.is_some() {
                // What one broker does not answer it will not for the next.
                break;
            }
        }
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        looked.trouble = trouble;
        for (index, followed) in self.followed.iter().enumerate() {
            let Some(head) = heads.get(&followed.source).copied() else { continue };
            let consumed = match *followed.state.borrow() {
                FollowerState::Consumed(position) | FollowerState::Stuck(position, _) => position,
            };
            let reached = looked.ends.get(&index).is_none_or(|seen| seen.head <= consumed);
            if reached {
                looked.ends.insert(index, Seen { head, at: Instant::now() });
            }
            if looked.ends.get(&index).is_some_and(|seen| seen.head <= consumed) {
                looked.caught_up.insert(index, true);
            }
        }
    }

    /// Keeps looking, and tells `ready` whenever something begins or ceases to be in the way.
    pub(crate) async fn keep_looking(
        self: Arc<Self>,
        exchange: Arc<dyn Exchange>,
        ready: watch::Sender<Vec<String>>,
    ) {
        loop {
            self.look(&*exchange).await;
            let reasons = self.not_ready();
            ready.send_if_modified(|known| {
                let changed = *known != reasons;
                known.clone_from(&reasons);
                changed
            });
            tokio::select! {
                () = tokio::time::sleep(if reasons.is_empty() { LOOK_EVERY } else { LOOK_AGAIN }) => {}
                () = ready.closed() => return,
            }
        }
    }
}

/// The source's end as its owner says. An owner that is away keeps nobody from being ready: what is in the topic is
/// all that can be known then, and of one that was made again that is too little.
async fn recorded(exchange: &dyn Exchange, source: LogId) -> Option<u64> {
    match tokio::time::timeout(LOOK_PATIENCE, exchange.recorded(source)).await {
        Ok(Ok(head)) => Some(head),
        Ok(Err(error)) => {
            tracing::debug!(%source, %error, "its owner cannot be asked how far it has come");
            None
        }
        Err(_) => None,
    }
}
