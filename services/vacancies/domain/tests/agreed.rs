//! What is agreed of nights before they are held: hold policies, paid reservations, blocks and their resale.

mod world;

use care::market::{
    BlockAllocated, BlockDeclined, BlockEndProposed, BlockEnded, BlockOffered, BlockParty, BlockTerms,
    HoldPolicy, HoldPolicySet, MarketEvent, NightState, OccupancyEnded, PlaceOccupied, PlaceReserved,
    ResaleOf, ResaleOffered, ResaleSold, ResaleWithdrawn, ReservationEnd, ReservationEnded, ReservationTerms,
    RestrictionNoticeServed, VacancyAdvertised,
};
use care::spec::Given;
use care::{CouncilId, Date, Nights, Pence};
use vacancies_domain::{
    BuyResale, ClaimForAward, Command, HoldPlace, OfferBlock, OfferResale, ReservePlace, SetHoldPolicy,
    Vacancies,
};
use world::{
    advertised, at, award, claim, derby, durham, held, hold_place, jan, market, passing, place, provider,
    refused_for, urn,
};

const RETAINER: Pence = Pence(105_000);

fn darlington() -> CouncilId {
    "E06000005".parse().unwrap_or_else(|_| derby())
}

/// The market in which place 1 can be reserved, up to two weeks.
fn reservable() -> Given<Vacancies> {
    let reservation = Some(ReservationTerms { weekly: RETAINER, nights_max: 14 });
    market().and([VacancyAdvertised { reservation, ..advertised(1) }.into()])
}

fn reserve(council: CouncilId, from: Date, until: Date) -> ReservePlace {
    ReservePlace {
        place: place(1),
        council,
        from,
        until,
        weekly: RETAINER,
        referral: None,
        approver: "Head of Placements".to_owned(),
        at: at(0),
    }
}

fn reserved(council: CouncilId, from: Date, until: Date, token: u64) -> PlaceReserved {
    PlaceReserved {
        place: place(1),
        urn: urn(),
        provider: provider(),
        council,
        referral: None,
        from,
        until,
        weekly: RETAINER,
        token,
        approver: "Head of Placements".to_owned(),
        at: at(0),
    }
}

fn ended(from: Date, until: Date, reason: ReservationEnd) -> ReservationEnded {
    let (place, council) = (place(1), derby());
    ReservationEnded { place, council, token: 1, from, until, weekly: RETAINER, reason, at: at(0) }
}

/// Derby has reserved place 1 from the 6th to the 16th.
fn market_reserved() -> Given<Vacancies> {
    reservable().and([reserved(derby(), jan(6), jan(16), 1).into()])
}

fn hold(council: CouncilId) -> Command {
    Command::HoldPlace(hold_place(1, council))
}

