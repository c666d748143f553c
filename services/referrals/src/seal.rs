//! Seals who the child is before it becomes part of a command, and opens it for those who may see it.

use care::{CouncilId, OfferId, QuestionId, ReferralId};
use referrals_domain::{Background, BackgroundPart, KeyPurpose, Referral, Rejection, Sealed};
use sealing::{DataKey, KeyStore, Needs, OwnerLock, SealedBlob, SealingError};
use serde::{Deserialize, Serialize};
use service_kit::{StartError, refuse, unavailable};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tonic::Status;

mod envelope;
mod person;

pub(crate) use envelope::Told;
pub(crate) use person::{Person, age_on};

/// The codes that are sealed with the narrative. What is unknown is empty.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SealedCodes {
    pub(crate) health: Vec<String>,
    pub(crate) ethnicity: String,
    pub(crate) religion: String,
    pub(crate) language: String,
}

impl SealedCodes {
    fn known(&self) -> BTreeSet<BackgroundPart> {
        let is_known = |part: &BackgroundPart| match part {
            BackgroundPart::Health => !self.health.is_empty(),
            BackgroundPart::Ethnicity => !self.ethnicity.is_empty(),
            BackgroundPart::Religion => !self.religion.is_empty(),
            BackgroundPart::Language => !self.language.is_empty(),
        };
        BackgroundPart::ALL.into_iter().filter(is_known).collect()
    }
}

/// What a request says of the child: the person, the account of needs, and the codes that are sealed with it.
#[derive(Clone, Default)]
pub(crate) struct Clear {
    pub(crate) person: Option<Person>,
    pub(crate) narrative: Option<String>,
    pub(crate) codes: Option<SealedCodes>,
}

impl Clear {
    /// Whether the account of needs holds something of who the child is; or may, where that was given and cannot be read any more.
    pub(crate) fn names_child(&self, identity_given: bool) -> bool {
        self.narrative.as_deref().is_some_and(|text| match &self.person {
            Some(person) => person.is_named_in(text),
            None => identity_given,
        })
    }
}

/// The same, sealed, with a fingerprint of each part under its own key by which a repeated request is recognised.
#[derive(Default)]
pub(crate) struct Closed {
    pub(crate) identity: Option<Sealed>,
    pub(crate) narrative: Option<Sealed>,
    pub(crate) background: Option<Background>,
    pub(crate) fingerprints: [String; 3],
}

/// What of a referral is sealed as one text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// The [`Person`].
    Identity,
    /// The account of needs.
    Narrative,
    /// The [`SealedCodes`].
    Background,
    /// What a provider asked.
    Question(QuestionId),
    /// What the council answered.
    Answer(QuestionId),
    /// Why an offer was scored as it was.
    Rationale(OfferId),
}

impl Part {
    /// Whose key it is sealed under.
    pub(crate) const fn purpose(self) -> KeyPurpose {
        match self {
            Self::Identity => KeyPurpose::Identity,
            Self::Narrative | Self::Background | Self::Question(_) | Self::Answer(_) | Self::Rationale(_) => {
                KeyPurpose::Narrative
            }
        }
    }

    /// Its name within the referral.
    fn name(self) -> String {
        match self {
            Self::Identity => "identity".to_owned(),
            Self::Narrative => "narrative".to_owned(),
            Self::Background => "background".to_owned(),
            Self::Question(id) => format!("question/{id}"),
            Self::Answer(id) => format!("answer/{id}"),
            Self::Rationale(id) => format!("rationale/{id}"),
        }
    }

    /// The parts of a referral as they are sealed now.
    fn of(referral: &Referral) -> [(Self, Option<&Sealed>); 3] {
        [
            (Self::Identity, referral.identity.as_ref()),
            (Self::Narrative, referral.narrative.as_ref()),
            (Self::Background, referral.background.as_ref().map(|it| &it.sealed)),
        ]
    }
}

/// The keys of one council. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Vault {
    council: CouncilId,
    keys: Arc<KeyStore>,
}

/// How often the keys that another process has open are tried again, and after how many tries that is said.
const LOCKED_EVERY: Duration = Duration::from_millis(250);
const LOCKED_QUIETLY: u32 = 4;

/// Where the keys of the councils are.
fn folder(keys_folder: &Path) -> PathBuf {
    keys_folder.join("referrals")
}

