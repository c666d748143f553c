//! A log's file: making it, checking it, and becoming its appender.

use crate::log_id::LogId;
use crate::port::LogError;
use crate::sqlite::high_water::{self, HighWater};
use rusqlite::{Connection, OpenFlags, OptionalExtension};
use std::fs::File;
use std::path::Path;

/// "BRKL", so that a file of another program is told apart.
const APPLICATION_ID: i32 = 0x4252_4B4C;
/// The version of the tables below.
const SCHEMA_VERSION: i32 = 1;

/// After how many pages the write-ahead log is copied into the file: the same pages are written again and again, and copied once. It
/// takes four times as many as SQLite's own 1,000, 16 MB.
const CHECKPOINT_PAGES: u32 = 4_000;
/// What SQLite's caches of all open logs take together, in bytes, before they make do with what they have.
const CACHES_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Up to this length a file is checked in full before it is opened, which takes about a quarter of a second; the indexes of a longer one are
/// while it is used.
const CHECKED_AT_ONCE_BYTES_MAX: u64 = 48 * 1024 * 1024;

/// Version 1 of the tables. Released schemas are frozen: a change is a new version with a migration.
const SCHEMA_1: &str = "
CREATE TABLE events (
    position       INTEGER PRIMARY KEY,
    stream         TEXT    NOT NULL,
    stream_version INTEGER NOT NULL,
    type           TEXT    NOT NULL,
    version        INTEGER NOT NULL,
    payload        BLOB    NOT NULL,
    effective      TEXT,
    council        TEXT,
    actor          TEXT    NOT NULL,
    causation      TEXT,
    correlation    TEXT,
    recorded_at_us INTEGER NOT NULL,
    leaf_hash      BLOB    NOT NULL
) STRICT;
CREATE UNIQUE INDEX events_by_stream ON events (stream, stream_version);
CREATE TABLE requests (
    key          TEXT    PRIMARY KEY,
    request_hash BLOB    NOT NULL,
    reply        BLOB    NOT NULL,
    head         INTEGER NOT NULL,
    checksum     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE sources (
    log      TEXT    PRIMARY KEY,
    position INTEGER NOT NULL,
    checksum INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE snapshots (
    name     TEXT    PRIMARY KEY,
    schema   TEXT    NOT NULL,
    position INTEGER NOT NULL,
    body     BLOB    NOT NULL,
    checksum INTEGER NOT NULL
) STRICT;
CREATE TABLE appender (
    only  INTEGER PRIMARY KEY CHECK (only = 1),
    log   TEXT    NOT NULL,
    epoch INTEGER NOT NULL
) STRICT;
";

/// A file that this process may append to, for as long as its epoch stands.
pub(super) struct Opened {
    pub(super) connection: Connection,
    pub(super) head: u64,
    pub(super) epoch: u64,
    pub(super) high: HighWater,
}

pub(super) fn open_as_appender(path: &Path, id: LogId) -> Result<Opened, LogError> {
    if !path.exists() {
        if path.with_extension("db-wal").exists() {
            // SQLite would apply what belongs to the lost file to the new one.
            return Err(damaged(path, "the file is missing, but its write-ahead log (db-wal) is there"));
        }
        if let Some(reached) = HighWater::reached(path) {
            return Err(high_water::lost(path, id, 0, reached));
        }
        make(path, id)?;
    }
    if std::fs::metadata(path).is_ok_and(|found| found.len() == 0) {
        // SQLite would take it for a new database, and everything that was in it would silently be gone.
        return Err(damaged(path, "the file is empty"));
    }
    let mut connection =
        connect_to_write(path, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(|error| describe(path, &error))?;
    check(&connection, path, id)?;
    // Before the epoch is raised, so that a log that is refused is left as it is.
    let mut high = HighWater::open(path)?;
    high.hold_against(path, id, check_density(&connection, path)?)?;
    let epoch = take_over(&mut connection).map_err(|error| describe(path, &error))?;
    // Whoever had it until then may have appended meanwhile.
    let head = check_density(&connection, path)?;
    high.begin(head)?;
    Ok(Opened { connection, head, epoch, high })
}

/// Keys of requests are drawn at random, so a batch touches a page for each: they must not be written and read again before the commit.
/// A log that is little used fills little of it.
pub(super) fn connect_to_write(path: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    let connection = connect(path, flags)?;
    connection.execute_batch(&format!(
        "PRAGMA cache_size = -2048; PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES};"
    ))?;
    Ok(connection)
}

pub(super) fn connect(path: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    // Readers mostly want the tail; a small cache keeps some seventy open logs within memory. Beyond the limit, which is the
    // process's, a cache takes its own oldest page instead of a new one: so a busy log has a large one, and seventy quiet ones little.
    connection.execute_batch(&format!(
        "PRAGMA soft_heap_limit = {CACHES_BYTES_MAX}; PRAGMA cache_size = -256; PRAGMA temp_store = MEMORY; \
         PRAGMA cell_size_check = ON;"
    ))?;
    connection.set_prepared_statement_cache_capacity(16);
    Ok(connection)
}

/// Makes a log's file under another name first, so that a crash never leaves half a log under its own.
fn make(path: &Path, id: LogId) -> Result<(), LogError> {
    let failed = |error: &dyn std::fmt::Display| LogError::Unavailable {
        place: path.display().to_string(),
        detail: error.to_string(),
    };
    let draft = path.with_extension("db.new");
    for leftover in [draft.clone(), draft.with_extension("new-wal"), draft.with_extension("new-shm")] {
        match std::fs::remove_file(&leftover) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed(&error)),
            _ => {}
        }
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
    let connection = connect(&draft, flags).map_err(|error| describe(path, &error))?;
    let fill = || -> rusqlite::Result<()> {
        connection.execute_batch(&format!(
            "PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {SCHEMA_VERSION};"
        ))?;
        connection.execute_batch("PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL; BEGIN;")?;
        connection.execute_batch(SCHEMA_1)?;
        connection.execute("INSERT INTO appender (only, log, epoch) VALUES (1, ?1, 0)", [id.to_string()])?;
        connection.execute_batch("COMMIT;")
    };
    fill().map_err(|error| describe(path, &error))?;
    connection.close().map_err(|(_, error)| describe(path, &error))?;
    std::fs::rename(&draft, path).map_err(|error| failed(&error))?;
    let folder = path.parent().unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| failed(&error))
}

fn check(connection: &Connection, path: &Path, id: LogId) -> Result<(), LogError> {
    let pragma = |name: &str| connection.query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, i32>(0));
    let application = pragma("application_id").map_err(|error| describe(path, &error))?;
    if application != APPLICATION_ID {
        return Err(damaged(path, "it is not a log of the brokerage"));
    }
    let schema = pragma("user_version").map_err(|error| describe(path, &error))?;
    if schema != SCHEMA_VERSION {
        return Err(LogError::Unavailable {
            place: path.display().to_string(),
            detail: format!(
                "its tables are of version {schema}, this program knows {SCHEMA_VERSION}: run a newer one"
            ),
        });
    }
    connection
        .execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;")
        .map_err(|error| describe(path, &error))?;
    if is_long(path) {
        look_for_damage(connection, path, "quick_check")?;
    } else {
        look_for_damage(connection, path, "integrity_check")?;
    }
    let log: Option<String> = connection
        .query_row("SELECT log FROM appender", [], |row| row.get(0))
        .optional()
        .map_err(|error| describe(path, &error))?;
    match log {
        Some(log) if log == id.to_string() => Ok(()),
        Some(log) => Err(damaged(path, &format!("it holds the log {log}, not {id}"))),
        None => Err(damaged(path, "it does not say which log it holds")),
    }
}

