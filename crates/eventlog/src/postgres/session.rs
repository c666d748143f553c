//! Connections, and what is set on each: whose rows it sees, how long it waits, and that a commit is durable.

use crate::log_id::Owner;
use crate::port::LogError;
use crate::postgres::errors::{damaged, describe, is_lost, is_taken, unavailable};
use futures::TryStreamExt;
use std::collections::HashMap;
use std::pin::pin;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_postgres::config::Host;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Config, Error, NoTls, Row, Statement};

/// How long a connection may take to be made.
const CONNECT_SECONDS_MAX: u64 = 3;
/// How long the server's kernel may leave what was sent unanswered.
const TCP_SECONDS_MAX: u64 = 10;
/// How long an answer is waited for. The server gives a statement up before: a longer silence is a dead connection.
const ANSWER_SECONDS_MAX: u64 = 35;
/// What every session is set to. A statement that hangs must not hold a lock, nor an idle transaction the clean-up of dead rows.
const SETTINGS: &str = "SET statement_timeout = '30s'; SET lock_timeout = '5s'; \
     SET idle_in_transaction_session_timeout = '10s'; SET client_min_messages = 'warning';";
/// For a session that only looks up keys: a plan is made once, and never one that reads a whole table because it was small then.
const KEYS_ONLY: &str =
    "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET enable_bitmapscan = off;";
/// Whoever answers after a commit must find it on the disk. A server or role may have this off for speed; `local` and the
/// settings that wait for a standby as well are left as they are.
const DURABLE: &str = "SELECT set_config('synchronous_commit', 'on', false) \
     WHERE current_setting('synchronous_commit') = 'off'";
const WHO: &str = "SELECT current_user::text, rolsuper OR rolbypassrls, current_setting('fsync') = 'on' \
     FROM pg_roles WHERE rolname = current_user";

/// A server and a database on it.
pub(super) struct Server {
    config: Config,
    /// How errors name it: without the password.
    pub(super) place: String,
}

impl Server {
    pub(super) fn new(url: &str) -> Result<Self, LogError> {
        // The URL holds a password: it is not shown.
        let form = "expected postgres://role:password@host:port/database";
        let refused = |why: &str| unavailable("the database URL", format!("{why}; {form}"));
        let mut config: Config = url.parse().map_err(|error: Error| refused(&error.to_string()))?;
        config
            .connect_timeout(Duration::from_secs(CONNECT_SECONDS_MAX))
            .tcp_user_timeout(Duration::from_secs(TCP_SECONDS_MAX))
            .keepalives(true)
            .keepalives_idle(Duration::from_secs(TCP_SECONDS_MAX))
            .keepalives_interval(Duration::from_secs(2))
            .keepalives_retries(3);
        let host = match config.get_hosts().first() {
            Some(Host::Tcp(name)) => name.clone(),
            Some(Host::Unix(path)) => path.display().to_string(),
            None => "no host".to_owned(),
        };
        let port = config.get_ports().first().copied().unwrap_or(5432);
        let database = config.get_dbname().or(config.get_user()).unwrap_or("no database");
        if host.contains('@') || database.contains('@') {
            // What follows the first / or @ of a password was taken for a host, and is not shown either.
            return Err(refused("an @ or / in a password is written as %40 or %2F"));
        }
        let place = format!("PostgreSQL {host}:{port}/{database}");
        Ok(Self { config, place })
    }

    /// A session that sees the rows of `owner`; `purpose` is what the server's administrator sees of it.
    pub(super) async fn connect(&self, owner: Owner, purpose: &str) -> Result<Session, LogError> {
        let mut config = self.config.clone();
        config.application_name(format!("brokerage {purpose}").chars().take(63).collect::<String>());
        let (client, connection) = patiently(&self.place, config.connect(NoTls)).await?;
        let driver = tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection to the database ended");
            }
        });
        let place = self.place.clone();
        let mut session =
            Session { client, driver, place, owner, statements: HashMap::new(), lost: false, taken: false };
        session.run(SETTINGS).await?;
        session.set_owner(owner).await?;
        session.query(DURABLE, &[]).await?;
        let who = session.query_one(WHO, &[]).await?;
        let (role, unbound, synced): (String, bool, bool) = (who.get(0), who.get(1), who.get(2));
        if unbound {
            let detail = format!(
                "the role {role} is a superuser or has BYPASSRLS, and would see every owner's rows. Give the URL of a plain role that \
                 owns the database: CREATE ROLE brokerage LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD '…'; \
                 ALTER DATABASE … OWNER TO brokerage"
            );
            return Err(unavailable(&self.place, detail));
        }
        if !synced {
            let detail =
                "the server has fsync off, so what it committed may be lost: set fsync = on and restart it";
            return Err(unavailable(&self.place, detail));
        }
        Ok(session)
    }
}

