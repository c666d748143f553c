//! Reviews that a suspension calls for. A suspension ends nothing: with it begins a review of each placement there, place by place, which is open
//! until the council has concluded it or the placement is over. Which reviews there are follows from the region's suspensions and the council's own
//! agreements, so that none is lost between two logs; what the council concluded is an event of its own.

use super::events::{AgreementEvent, PlacementReviewConcluded};
use super::state::{Agreement, Agreements};
use crate::frameworks::{CalledReviews, Suspension};
use care::{Date, Decided, FrameworkId, Refusal, RefusalKind, Timestamp, Violation, london_date};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// What a council concludes of a placement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ReviewOutcome {
    /// The child stays.
    Stays,
    /// The child stays, and something is to be done.
    StaysWithActions,
    /// The child is to move; notice is given and the placement ended apart from this.
    Moves,
}

/// A conclusion as it is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConcludeReview {
    /// The framework whose suspension called for the review.
    pub framework: FrameworkId,
    /// The suspension's number among the provider's in that framework, from 1.
    pub suspension: u32,
    /// What was concluded.
    pub outcome: ReviewOutcome,
    /// Why, in words without personal data.
    pub reason: String,
    /// The post of who answers for it, never a private person's name.
    pub post: String,
    /// The day of the review, from the making of the agreement to today.
    pub reviewed_on: Date,
}

/// How far a review is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReviewState {
    /// It is to be concluded.
    Open,
    /// It is concluded.
    Concluded,
    /// The placement was over before it was concluded.
    PlacementOver,
}

/// A review of one placement.
#[derive(Debug, Clone, Copy)]
pub struct PlacementReview<'a> {
    /// The framework.
    pub framework: &'a FrameworkId,
    /// The suspension that called for it.
    pub suspension: &'a Suspension,
    /// What was concluded last, if anything was.
    pub concluded: Option<&'a PlacementReviewConcluded>,
    /// How far it is.
    pub state: ReviewState,
}

/// Why a conclusion is refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ReviewRejection {
    /// No suspension called for such a review.
    #[error(
        "suspension {suspension} of {framework} called for no review of this agreement: list the council's reviews for those that there are"
    )]
    NotCalled {
        /// The framework.
        framework: FrameworkId,
        /// The number.
        suspension: u32,
    },
    /// A day on which there was nothing to review, or that is still to come.
    #[error(
        "reviewed_on is {on}: give a day from the making of the agreement, {earliest}, to today, {latest}"
    )]
    DayOutside {
        /// The day.
        on: Date,
        /// The first that it may be.
        earliest: Date,
        /// The last that it may be.
        latest: Date,
    },
}

impl Refusal for ReviewRejection {
    fn reason(&self) -> &'static str {
        match self {
            Self::NotCalled { .. } => "REVIEW_NOT_CALLED",
            Self::DayOutside { .. } => "REVIEW_DATE_INVALID",
        }
    }

    fn kind(&self) -> RefusalKind {
        match self {
            Self::NotCalled { .. } => RefusalKind::NotFound,
            Self::DayOutside { .. } => RefusalKind::Precondition,
        }
    }

    fn violations(&self) -> Vec<Violation> {
        let field = match self {
            Self::NotCalled { .. } => "suspension",
            Self::DayOutside { .. } => "reviewed_on",
        };
        vec![Violation { field: field.to_owned(), description: self.to_string() }]
    }
}

/// The reviews of a placement that suspensions have called for, in order of frameworks and suspensions; what is over is as of `today`.
pub fn reviews<'a>(
    called: &'a CalledReviews,
    agreement: &'a Agreement,
    today: Date,
) -> impl Iterator<Item = PlacementReview<'a>> {
    let all = called.of(&agreement.issued.provider).iter();
    all.filter(move |(_, suspension)| is_called(suspension, agreement)).map(move |(framework, suspension)| {
        let concluded = agreement.review(framework, suspension.number);
        let state = match concluded {
            Some(_) => ReviewState::Concluded,
            None if agreement.goes_on_after(today) => ReviewState::Open,
            None => ReviewState::PlacementOver,
        };
        PlacementReview { framework, suspension, concluded, state }
    })
}

/// Whether a suspension that held at all calls on the council to review an agreement: one that was made before it, with a night after it began. The
/// suspension may have been lifted since; what it called for is to be concluded all the same.
fn is_called(suspension: &Suspension, agreement: &Agreement) -> bool {
    let issued = &agreement.issued;
    suspension.reviewed_by.contains(&issued.council)
        && suspension.scope.covers(&issued.urn, issued.council)
        && issued.evidence.contracts_position < suspension.called_at
        && suspension.may_stop_from(suspension.from)
        && agreement.goes_on_after(suspension.from)
}

pub(super) fn conclude(
    agreement: &Agreement,
    told: &ConcludeReview,
    called: &CalledReviews,
    at: Timestamp,
) -> Decided<Agreements> {
    let today = london_date(at);
    let mut called = reviews(called, agreement, today);
    let is_it =
        |it: &PlacementReview<'_>| *it.framework == told.framework && it.suspension.number == told.suspension;
    let Some(review) = called.find(is_it) else {
        let (framework, suspension) = (told.framework.clone(), told.suspension);
        return Err(ReviewRejection::NotCalled { framework, suspension }.into());
    };
    let earliest = london_date(agreement.issued.at);
    if !(earliest..=today).contains(&told.reviewed_on) {
        let (on, latest) = (told.reviewed_on, today);
        return Err(ReviewRejection::DayOutside { on, earliest, latest }.into());
    }
    let issued = &agreement.issued;
    let concluded = PlacementReviewConcluded {
        agreement: issued.agreement,
        award: issued.award,
        council: issued.council,
        framework: told.framework.clone(),
        suspension: told.suspension,
        outcome: told.outcome,
        reason: told.reason.clone(),
        post: told.post.clone(),
        reviewed_on: told.reviewed_on,
        at,
    };
    let same = review.concluded.is_some_and(|it| PlacementReviewConcluded { at, ..it.clone() } == concluded);
    Ok(if same { Vec::new() } else { vec![AgreementEvent::from(concluded)] })
}

impl Agreement {
    /// What was concluded last of the review that a suspension called for.
    #[must_use]
    pub fn review(&self, framework: &FrameworkId, suspension: u32) -> Option<&PlacementReviewConcluded> {
        self.reviews.iter().find(|it| it.framework == *framework && it.suspension == suspension)
    }

    /// Notes a conclusion; the last of a review holds.
    pub(super) fn note_review(&mut self, concluded: &PlacementReviewConcluded) {
        let same = |it: &&mut PlacementReviewConcluded| {
            it.framework == concluded.framework && it.suspension == concluded.suspension
        };
        match self.reviews.iter_mut().find(same) {
            Some(before) => before.clone_from(concluded),
            None => self.reviews.push(concluded.clone()),
        }
    }

    /// Whether a night of the placement, or of Staying Put after it, is on a day or later, as far as is known.
    #[must_use]
    pub fn goes_on_after(&self, day: Date) -> bool {
        let placed = match &self.ended {
            None => true,
            Some(end) => self.started.is_some() && end.on > day,
        };
        let stays = self.staying_put.as_ref().filter(|it| it.has_nights());
        placed || stays.is_some_and(|it| it.ended.is_none_or(|on| on > day))
    }
}
