#![allow(clippy::unwrap_used, reason = "this is test code, compiled for the tests of other crates")]
//! The suite that every adapter of [`EventLog`](crate::EventLog) passes: [`log_conformance_suite!`](crate::log_conformance_suite)
//! makes one test per property from a function that opens a fresh store.

pub use crate::sqlite::{damage, tamper, truncate};
use crate::{
    AppendError, Appended, Committed, Entry, EventLog, Expected, Idempotency, LogError, LogId, LogStore, Meta,
};
use crate::{NewEvent, Owner, Service, Snapshot, SourcePosition};
use care::{StreamId, Timestamp};
use std::pin::Pin;
use std::sync::Arc;

/// What happens behind an appender's back.
pub type Behind = Box<dyn Fn(LogId) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// A store to test, and whatever must live as long as it.
pub struct Subject {
    /// The store.
    pub store: Arc<dyn LogStore>,
    /// Stores a second event in a log that has one, in the same stream, as a commit does that was reported as failed. Its digest is
    /// not looked at.
    pub add_behind: Behind,
    /// Such as a temporary folder.
    pub keep: Box<dyn Send + Sync>,
}

const LOG: LogId = LogId { service: Service::Vacancies, owner: Owner::Region };
const SOURCE: LogId = LogId { service: Service::Contracts, owner: Owner::Region };

fn stream(name: &str) -> StreamId {
    StreamId::new("place", name)
}

/// An entry with one event per name, each in the stream of that name.
fn entry(names: &[&str]) -> Entry {
    let event = |name: &&str| NewEvent {
        stream: stream(name),
        event_type: "PlaceOpened",
        version: 1,
        payload: format!("{{\"place\":\"{name}\"}}").into_bytes(),
        effective: Some(care::Date::constant(2026, 4, 6)),
        council: "E06000015".parse().ok(),
    };
    Entry {
        expected_head: None,
        expected: Vec::new(),
        events: names.iter().map(event).collect(),
        meta: Meta {
            actor: "test".to_owned(),
            causation: Some("because".to_owned()),
            correlation: None,
            recorded_at: Timestamp::from_microsecond(1_770_000_000_123_456).unwrap(),
        },
        idempotency: None,
        source: None,
    }
}

fn keyed(names: &[&str], key: &str, hash: u8) -> Entry {
    let idempotency = Idempotency { key: key.to_owned(), request_hash: [hash; 32], reply: vec![hash] };
    Entry { idempotency: Some(idempotency), ..entry(names) }
}

async fn committed(log: &dyn EventLog, entry: Entry) -> Committed {
    match log.append(entry).await {
        Ok(Appended::Committed(committed)) => committed,
        other => panic!("expected a commit, got {other:?}"),
    }
}

/// Positions in a log and versions in a stream are dense, and what is read is what was written.
pub async fn positions_and_versions_are_dense(subject: Subject) {
    let log = subject.store.open(LOG).await.unwrap();
    assert_eq!(*log.head().borrow(), 0);
    for n in 0..40_u64 {
        let names: &[&str] = if n % 2 == 0 { &["a", "b"] } else { &["a"] };
        committed(&*log, entry(names)).await;
    }
    let events = log.read(0, 1_000).await.unwrap();
    assert_eq!(events.len(), 60);
    assert!(events.iter().zip(1..).all(|(event, position)| event.position == position));
    for name in ["a", "b"] {
        let of_stream = log.read_stream(&stream(name), 0, 1_000).await.unwrap();
        assert!(of_stream.iter().zip(1..).all(|(event, version)| event.stream_version == version));
        let in_log: Vec<_> = events.iter().filter(|event| event.stream == stream(name)).cloned().collect();
        assert_eq!(of_stream, in_log);
    }
    assert_eq!(log.read_stream(&stream("a"), 38, 10).await.unwrap().len(), 2);
    assert_eq!(log.read(58, 1).await.unwrap()[0].position, 59);
    assert_eq!(log.read(60, 10).await.unwrap(), vec![]);
    assert_eq!(log.read(9_999, 10).await.unwrap(), vec![]);
    let sample = entry(&["a"]);
    assert_eq!(events[0].meta, sample.meta);
    assert_eq!(
        (events[0].effective, events[0].council),
        (sample.events[0].effective, sample.events[0].council)
    );
    assert_eq!(events[0].payload, sample.events[0].payload);
}