/// Waits for an answer, but not for ever: a paused server or a cut cable says nothing at all.
async fn patiently<T>(place: &str, answer: impl Future<Output = Result<T, Error>>) -> Result<T, LogError> {
    match tokio::time::timeout(Duration::from_secs(ANSWER_SECONDS_MAX), answer).await {
        Ok(answer) => answer.map_err(|error| describe(place, &error)),
        Err(_) => Err(unavailable(place, "the server does not answer; asking again is safe")),
    }
}

/// One connection. It asks one thing at a time.
pub(super) struct Session {
    client: Client,
    driver: JoinHandle<()>,
    place: String,
    owner: Owner,
    statements: HashMap<&'static str, Statement>,
    lost: bool,
    taken: bool,
}

impl Drop for Session {
    fn drop(&mut self) {
        // With nobody to answer to there is nothing to wait for either, such as a server that stands still.
        self.driver.abort();
    }
}

impl Session {
    /// Whose rows it sees.
    pub(super) fn owner(&self) -> Owner {
        self.owner
    }

    /// From here on it looks up keys and nothing else.
    pub(super) async fn look_up_keys_only(&mut self) -> Result<(), LogError> {
        self.run(KEYS_ONLY).await
    }

    pub(super) async fn set_owner(&mut self, owner: Owner) -> Result<(), LogError> {
        self.query("SELECT set_config('brokerage.owner', $1, false)", &[&owner.to_string()]).await?;
        self.owner = owner;
        Ok(())
    }

    /// Runs a statement, which is prepared once a session, and gives its rows.
    pub(super) async fn query(
        &mut self,
        statement: &'static str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, LogError> {
        let mut rows = Vec::new();
        self.each(statement, parameters, |row| rows.push(row)).await?;
        Ok(rows)
    }

    /// As [`Session::query`], for a statement that gives exactly one row.
    pub(super) async fn query_one(
        &mut self,
        statement: &'static str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Row, LogError> {
        let row = self.query(statement, parameters).await?.into_iter().next();
        row.ok_or_else(|| damaged(&self.place, format!("no row for: {statement}")))
    }

    /// As [`Session::query`], a row at a time, for answers that are large. The whole must come in time.
    pub(super) async fn each(
        &mut self,
        statement: &'static str,
        parameters: &[&(dyn ToSql + Sync)],
        mut take: impl FnMut(Row),
    ) -> Result<(), LogError> {
        // Until the answer is there: whoever gives up waiting leaves the session in an unknown state.
        self.lost = true;
        let (client, statements) = (&self.client, &mut self.statements);
        let mut failure = None;
        let answer = async {
            let prepared = match statements.get(statement) {
                Some(prepared) => prepared.clone(),
                None => {
                    let prepared = client.prepare(statement).await?;
                    statements.entry(statement).or_insert(prepared).clone()
                }
            };
            let mut rows = pin!(client.query_raw(&prepared, parameters.iter().copied()).await?);
            while let Some(row) = rows.try_next().await? {
                take(row);
            }
            Ok(())
        };
        let answer =
            async { answer.await.inspect_err(|error| failure = Some((is_lost(error), is_taken(error)))) };
        let answered = patiently(&self.place, answer).await;
        (self.lost, self.taken) =
            if answered.is_ok() { (false, false) } else { failure.unwrap_or((true, false)) };
        answered
    }

    /// Runs a script in which nothing is asked for, such as a migration.
    pub(super) async fn run(&mut self, script: &str) -> Result<(), LogError> {
        self.lost = true;
        let answered = patiently(&self.place, self.client.batch_execute(script)).await;
        self.lost = answered.is_err();
        answered
    }

    /// Whether the last statement failed because a row was there already.
    pub(super) fn found_taken(&self) -> bool {
        self.taken
    }

    /// Whether it is of no more use.
    pub(super) fn is_lost(&self) -> bool {
        self.lost || self.client.is_closed()
    }
}
