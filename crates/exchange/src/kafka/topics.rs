//! Which topic belongs to which log, and how it must be set: declared here, and nowhere else.
//!
//! [`Topics::apply`] makes the topics that are missing and says where one differs; it changes and deletes nothing. A topic is never
//! the record, but what it has lost must be published again, and a changed number of partitions moves streams between them.

use super::connection::{Connection, Speaking};
use crate::port::ExchangeError;
use eventlog::{LogId, Owner, Service};
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::error::RDKafkaErrorCode;
use std::fmt;
use std::time::{Duration, Instant};

/// How long the brokers may take over it.
const ADMIN_PATIENCE: Duration = Duration::from_secs(15);
/// How records are compressed, by the producer and on the broker's disk.
pub(super) const COMPRESSION: &str = "lz4";
/// A log takes payloads of up to 1 MiB; twice that leaves room for headers.
pub(super) const RECORD_BYTES_MAX: &str = "2097152";

/// Whether a service keeps one log for the region or one for each council.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    Region,
    EachCouncil,
}

/// The logs that are published. The audit service's are not: they are about all others, and are read where they are.
pub(super) const PUBLISHED: [(Service, Scope, &str); 5] = [
    (
        Service::Referrals,
        Scope::EachCouncil,
        "Referrals, searches, releases, offers and awards of one council",
    ),
    (Service::Vacancies, Scope::Region, "Providers, establishments, places, holds and claims"),
    (Service::Contracts, Scope::Region, "The framework contracts"),
    (
        Service::Contracts,
        Scope::EachCouncil,
        "Placement agreements, blocks and spot approvals of one council",
    ),
    (
        Service::Invoicing,
        Scope::EachCouncil,
        "Charges, invoices, journal entries and payment runs of one council",
    ),
];

/// The topics of one region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topics {
    prefix: String,
    partitions: i32,
    replicas: i32,
}

impl Default for Topics {
    /// Named `brokerage.…`, of one partition (a log is one order), on three brokers.
    fn default() -> Self {
        Self { prefix: "brokerage".into(), partitions: 1, replicas: 3 }
    }
}

/// One log's topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    /// Its name, such as `brokerage.referrals.E06000015`.
    pub name: String,
    /// How many partitions it has.
    pub partitions: i32,
    /// On how many brokers each record is.
    pub replicas: i32,
    /// Its settings, as Kafka names them.
    pub settings: Vec<(&'static str, &'static str)>,
}

/// What was found of the topics.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Applied {
    /// Those that were made.
    pub made: Vec<String>,
    /// Where those that were there differ from what is declared.
    pub differences: Vec<Difference>,
}

/// A topic that is not as declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The topic.
    pub topic: String,
    /// What differs, such as `retention.ms`.
    pub what: String,
    /// What is declared.
    pub declared: String,
    /// What was found.
    pub found: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { topic, what, declared, found } = self;
        write!(
            f,
            "{topic}: {what} is {found}, declared is {declared}. It was left so; change it with Kafka's own tools"
        )
    }
}

impl Topics {
    /// Topics under another name than `brokerage`: two regions may share brokers.
    #[must_use]
    pub fn named(self, prefix: impl Into<String>) -> Self {
        Self { prefix: prefix.into(), ..self }
    }

    /// Topics of this many partitions. Once there is a topic, another number moves its streams to other partitions: do not.
    #[must_use]
    pub fn partitions(self, partitions: i32) -> Self {
        Self { partitions, ..self }
    }

    /// Topics whose records are on this many brokers.
    #[must_use]
    pub fn replicas(self, replicas: i32) -> Self {
        Self { replicas, ..self }
    }

