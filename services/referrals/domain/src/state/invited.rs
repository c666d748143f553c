//! What passes between a council and a provider to whom it released a referral: the answer, the shortlist, questions.

use super::Standing;
use crate::envelope::Envelope;
use crate::events::ShortlistEnd;
use crate::requirements::{KeyPurpose, Sealed};
use care::{ProviderId, QuestionId, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a provider asked about a referral.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// Its id.
    pub id: QuestionId,
    /// Who asked.
    pub provider: ProviderId,
    /// What, sealed.
    pub text: Sealed,
    /// When.
    pub at: Timestamp,
    /// The council's answer, sealed, and when.
    pub answer: Option<(Sealed, Timestamp)>,
}

/// A release to one provider, and its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// When.
    pub at: Timestamp,
    /// The referral's version that was released, or a later one that the provider answered.
    pub referral_version: u32,
    /// Until when the provider is to answer.
    pub answer_by: Timestamp,
    /// The CASCADE_STEP code under which it was asked; none for a release of before that was recorded.
    pub step: Option<String>,
    /// The last version that it opened, and when first.
    pub viewed: Option<(u32, Timestamp)>,
    /// When it was recorded that it let the time pass.
    pub expired: Option<Timestamp>,
    /// What the provider last answered.
    pub answer: Answer,
    /// Its place on the shortlist, the last one.
    pub shortlisted: Option<Shortlisting>,
    /// What it may read now, sealed for it alone.
    pub envelopes: BTreeMap<KeyPurpose, Envelope>,
    /// How many keys of its own it has had.
    pub keys: u32,
}

impl Release {
    /// Whether neither an answer has come nor the want of one been recorded.
    #[must_use]
    pub fn is_awaited(&self) -> bool {
        self.answer == Answer::None && self.expired.is_none()
    }

    /// How a provider that has not answered stands under a step that it leaves at an instant: its time has passed, or it might have answered still.
    pub(crate) fn left_at(&self, at: Timestamp) -> Standing {
        if self.answer_by < at { Standing::Gone } else { Standing::Moved }
    }

    /// Whether the provider is on the shortlist now.
    #[must_use]
    pub fn is_shortlisted(&self) -> bool {
        self.shortlisted.as_ref().is_some_and(|it| it.ended.is_none())
    }
}

/// A provider's place on a shortlist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shortlisting {
    /// Since when.
    pub at: Timestamp,
    /// Why it ended, and when.
    pub ended: Option<(ShortlistEnd, Timestamp)>,
    /// How often it read the referral.
    pub reads: u32,
}

/// A provider's answer to a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Answer {
    /// None yet.
    None,
    /// It made an offer.
    Offered,
    /// It declined.
    Declined {
        /// A DECLINE code.
        reason: String,
        /// The version it answered.
        referral_version: u32,
    },
}
