//! Fields that several of this service's requests have.

use crate::Vacancies;
use api::vacancies as proto;
use care::market::{RegistrationStatus, Sexes};
use care::{CouncilId, EstablishmentUrn, HouseholdId, PlaceId, ProviderId, ReferralId};
use service_kit::{Caller, Fields, Role, establishment_name, household_name, not_found, place_name};
use tonic::Status;
use vacancies_domain::Command;

/// Needs of a vacancy or a search.
pub(super) const NEEDS_MAX: usize = 20;
/// Characters of the post that approved something.
pub(super) const APPROVER_CHARS_MAX: usize = 80;
/// The oldest age that a field takes, in years.
pub(super) const AGE_YEARS_MAX: i64 = 25;

/// The caller's own council. Another's is refused at once, whatever else may be wrong with the request.
pub(super) fn own_council(
    fields: &mut Fields,
    caller: &Caller,
    name: &str,
) -> Result<Option<CouncilId>, Status> {
    let council = fields.council("council", name);
    if let Some(council) = council {
        caller.require_council(council)?;
    }
    Ok(council)
}

/// The council whose list is asked for: the caller's own.
pub(super) fn parent_council(caller: &Caller, name: &str) -> Result<CouncilId, Status> {
    let mut fields = Fields::new();
    let council = fields.council("parent", name);
    if let Some(council) = council {
        caller.require_council(council)?;
    }
    fields.finish(|| council)
}

/// A council's own referral.
pub(super) fn own_referral(
    fields: &mut Fields,
    council: Option<CouncilId>,
    name: &str,
) -> Option<ReferralId> {
    let (owner, referral) = fields.council_resource("referral", name, "referrals")?;
    if council.is_some_and(|council| council != owner) {
        fields.violation("referral", "is another council's: a place is taken for the council's own referral");
    }
    Some(referral)
}

/// Councils by their names, up to as many as the market allows.
pub(super) fn councils(fields: &mut Fields, field: &str, names: &[String]) -> Option<Vec<CouncilId>> {
    fields.at_most(field, names.len(), Command::PARTNERS_MAX)?;
    let all = (0..).zip(names).map(|(i, name)| fields.council(&format!("{field}[{i}]"), name));
    all.collect::<Vec<_>>().into_iter().collect()
}

/// The caller's own provider. Another's is refused at once, whatever else may be wrong with the request.
pub(super) fn own_provider(
    fields: &mut Fields,
    caller: &Caller,
    field: &str,
    name: &str,
) -> Result<Option<ProviderId>, Status> {
    let provider = fields.provider(field, name);
    if let Some(provider) = &provider {
        caller.require_provider(provider)?;
    }
    Ok(provider)
}

pub(super) fn status(fields: &mut Fields, status: i32) -> Option<Option<RegistrationStatus>> {
    match proto::RegistrationStatus::try_from(status) {
        Ok(proto::RegistrationStatus::Unspecified) => Some(None),
        Ok(proto::RegistrationStatus::Active) => Some(Some(RegistrationStatus::Active)),
        Ok(proto::RegistrationStatus::Suspended) => Some(Some(RegistrationStatus::Suspended)),
        Ok(proto::RegistrationStatus::Resigned) => Some(Some(RegistrationStatus::Resigned)),
        Ok(proto::RegistrationStatus::Cancelled) => Some(Some(RegistrationStatus::Cancelled)),
        Err(_) => unknown(fields, "status", status),
    }
}

pub(super) fn sexes(fields: &mut Fields, field: &str, sexes: i32) -> Option<Option<Sexes>> {
    match proto::Sexes::try_from(sexes) {
        Ok(proto::Sexes::Unspecified) => Some(None),
        Ok(proto::Sexes::Any) => Some(Some(Sexes::Any)),
        Ok(proto::Sexes::Male) => Some(Some(Sexes::Male)),
        Ok(proto::Sexes::Female) => Some(Some(Sexes::Female)),
        Err(_) => unknown(fields, field, sexes),
    }
}

pub(super) fn unknown<T>(fields: &mut Fields, field: &str, value: i32) -> Option<T> {
    fields.violation(field, format!("{value} is not a value of this enum"));
    None
}

pub(super) fn age(fields: &mut Fields, field: &str, age: u32) -> Option<u8> {
    fields.number(field, age, 0..=AGE_YEARS_MAX)
}

impl Vacancies {
    /// Insists that the establishment is the provider's own; another's looks like one that is not there.
    pub(super) fn require_establishment(
        &self,
        provider: &ProviderId,
        urn: &EstablishmentUrn,
    ) -> Result<(), Status> {
        let own =
            self.market.read(|market| market.establishment(urn).is_some_and(|it| it.provider == *provider));
        if own { Ok(()) } else { Err(not_found("ESTABLISHMENT_UNKNOWN", &establishment_name(urn))) }
    }

    /// Insists that the place is the provider's own; another's looks like one that is not there.
    pub(super) fn require_place(&self, provider: &ProviderId, place: &PlaceId) -> Result<(), Status> {
        let own = self.market.read(|market| {
            let establishment = market.place(place).and_then(|it| market.establishment(&it.urn));
            establishment.is_some_and(|it| it.provider == *provider)
        });
        if own { Ok(()) } else { Err(not_found("PLACE_UNKNOWN", &place_name(place))) }
    }

    /// Insists that the household is the provider's own; another's looks like one that is not there.
    pub(super) fn require_household(&self, provider: &ProviderId, id: &HouseholdId) -> Result<(), Status> {
        let own = self.market.read(|market| {
            let establishment = market.household(id).and_then(|it| market.establishment(&it.urn));
            establishment.is_some_and(|it| it.provider == *provider)
        });
        if own { Ok(()) } else { Err(not_found("HOUSEHOLD_UNKNOWN", &household_name(id))) }
    }

    /// Insists that the caller may see the place: a provider only its own.
    pub(super) fn require_view(&self, caller: &Caller, place: &PlaceId) -> Result<(), Status> {
        match &caller.role {
            Role::Provider(provider) => self.require_place(provider, place),
            Role::Service(_) => Err(not_found("PLACE_UNKNOWN", &place_name(place))),
            Role::Council(_) | Role::FrameworkLead(_) => {
                let known = self.market.read(|market| market.place(place).is_some());
                if known { Ok(()) } else { Err(not_found("PLACE_UNKNOWN", &place_name(place))) }
            }
        }
    }
}
