//! Carer households: where the children of a fostering agency live, and those of supported lodgings.
//!
//! An agency has an office, and its children live with carers all over the region. A place may belong to a household; then distance, approval,
//! emptiness and being taken as a whole are the household's, and not the agency's. A place without one is of its establishment, as before.
//! Nothing here names a carer or an address: a household is a number of its agency, an approval and a postcode sector.

use super::{Establishment, Market, Place, Registration, SUPPORTED_ACCOMMODATION, Sexes};
use crate::domain::{EventBody, StreamId};
use crate::ids::{CouncilId, EstablishmentUrn, HouseholdId, PlaceId};
use crate::market::events::body;
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What a household that is approved for short breaks only gives, whatever else its agency does.
pub const SHORT_BREAKS: &str = "FOSTERING_SHORT_BREAKS";

/// What a household is approved for. All of it may change with a review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HouseholdApproval {
    /// Since when it is approved.
    pub approved_on: Date,
    /// How many children may live there at once, 1 to [`HouseholdApproval::CHILDREN_MAX`].
    pub children: u8,
    /// Whether the authority has exempted it from the usual fostering limit (Children Act 1989, Schedule 7, paragraph 4).
    pub exempt: bool,
    /// The youngest age it takes, in years.
    pub age_from: u8,
    /// The oldest age it takes, in years.
    pub age_to: u8,
    /// Whom it takes.
    pub sexes: Sexes,
    /// Whether it takes siblings together.
    pub sibling_groups: bool,
    /// Whether it takes children for short breaks only.
    pub short_breaks_only: bool,
    /// Whether all children who live there at once are siblings of each other, so that the usual fostering limit does not hold (Children Act 1989,
    /// Schedule 7, paragraph 3). The market does not know who is whose sibling: the agency and the councils see to it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub siblings_only: bool,
}

impl HouseholdApproval {
    /// The usual fostering limit: how many children are fostered at once who are not all siblings of each other, without an exemption (Children
    /// Act 1989, Schedule 7, paragraph 2).
    pub const USUAL_LIMIT: u8 = 3;
    /// The most children of any one household, exempted or not.
    pub const CHILDREN_MAX: u8 = 12;
}

/// Carers with whom children live.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Household {
    /// The agency or scheme that approved it.
    pub urn: EstablishmentUrn,
    /// For what.
    pub approval: HouseholdApproval,
    /// The postcode sector it lies in; empty where it is not known, and distances are measured to its agency.
    pub sector: String,
    /// The upper-tier authority it lies in, a GSS code; empty where it is not known, and its agency's counts.
    pub utla: String,
    /// Since when it is closed: the carers resigned, or their approval ended.
    pub closed_on: Option<Date>,
    /// Its places, open and closed.
    pub places: BTreeSet<PlaceId>,
    /// How many times it was changed, from 1.
    pub revision: u32,
}

/// An agency has approved a household.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HouseholdRegistered {
    /// The household.
    pub household: HouseholdId,
    /// Its agency or scheme.
    pub urn: EstablishmentUrn,
    /// For what it is approved.
    pub approval: HouseholdApproval,
    /// The postcode sector it lies in; empty where it is not told.
    pub sector: String,
    /// The upper-tier authority it lies in, a GSS code; empty where it is not told.
    pub utla: String,
    /// When it was entered.
    pub at: Timestamp,
}

/// A household is approved for something else, or lies elsewhere. All of it is stated again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HouseholdAmended {
    /// The household.
    pub household: HouseholdId,
    /// Its agency or scheme.
    pub urn: EstablishmentUrn,
    /// For what it is approved now.
    pub approval: HouseholdApproval,
    /// The postcode sector it lies in; empty where it is not told.
    pub sector: String,
    /// The upper-tier authority it lies in, a GSS code; empty where it is not told.
    pub utla: String,
    /// When it was entered.
    pub at: Timestamp,
}

/// A household takes nobody any more: the carers resigned, or their approval ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HouseholdClosed {
    /// The household.
    pub household: HouseholdId,
    /// Its agency or scheme.
    pub urn: EstablishmentUrn,
    /// Since when.
    pub on: Date,
    /// When it was entered.
    pub at: Timestamp,
}

// They stand in their agency's stream: what becomes of a household changes what that agency has.
body!(HouseholdRegistered of "establishment" urn);
body!(HouseholdAmended of "establishment" urn);
body!(HouseholdClosed of "establishment" urn, effective on);

/// What an establishment, and the household of a place, both allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// The youngest age, in years.
    pub age_from: u8,
    /// The oldest age, in years; below the youngest where nobody is taken.
    pub age_to: u8,
    /// Whom the establishment takes.
    pub registered: Sexes,
    /// Whom the household takes; anybody where there is none.
    pub approved: Sexes,
}

impl Bounds {
    fn of(registration: &Registration, approval: Option<&HouseholdApproval>) -> Self {
        let (from, to) = approval.map_or((0, u8::MAX), |it| (it.age_from, it.age_to));
        Self {
            age_from: registration.age_from.max(from),
            age_to: registration.age_to.min(to),
            registered: registration.sexes,
            approved: approval.map_or(Sexes::Any, |it| it.sexes),
        }
    }

