//! The latest events of a log in memory, for followers, who mostly want just these.

use crate::adapter::Outcome;
use crate::event::Recorded;
use crate::port::Appended;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many events are kept.
const TAIL_EVENTS_MAX: usize = 256;

/// The latest events, oldest first. Cheap to clone; the clones are one.
#[derive(Clone, Default)]
pub(crate) struct Tail(Arc<Mutex<VecDeque<Arc<Recorded>>>>);

impl Tail {
    /// The events after `after`, if all that would be wanted are here.
    pub(crate) fn latest(&self, after: u64, limit: usize) -> Option<Vec<Arc<Recorded>>> {
        let tail = self.lock();
        let first = tail.front()?.position;
        let skip = usize::try_from((after + 1).checked_sub(first)?).ok()?;
        Some(tail.iter().skip(skip).take(limit).cloned().collect())
    }

    /// Adds what has become durable.
    pub(crate) fn extend(&self, outcomes: &[Outcome]) {
        let mut tail = self.lock();
        for outcome in outcomes {
            if let Ok(Appended::Committed(committed)) = outcome {
                tail.extend(committed.events.iter().cloned());
            }
        }
        let excess = tail.len().saturating_sub(TAIL_EVENTS_MAX);
        tail.drain(..excess);
    }

    /// Forgets everything: there are events that were not seen.
    pub(crate) fn clear(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Arc<Recorded>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
