//! What of a log has been handed to the producer and is not yet known to be in the topic.

use care::Timestamp;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// How many positions may be handed over beyond the lowest that is not acknowledged. A relay that starts looks as far back from the
/// highest position in its topic to see which are missing, so it must never look less far than an older one went ahead: this number
/// may grow, and never shrink.
pub const WINDOW_POSITIONS: u64 = 4_000;

/// What it means when a partition ends before what was published.
pub(super) const REMADE: &str = "the topic was made again, or lost its end";

/// At least how often, in positions, a rising watermark is told of while others are under way.
const TELL_POSITIONS: u64 = 128;

/// The positions after the watermark, in order. Deliveries settle them from the producer's thread.
#[derive(Debug)]
pub(super) struct Window {
    inner: Mutex<Inner>,
    /// Told when the watermark has risen by a step, something fails, or nothing is under way any more.
    pub(super) changed: Notify,
}

#[derive(Debug)]
struct Inner {
    /// Everything up to here is in the topic.
    published: u64,
    slots: VecDeque<Slot>,
    /// How many were given to the producer and have not come back.
    under_way: usize,
    /// The offset after the last record that is known to be in each partition.
    ends: Vec<i64>,
    failed: Option<String>,
}

#[derive(Debug)]
struct Slot {
    there: bool,
    recorded_at: Timestamp,
}

/// How a window stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Standing {
    /// Everything up to here is in the topic.
    pub(super) published: u64,
    /// When the first event that is not was recorded, as far as it was handed over.
    pub(super) waiting_since: Option<Timestamp>,
    /// The last position handed over.
    pub(super) handed: u64,
    /// Why something will not arrive.
    pub(super) failed: Option<String>,
}

impl Window {
    /// A window after `published`, on a topic whose partitions have these ends.
    pub(super) fn new(published: u64, ends: Vec<i64>) -> Self {
        let inner = Inner { published, slots: VecDeque::new(), under_way: 0, ends, failed: None };
        Self { inner: Mutex::new(inner), changed: Notify::new() }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn standing(&self) -> Standing {
        let inner = self.inner();
        Standing {
            published: inner.published,
            waiting_since: inner.slots.front().map(|slot| slot.recorded_at),
            handed: inner.published + u64::try_from(inner.slots.len()).unwrap_or(u64::MAX),
            failed: inner.failed.clone(),
        }
    }

    /// The offset after the last record that is known to be in each partition.
    pub(super) fn ends(&self) -> Vec<i64> {
        self.inner().ends.clone()
    }

    /// Something came up beside the deliveries: the relay is to start again from what is in the topic.
    pub(super) fn fail(&self, why: String) {
        self.inner().failed.get_or_insert(why);
        self.changed.notify_one();
    }

    /// How many more positions may be handed over.
    pub(super) fn room(&self) -> usize {
        let most = usize::try_from(WINDOW_POSITIONS).unwrap_or(usize::MAX);
        most.saturating_sub(self.inner().slots.len())
    }

    /// Takes the next position as one that is in the topic already.
    pub(super) fn pass(&self, recorded_at: Timestamp) {
        let mut inner = self.inner();
        inner.slots.push_back(Slot { there: true, recorded_at });
        inner.advance();
    }

    /// Takes the next position as given to the producer. Its outcome may come at any moment from then on, so this comes first.
    pub(super) fn open(&self, recorded_at: Timestamp) {
        let mut inner = self.inner();
        inner.slots.push_back(Slot { there: false, recorded_at });
        inner.under_way += 1;
    }

    /// A position has arrived at an offset of a partition, or never will.
    pub(super) fn settle(&self, position: u64, outcome: Result<(i32, i64), String>) {
        let mut inner = self.inner();
        inner.under_way = inner.under_way.saturating_sub(1);
        let before = inner.published;
        match outcome.and_then(|(partition, offset)| inner.arrived(partition, offset)) {
            Ok(()) => {
                let index = position.checked_sub(before + 1).and_then(|index| usize::try_from(index).ok());
                if let Some(slot) = index.and_then(|index| inner.slots.get_mut(index)) {
                    slot.there = true;
                }
                inner.advance();
            }
            Err(why) => {
                inner.failed.get_or_insert(why);
            }
        }
        // Acknowledgements come in thousands: a step at a time is soon enough for who fills the window or reports on it.
        let step = inner.published / TELL_POSITIONS > before / TELL_POSITIONS;
        let tell = step || inner.under_way == 0 || inner.failed.is_some();
        drop(inner);
        if tell {
            self.changed.notify_one();
        }
    }

    /// Waits until the producer has given back everything, arrived or not.
    pub(super) async fn idle(&self) {
        while self.inner().under_way > 0 {
            self.changed.notified().await;
        }
    }
}

impl Inner {
    /// Takes note of a record's offset. Offsets of a partition rise, unless it is another by now.
    fn arrived(&mut self, partition: i32, offset: i64) -> Result<(), String> {
        let end = usize::try_from(partition).ok().and_then(|partition| self.ends.get_mut(partition));
        // An acknowledgement that was inferred, or of a record that was there already, has no offset.
        let Some(end) = end.filter(|_| offset >= 0) else { return Ok(()) };
        if offset < *end {
            return Err(format!(
                "a record came to offset {offset} of partition {partition}, which had gone to {end}: {REMADE}"
            ));
        }
        *end = offset + 1;
        Ok(())
    }

