//! A log in SQLite, its relay, its topic on a real broker, and whoever follows it.

use async_trait::async_trait;
use care::{StreamId, Timestamp};
use eventlog::sqlite::SqliteStore;
use eventlog::{Appended, Entry, EventLog, LogId, LogStore, Meta, NewEvent, Recorded, Service};
use exchange::kafka::{
    ByLog, Connection, Fence, Kafka, Origin, PRODUCER_SETTINGS, Publisher, RecordKey, Relay, RelayState,
    Topics, cloud_event,
};
use exchange::{Embedded, ExchangeError, Subscription};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::{Header, Headers, OwnedHeaders};
use rdkafka::producer::{FutureProducer, FutureRecord};
use rdkafka::{ClientConfig, Message, Offset, TopicPartitionList};
use std::sync::Arc;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

pub(crate) const LOG: LogId = LogId::region(Service::Vacancies);
/// How long anything may take, a broker's restart included.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A test without a broker fails, and says how to get one.
static BROKERS: LazyLock<String> =
    LazyLock::new(|| local_parts::kafka::Kafka::ensure().unwrap_or_else(|none| panic!("{none}")));
static WORLDS: AtomicU32 = AtomicU32::new(0);

/// The owner of the log, and how often it was asked.
pub(crate) struct Owner {
    logs: Embedded,
    pub(crate) asked: AtomicU64,
    pub(crate) away: std::sync::atomic::AtomicBool,
}

#[async_trait]
impl Origin for Owner {
    async fn read(
        &self,
        source: LogId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Arc<Recorded>>, ExchangeError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        if self.away.load(Ordering::SeqCst) {
            return Err(ExchangeError::Unavailable { carrier: "the owner".into(), detail: "is away".into() });
        }
        Origin::read(&self.logs, source, after, limit).await
    }

    async fn head(&self, source: LogId) -> Result<u64, ExchangeError> {
        Origin::head(&self.logs, source).await
    }
}

pub(crate) struct World {
    pub(crate) connection: Connection,
    pub(crate) topics: Topics,
    pub(crate) topic: String,
    pub(crate) log: Arc<dyn EventLog>,
    pub(crate) owner: Arc<Owner>,
    _store: SqliteStore,
    _folder: tempfile::TempDir,
}

/// The key of the region under test.
pub(crate) fn key() -> RecordKey {
    RecordKey::new(&[7; 32])
}

impl World {
    /// An empty log and its topic of so many partitions, which no other test has.
    pub(crate) async fn new(partitions: i32) -> Self {
        let brokers = tokio::task::spawn_blocking(|| BROKERS.clone()).await.unwrap();
        Self::on(&brokers, partitions).await
    }

    pub(crate) async fn on(brokers: &str, partitions: i32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(folder.path()).unwrap();
        let log = store.open(LOG).await.unwrap();
        let owner = Owner { logs: Embedded::default(), asked: AtomicU64::new(0), away: false.into() };
        owner.logs.publish(Arc::clone(&log));
        let now = Timestamp::now().as_microsecond();
        let world = WORLDS.fetch_add(1, Ordering::SeqCst);
        let name = format!("test-{}-{world}-{now}", std::process::id());
        let topics = Topics::default().named(name).partitions(partitions).replicas(1);
        let connection = Connection::new(brokers);
        topics.apply(&connection, &[LOG]).await.unwrap();
        let topic = topics.topic(LOG).unwrap().name;
        Self { connection, topics, topic, log, owner: Arc::new(owner), _store: store, _folder: folder }
    }

    pub(crate) fn publisher(&self) -> Arc<Publisher> {
        Publisher::new(&self.connection, &self.topics, &key()).unwrap()
    }

    pub(crate) fn relay(&self, publisher: &Arc<Publisher>) -> Relay {
        self.relay_with(publisher, Arc::new(ByLog(Arc::clone(&self.log))))
    }

    pub(crate) fn relay_with(&self, publisher: &Arc<Publisher>, fence: Arc<dyn Fence>) -> Relay {
        Relay::start(publisher, Arc::clone(&self.log), fence, None).unwrap()
    }

    pub(crate) fn exchange(&self) -> Kafka {
        Kafka::new(&self.connection, &self.topics, &key(), Arc::clone(&self.owner) as Arc<dyn Origin>)
            .unwrap()
    }

    /// Appends events of several streams and gives the head.
    pub(crate) async fn append(&self, events: u64) -> u64 {
        append(&self.log, events).await
    }

    pub(crate) async fn recorded(&self) -> Vec<Arc<Recorded>> {
        let mut events: Vec<Arc<Recorded>> = Vec::new();
        loop {
            let more = self.log.read(events.last().map_or(0, |last| last.position), 1_000).await.unwrap();
            if more.is_empty() {
                return events;
            }
            events.extend(more);
        }
    }

    /// Every position in the topic, partition by partition, read by a plain consumer; what is no event of the log counts as 0.
    pub(crate) fn in_topic(&self) -> Vec<Vec<u64>> {
        let consumer: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", &self.connection.brokers)
            .set("group.id", "test")
            .set("enable.partition.eof", "true")
            .create()
            .unwrap();
        let metadata = consumer.fetch_metadata(Some(&self.topic), PATIENCE).unwrap();
        let count = i32::try_from(metadata.topics()[0].partitions().len()).unwrap();
        (0..count).map(|partition| read_partition(&consumer, &self.topic, partition)).collect()
    }

