//! From the market to the messages that clients see. Who may see which claim is decided here, in one place.

use crate::{render_agreed, render_supply};
use api::vacancies as proto;
use care::market::{
    Capacity, Claim, Establishment, Freshness, FreshnessLevel, Market, NightState, Place, RegistrationStatus,
    Sexes, Stage, Vacancy,
};
use care::{CouncilId, EstablishmentUrn, Nights, PlaceId, ProviderId, Timestamp, london_date};
use matching::Match;
use service_kit::{
    Region, Role, council_name, establishment_name, household_name, place_name, provider_name, referral_name,
    timestamp,
};

/// For whom a place is rendered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Viewer {
    /// A council, which sees its own claims and of others only that there are some.
    Council(CouncilId),
    /// The place's own provider, which sees whose the claims are, and which referral after the award.
    Provider,
    /// A framework lead, who sees the same of its framework's members and of others only that there are some.
    Lead(Vec<CouncilId>),
}

impl Viewer {
    /// The viewer that a role is. A provider must have been found to be the place's own.
    pub(crate) fn of(role: &Role, region: &Region) -> Self {
        match role {
            Role::Council(council) => Self::Council(*council),
            Role::Provider(_) => Self::Provider,
            // Sees as the lead of no council does.
            Role::Service(_) => Self::Lead(Vec::new()),
            Role::FrameworkLead(id) => {
                Self::Lead(region.framework(id).map(|it| it.councils.clone()).unwrap_or_default())
            }
        }
    }
}

pub(crate) fn provider(market: &Market, id: &ProviderId) -> proto::Provider {
    market.provider(id).map_or_else(proto::Provider::default, |it| proto::Provider {
        name: provider_name(id),
        display_name: it.name.clone(),
        establishments: it.establishments.iter().map(establishment_name).collect(),
    })
}

pub(crate) fn establishment(market: &Market, urn: &EstablishmentUrn, at: Timestamp) -> proto::Establishment {
    let found = market.establishment(urn);
    let room = || market.capacity(urn, at);
    let rendered = found.map(|it| proto::Establishment {
        households: render_supply::open_households(market, it),
        statement_of_purpose: it.statement_of_purpose(london_date(at)).map(render_supply::statement),
        ..render_establishment(urn, it, room())
    });
    rendered.unwrap_or_default()
}

/// The same in a list: two hundred statements would be too much for one answer.
pub(crate) fn establishment_listed(
    market: &Market,
    urn: &EstablishmentUrn,
    at: Timestamp,
) -> proto::Establishment {
    let mut listed = establishment(market, urn, at);
    listed.statement_of_purpose.iter_mut().for_each(|it| it.text.clear());
    listed
}

fn render_establishment(urn: &EstablishmentUrn, it: &Establishment, room: Capacity) -> proto::Establishment {
    let registration = &it.registration;
    proto::Establishment {
        name: establishment_name(urn),
        provider: provider_name(&it.provider),
        provision: it.provision.clone(),
        place_code: it.place_code.clone(),
        utla: it.utla.clone(),
        sector: it.sector.clone(),
        operated_by: it.operated_by.map(council_name).unwrap_or_default(),
        registered_on: it.registered_on.to_string(),
        status: status(registration.status).into(),
        grade: registration.grade.clone(),
        age_from: registration.age_from.into(),
        age_to: registration.age_to.into(),
        sexes: sexes(registration.sexes).into(),
        restricted_on: it.restricted_on.map(|on| on.to_string()).unwrap_or_default(),
        capacity: Some(proto::Capacity {
            registered: room.registered,
            open: room.open,
            matchable: room.matchable,
        }),
        etag: it.revision.to_string(),
        listed_on: it.listed_on.map(|on| on.to_string()).unwrap_or_default(),
        ..proto::Establishment::default()
    }
}

pub(crate) fn status(status: RegistrationStatus) -> proto::RegistrationStatus {
    match status {
        RegistrationStatus::Active => proto::RegistrationStatus::Active,
        RegistrationStatus::Suspended => proto::RegistrationStatus::Suspended,
        RegistrationStatus::Resigned => proto::RegistrationStatus::Resigned,
        RegistrationStatus::Cancelled => proto::RegistrationStatus::Cancelled,
    }
}

pub(crate) fn sexes(sexes: Sexes) -> proto::Sexes {
    match sexes {
        Sexes::Any => proto::Sexes::Any,
        Sexes::Male => proto::Sexes::Male,
        Sexes::Female => proto::Sexes::Female,
    }
}

