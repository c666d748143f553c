//! Advertisements that are kept true: freshness, what is asked and unlisted, and many changes at once.
#![allow(clippy::unwrap_used, reason = "fixed texts that parse")]

mod world;

use care::Refusal;
use care::market::{
    FreshnessLevel, HoldEnd, MarketEvent, PlaceClosed, PlaceOccupied, Sexes, VacancyAdvertised,
    VacancyConfirmed, VacancyQueried, VacancyUnlisted, VacancyWithdrawn,
};
use care::published::ClaimReleased;
use care::spec::Given;
use vacancies_domain::{Command, Vacancies, VacancyChange, refusal_of};
use world::{
    advertised, at, award, claim, claimed, derby, held, hold_released, jan, market, market_with, place,
};

/// Minutes of a day.
const DAY: i64 = 24 * 60;

fn confirm(number: u8, minutes: i64) -> Command {
    Command::ConfirmVacancy { place: place(number), at: at(minutes) }
}

fn sweep(minutes: i64) -> Command {
    Command::SweepStaleVacancies { at: at(minutes), limit: 100 }
}

fn upsert(changes: impl IntoIterator<Item = VacancyChange>, minutes: i64) -> Command {
    Command::UpsertVacancies { changes: changes.into_iter().collect(), at: at(minutes) }
}

fn confirmed(number: u8, minutes: i64) -> MarketEvent {
    VacancyConfirmed { place: place(number), at: at(minutes) }.into()
}

fn queried(number: u8, confirmed: i64, minutes: i64) -> MarketEvent {
    VacancyQueried { place: place(number), confirmed_at: at(confirmed), at: at(minutes) }.into()
}

fn unlisted(number: u8, asked: i64, minutes: i64) -> MarketEvent {
    VacancyUnlisted { place: place(number), asked_at: at(asked), at: at(minutes) }.into()
}

fn withdrawn(number: u8, minutes: i64) -> MarketEvent {
    VacancyWithdrawn { place: place(number), at: at(minutes) }.into()
}

/// The market in which place 1 alone is advertised.
fn one_place() -> Given<Vacancies> {
    market().and([withdrawn(2, 0), withdrawn(3, 0)])
}

#[test]
fn a_confirmation_makes_an_advertisement_fresh_again() {
    let _ = market().when(confirm(1, 5 * DAY)).then([confirmed(1, 5 * DAY)]).then_state(|market| {
        let level = |number| {
            let vacancy = market.place(&place(number)).unwrap().vacancy.as_ref().unwrap();
            vacancy.freshness(at(7 * DAY)).level
        };
        assert_eq!((level(1), level(2)), (FreshnessLevel::Fresh, FreshnessLevel::Stale));
    });
    market().and([withdrawn(1, 0)]).when(confirm(1, 1)).then_refused("PLACE_NOT_ADVERTISED");
    market()
        .and([PlaceClosed { place: place(1), at: at(0) }.into()])
        .when(confirm(1, 1))
        .then_refused("PLACE_CLOSED");
    market().when(confirm(9, 1)).then_refused("PLACE_UNKNOWN");
}

#[test]
fn a_provider_that_says_nothing_is_asked_and_then_its_place_is_unlisted() {
    let _ = one_place()
        .when(sweep(7 * DAY - 1))
        .then([])
        .when(sweep(8 * DAY))
        .then([queried(1, 0, 8 * DAY)])
        .when(sweep(11 * DAY - 1))
        .then([])
        .when(sweep(11 * DAY))
        .then([unlisted(1, 8 * DAY, 11 * DAY)])
        .then_state(|market| {
            let place = market.place(&place(1)).unwrap();
            assert_eq!((&place.vacancy, place.unlisted_at), (&None, Some(at(11 * DAY))));
            assert_eq!(market.unheard_by(at(999 * DAY)).count(), 0);
        })
        .when(sweep(12 * DAY))
        .then([])
        .when(confirm(1, 12 * DAY))
        .then_refused("PLACE_NOT_ADVERTISED");
}

#[test]
fn who_answers_is_asked_again_only_after_a_week() {
    let answers: [(Command, MarketEvent); 2] = [(confirm(1, 9 * DAY), confirmed(1, 9 * DAY)), {
        let again = VacancyAdvertised { at: at(9 * DAY), ..advertised(1) };
        (Command::AdvertiseVacancy(again.clone()), again.into())
    }];
    for (answer, told) in answers {
        let _ = one_place()
            .and([queried(1, 0, 8 * DAY)])
            .when(answer)
            .then([told])
            .when(sweep(16 * DAY - 1))
            .then([])
            .when(sweep(16 * DAY))
            .then([queried(1, 9 * DAY, 16 * DAY)]);
    }
    let again = VacancyAdvertised { at: at(12 * DAY), ..advertised(1) };
    let _ = one_place()
        .and([queried(1, 0, 8 * DAY), unlisted(1, 8 * DAY, 11 * DAY)])
        .when(Command::AdvertiseVacancy(again.clone()))
        .then([again.into()])
        .then_state(|market| assert_eq!(market.place(&place(1)).unwrap().unlisted_at, None));
}

#[test]
fn a_hold_keeps_a_place_listed_until_it_ends() {
    let hold = care::market::PlaceHeld { expires_at: at(12 * DAY), at: at(10 * DAY), ..held(1, 1) };
    let _ = one_place()
        .and([queried(1, 0, 8 * DAY), hold.into()])
        .when(sweep(12 * DAY - 1))
        .then([])
        .when(sweep(12 * DAY))
        .then([hold_released(1, 1, HoldEnd::Expired, 12 * DAY).into(), unlisted(1, 8 * DAY, 12 * DAY)]);
}

