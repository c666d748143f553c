//! Finding places for a referral.

use super::Answer;
use crate::Referrals;
use crate::form;
use crate::render;
use api::referrals as proto;
use care::market::Market;
use care::{CouncilId, Date, ProviderId, london_date};
use geography::Miles;
use matching::{Criteria, SearchResult};
use referrals_domain::{RecordSearch, ReferralEvent, Rejection, Requirements};
use service_kit::{Caller, Fields, establishment_name, place_name, provider_name, refuse, run_command};
use tonic::Request;

/// Matches given back when the request does not say how many.
const LIMIT_DEFAULT: usize = 20;
/// Matches given back at most.
const LIMIT_MAX: usize = 200;
/// Places that are kept as evidence.
const TOP_MAX: usize = 20;

/// What the referral asks of a place. An anchor that nobody can be measured from any more is none.
fn criteria(council: CouncilId, asked: &Requirements, within: Option<u16>, today: Date) -> Criteria {
    let anchor = asked.anchor.as_deref().and_then(|anchor| anchor.parse().ok());
    Criteria {
        council: Some(council),
        provisions: asked.provisions.iter().cloned().collect(),
        age_years: Some(asked.age_years),
        sex: Some(asked.sex.clone()),
        needs: asked.needs.iter().cloned().collect(),
        solo: asked.solo,
        near: anchor,
        within: within.map(|miles| Miles::whole(miles.into())),
        // The anchor is where the child is from.
        home: anchor,
        centre: council.council().centre.parse().ok(),
        // A home that was needed from an earlier day is needed today.
        available_on: Some(asked.needed_from.max(today)),
        ..Criteria::default()
    }
}

fn matches(found: &SearchResult, market: &Market, limit: usize) -> Vec<proto::Match> {
    let provider =
        |id: &ProviderId| market.provider(id).map(|provider| provider.name.clone()).unwrap_or_default();
    let one = |it: &matching::Match| proto::Match {
        place: place_name(&it.place),
        establishment: establishment_name(&it.urn),
        provider: provider_name(&it.provider),
        provider_display_name: provider(&it.provider),
        provision: it.provision.clone(),
        grade: it.grade.clone(),
        utla: it.utla.clone(),
        distance_tenths_of_mile: it.distance.map(|distance| distance.tenths),
        needs_met_thousandths: it.needs_met_thousandths.into(),
        unmet_needs: it.unmet_needs.clone(),
        available_from: it.available_from.to_string(),
        own_establishment: it.in_house,
        reasons: it.reasons(),
    };
    found.matches.iter().take(limit).map(one).collect()
}

impl Referrals {
    pub(super) async fn search(
        &self,
        request: Request<proto::SearchReferralRequest>,
    ) -> Answer<proto::SearchReferralResponse> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let mut fields = Fields::new();
        let name = form::referral(&mut fields, "name", &message.name);
        let within = match message.max_distance_miles {
            Some(miles) => fields.number::<u16>("max_distance_miles", miles, 1..=400).map(Some),
            None => Some(None),
        };
        let ((council, referral), within) = fields.finish(|| name.zip(within))?;
        let limit = match usize::try_from(message.limit) {
            Ok(0) | Err(_) => LIMIT_DEFAULT,
            Ok(limit) => limit.min(LIMIT_MAX),
        };
        let desk = self.own_desk(&caller, council)?;
        let asked =
            desk.engine.read(|state| state.referrals.get(&referral).map(|it| it.requirements.clone()));
        let asked = asked.ok_or_else(|| refuse(&Rejection::ReferralUnknown(referral)))?;
        self.market_whole().await?;
        let max_distance_miles = within.or(asked.max_distance_miles);
        let criteria = criteria(council, &asked, max_distance_miles, london_date(caller.at));
        let (found, matches, market_position) = self.market.search(|index, market, position| {
            let found = index.search(&criteria, caller.at, limit.max(TOP_MAX));
            let matches = matches(&found, market, limit);
            (found, matches, position)
        });
        let command = RecordSearch {
            referral,
            market_position,
            max_distance_miles,
            candidates: found.matches_total,
            excluded: found.excluded.iter().map(|(reason, places)| (reason.to_string(), *places)).collect(),
            top: found.matches.iter().take(TOP_MAX).map(|it| it.place.clone()).collect(),
            at: caller.at,
        };
        let answer = move |_: &referrals_domain::State, events: &[ReferralEvent]| {
            let evidence = events.iter().find_map(|event| match event {
                ReferralEvent::SearchRecorded(recorded) => Some(render::search(recorded)),
                _ => None,
            });
            proto::SearchReferralResponse { evidence, matches }
        };
        run_command(&desk.engine, &caller, &message, &message.request_id, command.into(), answer).await
    }
}
