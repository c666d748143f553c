//! Holds: leases with a fencing token.

mod world;

use care::market::{HoldEnd, MarketEvent, RegistrationStatus};
use care::spec::given;
use care::{Refusal, RefusalKind};
use vacancies_domain::{Command, HoldPlace, RegistrationChanges, Vacancies};
use world::{
    advertised, at, claim, claimed, derby, durham, establishment_registered, held, hold_place, hold_released,
    jan, market, market_with, passing, place, referral, urn,
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

/// A home with this many places, open and advertised.
fn large_home(places: u8) -> Vec<care::market::MarketEvent> {
    let mut entry = establishment_registered();
    entry.registration.places_registered = 100;
    let mut events = world::home_of(entry);
    events.extend((4..=places).flat_map(|n| [world::opened(n).into(), advertised(n).into()]));
    events
}

/// A hold of Derby's for referral `child`, which ends after an hour.
fn held_for(number: u8, child: u128) -> care::market::PlaceHeld {
    care::market::PlaceHeld { referral: referral(child), ..held(number, 1) }
}

#[test]
fn a_search_that_ended_gives_its_holds_back_and_no_others() {
    let asked = || Command::EndSearch { council: derby(), referral: referral(1), at: at(30) };
    let full = || given::<Vacancies>(large_home(6)).and((1..=2).map(|n| held_for(n, 1).into()));
    let others = || {
        full()
            .and([held_for(3, 2).into(), care::market::PlaceHeld { council: durham(), ..held(4, 1) }.into()])
            .and([held_for(5, 1).into(), hold_released(5, 1, HoldEnd::Released, 5).into()])
    };
    others()
        .when(asked())
        .then([1, 2].map(|number| hold_released(number, 1, HoldEnd::SearchEnded, 30).into()));
    let again = [1, 2].map(|number| hold_released(number, 1, HoldEnd::SearchEnded, 30).into());
    others().and(again).when(asked()).then([]);
    // A lease that ran out before has ended by itself.
    let late = Command::EndSearch { council: derby(), referral: referral(1), at: at(61) };
    full().when(late).then([]);
    // The place is free for the next council.
    let freed = hold_released(1, 1, HoldEnd::SearchEnded, 30);
    let _ = full()
        .and([freed.into()])
        .when(hold(1, durham(), 31))
        .then_events(|events| assert_eq!(events.len(), 1));
}

#[test]
fn a_referral_has_few_holds_at_once() {
    let full = || given::<Vacancies>(large_home(5)).and((1..=3).map(|n| held(n, 1).into()));
    let refused = full().when(hold(4, derby(), 59)).then_refused("REFERRAL_HOLD_LIMIT_REACHED");
    assert_eq!(refused.kind(), RefusalKind::Precondition);
    let other = HoldPlace { referral: referral(2), ..hold_place(4, derby()) };
    let _ = full().when(Command::HoldPlace(other)).then_events(|events| assert_eq!(events.len(), 1));
    // The id is the council's own: another council's referral of the same id is another referral.
    let _ = full().when(hold(4, durham(), 0)).then_events(|events| assert_eq!(events.len(), 1));
    let _ = full()
        .and([hold_released(2, 1, HoldEnd::Released, 5).into()])
        .when(hold(4, derby(), 6))
        .then_events(|events| assert_eq!(events.len(), 1))
        .when(hold(5, derby(), 7))
        .then_refused("REFERRAL_HOLD_LIMIT_REACHED");
    // A lease that has ended counts no more, recorded or not; the three ends are recorded with the hold.
    let _ = full().when(hold(4, derby(), 60)).then_events(|events| assert_eq!(events.len(), 4));
}

#[test]
fn a_claim_ends_the_hold_that_it_came_from_and_needs_no_other() {
    let own = claim(1);
    let _ = given::<Vacancies>(large_home(4))
        .and((1..=3).map(|n| held(n, 1).into()))
        .and([claimed(&own, 1, 3).into()])
        .when(hold(4, derby(), 1))
        .then_events(|events| assert_eq!(events.len(), 1));
    let _ = given::<Vacancies>(large_home(4))
        .and((1..=3).map(|n| held(n, 1).into()))
        .when(Command::ClaimForAward(claim(4)))
        .then_events(|events| assert!(matches!(events, [_, MarketEvent::PlaceClaimed(_)]), "{events:#?}"));
}

#[test]
fn a_council_has_so_many_holds_at_once() {
    let most = u8::try_from(care::market::HoldPolicy::COUNCIL_HOLDS_MAX).unwrap();
    let with = |holds: u8| {
        given::<Vacancies>(large_home(most + 2))
            .and((1..=holds).map(|n| held_for(n, 100 + u128::from(n)).into()))
    };
    let _ = with(most - 1)
        .when(hold(most, derby(), 0))
        .then_events(|events| assert_eq!(events.len(), 1))
        .when(hold(most + 1, derby(), 1))
        .then_refused("COUNCIL_HOLD_LIMIT_REACHED");
    let _ = with(most).when(hold(most + 1, durham(), 0)).then_events(|events| assert_eq!(events.len(), 1));
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

#[test]
fn a_hold_begins_on_the_night_that_it_is_asked_for() {
    let asked = |first_night| HoldPlace { first_night: Some(first_night), ..hold_place(1, derby()) };
    let from = |first_night, begins: care::Date| {
        let mut held = held(1, 1);
        held.from = begins;
        market().when(Command::HoldPlace(asked(first_night))).then([held.into()]);
    };
    from(jan(20), jan(20));
    // No night before today is held, however early it is asked for.
    from(jan(1), jan(5));
    let far = care::Date::constant(2040, 1, 1);
    market().when(Command::HoldPlace(asked(far))).then_refused("DATE_TOO_FAR");
}
