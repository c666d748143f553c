//! Block places, and the resale of void nights of blocks and reservations.

mod world;

use care::market::{
    BlockAllocated, BlockDeclined, BlockEndProposed, BlockEnded, BlockOffered, BlockParty, BlockTerms,
    MarketEvent, NightState, ResaleBought, ResaleOf, ResaleOffered, ResaleSold, ResaleWithdrawn,
    ReservationEnd, ReservationEnded, RestrictionNoticeServed, Sexes, VacancyAdvertised,
};
use care::spec::Given;
use care::{CouncilId, Date, Nights, Pence};
use vacancies_domain::{
    BuyResale, ClaimForAward, Command, HoldPlace, OfferBlock, OfferResale, Vacancies, VacancyChange,
};
use world::agreed::{RETAINER, hold, market_reserved, one_event, reservable, reserve};
use world::{
    advertised, at, award, claim, derby, durham, held, hold_place, jan, place, provider, refused_for, urn,
};

fn darlington() -> CouncilId {
    "E06000005".parse().unwrap_or_else(|_| derby())
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
        .when(Command::ClaimForAward(ClaimForAward { start: jan(26), at: at(21 * 24 * 60), ..asked }))
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
fn another_councils_block_waits_until_agreed_nights_have_passed() {
    let later = BlockTerms { from: jan(16), until: jan(26), ..terms() };
    let offer = |council, terms: &BlockTerms, at| {
        Command::OfferBlock(OfferBlock { place: place(1), council, terms: terms.clone(), at })
    };
    let terms = BlockTerms { partners: [].into(), ..later };
    market_reserved().when(offer(durham(), &terms, at(0))).then_refused("AGREED_BY_ANOTHER_COUNCIL");
    let _ = market_reserved().when(offer(derby(), &terms, at(0))).then_events(one_event);
    let _ = market_reserved().when(offer(durham(), &terms, at(11 * 24 * 60))).then_events(one_event);
    // What was agreed between the offer and its acceptance counts too.
    let _ = reservable()
        .when(offer(durham(), &terms, at(0)))
        .then_events(one_event)
        .when(Command::ReservePlace(reserve(derby(), jan(6), jan(7))))
        .then_events(one_event)
        .when(accept(durham(), 1))
        .then_refused("AGREED_BY_ANOTHER_COUNCIL");
    let behind = Command::ReservePlace(reserve(durham(), jan(26), jan(27)));
    market_blocked().when(behind).then_refused("AGREED_BY_ANOTHER_COUNCIL");
}

#[test]
fn a_provider_takes_nothing_back_of_what_a_council_pays_for() {
    let withdraw = || Command::WithdrawVacancy { place: place(1), at: at(0) };
    market_blocked().when(withdraw()).then_refused("BLOCK_IN_FORCE");
    let _ = reservable().and([block_offered()]).when(withdraw()).then_events(one_event);
    let stated = || VacancyAdvertised { needs: [].into(), ..advertised(1) };
    for market in [market_blocked, market_reserved] {
        let refused = |stated: VacancyAdvertised| {
            let words =
                market().when(Command::AdvertiseVacancy(stated.clone())).then_refused("NIGHTS_PROMISED");
            let many =
                Command::UpsertVacancies { changes: vec![VacancyChange::Advertise(stated)], at: at(0) };
            market().when(many).then_nothing();
            words.to_string()
        };
        refused(VacancyAdvertised { available_from: jan(7), ..stated() });
        refused(VacancyAdvertised { age_from: 11, ..stated() });
        refused(VacancyAdvertised { age_to: 16, ..stated() });
        refused(VacancyAdvertised { sexes: Sexes::Female, ..stated() });
        // Portals say the day anew: what comes no later than the nights that are paid for takes none of them.
        let wider = VacancyAdvertised { available_from: jan(6), age_from: 8, ..stated() };
        let _ = market().when(Command::AdvertiseVacancy(wider)).then_events(one_event);
        let over = VacancyAdvertised { at: at(21 * 24 * 60), age_to: 16, ..stated() };
        let _ = market().when(Command::AdvertiseVacancy(over)).then_events(one_event);
    }
}

#[test]
fn a_provider_is_not_asked_about_a_place_in_a_block() {
    let sweep = |days: i64| Command::SweepStaleVacancies { at: at(days * 24 * 60), limit: 10 };
    let asked = |events: &[MarketEvent]| {
        let places = events.iter().filter_map(|event| match event {
            MarketEvent::VacancyQueried(event) => Some(event.place.clone()),
            _ => None,
        });
        places.collect::<Vec<_>>()
    };
    let _ = market_blocked().when(sweep(8)).then_events(|it| assert_eq!(asked(it), [place(2), place(3)]));
    let _ = market_blocked().when(sweep(21)).then_events(|it| assert!(asked(it).contains(&place(1))));
}

#[test]
fn a_block_is_refused_declined_and_offered_anew() {
    let offered = || reservable().and([block_offered()]);
    offered().when(accept(durham(), 1)).then_refused("BLOCK_UNKNOWN");
    offered().when(accept(derby(), 2)).then_refused("BLOCK_UNKNOWN");
    let decline = Command::DeclineBlock { place: place(1), council: derby(), block: 1, at: at(0) };
    let declined =
        BlockDeclined { place: place(1), block: 1, council: derby(), by: BlockParty::Council, at: at(0) };
    offered().when(decline).then([declined.into()]).when(accept(derby(), 1)).then_refused("BLOCK_UNKNOWN");
    let _ = offered()
        .when(offer_block(terms()))
        .then_events(one_event)
        .when(accept(derby(), 1))
        .then_refused("BLOCK_UNKNOWN");
    // A council hears that what was offered to it has gone to another.
    let gone =
        BlockDeclined { place: place(1), block: 1, council: derby(), by: BlockParty::Provider, at: at(0) };
    let theirs = BlockTerms { partners: [].into(), ..terms() };
    let offer = OfferBlock { place: place(1), council: durham(), terms: theirs, at: at(0) };
    let _ = offered().when(Command::OfferBlock(offer)).then_events(|events| {
        assert_eq!((events.len(), &events[0]), (2, &MarketEvent::from(gone.clone())));
    });
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
        .then([ended.clone().into()])
        .when(Command::ClaimForAward(ClaimForAward {
            council: durham(),
            start: jan(16),
            at: at(11 * 24 * 60),
            ..claim(1)
        }))
        .then_events(|events| assert!(matches!(events, [_, MarketEvent::PlaceClaimed(_)]), "{events:#?}"));
    let notice = RestrictionNoticeServed { urn: urn(), on: jan(5), at: at(0) };
    let restricted = || market_blocked().and([notice.clone().into()]);
    restricted().when(end(Some(derby()), jan(16))).then([ended.clone().into()]);
    restricted().when(end(None, jan(16))).then([proposed(BlockParty::Provider, jan(16)).into()]);
    market_blocked().when(end(Some(durham()), jan(16))).then_refused("BLOCK_UNKNOWN");
    market_blocked().when(end(None, jan(26))).then_refused("END_OUT_OF_RANGE");
    let sold = block_sold(durham(), jan(10), jan(26), 3);
    market_blocked().and(sold).when(end(None, jan(16))).then_refused("NIGHTS_SOLD");
}

fn resale(of: ResaleOf, from: Date, until: Date) -> OfferResale {
    OfferResale {
        place: place(1),
        council: derby(),
        of,
        from,
        until,
        weekly: asked(of),
        partners: [durham()].into(),
        at: at(0),
    }
}

/// What Derby asks for its nights, in pence a week.
fn asked(of: ResaleOf) -> Pence {
    if matches!(of, ResaleOf::Block(_)) { Pence(250_000) } else { Pence(90_000) }
}

fn resale_offered(of: ResaleOf, from: Date, until: Date) -> MarketEvent {
    let OfferResale { place, council, of, from, until, weekly, partners, at } = resale(of, from, until);
    ResaleOffered { place, resale: 2, council, of, from, until, weekly, partners, at }.into()
}

fn buy(council: CouncilId, of: ResaleOf) -> BuyResale {
    BuyResale {
        place: place(1),
        council,
        resale: 2,
        weekly: asked(of),
        approver: "Head of Placements".to_owned(),
        at: at(0),
    }
}

/// The seller's event and the buyer's.
fn sold(of: ResaleOf, buyer: CouncilId, from: Date, until: Date, token: u64) -> [MarketEvent; 2] {
    let (approver, at) = ("Head of Placements".to_owned(), at(0));
    let (resale, seller, weekly) = (2, derby(), asked(of));
    let place = || place(1);
    let ours = ResaleSold { place: place(), resale, seller, buyer, of, from, until, weekly, token, at };
    let theirs =
        ResaleBought { place: place(), resale, seller, buyer, from, until, weekly, token, approver, at };
    [ours.into(), theirs.into()]
}

fn block_sold(buyer: CouncilId, from: Date, until: Date, token: u64) -> [MarketEvent; 2] {
    sold(ResaleOf::Block(1), buyer, from, until, token)
}

#[test]
fn void_nights_of_a_block_are_sold_once() {
    let of = ResaleOf::Block(1);
    let offered = || market_blocked().and([resale_offered(of, jan(6), jan(26))]);
    market_blocked()
        .when(Command::OfferResale(resale(of, jan(6), jan(26))))
        .then([resale_offered(of, jan(6), jan(26))])
        .when(Command::BuyResale(buy(durham(), of)))
        .then(block_sold(durham(), jan(6), jan(26), 3))
        .when(Command::BuyResale(buy(durham(), of)))
        .then_refused("RESALE_UNKNOWN");
    let bought = || offered().and(block_sold(durham(), jan(6), jan(26), 3));
    // The right has passed: the buyer holds, and a child that comes by right stays on.
    let theirs = Command::HoldPlace(hold_place(1, durham()));
    let _ = bought().when(theirs).then_events(one_event);
    let words = bought().when(hold(derby())).then_refused("BLOCK_OF_ANOTHER_COUNCIL").to_string();
    assert!(words.contains("until 2026-01-26"), "it is the buyer's to the end: {words}");
    bought().when(Command::OfferResale(resale(of, jan(10), jan(26)))).then_refused("RESALE_NOT_OWN");
    market_blocked()
        .when(Command::OfferResale(resale(of, jan(6), jan(25))))
        .then_refused("RESALE_NOT_TO_THE_END");
    // Whoever it was not offered to does not learn that it is there.
    offered().when(Command::BuyResale(buy(darlington(), of))).then_refused("RESALE_UNKNOWN");
    offered().when(Command::BuyResale(buy(derby(), of))).then_refused("RESALE_UNKNOWN");
    let cheaper = BuyResale { weekly: Pence(1), ..buy(durham(), of) };
    offered().when(Command::BuyResale(cheaper)).then_refused("PRICE_CHANGED");
    let late = BuyResale { at: at(2 * 24 * 60), ..buy(durham(), of) };
    offered().when(Command::BuyResale(late)).then_refused("NIGHTS_PASSED");
    let used = offered().when(hold(derby())).then_events(one_event);
    used.when(Command::BuyResale(buy(durham(), of))).then_refused("RESALE_NOT_VOID");
}

#[test]
fn a_seller_does_not_take_back_what_it_sold_by_holding_an_earlier_night() {
    let sold = || market_blocked().and(block_sold(durham(), jan(10), jan(26), 3));
    // The seller's hold from the 6th would reach the buyer's nights from the 10th.
    let words = sold().when(hold(derby())).then_refused("BLOCK_OF_ANOTHER_COUNCIL").to_string();
    assert!(words.contains("until 2026-01-26"), "{words}");
    let asked = ClaimForAward { start: jan(8), ..claim(1) };
    assert_eq!(refused_for(sold(), asked.clone()), "BLOCK_OF_ANOTHER_COUNCIL");
    // Nor does the buyer come before its nights.
    let theirs = |day| ClaimForAward { council: durham(), start: jan(day), ..claim(1) };
    assert_eq!(refused_for(sold(), theirs(9)), "BLOCK_OF_ANOTHER_COUNCIL");
    let _ = sold()
        .when(Command::ClaimForAward(theirs(10)))
        .then_events(|events| assert!(matches!(events, [_, MarketEvent::PlaceClaimed(_)]), "{events:#?}"));
    // What is the buyer's already it does not pay for again.
    let all = market_blocked().and(block_sold(durham(), jan(6), jan(26), 3));
    all.when(Command::ReservePlace(reserve(durham(), jan(5), jan(8)))).then_refused("NIGHTS_IN_OWN_BLOCK");
}

#[test]
fn a_resale_is_offered_within_the_block_contract() {
    let of = ResaleOf::Block(1);
    let refused = |asked: OfferResale, reason| {
        market_blocked().when(Command::OfferResale(asked)).then_refused(reason);
    };
    let asked = || resale(of, jan(6), jan(26));
    refused(OfferResale { partners: [].into(), ..asked() }, "PARTNERS_INVALID");
    refused(OfferResale { partners: [darlington()].into(), ..asked() }, "PARTNERS_INVALID");
    refused(OfferResale { weekly: Pence(300_001), ..asked() }, "RESALE_TOO_DEAR");
    refused(OfferResale { from: jan(5), ..asked() }, "RESALE_NOT_OWN");
    refused(OfferResale { council: durham(), partners: [derby()].into(), ..asked() }, "BLOCK_UNKNOWN");
    market_blocked()
        .and([resale_offered(of, jan(6), jan(26))])
        .when(Command::OfferResale(resale(of, jan(10), jan(26))))
        .then_refused("RESALE_OVERLAPS");
    // Three days later nobody can buy that any more, and the nights that are left are offered anew.
    let anew = OfferResale { at: at(3 * 24 * 60), ..resale(of, jan(10), jan(26)) };
    let passed = market_blocked().and([resale_offered(of, jan(6), jan(26))]);
    let _ = passed.when(Command::OfferResale(anew)).then_events(one_event);
    let withdraw = |council| Command::WithdrawResale { place: place(1), council, resale: 2, at: at(0) };
    let withdrawn = ResaleWithdrawn { place: place(1), resale: 2, council: derby(), at: at(0) };
    let offered = || market_blocked().and([resale_offered(of, jan(6), jan(26))]);
    offered().when(withdraw(durham())).then_refused("RESALE_UNKNOWN");
    offered()
        .when(withdraw(derby()))
        .then([withdrawn.into()])
        .when(Command::BuyResale(buy(durham(), of)))
        .then_refused("RESALE_UNKNOWN");
}

#[test]
fn a_sellers_retainer_ends_with_what_was_bought() {
    let of = ResaleOf::Reservation(1);
    let bought = || market_reserved().and(sold(of, durham(), jan(9), jan(16), 3));
    let on_the_11th = at(6 * 24 * 60);
    let end = |council, token, from, weekly, until, reason| {
        let at = if reason == ReservationEnd::Restricted { on_the_11th } else { at(0) };
        ReservationEnded { place: place(1), council, token, from, until, weekly, reason, at }.into()
    };
    let both = |until, reason| -> [MarketEvent; 2] {
        [end(durham(), 3, jan(9), asked(of), until, reason), end(derby(), 1, jan(6), RETAINER, until, reason)]
    };
    let come =
        Command::OccupyPlace { award: award(1), council: durham(), place: place(1), on: jan(10), at: at(0) };
    let came = |events: &[MarketEvent]| assert_eq!(events[1..], both(jan(10), ReservationEnd::Occupied));
    let asks = ClaimForAward { council: durham(), start: jan(9), ..claim(1) };
    let claimed =
        bought().when(Command::ClaimForAward(asks)).then_events(|events| assert_eq!(events.len(), 2));
    let _ = claimed.when(come).then_events(came).then_state(|market| {
        let left = market.place(&place(1)).and_then(|it| it.agreed.as_ref()).map(|it| &it.reservations);
        let nights = left.into_iter().flatten().map(|it| (it.council, it.nights())).collect::<Vec<_>>();
        let run = |from, to| Nights::from_on(jan(from), Some(jan(to)));
        assert_eq!(nights, [(derby(), run(6, 9)), (durham(), run(9, 10))], "the seller has no night more");
    });
    let ends =
        |council, token, on| Command::EndReservation { place: place(1), council, token, on, at: at(0) };
    bought().when(ends(durham(), 3, jan(12))).then(both(jan(12), ReservationEnd::Ended));
    let late = Command::EndReservation { place: place(1), council: derby(), token: 1, on: jan(8), at: at(0) };
    bought().when(late).then_refused("NIGHTS_SOLD");
    // What is left before the nights that were sold nobody could use, so it is not sold either.
    bought().when(Command::OfferResale(resale(of, jan(6), jan(9)))).then_refused("RESALE_NOT_TO_THE_END");
    bought().when(Command::OfferResale(resale(of, jan(10), jan(16)))).then_refused("RESALE_NOT_OWN");
    let notice = |on| RestrictionNoticeServed { urn: urn(), on, at: on_the_11th };
    let serve = |on| bought().when(Command::ServeRestrictionNotice(notice(on)));
    let [buyers, sellers] = both(jan(11), ReservationEnd::Restricted);
    serve(jan(11)).then([notice(jan(11)).into(), buyers, sellers]);
    // Before the nights that were sold nothing of them is left to pay, and the seller's end is told once.
    let sellers = end(derby(), 1, jan(6), RETAINER, jan(8), ReservationEnd::Restricted);
    let buyers = end(durham(), 3, jan(9), asked(of), jan(9), ReservationEnd::Restricted);
    serve(jan(8)).then([notice(jan(8)).into(), sellers, buyers]);
}

#[test]
fn a_reservation_is_sold_to_its_end_and_becomes_the_buyers() {
    let of = ResaleOf::Reservation(1);
    market_reserved()
        .when(Command::OfferResale(resale(of, jan(6), jan(15))))
        .then_refused("RESALE_NOT_TO_THE_END");
    let dearer = OfferResale { weekly: Pence(105_001), ..resale(of, jan(10), jan(16)) };
    market_reserved().when(Command::OfferResale(dearer)).then_refused("RESALE_TOO_DEAR");
    let anybody = OfferResale { partners: [].into(), ..resale(of, jan(10), jan(16)) };
    let _ = market_reserved()
        .when(Command::OfferResale(anybody))
        .then_events(one_event)
        .when(Command::BuyResale(buy(darlington(), of)))
        .then(sold(of, darlington(), jan(10), jan(16), 3))
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
        .and(sold(of, darlington(), jan(10), jan(16), 3))
        .when(Command::ClaimForAward(theirs))
        .then_events(|events| assert!(matches!(events, [_, MarketEvent::PlaceClaimed(_)]), "{events:#?}"));
}

#[test]
fn nights_of_a_block_are_told_apart_from_vacant_ones_with_who_may_have_them() {
    let nights = Nights::from_on(jan(5), Some(jan(31)));
    let market = market_blocked().into_state();
    let runs = market.calendar(&place(1), nights, at(0));
    let told: Vec<_> = runs.iter().map(|run| (run.nights.start(), run.state, run.holder)).collect();
    let expected = [
        (jan(5), NightState::Vacant, None),
        (jan(6), NightState::InBlock, Some(derby())),
        (jan(26), NightState::Vacant, None),
    ];
    assert_eq!(told, expected);
}

#[test]
fn who_bought_nights_of_a_block_holds_them_before_their_first_night() {
    let sold = || market_blocked().and(block_sold(durham(), jan(10), jan(26), 3));
    let from = |first_night| Command::HoldPlace(HoldPlace { first_night, ..hold_place(1, durham()) });
    // From today on it would take nights that are not its own.
    sold().when(from(None)).then_refused("BLOCK_OF_ANOTHER_COUNCIL");
    let _ = sold().when(from(Some(jan(10)))).then_events(one_event);
}

#[test]
fn nobody_holds_later_nights_while_a_council_pays_for_those_before() {
    let later = |council, first| {
        Command::HoldPlace(HoldPlace { council, first_night: Some(first), ..hold_place(1, council) })
    };
    market_blocked().when(later(durham(), jan(26))).then_refused("AGREED_BY_ANOTHER_COUNCIL");
    market_reserved().when(later(durham(), jan(16))).then_refused("AGREED_BY_ANOTHER_COUNCIL");
    let claim = |first| ClaimForAward { council: durham(), start: first, ..claim(1) };
    assert_eq!(refused_for(market_blocked(), claim(jan(26))), "AGREED_BY_ANOTHER_COUNCIL");
    assert_eq!(refused_for(market_reserved(), claim(jan(16))), "AGREED_BY_ANOTHER_COUNCIL");
    let _ = market_blocked().when(later(derby(), jan(20))).then_events(one_event);
    // Who bought nights of a reservation holds them though the seller has those before.
    let of = ResaleOf::Reservation(1);
    let bought = market_reserved().and(sold(of, durham(), jan(9), jan(16), 3));
    let _ = bought.when(later(durham(), jan(9))).then_events(one_event);
}
