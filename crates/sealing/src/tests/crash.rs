//! A crash at any step of making or replacing the files leaves the state before or the state after.
//!
//! Two probes: stopping the real code before each change to the disk, and opening hand-made states with
//! every file torn at every length. Neither drops unsynced writes; that syncs come in the right order is
//! checked on the recorded list of changes.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use tempfile::{TempDir, tempdir};

use super::fault::{crash_after, fail_once_after, recover, take_trace};
use super::{AAD, OWNER, files, is_destroyed, is_unknown, open, paths};
use crate::format::Kept;
use crate::{KeyStore, Needs, SealedBlob, SealingError, rotation};

const KEPT: [&str; 2] = ["child-1", "child-3"];
const TARGET: &str = "child-2";
const GONE: &str = "child-0";

/// A store with two keys to keep, one to destroy and one tombstone; and a blob for each key.
fn store() -> (TempDir, BTreeMap<&'static str, SealedBlob>) {
    let dir = tempdir().unwrap();
    let store = open(dir.path());
    store.create_or_get(GONE, "placing").unwrap();
    store.destroy(GONE, "placing").unwrap();
    let blobs = [KEPT[0], TARGET, KEPT[1]]
        .map(|subject| {
            let blob = store.seal(subject, "placing", AAD, subject.as_bytes());
            (subject, blob.unwrap())
        })
        .into();
    (dir, blobs)
}

/// Checks the store after a crash, and that it works on. Says whether the target was destroyed.
fn check(dir: &Path, blobs: &BTreeMap<&'static str, SealedBlob>) -> bool {
    let store = open(dir);
    let names: Vec<_> = files(dir).into_keys().collect();
    assert_eq!(names, ["E06000005.epoch", "E06000005.keys"]);
    for subject in KEPT {
        let text = store.unseal(&blobs[subject], AAD).unwrap();
        assert_eq!(**text, *subject.as_bytes());
    }
    assert!(is_destroyed(&store.get(GONE, "placing")));
    let target = store.unseal(&blobs[TARGET], AAD);
    let destroyed = is_destroyed(&target);
    assert!(destroyed || **target.unwrap() == *TARGET.as_bytes());
    let made = store.create_or_get("child-9", "placing").unwrap();
    drop(store);
    let again = open(dir);
    assert_eq!(again.get("child-9", "placing").unwrap().secret(), made.secret());
    assert_eq!(is_destroyed(&again.get(TARGET, "placing")), destroyed);
    destroyed
}

#[test]
fn destroying_stopped_before_each_change() {
    let mut outcomes = Vec::new();
    for steps in 0.. {
        let (dir, blobs) = store();
        let store = open(dir.path());
        let old_epoch = fs::read(paths(dir.path()).epoch).unwrap();
        crash_after(steps);
        let result = store.destroy(TARGET, "placing");
        drop(store);
        recover();
        let destroyed = check(dir.path(), &blobs);
        outcomes.push(destroyed);
        if destroyed {
            assert_eq!(super::hits(dir.path(), &old_epoch[24..56]), 0);
        }
        if result.is_ok() {
            assert!(destroyed);
            break;
        }
    }
    // The sixth of eleven changes, the rename of the key file, is what destroys.
    assert_eq!(outcomes, [[false; 6], [true; 6]].concat());
}

#[test]
fn recovery_stopped_before_each_change_is_done_again() {
    for crashed_at in 0..11 {
        for steps in 0..6 {
            let (dir, blobs) = store();
            let store = open(dir.path());
            crash_after(crashed_at);
            assert!(store.destroy(TARGET, "placing").is_err());
            drop(store);
            crash_after(steps);
            drop(KeyStore::open(dir.path(), OWNER, &Needs::none()));
            recover();
            assert_eq!(check(dir.path(), &blobs), crashed_at > 5);
        }
    }
}

#[test]
fn the_first_files_stopped_before_each_change() {
    for steps in 0..10 {
        let dir = tempdir().unwrap();
        crash_after(steps);
        assert!(KeyStore::open(dir.path(), OWNER, &Needs::none()).is_err(), "{steps}");
        recover();
        let key = open(dir.path()).create_or_get(TARGET, "placing").unwrap();
        let again = open(dir.path()).get(TARGET, "placing").unwrap();
        assert_eq!(again.secret(), key.secret());
    }
}

/// Nothing old goes before the new is durable: syncs included, which the other tests cannot see.
#[test]
fn changes_come_in_this_order() {
    let (dir, _) = store();
    let store = open(dir.path());
    take_trace();
    store.destroy(TARGET, "placing").unwrap();
    let replacing = [
        "write epoch.next",
        "sync epoch.next",
        "write keys.next",
        "sync keys.next",
        "sync directory",
        "rename keys.next",
        "sync directory",
        "overwrite epoch",
        "sync epoch",
        "rename epoch.next",
        "sync directory",
    ];
    assert_eq!(take_trace(), replacing);

    // After a crash that follows the rename, it is synced before the old epoch key goes.
    crash_after(6);
    assert!(store.destroy(KEPT[0], "placing").is_err());
    recover();
    drop(store);
    take_trace();
    drop(open(dir.path()));
    assert_eq!(take_trace(), replacing[6..]);
}

