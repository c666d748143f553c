//! Snapshots: a disposable copy of the fold, so that a long log need not be replayed whole.
//!
//! Only the very build that wrote a snapshot trusts it: a changed `evolve` or state would otherwise be served from an old
//! fold. A short log is never snapshotted, so every start of it replays and thereby checks all of it.

use crate::committed::Folded;
use care::{Domain, StreamId};
use eventlog::{EventLog, Snapshot};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};

const NAME: &str = "state";

#[derive(Serialize)]
struct BodyRef<'a, S> {
    state: &'a S,
    versions: BTreeMap<&'a StreamId, u64>,
}

#[derive(Deserialize)]
struct Body<S> {
    state: S,
    versions: HashMap<StreamId, u64>,
}

/// Names this build: the size and time of its executable and the name of what is kept.
fn schema<T>() -> Option<String> {
    let executable = std::env::current_exe().and_then(std::fs::metadata).ok()?;
    let modified = executable.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
    let name = format!("{}|{}|{}", std::any::type_name::<T>(), executable.len(), modified.as_nanos());
    Some(hex::encode(Sha256::digest(name)))
}

/// What this very build kept under a name as a `T`, read as a `B`, and the position up to which it has folded. A snapshot that cannot be
/// read costs a longer replay and nothing else.
async fn kept<T, B: DeserializeOwned>(log: &dyn EventLog, name: &'static str) -> Option<(B, u64)> {
    let unreadable = |error: &dyn std::fmt::Display| {
        tracing::warn!(log = %log.id(), name, %error, "snapshot unreadable, replaying the log");
    };
    let snapshot = log.load_snapshot(name).await.inspect_err(|error| unreadable(error)).ok()??;
    if Some(&snapshot.schema) != schema::<T>().as_ref() {
        return None;
    }
    let body = serde_json::from_slice(&snapshot.body).inspect_err(|error| unreadable(error)).ok()?;
    Some((body, snapshot.position))
}

/// The fold to start from: the snapshot's, or the empty one.
pub(crate) async fn load<D: Domain>(log: &dyn EventLog) -> Folded<D> {
    match kept::<D, Body<D::State>>(log, NAME).await {
        Some((Body { state, versions }, head)) if head <= *log.head().borrow() => {
            Folded { state, versions, head, sources: HashMap::new() }
        }
        _ => Folded::default(),
    }
}

/// The fold as a snapshot.
pub(crate) fn take<D: Domain>(folded: &Folded<D>) -> Option<Snapshot> {
    let body =
        BodyRef { state: &folded.state, versions: folded.versions.iter().map(|(k, v)| (k, *v)).collect() };
    Some(Snapshot { schema: schema::<D>()?, position: folded.head, body: serde_json::to_vec(&body).ok()? })
}

/// Keeps a snapshot; a failure costs time at the next start and nothing else.
pub(crate) async fn save(log: &dyn EventLog, snapshot: Snapshot) {
    if let Err(error) = log.save_snapshot(NAME, snapshot).await {
        tracing::warn!(log = %log.id(), %error, "snapshot not kept");
    }
}

/// A view of another log, kept under a name beside a log of this service's own, so that a start need not fold the other log whole; and the
/// position up to which it has folded. None unless this very build kept one.
pub async fn load_view<T: DeserializeOwned>(log: &dyn EventLog, name: &'static str) -> Option<(T, u64)> {
    kept::<T, T>(log, name).await
}

/// The view as a snapshot for [`load_view`]; the log's `save_snapshot` keeps it.
pub fn view<T: Serialize>(view: &T, position: u64) -> Option<Snapshot> {
    Some(Snapshot { schema: schema::<T>()?, position, body: serde_json::to_vec(view).ok()? })
}
