//! Reading: a few sessions that all logs of a store share.

use crate::adapter::{event_columns, snapshot_checksum};
use crate::event::Recorded;
use crate::log_id::{LogId, Owner};
use crate::port::{LogError, Snapshot, SourcePosition, StoredReply};
use crate::postgres::errors::unavailable;
use crate::postgres::rows::{Fields, signed};
use crate::postgres::session::{Server, Session};
use care::StreamId;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

/// How many sessions read at the same time, for all logs of a store together.
const READERS_MAX: usize = 8;
/// How long a reader waits for one of them.
const WAIT_SECONDS_MAX: u64 = 30;

/// The log whose owner and service are the first two parameters.
macro_rules! its_log {
    () => {
        "(SELECT number FROM brokerage.logs WHERE owner = $1 AND service = $2)"
    };
}
pub(super) use its_log;

macro_rules! select_events {
    ($condition:literal) => {
        concat!(
            "SELECT ",
            event_columns!(),
            " FROM brokerage.events WHERE log = ",
            its_log!(),
            " AND ",
            $condition
        )
    };
}

const READ: &str = select_events!("position > $3 ORDER BY position LIMIT $4");
const READ_STREAM: &str =
    select_events!("stream = $5 AND stream_version > $3 ORDER BY stream_version LIMIT $4");
pub(super) const HEAD: &str =
    concat!("SELECT coalesce(max(position), 0) FROM brokerage.events WHERE log = ", its_log!());
const REPLY: &str = concat!(
    "SELECT request_hash, reply, head, checksum FROM brokerage.requests WHERE key = $3 AND log = ",
    its_log!()
);
const KEYS: &str = concat!("SELECT key FROM brokerage.requests WHERE log = ", its_log!());
pub(super) const SOURCES: &str =
    concat!("SELECT source, position, checksum FROM brokerage.sources WHERE log = ", its_log!());
const SNAPSHOT: &str = concat!(
    "SELECT schema, position, body, checksum FROM brokerage.snapshots WHERE name = $3 AND log = ",
    its_log!()
);
const HOLDS: &str = "SELECT holder::text = $3 FROM brokerage.logs WHERE owner = $1 AND service = $2";
const SAVE_SNAPSHOT: &str = concat!(
    "INSERT INTO brokerage.snapshots (log, name, schema, position, body, checksum) VALUES (",
    its_log!(),
    ", $3, $4, $5, $6, $7) ON CONFLICT (log, name) DO UPDATE \
     SET schema = excluded.schema, position = excluded.position, body = excluded.body, checksum = excluded.checksum"
);

/// The sessions that read.
pub(super) struct Pool {
    server: Arc<Server>,
    idle: Mutex<Vec<Session>>,
    permits: Semaphore,
}

/// A session on loan. It goes back only after an answer: one that was given up in between is closed.
struct Loan<'a> {
    session: Session,
    _permit: SemaphorePermit<'a>,
}

impl Pool {
    pub(super) fn new(server: Arc<Server>) -> Self {
        Self { server, idle: Mutex::default(), permits: Semaphore::new(READERS_MAX) }
    }

    /// A session that sees the rows of `owner`.
    async fn lend(&self, owner: Owner) -> Result<Loan<'_>, LogError> {
        let waited =
            tokio::time::timeout(Duration::from_secs(WAIT_SECONDS_MAX), self.permits.acquire()).await;
        let Ok(Ok(_permit)) = waited else {
            return Err(unavailable(
                &self.server.place,
                "all sessions for reading are busy; asking again is safe",
            ));
        };
        let session = match self.idle_one(owner) {
            Some(mut session) => {
                if session.owner() != owner {
                    session.set_owner(owner).await?;
                }
                session
            }
            None => self.server.connect(owner, "reader").await?,
        };
        Ok(Loan { session, _permit })
    }

    /// One that already is the owner's, or else any.
    fn idle_one(&self, owner: Owner) -> Option<Session> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|session| !session.is_lost());
        let at = idle.iter().position(|session| session.owner() == owner);
        at.map(|at| idle.swap_remove(at)).or_else(|| idle.pop())
    }

    fn give_back(&self, loan: Loan<'_>) {
        if !loan.session.is_lost() {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(loan.session);
        }
    }

    async fn each(
        &self,
        owner: Owner,
        statement: &'static str,
        parameters: &[&(dyn ToSql + Sync)],
        take: impl FnMut(Row),
    ) -> Result<(), LogError> {
        let mut loan = self.lend(owner).await?;
        let answered = loan.session.each(statement, parameters, take).await;
        self.give_back(loan);
        answered
    }
}

