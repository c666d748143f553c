#![allow(clippy::unwrap_used, reason = "this is test code, compiled for the tests of other crates")]
//! The suite that every adapter of [`Exchange`] passes: [`exchange_conformance_suite!`](crate::exchange_conformance_suite)
//! makes one test per property from a function that opens an exchange with an empty log on it.
//!
//! An adapter may carry events some time after they are durable. It may not lose, double, change or reorder one.

use crate::port::{Exchange, ExchangeError, Subscription};
use care::{StreamId, Timestamp};
use eventlog::{Appended, Entry, EventLog, LogId, Meta, NewEvent, Recorded, Service};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

/// How long an event may be on its way before the adapter is taken to have lost it.
const PATIENCE: Duration = Duration::from_secs(30);
/// A log that no subject carries.
const OTHER: LogId = LogId::region(Service::Invoicing);

/// An exchange to test, and whatever must live as long as it.
pub struct Subject {
    /// The exchange.
    pub exchange: Arc<dyn Exchange>,
    /// An empty log: what is appended to it, the exchange carries. It is not `invoicing/region`, which must stay unknown.
    pub publish: Arc<dyn EventLog>,
    /// Such as a temporary folder.
    pub keep: Box<dyn Send + Sync>,
}

impl Subject {
    fn source(&self) -> LogId {
        self.publish.id()
    }

    async fn subscribe(&self, after: u64) -> Box<dyn Subscription> {
        self.exchange.subscribe(self.source(), after).await.unwrap()
    }

    /// Appends `events` events, two to an entry, and gives the log's last position.
    async fn append(&self, events: usize) -> u64 {
        let mut tickets = Vec::new();
        for first in (0..events).step_by(2) {
            tickets.push(self.publish.submit(entry(events.min(first + 2) - first)).await.unwrap());
        }
        for ticket in tickets {
            assert!(matches!(ticket.outcome().await, Ok(Appended::Committed(_))));
        }
        *self.publish.head().borrow()
    }

    /// What the log itself holds after `after`.
    async fn recorded(&self, after: u64) -> Vec<Arc<Recorded>> {
        let mut events: Vec<Arc<Recorded>> = Vec::new();
        loop {
            let from = events.last().map_or(after, |event| event.position);
            let more = self.publish.read(from, 1_000).await.unwrap();
            if more.is_empty() {
                return events;
            }
            events.extend(more);
        }
    }
}

fn entry(events: usize) -> Entry {
    let event = |n| NewEvent {
        stream: StreamId::new("place", n),
        event_type: "PlaceOpened",
        version: 3,
        payload: format!("{{\"note\":\"£{n} \u{1F3E0}\"}}").into_bytes(),
        effective: Some(care::Date::constant(2026, 4, 6)),
        council: "E06000015".parse().ok(),
    };
    Entry {
        expected_head: None,
        expected: Vec::new(),
        events: (0..events).map(event).collect(),
        meta: Meta {
            actor: "test".to_owned(),
            causation: Some("because".to_owned()),
            correlation: Some("referral/1".to_owned()),
            recorded_at: Timestamp::from_microsecond(1_770_000_000_123_456).unwrap(),
        },
        idempotency: None,
        source: None,
    }
}

async fn patiently<T>(what: &str, wait: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, wait).await {
        Ok(done) => done,
        Err(_) => panic!("{what}: nothing within {PATIENCE:?}"),
    }
}

/// Receives up to and with the position `until`, `limit` at a time.
async fn receive(subscription: &mut dyn Subscription, until: u64, limit: usize) -> Vec<Arc<Recorded>> {
    let mut received: Vec<Arc<Recorded>> = Vec::new();
    while received.last().is_none_or(|last| last.position < until) {
        let events = patiently("an event that is in the log", subscription.next(limit)).await.unwrap();
        assert!((1..=limit).contains(&events.len()), "{} events, asked for 1 to {limit}", events.len());
        received.extend(events);
    }
    received
}

/// Whether `next` has nothing to give: it is polled once and dropped.
async fn has_none(subscription: &mut dyn Subscription) -> bool {
    tokio::select! {
        biased;
        _ = subscription.next(10) => false,
        () = std::future::ready(()) => true,
    }
}

/// From any position every later event comes, as it was recorded, in order and without gaps, however few are asked for.
pub async fn every_event_comes_in_order_from_any_position(subject: Subject) {
    let head = subject.append(60).await;
    assert_eq!(head, 60);
    for (after, limit) in [(0, 1), (0, 7), (0, 1_000), (1, 7), (2, 2), (29, 5), (58, 10), (59, 1)] {
        let mut subscription = subject.subscribe(after).await;
        let received = receive(&mut *subscription, head, limit).await;
        assert_eq!(received, subject.recorded(after).await, "after {after}, {limit} at a time");
        assert!(has_none(&mut *subscription).await, "after {after}: more than the log has");
    }
}

