//! The method that shows a council, or a provider, all nights that are agreed ahead.

use super::Answer;
use super::fields::{own_provider, parent_council};
use crate::render::Viewer;
use crate::{Vacancies, render_nights};
use api::vacancies as proto;
use care::{Nights, london_date};
use service_kit::page::page_of;
use service_kit::{Caller, Fields, Role};
use tonic::{Request, Response};

impl Vacancies {
    pub(super) fn agreed_page(
        &self,
        request: &Request<proto::ListAgreedNightsRequest>,
    ) -> Answer<proto::ListAgreedNightsResponse> {
        let caller = Caller::of(request)?;
        let form = request.get_ref();
        let (viewer, provider) = match &caller.role {
            Role::Provider(_) => {
                let mut fields = Fields::new();
                let provider = own_provider(&mut fields, &caller, "parent", &form.parent)?;
                (Viewer::Provider, Some(fields.finish(|| provider)?))
            }
            Role::Council(_) | Role::FrameworkLead(_) | Role::Service(_) => {
                (Viewer::Council(parent_council(&caller, &form.parent)?), None)
            }
        };
        let ahead = Nights::from_on(london_date(caller.at), None);
        let (nights, next_page_token) = self.market.read(|market| {
            let (viewer, provider) = (&viewer, provider.as_ref());
            page_of(form, |after: Option<String>| {
                let theirs = market.agreed().filter_map(move |(id, place)| {
                    let home = market.establishment(&place.urn)?;
                    let seen = provider.is_none_or(|provider| home.provider == *provider);
                    seen.then_some((id, place, &home.provider))
                });
                let all = theirs.flat_map(move |(id, place, seller)| {
                    render_nights::of_place(id, place, seller, ahead, viewer)
                });
                all.filter(move |(key, _)| after.as_ref().is_none_or(|after| key > after))
            })
        })?;
        Ok(Response::new(proto::ListAgreedNightsResponse { nights, next_page_token }))
    }
}
