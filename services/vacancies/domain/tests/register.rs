//! The register and the places: each command's success and refusals.

mod world;

use care::Refusal;
use care::RefusalKind;
use care::market::{
    EstablishmentAmended, HoldEnd, MarketEvent, Mix, OccupancyEnded, PlaceClosed, PlaceOccupied,
    Registration, RegistrationStatus, RestrictionNoticeLifted, RestrictionNoticeServed, Sexes,
    VacancyWithdrawn,
};
use care::published::ClaimReleased;
use care::spec::given;
use vacancies_domain::{Command, RegistrationChanges, Vacancies};
use world::{
    advertised, at, award, claim, claimed, derby, establishment_registered, held, hold_released, home, jan,
    market, market_with, opened, passing, place, provider_registered, registration, urn,
};

fn amend(changes: RegistrationChanges, revision: Option<u32>) -> Command {
    Command::AmendEstablishment { urn: urn(), changes, revision, at: at(1) }
}

fn served(day: i8) -> RestrictionNoticeServed {
    RestrictionNoticeServed { urn: urn(), on: jan(day), at: at(1) }
}

#[test]
fn a_provider_is_registered_once() {
    let entry = provider_registered();
    let again = given::<Vacancies>([])
        .when(Command::RegisterProvider(entry.clone()))
        .then([entry.clone().into()])
        .when(Command::RegisterProvider(entry))
        .then_refused("PROVIDER_EXISTS");
    assert_eq!(again.kind(), RefusalKind::AlreadyExists);
}

#[test]
fn an_establishment_is_registered_once_for_a_known_provider() {
    let entry = establishment_registered();
    given::<Vacancies>([])
        .when(Command::RegisterEstablishment(entry.clone()))
        .then_refused("PROVIDER_UNKNOWN");
    given::<Vacancies>([provider_registered().into()])
        .when(Command::RegisterEstablishment(entry.clone()))
        .then([entry.clone().into()])
        .when(Command::RegisterEstablishment(entry))
        .then_refused("ESTABLISHMENT_EXISTS");
}

#[test]
fn an_entry_that_contradicts_itself_is_refused_by_field() {
    let refused = |change: fn(&mut care::market::EstablishmentRegistered), reason, field| {
        let mut entry = establishment_registered();
        change(&mut entry);
        let refusal = given::<Vacancies>([provider_registered().into()])
            .when(Command::RegisterEstablishment(entry))
            .then_refused(reason);
        assert_eq!(refusal.kind(), RefusalKind::Invalid);
        assert_eq!(refusal.violations()[0].field, field);
    };
    refused(
        |it| (it.registration.age_from, it.registration.age_to) = (12, 11),
        "AGE_RANGE_INVALID",
        "age_to",
    );
    refused(|it| it.registration.age_to = 26, "AGE_RANGE_INVALID", "age_to");
    refused(|it| it.place_code = "K3".to_owned(), "PROVISION_MISMATCH", "place_code");
    refused(|it| it.provision = "SUPPORTED_ACCOMMODATION".to_owned(), "PROVISION_MISMATCH", "place_code");
    refused(|it| it.provision = "SECURE".to_owned(), "PROVISION_MISMATCH", "place_code");
    refused(
        |it| {
            it.provision = "SUPPORTED_ACCOMMODATION".to_owned();
            it.place_code = "K3".to_owned();
            it.registration.age_from = 15;
        },
        "SUPPORTED_ACCOMMODATION_AGES",
        "age_from",
    );
    refused(|it| it.urn = "A".repeat(35).parse().unwrap(), "URN_TOO_LONG", "urn");
}

#[test]
fn an_amendment_states_the_whole_registration_again() {
    let changes = RegistrationChanges {
        status: Some(RegistrationStatus::Suspended),
        grade: Some("INADEQUATE".to_owned()),
        places_registered: Some(4),
        ..RegistrationChanges::default()
    };
    let now = Registration {
        status: RegistrationStatus::Suspended,
        grade: "INADEQUATE".to_owned(),
        places_registered: 4,
        ..registration()
    };
    market()
        .when(amend(changes.clone(), Some(1)))
        .then([EstablishmentAmended { urn: urn(), registration: now, sector: None, at: at(1) }.into()])
        .when(amend(changes.clone(), None))
        .then_nothing()
        .when(amend(changes, Some(1)))
        .then_refused("ETAG_MISMATCH");
}

#[test]
fn an_amendment_that_cannot_be_is_refused() {
    let few = RegistrationChanges { places_registered: Some(2), ..RegistrationChanges::default() };
    market().when(amend(few.clone(), None)).then_refused("PLACES_BELOW_OPEN");
    let ages = RegistrationChanges { age_to: Some(7), ..RegistrationChanges::default() };
    market().when(amend(ages, None)).then_refused("AGE_RANGE_INVALID");
    given::<Vacancies>([]).when(amend(few, None)).then_refused("ESTABLISHMENT_UNKNOWN");
}

