//! Bearer tokens: JSON web tokens signed with Ed25519 (EdDSA, RFC 8037). The key pair lies in the data folder and is made on first start.

mod eddsa;

use crate::errors::refused;
use crate::principal::Role;
use care::Timestamp;
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey, EncodePrivateKey};
use hmac::{Hmac, Mac as _};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, errors::ErrorKind};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use std::collections::{HashMap, HashSet};
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use tonic::{Code, Status};

/// For whom tokens are meant: another brokerage's tokens are refused even if their key were ours.
const AUDIENCE: &str = "regional-brokerage";
/// How many verified tokens are remembered; a signature takes longer to check than all the rest of a small request.
const VERIFIED_TOKENS_MAX: usize = 4_096;
/// The longest token that is looked at, in bytes.
pub const TOKEN_BYTES_MAX: usize = 2_048;
/// The longest a token may live, in seconds: 400 days.
pub const LIFETIME_SECONDS_MAX: i64 = 400 * 24 * 3_600;

/// What is wrong with a token that is longer than [`TOKEN_BYTES_MAX`].
#[must_use]
pub fn too_long(token: &str) -> String {
    format!(
        "the token has {} bytes, and none has more than {TOKEN_BYTES_MAX}: send it as it was issued",
        token.len()
    )
}

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// What its bearer may act as.
    #[serde(flatten)]
    pub role: Role,
    /// Which system or post of it.
    pub sub: String,
    /// For whom it is meant.
    pub aud: String,
    /// When it was made, seconds since 1970.
    pub iat: i64,
    /// Until when it holds, seconds since 1970.
    pub exp: i64,
    /// Its own id, by which it can be revoked.
    pub jti: String,
    /// Whether it holds for one request only.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub once: bool,
}

/// Keys that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {detail}")]
pub struct KeyError {
    path: PathBuf,
    detail: String,
}

/// Makes and checks tokens.
pub struct TokenKeys {
    signing: EncodingKey,
    verifying: DecodingKey,
    /// What other secrets of the region are derived from.
    seed: [u8; 32],
    verified: Mutex<HashMap<String, Claims>>,
    spent: Mutex<Spent>,
}

/// Tokens that hold no more though they have not expired: revoked ones, and used ones that held once.
struct Spent {
    path: PathBuf,
    ids: HashSet<String>,
    /// The file's length when it was last read: it only grows.
    length: u64,
}

