//! Becoming a log's one appender, and becoming it again after the connection was lost.

use crate::log_id::LogId;
use crate::port::LogError;
use crate::postgres::append::{Appending, Known};
use crate::postgres::errors::damaged;
use crate::postgres::reader::{HEAD, SOURCES, its_log};
use crate::postgres::rows::Fields;
use crate::postgres::session::{Server, Session};
use std::collections::HashMap;
use std::sync::Arc;

/// Raises the epoch, whoever has it: from here on, that one cannot append. It waits for a batch that is being committed.
const TAKE_OVER: &str = "INSERT INTO brokerage.logs (owner, service, epoch, holder) \
     VALUES ($1, $2, 1, gen_random_uuid()) ON CONFLICT (owner, service) DO UPDATE \
     SET epoch = logs.epoch + 1, holder = excluded.holder RETURNING epoch, holder::text";
/// Raises the epoch if it is still ours, so that a batch of ours which is still on its way through a dead connection comes too late.
const COME_BACK: &str = "UPDATE brokerage.logs SET epoch = epoch + 1 \
     WHERE owner = $1 AND service = $2 AND holder = $3::text::uuid RETURNING epoch";
const EPOCH: &str = "SELECT coalesce(max(epoch), 0) FROM brokerage.logs WHERE owner = $1 AND service = $2";
const DENSITY: &str =
    concat!("SELECT count(*), coalesce(max(position), 0) FROM brokerage.events WHERE log = ", its_log!());

/// Who appends, for as long as its epoch stands.
pub(super) struct Appender {
    pub(super) server: Arc<Server>,
    pub(super) log: LogId,
    pub(super) holder: String,
}

impl Appender {
    /// Takes the log over.
    pub(super) async fn take_over(
        server: Arc<Server>,
        log: LogId,
    ) -> Result<(Self, Appending, Known), LogError> {
        let mut session = server.connect(log.owner, &format!("appender {log}")).await?;
        let row = session.query_one(TAKE_OVER, &[&log.owner.to_string(), &log.service.name()]).await?;
        let row = Fields { place: &server.place, row: &row };
        let (epoch, holder) = (row.count(0)?, row.get(1)?);
        let appender = Self { server, log, holder };
        let known = appender.know(&mut session).await?;
        let appending = appender.appending(session, epoch).await?;
        Ok((appender, appending, known))
    }

    /// What an appender must know, checked: positions are dense.
    async fn know(&self, session: &mut Session) -> Result<Known, LogError> {
        let place = &self.server.place;
        let (owner, service) = (self.log.owner.to_string(), self.log.service.name());
        let row = session.query_one(DENSITY, &[&owner, &service]).await?;
        let row = Fields { place, row: &row };
        let (count, head) = (row.count(0)?, row.count(1)?);
        if count != head {
            let detail = format!("{}: {count} events are there, but the last is number {head}", self.log);
            return Err(damaged(place, detail));
        }
        let sources = self.sources(session).await?;
        Ok(Known { head, sources, ..Known::default() })
    }

    async fn sources(&self, session: &mut Session) -> Result<HashMap<LogId, u64>, LogError> {
        let place = &self.server.place;
        let rows = session.query(SOURCES, &[&self.log.owner.to_string(), &self.log.service.name()]).await?;
        let sources = rows.iter().map(|row| {
            let source = Fields { place, row }.source(self.log)?;
            Ok((source.log, source.position))
        });
        sources.collect()
    }

    /// Connects again under a new epoch, if nobody has taken the log over since.
    pub(super) async fn come_back(&self, epoch: u64) -> Result<Appending, LogError> {
        let mut session = self.server.connect(self.log.owner, &format!("appender {}", self.log)).await?;
        let (owner, service) = (self.log.owner.to_string(), self.log.service.name());
        let rows = session.query(COME_BACK, &[&owner, &service, &self.holder]).await?;
        if let Some(row) = rows.first() {
            let epoch = Fields { place: &self.server.place, row }.count(0)?;
            return self.appending(session, epoch).await;
        }
        let row = session.query_one(EPOCH, &[&owner, &service]).await?;
        let current = Fields { place: &self.server.place, row: &row }.count(0)?;
        Err(LogError::Fenced { log: self.log, ours: epoch, current })
    }

    /// Takes whatever epoch the log has for its own, and the log as it stands now.
    #[cfg(feature = "planted-defects")]
    pub(super) async fn unfenced(&self, appending: &mut Appending, known: &Known) -> Result<Known, LogError> {
        let (owner, service) = (self.log.owner.to_string(), self.log.service.name());
        let row = appending.session.query_one(EPOCH, &[&owner, &service]).await?;
        appending.epoch = Fields { place: &self.server.place, row: &row }.count(0)?;
        self.look_again(appending, known).await
    }

    async fn appending(&self, mut session: Session, epoch: u64) -> Result<Appending, LogError> {
        session.look_up_keys_only().await?;
        Ok(Appending { session, log: self.log, place: self.server.place.clone(), epoch })
    }

    /// The last position that is stored, which must not be before one that was acknowledged.
    pub(super) async fn look_again(
        &self,
        appending: &mut Appending,
        known: &Known,
    ) -> Result<Known, LogError> {
        let (owner, service) = (self.log.owner.to_string(), self.log.service.name());
        let row = appending.session.query_one(HEAD, &[&owner, &service]).await?;
        let place = &self.server.place;
        let head = Fields { place, row: &row }.count(0)?;
        if head < known.head {
            let detail = format!(
                "{}: its last event is number {head}, but number {} was acknowledged. Was another server put in its place?",
                self.log, known.head
            );
            return Err(damaged(place, detail));
        }
        let sources = self.sources(&mut appending.session).await?;
        Ok(Known { head, sources, ..Known::default() })
    }
}
