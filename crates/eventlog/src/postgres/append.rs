//! A batch as one statement: decided in memory, checked and inserted by the server in one round trip and one commit.

use crate::adapter::{Outcome, Rows, VERSIONS_MAX, reply_checksum, source_checksum, stage_all};
use crate::event::Recorded;
use crate::log_id::LogId;
use crate::port::{Entry, Expected, LogError, SourcePosition, StoredReply};
use crate::postgres::reader::its_log;
use crate::postgres::rows::{Fields, signed};
use crate::postgres::session::Session;
use care::StreamId;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use tokio_postgres::types::ToSql;

const APPEND: &str = "SELECT found_epoch, appended FROM brokerage.append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, \
     $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27)";
const VERSIONS: &str = concat!(
    "SELECT asked.stream, coalesce((SELECT max(e.stream_version) FROM brokerage.events e \
     WHERE e.stream = asked.stream AND e.log = ",
    its_log!(),
    "), 0) FROM unnest($3::text[]) AS asked (stream)"
);
const REPLIES: &str = concat!(
    "SELECT key, request_hash, reply, head, checksum FROM brokerage.requests WHERE key = ANY ($3) AND log = ",
    its_log!()
);

/// What an appender knows of its log without asking.
#[derive(Default)]
pub(super) struct Known {
    pub(super) head: u64,
    /// Versions of the streams touched lately.
    pub(super) versions: HashMap<StreamId, u64>,
    /// How far other logs have been consumed: all of them.
    pub(super) sources: HashMap<LogId, u64>,
}

impl Known {
    /// Takes over what a batch added, once it is durable.
    pub(super) fn adopt(&mut self, head: u64, staged: StagedRows) {
        if self.versions.len() > VERSIONS_MAX {
            self.versions.clear();
        }
        self.head = head;
        self.versions.extend(staged.believed);
        self.versions.extend(staged.versions);
        self.sources.extend(staged.sources);
    }
}

/// A batch that is decided but not yet stored.
pub(super) struct Staged {
    /// The head after it.
    pub(super) head: u64,
    pub(super) outcomes: Vec<Outcome>,
    pub(super) rows: StagedRows,
}

/// The rows that a batch adds, and what was believed of the others.
#[derive(Default)]
pub(super) struct StagedRows {
    /// Streams that were not known, with the versions that the entries expect.
    believed: HashMap<StreamId, u64>,
    /// Keys that are taken to be new.
    new_keys: Vec<String>,
    /// Answers that were found under keys of the batch, and those that it adds.
    replies: HashMap<String, StoredReply>,
    /// Versions of the streams that it touches.
    versions: HashMap<StreamId, u64>,
    sources: BTreeMap<LogId, u64>,
    known_sources: HashMap<LogId, u64>,
    events: Vec<Arc<Recorded>>,
    added_keys: Vec<String>,
}

/// What the server did with a batch.
pub(super) enum Verdict {
    /// It is durable.
    Appended,
    /// Nothing: the log is not as was believed.
    Mistaken,
    /// Nothing: the log has another epoch.
    Fenced(u64),
}

/// Decides the entries of a batch. What is not known is taken to be as the entries expect.
pub(super) fn stage(
    log: LogId,
    known: &Known,
    found: &HashMap<String, StoredReply>,
    entries: Vec<Entry>,
) -> Result<Staged, LogError> {
    let mut rows =
        StagedRows { replies: found.clone(), known_sources: known.sources.clone(), ..StagedRows::default() };
    for entry in &entries {
        rows.believe(known, entry);
    }
    let mut head = known.head;
    let outcomes = stage_all(&mut rows, log, &mut head, entries)?;
    Ok(Staged { head, outcomes, rows })
}

