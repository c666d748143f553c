//! Before the first referral: the leads set up their frameworks, providers enter the register, and open and advertise their places.

use super::calibration::Market;
use super::chance::{Chance, Draws};
use super::clients::{Access, At, Clients, DemoError, for_each};
use super::paying::PEOPLE;
use super::world::{
    EstablishmentPlan, FIRST_MONDAY, LotPlan, ProviderPlan, framework_id, framework_of, lots,
};
use api::contracts::{
    AddLotRequest, AddMemberRequest, AdmitProviderRequest, AgreeDiscountRequest, CreateFrameworkRequest,
    Discount, FrameworkKind, GradeGate, KeyedPrice, Level, Procurement, ReopenFrameworkRequest, discount,
};
use api::contracts::{LevelPrice, Lot, Regime};
use api::vacancies::{
    AdvertiseVacancyRequest, OpenPlacesRequest, RegisterEstablishmentRequest, RegisterProviderRequest,
};
use api::vacancies::{RegistrationStatus, Sexes, Vacancy};
use care::{CouncilId, FrameworkId, ProviderId};
use service_kit::{Region, Role};
use std::collections::{BTreeMap, BTreeSet};

/// The first day of the providers' prices.
const ADMITTED_FROM: &str = "2026-04-01";

/// What is known once the market is open.
pub(crate) struct Opened {
    /// Clients of each council.
    pub(crate) councils: BTreeMap<CouncilId, Clients>,
    /// Clients of those who pay for each council, in the order of [`PEOPLE`].
    pub(crate) finance: BTreeMap<CouncilId, [Clients; 3]>,
    /// Clients of each provider.
    pub(crate) providers: BTreeMap<ProviderId, Clients>,
    /// Clients of each framework's lead.
    pub(crate) leads: BTreeMap<FrameworkId, Clients>,
    /// The admitted weekly price, by framework, provider and lot.
    pub(crate) schedule: BTreeMap<(FrameworkId, ProviderId, String), i64>,
    /// Registered places of all establishments.
    pub(crate) places_registered: u64,
}

pub(crate) async fn open_market(
    access: &Access<'_>,
    region: &Region,
    chance: Chance,
    plans: &[ProviderPlan],
) -> Result<Opened, DemoError> {
    let mut leads = BTreeMap::new();
    for framework in &region.frameworks {
        leads.insert(
            framework.id.clone(),
            access.of(Role::FrameworkLead(framework.id.clone()), "commissioning-hub")?,
        );
    }
    let (mut councils, mut finance) = (BTreeMap::new(), BTreeMap::new());
    for council in region.councils() {
        councils.insert(council, access.of(Role::Council(council), "case-system")?);
        let of = |person: &str| access.of(Role::Council(council), person);
        let [officer, manager, chief] = PEOPLE;
        finance.insert(council, [of(officer)?, of(manager)?, of(chief)?]);
    }
    let mut providers = BTreeMap::new();
    for plan in plans {
        providers.insert(plan.id.clone(), access.of(Role::Provider(plan.id.clone()), "portal")?);
    }
    let hub =
        leads.values().next().ok_or_else(|| DemoError::Other("the region has no framework".to_owned()))?;
    register(hub, chance, plans).await?;
    let lots = lots();
    for framework in &region.frameworks {
        create_framework(
            &leads[&framework.id],
            chance,
            &framework.id,
            &framework.name,
            &framework.councils,
            &lots,
        )
        .await?;
    }
    let schedule = admit(&leads, chance, plans, &lots).await?;
    let offered = plans
        .iter()
        .flat_map(|plan| plan.establishments.iter().map(move |establishment| (plan, establishment)));
    for_each(offered.filter(|(_, establishment)| establishment.places_free > 0), |(plan, establishment)| {
        open_places(&providers[&plan.id], chance, plan, establishment)
    })
    .await?;
    let establishments = plans.iter().flat_map(|plan| &plan.establishments);
    let places_registered =
        establishments.map(|establishment| u64::from(establishment.places_registered)).sum();
    Ok(Opened { councils, finance, providers, leads, schedule, places_registered })
}

