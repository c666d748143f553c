//! How far a log had come, in a small file beside it: `<service>.<owner>.high`.
//!
//! A log that lost its end is whole in itself: an emptied file, a write-ahead log that was deleted, an older copy. Others who consumed
//! it know more, but nobody consumes an audit log, and made anew it would vouch for whatever it finds. So each log's position
//! is written down here after every commit. It is not synced: it never says more than the disk holds, and less only
//! after the machine failed. It is a guard against accidents, not against who can write to the folder.

use crate::log_id::{LogId, Service};
use crate::port::LogError;
use crate::sqlite::file::damaged;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// The position, and its complement.
const BYTES: usize = 16;

/// The position of a log's last commit, as far as it was written down.
pub(super) struct HighWater {
    file: File,
    path: PathBuf,
    /// What was written down when it was opened.
    reached: u64,
    /// A failed write is told once.
    failed: bool,
}

impl HighWater {
    /// Opens the file beside `log`, and makes it if it is not there. To be called before the log's head is read: another appender may
    /// be at work until the epoch is raised, and what is written down here is never ahead of a head that is read afterwards.
    ///
    /// # Errors
    /// [`LogError::Damaged`] when what was written down cannot be read.
    pub(super) fn open(log: &Path) -> Result<Self, LogError> {
        let path = path_of(log);
        let reached = read(&path).map_err(|error| unavailable(&path, &error))?;
        let reached = reached.ok_or_else(|| {
            damaged(
                &path,
                "it is not the last position of a log (if the log itself is whole, delete this file)",
            )
        })?;
        let file = File::options().write(true).create(true).truncate(false).open(&path);
        let file = file.map_err(|error| unavailable(&path, &error))?;
        Ok(Self { file, path, reached, failed: false })
    }

    /// Holds what was written down when this was opened against the head of the log, read since.
    ///
    /// # Errors
    /// [`LogError::Damaged`] when the log ends before it.
    pub(super) fn hold_against(&self, log: &Path, id: LogId, head: u64) -> Result<(), LogError> {
        if head < self.reached { Err(lost(log, id, head, self.reached)) } else { Ok(()) }
    }

    /// Writes down where the log begins to be appended to.
    ///
    /// # Errors
    /// [`LogError::Unavailable`] when it cannot be written.
    pub(super) fn begin(&mut self, head: u64) -> Result<(), LogError> {
        self.write(head).map_err(|error| unavailable(&self.path, &error))
    }

    /// How far the log of this path had come when it was last written down; nothing if it never was, or that cannot be read.
    pub(super) fn reached(log: &Path) -> Option<u64> {
        read(&path_of(log)).ok().flatten().filter(|position| *position > 0)
    }

    /// Writes down what was committed. A failure is told and no more: the log itself is on the disk.
    pub(super) fn raise(&mut self, head: u64) {
        if let Err(error) = self.write(head)
            && !std::mem::replace(&mut self.failed, true)
        {
            tracing::warn!(file = %self.path.display(), %error, "how far the log has come cannot be written down");
        }
    }

    fn write(&mut self, head: u64) -> io::Result<()> {
        let mut bytes = [0; BYTES];
        bytes[..8].copy_from_slice(&head.to_be_bytes());
        bytes[8..].copy_from_slice(&(!head).to_be_bytes());
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(&bytes)
    }
}

/// The log has lost its end.
pub(super) fn lost(log: &Path, id: LogId, head: u64, reached: u64) -> LogError {
    let way_out = match id.service {
        // Nobody has consumed it, so that it may go on without its end, whatever that is worth.
        Service::Audit => format!(" (to go on without what is lost, delete {})", path_of(log).display()),
        _ => " (an older set of all logs, from one moment, comes without the .high files)".to_owned(),
    };
    damaged(
        log,
        &format!(
            "it ends at {head}, but had come to {reached}: its end was lost, perhaps with its write-ahead log (db-wal), or it is an older \
             copy{way_out}"
        ),
    )
}

fn unavailable(path: &Path, error: &io::Error) -> LogError {
    LogError::Unavailable { place: path.display().to_string(), detail: error.to_string() }
}

/// The file beside a log.
pub(super) fn path_of(log: &Path) -> PathBuf {
    log.with_extension("high")
}

/// The position, 0 when there is no file or nothing in it, or nothing when it is something else.
fn read(path: &Path) -> io::Result<Option<u64>> {
    let mut bytes = Vec::new();
    match File::open(path) {
        Ok(file) => file.take(BYTES as u64 + 1).read_to_end(&mut bytes)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Some(0)),
        Err(error) => return Err(error),
    };
    if bytes.is_empty() {
        // Made, and never written to.
        return Ok(Some(0));
    }
    let Ok(bytes) = <[u8; BYTES]>::try_from(bytes) else { return Ok(None) };
    let (position, complement) = bytes.split_at(8);
    if bytes == [0; BYTES] {
        // After the machine failed, some file systems give what was not synced as zeros.
        return Ok(Some(0));
    }
    let number = |part: &[u8]| part.try_into().map(u64::from_be_bytes).ok();
    Ok(match (number(position), number(complement)) {
        (Some(position), Some(complement)) if position == !complement => Some(position),
        _ => None,
    })
}
