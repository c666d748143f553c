//! The night calendar of a place, held against a reading of each night by itself.
#![allow(clippy::unwrap_used, reason = "fixed texts that parse")]

mod world;

use care::market::{
    Market, MarketEvent, NightRun, NightState, OccupancyEnded, PlaceOccupied, VacancyAdvertised,
    VacancyWithdrawn,
};
use care::spec::given;
use care::{Date, Domain, Nights, PlaceId, Timestamp};
use jiff::{SignedDuration, Span};
use proptest::prelude::*;
use vacancies_domain::Vacancies;
use world::{advertised, at, award, claim, claimed, derby, durham, held, home, jan, market, passing, place};

/// What is read off a calendar from 5 to 31 January, as of `minutes`.
fn january(market: &Market, number: u8, minutes: i64) -> Vec<(Date, Date, NightState)> {
    let nights = Nights::new(jan(5), jan(31)).unwrap();
    let runs = market.calendar(&place(number), nights, at(minutes));
    runs.into_iter().map(|run| (run.nights.start(), run.nights.end(), run.state)).collect()
}

#[test]
fn nights_are_read_off_advertisement_and_claims() {
    let later = VacancyAdvertised { available_from: jan(10), ..advertised(1) };
    let _ = market().and([later.into(), held(2, 1).into()]).then_state(|market| {
        let not_yet = (jan(5), jan(10), NightState::NotYetAvailable);
        assert_eq!(january(market, 1, 0), [not_yet, (jan(10), jan(31), NightState::Vacant)]);
        assert_eq!(january(market, 2, 59), [(jan(5), jan(31), NightState::Held)]);
        assert_eq!(january(market, 2, 60), [(jan(5), jan(31), NightState::Vacant)], "the lease has ended");
        assert_eq!(january(market, 9, 0), []);
        let none = Nights::new(jan(5), jan(5)).unwrap();
        assert_eq!(market.calendar(&place(1), none, at(0)), []);
    });
    let withdrawn = VacancyWithdrawn { place: place(1), at: at(0) };
    let _ = market().and([withdrawn.into()]).then_state(|market| {
        assert_eq!(january(market, 1, 0), [(jan(5), jan(31), NightState::NotAdvertised)]);
    });
}

#[test]
fn a_claim_takes_its_nights_and_a_solo_one_the_whole_home() {
    let asked = vacancies_domain::ClaimForAward { solo: true, ..claim(1) };
    let taken: [MarketEvent; 2] = [passing(&asked, 1).into(), claimed(&asked, 1, 1).into()];
    let came = PlaceOccupied {
        award: award(1),
        council: derby(),
        place: place(1),
        on: jan(7),
        counted_from: jan(7),
        at: at(0),
    };
    let left = OccupancyEnded {
        award: award(1),
        council: derby(),
        place: place(1),
        on: jan(20),
        yielded: Vec::new(),
        at: at(0),
    };
    let _ = market()
        .and(taken)
        .then_state(|market| {
            let vacant = (jan(5), jan(6), NightState::Vacant);
            assert_eq!(january(market, 1, 0), [vacant, (jan(6), jan(31), NightState::Awarded)]);
            assert_eq!(january(market, 2, 0), [vacant, (jan(6), jan(31), NightState::WholeHomeTaken)]);
        })
        .and([came.into(), left.into()])
        .then_state(|market| {
            let around = |state| {
                let vacant = |from, to| (from, to, NightState::Vacant);
                vec![vacant(jan(5), jan(7)), (jan(7), jan(20), state), vacant(jan(20), jan(31))]
            };
            assert_eq!(january(market, 1, 0), around(NightState::Occupied));
            assert_eq!(january(market, 2, 0), around(NightState::WholeHomeTaken));
        });
}

