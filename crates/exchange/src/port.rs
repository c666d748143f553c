//! The port: what an exchange does, whatever carries the events.

use async_trait::async_trait;
use eventlog::{LogError, LogId, Recorded};
use std::sync::Arc;

/// Why events do not come.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExchangeError {
    /// No log of this name is published here.
    #[error(
        "the log {0} is not published on this exchange: over Kafka it has no topic, which `brokerage topics apply` makes"
    )]
    Unknown(LogId),
    /// The source ends before the position already consumed: it was truncated, or restored from an older backup.
    #[error(
        "the log {log} ends at {head}, but {consumed} of its events have been consumed: it was truncated or restored from \
         an older backup. Restore the newer one"
    )]
    SourceBehind {
        /// The source.
        log: LogId,
        /// Its last position now.
        head: u64,
        /// The position consumed.
        consumed: u64,
    },
    /// The source has ended.
    #[error("the log {0} is closed")]
    Closed(LogId),
    /// What carries the events cannot be reached, or refuses.
    #[error("{carrier}: {detail}")]
    Unavailable {
        /// What, such as the broker.
        carrier: String,
        /// What it said.
        detail: String,
    },
    /// The source cannot be read.
    #[error(transparent)]
    Log(#[from] LogError),
}

/// Carries the events of every log to those who follow it.
#[async_trait]
pub trait Exchange: Send + Sync + 'static {
    /// Follows a log from the event after `after`.
    ///
    /// # Errors
    /// When there is no such log, or it ends before `after`.
    async fn subscribe(&self, source: LogId, after: u64) -> Result<Box<dyn Subscription>, ExchangeError>;

    /// Reads up to `limit` events after `after` from where they are stored, without waiting for more: to fill a gap, or to look again.
    ///
    /// # Errors
    /// When there is no such log, or it cannot be read.
    async fn fetch(
        &self,
        source: LogId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Arc<Recorded>>, ExchangeError>;

    /// The last position published of a log.
    ///
    /// # Errors
    /// When there is no such log.
    async fn head(&self, source: LogId) -> Result<u64, ExchangeError>;

    /// The last position recorded of a log, as its owner says: what is published may lack its end.
    ///
    /// # Errors
    /// When there is no such log, or its owner cannot be asked.
    async fn recorded(&self, source: LogId) -> Result<u64, ExchangeError> {
        self.head(source).await
    }
}

/// A log being followed.
#[async_trait]
pub trait Subscription: Send {
    /// Waits for the next events and gives up to `limit` of them, in order and without gaps. Dropping the future loses nothing.
    ///
    /// # Errors
    /// When the source ends or cannot be read.
    async fn next(&mut self, limit: usize) -> Result<Vec<Arc<Recorded>>, ExchangeError>;
}
