//! Records the leaves of other logs' events.
//!
//! It consumes batches: each becomes one `LeavesRecorded` in the audit log of the source's owner, appended together with the position
//! of its last event. So a leaf is there exactly when its position counts as consumed, also after a crash between any two steps.
//!
//! A leaf cannot be left out, for the tree over a log has all of them in order: what cannot be recorded is not parked, but ends the recording
//! of its log, with an alarm.

use crate::Engines;
use crate::index::Index;
use async_trait::async_trait;
use audit_domain::{LEAVES_MAX, Leaf, LeavesRecorded, RecordLeaves, RecordedEntry};
use engine::{Context, Engine, EngineError};
use eventlog::{LogId, Recorded, SourcePosition};
use exchange::{Reaction, ReactionError};
use merkle_log::Frontier;
use service_kit::Clock;
use std::sync::Arc;
use std::time::Duration;

/// How long the index may take to fold what was appended before the batch is tried again.
const INDEX_PATIENCE: Duration = Duration::from_secs(10);

pub(crate) struct LeafRecorder {
    sources: Vec<LogId>,
    engines: Engines,
    index: Arc<Index>,
    clock: Clock,
}

impl LeafRecorder {
    pub(crate) fn new(sources: Vec<LogId>, engines: Engines, index: Arc<Index>, clock: Clock) -> Self {
        Self { sources, engines, index, clock }
    }

    /// The engines of the audit logs.
    pub(crate) fn engines(&self) -> impl Iterator<Item = &Engine<audit_domain::Audit>> {
        self.engines.values()
    }

    fn engine(&self, source: LogId) -> Option<&Engine<audit_domain::Audit>> {
        self.engines.get(&source.owner)
    }

    async fn record(
        &self,
        engine: &Engine<audit_domain::Audit>,
        frontier: &mut Frontier,
        events: &[Arc<Recorded>],
    ) -> Result<(), ReactionError> {
        let Some(last) = events.last() else { return Ok(()) };
        let context = Context {
            actor: "service:audit".to_owned(),
            causation: Some(last.reference().to_string()),
            correlation: None,
            at: self.clock.now(),
            request: None,
        };
        let source = SourcePosition { log: last.log, position: last.position };
        let command = RecordLeaves(batch(frontier, last.log, events));
        let failed = |error| match error {
            EngineError::Unavailable(detail) => ReactionError::Retry(detail),
            error => ReactionError::Stuck(format!("{}: {error}", last.reference())),
        };
        // Recorded by an earlier attempt whose answer was lost: as good as now.
        engine.react(source, Some(command), context).await.map(drop).map_err(failed)
    }
}

#[async_trait]
impl Reaction for LeafRecorder {
    fn name(&self) -> &'static str {
        "audit"
    }

    fn sources(&self) -> Vec<LogId> {
        self.sources.clone()
    }

    fn position(&self, source: LogId) -> u64 {
        self.engine(source).map_or(0, |engine| engine.consumed(source))
    }

    async fn consume(&self, source: LogId, events: &[Arc<Recorded>]) -> Result<(), ReactionError> {
        let engine = self
            .engine(source)
            .ok_or_else(|| ReactionError::Stuck(format!("there is no audit log for {source}")))?;
        let recorded = engine.consumed(source);
        let seen = events.partition_point(|event| event.position <= recorded);
        let Some(events) = events.get(seen..).filter(|events| !events.is_empty()) else { return Ok(()) };
        if events[0].position != recorded + 1 {
            let gap =
                format!("event {} came after {recorded}: those between are missing", events[0].reference());
            return Err(ReactionError::Stuck(gap));
        }
        if let Some(contradiction) = self.index.head(source).and_then(|head| head.contradiction) {
            return Err(ReactionError::Stuck(format!(
                "the audit log contradicts itself: {}",
                contradiction.what
            )));
        }
        let mut frontier = tokio::time::timeout(INDEX_PATIENCE, self.index.frontier(source, recorded))
            .await
            .map_err(|_| ReactionError::Retry(format!("the index of {source} is not at {recorded} yet")))?;
        for batch in events.chunks(LEAVES_MAX) {
            self.record(engine, &mut frontier, batch).await?;
        }
        Ok(())
    }
}

