//! What is agreed of nights before they are held: hold policies and paid reservations.

mod world;

use care::market::{
    HoldPolicy, HoldPolicySet, MarketEvent, NightState, OccupancyEnded, PlaceOccupied, PlaceReserved,
    ResaleOf, ResaleOffered, ReservationEnd, ReservationEnded, ReservationTerms, RestrictionNoticeServed,
    VacancyAdvertised, Yielded,
};
use care::spec::Given;
use care::{Date, Nights, Pence};
use vacancies_domain::{
    BuyResale, ClaimForAward, Command, HoldPlace, ReservePlace, SetHoldPolicy, Vacancies,
};
use world::agreed::{RETAINER, hold, market_reserved, one_event, reservable, reserve, reserved};
use world::{
    advertised, at, award, claim, derby, durham, held, hold_place, jan, market, passing, place, refused_for,
    urn,
};

fn ended(from: Date, until: Date, reason: ReservationEnd) -> ReservationEnded {
    let (place, council) = (place(1), derby());
    ReservationEnded { place, council, token: 1, from, until, weekly: RETAINER, reason, at: at(0) }
}

#[test]
fn a_council_says_how_it_holds() {
    let policy = HoldPolicy {
        council_holds_max: 2,
        referral_holds_max: 1,
        lease_seconds_default: 600,
        lease_seconds_max: 3600,
    };
    let set = |expected_version, policy| {
        Command::SetHoldPolicy(SetHoldPolicy { council: derby(), expected_version, policy, at: at(0) })
    };
    let event =
        |version| HoldPolicySet { council: derby(), version, policy: policy.clone(), at: at(0) }.into();
    let _ = market().when(set(1, policy.clone())).then_refused("ETAG_MISMATCH");
    let with = || market().when(set(0, policy.clone())).then([event(1)]);
    with().when(set(1, policy.clone())).then_nothing();
    let too_long = Command::HoldPlace(HoldPlace { lease_seconds: 3601, ..hold_place(1, derby()) });
    let words = with().when(too_long).then_refused("LEASE_BEYOND_POLICY").to_string();
    assert!(words.contains("3600") && words.contains("version 1"), "{words}");
    let with_one = || with().and([held(1, 1).into()]);
    let words = with_one().when(Command::HoldPlace(hold_place(2, derby())));
    let words = words.then_refused("REFERRAL_HOLD_LIMIT_REACHED").to_string();
    assert!(words.contains("has 1 holds"), "{words}");
    let other =
        |number: u8, child| HoldPlace { referral: world::referral(child), ..hold_place(number, derby()) };
    let with_two = with_one().when(Command::HoldPlace(other(2, 2))).then_events(one_event);
    with_two.when(Command::HoldPlace(other(3, 3))).then_refused("COUNCIL_HOLD_LIMIT_REACHED");
    // Another council's policy is its own.
    let _ = with_one().when(Command::HoldPlace(hold_place(2, durham()))).then_events(one_event);
    for wrong in [
        HoldPolicy { council_holds_max: 51, ..policy.clone() },
        HoldPolicy { council_holds_max: 0, ..policy.clone() },
        HoldPolicy { referral_holds_max: 4, ..policy.clone() },
        HoldPolicy { lease_seconds_default: 3601, ..policy.clone() },
        HoldPolicy { lease_seconds_max: 259_201, ..policy.clone() },
    ] {
        let refusal = market().when(set(0, wrong)).then_refused("HOLD_POLICY_INVALID");
        assert_eq!(care::Refusal::violations(&refusal).len(), 1);
    }
}

