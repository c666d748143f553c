//! Why a step in the life of an agreement is refused. A refused award is no rejection but an event, `AgreementRefused`.

use super::reviews::ReviewRejection;
use super::staying_rejection::StayingRejection;
use super::terms::TermsRejection;
use care::{AgreementId, DAYS_AHEAD_MAX, Date, Refusal, RefusalKind, Violation};
use thiserror::Error;

/// The refusals of a council's agreements.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AgreementRejection {
    /// There is no such agreement.
    #[error("there is no agreement {0}: list the agreements for their ids")]
    AgreementUnknown(AgreementId),
    /// It has changed since the caller read it.
    #[error("agreement {agreement} is at version {current}, not {expected}: read it again and decide anew")]
    EtagMismatch {
        /// The agreement.
        agreement: AgreementId,
        /// The version that the caller saw.
        expected: u32,
        /// The version that it has.
        current: u32,
    },
    /// An arrival before the agreed first night: the place is claimed from then on only.
    #[error("on is {on}, before the agreed first night: give {agreed} or later, or award anew from {on}")]
    StartBeforeAgreed {
        /// The arrival.
        on: Date,
        /// The agreed first night.
        agreed: Date,
    },
    /// An arrival that is still to come: it is told when the child is there.
    #[error(
        "on is {on}, which is still to come: start the placement when the child is there, by {latest} now"
    )]
    StartTooFar {
        /// The arrival.
        on: Date,
        /// The latest that is taken now.
        latest: Date,
    },
    /// There is no arrival that could be corrected.
    #[error("no arrival is recorded that could be corrected: leave correction empty to tell of one")]
    ArrivalNotRecorded,
    /// A corrected arrival after the departure.
    #[error("on is {on}, after the child left: give {ended} or earlier, or put the departure right first")]
    StartAfterEnd {
        /// The arrival.
        on: Date,
        /// The departure.
        ended: Date,
    },
    /// A departure too far ahead to be known.
    #[error(
        "on is {on}, more than {DAYS_AHEAD_MAX} days ahead: give {latest} or earlier, or tell the departure later"
    )]
    EndTooFar {
        /// The departure.
        on: Date,
        /// The latest that is taken now.
        latest: Date,
    },
    /// The child is there already.
    #[error(
        "the placement started on {0} already: end it instead, or if that day is wrong start it again and say why in correction"
    )]
    PlacementAlreadyStarted(Date),
    /// The child has not come.
    #[error("the placement has not started: start it first, or cancel the agreement")]
    PlacementNotStarted,
    /// It is over.
    #[error("the agreement ended on {0} already: if that is wrong, end it again and say why in correction")]
    AgreementEnded(Date),
    /// There is no departure that could be corrected.
    #[error("no departure is recorded that could be corrected: leave correction empty to tell of one")]
    DepartureNotRecorded,
    /// There is no end that could be withdrawn.
    #[error(
        "no end of a placement is recorded that could be withdrawn: the agreement goes on as it is, or was cancelled"
    )]
    EndNotRecorded,
    /// The end has come.
    #[error(
        "the child left on {0}, which is no day ahead: if that is wrong, end the placement again and say why in correction"
    )]
    EndTookEffect(Date),
    /// A departure before the arrival.
    #[error("on is {on}, before the child came: give {started} or later")]
    EndBeforeStart {
        /// The departure.
        on: Date,
        /// The arrival.
        started: Date,
    },
    /// Of notices and Staying Put.
    #[error(transparent)]
    Staying(#[from] StayingRejection),
    /// Of reviews.
    #[error(transparent)]
    Review(#[from] ReviewRejection),
    /// Of terms, signatures, absences, uplifts and outcomes.
    #[error(transparent)]
    Terms(#[from] TermsRejection),
}

impl Refusal for AgreementRejection {
    fn reason(&self) -> &'static str {
        match self {
            Self::AgreementUnknown(_) => "AGREEMENT_UNKNOWN",
            Self::EtagMismatch { .. } => "ETAG_MISMATCH",
            Self::StartBeforeAgreed { .. } => "START_BEFORE_AGREED",
            Self::ArrivalNotRecorded => "ARRIVAL_NOT_RECORDED",
            Self::StartAfterEnd { .. } => "START_AFTER_END",
            Self::PlacementAlreadyStarted(_) => "PLACEMENT_ALREADY_STARTED",
            Self::PlacementNotStarted => "PLACEMENT_NOT_STARTED",
            Self::AgreementEnded(_) => "AGREEMENT_ENDED",
            Self::DepartureNotRecorded => "DEPARTURE_NOT_RECORDED",
            Self::EndNotRecorded => "END_NOT_RECORDED",
            Self::EndTookEffect(_) => "END_TOOK_EFFECT",
            Self::EndBeforeStart { .. } => "END_BEFORE_START",
            Self::StartTooFar { .. } | Self::EndTooFar { .. } => "DATE_TOO_FAR",
            Self::Staying(rejection) => rejection.reason(),
            Self::Review(rejection) => rejection.reason(),
            Self::Terms(rejection) => rejection.reason(),
        }
    }

    fn kind(&self) -> RefusalKind {
        match self {
            Self::AgreementUnknown(_) => RefusalKind::NotFound,
            Self::EtagMismatch { .. } => RefusalKind::Conflict,
            Self::StartBeforeAgreed { .. }
            | Self::ArrivalNotRecorded
            | Self::StartAfterEnd { .. }
            | Self::PlacementAlreadyStarted(_)
            | Self::PlacementNotStarted
            | Self::AgreementEnded(_)
            | Self::DepartureNotRecorded
            | Self::EndNotRecorded
            | Self::EndTookEffect(_)
            | Self::EndBeforeStart { .. }
            | Self::StartTooFar { .. }
            | Self::EndTooFar { .. } => RefusalKind::Precondition,
            Self::Staying(rejection) => rejection.kind(),
            Self::Review(rejection) => rejection.kind(),
            Self::Terms(rejection) => rejection.kind(),
        }
    }

    fn violations(&self) -> Vec<Violation> {
        match self {
            Self::StartBeforeAgreed { .. }
            | Self::StartAfterEnd { .. }
            | Self::EndBeforeStart { .. }
            | Self::StartTooFar { .. }
            | Self::EndTooFar { .. } => {
                vec![Violation { field: "on".to_owned(), description: self.to_string() }]
            }
            Self::DepartureNotRecorded | Self::ArrivalNotRecorded => {
                vec![Violation { field: "correction".to_owned(), description: self.to_string() }]
            }
            Self::Staying(rejection) => rejection.violations(),
            Self::Review(rejection) => rejection.violations(),
            Self::Terms(rejection) => rejection.violations(),
            _ => Vec::new(),
        }
    }
}
