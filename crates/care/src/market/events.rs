//! The events of the market, as they stand in the region's vacancies log.

use crate::domain::{EventBody, StreamId};
use crate::ids::{AwardId, CouncilId, EstablishmentUrn, HouseholdId, PlaceId, ProviderId, ReferralId};
use crate::market::{
    BlockAllocated, BlockDeclined, BlockEndProposed, BlockEnded, BlockOffered, HoldPolicySet,
    HouseholdAmended, HouseholdClosed, HouseholdRegistered, Mix, PlaceReserved, RegisterImported,
    RegisterPartRead, ResaleBought, ResaleOffered, ResaleSold, ResaleWithdrawn, ReservationEnded,
    ReservationTerms, StatementOfPurposeSet,
};
use crate::published::{ClaimRefused, ClaimReleased, MarketEvidence};
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// Every word that it is written with.
            pub const WORDS: &'static [&'static str] = &[$($word,)+];

            /// The word it is written with.
            #[must_use]
            pub fn word(&self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.word())
            }
        }

        impl FromStr for $name {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(format!("{:?} is none of {}", text.chars().take(40).collect::<String>(), Self::WORDS.join(", "))),
                }
            }
        }
    };
}
pub(super) use words;

words!(
    /// Whether an establishment may take children at all.
    RegistrationStatus {
        /// It may.
        Active = "ACTIVE",
        /// The regulator has suspended it: children may stay, none may come.
        Suspended = "SUSPENDED",
        /// The provider gave the registration up.
        Resigned = "RESIGNED",
        /// The regulator took the registration away.
        Cancelled = "CANCELLED",
    }
);
words!(
    /// Whom a place takes.
    Sexes {
        /// Anybody.
        Any = "ANY",
        /// Boys only.
        Male = "MALE",
        /// Girls only.
        Female = "FEMALE",
    }
);
words!(
    /// Why a hold ended without a claim.
    HoldEnd {
        /// Its council gave it back.
        Released = "RELEASED",
        /// Its lease ran out.
        Expired = "EXPIRED",
        /// The establishment may not accommodate any new child.
        Restricted = "ACCOMMODATION_RESTRICTED",
        /// Its council looks for this child's home no longer: the child has one, or the referral was withdrawn.
        SearchEnded = "SEARCH_ENDED",
    }
);

/// A claim with everything that the market judged it on.
pub type PlaceClaimed = crate::published::PlaceClaimed<MarketEvidence>;

impl Sexes {
    /// Whether a child of this sex, a code of `code_sets::SEX`, can come. An unknown sex excludes nothing.
    #[must_use]
    pub fn takes(&self, sex: &str) -> bool {
        matches!((self, sex), (Self::Any, _) | (_, "U") | (Self::Male, "M") | (Self::Female, "F"))
    }

    /// Whether everybody whom `other` takes is taken here too.
    #[must_use]
    pub fn covers(&self, other: Self) -> bool {
        *self == Self::Any || *self == other
    }
}

/// What the regulator says of an establishment, as far as it may change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registration {
    /// Whether it may take children.
    pub status: RegistrationStatus,
    /// Its overall grade, a code of `code_sets::GRADE`.
    pub grade: String,
    /// The youngest age it takes, in years.
    pub age_from: u8,
    /// The oldest age it takes, in years.
    pub age_to: u8,
    /// Whom it takes.
    pub sexes: Sexes,
    /// How many places it is registered for.
    pub places_registered: u16,
}

/// An organisation may run establishments in this market.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderRegistered {
    /// The provider.
    pub provider: ProviderId,
    /// Its name.
    pub name: String,
    /// When.
    pub at: Timestamp,
}

/// An establishment is in the register.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EstablishmentRegistered {
    /// The establishment.
    pub urn: EstablishmentUrn,
    /// Who runs it.
    pub provider: ProviderId,
    /// What it is, a code of `code_sets::PROVISION`.
    pub provision: String,
    /// A code of `code_sets::PLACE`.
    pub place_code: String,
    /// The upper-tier authority it lies in, a GSS code.
    pub utla: String,
    /// The postcode sector it lies in.
    pub sector: String,
    /// The council whose own provision it is.
    pub operated_by: Option<CouncilId>,
    /// Since when it is registered with the regulator.
    pub registered_on: Date,
    /// What the regulator says of it.
    pub registration: Registration,
    /// When it was entered.
    pub at: Timestamp,
}

/// The regulator says something else of an establishment. All of it is stated again, so nothing depends on what was before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EstablishmentAmended {
    /// The establishment.
    pub urn: EstablishmentUrn,
    /// What holds now.
    pub registration: Registration,
    /// The postcode sector it lies in, where that was not known, or another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sector: Option<String>,
    /// When it was entered.
    pub at: Timestamp,
}

/// No child may come to the establishment who was not there when this notice was served and continuously since
/// (Care Standards Act 2000, section 22B).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestrictionNoticeServed {
    /// The establishment.
    pub urn: EstablishmentUrn,
    /// The day it was served.
    pub on: Date,
    /// When it was entered.
    pub at: Timestamp,
}