impl StagedRows {
    fn believe(&mut self, known: &Known, entry: &Entry) {
        let expected = entry.expected.iter().map(|(stream, expected)| match expected {
            Expected::Version(version) => (stream, *version),
            Expected::Any => (stream, 0),
        });
        let touched = entry.events.iter().map(|event| (&event.stream, 0));
        for (stream, version) in expected.chain(touched) {
            if let Some(version) = known.versions.get(stream) {
                self.versions.entry(stream.clone()).or_insert(*version);
            } else if !self.believed.contains_key(stream) {
                self.believed.insert(stream.clone(), version);
            }
        }
        if let Some(idempotency) = &entry.idempotency
            && !self.replies.contains_key(&idempotency.key)
        {
            self.new_keys.push(idempotency.key.clone());
        }
    }
}

impl StagedRows {
    /// What of the streams' versions the server must check. A first event proves by its insert that its stream was not there.
    fn unproven_streams(&self) -> (Vec<&str>, Vec<i64>) {
        let unproven = self.believed.iter().filter(|(stream, version)| {
            let added = self.versions.contains_key(*stream);
            **version > 0 || !added
        });
        unproven.map(|(stream, version)| (stream.as_str(), signed(*version))).unzip()
    }

    /// Which keys the server must check: those of entries that were refused for something else. The others prove it by their insert.
    fn unproven_keys(&self) -> Vec<&str> {
        self.new_keys.iter().filter(|key| !self.replies.contains_key(*key)).map(String::as_str).collect()
    }
}

impl Rows for StagedRows {
    fn version(&mut self, stream: &StreamId) -> Result<u64, LogError> {
        Ok(self.versions.get(stream).or_else(|| self.believed.get(stream)).copied().unwrap_or(0))
    }

    fn reply(&mut self, key: &str) -> Result<Option<StoredReply>, LogError> {
        Ok(self.replies.get(key).cloned())
    }

    fn source(&mut self, log: LogId) -> Result<u64, LogError> {
        Ok(self.sources.get(&log).or_else(|| self.known_sources.get(&log)).copied().unwrap_or(0))
    }

    fn add_event(&mut self, event: &Arc<Recorded>) -> Result<(), LogError> {
        self.versions.insert(event.stream.clone(), event.stream_version);
        self.events.push(Arc::clone(event));
        Ok(())
    }

    fn add_reply(&mut self, key: String, reply: StoredReply) -> Result<(), LogError> {
        self.added_keys.push(key.clone());
        self.replies.insert(key, reply);
        Ok(())
    }

    fn add_source(&mut self, source: SourcePosition) -> Result<(), LogError> {
        self.sources.insert(source.log, source.position);
        Ok(())
    }
}

/// The columns of the events to add: what [`APPEND`] unnests.
#[derive(Default)]
struct EventColumns<'a> {
    positions: Vec<i64>,
    streams: Vec<&'a str>,
    stream_versions: Vec<i64>,
    types: Vec<&'a str>,
    versions: Vec<i32>,
    payloads: Vec<&'a [u8]>,
    effectives: Vec<Option<String>>,
    councils: Vec<Option<String>>,
    actors: Vec<&'a str>,
    causations: Vec<Option<&'a str>>,
    correlations: Vec<Option<&'a str>>,
    recorded_at_us: Vec<i64>,
    leaf_hashes: Vec<Vec<u8>>,
}

impl<'a> EventColumns<'a> {
    fn of(events: &'a [Arc<Recorded>]) -> Self {
        let mut columns = Self::default();
        for event in events {
            columns.positions.push(signed(event.position));
            columns.streams.push(event.stream.as_str());
            columns.stream_versions.push(signed(event.stream_version));
            columns.types.push(&event.event_type);
            columns.versions.push(i32::from(event.version));
            columns.payloads.push(&event.payload);
            columns.effectives.push(event.effective.map(|date| date.to_string()));
            columns.councils.push(event.council.map(|council| council.to_string()));
            columns.actors.push(&event.meta.actor);
            columns.causations.push(event.meta.causation.as_deref());
            columns.correlations.push(event.meta.correlation.as_deref());
            columns.recorded_at_us.push(event.meta.recorded_at.as_microsecond());
            columns.leaf_hashes.push(event.leaf_hash().as_bytes().to_vec());
        }
        columns
    }
}

/// The columns of the keys to add.
#[derive(Default)]
struct KeyColumns<'a> {
    keys: Vec<&'a str>,
    request_hashes: Vec<&'a [u8]>,
    replies: Vec<&'a [u8]>,
    heads: Vec<i64>,
    checksums: Vec<i64>,
}

