//! The simulated region as a plan: who provides what and where, and who will need a home when. Pure; the seed decides.

use super::calibration::assumptions::{AGE_BANDS, NEEDS, PRICES, Price, SIBLING_GROUPS, URGENCIES};
use super::calibration::{COUNCILS, LOTS, Market};
use super::chance::Chance;
use crate::register::{
    OWN_CARERS_URN_PREFIX, OWN_PROVIDER_PREFIX, OwnerSector, ProvisionType, RegisterRow, Status,
};
use care::{CouncilId, Date, EstablishmentUrn, FrameworkId, ProviderId};
use geography::Sector;
use std::collections::{BTreeMap, BTreeSet};

/// How many weeks are lived through.
pub(crate) const WEEKS: u32 = 12;
/// The first Monday.
pub(crate) const FIRST_MONDAY: Date = Date::constant(2026, 4, 6);
/// In how many weeks referrals are posted; the rest is for those still without a home.
const POSTING_WEEKS: u32 = 10;

/// Assumption: places free in the twelve weeks, per mille of the demand for the kind. A little fewer than are wanted, so that
/// places are contended, as the strategies describe the market; no document prints vacancies beside referrals.
const FREE_PER_MILLE_OF_DEMAND: u32 = 930;
/// Assumption: how much of mainstream foster care a council finds in-house, per mille. Darlington prints 55.4% with agencies and
/// Derby 74%, Dorset and Durham far less; this lies between them.
const IN_HOUSE_FOSTERING_PER_MILLE: u32 = 450;
/// Assumption: places of a fostering agency or supported accommodation for which the register prints none.
const PLACES_WHERE_UNPRINTED: u16 = 12;

/// A provider of the plan.
#[derive(Debug, Clone)]
pub(crate) struct ProviderPlan {
    pub(crate) id: ProviderId,
    /// The council whose own provision it is.
    pub(crate) own_of: Option<CouncilId>,
    pub(crate) establishments: Vec<EstablishmentPlan>,
}

/// An establishment of the plan.
#[derive(Debug, Clone)]
pub(crate) struct EstablishmentPlan {
    pub(crate) urn: EstablishmentUrn,
    pub(crate) provision: &'static str,
    pub(crate) place_code: &'static str,
    pub(crate) council: CouncilId,
    pub(crate) operated_by: Option<CouncilId>,
    pub(crate) sector: Sector,
    pub(crate) registered_on: Option<Date>,
    pub(crate) suspended: bool,
    pub(crate) grade: &'static str,
    pub(crate) ages: (u8, u8),
    pub(crate) places_registered: u16,
    /// How many of them are free; the others are taken by children placed before the demo begins.
    pub(crate) places_free: u32,
    pub(crate) needs: Vec<&'static str>,
}

/// A child who will need a home. Invented; no document describes any one child.
#[derive(Debug, Clone)]
pub(crate) struct ReferralPlan {
    pub(crate) number: u32,
    pub(crate) council: CouncilId,
    /// The week in which it is posted, from 0.
    pub(crate) week: u32,
    pub(crate) provision: &'static str,
    pub(crate) age_years: u8,
    pub(crate) sex: &'static str,
    pub(crate) needs: Vec<&'static str>,
    pub(crate) urgency: &'static str,
    pub(crate) home: Sector,
    pub(crate) unaccompanied: bool,
    pub(crate) solo: bool,
    pub(crate) siblings: u32,
    pub(crate) max_distance_miles: Option<u32>,
    /// Weeks from arrival to departure, if the child leaves within the demo.
    pub(crate) weeks_until_departure: Option<u32>,
    /// Weeks by which the departure is told late.
    pub(crate) told_late_weeks: u32,
    pub(crate) health_basis_points: u32,
}

/// The framework that a council buys under.
pub(crate) fn framework_of(council: CouncilId) -> Option<FrameworkId> {
    let market = COUNCILS.iter().find(|known| known.gss == council.gss())?.market;
    framework_id(market)
}

pub(crate) fn framework_id(market: Market) -> Option<FrameworkId> {
    match market {
        Market::TyneTees => "tyne-tees".parse().ok(),
        Market::D2n2 => "d2n2".parse().ok(),
        Market::Guest => None,
    }
}

