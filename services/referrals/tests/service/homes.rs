//! Homes of the market, where nothing in particular matters.

use crate::bench::{neighbour, start};
use care::market::{
    EstablishmentRegistered, HouseholdApproval, HouseholdRegistered, Registration, RegistrationStatus, Sexes,
};

/// A children's home of a provider in Darlington, of which nobody knows the sector.
pub(crate) fn established(provider: &str, urn: &str) -> EstablishmentRegistered {
    let registration = Registration {
        status: RegistrationStatus::Active,
        grade: "GOOD".to_owned(),
        age_from: 8,
        age_to: 17,
        sexes: Sexes::Any,
        places_registered: 3,
    };
    EstablishmentRegistered {
        urn: urn.parse().unwrap(),
        provider: provider.parse().unwrap(),
        provision: "RESIDENTIAL".to_owned(),
        place_code: "K2".to_owned(),
        utla: "E06000005".to_owned(),
        sector: String::new(),
        operated_by: None,
        registered_on: "2020-01-01".parse().unwrap(),
        registration,
        at: start(),
    }
}

/// A carer household of an establishment that lies in the neighbour's area and takes children for short breaks alone.
pub(crate) fn household(id: &str, urn: &str) -> HouseholdRegistered {
    let approval = HouseholdApproval {
        approved_on: "2020-01-01".parse().unwrap(),
        children: 2,
        exempt: false,
        siblings_only: false,
        age_from: 8,
        age_to: 17,
        sexes: Sexes::Any,
        sibling_groups: false,
        short_breaks_only: true,
    };
    let (household, urn) = (id.parse().unwrap(), urn.parse().unwrap());
    let utla = neighbour().gss().to_owned();
    HouseholdRegistered { household, urn, approval, sector: String::new(), utla, at: start() }
}
