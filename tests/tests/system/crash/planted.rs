//! What the crash test would find: each defect is planted, the process ends just where it shows, and one of the crash test's own
//! checks says so. The same happens without the defect first, and the check is content.
//!
//! Nothing here is drawn by chance or waits for luck: `eventlog::planted` has what each defect does and where a process ends.

use super::stories::COUNCILS;
use super::verdict::{self, Logs};
use super::witness::{Answer, Sent};
use super::world::World;
use super::{come_to_rest, sagas_end, same_answer};
use crate::apart::records;
use crate::process::{Server, copy, files, read_database, read_logs, run, until};
use eventlog::Service;
use eventlog::planted::Planted;
use local_parts::kafka::Kafka;
use local_parts::postgres::Postgres;
use serde_json::Value;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

/// What a check says that is not content; none if it is.
fn complaint<T>(check: impl FnOnce() -> T) -> Option<String> {
    let said = catch_unwind(AssertUnwindSafe(check)).err()?;
    let text = said.downcast_ref::<String>().cloned();
    Some(text.or_else(|| said.downcast_ref::<&str>().map(ToString::to_string)).unwrap())
}

/// Fails unless the check complains, and about this.
#[track_caller]
fn caught<T>(check: impl FnOnce() -> T, about: &str) {
    let complaint = complaint(check).expect("the check did not notice the planted defect");
    assert!(complaint.contains(about), "it complains, but not about what was planted: {complaint}");
}

/// The process is killed right after it has acknowledged a referral.
async fn killed_after_an_acknowledgement(planted: &[Planted]) -> (Logs, BTreeMap<String, Sent>) {
    let mut world = World::new();
    let server = world.start(&[], planted).await;
    for _ in 0..2 {
        world.post(COUNCILS[0]).await;
    }
    server.kill();
    forget_how_far_logs_had_come(&world.data());
    (read_logs(&world.data()).await, world.witnessed())
}

