//! What a service needs to follow its own logs while another instance of it works on them.

use crate::kit::StartError;
use crate::region::Region;
use care::Domain;
use dead_letters::DeadLetters;
use engine::{Ahead, OpenError};
use eventlog::{LogId, LogStore, Service};
use std::sync::Arc;

/// Logs that another instance appends to, and what has been folded of them.
pub struct Standby {
    /// Whom the service serves.
    pub region: Arc<Region>,
    /// Where its logs are kept.
    pub store: Arc<dyn LogStore>,
    /// What has been folded of them, for [`Kit::engine`](crate::Kit::engine) to begin with.
    pub ahead: Arc<Ahead>,
}

impl Standby {
    /// Folds what is new in a log.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn follow<D: Domain>(&self, id: LogId) -> Result<(), StartError> {
        let log = self.store.open_reader(id).await.map_err(OpenError::Log)?;
        self.ahead.follow::<D>(&*log).await?;
        Ok(())
    }

    /// Folds what is new in the dead-letter log of a service.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn follow_dead_letters(&self, service: Service) -> Result<(), StartError> {
        self.follow::<DeadLetters>(LogId::dead_letters(service)).await
    }
}
