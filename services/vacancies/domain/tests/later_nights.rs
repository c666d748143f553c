//! Nights that are agreed before those that another council holds: one of the two could not use its own.

mod world;

use care::Pence;
use care::market::{BlockTerms, MarketEvent, ResaleOf};
use vacancies_domain::{BuyResale, ClaimForAward, Command, HoldPlace, OfferBlock, OfferResale, ReservePlace};
use world::agreed::{market_reserved, one_event, reservable, reserve, reserved};
use world::{at, claim, derby, durham, hold_place, jan, place, refused_for};

fn later(council: care::CouncilId, first: care::Date) -> Command {
    Command::HoldPlace(HoldPlace { first_night: Some(first), ..hold_place(1, council) })
}

/// A block of the 6th and the 7th.
fn short(council: care::CouncilId) -> Command {
    let terms = BlockTerms {
        from: jan(6),
        until: jan(8),
        weekly: Pence(420_000),
        partners: [].into(),
        resale_weekly: None,
    };
    Command::OfferBlock(OfferBlock { place: place(1), council, terms, at: at(0) })
}

/// A hold of later nights leaves those before free, but no other council can agree them: its own child would have no end that is known.
#[test]
fn nobody_agrees_nights_before_those_that_another_council_holds() {
    let held = || reservable().when(later(derby(), jan(20))).then_events(one_event);
    let reserves = |council| Command::ReservePlace(reserve(council, jan(6), jan(8)));
    held().when(reserves(durham())).then_refused("PLACE_TAKEN");
    held().when(short(durham())).then_refused("PLACE_TAKEN");
    let _ = held().when(reserves(derby())).then_events(one_event);
    let _ = held().when(short(derby())).then_events(one_event);
    let approver = "Head of Placements".to_owned();
    let accept = Command::AcceptBlock { place: place(1), council: durham(), block: 1, approver, at: at(0) };
    // What was offered before is judged again when it is accepted.
    let _ = reservable()
        .when(short(durham()))
        .then_events(one_event)
        .when(later(derby(), jan(20)))
        .then_events(one_event)
        .when(accept)
        .then_refused("PLACE_TAKEN");
    // The same before an award, and once the lease has run out it is as if nobody had held.
    let asked = ClaimForAward { start: jan(20), ..claim(1) };
    let awarded = || held().when(Command::ClaimForAward(asked.clone())).then_events(one_event);
    awarded().when(reserves(durham())).then_refused("PLACE_TAKEN");
    awarded().when(short(durham())).then_refused("PLACE_TAKEN");
    let after = ReservePlace { at: at(60), ..reserve(durham(), jan(6), jan(8)) };
    let _ = held()
        .when(Command::ReservePlace(after))
        .then_events(|events| assert!(matches!(events, [.., MarketEvent::PlaceReserved(_)]), "{events:#?}"));
}

/// Logs of before have another council's nights ahead of a live hold: the hold was given, and its award stands on it.
#[test]
fn an_award_on_its_own_live_hold_waits_for_nobody() {
    let before = reserved(durham(), jan(6), jan(8), 2);
    let both =
        || reservable().when(later(derby(), jan(20))).then_events(one_event).and([before.clone().into()]);
    let asked = ClaimForAward { start: jan(20), ..claim(1) };
    let _ = both()
        .when(Command::ClaimForAward(asked.clone()))
        .then_events(|events| assert!(matches!(events, [MarketEvent::PlaceClaimed(_)]), "{events:#?}"));
    // Nights before the hold's own were not judged with it, and without a live hold everything is.
    let sooner = ClaimForAward { start: jan(9), ..asked.clone() };
    assert_eq!(refused_for(both(), sooner), "AGREED_BY_ANOTHER_COUNCIL");
    let expired = ClaimForAward { at: at(60), ..asked };
    assert_eq!(refused_for(both(), expired), "AGREED_BY_ANOTHER_COUNCIL");
}

#[test]
fn nights_are_bought_only_while_nobody_else_claims_a_later_one() {
    let offer = OfferResale {
        place: place(1),
        council: derby(),
        of: ResaleOf::Reservation(1),
        from: jan(10),
        until: jan(16),
        weekly: Pence(90_000),
        partners: [].into(),
        at: at(0),
    };
    let buy = BuyResale {
        place: place(1),
        council: durham(),
        resale: 2,
        weekly: Pence(90_000),
        approver: "Head of Placements".to_owned(),
        at: at(0),
    };
    let offered = market_reserved().when(Command::OfferResale(offer)).then_events(one_event);
    let _ = offered
        .when(later(derby(), jan(20)))
        .then_events(one_event)
        .when(Command::BuyResale(buy))
        .then_refused("PLACE_TAKEN");
}
