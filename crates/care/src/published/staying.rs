//! What contracts publishes of placements that go on: notice of their end, and Staying Put.

use super::PriceLine;
use crate::domain::{EventBody, StreamId};
use crate::ids::{AgreementId, AwardId, CouncilId, PlaceId, ProviderId};
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The SHORT_NOTICE code of an end at once.
pub const IMMEDIATE_RISK: &str = "IMMEDIATE_RISK";

/// Who gave a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum NoticeBy {
    /// The provider, for itself or its carers.
    Provider,
    /// The council.
    Council,
}

impl fmt::Display for NoticeBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Provider => "provider",
            Self::Council => "council",
        })
    }
}

/// What a responsible authority does before it ends a placement, and when each was done: regulation 14 of the Care Planning, Placement and
/// Case Review (England) Regulations 2010.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndingSteps {
    /// The case was reviewed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reviewed_on: Option<Date>,
    /// The independent reviewing officer was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iro_told_on: Option<Date>,
    /// Other accommodation was arranged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alternative_arranged_on: Option<Date>,
    /// Those who were told of the placement were told of its end in writing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written_notice_on: Option<Date>,
}

impl EndingSteps {
    /// Each step by its name, and when it was done.
    #[must_use]
    pub fn all(&self) -> [(&'static str, Option<Date>); 4] {
        [
            ("reviewed_on", self.reviewed_on),
            ("iro_told_on", self.iro_told_on),
            ("alternative_arranged_on", self.alternative_arranged_on),
            ("written_notice_on", self.written_notice_on),
        ]
    }

    /// The names of those that were not done.
    #[must_use]
    pub fn missing(&self) -> Vec<&'static str> {
        self.all().into_iter().filter(|(_, on)| on.is_none()).map(|(name, _)| name).collect()
    }

    /// Whether something is still to be done. Where the placement ends `at_once` that is all but the review, which regulation 14(3) does not
    /// ask for then.
    #[must_use]
    pub fn outstanding(&self, at_once: bool) -> bool {
        self.missing().into_iter().any(|step| !(at_once && step == "reviewed_on"))
    }

    /// These, and of `before` what these do not say.
    #[must_use]
    pub fn after(self, before: &Self) -> Self {
        Self {
            reviewed_on: self.reviewed_on.or(before.reviewed_on),
            iro_told_on: self.iro_told_on.or(before.iro_told_on),
            alternative_arranged_on: self.alternative_arranged_on.or(before.alternative_arranged_on),
            written_notice_on: self.written_notice_on.or(before.written_notice_on),
        }
    }
}

/// Notice was given that a placement is to end. In the council's contracts log. With the number of a notice that was given before, that
/// notice's steps are now these; all else stays as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlacementNoticeGiven {
    /// The agreement.
    pub agreement: AgreementId,
    /// The award it came from.
    pub award: AwardId,
    /// The council.
    pub council: CouncilId,
    /// The place.
    pub place: PlaceId,
    /// Its number among the agreement's notices, from 1.
    pub notice: u32,
    /// Who gave it.
    pub by: NoticeBy,
    /// Why, a code of `code_sets::NOTICE`.
    pub reason: String,
    /// The day on which it was given.
    pub given_on: Date,
    /// The day by which the child is to have left.
    pub last_day: Date,
    /// Why it is shorter than is usual, a code of `code_sets::SHORT_NOTICE`; none if it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub short: Option<String>,
    /// The day on which the other side agreed to fewer days; for `AGREED` alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreed_on: Option<Date>,
    /// What the council did before it ends the placement; none of a provider's notice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steps: Option<EndingSteps>,
    /// When it was recorded.
    pub at: Timestamp,
}

impl PlacementNoticeGiven {
    /// Whether the council has yet to do something of what the law asks for when it ends a placement.
    #[must_use]
    pub fn steps_outstanding(&self) -> bool {
        let at_once = self.short.as_deref() == Some(IMMEDIATE_RISK);
        self.steps.as_ref().is_some_and(|steps| steps.outstanding(at_once))
    }
}

/// A notice was taken back: the placement goes on as if it had not been given. In the council's contracts log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlacementNoticeWithdrawn {
    /// The agreement.
    pub agreement: AgreementId,
    /// The award it came from.
    pub award: AwardId,
    /// The council.
    pub council: CouncilId,
    /// Which of the agreement's notices.
    pub notice: u32,
    /// When it was recorded.
    pub at: Timestamp,
}

/// A young person stays with the former foster carers from the 18th birthday on: the placement has ended, and this arrangement begins
/// (section 23CZA of the Children Act 1989). In the council's contracts log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StayingPutStarted {
    /// The agreement that was a foster placement until then.
    pub agreement: AgreementId,
    /// The award it came from.
    pub award: AwardId,
    /// The council.
    pub council: CouncilId,
    /// The provider.
    pub provider: ProviderId,
    /// The 18th birthday: the first night of the arrangement.
    pub from: Date,
    /// The weekly price from then on, by line; the core fee first.
    pub lines: Vec<PriceLine>,
    /// When it was recorded.
    pub at: Timestamp,
}

/// A Staying Put arrangement ended. In the council's contracts log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StayingPutEnded {
    /// The agreement.
    pub agreement: AgreementId,
    /// The award it came from.
    pub award: AwardId,
    /// The council.
    pub council: CouncilId,
    /// The day of departure, which is not paid.
    pub on: Date,
    /// Why the departure recorded before was wrong, in words without personal data; this one then holds instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correction: Option<String>,
    /// When it was recorded.
    pub at: Timestamp,
}

macro_rules! body {
    ($name:ident $(, $effective:ident)?) => {
        impl EventBody for $name {
            const TYPE: &'static str = stringify!($name);
            fn stream(&self) -> StreamId {
                StreamId::new("agreement", self.agreement)
            }
            fn council(&self) -> Option<CouncilId> {
                Some(self.council)
            }
            $(fn effective(&self) -> Option<Date> {
                Some(self.$effective)
            })?
        }
    };
}

body!(PlacementNoticeGiven, last_day);
body!(PlacementNoticeWithdrawn);
body!(StayingPutStarted, from);
body!(StayingPutEnded, on);