/// Waits for the right to open the keys of a council. An instance that was paused, and that this one takes over from, has it until it
/// goes on or ends; until then nothing of its logs is touched, so that whichever goes on is whole.
///
/// # Errors
/// When the folder cannot be used.
pub(crate) async fn lock(keys_folder: &Path, council: CouncilId) -> Result<OwnerLock, StartError> {
    let folder = folder(keys_folder);
    let mut tries = 0;
    loop {
        match OwnerLock::take(&folder, council.gss()) {
            Ok(lock) => return Ok(lock),
            Err(SealingError::InUse { path }) if tries == LOCKED_QUIETLY => {
                tracing::warn!(
                    lock = %path.display(),
                    "another process has the sealing keys open, though it does not work on the logs: waiting until it ends; if it is \
                     paused or hangs, end it"
                );
            }
            Err(SealingError::InUse { .. }) => {}
            Err(error) => return Err(StartError::Other(format!("the keys of referrals/{council}: {error}"))),
        }
        tries += 1;
        tokio::time::sleep(LOCKED_EVERY).await;
    }
}

impl Vault {
    /// Opens the keys that `sealed`, what the council's log holds sealed, is to be read with. A council that has lost some of them does
    /// not start, unless that is accepted: most likely they lie elsewhere, and going on would hide that until somebody needs to
    /// know who a child is.
    pub(crate) fn open(
        keys_folder: &Path,
        (council, lock): (CouncilId, OwnerLock),
        sealed: &[(ReferralId, String)],
        accept_lost: bool,
    ) -> Result<Self, StartError> {
        let folder = folder(keys_folder);
        let failed = |error: SealingError| {
            let way_out = match error {
                SealingError::KeysLost { .. } => format!(
                    "; if they are lost for good, so is who these children are: \
                     `brokerage run --accept-lost-keys {council}` goes on without"
                ),
                SealingError::BadHead { .. }
                | SealingError::BadRecord { .. }
                | SealingError::KeysMissing { .. }
                | SealingError::EpochMissing { .. } => format!(
                    "; if it is lost for good, move {council}.keys and {council}.epoch away: the next start says what went with them"
                ),
                _ => String::new(),
            };
            StartError::Other(format!(
                "the keys of referrals/{council} in {}: {error}{way_out}",
                folder.display()
            ))
        };
        let names: Vec<_> = sealed.iter().map(|(id, purpose)| (id.to_string(), purpose.as_str())).collect();
        let needs = Needs::of(names.iter().map(|(id, purpose)| (id.as_str(), *purpose))).map_err(failed)?;
        let needs = if accept_lost { needs.accepting_lost() } else { needs };
        let keys = lock.open(&needs).map_err(failed)?;
        let gone = |(id, purpose): &&(String, &str)| {
            matches!(keys.get(id, purpose), Err(SealingError::KeyUnknown { .. }))
        };
        let lost = names.iter().filter(gone).count();
        if lost > 0 {
            tracing::warn!(%council, lost, "keys of sealed parts were given up as lost: these cannot be read");
        }
        Ok(Self { council, keys: Arc::new(keys) })
    }

    /// Whose keys these are.
    pub(crate) const fn council(&self) -> CouncilId {
        self.council
    }

    /// Seals what is known of the child of a referral. Waits for the disk when a key is new; the keys of both parts are
    /// made side by side, so that they can share that wait.
    pub(crate) async fn seal(&self, referral: ReferralId, clear: Clear) -> Result<Closed, Status> {
        let person = clear.person.and_then(|person| serde_json::to_vec(&person).ok());
        let narrative = clear.narrative.map(String::into_bytes);
        let known = clear.codes.as_ref().map(SealedCodes::known).unwrap_or_default();
        let codes = clear.codes.and_then(|codes| serde_json::to_vec(&codes).ok());
        let (identity, narrative, background) = tokio::join!(
            self.seal_part(referral, Part::Identity, person),
            self.seal_part(referral, Part::Narrative, narrative),
            self.seal_part(referral, Part::Background, codes)
        );
        let (identity, narrative, background) = (identity?, narrative?, background?);
        let fingerprint = |part: &Option<(Sealed, String)>| {
            part.as_ref().map(|(_, print)| print.clone()).unwrap_or_default()
        };
        Ok(Closed {
            fingerprints: [fingerprint(&identity), fingerprint(&narrative), fingerprint(&background)],
            identity: identity.map(|(sealed, _)| sealed),
            narrative: narrative.map(|(sealed, _)| sealed),
            background: background.map(|(sealed, _)| Background { sealed, known }),
        })
    }