/// Whether holding the file's indexes against its tables takes so long that its service would start late.
pub(super) fn is_long(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|found| found.len() > CHECKED_AT_ONCE_BYTES_MAX)
}

/// Lets SQLite look at the file. `quick_check` does not hold an index against its table: a bit changed there would be believed at every
/// append.
pub(super) fn look_for_damage(connection: &Connection, path: &Path, how: &str) -> Result<(), LogError> {
    let finding: String = connection
        .query_row(&format!("PRAGMA {how}(1)"), [], |row| row.get(0))
        .map_err(|error| describe(path, &error))?;
    if finding == "ok" { Ok(()) } else { Err(damaged(path, &finding)) }
}

/// Raises the epoch: from here on, whoever held it before cannot append.
fn take_over(connection: &mut Connection) -> rusqlite::Result<u64> {
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let epoch =
        transaction
            .query_row("UPDATE appender SET epoch = epoch + 1 RETURNING epoch", [], |row| row.get(0))?;
    transaction.commit()?;
    Ok(epoch)
}

fn check_density(connection: &Connection, path: &Path) -> Result<u64, LogError> {
    let (count, last): (u64, u64) = connection
        .query_row("SELECT count(*), coalesce(max(position), 0) FROM events", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .map_err(|error| describe(path, &error))?;
    if count == last {
        Ok(last)
    } else {
        Err(damaged(path, &format!("{count} events are there, but the last is number {last}")))
    }
}

pub(super) fn damaged(path: &Path, detail: &str) -> LogError {
    LogError::Damaged { place: path.display().to_string(), detail: detail.to_owned() }
}

/// What SQLite says, told apart by its code and never by its words.
pub(super) fn describe(path: &Path, error: &rusqlite::Error) -> LogError {
    use rusqlite::{Error, ErrorCode};
    let place = path.display().to_string();
    let detail = error.to_string();
    match error {
        Error::SqliteFailure(failure, _)
            if matches!(failure.code, ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) =>
        {
            LogError::Damaged { place, detail }
        }
        Error::SqliteFailure(failure, _) if failure.code == ErrorCode::DiskFull => LogError::Unavailable {
            place,
            detail: format!("{detail}: make room on the disk, then ask again"),
        },
        Error::SqliteFailure(..) => LogError::Unavailable { place, detail },
        // A value that is not of its column's type was not written by us.
        _ => LogError::Damaged { place, detail },
    }
}