    /// Fails unless each position up to `head` is in the topic exactly once, in order within each partition.
    pub(crate) async fn assert_each_once(&self, head: u64) {
        let parts = tokio::task::block_in_place(|| self.in_topic());
        assert!(parts.iter().all(|part| part.is_sorted()), "out of order: {parts:?}");
        let mut all = parts.concat();
        all.sort_unstable();
        let doubled: Vec<_> = all.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect();
        assert_eq!(doubled, Vec::<u64>::new(), "doubled");
        assert_eq!(all, (1..=head).collect::<Vec<_>>(), "lost, or more than was recorded");
    }

    /// Writes records to the topic as somebody else might.
    pub(crate) async fn write(&self, records: &[ByHand]) {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", &self.connection.brokers);
        for (name, value) in PRODUCER_SETTINGS {
            config.set(name, value);
        }
        let producer: FutureProducer = config.create().unwrap();
        for record in records {
            let mut headers = OwnedHeaders::new();
            for (key, value) in &record.headers {
                headers = headers.insert(Header { key, value: Some(value) });
            }
            let record =
                FutureRecord::to(&self.topic).key(&record.key).payload(&record.value).headers(headers);
            producer.send(record, PATIENCE).await.unwrap();
        }
    }
}

/// A record that no relay wrote.
pub(crate) struct ByHand {
    pub(crate) key: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) value: Vec<u8>,
}

impl ByHand {
    /// As a relay would have written it.
    pub(crate) fn of(event: &Recorded) -> Self {
        Self::with(&key(), event)
    }

    /// As a relay with this key would have written it.
    pub(crate) fn with(key: &RecordKey, event: &Recorded) -> Self {
        let encoded = cloud_event::encode(key, event, None);
        let headers = encoded.headers.into_iter().map(|(name, value)| (name, value.into_owned())).collect();
        Self { key: encoded.key.to_owned(), headers, value: encoded.value.to_vec() }
    }

    pub(crate) fn foreign() -> Self {
        Self { key: "hello".into(), headers: vec![("x-from", "elsewhere".into())], value: b"world".to_vec() }
    }
}

fn read_partition(consumer: &BaseConsumer, topic: &str, partition: i32) -> Vec<u64> {
    let mut place = TopicPartitionList::new();
    place.add_partition_offset(topic, partition, Offset::Beginning).unwrap();
    consumer.assign(&place).unwrap();
    let mut positions = Vec::new();
    let start = Instant::now();
    loop {
        // It may come back with nothing before the time is over.
        match consumer.poll(Duration::from_millis(100)) {
            Some(Ok(message)) => {
                let headers: Vec<_> = message
                    .headers()
                    .into_iter()
                    .flat_map(|headers| headers.iter().map(|header| (header.key, header.value)))
                    .collect();
                let received =
                    cloud_event::Received { key: message.key(), headers, value: message.payload() };
                let event = cloud_event::decode(&key(), LOG, &received);
                positions.push(event.map_or(0, |decoded| decoded.event.position));
            }
            Some(Err(KafkaError::PartitionEOF(_))) => return positions,
            // A broker that was just killed is got over; the end is waited for.
            Some(Err(_)) => {}
            None => assert!(start.elapsed() < PATIENCE, "{topic}: no end within {PATIENCE:?}"),
        }
    }
}

pub(crate) async fn append(log: &Arc<dyn EventLog>, events: u64) -> u64 {
    append_sized(log, events, 0).await
}

/// Appends events with so many bytes more, which no compression makes much fewer.
pub(crate) async fn append_sized(log: &Arc<dyn EventLog>, events: u64, more_bytes: usize) -> u64 {
    let mut draw = 88_172_645_463_325_252_u64;
    let letter = |_| {
        draw ^= draw << 13;
        draw ^= draw >> 7;
        draw ^= draw << 17;
        char::from(b'a' + u8::try_from(draw % 26).unwrap())
    };
    let more: String = (0..more_bytes).map(letter).collect();
    let mut tickets = Vec::new();
    for n in 0..events {
        let event = NewEvent {
            stream: StreamId::new("place", n % 17),
            event_type: "PlaceOpened",
            version: 1,
            payload: format!("{{\"n\":{n},\"more\":\"{more}\"}}").into_bytes(),
            effective: None,
            council: None,
        };
        let meta = Meta {
            actor: "test".into(),
            causation: None,
            correlation: None,
            recorded_at: Timestamp::from_microsecond(Timestamp::now().as_microsecond()).unwrap(),
        };
        let entry = Entry {
            expected_head: None,
            expected: Vec::new(),
            events: vec![event],
            meta,
            idempotency: None,
            source: None,
        };
        tickets.push(log.submit(entry).await.unwrap());
    }
    for ticket in tickets {
        assert!(matches!(ticket.outcome().await, Ok(Appended::Committed(_))));
    }
    *log.head().borrow()
}

/// Waits until a relay's state is as wanted.
pub(crate) async fn until(relay: &Relay, wanted: impl Fn(&RelayState) -> bool) -> RelayState {
    let mut state = relay.state.clone();
    let reached = tokio::time::timeout(PATIENCE, state.wait_for(|state| wanted(state))).await;
    match reached {
        Ok(Ok(state)) => state.clone(),
        _ => panic!("it is {:?}", relay.state.borrow()),
    }
}

pub(crate) async fn published(relay: &Relay, head: u64) {
    until(relay, |state| state.published == head).await;
}

/// Receives up to the position `until` and gives all positions.
pub(crate) async fn receive(subscription: &mut dyn Subscription, until: u64) -> Vec<Arc<Recorded>> {
    let mut received: Vec<Arc<Recorded>> = Vec::new();
    while received.last().is_none_or(|last| last.position < until) {
        let next = tokio::time::timeout(PATIENCE, subscription.next(256)).await;
        received.extend(next.unwrap_or_else(|_| panic!("nothing after {:?}", received.last())).unwrap());
    }
    received
}
