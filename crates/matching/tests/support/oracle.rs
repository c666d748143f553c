//! The search read straight off the market, slowly: it looks at every claim of every place and shares no code with the index.

use care::market::{
    Block, Establishment, Home, Household, Market, Own, Place, RegistrationStatus, Reservation,
    SUPPORTED_ACCOMMODATION, UNREGISTERED, Vacancy,
};
use care::{EstablishmentUrn, Nights, PlaceId, Timestamp, london_date};
use geography::{Miles, locate};
use matching::impact::{AGE_GAP_WEIGHT, AGE_GAP_YEARS, PAIRS, YOUNGER_WEIGHT, YOUNGER_YEARS};
use matching::{Criteria, Near, Operator, Rule, grade_rank};
use std::collections::{BTreeMap, BTreeSet};

/// What became of one open place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    Failed(Vec<Rule>),
    /// The order: unmet needs, impact, distance, grade.
    Ranked(usize, u16, Option<Miles>, u8),
}

pub(crate) fn judge(market: &Market, criteria: &Criteria, at: Timestamp) -> BTreeMap<PlaceId, Verdict> {
    let mut verdicts = BTreeMap::new();
    for (urn, establishment) in market.establishments() {
        for (id, place) in market.places_of(establishment).filter(|(_, place)| place.open) {
            let household = place.household.as_ref().and_then(|id| market.household(id));
            let mut failed: BTreeSet<Rule> =
                establishment_fails(criteria, establishment, household).into_iter().collect();
            failed.extend(place_fails(criteria, establishment, household, place));
            failed.extend(claims_fail(market, criteria, (urn, establishment, id, place), at));
            let verdict = match &place.vacancy {
                Some(vacancy) if failed.is_empty() => Verdict::Ranked(
                    criteria.needs.difference(&vacancy.needs).count(),
                    impact(criteria, vacancy),
                    distance(criteria.near, establishment, household),
                    grade_rank(&establishment.registration.grade),
                ),
                _ => Verdict::Failed(failed.into_iter().collect()),
            };
            verdicts.insert(id.clone(), verdict);
        }
    }
    verdicts
}

/// The places that pass, in order.
pub(crate) fn order(verdicts: &BTreeMap<PlaceId, Verdict>) -> Vec<PlaceId> {
    let ranked = verdicts.iter().filter_map(|(id, verdict)| match verdict {
        Verdict::Ranked(unmet, impact, distance, grade) => Some((unmet, impact, distance, grade, id)),
        Verdict::Failed(_) => None,
    });
    let mut ranked: Vec<_> = ranked.collect();
    ranked.sort();
    ranked.into_iter().map(|(.., id)| id.clone()).collect()
}

pub(crate) fn distance(
    near: Option<Near>,
    establishment: &Establishment,
    household: Option<&Household>,
) -> Option<Miles> {
    let sector = match household {
        Some(household) if !household.sector.is_empty() => &household.sector,
        _ => &establishment.sector,
    };
    let sector = locate(sector.parse().ok()?).ok()?;
    Some(near?.location().miles_to(sector))
}

fn establishment_fails(criteria: &Criteria, it: &Establishment, household: Option<&Household>) -> Vec<Rule> {
    let mut failed = Vec::new();
    let mut rule = |rule, fails: bool| {
        if fails {
            failed.push(rule);
        }
    };
    let own = it.operated_by.is_some() && it.operated_by == criteria.council;
    let short = household.is_some_and(|it| it.approval.short_breaks_only);
    let provision = if short { "FOSTERING_SHORT_BREAKS" } else { it.provision.as_str() };
    rule(Rule::Provision, !criteria.provisions.is_empty() && !criteria.provisions.contains(provision));
    rule(
        Rule::Operator,
        match criteria.operator {
            Operator::Any => false,
            Operator::InHouse => !own,
            Operator::External => it.operated_by.is_some(),
        },
    );
    let active = it.registration.status == RegistrationStatus::Active;
    rule(Rule::Registration, it.provision == UNREGISTERED || !active);
    rule(Rule::Restricted, it.restricted_on.is_some());
    let lowest = criteria.grade_at_least.as_ref();
    rule(Rule::Grade, lowest.is_some_and(|lowest| grade_rank(&it.registration.grade) > grade_rank(lowest)));
    let distance = distance(criteria.near, it, household);
    let near_enough =
        distance.is_some_and(|distance| criteria.within.is_none_or(|within| distance <= within));
    rule(Rule::Distance, criteria.near.is_some() && !near_enough);
    let utla = household.map(|it| &it.utla).filter(|utla| !utla.is_empty()).unwrap_or(&it.utla);
    rule(Rule::AvoidedArea, criteria.avoid_areas.contains(utla));
    failed
}

fn place_fails(
    criteria: &Criteria,
    it: &Establishment,
    household: Option<&Household>,
    place: &Place,
) -> Vec<Rule> {
    let approval = household.map(|it| &it.approval);
    let (vacancy, registration) = (place.vacancy.as_ref(), &it.registration);
    let mut failed = Vec::new();
    let age_fits = criteria.age_years.is_none_or(|age| {
        vacancy.is_none_or(|vacancy| vacancy.age_from <= age && age <= vacancy.age_to)
            && registration.age_from <= age
            && age <= registration.age_to
            && approval.is_none_or(|it| it.age_from <= age && age <= it.age_to)
            && (it.provision != SUPPORTED_ACCOMMODATION.0 || age >= 16)
    });
    if !age_fits {
        failed.push(Rule::Age);
    }
    let sex_fits = criteria.sex.as_ref().is_none_or(|sex| {
        vacancy.is_none_or(|vacancy| vacancy.sexes.takes(sex))
            && registration.sexes.takes(sex)
            && approval.is_none_or(|it| it.sexes.takes(sex))
    });
    if !sex_fits {
        failed.push(Rule::Sex);
    }
    match vacancy {
        None => failed.push(Rule::NotAdvertised),
        Some(vacancy) => {
            if criteria.all_needs && !criteria.needs.is_subset(&vacancy.needs) {
                failed.push(Rule::Needs);
            }
            if !criteria.needs.is_disjoint(&vacancy.exclusions) {
                failed.push(Rule::ExcludedNeed);
            }
        }
    }
    failed
}

