//! The partitions of a topic, put together into the order of the log.
//!
//! Positions rise within a partition, so the next event is the lowest of the partitions' first ones; it is given once it is the
//! position after the last. A partition without a first one may still bring it, unless its end was reached. When every partition
//! has a later one first or is at its end, a position is missing; it may be on its way, so it is waited for a little.

use super::connection::Speaking;
use super::reader::{RecordFault, decode_message, passes};
use super::record_key::RecordKey;
use crate::trace;
use eventlog::{LogId, Recorded};
use rdkafka::Message as _;
use rdkafka::consumer::MessageStream;
use rdkafka::error::KafkaError;
use std::collections::{HashMap, HashSet};
use std::future::Future as _;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::Sleep;

/// How long a position may be missing before its owner is asked.
const GAP_PATIENCE: Duration = Duration::from_secs(1);
/// How many bad records of a topic are told of, each once: one is reason enough to look, and somebody may have filled the topic.
const FAULTS_TOLD: usize = 10;

/// The bad records that were told of, by their topics: their partitions and offsets.
#[derive(Debug, Default)]
pub(super) struct Faults(Mutex<HashMap<String, HashSet<(i32, i64)>>>);

impl Faults {
    fn alarm(&self, fault: &RecordFault) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let told = all.entry(fault.topic.clone()).or_default();
        if told.len() < FAULTS_TOLD && told.insert((fault.partition, fault.offset)) {
            let last =
                if told.len() == FAULTS_TOLD { "; further ones of this topic are not told" } else { "" };
            tracing::error!(%fault, "ALARM: a record is no event{last}");
        }
    }
}

/// What the partitions gave.
#[derive(Debug)]
pub(super) enum Given {
    /// The next events, at least one.
    Events(Vec<Arc<Recorded>>),
    /// The position after the last is not in the topic: only those from this one on are. None when a bad record may have stood for
    /// it and nothing comes after that.
    Gap(Option<u64>),
}

/// Where the merging of a topic's partitions stands.
pub(super) struct Merge {
    key: RecordKey,
    log: LogId,
    /// The last position given.
    last: u64,
    parts: Vec<Part>,
    faults: Arc<Faults>,
    /// A bad record came that may have stood for the next position.
    suspect: bool,
    gap: Option<Gap>,
}

struct Part {
    first: Option<Arc<Recorded>>,
    ended: bool,
    /// The offset after the last record that came.
    next_offset: i64,
}

/// A position that is missing.
enum Gap {
    Waited(Pin<Box<Sleep>>),
    Certain,
}

impl Merge {
    pub(super) fn new(key: RecordKey, log: LogId, after: u64, offsets: &[i64], faults: Arc<Faults>) -> Self {
        let part = |next_offset: &i64| Part { first: None, ended: false, next_offset: *next_offset };
        let parts = offsets.iter().map(part).collect();
        Self { key, log, last: after, parts, faults, suspect: false, gap: None }
    }

    pub(super) fn last(&self) -> u64 {
        self.last
    }

    /// The offset that comes next of each partition.
    pub(super) fn next_offsets(&self) -> Vec<i64> {
        self.parts.iter().map(|part| part.next_offset).collect()
    }

    /// Gives up to `limit` events as soon as there is one. Nothing is lost between two polls.
    pub(super) fn poll(
        &mut self,
        streams: &mut [MessageStream<'_, Speaking>],
        context: &mut Context<'_>,
        limit: usize,
    ) -> Poll<Result<Given, KafkaError>> {
        let mut events = Vec::new();
        while events.len() < limit {
            if let Err(error) = self.fill(streams, context) {
                // What came before it is given first; the error comes again or has passed.
                return Poll::Ready(if events.is_empty() { Err(error) } else { Ok(Given::Events(events)) });
            }
            let Some(next) = self.take_next() else { break };
            events.push(next);
        }
        if !events.is_empty() {
            self.gap = None;
            return Poll::Ready(Ok(Given::Events(events)));
        }
        self.poll_gap(context).map(Ok)
    }

    /// Gets each partition's first event where it can be had.
    fn fill(
        &mut self,
        streams: &mut [MessageStream<'_, Speaking>],
        context: &mut Context<'_>,
    ) -> Result<(), KafkaError> {
        for (part, stream) in self.parts.iter_mut().zip(streams) {
            while part.first.as_ref().is_none_or(|first| first.position <= self.last) {
                match futures::Stream::poll_next(Pin::new(&mut *stream), context) {
                    Poll::Ready(Some(Ok(message))) => {
                        part.ended = false;
                        part.next_offset = message.offset() + 1;
                        match decode_message(&self.key, self.log, &message) {
                            Ok(decoded) => {
                                let trace = decoded.traceparent.and_then(|trace| trace.parse().ok());
                                if let Some(trace) = trace {
                                    trace::consumed(&decoded.event, trace);
                                }
                                part.first = Some(Arc::new(decoded.event));
                            }
                            Err(fault) => {
                                self.faults.alarm(&fault);
                                self.suspect = true;
                            }
                        }
                    }
                    Poll::Ready(Some(Err(KafkaError::PartitionEOF(_)))) => part.ended = true,
                    Poll::Ready(Some(Err(error))) if passes(&error) => {
                        tracing::debug!(log = %self.log, %error, "Kafka");
                    }
                    Poll::Ready(Some(Err(error))) => return Err(error),
                    Poll::Ready(None) | Poll::Pending => {
                        part.first = None;
                        break;
                    }
                }
            }
        }
        Ok(())
    }

    fn take_next(&mut self) -> Option<Arc<Recorded>> {
        let is_next =
            |part: &&mut Part| part.first.as_ref().is_some_and(|first| first.position == self.last + 1);
        let next = self.parts.iter_mut().find(is_next)?.first.take();
        self.last += u64::from(next.is_some());
        next
    }

    fn poll_gap(&mut self, context: &mut Context<'_>) -> Poll<Given> {
        let later = self.parts.iter().filter_map(|part| Some(part.first.as_ref()?.position)).min();
        let all_known = self.parts.iter().all(|part| part.first.is_some() || part.ended);
        if !all_known || (later.is_none() && !self.suspect) {
            self.gap = None;
            return Poll::Pending;
        }
        let gap = self.gap.get_or_insert_with(|| Gap::Waited(Box::pin(tokio::time::sleep(GAP_PATIENCE))));
        if let Gap::Waited(sleep) = gap {
            std::task::ready!(sleep.as_mut().poll(context));
        }
        self.gap = Some(Gap::Certain);
        Poll::Ready(Given::Gap(later))
    }

    /// Takes note that these events came from their owner instead.
    pub(super) fn filled(&mut self, events: &[Arc<Recorded>]) {
        match events.last() {
            Some(last) => self.last = last.position,
            // Its owner has no more either, so the bad record stood for none.
            None => (self.suspect, self.gap) = (false, None),
        }
    }
}
