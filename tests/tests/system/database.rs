//! A region whose logs are in PostgreSQL: it is the same region, and a second instance takes over from the first.

use crate::demo::comparable;
use crate::process::{Ended, Server, copy, demo, post_referral, run, token, until};
use crate::region::council;
use local_parts::postgres::{Database, Postgres};
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

/// Within this the standby has to listen. It takes about four seconds; a machine that is busy with other tests gets longer.
const TAKE_OVER_MAX: Duration = Duration::from_secs(15);

fn database() -> Database {
    Postgres::ensure().unwrap().database().unwrap()
}

fn instance(data: &Path, database: &Database) -> Server {
    Server::spawn_with(data, &["--database", database.url()])
}

/// Posts a referral for Derby under a request id of its own.
fn post(data: &Path, address: SocketAddr, request_id: &str) -> Ended {
    post_referral(address, &token(data, council("E06000015")), &["--request-id", request_id])
}

/// An instance that was paused after a referral was posted to it, and where it listens.
async fn paused(data: &Path, database: &Database) -> (Server, SocketAddr) {
    let mut instance = instance(data, database);
    let address = instance.listening().await;
    assert_eq!(post(data, address, "before").code, Some(0));
    instance.signal("STOP");
    (instance, address)
}

fn referrals_in(database: &Database) -> u32 {
    let count = "SELECT count(*) FROM brokerage.events WHERE type = 'ReferralPosted'";
    database.run_as_admin(count).unwrap().trim().parse().unwrap()
}

#[test]
fn the_demo_is_the_same_in_a_database_as_in_files() {
    let folder = tempfile::tempdir().unwrap();
    let database = database();
    let in_files = demo(&folder.path().join("files"), &["--seed", "5"]);
    let arguments = ["--seed", "5", "--database", database.url()];
    let in_database = demo(&folder.path().join("database"), &arguments);
    assert_eq!(comparable(in_database), comparable(in_files));
    let logs = database.run_as_admin(
        "SELECT count(*), sum(c) FROM (SELECT count(*) c FROM brokerage.events GROUP BY log) l",
    );
    assert!(logs.unwrap().starts_with("70|"), "the events of every log are in the database");
    let again = run([
        "demo",
        "--data-dir",
        folder.path().join("again").to_str().unwrap(),
        "--database",
        database.url(),
    ]);
    assert_ne!(again.code, Some(0), "a demo lives in an empty database: {again:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_standby_takes_over_from_one_that_was_killed_and_has_everything() {
    let (folder, database) = (tempfile::tempdir().unwrap(), database());
    let data = folder.path();
    let mut first = instance(data, &database);
    let address = first.listening().await;
    let mut second = instance(data, &database);
    until("the second stands by", async || second.said().contains("standing by").then_some(())).await;
    until("it follows the first", async || second.said().contains("everything is followed").then_some(()))
        .await;
    let posted = post(data, address, "before");
    assert_eq!(posted.code, Some(0), "{posted:?}");
    first.kill();
    let killed = Instant::now();
    let address = second.listening().await;
    assert!(killed.elapsed() < TAKE_OVER_MAX, "{:?}", killed.elapsed());
    println!("the standby listened {:?} after the kill", killed.elapsed());
    assert_eq!(post(data, address, "before").json(), posted.json(), "the same request has the same answer");
    assert_eq!(post(data, address, "after").code, Some(0));
    assert_eq!(second.terminate(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_was_paused_and_goes_on_after_another_took_over_acknowledges_nothing() {
    let (folder, database) = (tempfile::tempdir().unwrap(), database());
    let data = folder.path();
    let (first, old) = paused(data, &database).await;
    // On another machine: here the paused one still holds the lock on its keys.
    let elsewhere = tempfile::tempdir().unwrap();
    copy(data, elsewhere.path());
    let mut second = instance(elsewhere.path(), &database);
    let new = second.listening().await;
    assert_eq!(post(data, new, "meanwhile").code, Some(0));
    first.signal("CONT");
    let late = post(data, old, "late");
    assert_eq!(late.code, Some(69), "{late:?}");
    let (code, said) = first.ended("another's now").await;
    assert_eq!(code, Some(69), "{said}");
    assert!(said.contains("start this one again"), "{said}");
    assert_eq!(referrals_in(&database), 2);
    assert_eq!(second.terminate(), Some(0));
}

/// Instances on one machine share their keys too, which the paused one still has open: the other waits before it touches a log, so that
/// whichever goes on is whole.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_with_the_keys_of_a_paused_one_takes_over_when_that_has_ended() {
    let (folder, database) = (tempfile::tempdir().unwrap(), database());
    let data = folder.path();
    let (first, _) = paused(data, &database).await;
    let mut second = instance(data, &database);
    until("it waits for the keys", async || {
        second.said().contains("has the sealing keys open").then_some(())
    })
    .await;
    first.signal("CONT");
    let (code, said) = first.ended("another's now").await;
    assert_eq!(code, Some(69), "{said}");
    let new = second.listening().await;
    assert_eq!(post(data, new, "after").code, Some(0));
    assert_eq!(referrals_in(&database), 2);
    assert_eq!(second.terminate(), Some(0));
}

#[test]
fn a_database_that_cannot_be_used_is_told_without_its_password() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    for url in [
        "mysql://brokerage:hush@localhost/region",
        "postgres://brokerage:hush@127.0.0.1:1/region",
        "postgres://brokerage:p@hush/hush@127.0.0.1:1/region",
        "hush",
    ] {
        let refused = run(["run", "--data-dir", data, "--listen", "127.0.0.1:0", "--database", url]);
        assert_eq!(refused.code, Some(69), "{refused:?}");
        assert!(!refused.stderr.contains("hush"), "{refused:?}");
    }
}
