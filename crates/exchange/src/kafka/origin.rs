//! The owners of logs, asked when a topic lacks something.

use crate::embedded::Embedded;
use crate::port::{Exchange, ExchangeError};
use async_trait::async_trait;
use eventlog::{LogId, Recorded};
use std::sync::Arc;

/// Reads logs where they are recorded: in this process, or from the service that owns them.
#[async_trait]
pub trait Origin: Send + Sync + 'static {
    /// Up to `limit` events after `after`, in order, without waiting for more.
    ///
    /// # Errors
    /// When the owner cannot be reached, or cannot read its log.
    async fn read(
        &self,
        source: LogId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Arc<Recorded>>, ExchangeError>;

    /// The log's last position.
    ///
    /// # Errors
    /// When the owner cannot be reached.
    async fn head(&self, source: LogId) -> Result<u64, ExchangeError>;
}

/// The logs of this process.
#[async_trait]
impl Origin for Embedded {
    async fn read(
        &self,
        source: LogId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Arc<Recorded>>, ExchangeError> {
        self.fetch(source, after, limit).await
    }

    async fn head(&self, source: LogId) -> Result<u64, ExchangeError> {
        Exchange::head(self, source).await
    }
}