    async fn seal_part(
        &self,
        referral: ReferralId,
        part: Part,
        text: Option<Vec<u8>>,
    ) -> Result<Option<(Sealed, String)>, Status> {
        let Some(text) = text else { return Ok(None) };
        let binding = self.binding(referral, &part.name());
        let sealed = self.seal_under(referral, part.purpose().as_str().to_owned(), binding, text).await;
        sealed.map(Some).map_err(|error| status(referral, &error))
    }

    /// Seals a text under the key of that name, and gives its fingerprint.
    async fn seal_under(
        &self,
        referral: ReferralId,
        key: String,
        binding: String,
        text: Vec<u8>,
    ) -> Result<(Sealed, String), SealingError> {
        let subject = referral.to_string();
        let seal = move |key: DataKey| {
            let print = hex::encode(key.fingerprint(&text));
            key.seal(&binding, &text).map(|blob| (to_event(&blob), print))
        };
        match self.keys.get(&subject, &key) {
            Ok(key) => seal(key),
            Err(SealingError::KeyUnknown { .. }) => {
                let keys = Arc::clone(&self.keys);
                let made = move || keys.create_or_get(&subject, &key).and_then(seal);
                let made = tokio::task::spawn_blocking(made).await;
                made.unwrap_or_else(|error| Err(SealingError::Halted { reason: error.to_string() }))
            }
            Err(error) => Err(error),
        }
    }

    /// Whether nothing of what is sealed in a referral can be read, and the key of some part of it was lost, not destroyed.
    pub(crate) fn has_lost_all(&self, referral: &Referral) -> bool {
        let sealed = Part::of(referral).into_iter().filter_map(|(part, sealed)| Some((part, sealed?)));
        let missing: Vec<_> =
            sealed.map(|(part, sealed)| self.missing(referral.id, &part.name(), sealed)).collect();
        missing.iter().all(Option::is_some) && missing.iter().any(is_lost)
    }

    /// Whether the key that sealed this is still there.
    pub(crate) fn has_key_of(&self, referral: ReferralId, part: Part, sealed: &Sealed) -> bool {
        self.missing(referral, &part.name(), sealed).is_none()
    }

    /// How the key that sealed this is missing, if it is. One that was made in the place of a lost one is another.
    fn missing(&self, referral: ReferralId, place: &str, sealed: &Sealed) -> Option<SealingError> {
        let blob = from_event(sealed)?;
        self.keys.unseal(&blob, &self.binding(referral, place)).err().filter(is_missing)
    }

    /// What is sealed in a referral, as far as it was given and its key exists.
    pub(crate) fn unseal(&self, referral: &Referral) -> Result<Clear, Status> {
        let [person, narrative, codes] =
            Part::of(referral).map(|(part, sealed)| self.unseal_part(referral.id, part, sealed));
        let (person, narrative, codes) = (person?, narrative?, codes?);
        let unreadable = |what: &str| {
            tracing::error!(referral = %referral.id, "the sealed {what} is not of the expected form");
            unavailable(format!("the sealed {what} cannot be read"))
        };
        Ok(Clear {
            person: person
                .map(|text| serde_json::from_slice(&text).map_err(|_| unreadable("identity")))
                .transpose()?,
            narrative: narrative
                .map(|text| String::from_utf8(text).map_err(|_| unreadable("narrative")))
                .transpose()?,
            codes: codes
                .map(|text| serde_json::from_slice(&text).map_err(|_| unreadable("codes")))
                .transpose()?,
        })
    }

    fn unseal_part(
        &self,
        referral: ReferralId,
        part: Part,
        sealed: Option<&Sealed>,
    ) -> Result<Option<Vec<u8>>, Status> {
        sealed.map_or(Ok(None), |sealed| self.unseal_at(referral, &part.name(), sealed))
    }

