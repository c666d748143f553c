//! Many threads at one store: one key for one name, and one write for all who wait together.

use std::collections::HashSet;
use std::sync::Barrier;
use std::thread;

use tempfile::tempdir;

use super::{AAD, is_destroyed, open};

const THREADS: usize = 32;

#[test]
fn all_creators_of_one_name_get_one_key() {
    let dir = tempdir().unwrap();
    let store = open(dir.path());
    let start = Barrier::new(THREADS);
    let secrets: HashSet<[u8; 32]> = thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|_| {
                scope.spawn(|| {
                    start.wait();
                    **store.create_or_get("child-1", "placing").unwrap().secret()
                })
            })
            .collect();
        threads.into_iter().map(|t| t.join().unwrap()).collect()
    });
    assert_eq!(secrets.len(), 1);
    let secret = **open_again(store, dir.path()).get("child-1", "placing").unwrap().secret();
    assert!(secrets.contains(&secret));
}

fn open_again(store: crate::KeyStore, dir: &std::path::Path) -> crate::KeyStore {
    drop(store);
    open(dir)
}

/// While the file is in use elsewhere, all creators wait. When it is given back one of them writes all
/// keys as one record, with one sync.
#[test]
fn those_who_wait_together_share_one_write() {
    let dir = tempdir().unwrap();
    let store = open(dir.path());
    let file = store.lock().file.take();
    thread::scope(|scope| {
        for number in 0..THREADS {
            let store = &store;
            scope.spawn(move || store.create_or_get(&format!("child-{number}"), "placing").unwrap());
        }
        while store.lock().waiting.len() < THREADS {
            thread::yield_now();
        }
        store.lock().file = file;
        store.wake();
    });
    assert_eq!(store.lock().file.as_ref().unwrap().records(), 1);
    let store = open_again(store, dir.path());
    for number in 0..THREADS {
        assert!(store.get(&format!("child-{number}"), "placing").is_ok());
    }
}

/// Keys made while others are destroyed are wrapped under the epoch of the file that they go to.
#[test]
fn making_and_destroying_at_once_loses_nothing() {
    let dir = tempdir().unwrap();
    let store = open(dir.path());
    let blobs: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|number| {
                let store = &store;
                scope.spawn(move || {
                    let subject = |round| format!("child-{number}-{round}");
                    (0..6)
                        .map(|round| {
                            let name = subject(round);
                            let blob = store.seal(&name, "placing", AAD, name.as_bytes());
                            if round % 2 == 0 {
                                store.destroy(&name, "placing").unwrap();
                            }
                            (name, blob.unwrap(), round % 2 == 0)
                        })
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        threads.into_iter().flat_map(|t| t.join().unwrap()).collect()
    });
    assert_eq!(blobs.len(), 48);
    let store = open_again(store, dir.path());
    for (name, blob, destroyed) in blobs {
        let text = store.unseal(&blob, AAD);
        assert_eq!(is_destroyed(&text), destroyed, "{name}");
        if !destroyed {
            assert_eq!(**text.unwrap(), *name.as_bytes());
        }
    }
}
