//! A database of a test's own, and entries to append.

use care::{StreamId, Timestamp};
use eventlog::conformance::{Behind, Subject};
use eventlog::postgres::PostgresStore;
use eventlog::{
    AppendError, Appended, Entry, EventLog, Idempotency, LogError, LogId, Meta, NewEvent, Owner, Service,
    SourcePosition,
};
use local_parts::postgres::{Database, Postgres};
use std::sync::Arc;
use tokio_postgres::{Client, NoTls};

pub(crate) const LOG: LogId = LogId::region(Service::Vacancies);
pub(crate) const OTHER: LogId = LogId::region(Service::Contracts);

pub(crate) struct World {
    pub(crate) database: Database,
    pub(crate) store: Arc<PostgresStore>,
}

impl World {
    /// On the server that all tests share.
    pub(crate) async fn new() -> Self {
        Self::on(Postgres::ensure().unwrap().database().unwrap()).await
    }

    pub(crate) async fn on(database: Database) -> Self {
        let store = Arc::new(PostgresStore::connect(database.url()).await.unwrap());
        Self { database, store }
    }

    pub(crate) fn subject(self) -> Subject {
        let (store, url) = (Arc::clone(&self.store), self.database.url().to_owned());
        let add_behind: Behind = Box::new(move |log| {
            let url = url.clone();
            Box::pin(async move { add_behind(&url, log).await })
        });
        Subject { store, add_behind, keep: Box::new(self.database) }
    }
}

async fn add_behind(url: &str, log: LogId) {
    let columns = "stream, stream_version + 1, type, version, payload, effective, council, actor, causation, correlation, \
                   recorded_at_us, leaf_hash";
    let copy =
        format!("INSERT INTO brokerage.events SELECT log, position + 1, {columns} FROM brokerage.events");
    session(url, Some(log.owner)).await.batch_execute(&copy).await.unwrap();
}

/// A session of the test's own that sees an owner's rows, or nobody's.
pub(crate) async fn session(url: &str, owner: Option<Owner>) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    if let Some(owner) = owner {
        client.query("SELECT set_config('brokerage.owner', $1, false)", &[&owner.to_string()]).await.unwrap();
    }
    client
}

/// One event in the stream `n`.
pub(crate) fn entry(n: u64) -> Entry {
    let event = NewEvent {
        stream: StreamId::new("place", n),
        event_type: "PlaceOpened",
        version: 1,
        payload: b"{\"note\":\"the canary in the payload\"}".to_vec(),
        effective: None,
        council: None,
    };
    let meta =
        Meta { actor: "test".into(), causation: None, correlation: None, recorded_at: Timestamp::UNIX_EPOCH };
    Entry {
        expected_head: None,
        expected: vec![],
        events: vec![event],
        meta,
        idempotency: None,
        source: None,
    }
}

/// With a key, and a source.
pub(crate) fn keyed(n: u64, key: &str) -> Entry {
    let idempotency = Idempotency { key: key.to_owned(), request_hash: [7; 32], reply: vec![1, 2, 3] };
    let source = SourcePosition { log: OTHER, position: n };
    Entry { idempotency: Some(idempotency), source: Some(source), ..entry(n) }
}

/// Appends, and gives the head after it.
pub(crate) async fn append(log: &dyn EventLog, entry: Entry) -> Result<u64, AppendError> {
    match log.append(entry).await? {
        Appended::Committed(committed) => Ok(committed.head),
        other => panic!("{other:?}"),
    }
}

/// Appends as soon as the log takes entries again.
pub(crate) async fn append_when_back(log: &dyn EventLog, n: u64) -> u64 {
    for _ in 0..300 {
        match append(log, entry(n)).await {
            Ok(head) => return head,
            Err(AppendError::Log(LogError::Unavailable { .. })) => {}
            Err(other) => panic!("{other}"),
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("the log did not come back within 30 seconds");
}

/// Everything stored, which must be dense.
pub(crate) async fn stored(log: &dyn EventLog) -> u64 {
    let mut seen = 0;
    loop {
        let events = log.read_stored(seen, 1_000).await.unwrap();
        assert!(events.iter().zip(seen + 1..).all(|(event, position)| event.position == position));
        match events.last() {
            Some(last) => seen = last.position,
            None => return seen,
        }
    }
}
