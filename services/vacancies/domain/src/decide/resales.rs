//! Resale: a council lets another have nights that it pays for and does not use. One log decides, so the nights are sold once.

use super::blocks::block_of;
use super::holds::{admits, expired_hold, next_token};
use super::reservations::{claimed_by_nobody_else, nights_ahead, own, sold_of, within_limit};
use super::{Events, place_of};
use crate::{BuyResale, Command, OfferResale, Rejection};
use care::market::{
    Market, Place, Resale, ResaleBought, ResaleOf, ResaleOffered, ResaleSold, ResaleWithdrawn,
};
#[cfg(feature = "planted-defects")]
use care::planted::{Planted, is_planted};
use care::{CouncilId, Nights, PlaceId, Timestamp, london_date};

pub(super) fn offer(market: &Market, asked: &OfferResale) -> Events {
    let nights = nights_ahead(asked.from, asked.until, asked.at)?;
    let (place, _) = place_of(market, &asked.place)?;
    if asked.partners.len() > Command::PARTNERS_MAX || asked.partners.contains(&asked.council) {
        return Err(Rejection::PartnersInvalid("partners"));
    }
    sellable((&asked.place, place), asked.council, asked.of, nights, asked.at)?;
    let most = match asked.of {
        // Whoever keeps places from the others must not gain by it.
        ResaleOf::Reservation(token) => own(place, asked.council, token).map(|it| it.weekly),
        ResaleOf::Block(number) => {
            let terms = &block_of(&asked.place, place, Some(asked.council), number)?.terms;
            let others = asked.partners.is_empty() || !asked.partners.is_subset(&terms.partners);
            if !terms.partners.is_empty() && others {
                return Err(Rejection::PartnersInvalid("partners"));
            }
            terms.resale_weekly
        }
    };
    if let Some(most) = most.filter(|most| asked.weekly > *most) {
        return Err(Rejection::ResaleTooDear(most));
    }
    // What begins on a night that has passed can be bought no longer, and keeps nothing from being offered.
    let today = london_date(asked.at);
    if place.resales().any(|it| it.nights.start() >= today && it.nights.overlaps(&nights)) {
        return Err(Rejection::ResaleOverlaps(asked.place.clone()));
    }
    Ok(vec![
        ResaleOffered {
            place: asked.place.clone(),
            resale: next_token(place),
            council: asked.council,
            of: asked.of,
            from: asked.from,
            until: asked.until,
            weekly: asked.weekly,
            partners: asked.partners.clone(),
            at: asked.at,
        }
        .into(),
    ])
}

/// Whether these nights are the seller's to sell, and void.
fn sellable(
    (id, place): (&PlaceId, &Place),
    seller: CouncilId,
    of: ResaleOf,
    nights: Nights,
    at: Timestamp,
) -> Result<(), Rejection> {
    // A placement has no end that the market knows: what would remain behind the nights that are sold could not be used.
    let to_the_end = |until| match nights.end() == until {
        true => Ok(()),
        false => Err(Rejection::ResaleNotToTheEnd(until)),
    };
    let own_nights = match of {
        ResaleOf::Reservation(token) => {
            let unknown = || Rejection::ReservationUnknown { place: id.clone(), token };
            let reservation = own(place, seller, token).ok_or_else(unknown)?;
            to_the_end(sold_of(place, seller, token).map_or(reservation.until, |it| it.until))?;
            reservation.from <= nights.start() && nights.end() <= reservation.until
        }
        ResaleOf::Block(number) => {
            let block = block_of(id, place, Some(seller), number)?;
            to_the_end(block.terms.until)?;
            let within = block.terms.from <= nights.start();
            let kept = !block.sold.iter().any(|sold| sold.nights.overlaps(&nights));
            #[cfg(feature = "planted-defects")]
            let kept = kept || is_planted(Planted::SoldTwice);
            within && kept
        }
    };
    if !own_nights {
        return Err(Rejection::ResaleNotOwn(id.clone()));
    }
    match place.claims_on(nights, at).next() {
        Some(_) => Err(Rejection::ResaleNotVoid(id.clone())),
        None => Ok(()),
    }
}

/// The offer with this number, if it is made to this council.
fn offered<'a>(
    id: &PlaceId,
    place: &'a Place,
    number: u64,
    to: impl Fn(&Resale) -> bool,
) -> Result<&'a Resale, Rejection> {
    let found = place.resales().find(|it| it.number == number && to(it));
    found.ok_or_else(|| Rejection::ResaleUnknown { place: id.clone(), number })
}

pub(super) fn withdraw(
    market: &Market,
    id: &PlaceId,
    council: CouncilId,
    number: u64,
    at: Timestamp,
) -> Events {
    let (place, _) = place_of(market, id)?;
    offered(id, place, number, |it| it.seller == council)?;
    Ok(vec![ResaleWithdrawn { place: id.clone(), resale: number, council, at }.into()])
}

/// What was offered is judged again: the seller may have used the nights meanwhile, or some of them passed.
pub(super) fn buy(market: &Market, asked: &BuyResale) -> Events {
    let (place, establishment) = place_of(market, &asked.place)?;
    let resale = offered(&asked.place, place, asked.resale, |it| it.is_offered_to(asked.council))?;
    admits(&asked.place, place, establishment)?;
    if asked.weekly != resale.weekly {
        return Err(Rejection::PriceChanged { place: asked.place.clone(), weekly: resale.weekly });
    }
    let (from, until) = (resale.nights.start(), resale.nights.end());
    // Nights that have passed are nobody's to sell; the seller offers the others anew.
    nights_ahead(from, until, asked.at)?;
    sellable((&asked.place, place), resale.seller, resale.of, resale.nights, asked.at)?;
    // Not even the seller has a claim behind them: the buyer could use its nights for no child.
    claimed_by_nobody_else(&asked.place, place, asked.council, from, asked.at)?;
    if matches!(resale.of, ResaleOf::Reservation(_)) {
        within_limit(market, asked.council, asked.at)?;
    }
    let mut events: Vec<_> = expired_hold(&asked.place, place, asked.at).into_iter().collect();
    let token = next_token(place);
    events.push(
        ResaleSold {
            place: asked.place.clone(),
            resale: resale.number,
            seller: resale.seller,
            buyer: asked.council,
            of: resale.of,
            from,
            until,
            weekly: resale.weekly,
            token,
            at: asked.at,
        }
        .into(),
    );
    events.push(
        ResaleBought {
            place: asked.place.clone(),
            resale: resale.number,
            seller: resale.seller,
            buyer: asked.council,
            from,
            until,
            weekly: resale.weekly,
            token,
            approver: asked.approver.clone(),
            at: asked.at,
        }
        .into(),
    );
    Ok(events)
}