    /// What all names begin with.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The topic of a log, if it is published at all.
    #[must_use]
    pub fn topic(&self, log: LogId) -> Option<Topic> {
        let (scope, council) = match log.owner {
            Owner::Region => (Scope::Region, None),
            Owner::Council(council) => (Scope::EachCouncil, Some(council)),
            Owner::DeadLetters => return None,
        };
        PUBLISHED.iter().find(|(service, of, _)| *service == log.service && *of == scope)?;
        let name = self.address(log.service, council.as_ref().map(|council| council.gss()));
        Some(Topic { name, partitions: self.partitions, replicas: self.replicas, settings: self.settings() })
    }

    /// Partitions and replicas of each.
    pub(super) const fn shape(&self) -> (i32, i32) {
        (self.partitions, self.replicas)
    }

    pub(super) fn address(&self, service: Service, owner: Option<&str>) -> String {
        let owner = owner.map(|owner| format!(".{owner}")).unwrap_or_default();
        format!("{}.{}{owner}", self.prefix, service.name())
    }

    pub(super) fn settings(&self) -> Vec<(&'static str, &'static str)> {
        vec![
            ("cleanup.policy", "delete"),
            // For ever: a new service reads from the first event.
            ("retention.ms", "-1"),
            ("retention.bytes", "-1"),
            ("compression.type", COMPRESSION),
            ("max.message.bytes", RECORD_BYTES_MAX),
            // The broker's: it refuses records whose own time it finds too far ahead. When it happened is in `ce_time`.
            ("message.timestamp.type", "LogAppendTime"),
            // A record that is acknowledged outlives the loss of a broker, where there is more than one.
            ("min.insync.replicas", if self.replicas >= 3 { "2" } else { "1" }),
        ]
    }

    /// Makes the topics of `logs` that are not there, and says how the others differ from what is declared.
    ///
    /// # Errors
    /// When the brokers cannot be reached or refuse.
    pub async fn apply(&self, connection: &Connection, logs: &[LogId]) -> Result<Applied, ExchangeError> {
        let topics: Vec<_> = logs.iter().filter_map(|log| self.topic(*log)).collect();
        let admin: AdminClient<Speaking> = connection
            .config(&[])
            .create_with_context(Speaking)
            .map_err(|error| connection.failed("the client cannot be set up", &error))?;
        let options = AdminOptions::new().request_timeout(Some(ADMIN_PATIENCE));
        let made = make(connection, &admin, &options, &topics).await?;
        let there: Vec<_> = topics.into_iter().filter(|topic| !made.contains(&topic.name)).collect();
        let mut differences = differing_settings(connection, &admin, &options, &there).await?;
        let admin = std::sync::Arc::new(admin);
        let (names, of) = (made.clone(), connection.clone());
        let shapes = tokio::task::spawn_blocking(move || differing_shapes(&of, &admin, &there, &names)).await;
        differences.extend(shapes.map_err(|error| connection.failed("looking at topics", &error))??);
        Ok(Applied { made, differences })
    }
}

/// Makes those that are not there, and names them.
async fn make(
    connection: &Connection,
    admin: &AdminClient<Speaking>,
    options: &AdminOptions,
    topics: &[Topic],
) -> Result<Vec<String>, ExchangeError> {
    let mut new = Vec::new();
    for Topic { name, partitions, replicas, settings } in topics {
        let topic = NewTopic::new(name, *partitions, TopicReplication::Fixed(*replicas));
        new.push(settings.iter().fold(topic, |topic, (name, value)| topic.set(name, value)));
    }
    let results = admin
        .create_topics(&new, options)
        .await
        .map_err(|error| connection.failed("topics cannot be made", &error))?;
    let mut made = Vec::new();
    for result in results {
        match result {
            Ok(name) => made.push(name),
            Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
            Err((name, error @ RDKafkaErrorCode::InvalidReplicationFactor)) => {
                let what = format!(
                    "the topic {name} cannot be made on so many brokers (a single one needs `--replicas 1`)"
                );
                return Err(connection.failed(&what, &error));
            }
            Err((name, error)) => {
                return Err(connection.failed(&format!("the topic {name} cannot be made"), &error));
            }
        }
    }
    Ok(made)
}

