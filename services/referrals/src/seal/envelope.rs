//! Seals for one provider what it may read, under a key of its own, and opens that.

use super::{Clear, SealedCodes, Vault};
use care::ReferralId;
use referrals_domain::{Envelope, ProviderKey};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use service_kit::unavailable;
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
        let (sealed, _) = self.seal_under(referral, key.name(), binding, text).await?;
        Ok(Envelope { number: key.number, sealed })
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
