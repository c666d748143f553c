//! Tests that look inside: at the bytes on disk, at crashes, and at who waits for whom.

mod concurrency;
mod crash;
mod damage;
mod destruction;
pub(crate) mod fault;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::file::Paths;
use crate::{KeyStore, Needs, SealingError};

const OWNER: &str = "E06000005";
const AAD: &str = "E06000005|referral/1|placing";

/// Every file of a directory by name. The lock file is empty and left out.
fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| {
            let name = entry.file_name().into_string().unwrap();
            (name, fs::read(entry.path()).unwrap())
        })
        .filter(|(name, _)| !name.ends_with(".lock"))
        .collect()
}

/// How often `needle` stands in the files of a directory.
fn hits(dir: &Path, needle: &[u8]) -> usize {
    files(dir)
        .values()
        .flat_map(|bytes| bytes.windows(needle.len()))
        .filter(|window| *window == needle)
        .count()
}

fn paths(dir: &Path) -> Paths {
    Paths::new(dir, OWNER)
}

fn open(dir: &Path) -> KeyStore {
    KeyStore::open(dir, OWNER, &Needs::none()).unwrap()
}

fn is_destroyed<T>(result: &Result<T, SealingError>) -> bool {
    matches!(result, Err(SealingError::KeyDestroyed { .. }))
}

fn is_unknown<T>(result: &Result<T, SealingError>) -> bool {
    matches!(result, Err(SealingError::KeyUnknown { .. }))
}

#[test]
fn a_fingerprint_is_of_one_text_under_one_key() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let key = store.create_or_get("child-1", "placing").unwrap();
    let other = store.create_or_get("child-2", "placing").unwrap();
    assert_eq!(key.fingerprint(b"a name"), store.get("child-1", "placing").unwrap().fingerprint(b"a name"));
    assert_ne!(key.fingerprint(b"a name"), key.fingerprint(b"another"));
    assert_ne!(key.fingerprint(b"a name"), other.fingerprint(b"a name"));
    assert_ne!(key.fingerprint(b""), key.seal(AAD, b"").unwrap().key_commit, "it is no commitment");
}
