//! A database of logs.

use crate::log_id::{LogId, Owner};
use crate::port::{EventLog, LogError, LogStore};
use crate::postgres::PostgresLog;
use crate::postgres::lease::{self, Lease};
use crate::postgres::migrate::migrate;
use crate::postgres::reader::{Pool, Readers};
use crate::postgres::session::Server;
use async_trait::async_trait;
use std::sync::Arc;

/// A database with a service's logs, one per owner.
pub struct PostgresStore {
    server: Arc<Server>,
    pool: Arc<Pool>,
}

impl PostgresStore {
    /// Connects to a database, such as `postgres://brokerage:password@host:5432/referrals`, and brings its tables to this program's
    /// version. The role must own the database and be bound by row-level security.
    ///
    /// # Errors
    /// Why the database cannot be used, with what to do.
    pub async fn connect(url: &str) -> Result<Self, LogError> {
        let server = Arc::new(Server::new(url)?);
        let mut session = server.connect(Owner::Region, "migration").await?;
        migrate(&mut session, &server.place).await?;
        Ok(Self { pool: Arc::new(Pool::new(Arc::clone(&server))), server })
    }

    /// Waits until this instance is the one that works. `name` stands for what the instances share: a service takes its region's log,
    /// whichever logs it has. The instance that had the lease may be paused and not dead; opening a log fences it.
    pub async fn wait_for_lease(&self, name: LogId) -> Lease {
        lease::wait(Arc::clone(&self.server), name).await
    }

    fn readers(&self, id: LogId) -> Readers {
        Readers::new(Arc::clone(&self.pool), id)
    }
}

#[async_trait]
impl LogStore for PostgresStore {
    async fn open(&self, id: LogId) -> Result<Arc<dyn EventLog>, LogError> {
        let log = PostgresLog::open(Arc::clone(&self.server), id, self.readers(id)).await?;
        Ok(Arc::new(log))
    }

    async fn open_reader(&self, id: LogId) -> Result<Arc<dyn EventLog>, LogError> {
        Ok(Arc::new(PostgresLog::follow(id, self.readers(id)).await?))
    }
}
