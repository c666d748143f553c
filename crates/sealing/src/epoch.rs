//! The epoch key, which wraps every data key of one owner, and its file.
//!
//! File: magic (8 bytes), epoch id (16), key (32), SHA-256 over the first 56 bytes (32).

use aes_gcm_siv::Nonce;
use aes_gcm_siv::aead::{Aead, Payload};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::SealingError;
use crate::blob::{Secret, cipher, randomize};
use crate::file::read;

const MAGIC: &[u8; 8] = b"SEALEPO1";
const BODY_BYTES: usize = 8 + 16 + 32;
const FILE_BYTES: usize = BODY_BYTES + 32;

/// Names one epoch key. A key file says which epoch it was written under.
pub(crate) type EpochId = [u8; 16];

/// A data key as it is on disk: nonce, then ciphertext with its tag.
pub(crate) type WrappedKey = [u8; WRAPPED_BYTES];
/// The length of a wrapped key, in bytes.
pub(crate) const WRAPPED_BYTES: usize = 12 + 32 + 16;

/// The key that wraps data keys until the next destruction replaces it.
pub(crate) struct EpochKey {
    id: EpochId,
    secret: Secret,
}

impl EpochKey {
    pub(crate) fn generate() -> Result<Self, SealingError> {
        let mut id = EpochId::default();
        let mut secret = Secret::default();
        randomize(&mut id)?;
        randomize(&mut *secret)?;
        Ok(Self { id, secret })
    }

    pub(crate) const fn id(&self) -> &EpochId {
        &self.id
    }

    /// The content of an epoch file.
    pub(crate) fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(FILE_BYTES));
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&self.id);
        bytes.extend_from_slice(&*self.secret);
        let checksum = Sha256::digest(&bytes);
        bytes.extend_from_slice(&checksum);
        bytes
    }

    /// Reads an epoch file. `None` when it is missing, torn or overwritten: a crash leaves such files,
    /// and the caller knows by the id whether that matters.
    pub(crate) fn read(path: &std::path::Path) -> Result<Option<Self>, SealingError> {
        Ok(read(path)?.and_then(|bytes| Self::from_bytes(&bytes)))
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (body, checksum) = bytes.split_at_checked(BODY_BYTES)?;
        if Sha256::digest(body).as_slice() != checksum {
            return None;
        }
        let (id, secret) = body.strip_prefix(MAGIC)?.split_first_chunk()?;
        let mut key = Self { id: *id, secret: Secret::default() };
        key.secret.copy_from_slice(secret);
        Some(key)
    }

    /// Wraps a data key. `binding` says whose it is, so that a wrapped key cannot be moved.
    pub(crate) fn wrap(&self, secret: &Secret, binding: &[u8]) -> Result<WrappedKey, SealingError> {
        let mut nonce = [0; 12];
        randomize(&mut nonce)?;
        let payload = Payload { msg: &**secret, aad: binding };
        let ciphertext = cipher(&self.secret)
            .encrypt(&Nonce::from(nonce), payload)
            .expect("32 bytes and a short binding are within the cipher's limits");
        let mut wrapped = [0; WRAPPED_BYTES];
        wrapped[..12].copy_from_slice(&nonce);
        wrapped[12..].copy_from_slice(&ciphertext);
        Ok(wrapped)
    }

    /// Unwraps a data key. `None` when it was not wrapped under this key for this binding.
    pub(crate) fn unwrap(&self, wrapped: &WrappedKey, binding: &[u8]) -> Option<Secret> {
        let (nonce, ciphertext) = wrapped.split_first_chunk::<12>()?;
        let payload = Payload { msg: ciphertext, aad: binding };
        let plain = Zeroizing::new(cipher(&self.secret).decrypt(&Nonce::from(*nonce), payload).ok()?);
        let mut secret = Secret::default();
        if plain.len() != secret.len() {
            return None;
        }
        secret.copy_from_slice(&plain);
        Some(secret)
    }
}
