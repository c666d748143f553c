//! What a service is given to work with.

use crate::clock::Clock;
use crate::reactor::Letters;
use crate::region::Region;
use care::Domain;
use dead_letters::DeadLettersState;
use engine::{Ahead, Engine, OpenError};
use eventlog::{LogId, LogStore, Service};
use exchange::{Embedded, Exchange};
use std::path::PathBuf;
use std::sync::Arc;

/// What a service is given to work with.
#[derive(Clone)]
pub struct Kit {
    /// Whom it serves.
    pub region: Arc<Region>,
    /// The instant.
    pub clock: Clock,
    /// Where its logs are kept.
    pub store: Arc<dyn LogStore>,
    /// What was folded of its logs while it stood by.
    pub ahead: Arc<Ahead>,
    /// Its own logs, for others to follow.
    pub exchange: Arc<Embedded>,
    /// How it hears of other services' events where they are other processes; none where their logs are in this one.
    pub others: Option<Arc<dyn Exchange>>,
    /// Where keys are kept, apart from the logs.
    pub keys_folder: PathBuf,
}

/// Why a service does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A log cannot be opened or replayed.
    #[error(transparent)]
    Log(#[from] OpenError),
    /// Something else that it needs is missing or broken.
    #[error("{0}")]
    Other(String),
}

impl Kit {
    /// Opens a log, runs its domain over it, and publishes it.
    ///
    /// # Errors
    /// When the log is damaged or cannot be opened.
    pub async fn engine<D: Domain>(&self, id: LogId) -> Result<Engine<D>, StartError> {
        let log = self.store.open(id).await.map_err(OpenError::Log)?;
        let engine = Engine::open_after(log, &self.ahead).await?;
        self.exchange.publish(engine.log());
        Ok(engine)
    }

    /// Opens the dead-letter log of a service. It is not published: nobody follows it.
    ///
    /// # Errors
    /// When the log is damaged or cannot be opened.
    pub async fn dead_letters(&self, service: Service) -> Result<Letters, StartError> {
        let log = self.store.open(LogId::dead_letters(service)).await.map_err(OpenError::Log)?;
        let letters: Letters = Engine::open_after(log, &self.ahead).await?;
        let parked = letters.read(DeadLettersState::parked);
        if parked > 0 {
            tracing::error!(%service, parked, "ALARM: events are parked that could not be applied: see `brokerage dlq list`");
        }
        Ok(letters)
    }

    /// The exchange as those see it who follow.
    #[must_use]
    pub fn followed(&self) -> Arc<dyn Exchange> {
        self.others.clone().unwrap_or_else(|| Arc::clone(&self.exchange) as Arc<dyn Exchange>)
    }
}
