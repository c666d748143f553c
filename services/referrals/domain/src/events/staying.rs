//! What becomes of a placement after the award, as far as the council's clocks and figures need it: which placement a referral follows
//! from, notice of an end, and how it ended.

use care::published::NoticeBy;
use care::{AwardId, CouncilId, Date, EventBody, ReferralId, StreamId, Timestamp};
use serde::{Deserialize, Serialize};

/// The earlier placement of the same child that a referral follows from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Follows {
    /// The award of that placement.
    pub award: AwardId,
    /// What for, a FOLLOWS code.
    pub kind: String,
    /// What a time away is, a RESPITE code; of the kind `RESPITE` alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub respite: Option<String>,
}

/// A notice that stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StandingNotice {
    /// Its number on the agreement.
    pub number: u32,
    /// Who gave it.
    pub by: NoticeBy,
    /// The day on which it was given.
    pub given_on: Date,
    /// The day by which the child is to have left.
    pub last_day: Date,
    /// Whether something is outstanding of what the council does before it ends a placement (regulation 14).
    pub steps_outstanding: bool,
}

event! {
    /// The council said which placement a referral follows from; the last word holds.
    ReferralLinked on "referral" of referral {
        /// The referral.
        referral: ReferralId,
        /// What it follows from; none if it follows from nothing.
        follows: Option<Follows>,
        /// When.
        at: Timestamp,
    }
}

event! {
    /// Contracts told of a notice, or that it was withdrawn.
    PlacementNoticeNoted on "referral" of referral {
        /// The award of the placement.
        award: AwardId,
        /// The referral.
        referral: ReferralId,
        /// The notice as it stands now; none where it was withdrawn.
        notice: Option<StandingNotice>,
        /// The number of the one that was withdrawn; none where one stands, and from before both sides' could stand, where it was the only one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        withdrawn: Option<u32>,
        /// When it was recorded.
        at: Timestamp,
    }
}

event! {
    /// Contracts told how a placement ended, or put that right.
    PlacementEndingNoted on "referral" of referral {
        /// The award of the placement.
        award: AwardId,
        /// The referral.
        referral: ReferralId,
        /// A PLACEMENT_END code; none where it was told and is not any more.
        ending: Option<String>,
        /// Whether the council ended it, as far as reason and ending say: regulation 14 asks for something before such an end.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        by_council: bool,
        /// When it was recorded.
        at: Timestamp,
    }
}
