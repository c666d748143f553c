//! What a key is called: its owner, subject and purpose, and the id computed from them.

use sha2::{Digest, Sha256};

use crate::SealingError;

/// The longest subject or purpose, in bytes.
pub const NAME_BYTES_MAX: usize = 200;

/// The longest owner, in bytes. It becomes a file name.
pub const OWNER_BYTES_MAX: usize = 64;

/// Checks that an owner can be a file name: letters, digits, `-` and `_`, such as `E06000005`.
pub(crate) fn check_owner(owner: &str) -> Result<(), SealingError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if owner.is_empty() || owner.len() > OWNER_BYTES_MAX || !owner.bytes().all(allowed) {
        return Err(SealingError::BadName {
            field: "owner",
            problem: format!("must be 1 to {OWNER_BYTES_MAX} letters, digits, hyphens or underscores"),
        });
    }
    Ok(())
}

/// The name of a key within its owner's store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeyName {
    subject: String,
    purpose: String,
}

impl KeyName {
    pub(crate) fn new(subject: &str, purpose: &str) -> Result<Self, SealingError> {
        for (field, text) in [("subject", subject), ("purpose", purpose)] {
            if text.is_empty() || text.len() > NAME_BYTES_MAX || text.contains(char::is_control) {
                return Err(SealingError::BadName {
                    field,
                    problem: format!("must be 1 to {NAME_BYTES_MAX} bytes without control characters"),
                });
            }
        }
        Ok(Self { subject: subject.to_owned(), purpose: purpose.to_owned() })
    }

    pub(crate) fn subject(&self) -> &str {
        &self.subject
    }

    pub(crate) fn purpose(&self) -> &str {
        &self.purpose
    }

    /// The three parts, each led by its length, so that no two names give the same bytes.
    pub(crate) fn binding(&self, owner: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        for part in [owner, &self.subject, &self.purpose] {
            push_text(&mut bytes, part);
        }
        bytes
    }

    /// The id that blobs carry: the first 16 bytes of SHA-256 over the binding, in hexadecimal.
    ///
    /// It is computed and not drawn, so that the tombstone of a destroyed key needs only its name.
    pub(crate) fn key_id(&self, owner: &str) -> String {
        hex::encode(&Sha256::digest(self.binding(owner))[..16])
    }

    pub(crate) fn destroyed(&self) -> SealingError {
        SealingError::KeyDestroyed { subject: self.subject.clone(), purpose: self.purpose.clone() }
    }
}

/// Writes a text that was checked to be at most 255 bytes: its length in one byte, then its bytes.
pub(crate) fn push_text(bytes: &mut Vec<u8>, text: &str) {
    bytes.push(u8::try_from(text.len()).expect("names were checked to be at most 200 bytes"));
    bytes.extend_from_slice(text.as_bytes());
}
