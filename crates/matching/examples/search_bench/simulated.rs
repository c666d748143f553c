//! A simulated market over the postcode sectors of England, and questions to it. The same each time.

use care::market::{
    EstablishmentRegistered, HoldEnd, HoldReleased, MarketEvent, Mix, PlaceClaimed, PlaceHeld, PlaceOpened,
    ProviderRegistered, Registration, RegistrationStatus, RestrictionNoticeServed, Sexes, VacancyAdvertised,
};
use care::published::{ClaimEvidence, MarketEvidence};
use care::{AwardId, Date, PlaceId, ReferralId, Timestamp, code_sets};
use geography::{Miles, Sector};
use matching::Criteria;
use std::collections::BTreeSet;
use uuid::Uuid;

pub(crate) const NEEDS: [&str; 3] = ["TRAUMA", "SELF_HARM", "EXPLOITATION"];
pub(crate) const PROVISIONS: [&str; 2] = ["RESIDENTIAL", "RESIDENTIAL_EDUCATION"];
pub(crate) const MILES: u32 = 20;
pub(crate) const FROM: Date = Date::constant(2026, 6, 15);
/// Kinds of provision and grades, about as often as there are such places.
const KINDS: [&str; 10] = [
    "FOSTERING",
    "FOSTERING",
    "FOSTERING",
    "FOSTERING_ENHANCED",
    "FOSTERING_PARENT_CHILD",
    "RESIDENTIAL",
    "RESIDENTIAL",
    "RESIDENTIAL",
    "RESIDENTIAL_EDUCATION",
    "SUPPORTED_ACCOMMODATION",
];
const GRADES: [&str; 10] = [
    "OUTSTANDING",
    "GOOD",
    "GOOD",
    "GOOD",
    "GOOD",
    "GOOD",
    "REQUIRES_IMPROVEMENT",
    "INADEQUATE",
    "NONE",
    "NONE",
];

pub(crate) fn now() -> Timestamp {
    "2026-06-01T09:00:00Z".parse().unwrap()
}

/// What one referral asks.
pub(crate) struct Question {
    pub(crate) from: Sector,
    pub(crate) age: u8,
    pub(crate) sex: &'static str,
}

impl Question {
    pub(crate) fn criteria(&self) -> Criteria {
        let near = self.from.to_string().parse().ok();
        Criteria {
            council: "E06000015".parse().ok(),
            provisions: PROVISIONS.map(str::to_owned).into(),
            age_years: Some(self.age),
            sex: Some(self.sex.to_owned()),
            needs: NEEDS.map(str::to_owned).into(),
            near,
            within: Some(Miles::whole(MILES)),
            home: near,
            centre: "DE1 2".parse().ok(),
            available_on: Some(FROM),
            ..Criteria::default()
        }
    }
}

pub(crate) struct Simulated {
    seed: u64,
    sectors: Vec<Sector>,
    places: Vec<PlaceId>,
    /// The holds that changes made, to be released again.
    held: Vec<(PlaceId, u64)>,
    tokens: u64,
}

impl Simulated {
    pub(crate) fn new() -> Self {
        let sectors = care::councils().iter().flat_map(|council| geography::sectors_in(council.id.gss()));
        let sectors = sectors.map(|(sector, ..)| *sector).collect();
        Self { seed: 20_260_601, sectors, places: Vec::new(), held: Vec::new(), tokens: 1_000_000 }
    }

    /// A number below `end`.
    fn below(&mut self, end: usize) -> usize {
        self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.seed >> 33).unwrap() % end
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    fn sector(&mut self) -> Sector {
        let sector = self.below(self.sectors.len());
        self.sectors[sector]
    }

    fn years(&mut self, from: u8, more: usize) -> u8 {
        from + u8::try_from(self.below(more)).unwrap()
    }

    fn needs(&mut self, most: usize) -> BTreeSet<String> {
        let count = self.below(most + 1);
        (0..count).map(|_| self.one(code_sets::NEED.codes).code.to_owned()).collect()
    }

    pub(crate) fn question(&mut self) -> Question {
        let from = self.sector();
        Question { from, age: self.years(8, 10), sex: self.one(&["M", "F", "F", "M", "U"]) }
    }

    /// Homes of one to six places each until there are so many: all open and advertised, some held or taken all the same.
    pub(crate) fn opening(&mut self, places: usize) -> Vec<MarketEvent> {
        let mut events: Vec<MarketEvent> = Vec::with_capacity(places * 3);
        for number in 0..500 {
            let provider = format!("P{number}").parse().unwrap();
            events.push(ProviderRegistered { provider, name: "Simulated".into(), at: now() }.into());
        }
        let mut home = 0;
        while self.places.len() < places {
            let most = (places - self.places.len()).min(1 + self.below(6));
            self.home(home, most, &mut events);
            home += 1;
        }
        events
    }

