//! The search itself.

use crate::criteria::{Criteria, Operator, grade_rank};
use crate::exclusion::Exclusion;
use care::market::{
    Establishment, Market, Place, RegistrationStatus, SUPPORTED_ACCOMMODATION,
    SUPPORTED_ACCOMMODATION_AGE_MIN, UNREGISTERED, Vacancy,
};
use care::{Date, EstablishmentUrn, Nights, PlaceId, ProviderId, Timestamp, london_date};
use geography::Miles;
use std::collections::BTreeMap;

/// A place that can be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match {
    /// The place.
    pub place: PlaceId,
    /// Its establishment.
    pub urn: EstablishmentUrn,
    /// Its provider.
    pub provider: ProviderId,
    /// What it is, a code of `code_sets::PROVISION`.
    pub provision: String,
    /// A code of `code_sets::GRADE`.
    pub grade: String,
    /// The upper-tier authority it lies in, a GSS code.
    pub utla: String,
    /// How far it is from where was asked, if that was asked.
    pub distance: Option<Miles>,
    /// How much of the needs it can meet, in thousandths; 1000 if none were asked for.
    pub needs_met_thousandths: u16,
    /// The needs it does not say it can meet, codes of `code_sets::NEED`.
    pub unmet_needs: Vec<String>,
    /// The first night it can be had.
    pub available_from: Date,
    /// Whether it is the searching council's own.
    pub in_house: bool,
    /// Anything else the provider says.
    pub note: String,
    /// Why it ranks where it does, in words.
    pub reasons: Vec<String>,
}

/// What a search found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SearchResult {
    /// The best first: fewest unmet needs, then nearest, best grade, place id.
    pub matches: Vec<Match>,
    /// How many open places were left out, by the first reason that applied.
    pub excluded: BTreeMap<Exclusion, u32>,
}

/// The places of `market` that meet `criteria`, as of `at`.
#[must_use]
pub fn search(market: &Market, criteria: &Criteria, at: Timestamp) -> SearchResult {
    let from = criteria.available_on.unwrap_or_else(|| london_date(at));
    let nights = Nights::from_on(from, None);
    let mut result = SearchResult::default();
    for (urn, establishment) in market.establishments() {
        let judged = judge_establishment(criteria, establishment);
        let home = Home {
            urn,
            establishment,
            distance: judged.ok().flatten(),
            solo: judged.is_ok() && market.solo_on(establishment, nights, at),
            occupied: judged.is_ok() && criteria.solo && market.places_claimed_on(urn, nights, at) > 0,
        };
        for (id, place) in market.places_of(establishment).filter(|(_, place)| place.open) {
            match judged.and_then(|_| judge_place(criteria, &home, place, nights, at)) {
                Ok(vacancy) => result.matches.push(matched(criteria, &home, id, vacancy)),
                Err(exclusion) => *result.excluded.entry(exclusion).or_default() += 1,
            }
        }
    }
    // Place ids are unique, so no two matches are equal in this order.
    result.matches.sort_unstable_by(|a, b| {
        let key = |it: &Match| (it.unmet_needs.len(), it.distance, grade_rank(&it.grade));
        key(a).cmp(&key(b)).then_with(|| a.place.cmp(&b.place))
    });
    result
}

/// What is known of an establishment once for all its places.
struct Home<'a> {
    urn: &'a EstablishmentUrn,
    establishment: &'a Establishment,
    distance: Option<Miles>,
    solo: bool,
    occupied: bool,
}

