//! The exchange of services in one process: they follow each other's logs directly.

use crate::port::{Exchange, ExchangeError, Subscription};
use crate::trace;
use async_trait::async_trait;
use eventlog::{EventLog, LogId, Recorded};
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::watch;

/// Logs of this process by name.
#[derive(Default)]
pub struct Embedded {
    logs: RwLock<HashMap<LogId, Arc<dyn EventLog>>>,
}

impl Embedded {
    /// Makes a log known to its followers.
    pub fn publish(&self, log: Arc<dyn EventLog>) {
        self.logs.write().unwrap_or_else(PoisonError::into_inner).insert(log.id(), log);
    }

    /// The logs, in order of their names.
    #[must_use]
    pub fn logs(&self) -> Vec<Arc<dyn EventLog>> {
        let mut logs: Vec<_> =
            self.logs.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect();
        logs.sort_by_key(|log| log.id());
        logs
    }

    /// Checks that every log still has what the others have consumed of it. A log that nobody publishes here is not looked for.
    ///
    /// # Errors
    /// [`ExchangeError::SourceBehind`] for the first that has not, or why a log cannot be read.
    pub async fn check_consumed(&self) -> Result<(), ExchangeError> {
        for log in self.logs() {
            for source in log.sources().await? {
                let Ok(head) = self.head(source.log).await else { continue };
                if head < source.position {
                    let consumed = source.position;
                    return Err(ExchangeError::SourceBehind { log: source.log, head, consumed });
                }
            }
        }
        Ok(())
    }

    fn log(&self, id: LogId) -> Result<Arc<dyn EventLog>, ExchangeError> {
        let logs = self.logs.read().unwrap_or_else(PoisonError::into_inner);
        logs.get(&id).cloned().ok_or(ExchangeError::Unknown(id))
    }
}

#[async_trait]
impl Exchange for Embedded {
    async fn subscribe(&self, source: LogId, after: u64) -> Result<Box<dyn Subscription>, ExchangeError> {
        let log = self.log(source)?;
        let heads = log.head();
        let head = *heads.borrow();
        if head < after {
            return Err(ExchangeError::SourceBehind { log: source, head, consumed: after });
        }
        Ok(Box::new(Following { log, heads, position: after }))
    }

    async fn fetch(
        &self,
        source: LogId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Arc<Recorded>>, ExchangeError> {
        Ok(self.log(source)?.read_stored(after, limit).await?)
    }

    async fn head(&self, source: LogId) -> Result<u64, ExchangeError> {
        Ok(*self.log(source)?.head().borrow())
    }
}

struct Following {
    log: Arc<dyn EventLog>,
    heads: watch::Receiver<u64>,
    position: u64,
}

#[async_trait]
impl Subscription for Following {
    async fn next(&mut self, limit: usize) -> Result<Vec<Arc<Recorded>>, ExchangeError> {
        let position = self.position;
        self.heads
            .wait_for(|head| *head > position)
            .await
            .map_err(|_| ExchangeError::Closed(self.log.id()))?;
        let events = self.log.read(position, limit).await?;
        if let Some(last) = events.last() {
            self.position = last.position;
        }
        trace::followed(&events);
        Ok(events)
    }
}