#[test]
fn a_store_that_failed_midway_refuses_changes_until_opened_again() {
    let (dir, blobs) = store();
    let store = open(dir.path());
    crash_after(6);
    assert!(store.destroy(TARGET, "placing").is_err());
    recover();
    let halted = |result| matches!(result, Err(SealingError::Halted { .. }));
    assert!(halted(store.destroy(TARGET, "placing")));
    assert!(halted(store.create_or_get("child-9", "placing").map(|_| ())));
    assert!(store.unseal(&blobs[KEPT[0]], AAD).is_ok());
    drop(store);
    open(dir.path()).destroy(TARGET, "placing").unwrap();
}

/// A failure before anything changed is undone, and the store goes on.
#[test]
fn a_failure_that_was_undone_does_not_halt() {
    for steps in 0..5 {
        let (dir, blobs) = store();
        let store = open(dir.path());
        fail_once_after(steps);
        let error = store.destroy(TARGET, "placing").unwrap_err();
        assert!(matches!(error, SealingError::Io { .. }), "{steps}: {error}");
        assert!(store.unseal(&blobs[TARGET], AAD).is_ok());
        store.create_or_get("child-8", "placing").unwrap();
        drop(store);
        assert!(!check(dir.path(), &blobs));
        let store = open(dir.path());
        assert!(store.get("child-8", "placing").is_ok());
        store.destroy(TARGET, "placing").unwrap();
    }
}

/// A key that could not be written is given to nobody. Before anything of it was synced the file is as it was, and the store goes on.
#[test]
fn a_failed_append_gives_no_key_and_a_failed_sync_halts() {
    for (steps, halts) in [(0, false), (1, true)] {
        let (dir, blobs) = store();
        let store = open(dir.path());
        fail_once_after(steps);
        let error = store.create_or_get("child-8", "placing").unwrap_err();
        assert!(matches!(error, SealingError::Io { .. }), "{error}");
        assert!(is_unknown(&store.get("child-8", "placing")));
        let again = store.create_or_get("child-8", "placing");
        assert_eq!(again.is_err(), halts);
        if let Err(error) = again {
            assert!(error.to_string().contains("planted"), "{error}");
            assert!(is_unknown(&store.get("child-8", "placing")));
        }
        drop(store);
        assert!(!check(dir.path(), &blobs));
        assert!(open(dir.path()).create_or_get("child-8", "placing").is_ok());
    }
}

#[test]
fn an_append_that_failed_and_cannot_be_undone_halts() {
    let (dir, blobs) = store();
    let store = open(dir.path());
    crash_after(0);
    assert!(store.create_or_get("child-8", "placing").is_err());
    recover();
    let error = store.create_or_get("child-8", "placing").unwrap_err();
    assert!(matches!(error, SealingError::Halted { .. }), "{error}");
    drop(store);
    assert!(!check(dir.path(), &blobs));
}

#[test]
fn a_new_key_is_synced_and_a_known_one_costs_no_write() {
    let (dir, _) = store();
    let store = open(dir.path());
    take_trace();
    store.create_or_get("child-8", "placing").unwrap();
    assert_eq!(take_trace(), ["append keys", "sync keys"]);
    store.seal("child-8", "placing", AAD, b"text").unwrap();
    assert_eq!(take_trace(), [""; 0]);
}

/// Opens a copy of the files in which some were replaced or, with `None`, removed.
fn check_state(
    base: &BTreeMap<String, Vec<u8>>,
    changes: &[(&str, Option<&[u8]>)],
    blobs: &BTreeMap<&'static str, SealedBlob>,
) -> bool {
    let dir = tempdir().unwrap();
    for (name, bytes) in base {
        fs::write(dir.path().join(name), bytes).unwrap();
    }
    for (extension, bytes) in changes {
        let path = dir.path().join(format!("{OWNER}.{extension}"));
        match bytes {
            Some(bytes) => fs::write(path, bytes).unwrap(),
            None => fs::remove_file(path).unwrap(),
        }
    }
    check(dir.path(), blobs)
}

#[test]
fn files_torn_at_every_length() {
    let (dir, blobs) = store();
    let before = files(dir.path());
    let mut file = rotation::open(&paths(dir.path()), OWNER, &Needs::none()).unwrap();
    for slot in file.1.values_mut() {
        if slot.name.subject() == TARGET {
            slot.kept = Kept::Destroyed;
        }
    }
    rotation::stage(&paths(dir.path()), OWNER, file.1.values()).unwrap();
    let staged = files(dir.path());
    let next_epoch = &staged["E06000005.epoch.next"];
    let next_keys = &staged["E06000005.keys.next"];

    for length in 0..=next_epoch.len() {
        let torn = [("epoch.next", Some(&next_epoch[..length]))];
        assert!(!check_state(&before, &torn, &blobs));
    }
    for length in 0..=next_keys.len() {
        let torn = [("keys.next", Some(&next_keys[..length]))];
        assert!(!check_state(&staged, &torn, &blobs));
    }
    // The key file was renamed, and the old epoch key overwritten up to some byte.
    let old_epoch = &before["E06000005.epoch"];
    for length in 0..=old_epoch.len() {
        let mut torn = old_epoch.clone();
        torn[..length].fill(0);
        let changes: [(&str, Option<&[u8]>); 3] =
            [("keys", Some(next_keys)), ("keys.next", None), ("epoch", Some(&torn))];
        assert!(check_state(&staged, &changes, &blobs));
    }
}
