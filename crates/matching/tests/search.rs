//! The search over a small market: what is found, in which order, and why the rest is left out.
#![allow(clippy::unwrap_used, reason = "fixed texts that parse")]

mod support;

use care::market::{
    EstablishmentRegistered, Market, MarketEvent, PlaceHeld, PlaceOpened, ProviderRegistered, Registration,
    RegistrationStatus, RestrictionNoticeServed, Sexes, VacancyAdvertised, VacancyWithdrawn,
};
use care::published::PlaceClaimed;
use care::{AwardId, Date, PlaceId, ReferralId, Timestamp};
use geography::Miles;
use matching::{Criteria, Index, Operator, Rule, SearchResult};
use proptest::prelude::{Just, Strategy, any};
use proptest::{prop_assert, prop_assert_eq, proptest};
use support::{at, evidence};
use uuid::Uuid;

fn jan(day: i8) -> Date {
    Date::constant(2026, 1, day)
}

fn search(market: &Market, criteria: &Criteria, at: Timestamp) -> SearchResult {
    Index::of(market).search(criteria, at, usize::MAX)
}

struct Homes(Market);

impl Homes {
    fn new() -> Self {
        let mut homes = Self(Market::default());
        homes.add(ProviderRegistered { provider: "P1".parse().unwrap(), name: "Hillside".into(), at: at(0) });
        homes
    }

    fn add(&mut self, event: impl Into<MarketEvent>) {
        self.0.evolve(&event.into());
    }

    /// A home in `sector` with one place advertised for `needs`.
    fn home(&mut self, urn: &str, sector: &str, needs: &[&str]) {
        self.home_with(urn, sector, needs, |_| {});
    }

    fn home_with(
        &mut self,
        urn: &str,
        sector: &str,
        needs: &[&str],
        change: impl FnOnce(&mut EstablishmentRegistered),
    ) {
        let mut entry = EstablishmentRegistered {
            urn: urn.parse().unwrap(),
            provider: "P1".parse().unwrap(),
            provision: "RESIDENTIAL".into(),
            place_code: "K2".into(),
            utla: "E06000005".into(),
            sector: sector.into(),
            operated_by: None,
            registered_on: jan(1),
            registration: Registration {
                status: RegistrationStatus::Active,
                grade: "GOOD".into(),
                age_from: 8,
                age_to: 17,
                sexes: Sexes::Any,
                places_registered: 4,
            },
            at: at(0),
        };
        change(&mut entry);
        self.add(entry);
        self.place(urn, 1, needs);
    }

    fn place(&mut self, urn: &str, number: u8, needs: &[&str]) {
        let place = place(urn, number);
        self.add(PlaceOpened { place: place.clone(), urn: urn.parse().unwrap(), household: None, at: at(0) });
        self.add(VacancyAdvertised {
            place,
            available_from: jan(1),
            needs: needs.iter().map(|need| (*need).to_owned()).collect(),
            sexes: Sexes::Any,
            age_from: 10,
            age_to: 17,
            note: String::new(),
            exclusions: [].into(),
            mix: None,
            reservation: None,
            at: at(0),
        });
    }

    fn found(&self, criteria: &Criteria) -> Vec<String> {
        search(&self.0, criteria, at(0)).matches.into_iter().map(|it| it.place.to_string()).collect()
    }

    fn excluded(&self, criteria: &Criteria) -> Vec<(Rule, u32)> {
        search(&self.0, criteria, at(0)).excluded.into_iter().collect()
    }
}

fn place(urn: &str, number: u8) -> PlaceId {
    format!("{urn}-{number:02}").parse().unwrap()
}

fn needs(needs: &[&str]) -> std::collections::BTreeSet<String> {
    needs.iter().map(|need| (*need).to_owned()).collect()
}

#[test]
fn the_best_comes_first_by_needs_then_distance_then_grade_then_id() {
    let mut homes = Homes::new();
    homes.home("far-both", "NE1 1", &["TRAUMA", "AUTISM"]);
    homes.home("near-one", "DL1 5", &["TRAUMA"]);
    homes.home_with("near-one-better", "DL1 5", &["TRAUMA"], |it| {
        it.registration.grade = "OUTSTANDING".into()
    });
    homes.home("near-one-also", "DL1 5", &["AUTISM"]);
    let criteria = Criteria {
        needs: needs(&["TRAUMA", "AUTISM"]),
        near: Some("DL1".parse().unwrap()),
        ..Criteria::default()
    };
    assert_eq!(
        homes.found(&criteria),
        ["far-both-01", "near-one-better-01", "near-one-01", "near-one-also-01"]
    );
    let best = &search(&homes.0, &criteria, at(0)).matches[0];
    assert_eq!((best.needs_met_thousandths, best.unmet_needs.len()), (1000, 0));
    let second = &search(&homes.0, &criteria, at(0)).matches[1];
    assert_eq!((second.needs_met_thousandths, &*second.unmet_needs), (500, &["AUTISM".to_owned()][..]));
    assert_eq!(second.reasons()[0], "meets 1 of 2 needs");
}

