#![allow(clippy::unwrap_used, reason = "this is test code")]
//! What drives a reaction: batches are given again, what is broken stops with its reason, nothing is skipped.
//! Time is paused throughout, so waits pass at once and are measured exactly.

use async_trait::async_trait;
use care::{StreamId, Timestamp};
use eventlog::{LogId, Meta, Recorded, Service};
use exchange::{
    Exchange, ExchangeError, Follower, FollowerState, Reaction, ReactionError, Subscription, follow,
};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

const SOURCE: LogId = LogId::region(Service::Vacancies);
const OTHER: LogId = LogId::region(Service::Contracts);
const PATIENCE: Duration = Duration::from_secs(3_600);

/// An exchange that delivers just what it is told to, mistakes included.
#[derive(Default)]
struct Told {
    logs: Mutex<HashMap<LogId, watch::Sender<Vec<Arc<Recorded>>>>>,
}

impl Told {
    fn tell(&self, log: LogId, positions: impl IntoIterator<Item = u64>) {
        let events = positions.into_iter().map(|position| Arc::new(event(log, position)));
        self.logs.lock().unwrap().entry(log).or_default().send_modify(|told| told.extend(events));
    }

    fn told(&self, log: LogId) -> Result<watch::Receiver<Vec<Arc<Recorded>>>, ExchangeError> {
        let logs = self.logs.lock().unwrap();
        logs.get(&log).map(watch::Sender::subscribe).ok_or(ExchangeError::Unknown(log))
    }
}

fn event(log: LogId, position: u64) -> Recorded {
    let meta =
        Meta { actor: "test".into(), causation: None, correlation: None, recorded_at: Timestamp::UNIX_EPOCH };
    Recorded {
        log,
        position,
        stream: StreamId::new("place", "1"),
        stream_version: position,
        event_type: "PlaceOpened".into(),
        version: 1,
        payload: b"{}".to_vec(),
        effective: None,
        council: None,
        meta,
    }
}

struct Telling {
    told: watch::Receiver<Vec<Arc<Recorded>>>,
    after: u64,
}

impl Telling {
    fn waiting(&self, limit: usize) -> Vec<Arc<Recorded>> {
        self.told.borrow().iter().filter(|event| event.position > self.after).take(limit).cloned().collect()
    }
}

#[async_trait]
impl Exchange for Told {
    async fn subscribe(&self, source: LogId, after: u64) -> Result<Box<dyn Subscription>, ExchangeError> {
        let told = self.told(source)?;
        let head = told.borrow().last().map_or(0, |event| event.position);
        if head < after {
            return Err(ExchangeError::SourceBehind { log: source, head, consumed: after });
        }
        Ok(Box::new(Telling { told, after }))
    }

    async fn fetch(
        &self,
        source: LogId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Arc<Recorded>>, ExchangeError> {
        Ok(Telling { told: self.told(source)?, after }.waiting(limit))
    }

    async fn head(&self, source: LogId) -> Result<u64, ExchangeError> {
        Ok(self.told(source)?.borrow().last().map_or(0, |event| event.position))
    }
}

#[async_trait]
impl Subscription for Telling {
    async fn next(&mut self, limit: usize) -> Result<Vec<Arc<Recorded>>, ExchangeError> {
        let closed = |_| ExchangeError::Closed(SOURCE);
        let after = self.after;
        self.told
            .wait_for(|told| told.last().is_some_and(|last| last.position > after))
            .await
            .map_err(closed)?;
        let events = self.waiting(limit);
        self.after = events.last().map_or(after, |last| last.position);
        Ok(events)
    }
}

/// What a reaction has made durable; it outlives the reaction.
#[derive(Default)]
struct Durable {
    effects: Vec<(LogId, u64)>,
    positions: HashMap<LogId, u64>,
}

/// A reaction that does as planned.
struct Planned {
    sources: Vec<LogId>,
    durable: Arc<Mutex<Durable>>,
    /// How the next attempts at the event of this position fail, after the events before it in the batch had their effects.
    fails: Mutex<HashMap<u64, VecDeque<ReactionError>>>,
    /// Whether events have effects; without one, their position is not remembered either.
    effects: bool,
    /// The first position of each batch given, and when.
    given: Mutex<Vec<(u64, Instant)>>,
}

impl Planned {
    fn new(sources: &[LogId], durable: &Arc<Mutex<Durable>>) -> Self {
        Self {
            sources: sources.to_vec(),
            durable: Arc::clone(durable),
            fails: Mutex::default(),
            effects: true,
            given: Mutex::default(),
        }
    }

    fn failing(self, at: u64, fails: impl IntoIterator<Item = ReactionError>) -> Self {
        self.fails.lock().unwrap().entry(at).or_default().extend(fails);
        self
    }

    fn given(&self) -> Vec<u64> {
        self.given.lock().unwrap().iter().map(|(first, _)| *first).collect()
    }

