//! A small region for the tests: Darlington leads a framework that Durham belongs to; Dorset does not.

#![allow(dead_code, reason = "each test file uses a part of it")]

pub(crate) mod case;

use care::published::{Accommodation, AwardTerms, ClaimEvidence, FunderShare, PriceLine, Route};
use care::{AwardId, Date, Domain, OfferId, Pence, ReferralId, Timestamp};
use contracts_domain::agreements::{AgreementCommand, AgreementEvent, ClaimNoted, ProposalNoted};
use contracts_domain::frameworks::{
    Change, CouncilJoined, FrameworkCommand, FrameworkCreated, FrameworkEvent, Frameworks, Lot, LotAdded,
    NewFramework, PriceRow, Procurement, ProviderAdmitted, Regime,
};
use contracts_domain::{Agreements, GradeGate};
use jiff::civil::date;
use std::collections::BTreeMap;
use uuid::Uuid;

pub(crate) mod terms;

pub(crate) const DARLINGTON: &str = "E06000005";
pub(crate) const DURHAM: &str = "E06000047";
pub(crate) const DORSET: &str = "E06000059";

pub(crate) fn id<T: std::str::FromStr>(text: &str) -> T {
    text.parse().ok().unwrap_or_else(|| panic!("{text:?} is not an id"))
}

pub(crate) fn award(n: u128) -> AwardId {
    AwardId(Uuid::from_u128(n))
}

pub(crate) fn at() -> Timestamp {
    "2026-05-01T09:00:00Z".parse().unwrap()
}

pub(crate) fn start() -> Date {
    date(2026, 5, 4)
}

pub(crate) fn good_or_better() -> GradeGate {
    GradeGate { lowest: "GOOD".to_owned(), ungraded_allowed: false }
}

pub(crate) fn created() -> FrameworkCreated {
    FrameworkCreated {
        framework: id("tyne-tees"),
        name: "Tyne Tees residential".to_owned(),
        lead: id(DARLINGTON),
        regime: Regime::ProcurementAct2023,
        starts: date(2026, 4, 1),
        ends: date(2030, 3, 31),
        grade_floor: Some(good_or_better()),
        procurement: Procurement::default(),
    }
}

pub(crate) fn create() -> FrameworkCommand {
    let created = created();
    command(Change::Create(NewFramework {
        name: created.name,
        lead: created.lead,
        regime: created.regime,
        starts: created.starts,
        ends: created.ends,
        grade_floor: created.grade_floor,
        procurement: created.procurement,
    }))
}

pub(crate) fn command(change: Change) -> FrameworkCommand {
    FrameworkCommand { framework: id("tyne-tees"), expected_version: None, change }
}

pub(crate) fn joined(council: &str) -> CouncilJoined {
    CouncilJoined { framework: id("tyne-tees"), council: id(council), from: date(2026, 4, 1) }
}

pub(crate) fn prices(prices: &[(&str, i64)]) -> BTreeMap<String, Pence> {
    prices.iter().map(|(level, pence)| ((*level).to_owned(), Pence(*pence))).collect()
}

/// A price or ceiling for some children.
pub(crate) fn row(level: &str, ages: (u8, u8), attributes: &[&str], weekly: i64) -> PriceRow {
    let attributes = attributes.iter().map(|attribute| (*attribute).to_owned()).collect();
    let (level, weekly) = (level.to_owned(), Pence(weekly));
    PriceRow { level, age_from: ages.0, age_to: ages.1, attributes, weekly }
}

pub(crate) fn lot() -> Lot {
    Lot {
        name: "Children's homes".to_owned(),
        provisions: ["RESIDENTIAL".to_owned(), "RESIDENTIAL_EDUCATION".to_owned()].into(),
        age_from: 8,
        age_to: 17,
        grade_gate: None,
        levels: prices(&[("STANDARD", 500_000), ("ENHANCED", 700_000)]),
        ceilings: Vec::new(),
    }
}

pub(crate) fn lot_added() -> LotAdded {
    LotAdded { framework: id("tyne-tees"), lot: id("residential"), terms: lot() }
}

