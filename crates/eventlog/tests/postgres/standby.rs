//! A second instance waits, follows, and takes over: from one that was killed and from one that stands still.

use crate::world::{LOG, OTHER, World, append, entry, stored};
use eventlog::postgres::PostgresStore;
use eventlog::{AppendError, LogError, LogStore};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const URL: &str = "STANDBY_TEST_URL";
const WITNESS: &str = "STANDBY_TEST_WITNESS";
/// What the design promises.
const TAKE_OVER_SECONDS_MAX: u64 = 5;

/// The instance that works, as a process of its own: it writes down every position that it was told is durable, and why it stopped.
#[tokio::test]
#[ignore = "run by the tests below, in a process of its own"]
async fn working_instance() {
    let Ok(url) = std::env::var(URL) else { return };
    let mut witness = std::fs::File::create(std::env::var(WITNESS).unwrap()).unwrap();
    let store = PostgresStore::connect(&url).await.unwrap();
    let _lease = store.wait_for_lease(LOG).await;
    let log = store.open(LOG).await.unwrap();
    loop {
        match append(&*log, entry(1)).await {
            Ok(head) => writeln!(witness, "{head}").unwrap(),
            Err(AppendError::Log(LogError::Fenced { .. })) => return writeln!(witness, "fenced").unwrap(),
            Err(error) => return writeln!(witness, "{error}").unwrap(),
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

struct Instance {
    process: Child,
    witness: PathBuf,
}

impl Instance {
    fn start(world: &World, folder: &Path) -> Self {
        let witness = folder.join("witness");
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "standby::working_instance", "--include-ignored"]);
        command.env(URL, world.database.url()).env(WITNESS, &witness).stdout(Stdio::null());
        Self { process: command.spawn().unwrap(), witness }
    }

    fn lines(&self) -> Vec<String> {
        std::fs::read_to_string(&self.witness).unwrap_or_default().lines().map(Into::into).collect()
    }

    async fn until(&self, what: &str, found: impl Fn(&[String]) -> bool) {
        for _ in 0..600 {
            if found(&self.lines()) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{what}: not within 30 seconds; the witness ends with {:?}", self.lines().last());
    }

    fn signal(&self, name: &str) {
        let pid = self.process.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &pid]).status().unwrap().success());
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Has an instance work until `stop` ends or halts it, takes over, and gives how long that took.
async fn take_over(world: &World, instance: &Instance, stop: &str) -> (u64, Duration) {
    instance.until("it works", |lines| lines.len() > 5).await;
    let follower = world.store.open_reader(LOG).await.unwrap();
    let mut heads = follower.head();
    let seen = *heads.borrow();
    tokio::time::timeout(Duration::from_secs(5), heads.wait_for(|head| *head > seen)).await.unwrap().unwrap();
    assert!(!follower.read(seen, 10).await.unwrap().is_empty(), "a standby reads what the other appends");
    assert!(follower.append(entry(1)).await.is_err(), "and appends nothing");
    let waiting = world.store.wait_for_lease(LOG);
    let early = tokio::time::timeout(Duration::from_secs(4), waiting).await;
    assert!(early.is_err(), "a lease that is renewed is not given to another");
    instance.signal(stop);
    let stopped = Instant::now();
    let lease = world.store.wait_for_lease(LOG).await;
    let log = world.store.open(LOG).await.unwrap();
    let acknowledged = instance.lines().iter().filter_map(|line| line.parse().ok()).max().unwrap_or(0);
    let head = append(&*log, entry(2)).await.unwrap();
    let took = stopped.elapsed();
    assert!(head > acknowledged, "{acknowledged} were acknowledged, the new one's first is {head}");
    assert_eq!(stored(&*log).await, head);
    drop(lease);
    (head, took)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_standby_takes_over_from_an_instance_that_was_killed() {
    let (world, folder) = (World::new().await, tempfile::tempdir().unwrap());
    let instance = Instance::start(&world, folder.path());
    let (_, took) = take_over(&world, &instance, "KILL").await;
    assert!(took < Duration::from_secs(TAKE_OVER_SECONDS_MAX), "{took:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_that_stood_still_is_fenced_when_it_goes_on() {
    let (world, folder) = (World::new().await, tempfile::tempdir().unwrap());
    let instance = Instance::start(&world, folder.path());
    let (head, took) = take_over(&world, &instance, "STOP").await;
    assert!(took < Duration::from_secs(TAKE_OVER_SECONDS_MAX), "{took:?}");
    instance.signal("CONT");
    instance.until("it is fenced", |lines| lines.last().is_some_and(|line| line == "fenced")).await;
    let log = world.store.open_reader(LOG).await.unwrap();
    assert_eq!(stored(&*log).await, head, "it has appended nothing since");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lease_that_is_dropped_is_free_at_once_and_leases_are_separate() {
    let world = World::new().await;
    let lease = world.store.wait_for_lease(LOG).await;
    let _other = world.store.wait_for_lease(OTHER).await;
    drop(lease);
    let freed = tokio::time::timeout(Duration::from_secs(2), world.store.wait_for_lease(LOG)).await;
    assert!(freed.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_loses_a_lease_is_told() {
    let world = World::new().await;
    let mut lease = world.store.wait_for_lease(LOG).await;
    let held = tokio::time::timeout(Duration::from_secs(4), lease.lost()).await;
    assert!(held.is_err(), "it is renewed");
    let take =
        "UPDATE brokerage.leases SET holder = gen_random_uuid(), expires_at = now() + interval '1 hour'";
    world.database.run_as_admin(take).unwrap();
    tokio::time::timeout(Duration::from_secs(4), lease.lost()).await.unwrap();
}
