//! Publishes a log: every committed event once, in order, from the process that owns the log's appender.
//!
//! A relay keeps nothing. What is in the topic says what has been published: on its start it reads the topic's end. Everything at or
//! below the highest position found less [`WINDOW_POSITIONS`] is there, because no relay ever went further ahead of its lowest
//! position not acknowledged; of what lies between, exactly the positions that are missing are published. From then on the producer
//! itself makes sure of each record, whatever becomes of the brokers (`PRODUCER_SETTINGS`).
//!
//! **What is left.** An old relay whose process was stopped and goes on after another took the log over asks [`Fence::still_ours`]
//! before it hands anything more to the producer, if a second has passed since it last asked. It does not ask between that and the
//! send, so an interruption right there, or within the second, lets one batch out; and what librdkafka already had, up to a window of positions,
//! it sends when it goes on. The same holds for requests that a killed process had on the wire while its successor read the topic's end,
//! though that reads again until the end stands still. Such records are in the topic twice, identical. Consumers drop what they have
//! seen, by position, so nothing happens twice; a second copy is no harm but its bytes.
//!
//! A topic is a copy that its relay answers for: one that was made again is filled anew, from the first event (see `remade`).

use super::ahead::{Ahead, BATCH_EVENTS_MAX, Prepared};
use super::publisher::{Outgoing, Producer, Publisher, send};
use super::reader::{Reader, blocking};
use super::remade;
use super::tail::Tail;
use super::window::{WINDOW_POSITIONS, Window};
use crate::port::ExchangeError;
use async_trait::async_trait;
use care::Timestamp;
#[cfg(feature = "planted-defects")]
use eventlog::planted::{Planted, is_planted};
use eventlog::{EventLog, LogError, LogId, Recorded};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

/// How old the last word that the log is ours may be when a batch is handed over.
const FENCE_AGE_MAX: Duration = Duration::from_secs(1);
/// The first wait before a relay that failed starts again; it doubles up to [`RETRY_MAX`].
const RETRY_FIRST: Duration = Duration::from_millis(100);
/// The longest such wait.
const RETRY_MAX: Duration = Duration::from_secs(5);
/// How long a topic's end must stand still before it is believed.
const SETTLE: Duration = Duration::from_millis(50);

/// Whether a log is still ours to publish.
#[async_trait]
pub trait Fence: Send + Sync + 'static {
    /// Whether the appender's epoch in the storage is still the one that this process took.
    ///
    /// # Errors
    /// When the storage cannot say; then nothing is published until it can.
    async fn still_ours(&self) -> Result<bool, LogError>;
}

/// As the log's own storage says.
pub struct ByLog(pub Arc<dyn EventLog>);

#[async_trait]
impl Fence for ByLog {
    async fn still_ours(&self) -> Result<bool, LogError> {
        self.0.still_ours().await
    }
}

/// The trace that an event's recording belonged to, if it is known. A log keeps none, so it comes from whoever appended, in memory.
pub type Traces = Arc<dyn Fn(&Recorded) -> Option<String> + Send + Sync>;

/// How a relay is doing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RelayState {
    /// Every position up to this one is in the topic.
    pub published: u64,
    /// The log's last position.
    pub head: u64,
    /// When the first event that is not in the topic was recorded; none when all are, or none was handed over yet.
    pub waiting_since: Option<Timestamp>,
    /// What is wrong at the moment.
    pub error: Option<String>,
    /// Whether it has found out what is in the topic: before that nothing is published.
    pub started: bool,
    /// Since when it has not, or no more.
    pub halted: Option<Instant>,
    /// Whether the log was held against its topic since the process began, and is the one that was published, or has no topic.
    pub compared: bool,
    /// It publishes no more, for the reason in `error`: the log is another's now, closed, or not what the topic has.
    pub stopped: bool,
}

impl RelayState {
    /// How many events are recorded and not yet in the topic.
    #[must_use]
    pub fn lag_events(&self) -> u64 {
        self.head.saturating_sub(self.published)
    }