/// Whoever waits at the end of the log is woken by the next event, again and again.
pub async fn a_waiting_follower_is_woken(subject: Subject) {
    let mut subscription = subject.subscribe(0).await;
    for position in 1..=20 {
        assert!(has_none(&mut *subscription).await, "position {position}");
        // The first is polled first, so that it waits before there is anything.
        let (events, head) = tokio::join!(
            patiently("an event appended while it is waited for", subscription.next(10)),
            subject.append(1)
        );
        let positions: Vec<_> = events.unwrap().iter().map(|event| event.position).collect();
        assert_eq!((positions, head), (vec![position], position));
    }
}

/// Each of two followers gets everything, whatever the other does.
pub async fn two_followers_each_get_everything(subject: Subject) {
    let (mut quick, mut slow) = (subject.subscribe(0).await, subject.subscribe(0).await);
    let (of_quick, of_slow, head) =
        tokio::join!(receive(&mut *quick, 300, 100), receive(&mut *slow, 300, 3), subject.append(300));
    let recorded = subject.recorded(0).await;
    assert_eq!((head, recorded.len()), (300, 300));
    assert_eq!(of_quick, recorded);
    assert_eq!(of_slow, recorded);
}

/// The future of `next` may be dropped at any moment: what it would have given comes the next time.
pub async fn a_dropped_wait_loses_nothing(subject: Subject) {
    let head = subject.append(600).await;
    let mut subscription = subject.subscribe(0).await;
    let mut received: Vec<Arc<Recorded>> = Vec::new();
    let mut dropped = 0;
    while received.len() < 600 {
        for polls in 0..12 {
            let given_up = async {
                for _ in 0..polls {
                    tokio::task::yield_now().await;
                }
            };
            tokio::select! {
                biased;
                events = subscription.next(5) => received.extend(events.unwrap()),
                () = given_up => dropped += 1,
            }
            if received.len() == 600 {
                break;
            }
        }
        if received.len() < 600 {
            let some = patiently("an event after dropped waits", subscription.next(5)).await.unwrap();
            received.extend(some);
        }
    }
    assert!(dropped > 0, "no wait was dropped, so nothing was tested");
    assert_eq!((received, head), (subject.recorded(0).await, 600));
    // And while there is nothing to give.
    assert!(has_none(&mut *subscription).await);
    subject.append(1).await;
    assert_eq!(receive(&mut *subscription, 601, 5).await, subject.recorded(600).await);
}

/// A follower that stops and comes back with its position goes on from there, also with what happened meanwhile.
pub async fn a_follower_goes_on_from_its_stored_position(subject: Subject) {
    let mut received = Vec::new();
    for round in 0..5 {
        let stored = received.last().map_or(0, |event: &Arc<Recorded>| event.position);
        let head = subject.append(20).await;
        let mut subscription = subject.subscribe(stored).await;
        // It stops somewhere in the middle, and gets to the end in the last round.
        let until = if round == 4 { head } else { head - 7 };
        received.extend(receive(&mut *subscription, until, 3).await);
    }
    assert_eq!(received, subject.recorded(0).await);
}

/// A log that nobody publishes is named, whatever is asked of it.
pub async fn a_log_that_is_not_published_is_named(subject: Subject) {
    let exchange = &subject.exchange;
    let unknown = ExchangeError::Unknown(OTHER);
    assert_eq!(exchange.subscribe(OTHER, 0).await.err(), Some(unknown.clone()));
    assert_eq!(exchange.fetch(OTHER, 0, 10).await.err(), Some(unknown.clone()));
    assert_eq!(exchange.head(OTHER).await.err(), Some(unknown));
}

/// A log that ends before what was consumed of it is refused with both positions; one that ends right there is not.
pub async fn a_source_that_fell_behind_is_refused(subject: Subject) {
    let log = subject.source();
    for (head, consumed) in [(0, 1), (3, 4), (3, 1_000)] {
        let missing = usize::try_from(head - *subject.publish.head().borrow()).unwrap();
        subject.append(missing).await;
        if head > 0 {
            // So that the exchange has all of it.
            receive(&mut *subject.subscribe(0).await, head, 10).await;
        }
        let refused = subject.exchange.subscribe(log, consumed).await.err();
        assert_eq!(refused, Some(ExchangeError::SourceBehind { log, head, consumed }));
        assert!(has_none(&mut *subject.subscribe(head).await).await);
    }
}

