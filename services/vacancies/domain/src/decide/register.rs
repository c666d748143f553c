//! The register: providers, establishments and what the regulator says of them.

use super::holds::{end_hold, expired_holds_of};
use super::reservations::ended_by_notice;
use super::{Events, establishment_of};
use crate::{RegistrationChanges, Rejection};
use care::market::{
    EstablishmentAmended, EstablishmentRegistered, HoldEnd, Market, MarketEvent, ProviderRegistered,
    Registration, RestrictionNoticeLifted, RestrictionNoticeServed, SUPPORTED_ACCOMMODATION,
    SUPPORTED_ACCOMMODATION_AGE_MIN, Stage, StatementOfPurpose, StatementOfPurposeSet, URN_CHARACTERS_MAX,
};
#[cfg(feature = "planted-defects")]
use care::planted::{Planted, is_planted};
use care::published::ClaimReleased;
use care::{EstablishmentUrn, Nights, Timestamp, london_date};

/// Care leavers stay looked after in some provision until 25 (Children Act 1989, section 23C).
const AGE_MAX: u8 = 25;

/// The place codes that stand for one kind of provision alone.
const BOUND_PLACE_CODES: [(&str, &str); 2] = [SUPPORTED_ACCOMMODATION, ("SECURE", "K1")];

pub(super) fn provider(market: &Market, entry: &ProviderRegistered) -> Events {
    match market.provider(&entry.provider) {
        Some(_) => Err(Rejection::ProviderExists(entry.provider.clone())),
        None => Ok(vec![entry.clone().into()]),
    }
}

/// What is wrong with an entry whatever the market knows.
pub(super) fn check_entry(entry: &EstablishmentRegistered) -> Result<(), Rejection> {
    if entry.urn.as_str().len() > URN_CHARACTERS_MAX {
        return Err(Rejection::UrnTooLong(entry.urn.clone(), URN_CHARACTERS_MAX));
    }
    for (provision, place_code) in BOUND_PLACE_CODES {
        if (entry.provision == provision) != (entry.place_code == place_code) {
            return Err(Rejection::ProvisionMismatch {
                provision: entry.provision.clone(),
                place_code: entry.place_code.clone(),
            });
        }
    }
    check_ages(&entry.registration, &entry.provision)
}

pub(super) fn establishment(market: &Market, entry: &EstablishmentRegistered) -> Events {
    check_entry(entry)?;
    if market.provider(&entry.provider).is_none() {
        return Err(Rejection::ProviderUnknown(entry.provider.clone()));
    }
    if market.establishment(&entry.urn).is_some() {
        return Err(Rejection::EstablishmentExists(entry.urn.clone()));
    }
    Ok(vec![entry.clone().into()])
}

pub(super) fn amend(
    market: &Market,
    urn: &EstablishmentUrn,
    changes: &RegistrationChanges,
    revision: Option<u32>,
    at: Timestamp,
) -> Events {
    let establishment = establishment_of(market, urn)?;
    if revision.is_some_and(|revision| revision != establishment.revision) {
        return Err(Rejection::EtagMismatch { found: establishment.revision });
    }
    let was = &establishment.registration;
    let registration = Registration {
        status: changes.status.unwrap_or(was.status),
        grade: changes.grade.clone().unwrap_or_else(|| was.grade.clone()),
        age_from: changes.age_from.unwrap_or(was.age_from),
        age_to: changes.age_to.unwrap_or(was.age_to),
        sexes: changes.sexes.unwrap_or(was.sexes),
        places_registered: changes.places_registered.unwrap_or(was.places_registered),
    };
    check_ages(&registration, &establishment.provision)?;
    // A child may be taken in each open place, so that as many as are open must stay registered.
    let open = market.places_of(establishment).filter(|(_, place)| place.open).count();
    let open = u16::try_from(open).unwrap_or(u16::MAX);
    #[cfg(feature = "planted-defects")]
    let open = if is_planted(Planted::RegisteredPlacesUnchecked) { 0 } else { open };
    if registration.places_registered < open {
        return Err(Rejection::PlacesBelowOpen { open, registered: registration.places_registered });
    }
    // A child stays on in a place that was closed meanwhile where the departure was recorded too early and is put right.
    let claimed = market.claims_at_once(urn, Nights::from_on(london_date(at), None), at);
    #[cfg(feature = "planted-defects")]
    let claimed = if is_planted(Planted::RegisteredPlacesUnchecked) { 0 } else { claimed };
    let registered = registration.places_registered;
    if registered < was.places_registered && registered < claimed {
        return Err(Rejection::PlacesBelowClaimed { claimed, registered });
    }
    let sector = changes.sector.clone().filter(|sector| *sector != establishment.sector);
    if registration == *was && sector.is_none() {
        return Ok(Vec::new());
    }
    // With fewer places the claims that are recorded must be those that were counted: leases that have ended are recorded first.
    let fewer = registered < was.places_registered;
    let mut events = if fewer { expired_holds_of(market, urn, at) } else { Vec::new() };
    events.push(EstablishmentAmended { urn: urn.clone(), registration, sector, at }.into());
    Ok(events)
}

