//! Frameworks: their procurement, members, lots and ceilings, the providers admitted to them and their prices, discounts, uplifts, suspensions, and
//! what offers are scored by. The region's log.

mod clocks;
mod commands;
mod decide;
mod discounts;
mod events;
mod fold;
mod prices;
mod procurement;
mod rejection;
mod state;
mod suspensions;
mod terms_rejection;
mod uplifts;
mod weights;

pub use clocks::{CLOCKS, ClockRule, FrameworkDeadline, REGIME_RULES, RegimeRule, deadlines};
pub use commands::{
    Change, FrameworkCommand, LOTS_MAX, MEMBERSHIPS_MAX, NewFramework, PRICE_VERSIONS_MAX, PROVIDERS_MAX,
    SUSPENSIONS_MAX,
};
pub use discounts::{
    DISCOUNTS_MAX, Discount, DiscountAmount, DiscountDue, DiscountRule, PlacementFacts, discounts_due,
    long_term_from,
};
pub use events::{
    CouncilJoined, CouncilLeft, DiscountAgreed, DiscountEnded, FrameworkCreated, FrameworkEvent,
    FrameworkExtended, FrameworkReopened, LinkAuthorityNominated, LotAdded, PlacementReviewsCalled,
    ProviderAdmitted, ProviderSuspended, Regime, SuspensionLifted, UpliftNegotiated, UpliftRequested,
};
pub use prices::{PRICE_AGE_MAX, PRICE_ROWS_MAX, PriceRow, PriceSchedule};
pub use procurement::{FrameworkKind, OPEN_YEARS_MAX, Opening, Procurement, REOPENINGS_MAX};
pub use rejection::FrameworkRejection;
pub use state::{Framework, Frameworks, Lot, Membership, Onlooker};
pub use suspensions::{SUSPENDED_URNS_MAX, Suspension, SuspensionScope};
pub use terms_rejection::TermsRejection;
pub use uplifts::{Recommended, UPLIFTS_MAX, Uplift, UpliftAmount, UpliftAsked, UpliftNegotiation};
