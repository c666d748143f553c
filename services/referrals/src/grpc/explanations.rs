//! Recorded searches, made again as of their instant: what was judged of every place, and whether the ranking comes out the same.

use super::Answer;
use super::searches::{criteria, matched};
use crate::{Referrals, desk::Desk, form, render};
use api::referrals as proto;
use care::market::Market;
use care::{CouncilId, Event, PlaceId, ReferralId, london_date};
use matching::{Criteria, Excluded, Explanation, Index};
use referrals_domain::{ReferralEvent, Rejection, Requirements, SearchRecorded};
use service_kit::page::page_of;
use service_kit::{
    Caller, Fields, establishment_name, not_found, place_name, provider_name, refuse, unavailable,
};
use tonic::{Request, Response, Status};

/// How many events of a referral are read at a time.
const READ_EVENTS: usize = 500;

/// A recorded search and what was asked for when it was made.
pub(super) struct Searched {
    pub(super) number: u32,
    pub(super) recorded: SearchRecorded,
    pub(super) asked: Requirements,
}

/// A recorded search made again.
pub(super) struct MadeAgain<'a> {
    pub(super) explained: Explanation<'a>,
    pub(super) digest: String,
    /// Whether that is the recorded one.
    pub(super) equal: bool,
    /// Whether the rules that judge now are those that judged then.
    pub(super) same_rules: bool,
}

impl Searched {
    /// What it asked of a place.
    pub(super) fn criteria(&self) -> Criteria {
        let recorded = &self.recorded;
        criteria(recorded.council, &self.asked, recorded.max_distance_miles, london_date(recorded.at))
    }

    /// Makes it again over the market of then, with its own criteria.
    pub(super) fn made_again<'a>(&self, index: &'a Index, criteria: &'a Criteria) -> MadeAgain<'a> {
        let recorded = &self.recorded;
        // One of before is judged by its own versions, where they are known.
        let rules = recorded.rules.as_deref().unwrap_or_default();
        let explained = index.explain_under(criteria, recorded.at, rules);
        let explained = explained.unwrap_or_else(|| index.explain(criteria, recorded.at));
        let digest = hex::encode(explained.digest(recorded.market_position));
        let equal = recorded.digest.as_ref() == Some(&digest);
        let same_rules = recorded.rules == Some(matching::rules_name());
        MadeAgain { explained, digest, equal, same_rules }
    }
}

/// The searches of a referral, in order, as its events tell.
async fn searches(desk: &Desk, referral: ReferralId) -> Result<Vec<Searched>, Status> {
    let cannot = |error: &dyn std::fmt::Display| unavailable(format!("the referral cannot be read: {error}"));
    let stream = care::StreamId::new("referral", referral);
    let (mut found, mut asked, mut version) = (Vec::new(), None, 0);
    loop {
        let events = desk.engine.log().read_stream(&stream, version, READ_EVENTS).await;
        let events = events.map_err(|error| cannot(&error))?;
        let Some(last) = events.last() else { return Ok(found) };
        version = last.stream_version;
        for event in &events {
            let decoded = ReferralEvent::decode(&event.event_type, event.version, &event.payload);
            match decoded.map_err(|error| cannot(&error))? {
                ReferralEvent::ReferralPosted(posted) => asked = Some(posted.requirements),
                ReferralEvent::ReferralAmended(amended) => asked = Some(amended.requirements),
                ReferralEvent::SearchRecorded(recorded) => {
                    let asked =
                        asked.clone().ok_or_else(|| cannot(&"it was searched before it was posted"))?;
                    let number = u32::try_from(found.len() + 1).unwrap_or(u32::MAX);
                    found.push(Searched { number, recorded, asked });
                }
                _ => {}
            }
        }
    }
}

pub(super) fn left_out(it: &Excluded<'_>) -> proto::LeftOut {
    left_out_by(it, it.findings())
}

/// The same where what was found is at hand.
pub(super) fn left_out_by<'a>(
    it: &Excluded<'_>,
    findings: impl Iterator<Item = matching::Finding<'a>>,
) -> proto::LeftOut {
    let finding = |finding: matching::Finding<'_>| proto::Finding {
        rule: finding.rule.to_string(),
        rule_version: finding.version.into(),
        fact: finding.fact.to_string(),
        counterfactual: finding.counterfactual.map(|instead| instead.to_string()).unwrap_or_default(),
    };
    proto::LeftOut {
        place: place_name(it.place()),
        establishment: establishment_name(it.urn()),
        provider: provider_name(it.provider()),
        findings: findings.map(finding).collect(),
    }
}