/// `fetch` gives what there is and never waits; `head` is the last position.
pub async fn what_has_passed_can_be_fetched_again(subject: Subject) {
    let log = subject.source();
    assert_eq!(subject.exchange.head(log).await, Ok(0));
    assert_eq!(subject.exchange.fetch(log, 0, 10).await, Ok(vec![]));
    let head = subject.append(40).await;
    let mut subscription = subject.subscribe(0).await;
    let received = receive(&mut *subscription, head, 7).await;
    assert_eq!(subject.exchange.head(log).await, Ok(40));
    for (after, limit, range) in
        [(0, 5, 0..5), (17, 1, 17..18), (30, 100, 30..40), (40, 10, 40..40), (99, 10, 40..40)]
    {
        let fetched = patiently("a fetch", subject.exchange.fetch(log, after, limit)).await.unwrap();
        assert_eq!(fetched, received[range], "after {after}, {limit} at most");
    }
    // Looking again moves nobody who follows.
    assert!(has_none(&mut *subscription).await);
    subject.append(1).await;
    assert_eq!(receive(&mut *subscription, 41, 7).await, subject.recorded(40).await);
}

/// A burst of 2,000 events reaches a follower whole, one that is there and one that comes later.
pub async fn a_burst_is_kept_up_with(subject: Subject) {
    let mut there = subject.subscribe(0).await;
    let (received, head) = tokio::join!(receive(&mut *there, 2_000, 256), subject.append(2_000));
    let recorded = subject.recorded(0).await;
    assert_eq!((head, recorded.len()), (2_000, 2_000));
    assert_eq!(received, recorded);
    assert_eq!(receive(&mut *subject.subscribe(0).await, 2_000, 256).await, recorded);
}

/// Optional fields that are there or not, empty and large payloads, text of any script: each event comes as it was recorded.
pub async fn every_shape_of_event_is_carried_unchanged(subject: Subject) {
    let texts = ["", "a", "\u{1F3E0} £ \u{4E2D}", "two words: a/b=c;d%20\"e\""];
    let payloads = [Vec::new(), b"{}".to_vec(), vec![b'7'; 900_000], (0..=255).collect()];
    for (index, (text, payload)) in texts.into_iter().zip(payloads).enumerate() {
        let there = index % 2 == 1;
        let mut entry = entry(1);
        entry.events[0] = NewEvent {
            stream: StreamId::new(text, index),
            event_type: if there { "PlaceOpened" } else { "Q" },
            version: if there { u16::MAX } else { 1 },
            payload,
            effective: there.then(|| care::Date::constant(1, 1, 1)),
            council: entry.events[0].council.filter(|_| there),
        };
        entry.meta = Meta {
            actor: text.to_owned(),
            causation: there.then(|| text.to_owned()),
            correlation: (!there).then(|| text.to_owned()),
            recorded_at: Timestamp::from_microsecond(1_770_000_000_000_000 + i64::from(there)).unwrap(),
        };
        assert!(matches!(subject.publish.append(entry).await, Ok(Appended::Committed(_))));
    }
    let received = receive(&mut *subject.subscribe(0).await, 4, 10).await;
    let recorded = subject.recorded(0).await;
    assert_eq!(received, recorded);
    let hashes = |events: &[Arc<Recorded>]| events.iter().map(|event| event.leaf_hash()).collect::<Vec<_>>();
    assert_eq!(hashes(&received), hashes(&recorded));
}

/// Followers of one log come and go, several at a time and from different positions; none takes anything from another.
pub async fn followers_come_and_go(subject: Subject) {
    let head = subject.append(30).await;
    let recorded = subject.recorded(0).await;
    let mut stays = subject.subscribe(0).await;
    let mut of_stays = receive(&mut *stays, 10, 4).await;
    for round in 0..6_u64 {
        let mut followers = Vec::new();
        for after in [round, 29 - round, 15] {
            followers.push((after, subject.subscribe(after).await));
        }
        // Half of them go without having read anything.
        for (after, follower) in followers.iter_mut().skip(usize::from(round % 2 == 0)) {
            let expected = &recorded[usize::try_from(*after).unwrap()..];
            assert_eq!(receive(&mut **follower, head, 4).await, expected, "round {round}, after {after}");
        }
    }
    of_stays.extend(receive(&mut *stays, head, 7).await);
    assert_eq!(of_stays, recorded);
}

/// Makes a test per property of the suite. `$open` is an async function that gives a fresh [`Subject`].
#[macro_export]
macro_rules! exchange_conformance_suite {
    ($open:path) => {
        $crate::exchange_conformance_suite!(@tests $open:
            every_event_comes_in_order_from_any_position, a_waiting_follower_is_woken,
            two_followers_each_get_everything, a_dropped_wait_loses_nothing,
            a_follower_goes_on_from_its_stored_position, a_log_that_is_not_published_is_named,
            a_source_that_fell_behind_is_refused, what_has_passed_can_be_fetched_again, a_burst_is_kept_up_with,
            every_shape_of_event_is_carried_unchanged, followers_come_and_go,
        );
    };
    (@tests $open:path: $($property:ident,)+) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $property() {
                $crate::conformance::$property($open().await).await;
            }
        )+
    };
}