fn check_ages(registration: &Registration, provision: &str) -> Result<(), Rejection> {
    check_age_range((registration.age_from, registration.age_to), provision)
}

/// Whether a provision of this kind can take these ages.
pub(super) fn check_age_range((from, to): (u8, u8), provision: &str) -> Result<(), Rejection> {
    if from > to || to > AGE_MAX {
        return Err(Rejection::AgeRangeInvalid { from, to, max: AGE_MAX });
    }
    if provision == SUPPORTED_ACCOMMODATION.0 && from < SUPPORTED_ACCOMMODATION_AGE_MIN {
        return Err(Rejection::SupportedAccommodationAges(from));
    }
    Ok(())
}

/// A version of a date that is stated again replaces what was said of that date: both stay in the history. What holds already is not told twice.
pub(super) fn state_purpose(market: &Market, stated: &StatementOfPurposeSet) -> Events {
    let establishment = establishment_of(market, &stated.urn)?;
    Rejection::unless_come("on", stated.on, stated.at)?;
    let characters = stated.text.chars().count();
    if !(1..=StatementOfPurpose::CHARS_MAX).contains(&characters) {
        return Err(Rejection::StatementLength(characters));
    }
    let known = establishment.statement_of_purpose(stated.on);
    if known.is_some_and(|(on, known)| on == stated.on && known.text == stated.text) {
        return Ok(Vec::new());
    }
    if establishment.statements().count() >= StatementOfPurpose::VERSIONS_MAX {
        return Err(Rejection::TooManyStatements(stated.urn.clone()));
    }
    Ok(vec![stated.clone().into()])
}

/// Serving a notice ends what could only lead to a new admission: every hold, and every award whose child cannot have come
/// by that day. An award that was to start by then stands until it is known whether the child is there.
pub(super) fn serve_notice(market: &Market, notice: &RestrictionNoticeServed) -> Events {
    let establishment = establishment_of(market, &notice.urn)?;
    Rejection::unless_come("on", notice.on, notice.at)?;
    if let Some(since) = establishment.restricted_on {
        return Err(Rejection::NoticeInForce(since));
    }
    let mut events: Vec<MarketEvent> = vec![notice.clone().into()];
    #[cfg(feature = "planted-defects")]
    if is_planted(Planted::NoticeLeavesClaims) {
        return Ok(events);
    }
    for (id, place) in market.places_of(establishment) {
        for claim in &place.claims {
            match claim.stage {
                Stage::Hold { .. } => events.push(end_hold(id, claim, HoldEnd::Restricted, notice.at)),
                // An award that ended before the child came takes no night any more.
                Stage::Award { award } if claim.start > notice.on && !claim.nights().is_empty() => events
                    .push(
                        ClaimReleased {
                            award,
                            council: claim.council,
                            place: id.clone(),
                            reason: HoldEnd::Restricted.word().to_owned(),
                            at: notice.at,
                        }
                        .into(),
                    ),
                Stage::Award { .. } | Stage::Occupied { .. } => {}
            }
        }
        events.extend(ended_by_notice(id, place, notice.on, notice.at));
    }
    Ok(events)
}

pub(super) fn lift_notice(market: &Market, notice: &RestrictionNoticeLifted) -> Events {
    let establishment = establishment_of(market, &notice.urn)?;
    Rejection::unless_come("on", notice.on, notice.at)?;
    let Some(served) = establishment.restricted_on else {
        return Err(Rejection::NoticeNotInForce(notice.urn.clone()));
    };
    if notice.on < served {
        return Err(Rejection::NoticeDatesReversed { served, lifted: notice.on });
    }
    Ok(vec![notice.clone().into()])
}
