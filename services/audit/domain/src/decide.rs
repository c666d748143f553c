//! Whether a batch of leaves may be recorded.

use crate::LEAVES_MAX;
use crate::commands::RecordLeaves;
use crate::events::{AuditEvent, LeavesRecorded};
use crate::rejection::AuditRejection;
use crate::state::AuditState;

pub(crate) fn decide(state: &AuditState, command: &RecordLeaves) -> Result<Vec<AuditEvent>, AuditRejection> {
    let RecordLeaves(batch) = command;
    let leaves = batch.entries.iter().map(|entry| entry.leaves.len()).sum();
    if !(1..=LEAVES_MAX).contains(&leaves) {
        return Err(AuditRejection::BatchSize { leaves });
    }
    let last = (batch.first_position.max(1) - 1).saturating_add(u64::try_from(leaves).unwrap_or(u64::MAX));
    if last != batch.tree_size || batch.first_position == 0 {
        return Err(AuditRejection::SizeWrong {
            first_position: batch.first_position,
            leaves,
            tree_size: batch.tree_size,
        });
    }
    let recorded = state.size(&batch.log);
    if last <= recorded {
        return Ok(Vec::new());
    }
    let log = || batch.log.clone();
    if batch.first_position <= recorded {
        return Err(AuditRejection::Overlap { log: log(), first_position: batch.first_position, recorded });
    }
    if batch.first_position > recorded + 1 {
        return Err(AuditRejection::Gap { log: log(), first_position: batch.first_position, recorded });
    }
    match hashes(batch).find(|hash| !is_hash(hash)) {
        Some(wrong) => Err(AuditRejection::HashMalformed { hash: wrong.chars().take(64).collect() }),
        None => Ok(vec![batch.clone().into()]),
    }
}

fn hashes(batch: &LeavesRecorded) -> impl Iterator<Item = &str> {
    let leaves = batch.entries.iter().flat_map(|entry| &entry.leaves);
    leaves.map(|leaf| leaf.hash.as_str()).chain([batch.root.as_str()])
}

/// One spelling per hash: two would compare as different.
fn is_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}
