//! A relay leaves each position in the topic once, however it ends and begins.

use crate::world::{ByHand, World, append_sized, published, until};
use async_trait::async_trait;
use eventlog::LogError;
use exchange::kafka::{Fence, WINDOW_POSITIONS};
use rdkafka::admin::{AdminClient, AdminOptions, AlterConfig, ResourceSpecifier};
use rdkafka::client::DefaultClientContext;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_that_is_dropped_in_mid_stream_leaves_each_position_once() {
    let world = World::new(3).await;
    let (mut head, mut in_mid_stream) = (0, 0);
    for _ in 0..8 {
        // With it goes its producer: what was under way is lost, or has arrived unknown to anyone.
        let publisher = world.publisher();
        let relay = world.relay(&publisher);
        published(&relay, head).await;
        let before = head;
        head = world.append(1_500).await;
        until(&relay, |state| state.published > before).await;
        in_mid_stream += u32::from(relay.state.borrow().published < head);
        drop((relay, publisher));
    }
    assert!(in_mid_stream > 0, "each had published everything, so nothing was tested");
    let publisher = world.publisher();
    published(&world.relay(&publisher), head).await;
    world.assert_each_once(head).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_that_follows_another_in_the_same_process_waits_for_what_is_under_way() {
    let world = World::new(1).await;
    let publisher = world.publisher();
    let mut head = 0;
    for _ in 0..6 {
        let relay = world.relay(&publisher);
        until(&relay, |state| state.published == head).await;
        head = world.append(800).await;
        drop(relay);
    }
    published(&world.relay(&publisher), head).await;
    world.assert_each_once(head).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn exactly_what_is_missing_in_the_window_is_published() {
    let world = World::new(3).await;
    let head = world.append(40).await;
    let recorded = world.recorded().await;
    // As after a crash: some partitions got further than others.
    let there = [1, 2, 3, 5, 8, 13, 21];
    world.write(&there.map(|position: usize| ByHand::of(&recorded[position - 1]))).await;
    let publisher = world.publisher();
    published(&world.relay(&publisher), head).await;
    let mut all = tokio::task::block_in_place(|| world.in_topic()).concat();
    all.sort_unstable();
    assert_eq!(all, (1..=head).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tail_longer_than_the_window_is_looked_at_no_further_than_needed() {
    let world = World::new(1).await;
    let head = world.append(WINDOW_POSITIONS + 1_000).await;
    published(&world.relay(&world.publisher()), head).await;
    let publisher = world.publisher();
    let relay = world.relay(&publisher);
    published(&relay, head).await;
    let head = world.append(10).await;
    published(&relay, head).await;
    world.assert_each_once(head).await;
}

struct Answers(AtomicBool, AtomicU32);

#[async_trait]
impl Fence for Answers {
    async fn still_ours(&self) -> Result<bool, LogError> {
        self.1.fetch_add(1, Ordering::SeqCst);
        Ok(self.0.load(Ordering::SeqCst))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_whose_log_is_anothers_after_a_pause_publishes_no_more() {
    let world = World::new(1).await;
    let publisher = world.publisher();
    let fence = Arc::new(Answers(true.into(), AtomicU32::new(0)));
    let relay = world.relay_with(&publisher, Arc::clone(&fence) as Arc<dyn Fence>);
    world.append(3).await;
    published(&relay, 3).await;
    fence.0.store(false, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    world.append(3).await;
    let state = until(&relay, |state| state.stopped).await;
    assert_eq!(state.error.as_deref(), Some("another appender has taken the log over"));
    assert_eq!((state.published, fence.1.load(Ordering::SeqCst)), (3, 2));
    world.assert_each_once(3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_topic_with_other_events_than_the_log_is_not_published_to() {
    let (older, newer) = (World::new(1).await, World::new(1).await);
    newer.append(9).await;
    // The log was restored from a backup that ends at 5.
    older.append(5).await;
    let records: Vec<_> = newer.recorded().await.iter().map(|event| ByHand::of(event)).collect();
    older.write(&records).await;
    let publisher = older.publisher();
    let relay = older.relay(&publisher);
    let state = until(&relay, |state| state.stopped).await;
    assert!(state.error.unwrap().contains("has a position 9 that the log has not"));
    // It has moved on since, so position 9 is there, and is another event.
    older.append(6).await;
    let state = until(&older.relay(&publisher), |state| state.stopped).await;
    assert!(state.error.unwrap().contains("restored from an older backup"));
    older.assert_each_once(9).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_that_the_broker_refuses_holds_the_log_and_is_told_until_it_is_taken() {
    let world = World::new(1).await;
    let publisher = world.publisher();
    let relay = world.relay(&publisher);
    world.append(2).await;
    published(&relay, 2).await;
    set(&world, "100").await;
    let head = world.append(5).await;
    let state = until(&relay, |state| state.error.is_some()).await;
    assert_eq!((state.published, state.lag_events(), state.stopped), (2, head - 2, false));
    set(&world, "1000000").await;
    published(&relay, head).await;
    world.assert_each_once(head).await;
    until(&relay, |state| state.error.is_none() && state.lag_events() == 0).await;
}

/// What came before and after it is there and stays there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_record_that_the_broker_refuses_among_others_costs_no_other_record() {
    let world = World::new(1).await;
    let publisher = world.publisher();
    let relay = world.relay(&publisher);
    world.append(3).await;
    published(&relay, 3).await;
    set(&world, "10000").await;
    append_sized(&world.log, 1, 200_000).await;
    let head = world.append(5).await;
    until(&relay, |state| state.error.is_some()).await;
    // It has started again a few times by then.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let positions = tokio::task::block_in_place(|| world.in_topic()).concat();
    assert_eq!(positions[..3], [1, 2, 3], "{positions:?}");
    assert!(!positions.contains(&4));
    set(&world, "1000000").await;
    published(&relay, head).await;
    let mut all = tokio::task::block_in_place(|| world.in_topic()).concat();
    assert_eq!(all[..3], [1, 2, 3], "{all:?}");
    all.sort_unstable();
    assert_eq!(all, (1..=head).collect::<Vec<_>>());
}

/// Sets how many bytes the topic takes at a time.
async fn set(world: &World, bytes: &str) {
    let admin: AdminClient<DefaultClientContext> =
        rdkafka::ClientConfig::new().set("bootstrap.servers", &world.connection.brokers).create().unwrap();
    let config = AlterConfig::new(ResourceSpecifier::Topic(&world.topic)).set("max.message.bytes", bytes);
    admin.alter_configs([&config], &AdminOptions::new()).await.unwrap()[0].as_ref().unwrap();
}
