//! Why a change to a framework is refused.

use super::terms_rejection::TermsRejection;
use care::{CouncilId, Date, FrameworkId, LotId, Pence, ProviderId, Refusal, RefusalKind, Violation};
use thiserror::Error;

/// The refusals of the region's frameworks.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FrameworkRejection {
    /// The id is taken.
    #[error("framework {0} exists already: choose another id, or change it with the other methods")]
    FrameworkExists(FrameworkId),
    /// There is no such framework.
    #[error("there is no framework {0}: create it first, or list the frameworks for their ids")]
    FrameworkUnknown(FrameworkId),
    /// It has changed since the caller read it.
    #[error("framework {framework} is at version {current}, not {expected}: read it again and decide anew")]
    EtagMismatch {
        /// The framework.
        framework: FrameworkId,
        /// The version that the caller saw.
        expected: u32,
        /// The version that it has.
        current: u32,
    },
    /// A period that ends before it begins.
    #[error("{field} is {date}, before {earliest}: give {earliest} or later")]
    DatesOutOfOrder {
        /// The request's field.
        field: &'static str,
        /// Its date.
        date: Date,
        /// The earliest that it may be.
        earliest: Date,
    },
    /// A date outside the framework's term.
    #[error("{field} is {date}, outside the framework's term: give a date from {starts} to {ends}")]
    OutsideTerm {
        /// The request's field.
        field: &'static str,
        /// Its date.
        date: Date,
        /// The first day of the term.
        starts: Date,
        /// The last day of the term.
        ends: Date,
    },
    /// A council that is a member already.
    #[error("{} ({council}) is a member of {framework} already", council.name())]
    CouncilAlreadyMember {
        /// The framework.
        framework: FrameworkId,
        /// The council.
        council: CouncilId,
    },
    /// A council that is not a member.
    #[error("{} ({council}) is not a member of {framework}: only a member can leave", council.name())]
    CouncilNotMember {
        /// The framework.
        framework: FrameworkId,
        /// The council.
        council: CouncilId,
    },
    /// The lot's id is taken.
    #[error("lot {0} exists already: choose another id")]
    LotExists(LotId),
    /// There is no such lot.
    #[error("framework {framework} has no lot {lot}: add it first")]
    LotUnknown {
        /// The framework.
        framework: FrameworkId,
        /// The lot.
        lot: LotId,
    },
    /// The framework has as many lots as it may have.
    #[error("a framework has at most {max} lots", max = super::LOTS_MAX)]
    TooManyLots,
    /// A lot that would cover unregistered provision.
    #[error("no lot may cover UNREGISTERED: unregistered provision is never bought by call-off")]
    UnregisteredProvision,
    /// A lot that covers nothing, or has no level.
    #[error("a lot needs at least one of {field}")]
    LotEmpty {
        /// The request's field.
        field: &'static str,
    },
    /// Ages in the wrong order.
    #[error("the lot's ages run from {age_from} to {age_to}: give the younger one first")]
    AgesOutOfOrder {
        /// The youngest, in years.
        age_from: u8,
        /// The oldest, in years.
        age_to: u8,
    },
    /// A gate that no gate may be set at.
    #[error("{lowest:?} cannot be a gate's lowest grade: give OUTSTANDING, GOOD or REQUIRES_IMPROVEMENT")]
    GradeGateInvalid {
        /// The request's field.
        field: &'static str,
        /// The grade.
        lowest: String,
    },
    /// A price for a level that the lot does not have.
    #[error("lot {lot} has no level {level:?}: give prices for its own levels alone")]
    LevelUnknown {
        /// The request's field.
        field: &'static str,
        /// The lot.
        lot: LotId,
        /// The level.
        level: String,
    },
    /// An admission without prices.
    #[error("an admission needs the price of at least one level of lot {0}")]
    PricesMissing(LotId),
    /// A core fee that is nothing or less.
    #[error("the core fee of level {level:?} is {price}: give more than nothing")]
    PriceNotPositive {
        /// The request's field.
        field: &'static str,
        /// The level.
        level: String,
        /// The price, a week.
        price: Pence,
    },
    /// A price above its ceiling.
    #[error("the core fee of level {level:?} is {price} a week, above its ceiling of {ceiling}")]
    PriceAboveCeiling {
        /// The request's field.
        field: &'static str,
        /// The level.
        level: String,
        /// The price, a week.
        price: Pence,
        /// The ceiling, a week.
        ceiling: Pence,
    },
    /// A provider that is suspended already in this scope.
    #[error("{provider} is suspended already in this scope since {since}: lift that suspension first")]
    AlreadySuspended {
        /// The provider.
        provider: ProviderId,
        /// The first day of the suspension in force.
        since: Date,
    },
    /// Nothing to lift.
    #[error(
        "{0} has no suspension of this scope: a whole provider's and one establishment's are lifted separately"
    )]
    NotSuspended(ProviderId),
    /// Weights by which nothing can be scored.
    #[error("these weights cannot score an offer: {0}")]
    EvaluationWeightsInvalid(&'static str),
    /// Procurement, prices, discounts or uplifts that cannot be so.
    #[error(transparent)]
    Terms(#[from] TermsRejection),
}

/// The fields whose date is held against another of the same request; every other is held against what is recorded.
const BOTH_ASKED: [&str; 6] =
    ["ends", "procurement.entered_on", "procurement.extendable_to", "closes", "until", "discount.until"];

impl FrameworkRejection {
    fn field(&self) -> Option<&'static str> {
        match self {
            Self::DatesOutOfOrder { field, .. }
            | Self::LotEmpty { field }
            | Self::OutsideTerm { field, .. }
            | Self::GradeGateInvalid { field, .. }
            | Self::LevelUnknown { field, .. }
            | Self::PriceNotPositive { field, .. }
            | Self::PriceAboveCeiling { field, .. } => Some(field),
            Self::UnregisteredProvision => Some("lot.provisions"),
            Self::AgesOutOfOrder { .. } => Some("lot.age_from"),
            Self::EvaluationWeightsInvalid(_) => Some("weights"),
            Self::PricesMissing(_) => Some("prices"),
            Self::Terms(terms) => terms.field(),
            _ => None,
        }
    }
}

