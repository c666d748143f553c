//! The methods by which a council reserves places against payment.

use super::Answer;
use super::fields::{APPROVER_CHARS_MAX, own_council, own_referral, parent_council};
use crate::render::Viewer;
use crate::{Vacancies, render_agreed};
use api::vacancies as proto;
use care::market::{MarketEvent, Reservation};
use care::{Nights, PlaceId, london_date};
use service_kit::page::page_of;
use service_kit::{Caller, Fields, run_command};
use tonic::{Request, Response};
use vacancies_domain::{Command, ReservePlace};

impl Vacancies {
    pub(super) async fn reserve(
        &self,
        request: Request<proto::ReservePlaceRequest>,
    ) -> Answer<proto::Reservation> {
        let caller = Caller::of(&request)?;
        let form = request.into_inner();
        let mut fields = Fields::new();
        let council = own_council(&mut fields, &caller, &form.council)?;
        let place: Option<PlaceId> = fields.resource("place", &form.place, "places");
        let (from, until) = (fields.date("from", &form.from), fields.date("until", &form.until));
        let weekly = fields.pence("weekly_pence", form.weekly_pence);
        let referral = match form.referral.as_str() {
            "" => Some(None),
            referral => own_referral(&mut fields, council, referral).map(Some),
        };
        let approver = fields.text("approver", &form.approver, APPROVER_CHARS_MAX);
        let at = caller.at;
        let asked = fields.finish(|| {
            Some(ReservePlace {
                place: place?,
                council: council?,
                from: from?,
                until: until?,
                weekly: weekly?,
                referral: referral?,
                approver: approver?,
                at,
            })
        })?;
        let _turn = self.turns.of(asked.council).await;
        let (place, council) = (asked.place.clone(), asked.council);
        let command = Command::ReservePlace(asked);
        run_command(&self.market, &caller, &form, &form.request_id, command, move |_, events| {
            let made = events.iter().find_map(|event| match event {
                MarketEvent::PlaceReserved(event) => Some(Reservation {
                    council: event.council,
                    referral: event.referral,
                    from: event.from,
                    until: event.until,
                    weekly: event.weekly,
                    token: event.token,
                    sold_by: Vec::new(),
                }),
                _ => None,
            });
            let render = |it| render_agreed::reservation(&place, &it, &Viewer::Council(council));
            made.map(render).unwrap_or_default()
        })
        .await
    }

    pub(super) async fn end_reserved(
        &self,
        request: Request<proto::EndReservationRequest>,
    ) -> Answer<proto::Place> {
        let caller = Caller::of(&request)?;
        let form = request.into_inner();
        let mut fields = Fields::new();
        let council = own_council(&mut fields, &caller, &form.council)?;
        let place: Option<PlaceId> = fields.resource("place", &form.place, "places");
        let on = fields.date("on", &form.on);
        let (council, place, on) = fields.finish(|| Some((council?, place?, on?)))?;
        let command =
            Command::EndReservation { place: place.clone(), council, token: form.token, on, at: caller.at };
        self.change_place(&caller, &form, &form.request_id, place, command).await
    }

    pub(super) fn reservation_page(
        &self,
        request: &Request<proto::ListReservationsRequest>,
    ) -> Answer<proto::ListReservationsResponse> {
        let caller = Caller::of(request)?;
        let form = request.get_ref();
        let council = parent_council(&caller, &form.parent)?;
        let ahead = Nights::from_on(london_date(caller.at), None);
        let (reservations, next_page_token) = self.market.read(|market| {
            page_of(form, |after: Option<String>| {
                let viewer = Viewer::Council(council);
                let places = market.agreed().flat_map(move |(id, place)| {
                    let own = render_agreed::reservations(id, place, ahead, &viewer);
                    own.into_iter().map(move |it| (key(id, it.token), it))
                });
                places.filter(move |(key, _)| after.as_ref().is_none_or(|after| key > after))
            })
        })?;
        Ok(Response::new(proto::ListReservationsResponse { reservations, next_page_token }))
    }
}

/// Orders what is agreed by its place, and there by its number.
pub(super) fn key(place: &PlaceId, number: u64) -> String {
    // A space sorts before all that an id may have, and a number of 64 bits has 20 digits at most.
    format!("{place} {number:020}")
}