async fn register(hub: &Clients, chance: Chance, plans: &[ProviderPlan]) -> Result<(), DemoError> {
    for_each(plans, |plan| async move {
        let display_name = match plan.own_of {
            Some(council) => format!("{} (in-house)", council.name()),
            // Prices are simulated and never stand beside a real owner's name.
            None => format!("Provider {}", plan.id),
        };
        let request_id = chance.request_id("register provider", &plan.id);
        let request = RegisterProviderRequest { provider_id: plan.id.to_string(), display_name, request_id };
        hub.vacancies().register_provider(request).await.at("register a provider")
    })
    .await?;
    let all = plans
        .iter()
        .flat_map(|plan| plan.establishments.iter().map(move |establishment| (plan, establishment)));
    for_each(all, |(plan, establishment)| async move {
        let request = RegisterEstablishmentRequest {
            urn: establishment.urn.to_string(),
            provider: format!("providers/{}", plan.id),
            provision: establishment.provision.to_owned(),
            place_code: establishment.place_code.to_owned(),
            utla: establishment.council.to_string(),
            sector: establishment.sector.to_string(),
            operated_by: establishment
                .operated_by
                .map(|council| format!("councils/{council}"))
                .unwrap_or_default(),
            registered_on: establishment.registered_on.unwrap_or(FIRST_MONDAY).to_string(),
            status: if establishment.suspended {
                RegistrationStatus::Suspended
            } else {
                RegistrationStatus::Active
            }
            .into(),
            grade: establishment.grade.to_owned(),
            age_from: establishment.ages.0.into(),
            age_to: establishment.ages.1.into(),
            sexes: Sexes::Any.into(),
            places_registered: establishment.places_registered.into(),
            request_id: chance.request_id("register establishment", &establishment.urn),
        };
        hub.vacancies().register_establishment(request).await.at("register an establishment")
    })
    .await?;
    Ok(())
}

/// The framework as its lead would enter it. D2N2's runs from 1 April 2026 (notice ocds-h6vhtk-04ed25) under the Procurement Act;
/// Tyne Tees' from 1 July 2022 (NEPO603) under the regulations of 2015.
async fn create_framework(
    lead: &Clients,
    chance: Chance,
    id: &FrameworkId,
    name: &str,
    councils: &[CouncilId],
    lots: &[LotPlan],
) -> Result<(), DemoError> {
    let d2n2 = is_d2n2(id);
    let (regime, starts, ends, lead_council) = if d2n2 {
        (Regime::ProcurementAct2023, "2026-04-01", "2034-03-31", "E10000007")
    } else {
        (Regime::Pcr2015, "2022-07-01", "2030-06-30", "E08000021")
    };
    let name_of = format!("frameworks/{id}");
    let request = CreateFrameworkRequest {
        name: name_of.clone(),
        display_name: name.to_owned(),
        lead_council: format!("councils/{lead_council}"),
        regime: regime.into(),
        starts: starts.to_owned(),
        ends: ends.to_owned(),
        grade_floor: Some(GradeGate {
            lowest_grade: "REQUIRES_IMPROVEMENT".to_owned(),
            ungraded_allowed: true,
        }),
        request_id: chance.request_id("framework", id),
        procurement: Some(procurement(d2n2)),
    };
    lead.contracts().create_framework(request).await.at("create a framework")?;
    // The lead council is a member from the start.
    for council in councils.iter().filter(|council| council.gss() != lead_council) {
        let request = AddMemberRequest {
            name: name_of.clone(),
            council: format!("councils/{council}"),
            from: starts.to_owned(),
            etag: String::new(),
            request_id: chance.request_id("member", council),
        };
        lead.contracts().add_member(request).await.at("add a member")?;
    }
    for lot in lots {
        let levels = lot
            .levels
            .iter()
            .map(|(level, price)| Level { level: level.clone(), ceiling_weekly_pence: price.high_pence() });
        let lot_message = Lot {
            lot: lot.id.clone(),
            display_name: lot.name.clone(),
            provisions: lot.provisions.iter().map(|provision| (*provision).to_owned()).collect(),
            age_from: 0,
            age_to: 17,
            grade_gate: None,
            levels: levels.collect(),
            ceilings: lot
                .levels
                .iter()
                .map(|(level, price)| for_disability(level, price.high_pence()))
                .collect(),
        };
        let request = AddLotRequest {
            parent: name_of.clone(),
            lot: Some(lot_message),
            etag: String::new(),
            request_id: chance.request_id("lot", format!("{id}/{}", lot.id)),
        };
        lead.contracts().add_lot(request).await.at("add a lot")?;
    }
    agree_terms(lead, chance, id, d2n2).await
}

