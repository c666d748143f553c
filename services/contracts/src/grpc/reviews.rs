//! Methods about reviews of placements that suspensions call for.

use super::Answer;
use super::fields::{NAME_CHARS_MAX, REASON_CHARS_MAX, etag, own_agreement};
use crate::{Contracts, render};
use api::contracts as proto;
use care::{AgreementId, ProviderId, london_date};
use contracts_domain::agreements::{
    AgreementCommand, AgreementEvent, ConcludeReview, PlacementReview, ReviewOutcome, reviews,
};
use contracts_domain::{Agreements, Frameworks};
use service_kit::{Caller, Fields, page, run_command};
use std::collections::BTreeMap;
use tonic::{Request, Response};

impl Contracts {
    pub(super) fn review_page(
        &self,
        request: &Request<proto::ListPlacementReviewsRequest>,
    ) -> Answer<proto::ListPlacementReviewsResponse> {
        let caller = Caller::of(request)?;
        let form = request.get_ref();
        let mut fields = Fields::new();
        let council = fields.council("parent", &form.parent);
        if let Some(council) = council {
            caller.require_council(council)?;
        }
        let provider: Option<Option<ProviderId>> = match form.provider.as_str() {
            "" => Some(None),
            name => fields.provider("provider", name).map(Some),
        };
        let state = fields.check("state", proto::PlacementReviewState::try_from(form.state));
        let (council, provider, wanted) = fields.finish(|| Some((council?, provider?, state?)))?;
        let called = self.frameworks.read(|state| state.called_reviews(council, provider.as_ref()));
        let today = london_date(caller.at);
        let is_wanted = |it: &PlacementReview<'_>| {
            wanted == proto::PlacementReviewState::Unspecified || wanted == render::review_state(it.state)
        };
        let found: BTreeMap<String, proto::PlacementReview> =
            self.agreements.get(&council).map_or_else(BTreeMap::new, |engine| {
                engine.read(|state: &Agreements| {
                    let ids =
                        called.providers().filter_map(|provider| state.by_provider.get(provider)).flatten();
                    let agreements = ids.filter_map(|id| state.agreements.get(id));
                    let all = agreements.flat_map(|agreement| {
                        reviews(&called, agreement, today).filter(is_wanted).map(move |it| {
                            let (id, number) = (agreement.issued.agreement, it.suspension.number);
                            (format!("{id}/{}/{number:06}", it.framework), render::review(agreement, &it))
                        })
                    });
                    all.collect()
                })
            });
        let (reviews, next_page_token) = page::page_of(form, |after: Option<String>| {
            let later = move |key: &String| after.as_ref().is_none_or(|after| key > after);
            found.into_iter().filter(move |(key, _)| later(key))
        })?;
        Ok(Response::new(proto::ListPlacementReviewsResponse { reviews, next_page_token }))
    }

    pub(super) async fn conclude_review(
        &self,
        request: Request<proto::ConcludePlacementReviewRequest>,
    ) -> Answer<proto::PlacementReview> {
        let caller = Caller::of(&request)?;
        let form = request.into_inner();
        let mut fields = Fields::new();
        let found = own_agreement::<AgreementId>(&mut fields, &caller, &form.name)?;
        let framework = fields.framework("framework", &form.framework);
        let outcome = outcome(&mut fields, form.outcome);
        let reason = fields.text("reason", &form.reason, REASON_CHARS_MAX);
        let post = fields.text("post", &form.post, NAME_CHARS_MAX);
        let reviewed_on = fields.date("reviewed_on", &form.reviewed_on);
        let expected = etag(&mut fields, &form.etag);
        let suspension = form.suspension;
        let ((council, agreement), expected_version, review) = fields.finish(|| {
            let (framework, outcome, reviewed_on) = (framework?, outcome?, reviewed_on?);
            let (reason, post) = (reason?, post?);
            let review = ConcludeReview { framework, suspension, outcome, reason, post, reviewed_on };
            Some((found?, expected?, review))
        })?;
        let engine = self.own_engine(council, agreement)?;
        let provider = engine.read(|state| Some(state.agreements.get(&agreement)?.issued.provider.clone()));
        let called = |state: &Frameworks| {
            provider.map(|provider| state.called_reviews(council, Some(&provider))).unwrap_or_default()
        };
        let called = self.frameworks.read(called);
        let (framework, at) = (review.framework.clone(), caller.at);
        let shown = called.clone();
        let command = AgreementCommand::ConcludeReview { agreement, expected_version, review, called, at };
        let answer = move |state: &Agreements, _: &[AgreementEvent]| {
            let found = state.agreements.get(&agreement);
            let is_it =
                |it: &PlacementReview<'_>| *it.framework == framework && it.suspension.number == suspension;
            let told = found.and_then(|found| {
                let review = reviews(&shown, found, london_date(at)).find(is_it)?;
                Some(render::review(found, &review))
            });
            told.unwrap_or_default()
        };
        run_command(engine, &caller, &form, &form.request_id, command, answer).await
    }
}

fn outcome(fields: &mut Fields, given: i32) -> Option<ReviewOutcome> {
    match proto::PlacementReviewOutcome::try_from(given) {
        Ok(proto::PlacementReviewOutcome::Stays) => Some(ReviewOutcome::Stays),
        Ok(proto::PlacementReviewOutcome::StaysWithActions) => Some(ReviewOutcome::StaysWithActions),
        Ok(proto::PlacementReviewOutcome::Moves) => Some(ReviewOutcome::Moves),
        Ok(proto::PlacementReviewOutcome::Unspecified) | Err(_) => {
            let expected = "PLACEMENT_REVIEW_OUTCOME_STAYS, _STAYS_WITH_ACTIONS or _MOVES";
            fields.violation("outcome", format!("must be given: {expected}"));
            None
        }
    }
}