#[test]
fn each_criterion_leaves_out_and_says_why() {
    let mut homes = Homes::new();
    homes.home("h", "DL1 5", &["TRAUMA"]);
    let all = Criteria::default();
    assert_eq!(homes.found(&all), ["h-01"]);
    let only = |criteria: Criteria, exclusion| {
        assert_eq!(homes.excluded(&criteria), [(exclusion, 1)], "{criteria:?}");
        assert!(homes.found(&criteria).is_empty());
    };
    only(Criteria { provisions: needs(&["FOSTERING"]), ..all.clone() }, Rule::Provision);
    only(Criteria { operator: Operator::InHouse, ..all.clone() }, Rule::Operator);
    only(Criteria { grade_at_least: Some("OUTSTANDING".into()), ..all.clone() }, Rule::Grade);
    only(Criteria { available_on: Some(Date::constant(2025, 12, 31)), ..all.clone() }, Rule::NotAvailable);
    only(Criteria { age_years: Some(9), ..all.clone() }, Rule::Age);
    only(Criteria { age_years: Some(18), ..all.clone() }, Rule::Age);
    only(Criteria { needs: needs(&["AUTISM"]), all_needs: true, ..all.clone() }, Rule::Needs);
    let near =
        Criteria { near: Some("NE1 1".parse().unwrap()), within: Some(Miles::whole(20)), ..all.clone() };
    only(near.clone(), Rule::Distance);
    assert_eq!(homes.found(&Criteria { within: Some(Miles::whole(40)), ..near }), ["h-01"]);
}

#[test]
fn what_may_not_take_a_child_is_left_out() {
    let mut homes = Homes::new();
    homes.home_with("a", "DL1 5", &[], |it| it.registration.status = RegistrationStatus::Suspended);
    homes.home_with("b", "DL1 5", &[], |it| it.provision = "UNREGISTERED".into());
    homes.home("c", "DL1 5", &[]);
    homes.add(RestrictionNoticeServed { urn: "c".parse().unwrap(), on: jan(2), at: at(0) });
    homes.home("d", "DL1 5", &[]);
    homes.add(VacancyWithdrawn { place: place("d", 1), at: at(0) });
    homes.home_with("e", "DL1 5", &[], |it| it.registration.sexes = Sexes::Female);
    homes.home_with("f", "DL1 5", &[], |it| it.provision = "SUPPORTED_ACCOMMODATION".into());
    let criteria = Criteria { sex: Some("M".into()), age_years: Some(15), ..Criteria::default() };
    assert_eq!(
        homes.excluded(&criteria),
        [
            (Rule::Registration, 2),
            (Rule::Restricted, 1),
            (Rule::NotAdvertised, 1),
            (Rule::Age, 1),
            (Rule::Sex, 1),
        ]
    );
    let unknown = Criteria { sex: Some("U".into()), ..Criteria::default() };
    assert_eq!(homes.found(&unknown), ["e-01", "f-01"], "unknown excludes nothing");
}

#[test]
fn held_and_solo_places_are_left_out_until_they_are_free() {
    let mut homes = Homes::new();
    homes.home("h", "DL1 5", &[]);
    homes.place("h", 2, &[]);
    let (council, referral) = ("E06000015".parse().unwrap(), ReferralId(Uuid::from_u128(1)));
    let held = PlaceHeld {
        place: place("h", 1),
        council,
        referral,
        referral_version: 1,
        from: jan(5),
        token: 1,
        expires_at: at(60),
        at: at(0),
    };
    homes.add(held);
    assert_eq!(homes.found(&Criteria::default()), ["h-02"]);
    assert_eq!(search(&homes.0, &Criteria::default(), at(60)).matches.len(), 2, "the lease has ended");
    let solo = Criteria { solo: true, ..Criteria::default() };
    assert_eq!(homes.excluded(&solo), [(Rule::Claimed, 1), (Rule::NotEmpty, 1)]);

    homes.add(PlaceClaimed {
        award: AwardId(Uuid::from_u128(1)),
        council,
        referral,
        referral_version: 1,
        place: place("h", 1),
        urn: "h".parse().unwrap(),
        provider: "P1".parse().unwrap(),
        start: jan(5),
        solo: true,
        token: 1,
        evidence: evidence(),
        at: at(0),
    });
    assert_eq!(homes.excluded(&Criteria::default()), [(Rule::Claimed, 2)]);
}

