//! A database of a test's own, and the plain role that it belongs to.

use crate::postgres::NoServer;
use crate::postgres::binaries::{Binaries, run};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// A role as a deployment should have it: it logs in, owns its database, and row-level security binds it.
const PLAIN_ROLE: &str = "brokerage_plain";
/// It protects nothing but databases that tests made.
const PLAIN_PASSWORD: &str = "plain";

/// A database that is gone when dropped.
#[derive(Debug)]
pub struct Database {
    admin_url: String,
    name: String,
    url: String,
}

impl Database {
    pub(crate) fn create(admin_url: &str) -> Result<Self, NoServer> {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let nanos = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.subsec_nanos());
        let name = format!("t_{}_{}_{nanos}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        // Another test may make the role at the same moment.
        let role = format!(
            "DO $$ BEGIN CREATE ROLE {PLAIN_ROLE} LOGIN PASSWORD '{PLAIN_PASSWORD}' NOSUPERUSER NOBYPASSRLS; \
             EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
        );
        let database = format!("CREATE DATABASE {name} OWNER {PLAIN_ROLE}");
        query(admin_url, &[&role, &database])?;
        let url =
            with_database(admin_url, &format!("{PLAIN_ROLE}:{PLAIN_PASSWORD}"), &name).ok_or_else(|| {
                NoServer(
                    "DATABASE_URL is not of the form postgres://user:password@host:port/database".to_owned(),
                )
            })?;
        Ok(Self { admin_url: admin_url.to_owned(), name, url })
    }

    /// Its URL, as the plain role that owns it.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its URL, as the role that owns the server.
    #[must_use]
    pub fn admin_url(&self) -> String {
        let credentials = self.admin_url.split_once("://").and_then(|(_, rest)| rest.rsplit_once('@'));
        credentials
            .and_then(|(credentials, _)| with_database(&self.admin_url, credentials, &self.name))
            .unwrap_or_else(|| self.admin_url.clone())
    }

    /// Runs a statement in it as the role that owns the server, and gives what it prints, a row a line.
    ///
    /// # Errors
    /// What the server complains of.
    pub fn run_as_admin(&self, statement: &str) -> Result<String, NoServer> {
        query(&self.admin_url(), &[statement])
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // On a server that was killed there is nothing left to drop.
        let _ = query(&self.admin_url, &[&format!("DROP DATABASE {} WITH (FORCE)", self.name)]);
    }
}

fn query(url: &str, statements: &[&str]) -> Result<String, NoServer> {
    // A server elsewhere may come without its programs here; then psql is wherever the shell finds it.
    let mut psql = if std::env::var_os("DATABASE_URL").is_some() {
        Command::new("psql")
    } else {
        Binaries::ensure()?.client("psql")
    };
    psql.args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set", "ON_ERROR_STOP=1", url]);
    for statement in statements {
        psql.args(["--command", statement]);
    }
    run(psql.env("PGCONNECT_TIMEOUT", "10").env("PGOPTIONS", "-c client_min_messages=warning"))
}

/// `url` with other credentials and another database.
fn with_database(url: &str, credentials: &str, name: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let (_, place) = rest.rsplit_once('@')?;
    let (server, tail) = place.split_once('/').unwrap_or((place, ""));
    let parameters = tail.split_once('?').map_or(String::new(), |(_, parameters)| format!("?{parameters}"));
    Some(format!("{scheme}://{credentials}@{server}/{name}{parameters}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_keeps_its_server_and_parameters() {
        for (url, expected) in [
            ("postgres://a:b@h:1/x", Some("postgres://c:d@h:1/n")),
            ("postgresql://a@h/x?sslmode=disable", Some("postgresql://c:d@h/n?sslmode=disable")),
            ("postgres://a:b@h", Some("postgres://c:d@h/n")),
            ("host=h user=a", None),
        ] {
            assert_eq!(with_database(url, "c:d", "n").as_deref(), expected, "{url}");
        }
    }
}