impl TokenKeys {
    /// Reads the key pair in `folder`, or makes it there, readable by its owner alone.
    ///
    /// # Errors
    /// When the file cannot be read, written or understood.
    pub fn load_or_create(folder: &Path) -> Result<Self, KeyError> {
        let path = folder.join("tokens.pem");
        let failed =
            |detail: &dyn std::fmt::Display| KeyError { path: path.clone(), detail: detail.to_string() };
        let key = match std::fs::read_to_string(&path) {
            Ok(pem) => SigningKey::from_pkcs8_pem(&pem)
                .map_err(|error| failed(&format!("not an Ed25519 key: {error}")))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let spent = folder.join("tokens.spent");
                if spent.exists() {
                    return Err(failed(&format!(
                        "the keys that sign tokens were here, as {} shows, and are gone: put them back. If they are lost for good, delete \
                         that file too, and new ones are made",
                        spent.display()
                    )));
                }
                let key = SigningKey::from_bytes(&rand::random());
                let pem = key.to_pkcs8_pem(LineEnding::LF).map_err(|error| failed(&error))?;
                match write_private(folder, &path, pem.as_bytes()) {
                    Ok(()) => {
                        tracing::warn!(
                            path = %path.display(),
                            "there were no keys that sign tokens: new ones were made, and no token of before holds"
                        );
                        key
                    }
                    // Another process of the region made them in this moment: they share one pair.
                    Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                        return Self::load_or_create(folder);
                    }
                    Err(error) => return Err(failed(&error)),
                }
            }
            Err(error) => return Err(failed(&error)),
        };
        eddsa::install();
        let der = key.to_pkcs8_der().map_err(|error| failed(&error))?;
        let spent = Spent { path: folder.join("tokens.spent"), ids: HashSet::new(), length: 0 };
        Ok(Self {
            signing: EncodingKey::from_ed_der(der.as_bytes()),
            verifying: DecodingKey::from_ed_der(key.verifying_key().as_bytes()),
            seed: key.to_bytes(),
            verified: Mutex::default(),
            spent: Mutex::new(spent),
        })
    }

    /// Reads the key pair in `folder`; none where there is none: for those who must not make one, since no region would know it.
    ///
    /// # Errors
    /// When it cannot be read or understood.
    pub fn load(folder: &Path) -> Result<Option<Self>, KeyError> {
        if folder.join("tokens.pem").is_file() { Self::load_or_create(folder).map(Some) } else { Ok(None) }
    }

    /// A secret of 32 bytes that all who share these keys have for this purpose, and nobody else: HMAC-SHA256 of its name under the key
    /// pair's seed. What it is used for says nothing of the pair.
    #[must_use]
    pub fn shared_secret(&self, purpose: &str) -> [u8; 32] {
        let mut block = [0; 64];
        block[..32].copy_from_slice(&self.seed);
        let mut mac = <Hmac<Sha256> as hmac::digest::KeyInit>::new(&block.into());
        mac.update(purpose.as_bytes());
        mac.finalize().into_bytes().into()
    }

    /// The id of a token that this key signed, whether or not it still holds.
    #[must_use]
    pub fn id_of(&self, token: &str) -> Option<String> {
        self.verify_signature(token).ok().map(|claims| claims.jti)
    }

    /// Makes a token for `seconds` from `now`.
    ///
    /// # Errors
    /// When the subject is not 1 to 60 letters, digits, `-`, `_`, `.`, or the lifetime is not 1 second to 400 days.
    pub fn issue(
        &self,
        role: Role,
        subject: &str,
        now: Timestamp,
        seconds: i64,
        once: bool,
    ) -> Result<String, String> {
        if !is_subject(subject) {
            return Err(
                "the subject is a system or post, 1 to 60 letters, digits, '-', '_' or '.'".to_owned()
            );
        }
        if !(1..=LIFETIME_SECONDS_MAX).contains(&seconds) {
            return Err(format!("a token lives 1 to {LIFETIME_SECONDS_MAX} seconds"));
        }
        let iat = now.as_second();
        let jti = uuid::Uuid::new_v4().to_string();
        let claims = Claims {
            role,
            sub: subject.to_owned(),
            aud: AUDIENCE.to_owned(),
            iat,
            exp: iat + seconds,
            jti,
            once,
        };
        jsonwebtoken::encode(&Header::new(Algorithm::EdDSA), &claims, &self.signing)
            .map_err(|error| error.to_string())
    }

    /// Checks a token: its signature, audience, time, and that it was not revoked or used up.
    ///
    /// # Errors
    /// `UNAUTHENTICATED` with one of the reasons `TOKEN_MALFORMED`, `TOKEN_SIGNATURE_INVALID`, `TOKEN_EXPIRED`, `TOKEN_WRONG_AUDIENCE`,
    /// `TOKEN_REVOKED`, `TOKEN_REPLAYED`.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Claims, Status> {
        let verified = self.verified.lock().unwrap_or_else(PoisonError::into_inner).get(token).cloned();
        let claims = match verified {
            Some(claims) => claims,
            None => self.verify_signature(token)?,
        };
        if claims.exp <= now.as_second() {
            return Err(unauthenticated("TOKEN_EXPIRED", "the token has expired: ask for a new one"));
        }
        let mut spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        let refused = spent.check(&claims);
        drop(spent);
        refused.map(|()| claims)
    }

    /// Revokes a token by its id, from now on and after a restart.
    ///
    /// # Errors
    /// When it cannot be written down.
    pub fn revoke(&self, jti: &str) -> std::io::Result<()> {
        self.spent.lock().unwrap_or_else(PoisonError::into_inner).spend(jti)
    }

    fn verify_signature(&self, token: &str) -> Result<Claims, Status> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(unauthenticated("TOKEN_MALFORMED", &too_long(token)));
        }
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_audience(&[AUDIENCE]);
        // The time is checked at every use, against the caller's instant.
        validation.validate_exp = false;
        let claims = jsonwebtoken::decode::<Claims>(token, &self.verifying, &validation)
            .map_err(|error| match error.kind() {
                ErrorKind::InvalidSignature => {
                    unauthenticated("TOKEN_SIGNATURE_INVALID", "the token was not signed by this brokerage")
                }
                ErrorKind::InvalidAudience => {
                    unauthenticated("TOKEN_WRONG_AUDIENCE", "the token is for another service")
                }
                _ => {
                    unauthenticated("TOKEN_MALFORMED", "the token is not a JSON web token of this brokerage")
                }
            })?
            .claims;
        if !is_subject(&claims.sub) {
            return Err(unauthenticated("TOKEN_MALFORMED", "the token's subject is not a system or post"));
        }
        let mut verified = self.verified.lock().unwrap_or_else(PoisonError::into_inner);
        if verified.len() >= VERIFIED_TOKENS_MAX {
            verified.clear();
        }
        verified.insert(token.to_owned(), claims.clone());
        Ok(claims)
    }
}

impl Spent {
    fn check(&mut self, claims: &Claims) -> Result<(), Status> {
        self.reload().map_err(|error| {
            tracing::error!(%error, path = %self.path.display(), "the list of spent tokens cannot be read");
            crate::errors::unavailable("tokens cannot be checked at the moment")
        })?;
        if self.ids.contains(&claims.jti) {
            return Err(if claims.once {
                unauthenticated("TOKEN_REPLAYED", "the token held for one request and has been used")
            } else {
                unauthenticated("TOKEN_REVOKED", "the token has been revoked")
            });
        }
        if claims.once {
            self.spend(&claims.jti)
                .map_err(|_| crate::errors::unavailable("the token's use cannot be written down"))?;
        }
        Ok(())
    }

