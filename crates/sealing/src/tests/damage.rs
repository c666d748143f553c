//! Files that are torn, rotten, missing or mixed up.

use std::fs;

use tempfile::tempdir;

use super::{OWNER, files, is_unknown, open, paths};
use crate::{KeyStore, Needs, SealingError};

const SUBJECTS: [&str; 3] = ["child-1", "child-2", "child-3"];

/// The key file after each of three keys, the last being all of it.
fn grown(dir: &std::path::Path) -> Vec<Vec<u8>> {
    let store = open(dir);
    SUBJECTS
        .map(|subject| {
            store.create_or_get(subject, "placing").unwrap();
            fs::read(paths(dir).keys).unwrap()
        })
        .into()
}

#[test]
fn a_torn_last_record_is_cut_off_and_written_again() {
    let dir = tempdir().unwrap();
    let grown = grown(dir.path());
    let keys = paths(dir.path()).keys;
    let mut tails: Vec<Vec<u8>> =
        (grown[1].len()..grown[2].len()).map(|length| grown[2][..length].to_vec()).collect();
    // The file system made room, and did not write, or not all.
    for written in [0, 8, 60] {
        let mut zeros = grown[2].clone();
        zeros[grown[1].len() + written..].fill(0);
        tails.push(zeros);
    }
    for torn in tails {
        fs::write(&keys, &torn).unwrap();
        let store = open(dir.path());
        assert_eq!(fs::read(&keys).unwrap(), grown[1]);
        assert!(store.get(SUBJECTS[1], "placing").is_ok());
        assert!(is_unknown(&store.get(SUBJECTS[2], "placing")));
        store.create_or_get(SUBJECTS[2], "placing").unwrap();
        drop(store);
        assert!(open(dir.path()).get(SUBJECTS[2], "placing").is_ok());
    }
}

#[test]
fn a_changed_byte_anywhere_is_an_error_and_loses_no_key_silently() {
    let dir = tempdir().unwrap();
    let grown = grown(dir.path());
    let keys = paths(dir.path()).keys;
    let head = grown[0].len() - (grown[1].len() - grown[0].len());
    for at in 0..grown[2].len() {
        let mut rotten = grown[2].clone();
        rotten[at] ^= 1 << (at % 8);
        fs::write(&keys, &rotten).unwrap();
        let error = KeyStore::open(dir.path(), OWNER, &Needs::none()).unwrap_err();
        let expected = 1 + grown.iter().filter(|bytes| bytes.len() <= at).count() as u64;
        match error {
            SealingError::BadHead { path, .. } if at < head => assert_eq!(path, keys),
            SealingError::BadRecord { path, record, .. } if at >= head => {
                assert_eq!((path, record), (keys.clone(), expected), "byte {at}");
            }
            other => panic!("byte {at}: {other}"),
        }
        assert_eq!(fs::read(&keys).unwrap(), rotten, "nothing is repaired");
    }
}

#[test]
fn the_error_names_file_record_and_place() {
    let dir = tempdir().unwrap();
    let grown = grown(dir.path());
    let keys = paths(dir.path()).keys;
    let mut rotten = grown[2].clone();
    rotten[grown[0].len() + 20] ^= 1;
    fs::write(&keys, rotten).unwrap();
    let error = KeyStore::open(dir.path(), OWNER, &Needs::none()).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "{}, record 2, byte {}: its checksum fails; restore the file from backup",
            keys.display(),
            grown[0].len()
        )
    );
}

#[test]
fn a_record_lost_from_the_middle_or_swapped_is_noticed() {
    let dir = tempdir().unwrap();
    let grown = grown(dir.path());
    let (one, two) = (grown[0].len(), grown[1].len());
    let all = &grown[2];
    let lost = [&all[..one], &all[two..]].concat();
    let swapped = [&all[..one], &all[two..], &all[one..two]].concat();
    for bytes in [lost, swapped] {
        fs::write(paths(dir.path()).keys, bytes).unwrap();
        let error = KeyStore::open(dir.path(), OWNER, &Needs::none()).unwrap_err();
        assert!(matches!(error, SealingError::BadRecord { record: 2, .. }));
    }
}

