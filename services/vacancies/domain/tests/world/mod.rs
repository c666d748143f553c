//! What the tests of this crate speak of: one provider's home with three places, two councils, fixed instants.
#![allow(dead_code, reason = "each test file uses its own part")]
#![allow(clippy::unwrap_used, reason = "fixed texts that parse")]

pub(crate) mod agreed;

use care::market::{
    EstablishmentRegistered, HoldEnd, HoldReleased, MarketEvent, PlaceClaimed, PlaceHeld, PlaceOpened,
    ProviderRegistered, Registration, RegistrationStatus, Sexes, VacancyAdvertised,
};
use care::published::{Accommodation, ClaimEvidence, ClaimRefused, MarketEvidence};
use care::spec::{Given, given};
use care::{AwardId, CouncilId, Date, EstablishmentUrn, PlaceId, ProviderId, ReferralId, Timestamp};
use jiff::SignedDuration;
use uuid::Uuid;
use vacancies_domain::{ClaimForAward, Command, HoldPlace, Vacancies};

pub(crate) const URN: &str = "SC000001";

/// 10:00 on 5 January 2026 in London, and `minutes` later.
pub(crate) fn at(minutes: i64) -> Timestamp {
    "2026-01-05T10:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_mins(minutes)
}

/// A day of January 2026.
pub(crate) fn jan(day: i8) -> Date {
    Date::constant(2026, 1, day)
}

pub(crate) fn urn() -> EstablishmentUrn {
    URN.parse().unwrap()
}

pub(crate) fn provider() -> ProviderId {
    "P0763".parse().unwrap()
}

/// The place with this number.
pub(crate) fn place(number: u8) -> PlaceId {
    format!("{URN}-{number:02}").parse().unwrap()
}

pub(crate) fn derby() -> CouncilId {
    "E06000015".parse().unwrap()
}

pub(crate) fn durham() -> CouncilId {
    "E06000047".parse().unwrap()
}

pub(crate) fn referral(number: u128) -> ReferralId {
    ReferralId(Uuid::from_u128(number))
}

pub(crate) fn award(number: u128) -> AwardId {
    AwardId(Uuid::from_u128(number))
}

pub(crate) fn registration() -> Registration {
    Registration {
        status: RegistrationStatus::Active,
        grade: "GOOD".to_owned(),
        age_from: 8,
        age_to: 17,
        sexes: Sexes::Any,
        places_registered: 3,
    }
}

pub(crate) fn provider_registered() -> ProviderRegistered {
    ProviderRegistered { provider: provider(), name: "Hillside Care".to_owned(), at: at(0) }
}

pub(crate) fn establishment_registered() -> EstablishmentRegistered {
    EstablishmentRegistered {
        urn: urn(),
        provider: provider(),
        provision: "RESIDENTIAL".to_owned(),
        place_code: "K2".to_owned(),
        utla: "E06000005".to_owned(),
        sector: "DL1 5".to_owned(),
        operated_by: None,
        registered_on: Date::constant(2020, 6, 25),
        registration: registration(),
        at: at(0),
    }
}

pub(crate) fn opened(number: u8) -> PlaceOpened {
    PlaceOpened { place: place(number), urn: urn(), household: None, at: at(0) }
}

pub(crate) fn advertised(number: u8) -> VacancyAdvertised {
    VacancyAdvertised {
        place: place(number),
        available_from: jan(1),
        needs: ["TRAUMA".to_owned(), "AUTISM".to_owned()].into(),
        sexes: Sexes::Any,
        age_from: 10,
        age_to: 17,
        note: String::new(),
        exclusions: [].into(),
        mix: None,
        reservation: None,
        at: at(0),
    }
}

/// A home registered for three with three open, advertised places.
pub(crate) fn home() -> Vec<MarketEvent> {
    home_of(establishment_registered())
}

/// The same with another entry in the register.
pub(crate) fn home_of(entry: EstablishmentRegistered) -> Vec<MarketEvent> {
    let mut events: Vec<MarketEvent> = vec![provider_registered().into(), entry.into()];
    events.extend((1..=3).flat_map(|n| [opened(n).into(), advertised(n).into()]));
    events
}

