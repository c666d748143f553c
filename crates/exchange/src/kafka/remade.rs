//! A topic that was deleted and made again, or lost its end, while its relay goes on.
//!
//! The producer does not notice: it goes on by the topic's name, and what the topic had before is missing. A relay notices by the offsets of
//! what it publishes, which fall back, and while it publishes nothing by looking at the topic's end now and then. What it has published into
//! the middle of an empty topic by then is removed, so that all is there again in order.

use super::connection::{Connection, Speaking};
use super::publisher::Publisher;
use super::reader::blocking;
use super::window::{REMADE, Window};
use crate::port::ExchangeError;
use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::error::KafkaError;
use rdkafka::{Offset, TopicPartitionList};
use std::sync::Arc;
use std::time::Duration;

/// How often a relay looks at its topic's end.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// How long the brokers may take to remove records.
const REMOVE_PATIENCE: Duration = Duration::from_secs(15);

/// Looks at the topic's end as long as it is awaited, and fails the window when the topic is not the one that was published to.
pub(super) async fn watch(publisher: Arc<Publisher>, topic: String, window: Arc<Window>) {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        // Before the topic is asked: what arrives meanwhile makes its end later, never earlier.
        let known = window.ends();
        let name = topic.clone();
        let look = move |reader: &super::reader::Reader| match reader.ends(&name, known.len()) {
            Ok(ends) => Ok(known.iter().zip(&ends).find(|(known, end)| end < known).map(|(known, end)| {
                format!("{name} ends at offset {end}, and {known} had been reached: {REMADE}")
            })),
            // Whether it is gone or only not to be had at the moment.
            Err(error) => match reader.partitions(&name)? {
                Some(count) if usize::try_from(count) == Ok(known.len()) => Err(error),
                Some(count) => {
                    Ok(Some(format!("{name} has {count} partitions and had {}: {REMADE}", known.len())))
                }
                None => {
                    Ok(Some(format!("there is no topic {name} any more: `brokerage topics apply` makes it")))
                }
            },
        };
        match blocking(&publisher.reader, look).await {
            Ok(Some(why)) => window.fail(why),
            Ok(None) => {}
            // The producer tells of brokers that cannot be reached.
            Err(error) => tracing::debug!(topic, %error, "its end cannot be looked at"),
        }
    }
}

/// Removes the records before `ends`, one offset for each partition.
///
/// # Errors
/// When the brokers cannot be reached or refuse.
pub(super) async fn empty(connection: &Connection, topic: &str, ends: &[i64]) -> Result<(), ExchangeError> {
    let failed =
        |error: &KafkaError| connection.failed(&format!("the records of {topic} cannot be removed"), error);
    let admin: AdminClient<Speaking> =
        connection.config(&[]).create_with_context(Speaking).map_err(|error| failed(&error))?;
    let mut before = TopicPartitionList::new();
    for (partition, end) in (0..).zip(ends) {
        before
            .add_partition_offset(topic, partition, Offset::Offset(*end))
            .map_err(|error| failed(&error))?;
    }
    let options =
        AdminOptions::new().request_timeout(Some(REMOVE_PATIENCE)).operation_timeout(Some(REMOVE_PATIENCE));
    let removed = admin.delete_records(&before, &options).await.map_err(|error| failed(&error))?;
    removed.elements().iter().try_for_each(|partition| partition.error()).map_err(|error| failed(&error))
}