    fn home(&mut self, number: usize, places: usize, events: &mut Vec<MarketEvent>) {
        let urn: care::EstablishmentUrn = format!("SC{number:06}").parse().unwrap();
        let sector = self.sector();
        let status =
            if self.below(100) < 3 { RegistrationStatus::Suspended } else { RegistrationStatus::Active };
        let registration = Registration {
            status,
            grade: self.one(&GRADES).to_owned(),
            age_from: self.years(0, 10),
            age_to: self.years(15, 3),
            sexes: self.one(&[Sexes::Any, Sexes::Any, Sexes::Any, Sexes::Male, Sexes::Female]),
            places_registered: 6,
        };
        let utla = geography::authority_of(sector).map(|it| it.gss.to_owned()).unwrap();
        let entry = EstablishmentRegistered {
            urn: urn.clone(),
            provider: format!("P{}", number % 500).parse().unwrap(),
            provision: self.one(&KINDS).to_owned(),
            place_code: "K2".to_owned(),
            operated_by: if self.below(100) < 15 { utla.parse().ok() } else { None },
            utla,
            sector: sector.to_string(),
            registered_on: Date::constant(2024, 1, 1),
            registration: registration.clone(),
            at: now(),
        };
        events.push(entry.into());
        if self.below(100) < 1 {
            let on = Date::constant(2026, 5, 1);
            events.push(RestrictionNoticeServed { urn: urn.clone(), on, at: now() }.into());
        }
        let mix = (self.below(100) < 60).then(|| Mix {
            children: 2 + u16::from(self.years(0, 4)),
            age_from: self.years(8, 5),
            age_to: self.years(13, 5),
            needs: self.needs(4),
        });
        for place in 1..=places {
            let place: PlaceId = format!("{urn}-{place:02}").parse().unwrap();
            events.push(
                PlaceOpened { place: place.clone(), urn: urn.clone(), household: None, at: now() }.into(),
            );
            events.push(self.vacancy(place.clone(), registration.sexes, mix.clone()).into());
            match self.below(100) {
                0..4 => events.push(self.hold(place.clone()).into()),
                4..8 => events.push(self.claim(place.clone(), &urn).into()),
                _ => {}
            }
            self.places.push(place);
        }
    }

    fn vacancy(&mut self, place: PlaceId, sexes: Sexes, mix: Option<Mix>) -> VacancyAdvertised {
        let exclusions = if self.below(100) < 15 { self.needs(2) } else { BTreeSet::new() };
        VacancyAdvertised {
            place,
            available_from: Date::constant(2026, 6, i8::try_from(1 + self.below(28)).unwrap()),
            needs: self.needs(9),
            sexes,
            age_from: self.years(5, 8),
            age_to: self.years(13, 5),
            note: String::new(),
            exclusions,
            mix,
            reservation: None,
            at: now(),
        }
    }

    fn hold(&mut self, place: PlaceId) -> PlaceHeld {
        self.tokens += 1;
        PlaceHeld {
            place,
            council: "E06000005".parse().unwrap(),
            referral: ReferralId(Uuid::from_u128(1)),
            referral_version: 1,
            from: FROM,
            token: self.tokens,
            expires_at: now() + std::time::Duration::from_secs(3600),
            at: now(),
        }
    }

    fn claim(&mut self, place: PlaceId, urn: &care::EstablishmentUrn) -> PlaceClaimed {
        self.tokens += 1;
        let evidence = ClaimEvidence {
            registration: "ACTIVE".into(),
            provision: "RESIDENTIAL".into(),
            grade: "GOOD".into(),
            age_from: 8,
            age_to: 17,
            age_years: 14,
            places_registered: 6,
            places_claimed: 1,
            accommodation: None,
        };
        let (sexes_advertised, sexes_registered) = (Sexes::Any, Sexes::Any);
        PlaceClaimed {
            award: AwardId(Uuid::from_u128(self.tokens.into())),
            council: "E06000005".parse().unwrap(),
            referral: ReferralId(Uuid::from_u128(1)),
            referral_version: 1,
            place,
            urn: urn.clone(),
            provider: "P0".parse().unwrap(),
            start: FROM,
            solo: self.below(20) == 0,
            token: self.tokens,
            evidence: MarketEvidence {
                evidence,
                sexes_advertised,
                sexes_registered,
                sex: "F".into(),
                household: None,
            },
            at: now(),
        }
    }

    /// What happens to a market all day: advertisements change, holds come and go.
    pub(crate) fn change(&mut self) -> MarketEvent {
        let place = self.below(self.places.len());
        let place = self.places[place].clone();
        match self.below(3) {
            0 => self.vacancy(place, Sexes::Any, None).into(),
            1 if !self.held.is_empty() => {
                let held = self.below(self.held.len());
                let (place, token) = self.held.swap_remove(held);
                let council = "E06000005".parse().unwrap();
                HoldReleased { place, council, token, reason: HoldEnd::Released, at: now() }.into()
            }
            _ => {
                let hold = self.hold(place);
                self.held.push((hold.place.clone(), hold.token));
                hold.into()
            }
        }
    }
}
