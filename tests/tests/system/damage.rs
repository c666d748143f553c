//! Files that are broken or gone: the region does not start, says which file it is, and leaves everything as it was.
//!
//! A start that fails has still taken over the logs that it opened before: that is a number in each file (its epoch), so files are
//! compared by their events. Keys and settings are compared byte for byte, and so is the damaged file, but for its epoch.

use crate::process::{Server, copy, demo, files, logs_in, read_logs, until};
use brokerage::{Options, Running};
use eventlog::conformance::truncate;
use eventlog::sqlite::SqliteStore;
use eventlog::{LogId, LogStore, Recorded, Service};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The council whose files are damaged.
const COUNCIL: &str = "E06000004";

/// Folds the journals into the files, so that the files hold everything.
async fn checkpoint(data: &Path) {
    let logs = data.join("logs");
    let store = until("the folder is free", async || SqliteStore::open(&logs).ok()).await;
    for id in logs_in(data) {
        drop(store.open(id).await.unwrap());
    }
    until("every journal is folded in", async || {
        let gone = |id: &LogId, ending: &str| {
            !logs.join(format!("{}.{}.{ending}", id.service.name(), id.owner)).exists()
        };
        logs_in(data).iter().all(|id| gone(id, "db-wal") && gone(id, "db-shm")).then_some(())
    })
    .await;
}

/// A region with twelve weeks in it, at rest.
async fn at_rest(folder: &Path) -> PathBuf {
    let data = folder.join("region");
    demo(&data, &[]);
    checkpoint(&data).await;
    data
}

/// Flips a bit `behind` every place where `needle` stands: SQLite leaves stale copies of rows that it moved, which nobody reads.
fn flip(file: &Path, needle: &[u8], behind: usize) {
    let mut bytes = std::fs::read(file).unwrap();
    let found: Vec<usize> =
        (0..bytes.len() - needle.len()).filter(|at| bytes[*at..].starts_with(needle)).collect();
    assert!(!found.is_empty(), "{:?} is not in the file", String::from_utf8_lossy(needle));
    for at in found {
        bytes[at + needle.len() + behind] ^= 0b0000_0100;
    }
    std::fs::write(file, bytes).unwrap();
}

/// Flips a bit at a place.
fn flip_at(file: &Path, at: usize) {
    let mut bytes = std::fs::read(file).unwrap();
    bytes[at] ^= 0b0000_0100;
    std::fs::write(file, bytes).unwrap();
}

/// The file is as it was, but for its epoch if the damage shows only when its events are read: a number, and SQLite's counters of
/// changes, altogether some bytes.
fn assert_left_alone(file: &Path, before: Option<&[u8]>, what: &str) {
    let now = std::fs::read(file).ok();
    let (Some(now), Some(before)) = (&now, before) else {
        assert_eq!(now.as_deref(), before, "{what}");
        return;
    };
    assert_eq!(now.len(), before.len(), "{what}: the damaged file was changed");
    let changed = now.iter().zip(before).filter(|(now, before)| now != before).count();
    assert!(changed <= 16, "{what}: {changed} bytes of the damaged file were changed");
}

type Logs = BTreeMap<LogId, Vec<Arc<Recorded>>>;

