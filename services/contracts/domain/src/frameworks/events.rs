//! What happened to frameworks. Prices in these events are seen by the framework's lead, its member councils and the
//! provider whose they are.

use super::discounts::Discount;
use super::prices::PriceRow;
use super::procurement::Procurement;
use super::state::Lot;
use super::uplifts::{UpliftAsked, UpliftNegotiation};
use crate::grade::GradeGate;
use care::published::EvaluationWeightsSet;
use care::{CouncilId, Date, EstablishmentUrn, EventBody, FrameworkId, LotId, Pence, ProviderId, StreamId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

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
    /// How it was procured, as far as that was told.
    #[serde(default, skip_serializing_if = "Procurement::is_untold")]
    pub procurement: Procurement,
}

/// A framework is to open again for new providers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrameworkReopened {
    /// The framework.
    pub framework: FrameworkId,
    /// The first day.
    pub opens: Date,
    /// The last day.
    pub closes: Date,
}

/// A framework runs for longer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrameworkExtended {
    /// The framework.
    pub framework: FrameworkId,
    /// The last day on which a council may call off.
    pub ends: Date,
    /// Why.
    pub reason: String,
    /// The day on which it was told.
    pub decided_on: Date,
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
    /// The core fee by level for every age and attribute, pence a week.
    pub prices: BTreeMap<String, Pence>,
    /// The first day on which they hold no longer; none where that is not agreed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
    /// The core fee by level, age band and attributes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<PriceRow>,
    /// The establishments that may be bought from; empty: all of the provider's.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub branches: BTreeSet<EstablishmentUrn>,
}

/// A provider, or some of its establishments, gets no new placements.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderSuspended {
    /// The framework.
    pub framework: FrameworkId,
    /// The provider.
    pub provider: ProviderId,
    /// The one establishment; nothing for a branch, or all of them.
    pub urn: Option<EstablishmentUrn>,
    /// Why.
    pub reason: String,
    /// The first day.
    pub from: Date,
    /// The establishments of a branch; empty for one, or all of them.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub urns: BTreeSet<EstablishmentUrn>,
    /// The one council; none: every member.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub council: Option<CouncilId>,
}

/// The councils are called on to review their placements where a provider was suspended, place by place. Nothing ends by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlacementReviewsCalled {
    /// The framework.
    pub framework: FrameworkId,
    /// The provider.
    pub provider: ProviderId,
    /// The suspension's number among the provider's in this framework, from 1.
    pub suspension: u32,
    /// The establishments; empty: all of the provider's.
    pub urns: BTreeSet<EstablishmentUrn>,
    /// The one council whose suspension it is; none: the region's.
    pub council: Option<CouncilId>,
    /// The councils that are to review, past members included.
    pub councils: BTreeSet<CouncilId>,
    /// The first day of the suspension.
    pub from: Date,
}

/// A suspension was lifted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuspensionLifted {
    /// The framework.
    pub framework: FrameworkId,
    /// The provider.
    pub provider: ProviderId,
    /// The one establishment; nothing for the suspension of a branch, or of the whole provider.
    pub urn: Option<EstablishmentUrn>,
    /// The first day on which it no longer holds.
    pub on: Date,
    /// The establishments of a branch; empty for one, or all of them.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub urns: BTreeSet<EstablishmentUrn>,
    /// The one council; none: every member.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub council: Option<CouncilId>,
}

/// A framework has a discount.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiscountAgreed {
    /// The framework.
    pub framework: FrameworkId,
    /// Its number in the framework, from 1.
    pub number: u32,
    /// What it is.
    pub discount: Discount,
}

/// A discount holds no longer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiscountEnded {
    /// The framework.
    pub framework: FrameworkId,
    /// Its number in the framework.
    pub number: u32,
    /// The day after its last night.
    pub on: Date,
}

/// One council negotiates a provider's uplifts for the region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkAuthorityNominated {
    /// The framework.
    pub framework: FrameworkId,
    /// The provider.
    pub provider: ProviderId,
    /// The council.
    pub council: CouncilId,
}

/// A provider asked for higher fees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpliftRequested {
    /// The framework.
    pub framework: FrameworkId,
    /// The uplift's number in the framework, from 1.
    pub number: u32,
    /// What was asked.
    pub asked: UpliftAsked,
    /// The day on which it was asked.
    pub requested_on: Date,
}

/// An uplift was negotiated for the region; each council decides for itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpliftNegotiated {
    /// The framework.
    pub framework: FrameworkId,
    /// The uplift's number in the framework.
    pub number: u32,
    /// The provider.
    pub provider: ProviderId,
    /// What came of it.
    pub negotiation: UpliftNegotiation,
}

// Framework facts concern every member alike, so that no event names one council as its own but what is about that council alone; the lead
// sees all of them.
macro_rules! body {
    (@council $self:ident of_council) => {
        $self.council
    };
    (@council $self:ident) => {
        None
    };
    ($name:ident $(, $effective:ident $(, $of_council:ident)?)?) => {
        impl EventBody for $name {
            const TYPE: &'static str = stringify!($name);
            fn stream(&self) -> StreamId {
                StreamId::new("framework", &self.framework)
            }
            fn council(&self) -> Option<CouncilId> {
                body!(@council self $($($of_council)?)?)
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
body!(ProviderSuspended, from, of_council);
body!(PlacementReviewsCalled, from, of_council);
body!(SuspensionLifted, on, of_council);
body!(FrameworkReopened, opens);
body!(FrameworkExtended, decided_on);
body!(DiscountAgreed);
body!(DiscountEnded, on);
body!(LinkAuthorityNominated);
body!(UpliftRequested);
body!(UpliftNegotiated);

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
        FrameworkReopened,
        FrameworkExtended,
        PlacementReviewsCalled,
        DiscountAgreed,
        DiscountEnded,
        LinkAuthorityNominated,
        UpliftRequested,
        UpliftNegotiated,
    }
}
