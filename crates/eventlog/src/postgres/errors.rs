//! What a server says, told apart by its code (SQLSTATE) and never by its words, with what to do about it.

use crate::port::LogError;
use std::error::Error as _;
use std::fmt::Display;
use tokio_postgres::Error;
use tokio_postgres::error::SqlState;

pub(super) fn unavailable(place: &str, detail: impl Display) -> LogError {
    LogError::Unavailable { place: place.to_owned(), detail: detail.to_string() }
}

pub(super) fn damaged(place: &str, detail: impl Display) -> LogError {
    LogError::Damaged { place: place.to_owned(), detail: detail.to_string() }
}

/// The error of a log for what a server or a connection to it reported.
pub(super) fn describe(place: &str, error: &Error) -> LogError {
    let Some(code) = error.code() else {
        let said = error.source().map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"));
        return unavailable(place, format!("{said}. Check that the server runs and can be reached"));
    };
    let said = error.as_db_error().map_or_else(String::new, |error| error.message().to_owned());
    if *code == SqlState::DATA_CORRUPTED || *code == SqlState::INDEX_CORRUPTED {
        return damaged(place, format!("{said} ({})", code.code()));
    }
    let advice = advice(code).map_or_else(String::new, |advice| format!(": {advice}"));
    unavailable(place, format!("{said} ({}){advice}", code.code()))
}

fn advice(code: &SqlState) -> Option<&'static str> {
    Some(match code.code() {
        "28P01" | "28000" => {
            "check the role and the password in the database URL, and the server's pg_hba.conf"
        }
        "3D000" => "make the database, owned by the role of the URL: createdb --owner ROLE NAME",
        "42501" => "make the role the owner of the database: ALTER DATABASE name OWNER TO role",
        "42P01" | "42883" | "42703" | "3F000" => {
            "the tables are not as this program made them: restore the database from a backup"
        }
        "25006" => "this server only reads: give the URL of the primary",
        "53100" => "the server's disk is full: make room, then ask again",
        "53200" => "the server is out of memory: ask again, or give it more",
        "53300" => {
            "the server has no connection left: raise its max_connections, or run fewer services on it"
        }
        "57P01" | "57P02" => "the server is stopping or was restarted; asking again is safe",
        "57P03" => "the server is starting; asking again is safe",
        "57014" => "the statement took too long; asking again is safe",
        "55P03" => "another session holds the lock; asking again is safe",
        "25P03" => "the session stood idle within a transaction, and the server ended it",
        "54000" | "54023" | "22001" | "22021" => "the server cannot store a value of this size or kind",
        _ => return None,
    })
}

/// Whether the connection is of no more use.
pub(super) fn is_lost(error: &Error) -> bool {
    error.code().is_none_or(|code| {
        let class = &code.code()[..2.min(code.code().len())];
        class == "08"
            || class == "57" && *code != SqlState::QUERY_CANCELED
            || *code == SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT
    })
}

/// Whether a row was there already.
pub(super) fn is_taken(error: &Error) -> bool {
    error.code() == Some(&SqlState::UNIQUE_VIOLATION)
}
