//! A provider's side: the referrals released to it, its offers and declines; and the offers as the council sees them.

use super::evaluations::summary;
use super::invitations::note_view;
use super::{Answer, pages};
use crate::Referrals;
use crate::assurances;
use crate::desk::id_seed;
use crate::form;
use crate::render;
use api::referrals as proto;
use care::{CouncilId, EstablishmentUrn, OfferId, PlaceId, ProviderId, code_sets, london_date};
use referrals_domain::{DeclineReferral, OfferTerms, Rejection, Stage, SubmitOffer, WithdrawOffer};
use service_kit::terms::{self, Justification};
use service_kit::{Caller, Fields, page, refuse, run_command};
use tonic::{Request, Response};

/// What the market knows of an offered place.
struct Offered {
    /// Whether the council operates the establishment itself.
    own_establishment: bool,
    /// What is wrong with the names, if the market knows them otherwise.
    wrong: Option<(&'static str, &'static str)>,
}

impl Referrals {
    /// What the market, as it is known here, says of a place. A place that it does not know yet is left to the market to
    /// judge at the award; one that it knows to be another's is refused now.
    fn offered(
        &self,
        council: CouncilId,
        provider: &ProviderId,
        place: &PlaceId,
        urn: &EstablishmentUrn,
    ) -> Offered {
        self.market.read(|market, _| {
            let establishment = market.establishment(urn);
            let elsewhere = market.place(place).is_some()
                && establishment.is_none_or(|establishment| !establishment.places.contains(place));
            let wrong = if establishment.is_some_and(|it| it.provider != *provider) {
                Some(("establishment", "it is not one of yours"))
            } else if elsewhere {
                Some(("place", "it is not a place of this establishment"))
            } else {
                None
            };
            let own_establishment = establishment.is_some_and(|it| it.operated_by == Some(council));
            Offered { own_establishment, wrong }
        })
    }

    pub(super) async fn released_page(
        &self,
        request: Request<proto::ListReleasedReferralsRequest>,
    ) -> Answer<proto::ListReleasedReferralsResponse> {
        let caller = Caller::of(&request)?;
        let message = request.get_ref();
        let mut fields = Fields::new();
        let provider = fields.provider("parent", &message.parent);
        let provider = fields.finish(|| provider)?;
        caller.require_provider(&provider)?;
        let (referrals, next_page_token) = page::page_of(message, |after: Option<String>| {
            let mut items = Vec::new();
            for (council, desk) in self.desks.iter() {
                if items.len() > page::PAGE_SIZE_MAX {
                    break;
                }
                // `E06000005/…` sorts as the councils and referrals themselves do.
                let key = |id: &care::ReferralId| format!("{council}/{id}");
                desk.engine.read(|state| {
                    let released = state.released.get(&provider).into_iter().flatten();
                    let open =
                        |it: &&referrals_domain::Referral| !message.open_only || it.stage == Stage::Open;
                    let later = released.map(|id| (key(id), id));
                    let later = later.filter(|(key, _)| after.as_ref().is_none_or(|after| key > after));
                    let rendered = later.filter_map(|(key, id)| {
                        let it = state.referrals.get(id).filter(open)?;
                        Some((key, render::released(state, it, &provider, caller.at)?))
                    });
                    // One more than any page holds tells whether there is another.
                    items.extend(rendered.take(page::PAGE_SIZE_MAX + 1));
                });
            }
            items.into_iter()
        })?;
        Ok(Response::new(proto::ListReleasedReferralsResponse { referrals, next_page_token }))
    }

    pub(super) async fn released_one(
        &self,
        request: Request<proto::GetReleasedReferralRequest>,
    ) -> Answer<proto::ReleasedReferral> {
        let caller = Caller::of(&request)?;
        let provider = caller.provider()?;
        let mut fields = Fields::new();
        let name = form::referral(&mut fields, "name", &request.get_ref().name);
        let (council, id) = fields.finish(|| name)?;
        let unknown = Rejection::ReferralUnknown(id);
        let desk = self.named_desk(council, &unknown)?;
        note_view(desk, &caller, id, provider).await;
        let found = desk.engine.read(|state| {
            state.referrals.get(&id).and_then(|it| render::released(state, it, provider, caller.at))
        });
        found.map(Response::new).ok_or_else(|| refuse(&unknown))
    }

