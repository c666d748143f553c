//! Topics that are deleted and made again under those who publish and follow.

use crate::world::{LOG, PATIENCE, World, append, published, receive, until};
use exchange::Exchange;
use exchange::kafka::WINDOW_POSITIONS;
use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Deletes the topic and makes it again, as soon as the broker lets it.
async fn make_again(world: &World) {
    let admin: AdminClient<DefaultClientContext> =
        rdkafka::ClientConfig::new().set("bootstrap.servers", &world.connection.brokers).create().unwrap();
    admin.delete_topics(&[&world.topic], &AdminOptions::new()).await.unwrap()[0].as_ref().unwrap();
    let start = Instant::now();
    loop {
        // The broker may still be at it.
        let applied = world.topics.apply(&world.connection, &[LOG]).await;
        if applied.is_ok_and(|applied| applied.made.len() == 1) {
            return;
        }
        assert!(start.elapsed() < PATIENCE, "the topic is not made again");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_was_made_again_is_filled_by_a_relay_that_has_nothing_to_publish() {
    for partitions in [1, 3] {
        let world = World::new(partitions).await;
        let publisher = world.publisher();
        let relay = world.relay(&publisher);
        let exchange = world.exchange();
        let mut following = exchange.subscribe(LOG, 0).await.unwrap();
        let head = world.append(50).await;
        let recorded = world.recorded().await;
        assert_eq!(receive(&mut *following, head).await, recorded);
        published(&relay, head).await;
        make_again(&world).await;
        // Who looks before the relay does sees that something is missing.
        assert_eq!((exchange.head(LOG).await, exchange.recorded(LOG).await), (Ok(0), Ok(head)));
        let mut new = exchange.subscribe(LOG, 0).await.unwrap();
        until(&relay, |state| state.published < head).await;
        published(&relay, head).await;
        world.assert_each_once(head).await;
        assert_eq!(receive(&mut *new, head).await, recorded);
        // Who has seen everything goes on with what comes, though perhaps by subscribing again.
        let head = world.append(5).await;
        goes_on(following, &exchange, head - 5, head).await;
        assert_eq!(world.owner.asked.load(Ordering::SeqCst), 0, "the topic had everything");
    }
}

/// Receives from `position` up to `head` as a follower does: by subscribing again when it is told of an error.
async fn goes_on(
    mut following: Box<dyn exchange::Subscription>,
    exchange: &dyn Exchange,
    mut position: u64,
    head: u64,
) {
    let start = Instant::now();
    while position < head {
        assert!(start.elapsed() < PATIENCE, "it came to {position} of {head}");
        match tokio::time::timeout(PATIENCE, following.next(256)).await.expect("no end of waiting") {
            Ok(events) => {
                assert_eq!(events[0].position, position + 1);
                position = events.last().unwrap().position;
            }
            Err(_) => match exchange.subscribe(LOG, position).await {
                Ok(again) => following = again,
                Err(_) => tokio::time::sleep(Duration::from_millis(200)).await,
            },
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_is_made_again_under_load_has_each_position_once_and_in_order() {
    for partitions in [1, 3] {
        let world = World::new(partitions).await;
        let publisher = world.publisher();
        let relay = world.relay(&publisher);
        // More than a relay looks at when it starts.
        let before = world.append(WINDOW_POSITIONS + 500).await;
        published(&relay, before).await;
        let exchange = world.exchange();
        let following = exchange.subscribe(LOG, before).await.unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let (log, stopped) = (Arc::clone(&world.log), Arc::clone(&stop));
        let load = tokio::spawn(async move {
            while !stopped.load(Ordering::SeqCst) {
                append(&log, 20).await;
            }
        });
        until(&relay, |state| state.published > before).await;
        make_again(&world).await;
        // It has published into the middle of the new one, and notices.
        until(&relay, |state| state.published < before).await;
        stop.store(true, Ordering::SeqCst);
        load.await.unwrap();
        let head = world.append(1).await;
        published(&relay, head).await;
        world.assert_each_once(head).await;
        goes_on(following, &exchange, before, head).await;
        goes_on(exchange.subscribe(LOG, 0).await.unwrap(), &exchange, 0, head).await;
    }
}

/// A relay whose topic was filled in the middle while it did not notice puts it right when it starts.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_without_its_beginning_is_emptied_and_filled_when_a_relay_starts() {
    for events in [30, WINDOW_POSITIONS + 500] {
        let world = World::new(1).await;
        let head = world.append(events).await;
        let recorded = world.recorded().await;
        let end: Vec<_> =
            recorded[recorded.len() - 20..].iter().map(|event| crate::world::ByHand::of(event)).collect();
        world.write(&end).await;
        let publisher = world.publisher();
        published(&world.relay(&publisher), head).await;
        world.assert_each_once(head).await;
        let exchange = world.exchange();
        for after in [0, head - 25, head - 1] {
            let mut following = exchange.subscribe(LOG, after).await.unwrap();
            let expected = &recorded[usize::try_from(after).unwrap()..];
            assert_eq!(receive(&mut *following, head).await, expected, "after {after}");
        }
        assert_eq!(world.owner.asked.load(Ordering::SeqCst), 0, "the topic had everything");
    }
}
