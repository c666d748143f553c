//! Holds logs against what was recorded of them: every event is read again from where it is stored.
//!
//! The leaf of each event is computed from its stored bytes and compared with the recorded one, and the root over all of them with the
//! recorded root. It shows any change to a log since it was recorded. It is blind to a change of the log together with the audit log made
//! while the service was down; a root kept elsewhere shows that one.

use crate::Shared;
use crate::index::Head;
use eventlog::{LogError, LogId, Recorded};
use exchange::ExchangeError;
use merkle_log::{Frontier, Hash};
use std::sync::Arc;
use std::time::Duration;

/// How many events are read at a time.
const BATCH_EVENTS: usize = 500;
/// How long a log's latest events may take to be recorded before that is a finding.
const RECORDING_PATIENCE: Duration = Duration::from_secs(10);

/// What is wrong with a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Finding {
    EventAltered,
    EventMissing,
    RootMismatch,
    RecordDiffers,
    NotRecorded,
    Unreadable,
}

/// The first thing found wrong with a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bad {
    /// Zero when it is not one event.
    pub(crate) position: u64,
    pub(crate) finding: Finding,
    pub(crate) detail: String,
}

/// What came of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) log: LogId,
    /// How many events were read and checked.
    pub(crate) events: u64,
    pub(crate) root: Option<Hash>,
    pub(crate) bad: Option<Bad>,
}

/// Who is told how far a log has been verified.
pub(crate) trait Progress: Send {
    /// Says that `checked` of `total` events are done; false when nobody listens any more.
    fn checked(&mut self, log: LogId, checked: u64, total: u64) -> impl Future<Output = bool> + Send;
}

/// Verifies a log; none when nobody listens any more.
pub(crate) async fn verify(shared: &Shared, log: LogId, progress: &mut impl Progress) -> Option<Verdict> {
    let unreadable = |error: &ExchangeError| Verdict {
        log,
        events: 0,
        root: None,
        bad: Some(Bad { position: 0, finding: Finding::Unreadable, detail: error.to_string() }),
    };
    let published = match shared.exchange.head(log).await {
        Ok(published) => published,
        Err(error) => return Some(unreadable(&error)),
    };
    let patience = if shared.stuck(log).is_some() { Duration::ZERO } else { RECORDING_PATIENCE };
    // What comes of the wait shows below, in the number recorded.
    let _ = tokio::time::timeout(patience, shared.index.reaches(log, published)).await;
    let head = shared.index.head(log)?;
    let mut check = Check { shared, log, head: &head, frontier: Frontier::new(), bad: None };
    let events = check.all(progress).await?;
    if check.bad.is_none() {
        check.bad = check.as_a_whole(published);
    }
    if let Some(Bad { position, detail, .. }) = &check.bad {
        tracing::error!(%log, position, detail, "ALARM: verification failed");
    }
    Some(Verdict { log, events, root: Some(head.root), bad: check.bad })
}

struct Check<'a> {
    shared: &'a Shared,
    log: LogId,
    head: &'a Head,
    /// Over the leaves of the events as they are now.
    frontier: Frontier,
    bad: Option<Bad>,
}

impl Check<'_> {
    /// Checks event after event, and says how many were checked.
    async fn all(&mut self, progress: &mut impl Progress) -> Option<u64> {
        let size = self.head.size;
        let mut checked = 0;
        let mut limit = BATCH_EVENTS;
        while checked < size {
            let left = usize::try_from(size - checked).unwrap_or(limit);
            match self.shared.exchange.fetch(self.log, checked, limit.min(left)).await {
                Ok(events) => {
                    let Some(reached) = self.batch(checked, &events) else { break };
                    checked = reached;
                }
                // The batch holds an event that does not fit its own digest: one by one it shows which.
                Err(ExchangeError::Log(LogError::Damaged { .. })) if limit > 1 => {
                    limit = 1;
                    continue;
                }
                Err(ExchangeError::Log(LogError::Damaged { detail, .. })) => {
                    self.found(checked + 1, Finding::EventAltered, detail);
                    break;
                }
                Err(error) => {
                    self.found(checked + 1, Finding::Unreadable, error.to_string());
                    break;
                }
            }
            if !progress.checked(self.log, checked, size).await {
                return None;
            }
        }
        Some(checked)
    }

    /// Checks the events after a position; none when one is not there.
    fn batch(&mut self, after: u64, events: &[Arc<Recorded>]) -> Option<u64> {
        let recorded = self.shared.index.look(|logs| logs.leaf_hashes(self.log, after, events.len()));
        let mut position = after;
        for (event, recorded) in events.iter().zip(recorded) {
            if event.position != position + 1 {
                break;
            }
            position += 1;
            let leaf = event.leaf_hash();
            self.frontier.append(leaf);
            if leaf != recorded {
                let detail = format!(
                    "event {position} is not the one that was recorded: its leaf is {leaf}, recorded was {recorded}"
                );
                self.found(position, Finding::EventAltered, detail);
            } else if !self.record_agrees(event) {
                let detail =
                    format!("what the audit log says of event {position} is not what the event says");
                self.found(position, Finding::RecordDiffers, detail);
            }
        }
        if position == after || position < events.last().map_or(0, |event| event.position) {
            let missing = position + 1;
            let detail = format!(
                "event {missing} of {} recorded ones is not there: restore the log from a newer backup",
                self.head.size
            );
            self.found(missing, Finding::EventMissing, detail);
            return None;
        }
        Some(position)
    }

    fn record_agrees(&self, event: &Recorded) -> bool {
        self.shared
            .index
            .look(|logs| logs.event(self.log, event.position).is_some_and(|record| record.agrees_with(event)))
    }

    /// What no single event shows.
    fn as_a_whole(&self, published: u64) -> Option<Bad> {
        if let Some(contradiction) = &self.head.contradiction {
            let detail = format!("the audit log contradicts itself: {}", contradiction.what);
            return Some(Bad { position: contradiction.position, finding: Finding::RootMismatch, detail });
        }
        if self.frontier.root() != self.head.root {
            let detail = format!(
                "the events lead to the root {}, recorded was {}",
                self.frontier.root(),
                self.head.root
            );
            return Some(Bad { position: 0, finding: Finding::RootMismatch, detail });
        }
        if published > self.head.size {
            let why = self
                .shared
                .stuck(self.log)
                .unwrap_or_else(|| "the audit service has not caught up".to_owned());
            let detail = format!("{} of {published} events are recorded: {why}", self.head.size);
            return Some(Bad { position: self.head.size + 1, finding: Finding::NotRecorded, detail });
        }
        None
    }

    /// Remembers the first.
    fn found(&mut self, position: u64, finding: Finding, detail: String) {
        self.bad.get_or_insert(Bad { position, finding, detail });
    }
}
