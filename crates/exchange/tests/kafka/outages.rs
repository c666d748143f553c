//! Brokers of these tests' own are killed, started again and stopped where they stand, while events are recorded and followed.

use crate::world::{LOG, PATIENCE, World, append, published, receive, until};
use eventlog::EventLog;
use exchange::{Exchange, Subscription};
use local_parts::kafka::{Kafka, OwnBroker};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

async fn broker(folder: &tempfile::TempDir) -> OwnBroker {
    let path = folder.path().to_owned();
    let started = tokio::task::spawn_blocking(move || Kafka::start_own(path)).await.unwrap();
    started.unwrap_or_else(|none| panic!("{none}"))
}

/// As a follower subscribes: a topic just made may be without a leader for a moment.
async fn subscribed(exchange: &dyn Exchange) -> Box<dyn Subscription> {
    let start = Instant::now();
    loop {
        match exchange.subscribe(LOG, 0).await {
            Ok(subscription) => return subscription,
            Err(error) => assert!(start.elapsed() < PATIENCE, "{error}"),
        }
    }
}

async fn load(log: Arc<dyn EventLog>, stop: Arc<AtomicBool>) {
    while !stop.load(Ordering::SeqCst) {
        append(&log, 300).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_killed_under_load_and_started_again_has_each_position_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut broker = broker(&folder).await;
    let world = World::on(broker.brokers(), 2).await;
    let publisher = world.publisher();
    let relay = world.relay(&publisher);
    let exchange = world.exchange();
    let mut following = subscribed(&exchange).await;
    for _ in 0..4 {
        // Killed with requests on the wire, some of which it has written and not yet acknowledged.
        let stop = Arc::new(AtomicBool::new(false));
        let load = tokio::spawn(load(Arc::clone(&world.log), Arc::clone(&stop)));
        let before = relay.state.borrow().head;
        until(&relay, |state| state.published > before).await;
        tokio::task::block_in_place(|| broker.kill());
        assert!(relay.state.borrow().lag_events() > 0, "nothing was under way");
        stop.store(true, Ordering::SeqCst);
        load.await.unwrap();
        tokio::task::block_in_place(|| broker.restart()).unwrap();
    }
    let head = world.append(1).await;
    let received = receive(&mut *following, head).await;
    assert_eq!(received, world.recorded().await);
    published(&relay, head).await;
    world.assert_each_once(head).await;
    assert_eq!(world.owner.asked.load(Ordering::SeqCst), 0, "the topic had everything");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_is_silent_for_ten_seconds_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let broker = broker(&folder).await;
    let world = World::on(broker.brokers(), 1).await;
    let publisher = world.publisher();
    let relay = world.relay(&publisher);
    let exchange = world.exchange();
    let mut following = subscribed(&exchange).await;
    let head = world.append(100).await;
    receive(&mut *following, head).await;
    // Acknowledged too: a consumer may have a record before its producer hears of it.
    published(&relay, head).await;
    broker.pause();
    let head = world.append(2_000).await;
    tokio::time::sleep(Duration::from_secs(10)).await;
    let state = relay.state.borrow().clone();
    assert_eq!((state.lag_events(), state.stopped), (2_000, false));
    assert!(state.lag_seconds(care::Timestamp::now()) >= 9, "{state:?}");
    broker.resume();
    assert_eq!(receive(&mut *following, head).await, world.recorded().await[100..]);
    until(&relay, |state| state.lag_events() == 0 && state.error.is_none()).await;
    world.assert_each_once(head).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_replaced_during_an_outage_leaves_what_is_under_way_to_the_one_before() {
    let folder = tempfile::tempdir().unwrap();
    let mut broker = broker(&folder).await;
    let world = World::on(broker.brokers(), 1).await;
    let publisher = world.publisher();
    let relay = world.relay(&publisher);
    published(&relay, world.append(10).await).await;
    tokio::task::block_in_place(|| broker.kill());
    let head = world.append(2_000).await;
    until(&relay, |state| state.head == head).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    drop(relay);
    // The producer still has what the first one gave it, and sends it once it can.
    let relay = world.relay(&publisher);
    tokio::time::sleep(Duration::from_millis(500)).await;
    tokio::task::block_in_place(|| broker.restart()).unwrap();
    published(&relay, head).await;
    world.assert_each_once(head).await;
}
