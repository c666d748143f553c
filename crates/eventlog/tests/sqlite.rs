//! The SQLite adapter: the suite of the port, and what only files can suffer.
#![cfg(feature = "conformance")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use care::{StreamId, Timestamp};
use eventlog::conformance::{Behind, Subject};
use eventlog::sqlite::{SqliteStore, StoreLocked};
use eventlog::{AppendError, Appended, Entry, EventLog, LogError, LogId, LogStore, Meta, NewEvent, Service};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

async fn fresh() -> Subject {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(SqliteStore::open(folder.path()).unwrap());
    let of_log = Arc::clone(&store);
    let add_behind: Behind = Box::new(move |log| {
        let path = of_log.path(log);
        Box::pin(async move { add_behind(&path) })
    });
    Subject { store, add_behind, keep: Box::new(folder) }
}

/// What a commit leaves that reached the disk and was reported as failed: a row that the writer does not know of.
fn add_behind(path: &Path) {
    let columns = "stream, stream_version + 1, type, version, payload, effective, council, actor, causation, correlation, \
                   recorded_at_us, leaf_hash";
    let behind = rusqlite::Connection::open(path).unwrap();
    behind.execute(&format!("INSERT INTO events SELECT position + 1, {columns} FROM events"), []).unwrap();
}

eventlog::log_conformance_suite!(fresh);

const LOG: LogId = LogId::region(Service::Vacancies);
const CANARY: &[u8] = b"{\"note\":\"the canary in the payload\"}";

/// One event in a stream of its own.
fn entry(n: usize) -> Entry {
    let event = NewEvent {
        stream: StreamId::new("place", n),
        event_type: "PlaceOpened",
        version: 1,
        payload: CANARY.to_vec(),
        effective: None,
        council: None,
    };
    let meta =
        Meta { actor: "test".into(), causation: None, correlation: None, recorded_at: Timestamp::UNIX_EPOCH };
    Entry {
        expected_head: None,
        expected: vec![],
        events: vec![event],
        meta,
        idempotency: None,
        source: None,
    }
}

async fn append(log: &dyn EventLog, n: usize) {
    assert!(matches!(log.append(entry(n)).await, Ok(Appended::Committed(_))));
}

/// A closed log of `events` events, checkpointed into its one file; gives the file's path and its bytes.
async fn closed_log(folder: &Path, events: usize) -> (std::path::PathBuf, Vec<u8>) {
    let store = SqliteStore::open(folder).unwrap();
    let path = store.path(LOG);
    let log = store.open(LOG).await.unwrap();
    for n in 0..events {
        append(&*log, n).await;
    }
    drop(log);
    // The writer thread closes the file once its queue is gone, and with the last connection the journal is folded in.
    for _ in 0..500 {
        if !path.with_extension("db-wal").exists() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let bytes = std::fs::read(&path).unwrap();
    (path, bytes)
}

/// Opens and reads everything, as a service does when it starts.
async fn read_all(folder: &Path) -> Result<usize, LogError> {
    let store = SqliteStore::open(folder).unwrap();
    let log = store.open(LOG).await?;
    let mut seen = 0;
    loop {
        let events = log.read(seen, 1_000).await?;
        match events.last() {
            Some(last) => seen = last.position,
            None => return Ok(usize::try_from(seen).unwrap()),
        }
    }
}

#[tokio::test]
async fn a_truncated_file_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let (path, whole) = closed_log(folder.path(), 200).await;
    assert_eq!(read_all(folder.path()).await, Ok(200));
    for length in [0, 1, 100, 4_096, whole.len() / 2, whole.len() - 4_096, whole.len() - 1] {
        std::fs::write(&path, &whole[..length]).unwrap();
        let _ = std::fs::remove_file(path.with_extension("db-wal"));
        let refused = read_all(folder.path()).await.expect_err("a truncated file must not open");
        assert!(matches!(&refused, LogError::Damaged { .. }), "{length} bytes: {refused:?}");
        assert!(refused.to_string().contains("vacancies.region.db"), "{refused}");
    }
    std::fs::write(&path, &whole).unwrap();
    assert_eq!(read_all(folder.path()).await, Ok(200), "nothing of the whole file was harmed");
}