/// A page of what was judged, the best first, and its next page's token.
fn judgements(
    explained: &Explanation<'_>,
    market: &Market,
    place: Option<&PlaceId>,
    request: &proto::ExplainSearchRequest,
) -> Result<(Vec<proto::Judgement>, String), Status> {
    let wanted = |id: &PlaceId| place.is_none_or(|place| place == id);
    let found = explained.result(usize::MAX).matches;
    let mut excluded: Vec<_> = explained.excluded().filter(|it| wanted(it.place())).collect();
    excluded.sort_by_key(|it| (it.failed(), it.place()));
    page_of(request, |seen: Option<usize>| {
        let ranked = (1_u32..)
            .zip(&found)
            .filter(|(_, found)| wanted(&found.place))
            .map(|(rank, found)| (rank, proto::judgement::Judged::Match(matched(market, found))));
        let left_out = excluded.iter().map(|it| (0, proto::judgement::Judged::LeftOut(left_out(it))));
        let judged =
            ranked.chain(left_out).map(|(rank, judged)| proto::Judgement { rank, judged: Some(judged) });
        (1_usize..).zip(judged).skip(seen.unwrap_or_default())
    })
}

impl Referrals {
    pub(super) async fn search_page(
        &self,
        request: Request<proto::ListSearchesRequest>,
    ) -> Answer<proto::ListSearchesResponse> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let mut fields = Fields::new();
        let parent = form::referral(&mut fields, "parent", &message.parent);
        let (council, referral) = fields.finish(|| parent)?;
        let desk = self.own_desk(&caller, council)?;
        if desk.engine.read(|state| !state.referrals.contains_key(&referral)) {
            return Err(refuse(&Rejection::ReferralUnknown(referral)));
        }
        let all = searches(desk, referral).await?;
        let (searches, next_page_token) = page_of(&message, |after: Option<u32>| {
            let later = all.iter().filter(move |it| after.is_none_or(|after| it.number > after));
            later.map(|it| (it.number, render::search(&it.recorded, it.number)))
        })?;
        Ok(Response::new(proto::ListSearchesResponse { searches, next_page_token }))
    }

    pub(super) async fn explain(
        &self,
        request: Request<proto::ExplainSearchRequest>,
    ) -> Answer<proto::ExplainSearchResponse> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let mut fields = Fields::new();
        let name = form::search(&mut fields, "name", &message.name);
        let place = match message.place.as_str() {
            "" => Some(None),
            place => fields.resource("place", place, "places").map(Some),
        };
        let ((council, referral, number), place) = fields.finish(|| name.zip(place))?;
        let searched = self.searched(&caller, (council, referral, number), &message.name).await?;
        let then = self.market_at(searched.recorded.market_position).await?;
        let criteria = searched.criteria();
        let MadeAgain { explained, digest, equal, same_rules } = searched.made_again(&then.index, &criteria);
        let (judgements, next_page_token) = judgements(&explained, &then.market, place.as_ref(), &message)?;
        if judgements.is_empty() && message.page_token.is_empty() && place.is_some() {
            return Err(not_found("PLACE_UNKNOWN", &message.place));
        }
        let search = Some(render::search(&searched.recorded, number));
        let answer =
            proto::ExplainSearchResponse { search, digest, equal, judgements, next_page_token, same_rules };
        Ok(Response::new(answer))
    }

    /// A search of the caller's own that was recorded.
    ///
    /// # Errors
    /// When it is another council's, or there is none by this name.
    pub(super) async fn searched(
        &self,
        caller: &Caller,
        (council, referral, number): (CouncilId, ReferralId, u32),
        name: &str,
    ) -> Result<Searched, Status> {
        let desk = self.own_desk(caller, council)?;
        if desk.engine.read(|state| !state.referrals.contains_key(&referral)) {
            return Err(refuse(&Rejection::ReferralUnknown(referral)));
        }
        let all = searches(desk, referral).await?;
        all.into_iter().find(|it| it.number == number).ok_or_else(|| not_found("SEARCH_UNKNOWN", name))
    }
}
