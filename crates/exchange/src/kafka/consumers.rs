//! The consumers of a process: each takes each topic once, and a topic that is followed twice takes two.

use super::connection::{Connection, Speaking};
use super::reader::passes;
use crate::port::ExchangeError;
use rdkafka::consumer::stream_consumer::StreamPartitionQueue;
use rdkafka::consumer::{Consumer as _, StreamConsumer};
use rdkafka::{Offset, TopicPartitionList};
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::task::JoinHandle;

/// librdkafka's settings for a consumer that is told where to read and remembers nothing.
pub const CONSUMER_SETTINGS: [(&str, &str); 10] = [
    // Assigning partitions by hand needs a group's name; none is ever joined, and no offset is kept.
    ("group.id", "brokerage-exchange"),
    ("enable.auto.commit", "false"),
    ("enable.auto.offset.store", "false"),
    // An offset that is not there means that the topic is another: it is looked at anew, never read from just anywhere.
    ("auto.offset.reset", "error"),
    // The end of a partition tells a gap from an event on its way.
    ("enable.partition.eof", "true"),
    // What is read ahead for each partition.
    ("queued.min.messages", "2000"),
    ("queued.max.messages.kbytes", "8192"),
    // A second, which is the default, is a long time to rest once a queue was full.
    ("fetch.queue.backoff.ms", "5"),
    // A topic newly taken waits for the answer that is being waited for.
    ("fetch.wait.max.ms", "100"),
    ("socket.keepalive.enable", "true"),
];

pub(super) type Queue = StreamPartitionQueue<Speaking>;

/// All consumers.
pub(super) struct Consumers {
    connection: Connection,
    all: Mutex<Vec<Arc<Shared>>>,
}

struct Shared {
    consumer: Arc<StreamConsumer<Speaking>>,
    topics: Mutex<HashSet<String>>,
    /// Events of the client itself are served by reading the queue that no partition is left in.
    serving: JoinHandle<()>,
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// A topic taken by a consumer. Dropping it gives it back.
pub(super) struct Taken {
    // Dropped before the partitions are given back, or it would silence the queue of who takes them next.
    pub(super) queues: Vec<Queue>,
    place: Place,
}

struct Place {
    shared: Arc<Shared>,
    topic: String,
    partitions: TopicPartitionList,
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Err(error) = self.shared.consumer.incremental_unassign(&self.partitions) {
            tracing::debug!(topic = self.topic, %error, "Kafka: was not assigned");
        }
        self.shared.topics.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.topic);
    }
}

impl Consumers {
    pub(super) fn new(connection: &Connection) -> Self {
        Self { connection: connection.clone(), all: Mutex::default() }
    }

    /// Lets go of the consumer of a topic that it gives nothing of any more: it may hold on to one that was deleted and made again. Who
    /// takes a topic next has another; those who have one of it keep it.
    pub(super) fn renew(&self, taken: &Taken) {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|shared| !Arc::ptr_eq(shared, &taken.place.shared));
    }

    /// Takes a topic from these offsets, one for each partition.
    pub(super) fn take(&self, topic: &str, offsets: &[i64]) -> Result<Taken, ExchangeError> {
        let shared = self.with_room_for(topic)?;
        let mut place = Place { shared, topic: topic.to_owned(), partitions: TopicPartitionList::new() };
        let failed = |error: &dyn std::fmt::Display| self.connection.failed(topic, &error);
        let mut queues = Vec::with_capacity(offsets.len());
        for (partition, offset) in (0..).zip(offsets) {
            // Before they are assigned: what is fetched earlier would go to the queue that nobody reads.
            let queue = place.shared.consumer.split_partition_queue(topic, partition);
            queues.push(queue.ok_or_else(|| failed(&format!("there is no partition {partition}")))?);
            place
                .partitions
                .add_partition_offset(topic, partition, Offset::Offset(*offset))
                .map_err(|error| failed(&error))?;
        }
        place.shared.consumer.incremental_assign(&place.partitions).map_err(|error| failed(&error))?;
        Ok(Taken { queues, place })
    }

    /// The first consumer that does not have the topic, or a new one; it has it now.
    fn with_room_for(&self, topic: &str) -> Result<Arc<Shared>, ExchangeError> {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        let takes = |shared: &&Arc<Shared>| {
            shared.topics.lock().unwrap_or_else(PoisonError::into_inner).insert(topic.to_owned())
        };
        if let Some(shared) = all.iter().find(takes) {
            return Ok(Arc::clone(shared));
        }
        let consumer: StreamConsumer<Speaking> = self
            .connection
            .config(&CONSUMER_SETTINGS)
            .create_with_context(Speaking)
            .map_err(|error| self.connection.failed("a consumer cannot be set up", &error))?;
        let consumer = Arc::new(consumer);
        let serving = tokio::spawn(serve(Arc::clone(&consumer)));
        let topics = Mutex::new(HashSet::from([topic.to_owned()]));
        let shared = Arc::new(Shared { consumer, topics, serving });
        all.push(Arc::clone(&shared));
        Ok(shared)
    }
}

async fn serve(consumer: Arc<StreamConsumer<Speaking>>) {
    loop {
        match consumer.recv().await {
            Ok(_) => tracing::error!("Kafka: a record came where none should; its partition shows a gap"),
            Err(error) if passes(&error) => tracing::debug!(%error, "Kafka: a consumer"),
            Err(error) => tracing::warn!(%error, "Kafka: a consumer"),
        }
    }
}