/// Everything is there after the log is opened anew.
pub async fn what_was_acknowledged_is_there_after_reopening(subject: Subject) {
    let before = {
        let log = subject.store.open(LOG).await.unwrap();
        committed(&*log, entry(&["a", "b"])).await;
        committed(&*log, keyed(&["c"], "k", 7)).await;
        committed(
            &*log,
            Entry { source: Some(SourcePosition { log: SOURCE, position: 5 }), ..entry(&["d"]) },
        )
        .await;
        log.read(0, 10).await.unwrap()
    };
    let log = subject.store.open(LOG).await.unwrap();
    assert_eq!(*log.head().borrow(), 4);
    assert_eq!(log.read(0, 10).await.unwrap(), before);
    assert_eq!(log.keys().await.unwrap(), ["k"]);
    assert_eq!(log.reply("k").await.unwrap().map(|reply| (reply.reply, reply.head)), Some((vec![7], 3)));
    assert_eq!(log.sources().await.unwrap(), [SourcePosition { log: SOURCE, position: 5 }]);
    assert_eq!(committed(&*log, entry(&["a"])).await.events[0].stream_version, 2);
}

/// An entry whose expectation does not hold leaves nothing, and does not disturb its neighbours.
pub async fn a_wrong_expectation_appends_nothing(subject: Subject) {
    let log = subject.store.open(LOG).await.unwrap();
    committed(&*log, entry(&["a"])).await;
    let stale = Entry { expected: vec![(stream("a"), Expected::Version(0))], ..entry(&["b", "a"]) };
    assert_eq!(
        log.append(stale).await,
        Err(AppendError::WrongVersion { stream: stream("a"), expected: 0, actual: 1 })
    );
    let behind = Entry { expected_head: Some(0), ..entry(&["b"]) };
    assert_eq!(log.append(behind).await, Err(AppendError::WrongHead { expected: 0, actual: 1 }));
    let right = Entry {
        expected_head: Some(1),
        expected: vec![(stream("a"), Expected::Version(1))],
        ..entry(&["a"])
    };
    assert_eq!(committed(&*log, right).await.head, 2);
    let any = Entry { expected: vec![(stream("a"), Expected::Any)], ..entry(&["a"]) };
    assert_eq!(committed(&*log, any).await.head, 3);
}

