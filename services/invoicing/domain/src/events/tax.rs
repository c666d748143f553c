//! What VAT goes by: the registration of homes, and what suppliers are for VAT.

use crate::tax::TaxDetails;
use care::{CouncilId, Date, EstablishmentUrn, EventBody, ProviderId, StreamId, Timestamp};
use serde::{Deserialize, Serialize};

/// The market told that a home is registered with the regulator no longer from a day on, or again. It holds for that day and all after it, and
/// charges of nights there that say otherwise are corrected after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HomeRegistrationNoted {
    /// The home.
    pub urn: EstablishmentUrn,
    /// The council.
    pub council: CouncilId,
    /// Whether it is registered.
    pub registered: bool,
    /// From which night on.
    pub from: Date,
    /// When the market entered it.
    pub at: Timestamp,
}

/// What a supplier is for VAT was recorded. It counts once somebody else has verified it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxDetailsRecorded {
    /// The council.
    pub council: CouncilId,
    /// The supplier.
    pub provider: ProviderId,
    /// How often it was recorded, from 1.
    pub revision: u32,
    /// What was recorded.
    pub details: TaxDetails,
    /// The person who recorded it.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// A second person verified what a supplier is for VAT. It holds from its day on, and charges that say otherwise are corrected after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxDetailsVerified {
    /// The council.
    pub council: CouncilId,
    /// The supplier.
    pub provider: ProviderId,
    /// Which record.
    pub revision: u32,
    /// How it was verified.
    pub how: String,
    /// The person who verified it.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

body!(HomeRegistrationNoted, "home", |event| &event.urn, event.from);
body!(TaxDetailsRecorded, "tax-details", |event| &event.provider, event.details.from);
body!(TaxDetailsVerified, "tax-details", |event| &event.provider);