impl Refusal for FrameworkRejection {
    fn reason(&self) -> &'static str {
        match self {
            Self::FrameworkExists(_) => "FRAMEWORK_EXISTS",
            Self::FrameworkUnknown(_) => "FRAMEWORK_UNKNOWN",
            Self::EtagMismatch { .. } => "ETAG_MISMATCH",
            Self::DatesOutOfOrder { .. } => "DATES_OUT_OF_ORDER",
            Self::OutsideTerm { .. } => "OUTSIDE_TERM",
            Self::CouncilAlreadyMember { .. } => "COUNCIL_ALREADY_MEMBER",
            Self::CouncilNotMember { .. } => "COUNCIL_NOT_MEMBER",
            Self::LotExists(_) => "LOT_EXISTS",
            Self::LotUnknown { .. } => "LOT_UNKNOWN",
            Self::TooManyLots => "TOO_MANY_LOTS",
            Self::UnregisteredProvision => "UNREGISTERED_PROVISION",
            Self::LotEmpty { .. } => "LOT_EMPTY",
            Self::AgesOutOfOrder { .. } => "AGES_OUT_OF_ORDER",
            Self::GradeGateInvalid { .. } => "GRADE_GATE_INVALID",
            Self::LevelUnknown { .. } => "LEVEL_UNKNOWN",
            Self::PricesMissing(_) => "PRICES_MISSING",
            Self::PriceNotPositive { .. } => "PRICE_NOT_POSITIVE",
            Self::PriceAboveCeiling { .. } => "PRICE_ABOVE_CEILING",
            Self::AlreadySuspended { .. } => "ALREADY_SUSPENDED",
            Self::NotSuspended(_) => "NOT_SUSPENDED",
            Self::EvaluationWeightsInvalid(_) => "EVALUATION_WEIGHTS_INVALID",
            Self::Terms(terms) => terms.reason(),
        }
    }

    fn kind(&self) -> RefusalKind {
        match self {
            Self::Terms(terms) => terms.kind(),
            Self::FrameworkExists(_) | Self::LotExists(_) | Self::CouncilAlreadyMember { .. } => {
                RefusalKind::AlreadyExists
            }
            Self::FrameworkUnknown(_) | Self::LotUnknown { .. } => RefusalKind::NotFound,
            Self::EtagMismatch { .. } => RefusalKind::Conflict,
            Self::DatesOutOfOrder { field, .. } if BOTH_ASKED.contains(field) => RefusalKind::Invalid,
            Self::UnregisteredProvision
            | Self::LotEmpty { .. }
            | Self::AgesOutOfOrder { .. }
            | Self::GradeGateInvalid { .. }
            | Self::PricesMissing(_)
            | Self::EvaluationWeightsInvalid(_)
            | Self::PriceNotPositive { .. } => RefusalKind::Invalid,
            Self::DatesOutOfOrder { .. }
            | Self::OutsideTerm { .. }
            | Self::CouncilNotMember { .. }
            | Self::TooManyLots
            | Self::LevelUnknown { .. }
            | Self::PriceAboveCeiling { .. }
            | Self::AlreadySuspended { .. }
            | Self::NotSuspended(_) => RefusalKind::Precondition,
        }
    }

    fn violations(&self) -> Vec<Violation> {
        let violation = |field: &str| Violation { field: field.to_owned(), description: self.to_string() };
        self.field().map(violation).into_iter().collect()
    }
}