/// A framework's lot of the plan, with its levels and the simulated price of each.
#[derive(Debug, Clone)]
pub(crate) struct LotPlan {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) provisions: Vec<&'static str>,
    pub(crate) levels: Vec<(String, &'static Price)>,
}

fn slug(name: &str) -> String {
    let words: Vec<String> = name
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    words.join("-")
}

/// The lots: those of Tyne Tees by their names for agency fostering, and for both frameworks one lot per other kind.
pub(crate) fn lots() -> Vec<LotPlan> {
    let external = || PRICES.iter().filter(|price| !price.in_house);
    let fostering = LOTS.iter().filter_map(|lot| {
        let provision = lot.provision?;
        let levels = external()
            .filter(|price| price.lot == Some(lot.name))
            .map(|price| ("core".to_owned(), price))
            .collect();
        Some(LotPlan { id: slug(lot.name), name: lot.name.to_owned(), provisions: vec![provision], levels })
    });
    let others = external().filter(|price| price.lot.is_none()).map(|price| LotPlan {
        id: slug(price.provision),
        name: care::code_sets::PROVISION.label(price.provision).unwrap_or(price.provision).to_owned(),
        provisions: vec![price.provision],
        levels: vec![("core".to_owned(), price)],
    });
    fostering.chain(others).collect()
}

/// The council's own price of a kind of provision.
pub(crate) fn in_house_price(provision: &str) -> Option<&'static Price> {
    PRICES.iter().find(|price| price.in_house && price.provision == provision)
}

/// Who needs a home, in order of their numbers.
pub(crate) fn plan_referrals(chance: Chance, count: u32) -> Vec<ReferralPlan> {
    (0..count).filter_map(|number| plan_referral(chance, number)).collect()
}

fn plan_referral(chance: Chance, number: u32) -> Option<ReferralPlan> {
    let mut draws = chance.of("referral", number);
    let council: CouncilId = draws.weighted(COUNCILS, |council| council.year.started).gss.parse().ok()?;
    let need = draws.weighted(NEEDS, |need| need.per_mille.iter().sum());
    let bands: Vec<_> = AGE_BANDS.iter().zip(need.per_mille).collect();
    let (band, _) = draws.weighted(&bands, |(_, per_mille)| *per_mille);
    let (youngest, oldest) = (band.from.max(need.age_min), band.to.min(need.age_max));
    let age_years = u8::try_from(draws.between(i64::from(youngest), i64::from(oldest))).ok()?;
    let unaccompanied = age_years >= 14 && draws.happens(need.unaccompanied_per_mille);
    let fostering = need.provision == "FOSTERING";
    let siblings = if fostering {
        u32::from(draws.weighted(SIBLING_GROUPS, |group| group.per_mille).children)
    } else {
        1
    };
    let sectors: Vec<_> = geography::sectors_in(council.gss()).collect();
    let home = *draws.weighted(&sectors, |(_, _, postcodes)| *postcodes).0;
    let mut needs = draws.some(&NEEDS_SEEN, 3);
    needs.truncate(1 + usize::from(draws.happens(500)) + usize::from(draws.happens(250)));
    if unaccompanied {
        needs.push("UASC");
    }
    let residential = need.provision.starts_with("RESIDENTIAL");
    Some(ReferralPlan {
        number,
        council,
        week: draws.below(POSTING_WEEKS),
        provision: need.provision,
        age_years,
        sex: if draws.happens(if unaccompanied { 900 } else { 540 }) { "M" } else { "F" },
        needs,
        urgency: draws.code(URGENCIES),
        home,
        unaccompanied,
        solo: residential && draws.happens(60),
        siblings,
        max_distance_miles: draws.happens(600).then(|| if draws.happens(600) { 20 } else { 50 }),
        weeks_until_departure: draws.happens(180).then(|| 1 + draws.below(6)),
        told_late_weeks: if draws.happens(300) { 1 + draws.below(3) } else { 0 },
        health_basis_points: if residential && draws.happens(250) { 1_500 } else { 0 },
    })
}

