//! The one producer of a process, which all its relays share.

use super::connection::{Connection, say};
use super::reader::Reader;
use super::record_key::RecordKey;
use super::topics::{COMPRESSION, RECORD_BYTES_MAX, Topics};
use super::window::Window;
use crate::port::ExchangeError;
use eventlog::{LogId, Recorded};
use rdkafka::Message as _;
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{DeliveryResult, OwnedHeaders};
use rdkafka::producer::{BaseRecord, Producer as _, ProducerContext, PurgeConfig, ThreadedProducer};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// How long a full queue is left alone.
const QUEUE_WAIT: Duration = Duration::from_millis(5);
/// How long a purged producer may take to give everything back.
const PURGE_PATIENCE: Duration = Duration::from_secs(5);

/// librdkafka's settings for a producer that never gives up and never doubles.
///
/// With `enable.idempotence` the broker drops what it has already got under the same producer id and sequence number, and keeps the
/// order. `message.timeout.ms=0` lets librdkafka try for ever: a message that timed out could only be sent anew, under another
/// sequence number, and would be doubled if it had arrived after all. So an outage of any length ends with each record there once.
pub const PRODUCER_SETTINGS: [(&str, &str); 10] = [
    ("enable.idempotence", "true"),
    ("acks", "all"),
    ("message.timeout.ms", "0"),
    ("linger.ms", "1"),
    ("compression.type", COMPRESSION),
    // As Java's producers do, so that theirs would put a stream into the same partition.
    ("partitioner", "murmur2_random"),
    ("message.max.bytes", RECORD_BYTES_MAX),
    // More than every relay's window in a region of forty logs; a full queue is waited for.
    ("queue.buffering.max.messages", "200000"),
    ("queue.buffering.max.kbytes", "262144"),
    ("socket.keepalive.enable", "true"),
];

/// A position given to the producer, and who is told of its outcome. One that is dropped without is told to have failed, so that
/// nobody waits for it for ever.
pub(super) struct Sent {
    window: Arc<Window>,
    position: u64,
    settled: bool,
}

impl Sent {
    fn settle(&mut self, outcome: Result<(i32, i64), String>) {
        self.settled = true;
        self.window.settle(self.position, outcome);
    }
}

impl Drop for Sent {
    fn drop(&mut self) {
        if !self.settled {
            self.settle(Err("it was given up before it was sent".into()));
        }
    }
}

/// What the producer tells.
pub(super) struct Deliveries {
    trouble: watch::Sender<Option<String>>,
}

impl ClientContext for Deliveries {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        say(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::warn!(%error, reason, "Kafka: the producer");
        self.trouble.send_replace(Some(reason.to_owned()));
    }
}

impl ProducerContext for Deliveries {
    type DeliveryOpaque = Box<Sent>;

    fn delivery(&self, result: &DeliveryResult<'_>, mut sent: Box<Sent>) {
        let outcome = match result {
            Ok(record) => {
                self.trouble.send_if_modified(|trouble| trouble.take().is_some());
                Ok((record.partition(), record.offset()))
            }
            Err((error, _)) => Err(error.to_string()),
        };
        sent.settle(outcome);
    }
}

pub(super) type Producer = ThreadedProducer<Deliveries>;

/// A record that the producer takes, but for what is told of its outcome.
pub(super) struct Outgoing<'a> {
    pub(super) topic: &'a str,
    pub(super) event: &'a Recorded,
    pub(super) headers: OwnedHeaders,
}

/// Publishes the logs of a process: what its relays share.
pub struct Publisher {
    pub(super) connection: Connection,
    topics: Topics,
    pub(super) key: RecordKey,
    pub(super) reader: Arc<Reader>,
    producer: Mutex<(u64, Producer)>,
    trouble: watch::Sender<Option<String>>,
    /// The window of each log's latest relay: a later one must wait until nothing of it is under way.
    windows: Mutex<HashMap<LogId, Arc<Window>>>,
}

impl Publisher {
    /// A publisher to these topics, whose records have codes of this key. It does not wait for a broker.
    ///
    /// # Errors
    /// When the connection's settings are wrong.
    pub fn new(
        connection: &Connection,
        topics: &Topics,
        key: &RecordKey,
    ) -> Result<Arc<Self>, ExchangeError> {
        let trouble = watch::Sender::new(None);
        let producer = Mutex::new((0, produce(connection, &trouble)?));
        let reader = Arc::new(Reader::new(connection, key)?);
        let (connection, topics, key) = (connection.clone(), topics.clone(), key.clone());
        Ok(Arc::new(Self { connection, topics, key, reader, producer, trouble, windows: Mutex::default() }))
    }

    pub(super) fn topics(&self) -> &Topics {
        &self.topics
    }

    /// What the client says is wrong at the moment.
    pub(super) fn trouble(&self) -> watch::Receiver<Option<String>> {
        self.trouble.subscribe()
    }

    /// The window of the log's relay before this one, if there was one, in exchange for its own.
    pub(super) fn take_over(&self, log: LogId, window: Arc<Window>) -> Option<Arc<Window>> {
        self.windows.lock().unwrap_or_else(PoisonError::into_inner).insert(log, window)
    }

    /// The producer in use, and its number.
    pub(super) fn producer(&self) -> (u64, Producer) {
        let current = self.producer.lock().unwrap_or_else(PoisonError::into_inner);
        (current.0, current.1.clone())
    }

    /// Puts another producer in the place of number `used` if that can do no more; everything it still had comes back as failed.
    /// Blocks.
    pub(super) fn replace_if_broken(&self, used: u64) -> Result<(), ExchangeError> {
        let mut current = self.producer.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((code, why)) = current.1.client().fatal_error().filter(|_| current.0 == used) else {
            return Ok(());
        };
        tracing::error!(%code, why, "ALARM: Kafka's producer broke; another takes its place");
        current.1.purge(PurgeConfig::default().queue().inflight());
        // What is given back is told to its relays; they read what is there before they go on.
        if let Err(error) = current.1.flush(PURGE_PATIENCE) {
            tracing::warn!(%error, "Kafka's broken producer keeps something back");
        }
        *current = (used + 1, produce(&self.connection, &self.trouble)?);
        Ok(())
    }
}

fn produce(
    connection: &Connection,
    trouble: &watch::Sender<Option<String>>,
) -> Result<Producer, ExchangeError> {
    let context = Deliveries { trouble: trouble.clone() };
    connection
        .config(&PRODUCER_SETTINGS)
        .create_with_context(context)
        .map_err(|error| connection.failed("the producer cannot be set up", &error))
}

/// Hands a record to the producer, waiting while its queue is full. The window, which has it open, is told of its outcome.
pub(super) async fn send(producer: &Producer, window: &Arc<Window>, outgoing: Outgoing<'_>) {
    let Outgoing { topic, event, headers } = outgoing;
    let sent = Box::new(Sent { window: Arc::clone(window), position: event.position, settled: false });
    let mut record = BaseRecord::with_opaque_to(topic, sent)
        .key(event.stream.as_str())
        .payload(&event.payload[..])
        .headers(headers);
    while let Err((error, back)) = producer.send(record) {
        record = back;
        if !matches!(error, KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull)) {
            record.delivery_opaque.settle(Err(error.to_string()));
            return;
        }
        tokio::time::sleep(QUEUE_WAIT).await;
    }
}
