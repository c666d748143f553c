//! Why a change of an agreement's terms is refused.

use super::uplift::DECISIONS_MAX;
use super::{ABSENCES_MAX, AMENDMENTS_MAX, OPEN_AMENDMENTS_MAX, PAYMENTS_MAX, UPLIFTED_MAX};
use care::published::NoticeBy;
use care::{AgreementId, Date, Pence, Refusal, RefusalKind, Violation};
use thiserror::Error;

/// The refusals of terms, signatures, absences, uplifts and outcomes.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TermsRejection {
    /// Fields contradict each other.
    #[error("{}", .0.iter().map(|it| format!("{}: {}", it.field, it.description)).collect::<Vec<_>>().join("; "))]
    FieldInvalid(Vec<Violation>),
    /// A side signs once.
    #[error("the {by} signed on {on} already: a signature is not taken back; propose an amendment instead")]
    AlreadySigned {
        /// Which side.
        by: NoticeBy,
        /// When.
        on: Date,
    },
    /// There is no such amendment.
    #[error("the agreement has no amendment {0}: list the amendments for their names")]
    AmendmentUnknown(u32),
    /// It holds, or came to nothing.
    #[error(
        "amendment {0} is no longer open: list the amendments to see what became of it, and propose another"
    )]
    AmendmentClosed(u32),
    /// Who proposed it withdraws it, and the other side declines it.
    #[error(
        "the amendment was proposed by the {0}: who proposed it withdraws it, the other side declines it"
    )]
    AmendmentNotYours(NoticeBy),
    /// An amendment that changes nothing.
    #[error(
        "the amendment changes nothing: give a line, funders, an absence rule, an outcome, a notice or a date"
    )]
    AmendmentEmpty,
    /// From a day that the agreement has no night on.
    #[error("from is {from}, before the agreed first night: give {start} or later")]
    AmendmentBeforeStart {
        /// What was given.
        from: Date,
        /// The agreed first night.
        start: Date,
    },
    /// There is no such line.
    #[error("{field}: the agreement has no line {line} from {from} on: read the agreement for its lines")]
    LineUnknown {
        /// The field.
        field: String,
        /// The line.
        line: u32,
        /// The amendment's day.
        from: Date,
    },
    /// Two core fees for one night.
    #[error("{field}: there is a core fee for the night of {on} already: change or end that line instead")]
    CoreOverlaps {
        /// The field.
        field: String,
        /// The first night that has two.
        on: Date,
    },
    /// A night without a core fee.
    #[error("lines: there would be no core fee from {0} on: change the core line instead of ending it")]
    CoreMissing(Date),
    /// An addition that goes on for ever.
    #[error("{field}: {kind} is agreed for a time: give the day after its last night, at most {latest}")]
    AdditionNotTimeBoxed {
        /// The field.
        field: String,
        /// The kind of line.
        kind: String,
        /// The last day that is taken.
        latest: Date,
    },
    /// Siblings that are none of this council's with the provider, or none at all.
    #[error("{field}: {detail}")]
    SiblingsInvalid {
        /// The field.
        field: String,
        /// What is wrong, and what to do.
        detail: String,
    },
    /// More is taken off than there is.
    #[error("lines: the weekly price would be {weekly} from {on} on: take off less")]
    WeeklyNegative {
        /// The price.
        weekly: Pence,
        /// The first night.
        on: Date,
    },
    /// Shares that are no whole.
    #[error("funders: the shares sum to {0} basis points: they must sum to 10000, each funder once")]
    FundersNotWhole(u64),
    /// The framework does not allow the core fee.
    #[error("lines: {detail}: give a core fee that the framework allows, or have its prices changed first")]
    CoreNotAllowed {
        /// The check that failed.
        check: CoreCheck,
        /// What was found.
        detail: String,
    },
    /// There is no such absence.
    #[error("the agreement has no absence {0}: leave the number out to tell of a new one")]
    AbsenceUnknown(u32),
    /// Two absences for one night.
    #[error("absence {absence} has the night of {on} already: tell that one again instead")]
    AbsenceOverlaps {
        /// The other one.
        absence: u32,
        /// The first night in both.
        on: Date,
    },
    /// Nights on which the child does not live there.
    #[error("{field}: {detail}")]
    AbsenceOutside {
        /// The field.
        field: String,
        /// What is wrong, and what to do.
        detail: String,
    },
    /// An uplift from no day.
    #[error("from must be given: an uplift holds from the night that the council says")]
    UpliftDateMissing,
    /// It holds already.
    #[error(
        "uplift {0:?} is applied already: name agreements that it is not applied to, or give another reference"
    )]
    UpliftAlreadyApplied(String),
    /// More than was negotiated, or of another form.
    #[error(
        "{field} is {accepted}; what was asked for or negotiated is {most}: give that or less, of the same form"
    )]
    UpliftAboveNegotiated {
        /// The field.
        field: &'static str,
        /// What the council would accept.
        accepted: String,
        /// What was asked for, or negotiated.
        most: String,
    },
    /// There is no such uplift of the provider's, as far as the council may know.
    #[error("there is no uplift {0} of the provider's: list the uplifts of the framework for their names")]
    UpliftUnknown(String),
    /// Its negotiation goes on.
    #[error("uplift {0} is being negotiated for the region: decide once its outcome is told")]
    UpliftNotNegotiated(String),
    /// An agreement that the uplift is not about.
    #[error(
        "agreement {agreement} was called off from another framework or lot than the uplift is for: leave it out"
    )]
    UpliftOfOther {
        /// The agreement.
        agreement: AgreementId,
    },
    /// Nothing that costs more.
    #[error(
        "agreement {agreement} costs no more by it: its level does not rise, or its price was agreed under a schedule that has the rise: leave it out"
    )]
    UpliftRaisesNothing {
        /// The agreement.
        agreement: AgreementId,
    },
    /// A line that no ledger takes.
    #[error("the uplift from {from} on comes to {weekly} a week: it must be {} at most", Pence::MAX_INPUT)]
    RiseTooHigh {
        /// What the line would be.
        weekly: Pence,
        /// Its first night.
        from: Date,
    },
    /// There is no such decision.
    #[error("the council has no decision {0} of an uplift: list the decisions for their names")]
    UpliftDecisionUnknown(u32),
    /// A decision that is not, or no longer, applied.
    #[error(
        "decision {decision} is not applied to agreement {agreement}: leave it out, or decide the uplift anew"
    )]
    UpliftNotApplied {
        /// The agreement.
        agreement: AgreementId,
        /// The decision.
        decision: u32,
    },
    /// Nothing that it could be applied to.
    #[error(
        "the council has no agreement with the provider under that framework and lot that goes on from {0} and costs more by it: name the agreements"
    )]
    UpliftOfNothing(Date),
    /// Too much at a time.
    #[error("that is more than {0}: {1}")]
    TooMany(usize, &'static str),
    /// There is no such outcome.
    #[error("outcome: the agreement has no outcome {outcome} on {on}: read the agreement for its outcomes")]
    OutcomeUnknown {
        /// Its number.
        outcome: u32,
        /// The day.
        on: Date,
    },
    /// It has not held for long enough.
    #[error("achieved_on: the outcome must hold until {0} before it is paid for: tell of it then")]
    OutcomeNotHeld(Date),
    /// The same day twice.
    #[error("achieved_on: the outcome was told of for that day already, as payment {0}")]
    OutcomeTold(u32),
    /// All that is paid for it is paid.
    #[error("outcome: its cap of {0} is reached: agree on another by an amendment")]
    OutcomeCapReached(Pence),
    /// There is no such payment.
    #[error("the agreement has no payment {0} for an outcome: read the agreement for its payments")]
    PaymentUnknown(u32),
    /// It was decided.
    #[error(
        "payment {0} for an outcome is decided already: have the outcome told of again if that was wrong"
    )]
    PaymentDecided(u32),
    /// A record of another way of buying.
    #[error("record: the place was bought {0}: record what belongs to that")]
    PurchaseOfOtherRoute(&'static str),
}

