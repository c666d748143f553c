//! A folder of logs, held by one process at a time.

use crate::log_id::{LogId, Owner, Service};
use crate::port::{EventLog, LogError, LogStore, SourcePosition};
use crate::sqlite::SqliteLog;
use crate::sqlite::reader::Readers;
use async_trait::async_trait;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

/// The folder is in use, or cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreLocked {
    /// Another process has it.
    #[error("{0}: another brokerage is running on this folder; stop it first, or give another --data-dir")]
    InUse(PathBuf),
    /// A log that others have consumed is not there.
    #[error(
        "{file} is missing, but {consumed} of its events have been consumed, says {by}. Restore it from a backup; \
         nothing was changed"
    )]
    Missing {
        /// The file that should be there.
        file: PathBuf,
        /// Up to which position it was consumed.
        consumed: u64,
        /// The file that says so.
        by: PathBuf,
    },
    /// The audit log that watches over a log with events is not there.
    #[error(
        "{file} is missing, though {watched} has events that were recorded in it. Made anew it would take whatever is there for \
         what was recorded. Restore it from a backup; nothing was changed"
    )]
    Unwatched {
        /// The file that should be there.
        file: PathBuf,
        /// The log's file that it watched over.
        watched: PathBuf,
    },
    /// The folder cannot be made, opened or locked.
    #[error("{0}: {1}")]
    Io(PathBuf, #[source] std::io::Error),
}

/// A folder with a file `<service>.<owner>.db` per log. While it lives no other process can open the folder: the epoch in each
/// file would fence the older one, but a second start by mistake should be told so instead.
pub struct SqliteStore {
    folder: PathBuf,
    /// The appenders' threads.
    writers: Mutex<Vec<JoinHandle<()>>>,
    _lock: File,
}

impl SqliteStore {
    /// Opens the folder, and makes it if it is not there.
    ///
    /// # Errors
    /// When another process has it, or it cannot be made.
    pub fn open(folder: &Path) -> Result<Self, StoreLocked> {
        let failed = |error| StoreLocked::Io(folder.to_owned(), error);
        std::fs::create_dir_all(folder).map_err(failed)?;
        let lock = File::create(folder.join("lock")).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { folder: folder.to_owned(), writers: Mutex::default(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(StoreLocked::InUse(folder.to_owned())),
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }

    /// For a folder that holds all logs of a region, before any is opened: that no log is missing which others have consumed, and no
    /// audit log of an owner whose logs have events. Made anew a log would begin at 1 again, and nobody would hear of its
    /// events; an audit log would vouch for whatever it finds. A damaged file is not looked into here: it is
    /// named when it is opened.
    ///
    /// # Errors
    /// [`StoreLocked::Missing`] or [`StoreLocked::Unwatched`] for the first that is missing, or why the folder cannot be read.
    pub fn check_none_missing(&self) -> Result<(), StoreLocked> {
        let failed = |error| StoreLocked::Io(self.folder.clone(), error);
        for entry in std::fs::read_dir(&self.folder).map_err(failed)? {
            let by = entry.map_err(failed)?.path();
            let Some(id) = log_of(&by) else { continue };
            let readers = Readers::new(&by, id);
            let audit = self.path(LogId { service: Service::Audit, owner: id.owner });
            if id.service != Service::Audit
                && id.owner != Owner::DeadLetters
                && !audit.exists()
                && readers.read(0, 1).is_ok_and(|events| !events.is_empty())
            {
                return Err(StoreLocked::Unwatched { file: audit, watched: by });
            }
            for SourcePosition { log, position } in readers.sources().unwrap_or_default() {
                let file = self.path(log);
                if position > 0 && !file.exists() {
                    return Err(StoreLocked::Missing { file, consumed: position, by });
                }
            }
        }
        Ok(())
    }

    /// The file of a log.
    #[must_use]
    pub fn path(&self, id: LogId) -> PathBuf {
        self.folder.join(format!("{}.{}.db", id.service.name(), id.owner))
    }
}

/// Whose file this is, by its name.
fn log_of(path: &Path) -> Option<LogId> {
    let (service, owner) = path.file_name()?.to_str()?.strip_suffix(".db")?.split_once('.')?;
    format!("{service}/{owner}").parse().ok()
}

#[async_trait]
impl LogStore for SqliteStore {
    async fn open(&self, id: LogId) -> Result<Arc<dyn EventLog>, LogError> {
        let path = self.path(id);
        let (log, writer) = tokio::task::spawn_blocking(move || SqliteLog::open(&path, id))
            .await
            .unwrap_or(Err(LogError::Closed(id)))?;
        let mut writers = self.writers.lock().unwrap_or_else(PoisonError::into_inner);
        writers.retain(|writer| !writer.is_finished());
        writers.push(writer);
        Ok(Arc::new(log))
    }

    async fn open_reader(&self, id: LogId) -> Result<Arc<dyn EventLog>, LogError> {
        Err(LogError::Unavailable {
            place: self.path(id).display().to_string(),
            detail: "files are used by one process at a time: for a standby keep the logs in PostgreSQL"
                .to_owned(),
        })
    }

    async fn closed(&self) {
        let writers = std::mem::take(&mut *self.writers.lock().unwrap_or_else(PoisonError::into_inner));
        let ended = tokio::task::spawn_blocking(move || writers.into_iter().try_for_each(JoinHandle::join));
        // A thread that panicked has ended too.
        let _ = ended.await;
    }
}
