//! Who is shortlisted for a referral, who is no longer, and each time that somebody reads what only the shortlisted are shown.

use crate::envelope::Envelope;
use care::{CouncilId, EventBody, ProviderId, ReferralId, StreamId, Timestamp};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Why a provider is no longer shortlisted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ShortlistEnd {
    /// It declined.
    Declined,
    /// It took back the last offer that it had.
    OfferWithdrawn,
    /// It was awarded the referral: it reads by that grant from now on.
    Awarded,
    /// Another provider was.
    AwardedToAnother,
    /// The referral was withdrawn.
    ReferralWithdrawn,
    /// The council took it off the list.
    Removed,
}

impl ShortlistEnd {
    /// As it is stored, and told.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Declined => "DECLINED",
            Self::OfferWithdrawn => "OFFER_WITHDRAWN",
            Self::Awarded => "AWARDED",
            Self::AwardedToAnother => "AWARDED_TO_ANOTHER",
            Self::ReferralWithdrawn => "REFERRAL_WITHDRAWN",
            Self::Removed => "REMOVED",
        }
    }
}

impl fmt::Display for ShortlistEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

event! {
    /// A provider may read all that a referral tells of the child, but for who it is.
    ProviderShortlisted on "referral" of referral {
        /// The referral.
        referral: ReferralId,
        /// Its version then.
        referral_version: u32,
        /// The one provider.
        provider: ProviderId,
        /// The sealed parts of the referral under the provider's own key; at first it read them under the narrative's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        envelope: Option<Envelope>,
        /// When.
        at: Timestamp,
    }
}

event! {
    /// A provider may read it no longer.
    ShortlistingEnded on "referral" of referral {
        /// The referral.
        referral: ReferralId,
        /// The one provider.
        provider: ProviderId,
        /// Why.
        reason: ShortlistEnd,
        /// When.
        at: Timestamp,
    }
}

event! {
    /// A provider read it.
    ShortlistedReferralRead on "referral" of referral {
        /// The referral.
        referral: ReferralId,
        /// The version that it read.
        referral_version: u32,
        /// The provider; the person is the event's actor.
        provider: ProviderId,
        /// When.
        at: Timestamp,
    }
}
