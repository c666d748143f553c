//! What may be asked about who the child is, and about the keys that it is sealed under.

use crate::envelope::Envelope;
use crate::requirements::KeyPurpose;
use care::{ProviderId, ReferralId, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// Who sees an identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Viewer {
    /// The council itself.
    Council,
    /// A provider, who needs a grant.
    Provider(ProviderId),
}

/// Unmasks the child to one viewer.
#[derive(Debug, Clone)]
pub struct RevealIdentity {
    /// The referral.
    pub referral: ReferralId,
    /// To whom.
    pub viewer: Viewer,
    /// For a provider: what it may read, sealed for it, as far as that was not done before.
    pub envelopes: BTreeMap<KeyPurpose, Envelope>,
    /// What for, a REVEAL code.
    pub purpose: String,
    /// When.
    pub at: Timestamp,
}

/// Destroys the keys under which the identity is sealed, for ever.
#[derive(Debug, Clone)]
pub struct EraseIdentity {
    /// The referral.
    pub referral: ReferralId,
    /// Which keys.
    pub purposes: BTreeSet<KeyPurpose>,
    /// When.
    pub at: Timestamp,
}

/// Destroys the keys of a provider whose right to see who the child is has ended on a day that was known before.
#[derive(Debug, Clone)]
pub struct EndGrantKeys {
    /// The referral.
    pub referral: ReferralId,
    /// The provider.
    pub provider: ProviderId,
    /// When.
    pub at: Timestamp,
}