/// What is written down beside a log would give the defect away before any check looks.
fn forget_how_far_logs_had_come(data: &Path) {
    for file in files(&data.join("logs")).into_keys() {
        if file.extension().is_some_and(|ending| ending == "high") {
            std::fs::remove_file(file).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_acknowledgement_before_the_commit_is_caught() {
    let (logs, witnessed) = killed_after_an_acknowledgement(&[]).await;
    verdict::dense(&logs);
    verdict::exactly_once(&logs, &witnessed);
    let (logs, witnessed) = killed_after_an_acknowledgement(&[Planted::AcknowledgedBeforeCommit]).await;
    caught(|| verdict::exactly_once(&logs, &witnessed), "acknowledged and lost");
}

/// The process is killed after an acknowledgement, and whoever asked does not believe it and asks again.
async fn asked_again_after_a_kill(planted: &[Planted]) -> (Logs, BTreeMap<String, Sent>, Vec<Answer>) {
    let mut world = World::new();
    let server = world.start(&[], planted).await;
    world.open_home().await;
    server.kill();
    let server = world.start(&[], planted).await;
    let witnessed = world.witnessed();
    let mut again = Vec::new();
    for sent in witnessed.values() {
        again.push(world.load.repeat(&sent.who, &sent.command).await);
    }
    server.kill();
    (read_logs(&world.data()).await, witnessed, again)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_that_are_not_known_again_are_caught() {
    let (logs, witnessed, again) = asked_again_after_a_kill(&[]).await;
    verdict::exactly_once(&logs, &witnessed);
    witnessed.values().zip(&again).for_each(|(sent, again)| same_answer(sent, again));
    let (logs, witnessed, _) = asked_again_after_a_kill(&[Planted::DedupeDropped]).await;
    caught(|| verdict::exactly_once(&logs, &witnessed), "had its effect more than once");
}

/// The process ends between what a consumer writes first and the rest, if it writes twice; and goes on in order.
async fn ended_before_an_effect(planted: &[Planted]) -> Logs {
    let mut world = World::new();
    let planted = [planted, &[Planted::EndsBeforeEffect]].concat();
    let mut server = world.start(&[], &planted).await;
    world.open_home().await;
    let (load, mut draws) = (Arc::clone(&world.load), world.draws.clone());
    let story = tokio::spawn(async move { load.story(COUNCILS[0], &mut draws).await });
    until("an award has its first effect", async || server.has_ended().then_some(())).await;
    // Whoever awarded it never comes back: what follows does not need them.
    story.abort();
    let server = world.start(&[], &[]).await;
    if planted.contains(&Planted::OffsetBeforeEffect) {
        come_to_rest(&world.load).await;
    } else {
        sagas_end(&world.load).await;
    }
    server.kill();
    read_logs(&world.data()).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_offset_stored_before_its_effect_is_caught() {
    let (confirmed, failed) = verdict::sagas(&ended_before_an_effect(&[]).await);
    assert_eq!(confirmed + failed, 1, "one award came to its end");
    let logs = ended_before_an_effect(&[Planted::OffsetBeforeEffect]).await;
    verdict::dense(&logs);
    caught(|| verdict::sagas(&logs), "Saga");
}

/// Referrals are posted while there is no broker; the process is killed, and there is one when it starts again.
async fn published_after_a_restart(planted: &[Planted]) -> (Logs, Vec<Value>) {
    let brokers =
        tokio::task::spawn_blocking(Kafka::ensure).await.unwrap().unwrap_or_else(|none| panic!("{none}"));
    let prefix = format!("test-{}", uuid::Uuid::new_v4().simple());
    let made = run(["topics", "apply", "--brokers", &brokers, "--topic-prefix", &prefix, "--replicas", "1"]);
    assert_eq!(made.code, Some(0), "{made:?}");
    let mut world = World::new();
    let keys = world.data().join("keys");
    let service = [
        "--service",
        "referrals",
        "--topic-prefix",
        &prefix,
        "--token-keys",
        keys.to_str().unwrap(),
        "--brokers",
    ];
    // Empty logs are not opened without a broker.
    let server = world.start(&[&service[..], &[&brokers]].concat(), planted).await;
    world.post(COUNCILS[0]).await;
    until("the first is in its topic", async || {
        records(&brokers, &prefix).iter().any(|record| record["position"] == 1).then_some(())
    })
    .await;
    server.kill();
    // Nobody listens there.
    let server = world.start(&[&service[..], &["127.0.0.1:1"]].concat(), planted).await;
    for _ in 0..3 {
        world.post(COUNCILS[0]).await;
    }
    server.kill();
    let server = world.start(&[&service[..], &[&brokers]].concat(), planted).await;
    world.post(COUNCILS[0]).await;
    let published = until("the latest is in its topic", async || {
        let records = records(&brokers, &prefix);
        records.iter().any(|record| record["position"] == 5).then_some(records)
    });
    let published = published.await;
    server.kill();
    (read_logs(&world.data()).await, published)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_that_skips_the_tail_is_caught() {
    let (logs, records) = published_after_a_restart(&[]).await;
    assert_eq!(records.len(), 5);
    verdict::topics_hold_each_position_once(&logs, &records);
    let (logs, records) = published_after_a_restart(&[Planted::RelaySkipsTail]).await;
    let check = || verdict::topics_hold_each_position_once(&logs, &records);
    caught(check, "referrals/E06000015: so many of its events are in its topic");
}

/// An instance stands still while another takes the database over and lets a place be held; then it goes on, is not aware of anything, and is
/// asked for the same place. Gives what it answers too.
async fn gone_on_after_another_took_over(
    planted: &[Planted],
) -> (Logs, BTreeMap<String, Sent>, Option<Answer>) {
    let mut world = World::new();
    let database = Postgres::ensure().unwrap().database().unwrap();
    let more = ["--database", database.url()];
    let planted = [planted, &[Planted::LeaseNotNoticed]].concat();
    let mut old = Server::spawn_planted(&world.data(), &more, &planted);
    let to_the_old = world.speak_to(&mut old).await;
    world.open_home().await;
    let place = world.load.some_place();
    let [first, second] = [COUNCILS[0], COUNCILS[1]];
    let (of_first, of_second) = (world.post(first).await, world.post(second).await);
    old.signal("STOP");
    // On another machine: here the old one still holds the lock on its keys.
    let elsewhere = tempfile::tempdir().unwrap();
    copy(&world.data(), elsewhere.path());
    let mut new = Server::spawn_with(elsewhere.path(), &more);
    world.speak_to(&mut new).await;
    let held = world.hold(first, &of_first, &place).await;
    assert!(matches!(held, Some(Answer::Yes(_))), "{held:?}");
    old.signal("CONT");
    world.up.send_replace(Some(to_the_old));
    let late = world.hold(second, &of_second, &place).await;
    old.kill();
    new.kill();
    (read_database(database.url(), &Service::ALL).await, world.witnessed(), late)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_appender_without_a_fence_is_caught() {
    let (logs, witnessed, late) = gone_on_after_another_took_over(&[]).await;
    assert_eq!(late, None, "nothing is acknowledged by one that lost its log");
    verdict::dense(&logs);
    verdict::exactly_once(&logs, &witnessed);
    verdict::one_claim_a_place(&logs);
    let (logs, _, late) = gone_on_after_another_took_over(&[Planted::AppenderWithoutFence]).await;
    assert!(matches!(late, Some(Answer::Yes(_))), "{late:?}");
    caught(|| verdict::one_claim_a_place(&logs), "holds a place that is taken");
}