/// What the framework says of a core fee, by the names of the call-off's checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CoreCheck {
    /// It is above the level's ceiling.
    AboveCeiling,
    /// It is above the provider's admitted price.
    AboveSchedule,
    /// The provider has no price there any more, or the lot or level is none, so that nothing allows it.
    NotAdmitted,
}

/// One field that is not what it should be.
pub(super) fn invalid(field: &str, description: impl Into<String>) -> TermsRejection {
    let violation = Violation { field: field.to_owned(), description: description.into() };
    TermsRejection::FieldInvalid(vec![violation])
}

impl TermsRejection {
    pub(super) fn limit(what: Limit) -> Self {
        match what {
            Limit::Amendments => Self::TooMany(AMENDMENTS_MAX, "an agreement has no more amendments"),
            Limit::Open => {
                Self::TooMany(OPEN_AMENDMENTS_MAX, "sign, decline or withdraw an open amendment first")
            }
            Limit::Absences => Self::TooMany(ABSENCES_MAX, "an agreement has no more absences"),
            Limit::Payments => Self::TooMany(PAYMENTS_MAX, "an agreement has no more payments for outcomes"),
            Limit::Decisions => {
                Self::TooMany(DECISIONS_MAX, "a council has no more decisions about a provider's uplifts")
            }
            Limit::Uplifted => Self::TooMany(UPLIFTED_MAX, "name the agreements, some at a time"),
        }
    }

