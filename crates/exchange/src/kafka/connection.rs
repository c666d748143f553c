//! How a broker is reached, and what its client says.

use crate::port::ExchangeError;
use rdkafka::ClientConfig;
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

/// How the brokers are reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// Addresses of some of the brokers, separated by commas.
    pub brokers: String,
    /// librdkafka's own settings, such as those of TLS. They go over what is set here, so they can undo a guarantee.
    pub settings: Vec<(String, String)>,
}

impl Connection {
    /// A connection without further settings.
    #[must_use]
    pub fn new(brokers: impl Into<String>) -> Self {
        Self { brokers: brokers.into(), settings: Vec::new() }
    }

    /// The settings of a client with `own` ones.
    pub(super) fn config(&self, own: &[(&str, &str)]) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", &self.brokers).set("client.id", "brokerage");
        // A broker that comes back is noticed within a second, not within ten.
        config.set("reconnect.backoff.max.ms", "1000");
        for (name, value) in own {
            config.set(*name, *value);
        }
        for (name, value) in &self.settings {
            config.set(name, value);
        }
        config
    }

    /// What to say when the broker could not do something.
    pub(super) fn failed(&self, what: &str, error: &impl std::fmt::Display) -> ExchangeError {
        ExchangeError::Unavailable {
            carrier: format!("Kafka at {}", self.brokers),
            detail: format!("{what}: {error}"),
        }
    }
}

/// What a client says goes where everything is said.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Speaking;

impl ClientContext for Speaking {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        say(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        if let Some(RDKafkaErrorCode::PartitionEOF) = error.rdkafka_error_code() {
            // What consumers ask to be told, and are told in their queues too.
            return;
        }
        // The client goes on trying; whoever waits too long for it says so.
        tracing::warn!(%error, reason, "Kafka");
    }
}

impl ConsumerContext for Speaking {}

/// What librdkafka calls an error it mostly gets over by itself, such as a broker that restarts.
pub(super) fn say(level: RDKafkaLogLevel, facility: &str, message: &str) {
    match level {
        RDKafkaLogLevel::Emerg | RDKafkaLogLevel::Alert | RDKafkaLogLevel::Critical => {
            tracing::error!(facility, message, "Kafka");
        }
        RDKafkaLogLevel::Error | RDKafkaLogLevel::Warning => tracing::warn!(facility, message, "Kafka"),
        RDKafkaLogLevel::Notice | RDKafkaLogLevel::Info => tracing::info!(facility, message, "Kafka"),
        RDKafkaLogLevel::Debug => tracing::debug!(facility, message, "Kafka"),
    }
}
