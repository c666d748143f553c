//! Methods by which a council holds a place and gives it back.

use super::Answer;
use super::fields::{own_council, own_referral};
use crate::{Vacancies, render};
use api::vacancies as proto;
use care::PlaceId;
use care::market::HoldPolicy;
use service_kit::{Caller, Fields, run_command};
use tonic::Request;
use vacancies_domain::{Command, HoldPlace};

impl Vacancies {
    pub(super) async fn hold(&self, request: Request<proto::HoldPlaceRequest>) -> Answer<proto::Hold> {
        let caller = Caller::of(&request)?;
        let form = request.into_inner();
        let mut fields = Fields::new();
        let council = own_council(&mut fields, &caller, &form.council)?;
        let place: Option<PlaceId> = fields.resource("place", &form.place, "places");
        let referral = own_referral(&mut fields, council, &form.referral);
        let referral_version =
            fields.number("referral_version", form.referral_version, 1..=i64::from(u32::MAX));
        let range = HoldPolicy::LEASE_SECONDS_MIN.into()..=HoldPolicy::LEASE_SECONDS_MAX.into();
        let lease_seconds = match (form.lease_seconds, council) {
            (0, Some(council)) => {
                Some(self.market.read(|market| market.hold_policy(council).1.lease_seconds_default))
            }
            (asked, _) => fields.number("lease_seconds", asked, range),
        };
        let first_night = fields.date_optional("first_night", &form.first_night);
        let at = caller.at;
        let asked = fields.finish(|| {
            Some(HoldPlace {
                place: place?,
                council: council?,
                referral: referral?,
                referral_version: referral_version?,
                lease_seconds: lease_seconds?,
                first_night: first_night?,
                at,
            })
        })?;
        let place = asked.place.clone();
        let _turn = self.turns.of(asked.council).await;
        let command = Command::HoldPlace(asked);
        run_command(&self.market, &caller, &form, &form.request_id, command, move |market, _| {
            render::hold(market, &place)
        })
        .await
    }

    pub(super) async fn release(&self, request: Request<proto::ReleaseHoldRequest>) -> Answer<proto::Place> {
        let caller = Caller::of(&request)?;
        let form = request.into_inner();
        let mut fields = Fields::new();
        let council = own_council(&mut fields, &caller, &form.council)?;
        let place: Option<PlaceId> = fields.resource("place", &form.place, "places");
        if form.token == 0 {
            fields.violation("token", "must be given: it is the one that the hold was answered with");
        }
        let (council, place) = fields.finish(|| council.zip(place))?;
        let command =
            Command::ReleaseHold { place: place.clone(), council, token: form.token, at: caller.at };
        self.change_place(&caller, &form, &form.request_id, place, command).await
    }
}
