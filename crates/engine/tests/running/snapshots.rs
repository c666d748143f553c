//! Snapshots, and what a standby has folded, shorten a start and change nothing else.

use crate::account::{Bank, Command, assert_whole, balance, execute, open, rendered};
use crate::faulty::Folder;
use engine::{Ahead, Engine};
use eventlog::{EventLog, Snapshot};

/// As many events as lie between two snapshots.
const SNAPSHOT_EVENTS: usize = 20_000;
const NAME: &str = "state";

async fn fill(engine: &Engine<Bank>, events: usize) {
    for _ in 0..events / 500 {
        execute(engine, Command::DepositPennies("ash", 500)).await.unwrap();
    }
}

#[tokio::test]
async fn a_start_from_a_snapshot_replays_only_the_rest() {
    let folder = Folder::new();
    let before = {
        let log = folder.faulty().await;
        let engine = open(log.clone()).await;
        fill(&engine, SNAPSHOT_EVENTS - 500).await;
        assert_eq!(engine.log().load_snapshot(NAME).await.unwrap(), None, "a short log has none");
        fill(&engine, 500).await;
        assert_eq!(engine.log().load_snapshot(NAME).await.unwrap().map(|kept| kept.position), Some(20_000));
        execute(&engine, Command::Withdraw("ash", 7)).await.unwrap();
        execute(&engine, Command::Deposit("oak", 3)).await.unwrap();
        engine.read(rendered)
    };
    let log = folder.faulty().await;
    let engine = open(log.clone()).await;
    assert_eq!(log.reads(), [(20_000, 2), (20_002, 0)], "only what came after the snapshot is read");
    assert_eq!(engine.read(rendered), before);
    // The versions of the streams are in it too: a wrong one would be refused by the log.
    execute(&engine, Command::Deposit("ash", 1)).await.unwrap();
    execute(&engine, Command::Deposit("oak", 1)).await.unwrap();
    assert_eq!((balance(&engine, "ash"), balance(&engine, "oak"), engine.head()), (19_994, 4, 20_004));
    assert_whole(&engine).await;

    let kept = log.load_snapshot(NAME).await.unwrap().unwrap();
    a_snapshot_is_trusted_only_from_the_same_build(&kept.schema).await;
}

/// The snapshots are of another state than the log's, so that the state tells whether they were used.
async fn a_snapshot_is_trusted_only_from_the_same_build(schema: &str) {
    let folder = Folder::new();
    {
        let engine = open(folder.log().await).await;
        execute(&engine, Command::Deposit("ash", 1)).await.unwrap();
        execute(&engine, Command::Deposit("ash", 2)).await.unwrap();
    }
    let other = r#"{"state":{"balances":{"ash":100},"events":1},"versions":{"account/ash":1}}"#;
    for (why, schema, position, body, from, ash) in [
        ("this build's is used", schema, 1, other, 1, 102),
        ("another build's is not", "another", 1, other, 0, 3),
        ("one ahead of the log is not", schema, 3, other, 0, 3),
        ("one that cannot be read is not", schema, 1, "{", 0, 3),
    ] {
        let log = folder.faulty().await;
        let snapshot = Snapshot { schema: schema.to_owned(), position, body: body.into() };
        log.save_snapshot(NAME, snapshot).await.unwrap();
        let engine = open(log.clone()).await;
        assert_eq!(log.reads()[0].0, from, "{why}");
        assert_eq!(balance(&engine, "ash"), ash, "{why}");
    }
}

#[tokio::test]
async fn restarts_do_not_put_the_next_snapshot_off() {
    let folder = Folder::new();
    for _ in 0..2 {
        let engine = open(folder.log().await).await;
        fill(&engine, SNAPSHOT_EVENTS / 2).await;
    }
    let kept = folder.log().await.load_snapshot(NAME).await.unwrap();
    assert_eq!(kept.map(|kept| kept.position), Some(20_000));
}

/// As after an update: a snapshot is of one build, and the next start shall not replay everything again.
#[tokio::test]
async fn a_start_that_replayed_much_keeps_a_snapshot() {
    let folder = Folder::new();
    {
        let engine = open(folder.log().await).await;
        fill(&engine, SNAPSHOT_EVENTS + 500).await;
        let other = Snapshot { schema: "another build's".to_owned(), position: 20_000, body: b"{}".to_vec() };
        engine.log().save_snapshot(NAME, other).await.unwrap();
    }
    let engine = open(folder.log().await).await;
    let kept = async || engine.log().load_snapshot(NAME).await.unwrap().map(|kept| kept.position);
    while kept().await != Some(20_500) {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn who_stood_by_reads_only_what_it_had_not_followed_yet() {
    let folder = Folder::new();
    let log = folder.faulty().await;
    let engine = open(log.clone()).await;
    let ahead = Ahead::default();
    assert_eq!(ahead.follow::<Bank>(&*log).await.unwrap(), 0);
    execute(&engine, Command::DepositPennies("ash", 3)).await.unwrap();
    assert_eq!(ahead.follow::<Bank>(&*log).await.unwrap(), 3);
    execute(&engine, Command::Deposit("oak", 5)).await.unwrap();
    assert_eq!(ahead.follow::<Bank>(&*log).await.unwrap(), 4);
    execute(&engine, Command::Withdraw("ash", 1)).await.unwrap();
    let before = engine.read(rendered);
    drop((engine, log));

    let log = folder.faulty().await;
    let engine = Engine::<Bank>::open_after(log.clone(), &ahead).await.unwrap();
    assert_eq!(log.reads(), [(4, 1), (5, 0)], "what was followed is not read again");
    assert_eq!(engine.read(rendered), before);
    execute(&engine, Command::Deposit("oak", 1)).await.unwrap();
    assert_eq!((balance(&engine, "ash"), balance(&engine, "oak"), engine.head()), (2, 6, 6));
    assert_whole(&engine).await;
}

/// As after a restore of an older backup while it stood by.
#[tokio::test]
async fn what_was_followed_of_a_log_that_has_fewer_events_now_is_not_used() {
    let (longer, shorter) = (Folder::new(), Folder::new());
    let ahead = Ahead::default();
    let log = longer.log().await;
    execute(&open(log.clone()).await, Command::DepositPennies("ash", 3)).await.unwrap();
    assert_eq!(ahead.follow::<Bank>(&*log).await.unwrap(), 3);
    let log = shorter.log().await;
    execute(&open(log.clone()).await, Command::DepositPennies("ash", 2)).await.unwrap();
    drop(log);
    let engine = Engine::<Bank>::open_after(shorter.log().await, &ahead).await.unwrap();
    assert_eq!((balance(&engine, "ash"), engine.head()), (2, 2));
}
