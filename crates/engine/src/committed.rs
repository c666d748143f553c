//! What a log has come to: the fold of its durable events and what the next decision needs to know of it.

use crate::outcome::OpenError;
use care::{Domain, Event, StreamId};
use eventlog::{EventLog, LogId, Recorded};
use std::collections::HashMap;

/// How many events are read at a time when a log is replayed.
const REPLAY_EVENTS: usize = 1_000;

/// The fold of a log up to `head`.
pub(crate) struct Folded<D: Domain> {
    pub(crate) state: D::State,
    /// The position up to which it has folded.
    pub(crate) head: u64,
    /// How many events each stream has.
    pub(crate) versions: HashMap<StreamId, u64>,
    /// How far other logs have been consumed.
    pub(crate) sources: HashMap<LogId, u64>,
}

impl<D: Domain> Default for Folded<D> {
    fn default() -> Self {
        Self { state: D::State::default(), head: 0, versions: HashMap::new(), sources: HashMap::new() }
    }
}

impl<D: Domain> Clone for Folded<D> {
    fn clone(&self) -> Self {
        Self {
            state: self.state.clone(),
            head: self.head,
            versions: self.versions.clone(),
            sources: self.sources.clone(),
        }
    }
}

impl<D: Domain> Folded<D> {
    /// Applies one event, which is the next of the log.
    pub(crate) fn apply(&mut self, stream: &StreamId, event: &D::Event) {
        D::evolve(&mut self.state, event);
        self.head += 1;
        match self.versions.get_mut(stream) {
            Some(version) => *version += 1,
            None => {
                self.versions.insert(stream.clone(), 1);
            }
        }
    }

    /// Applies everything the log has beyond `head`, up to and with `until`.
    pub(crate) async fn catch_up(&mut self, log: &dyn EventLog, until: Option<u64>) -> Result<(), OpenError> {
        loop {
            let events = next_events::<D>(log, self.head, until).await?;
            if events.is_empty() {
                return Ok(());
            }
            for (stream, event) in &events {
                self.apply(stream, event);
            }
        }
    }
}

/// The first of the events after `head`, up to and with `until`; none when there are no more.
pub(crate) async fn next_events<D: Domain>(
    log: &dyn EventLog,
    head: u64,
    until: Option<u64>,
) -> Result<Vec<(StreamId, D::Event)>, OpenError> {
    let left = until.map_or(REPLAY_EVENTS, |until| {
        usize::try_from(until.saturating_sub(head)).unwrap_or(REPLAY_EVENTS).min(REPLAY_EVENTS)
    });
    let events = if left == 0 { Vec::new() } else { log.read(head, left).await? };
    events.iter().map(|recorded| Ok((recorded.stream.clone(), decode::<D>(recorded)?))).collect()
}

/// How far other logs have been consumed.
pub(crate) async fn read_sources(log: &dyn EventLog) -> Result<HashMap<LogId, u64>, OpenError> {
    Ok(log.sources().await?.into_iter().map(|source| (source.log, source.position)).collect())
}

fn decode<D: Domain>(recorded: &Recorded) -> Result<D::Event, OpenError> {
    D::Event::decode(&recorded.event_type, recorded.version, &recorded.payload)
        .map_err(|source| OpenError::Event { at: recorded.reference(), source })
}