#[tokio::test]
async fn every_flipped_bit_of_an_event_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let (path, whole) = closed_log(folder.path(), 3).await;
    let at =
        whole.windows(CANARY.len()).position(|window| window == CANARY).expect("the payload is in the file");
    for offset in at..at + CANARY.len() {
        let mut flipped = whole.clone();
        flipped[offset] ^= 1 << (offset % 8);
        std::fs::write(&path, &flipped).unwrap();
        let refused = read_all(folder.path()).await.expect_err("a flipped bit must be noticed");
        assert!(matches!(refused, LogError::Damaged { .. }), "offset {offset}: {refused:?}");
    }
}

#[tokio::test]
async fn random_flips_are_refused_or_harmless_and_never_panic() {
    let folder = tempfile::tempdir().unwrap();
    let (path, whole) = closed_log(folder.path(), 60).await;
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    for _ in 0..300 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let offset = usize::try_from(state >> 33).unwrap() % whole.len();
        let mut flipped = whole.clone();
        flipped[offset] ^= 1 << (state % 8);
        std::fs::write(&path, &flipped).unwrap();
        for extension in ["db-wal", "db-shm"] {
            let _ = std::fs::remove_file(path.with_extension(extension));
        }
        match read_all(folder.path()).await {
            // Free space, an index or the epoch: every event was read and matched its digest.
            Ok(events) => assert_eq!(events, 60, "offset {offset}"),
            Err(LogError::Damaged { .. } | LogError::Unavailable { .. }) => {}
            Err(other) => panic!("offset {offset}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_file_of_another_log_or_program_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = closed_log(folder.path(), 1).await;
    let other = LogId::region(Service::Contracts);
    std::fs::copy(&path, SqliteStore::open(folder.path()).unwrap().path(other)).unwrap();
    let refused =
        SqliteStore::open(folder.path()).unwrap().open(other).await.err().map(|error| error.to_string());
    assert!(
        refused.is_some_and(|text| text.contains("it holds the log vacancies/region, not contracts/region"))
    );
    std::fs::write(&path, b"not a database at all, but some text that somebody put here by mistake").unwrap();
    assert!(matches!(read_all(folder.path()).await, Err(LogError::Damaged { .. })));
}

#[test]
fn a_folder_has_one_process() {
    let folder = tempfile::tempdir().unwrap();
    let first = SqliteStore::open(folder.path()).unwrap();
    assert!(matches!(SqliteStore::open(folder.path()), Err(StoreLocked::InUse(_))));
    drop(first);
    assert!(SqliteStore::open(folder.path()).is_ok());
}

#[tokio::test]
async fn stored_events_are_read_from_the_file_and_not_from_memory() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path()).unwrap();
    let log = store.open(LOG).await.unwrap();
    for n in 0..4 {
        append(&*log, n).await;
    }
    let changed = b"{\"note\":\"the canary in the pay1oad\"}";
    eventlog::conformance::tamper(&store.path(LOG), 2, changed);
    eventlog::conformance::truncate(&store.path(LOG), 3);
    assert_eq!(log.read(0, 10).await.unwrap().len(), 4, "followers still see what was appended");
    let stored = log.read_stored(0, 10).await.unwrap();
    assert_eq!(stored.iter().map(|event| event.position).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!((stored[0].payload.as_slice(), stored[1].payload.as_slice()), (CANARY, changed.as_slice()));
    assert_eq!(log.read_stored(1, 1).await.unwrap()[0].position, 2);
}

#[tokio::test]
async fn events_without_the_audit_log_that_watched_them_are_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let _closed = closed_log(folder.path(), 1).await;
    let store = SqliteStore::open(folder.path()).unwrap();
    let refused = store.check_none_missing().unwrap_err().to_string();
    assert!(refused.contains("audit.region.db is missing"), "{refused}");
    drop(store.open(LogId::region(Service::Audit)).await.unwrap());
    store.check_none_missing().unwrap();
}

