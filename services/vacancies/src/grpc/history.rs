//! What was entered of an establishment, as of a day and as known by an instant.

use super::Answer;
use crate::{Vacancies, render_supply};
use api::vacancies as proto;
use care::{EstablishmentUrn, Timestamp, london_date};
use service_kit::{Caller, Fields, establishment_name, not_found};
use tonic::{Request, Response};

impl Vacancies {
    pub(super) fn history(
        &self,
        request: &Request<proto::GetEstablishmentHistoryRequest>,
    ) -> Answer<proto::EstablishmentHistory> {
        let caller = Caller::of(request)?;
        let form = request.get_ref();
        let mut fields = Fields::new();
        let urn: Option<EstablishmentUrn> = fields.resource("name", &form.name, "establishments");
        let as_of = fields.date_optional("as_of", &form.as_of);
        let known_by = form.known_by.as_ref().map_or(Some(None), |it| {
            fields.check("known_by", Timestamp::new(it.seconds, it.nanos)).map(Some)
        });
        let (urn, as_of, known_by) = fields.finish(|| Some((urn?, as_of?, known_by?)))?;
        let as_of = as_of.unwrap_or_else(|| london_date(caller.at));
        let found = self.market.read(|market| {
            market.establishment(&urn).map(|it| render_supply::history(&urn, it, as_of, known_by))
        });
        let unknown = || not_found("ESTABLISHMENT_UNKNOWN", &establishment_name(&urn));
        found.map(Response::new).ok_or_else(unknown)
    }
}
