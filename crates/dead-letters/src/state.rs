//! What a dead-letter log has come to: per source, which events are parked, and which were and are settled.

use crate::events::DeadLetterEvent;
use care::{StreamId, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

/// The letters of a service.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLettersState {
    /// By the log that the events are in.
    sources: BTreeMap<String, SourceLetters>,
    /// How many are parked, over all logs.
    parked: usize,
}

/// The letters of one log.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceLetters {
    /// By their positions.
    parked: BTreeMap<u64, Letter>,
    /// The positions of each stream's, in order.
    streams: BTreeMap<StreamId, BTreeSet<u64>>,
    /// The positions of those that were retried or discarded. They are remembered for good: a log may be given again from before them.
    settled: BTreeSet<u64>,
}

/// A parked event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// Its stream.
    pub stream: StreamId,
    /// Its type.
    pub event_type: String,
    /// The version of its type's shape.
    pub version: u16,
    /// What was wrong.
    pub why: String,
    /// Whether nothing is known to be wrong with it, but that one before it is parked.
    pub behind: bool,
    /// When it was parked.
    pub at: Timestamp,
}

impl DeadLettersState {
    /// How many letters are parked.
    #[must_use]
    pub fn parked(&self) -> usize {
        self.parked
    }

    /// The letters of a log, if there ever were any.
    #[must_use]
    pub fn of(&self, source: &str) -> Option<&SourceLetters> {
        self.sources.get(source)
    }

    /// All parked letters by log and position, beginning after the one at `after`.
    pub fn letters_after<'a>(
        &'a self,
        after: Option<(&'a str, u64)>,
    ) -> impl Iterator<Item = (&'a str, u64, &'a Letter)> {
        let (source, position) = after.unwrap_or(("", 0));
        let from = self.sources.range::<str, _>((Bound::Included(source), Bound::Unbounded));
        from.flat_map(move |(log, letters)| {
            let begin = if log == source { position.saturating_add(1) } else { 0 };
            letters.parked.range(begin..).map(move |(position, letter)| (log.as_str(), *position, letter))
        })
    }
}

impl SourceLetters {
    /// How many are parked.
    #[must_use]
    pub fn parked(&self) -> usize {
        self.parked.len()
    }

    /// Whether the event at this position is or was a letter, so that it is not to be applied when its log gives it.
    #[must_use]
    pub fn holds(&self, position: u64) -> bool {
        self.parked.contains_key(&position) || self.settled.contains(&position)
    }

    /// Whether a letter of this stream from before this position is parked.
    #[must_use]
    pub fn blocks(&self, stream: &StreamId, position: u64) -> bool {
        self.first(stream).is_some_and(|first| first < position)
    }

    /// The position of the first parked letter of a stream.
    #[must_use]
    pub fn first(&self, stream: &StreamId) -> Option<u64> {
        self.streams.get(stream)?.first().copied()
    }

    /// How many letters of a stream are parked.
    #[must_use]
    pub fn of_stream(&self, stream: &StreamId) -> usize {
        self.streams.get(stream).map_or(0, BTreeSet::len)
    }

    /// The parked letter at a position.
    #[must_use]
    pub fn letter(&self, position: u64) -> Option<&Letter> {
        self.parked.get(&position)
    }

    /// Whether the letter of this position was retried or discarded.
    #[must_use]
    pub fn is_settled(&self, position: u64) -> bool {
        self.settled.contains(&position)
    }

    fn park(&mut self, position: u64, letter: Letter) -> bool {
        self.streams.entry(letter.stream.clone()).or_default().insert(position);
        self.parked.insert(position, letter).is_none()
    }

    fn settle(&mut self, position: u64) -> bool {
        self.settled.insert(position);
        let Some(letter) = self.parked.remove(&position) else { return false };
        if let Some(positions) = self.streams.get_mut(&letter.stream) {
            positions.remove(&position);
            if positions.is_empty() {
                self.streams.remove(&letter.stream);
            }
        }
        true
    }
}

pub(crate) fn evolve(state: &mut DeadLettersState, event: &DeadLetterEvent) {
    match event {
        DeadLetterEvent::LetterParked(parked) => {
            let letter = Letter {
                stream: parked.stream.clone(),
                event_type: parked.event_type.clone(),
                version: parked.version,
                why: parked.why.clone(),
                behind: parked.behind,
                at: parked.at,
            };
            let is_new =
                state.sources.entry(parked.source.clone()).or_default().park(parked.position, letter);
            state.parked += usize::from(is_new);
        }
        DeadLetterEvent::LetterRetried(retried) => settle(state, &retried.source, retried.position),
        DeadLetterEvent::LetterDiscarded(discarded) => settle(state, &discarded.source, discarded.position),
    }
}

fn settle(state: &mut DeadLettersState, source: &str, position: u64) {
    let was_parked = state.sources.entry(source.to_owned()).or_default().settle(position);
    state.parked -= usize::from(was_parked);
}
