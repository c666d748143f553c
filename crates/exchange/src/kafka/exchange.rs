//! The port over Kafka: following a log from a position its consumer keeps.

use super::connection::Connection;
use super::consumers::{Consumers, Taken};
use super::merge::{Faults, Given, Merge};
use super::origin::Origin;
use super::reader::{Reader, blocking};
use super::record_key::RecordKey;
use super::topics::{Topic, Topics};
use crate::port::{Exchange, ExchangeError, Subscription};
use async_trait::async_trait;
use eventlog::{LogId, Recorded};
use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

/// How long a topic may give nothing before it is seen whether it has something.
const SILENCE_MAX: Duration = Duration::from_secs(5);
/// How far back the end of a topic is read for its highest position: more than a few bad records at the end would fill it, then
/// more is read.
const HEAD_POSITIONS: u64 = 16;

/// The exchange of services that are processes of their own.
pub struct Kafka {
    connection: Connection,
    topics: Topics,
    key: RecordKey,
    reader: Arc<Reader>,
    consumers: Arc<Consumers>,
    origin: Arc<dyn Origin>,
    faults: Arc<Faults>,
}

impl Kafka {
    /// The exchange over these topics of records with codes of this key; `origin` is asked for what they lack. It does not wait for a broker.
    ///
    /// # Errors
    /// When the connection's settings are wrong.
    pub fn new(
        connection: &Connection,
        topics: &Topics,
        key: &RecordKey,
        origin: Arc<dyn Origin>,
    ) -> Result<Self, ExchangeError> {
        Ok(Self {
            connection: connection.clone(),
            topics: topics.clone(),
            key: key.clone(),
            reader: Arc::new(Reader::new(connection, key)?),
            consumers: Arc::new(Consumers::new(connection)),
            origin,
            faults: Arc::default(),
        })
    }

    fn topic(&self, log: LogId) -> Result<Topic, ExchangeError> {
        self.topics.topic(log).ok_or(ExchangeError::Unknown(log))
    }

    /// The offsets to read from, and whether the topic has anything at or above `after`.
    async fn places(&self, source: LogId, after: u64) -> Result<(Vec<i64>, bool), ExchangeError> {
        let name = self.topic(source)?.name;
        let look = move |reader: &Reader| {
            let count = reader.partitions(&name)?.ok_or(ExchangeError::Unknown(source))?;
            // One partition has each position at the offset before it, but for what was doubled; several share them.
            let guess = i64::try_from(after).unwrap_or(i64::MAX) / i64::from(count.max(1));
            let mut offsets = Vec::new();
            let mut reached = after == 0;
            for partition in 0..count {
                let offset = reader.seek(source, &name, partition, after, guess)?;
                reached |= offset < reader.bounds(&name, partition)?.1;
                offsets.push(offset);
            }
            if !reached {
                reached = reader.tail(source, &name, HEAD_POSITIONS)?.head() >= after;
            }
            Ok((offsets, reached))
        };
        blocking(&self.reader, look).await
    }
}

#[async_trait]
impl Exchange for Kafka {
    async fn subscribe(&self, source: LogId, after: u64) -> Result<Box<dyn Subscription>, ExchangeError> {
        let (offsets, reached) = self.places(source, after).await?;
        if !reached {
            // Brokers lost something, or the topic was made again: its relay publishes it once more, if the owner has it.
            let head = self.origin.head(source).await?;
            if head < after {
                return Err(ExchangeError::SourceBehind { log: source, head, consumed: after });
            }
            tracing::warn!(%source, after, head, "the topic ends before what was consumed of it; its owner has more");
        }
        let taken = self.consumers.take(&self.topic(source)?.name, &offsets)?;
        let merge = Merge::new(self.key.clone(), source, after, &offsets, Arc::clone(&self.faults));
        let (connection, origin) = (self.connection.clone(), Arc::clone(&self.origin));
        let (topic, reader) = (self.topic(source)?.name, Arc::clone(&self.reader));
        let consumers = Arc::clone(&self.consumers);
        Ok(Box::new(Following {
            source,
            topic,
            taken,
            merge,
            origin,
            connection,
            reader,
            consumers,
            doubted: false,
            told: None,
        }))
    }