/// The notice no longer holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestrictionNoticeLifted {
    /// The establishment.
    pub urn: EstablishmentUrn,
    /// The day it was lifted.
    pub on: Date,
    /// When it was entered.
    pub at: Timestamp,
}

/// An establishment has this place and staffs it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlaceOpened {
    /// The place.
    pub place: PlaceId,
    /// Its establishment.
    pub urn: EstablishmentUrn,
    /// The carer household that it is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub household: Option<HouseholdId>,
    /// When.
    pub at: Timestamp,
}

/// The place is no longer there or no longer staffed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlaceClosed {
    /// The place.
    pub place: PlaceId,
    /// When.
    pub at: Timestamp,
}

/// The provider would take a child in this place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VacancyAdvertised {
    /// The place.
    pub place: PlaceId,
    /// The first night it can be had.
    pub available_from: Date,
    /// The needs it can meet, codes of `code_sets::NEED`.
    pub needs: BTreeSet<String>,
    /// Whom it takes.
    pub sexes: Sexes,
    /// The youngest age it takes, in years.
    pub age_from: u8,
    /// The oldest age it takes, in years.
    pub age_to: u8,
    /// Anything else a council should know; no personal data.
    pub note: String,
    /// The needs that the home cannot take at present, codes of `code_sets::NEED`, whatever else it can meet.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub exclusions: BTreeSet<String>,
    /// Who lives in the home; none where the provider does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mix: Option<Mix>,
    /// What it can be reserved for; none where it is not for reservation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reservation: Option<ReservationTerms>,
    /// When.
    pub at: Timestamp,
}

/// The provider takes nobody in this place for now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VacancyWithdrawn {
    /// The place.
    pub place: PlaceId,
    /// When.
    pub at: Timestamp,
}

/// The provider says again that what it advertises holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VacancyConfirmed {
    /// The place.
    pub place: PlaceId,
    /// When.
    pub at: Timestamp,
}

/// Nobody has said for long that the place can be had: its provider is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VacancyQueried {
    /// The place.
    pub place: PlaceId,
    /// When the provider said last that it can be had.
    pub confirmed_at: Timestamp,
    /// When it was asked.
    pub at: Timestamp,
}

/// The provider was asked and did not answer: the place is advertised no longer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VacancyUnlisted {
    /// The place.
    pub place: PlaceId,
    /// When the provider was asked.
    pub asked_at: Timestamp,
    /// When.
    pub at: Timestamp,
}

/// A council holds the place until its lease ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlaceHeld {
    /// The place.
    pub place: PlaceId,
    /// The council.
    pub council: CouncilId,
    /// The referral it is held for.
    pub referral: ReferralId,
    /// The referral's version.
    pub referral_version: u32,
    /// The first night that is held.
    pub from: Date,
    /// The fencing token: higher than that of any hold on the place before.
    pub token: u64,
    /// The instant at which the hold is gone.
    pub expires_at: Timestamp,
    /// When.
    pub at: Timestamp,
}

/// A hold ended without a claim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldReleased {
    /// The place.
    pub place: PlaceId,
    /// The council whose hold it was.
    pub council: CouncilId,
    /// The hold's token.
    pub token: u64,
    /// Why.
    pub reason: HoldEnd,
    /// When it was recorded.
    pub at: Timestamp,
}

/// The child of an award is there. Told again of one who was to leave on a known day: that day does not hold, and the child stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlaceOccupied {
    /// The award.
    pub award: AwardId,
    /// The council.
    pub council: CouncilId,
    /// The place.
    pub place: PlaceId,
    /// The day the child came, as the council's contracts say.
    pub on: Date,
    /// The first night that counts in the market. It is `on`, unless the child came before the claimed nights and
    /// those earlier nights were another's.
    pub counted_from: Date,
    /// When it was recorded.
    pub at: Timestamp,
}

/// A child came, stayed longer than was recorded, or is to stay without an end, on nights for which the market holds no place: somebody must look into it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OccupancyRefused {
    /// The award.
    pub award: AwardId,
    /// The council.
    pub council: CouncilId,
    /// The place.
    pub place: PlaceId,
    /// The day the child came, the day of departure up to which it stayed, or the first night after the end that was recorded.
    pub on: Date,
    /// Why it does not count, `UPPER_SNAKE`.
    pub reason: String,
    /// Why, in words.
    pub detail: String,
    /// When it was recorded.
    pub at: Timestamp,
}

/// The child of an award left, or never came: the nights from `on` are free.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OccupancyEnded {
    /// The award.
    pub award: AwardId,
    /// The council.
    pub council: CouncilId,
    /// The place.
    pub place: PlaceId,
    /// The first free night.
    pub on: Date,
    /// Where a departure is put right: what the council's own reservations give up for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub yielded: Vec<super::Yielded>,
    /// When it was recorded.
    pub at: Timestamp,
}