/// One night by itself, as the rules say it.
fn night(market: &Market, id: &PlaceId, night: Date, at: Timestamp) -> NightState {
    let it = Nights::new(night, night.saturating_add(Span::new().days(1))).unwrap();
    let own = market.place(id).unwrap();
    if let Some(claim) = own.claims_on(it, at).next() {
        return match claim.stage {
            care::market::Stage::Hold { .. } => NightState::Held,
            care::market::Stage::Award { .. } => NightState::Awarded,
            care::market::Stage::Occupied { .. } => NightState::Occupied,
        };
    }
    if market.solo_on(market.establishment(&own.urn).unwrap(), it, at) {
        return NightState::WholeHomeTaken;
    }
    match &own.vacancy {
        None => NightState::NotAdvertised,
        Some(vacancy) if night < vacancy.available_from => NightState::NotYetAvailable,
        Some(_) => NightState::Vacant,
    }
}

/// A claim of a place: its number, what comes of it, its first night, its length, whether it is solo.
type Drawn = (u8, u8, i8, i8, bool);

/// The market's fold takes any event, so the claims need not make sense together; those of one place do not overlap.
fn events(drawn: &[Drawn]) -> Vec<MarketEvent> {
    let mut events = home();
    let mut next = [1_i8; 4];
    for (number, &(of, stage, gap, length, solo)) in (1..).zip(drawn) {
        let (of, free) = (of % 3 + 1, next[usize::from(of % 3 + 1)]);
        let start = free + gap;
        if start + length > 28 {
            continue;
        }
        next[usize::from(of)] = start + length;
        let council = if number % 2 == 0 { derby() } else { durham() };
        let asked = vacancies_domain::ClaimForAward {
            award: award(number),
            council,
            start: jan(start),
            solo,
            ..world::claim(of)
        };
        let (id, place) = (asked.award, asked.place.clone());
        events.push(claimed(&asked, 1, 1).into());
        if stage % 3 > 0 {
            let on = jan(start);
            events.push(
                PlaceOccupied { award: id, council, place: place.clone(), on, counted_from: on, at: at(0) }
                    .into(),
            );
        }
        events.push(
            OccupancyEnded {
                award: id,
                council,
                place,
                on: jan(start + length),
                yielded: Vec::new(),
                at: at(0),
            }
            .into(),
        );
    }
    events
}

proptest! {
    #[test]
    fn a_calendar_says_of_each_night_what_the_night_says(
        drawn in proptest::collection::vec(
            (any::<u8>(), any::<u8>(), 0..5_i8, 0..6_i8, proptest::bool::weighted(0.2)), 0..12),
        leases in proptest::collection::vec((1..=3_u8, 0..40_i64), 0..3),
        available in 1..28_i8, first in 1..20_i8, length in 0..12_i8, minutes in 0..40_i64,
    ) {
        let mut events = events(&drawn);
        events.push(VacancyAdvertised { available_from: jan(available), ..advertised(2) }.into());
        for (number, ends) in leases {
            let expires_at = at(0) + SignedDuration::from_mins(ends);
            let hold = care::market::PlaceHeld { from: jan(29), expires_at, ..held(number, 7) };
            events.push(hold.into());
        }
        let mut market = Market::default();
        events.iter().for_each(|event| Vacancies::evolve(&mut market, event));
        let nights = Nights::new(jan(first), jan(first + length)).unwrap();
        for number in 1..=3 {
            let runs: Vec<NightRun<'_>> = market.calendar(&place(number), nights, at(minutes));
            let mut next = nights.start();
            for run in &runs {
                prop_assert_eq!(run.nights.start(), next);
                prop_assert!(!run.nights.is_empty());
                next = run.nights.end();
                let mut day = run.nights.start();
                while day < run.nights.end() {
                    prop_assert_eq!(run.state, night(&market, &place(number), day, at(minutes)));
                    day = day.saturating_add(Span::new().days(1));
                }
            }
            prop_assert_eq!(next, nights.end());
            prop_assert!(runs.windows(2).all(|two| (two[0].state, two[0].claim) != (two[1].state, two[1].claim)));
        }
        let _ = given::<Vacancies>(events);
    }
}