    async fn fetch(
        &self,
        source: LogId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Arc<Recorded>>, ExchangeError> {
        self.topic(source)?;
        self.origin.read(source, after, limit).await
    }

    async fn head(&self, source: LogId) -> Result<u64, ExchangeError> {
        let name = self.topic(source)?.name;
        blocking(&self.reader, move |reader| Ok(reader.tail(source, &name, HEAD_POSITIONS)?.head())).await
    }

    async fn recorded(&self, source: LogId) -> Result<u64, ExchangeError> {
        self.origin.head(source).await
    }
}

struct Following {
    source: LogId,
    topic: String,
    taken: Taken,
    merge: Merge,
    origin: Arc<dyn Origin>,
    connection: Connection,
    reader: Arc<Reader>,
    consumers: Arc<Consumers>,
    /// It was silent although the topic had more.
    doubted: bool,
    /// The gap after this position was told of.
    told: Option<u64>,
}

#[async_trait]
impl Subscription for Following {
    async fn next(&mut self, limit: usize) -> Result<Vec<Arc<Recorded>>, ExchangeError> {
        loop {
            let given = {
                let mut streams: Vec<_> = self.taken.queues.iter().map(|queue| queue.stream()).collect();
                let given = poll_fn(|context| self.merge.poll(&mut streams, context, limit.max(1)));
                tokio::time::timeout(SILENCE_MAX, given).await
            };
            let Ok(given) = given else {
                self.check_silence().await?;
                continue;
            };
            self.doubted = false;
            match given {
                Ok(Given::Events(events)) => return Ok(events),
                Ok(Given::Gap(later)) => {
                    let events = self.fetch_missing(later, limit.max(1)).await?;
                    if !events.is_empty() {
                        return Ok(events);
                    }
                }
                Err(error) => {
                    return Err(self.connection.failed(&format!("the topic of {}", self.source), &error));
                }
            }
        }
    }
}

impl Following {
    /// Sees whether the topic is silent because it has nothing more.
    ///
    /// # Errors
    /// When it has, or has less than came of it: then it is another topic of the same name, which the client does not always notice.
    async fn check_silence(&mut self) -> Result<(), ExchangeError> {
        // Before the topic is asked: what comes meanwhile is not missing.
        let next = self.merge.next_offsets();
        let (topic, count) = (self.topic.clone(), next.len());
        let ends = match blocking(&self.reader, move |reader| reader.ends(&topic, count)).await {
            Ok(ends) => ends,
            Err(error) => {
                tracing::debug!(source = %self.source, %error, "whether there is more cannot be seen");
                return Ok(());
            }
        };
        // Once is no proof: something may just be on its way.
        let doubted = std::mem::replace(&mut self.doubted, ends != next);
        if !(doubted && self.doubted) {
            return Ok(());
        }
        self.consumers.renew(&self.taken);
        let detail = format!(
            "offsets {next:?} come next and its partitions end at {ends:?}, but nothing came for {SILENCE_MAX:?}"
        );
        Err(self.connection.failed(&self.topic, &detail))
    }

    /// Gets what the topic lacks from its owner: the positions after the last, and before `later`.
    async fn fetch_missing(
        &mut self,
        later: Option<u64>,
        limit: usize,
    ) -> Result<Vec<Arc<Recorded>>, ExchangeError> {
        let (source, last) = (self.source, self.merge.last());
        if let Some(later) = later.filter(|_| self.told != Some(last)) {
            tracing::error!(%source, last, later, "ALARM: the topic lacks what lies between; its owner is asked for it");
        }
        self.told = Some(last);
        let mut events = self.origin.read(source, last, limit).await?;
        let next = (last + 1..).zip(&events).take_while(|(position, event)| {
            event.position == *position && later.is_none_or(|later| *position < later)
        });
        let next = next.count();
        events.truncate(next);
        if let (true, Some(later)) = (events.is_empty(), later) {
            return Err(ExchangeError::Unavailable {
                carrier: format!("the owner of {source}"),
                detail: format!("it has no position {}, though its topic goes on with {later}", last + 1),
            });
        }
        self.merge.filled(&events);
        if later.is_some() {
            self.told = Some(self.merge.last());
        }
        Ok(events)
    }
}