    /// For how long the first of them has been recorded, or nothing could be published, in seconds.
    #[must_use]
    pub fn lag_seconds(&self, now: Timestamp) -> u64 {
        if self.lag_events() == 0 {
            return 0;
        }
        let since = self.waiting_since.map_or(0, |since| now.duration_since(since).as_secs());
        let halted = self.halted.map_or(0, |halted| halted.elapsed().as_secs());
        u64::try_from(since).unwrap_or(0).max(halted)
    }
}

/// A log being published. Dropping it stops that; what the producer already has is still sent.
pub struct Relay {
    /// The log.
    pub log: LogId,
    /// How it is doing.
    pub state: watch::Receiver<RelayState>,
    task: JoinHandle<()>,
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Relay {
    /// Publishes `log` as long as the fence holds.
    ///
    /// # Errors
    /// [`ExchangeError::Unknown`] when it has no topic.
    pub fn start(
        publisher: &Arc<Publisher>,
        log: Arc<dyn EventLog>,
        fence: Arc<dyn Fence>,
        traces: Option<Traces>,
    ) -> Result<Self, ExchangeError> {
        let id = log.id();
        let topic = publisher.topics().topic(id).ok_or(ExchangeError::Unknown(id))?.name;
        let head = *log.head().borrow();
        let (states, state) =
            watch::channel(RelayState { head, halted: Some(Instant::now()), ..RelayState::default() });
        let publisher = Arc::clone(publisher);
        let relaying = Relaying {
            #[cfg(feature = "planted-defects")]
            began_at: *log.head().borrow(),
            publisher,
            log,
            topic,
            fence,
            traces,
            asked: None,
            states,
        };
        Ok(Self { log: id, state, task: tokio::spawn(relaying.run()) })
    }
}

/// Why a relay does not go on as it was.
enum Stop {
    /// It starts again from what is in the topic.
    Again(String),
    /// It publishes no more.
    ForEver(String),
}

impl From<ExchangeError> for Stop {
    fn from(error: ExchangeError) -> Self {
        Self::Again(error.to_string())
    }
}

impl From<LogError> for Stop {
    fn from(error: LogError) -> Self {
        match error {
            LogError::Fenced { .. } | LogError::Closed(_) => Self::ForEver(error.to_string()),
            LogError::Damaged { .. } | LogError::Unavailable { .. } => Self::Again(error.to_string()),
        }
    }
}

struct Relaying {
    /// The end of the log when it was started.
    #[cfg(feature = "planted-defects")]
    began_at: u64,
    publisher: Arc<Publisher>,
    log: Arc<dyn EventLog>,
    topic: String,
    fence: Arc<dyn Fence>,
    traces: Option<Traces>,
    /// When the fence was last asked. The time of day, because it goes on while a machine sleeps.
    asked: Option<SystemTime>,
    states: watch::Sender<RelayState>,
}

impl Relaying {
    async fn run(mut self) {
        let mut wait = RETRY_FIRST;
        let mut furthest = 0;
        loop {
            let stop = match self.publish().await {
                Ok(never) => match never {},
                Err(stop) => stop,
            };
            let log = self.log.id();
            match stop {
                Stop::ForEver(why) => {
                    tracing::error!(%log, why, "ALARM: this log is not published any more");
                    self.halt(why, true);
                    return;
                }
                Stop::Again(why) => {
                    tracing::warn!(%log, why, ?wait, "not published, trying again");
                    // What is in the topic is found out anew.
                    self.halt(why, false);
                }
            }
            let published = self.states.borrow().published;
            if published > furthest {
                (furthest, wait) = (published, RETRY_FIRST);
            }
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(RETRY_MAX);
        }
    }

    /// Tells that nothing is published for now, or any more.
    fn halt(&self, why: String, stopped: bool) {
        self.states.send_modify(|state| {
            state.halted.get_or_insert_with(Instant::now);
            (state.error, state.started, state.stopped) = (Some(why), false, stopped);
        });
    }

