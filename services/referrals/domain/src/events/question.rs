//! What providers ask about a referral and its council answers. Free text may hold personal data, so that both are sealed.

use crate::requirements::Sealed;
use care::{CouncilId, EventBody, ProviderId, QuestionId, ReferralId, StreamId, Timestamp};
use serde::{Deserialize, Serialize};

event! {
    /// A provider to whom the referral was released asked something.
    QuestionAsked on "referral" of referral {
        /// The question.
        question: QuestionId,
        /// The referral.
        referral: ReferralId,
        /// The version that was shown.
        referral_version: u32,
        /// Who asked: known to the council alone.
        provider: ProviderId,
        /// What, under the narrative's key.
        text: Sealed,
        /// When.
        at: Timestamp,
    }
}

event! {
    /// The council answered, for all to whom the referral was released.
    QuestionAnswered on "referral" of referral {
        /// The question.
        question: QuestionId,
        /// The referral.
        referral: ReferralId,
        /// What, under the narrative's key.
        text: Sealed,
        /// When.
        at: Timestamp,
    }
}