pub(crate) fn place(market: &Market, id: &PlaceId, viewer: &Viewer, at: Timestamp) -> proto::Place {
    let Some(it) = market.place(id) else {
        return proto::Place::default();
    };
    let ahead = Nights::from_on(london_date(at), None);
    let mut visible: Vec<&Claim> =
        it.claims_on(ahead, at).filter(|claim| is_visible(claim, viewer)).collect();
    visible.sort_by_key(|claim| claim.start);
    let provider = market.establishment(&it.urn).map(|establishment| provider_name(&establishment.provider));
    proto::Place {
        name: place_name(id),
        establishment: establishment_name(&it.urn),
        provider: provider.unwrap_or_default(),
        state: state(it, ahead, at).into(),
        vacancy: it.vacancy.as_ref().map(vacancy),
        claims: visible.into_iter().map(|it| claim(it, viewer)).collect(),
        freshness: it.vacancy.as_ref().map(|it| freshness(it.confirmed_at, it.freshness(at))),
        asked_at: it.vacancy.as_ref().and_then(|it| it.asked_at).map(timestamp),
        unlisted_at: it.unlisted_at.map(timestamp),
        reservations: render_agreed::reservations(id, it, ahead, viewer),
        blocks: render_agreed::blocks(market, id, ahead, viewer),
        household: it.household.as_ref().map(household_name).unwrap_or_default(),
    }
}

fn freshness(confirmed_at: Timestamp, freshness: Freshness) -> proto::Freshness {
    let level = match freshness.level {
        FreshnessLevel::Fresh => proto::FreshnessLevel::Fresh,
        FreshnessLevel::Ageing => proto::FreshnessLevel::Ageing,
        FreshnessLevel::Stale => proto::FreshnessLevel::Stale,
    };
    proto::Freshness {
        level: level.into(),
        age_days: freshness.age_days,
        confirmed_at: Some(timestamp(confirmed_at)),
    }
}

fn state(place: &Place, ahead: Nights, at: Timestamp) -> proto::PlaceState {
    let (held, taken) = place
        .claims_on(ahead, at)
        .fold((false, false), |(held, taken), claim| (held || claim.is_hold(), taken || !claim.is_hold()));
    let reserved = place.reservations_on(ahead).next().is_some();
    match (place.open, taken, held) {
        (false, ..) => proto::PlaceState::Closed,
        (_, true, _) => proto::PlaceState::Taken,
        (_, _, true) => proto::PlaceState::Held,
        _ if reserved => proto::PlaceState::Reserved,
        _ if place.vacancy.is_none() => proto::PlaceState::NotAdvertised,
        _ => proto::PlaceState::Vacant,
    }
}

fn vacancy(vacancy: &Vacancy) -> proto::Vacancy {
    proto::Vacancy {
        available_from: vacancy.available_from.to_string(),
        needs: vacancy.needs.iter().cloned().collect(),
        sexes: sexes(vacancy.sexes).into(),
        age_from: vacancy.age_from.into(),
        age_to: vacancy.age_to.into(),
        note: vacancy.note.clone(),
        exclusions: vacancy.exclusions.iter().cloned().collect(),
        mix: vacancy.mix.as_ref().map(|mix| proto::Mix {
            children: mix.children.into(),
            age_from: mix.age_from.into(),
            age_to: mix.age_to.into(),
            needs: mix.needs.iter().cloned().collect(),
        }),
        reservation: vacancy.reservation.as_ref().map(|terms| proto::ReservationTerms {
            weekly_pence: terms.weekly.0,
            nights_max: terms.nights_max.into(),
        }),
    }
}

fn is_visible(claim: &Claim, viewer: &Viewer) -> bool {
    is_of(claim.council, viewer)
}

/// Whether a viewer may know of what is this council's.
pub(crate) fn is_of(council: CouncilId, viewer: &Viewer) -> bool {
    match viewer {
        Viewer::Council(own) => council == *own,
        Viewer::Provider => true,
        Viewer::Lead(members) => members.contains(&council),
    }
}