#[test]
fn nobody_is_asked_about_a_place_that_is_taken() {
    let asked = claim(1);
    let taken = || market_with(&asked).and([withdrawn(2, 0), withdrawn(3, 0)]);
    let _ = taken().when(sweep(300 * DAY)).then([]);
    // Given back, it is asked about at once, and the provider has its days to answer.
    let back = ClaimReleased {
        award: award(1),
        council: derby(),
        place: place(1),
        reason: "AGREEMENT_REFUSED".into(),
        at: at(30 * DAY),
    };
    let _ = taken()
        .and([back.into()])
        .when(sweep(30 * DAY))
        .then([queried(1, 0, 30 * DAY)])
        .when(sweep(33 * DAY - 1))
        .then([])
        .when(sweep(33 * DAY))
        .then([unlisted(1, 30 * DAY, 33 * DAY)]);
    // The child leaves on 20 January: the place is free from that midnight on.
    let came = PlaceOccupied {
        award: award(1),
        council: derby(),
        place: place(1),
        on: jan(6),
        counted_from: jan(6),
        at: at(DAY),
    };
    let left = Command::EndOccupancy { award: award(1), council: derby(), on: jan(20), at: at(10 * DAY) };
    let midnight = 15 * DAY - 10 * 60;
    let _ = taken()
        .and([came.into()])
        .when(left)
        .then_events(|events| assert_eq!(events.len(), 1))
        .when(sweep(midnight - 1))
        .then([])
        .when(sweep(midnight))
        .then([queried(1, 0, midnight)]);
}

#[test]
fn a_question_is_forgotten_when_the_place_is_claimed() {
    let asked = claim(1);
    let (hold, taken) = (world::passing(&asked, 1), claimed(&asked, 1, 1));
    let back = ClaimReleased {
        award: award(1),
        council: derby(),
        place: place(1),
        reason: "AGREEMENT_REFUSED".into(),
        at: at(40 * DAY),
    };
    let _ = one_place()
        .and([queried(1, 0, 8 * DAY), hold.into(), taken.into(), back.into()])
        .when(sweep(40 * DAY))
        .then([queried(1, 0, 40 * DAY)]);
}

#[test]
fn a_sweep_takes_so_many_the_longest_waiting_first() {
    let limited = |limit| Command::SweepStaleVacancies { at: at(9 * DAY), limit };
    let _ = market()
        .and([confirmed(1, DAY)])
        .when(limited(2))
        .then([queried(2, 0, 9 * DAY), queried(3, 0, 9 * DAY)])
        .when(limited(2))
        .then([queried(1, DAY, 9 * DAY)])
        .when(limited(2))
        .then([]);
}

#[test]
fn one_bad_item_never_spoils_the_others() {
    let changed = VacancyAdvertised { note: "By the river".into(), at: at(60), ..advertised(1) };
    let too_old = VacancyAdvertised { age_to: 25, at: at(60), ..advertised(2) };
    let changes = [
        VacancyChange::Advertise(too_old.clone()),
        VacancyChange::Advertise(changed.clone()),
        VacancyChange::Confirm(place(9)),
        VacancyChange::Withdraw(place(3)),
        // Of a place that is named again, the first change holds.
        VacancyChange::Confirm(place(1)),
    ];
    let _ = market().when(upsert(changes.clone(), 60)).then([changed.into(), withdrawn(3, 60)]).then_state(
        |market| {
            let reason = |change| refusal_of(market, change, at(60)).map(|it| it.reason());
            assert_eq!(reason(&changes[0]), Some("AGES_OUTSIDE_REGISTRATION"));
            assert_eq!(reason(&changes[2]), Some("PLACE_UNKNOWN"));
        },
    );
    market().when(upsert([VacancyChange::Advertise(too_old)], 60)).then([]);
}

#[test]
fn an_item_that_changes_nothing_is_a_confirmation() {
    let same = || VacancyAdvertised { at: at(60), ..advertised(1) };
    market().when(upsert([VacancyChange::Advertise(same())], 60)).then([confirmed(1, 60)]);
    let changes: [fn(&mut VacancyAdvertised); 8] = [
        |it| it.available_from = jan(9),
        |it| it.needs.clear(),
        |it| it.sexes = Sexes::Female,
        |it| it.age_from = 11,
        |it| it.age_to = 16,
        |it| it.note = "By the river".into(),
        |it| it.exclusions = ["MISSING".to_owned()].into(),
        |it| it.mix = Some(care::market::Mix { children: 0, age_from: 0, age_to: 0, needs: [].into() }),
    ];
    for change in changes {
        let mut other = same();
        change(&mut other);
        market().when(upsert([VacancyChange::Advertise(other.clone())], 60)).then([other.into()]);
    }
    // A place that was unlisted is listed again.
    let listed = market().and([queried(1, 0, 30), unlisted(1, 30, 40)]);
    listed.when(upsert([VacancyChange::Advertise(same())], 60)).then([same().into()]);
}

#[test]
fn a_held_place_is_not_withdrawn_among_many() {
    let changes = [VacancyChange::Withdraw(place(1)), VacancyChange::Withdraw(place(2))];
    let _ = market()
        .and([held(1, 1).into()])
        .when(upsert(changes.clone(), 30))
        .then([withdrawn(2, 30)])
        .then_state(|market| {
            let refused = refusal_of(market, &changes[0], at(30)).map(|it| it.reason());
            assert_eq!(refused, Some("PLACE_HELD"));
        });
}
