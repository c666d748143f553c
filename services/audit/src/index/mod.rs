//! What the audit logs have recorded, folded into memory: per log its Merkle tree, and of every event all but the payload.
//!
//! About 310 bytes an event: a hundred thousand events take some 31 MB.

mod names;
mod row;
mod search;
#[cfg(test)]
mod tests;

pub(crate) use row::EventView;
pub(crate) use search::{Cursor, Filter, Order, Question};

use audit_domain::{AuditEvent, LeavesRecorded};
use care::Event;
use engine::OpenError;
use eventlog::{EventLog, LogError, LogId, Recorded};
use merkle_log::{Frontier, Hash, Tree, empty_root};
use names::Names;
use row::Row;
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::{mpsc, watch};

/// How many audit events are read at a time.
const FOLD_EVENTS: usize = 200;
/// How many such batches are read ahead.
const FOLD_AHEAD: usize = 4;

/// The index. Readers see a log's rows, tree and root always together.
pub(crate) struct Index {
    recorded: RwLock<Logs>,
    /// How often something was folded.
    folded: watch::Sender<u64>,
}

/// All logs.
pub(crate) struct Logs {
    names: Names,
    logs: BTreeMap<LogId, LogIndex>,
}

/// One log.
struct LogIndex {
    tree: Tree,
    /// The root recorded with the last leaves.
    root: Hash,
    rows: Vec<Row>,
    /// Row numbers in order of their recording's instant, then of themselves: mostly 0, 1, 2 …
    by_time: Vec<u32>,
    contradiction: Option<Contradiction>,
}

/// Where the audit log contradicts itself, which only a change of the audit log can have caused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Contradiction {
    /// The position in the log that is recorded.
    pub(crate) position: u64,
    pub(crate) what: String,
}

/// What is recorded of a log as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) size: u64,
    pub(crate) root: Hash,
    pub(crate) last_recorded_at_us: Option<i64>,
    pub(crate) contradiction: Option<Contradiction>,
}

impl Default for LogIndex {
    fn default() -> Self {
        Self {
            tree: Tree::new(),
            root: empty_root(),
            rows: Vec::new(),
            by_time: Vec::new(),
            contradiction: None,
        }
    }
}

impl Index {
    /// An index over these logs, of which nothing is recorded yet.
    pub(crate) fn new(logs: impl IntoIterator<Item = LogId>) -> Self {
        let logs = logs.into_iter().map(|log| (log, LogIndex::default())).collect();
        Self { recorded: RwLock::new(Logs { names: Names::default(), logs }), folded: watch::Sender::new(0) }
    }

    /// Folds everything that an audit log holds after `position`, and says up to where. What comes next is read and decoded meanwhile, on
    /// another core where there is one: a long log is what a start waits for.
    pub(crate) async fn fold(&self, log: &Arc<dyn EventLog>, mut position: u64) -> Result<u64, OpenError> {
        let (sender, mut batches) = mpsc::channel(FOLD_AHEAD);
        let log = Arc::clone(log);
        // It ends when nobody takes what it has read.
        let reading = tokio::spawn(async move { read_ahead(&*log, position, sender).await });
        while let Some((last, batch)) = batches.recv().await {
            for leaves in &batch {
                self.apply(leaves);
            }
            position = last;
        }
        match reading.await {
            Ok(read) => read.map(|()| position),
            Err(_) => Err(OpenError::Log(LogError::Unavailable {
                place: "the audit log".to_owned(),
                detail: "reading it was interrupted".to_owned(),
            })),
        }
    }

    pub(crate) fn apply(&self, leaves: &LeavesRecorded) {
        let mut recorded = self.recorded.write().unwrap_or_else(PoisonError::into_inner);
        recorded.apply(leaves);
        drop(recorded);
        self.folded.send_modify(|times| *times += 1);
    }