    /// The field at fault, where it is one.
    fn field(&self) -> Option<&str> {
        match self {
            Self::LineUnknown { field, .. }
            | Self::CoreOverlaps { field, .. }
            | Self::AdditionNotTimeBoxed { field, .. }
            | Self::SiblingsInvalid { field, .. }
            | Self::AbsenceOutside { field, .. } => Some(field),
            Self::AmendmentBeforeStart { .. } | Self::UpliftDateMissing | Self::AbsenceOverlaps { .. } => {
                Some("from")
            }
            Self::CoreMissing(_) | Self::WeeklyNegative { .. } | Self::CoreNotAllowed { .. } => Some("lines"),
            Self::FundersNotWhole(_) => Some("funders"),
            Self::AbsenceUnknown(_) => Some("absence"),
            Self::UpliftAboveNegotiated { field, .. } => Some(field),
            Self::UpliftOfOther { .. } | Self::UpliftRaisesNothing { .. } | Self::UpliftNotApplied { .. } => {
                Some("agreements")
            }
            Self::UpliftNotNegotiated(_) => Some("uplift"),
            Self::UpliftAlreadyApplied(_) => Some("reference"),
            Self::OutcomeUnknown { .. } | Self::OutcomeCapReached(_) => Some("outcome"),
            Self::OutcomeNotHeld(_) | Self::OutcomeTold(_) => Some("achieved_on"),
            Self::PurchaseOfOtherRoute(_) => Some("record"),
            _ => None,
        }
    }
}

/// What has a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Limit {
    /// Amendments of an agreement.
    Amendments,
    /// Amendments that can still be signed.
    Open,
    /// Absences of an agreement.
    Absences,
    /// Payments of an agreement for outcomes.
    Payments,
    /// Agreements that one decision uplifts.
    Uplifted,
    /// Decisions of a council about one provider's uplifts.
    Decisions,
}

