//! PostgreSQL: one server that all tests of a target directory share, and servers of a test's own that may be killed.
//!
//! `DATABASE_URL` names another server to use; its role must be able to make databases.

mod binaries;
mod cluster;
mod database;

pub use cluster::OwnPostgres;
pub use database::Database;

use binaries::Binaries;
use cluster::Cluster;
use std::fs::File;
use std::path::{Path, PathBuf};

/// Why there is no server, and what to do.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct NoServer(pub(crate) String);

/// A server to make databases on.
#[derive(Debug)]
pub struct Postgres {
    url: String,
}

impl Postgres {
    /// The server that `DATABASE_URL` names; else the one of this target directory, which is installed (as root, on Debian), made
    /// and started if need be, and goes on running until [`Postgres::stop`].
    ///
    /// # Errors
    /// When there is none, with what to do.
    pub fn ensure() -> Result<Self, NoServer> {
        if let Ok(url) = std::env::var("DATABASE_URL") {
            return Ok(Self { url });
        }
        let binaries = Binaries::ensure()?;
        let folder = shared_folder(&binaries)?;
        let _alone = lock(&folder)?;
        let cluster = Cluster::ensure(binaries, &folder)?;
        cluster.ensure_running()?;
        Ok(Self { url: cluster.url("postgres")? })
    }

    /// Stops the server of this target directory; tells whether it ran. What it holds stays.
    ///
    /// # Errors
    /// When it cannot be stopped.
    pub fn stop() -> Result<bool, NoServer> {
        let binaries = Binaries::ensure()?;
        let folder = shared_folder(&binaries)?;
        let _alone = lock(&folder)?;
        Cluster::ensure(binaries, &folder)?.stop()
    }

    /// A new server in `folder`, for tests that kill it. It is killed when dropped.
    ///
    /// # Errors
    /// When it cannot be made or started, with what to do.
    pub fn start_own(folder: &Path) -> Result<OwnPostgres, NoServer> {
        OwnPostgres::start(Binaries::ensure()?, folder)
    }

    /// The URL of its maintenance database, as a role that may make databases.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A new database, owned by a plain role that row-level security binds. It is gone when dropped.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn database(&self) -> Result<Database, NoServer> {
        Database::create(&self.url)
    }
}

/// Where the shared server lives: under the target directory, or where the server's user can reach it.
fn shared_folder(binaries: &Binaries) -> Result<PathBuf, NoServer> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace.join("target"), PathBuf::from);
    let name = format!("postgres-{}", binaries.version());
    let folder = target.join("local-parts").join(&name);
    let failed = |error| NoServer(format!("{}: {error}", folder.display()));
    std::fs::create_dir_all(&folder).map_err(failed)?;
    let folder = folder.canonicalize().map_err(failed)?;
    if binaries.may_enter(&folder)? {
        return Ok(folder);
    }
    // A checkout in root's home, say: its server's user cannot get there.
    let elsewhere = std::env::temp_dir().join(format!("local-parts-{}", cluster::short_name(&folder)));
    std::fs::create_dir_all(&elsewhere)
        .map_err(|error| NoServer(format!("{}: {error}", elsewhere.display())))?;
    Ok(elsewhere)
}

/// One process at a time makes, starts or stops the shared server; the lock goes with the file.
fn lock(folder: &Path) -> Result<File, NoServer> {
    let path = folder.with_extension("lock");
    let locked = File::create(&path).and_then(|file| file.lock().map(|()| file));
    locked.map_err(|error| NoServer(format!("{}: {error}", path.display())))
}
