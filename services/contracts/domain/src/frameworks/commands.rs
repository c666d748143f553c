//! What may be asked of the region's frameworks.

use super::discounts::Discount;
use super::events::Regime;
use super::prices::PriceSchedule;
use super::procurement::{Opening, Procurement};
use super::state::Lot;
use super::suspensions::SuspensionScope;
use super::uplifts::{UpliftAsked, UpliftNegotiation};
use crate::grade::GradeGate;
use care::published::Weights;
use care::{CouncilId, Date, FrameworkId, LotId, ProviderId};

/// The most lots that a framework has.
pub const LOTS_MAX: usize = 50;
/// How often a council joins a framework at most.
pub const MEMBERSHIPS_MAX: usize = 20;
/// The most providers that a framework knows, those that were suspended or had a link authority nominated included.
pub const PROVIDERS_MAX: usize = 5_000;
/// The most price versions of a provider in a lot: a new one each month for eight years, and some.
pub const PRICE_VERSIONS_MAX: usize = 100;
/// The most suspensions of a provider in a framework, those that were lifted included.
pub const SUSPENSIONS_MAX: usize = 200;

/// A change to one framework.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrameworkCommand {
    /// The framework.
    pub framework: FrameworkId,
    /// The version that the caller saw; nothing for "whatever it is".
    pub expected_version: Option<u32>,
    /// The change.
    pub change: Change,
}

/// What is to change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Creates it.
    Create(NewFramework),
    /// A council may call off from a date.
    AddMember {
        /// The council.
        council: CouncilId,
        /// The first day.
        from: Date,
    },
    /// A council may no longer call off.
    RemoveMember {
        /// The council.
        council: CouncilId,
        /// The first day on which it is no longer a member.
        on: Date,
    },
    /// Adds a lot.
    AddLot {
        /// Its id.
        lot: LotId,
        /// What it covers, and its ceilings.
        terms: Lot,
    },
    /// Admits a provider to a lot, or gives it new prices.
    AdmitProvider {
        /// The lot.
        lot: LotId,
        /// The provider.
        provider: ProviderId,
        /// Its prices, and where it may be bought from.
        schedule: PriceSchedule,
    },
    /// Suspends a provider, or some of its establishments, from new placements, and calls on councils to review those they have.
    SuspendProvider {
        /// The provider.
        provider: ProviderId,
        /// What of it, and for whom.
        scope: SuspensionScope,
        /// Why, without personal data.
        reason: String,
        /// The first day.
        from: Date,
    },
    /// Lifts a suspension of the same scope.
    LiftSuspension {
        /// The provider.
        provider: ProviderId,
        /// What was suspended, and for whom.
        scope: SuspensionScope,
        /// The first day on which it no longer holds.
        on: Date,
    },
    /// Sets what offers under it are scored by.
    SetEvaluationWeights {
        /// The first day on which they hold, later than `today`.
        from: Date,
        /// The weights.
        weights: Weights,
        /// The day in England on which they are told.
        today: Date,
    },
    /// Opens it again for new providers.
    Reopen(Opening),
    /// Lets it run for longer, as far as its procurement provided for.
    Extend {
        /// The new last day.
        to: Date,
        /// Why, without personal data.
        reason: String,
        /// The day in England on which it is told.
        today: Date,
    },
    /// Agrees a discount.
    AgreeDiscount(Discount),
    /// Ends a discount.
    EndDiscount {
        /// Its number in the framework.
        number: u32,
        /// The day after its last night.
        on: Date,
    },
    /// Gives the negotiation of a provider's uplifts to a member council.
    NominateLinkAuthority {
        /// The provider.
        provider: ProviderId,
        /// The council.
        council: CouncilId,
        /// The day in England on which it is told.
        today: Date,
    },
    /// Asks for higher fees, for a provider.
    RequestUplift {
        /// What is asked.
        asked: UpliftAsked,
        /// The day in England on which it is asked.
        today: Date,
    },
    /// Tells what came of the negotiation of an uplift.
    NegotiateUplift {
        /// Its number in the framework.
        number: u32,
        /// What came of it.
        negotiation: UpliftNegotiation,
    },
}

/// A framework to be created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFramework {
    /// What people call it.
    pub name: String,
    /// The council that leads it, its first member.
    pub lead: CouncilId,
    /// The law it was procured under.
    pub regime: Regime,
    /// The first day on which a council may call off.
    pub starts: Date,
    /// The last such day.
    pub ends: Date,
    /// The gate of each lot that has none of its own.
    pub grade_floor: Option<GradeGate>,
    /// How it was procured, as far as that is told.
    pub procurement: Procurement,
}
