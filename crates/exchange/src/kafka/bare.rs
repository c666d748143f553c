//! What a record costs on a broker without any of ours: the benchmarks' peer of the exchange, and used by nothing else.

use super::cloud_event::Encoded;
use super::consumers::CONSUMER_SETTINGS;
use super::publisher::PRODUCER_SETTINGS;
use rdkafka::ClientConfig;
use rdkafka::consumer::{Consumer as _, StreamConsumer};
use rdkafka::error::KafkaError;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer as _, ThreadedProducer};
use rdkafka::{Offset, TopicPartitionList};
use std::time::{Duration, Instant};

/// How long the last records may take to arrive.
const PATIENCE: Duration = Duration::from_secs(60);

/// A producer and a consumer with the settings of the exchange.
pub struct BareKafka {
    brokers: String,
    producer: ThreadedProducer<DefaultProducerContext>,
}

impl BareKafka {
    /// Towards these brokers.
    ///
    /// # Errors
    /// When the client cannot be set up.
    pub fn new(brokers: &str) -> Result<Self, KafkaError> {
        let producer = config(brokers, &PRODUCER_SETTINGS).create()?;
        Ok(Self { brokers: brokers.to_owned(), producer })
    }

    /// Hands the records to the producer as fast as it takes them, and waits until all have arrived. Blocks.
    ///
    /// # Errors
    /// When they do not arrive.
    pub fn produce(&self, topic: &str, records: &[Encoded<'_>]) -> Result<(), KafkaError> {
        for record in records {
            let mut record = to(topic, record);
            while let Err((_, back)) = self.producer.send(record) {
                record = back;
                std::thread::sleep(Duration::from_millis(1));
            }
        }
        self.producer.flush(PATIENCE)
    }

    /// How long each record took from the producer to a consumer of the topic's one partition, one at a time.
    ///
    /// # Errors
    /// When one does not arrive.
    pub async fn round_trips(
        &self,
        topic: &str,
        records: &[Encoded<'_>],
    ) -> Result<Vec<Duration>, KafkaError> {
        let mut config = config(&self.brokers, &CONSUMER_SETTINGS);
        let consumer: StreamConsumer = config.set("enable.partition.eof", "false").create()?;
        let mut place = TopicPartitionList::new();
        place.add_partition_offset(topic, 0, Offset::Offset(0))?;
        consumer.assign(&place)?;
        let mut times = Vec::new();
        for record in records {
            let start = Instant::now();
            self.producer.send(to(topic, record)).map_err(|(error, _)| error)?;
            consumer.recv().await?;
            times.push(start.elapsed());
        }
        Ok(times)
    }
}

fn config(brokers: &str, settings: &[(&str, &str)]) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", brokers);
    for (name, value) in settings {
        config.set(*name, *value);
    }
    config
}

fn to<'a>(topic: &'a str, record: &'a Encoded<'_>) -> BaseRecord<'a, str, [u8]> {
    let empty = OwnedHeaders::new_with_capacity(record.headers.len());
    let headers = record.headers.iter();
    let headers =
        headers.fold(empty, |all, (key, value)| all.insert(Header { key, value: Some(value.as_ref()) }));
    BaseRecord::to(topic).key(record.key).payload(record.value).headers(headers)
}