/// A file that lost its end is whole in itself: emptied of events, or without the write-ahead log that held them.
#[tokio::test]
async fn a_log_that_lost_its_end_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = closed_log(folder.path(), 3).await;
    let older = std::fs::read(&path).unwrap();
    let log = SqliteStore::open(folder.path()).unwrap().open(LOG).await.unwrap();
    append(&*log, 3).await;
    drop(log);
    let folded = || (!path.with_extension("db-wal").exists()).then_some(());
    while folded().is_none() {
        tokio::task::yield_now().await;
    }
    let newer = std::fs::read(&path).unwrap();
    assert_ne!(older, newer);
    std::fs::write(&path, &older).unwrap();
    let said = read_all(folder.path()).await.unwrap_err().to_string();
    assert!(said.contains("it ends at 3, but had come to 4"), "{said}");
    assert!(said.contains("comes without the .high files"), "{said}");
    std::fs::remove_file(&path).unwrap();
    let said = read_all(folder.path()).await.unwrap_err().to_string();
    assert!(said.contains("it ends at 0, but had come to 4") && !path.exists(), "{said}");
    std::fs::write(&path, &newer).unwrap();
    assert_eq!(read_all(folder.path()).await.unwrap(), 4);
    let high = path.with_extension("high");
    std::fs::write(&high, "4").unwrap();
    let said = read_all(folder.path()).await.unwrap_err().to_string();
    assert!(said.contains(".high") && said.contains("not the last position"), "{said}");
    std::fs::write(&path, &older).unwrap();
    std::fs::remove_file(&high).unwrap();
    assert_eq!(read_all(folder.path()).await.unwrap(), 3, "going on without what is lost");
}

/// Whoever takes a log over while another still appends to it finds no end missing: what was written down is read before the head.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_is_taken_over_from_an_appender_at_work() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path()).unwrap();
    let mut log = store.open(LOG).await.unwrap();
    let number = Arc::new(AtomicUsize::new(0));
    for _ in 0..20 {
        let start = number.load(Ordering::Relaxed);
        let appending: Vec<_> = (0..4)
            .map(|_| {
                let (log, number) = (log.clone(), number.clone());
                tokio::spawn(async move {
                    while let Ok(Appended::Committed(_)) =
                        log.append(entry(number.fetch_add(1, Ordering::Relaxed))).await
                    {}
                })
            })
            .collect();
        while number.load(Ordering::Relaxed) < start + 20 {
            tokio::task::yield_now().await;
        }
        log = store.open(LOG).await.expect("nothing is lost of it");
        for appended in appending {
            appended.await.unwrap();
        }
    }
}

/// Where the last bytes of the index of streams are: a page fills from its end, so the first row's number is the last of them.
fn end_of_index(path: &Path) -> usize {
    let connection = rusqlite::Connection::open(path).unwrap();
    let page: usize = connection
        .query_row("SELECT rootpage FROM sqlite_schema WHERE name = 'events_by_stream'", [], |row| row.get(0))
        .unwrap();
    let page_bytes: usize = connection.query_row("PRAGMA page_size", [], |row| row.get(0)).unwrap();
    page * page_bytes - 1
}

/// A bit in an index, which `PRAGMA quick_check` would not hold against the table.
#[tokio::test]
async fn a_bit_of_an_index_is_noticed_when_the_file_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = closed_log(folder.path(), 3).await;
    let last = end_of_index(&path);
    let mut bytes = std::fs::read(&path).unwrap();
    for at in (last - 20)..=last {
        bytes[at] ^= 0b0000_0100;
        std::fs::write(&path, &bytes).unwrap();
        let refused = read_all(folder.path()).await;
        assert!(matches!(refused, Err(LogError::Damaged { .. })), "byte {at}: {refused:?}");
        bytes[at] ^= 0b0000_0100;
    }
}

/// Checking a long file in full would keep its service from starting, so it is opened first, and closed to appends if need be.
#[tokio::test]
async fn a_bit_of_an_index_of_a_long_file_is_noticed_while_it_is_used() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path()).unwrap();
    let log = store.open(LOG).await.unwrap();
    for n in 0..55 {
        let mut entry = entry(n);
        entry.events[0].payload = vec![b'e'; 1024 * 1024];
        log.append(entry).await.unwrap();
    }
    drop(log);
    store.closed().await;
    let path = store.path(LOG);
    let last = end_of_index(&path);
    let log = store.open(LOG).await.unwrap();
    append(&*log, 55).await;
    drop(log);
    store.closed().await;
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[last] ^= 0b0000_0100;
    std::fs::write(&path, bytes).unwrap();
    let log = store.open(LOG).await.expect("it is opened before its indexes are checked");
    let mut n = 56;
    let refused = loop {
        match log.append(entry(n)).await {
            Ok(_) => n += 1,
            Err(refused) => break refused,
        }
    };
    assert!(matches!(&refused, AppendError::Log(LogError::Damaged { .. })), "{refused:?}");
    assert!(log.append(entry(n)).await.is_err(), "and it stays closed");
    assert!(log.damage().is_some(), "who asks after its health is told");
    assert_eq!(log.read(0, 1).await.unwrap().len(), 1, "but is still read");
}
