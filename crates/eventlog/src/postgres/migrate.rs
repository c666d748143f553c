//! The tables: made and changed by migrations, in order, each recorded with its checksum.

use crate::port::LogError;
use crate::postgres::errors::{damaged, unavailable};
use crate::postgres::session::Session;
use sha2::{Digest, Sha256};

/// What is done to a database once, in the order of the versions.
struct Migration {
    version: i32,
    name: &'static str,
    script: &'static str,
}

/// All migrations. A released one is frozen: what it made stands in databases that nobody here sees.
const MIGRATIONS: [Migration; 1] =
    [Migration { version: 1, name: "logs", script: include_str!("migrations/0001_logs.sql") }];
/// "brokerag" as a number: any two programs that migrate take the same lock.
const LOCK: &str = "SELECT pg_advisory_xact_lock(7094435078055584103)";
const TABLE: &str = "CREATE SCHEMA IF NOT EXISTS brokerage; \
     CREATE TABLE IF NOT EXISTS brokerage.migrations ( \
        version integer PRIMARY KEY, name text NOT NULL, checksum text NOT NULL, \
        applied_at timestamptz NOT NULL DEFAULT now() \
     );";
const IS_THERE: &str = "SELECT to_regclass('brokerage.migrations') IS NOT NULL";
const RECORDED: &str = "SELECT version, checksum FROM brokerage.migrations ORDER BY version";
const RECORD: &str = "INSERT INTO brokerage.migrations (version, name, checksum) VALUES ($1, $2, $3)";
/// Tables of ours on which row-level security was turned off, or its policy removed.
const OPEN_TABLES: &str = "SELECT coalesce(string_agg(c.relname::text, ', '), '') FROM pg_class c \
     JOIN pg_namespace n ON n.oid = c.relnamespace \
     WHERE n.nspname = 'brokerage' AND c.relkind = 'r' AND c.relname <> 'migrations' \
     AND NOT (c.relrowsecurity AND c.relforcerowsecurity \
         AND EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = 'own_rows'))";

impl Migration {
    fn checksum(&self) -> String {
        hex::encode(Sha256::digest(self.script))
    }
}

/// Brings the database's tables to this program's version, or says why it does not.
pub(super) async fn migrate(session: &mut Session, place: &str) -> Result<(), LogError> {
    if applied(session, place).await? < MIGRATIONS.len() {
        session.run("BEGIN").await?;
        let migrated = apply_missing(session, place).await;
        // A script that failed is undone as a whole, and with it the ones before it.
        let ended = session.run(if migrated.is_ok() { "COMMIT" } else { "ROLLBACK" }).await;
        // What went wrong first is what to tell.
        migrated.and(ended)?;
    }
    let open: String = session.query_one(OPEN_TABLES, &[]).await?.get(0);
    if open.is_empty() {
        return Ok(());
    }
    let detail = format!(
        "row-level security is off on {open}, so one owner's session would see the rows of others. Put it back: ALTER TABLE \
         brokerage.… ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY, with the policy own_rows of this program's migrations"
    );
    Err(unavailable(place, detail))
}

async fn apply_missing(session: &mut Session, place: &str) -> Result<(), LogError> {
    // Whoever waited for the lock finds the work done.
    session.query(LOCK, &[]).await?;
    session.run(TABLE).await?;
    let done = applied(session, place).await?;
    for migration in &MIGRATIONS[done..] {
        tracing::info!(place, version = migration.version, name = migration.name, "migrating the database");
        session.run(migration.script).await?;
        session.query(RECORD, &[&migration.version, &migration.name, &migration.checksum()]).await?;
    }
    Ok(())
}

/// How many migrations the database has. They must be this program's first ones, as this program has them.
async fn applied(session: &mut Session, place: &str) -> Result<usize, LogError> {
    if !session.query_one(IS_THERE, &[]).await?.get::<_, bool>(0) {
        return Ok(0);
    }
    let recorded = session.query(RECORDED, &[]).await?;
    for (at, row) in recorded.iter().enumerate() {
        let (version, checksum): (i32, String) = (row.get(0), row.get(1));
        let Some(known) = MIGRATIONS.get(at) else {
            let newest = MIGRATIONS.len();
            let detail =
                format!("its tables are of version {version}, this program knows {newest}: run a newer one");
            return Err(unavailable(place, detail));
        };
        if known.version != version || known.checksum() != checksum {
            let detail = format!(
                "migration {version} was recorded with the checksum {checksum}, and this program's ({}) has {}: another program made \
                 these tables. Run that one",
                known.name,
                known.checksum()
            );
            return Err(damaged(place, detail));
        }
    }
    Ok(recorded.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What each released migration hashes to. A new one gets a line; a line never changes.
    const FROZEN: [(i32, &str); 1] =
        [(1, "70393b7607bd18ad07a00d4336c1e178529e6dc940a2bcf1ae16e32f939ef10b")];

    #[test]
    fn released_migrations_are_frozen() {
        let now: Vec<_> =
            MIGRATIONS.iter().map(|migration| (migration.version, migration.checksum())).collect();
        let frozen: Vec<_> =
            FROZEN.iter().map(|(version, checksum)| (*version, (*checksum).to_owned())).collect();
        assert_eq!(now, frozen, "a released migration is never edited: add a new one");
    }
}