/// The readers of one log.
#[derive(Clone)]
pub(super) struct Readers {
    pool: Arc<Pool>,
    log: LogId,
    owner: String,
}

impl Readers {
    pub(super) fn new(pool: Arc<Pool>, log: LogId) -> Self {
        Self { pool, log, owner: log.owner.to_string() }
    }

    fn place(&self) -> &str {
        &self.pool.server.place
    }

    /// The rows of a statement whose first two parameters are the log's owner and service.
    async fn rows(
        &self,
        statement: &'static str,
        others: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, LogError> {
        let service = self.log.service.name();
        let mut parameters: Vec<&(dyn ToSql + Sync)> = vec![&self.owner, &service];
        parameters.extend(others);
        let mut rows = Vec::new();
        self.pool.each(self.log.owner, statement, &parameters, |row| rows.push(row)).await?;
        Ok(rows)
    }

    fn fields<'a>(&'a self, row: &'a Row) -> Fields<'a> {
        Fields { place: self.place(), row }
    }

    fn events(&self, rows: &[Row]) -> Result<Vec<Arc<Recorded>>, LogError> {
        rows.iter().map(|row| self.fields(row).event(self.log).map(Arc::new)).collect()
    }

    pub(super) async fn read(&self, after: u64, limit: usize) -> Result<Vec<Arc<Recorded>>, LogError> {
        let limit = signed(limit as u64);
        self.events(&self.rows(READ, &[&signed(after), &limit]).await?)
    }

    pub(super) async fn read_stream(
        &self,
        stream: &StreamId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Arc<Recorded>>, LogError> {
        let limit = signed(limit as u64);
        self.events(&self.rows(READ_STREAM, &[&signed(after), &limit, &stream.as_str()]).await?)
    }

    /// The last position that is stored.
    pub(super) async fn head(&self) -> Result<u64, LogError> {
        let rows = self.rows(HEAD, &[]).await?;
        rows.first().map_or(Ok(0), |row| self.fields(row).count(0))
    }

    /// Whether this holder is still the one whose epoch the log has.
    pub(super) async fn is_held_by(&self, holder: &str) -> Result<bool, LogError> {
        let rows = self.rows(HOLDS, &[&holder]).await?;
        rows.first().map_or(Ok(false), |row| self.fields(row).get(0))
    }

    pub(super) async fn reply(&self, key: &str) -> Result<Option<StoredReply>, LogError> {
        let rows = self.rows(REPLY, &[&key]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        self.fields(row).reply(self.log, 0, key).map(Some)
    }

    /// All keys, and only they: a log of years has a million, and a service that starts wants to know which there are. The answer
    /// kept under one is checked when it is asked for.
    pub(super) async fn keys(&self) -> Result<Vec<String>, LogError> {
        let service = self.log.service.name();
        let mut keys = Vec::new();
        let mut failed = None;
        let take = |row: Row| match self.fields(&row).get(0) {
            Ok(key) => keys.push(key),
            Err(error) => failed = Some(error),
        };
        self.pool.each(self.log.owner, KEYS, &[&self.owner, &service], take).await?;
        failed.map_or(Ok(keys), Err)
    }

    pub(super) async fn sources(&self) -> Result<Vec<SourcePosition>, LogError> {
        let rows = self.rows(SOURCES, &[]).await?;
        rows.iter().map(|row| self.fields(row).source(self.log)).collect()
    }

    pub(super) async fn save_snapshot(&self, name: &str, snapshot: &Snapshot) -> Result<(), LogError> {
        let Snapshot { schema, position, body } = snapshot;
        let checksum = snapshot_checksum(name, snapshot);
        self.rows(SAVE_SNAPSHOT, &[&name, schema, &signed(*position), body, &checksum]).await.map(drop)
    }

    pub(super) async fn snapshot(&self, name: &str) -> Result<Option<Snapshot>, LogError> {
        let rows = self.rows(SNAPSHOT, &[&name]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let row = self.fields(row);
        let snapshot = Snapshot { schema: row.get(0)?, position: row.count(1)?, body: row.get(2)? };
        // A damaged snapshot is as good as none: the log is replayed instead.
        Ok((snapshot_checksum(name, &snapshot) == row.get::<i64>(3)?).then_some(snapshot))
    }
}