fn claims_fail(
    market: &Market,
    criteria: &Criteria,
    (urn, establishment, id, place): (&EstablishmentUrn, &Establishment, &PlaceId, &Place),
    at: Timestamp,
) -> Vec<Rule> {
    let nights = Nights::from_on(criteria.available_on.unwrap_or_else(|| london_date(at)), None);
    let mut failed = Vec::new();
    let vacancy = place.vacancy.as_ref();
    if vacancy.is_some_and(|vacancy| vacancy.available_from > nights.start()) {
        failed.push(Rule::NotAvailable);
    }
    let household = place.household.as_ref().and_then(|id| Some((id, market.household(id)?)));
    let home = Home { establishment, household };
    let together = |other: &Place| other.urn == *urn && other.household == place.household;
    let alike = || market.places().filter(|(_, other)| together(other));
    let solo = alike().any(|(_, other)| other.claims_on(nights, at).any(|claim| claim.solo));
    let own = criteria.council.map(|council| Own { place: id, council, hold: None });
    let children = household.map(|(_, it)| u16::from(it.approval.children));
    let full = children.is_some_and(|children| market.claims_in(home, nights, at, own) >= children);
    if solo || full || place.claims_on(nights, at).next().is_some() {
        failed.push(Rule::Claimed);
    }
    let stated = vacancy.and_then(|vacancy| vacancy.mix.as_ref()).is_some_and(|mix| mix.children > 0);
    if criteria.solo && (stated || market.claims_in(home, nights, at, own) > 0) {
        failed.push(Rule::NotEmpty);
    }
    let agreed = place.agreed.clone().unwrap_or_default();
    // What others agreed of nights before counts until it is over, but for who bought its own of a reservation.
    let today = london_date(at);
    let bought = agreed.reservations.iter().any(|it| {
        let on = it.from <= nights.start() && nights.start() < it.until;
        on && Some(it.council) == criteria.council && !it.sold_by.is_empty()
    });
    let of_others = |it: &&Reservation| {
        let counts = it.until > nights.start() || !bought && it.until > today;
        counts && Some(it.council) != criteria.council
    };
    if agreed.reservations.iter().any(|it| of_others(&it)) {
        failed.push(Rule::Reserved);
    }
    let keeps_out = |block: &Block| {
        let first = nights.start().max(block.terms.from);
        let sold = block.sold.iter().rev().find(|it| it.nights.start() <= first && first < it.nights.end());
        let entitled = sold.map_or(block.council, |it| it.buyer);
        let away =
            |it: &care::market::Sold| it.nights.end() > nights.start() && Some(it.buyer) != criteria.council;
        let sold_away = block.sold.iter().any(away);
        let last = block.terms.until.yesterday().unwrap();
        let buyer = block.sold.iter().rev().find(|it| it.nights.start() <= last && last < it.nights.end());
        let at_end = buyer.map_or(block.council, |it| it.buyer);
        let before = !bought && block.terms.until > today && Some(at_end) != criteria.council;
        before || block.terms.until > nights.start() && (Some(entitled) != criteria.council || sold_away)
    };
    if agreed.blocks.iter().any(keeps_out) {
        failed.push(Rule::BlockOfAnotherCouncil);
    }
    failed
}

/// 0 where nothing weighs, 1 where nothing is stated, else one more than what weighs.
fn impact(criteria: &Criteria, vacancy: &Vacancy) -> u16 {
    let Some(mix) = &vacancy.mix else { return 1 };
    if mix.children == 0 {
        return 0;
    }
    let (child, home) = (|code: &str| criteria.needs.contains(code), |code: &str| mix.needs.contains(code));
    let mut sum = 0;
    for pair in &PAIRS {
        let ways = [(pair.one, pair.other), (pair.other, pair.one)];
        let ways = if pair.one == pair.other { &ways[..1] } else { &ways[..] };
        for (of_child, of_home) in ways {
            if child(of_child) && home(of_home) {
                sum += u16::from(pair.weight);
            }
        }
    }
    if let Some(age) = criteria.age_years.map(i16::from) {
        let (younger, older) = (age - i16::from(mix.age_from), i16::from(mix.age_to) - age);
        let from = |years: u8| i16::from(years);
        if younger >= from(AGE_GAP_YEARS) || older >= from(AGE_GAP_YEARS) {
            sum += u16::from(AGE_GAP_WEIGHT);
        }
        for (harmful, years) in
            [(child("HARMFUL_SEXUAL_BEHAVIOUR"), younger), (home("HARMFUL_SEXUAL_BEHAVIOUR"), older)]
        {
            if harmful && years >= from(YOUNGER_YEARS) {
                sum += u16::from(YOUNGER_WEIGHT);
            }
        }
    }
    if sum == 0 { 0 } else { sum + 1 }
}
