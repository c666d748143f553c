//! Holds: leases with a fencing token.

mod world;

use care::market::{HoldEnd, RegistrationStatus};
use care::spec::given;
use vacancies_domain::{Command, HoldPlace, RegistrationChanges, Vacancies};
use world::{
    advertised, at, claim, claimed, derby, durham, establishment_registered, held, hold_place, hold_released,
    jan, market, market_with, passing, place, urn,
};

fn hold(number: u8, council: care::CouncilId, minutes: i64) -> Command {
    Command::HoldPlace(HoldPlace { at: at(minutes), ..hold_place(number, council) })
}

fn release(council: care::CouncilId, token: u64, minutes: i64) -> Command {
    Command::ReleaseHold { place: place(1), council, token, at: at(minutes) }
}

#[test]
fn a_hold_is_a_lease_that_keeps_others_out_until_it_ends() {
    let mut second = held(1, 2);
    (second.council, second.expires_at, second.at) = (durham(), at(120), at(60));
    market()
        .when(hold(1, derby(), 0))
        .then([held(1, 1).into()])
        .when(hold(1, derby(), 59))
        .then_refused("PLACE_TAKEN");
    market()
        .and([held(1, 1).into()])
        .when(hold(1, durham(), 60))
        .then([hold_released(1, 1, HoldEnd::Expired, 60).into(), second.into()]);
}

#[test]
fn a_lease_has_limits() {
    let lease = |lease_seconds| {
        market().when(Command::HoldPlace(HoldPlace { lease_seconds, ..hold_place(1, derby()) }))
    };
    lease(59).then_refused("LEASE_OUT_OF_RANGE");
    lease(259_201).then_refused("LEASE_OUT_OF_RANGE");
    lease(60).then_events(|events| assert_eq!(events.len(), 1));
    lease(259_200).then_events(|events| assert_eq!(events.len(), 1));
}

#[test]
fn a_hold_starts_when_the_place_can_be_had() {
    let mut later = advertised(1);
    later.available_from = jan(20);
    let mut expected = held(1, 1);
    expected.from = jan(20);
    market().and([later.into()]).when(hold(1, derby(), 0)).then([expected.into()]);
}

#[test]
fn only_a_place_that_may_take_a_child_is_held() {
    let amended = |status| {
        let changes = RegistrationChanges { status: Some(status), ..RegistrationChanges::default() };
        market()
            .when(Command::AmendEstablishment { urn: urn(), changes, revision: None, at: at(0) })
            .then_events(|events| assert_eq!(events.len(), 1))
    };
    for status in [RegistrationStatus::Suspended, RegistrationStatus::Resigned, RegistrationStatus::Cancelled]
    {
        amended(status).when(hold(1, derby(), 0)).then_refused("REGISTRATION_NOT_ACTIVE");
    }
    market()
        .and([care::market::RestrictionNoticeServed { urn: urn(), on: jan(5), at: at(0) }.into()])
        .when(hold(1, derby(), 0))
        .then_refused("ACCOMMODATION_RESTRICTED");
    market()
        .and([care::market::PlaceClosed { place: place(1), at: at(0) }.into()])
        .when(hold(1, derby(), 0))
        .then_refused("PLACE_CLOSED");
    market()
        .and([care::market::VacancyWithdrawn { place: place(1), at: at(0) }.into()])
        .when(hold(1, derby(), 0))
        .then_refused("PLACE_NOT_ADVERTISED");
    market().when(hold(9, derby(), 0)).then_refused("PLACE_UNKNOWN");

    let mut unregistered = establishment_registered();
    unregistered.provision = "UNREGISTERED".to_owned();
    given::<Vacancies>(world::home_of(unregistered))
        .when(hold(1, derby(), 0))
        .then_refused("UNREGISTERED_PROVISION");
}

#[test]
fn a_solo_placement_leaves_no_place_to_hold() {
    let mut solo = claim(1);
    solo.solo = true;
    market()
        .and([passing(&solo, 1).into(), claimed(&solo, 1, 3).into()])
        .when(hold(2, durham(), 0))
        .then_refused("SOLO_OCCUPIED");
}

#[test]
fn a_taken_place_is_not_held_and_does_not_say_by_whom() {
    let refusal = market_with(&claim(1)).when(hold(1, durham(), 0)).then_refused("PLACE_TAKEN");
    let words = refusal.to_string();
    assert!(!words.contains(derby().gss()) && !words.contains("Derby"), "{words}");
}

#[test]
fn a_hold_is_given_back_by_its_council_with_its_token() {
    let one = || market().and([held(1, 1).into()]);
    one()
        .when(release(derby(), 1, 5))
        .then([hold_released(1, 1, HoldEnd::Released, 5).into()])
        .when(release(derby(), 1, 6))
        .then_refused("HOLD_TOKEN_STALE");
    one().when(release(durham(), 1, 5)).then_refused("HOLD_NOT_YOURS");
    one().when(release(derby(), 2, 5)).then_refused("HOLD_TOKEN_STALE");
    one().when(release(derby(), 1, 60)).then_refused("HOLD_EXPIRED");
    one()
        .and([hold_released(1, 1, HoldEnd::Expired, 60).into()])
        .when(release(derby(), 1, 61))
        .then_refused("HOLD_EXPIRED");
}

#[test]
fn tokens_of_a_place_only_grow() {
    let mut again = held(1, 2);
    (again.at, again.expires_at) = (at(6), at(66));
    market()
        .and([held(1, 1).into(), hold_released(1, 1, HoldEnd::Released, 5).into()])
        .when(hold(1, derby(), 6))
        .then([again.into()]);
}

#[test]
fn expired_holds_are_swept_in_batches() {
    let sweep = |minutes, limit| Command::SweepExpiredHolds { at: at(minutes), limit };
    let mut longer = held(3, 1);
    longer.expires_at = at(90);
    let held = || market().and([held(1, 1).into(), held(2, 1).into(), longer.clone().into()]);
    held().when(sweep(59, 10)).then_nothing();
    held()
        .when(sweep(60, 1))
        .then([hold_released(1, 1, HoldEnd::Expired, 60).into()])
        .when(sweep(61, 10))
        .then([hold_released(2, 1, HoldEnd::Expired, 61).into()])
        .when(sweep(62, 10))
        .then_nothing();
}