fn is_d2n2(id: &FrameworkId) -> bool {
    framework_id(Market::D2n2).as_ref() == Some(id)
}

/// D2N2's fostering framework (CCS034) is open and worth some £150 million; Tyne Tees' (NEPO603) is a flexible procurement agreement.
fn procurement(d2n2: bool) -> Procurement {
    let (kind, value_pence) =
        if d2n2 { (FrameworkKind::Open, 15_000_000_000) } else { (FrameworkKind::Flexible, 0) };
    Procurement { kind: kind.into(), value_pence, ..Default::default() }
}

/// The price or ceiling for a child with a disability where another child's is `weekly_pence`. Assumption: a sixth more.
fn for_disability(level: &str, weekly_pence: i64) -> KeyedPrice {
    KeyedPrice {
        level: level.to_owned(),
        age_from: None,
        age_to: None,
        attributes: vec!["CWD".to_owned()],
        weekly_pence: weekly_pence / 6 * 7,
    }
}

/// When Tyne Tees takes new providers again, which it has done four times by 2024, and the discounts of both. The days and figures are simulated.
async fn agree_terms(lead: &Clients, chance: Chance, id: &FrameworkId, d2n2: bool) -> Result<(), DemoError> {
    let name = format!("frameworks/{id}");
    if !d2n2 {
        let request = ReopenFrameworkRequest {
            name: name.clone(),
            opens: ADMITTED_FROM.to_owned(),
            closes: "2026-04-30".to_owned(),
            etag: String::new(),
            request_id: chance.request_id("reopen", id),
        };
        lead.contracts().reopen_framework(request).await.at("reopen a framework")?;
    }
    let rules = [
        ("siblings", discount::Rule::Sibling(discount::Sibling { nth: 2 }), 300),
        ("a year", discount::Rule::LongTerm(discount::LongTerm { after_weeks: 52 }), 200),
    ];
    for (what, rule, basis_points) in rules {
        let request = AgreeDiscountRequest {
            parent: name.clone(),
            discount: Some(Discount {
                rule: Some(rule),
                amount: Some(discount::Amount::BasisPoints(basis_points)),
                from: ADMITTED_FROM.to_owned(),
                ..Default::default()
            }),
            etag: String::new(),
            request_id: chance.request_id("discount", format!("{id}/{what}")),
        };
        lead.contracts().agree_discount(request).await.at("agree a discount")?;
    }
    Ok(())
}

/// Admits most external providers to the lots they can serve, each at a price of its own below the ceiling.
async fn admit(
    leads: &BTreeMap<FrameworkId, Clients>,
    chance: Chance,
    plans: &[ProviderPlan],
    lots: &[LotPlan],
) -> Result<BTreeMap<(FrameworkId, ProviderId, String), i64>, DemoError> {
    let mut admissions: Vec<Admission<'_>> = Vec::new();
    for plan in plans.iter().filter(|plan| plan.own_of.is_none()) {
        let provisions: BTreeSet<&str> =
            plan.establishments.iter().map(|establishment| establishment.provision).collect();
        let homes: BTreeSet<FrameworkId> =
            plan.establishments.iter().filter_map(|e| framework_of(e.council)).collect();
        for framework in leads.keys() {
            let mut draws = chance.of("admission", format!("{framework}/{}", plan.id));
            // Assumption: nine in ten are on the framework where they are, one in six on the other.
            if !draws.happens(if homes.contains(framework) { 900 } else { 160 }) {
                continue;
            }
            for lot in lots
                .iter()
                .filter(|lot| lot.provisions.iter().any(|provision| provisions.contains(provision)))
            {
                admissions.push((framework.clone(), plan.id.clone(), lot, weekly_price(&mut draws, lot)));
            }
        }
    }
    for_each(leads, |(framework, lead)| admit_to(framework, lead, chance, &admissions)).await?;
    Ok(admissions
        .into_iter()
        .map(|(framework, provider, lot, weekly)| ((framework, provider, lot.id.clone()), weekly))
        .collect())
}

