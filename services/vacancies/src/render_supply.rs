//! From the market to the messages about its supply: carer households, statements of purpose, and an establishment's history.

use crate::render::{sexes, status};
use api::vacancies as proto;
use care::market::{
    Entered, Establishment, Household, HouseholdApproval, Market, Registration, Registrations,
    StatementOfPurpose, Told,
};
use care::{Date, EstablishmentUrn, HouseholdId, Timestamp};
use proto::history_entry::Told as Entry;
use service_kit::{establishment_name, household_name, place_name, timestamp};

/// How many entries of a history one answer has.
const ENTRIES_MAX: usize = 500;

pub(crate) fn household(market: &Market, id: &HouseholdId) -> proto::Household {
    let Some(it) = market.household(id) else { return proto::Household::default() };
    let open = it.places.iter().filter_map(|id| market.place(id)).filter(|place| place.open).count();
    proto::Household {
        name: household_name(id),
        establishment: establishment_name(&it.urn),
        approval: Some(approval(&it.approval)),
        sector: it.sector.clone(),
        utla: it.utla.clone(),
        closed_on: it.closed_on.map(|on| on.to_string()).unwrap_or_default(),
        places: it.places.iter().map(place_name).collect(),
        places_open: u32::try_from(open).unwrap_or(u32::MAX),
        etag: it.revision.to_string(),
    }
}

fn approval(it: &HouseholdApproval) -> proto::HouseholdApproval {
    proto::HouseholdApproval {
        approved_on: it.approved_on.to_string(),
        children: it.children.into(),
        exempt: it.exempt,
        age_from: it.age_from.into(),
        age_to: it.age_to.into(),
        sexes: sexes(it.sexes).into(),
        sibling_groups: it.sibling_groups,
        short_breaks_only: it.short_breaks_only,
        siblings_only: it.siblings_only,
    }
}

/// How many households of an establishment are not closed.
pub(crate) fn open_households(market: &Market, it: &Establishment) -> u32 {
    let households = it.households.iter().filter_map(|id| market.household(id));
    let open = households.filter(|it: &&Household| it.closed_on.is_none()).count();
    u32::try_from(open).unwrap_or(u32::MAX)
}

pub(crate) fn statement((on, it): (Date, &StatementOfPurpose)) -> proto::StatementOfPurpose {
    proto::StatementOfPurpose { text: it.text.clone(), on: on.to_string() }
}

fn registration(it: &Registration) -> proto::RegistrationState {
    proto::RegistrationState {
        status: status(it.status).into(),
        grade: it.grade.clone(),
        age_from: it.age_from.into(),
        age_to: it.age_to.into(),
        sexes: sexes(it.sexes).into(),
        places_registered: it.places_registered.into(),
    }
}

fn entry(it: &Entered, number: usize, registrations: &Registrations<'_>) -> proto::HistoryEntry {
    let told = match &it.told {
        Told::Registration(now) => {
            Entry::Registration(registration(registrations.from(it.on, number).as_ref().unwrap_or(now)))
        }
        Told::NoticeServed => Entry::Notice(proto::NoticeEntry { lifted: false }),
        Told::NoticeLifted => Entry::Notice(proto::NoticeEntry { lifted: true }),
        Told::StatementOfPurpose(stated) => Entry::StatementOfPurpose(statement((it.on, stated))),
    };
    proto::HistoryEntry { on: it.on.to_string(), entered_at: Some(timestamp(it.at)), told: Some(told) }
}

/// What was entered of an establishment by an instant and holds from a day or one before, and what stood on the day.
pub(crate) fn history(
    urn: &EstablishmentUrn,
    it: &Establishment,
    as_of: Date,
    known_by: Option<Timestamp>,
) -> proto::EstablishmentHistory {
    let known = |(_, it): &(usize, &Entered)| it.on <= as_of && known_by.is_none_or(|by| it.at <= by);
    let mut entries: Vec<(usize, &Entered)> = it.history.iter().enumerate().filter(known).collect();
    // Stable: what was entered of one day stays in the order in which it was.
    entries.sort_by_key(|(_, it)| it.on);
    let registrations = it.registrations(known_by);
    let stated = entries.iter().rev().find_map(|(_, it)| match &it.told {
        Told::StatementOfPurpose(stated) => Some(statement((it.on, stated))),
        _ => None,
    });
    let before = entries.len().saturating_sub(ENTRIES_MAX);
    let shown = entries.into_iter().skip(before);
    proto::EstablishmentHistory {
        name: establishment_name(urn),
        entries: shown.map(|(number, it)| entry(it, number, &registrations)).collect(),
        registration: registrations.on(as_of).as_ref().map(registration),
        restricted_on: it.restricted_on(as_of, known_by).map(|on| on.to_string()).unwrap_or_default(),
        statement_of_purpose: stated,
    }
}
