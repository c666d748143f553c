//! Each command, each refusal, the golden event, and that whatever is asked the recorded leaves are dense.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use audit_domain::{Audit, AuditEvent, AuditState, Leaf, LeavesRecorded, RecordLeaves, RecordedEntry};
use care::spec::given;
use care::{Domain, Event};
use proptest::prelude::*;

const LOG: &str = "referrals/E06000015";

/// Leaves `first` to `last` of a log, in two entries where there are enough.
fn batch(log: &str, first: u64, last: u64) -> LeavesRecorded {
    let leaf = |position: u64| Leaf {
        hash: format!("{position:064x}"),
        event_type: "ReferralPosted".to_owned(),
        stream: format!("referral/{position}"),
        stream_version: 1,
        effective: None,
        council: "E06000015".parse().ok(),
    };
    let entry = |leaves: Vec<Leaf>| RecordedEntry {
        actor: "council:E06000015/case-system".to_owned(),
        causation: None,
        correlation: None,
        recorded_at_us: 1_770_000_000_000_000,
        leaves,
    };
    let middle = first.midpoint(last);
    let entries =
        vec![entry((first..=middle).map(leaf).collect()), entry((middle + 1..=last).map(leaf).collect())];
    LeavesRecorded {
        log: log.to_owned(),
        first_position: first,
        entries,
        tree_size: last,
        root: format!("{:064x}", last * 1000),
    }
}

#[test]
fn leaves_are_recorded_in_order_log_by_log() {
    given::<Audit>([])
        .when(batch(LOG, 1, 3))
        .then([batch(LOG, 1, 3).into()])
        .when(batch(LOG, 4, 259))
        .then([batch(LOG, 4, 259).into()])
        .when(batch("invoicing/E06000015", 1, 1))
        .then([batch("invoicing/E06000015", 1, 1).into()])
        .then_state(|state| {
            assert_eq!((state.size(LOG), state.size("invoicing/E06000015"), state.size("x")), (259, 1, 0));
            assert_eq!(state.trees[LOG].root, format!("{:064x}", 259_000));
        });
}

#[test]
fn leaves_given_again_change_nothing() {
    given::<Audit>([batch(LOG, 1, 5).into()])
        .when(batch(LOG, 1, 5))
        .then_nothing()
        .when(batch(LOG, 2, 4))
        .then_nothing();
}

#[test]
fn a_batch_that_overlaps_or_leaves_a_gap_is_refused() {
    let refused = |first, last, reason| {
        let refusal =
            given::<Audit>([batch(LOG, 1, 5).into()]).when(batch(LOG, first, last)).then_refused(reason);
        assert!(refusal.to_string().contains("up to 5 are recorded"), "{refusal}");
    };
    refused(5, 6, "LEAVES_OVERLAP");
    refused(7, 7, "LEAVES_GAP");
}

#[test]
fn numbers_that_contradict_each_other_are_refused() {
    let refused = |batch: LeavesRecorded, reason| {
        let _ = given::<Audit>([]).when(batch).then_refused(reason);
    };
    refused(LeavesRecorded { entries: vec![], ..batch(LOG, 1, 1) }, "BATCH_SIZE_WRONG");
    refused(batch(LOG, 1, 257), "BATCH_SIZE_WRONG");
    refused(LeavesRecorded { tree_size: 4, ..batch(LOG, 1, 3) }, "TREE_SIZE_WRONG");
    refused(LeavesRecorded { first_position: 0, ..batch(LOG, 1, 3) }, "TREE_SIZE_WRONG");
    refused(LeavesRecorded { first_position: u64::MAX, ..batch(LOG, 1, 3) }, "TREE_SIZE_WRONG");
}

#[test]
fn what_is_not_a_hash_is_refused() {
    for wrong in ["", "00", &"0".repeat(63), &"A".repeat(64), &"g".repeat(64), &"é".repeat(32)] {
        let mut leaves = batch(LOG, 1, 2);
        leaves.entries[1].leaves[0].hash = wrong.to_owned();
        let _ = given::<Audit>([]).when(leaves).then_refused("HASH_MALFORMED");
        let rootless = LeavesRecorded { root: wrong.to_owned(), ..batch(LOG, 1, 2) };
        let _ = given::<Audit>([]).when(rootless).then_refused("HASH_MALFORMED");
    }
}

#[test]
fn an_event_concerns_the_council_whose_log_it_is_about() {
    let event = AuditEvent::from(batch(LOG, 1, 1));
    assert_eq!(event.stream().as_str(), "log/referrals/E06000015");
    assert_eq!(event.council(), "E06000015".parse().ok());
    assert_eq!(AuditEvent::from(batch("vacancies/region", 1, 1)).council(), None);
}

#[test]
fn the_golden_event_survives() {
    let golden = include_bytes!("../golden/LeavesRecorded.v1.json");
    assert_eq!(AuditEvent::types(), ["LeavesRecorded"]);
    let event = AuditEvent::decode("LeavesRecorded", 1, golden).unwrap();
    let again: serde_json::Value = serde_json::from_slice(&event.encode()).unwrap();
    assert_eq!(again, serde_json::from_slice::<serde_json::Value>(golden).unwrap());
}

proptest! {
    /// Whatever batches come, in whatever order, the recorded leaves of each log are 1, 2, 3 … without a gap or a repetition.
    #[test]
    fn recorded_leaves_are_dense(batches in proptest::collection::vec((0..2_usize, 1..30_u64, 1..12_u64), 1..60)) {
        let logs = [LOG, "contracts/E06000015"];
        let mut state = AuditState::default();
        let mut recorded = [Vec::new(), Vec::new()];
        for (log, first, count) in batches {
            let command = RecordLeaves(batch(logs[log], first, first + count - 1));
            for event in Audit::decide(&state, &command).unwrap_or_default() {
                let AuditEvent::LeavesRecorded(leaves) = &event;
                recorded[log].extend(leaves.first_position..=leaves.tree_size);
                Audit::evolve(&mut state, &event);
            }
        }
        for (log, positions) in logs.iter().zip(&recorded) {
            prop_assert_eq!(positions.clone(), (1..=state.size(log)).collect::<Vec<_>>());
        }
    }
}
