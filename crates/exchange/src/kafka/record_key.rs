//! The key that the services of a region share: with it each writes, and tells apart, what the region itself published.
//!
//! Who may write to a topic is the broker's to say. Where that is left open, or its operator errs, a made-up event that looks whole would
//! award a place or bill a night: so every record has a code over its event, and one without it, or with another, is no event.

use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use std::fmt;

/// A key of 32 bytes that only the region's services have. It is not shown.
#[derive(Clone)]
pub struct RecordKey(Hmac<Sha256>);

impl RecordKey {
    /// The key of these bytes, which nobody outside may be able to guess, and which are used for nothing else.
    #[must_use]
    pub fn new(key: &[u8; 32]) -> Self {
        let mut block = [0; 64];
        block[..32].copy_from_slice(key);
        Self(<Hmac<Sha256> as hmac::digest::KeyInit>::new(&block.into()))
    }

    /// The code of the event whose leaf has this hash, which covers everything in it: HMAC-SHA256 (RFC 2104), in hex.
    pub(super) fn code(&self, leaf_hash: &[u8; 32]) -> String {
        hex::encode(self.over(leaf_hash).finalize().into_bytes())
    }

    /// Whether the code is that of the event. It takes as long for any wrong code.
    pub(super) fn made(&self, code: &str, leaf_hash: &[u8; 32]) -> bool {
        hex::decode(code).is_ok_and(|code| self.over(leaf_hash).verify_slice(&code).is_ok())
    }

    fn over(&self, leaf_hash: &[u8; 32]) -> Hmac<Sha256> {
        let mut mac = self.0.clone();
        mac.update(leaf_hash);
        mac
    }
}

impl fmt::Debug for RecordKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("RecordKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_hmac_and_fits_its_event_and_key_alone() {
        let (key, leaf) = (RecordKey::new(&[7; 32]), [1; 32]);
        let code = key.code(&leaf);
        // Python: hmac.new(bytes([7]*32), bytes([1]*32), "sha256").hexdigest()
        assert_eq!(code, "338b3ba46c711ce637cad3635550e860b84209083d8c25b6a92d19d72b185516");
        assert!(key.made(&code, &leaf));
        assert!(!key.made(&code, &[2; 32]), "another event");
        assert!(!RecordKey::new(&[8; 32]).made(&code, &leaf), "another region");
        for wrong in ["", "7", "zz", &code[..62], &format!("{code}00")] {
            assert!(!key.made(wrong, &leaf), "{wrong:?}");
        }
        assert!(!format!("{key:?}").contains('7'));
    }
}
