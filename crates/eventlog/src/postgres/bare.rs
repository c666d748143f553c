//! The least that a durable command costs on a server: the benchmark's peer of a log, and used by nothing else.
//!
//! It commits as the writer of a log does (one session, take one, then whatever else is waiting, one statement over arrays) but does
//! nothing besides: one small row for the event and one for the idempotency key, with no checks, digests, stream versions or
//! row-level security.

use crate::adapter::{BATCH_ENTRIES_MAX, QUEUE_ENTRIES_MAX};
use crate::log_id::Owner;
use crate::port::LogError;
use crate::postgres::errors::unavailable;
use crate::postgres::rows::signed;
use crate::postgres::session::{Server, Session};
use tokio::sync::{mpsc, oneshot};

const TABLES: &str = "CREATE SCHEMA bare; \
     CREATE TABLE bare.events (position bigint PRIMARY KEY, payload bytea NOT NULL); \
     CREATE TABLE bare.requests (key text COLLATE \"C\" PRIMARY KEY, reply bytea NOT NULL);";
const APPEND: &str = "WITH events AS ( \
         INSERT INTO bare.events SELECT * FROM unnest($1::bigint[], $2::bytea[]) \
     ) INSERT INTO bare.requests SELECT * FROM unnest($3::text[], $4::bytea[])";

struct Append {
    key: String,
    payload: Vec<u8>,
    reply: Vec<u8>,
    answer: oneshot::Sender<Result<(), LogError>>,
}

/// Two tables and their writer. Cheap to clone; the writer ends with the last clone.
#[derive(Clone)]
pub struct BareLog {
    appends: mpsc::Sender<Append>,
}

impl BareLog {
    /// Makes the tables, in a schema `bare` that must not be there.
    ///
    /// # Errors
    /// When the database cannot be reached or the tables not be made.
    pub async fn create(url: &str) -> Result<Self, LogError> {
        let mut session = Server::new(url)?.connect(Owner::Region, "bare log").await?;
        session.run(TABLES).await?;
        let (appends, queue) = mpsc::channel(QUEUE_ENTRIES_MAX);
        tokio::spawn(run(session, queue));
        Ok(Self { appends })
    }

    /// Appends an event and the answer kept under the command's key, and waits until both are durable.
    ///
    /// # Errors
    /// When they cannot be written; a key that is there already is an error.
    pub async fn append(&self, key: String, payload: Vec<u8>, reply: Vec<u8>) -> Result<(), LogError> {
        let ended = || unavailable("the bare log", "its writer has ended");
        let (answer, answered) = oneshot::channel();
        self.appends.send(Append { key, payload, reply, answer }).await.map_err(|_| ended())?;
        answered.await.unwrap_or_else(|_| Err(ended()))
    }
}

async fn run(mut session: Session, mut queue: mpsc::Receiver<Append>) {
    let mut head = 0;
    while let Some(first) = queue.recv().await {
        tokio::task::yield_now().await;
        let mut batch = vec![first];
        while batch.len() < BATCH_ENTRIES_MAX
            && let Ok(next) = queue.try_recv()
        {
            batch.push(next);
        }
        let committed = commit(&mut session, head, &batch).await;
        if committed.is_ok() {
            head += batch.len() as u64;
        }
        for append in batch {
            // A caller that went away no longer measures.
            let _ = append.answer.send(committed.clone());
        }
    }
}

async fn commit(session: &mut Session, head: u64, batch: &[Append]) -> Result<(), LogError> {
    let positions: Vec<i64> = (head + 1..).take(batch.len()).map(signed).collect();
    let payloads: Vec<&[u8]> = batch.iter().map(|append| append.payload.as_slice()).collect();
    let keys: Vec<&str> = batch.iter().map(|append| append.key.as_str()).collect();
    let replies: Vec<&[u8]> = batch.iter().map(|append| append.reply.as_slice()).collect();
    session.query(APPEND, &[&positions, &payloads, &keys, &replies]).await.map(drop)
}
