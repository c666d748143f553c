//! After a key is destroyed no byte on disk leads to it. The probe reads the files of the directory: it
//! is blind to blocks that the file system freed, and to what lies beneath it.

use std::fs;

use tempfile::tempdir;

use super::{AAD, hits, is_destroyed, is_unknown, open, paths};

const CANARY: &[u8] = b"canary: a child's name and address";

#[test]
fn no_trace_of_key_text_or_epoch_key_is_left() {
    let dir = tempdir().unwrap();
    let store = open(dir.path());
    let kept = store.seal("child-1", "invoicing", AAD, CANARY).unwrap();
    let lost = store.seal("child-1", "placing", AAD, CANARY).unwrap();
    let secret = store.get("child-1", "placing").unwrap().secret().clone();
    let epoch = fs::read(paths(dir.path()).epoch).unwrap();
    let keys = fs::read(paths(dir.path()).keys).unwrap();
    // The wrapped key stands before the last record's checksum.
    let wrapped = &keys[keys.len() - 32 - 48..keys.len() - 32];
    assert_eq!(hits(dir.path(), &epoch[24..56]), 1, "the probe sees what is there");
    assert_eq!(hits(dir.path(), wrapped), 1, "the probe sees what is there");

    store.destroy("child-1", "placing").unwrap();

    for needle in [&*secret, wrapped, &epoch[24..56], &epoch[8..24], CANARY] {
        assert_eq!(hits(dir.path(), needle), 0);
    }
    let refused = store.unseal(&lost, AAD);
    assert!(is_destroyed(&refused));
    assert_eq!(refused.unwrap_err().to_string(), "the key of subject child-1 for placing was destroyed");
    assert_eq!(**store.unseal(&kept, AAD).unwrap(), *CANARY);
}

#[test]
fn the_old_epoch_key_is_overwritten_and_not_only_unlinked() {
    let dir = tempdir().unwrap();
    let store = open(dir.path());
    store.create_or_get("child-1", "placing").unwrap();
    // A second name keeps the file reachable after it is replaced.
    let witness = dir.path().join("witness");
    fs::hard_link(paths(dir.path()).epoch, &witness).unwrap();
    store.destroy("child-1", "placing").unwrap();
    let bytes = fs::read(witness).unwrap();
    assert_eq!(bytes, vec![0; 88]);
}

#[test]
fn a_tombstone_outlives_reopening_and_further_destruction() {
    let dir = tempdir().unwrap();
    let store = open(dir.path());
    for subject in ["child-1", "child-2", "child-3"] {
        store.create_or_get(subject, "placing").unwrap();
    }
    store.destroy("child-1", "placing").unwrap();
    drop(store);
    let store = open(dir.path());
    store.destroy("child-2", "placing").unwrap();
    store.destroy("child-2", "placing").unwrap();
    assert!(is_unknown(&store.destroy("child-4", "placing")));
    store.create_or_get("child-4", "placing").unwrap();
    drop(store);
    let store = open(dir.path());
    for subject in ["child-1", "child-2"] {
        assert!(is_destroyed(&store.get(subject, "placing")));
        assert!(is_destroyed(&store.create_or_get(subject, "placing")));
    }
    for subject in ["child-3", "child-4"] {
        assert!(store.get(subject, "placing").is_ok());
    }
}

#[test]
fn several_are_destroyed_together_or_none_is() {
    let dir = tempdir().unwrap();
    let store = open(dir.path());
    for subject in ["child-1", "child-2", "child-3"] {
        store.create_or_get(subject, "placing").unwrap();
    }
    assert!(is_unknown(&store.destroy_all(&[("child-1", "placing"), ("child-4", "placing")])));
    assert!(store.get("child-1", "placing").is_ok(), "none");
    store.destroy_all(&[("child-1", "placing"), ("child-2", "placing")]).unwrap();
    store.destroy_all(&[("child-1", "placing"), ("child-2", "placing")]).unwrap();
    store.destroy_all(&[]).unwrap();
    drop(store);
    let store = open(dir.path());
    for subject in ["child-1", "child-2"] {
        assert!(is_destroyed(&store.get(subject, "placing")));
    }
    assert!(store.get("child-3", "placing").is_ok());
}

#[cfg(unix)]
#[test]
fn only_the_user_may_read_the_files() {
    use std::os::unix::fs::PermissionsExt;

    let dir = tempdir().unwrap();
    let keys = dir.path().join("keys");
    let store = open(&keys);
    store.create_or_get("child-1", "placing").unwrap();
    let check = || {
        assert_eq!(fs::metadata(&keys).unwrap().permissions().mode() & 0o777, 0o700);
        for entry in fs::read_dir(&keys).unwrap() {
            let mode = entry.unwrap().metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    };
    check();
    store.destroy("child-1", "placing").unwrap();
    check();
}