/// The simulation found this: a place is closed once its child has left, and then the departure is put right to a later day.
#[test]
fn no_fewer_places_are_registered_than_are_claimed_in_closed_ones_too() {
    let days = |days: i64| at(days * 24 * 60);
    let mut second = claim(2);
    (second.award, second.referral) = (award(2), world::referral(2));
    let left = |on| Command::EndOccupancy { award: award(1), council: derby(), on: jan(on), at: days(3) };
    let ended = |on| {
        let (award, council, place) = (award(1), derby(), place(1));
        OccupancyEnded { award, council, place, on: jan(on), yielded: Vec::new(), at: days(3) }
    };
    let closed = |number| PlaceClosed { place: place(number), at: days(2) };
    let occupied = PlaceOccupied {
        award: award(1),
        council: derby(),
        place: place(1),
        on: jan(6),
        counted_from: jan(6),
        at: days(1),
    };
    let to_one = || Command::AmendEstablishment {
        urn: urn(),
        changes: RegistrationChanges { places_registered: Some(1), ..RegistrationChanges::default() },
        revision: None,
        at: days(3),
    };
    let registered = Registration { places_registered: 1, ..registration() };
    let amended = EstablishmentAmended { urn: urn(), registration: registered, sector: None, at: days(3) };
    let one_open = || {
        market_with(&claim(1)).and([
            occupied.clone().into(),
            passing(&second, 1).into(),
            claimed(&second, 1, 2).into(),
            ended(7).into(),
            closed(1).into(),
            closed(3).into(),
        ])
    };
    one_open().when(to_one()).then([amended.clone().into()]);
    one_open().when(left(20)).then([ended(20).into()]).when(to_one()).then_refused("PLACES_BELOW_CLAIMED");
    // Nights that have passed do not count.
    one_open().when(left(8)).then([ended(8).into()]).when(to_one()).then([amended.into()]);
}

#[test]
fn serving_a_notice_ends_holds_and_awards_whose_child_cannot_have_come() {
    let (mut first, mut second) = (claim(2), claim(3));
    (first.start, second.start) = (jan(5), jan(9));
    (second.award, second.referral) = (award(2), world::referral(2));
    market()
        .and([
            held(1, 1).into(),
            passing(&first, 1).into(),
            claimed(&first, 1, 2).into(),
            passing(&second, 1).into(),
            claimed(&second, 1, 3).into(),
        ])
        .when(Command::ServeRestrictionNotice(served(5)))
        .then([
            served(5).into(),
            hold_released(1, 1, HoldEnd::Restricted, 1).into(),
            ClaimReleased {
                award: award(2),
                council: derby(),
                place: place(3),
                reason: "ACCOMMODATION_RESTRICTED".to_owned(),
                at: at(1),
            }
            .into(),
        ])
        .when(Command::ServeRestrictionNotice(served(5)))
        .then_refused("NOTICE_IN_FORCE");
}

#[test]
fn a_notice_is_lifted_once_and_not_before_it_was_served() {
    let lifted = |day| RestrictionNoticeLifted { urn: urn(), on: jan(day), at: at(2) };
    market()
        .and([served(5).into()])
        .when(Command::LiftRestrictionNotice(lifted(5)))
        .then([lifted(5).into()])
        .when(Command::LiftRestrictionNotice(lifted(5)))
        .then_refused("NOTICE_NOT_IN_FORCE");
    market()
        .and([served(5).into()])
        .when(Command::LiftRestrictionNotice(lifted(4)))
        .then_refused("NOTICE_DATES_REVERSED");
}

/// Else the establishment would be told as restricted, or free, on days on which it is not.
#[test]
fn a_notice_is_neither_served_nor_lifted_on_a_day_to_come() {
    let serve = market().when(Command::ServeRestrictionNotice(served(6))).then_refused("DAY_AHEAD");
    let lift = Command::LiftRestrictionNotice(RestrictionNoticeLifted { urn: urn(), on: jan(6), at: at(2) });
    let lift = market().and([served(5).into()]).when(lift).then_refused("DAY_AHEAD");
    for refused in [serve, lift] {
        let fields: Vec<_> = care::Refusal::violations(&refused).into_iter().map(|it| it.field).collect();
        assert_eq!(fields, ["on"]);
    }
}

#[test]
fn places_are_numbered_on_and_never_exceed_the_registration() {
    let open = |count| Command::OpenPlaces { urn: urn(), count, household: None, at: at(0) };
    let entered = || given::<Vacancies>([provider_registered().into(), establishment_registered().into()]);
    entered()
        .when(open(2))
        .then([opened(1).into(), opened(2).into()])
        .when(open(1))
        .then([opened(3).into()])
        .when(open(1))
        .then_refused("PLACES_EXCEED_REGISTRATION");
    entered().when(open(0)).then_refused("COUNT_OUT_OF_RANGE");
    entered().when(open(201)).then_refused("COUNT_OUT_OF_RANGE");
    given::<Vacancies>([]).when(open(1)).then_refused("ESTABLISHMENT_UNKNOWN");
}