fn claim(claim: &Claim, viewer: &Viewer) -> proto::Claim {
    let own = matches!(viewer, Viewer::Council(_));
    let (stage, expires_at) = match claim.stage {
        Stage::Hold { expires_at } => (proto::ClaimStage::Hold, Some(timestamp(expires_at))),
        Stage::Award { .. } => (proto::ClaimStage::Award, None),
        Stage::Occupied { .. } => (proto::ClaimStage::Occupied, None),
    };
    let referral =
        if own || !claim.is_hold() { referral_name(claim.council, claim.referral) } else { String::new() };
    proto::Claim {
        council: council_name(claim.council),
        stage: stage.into(),
        start: claim.start.to_string(),
        end: claim.end.map(|end| end.to_string()).unwrap_or_default(),
        referral,
        token: if own { claim.token } else { 0 },
        expires_at,
        solo: claim.solo,
    }
}

/// The nights of a place. Runs that the viewer cannot tell apart are one, so that nobody learns where one council's nights end and another's
/// begin.
pub(crate) fn calendar(
    market: &Market,
    id: &PlaceId,
    nights: Nights,
    viewer: &Viewer,
    at: Timestamp,
) -> proto::PlaceCalendar {
    let mut runs: Vec<proto::NightRun> = Vec::new();
    for run in market.calendar(id, nights, at) {
        let known = run.claim.filter(|claim| is_visible(claim, viewer));
        let (state, claim) = (night(run.state, known.is_some()), known.map(|it| claim(it, viewer)));
        let reservation = run.reservation.filter(|it| is_of(it.council, viewer));
        let reservation = reservation.map(|it| render_agreed::reservation(id, it, viewer));
        let holder = run.holder.filter(|holder| is_of(*holder, viewer));
        let block_holder = holder.map(council_name).unwrap_or_default();
        let alike = |last: &&mut proto::NightRun| {
            last.state() == state
                && last.claim == claim
                && last.reservation == reservation
                && last.block_holder == block_holder
        };
        match runs.last_mut().filter(alike) {
            Some(last) => last.to = run.nights.end().to_string(),
            None => runs.push(proto::NightRun {
                from: run.nights.start().to_string(),
                to: run.nights.end().to_string(),
                state: state.into(),
                claim,
                reservation,
                block_holder,
            }),
        }
    }
    proto::PlaceCalendar { place: place_name(id), runs }
}

fn night(state: NightState, known: bool) -> proto::NightState {
    match state {
        NightState::Vacant => proto::NightState::Vacant,
        NightState::Held => proto::NightState::Held,
        NightState::Reserved => proto::NightState::Reserved,
        NightState::InBlock => proto::NightState::InBlock,
        NightState::Awarded | NightState::Occupied if !known => proto::NightState::Taken,
        NightState::Awarded => proto::NightState::Awarded,
        NightState::Occupied => proto::NightState::Occupied,
        NightState::NotAdvertised => proto::NightState::NotAdvertised,
        NightState::NotYetAvailable => proto::NightState::NotYetAvailable,
        NightState::WholeHomeTaken => proto::NightState::WholeHomeTaken,
    }
}

/// A council's hold on a place; empty if there is none.
pub(crate) fn hold(market: &Market, id: &PlaceId) -> proto::Hold {
    let held = market.place(id).and_then(Place::hold);
    held.map_or_else(proto::Hold::default, |hold| proto::Hold {
        place: place_name(id),
        council: council_name(hold.council),
        referral: referral_name(hold.council, hold.referral),
        referral_version: hold.referral_version,
        from: hold.start.to_string(),
        token: hold.token,
        expires_at: match hold.stage {
            Stage::Hold { expires_at } => Some(timestamp(expires_at)),
            Stage::Award { .. } | Stage::Occupied { .. } => None,
        },
    })
}

pub(crate) fn matched(found: Match) -> proto::Match {
    let reasons = found.reasons();
    proto::Match {
        place: place_name(&found.place),
        establishment: establishment_name(&found.urn),
        provider: provider_name(&found.provider),
        provision: found.provision,
        grade: found.grade,
        utla: found.utla,
        distance_tenths_of_mile: found.distance.map(|distance| distance.tenths),
        needs_met_thousandths: found.needs_met_thousandths.into(),
        unmet_needs: found.unmet_needs,
        available_from: found.available_from.to_string(),
        in_house: found.in_house,
        note: found.note,
        reasons,
        freshness: Some(freshness(found.confirmed_at, found.freshness)),
        reserved_until: found.reserved_until.map(|date| date.to_string()).unwrap_or_default(),
        block_until: found.block_until.map(|date| date.to_string()).unwrap_or_default(),
        household: found.household.map(|it| household_name(&it.id)).unwrap_or_default(),
    }
}
