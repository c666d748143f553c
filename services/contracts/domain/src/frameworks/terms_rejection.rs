//! Why a change to a framework's procurement, prices, discounts or uplifts is refused.

use super::procurement::{FrameworkKind, OPEN_YEARS_MAX, Opening};
use care::{CouncilId, Date, FrameworkId, LotId, ProviderId, RefusalKind};
use thiserror::Error;

/// The refusals of what a framework's terms are.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TermsRejection {
    /// A new provider at a time at which the framework takes none.
    #[error(
        "from is {from}: {} takes new providers on {starts}{}; a schedule of one admitted before may begin on any day",
        kind.words(), list(openings)
    )]
    AdmissionClosed {
        /// The first day of the admission.
        from: Date,
        /// What the framework is.
        kind: FrameworkKind,
        /// Its first day.
        starts: Date,
        /// When it opens again.
        openings: Vec<Opening>,
    },
    /// Opening again what cannot.
    #[error("{} does not open again: only an open framework or a flexible procurement agreement does", .0.words())]
    NotReopenable(FrameworkKind),
    /// An opening that meets another.
    #[error("the framework opens from {opens} to {closes} already: give days before or after")]
    OpeningOverlaps {
        /// The first day of the other.
        opens: Date,
        /// The last day of the other.
        closes: Date,
    },
    /// An open framework under the older law, which knows none.
    #[error(
        "the Public Contracts Regulations 2015 know no open framework: give the Procurement Act 2023 as its law, or another kind"
    )]
    KindNotOfRegime,
    /// A framework that was entered into after its first day.
    #[error(
        "the framework was entered into on {entered}, after its first day, {starts}: give a day no later than that"
    )]
    EnteredAfterStart {
        /// The day on which it was entered into.
        entered: Date,
        /// Its first day.
        starts: Date,
    },
    /// An open framework that would run for too long.
    #[error(
        "the framework could run until {last}: an open framework ends within {OPEN_YEARS_MAX} years of its award, by {latest}"
    )]
    TermTooLong {
        /// Its last day, with its extension.
        last: Date,
        /// The last day that it may have.
        latest: Date,
    },
    /// An extension after the end.
    #[error(
        "the framework ended on {ends}, and today is {today}: an extension is told before the end; procure anew"
    )]
    ExtensionTooLate {
        /// Its last day.
        ends: Date,
        /// The day on which it was told.
        today: Date,
    },
    /// An extension that was not provided for.
    #[error("to is {to}: this framework may be extended to {latest} at most")]
    ExtensionBeyondMaximum {
        /// The last day that was asked for.
        to: Date,
        /// The last day that it may have.
        latest: Date,
    },
    /// A price version that meets another.
    #[error(
        "from is {from}: prices hold from {held} already, so that a new version begins on {earliest} or later"
    )]
    PriceVersionOverlaps {
        /// The first day of the new version.
        from: Date,
        /// The first day of the version before.
        held: Date,
        /// The earliest first day that a new one may have.
        earliest: Date,
    },
    /// A price row for ages that the lot does not take.
    #[error("the price for {row}: give ages within the lot's, {age_from} to {age_to}, the younger one first")]
    PriceAgesInvalid {
        /// The request's field.
        field: &'static str,
        /// The row, in words.
        row: String,
        /// The lot's youngest, in years.
        age_from: u8,
        /// The lot's oldest, in years.
        age_to: u8,
    },
    /// Two prices that could both hold for one child.
    #[error(
        "the prices for ({first}) and ({second}) could both hold for one child: add a price for those who are both, or part their ages"
    )]
    PriceAmbiguous {
        /// The request's field.
        field: &'static str,
        /// The one, in words.
        first: String,
        /// The other, in words.
        second: String,
    },
    /// A discount that cannot be.
    #[error("{field}: {problem}")]
    DiscountInvalid {
        /// The request's field.
        field: &'static str,
        /// What to do.
        problem: &'static str,
    },
    /// The same discount on the same days.
    #[error("discount {held} is the same from {from}: end it first, or give other days")]
    DiscountOverlaps {
        /// The other's number.
        held: u32,
        /// The other's first night.
        from: Date,
    },
    /// There is no such discount.
    #[error("framework {framework} has no discount {number}: list its providers for the discounts' numbers")]
    DiscountUnknown {
        /// The framework.
        framework: FrameworkId,
        /// The number.
        number: u32,
    },
    /// A discount that ends by then already.
    #[error("discount {number} ends on {until} already: agree a new one to go on")]
    DiscountEnded {
        /// The number.
        number: u32,
        /// The day after its last night.
        until: Date,
    },
    /// A provider that the framework has no prices of.
    #[error("{provider} is not admitted to {}", lot.as_ref().map_or_else(|| framework.to_string(), |lot| format!("lot {lot} of {framework}")))]
    ProviderNotAdmitted {
        /// The framework.
        framework: FrameworkId,
        /// The provider.
        provider: ProviderId,
        /// The one lot, if one was named.
        lot: Option<LotId>,
    },
    /// A rise that cannot be.
    #[error("{field}: {problem}")]
    UpliftInvalid {
        /// The request's field.
        field: &'static str,
        /// What to do.
        problem: &'static str,
    },
    /// A rise for a level that the provider has no prices at.
    #[error("{field}: no lot of this provider has a level {level:?}: give rises for its own levels alone")]
    UpliftLevelUnknown {
        /// The request's field.
        field: &'static str,
        /// The level.
        level: String,
    },
    /// Another uplift of the same fees is not negotiated yet.
    #[error("uplift {0} of the same fees is not negotiated yet: wait for its outcome")]
    UpliftStands(u32),
    /// There is no such uplift.
    #[error("framework {framework} has no uplift {number}: list its uplifts for their numbers")]
    UpliftUnknown {
        /// The framework.
        framework: FrameworkId,
        /// The number.
        number: u32,
    },
    /// An uplift that is negotiated already.
    #[error("uplift {number} was negotiated on {on}: a further rise is a new request of the provider")]
    UpliftNegotiated {
        /// The number.
        number: u32,
        /// The day on which its outcome was told.
        on: Date,
    },
    /// More than the provider asked for.
    #[error("{recommended} is more than the provider asked for ({asked})")]
    UpliftAboveRequest {
        /// What was asked for.
        asked: String,
        /// What was recommended.
        recommended: String,
    },
    /// A negotiation by a council that it is not given to.
    #[error("{} negotiates for this provider, not {}: ask it, or have the lead nominate another", link.name(), by.name())]
    NotLinkAuthority {
        /// The council that negotiates.
        link: CouncilId,
        /// The one that would.
        by: CouncilId,
    },
    /// As many as there may be.
    #[error("there are at most {max} {what}")]
    LimitReached {
        /// Of what.
        what: &'static str,
        /// How many.
        max: usize,
    },
}