    /// Whether a child of this sex, a code of `code_sets::SEX`, can come.
    #[must_use]
    pub fn takes(&self, sex: &str) -> bool {
        self.registered.takes(sex) && self.approved.takes(sex)
    }

    /// Whether everybody whom `sexes` takes is taken.
    #[must_use]
    pub fn covers(&self, sexes: Sexes) -> bool {
        self.registered.covers(sexes) && self.approved.covers(sexes)
    }
}

/// Where a place's children live: a household, or what of the establishment belongs to none.
#[derive(Debug, Clone, Copy)]
pub struct Home<'a> {
    /// The establishment.
    pub establishment: &'a Establishment,
    /// The household with its id, if the place belongs to one.
    pub household: Option<(&'a HouseholdId, &'a Household)>,
}

impl<'a> From<&'a Establishment> for Home<'a> {
    fn from(establishment: &'a Establishment) -> Self {
        Self { establishment, household: None }
    }
}

impl Home<'_> {
    /// What establishment and household both allow.
    #[must_use]
    pub fn bounds(&self) -> Bounds {
        Bounds::of(&self.establishment.registration, self.household.map(|(_, it)| &it.approval))
    }

    /// The kind of provision, a code of `code_sets::PROVISION`: a household for short breaks only gives nothing else.
    #[must_use]
    pub fn provision(&self) -> &str {
        let short = self.household.is_some_and(|(_, it)| it.approval.short_breaks_only);
        if short { SHORT_BREAKS } else { &self.establishment.provision }
    }

    /// The postcode sector that distances are measured to; empty where it is not known.
    #[must_use]
    pub fn sector(&self) -> &str {
        let own = self.household.map(|(_, it)| it.sector.as_str()).filter(|sector| !sector.is_empty());
        own.unwrap_or(&self.establishment.sector)
    }

    /// The upper-tier authority that it lies in, a GSS code.
    #[must_use]
    pub fn utla(&self) -> &str {
        let own = self.household.map(|(_, it)| it.utla.as_str()).filter(|utla| !utla.is_empty());
        own.unwrap_or(&self.establishment.utla)
    }
}

impl Establishment {
    /// Whether children live with it in households: an agency's carers, or the hosts of supported lodgings.
    #[must_use]
    pub fn has_households(&self) -> bool {
        self.is_fostering() || self.provision == SUPPORTED_ACCOMMODATION.0
    }

    /// Whether its children are fostered, so that the usual fostering limit holds.
    #[must_use]
    pub fn is_fostering(&self) -> bool {
        self.provision.starts_with("FOSTERING") || self.provision == "CONNECTED_CARERS"
    }
}

impl Market {
    /// A household.
    #[must_use]
    pub fn household(&self, id: &HouseholdId) -> Option<&Household> {
        self.households.get(id)
    }

    /// All households, in order of their ids.
    pub fn households(&self) -> impl Iterator<Item = (&HouseholdId, &Household)> {
        self.households.iter()
    }

    /// Where the children of a place live; none where its establishment is not known.
    #[must_use]
    pub fn home<'a>(&'a self, place: &Place) -> Option<Home<'a>> {
        let establishment = self.establishments.get(&place.urn)?;
        let household = place.household.as_ref().and_then(|id| self.households.get_key_value(id));
        Some(Home { establishment, household })
    }

    /// The homes of an establishment: what belongs to no household first, then each household.
    pub fn homes_of<'a>(&'a self, establishment: &'a Establishment) -> impl Iterator<Item = Home<'a>> {
        let own = Home::from(establishment);
        let households = establishment.households.iter().filter_map(|id| self.households.get_key_value(id));
        std::iter::once(own).chain(households.map(move |it| Home { establishment, household: Some(it) }))
    }

    /// The places of a home, open and closed.
    pub fn places_of_home<'a>(&'a self, home: Home<'a>) -> impl Iterator<Item = (&'a PlaceId, &'a Place)> {
        let ids = home.household.map_or(&home.establishment.places, |(_, it)| &it.places);
        let whole = home.household.is_some();
        let places = ids.iter().filter_map(|id| self.places.get_key_value(id));
        places.filter(move |(_, place)| whole || place.household.is_none())
    }

    pub(super) fn register_household(&mut self, event: &HouseholdRegistered) {
        let Some(establishment) = self.establishments.get_mut(&event.urn) else { return };
        if self.households.contains_key(&event.household) {
            return;
        }
        establishment.households.insert(event.household.clone());
        let household = Household {
            urn: event.urn.clone(),
            approval: event.approval.clone(),
            sector: event.sector.clone(),
            utla: event.utla.clone(),
            closed_on: None,
            places: BTreeSet::new(),
            revision: 1,
        };
        self.households.insert(event.household.clone(), household);
    }

    pub(super) fn change_household(&mut self, id: &HouseholdId, change: impl FnOnce(&mut Household)) {
        if let Some(household) = self.households.get_mut(id) {
            change(household);
            household.revision = household.revision.saturating_add(1);
        }
    }
}