impl Refusal for TermsRejection {
    fn reason(&self) -> &'static str {
        match self {
            Self::FieldInvalid(_) => "FIELD_INVALID",
            Self::AlreadySigned { .. } => "ALREADY_SIGNED",
            Self::AmendmentUnknown(_) => "AMENDMENT_UNKNOWN",
            Self::AmendmentClosed(_) => "AMENDMENT_CLOSED",
            Self::AmendmentNotYours(_) => "AMENDMENT_NOT_YOURS",
            Self::AmendmentEmpty => "AMENDMENT_EMPTY",
            Self::AmendmentBeforeStart { .. } => "AMENDMENT_BEFORE_START",
            Self::LineUnknown { .. } => "LINE_UNKNOWN",
            Self::CoreOverlaps { .. } => "CORE_OVERLAPS",
            Self::CoreMissing(_) => "CORE_FEE_MISSING",
            Self::AdditionNotTimeBoxed { .. } => "ADDITION_NOT_TIME_BOXED",
            Self::SiblingsInvalid { .. } => "SIBLINGS_INVALID",
            Self::WeeklyNegative { .. } => "WEEKLY_PRICE_NEGATIVE",
            Self::FundersNotWhole(_) => "FUNDERS_NOT_WHOLE",
            Self::CoreNotAllowed { check: CoreCheck::AboveCeiling, .. } => "PRICE_ABOVE_CEILING",
            Self::CoreNotAllowed { check: CoreCheck::AboveSchedule, .. } => "PRICE_ABOVE_SCHEDULE",
            Self::CoreNotAllowed { check: CoreCheck::NotAdmitted, .. } => "PROVIDER_NOT_ADMITTED",
            Self::AbsenceUnknown(_) => "ABSENCE_UNKNOWN",
            Self::AbsenceOverlaps { .. } => "ABSENCE_OVERLAPS",
            Self::AbsenceOutside { .. } => "ABSENCE_OUTSIDE_PLACEMENT",
            Self::UpliftDateMissing => "UPLIFT_DATE_MISSING",
            Self::UpliftAlreadyApplied(_) => "UPLIFT_ALREADY_APPLIED",
            Self::UpliftAboveNegotiated { .. } => "UPLIFT_ABOVE_NEGOTIATED",
            Self::UpliftOfNothing(_) => "UPLIFT_OF_NOTHING",
            Self::UpliftUnknown(_) => "UPLIFT_UNKNOWN",
            Self::UpliftNotNegotiated(_) => "UPLIFT_NOT_NEGOTIATED",
            Self::UpliftOfOther { .. } => "UPLIFT_OF_OTHER",
            Self::UpliftRaisesNothing { .. } => "UPLIFT_RAISES_NOTHING",
            Self::RiseTooHigh { .. } => "UPLIFT_TOO_HIGH",
            Self::UpliftDecisionUnknown(_) => "UPLIFT_DECISION_UNKNOWN",
            Self::UpliftNotApplied { .. } => "UPLIFT_NOT_APPLIED",
            Self::TooMany(..) => "LIMIT_REACHED",
            Self::OutcomeUnknown { .. } => "OUTCOME_UNKNOWN",
            Self::OutcomeNotHeld(_) => "OUTCOME_NOT_HELD",
            Self::OutcomeTold(_) => "OUTCOME_TOLD",
            Self::OutcomeCapReached(_) => "OUTCOME_CAP_REACHED",
            Self::PaymentUnknown(_) => "PAYMENT_UNKNOWN",
            Self::PaymentDecided(_) => "PAYMENT_DECIDED",
            Self::PurchaseOfOtherRoute(_) => "PURCHASE_OF_OTHER_ROUTE",
        }
    }

    fn kind(&self) -> RefusalKind {
        match self {
            Self::FieldInvalid(_)
            | Self::AmendmentEmpty
            | Self::FundersNotWhole(_)
            | Self::UpliftDateMissing
            | Self::UpliftAboveNegotiated { .. } => RefusalKind::Invalid,
            Self::AmendmentUnknown(_)
            | Self::AbsenceUnknown(_)
            | Self::PaymentUnknown(_)
            | Self::UpliftUnknown(_)
            | Self::UpliftDecisionUnknown(_) => RefusalKind::NotFound,
            _ => RefusalKind::Precondition,
        }
    }

    fn violations(&self) -> Vec<Violation> {
        if let Self::FieldInvalid(violations) = self {
            return violations.clone();
        }
        let at = |field: &str| Violation { field: field.to_owned(), description: self.to_string() };
        self.field().map(at).into_iter().collect()
    }
}
