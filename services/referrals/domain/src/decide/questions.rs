//! Questions about a referral and their answers: one asks, and all who were asked for a home read both. A procurement treats its bidders alike.

use super::{Decision, must_be_open, referral, released_referral};
use crate::commands::{AnswerQuestion, AskQuestion};
use crate::events::{QuestionAnswered, QuestionAsked};
use crate::rejection::Rejection;
use crate::state::{Referral, Stage, State};
use care::{ProviderId, ReferralId, Timestamp, london_date};

/// How many questions a referral can get.
const QUESTIONS_MAX: usize = 100;
/// How many of them can be one provider's.
const QUESTIONS_OF_PROVIDER_MAX: usize = 20;

pub(super) fn ask(state: &State, command: &AskQuestion) -> Decision {
    let referral = released_referral(state, command.referral, &command.provider)?;
    if referral.questions.iter().any(|it| it.id == command.question) {
        return Err(Rejection::QuestionExists(command.question));
    }
    must_be_open(referral)?;
    let own = referral.questions.iter().filter(|it| it.provider == command.provider).count();
    let full = [
        (referral.questions.len(), "questions", QUESTIONS_MAX),
        (own, "questions of yours", QUESTIONS_OF_PROVIDER_MAX),
    ];
    if let Some((_, what, most)) = full.into_iter().find(|(count, _, most)| count >= most) {
        return Err(Rejection::LimitReached { referral: referral.id, what, most });
    }
    let event = QuestionAsked {
        council: referral.council,
        question: command.question,
        referral: referral.id,
        referral_version: referral.version,
        provider: command.provider.clone(),
        text: command.text.clone(),
        at: command.at,
    };
    Ok(vec![event.into()])
}

pub(super) fn answer(state: &State, command: &AnswerQuestion) -> Decision {
    let referral = referral(state, command.referral)?;
    let question = referral.questions.iter().find(|it| it.id == command.question);
    let question = question.ok_or(Rejection::QuestionUnknown(command.question))?;
    if question.answer.is_some() {
        return Err(Rejection::QuestionAnswered(command.question));
    }
    must_be_open(referral)?;
    let event = QuestionAnswered {
        council: referral.council,
        question: command.question,
        referral: referral.id,
        text: command.text.clone(),
        at: command.at,
    };
    Ok(vec![event.into()])
}

impl State {
    /// The referral whose questions a provider may read at an instant: one that was released to it, as long as the search goes on or the
    /// provider may see who the child is.
    ///
    /// # Errors
    /// When it was not released to the provider, or is awarded to another or withdrawn.
    pub fn questions_for(
        &self,
        id: ReferralId,
        provider: &ProviderId,
        at: Timestamp,
    ) -> Result<&Referral, Rejection> {
        let referral = released_referral(self, id, provider)?;
        let searched = matches!(referral.stage, Stage::AwardInFlight { .. });
        if searched || referral.grants(provider, london_date(at)) {
            return Ok(referral);
        }
        must_be_open(referral).map(|()| referral)
    }
}
