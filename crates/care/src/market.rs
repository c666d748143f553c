//! The market: which providers, establishments and places there are, and which nights of a place are taken.
//!
//! It is here because two services fold the same events into the same picture: vacancies decides in it, referrals
//! searches in it. Capacity is always read off the claims, never kept as a number that is adjusted: "registered",
//! "open" and "matchable" are three answers to three questions.
//!
//! A *claim* is a hold (a lease with a fencing token), an award or an occupancy. It takes the nights [start, end) of
//! one place; while nobody knows the end, it takes every night from the start on. A paid *reservation* is a claim too, of nights whose end
//! is known; the council's own hold, award or occupancy stands on it and takes no night more. A *block* takes no night: it says who may.

mod calendar;
mod contention;
mod contention_events;
mod contention_fold;
mod events;
mod fold;
mod freshness;
mod history;
mod household;
mod listing;
mod place;
mod query;

pub use calendar::{NightRun, NightState};
pub use contention::{
    Agreed, Block, BlockParty, BlockTerms, HoldPolicy, Resale, ResaleOf, Reservation, ReservationTerms,
    Retainer, Sold,
};
pub use contention_events::{
    BlockAllocated, BlockDeclined, BlockEndProposed, BlockEnded, BlockOffered, HoldPolicySet, PlaceReserved,
    ResaleBought, ResaleOffered, ResaleSold, ResaleWithdrawn, ReservationEnd, ReservationEnded, Yielded,
};
pub use events::{
    EstablishmentAmended, EstablishmentRegistered, HoldEnd, HoldReleased, MarketEvent, OccupancyEnded,
    OccupancyRefused, PlaceClaimed, PlaceClosed, PlaceHeld, PlaceOccupied, PlaceOpened, ProviderRegistered,
    Registration, RegistrationStatus, RestrictionNoticeLifted, RestrictionNoticeServed, Sexes,
    VacancyAdvertised, VacancyConfirmed, VacancyQueried, VacancyUnlisted, VacancyWithdrawn,
};
pub use freshness::{
    AGEING_AFTER_DAYS, Freshness, FreshnessLevel, STALE_AFTER_DAYS, UNLISTED_AFTER_DAYS, Unheard,
};
pub use history::{Entered, Registrations, StatementOfPurpose, StatementOfPurposeSet, Told};
pub use household::{
    Bounds, Home, Household, HouseholdAmended, HouseholdApproval, HouseholdClosed, HouseholdRegistered,
    SHORT_BREAKS,
};
pub use listing::{
    Import, Listed, ListingChange, Listings, NotTaken, OpenImport, RegisterImported, RegisterPartRead,
};
pub use place::{Claim, Mix, MixInvalid, Place, Stage, Vacancy};
pub use query::{Capacity, Own, most_taken};

use crate::ids::{AwardId, CouncilId, EstablishmentUrn, HouseholdId, PlaceId, ProviderId};
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

/// The provision code that may never be awarded by the ordinary path (Care Standards Act 2000, section 11: carrying on
/// an unregistered establishment is an offence).
pub const UNREGISTERED: &str = "UNREGISTERED";

/// The provision code of supported accommodation, and the SSDA903 place code that goes with it.
pub const SUPPORTED_ACCOMMODATION: (&str, &str) = ("SUPPORTED_ACCOMMODATION", "K3");

/// The youngest age, in years, that supported accommodation may take (Supported Accommodation (England) Regulations
/// 2023; SSDA903 rule 371).
pub const SUPPORTED_ACCOMMODATION_AGE_MIN: u8 = 16;

/// The longest URN that the register takes, in characters: places are numbered after it, and a place id has at most 40.
pub const URN_CHARACTERS_MAX: usize = 34;

/// The most places that one establishment may be registered for.
pub const PLACES_REGISTERED_MAX: u16 = 10_000;

/// The fold of the market's events.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Market {
    providers: BTreeMap<ProviderId, Provider>,
    establishments: BTreeMap<EstablishmentUrn, Establishment>,
    places: BTreeMap<PlaceId, Place>,
    households: BTreeMap<HouseholdId, Household>,
    /// Where each award stands, so that a step that is delivered twice is done once.
    awards: BTreeMap<AwardId, AwardInMarket>,
    /// The places on hold by the instant their lease ends, so that expired ones are found without a scan.
    leases: BTreeMap<Timestamp, BTreeSet<PlaceId>>,
    /// The advertised places by the instant from which their provider is to be asked, or the place unlisted, if nothing is heard.
    unheard: BTreeMap<Timestamp, BTreeSet<PlaceId>>,
    /// The imports of the regulator's register.
    listings: Listings,
    /// The places of which something is agreed beforehand, so that reservations, blocks and resales are found without a scan.
    agreed: BTreeSet<PlaceId>,
    /// How councils hold, those that have said so, with the policy's version.
    hold_policies: BTreeMap<CouncilId, (u32, HoldPolicy)>,
}

/// An organisation that runs establishments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provider {
    /// Its name.
    pub name: String,
    /// Its establishments.
    pub establishments: BTreeSet<EstablishmentUrn>,
}