#[test]
fn a_closed_place_makes_room_for_a_new_number() {
    let close = |number| Command::ClosePlace { place: place(number), at: at(0) };
    market()
        .when(close(2))
        .then([PlaceClosed { place: place(2), at: at(0) }.into()])
        .when(Command::OpenPlaces { urn: urn(), count: 1, household: None, at: at(0) })
        .then([opened(4).into()])
        .when(close(2))
        .then_refused("PLACE_CLOSED");
    market().and([held(1, 1).into()]).when(close(1)).then_refused("PLACE_IN_USE");
    market_with(&claim(1)).when(close(1)).then_refused("PLACE_IN_USE");
    market().when(close(9)).then_refused("PLACE_UNKNOWN");
}

#[test]
fn a_vacancy_stays_within_the_registration() {
    let mut narrower = advertised(1);
    (narrower.age_from, narrower.sexes) = (12, Sexes::Female);
    market().when(Command::AdvertiseVacancy(narrower.clone())).then([narrower.into()]).then_state(|market| {
        assert_eq!(market.place(&place(1)).unwrap().vacancy.as_ref().unwrap().age_from, 12)
    });

    let refused = |change: fn(&mut care::market::VacancyAdvertised), reason| {
        let mut vacancy = advertised(1);
        change(&mut vacancy);
        market().when(Command::AdvertiseVacancy(vacancy)).then_refused(reason);
    };
    refused(|it| it.age_from = 7, "AGES_OUTSIDE_REGISTRATION");
    refused(|it| it.age_to = 18, "AGES_OUTSIDE_REGISTRATION");
    refused(|it| (it.age_from, it.age_to) = (16, 12), "AGES_OUTSIDE_REGISTRATION");
    refused(|it| it.place = place(9), "PLACE_UNKNOWN");

    let mut girls = establishment_registered();
    girls.registration.sexes = Sexes::Female;
    given::<Vacancies>(world::home_of(girls))
        .when(Command::AdvertiseVacancy(advertised(1)))
        .then_refused("SEXES_OUTSIDE_REGISTRATION");
}

#[test]
fn a_vacancy_says_who_lives_in_the_home_as_a_group() {
    let with = |children, (age_from, age_to), needs: &[&str]| {
        let needs = needs.iter().map(|need| (*need).to_owned()).collect();
        let mix = Some(Mix { children, age_from, age_to, needs });
        care::market::VacancyAdvertised { mix, ..advertised(1) }
    };
    for unfit in [with(2, (15, 12), &[]), with(1, (12, 12), &["SELF_HARM"])] {
        market().when(Command::AdvertiseVacancy(unfit)).then_refused("MIX_INVALID");
    }
    for fit in [with(2, (12, 15), &["SELF_HARM"]), with(1, (12, 12), &[]), with(0, (0, 0), &[])] {
        market().when(Command::AdvertiseVacancy(fit.clone())).then([fit.into()]);
    }
}

#[test]
fn a_vacancy_is_withdrawn_but_not_under_a_live_hold() {
    let withdraw = |minutes| Command::WithdrawVacancy { place: place(1), at: at(minutes) };
    market()
        .when(withdraw(0))
        .then([VacancyWithdrawn { place: place(1), at: at(0) }.into()])
        .when(withdraw(0))
        .then_refused("PLACE_NOT_ADVERTISED");
    market().and([held(1, 1).into()]).when(withdraw(59)).then_refused("PLACE_HELD");
    market().and([held(1, 1).into()]).when(withdraw(60)).then([
        hold_released(1, 1, HoldEnd::Expired, 60).into(),
        VacancyWithdrawn { place: place(1), at: at(60) }.into(),
    ]);
}

#[test]
fn registered_open_and_matchable_are_three_numbers() {
    let mut entry = establishment_registered();
    entry.registration.places_registered = 5;
    let events = world::home_of(entry)
        .into_iter()
        .chain([MarketEvent::from(VacancyWithdrawn { place: place(3), at: at(0) }), held(1, 1).into()]);
    let _ = given::<Vacancies>(events).then_state(|market| {
        let room = |minutes| {
            let capacity = market.capacity(&urn(), at(minutes));
            (capacity.registered, capacity.open, capacity.matchable)
        };
        assert_eq!(room(0), (5, 3, 1), "one place is held, one is not advertised");
        assert_eq!(room(60), (5, 3, 2), "the lease has ended");
        assert_eq!(market.capacity_total(at(0)), market.capacity(&urn(), at(0)));
    });
    let _ = given::<Vacancies>(home()).and([served(5).into()]).then_state(|market| {
        assert_eq!(market.capacity(&urn(), at(0)).matchable, 0, "nobody may come");
    });
}