/// The distance, if it was asked for, or why no place of the establishment comes into question.
fn judge_establishment(criteria: &Criteria, it: &Establishment) -> Result<Option<Miles>, Exclusion> {
    if !criteria.provisions.is_empty() && !criteria.provisions.contains(&it.provision) {
        return Err(Exclusion::Provision);
    }
    let in_house = in_house(criteria, it);
    match criteria.operator {
        Operator::InHouse if !in_house => return Err(Exclusion::Operator),
        // Another council's own provision is not on the market for this one either.
        Operator::External if it.operated_by.is_some() => return Err(Exclusion::Operator),
        _ => {}
    }
    if it.provision == UNREGISTERED || it.registration.status != RegistrationStatus::Active {
        return Err(Exclusion::Registration);
    }
    if it.restricted_on.is_some() {
        return Err(Exclusion::Restricted);
    }
    if let Some(lowest) = &criteria.grade_at_least
        && grade_rank(&it.registration.grade) > grade_rank(lowest)
    {
        return Err(Exclusion::Grade);
    }
    let Some(near) = &criteria.near else {
        return Ok(None);
    };
    let distance = near.miles_to(&it.sector).ok_or(Exclusion::Distance)?;
    if criteria.within.is_some_and(|limit| distance > limit) {
        return Err(Exclusion::Distance);
    }
    Ok(Some(distance))
}

/// What the place is advertised for, or why it does not come into question.
fn judge_place<'a>(
    criteria: &Criteria,
    home: &Home<'_>,
    place: &'a Place,
    nights: Nights,
    at: Timestamp,
) -> Result<&'a Vacancy, Exclusion> {
    let vacancy = place.vacancy.as_ref().ok_or(Exclusion::NotAdvertised)?;
    if vacancy.available_from > nights.start() {
        return Err(Exclusion::NotAvailable);
    }
    if let Some(age) = criteria.age_years {
        let registration = &home.establishment.registration;
        let supported = home.establishment.provision == SUPPORTED_ACCOMMODATION.0;
        let taken = (vacancy.age_from..=vacancy.age_to).contains(&age)
            && (registration.age_from..=registration.age_to).contains(&age)
            && (!supported || age >= SUPPORTED_ACCOMMODATION_AGE_MIN);
        if !taken {
            return Err(Exclusion::Age);
        }
    }
    if let Some(sex) = &criteria.sex
        && !(vacancy.sexes.takes(sex) && home.establishment.registration.sexes.takes(sex))
    {
        return Err(Exclusion::Sex);
    }
    if criteria.all_needs && !criteria.needs.is_subset(&vacancy.needs) {
        return Err(Exclusion::Needs);
    }
    if home.solo || place.claims_on(nights, at).next().is_some() {
        return Err(Exclusion::Claimed);
    }
    if home.occupied {
        return Err(Exclusion::NotEmpty);
    }
    Ok(vacancy)
}

fn matched(criteria: &Criteria, home: &Home<'_>, id: &PlaceId, vacancy: &Vacancy) -> Match {
    let it = home.establishment;
    let unmet_needs: Vec<String> = criteria.needs.difference(&vacancy.needs).cloned().collect();
    let (asked, met) = (criteria.needs.len(), criteria.needs.len() - unmet_needs.len());
    let in_house = in_house(criteria, it);
    let mut reasons = Vec::new();
    if asked > 0 {
        reasons.push(format!("meets {met} of {asked} needs"));
    }
    if let Some(distance) = home.distance {
        reasons.push(format!("{distance} miles away"));
    }
    reasons.push(format!("grade {}", it.registration.grade));
    if in_house {
        reasons.push("the council's own".to_owned());
    }
    Match {
        place: id.clone(),
        urn: home.urn.clone(),
        provider: it.provider.clone(),
        provision: it.provision.clone(),
        grade: it.registration.grade.clone(),
        utla: it.utla.clone(),
        distance: home.distance,
        needs_met_thousandths: (met * 1000).checked_div(asked).map_or(1000, thousandths),
        unmet_needs,
        available_from: vacancy.available_from,
        in_house,
        note: vacancy.note.clone(),
        reasons,
    }
}

fn thousandths(part: usize) -> u16 {
    u16::try_from(part).unwrap_or(1000)
}

fn in_house(criteria: &Criteria, it: &Establishment) -> bool {
    it.operated_by.is_some() && it.operated_by == criteria.council
}