#[test]
fn a_reservation_is_what_is_advertised() {
    let asked = reserve(derby(), jan(6), jan(16));
    reservable()
        .when(Command::ReservePlace(asked.clone()))
        .then([reserved(derby(), jan(6), jan(16), 1).into()]);
    let refused = |asked: ReservePlace, reason| {
        reservable().when(Command::ReservePlace(asked)).then_refused(reason);
    };
    refused(ReservePlace { weekly: Pence(104_999), ..asked.clone() }, "PRICE_CHANGED");
    refused(ReservePlace { until: jan(21), ..asked.clone() }, "RESERVATION_TOO_LONG");
    refused(ReservePlace { until: jan(6), ..asked.clone() }, "NIGHTS_INVALID");
    refused(ReservePlace { from: jan(4), ..asked.clone() }, "NIGHTS_PASSED");
    refused(ReservePlace { from: jan(13), ..asked.clone() }, "RESERVATION_TOO_FAR_AHEAD");
    let week_ahead = Command::ReservePlace(ReservePlace { from: jan(12), ..asked.clone() });
    let _ = reservable().when(week_ahead).then_events(one_event);
    let reservation = Some(ReservationTerms { weekly: RETAINER, nights_max: 14 });
    let later = VacancyAdvertised { available_from: jan(10), reservation, ..advertised(1) };
    let later = || market().and([later.clone().into()]);
    let from = |day| Command::ReservePlace(reserve(derby(), jan(day), jan(20)));
    let _ = later().when(from(17)).then_events(one_event);
    later().when(from(18)).then_refused("RESERVATION_TOO_FAR_AHEAD");
    refused(ReservePlace { place: place(2), ..asked.clone() }, "NOT_FOR_RESERVATION");
    let far = Date::constant(2027, 6, 1);
    refused(ReservePlace { until: far, ..asked }, "DATE_TOO_FAR");
    for nights_max in [0, 85] {
        let reservation = Some(ReservationTerms { weekly: RETAINER, nights_max });
        let wrong = VacancyAdvertised { reservation, ..advertised(1) };
        market().when(Command::AdvertiseVacancy(wrong)).then_refused("RESERVATION_TERMS_INVALID");
    }
}

#[test]
fn nobody_else_has_reserved_nights() {
    market_reserved().when(hold(durham())).then_refused("RESERVED");
    let theirs = Command::ReservePlace(reserve(durham(), jan(15), jan(20)));
    market_reserved().when(theirs).then_refused("RESERVED");
    // One night behind would keep Derby from all of its own: a claim has no known end.
    let later = Command::ReservePlace(reserve(durham(), jan(16), jan(17)));
    let words = market_reserved().when(later).then_refused("AGREED_BY_ANOTHER_COUNCIL").to_string();
    assert!(words.contains("until 2026-01-16"), "{words}");
    let own = ReservePlace { at: at(4 * 24 * 60), ..reserve(derby(), jan(16), jan(17)) };
    let _ = market_reserved().when(Command::ReservePlace(own)).then_events(one_event);
    let passed = ReservePlace { at: at(11 * 24 * 60), ..reserve(durham(), jan(16), jan(17)) };
    let _ = market_reserved().when(Command::ReservePlace(passed)).then_events(one_event);
    let before = reserved(derby(), jan(10), jan(16), 1);
    let sooner = Command::ReservePlace(reserve(durham(), jan(6), jan(9)));
    reservable().and([before.into()]).when(sooner).then_refused("AGREED_BY_ANOTHER_COUNCIL");
    let asked = ClaimForAward { council: durham(), start: jan(15), ..claim(1) };
    assert_eq!(refused_for(market_reserved(), asked.clone()), "RESERVED");
    // Behind its last night too, as for a hold, until that is over: a claim has no known end.
    let behind = ClaimForAward { start: jan(16), ..asked };
    assert_eq!(refused_for(market_reserved(), behind.clone()), "AGREED_BY_ANOTHER_COUNCIL");
    let _ = market_reserved()
        .when(Command::ClaimForAward(ClaimForAward { at: at(11 * 24 * 60), ..behind }))
        .then_events(|events| assert!(matches!(events, [_, MarketEvent::PlaceClaimed(_)]), "{events:#?}"));
    let withdraw = Command::WithdrawVacancy { place: place(1), at: at(0) };
    market_reserved().when(withdraw).then_refused("RESERVED");
    market_reserved().when(Command::ClosePlace { place: place(1), at: at(0) }).then_refused("PLACE_IN_USE");
    let mine = Command::ReservePlace(reserve(derby(), jan(10), jan(20)));
    market_reserved().when(mine).then_refused("RESERVED");
    // What somebody holds is not reserved by another.
    let asked = Command::ReservePlace(reserve(durham(), jan(6), jan(16)));
    reservable().and([held(1, 1).into()]).when(asked).then_refused("PLACE_TAKEN");
}

