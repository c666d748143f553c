//! Which commands become which events.

mod blocks;
mod claims;
mod holds;
mod households;
mod listing;
mod places;
mod policy;
mod register;
mod resales;
mod reservations;
mod supply;

pub(crate) use supply::change;

use crate::{Command, Rejection};
use care::market::{Establishment, Home, Market, MarketEvent, Place};
use care::{EstablishmentUrn, PlaceId};

type Events = Result<Vec<MarketEvent>, Rejection>;

pub(crate) fn decide(market: &Market, command: &Command) -> Events {
    match command {
        Command::RegisterProvider(entry) => register::provider(market, entry),
        Command::RegisterEstablishment(entry) => register::establishment(market, entry),
        Command::AmendEstablishment { urn, changes, revision, at } => {
            register::amend(market, urn, changes, *revision, *at)
        }
        Command::ServeRestrictionNotice(notice) => register::serve_notice(market, notice),
        Command::LiftRestrictionNotice(notice) => register::lift_notice(market, notice),
        Command::ReadRegisterPart(part) => listing::read(market, part),
        Command::FinishRegisterImport { as_of, file_sha256, rows, gone_confirmed, at } => {
            listing::finish(market, *as_of, file_sha256, (*rows, *gone_confirmed), *at)
        }
        Command::OpenPlaces { urn, count, household, at } => {
            places::open(market, urn, *count, household.as_ref(), *at)
        }
        Command::SetStatementOfPurpose(statement) => register::state_purpose(market, statement),
        Command::RegisterHousehold(asked) => households::register(market, asked),
        Command::AmendHousehold { household, changes, revision, at } => {
            households::amend(market, household, changes, *revision, *at)
        }
        Command::CloseHousehold { household, on, at } => households::close(market, household, *on, *at),
        Command::ClosePlace { place, at } => places::close(market, place, *at),
        Command::AdvertiseVacancy(vacancy) => places::advertise(market, vacancy),
        Command::WithdrawVacancy { place, at } => places::withdraw(market, place, *at),
        Command::ConfirmVacancy { place, at } => supply::confirm(market, place, *at),
        Command::UpsertVacancies { changes, at } => Ok(supply::upsert(market, changes, *at)),
        Command::SweepStaleVacancies { at, limit } => Ok(supply::sweep(market, *at, *limit)),
        Command::HoldPlace(hold) => holds::hold(market, hold),
        Command::ReleaseHold { place, council, token, at } => {
            holds::release(market, place, *council, *token, *at)
        }
        Command::EndSearch { council, referral, at } => {
            Ok(holds::search_ended(market, *council, *referral, *at))
        }
        Command::SweepExpiredHolds { at, limit } => Ok(holds::sweep(market, *at, *limit)),
        Command::ClaimForAward(claim) => Ok(claims::claim(market, claim)),
        Command::ReleaseClaim { award, council, reason, at } => {
            Ok(claims::release(market, *award, *council, reason, *at))
        }
        Command::OccupyPlace { award, council, place, on, at } => {
            Ok(claims::occupy(market, *award, *council, place, *on, *at))
        }
        Command::EndOccupancy { award, council, on, at } => {
            Ok(claims::end(market, *award, *council, *on, *at))
        }
        Command::ResumeOccupancy { award, council, at } => Ok(claims::resume(market, *award, *council, *at)),
        Command::SetHoldPolicy(policy) => policy::set(market, policy),
        Command::ReservePlace(reservation) => reservations::reserve(market, reservation),
        Command::EndReservation { place, council, token, on, at } => {
            reservations::end(market, place, *council, *token, *on, *at)
        }
        Command::OfferBlock(offer) => blocks::offer(market, offer),
        Command::AcceptBlock { place, council, block, approver, at } => {
            blocks::accept(market, place, *council, *block, approver, *at)
        }
        Command::DeclineBlock { place, council, block, at } => {
            blocks::decline(market, place, *council, *block, *at)
        }
        Command::EndBlock { place, council, block, on, at } => {
            blocks::end(market, place, *council, *block, *on, *at)
        }
        Command::OfferResale(offer) => resales::offer(market, offer),
        Command::WithdrawResale { place, council, resale, at } => {
            resales::withdraw(market, place, *council, *resale, *at)
        }
        Command::BuyResale(purchase) => resales::buy(market, purchase),
    }
}

fn place_of<'a>(market: &'a Market, id: &PlaceId) -> Result<(&'a Place, &'a Establishment), Rejection> {
    let place = market.place(id).ok_or_else(|| Rejection::PlaceUnknown(id.clone()))?;
    Ok((place, establishment_of(market, &place.urn)?))
}

/// Where the children of a place live.
fn home_of<'a>(market: &'a Market, place: &Place) -> Result<Home<'a>, Rejection> {
    market.home(place).ok_or_else(|| Rejection::EstablishmentUnknown(place.urn.clone()))
}

fn establishment_of<'a>(market: &'a Market, urn: &EstablishmentUrn) -> Result<&'a Establishment, Rejection> {
    market.establishment(urn).ok_or_else(|| Rejection::EstablishmentUnknown(urn.clone()))
}