    /// Publishes from what is in the topic until something stops it.
    async fn publish(&mut self) -> Result<std::convert::Infallible, Stop> {
        let tail = self.what_is_there().await?;
        let mut published = tail.head().saturating_sub(WINDOW_POSITIONS);
        while tail.present.contains(&(published + 1)) {
            published += 1;
        }
        #[cfg(feature = "planted-defects")]
        if is_planted(Planted::RelaySkipsTail, self.log.id()) {
            published = self.began_at;
        }
        let window = Arc::new(Window::new(published, tail.ends.clone()));
        self.publisher.take_over(self.log.id(), Arc::clone(&window));
        let mut watching = JoinSet::new();
        watching.spawn(remade::watch(Arc::clone(&self.publisher), self.topic.clone(), Arc::clone(&window)));
        let (number, producer) = self.publisher.producer();
        let ahead = Ahead {
            log: Arc::clone(&self.log),
            key: self.publisher.key.clone(),
            traces: self.traces.clone(),
        };
        let mut batch = Vec::new();
        let mut heads = self.log.head();
        let mut trouble = self.publisher.trouble();
        loop {
            let head = *heads.borrow_and_update();
            let standing = window.standing();
            if let Some(why) = standing.failed.clone() {
                let publisher = Arc::clone(&self.publisher);
                let replaced = tokio::task::spawn_blocking(move || publisher.replace_if_broken(number)).await;
                replaced.map_err(|error| Stop::Again(error.to_string()))??;
                return Err(Stop::Again(format!("publishing was interrupted: {why}")));
            }
            let said = trouble.borrow_and_update().clone();
            self.states.send_if_modified(|state| {
                let behind = standing.published < head;
                let now = RelayState {
                    published: standing.published,
                    head,
                    waiting_since: standing.waiting_since,
                    error: said.filter(|_| behind),
                    started: true,
                    halted: None,
                    compared: true,
                    stopped: false,
                };
                std::mem::replace(state, now.clone()) != now
            });
            // Whole batches, but for the last: an acknowledgement at a time would read an event at a time.
            let waiting = usize::try_from(head - standing.handed.min(head)).unwrap_or(usize::MAX);
            if waiting > 0 && window.room() >= waiting.min(BATCH_EVENTS_MAX) {
                if batch.is_empty() {
                    batch = ahead.read(standing.handed, head).await?;
                }
                batch.truncate(window.room());
                let last = batch.last().map_or(standing.handed, |last| last.event.position);
                let (next, handed) =
                    tokio::join!(ahead.read(last, head), self.hand_over(&producer, &window, &tail, batch));
                handed?;
                batch = next?;
                continue;
            }
            tokio::select! {
                () = window.changed.notified() => {}
                _ = trouble.changed() => {}
                open = heads.changed() => open.map_err(|_| Stop::from(LogError::Closed(self.log.id())))?,
            }
        }
    }

    /// The end of the topic, once nothing more comes from before: neither from this process, nor from one that was killed.
    async fn what_is_there(&mut self) -> Result<Tail, Stop> {
        if let Some(before) = self.publisher.take_over(self.log.id(), Arc::new(Window::new(0, Vec::new()))) {
            before.idle().await;
        }
        let tail = match self.settled_tail().await {
            Err(none @ ExchangeError::Unknown(_)) => {
                // Nothing was published that the log could lack.
                self.states.send_modify(|state| state.compared = true);
                return Err(none.into());
            }
            tail => tail?,
        };
        self.compare(&tail).await?;
        self.states.send_modify(|state| state.compared = true);
        let (id, name, judged) = (self.log.id(), self.topic.clone(), tail.clone());
        let lacks = move |reader: &Reader| reader.lacks_beginning(id, &name, &judged);
        if !blocking(&self.publisher.reader, lacks).await? {
            return Ok(tail);
        }
        self.begin_again(tail).await
    }

