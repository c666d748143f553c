//! Finding events in the index.

use crate::index::{EventView, LogIndex, Logs};
use crate::reader::Reader;
use care::CouncilId;
use eventlog::{LogId, Owner, Service};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::fmt;
use std::str::FromStr;

/// Which events; what is not set does not restrict.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Filter {
    pub(crate) council: Option<CouncilId>,
    pub(crate) service: Option<Service>,
    pub(crate) event_types: Vec<String>,
    pub(crate) actor: Option<String>,
    pub(crate) stream: Option<String>,
    pub(crate) log: Option<LogId>,
    /// Microseconds since 1970, inclusive.
    pub(crate) recorded_from_us: Option<i64>,
    /// Microseconds since 1970, exclusive.
    pub(crate) recorded_until_us: Option<i64>,
}

/// In which order events are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// By instant, then log, then position.
    Recorded,
    /// By log, then position.
    Position,
}

/// Who asks for what.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    pub(crate) reader: Reader,
    pub(crate) filter: Filter,
}

/// The place of an event in an order. The instant is 0 in the order of positions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Cursor {
    pub(crate) recorded_at_us: i64,
    pub(crate) log: LogId,
    pub(crate) position: u64,
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}|{}|{}", self.recorded_at_us, self.log, self.position)
    }
}

/// Text that is no cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CursorInvalid;

impl FromStr for Cursor {
    type Err = CursorInvalid;
    fn from_str(text: &str) -> Result<Self, CursorInvalid> {
        let mut parts = text.splitn(3, '|');
        let mut next = || parts.next().ok_or(CursorInvalid);
        Ok(Self {
            recorded_at_us: next()?.parse().map_err(|_| CursorInvalid)?,
            log: next()?.parse().map_err(|_| CursorInvalid)?,
            position: next()?.parse().map_err(|_| CursorInvalid)?,
        })
    }
}

impl Filter {
    fn wants_log(&self, log: LogId) -> bool {
        self.log.is_none_or(|wanted| wanted == log)
            && self.service.is_none_or(|service| service == log.service)
            && self.council.is_none_or(|council| match log.owner {
                Owner::Council(owner) => owner == council,
                Owner::Region => true,
                Owner::DeadLetters => false,
            })
    }

    fn wants(&self, event: &EventView<'_>) -> bool {
        let at = event.row.recorded_at_us;
        self.recorded_from_us.is_none_or(|from| at >= from)
            && self.recorded_until_us.is_none_or(|until| at < until)
            && self.council.is_none_or(|council| {
                event.log.owner == Owner::Council(council) || event.council() == Some(council)
            })
            && (self.event_types.is_empty()
                || self.event_types.iter().any(|known| known == event.event_type()))
            && self.stream.as_deref().is_none_or(|stream| stream == event.stream())
            && self.actor.as_deref().is_none_or(|actor| is_actor(event.actor(), actor))
    }
}

