//! Whoever follows a log gets every position once, whatever the topic holds.

use crate::world::{ByHand, LOG, World, published, receive};
use eventlog::Recorded;
use exchange::kafka::{Publisher, RecordKey};
use exchange::{Exchange, ExchangeError};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

async fn write(world: &World, events: &[Arc<Recorded>], positions: &[usize]) {
    let records: Vec<_> = positions.iter().map(|position| ByHand::of(&events[position - 1])).collect();
    world.write(&records).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gap_is_filled_from_the_owner_and_never_skipped() {
    let world = World::new(1).await;
    world.append(6).await;
    let recorded = world.recorded().await;
    write(&world, &recorded, &[1, 2, 4, 6]).await;
    let exchange = world.exchange();
    let mut following = exchange.subscribe(LOG, 0).await.unwrap();
    assert_eq!(receive(&mut *following, 6).await, recorded);
    assert!(world.owner.asked.load(Ordering::SeqCst) > 0, "the owner was not asked");
    // And from within the gap.
    let mut following = exchange.subscribe(LOG, 2).await.unwrap();
    assert_eq!(receive(&mut *following, 6).await, recorded[2..]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gap_whose_owner_is_away_is_waited_at() {
    let world = World::new(1).await;
    world.append(3).await;
    let recorded = world.recorded().await;
    write(&world, &recorded, &[1, 3]).await;
    world.owner.away.store(true, Ordering::SeqCst);
    let exchange = world.exchange();
    let mut following = exchange.subscribe(LOG, 0).await.unwrap();
    assert_eq!(receive(&mut *following, 1).await, recorded[..1]);
    for _ in 0..3 {
        assert!(matches!(following.next(10).await, Err(ExchangeError::Unavailable { .. })));
    }
    world.owner.away.store(false, Ordering::SeqCst);
    assert_eq!(receive(&mut *following, 3).await, recorded[1..]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_comes_late_is_no_gap_and_what_was_seen_is_dropped() {
    let world = World::new(1).await;
    world.append(5).await;
    let recorded = world.recorded().await;
    let exchange = world.exchange();
    let mut following = exchange.subscribe(LOG, 0).await.unwrap();
    // Everything twice, interleaved as by an old relay that goes on.
    write(&world, &recorded, &[1, 2, 1, 2, 3, 3, 4, 2, 5, 4, 5]).await;
    assert_eq!(receive(&mut *following, 5).await, recorded);
    assert!(
        tokio::time::timeout(Duration::from_secs(2), following.next(10)).await.is_err(),
        "more than there is"
    );
    assert_eq!(world.owner.asked.load(Ordering::SeqCst), 0, "nothing was missing");
    for after in 0..5 {
        let mut following = exchange.subscribe(LOG, after).await.unwrap();
        let expected = &recorded[usize::try_from(after).unwrap()..];
        assert_eq!(receive(&mut *following, 5).await, expected, "after {after}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_foreign_record_is_left_out_wherever_it_is() {
    let world = World::new(1).await;
    world.append(4).await;
    let recorded = world.recorded().await;
    world.write(&[ByHand::foreign()]).await;
    write(&world, &recorded, &[1, 2]).await;
    world.write(&[ByHand::foreign(), ByHand::foreign()]).await;
    write(&world, &recorded, &[3, 4]).await;
    world.write(&[ByHand::foreign()]).await;
    let exchange = world.exchange();
    assert_eq!(exchange.head(LOG).await, Ok(4));
    for after in 0..4 {
        let mut following = exchange.subscribe(LOG, after).await.unwrap();
        let expected = &recorded[usize::try_from(after).unwrap()..];
        assert_eq!(receive(&mut *following, 4).await, expected, "after {after}");
    }
    // A relay that starts on it goes on behind it.
    let publisher = world.publisher();
    let relay = world.relay(&publisher);
    world.append(3).await;
    published(&relay, 7).await;
    let parts = tokio::task::block_in_place(|| world.in_topic());
    assert_eq!(parts, [[0, 1, 2, 0, 0, 3, 4, 0, 5, 6, 7]]);
}

/// Whoever may write to the broker but is no service of the region makes nothing happen: not with an event in the place of the next, nor
/// with one far ahead, which would hide how far the log has come.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_whole_record_that_another_wrote_is_left_out() {
    let world = World::new(1).await;
    world.append(5).await;
    let recorded = world.recorded().await;
    let forged = |position: u64| {
        let payload = b"{\"n\":99}".to_vec();
        let event = Recorded { position, payload, ..(*recorded[2]).clone() };
        ByHand::with(&RecordKey::new(&[8; 32]), &event)
    };
    write(&world, &recorded, &[1, 2]).await;
    world.write(&[forged(3), forged(1_000_000)]).await;
    write(&world, &recorded, &[3, 4]).await;
    world.write(&[forged(5), forged(2_000_000)]).await;
    let exchange = world.exchange();
    assert_eq!(exchange.head(LOG).await, Ok(4));
    for after in 0..4 {
        let mut following = exchange.subscribe(LOG, after).await.unwrap();
        let expected = &recorded[usize::try_from(after).unwrap()..4];
        assert_eq!(receive(&mut *following, 4).await, expected, "after {after}");
    }
    let publisher = world.publisher();
    let relay = world.relay(&publisher);
    world.append(1).await;
    published(&relay, 6).await;
    let parts = tokio::task::block_in_place(|| world.in_topic());
    assert_eq!(parts, [[1, 2, 0, 0, 3, 4, 0, 0, 5, 6]]);
}

/// A service that was given the wrong token keys does not publish its log a second time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_with_another_key_publishes_nothing_and_says_why() {
    let world = World::new(1).await;
    world.append(5).await;
    let relay = world.relay(&world.publisher());
    published(&relay, 5).await;
    drop(relay);
    let other = Publisher::new(&world.connection, &world.topics, &RecordKey::new(&[8; 32])).unwrap();
    let relay = world.relay(&other);
    let mut state = relay.state.clone();
    let refused = state.wait_for(|state| state.error.is_some()).await.unwrap().error.clone().unwrap();
    assert!(refused.contains("--token-keys"), "{refused}");
    drop(relay);
    // With the right one it goes on.
    let relay = world.relay(&world.publisher());
    published(&relay, world.append(1).await).await;
    world.assert_each_once(6).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_record_is_replaced_by_the_owners_even_at_the_end() {
    let damages: [fn(&mut ByHand); 3] = [
        |record| record.headers.retain(|(name, _)| *name != "ce_actor"),
        |record| record.value = b"{\"n\":99}".to_vec(),
        |record| {
            record
                .headers
                .iter_mut()
                .filter(|header| header.0 == "ce_id")
                .for_each(|header| header.1 = "x".into())
        },
    ];
    for damage in damages {
        let world = World::new(1).await;
        world.append(3).await;
        let recorded = world.recorded().await;
        let mut records: Vec<_> = recorded.iter().map(|event| ByHand::of(event)).collect();
        damage(&mut records[1]);
        damage(&mut records[2]);
        world.write(&records).await;
        let exchange = world.exchange();
        let mut following = exchange.subscribe(LOG, 0).await.unwrap();
        assert_eq!(receive(&mut *following, 3).await, recorded);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_partitions_come_in_one_order_from_any_position() {
    let world = World::new(3).await;
    let publisher = world.publisher();
    let relay = world.relay(&publisher);
    let head = world.append(2_000).await;
    published(&relay, head).await;
    let recorded = world.recorded().await;
    let exchange = world.exchange();
    for after in [0, 1, 2, 3, 666, 1_000, 1_999] {
        let mut following = exchange.subscribe(LOG, after).await.unwrap();
        let expected = &recorded[usize::try_from(after).unwrap()..];
        assert_eq!(receive(&mut *following, head).await, expected, "after {after}");
    }
    let used =
        tokio::task::block_in_place(|| world.in_topic()).iter().filter(|part| !part.is_empty()).count();
    assert!(used > 1, "all streams went to one partition, so nothing was merged");
    assert_eq!(world.owner.asked.load(Ordering::SeqCst), 0, "nothing was missing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_topic_that_lost_its_end_is_waited_for_unless_its_owner_has_no_more() {
    let world = World::new(1).await;
    let head = world.append(20).await;
    let recorded = world.recorded().await;
    write(&world, &recorded, &[1, 2, 3]).await;
    let exchange = world.exchange();
    // Consumed up to 15, of which the topic has 3: the relay publishes the rest, and the follower goes on after 15.
    let mut following = exchange.subscribe(LOG, 15).await.unwrap();
    let publisher = world.publisher();
    let relay = world.relay(&publisher);
    published(&relay, head).await;
    assert_eq!(receive(&mut *following, head).await, recorded[15..]);
    let behind = ExchangeError::SourceBehind { log: LOG, head, consumed: 21 };
    assert_eq!(exchange.subscribe(LOG, 21).await.err(), Some(behind));
}
