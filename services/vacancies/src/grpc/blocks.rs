//! The methods by which a provider and a council agree about block places.

use super::Answer;
use super::fields::{APPROVER_CHARS_MAX, councils, own_council, own_provider, parent_council};
use super::reservations::key;
use crate::render::Viewer;
use crate::{Vacancies, render_agreed};
use api::vacancies as proto;
use care::market::{BlockTerms, MarketEvent};
use care::{CouncilId, Nights, PlaceId, ProviderId, london_date};
use service_kit::page::page_of;
use service_kit::{Caller, Fields, Role, run_command};
use tonic::{Request, Response};
use vacancies_domain::{Command, OfferBlock};

impl Vacancies {
    pub(super) async fn offer_a_block(
        &self,
        request: Request<proto::OfferBlockRequest>,
    ) -> Answer<proto::Block> {
        let caller = Caller::of(&request)?;
        let form = request.into_inner();
        let mut fields = Fields::new();
        let provider = own_provider(&mut fields, &caller, "provider", &form.provider)?;
        let place: Option<PlaceId> = fields.resource("place", &form.place, "places");
        let council = fields.council("council", &form.council);
        let terms = form.terms.clone().unwrap_or_default();
        let terms = fields.beneath("terms", |fields| read(fields, &terms));
        let at = caller.at;
        let (provider, asked): (ProviderId, OfferBlock) = fields.finish(|| {
            Some((provider?, OfferBlock { place: place?, council: council?, terms: terms?, at }))
        })?;
        self.require_place(&provider, &asked.place)?;
        let place = asked.place.clone();
        let command = Command::OfferBlock(asked);
        run_command(&self.market, &caller, &form, &form.request_id, command, move |market, events| {
            let number = events.iter().find_map(|event| match event {
                MarketEvent::BlockOffered(event) => Some(event.block),
                _ => None,
            });
            number
                .map(|number| render_agreed::block(market, &place, number, &Viewer::Provider))
                .unwrap_or_default()
        })
        .await
    }

    pub(super) async fn accept(&self, request: Request<proto::AcceptBlockRequest>) -> Answer<proto::Block> {
        let caller = Caller::of(&request)?;
        let form = request.into_inner();
        let mut fields = Fields::new();
        let council = own_council(&mut fields, &caller, &form.council)?;
        let place: Option<PlaceId> = fields.resource("place", &form.place, "places");
        let approver = fields.text("approver", &form.approver, APPROVER_CHARS_MAX);
        let (council, place, approver) = fields.finish(|| Some((council?, place?, approver?)))?;
        let (block, at) = (form.block, caller.at);
        let _turn = self.turns.of(council).await;
        let command = Command::AcceptBlock { place: place.clone(), council, block, approver, at };
        run_command(&self.market, &caller, &form, &form.request_id, command, move |market, _| {
            render_agreed::block(market, &place, block, &Viewer::Council(council))
        })
        .await
    }

    pub(super) async fn decline(&self, request: Request<proto::DeclineBlockRequest>) -> Answer<proto::Place> {
        let caller = Caller::of(&request)?;
        let form = request.into_inner();
        let mut fields = Fields::new();
        let council = own_council(&mut fields, &caller, &form.council)?;
        let place: Option<PlaceId> = fields.resource("place", &form.place, "places");
        let (council, place) = fields.finish(|| council.zip(place))?;
        let command =
            Command::DeclineBlock { place: place.clone(), council, block: form.block, at: caller.at };
        self.change_place(&caller, &form, &form.request_id, place, command).await
    }

    pub(super) async fn end_a_block(&self, request: Request<proto::EndBlockRequest>) -> Answer<proto::Block> {
        let caller = Caller::of(&request)?;
        let form = request.into_inner();
        let mut fields = Fields::new();
        // Who says so must be the caller itself.
        let (council, provider) = match &caller.role {
            Role::Provider(_) => (None, own_provider(&mut fields, &caller, "party", &form.party)?),
            Role::Council(_) | Role::FrameworkLead(_) | Role::Service(_) => {
                let council = fields.council("party", &form.party);
                if let Some(council) = council {
                    caller.require_council(council)?;
                }
                (council, None)
            }
        };
        let place: Option<PlaceId> = fields.resource("place", &form.place, "places");
        let on = fields.date("on", &form.on);
        let (place, on) = fields.finish(|| place.zip(on))?;
        if let Some(provider) = &provider {
            self.require_place(provider, &place)?;
        }
        let (block, at) = (form.block, caller.at);
        let command = Command::EndBlock { place: place.clone(), council, block, on, at };
        let viewer = council.map_or(Viewer::Provider, Viewer::Council);
        run_command(&self.market, &caller, &form, &form.request_id, command, move |market, _| {
            render_agreed::block(market, &place, block, &viewer)
        })
        .await
    }

    pub(super) fn block_page(
        &self,
        request: &Request<proto::ListBlocksRequest>,
    ) -> Answer<proto::ListBlocksResponse> {
        let caller = Caller::of(request)?;
        let form = request.get_ref();
        let council = parent_council(&caller, &form.parent)?;
        let ahead = Nights::from_on(london_date(caller.at), None);
        let (blocks, next_page_token) = self.market.read(|market| {
            page_of(form, |after: Option<String>| {
                let viewer = Viewer::Council(council);
                let places = market.agreed().flat_map(move |(id, _)| {
                    let mut own = render_agreed::blocks(market, id, ahead, &viewer);
                    own.sort_by_key(|it| it.block);
                    own.into_iter().map(move |it| (key(id, it.block), it))
                });
                places.filter(move |(key, _)| after.as_ref().is_none_or(|after| key > after))
            })
        })?;
        Ok(Response::new(proto::ListBlocksResponse { blocks, next_page_token }))
    }
}

fn read(fields: &mut Fields, given: &proto::BlockTerms) -> Option<BlockTerms> {
    let (from, until) = (fields.date("from", &given.from), fields.date("until", &given.until));
    let weekly = fields.pence("weekly_pence", given.weekly_pence);
    let partners: Option<Vec<CouncilId>> = councils(fields, "partners", &given.partners);
    let resale_weekly = match given.resale_weekly_pence {
        None => Some(None),
        Some(pence) => fields.pence("resale_weekly_pence", pence).map(Some),
    };
    Some(BlockTerms {
        from: from?,
        until: until?,
        weekly: weekly?,
        partners: partners?.into_iter().collect(),
        resale_weekly: resale_weekly?,
    })
}