/// Whether an actor is the one wanted, or one of its systems and posts.
fn is_actor(actor: &str, wanted: &str) -> bool {
    actor.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

impl Question {
    pub(crate) fn about(&self, log: LogId) -> bool {
        self.reader.reads(log) && self.filter.wants_log(log)
    }

    fn includes(&self, event: &EventView<'_>) -> bool {
        self.filter.wants(event)
            && self.reader.sees(event.log, event.council(), event.actor(), event.causation().as_deref())
    }
}

impl Logs {
    /// The logs that a question is about, in order.
    pub(crate) fn logs_of(&self, question: &Question) -> Vec<LogId> {
        self.logs.keys().copied().filter(|log| question.about(*log)).collect()
    }

    /// The events that answer a question, after a cursor, in an order.
    pub(crate) fn search<'a>(
        &'a self,
        question: &'a Question,
        order: Order,
        after: Option<Cursor>,
    ) -> Box<dyn Iterator<Item = (Cursor, EventView<'a>)> + 'a> {
        let logs = self.logs.iter().filter(|(log, _)| question.about(**log));
        match order {
            Order::Position => Box::new(logs.flat_map(move |(log, of_log)| {
                let start = match after {
                    Some(after) if after.log > *log => return None.into_iter().flatten(),
                    Some(after) if after.log == *log => after.position,
                    _ => 0,
                };
                let events = self.after(*log, of_log, start).filter(|event| question.includes(event));
                let cursor = |event: EventView<'a>| Cursor {
                    recorded_at_us: 0,
                    log: event.log,
                    position: event.position,
                };
                Some(events.map(move |event| (cursor(event), event))).into_iter().flatten()
            })),
            Order::Recorded => Box::new(merged(
                logs.map(|(log, of_log)| self.by_time(*log, of_log, question, after)).collect(),
            )),
        }
    }

    /// The events of a log that answer a question, of up to `limit` looked at after a position; and the position looked at last.
    pub(crate) fn next_of<'a>(
        &'a self,
        question: &'a Question,
        log: LogId,
        after: u64,
        limit: usize,
    ) -> (Vec<EventView<'a>>, u64) {
        let Some(of_log) = self.logs.get(&log) else { return (Vec::new(), after) };
        let mut position = after;
        let seen = self.after(log, of_log, after).take(limit).inspect(|event| position = event.position);
        let events = seen.filter(|event| question.includes(event)).collect();
        (events, position)
    }

    fn after<'a>(
        &'a self,
        log: LogId,
        of_log: &'a LogIndex,
        position: u64,
    ) -> impl Iterator<Item = EventView<'a>> + 'a {
        let first = usize::try_from(position).unwrap_or(usize::MAX);
        (first..of_log.rows.len()).filter_map(move |number| self.view(log, of_log, number))
    }

    fn by_time<'a>(
        &'a self,
        log: LogId,
        of_log: &'a LogIndex,
        question: &'a Question,
        after: Option<Cursor>,
    ) -> InTime<'a> {
        let filter = &question.filter;
        let cursor = move |number: u32| Cursor {
            recorded_at_us: of_log.time_of(number),
            log,
            position: u64::from(number) + 1,
        };
        let start = of_log.by_time.partition_point(|number| {
            after.is_some_and(|after| cursor(*number) <= after)
                || filter.recorded_from_us.is_some_and(|from| of_log.time_of(*number) < from)
        });
        let until = filter.recorded_until_us.unwrap_or(i64::MAX);
        let numbers = of_log.by_time.get(start..).unwrap_or_default().iter().copied();
        let events =
            numbers.take_while(move |number| of_log.time_of(*number) < until).filter_map(move |number| {
                let event = self.view(log, of_log, usize::try_from(number).ok()?)?;
                question.includes(&event).then(|| (cursor(number), event))
            });
        Box::new(events)
    }
}

type InTime<'a> = Box<dyn Iterator<Item = (Cursor, EventView<'a>)> + 'a>;

/// Several sequences in order of their cursors as one.
fn merged<'a>(mut sequences: Vec<InTime<'a>>) -> impl Iterator<Item = (Cursor, EventView<'a>)> + 'a {
    let mut nexts: Vec<Option<EventView<'a>>> = Vec::with_capacity(sequences.len());
    let mut heap = BinaryHeap::new();
    for (number, sequence) in sequences.iter_mut().enumerate() {
        let next = sequence.next();
        heap.extend(next.map(|(cursor, _)| Reverse((cursor, number))));
        nexts.push(next.map(|(_, event)| event));
    }
    std::iter::from_fn(move || {
        let mut first = heap.peek_mut()?;
        let Reverse((cursor, number)) = *first;
        let event = nexts[number].take()?;
        match sequences[number].next() {
            Some((following, next)) => {
                *first = Reverse((following, number));
                nexts[number] = Some(next);
            }
            None => {
                PeekMut::pop(first);
            }
        }
        Some((cursor, event))
    })
}