/// Assumption: the needs that referrals name, all alike; no strategy prints how often each occurs.
const NEEDS_SEEN: [&str; 10] = [
    "EMOTIONAL_BEHAVIOURAL",
    "TRAUMA",
    "LEARNING_DISABILITY",
    "AUTISM",
    "MENTAL_HEALTH",
    "SELF_HARM",
    "EXPLOITATION",
    "MISSING",
    "SUBSTANCE_MISUSE",
    "OFFENDING",
];

/// Who provides what: the register's establishments in the region's councils, and each council's own foster carers, who are on no
/// register; `places_free` follows from what the referrals will ask for.
pub(crate) fn plan_providers(
    chance: Chance,
    rows: &[RegisterRow],
    referrals: &[ReferralPlan],
) -> Vec<ProviderPlan> {
    let councils: BTreeSet<CouncilId> =
        COUNCILS.iter().filter_map(|council| council.gss.parse().ok()).collect();
    let mut providers: BTreeMap<ProviderId, ProviderPlan> = BTreeMap::new();
    for row in rows {
        let Some(council) = row.council.filter(|council| councils.contains(council)) else { continue };
        for establishment in plan_establishment(chance, row, council) {
            let own_of = establishment.operated_by;
            let provider = match own_of {
                // A council's own homes are one provider, whoever the register names as their owner.
                Some(council) => own_provider(council),
                None => Some(row.owner_id.clone()),
            };
            let Some(id) = provider else { continue };
            let plan = ProviderPlan { id: id.clone(), own_of, establishments: Vec::new() };
            providers.entry(id).or_insert(plan).establishments.push(establishment);
        }
    }
    for council in &councils {
        if let (Some(id), Some(carers)) = (own_provider(*council), own_carers(chance, *council, referrals)) {
            let plan = ProviderPlan { id: id.clone(), own_of: Some(*council), establishments: Vec::new() };
            providers.entry(id).or_insert(plan).establishments.push(carers);
        }
    }
    let mut providers: Vec<ProviderPlan> = providers.into_values().collect();
    free_places(chance, &mut providers, referrals);
    providers
}

fn own_provider(council: CouncilId) -> Option<ProviderId> {
    format!("{OWN_PROVIDER_PREFIX}{council}").parse().ok()
}

/// One row of the register as what can be asked of it. A fostering agency is one establishment for each kind of fostering.
fn plan_establishment(chance: Chance, row: &RegisterRow, council: CouncilId) -> Vec<EstablishmentPlan> {
    let kind = row.provision_type;
    // Assumption: the ages that the register does not print.
    let ages = match kind {
        ProvisionType::SecureChildrensHome => (10, 17),
        ProvisionType::SupportedAccommodation => (16, 17),
        ProvisionType::ResidentialFamilyCentre | ProvisionType::IndependentFosteringAgency => (0, 17),
        _ => (8, 17),
    };
    let mut draws = chance.of("establishment", &row.urn);
    let provision = match kind {
        // Assumption: some homes teach; Darlington's 11 of 30 with education, of whom most attend at the home.
        ProvisionType::ChildrensHome if draws.happens(250) => "RESIDENTIAL_EDUCATION",
        other => other.provisions()[0],
    };
    let sectors: Vec<_> = geography::sectors_in(council.gss()).collect();
    let sector = *draws.weighted(&sectors, |(_, _, postcodes)| *postcodes).0;
    let council_run = row.sector == OwnerSector::LocalAuthority;
    let base = EstablishmentPlan {
        urn: row.urn.clone(),
        provision,
        place_code: kind.place_code(),
        council,
        operated_by: council_run.then_some(council),
        sector,
        registered_on: row.registration_date,
        suspended: row.status == Status::Suspended,
        grade: row.overall_grade.code(),
        ages,
        places_registered: row.places.filter(|places| *places > 0).unwrap_or(PLACES_WHERE_UNPRINTED),
        places_free: 0,
        needs: draws.some(&NEEDS_SEEN, 7),
    };
    if kind != ProvisionType::IndependentFosteringAgency {
        return vec![base];
    }
    kind.provisions()
        .iter()
        .zip(kind.urns(&row.urn))
        .filter_map(|(provision, urn)| {
            let urn = urn.parse().ok()?;
            let needs = draws.some(&NEEDS_SEEN, 6);
            Some(EstablishmentPlan { urn, provision, needs, ..base.clone() })
        })
        .collect()
}

