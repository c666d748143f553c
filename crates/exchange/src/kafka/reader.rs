//! Reads topics at any place: how far they go, what their last records are, and where a position stands.
//!
//! One client, used by one at a time: it is for starts, and for looks now and then, not for the stream of events. Everything here blocks.

use super::cloud_event::{Decoded, Fault, Received, decode};
use super::connection::{Connection, Speaking};
use super::record_key::RecordKey;
use super::tail::Tail;
use crate::port::ExchangeError;
use eventlog::LogId;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Headers as _};
use rdkafka::{Message as _, Offset, TopicPartitionList};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

/// How long a broker may be silent before whoever asked is told.
const PATIENCE: Duration = Duration::from_secs(10);

/// A record in a topic that is no event of the topic's log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the record at offset {offset} of {topic}, partition {partition}, is no event of its log: {fault}. It is left out, and if it \
     stood for an event, that is fetched from its owner. Only the log's owner may write to this topic: find out who else did"
)]
pub struct RecordFault {
    /// The topic.
    pub topic: String,
    /// The partition.
    pub partition: i32,
    /// The record's offset.
    pub offset: i64,
    /// What is wrong with it.
    pub fault: Fault,
}

/// Reads a message of the topic that belongs to `log`.
pub(super) fn decode_message(
    key: &RecordKey,
    log: LogId,
    message: &BorrowedMessage<'_>,
) -> Result<Decoded, RecordFault> {
    let headers = message.headers().map(|headers| headers.iter().map(|header| (header.key, header.value)));
    let received = Received {
        key: message.key(),
        headers: headers.into_iter().flatten().collect(),
        value: message.payload(),
    };
    decode(key, log, &received).map_err(|fault| RecordFault {
        topic: message.topic().to_owned(),
        partition: message.partition(),
        offset: message.offset(),
        fault,
    })
}

/// A client that reads anywhere.
pub(super) struct Reader {
    connection: Connection,
    key: RecordKey,
    consumer: Mutex<BaseConsumer<Speaking>>,
    /// Whose turn it is: who waits for it, or gives up, costs no thread.
    turn: Arc<Semaphore>,
}

impl Reader {
    pub(super) fn new(connection: &Connection, key: &RecordKey) -> Result<Self, ExchangeError> {
        Ok(Self {
            connection: connection.clone(),
            key: key.clone(),
            consumer: Mutex::new(Self::client(connection)?),
            turn: Arc::new(Semaphore::new(1)),
        })
    }

    fn client(connection: &Connection) -> Result<BaseConsumer<Speaking>, ExchangeError> {
        let settings = [
            // Assigning partitions by hand needs a group's name; none is ever joined, and no offset is kept.
            ("group.id", "brokerage-reader"),
            ("enable.auto.commit", "false"),
            ("enable.auto.offset.store", "false"),
            ("auto.offset.reset", "error"),
            ("enable.partition.eof", "true"),
            // An answer that is not there yet would hold up the next question.
            ("fetch.wait.max.ms", "10"),
            ("fetch.queue.backoff.ms", "10"),
        ];
        connection
            .config(&settings)
            .create_with_context(Speaking)
            .map_err(|error| connection.failed("the reader cannot be set up", &error))
    }

    /// How many partitions the topic has; none when there is no such topic.
    pub(super) fn partitions(&self, topic: &str) -> Result<Option<i32>, ExchangeError> {
        let consumer = self.consumer.lock().unwrap_or_else(PoisonError::into_inner);
        let metadata =
            consumer.fetch_metadata(Some(topic), PATIENCE).map_err(|error| self.failed(topic, &error))?;
        let found = metadata.topics().first();
        if let Some(error) = found.and_then(|found| found.error()) {
            let error = RDKafkaErrorCode::from(error);
            if matches!(error, RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic) {
                return Ok(None);
            }
            return Err(self.failed(topic, &error));
        }
        Ok(found.and_then(|found| i32::try_from(found.partitions().len()).ok()).filter(|count| *count > 0))
    }

