//! What happened to frameworks. Prices in these events are seen by the framework's lead, its member councils and the
//! provider whose they are.

use super::state::Lot;
use crate::grade::GradeGate;
use care::published::EvaluationWeightsSet;
use care::{CouncilId, Date, EstablishmentUrn, EventBody, FrameworkId, LotId, Pence, ProviderId, StreamId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The law that a framework was procured under. Those procured before 24 February 2025 stay under the older one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Regime {
    /// Public Contracts Regulations 2015.
    #[serde(rename = "PCR_2015")]
    Pcr2015,
    /// Procurement Act 2023.
    #[serde(rename = "PROCUREMENT_ACT_2023")]
    ProcurementAct2023,
}

/// A framework was created.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrameworkCreated {
    /// The framework.
    pub framework: FrameworkId,
    /// What people call it.
    pub name: String,
    /// The council that leads it.
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

/// A council may call off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CouncilJoined {
    /// The framework.
    pub framework: FrameworkId,
    /// The council.
    pub council: CouncilId,
    /// The first day.
    pub from: Date,
}

/// A council may no longer call off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CouncilLeft {
    /// The framework.
    pub framework: FrameworkId,
    /// The council.
    pub council: CouncilId,
    /// The first day on which it is no longer a member.
    pub on: Date,
}

/// A lot was added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LotAdded {
    /// The framework.
    pub framework: FrameworkId,
    /// The lot.
    pub lot: LotId,
    /// What it covers, and its ceilings.
    pub terms: Lot,
}

/// A provider was admitted to a lot, or has new prices there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderAdmitted {
    /// The framework.
    pub framework: FrameworkId,
    /// The lot.
    pub lot: LotId,
    /// The provider.
    pub provider: ProviderId,
    /// The first day on which the prices hold.
    pub from: Date,
    /// The core fee by level, pence a week.
    pub prices: BTreeMap<String, Pence>,
}

/// A provider, or one of its establishments, gets no new placements.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderSuspended {
    /// The framework.
    pub framework: FrameworkId,
    /// The provider.
    pub provider: ProviderId,
    /// The one establishment; nothing for all of them.
    pub urn: Option<EstablishmentUrn>,
    /// Why.
    pub reason: String,
    /// The first day.
    pub from: Date,
}

/// A suspension was lifted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuspensionLifted {
    /// The framework.
    pub framework: FrameworkId,
    /// The provider.
    pub provider: ProviderId,
    /// The one establishment; nothing for the suspension of the whole provider.
    pub urn: Option<EstablishmentUrn>,
    /// The first day on which it no longer holds.
    pub on: Date,
}

// Framework facts concern every member alike, so no event names one council as its own; the lead sees all of them.
macro_rules! body {
    ($name:ident $(, $effective:ident)?) => {
        impl EventBody for $name {
            const TYPE: &'static str = stringify!($name);
            fn stream(&self) -> StreamId {
                StreamId::new("framework", &self.framework)
            }
            fn council(&self) -> Option<CouncilId> {
                None
            }
            $(fn effective(&self) -> Option<Date> {
                Some(self.$effective)
            })?
        }
    };
}

body!(FrameworkCreated, starts);
body!(CouncilJoined, from);
body!(CouncilLeft, on);
body!(LotAdded);
body!(ProviderAdmitted, from);
body!(ProviderSuspended, from);
body!(SuspensionLifted, on);

care::events! {
    /// The events of the region's contracts log.
    pub enum FrameworkEvent {
        FrameworkCreated,
        CouncilJoined,
        CouncilLeft,
        LotAdded,
        ProviderAdmitted,
        ProviderSuspended,
        SuspensionLifted,
        EvaluationWeightsSet,
    }
}
