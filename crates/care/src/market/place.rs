//! A place and the claims on its nights.

use crate::ids::{AwardId, CouncilId, EstablishmentUrn, HouseholdId, ReferralId};
use crate::market::{Agreed, ReservationTerms, Sexes};
use crate::nights::Nights;
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// One place (bed, or fostering vacancy) of an establishment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Its establishment.
    pub urn: EstablishmentUrn,
    /// The carer household that it is in; none where it belongs to none, or that is not known.
    pub household: Option<HouseholdId>,
    /// Whether it is there and staffed.
    pub open: bool,
    /// What the provider advertises it for; none while it takes nobody.
    pub vacancy: Option<Vacancy>,
    /// When its advertisement ended because the provider had not answered; none once it is advertised again.
    pub unlisted_at: Option<Timestamp>,
    /// The fencing token of the last hold, 0 before the first.
    pub last_token: u64,
    /// The token of the last hold whose lease ran out.
    pub expired_token: Option<u64>,
    /// Every hold, award and occupancy that stands, past nights included.
    pub claims: Vec<Claim>,
    /// What councils agreed about its nights beforehand; none where nothing is.
    pub agreed: Option<Box<Agreed>>,
}

/// What a place is advertised for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vacancy {
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
    /// Anything else a council should know.
    pub note: String,
    /// The needs that the home cannot take at present, codes of `code_sets::NEED`.
    pub exclusions: BTreeSet<String>,
    /// Who lives in the home, if the provider says.
    pub mix: Option<Mix>,
    /// What it can be reserved for; none where it is not for reservation.
    pub reservation: Option<ReservationTerms>,
    /// When the provider said last that all this holds: it advertised or confirmed it.
    pub confirmed_at: Timestamp,
    /// When the provider was asked whether it still holds; none while it has answered since.
    pub asked_at: Option<Timestamp>,
}

/// Who lives in a home, as its provider states it: the group as a whole, and nothing of any one child.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mix {
    /// How many children live there.
    pub children: u16,
    /// The age of the youngest, in years; says nothing where nobody lives there.
    pub age_from: u8,
    /// The age of the oldest, in years; says nothing where nobody lives there.
    pub age_to: u8,
    /// The needs that are present among them, codes of `code_sets::NEED`.
    pub needs: BTreeSet<String>,
}

/// A statement of who lives in a home that cannot be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MixInvalid {
    /// The youngest is older than the oldest.
    #[error("the youngest child in the home cannot be older than the oldest")]
    Ages,
    /// Needs of fewer children than [`Mix::NEEDS_CHILDREN_MIN`] are those of a child whom others could name.
    #[error(
        "needs are stated of two children or more: of one child they would be that child's own. Say instead which needs the home cannot take"
    )]
    OneChild,
}

impl Mix {
    /// How many children there must be before the needs among them are stated.
    pub const NEEDS_CHILDREN_MIN: u16 = 2;

    /// Checks that the statement holds together and is of a group.
    ///
    /// # Errors
    /// See [`MixInvalid`].
    pub fn check(&self) -> Result<(), MixInvalid> {
        if self.age_from > self.age_to {
            return Err(MixInvalid::Ages);
        }
        if self.children < Self::NEEDS_CHILDREN_MIN && !self.needs.is_empty() {
            return Err(MixInvalid::OneChild);
        }
        Ok(())
    }
}

/// One council's claim on the nights of a place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// The council.
    pub council: CouncilId,
    /// The referral.
    pub referral: ReferralId,
    /// The referral's version.
    pub referral_version: u32,
    /// The first night.
    pub start: Date,
    /// The day of departure, once it is known.
    pub end: Option<Date>,
    /// Whether it takes the whole home: the establishment, or the household that the place is in.
    pub solo: bool,
    /// The fencing token of the hold, or of the hold that the award came from.
    pub token: u64,
    /// How far it has come.
    pub stage: Stage,
}

/// How far a claim has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "stage", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Stage {
    /// On hold.
    Hold {
        /// The instant at which the hold is gone.
        expires_at: Timestamp,
    },
    /// Awarded; the child has not come.
    Award {
        /// The award.
        award: AwardId,
    },
    /// The child is there, or was.
    Occupied {
        /// The award.
        award: AwardId,
    },
}

impl Stage {
    /// The award, if it has come so far.
    #[must_use]
    pub fn award(&self) -> Option<AwardId> {
        match self {
            Self::Hold { .. } => None,
            Self::Award { award } | Self::Occupied { award } => Some(*award),
        }
    }
}

impl Claim {
    /// The nights it takes, up to the last date there is while the end is not known.
    #[must_use]
    pub fn nights(&self) -> Nights {
        Nights::from_on(self.start, self.end)
    }

    /// Whether it still counts at `at`: a hold is gone when its lease has ended, recorded or not.
    #[must_use]
    pub fn is_live(&self, at: Timestamp) -> bool {
        match self.stage {
            Stage::Hold { expires_at } => at < expires_at,
            Stage::Award { .. } | Stage::Occupied { .. } => true,
        }
    }

    /// Whether it is a hold.
    #[must_use]
    pub fn is_hold(&self) -> bool {
        matches!(self.stage, Stage::Hold { .. })
    }
}

impl Place {
    /// The claims that count at `at` and take some of these nights.
    pub fn claims_on(&self, nights: Nights, at: Timestamp) -> impl Iterator<Item = &Claim> {
        self.claims.iter().filter(move |claim| claim.is_live(at) && claim.nights().overlaps(&nights))
    }

    /// The hold on the place, its lease ended or not.
    #[must_use]
    pub fn hold(&self) -> Option<&Claim> {
        self.claims.iter().find(|claim| claim.is_hold())
    }

    /// The claim of an award.
    #[must_use]
    pub fn claim_of(&self, award: AwardId) -> Option<&Claim> {
        self.claims.iter().find(|claim| claim.stage.award() == Some(award))
    }

    pub(super) fn claim_of_mut(&mut self, award: AwardId) -> Option<&mut Claim> {
        self.claims.iter_mut().find(|claim| claim.stage.award() == Some(award))
    }
}