#[test]
fn a_hold_stands_on_the_councils_own_reservation() {
    let held_on_it = || market_reserved().when(hold(derby())).then([held(1, 2).into()]);
    let nights = Nights::from_on(jan(5), Some(jan(31)));
    let states = |given: Given<Vacancies>, minutes| {
        let market = given.into_state();
        let runs = market.calendar(&place(1), nights, at(minutes));
        runs.iter().map(|run| (run.nights.start(), run.state)).collect::<Vec<_>>()
    };
    let reserved_only =
        [(jan(5), NightState::Vacant), (jan(6), NightState::Reserved), (jan(16), NightState::Vacant)];
    assert_eq!(states(market_reserved(), 0), reserved_only);
    assert_eq!(states(held_on_it(), 0).first(), Some(&(jan(5), NightState::Held)));
    assert_eq!(states(held_on_it(), 60), reserved_only, "the lease has ended");
    let _ = held_on_it().then_state(|market| {
        assert_eq!(market.places_claimed_on(&urn(), nights, at(0)), 1, "it takes no night more");
        assert_eq!(market.capacity(&urn(), at(60)).matchable, 2, "a reserved place is nobody's to match");
    });
    let release = Command::ReleaseHold { place: place(1), council: derby(), token: 2, at: at(5) };
    let _ = held_on_it().when(release).then_events(one_event).when(hold(durham())).then_refused("RESERVED");
    // The other way round: who holds may reserve.
    let asked = Command::ReservePlace(reserve(derby(), jan(6), jan(16)));
    let _ = reservable().and([held(1, 1).into()]).when(asked).then_events(one_event);
}

#[test]
fn a_reservation_ends_when_the_child_comes() {
    let asked = ClaimForAward { start: jan(7), ..claim(1) };
    let claimed = market_reserved()
        .when(Command::ClaimForAward(asked.clone()))
        .then([passing(&asked, 2).into(), world::claimed(&asked, 2, 1).into()]);
    let occupy =
        Command::OccupyPlace { award: award(1), council: derby(), place: place(1), on: jan(8), at: at(0) };
    let came = PlaceOccupied {
        award: award(1),
        council: derby(),
        place: place(1),
        on: jan(8),
        counted_from: jan(8),
        at: at(0),
    };
    claimed
        .when(occupy)
        .then([came.into(), ended(jan(6), jan(8), ReservationEnd::Occupied).into()])
        .and([OccupancyEnded {
            award: award(1),
            council: derby(),
            place: place(1),
            on: jan(10),
            yielded: Vec::new(),
            at: at(0),
        }
        .into()])
        .when(Command::ReservePlace(ReservePlace {
            at: at(5 * 24 * 60),
            ..reserve(durham(), jan(10), jan(16))
        }))
        .then_events(one_event);
    // Where the award fails it is still there.
    let reason = "AGREEMENT_REFUSED".to_owned();
    let failed = Command::ReleaseClaim { award: award(1), council: derby(), reason, at: at(1) };
    let _ = market_reserved()
        .when(Command::ClaimForAward(asked))
        .then_events(|events| assert_eq!(events.len(), 2))
        .when(failed)
        .then_events(one_event)
        .when(hold(durham()))
        .then_refused("RESERVED");
}

