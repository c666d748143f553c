//! A log in memory: a domain's state, and its events in the order in which they were decided.

use care::{Domain, Timestamp};
use std::ops::Range;

/// An event, and when its log recorded it.
pub(crate) struct Recorded<E> {
    pub(crate) at: Timestamp,
    pub(crate) event: E,
}

/// One log of one owner, with its one writer.
pub(crate) struct Log<D: Domain> {
    pub(crate) state: D::State,
    pub(crate) events: Vec<Recorded<D::Event>>,
}

impl<D: Domain> Default for Log<D> {
    fn default() -> Self {
        Self { state: D::State::default(), events: Vec::new() }
    }
}

impl<D: Domain> Log<D> {
    /// Decides a command and records what it led to, as the engine does; gives where that stands.
    pub(crate) fn ask(&mut self, command: &D::Command, at: Timestamp) -> Result<Range<usize>, D::Rejection> {
        let first = self.events.len();
        for event in D::decide(&self.state, command)? {
            D::evolve(&mut self.state, &event);
            self.events.push(Recorded { at, event });
        }
        Ok(first..self.events.len())
    }
}