pub(crate) fn market() -> Given<Vacancies> {
    given(home())
}

pub(crate) fn hold_place(number: u8, council: CouncilId) -> HoldPlace {
    HoldPlace {
        place: place(number),
        council,
        referral: referral(1),
        referral_version: 1,
        lease_seconds: 3600,
        first_night: None,
        at: at(0),
    }
}

/// Derby's hold of an hour on a place, for version 1 of referral 1.
pub(crate) fn held(number: u8, token: u64) -> PlaceHeld {
    PlaceHeld {
        place: place(number),
        council: derby(),
        referral: referral(1),
        referral_version: 1,
        from: jan(5),
        token,
        expires_at: at(60),
        at: at(0),
    }
}

pub(crate) fn hold_released(number: u8, token: u64, reason: HoldEnd, minutes: i64) -> HoldReleased {
    HoldReleased { place: place(number), council: derby(), token, reason, at: at(minutes) }
}

/// Derby's award 1 of a place from 6 January, for version 1 of referral 1, without a hold.
pub(crate) fn claim(number: u8) -> ClaimForAward {
    ClaimForAward {
        award: award(1),
        council: derby(),
        referral: referral(1),
        referral_version: 1,
        place: place(number),
        urn: urn(),
        provider: provider(),
        provision: "RESIDENTIAL".to_owned(),
        start: jan(6),
        hold_token: None,
        solo: false,
        age_years: 14,
        sex: "F".to_owned(),
        at: at(0),
    }
}

/// The hold that a claim without one takes on its way.
pub(crate) fn passing(asked: &ClaimForAward, token: u64) -> PlaceHeld {
    PlaceHeld {
        place: asked.place.clone(),
        council: asked.council,
        referral: asked.referral,
        referral_version: asked.referral_version,
        from: asked.start,
        token,
        expires_at: asked.at + SignedDuration::from_secs(60),
        at: asked.at,
    }
}

/// The claim that is given for what was asked, as the `places_claimed`th of the home.
pub(crate) fn claimed(asked: &ClaimForAward, token: u64, places_claimed: u16) -> PlaceClaimed {
    PlaceClaimed {
        award: asked.award,
        council: asked.council,
        referral: asked.referral,
        referral_version: asked.referral_version,
        place: asked.place.clone(),
        urn: asked.urn.clone(),
        provider: asked.provider.clone(),
        start: asked.start,
        solo: asked.solo,
        token,
        evidence: MarketEvidence {
            evidence: ClaimEvidence {
                registration: "ACTIVE".to_owned(),
                provision: asked.provision.clone(),
                grade: "GOOD".to_owned(),
                age_from: 10,
                age_to: 17,
                age_years: asked.age_years,
                places_registered: 3,
                places_claimed,
                accommodation: Some(Accommodation::Unrestricted),
            },
            sexes_advertised: Sexes::Any,
            sexes_registered: Sexes::Any,
            sex: asked.sex.clone(),
            household: None,
        },
        at: asked.at,
    }
}

/// The market in which this claim was just made without a hold before.
pub(crate) fn market_with(asked: &ClaimForAward) -> Given<Vacancies> {
    market().and([passing(asked, 1).into(), claimed(asked, 1, 1).into()])
}

/// The reason of the refusal that a claim leads to; fails if it leads to anything else than that and ended leases.
#[track_caller]
pub(crate) fn refused_for(market: Given<Vacancies>, asked: ClaimForAward) -> String {
    let (asked_award, asked_place) = (asked.award, asked.place.clone());
    let mut found = None;
    let _ = market.when(Command::ClaimForAward(asked)).then_events(|events| match events {
        [.., MarketEvent::ClaimRefused(ClaimRefused { reason, detail, award, place, .. })] => {
            assert_eq!((award, place), (&asked_award, &asked_place));
            assert!(detail.len() > 20, "too short to help: {detail}");
            found = Some(reason.clone());
        }
        other => panic!("the claim was not refused: {other:#?}"),
    });
    found.unwrap()
}