    pub(super) async fn submit(&self, request: Request<proto::SubmitOfferRequest>) -> Answer<proto::Offer> {
        let caller = Caller::of(&request)?;
        let provider = caller.provider()?.clone();
        let message = request.into_inner();
        let mut fields = Fields::new();
        let today = london_date(caller.at);
        let parent = form::referral(&mut fields, "parent", &message.parent);
        let place = fields.resource::<PlaceId>("place", &message.place, "places");
        let urn =
            fields.resource::<EstablishmentUrn>("establishment", &message.establishment, "establishments");
        let provision = fields.code("provision", code_sets::PROVISION, &message.provision, today);
        let start = fields.date("start", &message.start);
        let valid_until = fields.date("valid_until", &message.valid_until);
        let lines = terms::lines(&mut fields, &message.lines, today);
        // The justification of a spot purchase is the council's to give, when it awards.
        let route = terms::route(&mut fields, message.route.as_ref(), Justification::Hidden);
        let mitigations = assurances::mitigations(&mut fields, &message.mitigations);
        let impact = assurances::impact(&mut fields, message.impact_risk_assessment.as_ref());
        let mut own_establishment = false;
        if let (Some((council, _)), Some(place), Some(urn)) = (&parent, &place, &urn) {
            let offered = self.offered(*council, &provider, place, urn);
            own_establishment = offered.own_establishment;
            if let Some((field, problem)) = offered.wrong {
                fields.violation(field, problem);
            }
        }
        let ((council, referral), terms) = fields.finish(|| {
            let terms = OfferTerms {
                place: place?,
                urn: urn?,
                provision: provision?,
                start: start?,
                lines: lines?,
                route: route?,
                valid_until: valid_until?,
                mitigations: mitigations?,
                impact: impact?,
            };
            Some((parent?, terms))
        })?;
        let desk = self.named_desk(council, &Rejection::ReferralUnknown(referral))?;
        let offer = OfferId::for_request(&caller.actor(), &id_seed(&message.request_id));
        let referral_version = Some(message.referral_version).filter(|version| *version != 0);
        let at = caller.at;
        let command =
            SubmitOffer { offer, referral, provider, referral_version, terms, own_establishment, at };
        run_command(&desk.engine, &caller, &message, &message.request_id, command.into(), move |state, _| {
            render::offer_by_id(state, offer, at)
        })
        .await
    }

    pub(super) async fn take_back(
        &self,
        request: Request<proto::WithdrawOfferRequest>,
    ) -> Answer<proto::Offer> {
        let caller = Caller::of(&request)?;
        let provider = caller.provider()?.clone();
        let message = request.into_inner();
        let mut fields = Fields::new();
        let name = form::offer(&mut fields, "name", &message.name);
        let (council, referral, offer) = fields.finish(|| name)?;
        let desk = self.named_desk(council, &Rejection::OfferUnknown(offer))?;
        let at = caller.at;
        let command = WithdrawOffer { referral, offer, provider, at };
        run_command(&desk.engine, &caller, &message, &message.request_id, command.into(), move |state, _| {
            render::offer_by_id(state, offer, at)
        })
        .await
    }

    pub(super) async fn decline(
        &self,
        request: Request<proto::DeclineReferralRequest>,
    ) -> Answer<proto::ReleasedReferral> {
        let caller = Caller::of(&request)?;
        let provider = caller.provider()?.clone();
        let message = request.into_inner();
        let mut fields = Fields::new();
        let name = form::referral(&mut fields, "name", &message.name);
        let reason = fields.code("reason", code_sets::DECLINE, &message.reason, london_date(caller.at));
        let ((council, referral), reason) = fields.finish(|| name.zip(reason))?;
        let desk = self.named_desk(council, &Rejection::ReferralUnknown(referral))?;
        let (at, viewer) = (caller.at, provider.clone());
        let command = DeclineReferral { referral, provider, reason, at };
        run_command(&desk.engine, &caller, &message, &message.request_id, command.into(), move |state, _| {
            render::released_by_id(state, referral, &viewer, at)
        })
        .await
    }

    pub(super) async fn offer_page(
        &self,
        request: Request<proto::ListOffersRequest>,
    ) -> Answer<proto::ListOffersResponse> {
        let caller = Caller::of(&request)?;
        let message = request.get_ref();
        let mut fields = Fields::new();
        let name = form::referral(&mut fields, "parent", &message.parent);
        let (council, id) = fields.finish(|| name)?;
        let desk = self.own_desk(&caller, council)?;
        let offers = desk.engine.read(|state| {
            let referral = state.referrals.get(&id)?;
            let offers = referral.offers.iter().filter_map(|id| state.offers.get(id));
            let asked = offers.filter(|it| !message.live_only || render::takeable(state, it, caller.at));
            let ranking = state.ranking(referral, caller.at);
            let rendered = asked.map(|it| {
                // Providers are shown offers too, and no evaluation.
                let evaluation = summary(it, &ranking);
                (it.id.to_string(), proto::Offer { evaluation, ..render::offer(state, it, caller.at) })
            });
            Some(rendered.collect::<Vec<_>>())
        });
        let offers = offers.ok_or_else(|| refuse(&Rejection::ReferralUnknown(id)))?;
        let (offers, next_page_token) = pages::of_sorted(offers, message)?;
        Ok(Response::new(proto::ListOffersResponse { offers, next_page_token }))
    }
}
