//! Whether an entry may be appended, and what its rows then are. Each entry is checked in full before its first row is added, so a
//! refused one leaves nothing behind and the others of its batch go on.

use crate::adapter::Outcome;
use crate::event::{Meta, Recorded};
use crate::log_id::LogId;
#[cfg(feature = "planted-defects")]
use crate::planted::{Planted, is_planted};
use crate::port::{AppendError, Appended, Committed, Entry, Expected, LogError, SourcePosition, StoredReply};
use care::{StreamId, Timestamp};
use std::sync::Arc;

/// How many events one entry may have.
const ENTRY_EVENTS_MAX: usize = 1_000;
/// How many bytes one event's payload may have.
const PAYLOAD_BYTES_MAX: usize = 1024 * 1024;
/// How many bytes the name of a stream or a client's key may have: an index takes no more than some thousands.
const NAME_BYTES_MAX: usize = 1_000;
/// How many streams' versions a writer remembers before it starts its memory anew.
pub(crate) const VERSIONS_MAX: usize = 50_000;

/// The rows of a log as its writer finds and adds them. What has been added is found.
pub(crate) trait Rows {
    /// How many events a stream has.
    fn version(&mut self, stream: &StreamId) -> Result<u64, LogError>;
    /// The answer kept under a key.
    fn reply(&mut self, key: &str) -> Result<Option<StoredReply>, LogError>;
    /// How far another log has been consumed.
    fn source(&mut self, log: LogId) -> Result<u64, LogError>;
    fn add_event(&mut self, event: &Arc<Recorded>) -> Result<(), LogError>;
    fn add_reply(&mut self, key: String, reply: StoredReply) -> Result<(), LogError>;
    fn add_source(&mut self, source: SourcePosition) -> Result<(), LogError>;
}

/// Stages the entries of a batch in order behind `head`, which moves on with them.
///
/// # Errors
/// When the log itself cannot go on; a refused entry is an outcome.
pub(crate) fn stage_all(
    rows: &mut impl Rows,
    log: LogId,
    head: &mut u64,
    entries: impl IntoIterator<Item = Entry>,
) -> Result<Vec<Outcome>, LogError> {
    let staged = entries.into_iter().map(|entry| match stage(rows, log, head, entry) {
        Err(AppendError::Log(error)) => Err(error),
        outcome => Ok(outcome),
    });
    staged.collect()
}

fn stage(rows: &mut impl Rows, log: LogId, head: &mut u64, entry: Entry) -> Outcome {
    if let Some(idempotency) = &entry.idempotency
        && let Some(stored) = rows.reply(&idempotency.key)?
    {
        let same = stored.request_hash == idempotency.request_hash;
        return if same { Ok(Appended::Repeated(stored)) } else { Err(AppendError::KeyReused) };
    }
    let seen = match &entry.source {
        Some(source) => source.position <= rows.source(source.log)?,
        None => false,
    };
    #[cfg(feature = "planted-defects")]
    let seen = seen && !is_planted(Planted::DedupeDropped, log);
    if seen {
        return Ok(Appended::AlreadySeen);
    }
    check_size(&entry)?;
    #[cfg(feature = "planted-defects")]
    let entry = if is_planted(Planted::AppenderWithoutFence, log) {
        Entry { expected_head: None, expected: Vec::new(), ..entry }
    } else {
        entry
    };
    check_expectations(rows, *head, &entry)?;
    let Entry { events, meta, idempotency, source, .. } = entry;
    let recorded_at =
        Timestamp::from_microsecond(meta.recorded_at.as_microsecond()).unwrap_or(meta.recorded_at);
    let meta = Meta { recorded_at, ..meta };
    let mut recorded = Vec::with_capacity(events.len());
    for event in events {
        let stream_version = rows.version(&event.stream)? + 1;
        let event = Arc::new(Recorded {
            log,
            position: *head + 1,
            stream: event.stream,
            stream_version,
            event_type: event.event_type.to_owned(),
            version: event.version,
            payload: event.payload,
            effective: event.effective,
            council: event.council,
            meta: meta.clone(),
        });
        rows.add_event(&event)?;
        *head += 1;
        recorded.push(event);
    }
    if let Some(idempotency) = idempotency {
        let reply =
            StoredReply { request_hash: idempotency.request_hash, reply: idempotency.reply, head: *head };
        rows.add_reply(idempotency.key, reply)?;
    }
    if let Some(source) = source {
        rows.add_source(source)?;
    }
    Ok(Appended::Committed(Committed { head: *head, events: recorded }))
}

fn check_size(entry: &Entry) -> Result<(), AppendError> {
    if entry.events.len() > ENTRY_EVENTS_MAX {
        let detail = format!("{} events, at most {ENTRY_EVENTS_MAX}", entry.events.len());
        return Err(AppendError::TooLarge(detail));
    }
    if let Some(event) = entry.events.iter().find(|event| event.payload.len() > PAYLOAD_BYTES_MAX) {
        let (event_type, bytes) = (event.event_type, event.payload.len());
        let detail = format!("a {event_type} of {bytes} bytes, at most {PAYLOAD_BYTES_MAX}");
        return Err(AppendError::TooLarge(detail));
    }
    let streams = entry.events.iter().map(|event| event.stream.as_str());
    let mut names = streams.chain(entry.idempotency.iter().map(|idempotency| idempotency.key.as_str()));
    if let Some(name) = names.find(|name| name.len() > NAME_BYTES_MAX) {
        let detail = format!("a stream or key of {} bytes, at most {NAME_BYTES_MAX}", name.len());
        return Err(AppendError::TooLarge(detail));
    }
    Ok(())
}

fn check_expectations(rows: &mut impl Rows, head: u64, entry: &Entry) -> Result<(), AppendError> {
    if let Some(expected) = entry.expected_head.filter(|expected| *expected != head) {
        return Err(AppendError::WrongHead { expected, actual: head });
    }
    for (stream, expected) in &entry.expected {
        let actual = rows.version(stream)?;
        match expected {
            Expected::Version(expected) if *expected != actual => {
                let (stream, expected) = (stream.clone(), *expected);
                return Err(AppendError::WrongVersion { stream, expected, actual });
            }
            Expected::Version(_) | Expected::Any => {}
        }
    }
    Ok(())
}
