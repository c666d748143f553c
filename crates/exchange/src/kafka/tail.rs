//! The end of a topic, and whether the topic is whole before it.

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
    /// The offset after the last record of each partition.
    pub(super) ends: Vec<i64>,
    /// The highest position of each partition, 0 where there is none.
    pub(super) highest: Vec<u64>,
    /// How many whole records were seen whose code was made with another key.
    pub(super) otherwise_coded: u64,
}

impl Tail {
    /// The highest position; 0 when there is none.
    pub(super) fn head(&self) -> u64 {
        self.last.as_ref().map_or(0, |last| last.position)
    }

    /// Takes an event that is there, in the partition of this index.
    pub(super) fn take(&mut self, partition: usize, event: Recorded) {
        let position = event.position;
        self.present.insert(position);
        if let Some(highest) = self.highest.get_mut(partition) {
            *highest = position.max(*highest);
        }
        if position > self.head() {
            self.last = Some(Arc::new(event));
        }
    }

    /// Whether what lies before the end can be there, as relays leave it: everything but the last `window` positions, and of those what
    /// the partitions got before others. It is not when the topic was made again under a relay that went on publishing into it.
    ///
    /// Of a topic of one partition nothing escapes that, unless there are as many other records in it as events are missing. Of several
    /// partitions it is taken that a position is yet to come as long as any partition ends before it.
    pub(super) fn is_whole(&self, window: u64) -> bool {
        let head = self.head();
        let floor = head.saturating_sub(window);
        let records: u64 = self.ends.iter().filter_map(|end| u64::try_from(*end).ok()).sum();
        let seen = u64::try_from(self.present.range(floor + 1..).count()).unwrap_or(u64::MAX);
        let may_come = |position: &u64| self.highest.iter().any(|highest| highest < position);
        records >= floor.saturating_add(seen)
            && (floor + 1..head).filter(|position| !self.present.contains(position)).all(|it| may_come(&it))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use care::{StreamId, Timestamp};
    use eventlog::{LogId, Meta, Service};

    fn event(position: u64) -> Recorded {
        let meta = Meta {
            actor: "test".into(),
            causation: None,
            correlation: None,
            recorded_at: Timestamp::UNIX_EPOCH,
        };
        Recorded {
            log: LogId::region(Service::Vacancies),
            position,
            stream: StreamId::new("place", 1),
            stream_version: 1,
            event_type: "PlaceOpened".into(),
            version: 1,
            payload: Vec::new(),
            effective: None,
            council: None,
            meta,
        }
    }

    /// A topic whose partitions have gone to `ends` and have these positions in what was read of their ends.
    fn tail(ends: &[i64], parts: &[&[u64]]) -> Tail {
        let mut tail = Tail { ends: ends.into(), highest: vec![0; ends.len()], ..Tail::default() };
        for (partition, positions) in parts.iter().enumerate() {
            positions.iter().for_each(|position| tail.take(partition, event(*position)));
        }
        tail
    }

    #[test]
    fn what_relays_leave_is_whole_and_what_a_remade_topic_has_is_not() {
        let whole = [
            tail(&[0], &[&[]]),
            tail(&[3], &[&[1, 2, 3]]),
            // More records than events: doubled ones, or somebody else's.
            tail(&[9], &[&[1, 2, 3]]),
            tail(&[103], &[&[96, 97, 98, 99, 100]]),
            // A crash while one partition was behind: 4 and 6 are yet to come to the second.
            tail(&[3, 2], &[&[1, 5, 7], &[2, 3]]),
        ];
        for tail in whole {
            assert!(tail.is_whole(5), "{tail:?}");
        }
        let remade = [
            tail(&[3], &[&[98, 99, 100]]),
            tail(&[2], &[&[2, 3]]),
            tail(&[3], &[&[1, 2, 4]]),
            tail(&[2, 2], &[&[3, 5], &[4, 6]]),
            tail(&[97], &[&[96, 97, 98, 99, 100]]),
        ];
        for tail in remade {
            assert!(!tail.is_whole(5), "{tail:?}");
        }
    }
}