/// Expectations see entries that wait in the same batch: of many that expect the same version, one wins.
pub async fn one_of_many_with_the_same_expectation_wins(subject: Subject) {
    let log = subject.store.open(LOG).await.unwrap();
    let mut tickets = Vec::new();
    for _ in 0..100 {
        let first = Entry { expected: vec![(stream("a"), Expected::Version(0))], ..entry(&["a"]) };
        tickets.push(log.submit(first).await.unwrap());
    }
    let mut won = 0;
    for ticket in tickets {
        match ticket.outcome().await {
            Ok(Appended::Committed(_)) => won += 1,
            Err(AppendError::WrongVersion { actual: 1, .. }) => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(won, 1);
    assert_eq!(*log.head().borrow(), 1);
}

/// The same key and request gives the same answer, another request under it is refused, and neither appends.
pub async fn a_key_answers_once(subject: Subject) {
    let log = subject.store.open(LOG).await.unwrap();
    let mut tickets = Vec::new();
    for _ in 0..50 {
        tickets.push(log.submit(keyed(&["a"], "k", 1)).await.unwrap());
    }
    let mut committed = 0;
    for ticket in tickets {
        match ticket.outcome().await.unwrap() {
            Appended::Committed(_) => committed += 1,
            Appended::Repeated(reply) => assert_eq!((reply.reply, reply.head), (vec![1], 1)),
            Appended::AlreadySeen => panic!("no source was given"),
        }
    }
    assert_eq!(committed, 1);
    assert_eq!(log.append(keyed(&["b"], "k", 2)).await, Err(AppendError::KeyReused));
    assert_eq!(*log.head().borrow(), 1);
    assert_eq!(log.reply("other").await.unwrap(), None);
}

/// An event of another log has its effect once, and the position is remembered even without events.
pub async fn a_source_event_is_consumed_once(subject: Subject) {
    let log = subject.store.open(LOG).await.unwrap();
    let from = |position| Entry { source: Some(SourcePosition { log: SOURCE, position }), ..entry(&["a"]) };
    committed(&*log, from(3)).await;
    for position in 1..=3 {
        assert_eq!(log.append(from(position)).await, Ok(Appended::AlreadySeen), "{position}");
    }
    let silent = Entry { events: Vec::new(), ..from(9) };
    assert_eq!(committed(&*log, silent).await.head, 1);
    assert_eq!(log.append(from(9)).await, Ok(Appended::AlreadySeen));
    assert_eq!(log.sources().await.unwrap(), [SourcePosition { log: SOURCE, position: 9 }]);
}

/// A follower sees every event once, in order, as it becomes durable, and never one that is not.
pub async fn a_follower_misses_nothing(subject: Subject) {
    let log = subject.store.open(LOG).await.unwrap();
    let follower = {
        let log = Arc::clone(&log);
        tokio::spawn(async move {
            let mut heads = log.head();
            let mut seen = 0;
            while seen < 1_000 {
                for event in log.read(seen, 7).await.unwrap() {
                    assert_eq!(event.position, seen + 1);
                    seen += 1;
                }
                if seen < 1_000 {
                    heads.wait_for(|head| *head > seen).await.unwrap();
                }
            }
        })
    };
    let mut tickets = Vec::new();
    for _ in 0..500 {
        tickets.push(log.submit(entry(&["a", "b"])).await.unwrap());
    }
    for ticket in tickets {
        ticket.outcome().await.unwrap();
    }
    follower.await.unwrap();
}

/// Opening a log fences whoever had it: the old appender cannot append another event.
pub async fn a_stale_appender_is_fenced(subject: Subject) {
    let old = subject.store.open(LOG).await.unwrap();
    committed(&*old, entry(&["a"])).await;
    let new = subject.store.open(LOG).await.unwrap();
    let refused = old.append(entry(&["a"])).await;
    assert!(matches!(refused, Err(AppendError::Log(LogError::Fenced { .. }))), "{refused:?}");
    assert_eq!(committed(&*new, entry(&["a"])).await.head, 2);
    assert_eq!(new.read(0, 10).await.unwrap().len(), 2);
}

/// Entries that were handed over before the log was taken over are appended whole or not at all, the new appender finds every one
/// that was acknowledged, and after the first refusal none is.
pub async fn what_is_in_hand_when_the_log_is_taken_over_is_told_truly(subject: Subject) {
    let old = subject.store.open(LOG).await.unwrap();
    let mut tickets = Vec::new();
    let mut new = None;
    for n in 0..600 {
        if n == 300 {
            new = Some(subject.store.open(LOG).await.unwrap());
        }
        tickets.push(old.submit(entry(&["a", "b"])).await.unwrap());
    }
    let new = new.unwrap();
    let (mut acknowledged, mut refused) = (0, 0);
    for ticket in tickets {
        match ticket.outcome().await {
            Ok(Appended::Committed(committed)) => {
                assert_eq!(refused, 0, "a fenced appender has appended");
                acknowledged = committed.head;
            }
            Err(AppendError::Log(LogError::Fenced { .. })) => refused += 1,
            other => panic!("{other:?}"),
        }
    }
    assert!(refused >= 300, "what was handed over after the take-over is refused");
    assert_eq!(*new.head().borrow(), acknowledged);
    assert_eq!(committed(&*new, entry(&["c"])).await.head, acknowledged + 1);
    let events = new.read_stored(acknowledged.saturating_sub(10), 100).await.unwrap();
    assert_eq!(events.last().unwrap().position, acknowledged + 1);
}

/// Each entry of a batch has its own fate: refused ones leave nothing, and the others go on behind each other.
pub async fn a_refused_entry_does_not_disturb_its_batch(subject: Subject) {
    let log = subject.store.open(LOG).await.unwrap();
    let from = |entry, position| Entry { source: Some(SourcePosition { log: SOURCE, position }), ..entry };
    committed(&*log, from(keyed(&["old"], "used", 1), 5)).await;
    // Opened anew, the log remembers no stream and no key.
    let log = subject.store.open(LOG).await.unwrap();
    let on = |name: &str, version, names: &[&str]| Entry {
        expected: vec![(stream(name), Expected::Version(version))],
        ..entry(names)
    };
    let mut large = entry(&["a"]);
    large.events[0].payload = vec![b' '; 1024 * 1024 + 1];
    let entries = [
        on("a", 0, &["a", "a"]),
        on("old", 0, &["old", "a"]),
        keyed(&["a"], "used", 1),
        keyed(&["a"], "used", 2),
        from(entry(&["a"]), 5),
        large,
        Entry { expected_head: Some(1), ..entry(&["a"]) },
        from(keyed(&["old"], "new", 3), 6),
        on("never", 4, &["a"]),
        keyed(&["a"], "new", 3),
        Entry { expected_head: Some(4), ..on("a", 2, &["a"]) },
    ];
    let mut tickets = Vec::new();
    for entry in entries {
        tickets.push(log.submit(entry).await.unwrap());
    }
    let mut fates = Vec::new();
    for ticket in tickets {
        fates.push(match ticket.outcome().await {
            Ok(Appended::Committed(committed)) => format!("committed up to {}", committed.head),
            Ok(Appended::Repeated(reply)) => format!("repeated {:?} at {}", reply.reply, reply.head),
            Ok(Appended::AlreadySeen) => "seen".to_owned(),
            Err(AppendError::TooLarge(_)) => "too large".to_owned(),
            Err(error) => error.to_string(),
        });
    }
    let expected = [
        "committed up to 3",
        "stream place/old is at version 1, expected 0",
        "repeated [1] at 1",
        "the request id was used before for a different request",
        "seen",
        "too large",
        "the log is at position 3, the decision was made at 1",
        "committed up to 4",
        "stream place/never is at version 0, expected 4",
        "repeated [3] at 4",
        "committed up to 5",
    ];
    assert_eq!(fates, expected);
    let stored = log.read_stored(0, 10).await.unwrap();
    let streams: Vec<_> =
        stored.iter().map(|event| (event.stream.to_string(), event.stream_version)).collect();
    let expected = [("old", 1), ("a", 1), ("a", 2), ("old", 2), ("a", 3)];
    assert_eq!(streams, expected.map(|(name, version)| (stream(name).to_string(), version)));
    assert_eq!(log.sources().await.unwrap(), [SourcePosition { log: SOURCE, position: 6 }]);
    assert_eq!(log.reply("new").await.unwrap().map(|reply| reply.head), Some(4));
}

/// A log that was just opened remembers nothing, and judges each entry by what is stored all the same.
pub async fn what_is_not_remembered_is_judged_by_what_is_stored(subject: Subject) {
    let on = |name: &str, version, entry| Entry {
        expected: vec![(stream(name), Expected::Version(version))],
        ..entry
    };
    let wrong = |name: &str, expected, actual| {
        Err(AppendError::WrongVersion { stream: stream(name), expected, actual })
    };
    {
        let log = subject.store.open(LOG).await.unwrap();
        committed(&*log, keyed(&["a", "a"], "used", 1)).await;
    }
    let judged = async |entry| subject.store.open(LOG).await.unwrap().append(entry).await;
    for too_late in [0, 1, 3] {
        assert_eq!(judged(on("a", too_late, entry(&["a"]))).await, wrong("a", too_late, 2));
        assert_eq!(judged(on("a", too_late, entry(&["b"]))).await, wrong("a", too_late, 2));
    }
    assert_eq!(judged(on("never", 1, entry(&["never"]))).await, wrong("never", 1, 0));
    // A repetition is answered as such, whatever else would be wrong with it by now.
    let outdated = |events| Entry { expected_head: Some(0), events, ..keyed(&["a"], "used", 1) };
    let events = entry(&["a"]).events;
    for repeated in [keyed(&["a"], "used", 1), on("a", 0, outdated(events)), outdated(Vec::new())] {
        let answer = judged(repeated).await;
        assert!(matches!(&answer, Ok(Appended::Repeated(reply)) if reply.head == 2), "{answer:?}");
    }
    let reused = Entry { expected_head: Some(0), ..keyed(&["a"], "used", 2) };
    assert_eq!(judged(reused).await, Err(AppendError::KeyReused));
    let any = judged(Entry { expected: vec![(stream("a"), Expected::Any)], ..entry(&["a"]) }).await;
    assert!(matches!(&any, Ok(Appended::Committed(any)) if any.events[0].stream_version == 3), "{any:?}");
    assert!(matches!(judged(on("a", 3, entry(&["a"]))).await, Ok(Appended::Committed(_))));
}

/// A commit that was reported as failed and is durable all the same is found again: nobody was told yes, and the log goes on after it.
pub async fn a_commit_of_unknown_fate_is_found_again(subject: Subject) {
    let log = subject.store.open(LOG).await.unwrap();
    committed(&*log, entry(&["a"])).await;
    (subject.add_behind)(LOG).await;
    let refused = log.append(entry(&["a"])).await;
    assert!(matches!(refused, Err(AppendError::Log(LogError::Unavailable { .. }))), "{refused:?}");
    assert_eq!(*log.head().borrow(), 2, "the log has looked again");
    let next = committed(&*log, entry(&["a"])).await;
    assert_eq!((next.head, next.events[0].stream_version), (3, 3));
}

/// Logs of one store know nothing of each other.
pub async fn logs_are_separate(subject: Subject) {
    let one = subject.store.open(LOG).await.unwrap();
    let other = subject.store.open(SOURCE).await.unwrap();
    committed(&*one, keyed(&["a"], "k", 1)).await;
    assert_eq!(*other.head().borrow(), 0);
    assert_eq!(other.reply("k").await.unwrap(), None);
    assert_eq!(committed(&*other, keyed(&["a"], "k", 2)).await.events[0].log, SOURCE);
}

/// A snapshot is kept until the next one of its name.
pub async fn the_last_snapshot_is_kept(subject: Subject) {
    let log = subject.store.open(LOG).await.unwrap();
    assert_eq!(log.load_snapshot("state").await.unwrap(), None);
    for position in [1, 2] {
        let snapshot = Snapshot { schema: "s1".to_owned(), position, body: vec![1, 2, 3] };
        log.save_snapshot("state", snapshot.clone()).await.unwrap();
        assert_eq!(log.load_snapshot("state").await.unwrap(), Some(snapshot));
    }
    assert_eq!(log.load_snapshot("other").await.unwrap(), None);
}

/// What is too large is refused, and nothing of it is kept.
pub async fn limits_are_kept(subject: Subject) {
    let log = subject.store.open(LOG).await.unwrap();
    let mut large = entry(&["a", "b"]);
    large.events[1].payload = vec![b' '; 1024 * 1024 + 1];
    assert!(matches!(log.append(large).await, Err(AppendError::TooLarge(_))));
    let many = entry(&vec!["a"; 1_001]);
    assert!(matches!(log.append(many).await, Err(AppendError::TooLarge(_))));
    let long = "a".repeat(2_000);
    assert!(matches!(log.append(entry(&[&long])).await, Err(AppendError::TooLarge(_))));
    assert!(matches!(log.append(keyed(&["a"], &long, 1)).await, Err(AppendError::TooLarge(_))));
    assert_eq!(*log.head().borrow(), 0);
}

/// Makes a test per property of the suite. `$open` is an async function that gives a fresh [`Subject`].
#[macro_export]
macro_rules! log_conformance_suite {
    ($open:path) => {
        $crate::log_conformance_suite!(@tests $open:
            positions_and_versions_are_dense, what_was_acknowledged_is_there_after_reopening, a_wrong_expectation_appends_nothing,
            one_of_many_with_the_same_expectation_wins, a_key_answers_once, a_source_event_is_consumed_once,
            a_follower_misses_nothing, a_stale_appender_is_fenced,
            what_is_in_hand_when_the_log_is_taken_over_is_told_truly, a_refused_entry_does_not_disturb_its_batch,
            what_is_not_remembered_is_judged_by_what_is_stored, a_commit_of_unknown_fate_is_found_again, logs_are_separate, the_last_snapshot_is_kept, limits_are_kept,
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