macro_rules! body {
    ($name:ident of $stream:literal $id:ident $(, council $council:ident)? $(, effective $effective:ident)?) => {
        impl EventBody for $name {
            const TYPE: &'static str = stringify!($name);
            fn stream(&self) -> StreamId {
                StreamId::new($stream, &self.$id)
            }
            fn council(&self) -> Option<CouncilId> {
                body!(@council self $($council)?)
            }
            $(fn effective(&self) -> Option<Date> {
                Some(self.$effective)
            })?
        }
    };
    (@council $self:ident) => { None };
    (@council $self:ident $council:ident) => { Some($self.$council) };
}
pub(super) use body;

body!(ProviderRegistered of "provider" provider);
body!(EstablishmentRegistered of "establishment" urn, effective registered_on);
body!(EstablishmentAmended of "establishment" urn);
body!(RestrictionNoticeServed of "establishment" urn, effective on);
body!(RestrictionNoticeLifted of "establishment" urn, effective on);
body!(PlaceOpened of "place" place);
body!(PlaceClosed of "place" place);
body!(VacancyAdvertised of "place" place, effective available_from);
body!(VacancyWithdrawn of "place" place);
body!(VacancyConfirmed of "place" place);
body!(VacancyQueried of "place" place);
body!(VacancyUnlisted of "place" place);
body!(PlaceHeld of "place" place, council council, effective from);
body!(HoldReleased of "place" place, council council);
body!(PlaceOccupied of "place" place, council council, effective on);
body!(OccupancyRefused of "place" place, council council, effective on);
body!(OccupancyEnded of "place" place, council council, effective on);

crate::events! {
    /// The events of the region's vacancies log.
    pub enum MarketEvent {
        ProviderRegistered,
        EstablishmentRegistered,
        EstablishmentAmended,
        RestrictionNoticeServed,
        RestrictionNoticeLifted,
        PlaceOpened,
        PlaceClosed,
        VacancyAdvertised,
        VacancyWithdrawn,
        VacancyConfirmed,
        VacancyQueried,
        VacancyUnlisted,
        PlaceHeld,
        HoldReleased,
        PlaceClaimed,
        ClaimRefused,
        ClaimReleased,
        PlaceOccupied,
        OccupancyRefused,
        OccupancyEnded,
        RegisterPartRead,
        RegisterImported,
        HoldPolicySet,
        PlaceReserved,
        ReservationEnded,
        BlockOffered,
        BlockDeclined,
        BlockAllocated,
        BlockEndProposed,
        BlockEnded,
        ResaleOffered,
        ResaleWithdrawn,
        ResaleSold,
        ResaleBought,
        HouseholdRegistered,
        HouseholdAmended,
        HouseholdClosed,
        StatementOfPurposeSet,
    }
}

impl MarketEvent {
    /// The place it is about; none of an event about a provider, an establishment or a council.
    #[must_use]
    pub fn place(&self) -> Option<&PlaceId> {
        match self {
            Self::ProviderRegistered(_)
            | Self::EstablishmentRegistered(_)
            | Self::EstablishmentAmended(_)
            | Self::RestrictionNoticeServed(_)
            | Self::RestrictionNoticeLifted(_)
            | Self::RegisterPartRead(_)
            | Self::RegisterImported(_)
            | Self::HoldPolicySet(_)
            | Self::HouseholdRegistered(_)
            | Self::HouseholdAmended(_)
            | Self::HouseholdClosed(_)
            | Self::StatementOfPurposeSet(_) => None,
            Self::PlaceOpened(event) => Some(&event.place),
            Self::PlaceClosed(event) => Some(&event.place),
            Self::VacancyAdvertised(event) => Some(&event.place),
            Self::VacancyWithdrawn(event) => Some(&event.place),
            Self::VacancyConfirmed(event) => Some(&event.place),
            Self::VacancyQueried(event) => Some(&event.place),
            Self::VacancyUnlisted(event) => Some(&event.place),
            Self::PlaceHeld(event) => Some(&event.place),
            Self::HoldReleased(event) => Some(&event.place),
            Self::PlaceClaimed(event) => Some(&event.place),
            Self::ClaimRefused(event) => Some(&event.place),
            Self::ClaimReleased(event) => Some(&event.place),
            Self::PlaceOccupied(event) => Some(&event.place),
            Self::OccupancyRefused(event) => Some(&event.place),
            Self::OccupancyEnded(event) => Some(&event.place),
            Self::PlaceReserved(event) => Some(&event.place),
            Self::ReservationEnded(event) => Some(&event.place),
            Self::BlockOffered(event) => Some(&event.place),
            Self::BlockDeclined(event) => Some(&event.place),
            Self::BlockAllocated(event) => Some(&event.place),
            Self::BlockEndProposed(event) => Some(&event.place),
            Self::BlockEnded(event) => Some(&event.place),
            Self::ResaleOffered(event) => Some(&event.place),
            Self::ResaleWithdrawn(event) => Some(&event.place),
            Self::ResaleSold(event) => Some(&event.place),
            Self::ResaleBought(event) => Some(&event.place),
        }
    }
}