/// Damages a copy, sees that no region starts on it and that it names the file, and that nothing else has changed.
async fn refused(whole: &Path, logs: &Logs, name: &str, what: &str, hurt: impl FnOnce(&Path)) -> String {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("region");
    copy(whole, &data);
    let file = data.join("logs").join(name);
    hurt(&file);
    let hurt = std::fs::read(&file).ok();
    let (code, said) = Server::spawn(&data).ended(what).await;
    assert_eq!(code, Some(69), "{what}: {said}");
    let error = said.lines().find(|line| line.starts_with("error: "));
    let error = error.unwrap_or_else(|| panic!("{what}: {said}")).to_owned();
    assert!(error.contains(name), "{what}: {error}");
    assert!(!said.contains("panicked"), "{what}: {said}");
    assert_left_alone(&file, hurt.as_deref(), what);
    let before = files(whole);
    for (path, content) in files(&data) {
        let original = whole.join(path.strip_prefix(&data).unwrap());
        if !path.starts_with(data.join("logs")) {
            assert_eq!(before.get(&original), Some(&content), "{what}: {}", path.display());
        }
    }
    // Everything else, with the damaged log put back.
    std::fs::copy(whole.join("logs").join(name), &file).unwrap();
    assert_eq!(read_logs(&data).await, *logs, "{what}");
    error
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_log_is_refused_by_name_and_nothing_else_is_touched() {
    let folder = tempfile::tempdir().unwrap();
    let whole = at_rest(folder.path()).await;
    let logs = read_logs(&whole).await;
    let log = "referrals.E06000004.db";
    let page_bytes = 4_096;
    let cut = |file: &Path| {
        let length = std::fs::metadata(file).unwrap().len();
        std::fs::File::options().write(true).open(file).unwrap().set_len(length / 2 + 100).unwrap();
    };
    refused(&whole, &logs, log, "truncated", cut).await;
    refused(&whole, &logs, log, "cut within the first page", |file| {
        std::fs::write(file, &std::fs::read(file).unwrap()[..1_000]).unwrap();
    })
    .await;
    let empty = refused(&whole, &logs, log, "of no length", |file| std::fs::write(file, "").unwrap()).await;
    assert!(empty.contains("the file is empty"), "{empty}");
    refused(&whole, &logs, log, "something else", |file| {
        std::fs::write(file, "Dear Sir or Madam, ".repeat(999)).unwrap()
    })
    .await;
    let payload =
        refused(&whole, &logs, log, "a bit of a payload", |file| flip(file, b"\"requirements\":{", 30)).await;
    assert!(payload.contains("does not match the digest"), "{payload}");
    // Behind a key stand the request's hash and the answer.
    let answer = refused(&whole, &logs, log, "a bit of a kept answer", |file| {
        flip(file, b"council:E06000004/case-system|", 36 + 60);
    })
    .await;
    // Short answers stand close: the bit may be in the next one's key.
    let found = answer.contains("does not match its checksum") || answer.contains("PRIMARY KEY order");
    assert!(found, "{answer}");
    refused(&whole, &logs, log, "a bit of a page's header", |file| flip_at(file, page_bytes)).await;
    refused(&whole, &logs, log, "a bit of the file's header", |file| flip_at(file, 3)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_or_older_log_is_noticed_by_what_the_others_have_consumed() {
    let folder = tempfile::tempdir().unwrap();
    let whole = at_rest(folder.path()).await;
    let logs = read_logs(&whole).await;
    let council = ["referrals.E06000004.db", "contracts.E06000004.db", "invoicing.E06000004.db"];
    for log in council.into_iter().chain(["vacancies.region.db"]) {
        let lost = refused(&whole, &logs, log, "lost", |file| std::fs::remove_file(file).unwrap()).await;
        assert!(lost.contains("is missing") && lost.contains("have been consumed"), "{lost}");
    }
    // Nobody follows audit's logs, but the logs that they watch are there.
    let unwatched = "audit.E06000004.db";
    let lost = refused(&whole, &logs, unwatched, "lost", |file| std::fs::remove_file(file).unwrap()).await;
    assert!(lost.contains("is missing"), "{lost}");
    let emptied = tempfile::tempdir().unwrap();
    drop(
        SqliteStore::open(emptied.path())
            .unwrap()
            .open(LogId::council(Service::Audit, COUNCIL.parse().unwrap()))
            .await,
    );
    let emptied = emptied.path().join(unwatched);
    let lost = refused(&whole, &logs, unwatched, "emptied", |file| {
        std::fs::copy(emptied, file).unwrap();
    })
    .await;
    assert!(lost.contains("it ends at 0, but had come to"), "{lost}");
    // An older backup: whole in itself, but others know more.
    let older = tempfile::tempdir().unwrap();
    let data = older.path().join("region");
    copy(&whole, &data);
    truncate(&data.join("logs/vacancies.region.db"), 100);
    let (code, said) = Server::spawn(&data).ended("damaged").await;
    assert_eq!(code, Some(69), "{said}");
    let error = said.lines().find(|line| line.starts_with("error: ")).unwrap();
    assert!(error.contains("vacancies/region ends at 100") && error.contains("older backup"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_file_is_not_made_anew_over_the_journal_that_it_left() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("region");
    let (server, _) = Server::start(&data).await;
    server.kill();
    let file = data.join("logs/audit.region.db");
    assert!(file.with_extension("db-wal").exists(), "a killed region leaves its journals");
    std::fs::remove_file(&file).unwrap();
    let (code, said) = Server::spawn(&data).ended("damaged").await;
    assert_eq!(code, Some(69), "{said}");
    assert!(said.contains("audit.region.db") && said.contains("write-ahead log"), "{said}");
    assert!(!file.exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lost_keys_of_what_is_sealed_are_missed_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let whole = at_rest(folder.path()).await;
    let keys = whole.join("keys/referrals");
    let file = keys.join(format!("{COUNCIL}.keys"));
    let refused = async |what: &str| {
        let (code, said) = Server::spawn(&whole).ended(what).await;
        assert_eq!(code, Some(69), "{said}");
        let error = said.lines().find(|line| line.starts_with("error: ")).unwrap();
        assert!(
            error.contains("referrals/E06000004") && error.contains("keys that are needed are not in"),
            "{error}"
        );
        assert!(
            error.contains("restore the file from backup") && error.contains("--accept-lost-keys"),
            "{error}"
        );
    };
    // It looks as if a crash had torn its last write.
    let bytes = std::fs::read(&file).unwrap();
    let cut = &bytes[..bytes.len() - 10];
    std::fs::write(&file, cut).unwrap();
    refused("a key file that was cut").await;
    assert_eq!(std::fs::read(&file).unwrap(), cut, "and it is not cut further");
    for key in std::fs::read_dir(&keys).unwrap() {
        let key = key.unwrap().path();
        if key.file_name().unwrap().to_string_lossy().starts_with(COUNCIL) {
            std::fs::remove_file(key).unwrap();
        }
    }
    refused("without keys").await;
    assert!(!file.exists(), "no new keys are made in their place");
    let accepting = Options::new(&whole).accepting_lost_keys(vec![COUNCIL.parse().unwrap()]);
    for options in [accepting, Options::new(&whole)] {
        let running = until("the folder is free", async || Running::start(options.clone()).await.ok()).await;
        running.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn broken_settings_and_keys_and_a_folder_in_use_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let whole = folder.path().join("region");
    let (server, _) = Server::start(&whole).await;
    let (code, said) = Server::spawn(&whole).ended("in use").await;
    assert_eq!(code, Some(69), "{said}");
    assert!(said.contains("another brokerage is running on this folder") && said.contains("logs"), "{said}");
    assert_eq!(server.terminate(), Some(0));
    for (name, content, hint) in [
        ("region.json", "{\"name\": \"x\",\n \"frameworks\": [],\n}", "line 3"),
        ("region.json", "", "line 1"),
        ("region.json", "{\"name\": \"x\", \"frameworks\": [], \"guests\": [\"E99999999\"]}", "E99999999"),
        ("region.json", "{\"name\": \"x\", \"frameworks\": [], \"guests\": []}", "no council"),
        ("keys/tokens.pem", "", "Ed25519"),
        ("keys/tokens.pem", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "Ed25519"),
    ] {
        let data = folder.path().join("copy");
        copy(&whole, &data);
        std::fs::write(data.join(name), content).unwrap();
        let (code, said) = Server::spawn(&data).ended("damaged").await;
        assert_eq!(code, Some(69), "{name}: {said}");
        let error =
            said.lines().find(|line| line.starts_with("error: ")).unwrap_or_else(|| panic!("{name}: {said}"));
        assert!(error.contains(name) && error.contains(hint), "{name}: {error}");
        assert_eq!(std::fs::read_to_string(data.join(name)).unwrap(), content, "{name} was changed");
        std::fs::remove_dir_all(data).unwrap();
    }
}
