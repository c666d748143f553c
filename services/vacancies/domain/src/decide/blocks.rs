//! Block places: a provider and a council agree that a place's nights are the council's to hold, paid whether filled or not.
//!
//! A block takes no night by itself, and the provider keeps its veto over each child: an award goes the way of any other. What a block
//! changes is that nobody else can hold those nights.

use super::holds::{admits, next_token};
use super::places::open_place;
use super::reservations::{alone, nights_ahead};
use super::{Events, place_of};
use crate::{Command, OfferBlock, Rejection};
use care::market::{
    Block, BlockAllocated, BlockDeclined, BlockEndProposed, BlockEnded, BlockOffered, BlockParty, BlockTerms,
    Establishment, Market, MarketEvent, Place,
};
use care::{CouncilId, Date, PlaceId, Timestamp, london_date};

/// One offer waits at a time: a new one takes the place of the one before, and another council is told that its own is gone.
pub(super) fn offer(market: &Market, asked: &OfferBlock) -> Events {
    let (place, establishment) = open_place(market, &asked.place)?;
    check((&asked.place, place, establishment), asked.council, &asked.terms, asked.at)?;
    let partners = asked.terms.partners.len();
    if partners > Command::PARTNERS_MAX || asked.terms.partners.contains(&asked.council) {
        return Err(Rejection::PartnersInvalid("terms.partners"));
    }
    let offered = place.agreed.as_ref().and_then(|it| it.offered.as_ref());
    let replaced = offered.filter(|(_, to, _)| *to != asked.council);
    let replaced = replaced.map(|it| declined(&asked.place, it.0, it.1, BlockParty::Provider, asked.at));
    let mut events: Vec<MarketEvent> = replaced.into_iter().collect();
    events.push(
        BlockOffered {
            place: asked.place.clone(),
            block: next_token(place),
            council: asked.council,
            terms: asked.terms.clone(),
            at: asked.at,
        }
        .into(),
    );
    Ok(events)
}

/// Whether the nights can become the council's: nobody else has or may hold any of them or one behind them, and nothing is reserved.
fn check(
    (id, place, establishment): (&PlaceId, &Place, &Establishment),
    council: CouncilId,
    terms: &BlockTerms,
    at: Timestamp,
) -> Result<(), Rejection> {
    let nights = nights_ahead(terms.from, terms.until, at)?;
    Rejection::unless_near("terms.from", terms.from, at)?;
    if nights.count() > Command::BLOCK_NIGHTS_MAX {
        return Err(Rejection::BlockTooLong(nights.count()));
    }
    admits(id, place, establishment)?;
    if let Some(other) = place.blocks().find(|it| it.nights().overlaps(&nights)) {
        return Err(Rejection::BlockOverlaps { place: id.clone(), until: other.terms.until });
    }
    if let Some(reservation) = place.reservations_on(nights).max_by_key(|it| it.until) {
        return Err(Rejection::Reserved { place: id.clone(), until: reservation.until });
    }
    alone(id, place, council, terms.from, at)
}

/// The block that is offered to a council under this number.
fn offered<'a>(
    id: &PlaceId,
    place: &'a Place,
    council: CouncilId,
    number: u64,
) -> Result<&'a BlockTerms, Rejection> {
    let offered = place.agreed.as_ref().and_then(|it| it.offered.as_ref());
    let own = offered.filter(|(block, to, _)| (*block, *to) == (number, council));
    own.map(|(_, _, terms)| terms).ok_or_else(|| Rejection::BlockUnknown { place: id.clone(), number })
}

pub(super) fn accept(
    market: &Market,
    id: &PlaceId,
    council: CouncilId,
    number: u64,
    approver: &str,
    at: Timestamp,
) -> Events {
    let (place, establishment) = open_place(market, id)?;
    let terms = offered(id, place, council, number)?;
    check((id, place, establishment), council, terms, at)?;
    let mut events: Vec<_> = super::holds::expired_hold(id, place, at).into_iter().collect();
    events.push(
        BlockAllocated {
            place: id.clone(),
            block: number,
            urn: place.urn.clone(),
            provider: establishment.provider.clone(),
            council,
            terms: terms.clone(),
            approver: approver.to_owned(),
            at,
        }
        .into(),
    );
    Ok(events)
}

pub(super) fn decline(
    market: &Market,
    id: &PlaceId,
    council: CouncilId,
    number: u64,
    at: Timestamp,
) -> Events {
    let (place, _) = place_of(market, id)?;
    offered(id, place, council, number)?;
    Ok(vec![declined(id, number, council, BlockParty::Council, at)])
}

fn declined(id: &PlaceId, block: u64, council: CouncilId, by: BlockParty, at: Timestamp) -> MarketEvent {
    BlockDeclined { place: id.clone(), block, council, by, at }.into()
}

/// A council's block, or anybody's where a provider asks for its own place.
pub(super) fn block_of<'a>(
    id: &PlaceId,
    place: &'a Place,
    council: Option<CouncilId>,
    number: u64,
) -> Result<&'a Block, Rejection> {
    let own =
        |block: &&Block| block.number == number && council.is_none_or(|council| council == block.council);
    place.blocks().find(own).ok_or_else(|| Rejection::BlockUnknown { place: id.clone(), number })
}

/// Ends a block on a day that both parties have named; until the other has, it is only proposed. While a notice restricts the establishment,
/// the council's word is enough. `council` is none where the provider asks.
pub(super) fn end(
    market: &Market,
    id: &PlaceId,
    council: Option<CouncilId>,
    number: u64,
    on: Date,
    at: Timestamp,
) -> Events {
    let (place, establishment) = place_of(market, id)?;
    let block = block_of(id, place, council, number)?;
    let (from, until) = (block.terms.from, block.terms.until);
    let least = from.max(london_date(at));
    if !(least..until).contains(&on) {
        return Err(Rejection::EndOutOfRange { on, least, until });
    }
    // Who bought nights has the right to them.
    if let Some(sold) = block.sold.iter().find(|it| it.nights.end() > on) {
        return Err(Rejection::NightsSold { place: id.clone(), until: sold.nights.end() });
    }
    let (by, other) = match council {
        Some(_) => (BlockParty::Council, BlockParty::Provider),
        None => (BlockParty::Provider, BlockParty::Council),
    };
    let (place, council) = (id.clone(), block.council);
    // Under a notice no child may come: the council need not pay for a bed that it cannot use until the provider agrees.
    let of_no_use = by == BlockParty::Council && establishment.restricted_on.is_some();
    if of_no_use || block.ending == Some((other, on)) {
        let weekly = block.terms.weekly;
        return Ok(vec![BlockEnded { place, block: number, council, from, until: on, weekly, at }.into()]);
    }
    if block.ending == Some((by, on)) {
        return Ok(Vec::new());
    }
    Ok(vec![BlockEndProposed { place, block: number, council, by, on, at }.into()])
}