    /// What is sealed in that place of a referral; nothing where its key was destroyed or is lost.
    fn unseal_at(
        &self,
        referral: ReferralId,
        place: &str,
        sealed: &Sealed,
    ) -> Result<Option<Vec<u8>>, Status> {
        let Some(blob) = from_event(sealed) else {
            tracing::error!(%referral, place, "a sealed value is not of the expected form");
            return Err(unavailable("a sealed value cannot be read"));
        };
        match self.keys.unseal(&blob, &self.binding(referral, place)) {
            Ok(text) => Ok(Some(text.to_vec())),
            Err(SealingError::KeyDestroyed { .. }) => Ok(None),
            Err(error) if is_missing(&error) => {
                tracing::error!(%referral, place, "ALARM: the key of a sealed part is lost");
                Ok(None)
            }
            Err(error) => Err(status(referral, &error)),
        }
    }

    /// Seals one text, and gives the fingerprint by which a repeat of it is recognised.
    pub(crate) async fn seal_text(
        &self,
        referral: ReferralId,
        part: Part,
        text: &str,
    ) -> Result<(Sealed, String), Status> {
        let sealed = self.seal_part(referral, part, Some(text.as_bytes().to_vec())).await?;
        sealed.ok_or_else(|| unavailable("the text could not be sealed"))
    }

    /// A sealed text; nothing where its key was destroyed or is lost.
    pub(crate) fn unseal_text(
        &self,
        referral: ReferralId,
        part: Part,
        sealed: &Sealed,
    ) -> Result<Option<String>, Status> {
        let text = self.unseal_part(referral, part, Some(sealed))?;
        text.map(|text| String::from_utf8(text).map_err(|_| unavailable("a sealed text cannot be read")))
            .transpose()
    }

    /// Destroys keys by their names, those that still exist. May be repeated.
    pub(crate) async fn destroy(
        &self,
        ended: impl IntoIterator<Item = (ReferralId, String)>,
    ) -> Result<(), SealingError> {
        let named = ended.into_iter().map(|(referral, purpose)| (referral.to_string(), purpose));
        // What is not there was destroyed before, or nothing was ever sealed under it.
        let left: Vec<_> =
            named.filter(|(subject, purpose)| self.keys.get(subject, purpose).is_ok()).collect();
        if left.is_empty() {
            return Ok(());
        }
        let keys = Arc::clone(&self.keys);
        let destroyed = tokio::task::spawn_blocking(move || {
            let names: Vec<_> =
                left.iter().map(|(subject, purpose)| (subject.as_str(), purpose.as_str())).collect();
            keys.destroy_all(&names)
        });
        destroyed.await.unwrap_or_else(|error| Err(SealingError::Halted { reason: error.to_string() }))
    }

    /// Where a sealed part belongs: copied elsewhere it does not open.
    fn binding(&self, referral: ReferralId, place: &str) -> String {
        format!("{}|referral/{referral}|{place}", self.council)
    }
}

/// Whether the key that sealed something is not there, as against damage or failure.
fn is_missing(error: &SealingError) -> bool {
    matches!(
        error,
        SealingError::KeyUnknown { .. }
            | SealingError::KeyDestroyed { .. }
            | SealingError::CommitmentDiffers { .. }
    )
}

/// Whether a key was lost: it is not there, and was not destroyed.
fn is_lost(missing: &Option<SealingError>) -> bool {
    missing.as_ref().is_some_and(|error| !matches!(error, SealingError::KeyDestroyed { .. }))
}

fn status(referral: ReferralId, error: &SealingError) -> Status {
    if matches!(error, SealingError::KeyDestroyed { .. }) {
        return refuse(&Rejection::IdentityDestroyed(referral));
    }
    tracing::error!(%referral, %error, "sealing failed");
    unavailable(
        "the council's key store could not take this; with the same request_id it is safe to try again",
    )
}

fn to_event(blob: &SealedBlob) -> Sealed {
    Sealed {
        key_id: blob.key_id.clone(),
        nonce: hex::encode(blob.nonce),
        ciphertext: hex::encode(&blob.ciphertext),
        key_commit: hex::encode(blob.key_commit),
    }
}

fn from_event(sealed: &Sealed) -> Option<SealedBlob> {
    let bytes = |text: &str| hex::decode(text).ok();
    Some(SealedBlob {
        key_id: sealed.key_id.clone(),
        nonce: bytes(&sealed.nonce)?.try_into().ok()?,
        ciphertext: bytes(&sealed.ciphertext)?,
        key_commit: bytes(&sealed.key_commit)?.try_into().ok()?,
    })
}
