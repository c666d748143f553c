//! Data keys, and the sealed value that goes into an event.

use std::fmt;

use aes_gcm_siv::aead::{Aead, Payload};
use aes_gcm_siv::{Aes256GcmSiv, KeyInit, Nonce};
use hmac::{Hmac, Mac};
use rand::TryRngCore;
use rand::rngs::OsRng;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::SealingError;

/// The most bytes that may be sealed at once. Personal data in one event is far below this.
pub const PLAINTEXT_BYTES_MAX: usize = 256 * 1024;

/// The message whose HMAC under a data key is the commitment to that key.
const COMMITMENT: &[u8] = b"commit";

/// What leads the message of a fingerprint, so that no fingerprint is a commitment.
const FINGERPRINT: &[u8] = b"fingerprint|";

/// Personal data, sealed. All parts but the key's name are hexadecimal text in JSON.
///
/// It can go into an event, a topic or a backup: without the key it says only how long the data was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedBlob {
    /// The key, as [`DataKey::key_id`]. It does not show the subject, but whoever knows subject and
    /// purpose can compute it.
    pub key_id: String,
    /// The nonce of AES-256-GCM-SIV, drawn at random for each blob.
    #[serde(with = "hex::serde")]
    pub nonce: [u8; 12],
    /// The ciphertext, 16 bytes longer than the plaintext.
    #[serde(with = "hex::serde")]
    pub ciphertext: Vec<u8>,
    /// HMAC-SHA256(key, "commit"). AES-GCM-SIV does not commit to its key: without this, one who holds
    /// two keys could make a ciphertext that opens to two different texts, and so a logged event that
    /// can be read in two ways.
    #[serde(with = "hex::serde")]
    pub key_commit: [u8; 32],
}

/// The key of one subject for one purpose. The copy in memory is overwritten when dropped.
///
/// A copy held by a caller outlives [`KeyStore::destroy`](crate::KeyStore::destroy): fetch it, use it,
/// drop it.
#[derive(Clone)]
pub struct DataKey {
    key_id: String,
    secret: Secret,
}

/// 32 secret bytes that are overwritten when dropped.
pub(crate) type Secret = Zeroizing<[u8; 32]>;

/// Fills `bytes` from the operating system's generator.
pub(crate) fn randomize(bytes: &mut [u8]) -> Result<(), SealingError> {
    OsRng.try_fill_bytes(bytes).map_err(|error| SealingError::NoRandomness(error.to_string()))
}

/// AES-256-GCM-SIV under `secret`. The cipher overwrites the keys that it derives for each message; the
/// round keys that it expands `secret` into for the length of one call are left to the stack.
pub(crate) fn cipher(secret: &Secret) -> Aes256GcmSiv {
    Aes256GcmSiv::new((&**secret).into())
}

impl DataKey {
    pub(crate) fn new(key_id: String, secret: Secret) -> Self {
        Self { key_id, secret }
    }

    pub(crate) fn generate(key_id: String) -> Result<Self, SealingError> {
        let mut secret = Secret::default();
        randomize(&mut *secret)?;
        Ok(Self { key_id, secret })
    }

    pub(crate) fn secret(&self) -> &Secret {
        &self.secret
    }

    /// The name of this key: 32 hexadecimal digits computed from owner, subject and purpose.
    #[must_use]
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// Seals `plaintext` and binds it to `aad`, which says where the blob belongs, such as
    /// `E06000005|referral/7f3c|placing`. A blob copied elsewhere then does not unseal there.
    ///
    /// # Errors
    /// [`SealingError::TooLong`] over [`PLAINTEXT_BYTES_MAX`], [`SealingError::NoRandomness`].
    pub fn seal(&self, aad: &str, plaintext: &[u8]) -> Result<SealedBlob, SealingError> {
        let too_long = || SealingError::TooLong { bytes: plaintext.len(), bytes_max: PLAINTEXT_BYTES_MAX };
        if plaintext.len() > PLAINTEXT_BYTES_MAX {
            return Err(too_long());
        }
        let mut nonce = [0; 12];
        randomize(&mut nonce)?;
        let payload = Payload { msg: plaintext, aad: aad.as_bytes() };
        // The cipher refuses lengths only, of text or binding, and far beyond any that fits in memory.
        let ciphertext =
            cipher(&self.secret).encrypt(&Nonce::from(nonce), payload).map_err(|_| too_long())?;
        Ok(SealedBlob {
            key_id: self.key_id.clone(),
            nonce,
            ciphertext,
            key_commit: self.commitment().finalize().into_bytes().into(),
        })
    }

    /// Gives back what was sealed for `aad`. The plaintext is overwritten when dropped.
    ///
    /// # Errors
    /// [`SealingError::OtherKey`], [`SealingError::CommitmentDiffers`], [`SealingError::NotAuthentic`].
    pub fn unseal(&self, blob: &SealedBlob, aad: &str) -> Result<Zeroizing<Vec<u8>>, SealingError> {
        if blob.key_id != self.key_id {
            return Err(SealingError::OtherKey { expected: self.key_id.clone(), found: blob.key_id.clone() });
        }
        self.commitment()
            .verify_slice(&blob.key_commit)
            .map_err(|_| SealingError::CommitmentDiffers { key_id: self.key_id.clone() })?;
        let payload = Payload { msg: &blob.ciphertext, aad: aad.as_bytes() };
        cipher(&self.secret)
            .decrypt(&Nonce::from(blob.nonce), payload)
            .map(Zeroizing::new)
            .map_err(|_| SealingError::NotAuthentic { key_id: self.key_id.clone() })
    }

    /// HMAC-SHA256 of `plaintext` under this key: the same for the same text, so that a repeated request can be recognised
    /// without keeping what it said. A plain hash of a name and a date of birth could be found by trying; without
    /// the key this cannot.
    #[must_use]
    pub fn fingerprint(&self, plaintext: &[u8]) -> [u8; 32] {
        self.mac().chain_update(FINGERPRINT).chain_update(plaintext).finalize().into_bytes().into()
    }

    fn commitment(&self) -> Hmac<Sha256> {
        self.mac().chain_update(COMMITMENT)
    }

    /// The HMAC's inner state, from which the key cannot be read, is left to the stack.
    fn mac(&self) -> Hmac<Sha256> {
        <Hmac<Sha256> as Mac>::new_from_slice(&*self.secret).expect("HMAC takes a key of any length")
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DataKey").field("key_id", &self.key_id).finish_non_exhaustive()
    }
}
