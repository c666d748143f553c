//! Why sealing, unsealing or keeping keys failed.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// An error of this crate. None of them holds key material or sealed data.
#[derive(Debug, Error)]
pub enum SealingError {
    /// An owner, subject or purpose cannot be used as such.
    #[error("{field} {problem}")]
    BadName {
        /// `owner`, `subject` or `purpose`.
        field: &'static str,
        /// What is wrong, and what is allowed.
        problem: String,
    },
    /// No such key was ever made here, or it was lost.
    #[error("owner {owner} has no key {key_id}: it was never made in this key store")]
    KeyUnknown {
        /// The owner of the key store.
        owner: String,
        /// The key asked for.
        key_id: String,
    },
    /// Keys that something was sealed with are not there.
    #[error(
        "{missing} of the {needed} keys that are needed are not in {path}, the first is that of subject {subject} for {purpose}: \
         restore the file from backup; nothing was changed"
    )]
    KeysLost {
        /// The key file.
        path: PathBuf,
        /// How many are missing.
        missing: usize,
        /// Of how many.
        needed: usize,
        /// The subject of the first, an opaque id.
        subject: String,
        /// Its purpose.
        purpose: String,
    },
    /// The key was destroyed, and what it sealed cannot be read again.
    #[error("the key of subject {subject} for {purpose} was destroyed")]
    KeyDestroyed {
        /// The subject, an opaque id.
        subject: String,
        /// The purpose.
        purpose: String,
    },
    /// The blob was sealed under another key than the one given.
    #[error("sealed under key {found}, not {expected}")]
    OtherKey {
        /// The key given.
        expected: String,
        /// The key that the blob names.
        found: String,
    },
    /// The blob does not commit to this key: it was forged, or made to open under two keys.
    #[error("the sealed value does not commit to key {key_id}: refuse it and examine its source")]
    CommitmentDiffers {
        /// The key that the blob names.
        key_id: String,
    },
    /// The blob was changed, or was sealed for another place than the binding (`aad`) given.
    #[error("not what key {key_id} sealed for this binding: changed, or moved from elsewhere")]
    NotAuthentic {
        /// The key that the blob names.
        key_id: String,
    },
    /// The plaintext is too long.
    #[error("{bytes} bytes are too many to seal at once, at most {bytes_max}")]
    TooLong {
        /// The length given, in bytes.
        bytes: usize,
        /// The most allowed, in bytes.
        bytes_max: usize,
    },
    /// The operating system gave no random bytes.
    #[error("no random bytes from the operating system: {0}")]
    NoRandomness(String),
    /// Another process, or another `KeyStore` of this one, has these keys open.
    #[error("{path} is locked: this owner's keys are already open; one writer at a time")]
    InUse {
        /// The lock file.
        path: PathBuf,
    },
    /// A file operation failed.
    #[error("could not {doing} {path}: {source}")]
    Io {
        /// What was tried, such as `write`.
        doing: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The head of a key file is not right.
    #[error("{path} is not a whole key file: {problem}; restore it from backup")]
    BadHead {
        /// The key file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// A record of a key file is not what was written.
    #[error("{path}, record {record}, byte {offset}: {problem}; restore the file from backup")]
    BadRecord {
        /// The key file.
        path: PathBuf,
        /// The record, from 1. A record holds the keys that were made durable together.
        record: u64,
        /// Where the record begins in the file.
        offset: u64,
        /// What is wrong.
        problem: String,
    },
    /// There is an epoch key without a key file.
    #[error("{epoch_path} is there but {path} is not: restore the key file from backup")]
    KeysMissing {
        /// The key file that should be there.
        path: PathBuf,
        /// The epoch key's file.
        epoch_path: PathBuf,
    },
    /// The epoch key that the key file was written under is not there.
    #[error(
        "{path} is not there, or does not hold epoch key {epoch}, which the keys are wrapped under: restore it from backup"
    )]
    EpochMissing {
        /// The epoch key's file.
        path: PathBuf,
        /// The epoch that the key file names.
        epoch: String,
    },
    /// An earlier write failed, so what is on disk is not certain. Keys in memory can still be used.
    #[error("the key store was closed for changes when a write failed ({reason}); open it again")]
    Halted {
        /// The earlier error.
        reason: String,
    },
}

impl SealingError {
    /// Says what was tried on which path, for `map_err`.
    pub(crate) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { doing, path, source }
    }
}
