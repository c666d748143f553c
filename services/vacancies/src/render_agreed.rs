//! What is agreed of nights beforehand, as clients see it. Prices are told to those who pay them, and to the provider whom a council pays.

use crate::render::{Viewer, is_of};
use api::vacancies as proto;
use care::market::{Block, BlockParty, BlockTerms, HoldPolicy, Market, Place, Resale, ResaleOf, Reservation};
use care::{CouncilId, Nights, PlaceId};
use service_kit::{council_name, place_name, provider_name, referral_name};

pub(crate) fn hold_policy(market: &Market, council: CouncilId) -> proto::HoldPolicy {
    let (version, policy) = market.hold_policy(council);
    let HoldPolicy { council_holds_max, referral_holds_max, lease_seconds_default, lease_seconds_max } =
        policy;
    proto::HoldPolicy {
        name: format!("{}/holdPolicy", council_name(council)),
        etag: version.to_string(),
        version,
        council_holds_max: council_holds_max.into(),
        referral_holds_max: referral_holds_max.into(),
        lease_seconds_default,
        lease_seconds_max,
    }
}

/// Those of a place that the viewer may know of, in order of their first nights.
pub(crate) fn reservations(
    id: &PlaceId,
    place: &Place,
    ahead: Nights,
    viewer: &Viewer,
) -> Vec<proto::Reservation> {
    let mut visible: Vec<&Reservation> =
        place.reservations_on(ahead).filter(|it| is_of(it.council, viewer)).collect();
    visible.sort_by_key(|it| it.from);
    visible.into_iter().map(|it| reservation(id, it, viewer)).collect()
}

pub(crate) fn reservation(id: &PlaceId, it: &Reservation, viewer: &Viewer) -> proto::Reservation {
    let own = matches!(viewer, Viewer::Council(_));
    let referral = it.referral.filter(|_| own).map(|referral| referral_name(it.council, referral));
    proto::Reservation {
        place: place_name(id),
        council: council_name(it.council),
        from: it.from.to_string(),
        until: it.until.to_string(),
        // Who bought the nights of another council pays that one, and what is no business of the provider's.
        weekly_pence: own.then_some(it.weekly.0),
        referral: referral.unwrap_or_default(),
        token: if own { it.token } else { 0 },
    }
}

/// Those of a place that the viewer is a party to, in order of their first nights. A framework's lead is none.
pub(crate) fn blocks(market: &Market, id: &PlaceId, ahead: Nights, viewer: &Viewer) -> Vec<proto::Block> {
    let Some(place) = market.place(id).filter(|_| !matches!(viewer, Viewer::Lead(_))) else {
        return Vec::new();
    };
    let mut visible: Vec<&Block> = place.blocks().collect();
    visible.retain(|it| it.nights().overlaps(&ahead) && is_of(it.council, viewer));
    visible.sort_by_key(|it| it.terms.from);
    let offer = place.agreed.as_ref().and_then(|it| it.offered.as_ref());
    let offer = offer.filter(|(_, to, terms)| terms.nights().overlaps(&ahead) && is_of(*to, viewer));
    let offer = offer.map(|(number, to, terms)| offered(id, *number, *to, terms));
    visible.into_iter().map(|it| allocated(market, id, it, viewer)).chain(offer).collect()
}

fn offered(id: &PlaceId, number: u64, council: CouncilId, terms: &BlockTerms) -> proto::Block {
    proto::Block {
        place: place_name(id),
        block: number,
        council: council_name(council),
        state: proto::BlockState::Offered.into(),
        terms: Some(block_terms(terms)),
        ..proto::Block::default()
    }
}

fn allocated(market: &Market, id: &PlaceId, it: &Block, viewer: &Viewer) -> proto::Block {
    let provider = || {
        let establishment = market.place(id).and_then(|place| market.establishment(&place.urn));
        establishment.map(|it| provider_name(&it.provider)).unwrap_or_default()
    };
    let proposed_by = it.ending.map(|(by, _)| match by {
        BlockParty::Council => council_name(it.council),
        BlockParty::Provider => provider(),
    });
    // What councils pay each other is no business of the provider's.
    let sold = it.sold.iter().map(|sold| proto::SoldNights {
        from: sold.nights.start().to_string(),
        until: sold.nights.end().to_string(),
        buyer: council_name(sold.buyer),
        weekly_pence: (*viewer == Viewer::Council(it.council)).then_some(sold.weekly.0),
    });
    proto::Block {
        state: proto::BlockState::Allocated.into(),
        end_proposed_on: it.ending.map(|(_, on)| on.to_string()).unwrap_or_default(),
        end_proposed_by: proposed_by.unwrap_or_default(),
        sold: sold.collect(),
        ..offered(id, it.number, it.council, &it.terms)
    }
}

/// The block with a number, as one of its parties sees it; empty if it has ended by now.
pub(crate) fn block(market: &Market, id: &PlaceId, number: u64, viewer: &Viewer) -> proto::Block {
    let Some(place) = market.place(id) else { return proto::Block::default() };
    let own = place.blocks().find(|it| it.number == number).map(|it| allocated(market, id, it, viewer));
    let offer = || {
        let offer = place.agreed.as_ref()?.offered.as_ref().filter(|it| it.0 == number)?;
        Some(offered(id, number, offer.1, &offer.2))
    };
    own.or_else(offer).unwrap_or_default()
}

fn block_terms(terms: &BlockTerms) -> proto::BlockTerms {
    proto::BlockTerms {
        from: terms.from.to_string(),
        until: terms.until.to_string(),
        weekly_pence: terms.weekly.0,
        partners: terms.partners.iter().copied().map(council_name).collect(),
        resale_weekly_pence: terms.resale_weekly.map(|most| most.0),
    }
}

/// What is offered, as a council sees it: what the nights are part of and to whom else they are offered is the seller's business.
pub(crate) fn resale(id: &PlaceId, it: &Resale, viewer: CouncilId) -> proto::Resale {
    let own = it.seller == viewer;
    let of = match it.of {
        ResaleOf::Reservation(token) => proto::resale::Of::Reservation(token),
        ResaleOf::Block(number) => proto::resale::Of::Block(number),
    };
    let partners = it.partners.iter().copied().filter(|_| own).map(council_name);
    proto::Resale {
        place: place_name(id),
        resale: it.number,
        seller: council_name(it.seller),
        of: own.then_some(of),
        from: it.nights.start().to_string(),
        until: it.nights.end().to_string(),
        weekly_pence: it.weekly.0,
        partners: partners.collect(),
        buyer: String::new(),
        token: 0,
    }
}
