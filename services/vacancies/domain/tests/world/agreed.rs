//! A place that can be reserved, and what both files on agreed nights ask of it.
#![allow(dead_code, reason = "each test file uses its own part")]

use super::{advertised, at, derby, hold_place, jan, market, place, provider, urn};
use care::market::{MarketEvent, PlaceReserved, ReservationTerms, VacancyAdvertised};
use care::spec::Given;
use care::{CouncilId, Date, Pence};
use vacancies_domain::{Command, ReservePlace, Vacancies};

pub(crate) const RETAINER: Pence = Pence(105_000);

/// The market in which place 1 can be reserved, up to two weeks.
pub(crate) fn reservable() -> Given<Vacancies> {
    let reservation = Some(ReservationTerms { weekly: RETAINER, nights_max: 14 });
    market().and([VacancyAdvertised { reservation, ..advertised(1) }.into()])
}

pub(crate) fn reserve(council: CouncilId, from: Date, until: Date) -> ReservePlace {
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

pub(crate) fn reserved(council: CouncilId, from: Date, until: Date, token: u64) -> PlaceReserved {
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

/// Derby has reserved place 1 from the 6th to the 16th.
pub(crate) fn market_reserved() -> Given<Vacancies> {
    reservable().and([reserved(derby(), jan(6), jan(16), 1).into()])
}

pub(crate) fn hold(council: CouncilId) -> Command {
    Command::HoldPlace(hold_place(1, council))
}

pub(crate) fn one_event(events: &[MarketEvent]) {
    assert_eq!(events.len(), 1, "{events:#?}");
}
