//! What the market says of an award: it gave the place, refused it, or took it back, and what it knew then.

use crate::ids::{AwardId, CouncilId, EstablishmentUrn, HouseholdId, PlaceId, ProviderId, ReferralId};
use crate::market::Sexes;
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

/// What was known of the establishment at the award instant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimEvidence {
    /// Its registration status, such as `ACTIVE`.
    pub registration: String,
    /// Its kind of provision, a code of `code_sets::PROVISION`.
    pub provision: String,
    /// Its grade, a code of `code_sets::GRADE`.
    pub grade: String,
    /// The youngest age it takes, in years.
    pub age_from: u8,
    /// The oldest age it takes, in years.
    pub age_to: u8,
    /// The child's age on the first night, in years.
    pub age_years: u8,
    /// How many places it is registered for.
    pub places_registered: u16,
    /// How many of them are claimed on the first night, this claim included. A solo placement takes them all, but one in a carer household counts as
    /// one, and for a place in a household so does any.
    pub places_claimed: u16,
    /// Whether a notice restricted accommodation at the home when the place was given; none in claims of which that was not told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accommodation: Option<Accommodation>,
}

/// Whether children may come to a home at all (Care Standards Act 2000, section 22B): under a notice that restricts accommodation only those stay
/// who were there when it was served, and continuously since.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Accommodation {
    /// No notice was in force.
    Unrestricted,
    /// One was, since this day.
    RestrictedSince(Date),
}

impl Accommodation {
    /// What a notice since a day, or none, says.
    #[must_use]
    pub fn of(restricted_on: Option<Date>) -> Self {
        restricted_on.map_or(Self::Unrestricted, Self::RestrictedSince)
    }
}

/// The evidence of a claim as the market's log holds it: with what the market alone judges. It stands beside the fields
/// of [`ClaimEvidence`], so that a service which reads only those passes over it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarketEvidence {
    /// What every service reads.
    #[serde(flatten)]
    pub evidence: ClaimEvidence,
    /// Whom the place is advertised for.
    pub sexes_advertised: Sexes,
    /// Whom the establishment is registered for.
    pub sexes_registered: Sexes,
    /// The child's sex, a code of `code_sets::SEX`; `U` is unknown.
    pub sex: String,
    /// The carer household that the place is in, if it is in one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub household: Option<HouseholdEvidence>,
}

/// What was known of the carer household at the award instant. The ages that both it and the agency take stand in [`ClaimEvidence`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HouseholdEvidence {
    /// The household.
    pub household: HouseholdId,
    /// For how many children it is approved.
    pub children: u8,
    /// How many are claimed there on the first night, this claim included.
    pub children_placed: u16,
    /// Whether it is exempted from the usual fostering limit.
    pub exempt: bool,
    /// Whom it is approved for.
    pub sexes: Sexes,
    /// Whether it is approved for children who are all siblings of each other.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub siblings_only: bool,
}

/// The market gave the place to the council. In the region's vacancies log, with [`MarketEvidence`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlaceClaimed<E = ClaimEvidence> {
    /// The award it is for.
    pub award: AwardId,
    /// The council.
    pub council: CouncilId,
    /// The referral.
    pub referral: ReferralId,
    /// The referral's version.
    pub referral_version: u32,
    /// The place.
    pub place: PlaceId,
    /// Its establishment.
    pub urn: EstablishmentUrn,
    /// Its provider.
    pub provider: ProviderId,
    /// The first night.
    pub start: Date,
    /// Whether the claim takes the whole home: the establishment, or the household that the place is in.
    pub solo: bool,
    /// The fencing token of the hold that the claim came from.
    pub token: u64,
    /// What eligibility was judged on.
    pub evidence: E,
    /// When it was judged.
    pub at: Timestamp,
}

/// The market refused the place. In the region's vacancies log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimRefused {
    /// The award it refuses.
    pub award: AwardId,
    /// The council.
    pub council: CouncilId,
    /// The referral.
    pub referral: ReferralId,
    /// The place.
    pub place: PlaceId,
    /// Why, `UPPER_SNAKE`, such as `PLACE_TAKEN`.
    pub reason: String,
    /// Why, in words.
    pub detail: String,
    /// When it was judged.
    pub at: Timestamp,
}

/// A claim was given back before the child came. In the region's vacancies log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimReleased {
    /// The award whose claim it was.
    pub award: AwardId,
    /// The council.
    pub council: CouncilId,
    /// The place.
    pub place: PlaceId,
    /// Why, `UPPER_SNAKE`.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}