/// The leaves of consecutive events, and the tree with them.
fn batch(frontier: &mut Frontier, log: LogId, events: &[Arc<Recorded>]) -> LeavesRecorded {
    let first_position = frontier.size() + 1;
    let mut entries: Vec<RecordedEntry> = Vec::new();
    for event in events {
        let hash = event.leaf_hash();
        frontier.append(hash);
        let leaf = Leaf {
            hash: hash.to_string(),
            event_type: event.event_type.clone(),
            stream: event.stream.to_string(),
            stream_version: event.stream_version,
            effective: event.effective,
            council: event.council,
        };
        let meta = &event.meta;
        let recorded_at_us = meta.recorded_at.as_microsecond();
        match entries.last_mut().filter(|entry| {
            entry.actor == meta.actor
                && entry.causation == meta.causation
                && entry.correlation == meta.correlation
                && entry.recorded_at_us == recorded_at_us
        }) {
            Some(entry) => entry.leaves.push(leaf),
            None => entries.push(RecordedEntry {
                actor: meta.actor.clone(),
                causation: meta.causation.clone(),
                correlation: meta.correlation.clone(),
                recorded_at_us,
                leaves: vec![leaf],
            }),
        }
    }
    LeavesRecorded {
        log: log.to_string(),
        first_position,
        entries,
        tree_size: frontier.size(),
        root: frontier.root().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Audit;
    use care::{StreamId, Timestamp};
    use eventlog::Meta;
    use eventlog::sqlite::SqliteStore;
    use exchange::Embedded;
    use service_kit::{Kit, Region};
    use std::path::Path;

    fn event(log: LogId, position: u64) -> Arc<Recorded> {
        Arc::new(Recorded {
            log,
            position,
            stream: StreamId::new("referral", position),
            stream_version: 1,
            event_type: "ReferralPosted".to_owned(),
            version: 1,
            payload: b"{}".to_vec(),
            effective: None,
            council: None,
            meta: Meta {
                actor: "test".to_owned(),
                causation: None,
                correlation: None,
                recorded_at: Timestamp::UNIX_EPOCH,
            },
        })
    }

    async fn open(folder: &Path) -> Audit {
        let region = Region {
            name: "test".to_owned(),
            frameworks: vec![],
            guests: vec!["E06000015".parse().unwrap()],
        };
        let kit = Kit {
            region: Arc::new(region),
            clock: Clock::System,
            store: Arc::new(SqliteStore::open(folder).unwrap()),
            ahead: Arc::default(),
            exchange: Arc::new(Embedded::default()),
            others: None,
            keys_folder: folder.join("keys"),
        };
        Audit::open(&kit).await.unwrap()
    }

    #[tokio::test]
    async fn events_given_again_are_dropped_and_a_gap_stops_the_recording() {
        let folder = tempfile::tempdir().unwrap();
        let audit = open(folder.path()).await;
        let recorder = &audit.shared.recorder;
        let log: LogId = "referrals/E06000015".parse().unwrap();
        let events: Vec<_> = (1..=9).map(|position| event(log, position)).collect();
        for (given, recorded) in [(0..3, 3), (0..3, 3), (1..5, 5), (5..5, 5), (5..6, 6)] {
            assert_eq!(recorder.consume(log, &events[given]).await, Ok(()));
            assert_eq!(recorder.position(log), recorded);
        }
        let gap = recorder.consume(log, &events[7..]).await;
        assert!(matches!(gap, Err(ReactionError::Stuck(_))), "{gap:?}");
        assert_eq!(recorder.position(log), 6);
        audit.shared.index.reaches(log, 6).await;
        let root = events[..6].iter().map(|event| event.leaf_hash()).collect::<merkle_log::Tree>().root();
        let head = audit.shared.index.head(log).unwrap();
        assert_eq!((head.size, head.root, head.contradiction), (6, root, None));
    }

    /// An audit event is as large as the 256 leaves in it: a start that replayed 20,000 of them before it folds them into the index would
    /// take twice as long as it need.
    #[tokio::test]
    async fn the_fold_is_kept_every_so_many_leaves_and_not_only_every_so_many_events() {
        let folder = tempfile::tempdir().unwrap();
        let audit = open(folder.path()).await;
        let recorder = &audit.shared.recorder;
        let log: LogId = "referrals/E06000015".parse().unwrap();
        let events: Vec<_> = (1..=20_480).map(|position| event(log, position)).collect();
        assert_eq!(recorder.consume(log, &events).await, Ok(()));
        let audit_log = recorder.engine(log).unwrap().log();
        let kept = audit_log.load_snapshot("state").await.unwrap().map(|snapshot| snapshot.position);
        assert_eq!((kept, *audit_log.head().borrow()), (Some(78), 80));
    }
}
