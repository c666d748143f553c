//! What is decided in vacancies: who is in the market's register, which places are advertised, and who may have which
//! nights of them. Without I/O.
//!
//! One log for the whole region decides all claims in order; that is what keeps a place from being given twice.
//! The events and their fold are [`care::market`], since referrals searches in the same picture.

mod agreed;
mod commands;
mod decide;
mod rejection;

pub use agreed::{BuyResale, OfferBlock, OfferResale, ReservePlace, SetHoldPolicy};
pub use care::market::{Market, MarketEvent};
pub use commands::{
    ClaimForAward, Command, HoldPlace, HouseholdChanges, RegisterHousehold, RegisterPart, RegisterRow,
    RegistrationChanges, VacancyChange,
};
pub use rejection::Rejection;

use care::{Decided, Domain, Timestamp};

/// Why a change would be refused if it were asked for alone. A refused change leaves its place as it is, so of one among many this is also why
/// it was refused.
#[must_use]
pub fn refusal_of(market: &Market, change: &VacancyChange, at: Timestamp) -> Option<Rejection> {
    decide::change(market, change, at).err()
}

/// The market's decisions.
#[derive(Debug, Clone, Copy)]
pub struct Vacancies;

impl Domain for Vacancies {
    type State = Market;
    type Command = Command;
    type Event = MarketEvent;
    type Rejection = Rejection;

    fn decide(market: &Market, command: &Command) -> Decided<Self> {
        decide::decide(market, command)
    }

    fn evolve(market: &mut Market, event: &MarketEvent) {
        market.evolve(event);
    }
}
