//! What a provider may read, sealed for it alone, and the end of its keys.

use crate::envelope::{Envelope, ProviderKey};
use crate::requirements::KeyPurpose;
use care::{CouncilId, EventBody, ProviderId, ReferralId, StreamId, Timestamp};
use serde::{Deserialize, Serialize};

event! {
    /// What a provider may read was sealed for it, anew after an amendment or where the key was lost.
    ProviderEnvelopeSealed on "referral" of referral {
        /// The referral.
        referral: ReferralId,
        /// The version whose content it is.
        referral_version: u32,
        /// The one provider.
        provider: ProviderId,
        /// What of the referral.
        purpose: KeyPurpose,
        /// The text.
        envelope: Envelope,
        /// When.
        at: Timestamp,
    }
}

event! {
    /// A provider's key is destroyed. Recorded first: a key that outlives this event is destroyed when the service next starts.
    ProviderKeyDestroyed on "referral" of referral {
        /// The referral.
        referral: ReferralId,
        /// Which key.
        key: ProviderKey,
        /// When.
        at: Timestamp,
    }
}
