//! Why notice of a placement's end, or Staying Put, is refused.

use super::notice::NOTICES_MAX;
use care::published::NoticeBy;
use care::{Date, Refusal, RefusalKind, Violation};
use thiserror::Error;

/// The refusals of notices and of Staying Put.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StayingRejection {
    /// Dates or fields contradict each other.
    #[error("{}", .0.iter().map(|it| format!("{}: {}", it.field, it.description)).collect::<Vec<_>>().join("; "))]
    FieldInvalid(Vec<Violation>),
    /// One notice of each side at a time.
    #[error(
        "your notice {notice} stands already, to {last_day}: withdraw it before another is given, or give the same again to add steps"
    )]
    NoticeStands {
        /// Its number.
        notice: u32,
        /// Its last day.
        last_day: Date,
    },
    /// There is no such notice.
    #[error("the agreement has no notice {0}: list the notices for their names")]
    NoticeUnknown(u32),
    /// Only who gave it takes it back.
    #[error("the notice was given by the {0}: only who gave it can withdraw it")]
    NoticeNotYours(NoticeBy),
    /// Fewer days than is usual, and no reason for it.
    #[error(
        "last_day is {last_day}, before the {earliest} that notice runs to: give that or later, or say why in short_notice"
    )]
    NoticeTooShort {
        /// What was given.
        last_day: Date,
        /// The first day that needs no reason.
        earliest: Date,
    },
    /// Too many notices on one agreement.
    #[error("the agreement has had {NOTICES_MAX} notices already, which is the most it can have")]
    TooManyNotices,
    /// Staying Put follows a foster placement.
    #[error(
        "the agreement is for {0}: only who lived with foster carers stays put; end the placement instead"
    )]
    NotFostering(String),
    /// The day cannot be the 18th birthday.
    #[error(
        "on is {on}: by the age at the agreed start the 18th birthday lies after {after} and not after {until}"
    )]
    NotEighteenth {
        /// What was given.
        on: Date,
        /// The last day before the birthday can be.
        after: Date,
        /// The last day that it can be.
        until: Date,
    },
    /// There is no arrangement.
    #[error("no Staying Put arrangement was started: end the placement instead")]
    StayingPutUnknown,
    /// It is over.
    #[error(
        "the Staying Put arrangement ended on {0} already: if that is wrong, end it again and say why in correction"
    )]
    StayingPutOver(Date),
    /// The departure is where the arrangement begins.
    #[error(
        "a Staying Put arrangement goes on from {0}: end it on that day before the end of the placement is put right"
    )]
    StayingPutRuns(Date),
}

impl Refusal for StayingRejection {
    fn reason(&self) -> &'static str {
        match self {
            Self::FieldInvalid(_) => "FIELD_INVALID",
            Self::NoticeStands { .. } => "NOTICE_STANDS",
            Self::NoticeUnknown(_) => "NOTICE_UNKNOWN",
            Self::NoticeNotYours(_) => "NOTICE_NOT_YOURS",
            Self::NoticeTooShort { .. } => "NOTICE_TOO_SHORT",
            Self::TooManyNotices => "LIMIT_REACHED",
            Self::NotFostering(_) => "NOT_A_FOSTER_PLACEMENT",
            Self::NotEighteenth { .. } => "NOT_THE_18TH_BIRTHDAY",
            Self::StayingPutUnknown => "STAYING_PUT_NOT_STARTED",
            Self::StayingPutOver(_) => "STAYING_PUT_ENDED",
            Self::StayingPutRuns(_) => "STAYING_PUT_RUNS",
        }
    }

    fn kind(&self) -> RefusalKind {
        match self {
            Self::FieldInvalid(_) => RefusalKind::Invalid,
            Self::NoticeUnknown(_) => RefusalKind::NotFound,
            Self::NoticeNotYours(_)
            | Self::NoticeStands { .. }
            | Self::NoticeTooShort { .. }
            | Self::TooManyNotices
            | Self::NotFostering(_)
            | Self::NotEighteenth { .. }
            | Self::StayingPutUnknown
            | Self::StayingPutOver(_)
            | Self::StayingPutRuns(_) => RefusalKind::Precondition,
        }
    }

    fn violations(&self) -> Vec<Violation> {
        let at = |field: &str| vec![Violation { field: field.to_owned(), description: self.to_string() }];
        match self {
            Self::FieldInvalid(violations) => violations.clone(),
            Self::NoticeTooShort { .. } => at("last_day"),
            Self::NotEighteenth { .. } => at("on"),
            _ => Vec::new(),
        }
    }
}