#[test]
fn what_its_own_council_reserved_yields_to_a_child_who_left_later_than_was_recorded() {
    let asked = claim(1);
    let left = |day| OccupancyEnded {
        award: award(1),
        council: derby(),
        place: place(1),
        on: jan(day),
        yielded: Vec::new(),
        at: at(0),
    };
    let came = |day| PlaceOccupied {
        award: award(1),
        council: derby(),
        place: place(1),
        on: jan(day),
        counted_from: jan(day),
        at: at(0),
    };
    let again = || {
        world::market_with(&asked).and([
            came(6).into(),
            left(8).into(),
            reserved(derby(), jan(8), jan(16), 2).into(),
        ])
    };
    let end = |day| Command::EndOccupancy { award: award(1), council: derby(), on: jan(day), at: at(0) };
    let yields = |day, until| {
        let (from, until) = (jan(8), jan(until));
        let yielded = vec![Yielded { token: 2, from, until, weekly: RETAINER }];
        OccupancyEnded { yielded, ..left(day) }
    };
    // No night is paid twice: the placement is paid until the tenth, and the reservation from then on.
    let _ = again()
        .when(end(10))
        .then([yields(10, 10).into()])
        .then_state(|market| {
            let kept = market.place(&place(1)).unwrap().reservations_on(Nights::from_on(jan(1), None));
            assert_eq!(kept.map(|it| (it.from, it.until)).collect::<Vec<_>>(), [(jan(10), jan(16))]);
        })
        .when(Command::HoldPlace(HoldPlace { first_night: Some(jan(10)), ..hold_place(1, durham()) }))
        .then_refused("RESERVED");
    // Where the child stays without an end, the reservation ends as on an arrival.
    let stay = Command::ResumeOccupancy { award: award(1), council: derby(), at: at(0) };
    let _ = again().when(stay).then_events(|events| {
        let [MarketEvent::PlaceOccupied(_), MarketEvent::ReservationEnded(ended)] = events else {
            panic!("{events:?}")
        };
        assert_eq!((ended.token, ended.until, ended.reason), (2, jan(8), ReservationEnd::Occupied));
    });
    // What it gave up does not come back with a departure that is put right once more: those nights are anybody's again.
    let _ =
        again().when(end(12)).then([yields(12, 12).into()]).when(end(10)).then([left(10).into()]).then_state(
            |market| {
                let kept = market.place(&place(1)).unwrap().reservations_on(Nights::from_on(jan(1), None));
                assert_eq!(kept.map(|it| (it.from, it.until)).collect::<Vec<_>>(), [(jan(12), jan(16))]);
                let runs = market.calendar(&place(1), Nights::from_on(jan(9), Some(jan(13))), at(0));
                let runs = runs.iter().map(|run| (run.nights.start(), run.state)).collect::<Vec<_>>();
                let free = [
                    (jan(9), NightState::Occupied),
                    (jan(10), NightState::Vacant),
                    (jan(12), NightState::Reserved),
                ];
                assert_eq!(runs, free);
            },
        );
    let _ = again().when(end(20)).then([yields(20, 16).into()]).then_state(|market| {
        assert!(market.place(&place(1)).unwrap().agreed.is_none(), "nothing of it is left");
    });
    let _ = again().when(end(7)).then([left(7).into()]);
    // What was offered of those nights is offered no more.
    let offered = ResaleOffered {
        place: place(1),
        resale: 3,
        council: derby(),
        of: ResaleOf::Reservation(2),
        from: jan(9),
        until: jan(16),
        weekly: RETAINER,
        partners: [].into(),
        at: at(0),
    };
    let _ = again().and([offered.into()]).when(end(10)).then([yields(10, 10).into()]).then_state(|market| {
        assert_eq!(market.place(&place(1)).unwrap().resales().count(), 0);
    });
    // Another council's stays, and somebody must look into it.
    let theirs = world::market_with(&asked).and([
        came(6).into(),
        left(8).into(),
        reserved(durham(), jan(8), jan(16), 2).into(),
    ]);
    let _ = theirs.when(end(10)).then_events(|events| match events {
        [MarketEvent::OccupancyRefused(refused)] => assert_eq!(refused.reason, "RESERVED"),
        other => panic!("two councils have a night: {other:#?}"),
    });
}

