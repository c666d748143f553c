//! Reviews of placements, to their council.

use super::date_or_empty;
use api::contracts as proto;
use contracts_domain::agreements::{Agreement, PlacementReview, ReviewOutcome, ReviewState};
use service_kit::{agreement_name, establishment_name, framework_name, provider_name, timestamp};

/// How far a review is.
pub(crate) fn review_state(state: ReviewState) -> proto::PlacementReviewState {
    match state {
        ReviewState::Open => proto::PlacementReviewState::Open,
        ReviewState::Concluded => proto::PlacementReviewState::Concluded,
        ReviewState::PlacementOver => proto::PlacementReviewState::PlacementOver,
    }
}

fn outcome(outcome: ReviewOutcome) -> proto::PlacementReviewOutcome {
    match outcome {
        ReviewOutcome::Stays => proto::PlacementReviewOutcome::Stays,
        ReviewOutcome::StaysWithActions => proto::PlacementReviewOutcome::StaysWithActions,
        ReviewOutcome::Moves => proto::PlacementReviewOutcome::Moves,
    }
}

/// A review of an agreement's placement.
pub(crate) fn review(agreement: &Agreement, review: &PlacementReview<'_>) -> proto::PlacementReview {
    let (issued, suspension) = (&agreement.issued, review.suspension);
    let concluded = review.concluded;
    proto::PlacementReview {
        agreement: agreement_name(issued.council, issued.agreement),
        establishment: establishment_name(&issued.urn),
        provider: provider_name(&issued.provider),
        framework: framework_name(review.framework),
        suspension: suspension.number,
        suspension_reason: suspension.reason.clone(),
        suspended_from: suspension.from.to_string(),
        suspended_until: date_or_empty(suspension.until),
        arrived: agreement.started.is_some(),
        state: review_state(review.state).into(),
        outcome: concluded
            .map_or(proto::PlacementReviewOutcome::Unspecified, |it| outcome(it.outcome))
            .into(),
        reason: concluded.map(|it| it.reason.clone()).unwrap_or_default(),
        post: concluded.map(|it| it.post.clone()).unwrap_or_default(),
        reviewed_on: date_or_empty(concluded.map(|it| it.reviewed_on)),
        conclude_time: concluded.map(|it| timestamp(it.at)),
        etag: agreement.version.to_string(),
    }
}