    /// The first offset, and the one after the last record.
    pub(super) fn bounds(&self, topic: &str, partition: i32) -> Result<(i64, i64), ExchangeError> {
        let consumer = self.consumer.lock().unwrap_or_else(PoisonError::into_inner);
        consumer.fetch_watermarks(topic, partition, PATIENCE).map_err(|error| self.failed(topic, &error))
    }

    /// The offset after the last record of each of `count` partitions.
    pub(super) fn ends(&self, topic: &str, count: usize) -> Result<Vec<i64>, ExchangeError> {
        (0..).take(count).map(|partition| Ok(self.bounds(topic, partition)?.1)).collect()
    }

    /// Gives each record from the offset `from` up to before `until`, until `enough`.
    fn scan(
        &self,
        topic: &str,
        partition: i32,
        (from, until): (i64, i64),
        mut enough: impl FnMut(&BorrowedMessage<'_>) -> bool,
    ) -> Result<(), ExchangeError> {
        if from >= until {
            return Ok(());
        }
        let mut consumer = self.consumer.lock().unwrap_or_else(PoisonError::into_inner);
        let failed = |error: KafkaError| self.failed(topic, &error);
        let mut place = TopicPartitionList::new();
        place.add_partition_offset(topic, partition, Offset::Offset(from)).map_err(failed)?;
        consumer.assign(&place).map_err(failed)?;
        let mut heard = Instant::now();
        let outcome = loop {
            match consumer.poll(Duration::from_millis(100)) {
                Some(Ok(message)) => {
                    heard = Instant::now();
                    if message.offset() >= until || enough(&message) || message.offset() + 1 >= until {
                        break Ok(());
                    }
                }
                Some(Err(KafkaError::PartitionEOF(_))) => break Ok(()),
                // What passes by itself must do so in time.
                Some(Err(error)) if !passes(&error) => break Err(self.failed(topic, &error)),
                Some(Err(_)) | None if heard.elapsed() > PATIENCE => {
                    // It may hold on to a topic that was deleted and made again; a new client has no memories.
                    *consumer = Self::client(&self.connection)?;
                    break Err(self.failed(topic, &format!("no answer within {PATIENCE:?}")));
                }
                Some(Err(_)) | None => {}
            }
        };
        // So that nothing more is fetched.
        consumer.unassign().map_err(failed)?;
        outcome
    }

    /// The end of the topic, back to where every position is at least `window` below the highest.
    pub(super) fn tail(&self, log: LogId, topic: &str, window: u64) -> Result<Tail, ExchangeError> {
        let mut tail = Tail::default();
        let count = self.partitions(topic)?.ok_or(ExchangeError::Unknown(log))?;
        let step = i64::try_from(window).unwrap_or(i64::MAX - 1) + 1;
        let mut open = Vec::new();
        for partition in 0..count {
            let (low, high) = self.bounds(topic, partition)?;
            tail.lows.push(low);
            tail.ends.push(high);
            open.push(Open { partition, low, read_from: high, first: u64::MAX });
        }
        // Records that are no events, and events that are there twice, may fill a whole step: then one more is read.
        loop {
            let floor = tail.head().saturating_sub(window);
            let unread = |one: &&mut Open| one.read_from > one.low && (one.first > floor || floor == 0);
            let Some(one) = open.iter_mut().find(unread) else { return Ok(tail) };
            let (from, until) = (one.low.max(one.read_from - step), one.read_from);
            self.scan(topic, one.partition, (from, until), |message| {
                match decode_message(&self.key, log, message) {
                    Ok(Decoded { event, .. }) => {
                        one.first = one.first.min(event.position);
                        tail.take(event);
                    }
                    Err(RecordFault { fault: Fault::Forged, .. }) => tail.otherwise_coded += 1,
                    Err(_) => {}
                }
                false
            })?;
            one.read_from = from;
        }
    }

    /// Whether a topic that nobody took records from begins with a later event than the log's first. What relays leave never does; one that
    /// was made again under a relay that went on publishing into it does.
    pub(super) fn lacks_beginning(
        &self,
        log: LogId,
        topic: &str,
        tail: &Tail,
    ) -> Result<bool, ExchangeError> {
        // What was taken from the beginning, by retention or by hand, is nobody's mistake here.
        if tail.last.is_none() || tail.lows.iter().any(|low| *low > 0) {
            return Ok(false);
        }
        for (partition, end) in (0..).zip(&tail.ends) {
            let mut first = None;
            self.scan(topic, partition, (0, *end), |message| {
                first = decode_message(&self.key, log, message).ok().map(|decoded| decoded.event.position);
                first.is_some()
            })?;
            if first == Some(1) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The offset of the first record in a partition whose position is above `after`, or the end. Positions rise within a
    /// partition, so it is looked for as in a dictionary, first near `guess`.
    pub(super) fn seek(
        &self,
        log: LogId,
        topic: &str,
        partition: i32,
        after: u64,
        guess: i64,
    ) -> Result<i64, ExchangeError> {
        let (mut low, mut high) = self.bounds(topic, partition)?;
        let mut middle = guess.clamp(low, (high - 1).max(low));
        while low < high {
            // The first event from there on decides; what is no event belongs to the event after it.
            let mut found = None;
            self.scan(topic, partition, (middle, high), |message| {
                let event = decode_message(&self.key, log, message).ok();
                found = event.map(|decoded| (decoded.event.position, message.offset()));
                found.is_some()
            })?;
            match found {
                Some((position, offset)) if position <= after => low = offset + 1,
                // Right after `after`: nothing before it can be above.
                Some((position, _)) if position == after + 1 && middle > low => {
                    let before = self.event_at(log, topic, partition, middle - 1)?;
                    if before.is_some_and(|position| position <= after) {
                        return Ok(middle);
                    }
                    high = middle;
                }
                _ => high = middle,
            }
            middle = low + (high - low) / 2;
        }
        Ok(low)
    }

    /// The position of the event at an offset, if it is one.
    fn event_at(
        &self,
        log: LogId,
        topic: &str,
        partition: i32,
        offset: i64,
    ) -> Result<Option<u64>, ExchangeError> {
        let mut found = None;
        self.scan(topic, partition, (offset, offset + 1), |message| {
            if message.offset() == offset {
                found = decode_message(&self.key, log, message).ok().map(|decoded| decoded.event.position);
            }
            true
        })?;
        Ok(found)
    }

    fn failed(&self, topic: &str, error: &dyn fmt::Display) -> ExchangeError {
        self.connection.failed(topic, &error)
    }
}

/// A partition whose end is being read backwards.
struct Open {
    partition: i32,
    low: i64,
    read_from: i64,
    /// The lowest position seen.
    first: u64,
}

/// Whether librdkafka goes on trying after this error.
pub(super) fn passes(error: &KafkaError) -> bool {
    let code = match error {
        KafkaError::MessageConsumption(code) => Some(*code),
        other => other.rdkafka_error_code(),
    };
    matches!(
        code,
        Some(
            RDKafkaErrorCode::BrokerTransportFailure
                | RDKafkaErrorCode::AllBrokersDown
                | RDKafkaErrorCode::OperationTimedOut
                | RDKafkaErrorCode::RequestTimedOut
                | RDKafkaErrorCode::Resolve
                | RDKafkaErrorCode::CoordinatorLoadInProgress
                | RDKafkaErrorCode::CoordinatorNotAvailable
                | RDKafkaErrorCode::NotCoordinator
                | RDKafkaErrorCode::LeaderNotAvailable
                | RDKafkaErrorCode::NotLeaderForPartition
        )
    )
}

/// Runs what blocks where it may.
pub(super) async fn blocking<T: Send + 'static>(
    reader: &Arc<Reader>,
    what: impl FnOnce(&Reader) -> Result<T, ExchangeError> + Send + 'static,
) -> Result<T, ExchangeError> {
    let own = Arc::clone(reader);
    let turn = Arc::clone(&reader.turn).acquire_owned().await;
    let asked = tokio::task::spawn_blocking(move || {
        // Kept until the answer is there, also if nobody waits for it any more.
        let _turn = turn;
        what(&own)
    });
    match asked.await {
        Ok(outcome) => outcome,
        Err(error) => Err(reader.failed("reading", &error)),
    }
}