pub(crate) fn admitted() -> ProviderAdmitted {
    ProviderAdmitted {
        framework: id("tyne-tees"),
        lot: id("residential"),
        provider: id("P1"),
        from: date(2026, 4, 1),
        prices: prices(&[("STANDARD", 450_000)]),
        until: None,
        rows: Vec::new(),
        branches: [].into(),
    }
}

/// A framework in force, with a lot, a second member and an admitted provider.
pub(crate) fn framework_events() -> Vec<FrameworkEvent> {
    vec![
        created().into(),
        joined(DARLINGTON).into(),
        joined(DURHAM).into(),
        lot_added().into(),
        admitted().into(),
    ]
}

pub(crate) fn fold<D: Domain>(events: &[D::Event]) -> D::State {
    let mut state = D::State::default();
    for event in events {
        D::evolve(&mut state, event);
    }
    state
}

pub(crate) fn facts() -> Frameworks {
    fold::<Frameworks>(&framework_events())
}

pub(crate) fn call_off(level: &str) -> Route {
    Route::Framework {
        framework: id("tyne-tees"),
        lot: id("residential"),
        level: level.to_owned(),
        attributes: [].into(),
    }
}

pub(crate) fn line(kind: &str, weekly: i64) -> PriceLine {
    PriceLine { kind: kind.to_owned(), weekly: Pence(weekly), until: None }
}

/// An addition that ends half a year after the first night.
pub(crate) fn addition(kind: &str, weekly: i64) -> PriceLine {
    PriceLine { until: Some(date(2026, 11, 4)), ..line(kind, weekly) }
}

pub(crate) fn share(funder: &str, basis_points: u32) -> FunderShare {
    FunderShare { funder: funder.to_owned(), basis_points }
}

pub(crate) fn terms() -> AwardTerms {
    AwardTerms {
        offer: OfferId(Uuid::from_u128(77)),
        route: call_off("STANDARD"),
        lines: vec![line("CORE", 450_000), addition("THERAPY", 20_000)],
        funders: vec![share("SOCIAL_CARE", 7_500), share("EDUCATION", 2_500)],
    }
}

pub(crate) fn claim_evidence() -> ClaimEvidence {
    ClaimEvidence {
        registration: "ACTIVE".to_owned(),
        provision: "RESIDENTIAL".to_owned(),
        grade: "GOOD".to_owned(),
        age_from: 8,
        age_to: 17,
        age_years: 13,
        places_registered: 4,
        places_claimed: 2,
        accommodation: Some(Accommodation::Unrestricted),
    }
}

pub(crate) fn proposal(n: u128, council: &str) -> ProposalNoted {
    ProposalNoted {
        award: award(n),
        council: id(council),
        referral: ReferralId(Uuid::from_u128(1_000 + n)),
        referral_version: 1,
        place: id("SC000001-01"),
        urn: id("SC000001"),
        provider: id("P1"),
        provision: "RESIDENTIAL".to_owned(),
        start: start(),
        age_years: 13,
        terms: terms(),
        attributes_shown: None,
        proposed_at: at(),
    }
}

pub(crate) fn claim(n: u128, council: &str) -> ClaimNoted {
    ClaimNoted {
        award: award(n),
        council: id(council),
        referral: ReferralId(Uuid::from_u128(1_000 + n)),
        referral_version: 1,
        place: id("SC000001-01"),
        urn: id("SC000001"),
        provider: id("P1"),
        start: start(),
        solo: Some(false),
        evidence: claim_evidence(),
        claimed_at: at(),
    }
}

pub(crate) fn note_proposal(proposal: ProposalNoted) -> AgreementCommand {
    AgreementCommand::NoteProposal { proposal, facts: facts(), at: at() }
}

pub(crate) fn note_claim(claim: ClaimNoted) -> AgreementCommand {
    AgreementCommand::NoteClaim { claim, facts: facts(), at: at() }
}

/// Both halves of an award, and what was decided with the second.
pub(crate) fn award_events(
    proposal: ProposalNoted,
    claim: ClaimNoted,
    facts: &Frameworks,
) -> Vec<AgreementEvent> {
    let mut events = vec![AgreementEvent::from(proposal)];
    let state = fold::<Agreements>(&events);
    let command = AgreementCommand::NoteClaim { claim, facts: facts.clone(), at: at() };
    events.extend(Agreements::decide(&state, &command).expect("news from elsewhere is never rejected"));
    events
}
