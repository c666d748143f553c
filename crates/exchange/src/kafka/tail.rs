//! The end of a topic, as far as a relay must know it.

use eventlog::Recorded;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The end of a topic.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Tail {
    /// The event with the highest position in it.
    pub(super) last: Option<Arc<Recorded>>,
    /// The positions above the last one less the window, and perhaps some before, that are there.
    pub(super) present: BTreeSet<u64>,
    /// The offset of the first record of each partition.
    pub(super) lows: Vec<i64>,
    /// The offset after the last record of each partition.
    pub(super) ends: Vec<i64>,
    /// How many whole records were seen whose code was made with another key.
    pub(super) otherwise_coded: u64,
}

impl Tail {
    /// The highest position; 0 when there is none.
    pub(super) fn head(&self) -> u64 {
        self.last.as_ref().map_or(0, |last| last.position)
    }

    /// Takes an event that is there.
    pub(super) fn take(&mut self, event: Recorded) {
        self.present.insert(event.position);
        if event.position > self.head() {
            self.last = Some(Arc::new(event));
        }
    }
}
