//! Seals for one provider what it may read, under a key of its own, and opens that.

use super::{Clear, SealedCodes, Vault, is_lost, status};
use care::ReferralId;
use referrals_domain::{Envelope, ProviderKey, Rejection};
use sealing::SealingError;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use service_kit::{refuse, unavailable};
use tonic::Status;

/// What is read with the narrative.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Told {
    pub(crate) narrative: Option<String>,
    /// Whether there is one that is not shown, for it holds something of who the child is, or may.
    pub(crate) withheld: bool,
    pub(crate) codes: Option<SealedCodes>,
}

impl Told {
    /// To one who may not know who the child is; `identity_given` says whether that was ever sealed.
    pub(crate) fn before_award(clear: Clear, identity_given: bool) -> Self {
        let withheld = clear.names_child(identity_given);
        Self { narrative: clear.narrative.filter(|_| !withheld), withheld, codes: clear.codes }
    }

    /// To one who may.
    pub(crate) fn after_award(clear: Clear) -> Self {
        Self { narrative: clear.narrative, withheld: false, codes: clear.codes }
    }
}

impl Vault {
    /// Seals for a provider. Waits for the disk when its key is new.
    pub(crate) async fn seal_for<T: Serialize>(
        &self,
        referral: ReferralId,
        key: &ProviderKey,
        content: &T,
    ) -> Result<Envelope, Status> {
        let text = serde_json::to_vec(content).map_err(|error| unavailable(error.to_string()))?;
        let binding = self.binding(referral, &key.name());
        let sealed = self.seal_under(referral, key.name(), binding, text).await;
        let (sealed, _) = sealed.map_err(|error| match error {
            // Its right ended after it was read which key is in force: the child's own are as they were.
            SealingError::KeyDestroyed { .. } => refuse(&Rejection::EnvelopeStale(referral)),
            error => status(referral, &error),
        })?;
        Ok(Envelope { number: key.number, sealed })
    }

    /// Whether the key that sealed this for a provider was lost, not destroyed.
    pub(crate) fn has_lost(&self, referral: ReferralId, key: &ProviderKey, envelope: &Envelope) -> bool {
        is_lost(&self.missing(referral, &key.name(), &envelope.sealed))
    }

    /// Whether none of these can be read, and the key of one was lost, not destroyed.
    pub(crate) fn has_lost_all_sealed_for<'a>(
        &self,
        referral: ReferralId,
        sealed: impl Iterator<Item = (ProviderKey, &'a Envelope)>,
    ) -> bool {
        let missing: Vec<_> =
            sealed.map(|(key, envelope)| self.missing(referral, &key.name(), &envelope.sealed)).collect();
        missing.iter().all(Option::is_some) && missing.iter().any(is_lost)
    }

    /// What was sealed for a provider; nothing where its key was destroyed or is lost.
    pub(crate) fn open_for<T: DeserializeOwned>(
        &self,
        referral: ReferralId,
        key: &ProviderKey,
        envelope: &Envelope,
    ) -> Result<Option<T>, Status> {
        let text = self.unseal_at(referral, &key.name(), &envelope.sealed)?;
        let unreadable = |_| {
            tracing::error!(%referral, key = key.name(), "an envelope is not of the expected form");
            unavailable("what was sealed for you cannot be read")
        };
        text.map(|text| serde_json::from_slice(&text).map_err(unreadable)).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use care::CouncilId;
    use referrals_domain::KeyPurpose;
    use sealing::{KeyStore, Needs};
    use std::sync::Arc;
    use tonic_types::StatusExt;

    /// As it is where a provider's right ends between the look at the referral and the sealing: the child's own keys are as they were.
    #[tokio::test]
    async fn a_key_that_was_destroyed_meanwhile_is_stale_and_nobody_hears_that_the_child_is_erased() {
        let folder = tempfile::tempdir().unwrap();
        let council: CouncilId = "E06000005".parse().unwrap();
        let keys = KeyStore::open(folder.path(), council.gss(), &Needs::none()).unwrap();
        let vault = Vault { council, keys: Arc::new(keys) };
        let referral = ReferralId::for_request("test", "r-1");
        let provider = "oak".parse().unwrap();
        let key = ProviderKey { provider, purpose: KeyPurpose::Narrative, number: 1 };
        vault.seal_for(referral, &key, &Told::default()).await.unwrap();
        vault.destroy([(referral, key.name())]).await.unwrap();
        let refused = vault.seal_for(referral, &key, &Told::default()).await.unwrap_err();
        let reason = refused.get_error_details().error_info().map(|it| it.reason.clone());
        assert_eq!(reason.as_deref(), Some("ENVELOPE_STALE"));
    }
}
