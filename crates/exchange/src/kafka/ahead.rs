//! Reads a log ahead of its relay and writes the events as records, while those before them are handed over.

use super::cloud_event::encode;
use super::record_key::RecordKey;
use super::relay::Traces;
use eventlog::{EventLog, LogError, Recorded};
use rdkafka::message::{Header, OwnedHeaders};
use std::sync::Arc;

/// How many events are read and handed over at a time.
pub(super) const BATCH_EVENTS_MAX: usize = 1_000;
/// Up to so many are encoded in place: handing them to another thread would take longer, and somebody waits for them.
const IN_PLACE_EVENTS_MAX: usize = 32;

/// An event ready to be sent: its key and value are its own, and these are its headers.
pub(super) struct Prepared {
    pub(super) event: Arc<Recorded>,
    pub(super) headers: OwnedHeaders,
}

/// A log as it is published.
#[derive(Clone)]
pub(super) struct Ahead {
    pub(super) log: Arc<dyn EventLog>,
    pub(super) key: RecordKey,
    pub(super) traces: Option<Traces>,
}

impl Ahead {
    /// A batch after `after`; an empty one when `head` is not beyond that.
    pub(super) async fn read(&self, after: u64, head: u64) -> Result<Vec<Prepared>, LogError> {
        if after >= head {
            return Ok(Vec::new());
        }
        let events = self.log.read(after, BATCH_EVENTS_MAX).await?;
        if events.is_empty() {
            let (place, detail) =
                (self.log.id().to_string(), format!("nothing after {after}, though its head is {head}"));
            return Err(LogError::Unavailable { place, detail });
        }
        let (key, traces) = (self.key.clone(), self.traces.clone());
        if events.len() <= IN_PLACE_EVENTS_MAX {
            return Ok(prepare(&key, events, traces.as_ref()));
        }
        tokio::task::spawn_blocking(move || prepare(&key, events, traces.as_ref())).await.map_err(|error| {
            LogError::Unavailable { place: self.log.id().to_string(), detail: error.to_string() }
        })
    }
}

fn prepare(key: &RecordKey, events: Vec<Arc<Recorded>>, traces: Option<&Traces>) -> Vec<Prepared> {
    let one = |event: Arc<Recorded>| {
        let trace = traces.and_then(|traces| traces(&event));
        let encoded = encode(key, &event, trace.as_deref());
        let empty = OwnedHeaders::new_with_capacity(encoded.headers.len());
        let headers = encoded
            .headers
            .iter()
            .fold(empty, |headers, (key, value)| headers.insert(Header { key, value: Some(value.as_ref()) }));
        Prepared { event, headers }
    };
    events.into_iter().map(one).collect()
}
