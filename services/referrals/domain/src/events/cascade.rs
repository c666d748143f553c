//! The cascade's evidence that the system records by itself, and the exceptions and gates that people decide on.

use care::published::Approval;
use care::{CouncilId, Date, EventBody, OfferId, ProviderId, ReferralId, StreamId, Timestamp};
use serde::{Deserialize, Serialize};

event! {
    /// A provider to whom the referral was released opened it, for the first time in this version.
    InvitationViewed on "referral" of referral {
        /// The referral.
        referral: ReferralId,
        /// The version that it saw.
        referral_version: u32,
        /// The provider; the person is the event's actor.
        provider: ProviderId,
        /// When.
        at: Timestamp,
    }
}

event! {
    /// A provider let the instant pass by which it was to answer. A late answer is still taken: this is evidence, not a ban.
    InvitationExpired on "referral" of referral {
        /// The referral.
        referral: ReferralId,
        /// The provider.
        provider: ProviderId,
        /// The CASCADE_STEP code under which it was asked; none for a release of before that was recorded.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step: Option<String>,
        /// Until when it was to answer.
        answer_by: Timestamp,
        /// When it was recorded.
        at: Timestamp,
    }
}

event! {
    /// A step of the cascade was left out for this child.
    CascadeStepWaived on "referral" of referral {
        /// The referral.
        referral: ReferralId,
        /// A CASCADE_STEP code.
        step: String,
        /// A WAIVER code.
        reason: String,
        /// Who approved it, and when.
        approval: Approval,
    }
}

event! {
    /// A gate looked at an award that is to be made of an offer, or of an emergency that was made.
    GateDecided on "referral" of referral from on {
        /// The referral.
        referral: ReferralId,
        /// The offer.
        offer: OfferId,
        /// A GATE code.
        gate: String,
        /// A GATE_DECISION code.
        decision: String,
        /// The post of who decided.
        post: String,
        /// Their role.
        role: String,
        /// The day on which it was decided.
        on: Date,
        /// For an emergency that went ahead of the gate: when it was due.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        due: Option<Timestamp>,
        /// Whether it was recorded after that.
        late: bool,
        /// When it was recorded.
        at: Timestamp,
    }
}
