//! The methods by which councils sell each other void nights.

use super::Answer;
use super::fields::{APPROVER_CHARS_MAX, councils, own_council, parent_council};
use super::reservations::key;
use crate::{Vacancies, render_agreed};
use api::vacancies as proto;
use care::market::{MarketEvent, Resale, ResaleOf};
use care::{CouncilId, Nights, PlaceId, london_date};
use service_kit::page::page_of;
use service_kit::{Caller, Fields, council_name, run_command};
use tonic::{Request, Response};
use vacancies_domain::{BuyResale, Command, OfferResale};

impl Vacancies {
    pub(super) async fn offer_nights(
        &self,
        request: Request<proto::OfferResaleRequest>,
    ) -> Answer<proto::Resale> {
        let caller = Caller::of(&request)?;
        let form = request.into_inner();
        let mut fields = Fields::new();
        let council = own_council(&mut fields, &caller, &form.council)?;
        let place: Option<PlaceId> = fields.resource("place", &form.place, "places");
        let of = match form.of {
            Some(proto::offer_resale_request::Of::Reservation(token)) => Some(ResaleOf::Reservation(token)),
            Some(proto::offer_resale_request::Of::Block(number)) => Some(ResaleOf::Block(number)),
            None => {
                fields.violation(
                    "reservation",
                    "give the reservation or the block that the nights are part of",
                );
                None
            }
        };
        let (from, until) = (fields.date("from", &form.from), fields.date("until", &form.until));
        let weekly = fields.pence("weekly_pence", form.weekly_pence);
        let partners: Option<Vec<CouncilId>> = councils(&mut fields, "partners", &form.partners);
        let at = caller.at;
        let asked = fields.finish(|| {
            Some(OfferResale {
                place: place?,
                council: council?,
                of: of?,
                from: from?,
                until: until?,
                weekly: weekly?,
                partners: partners?.into_iter().collect(),
                at,
            })
        })?;
        let (place, council) = (asked.place.clone(), asked.council);
        let command = Command::OfferResale(asked);
        run_command(&self.market, &caller, &form, &form.request_id, command, move |market, events| {
            let number = events.iter().find_map(|event| match event {
                MarketEvent::ResaleOffered(event) => Some(event.resale),
                _ => None,
            });
            let offered =
                market.place(&place).and_then(|it| it.resales().find(|it| Some(it.number) == number));
            offered.map(|it| render_agreed::resale(&place, it, council)).unwrap_or_default()
        })
        .await
    }

    pub(super) async fn withdraw_nights(
        &self,
        request: Request<proto::WithdrawResaleRequest>,
    ) -> Answer<proto::Place> {
        let caller = Caller::of(&request)?;
        let form = request.into_inner();
        let mut fields = Fields::new();
        let council = own_council(&mut fields, &caller, &form.council)?;
        let place: Option<PlaceId> = fields.resource("place", &form.place, "places");
        let (council, place) = fields.finish(|| council.zip(place))?;
        let command =
            Command::WithdrawResale { place: place.clone(), council, resale: form.resale, at: caller.at };
        self.change_place(&caller, &form, &form.request_id, place, command).await
    }

    pub(super) async fn buy(&self, request: Request<proto::BuyResaleRequest>) -> Answer<proto::Resale> {
        let caller = Caller::of(&request)?;
        let form = request.into_inner();
        let mut fields = Fields::new();
        let council = own_council(&mut fields, &caller, &form.council)?;
        let place: Option<PlaceId> = fields.resource("place", &form.place, "places");
        let weekly = fields.pence("weekly_pence", form.weekly_pence);
        let approver = fields.text("approver", &form.approver, APPROVER_CHARS_MAX);
        let (resale, at) = (form.resale, caller.at);
        let asked = fields.finish(|| {
            let (place, council, weekly, approver) = (place?, council?, weekly?, approver?);
            Some(BuyResale { place, council, resale, weekly, approver, at })
        })?;
        let _turn = self.turns.of(asked.council).await;
        let (place, council) = (asked.place.clone(), asked.council);
        let command = Command::BuyResale(asked);
        run_command(&self.market, &caller, &form, &form.request_id, command, move |_, events| {
            let sold = events.iter().find_map(|event| match event {
                MarketEvent::ResaleSold(event) => Some(event),
                _ => None,
            });
            sold.map_or_else(proto::Resale::default, |event| {
                let partners = [].into();
                let nights = Nights::from_on(event.from, Some(event.until));
                let (number, seller, of, weekly) = (event.resale, event.seller, event.of, event.weekly);
                let bought = Resale { number, seller, of, nights, weekly, partners };
                proto::Resale {
                    buyer: council_name(event.buyer),
                    token: if matches!(of, ResaleOf::Reservation(_)) { event.token } else { 0 },
                    ..render_agreed::resale(&place, &bought, council)
                }
            })
        })
        .await
    }

    pub(super) fn resale_page(
        &self,
        request: &Request<proto::ListResalesRequest>,
    ) -> Answer<proto::ListResalesResponse> {
        let caller = Caller::of(request)?;
        let form = request.get_ref();
        let council = parent_council(&caller, &form.parent)?;
        let (today, at) = (london_date(caller.at), caller.at);
        let (resales, next_page_token) = self.market.read(|market| {
            page_of(form, |after: Option<String>| {
                let offered = market.agreed().flat_map(move |(id, place)| {
                    // What begins on a night that has passed, or was used meanwhile, can be bought no longer; its seller withdraws it.
                    let to = move |it: &&Resale| {
                        let void = || place.claims_on(it.nights, at).next().is_none();
                        it.seller == council
                            || it.nights.start() >= today && it.is_offered_to(council) && void()
                    };
                    let mut open: Vec<&Resale> = place.resales().filter(to).collect();
                    open.sort_by_key(|it| it.number);
                    open.into_iter()
                        .map(move |it| (key(id, it.number), render_agreed::resale(id, it, council)))
                });
                offered.filter(move |(key, _)| after.as_ref().is_none_or(|after| key > after))
            })
        })?;
        Ok(Response::new(proto::ListResalesResponse { resales, next_page_token }))
    }
}