#[test]
fn a_reservation_is_ended_by_its_council_or_a_notice() {
    let end = |council, token, on| Command::EndReservation { place: place(1), council, token, on, at: at(0) };
    market_reserved()
        .when(end(derby(), 1, jan(12)))
        .then([ended(jan(6), jan(12), ReservationEnd::Ended).into()])
        .when(Command::ReservePlace(ReservePlace {
            at: at(7 * 24 * 60),
            ..reserve(durham(), jan(12), jan(16))
        }))
        .then_events(one_event);
    // What is not used is not free: a week is charged from the notice.
    let words = market_reserved().when(end(derby(), 1, jan(11)));
    let words = words.then_refused("RESERVATION_NOTICE_TOO_SHORT").to_string();
    assert!(words.contains("2026-01-12") && words.contains("2026-01-16"), "{words}");
    for on in [jan(5), jan(16)] {
        market_reserved().when(end(derby(), 1, on)).then_refused("END_OUT_OF_RANGE");
    }
    market_reserved().when(end(durham(), 1, jan(10))).then_refused("RESERVATION_UNKNOWN");
    market_reserved().when(end(derby(), 2, jan(10))).then_refused("RESERVATION_UNKNOWN");
    let on_the_9th = at(4 * 24 * 60);
    let notice = RestrictionNoticeServed { urn: urn(), on: jan(9), at: on_the_9th };
    let restricted = ReservationEnded { at: on_the_9th, ..ended(jan(6), jan(9), ReservationEnd::Restricted) };
    market_reserved()
        .when(Command::ServeRestrictionNotice(notice.clone()))
        .then([notice.into(), restricted.into()]);
}

#[test]
fn a_council_has_so_many_reservations_at_once() {
    let many = |number: u8| {
        let place: care::PlaceId = format!("X-{number:02}").parse().unwrap_or_else(|_| place(1));
        let opened =
            care::market::PlaceOpened { place: place.clone(), urn: urn(), household: None, at: at(0) };
        let of = reserved(derby(), jan(6), jan(16), 1);
        [opened.into(), PlaceReserved { place, ..of }.into()]
    };
    let most = u8::try_from(Command::RESERVATIONS_MAX).unwrap_or(u8::MAX);
    let mut entry = world::establishment_registered();
    entry.registration.places_registered = 100;
    let reservation = Some(ReservationTerms { weekly: RETAINER, nights_max: 14 });
    let with = |count: u8| {
        care::spec::given::<Vacancies>(world::home_of(entry.clone()))
            .and([VacancyAdvertised { reservation, ..advertised(1) }.into()])
            .and((1..=count).flat_map(many))
    };
    let asked = || Command::ReservePlace(reserve(derby(), jan(6), jan(16)));
    let _ = with(most - 1).when(asked()).then_events(one_event);
    with(most).when(asked()).then_refused("RESERVATION_LIMIT_REACHED");
    // What is bought counts as what is made.
    let offered = ResaleOffered {
        place: place(1),
        resale: 2,
        council: durham(),
        of: ResaleOf::Reservation(1),
        from: jan(6),
        until: jan(16),
        weekly: RETAINER,
        partners: [].into(),
        at: at(0),
    };
    let buys = BuyResale {
        place: place(1),
        council: derby(),
        resale: 2,
        weekly: RETAINER,
        approver: "Head of Placements".to_owned(),
        at: at(0),
    };
    let theirs = || [reserved(durham(), jan(6), jan(16), 1).into(), offered.clone().into()];
    let buys = || Command::BuyResale(buys.clone());
    let _ = with(most - 1).and(theirs()).when(buys()).then_events(|events| assert_eq!(events.len(), 2));
    with(most).and(theirs()).when(buys()).then_refused("RESERVATION_LIMIT_REACHED");
}
