//! What may be asked of the region's frameworks.

use super::events::Regime;
use super::state::Lot;
use crate::grade::GradeGate;
use care::published::Weights;
use care::{CouncilId, Date, EstablishmentUrn, FrameworkId, LotId, Pence, ProviderId};
use std::collections::BTreeMap;

/// The most lots that a framework has.
pub const LOTS_MAX: usize = 50;

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
        /// The first day on which the prices hold.
        from: Date,
        /// The core fee by level, pence a week.
        prices: BTreeMap<String, Pence>,
    },
    /// Suspends a provider, or one of its establishments, from new placements.
    SuspendProvider {
        /// The provider.
        provider: ProviderId,
        /// The one establishment; nothing for all of them.
        urn: Option<EstablishmentUrn>,
        /// Why, without personal data.
        reason: String,
        /// The first day.
        from: Date,
    },
    /// Lifts a suspension of the same scope.
    LiftSuspension {
        /// The provider.
        provider: ProviderId,
        /// The one establishment; nothing for the suspension of the whole provider.
        urn: Option<EstablishmentUrn>,
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
}