async fn differing_settings(
    connection: &Connection,
    admin: &AdminClient<Speaking>,
    options: &AdminOptions,
    topics: &[Topic],
) -> Result<Vec<Difference>, ExchangeError> {
    if topics.is_empty() {
        return Ok(Vec::new());
    }
    let specifiers: Vec<_> = topics.iter().map(|topic| ResourceSpecifier::Topic(&topic.name)).collect();
    let failed = |error: &dyn fmt::Display| connection.failed("topics cannot be looked at", &error);
    let described = admin.describe_configs(&specifiers, options).await.map_err(|error| failed(&error))?;
    let mut differences = Vec::new();
    for (topic, described) in topics.iter().zip(described) {
        let described = described.map_err(|error| failed(&error))?;
        for (what, declared) in &topic.settings {
            let found = described.get(what).and_then(|entry| entry.value.clone()).unwrap_or_default();
            if found != *declared {
                let (topic, what) = (topic.name.clone(), (*what).to_owned());
                differences.push(Difference { topic, what, declared: (*declared).to_owned(), found });
            }
        }
    }
    Ok(differences)
}

/// Compares partitions and replicas, and waits until topics just made have a leader. Blocks.
fn differing_shapes(
    connection: &Connection,
    admin: &AdminClient<Speaking>,
    topics: &[Topic],
    made: &[String],
) -> Result<Vec<Difference>, ExchangeError> {
    let start = Instant::now();
    let metadata = |name: &str| {
        admin
            .inner()
            .fetch_metadata(Some(name), ADMIN_PATIENCE)
            .map_err(|error| connection.failed(&format!("the topic {name} cannot be looked at"), &error))
    };
    for name in made {
        let led = |name: &str| {
            metadata(name).map(|metadata| {
                let topic = metadata.topics().first();
                topic.is_some_and(|topic| {
                    !topic.partitions().is_empty() && topic.partitions().iter().all(|one| one.leader() >= 0)
                })
            })
        };
        while !led(name)? && start.elapsed() < ADMIN_PATIENCE {
            std::thread::sleep(Duration::from_millis(20));
        }
    }
    let mut differences = Vec::new();
    for topic in topics {
        let metadata = metadata(&topic.name)?;
        let partitions = metadata.topics().first().map(|found| found.partitions()).unwrap_or_default();
        let replicas = partitions.first().map_or(0, |partition| partition.replicas().len());
        let counts = [
            ("partitions", i64::from(topic.partitions), partitions.len()),
            ("replicas", i64::from(topic.replicas), replicas),
        ];
        for (what, declared, found) in counts {
            if i64::try_from(found) != Ok(declared) {
                let (topic, what) = (topic.name.clone(), what.to_owned());
                let (declared, found) = (declared.to_string(), found.to_string());
                differences.push(Difference { topic, what, declared, found });
            }
        }
    }
    Ok(differences)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_published_logs_have_a_topic_and_each_has_its_own() {
        let topics = Topics::default();
        let derby = "E06000015".parse().unwrap();
        let name = |log| topics.topic(log).map(|topic| topic.name);
        assert_eq!(name(LogId::region(Service::Vacancies)).as_deref(), Some("brokerage.vacancies"));
        assert_eq!(name(LogId::region(Service::Contracts)).as_deref(), Some("brokerage.contracts"));
        let of_derby = |service| name(LogId::council(service, derby));
        assert_eq!(of_derby(Service::Contracts).as_deref(), Some("brokerage.contracts.E06000015"));
        assert_eq!(of_derby(Service::Referrals).as_deref(), Some("brokerage.referrals.E06000015"));
        assert_eq!(of_derby(Service::Invoicing).as_deref(), Some("brokerage.invoicing.E06000015"));
        for none in [
            LogId::region(Service::Audit),
            LogId::region(Service::Invoicing),
            LogId::council(Service::Audit, derby),
            LogId::dead_letters(Service::Vacancies),
        ] {
            assert_eq!(name(none), None);
        }
    }
}
