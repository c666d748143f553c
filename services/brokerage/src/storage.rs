//! Where a region's logs are kept: in files of its data folder, or in a PostgreSQL database.

use eventlog::postgres::{Lease, PostgresStore};
use eventlog::sqlite::{SqliteStore, StoreLocked};
use eventlog::{LogError, LogId, LogStore, Service};
use service_kit::{LOGS_FOLDER, StartError};
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// How often a standby looks for what is new in the logs.
const FOLLOW_EVERY: Duration = Duration::from_secs(1);
/// After how long of waiting for another instance it is said that one waits.
const PATIENCE: Duration = Duration::from_secs(1);

/// The address of a database, such as `postgres://brokerage:password@host:5432/region`. It holds a password, and shows itself without.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl(String);

/// Takes what was given: whether it is one, and a server can be reached by it, shows when it is used.
impl From<&str> for DatabaseUrl {
    fn from(url: &str) -> Self {
        Self(url.to_owned())
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DatabaseUrl(…)")
    }
}

/// The logs, and the right to append to them.
pub(crate) struct Storage {
    pub(crate) logs: Arc<dyn LogStore>,
    /// The same, if they are in a database, which several instances may have been given.
    database: Option<Arc<PostgresStore>>,
}

/// Why the logs cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StorageFailed {
    /// The data folder is in use or cannot be used.
    #[error(transparent)]
    Folder(#[from] StoreLocked),
    /// The database cannot be used.
    #[error(transparent)]
    Database(#[from] LogError),
}

impl Storage {
    /// The logs in the data folder, which has those of the whole region, or of one service.
    pub(crate) fn in_folder(data_dir: &Path, whole_region: bool) -> Result<Self, StorageFailed> {
        let store = SqliteStore::open(&data_dir.join(LOGS_FOLDER))?;
        if whole_region {
            store.check_none_missing()?;
        }
        Ok(Self { logs: Arc::new(store), database: None })
    }

    /// The logs in a database.
    pub(crate) async fn in_database(url: &DatabaseUrl) -> Result<Self, StorageFailed> {
        let store = Arc::new(PostgresStore::connect(&url.0).await?);
        Ok(Self { logs: Arc::clone(&store) as Arc<dyn LogStore>, database: Some(store) })
    }

    /// Waits until no other instance works on the logs, and does `follow` again and again meanwhile. This instance works while it has the
    /// lease, which is called by a service of its process; there is none for a folder.
    pub(crate) async fn lease(
        &self,
        service: Service,
        mut follow: impl AsyncFnMut() -> Result<(), StartError>,
    ) -> Option<Lease> {
        let store = self.database.as_ref()?;
        let mut waited = std::pin::pin!(store.wait_for_lease(LogId::region(service)));
        if let Ok(lease) = tokio::time::timeout(PATIENCE, &mut waited).await {
            return Some(lease);
        }
        tracing::info!("another instance works on this database: standing by until it ends");
        let following = async {
            let mut first = true;
            loop {
                match follow().await {
                    Ok(()) if std::mem::take(&mut first) => tracing::info!("everything is followed so far"),
                    Ok(()) => {}
                    Err(error) => {
                        tracing::warn!(%error, "the other instance's logs cannot be followed, trying again")
                    }
                }
                tokio::time::sleep(FOLLOW_EVERY).await;
            }
        };
        let lease = tokio::select! {
            lease = &mut waited => lease,
            never = following => never,
        };
        Some(lease)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_shown() {
        let url = DatabaseUrl::from("postgres://brokerage:secret@localhost/region");
        assert!(!format!("{url:?}").contains("secret"));
    }
}
