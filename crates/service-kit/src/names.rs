//! The names of resources that more than one service speaks of. [`crate::Fields`] takes them apart again.

use care::{
    AgreementId, CouncilId, EstablishmentUrn, FrameworkId, HouseholdId, PlaceId, ProviderId, ReferralId,
};

/// The resource name of a council.
#[must_use]
pub fn council_name(council: CouncilId) -> String {
    format!("councils/{council}")
}

/// The resource name of a provider.
#[must_use]
pub fn provider_name(provider: &ProviderId) -> String {
    format!("providers/{provider}")
}

/// The resource name of an establishment.
#[must_use]
pub fn establishment_name(urn: &EstablishmentUrn) -> String {
    format!("establishments/{urn}")
}

/// The resource name of a carer household.
#[must_use]
pub fn household_name(household: &HouseholdId) -> String {
    format!("households/{household}")
}

/// The resource name of a place.
#[must_use]
pub fn place_name(place: &PlaceId) -> String {
    format!("places/{place}")
}

/// The resource name of a framework.
#[must_use]
pub fn framework_name(framework: &FrameworkId) -> String {
    format!("frameworks/{framework}")
}

/// The resource name of a council's referral.
#[must_use]
pub fn referral_name(council: CouncilId, referral: ReferralId) -> String {
    format!("councils/{council}/referrals/{referral}")
}

/// The resource name of a council's agreement.
#[must_use]
pub fn agreement_name(council: CouncilId, agreement: AgreementId) -> String {
    format!("councils/{council}/agreements/{agreement}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Fields;

    #[test]
    fn names_are_read_back_as_what_they_name() {
        let council: CouncilId = "E06000015".parse().unwrap();
        let id = "0190f5c2-6b1e-7c3a-9d21-3f0c5a7e8b11";
        let (referral, agreement) = (id.parse().unwrap(), id.parse().unwrap());
        let (provider, framework) = ("oak".parse().unwrap(), "north".parse().unwrap());
        let urn: EstablishmentUrn = "SC045099".parse().unwrap();
        let place: PlaceId = "SC045099-01".parse().unwrap();
        let mut fields = Fields::new();
        assert_eq!(fields.council("", &council_name(council)), Some(council));
        assert_eq!(fields.provider("", &provider_name(&provider)), Some(provider));
        assert_eq!(fields.framework("", &framework_name(&framework)), Some(framework));
        assert_eq!(fields.resource("", &establishment_name(&urn), "establishments"), Some(urn));
        assert_eq!(fields.resource("", &place_name(&place), "places"), Some(place));
        let name = referral_name(council, referral);
        assert_eq!(fields.council_resource("", &name, "referrals"), Some((council, referral)));
        let name = agreement_name(council, agreement);
        assert_eq!(fields.council_resource("", &name, "agreements"), Some((council, agreement)));
    }
}