#[test]
fn in_house_is_the_searching_councils_own_and_external_is_no_councils() {
    let mut homes = Homes::new();
    let (darlington, derby) = ("E06000005".parse().unwrap(), "E06000015".parse().unwrap());
    homes.home_with("own", "DL1 5", &[], |it| it.operated_by = Some(darlington));
    homes.home_with("others", "DL1 5", &[], |it| it.operated_by = Some(derby));
    homes.home("external", "DL1 5", &[]);
    let by = |operator| homes.found(&Criteria { council: Some(darlington), operator, ..Criteria::default() });
    assert_eq!(by(Operator::InHouse), ["own-01"]);
    assert_eq!(by(Operator::External), ["external-01"]);
    assert_eq!(by(Operator::Any).len(), 3);
    let all = Criteria { council: Some(darlington), ..Criteria::default() };
    let own: Vec<_> = search(&homes.0, &all, at(0)).matches.into_iter().filter(|it| it.in_house).collect();
    assert_eq!(own.len(), 1);
}

#[test]
fn only_sectors_and_outcodes_are_measured_from_and_errors_do_not_repeat_them() {
    assert!("DL1 5".parse::<matching::Near>().is_ok());
    assert!("DL1".parse::<matching::Near>().is_ok());
    for text in ["DL1 5AB", "ZZ9 9", "", "DL99"] {
        let error = text.parse::<matching::Near>().unwrap_err().to_string();
        assert!(text.is_empty() || !error.contains(text), "{error}");
    }
    assert!(matching::lowest_grade("INADEQUATE").is_err());
}

proptest! {
    #[test]
    fn every_open_place_is_found_or_counted_once_and_the_order_is_that_of_the_rank(
        homes in proptest::collection::vec(
            (0..6_usize, proptest::collection::vec(0..3_usize, 0..3), 0..5_usize, any::<bool>()), 1..12),
        asked in proptest::collection::vec(0..3_usize, 0..3),
        near in proptest::option::of(Just("DL1 5")),
        age in proptest::option::of(8..19_u8),
        within in proptest::option::of((0..60_u32).prop_map(Miles::whole)),
    ) {
        const SECTORS: [&str; 6] = ["DL1 5", "DL3 7", "NE1 1", "DH1 3", "DE1 1", "XX1 1"];
        const NEEDS: [&str; 3] = ["TRAUMA", "AUTISM", "MISSING"];
        const GRADES: [&str; 5] = ["OUTSTANDING", "GOOD", "REQUIRES_IMPROVEMENT", "INADEQUATE", "NONE"];
        let mut market = Homes::new();
        for (number, (sector, meets, grade, active)) in homes.iter().enumerate() {
            let meets: Vec<&str> = meets.iter().map(|need| NEEDS[*need]).collect();
            market.home_with(&format!("h{number}"), SECTORS[*sector], &meets, |it| {
                it.registration.grade = GRADES[*grade].into();
                if !active {
                    it.registration.status = RegistrationStatus::Resigned;
                }
            });
        }
        let criteria = Criteria {
            needs: asked.iter().map(|need| NEEDS[*need].to_owned()).collect(),
            near: near.map(|near| near.parse().unwrap()),
            within,
            age_years: age,
            ..Criteria::default()
        };
        let result = search(&market.0, &criteria, at(0));
        let left_out: u32 = result.excluded.values().sum();
        prop_assert_eq!(result.matches.len() + usize::try_from(left_out).unwrap(), homes.len());
        for pair in result.matches.windows(2) {
            let rank = |it: &matching::Match| {
                (it.unmet_needs.len(), it.distance, matching::grade_rank(&it.grade), it.place.clone())
            };
            prop_assert!(rank(&pair[0]) < rank(&pair[1]), "{:?}", pair);
        }
        prop_assert_eq!(result, search(&market.0, &criteria, at(0)), "the same question, the same answer");
    }
}