    fn advance(&mut self) {
        while self.slots.front().is_some_and(|slot| slot.there) {
            self.slots.pop_front();
            self.published += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(published: u64, open: u64) -> Window {
        let window = Window::new(published, vec![0]);
        (0..open).for_each(|_| window.open(Timestamp::UNIX_EPOCH));
        window
    }

    #[test]
    fn the_watermark_is_the_lowest_position_that_is_not_there_whatever_the_order() {
        let window = window(10, 4);
        for (offset, (settled, published)) in (0..).zip([(13, 10), (11, 11), (14, 11), (12, 14)]) {
            window.settle(settled, Ok((0, offset)));
            assert_eq!(window.standing().published, published, "after {settled}");
        }
        assert_eq!((window.standing().handed, window.standing().waiting_since), (14, None));
        window.pass(Timestamp::UNIX_EPOCH);
        assert_eq!(window.standing().published, 15);
    }

    #[test]
    fn a_failure_holds_the_watermark_and_is_remembered() {
        let window = window(0, 3);
        window.settle(2, Err("too large".into()));
        window.settle(1, Ok((0, 0)));
        window.settle(3, Ok((0, 1)));
        let standing = window.standing();
        assert_eq!((standing.published, standing.handed), (1, 3));
        assert_eq!(standing.failed.as_deref(), Some("too large"));
    }

    #[test]
    fn no_more_is_taken_than_the_window_holds() {
        let window = window(5, WINDOW_POSITIONS);
        assert_eq!(window.room(), 0);
        window.settle(7, Ok((0, 0)));
        assert_eq!(window.room(), 0, "the first is still under way");
        window.settle(6, Ok((0, 1)));
        assert_eq!(window.room(), 2);
    }

    #[test]
    fn a_record_that_comes_before_the_end_shows_that_the_topic_is_another() {
        let window = Window::new(3, vec![3, 7]);
        (0..3).for_each(|_| window.open(Timestamp::UNIX_EPOCH));
        window.settle(4, Ok((1, 9)));
        window.settle(5, Ok((0, 3)));
        assert_eq!((window.standing().published, window.ends()), (5, vec![4, 10]));
        window.settle(6, Ok((0, 0)));
        let standing = window.standing();
        assert_eq!(standing.published, 5, "it is not where it belongs");
        assert!(standing.failed.is_some_and(|why| why.contains(REMADE)));
    }

    #[tokio::test]
    async fn idle_waits_for_what_is_under_way() {
        let window = window(0, 1);
        assert!(tokio::time::timeout(std::time::Duration::from_millis(10), window.idle()).await.is_err());
        window.settle(1, Err("purged".into()));
        window.idle().await;
    }
}