    /// The waits between batches, in milliseconds.
    fn waits(&self) -> Vec<u128> {
        let given = self.given.lock().unwrap();
        given.windows(2).map(|pair| pair[1].1.duration_since(pair[0].1).as_millis()).collect()
    }
}

#[async_trait]
impl Reaction for Planned {
    fn name(&self) -> &'static str {
        "planned"
    }

    fn sources(&self) -> Vec<LogId> {
        self.sources.clone()
    }

    fn position(&self, source: LogId) -> u64 {
        self.durable.lock().unwrap().positions.get(&source).copied().unwrap_or(0)
    }

    async fn consume(&self, source: LogId, events: &[Arc<Recorded>]) -> Result<(), ReactionError> {
        self.given.lock().unwrap().push((events[0].position, Instant::now()));
        for event in events {
            if let Some(error) =
                self.fails.lock().unwrap().get_mut(&event.position).and_then(VecDeque::pop_front)
            {
                return Err(error);
            }
            let mut durable = self.durable.lock().unwrap();
            if self.effects && durable.positions.get(&source).is_none_or(|seen| event.position > *seen) {
                durable.effects.push((source, event.position));
                durable.positions.insert(source, event.position);
            }
        }
        Ok(())
    }
}

fn start(exchange: &Arc<Told>, reaction: &Arc<Planned>) -> Vec<Follower> {
    let exchange: Arc<dyn Exchange> = Arc::clone(exchange) as Arc<dyn Exchange>;
    follow(&exchange, &(Arc::clone(reaction) as Arc<dyn Reaction>))
}

async fn until(follower: &Follower, wanted: FollowerState) {
    let mut state = follower.state.clone();
    let reached = async { state.wait_for(|found| *found == wanted).await.map(drop) };
    match tokio::time::timeout(PATIENCE, reached).await {
        Ok(Ok(())) => {}
        _ => panic!("expected {wanted:?}, it is {:?}", follower.state.borrow()),
    }
}

/// Waits until the follower's task has ended, and gives its last word.
async fn ended(follower: &Follower) -> FollowerState {
    let mut state = follower.state.clone();
    let end = async { while state.changed().await.is_ok() {} };
    tokio::time::timeout(PATIENCE, end).await.expect("it goes on");
    follower.state.borrow().clone()
}

fn effects(durable: &Arc<Mutex<Durable>>, source: LogId) -> Vec<u64> {
    let durable = durable.lock().unwrap();
    durable.effects.iter().filter(|(log, _)| *log == source).map(|(_, position)| *position).collect()
}

fn retry() -> ReactionError {
    ReactionError::Retry("not now".into())
}

