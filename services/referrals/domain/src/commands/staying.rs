//! Commands about what becomes of a placement after the award.

use crate::events::{Follows, StandingNotice};
use care::published::PlacementNoticeGiven;
use care::{AwardId, ReferralId, Timestamp};

/// Says which placement a referral follows from.
#[derive(Debug, Clone)]
pub struct LinkReferral {
    /// The referral.
    pub referral: ReferralId,
    /// What it follows from; none if it follows from nothing.
    pub follows: Option<Follows>,
    /// When.
    pub at: Timestamp,
}

/// A reaction: notice was given of the end of a placement, or withdrawn.
#[derive(Debug, Clone)]
pub struct RecordNotice {
    /// The award of the placement.
    pub award: AwardId,
    /// Its number on the agreement.
    pub number: u32,
    /// The notice as it stands now; none where it was withdrawn.
    pub notice: Option<StandingNotice>,
    /// When it was recorded.
    pub at: Timestamp,
}

impl RecordNotice {
    /// What contracts tells of a notice that was given.
    #[must_use]
    pub fn given(event: &PlacementNoticeGiven) -> Self {
        let notice = StandingNotice {
            number: event.notice,
            by: event.by,
            given_on: event.given_on,
            last_day: event.last_day,
            steps_outstanding: event.steps_outstanding(),
        };
        Self { award: event.award, number: event.notice, notice: Some(notice), at: event.at }
    }
}