    /// Removes what was published into the middle of a topic that was made again. Followers would be given the events in another order than
    /// the log's, and ask this service for all before them.
    async fn begin_again(&mut self, mut tail: Tail) -> Result<Tail, Stop> {
        let (log, topic) = (self.log.id(), self.topic.clone());
        // What an old relay that goes on writes meanwhile goes too; its beginning would not be missed the next time.
        while tail.head() > 0 {
            self.check_fence().await?;
            if let Err(error) = remade::empty(&self.publisher.connection, &topic, &tail.ends).await {
                tracing::error!(
                    %log, topic, %error,
                    "ALARM: the topic lacks the log's beginning, as one that was made again, and its records cannot be removed. What comes \
                     is published, and followers ask this service for the rest. Stop it, delete the topic, and make it again with \
                     `brokerage topics apply`"
                );
                return Ok(tail);
            }
            tracing::error!(
                %log, topic, head = tail.head(),
                "ALARM: the topic lacked the log's beginning, as one that was made again while this service published to it. Its records \
                 were removed, and the log is published again"
            );
            tail = self.settled_tail().await?;
        }
        Ok(tail)
    }

    /// The end of the topic once it stands still.
    async fn settled_tail(&self) -> Result<Tail, ExchangeError> {
        let (id, reader) = (self.log.id(), &self.publisher.reader);
        loop {
            let name = self.topic.clone();
            let tail = blocking(reader, move |reader| reader.tail(id, &name, WINDOW_POSITIONS)).await?;
            // Meanwhile others may read.
            tokio::time::sleep(SETTLE).await;
            let (name, count) = (self.topic.clone(), tail.ends.len());
            if blocking(reader, move |reader| reader.ends(&name, count)).await? == tail.ends {
                return Ok(tail);
            }
        }
    }

    /// Holds the log against the topic's last event.
    async fn compare(&self, tail: &Tail) -> Result<(), Stop> {
        let Some(last) = &tail.last else {
            if tail.otherwise_coded == 0 {
                return Ok(());
            }
            // Everything would be there twice, and what others have of it not be told apart from a stranger's.
            return Err(Stop::Again(format!(
                "the {} records of the topic {} were written with other token keys than this service has: give it those of the region \
                 (--token-keys); if they were replaced for good, stop all services, delete the topics and make them again",
                tail.otherwise_coded, self.topic
            )));
        };
        let own = self.log.read(last.position - 1, 1).await?;
        if own.first().map(|own| own.leaf_hash()) == Some(last.leaf_hash()) {
            return Ok(());
        }
        // Other events at positions that others have consumed: only people can tell which log is right.
        Err(Stop::ForEver(format!(
            "the topic {} has a position {} that the log has not: the log was truncated or restored from an older backup. \
             Restore the newer one",
            self.topic, last.position
        )))
    }

    /// Gives the producer those events that are not in the topic.
    async fn hand_over(
        &mut self,
        producer: &Producer,
        window: &Arc<Window>,
        tail: &Tail,
        batch: Vec<Prepared>,
    ) -> Result<(), Stop> {
        self.check_fence().await?;
        for Prepared { event, headers } in batch {
            let recorded_at = event.meta.recorded_at;
            if tail.present.contains(&event.position) {
                window.pass(recorded_at);
                continue;
            }
            window.open(recorded_at);
            let outgoing = Outgoing { topic: &self.topic, event: &event, headers };
            send(producer, window, outgoing).await;
        }
        Ok(())
    }

    /// Asks whether the log is still ours, unless that was asked just now.
    async fn check_fence(&mut self) -> Result<(), Stop> {
        // Before the answer is waited for: it may be old when it comes.
        let now = SystemTime::now();
        let fresh = self.asked.and_then(|asked| now.duration_since(asked).ok());
        if fresh.is_some_and(|age| age <= FENCE_AGE_MAX) {
            return Ok(());
        }
        if !self.fence.still_ours().await? {
            return Err(Stop::ForEver("another appender has taken the log over".into()));
        }
        self.asked = Some(now);
        Ok(())
    }
}
