//! What a council's agreements may be asked, by people and by what happened elsewhere.

use super::events::{ClaimNoted, ProposalLapsed, ProposalNoted};
use super::reviews::ConcludeReview;
use super::terms::{CorrectUplift, DecideUplift, TermsStep};
use crate::frameworks::{CalledReviews, Frameworks};
use care::published::{ClaimReleased, EndingSteps, NoticeBy, PriceLine};
use care::{AgreementId, CouncilId, Date, ProviderId, Timestamp};

/// A command to one council's agreements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AgreementCommand {
    /// The council proposed an award.
    NoteProposal {
        /// Its terms.
        proposal: ProposalNoted,
        /// The framework facts to judge it on, if it completes the award.
        facts: Frameworks,
        /// When it became known here.
        at: Timestamp,
    },
    /// The market gave the place.
    NoteClaim {
        /// The claim.
        claim: ClaimNoted,
        /// The framework facts to judge it on, if it completes the award.
        facts: Frameworks,
        /// When it became known here.
        at: Timestamp,
    },
    /// The market refused the place: there will be no agreement.
    NoteClaimRefused(ProposalLapsed),
    /// The market gave the place back.
    NoteClaimReleased {
        /// What the market says.
        released: ClaimReleased,
        /// The position in the region's contracts log up to which framework facts were known.
        contracts_position: u64,
        /// When it became known here.
        at: Timestamp,
    },
    /// A step in the life of an agreement.
    Placement {
        /// The agreement.
        agreement: AgreementId,
        /// The version that the caller saw; nothing for "whatever it is".
        expected_version: Option<u32>,
        /// The step.
        step: PlacementStep,
        /// When it was told.
        at: Timestamp,
    },
    /// Notice that a placement is to end, or no longer.
    Notice {
        /// The agreement.
        agreement: AgreementId,
        /// Who gives or withdraws it.
        by: NoticeGiver,
        /// The version that the caller saw; nothing for "whatever it is".
        expected_version: Option<u32>,
        /// The step.
        step: NoticeStep,
        /// When it was told.
        at: Timestamp,
    },
    /// What is agreed of an agreement's terms, or happened to them.
    Terms {
        /// The agreement.
        agreement: AgreementId,
        /// Which side tells.
        by: NoticeGiver,
        /// The version that the caller saw; nothing for "whatever it is".
        expected_version: Option<u32>,
        /// The step.
        step: TermsStep,
        /// The framework facts to judge a core fee on.
        facts: Frameworks,
        /// When it was told.
        at: Timestamp,
    },
    /// The council concludes the review of a placement that a suspension called for.
    ConcludeReview {
        /// The agreement.
        agreement: AgreementId,
        /// The version that the caller saw; nothing for "whatever it is".
        expected_version: Option<u32>,
        /// The conclusion.
        review: ConcludeReview,
        /// The suspensions that called on this council to review.
        called: CalledReviews,
        /// When it was told.
        at: Timestamp,
    },
    /// The council decides an uplift.
    DecideUplift {
        /// The council.
        council: CouncilId,
        /// The decision.
        decision: DecideUplift,
        /// The framework facts to read the uplift and the price schedules from.
        facts: Frameworks,
    },
    /// The council puts right what it decided of an uplift.
    CorrectUplift {
        /// The council.
        council: CouncilId,
        /// The correction.
        correction: CorrectUplift,
        /// The framework facts to read the price schedules from.
        facts: Frameworks,
    },
}

/// Which side of an agreement acts: gives a notice, proposes, signs or tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoticeGiver {
    /// The council whose log it is.
    Council,
    /// A provider, of its own agreements alone.
    Provider(ProviderId),
}

impl NoticeGiver {
    /// As it stands in events.
    #[must_use]
    pub fn side(&self) -> NoticeBy {
        match self {
            Self::Council => NoticeBy::Council,
            Self::Provider(_) => NoticeBy::Provider,
        }
    }
}

/// What happens to notices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoticeStep {
    /// One is given; or one's own that stands is given again with what was done since.
    Give(GiveNotice),
    /// One is taken back.
    Withdraw {
        /// Its number on the agreement, from 1.
        notice: u32,
    },
}

/// A notice as it is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GiveNotice {
    /// The day on which it was given.
    pub given_on: Date,
    /// The day by which the child is to have left; none for [`NOTICE_DAYS`](super::NOTICE_DAYS) after it was given.
    pub last_day: Option<Date>,
    /// Why, a code of `care::code_sets::NOTICE`.
    pub reason: String,
    /// Why it runs for fewer days than is usual, if it does.
    pub short: Option<ShortNotice>,
    /// What the council has done of what comes before the end; nothing for a provider.
    pub steps: EndingSteps,
}

/// Why a notice is short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShortNotice {
    /// A code of `care::code_sets::SHORT_NOTICE`.
    pub why: String,
    /// The day on which the other side agreed, for `AGREED` alone.
    pub agreed_on: Option<Date>,
}

/// What happened to a placement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlacementStep {
    /// The child arrived.
    Start {
        /// The first night.
        on: Date,
    },
    /// The arrival was recorded on a wrong day.
    CorrectStart {
        /// The right first night.
        on: Date,
        /// Why the record was wrong, in words without personal data.
        correction: String,
    },
    /// The child left.
    End {
        /// The day of departure, which is not paid. It may be long past: departures are often told late.
        on: Date,
        /// Why, a code of `care::code_sets::REASON_PLACE_CHANGE`.
        reason: String,
        /// How it ended, a code of `care::code_sets::PLACEMENT_END`, if that is told.
        ending: Option<String>,
    },
    /// The departure was recorded wrong.
    CorrectEnd {
        /// The right day of departure, which is not paid.
        on: Date,
        /// The right reason, a code of `care::code_sets::REASON_PLACE_CHANGE`.
        reason: String,
        /// The right way it ended, a code of `care::code_sets::PLACEMENT_END`; none if that was right.
        ending: Option<String>,
        /// Why the record was wrong, in words without personal data.
        correction: String,
    },
    /// An end that lies ahead does not come: the placement goes on.
    WithdrawEnd {
        /// Why, in words without personal data.
        reason: String,
    },
    /// The child will not come.
    Cancel {
        /// Why, a code of `care::code_sets::REASON_PLACE_CHANGE`.
        reason: String,
    },
    /// The placement ends at 18, and the young person stays with the carers.
    StayPut {
        /// The 18th birthday.
        on: Date,
        /// The weekly price from then on.
        lines: Vec<PriceLine>,
    },
    /// The young person leaves the former carers.
    EndStayingPut {
        /// The day of departure, which is not paid.
        on: Date,
        /// Why the departure recorded before was wrong, in words without personal data; none for one that is told for the first time.
        correction: Option<String>,
    },
}
