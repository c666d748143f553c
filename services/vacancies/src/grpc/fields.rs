//! Fields that several of this service's requests have.

use crate::Vacancies;
use api::vacancies as proto;
use care::market::{RegistrationStatus, Sexes};
use care::{CouncilId, EstablishmentUrn, PlaceId, ProviderId};
use service_kit::{Caller, Fields, Role, establishment_name, not_found, place_name};
use tonic::Status;

/// Needs of a vacancy or a search.
pub(super) const NEEDS_MAX: usize = 20;
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