    /// Looks at everything recorded, at one moment. Keep it short: nothing is recorded meanwhile.
    pub(crate) fn look<R>(&self, look: impl FnOnce(&Logs) -> R) -> R {
        look(&self.recorded.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Tells whenever something was folded.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.folded.subscribe()
    }

    /// What is recorded of a log; none for one that is not recorded.
    pub(crate) fn head(&self, log: LogId) -> Option<Head> {
        self.look(|logs| logs.head(log))
    }

    /// Waits until `size` events of a log are folded.
    pub(crate) async fn reaches(&self, log: LogId, size: u64) {
        let mut changes = self.changes();
        // The sender is in this index, so it is there while this waits.
        let _ = changes.wait_for(|_| self.head(log).is_some_and(|head| head.size >= size)).await;
    }

    /// The tree of a log's first `size` events as far as it is needed to go on, once they are folded.
    pub(crate) async fn frontier(&self, log: LogId, size: u64) -> Frontier {
        self.reaches(log, size).await;
        let frontier = |logs: &Logs| logs.logs.get(&log)?.tree.frontier_at(size).ok();
        self.look(frontier).unwrap_or_default()
    }
}

/// Reads and decodes a log after `position` to its end; gives each batch with its last position.
async fn read_ahead(
    log: &dyn EventLog,
    mut position: u64,
    batches: mpsc::Sender<(u64, Vec<LeavesRecorded>)>,
) -> Result<(), OpenError> {
    loop {
        let events = log.read(position, FOLD_EVENTS).await?;
        let Some(last) = events.last() else { return Ok(()) };
        position = last.position;
        let decode = |event: &Arc<Recorded>| {
            let decoded = AuditEvent::decode(&event.event_type, event.version, &event.payload)
                .map_err(|source| OpenError::Event { at: event.reference(), source })?;
            let AuditEvent::LeavesRecorded(leaves) = decoded;
            Ok(leaves)
        };
        let batch = events.iter().map(decode).collect::<Result<Vec<_>, OpenError>>()?;
        if batches.send((position, batch)).await.is_err() {
            return Ok(());
        }
    }
}

impl Logs {
    fn apply(&mut self, leaves: &LeavesRecorded) {
        // A council that has left the region may have left leaves in the region's audit log; they are not served.
        let Some(log) = leaves.log.parse().ok().and_then(|log| self.logs.get_mut(&log)) else { return };
        if log.contradiction.is_some() {
            return;
        }
        if let Err(what) = log.append(leaves, &mut self.names) {
            tracing::error!(log = leaves.log, what, "ALARM: the audit log contradicts itself");
            log.contradiction = Some(Contradiction { position: leaves.first_position, what });
        }
    }

    pub(crate) fn head(&self, log: LogId) -> Option<Head> {
        self.logs.get(&log).map(|log| Head {
            size: log.size(),
            root: log.root,
            last_recorded_at_us: log.rows.last().map(|row| row.recorded_at_us),
            contradiction: log.contradiction.clone(),
        })
    }

    /// One event.
    pub(crate) fn event(&self, log: LogId, position: u64) -> Option<EventView<'_>> {
        let of_log = self.logs.get(&log)?;
        self.view(log, of_log, usize::try_from(position.checked_sub(1)?).ok()?)
    }

    /// The leaf hashes of up to `limit` events after a position.
    pub(crate) fn leaf_hashes(&self, log: LogId, after: u64, limit: usize) -> Vec<Hash> {
        let leaves = self.logs.get(&log).map_or(&[][..], |log| log.tree.leaves());
        let after = usize::try_from(after).unwrap_or(usize::MAX);
        leaves.iter().skip(after).take(limit).copied().collect()
    }

    /// The path that proves an event's leaf against the root of the log's whole tree.
    pub(crate) fn proof(&self, log: LogId, position: u64) -> Option<Vec<Hash>> {
        let tree = &self.logs.get(&log)?.tree;
        tree.inclusion_proof(position.checked_sub(1)?, tree.len()).ok()
    }

    fn view<'a>(&'a self, log: LogId, of_log: &'a LogIndex, number: usize) -> Option<EventView<'a>> {
        Some(EventView {
            log,
            position: u64::try_from(number).ok()? + 1,
            leaf_hash: *of_log.tree.leaves().get(number)?,
            row: of_log.rows.get(number)?,
            names: &self.names,
        })
    }
}

impl LogIndex {
    fn size(&self) -> u64 {
        self.tree.len()
    }

    fn append(&mut self, recorded: &LeavesRecorded, names: &mut Names) -> Result<(), String> {
        if recorded.first_position != self.size() + 1 {
            return Err(format!(
                "leaves from {} follow those up to {}",
                recorded.first_position,
                self.size()
            ));
        }
        let mut added = Vec::new();
        for entry in &recorded.entries {
            for leaf in &entry.leaves {
                let hash: Hash = leaf.hash.parse().map_err(|_| "a leaf's hash is unreadable".to_owned())?;
                let row = Row::new(entry, leaf, names).ok_or("there are too many different texts")?;
                added.push((hash, row));
            }
        }
        for (hash, row) in added {
            self.tree.append(hash);
            self.push(row);
        }
        let root: Hash = recorded.root.parse().map_err(|_| "a root is unreadable".to_owned())?;
        self.root = root;
        if (self.size(), self.tree.root()) != (recorded.tree_size, root) {
            return Err(format!(
                "the leaves up to {} do not lead to the root recorded for {}",
                self.size(),
                recorded.tree_size
            ));
        }
        Ok(())
    }

    fn push(&mut self, row: Row) {
        let Ok(number) = u32::try_from(self.rows.len()) else { return };
        let at = row.recorded_at_us;
        self.rows.push(row);
        // Requests overtake each other by a little, so the place is near the end.
        let earlier = |number: &u32| self.time_of(*number) <= at;
        let place = self.by_time.iter().rposition(earlier).map_or(0, |last| last + 1);
        self.by_time.insert(place, number);
    }

    fn time_of(&self, number: u32) -> i64 {
        usize::try_from(number)
            .ok()
            .and_then(|number| self.rows.get(number))
            .map_or(0, |row| row.recorded_at_us)
    }
}