    /// Takes in what another process, such as `brokerage token revoke`, has added.
    fn reload(&mut self) -> std::io::Result<()> {
        let length = match std::fs::metadata(&self.path) {
            Ok(found) => found.len(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => 0,
            Err(error) => return Err(error),
        };
        if length != self.length {
            let text = if length == 0 { String::new() } else { std::fs::read_to_string(&self.path)? };
            self.ids = text.lines().map(str::to_owned).collect();
            self.length = length;
        }
        Ok(())
    }

    fn spend(&mut self, jti: &str) -> std::io::Result<()> {
        let mut file = OpenOptions::new().create(true).append(true).open(&self.path)?;
        let line = format!("{jti}\n");
        file.write_all(line.as_bytes())?;
        file.sync_data()?;
        self.ids.insert(jti.to_owned());
        // Only what was written here: what another process added meanwhile shows as a difference, and is read.
        self.length += u64::try_from(line.len()).unwrap_or(0);
        Ok(())
    }
}

fn write_private(folder: &Path, path: &Path, text: &[u8]) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    // Whole under its name at once, and never over one that is there.
    let draft = folder.join(format!("tokens.{}.new", uuid::Uuid::new_v4()));
    let mut file = options.open(&draft)?;
    let written = file.write_all(text).and_then(|()| file.sync_all());
    let linked = written.and_then(|()| std::fs::hard_link(&draft, path));
    std::fs::remove_file(&draft)?;
    linked
}

fn is_subject(text: &str) -> bool {
    (1..=60).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

pub(crate) fn unauthenticated(reason: &str, message: &str) -> Status {
    refused(Code::Unauthenticated, reason, message, [])
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use tonic_types::StatusExt;

    fn reason(status: &Status) -> String {
        status.get_error_details().error_info().map(|info| info.reason.clone()).unwrap_or_default()
    }

    fn keys() -> (tempfile::TempDir, TokenKeys) {
        let folder = tempfile::tempdir().unwrap();
        let keys = TokenKeys::load_or_create(folder.path()).unwrap();
        (folder, keys)
    }

    fn derby() -> Role {
        Role::Council("E06000015".parse().unwrap())
    }

    #[test]
    fn a_token_holds_until_it_expires_and_survives_a_restart_of_the_keys() {
        let (folder, keys) = keys();
        let now: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
        let token = keys.issue(derby(), "case-system", now, 60, false).unwrap();
        let again = TokenKeys::load_or_create(folder.path()).unwrap();
        for keys in [&keys, &again] {
            assert_eq!(keys.verify(&token, now).unwrap().role, derby());
            let late = Timestamp::from_second(now.as_second() + 60).unwrap();
            assert_eq!(reason(&keys.verify(&token, late).unwrap_err()), "TOKEN_EXPIRED");
        }
    }

    #[test]
    fn every_changed_character_and_other_algorithms_are_refused() {
        let (_folder, keys) = keys();
        let now = Timestamp::now();
        let token = keys.issue(derby(), "case-system", now, 60, false).unwrap();
        for i in 0..token.len() - 1 {
            let mut changed = token.clone().into_bytes();
            changed[i] = if changed[i] == b'A' { b'B' } else { b'A' };
            assert!(keys.verify(&String::from_utf8(changed).unwrap(), now).is_err(), "character {i}");
        }
        let body = token.split('.').nth(1).unwrap();
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#);
        assert!(keys.verify(&format!("{header}.{body}."), now).is_err());
        let (_other_folder, other) = self::keys();
        assert_eq!(reason(&other.verify(&token, now).unwrap_err()), "TOKEN_SIGNATURE_INVALID");
        assert_eq!(reason(&keys.verify("", now).unwrap_err()), "TOKEN_MALFORMED");
    }

    #[test]
    fn a_revoked_token_and_a_replayed_one_are_refused_also_after_a_restart() {
        let (folder, keys) = keys();
        let now = Timestamp::now();
        let token = keys.issue(derby(), "case-system", now, 60, false).unwrap();
        let jti = keys.verify(&token, now).unwrap().jti;
        // Revoked by another process.
        TokenKeys::load_or_create(folder.path()).unwrap().revoke(&jti).unwrap();
        assert_eq!(reason(&keys.verify(&token, now).unwrap_err()), "TOKEN_REVOKED");
        let once = keys.issue(derby(), "link", now, 60, true).unwrap();
        assert!(keys.verify(&once, now).is_ok());
        assert_eq!(reason(&keys.verify(&once, now).unwrap_err()), "TOKEN_REPLAYED");
        let again = TokenKeys::load_or_create(folder.path()).unwrap();
        assert_eq!(reason(&again.verify(&once, now).unwrap_err()), "TOKEN_REPLAYED");
        assert_eq!(reason(&again.verify(&token, now).unwrap_err()), "TOKEN_REVOKED");
    }
}