fn told(positions: impl IntoIterator<Item = u64>) -> Arc<Told> {
    let exchange = Arc::new(Told::default());
    exchange.tell(SOURCE, positions);
    exchange
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_fails_is_given_again_and_everything_is_consumed_once() {
    let durable = Arc::default();
    let exchange = told(1..=10);
    let reaction = Arc::new(Planned::new(&[SOURCE], &durable).failing(4, [retry(), retry()]));
    let followers = start(&exchange, &reaction);
    until(&followers[0], FollowerState::Consumed(10)).await;
    assert_eq!(effects(&durable, SOURCE), (1..=10).collect::<Vec<_>>());
    assert_eq!(reaction.given(), [1, 4, 4], "from the reaction's own position on");
    // The first attempt got three events further, so the second failure is the first at its place.
    assert_eq!(reaction.waits(), [20, 20]);
    // It goes on with what comes.
    exchange.tell(SOURCE, 11..=600);
    until(&followers[0], FollowerState::Consumed(600)).await;
    assert_eq!(effects(&durable, SOURCE), (1..=600).collect::<Vec<_>>());
    assert_eq!(reaction.given(), [1, 4, 4, 11, 267, 523], "256 at most at a time");
}

#[tokio::test(start_paused = true)]
async fn waits_double_up_to_five_seconds_and_start_anew_after_progress() {
    let durable = Arc::default();
    let plan = Planned::new(&[SOURCE], &durable).failing(1, vec![retry(); 11]).failing(2, [retry(), retry()]);
    let reaction = Arc::new(plan);
    let exchange = told(1..=1);
    let followers = start(&exchange, &reaction);
    until(&followers[0], FollowerState::Consumed(1)).await;
    assert_eq!(reaction.waits(), [20, 40, 80, 160, 320, 640, 1_280, 2_560, 5_000, 5_000, 5_000]);
    exchange.tell(SOURCE, [2]);
    until(&followers[0], FollowerState::Consumed(2)).await;
    assert_eq!(reaction.waits()[11..], [0, 20, 40]);
}

#[tokio::test(start_paused = true)]
async fn events_that_pass_again_are_no_progress() {
    let durable = Arc::default();
    // The first batch has no effect, so it is given again whenever the second fails.
    let plan = Planned { effects: false, ..Planned::new(&[SOURCE], &durable) }.failing(300, vec![retry(); 5]);
    let reaction = Arc::new(plan);
    let followers = start(&told(1..=300), &reaction);
    until(&followers[0], FollowerState::Consumed(300)).await;
    let waits: Vec<_> = reaction.waits().into_iter().filter(|wait| *wait > 0).collect();
    assert_eq!(waits, [20, 40, 80, 160, 320]);
}

#[tokio::test(start_paused = true)]
async fn what_never_succeeds_stops_with_its_reason() {
    let durable = Arc::default();
    let stuck = ReactionError::Stuck("vacancies/region:4: no such council".into());
    let exchange = told(1..=3);
    exchange.tell(OTHER, 1..=3);
    let reaction = Arc::new(Planned::new(&[SOURCE, OTHER], &durable).failing(4, [stuck]));
    let followers = start(&exchange, &reaction);
    until(&followers[0], FollowerState::Consumed(3)).await;
    exchange.tell(SOURCE, 4..=9);
    let why = "vacancies/region:4: no such council".to_owned();
    assert_eq!(ended(&followers[0]).await, FollowerState::Stuck(3, why));
    assert_eq!(effects(&durable, SOURCE), [1, 2, 3], "nothing of what came after");
    // The other source is followed all the same.
    exchange.tell(OTHER, 4..=5);
    until(&followers[1], FollowerState::Consumed(5)).await;
    assert_eq!((followers[1].reaction, followers[1].source), ("planned", OTHER));
}

#[tokio::test(start_paused = true)]
async fn a_skipped_position_stops_it_and_nothing_after_it_is_consumed() {
    // In the middle of a batch, at the start of one, and at the very first event.
    for (before, after, last) in [(3, 5..=9, 0), (256, 258..=300, 256), (0, 2..=4, 0)] {
        let durable = Arc::default();
        let why = format!("event {} came after {before}", after.start());
        let exchange = told((1..=before).chain(after));
        let reaction = Arc::new(Planned::new(&[SOURCE], &durable));
        let followers = start(&exchange, &reaction);
        assert_eq!(ended(&followers[0]).await, FollowerState::Stuck(last, why));
        exchange.tell(SOURCE, [301]);
        assert_eq!(effects(&durable, SOURCE), (1..=last).collect::<Vec<_>>(), "a gap after {before}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_source_that_fell_behind_stops_it_at_once() {
    let durable = Arc::new(Mutex::new(Durable::default()));
    durable.lock().unwrap().positions.insert(SOURCE, 8);
    let exchange = told(1..=5);
    let reaction = Arc::new(Planned::new(&[SOURCE], &durable));
    let followers = start(&exchange, &reaction);
    let FollowerState::Stuck(_, why) = ended(&followers[0]).await else { panic!("not stuck") };
    assert_eq!(
        why,
        "the log vacancies/region ends at 5, but 8 of its events have been consumed: it was truncated or restored from an \
         older backup. Restore the newer one"
    );
    // What it says next is other events at positions already seen, or after them: they wait for people.
    exchange.tell(SOURCE, 6..=20);
    assert_eq!((reaction.given(), effects(&durable, SOURCE)), (vec![], vec![]));
}

#[tokio::test(start_paused = true)]
async fn after_a_restart_it_goes_on_from_the_position_of_the_reaction() {
    let durable = Arc::default();
    let exchange = told(1..=5);
    {
        let followers = start(&exchange, &Arc::new(Planned::new(&[SOURCE], &durable)));
        until(&followers[0], FollowerState::Consumed(5)).await;
    }
    exchange.tell(SOURCE, 6..=8);
    let reaction = Arc::new(Planned::new(&[SOURCE], &durable));
    let followers = start(&exchange, &reaction);
    until(&followers[0], FollowerState::Consumed(8)).await;
    assert_eq!(effects(&durable, SOURCE), (1..=8).collect::<Vec<_>>());
    assert_eq!(reaction.given(), [6], "nothing is given that was seen");
}

#[tokio::test(start_paused = true)]
async fn a_log_that_is_published_later_is_waited_for() {
    let durable = Arc::default();
    let exchange = Arc::new(Told::default());
    let reaction = Arc::new(Planned::new(&[SOURCE], &durable));
    let followers = start(&exchange, &reaction);
    tokio::time::advance(Duration::from_secs(60)).await;
    exchange.tell(SOURCE, 1..=2);
    until(&followers[0], FollowerState::Consumed(2)).await;
    assert_eq!(effects(&durable, SOURCE), [1, 2]);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_follower_follows_no_more() {
    let durable = Arc::default();
    let exchange = told(1..=5);
    let followers = start(&exchange, &Arc::new(Planned::new(&[SOURCE], &durable)));
    until(&followers[0], FollowerState::Consumed(5)).await;
    let mut state = followers[0].state.clone();
    drop(followers);
    // Its task is gone when its last word can no longer change.
    tokio::time::timeout(PATIENCE, async { while state.changed().await.is_ok() {} }).await.unwrap();
    exchange.tell(SOURCE, 6..=9);
    assert_eq!(effects(&durable, SOURCE), [1, 2, 3, 4, 5]);
}
