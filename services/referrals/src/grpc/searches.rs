//! Finding places for a referral.

use super::Answer;
use super::explanations::left_out;
use crate::Referrals;
use crate::form;
use crate::render;
use api::referrals as proto;
use care::market::Market;
use care::{CouncilId, Date, london_date};
use geography::Miles;
use matching::{Criteria, Impact, Match, Measure};
use referrals_domain::{RADIUS_WITHOUT_ANCHOR, RecordSearch, ReferralEvent, Rejection, Requirements};
use service_kit::{
    Caller, Fields, establishment_name, household_name, place_name, provider_name, refuse, run_command,
};
use tonic::Request;

/// Matches given back when the request does not say how many.
const LIMIT_DEFAULT: usize = 20;
/// Matches given back at most.
const LIMIT_MAX: usize = 200;
/// Places given back that one rule alone left out.
const NEAR_MISSES_MAX: usize = 20;
/// Places that are kept as evidence.
const TOP_MAX: usize = 20;

/// What the referral asks of a place. An anchor that nobody can be measured from any more is none.
pub(super) fn criteria(
    council: CouncilId,
    asked: &Requirements,
    within: Option<u16>,
    today: Date,
) -> Criteria {
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
        avoid_areas: asked.profile.avoid_areas.iter().map(ToString::to_string).collect(),
        // The anchor is where the child is from.
        home: anchor,
        centre: council.council().centre.parse().ok(),
        // A home that was needed from an earlier day is needed today.
        available_on: Some(asked.needed_from.max(today)),
        ..Criteria::default()
    }
}

pub(super) fn matched(market: &Market, it: &Match) -> proto::Match {
    let provider = market.provider(&it.provider).map(|provider| provider.name.clone());
    let measure = |it: Measure| proto::Measure {
        tenths_of_mile: it.distance.tenths,
        within_20_miles: it.within_20_miles,
    };
    let impact = |it: &Impact| proto::Impact {
        score: it.score.into(),
        concerns: it.concerns.iter().map(ToString::to_string).collect(),
    };
    proto::Match {
        place: place_name(&it.place),
        establishment: establishment_name(&it.urn),
        provider: provider_name(&it.provider),
        provider_display_name: provider.unwrap_or_default(),
        provision: it.provision.clone(),
        grade: it.grade.clone(),
        utla: it.utla.clone(),
        distance_tenths_of_mile: it.distance.map(|distance| distance.tenths),
        needs_met_thousandths: it.needs_met_thousandths.into(),
        unmet_needs: it.unmet_needs.clone(),
        available_from: it.available_from.to_string(),
        own_establishment: it.in_house,
        reserved_until: it.reserved_until.map(|date| date.to_string()).unwrap_or_default(),
        block_until: it.block_until.map(|date| date.to_string()).unwrap_or_default(),
        reasons: it.reasons(),
        from_home: it.from_home.map(measure),
        from_centre: it.from_centre.map(measure),
        impact: it.impact.as_ref().map(impact),
        household: it.household.as_ref().map(|it| household_name(&it.id)).unwrap_or_default(),
    }
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
        let asked = desk.engine.read(|state| {
            let found = state.referrals.get(&referral);
            found.map(|it| (it.requirements.clone(), it.version))
        });
        let (asked, referral_version) = asked.ok_or_else(|| refuse(&Rejection::ReferralUnknown(referral)))?;
        self.market_whole().await?;
        let max_distance_miles = within.or(asked.max_distance_miles);
        let criteria = criteria(council, &asked, max_distance_miles, london_date(caller.at));
        // It would leave nothing out, and be recorded as if it had.
        if criteria.within.is_some() && criteria.near.is_none() {
            return Err(refuse(&Rejection::field("max_distance_miles", RADIUS_WITHOUT_ANCHOR)));
        }
        let (found, answer, market_position) = self.market.search(|index, market, position| {
            let explained = index.explain(&criteria, caller.at);
            let found = explained.result(limit.max(TOP_MAX));
            let answer = proto::SearchReferralResponse {
                evidence: None,
                matches: found.matches.iter().take(limit).map(|it| matched(market, it)).collect(),
                near_misses: explained.near_misses(NEAR_MISSES_MAX).iter().map(left_out).collect(),
            };
            let digest = hex::encode(explained.digest(position));
            ((found, digest), answer, position)
        });
        let (found, digest) = found;
        let command = RecordSearch {
            referral,
            referral_version,
            market_position,
            max_distance_miles,
            candidates: found.matches_total,
            excluded: found.excluded.iter().map(|(reason, places)| (reason.to_string(), *places)).collect(),
            top: found.matches.iter().take(TOP_MAX).map(|it| it.place.clone()).collect(),
            digest,
            rules: matching::rules_name(),
            at: caller.at,
        };
        let answer = move |state: &referrals_domain::State, _: &[ReferralEvent]| {
            let searched = state.referrals.get(&referral);
            let last = searched.and_then(|it| Some(render::search(it.last_search.as_ref()?, it.searches)));
            proto::SearchReferralResponse { evidence: last, ..answer }
        };
        run_command(&desk.engine, &caller, &message, &message.request_id, command.into(), answer).await
    }
}