fn one_event(events: &[MarketEvent]) {
    assert_eq!(events.len(), 1, "{events:#?}");
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
    let later = Command::ReservePlace(reserve(durham(), jan(16), jan(20)));
    let _ = market_reserved().when(later).then_events(one_event);
    let asked = ClaimForAward { council: durham(), start: jan(15), ..claim(1) };
    assert_eq!(refused_for(market_reserved(), asked.clone()), "RESERVED");
    // From its last night on it is free by itself.
    let _ = market_reserved()
        .when(Command::ClaimForAward(ClaimForAward { start: jan(16), ..asked }))
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
        .and([OccupancyEnded { award: award(1), council: derby(), place: place(1), on: jan(10), at: at(0) }
            .into()])
        .when(Command::ReservePlace(reserve(durham(), jan(10), jan(16))))
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
fn a_reservation_is_ended_by_its_council_or_a_notice() {
    let end = |council, token, on| Command::EndReservation { place: place(1), council, token, on, at: at(0) };
    market_reserved()
        .when(end(derby(), 1, jan(10)))
        .then([ended(jan(6), jan(10), ReservationEnd::Ended).into()])
        .when(Command::ReservePlace(reserve(durham(), jan(10), jan(16))))
        .then_events(one_event);
    market_reserved()
        .when(end(derby(), 1, jan(6)))
        .then([ended(jan(6), jan(6), ReservationEnd::Ended).into()])
        .when(hold(durham()))
        .then_events(one_event);
    for on in [jan(5), jan(16)] {
        market_reserved().when(end(derby(), 1, on)).then_refused("END_OUT_OF_RANGE");
    }
    market_reserved().when(end(durham(), 1, jan(10))).then_refused("RESERVATION_UNKNOWN");
    market_reserved().when(end(derby(), 2, jan(10))).then_refused("RESERVATION_UNKNOWN");
    let notice = RestrictionNoticeServed { urn: urn(), on: jan(9), at: at(0) };
    market_reserved()
        .when(Command::ServeRestrictionNotice(notice.clone()))
        .then([notice.into(), ended(jan(6), jan(9), ReservationEnd::Restricted).into()]);
}

#[test]
fn a_council_has_so_many_reservations_at_once() {
    let many = |number: u8| {
        let place: care::PlaceId = format!("X-{number:02}").parse().unwrap_or_else(|_| place(1));
        let opened = care::market::PlaceOpened { place: place.clone(), urn: urn(), at: at(0) };
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
}

fn terms() -> BlockTerms {
    BlockTerms {
        from: jan(6),
        until: jan(26),
        weekly: Pence(420_000),
        partners: [durham()].into(),
        resale_weekly: Some(Pence(300_000)),
    }
}

fn offer_block(terms: BlockTerms) -> Command {
    Command::OfferBlock(OfferBlock { place: place(1), council: derby(), terms, at: at(0) })
}

fn block_offered() -> MarketEvent {
    BlockOffered { place: place(1), block: 1, council: derby(), terms: terms(), at: at(0) }.into()
}

fn allocated() -> MarketEvent {
    let approver = "Head of Placements".to_owned();
    let (urn, provider, council) = (urn(), provider(), derby());
    let terms = terms();
    BlockAllocated { place: place(1), block: 1, urn, provider, council, terms, approver, at: at(0) }.into()
}

fn accept(council: CouncilId, block: u64) -> Command {
    let approver = "Head of Placements".to_owned();
    Command::AcceptBlock { place: place(1), council, block, approver, at: at(0) }
}

/// Place 1 is Derby's by a block from the 6th to the 26th.
fn market_blocked() -> Given<Vacancies> {
    reservable().and([block_offered(), allocated()])
}

#[test]
fn a_block_is_offered_and_accepted_and_then_nobody_else_holds_it() {
    reservable()
        .when(offer_block(terms()))
        .then([block_offered()])
        .when(accept(derby(), 1))
        .then([allocated()])
        .when(hold(durham()))
        .then_refused("BLOCK_OF_ANOTHER_COUNCIL");
    let _ = market_blocked().when(hold(derby())).then([held(1, 2).into()]);
    let asked = ClaimForAward { council: durham(), ..claim(1) };
    assert_eq!(refused_for(market_blocked(), asked.clone()), "BLOCK_OF_ANOTHER_COUNCIL");
    let _ = market_blocked()
        .when(Command::ClaimForAward(ClaimForAward { start: jan(26), ..asked }))
        .then_events(|events| assert!(matches!(events, [_, MarketEvent::PlaceClaimed(_)]), "{events:#?}"));
    let reserves = |council| Command::ReservePlace(reserve(council, jan(20), jan(30)));
    market_blocked().when(reserves(durham())).then_refused("BLOCK_OF_ANOTHER_COUNCIL");
    market_blocked().when(reserves(derby())).then_refused("NIGHTS_IN_OWN_BLOCK");
    market_blocked().when(Command::ClosePlace { place: place(1), at: at(0) }).then_refused("BLOCK_IN_FORCE");
    let _ = market_blocked().then_state(|market| {
        assert_eq!(market.places_claimed_on(&urn(), terms().nights(), at(0)), 0, "a right takes no night");
        assert_eq!(market.capacity(&urn(), at(0)).matchable, 3);
    });
}

#[test]
fn a_block_is_refused_declined_and_offered_anew() {
    let offered = || reservable().and([block_offered()]);
    offered().when(accept(durham(), 1)).then_refused("BLOCK_UNKNOWN");
    offered().when(accept(derby(), 2)).then_refused("BLOCK_UNKNOWN");
    let decline = Command::DeclineBlock { place: place(1), council: derby(), block: 1, at: at(0) };
    let declined = BlockDeclined { place: place(1), block: 1, council: derby(), at: at(0) };
    offered().when(decline).then([declined.into()]).when(accept(derby(), 1)).then_refused("BLOCK_UNKNOWN");
    let _ = offered()
        .when(offer_block(terms()))
        .then_events(one_event)
        .when(accept(derby(), 1))
        .then_refused("BLOCK_UNKNOWN");
    let refused = |terms, reason| {
        reservable().when(offer_block(terms)).then_refused(reason);
    };
    refused(BlockTerms { until: Date::constant(2031, 2, 1), ..terms() }, "BLOCK_TOO_LONG");
    refused(BlockTerms { from: jan(1), ..terms() }, "NIGHTS_PASSED");
    refused(BlockTerms { partners: [derby()].into(), ..terms() }, "PARTNERS_INVALID");
    market_blocked().when(offer_block(terms())).then_refused("BLOCK_OVERLAPS");
    market_reserved().when(offer_block(terms())).then_refused("RESERVED");
    let theirs = HoldPlace { council: durham(), ..hold_place(1, durham()) };
    let _ = reservable()
        .when(Command::HoldPlace(theirs))
        .then_events(one_event)
        .when(offer_block(terms()))
        .then_refused("PLACE_TAKEN");
}

#[test]
fn a_block_ends_on_the_day_that_both_parties_name() {
    let end = |council, on| Command::EndBlock { place: place(1), council, block: 1, on, at: at(0) };
    let proposed =
        |by, on| BlockEndProposed { place: place(1), block: 1, council: derby(), by, on, at: at(0) };
    let ended = BlockEnded {
        place: place(1),
        block: 1,
        council: derby(),
        from: jan(6),
        until: jan(16),
        weekly: Pence(420_000),
        at: at(0),
    };
    market_blocked()
        .when(end(None, jan(12)))
        .then([proposed(BlockParty::Provider, jan(12)).into()])
        .when(end(None, jan(12)))
        .then_nothing()
        .when(end(Some(derby()), jan(16)))
        .then([proposed(BlockParty::Council, jan(16)).into()])
        .when(end(None, jan(16)))
        .then([ended.into()])
        .when(Command::ClaimForAward(ClaimForAward { council: durham(), start: jan(16), ..claim(1) }))
        .then_events(|events| assert!(matches!(events, [_, MarketEvent::PlaceClaimed(_)]), "{events:#?}"));
    market_blocked().when(end(Some(durham()), jan(16))).then_refused("BLOCK_UNKNOWN");
    market_blocked().when(end(None, jan(26))).then_refused("END_OUT_OF_RANGE");
    let sold = block_sold(durham(), jan(10), jan(20), 3);
    market_blocked().and([sold]).when(end(None, jan(16))).then_refused("NIGHTS_SOLD");
}

fn resale(of: ResaleOf, from: Date, until: Date) -> OfferResale {
    OfferResale {
        place: place(1),
        council: derby(),
        of,
        from,
        until,
        weekly: Pence(250_000),
        partners: [durham()].into(),
        at: at(0),
    }
}

fn resale_offered(of: ResaleOf, from: Date, until: Date) -> MarketEvent {
    let OfferResale { place, council, of, from, until, weekly, partners, at } = resale(of, from, until);
    ResaleOffered { place, resale: 2, council, of, from, until, weekly, partners, at }.into()
}

fn buy(council: CouncilId) -> BuyResale {
    BuyResale {
        place: place(1),
        council,
        resale: 2,
        weekly: Pence(250_000),
        approver: "Head of Placements".to_owned(),
        at: at(0),
    }
}

fn sold(of: ResaleOf, buyer: CouncilId, from: Date, until: Date, token: u64) -> MarketEvent {
    let approver = "Head of Placements".to_owned();
    let (place, seller, weekly) = (place(1), derby(), Pence(250_000));
    ResaleSold { place, resale: 2, seller, buyer, of, from, until, weekly, token, approver, at: at(0) }.into()
}

fn block_sold(buyer: CouncilId, from: Date, until: Date, token: u64) -> MarketEvent {
    sold(ResaleOf::Block(1), buyer, from, until, token)
}

#[test]
fn void_nights_of_a_block_are_sold_once() {
    let of = ResaleOf::Block(1);
    let offered = || market_blocked().and([resale_offered(of, jan(6), jan(16))]);
    market_blocked()
        .when(Command::OfferResale(resale(of, jan(6), jan(16))))
        .then([resale_offered(of, jan(6), jan(16))])
        .when(Command::BuyResale(buy(durham())))
        .then([block_sold(durham(), jan(6), jan(16), 3)])
        .when(Command::BuyResale(buy(durham())))
        .then_refused("RESALE_UNKNOWN");
    let bought = || offered().and([block_sold(durham(), jan(6), jan(16), 3)]);
    // The right has passed: the buyer holds, and a child that comes by right stays on.
    let theirs = Command::HoldPlace(hold_place(1, durham()));
    let _ = bought().when(theirs).then_events(one_event);
    let words = bought().when(hold(derby())).then_refused("BLOCK_OF_ANOTHER_COUNCIL").to_string();
    assert!(words.contains("until 2026-01-16"), "from then on it is the seller's again: {words}");
    bought().when(Command::OfferResale(resale(of, jan(10), jan(20)))).then_refused("RESALE_NOT_OWN");
    let _ = bought().when(Command::OfferResale(resale(of, jan(16), jan(20)))).then_events(one_event);
    // Whoever it was not offered to does not learn that it is there.
    offered().when(Command::BuyResale(buy(darlington()))).then_refused("RESALE_UNKNOWN");
    offered().when(Command::BuyResale(buy(derby()))).then_refused("RESALE_UNKNOWN");
    let cheaper = BuyResale { weekly: Pence(1), ..buy(durham()) };
    offered().when(Command::BuyResale(cheaper)).then_refused("PRICE_CHANGED");
    let late = BuyResale { at: at(2 * 24 * 60), ..buy(durham()) };
    offered().when(Command::BuyResale(late)).then_refused("NIGHTS_PASSED");
    let used = offered().when(hold(derby())).then_events(one_event);
    used.when(Command::BuyResale(buy(durham()))).then_refused("RESALE_NOT_VOID");
}

#[test]
fn a_resale_is_offered_within_the_block_contract() {
    let of = ResaleOf::Block(1);
    let refused = |asked: OfferResale, reason| {
        market_blocked().when(Command::OfferResale(asked)).then_refused(reason);
    };
    let asked = || resale(of, jan(6), jan(16));
    refused(OfferResale { partners: [].into(), ..asked() }, "PARTNERS_INVALID");
    refused(OfferResale { partners: [darlington()].into(), ..asked() }, "PARTNERS_INVALID");
    refused(OfferResale { weekly: Pence(300_001), ..asked() }, "RESALE_TOO_DEAR");
    refused(OfferResale { until: jan(27), ..asked() }, "RESALE_NOT_OWN");
    refused(OfferResale { council: durham(), partners: [derby()].into(), ..asked() }, "BLOCK_UNKNOWN");
    market_blocked()
        .and([resale_offered(of, jan(6), jan(16))])
        .when(Command::OfferResale(resale(of, jan(10), jan(20))))
        .then_refused("RESALE_OVERLAPS");
    let withdraw = |council| Command::WithdrawResale { place: place(1), council, resale: 2, at: at(0) };
    let withdrawn = ResaleWithdrawn { place: place(1), resale: 2, council: derby(), at: at(0) };
    let offered = || market_blocked().and([resale_offered(of, jan(6), jan(16))]);
    offered().when(withdraw(durham())).then_refused("RESALE_UNKNOWN");
    offered()
        .when(withdraw(derby()))
        .then([withdrawn.into()])
        .when(Command::BuyResale(buy(durham())))
        .then_refused("RESALE_UNKNOWN");
}

#[test]
fn a_reservation_is_sold_to_its_end_and_becomes_the_buyers() {
    let of = ResaleOf::Reservation(1);
    market_reserved()
        .when(Command::OfferResale(resale(of, jan(6), jan(15))))
        .then_refused("RESALE_NOT_TO_THE_END");
    let anybody = OfferResale { partners: [].into(), ..resale(of, jan(10), jan(16)) };
    let _ = market_reserved()
        .when(Command::OfferResale(anybody))
        .then_events(one_event)
        .when(Command::BuyResale(buy(darlington())))
        .then([sold(of, darlington(), jan(10), jan(16), 3)])
        .then_state(|market| {
            let on = |day| {
                let one = Nights::from_on(jan(day), Some(jan(day + 1)));
                market.place(&place(1)).and_then(|it| it.reservations_on(one).next()).map(|it| it.council)
            };
            assert_eq!(
                [on(9), on(10), on(15), on(16)],
                [Some(derby()), Some(darlington()), Some(darlington()), None]
            );
        });
    let theirs = ClaimForAward { council: darlington(), start: jan(10), ..claim(1) };
    let _ = market_reserved()
        .and([sold(of, darlington(), jan(10), jan(16), 3)])
        .when(Command::ClaimForAward(theirs))
        .then_events(|events| assert!(matches!(events, [_, MarketEvent::PlaceClaimed(_)]), "{events:#?}"));
}