#[test]
fn missing_files_are_named() {
    let dir = tempdir().unwrap();
    grown(dir.path());
    let (keys, epoch) = (paths(dir.path()).keys, paths(dir.path()).epoch);
    let held = fs::read(&keys).unwrap();
    fs::remove_file(&keys).unwrap();
    let error = KeyStore::open(dir.path(), OWNER, &Needs::none()).unwrap_err();
    assert!(matches!(error, SealingError::KeysMissing { path, .. } if path == keys));
    assert!(!keys.exists(), "no empty store takes the place of a lost one");

    fs::write(&keys, held).unwrap();
    fs::remove_file(&epoch).unwrap();
    let error = KeyStore::open(dir.path(), OWNER, &Needs::none()).unwrap_err();
    assert!(matches!(error, SealingError::EpochMissing { path, .. } if path == epoch));
}

#[test]
fn files_of_another_owner_or_epoch_are_refused() {
    let (one, other) = (tempdir().unwrap(), tempdir().unwrap());
    grown(one.path());
    grown(other.path());
    fs::copy(paths(one.path()).epoch, paths(other.path()).epoch).unwrap();
    let error = KeyStore::open(other.path(), OWNER, &Needs::none()).unwrap_err();
    assert!(matches!(error, SealingError::EpochMissing { .. }));

    for (name, bytes) in files(one.path()) {
        let renamed = name.replace(OWNER, "E06000015");
        fs::write(one.path().join(renamed), bytes).unwrap();
    }
    let error = KeyStore::open(one.path(), "E06000015", &Needs::none()).unwrap_err();
    assert!(error.to_string().contains("belongs to owner E06000005"));
}

/// After a rotation one record holds all keys: cut anywhere in it, the file looks torn.
#[test]
fn a_file_that_lacks_needed_keys_is_refused_untouched_until_the_loss_is_accepted() {
    let dir = tempdir().unwrap();
    grown(dir.path());
    let store = open(dir.path());
    store.create_or_get("child-4", "placing").unwrap();
    store.destroy("child-4", "placing").unwrap();
    drop(store);
    let paths = paths(dir.path());
    let whole = fs::read(&paths.keys).unwrap();
    let needs = Needs::of(SUBJECTS.map(|subject| (subject, "placing"))).unwrap();
    assert!(KeyStore::open(dir.path(), OWNER, &needs).is_ok());
    let (_, head_bytes) = crate::format::decode_head(&whole, OWNER).unwrap();
    for length in head_bytes..whole.len() {
        fs::write(&paths.keys, &whole[..length]).unwrap();
        let error = KeyStore::open(dir.path(), OWNER, &needs).unwrap_err();
        let SealingError::KeysLost { missing: 3, needed: 3, subject, .. } = &error else { panic!("{error}") };
        assert_eq!(subject, SUBJECTS[0]);
        assert_eq!(fs::read(&paths.keys).unwrap(), whole[..length], "nothing is cut off");
    }
    let store = KeyStore::open(dir.path(), OWNER, &needs.clone().accepting_lost()).unwrap();
    assert!(is_unknown(&store.get(SUBJECTS[0], "placing")));
    // One is made anew, and its loss would be another.
    store.create_or_get(SUBJECTS[1], "placing").unwrap();
    drop(store);
    let store = KeyStore::open(dir.path(), OWNER, &needs).expect("what was accepted is remembered");
    assert!(store.get(SUBJECTS[1], "placing").is_ok() && is_unknown(&store.get(SUBJECTS[2], "placing")));
    assert!(is_unknown(&store.destroy(SUBJECTS[2], "placing")), "nothing is there to be destroyed");
    store.destroy(SUBJECTS[1], "placing").unwrap();
    drop(store);
    assert!(KeyStore::open(dir.path(), OWNER, &needs).is_ok(), "a rotation keeps what was accepted");
}

#[test]
fn a_lost_folder_is_refused_and_no_new_keys_are_made_in_it() {
    let dir = tempdir().unwrap();
    let needs = Needs::of([("child-1", "placing")]).unwrap();
    let error = KeyStore::open(dir.path(), OWNER, &needs).unwrap_err();
    assert!(matches!(error, SealingError::KeysLost { missing: 1, needed: 1, .. }), "{error}");
    assert!(!paths(dir.path()).keys.exists() && !paths(dir.path()).epoch.exists());
    drop(KeyStore::open(dir.path(), OWNER, &needs.clone().accepting_lost()).unwrap());
    assert!(KeyStore::open(dir.path(), OWNER, &needs).is_ok());
}
