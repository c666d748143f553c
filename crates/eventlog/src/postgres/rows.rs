//! Rows of the server and what they mean.

use crate::adapter::{EventRow, reply_checksum, reply_damage, source_from_row};
use crate::event::Recorded;
use crate::log_id::LogId;
use crate::port::{LogError, SourcePosition, StoredReply};
use crate::postgres::errors::damaged;
use tokio_postgres::Row;
use tokio_postgres::types::FromSql;

/// A row of a table at `place`.
pub(super) struct Fields<'a> {
    pub(super) place: &'a str,
    pub(super) row: &'a Row,
}

impl<'a> Fields<'a> {
    pub(super) fn get<T: FromSql<'a>>(&self, column: usize) -> Result<T, LogError> {
        // A value that is not of its column's type was not written by us.
        self.row.try_get(column).map_err(|error| damaged(self.place, error))
    }

    /// A count, which PostgreSQL keeps with a sign.
    pub(super) fn count(&self, column: usize) -> Result<u64, LogError> {
        u64::try_from(self.get::<i64>(column)?).map_err(|error| damaged(self.place, error))
    }

    /// An event whose columns are [`EVENT_COLUMNS`](crate::adapter::EVENT_COLUMNS); its digest is checked.
    pub(super) fn event(&self, log: LogId) -> Result<Recorded, LogError> {
        let row = EventRow {
            position: self.count(0)?,
            stream: self.get(1)?,
            stream_version: self.count(2)?,
            event_type: self.get(3)?,
            version: u16::try_from(self.get::<i32>(4)?).map_err(|error| damaged(self.place, error))?,
            payload: self.get(5)?,
            effective: self.get(6)?,
            council: self.get(7)?,
            actor: self.get(8)?,
            causation: self.get(9)?,
            correlation: self.get(10)?,
            recorded_at_us: self.get(11)?,
            leaf_hash: self.get(12)?,
        };
        row.check(log).map_err(|detail| damaged(self.place, format!("{log}: {detail}")))
    }

    /// The answer kept under `key`, whose columns begin at `first`; its checksum is checked.
    pub(super) fn reply(&self, log: LogId, first: usize, key: &str) -> Result<StoredReply, LogError> {
        let damage = || damaged(self.place, format!("{log}: {}", reply_damage(key)));
        let request_hash: Vec<u8> = self.get(first)?;
        let request_hash = request_hash.try_into().map_err(|_| damage())?;
        let reply = StoredReply { request_hash, reply: self.get(first + 1)?, head: self.count(first + 2)? };
        if reply_checksum(key, &reply) == self.get::<i64>(first + 3)? { Ok(reply) } else { Err(damage()) }
    }

    /// How far another log has been consumed; its checksum is checked.
    pub(super) fn source(&self, log: LogId) -> Result<SourcePosition, LogError> {
        let source: String = self.get(0)?;
        let source = source_from_row(&source, self.count(1)?, self.get(2)?);
        source.map_err(|detail| damaged(self.place, format!("{log}: {detail}")))
    }
}

/// A count as PostgreSQL keeps it. None of ours comes near the end of it.
pub(super) fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
