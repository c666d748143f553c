//! A need that matches more than may be told is still known by what it matches.

#![allow(clippy::unwrap_used, reason = "fixed texts that parse")]

use super::{MATCHES_MAX, StandingNeed};
use care::market::{
    EstablishmentRegistered, Market, MarketEvent, PlaceOpened, ProviderRegistered, Registration,
    RegistrationStatus, Sexes, VacancyAdvertised,
};
use care::{Date, PlaceId, Timestamp};
use matching::{Criteria, Index};

const AT: Timestamp = Timestamp::UNIX_EPOCH;

/// A market with one home of so many places, all of them advertised.
fn market(places: usize) -> Market {
    let day = Date::constant(1969, 1, 1);
    let (urn, provider) = ("SC1".parse().unwrap(), "P1".parse().unwrap());
    let provider_registered = ProviderRegistered { provider, name: "Hillside".into(), at: AT };
    let entry = EstablishmentRegistered {
        urn,
        provider: provider_registered.provider.clone(),
        provision: "RESIDENTIAL".into(),
        place_code: "K2".into(),
        utla: "E06000005".into(),
        sector: "DL1 5".into(),
        operated_by: None,
        registered_on: day,
        registration: Registration {
            status: RegistrationStatus::Active,
            grade: "GOOD".into(),
            age_from: 8,
            age_to: 17,
            sexes: Sexes::Any,
            places_registered: 10_000,
        },
        at: AT,
    };
    let advertised = |number: usize| -> [MarketEvent; 2] {
        let place: PlaceId = format!("SC1-{number:04}").parse().unwrap();
        let vacancy = VacancyAdvertised {
            place: place.clone(),
            available_from: day,
            needs: [].into(),
            sexes: Sexes::Any,
            age_from: 8,
            age_to: 17,
            note: String::new(),
            exclusions: [].into(),
            mix: None,
            reservation: None,
            at: AT,
        };
        let opened = PlaceOpened { place, urn: entry.urn.clone(), household: None, at: AT };
        [opened.into(), vacancy.into()]
    };
    let mut market = Market::default();
    let events = [provider_registered.into(), entry.clone().into()];
    events.into_iter().chain((0..places).flat_map(advertised)).for_each(|event| market.evolve(&event));
    market
}

#[test]
fn more_than_may_be_told_is_not_nothing() {
    let need = StandingNeed { questions: vec![Criteria::default()], utlas: [].into() };
    for (places, is_told) in [(MATCHES_MAX, true), (MATCHES_MAX + 1, false)] {
        let market = market(places);
        let index = Index::of(&market);
        assert_eq!(need.all(&index, AT).is_some(), is_told);
        assert_eq!(need.every(&index, &market, AT).len(), places);
    }
}