/// An admission: the framework, the provider, the lot and the weekly price in pence.
type Admission<'a> = (FrameworkId, ProviderId, &'a LotPlan, i64);

/// A framework is one stream, so its admissions go in one after the other.
async fn admit_to(
    framework: &FrameworkId,
    lead: &Clients,
    chance: Chance,
    admissions: &[Admission<'_>],
) -> Result<(), DemoError> {
    for (_, provider, lot, weekly) in admissions.iter().filter(|(into, ..)| into == framework) {
        let prices = lot
            .levels
            .iter()
            .map(|(level, _)| LevelPrice { level: level.clone(), core_weekly_pence: *weekly });
        let request = AdmitProviderRequest {
            parent: format!("frameworks/{framework}"),
            lot: lot.id.clone(),
            provider: format!("providers/{provider}"),
            from: ADMITTED_FROM.to_owned(),
            prices: prices.collect(),
            keyed_prices: lot.levels.iter().map(|(level, _)| for_disability(level, *weekly)).collect(),
            until: String::new(),
            establishments: Vec::new(),
            etag: String::new(),
            request_id: chance.request_id("admit", format!("{framework}/{provider}/{}", lot.id)),
        };
        lead.contracts().admit_provider(request).await.at("admit a provider")?;
    }
    Ok(())
}

/// A simulated price, in whole pounds.
fn weekly_price(draws: &mut Draws, lot: &LotPlan) -> i64 {
    let (low, high) = lot.levels.first().map_or((0, 0), |(_, price)| (price.low_pence(), price.high_pence()));
    draws.between(low / 100, high / 100) * 100
}

fn count_of<T>(items: &[T]) -> u32 {
    u32::try_from(items.len()).unwrap_or(u32::MAX)
}

async fn open_places(
    provider: &Clients,
    chance: Chance,
    plan: &ProviderPlan,
    establishment: &EstablishmentPlan,
) -> Result<(), DemoError> {
    let mut places = Vec::new();
    while let left @ 1.. = establishment.places_free.saturating_sub(count_of(&places)) {
        let whose = match places.len() {
            0 => establishment.urn.to_string(),
            opened => format!("{}/{opened}", establishment.urn),
        };
        let request = OpenPlacesRequest {
            provider: format!("providers/{}", plan.id),
            establishment: format!("establishments/{}", establishment.urn),
            count: left.min(vacancies::OPEN_PLACES_MAX.into()),
            request_id: chance.request_id("open places", whose),
            household: String::new(),
        };
        places.extend(provider.vacancies().open_places(request).await.at("open places")?.places);
    }
    for place in places {
        let vacancy = Vacancy {
            available_from: FIRST_MONDAY.to_string(),
            needs: establishment.needs.iter().map(|need| (*need).to_owned()).collect(),
            sexes: Sexes::Any.into(),
            age_from: establishment.ages.0.into(),
            age_to: establishment.ages.1.into(),
            ..Default::default()
        };
        let request = AdvertiseVacancyRequest {
            provider: format!("providers/{}", plan.id),
            request_id: chance.request_id("advertise", &place.name),
            place: place.name,
            vacancy: Some(vacancy),
        };
        provider.vacancies().advertise_vacancy(request).await.at("advertise a vacancy")?;
    }
    Ok(())
}