/// The council's own foster carers, as one establishment.
fn own_carers(chance: Chance, council: CouncilId, referrals: &[ReferralPlan]) -> Option<EstablishmentPlan> {
    let wanted = referrals
        .iter()
        .filter(|referral| referral.council == council && referral.provision == "FOSTERING")
        .count();
    let wanted = u32::try_from(wanted).ok()?;
    let mut draws = chance.of("carers", council);
    let sectors: Vec<_> = geography::sectors_in(council.gss()).collect();
    let free = wanted * IN_HOUSE_FOSTERING_PER_MILLE / 1_000 + u32::from(draws.happens(500));
    Some(EstablishmentPlan {
        urn: format!("{OWN_CARERS_URN_PREFIX}{council}").parse().ok()?,
        provision: "FOSTERING",
        place_code: "U6",
        council,
        operated_by: Some(council),
        sector: *draws.weighted(&sectors, |(_, _, postcodes)| *postcodes).0,
        registered_on: None,
        suspended: false,
        grade: "GOOD",
        ages: (0, 17),
        places_registered: u16::try_from(free + 20).ok()?,
        places_free: free,
        needs: draws.some(&NEEDS_SEEN, 8),
    })
}

/// Spreads the free places of each kind over the establishments of that kind, by chance.
fn free_places(chance: Chance, providers: &mut [ProviderPlan], referrals: &[ReferralPlan]) {
    let mut wanted: BTreeMap<&str, u32> = BTreeMap::new();
    for referral in referrals {
        *wanted.entry(referral.provision).or_default() += 1;
    }
    for (provision, wanted) in wanted {
        let mut spots: Vec<&mut EstablishmentPlan> = providers
            .iter_mut()
            .flat_map(|provider| &mut provider.establishments)
            .filter(|establishment| establishment.provision == provision)
            .collect();
        let already: u32 = spots.iter().map(|establishment| establishment.places_free).sum();
        let free = (wanted * FREE_PER_MILLE_OF_DEMAND).div_ceil(1_000).saturating_sub(already);
        let mut draws = chance.of("free places", provision);
        for _ in 0..free {
            let candidates: Vec<usize> = (0..spots.len())
                .filter(|&i| spots[i].operated_by.is_none() || provision != "FOSTERING")
                .filter(|&i| spots[i].places_free < u32::from(spots[i].places_registered))
                .collect();
            if candidates.is_empty() {
                break;
            }
            let drawn = *draws.weighted(&candidates, |_| 1);
            spots[drawn].places_free += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::register::{SIMULATED_REGISTER, Strictness, parse_register};

    fn plans(seed: u64) -> (Vec<ReferralPlan>, Vec<ProviderPlan>) {
        let chance = Chance::new(seed);
        let rows = parse_register(SIMULATED_REGISTER.as_bytes(), Strictness::RefuseAny).unwrap().rows;
        let referrals = plan_referrals(chance, 500);
        let providers = plan_providers(chance, &rows, &referrals);
        (referrals, providers)
    }

    #[test]
    fn the_seed_decides_everything() {
        assert_eq!(format!("{:?}", plans(3)), format!("{:?}", plans(3)));
        assert_ne!(format!("{:?}", plans(3)), format!("{:?}", plans(4)));
    }

    #[test]
    fn a_plan_breaks_no_rule_by_itself() {
        let (referrals, providers) = plans(1);
        assert_eq!(referrals.len(), 500);
        assert!(referrals.iter().all(|r| r.provision != "SUPPORTED_ACCOMMODATION" || r.age_years >= 16));
        let establishments = || providers.iter().flat_map(|provider| &provider.establishments);
        assert!(establishments().all(|e| e.places_free <= u32::from(e.places_registered)));
        let urns: BTreeSet<_> = establishments().map(|e| &e.urn).collect();
        assert_eq!(urns.len(), establishments().count(), "each establishment once");
        let free: u32 = establishments().map(|e| e.places_free).sum();
        assert!((400..500).contains(&free), "scarce, not empty: {free}");
    }
}