fn list(openings: &[Opening]) -> String {
    openings.iter().map(|opening| format!(", from {} to {}", opening.opens, opening.closes)).collect()
}

impl TermsRejection {
    pub(super) fn field(&self) -> Option<&'static str> {
        match self {
            Self::AdmissionClosed { .. } | Self::PriceVersionOverlaps { .. } => Some("from"),
            Self::OpeningOverlaps { .. } => Some("opens"),
            Self::KindNotOfRegime => Some("procurement.kind"),
            Self::EnteredAfterStart { .. } => Some("procurement.entered_on"),
            Self::TermTooLong { .. } => Some("ends"),
            Self::ExtensionBeyondMaximum { .. } => Some("to"),
            Self::PriceAgesInvalid { field, .. }
            | Self::PriceAmbiguous { field, .. }
            | Self::DiscountInvalid { field, .. }
            | Self::UpliftInvalid { field, .. }
            | Self::UpliftLevelUnknown { field, .. } => Some(field),
            Self::DiscountOverlaps { .. } => Some("discount.from"),
            Self::DiscountEnded { .. } => Some("on"),
            Self::UpliftAboveRequest { .. } => Some("recommended.amount"),
            _ => None,
        }
    }

    pub(super) fn reason(&self) -> &'static str {
        match self {
            Self::AdmissionClosed { .. } => "ADMISSION_CLOSED",
            Self::NotReopenable(_) => "NOT_REOPENABLE",
            Self::OpeningOverlaps { .. } => "OPENING_OVERLAPS",
            Self::KindNotOfRegime => "KIND_NOT_OF_REGIME",
            Self::EnteredAfterStart { .. } => "DATES_OUT_OF_ORDER",
            Self::TermTooLong { .. } => "TERM_TOO_LONG",
            Self::ExtensionTooLate { .. } => "EXTENSION_TOO_LATE",
            Self::ExtensionBeyondMaximum { .. } => "EXTENSION_BEYOND_MAXIMUM",
            Self::PriceVersionOverlaps { .. } => "PRICE_VERSION_OVERLAPS",
            Self::PriceAgesInvalid { .. } => "PRICE_AGES_INVALID",
            Self::PriceAmbiguous { .. } => "PRICE_AMBIGUOUS",
            Self::DiscountInvalid { .. } => "DISCOUNT_INVALID",
            Self::DiscountOverlaps { .. } => "DISCOUNT_OVERLAPS",
            Self::DiscountUnknown { .. } => "DISCOUNT_UNKNOWN",
            Self::DiscountEnded { .. } => "DISCOUNT_ENDED",
            Self::ProviderNotAdmitted { .. } => "PROVIDER_NOT_ADMITTED",
            Self::UpliftInvalid { .. } => "UPLIFT_INVALID",
            Self::UpliftLevelUnknown { .. } => "UPLIFT_LEVEL_UNKNOWN",
            Self::UpliftStands(_) => "UPLIFT_STANDS",
            Self::UpliftUnknown { .. } => "UPLIFT_UNKNOWN",
            Self::UpliftNegotiated { .. } => "UPLIFT_NEGOTIATED",
            Self::UpliftAboveRequest { .. } => "UPLIFT_ABOVE_REQUEST",
            Self::NotLinkAuthority { .. } => "NOT_LINK_AUTHORITY",
            Self::LimitReached { .. } => "LIMIT_REACHED",
        }
    }

    pub(super) fn kind(&self) -> RefusalKind {
        match self {
            Self::KindNotOfRegime
            | Self::EnteredAfterStart { .. }
            | Self::TermTooLong { .. }
            | Self::PriceAmbiguous { .. }
            | Self::DiscountInvalid { .. }
            | Self::UpliftInvalid { .. } => RefusalKind::Invalid,
            Self::DiscountUnknown { .. } | Self::UpliftUnknown { .. } => RefusalKind::NotFound,
            Self::DiscountOverlaps { .. } | Self::UpliftStands(_) => RefusalKind::AlreadyExists,
            _ => RefusalKind::Precondition,
        }
    }
}