impl<'a> KeyColumns<'a> {
    fn of(rows: &'a StagedRows) -> Self {
        let mut columns = Self::default();
        let added = rows.added_keys.iter().filter_map(|key| rows.replies.get_key_value(key));
        for (key, reply) in added {
            columns.keys.push(key);
            columns.request_hashes.push(&reply.request_hash);
            columns.replies.push(&reply.reply);
            columns.heads.push(signed(reply.head));
            columns.checksums.push(reply_checksum(key, reply));
        }
        columns
    }
}

/// The session that appends to one log.
pub(super) struct Appending {
    pub(super) session: Session,
    pub(super) log: LogId,
    pub(super) place: String,
    pub(super) epoch: u64,
}

impl Appending {
    /// Hands a batch to the server. When this says [`Verdict::Appended`], it is durable.
    pub(super) async fn append(&mut self, rows: &StagedRows) -> Result<Verdict, LogError> {
        let (owner, service) = (self.log.owner.to_string(), self.log.service.name());
        let ((streams, versions), unproven_keys) = (rows.unproven_streams(), rows.unproven_keys());
        let (events, keys) = (EventColumns::of(&rows.events), KeyColumns::of(rows));
        let sources: Vec<(String, u64)> =
            rows.sources.iter().map(|(log, position)| (log.to_string(), *position)).collect();
        let source_logs: Vec<&str> = sources.iter().map(|(log, _)| log.as_str()).collect();
        let source_positions: Vec<i64> = sources.iter().map(|(_, position)| signed(*position)).collect();
        let source_checksums: Vec<i64> =
            sources.iter().map(|(log, position)| source_checksum(log, *position)).collect();
        let parameters: [&(dyn ToSql + Sync); 27] = [
            &owner,
            &service,
            &signed(self.epoch),
            &streams,
            &versions,
            &unproven_keys,
            &events.positions,
            &events.streams,
            &events.stream_versions,
            &events.types,
            &events.versions,
            &events.payloads,
            &events.effectives,
            &events.councils,
            &events.actors,
            &events.causations,
            &events.correlations,
            &events.recorded_at_us,
            &events.leaf_hashes,
            &keys.keys,
            &keys.request_hashes,
            &keys.replies,
            &keys.heads,
            &keys.checksums,
            &source_logs,
            &source_positions,
            &source_checksums,
        ];
        let row = match self.session.query_one(APPEND, &parameters).await {
            Err(_) if self.session.found_taken() => return Ok(Verdict::Mistaken),
            answered => answered?,
        };
        let row = Fields { place: &self.place, row: &row };
        let found = u64::try_from(row.get::<Option<i64>>(0)?.unwrap_or(0)).unwrap_or(0);
        Ok(match (found == self.epoch, row.get(1)?) {
            (false, _) => Verdict::Fenced(found),
            (true, false) => Verdict::Mistaken,
            (true, true) => Verdict::Appended,
        })
    }

    /// Looks up what a batch believed: the versions go into `known`, the answers are given back.
    pub(super) async fn look_up(
        &mut self,
        rows: &StagedRows,
        known: &mut Known,
    ) -> Result<HashMap<String, StoredReply>, LogError> {
        let (owner, service) = (self.log.owner.to_string(), self.log.service.name());
        let streams: Vec<&str> = rows.believed.keys().map(StreamId::as_str).collect();
        let versions = self.session.query(VERSIONS, &[&owner, &service, &streams]).await?;
        for row in &versions {
            let row = Fields { place: &self.place, row };
            known.versions.insert(StreamId::from_stored(row.get(0)?), row.count(1)?);
        }
        let replies = self.session.query(REPLIES, &[&owner, &service, &rows.new_keys]).await?;
        let replies = replies.iter().map(|row| {
            let row = Fields { place: &self.place, row };
            let key: String = row.get(0)?;
            let reply = row.reply(self.log, 1, &key)?;
            Ok((key, reply))
        });
        replies.collect()
    }
}
