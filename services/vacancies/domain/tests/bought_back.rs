//! Reservations of which a council has bought back what it had sold, and those whose first nights its own child has taken: each ends once.

mod world;

use care::market::{
    MarketEvent, OccupancyEnded, PlaceOccupied, ResaleBought, ResaleOf, ResaleSold, ReservationEnd,
    ReservationEnded, RestrictionNoticeServed, Yielded,
};
use care::{CouncilId, Date, Pence, Timestamp};
use vacancies_domain::{ClaimForAward, Command};
use world::agreed::{RETAINER, market_reserved, reserved};
use world::{at, award, claim, derby, durham, jan, market_with, place, urn};

const RESOLD: Pence = Pence(90_000);

/// Nights of a reservation to the 16th, from one council to another.
fn sold(of: u64, (seller, buyer): (CouncilId, CouncilId), from: Date, token: u64) -> [MarketEvent; 2] {
    let (of, resale, until, weekly, at) = (ResaleOf::Reservation(of), token - 1, jan(16), RESOLD, at(0));
    let (place, approver) = (place(1), "Head of Placements".to_owned());
    let bought = ResaleBought {
        place: place.clone(),
        resale,
        seller,
        buyer,
        from,
        until,
        weekly,
        token,
        approver,
        at,
    };
    [ResaleSold { place, resale, seller, buyer, of, from, until, weekly, token, at }.into(), bought.into()]
}

fn ended(
    (council, token, weekly): (CouncilId, u64, Pence),
    from: i8,
    until: i8,
    reason: ReservationEnd,
) -> MarketEvent {
    ended_at(at(0), (council, token, weekly), (from, until), reason)
}

fn ended_at(
    at: Timestamp,
    (council, token, weekly): (CouncilId, u64, Pence),
    (from, until): (i8, i8),
    reason: ReservationEnd,
) -> MarketEvent {
    let (from, until) = (jan(from), jan(until));
    ReservationEnded { place: place(1), council, token, from, until, weekly, reason, at }.into()
}

#[test]
fn a_childs_arrival_ends_a_reservation_once_of_which_its_council_has_bought_nights_back() {
    // Derby has the 6th to the 9th still, and what Durham had bought behind them and sold to it again.
    let asked = ClaimForAward { start: jan(7), ..claim(1) };
    let came = PlaceOccupied {
        award: award(1),
        council: derby(),
        place: place(1),
        on: jan(7),
        counted_from: jan(7),
        at: at(0),
    };
    let ends = |from, until, whose| ended(whose, from, until, ReservationEnd::Occupied);
    let _ = market_reserved()
        .and(sold(1, (derby(), durham()), jan(9), 3))
        .and(sold(3, (durham(), derby()), jan(9), 5))
        .when(Command::ClaimForAward(asked))
        .then_events(|events| assert_eq!(events.len(), 2, "{events:#?}"))
        .when(Command::OccupyPlace {
            award: award(1),
            council: derby(),
            place: place(1),
            on: jan(7),
            at: at(0),
        })
        .then([
            came.into(),
            ends(6, 7, (derby(), 1, RETAINER)),
            ends(9, 9, (derby(), 5, RESOLD)),
            ends(9, 9, (durham(), 3, RESOLD)),
        ]);
}

#[test]
fn what_has_yielded_its_first_nights_and_sold_its_last_ends_with_what_it_still_pays() {
    let left = |day, yielded| OccupancyEnded {
        award: award(1),
        council: derby(),
        place: place(1),
        on: jan(day),
        yielded,
        at: at(0),
    };
    let came = PlaceOccupied {
        award: award(1),
        council: derby(),
        place: place(1),
        on: jan(6),
        counted_from: jan(6),
        at: at(0),
    };
    let yielded = vec![Yielded { token: 2, from: jan(8), until: jan(10), weekly: RETAINER }];
    let market = || {
        market_with(&claim(1))
            .and([
                came.clone().into(),
                left(8, Vec::new()).into(),
                reserved(derby(), jan(8), jan(16), 2).into(),
            ])
            .and(sold(2, (derby(), durham()), jan(12), 4))
            .and([left(10, yielded.clone()).into()])
    };
    let both = |at, sellers, buyers, reason| {
        [
            ended_at(at, (derby(), 2, RETAINER), (10, sellers), reason),
            ended_at(at, (durham(), 4, RESOLD), (12, buyers), reason),
        ]
    };
    // A notice is of a day that has come.
    let on_the_11th = at(6 * 24 * 60);
    let notice = RestrictionNoticeServed { urn: urn(), on: jan(11), at: on_the_11th };
    let [sellers, buyers] = both(on_the_11th, 11, 12, ReservationEnd::Restricted);
    market().when(Command::ServeRestrictionNotice(notice.clone())).then([notice.into(), sellers, buyers]);
    let [sellers, buyers] = both(at(0), 13, 13, ReservationEnd::Ended);
    let end =
        Command::EndReservation { place: place(1), council: durham(), token: 4, on: jan(13), at: at(0) };
    market().when(end).then([buyers, sellers]);
}