/// A home, agency or scheme with its own registration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Establishment {
    /// Who runs it.
    pub provider: ProviderId,
    /// What it is, a code of `code_sets::PROVISION`.
    pub provision: String,
    /// What a placement there is in the SSDA903 return, a code of `code_sets::PLACE`.
    pub place_code: String,
    /// The upper-tier authority it lies in, a GSS code.
    pub utla: String,
    /// The postcode sector it lies in, such as `DL1 5`; never the full postcode of a home. Empty where it is not known: the
    /// regulator's register does not print it.
    pub sector: String,
    /// The council whose own provision it is; none for an external provider's.
    pub operated_by: Option<CouncilId>,
    /// Since when it is registered.
    pub registered_on: Date,
    /// What the regulator says of it.
    pub registration: Registration,
    /// Since when a restriction-of-accommodation notice is in force (Care Standards Act 2000, section 22B).
    pub restricted_on: Option<Date>,
    /// Its places, open and closed, those of its households too.
    pub places: BTreeSet<PlaceId>,
    /// Its carer households, open and closed.
    pub households: BTreeSet<HouseholdId>,
    /// What was entered of it, in the order in which it was.
    pub history: Vec<Entered>,
    /// For which day its status was entered last.
    pub status_on: Date,
    /// For which day its grade was entered last.
    pub grade_on: Date,
    /// The date of the last import of the register that listed it; none if none did, and once one does not.
    pub listed_on: Option<Date>,
    /// How many times it was changed, from 1: a change can name the revision it was made for.
    pub revision: u32,
}

/// Where an award stands in the market.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AwardInMarket {
    /// The place it asked for.
    pub place: PlaceId,
    /// How far it came.
    pub stage: AwardStage,
}

/// How far an award came in the market.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AwardStage {
    /// The place was refused.
    Refused,
    /// The place is claimed; the child has not come.
    Claimed,
    /// The claim was given back before the child came.
    Released,
    /// The child is there.
    Occupied,
    /// A child came for whom the market held no place.
    OccupiedWithoutClaim,
    /// The child left, or will on a known day.
    Ended,
    /// The child left later than was recorded first, after a night for which the market holds no place.
    Overstayed,
}

impl Market {
    /// A provider.
    #[must_use]
    pub fn provider(&self, id: &ProviderId) -> Option<&Provider> {
        self.providers.get(id)
    }

    /// All providers, in order of their ids.
    pub fn providers(&self) -> impl Iterator<Item = (&ProviderId, &Provider)> {
        self.providers.iter()
    }

    /// An establishment.
    #[must_use]
    pub fn establishment(&self, urn: &EstablishmentUrn) -> Option<&Establishment> {
        self.establishments.get(urn)
    }

    /// All establishments, in order of their URNs.
    pub fn establishments(&self) -> impl Iterator<Item = (&EstablishmentUrn, &Establishment)> {
        self.establishments.iter()
    }

    /// A place.
    #[must_use]
    pub fn place(&self, id: &PlaceId) -> Option<&Place> {
        self.places.get(id)
    }

    /// All places, in order of their ids.
    pub fn places(&self) -> impl Iterator<Item = (&PlaceId, &Place)> {
        self.places.iter()
    }

    /// Where an award stands.
    #[must_use]
    pub fn award(&self, award: &AwardId) -> Option<&AwardInMarket> {
        self.awards.get(award)
    }

    /// How a council holds places, and the version of its policy: 0 while it has said nothing.
    #[must_use]
    pub fn hold_policy(&self, council: CouncilId) -> (u32, HoldPolicy) {
        self.hold_policies.get(&council).cloned().unwrap_or_default()
    }

    /// The places of which something is agreed beforehand: reservations, blocks or their resale.
    pub fn agreed(&self) -> impl Iterator<Item = (&PlaceId, &Place)> {
        self.agreed.iter().filter_map(|id| self.places.get_key_value(id))
    }

    /// The holds whose lease has not ended by `at`, in order of their ends.
    pub fn holds_in_force(&self, at: Timestamp) -> impl Iterator<Item = (&PlaceId, &Claim)> {
        let leases = self.leases.range((Bound::Excluded(at), Bound::Unbounded));
        leases.flat_map(|(_, places)| places).filter_map(|id| Some((id, self.place(id)?.hold()?)))
    }

    /// The places whose provider is to be asked, or which are to be unlisted, at `at`, those that have waited longest before the others;
    /// see [`Place::unheard`].
    pub fn unheard_by(&self, at: Timestamp) -> impl Iterator<Item = &PlaceId> {
        self.unheard.range(..=at).flat_map(|(_, places)| places)
    }

    /// The instant at which the next lease ends, of those that are not recorded as ended.
    #[must_use]
    pub fn next_lease_end(&self) -> Option<Timestamp> {
        self.leases.keys().next().copied()
    }

    /// The places whose lease has ended by `at`, those that ended first before the others.
    pub fn leases_ended(&self, at: Timestamp) -> impl Iterator<Item = &PlaceId> {
        self.leases.range(..=at).flat_map(|(_, places)| places)
    }
}
