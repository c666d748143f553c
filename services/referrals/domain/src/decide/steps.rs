//! Recording what somebody did of what the clocks ask for: the plan, the notice, the director's approval, the senior review.

use super::Decision;
use crate::commands::RecordStatutoryStep;
use crate::deadlines::{award_clock, roles_for, stands};
use crate::events::StatutoryStepRecorded;
use crate::policy::is_role;
use crate::rejection::Rejection;
use crate::state::{Referral, State};
use care::working_days::start_of_day;
use care::{Violation, london_date};
use jiff::Span;

/// How many days before the referral was posted a step may have been taken.
const DAYS_BEFORE_POST_MAX: i32 = 92;

pub(super) fn record(state: &State, command: &RecordStatutoryStep) -> Decision {
    let award = state.awards.get(&command.award).ok_or(Rejection::AwardUnknown(command.award))?;
    let found = state.referrals.get(&award.proposed.referral);
    let referral = found.ok_or(Rejection::ReferralUnknown(award.proposed.referral))?;
    let violations = violations(referral, command);
    if !violations.is_empty() {
        return Err(Rejection::FieldInvalid(violations));
    }
    if !stands(award) {
        return Err(Rejection::AwardNotStanding(command.award));
    }
    let clock = award_clock(state, referral, award, command.step)
        .ok_or(Rejection::StepNotNeeded { award: command.award, step: command.step })?;
    if let Some(accepted) = roles_for(state, command.step).filter(|roles| !roles.contains(&command.role)) {
        return Err(Rejection::StepRoleNotAccepted {
            role: command.role.clone(),
            step: command.step,
            accepted: accepted.into_iter().collect(),
        });
    }
    let recorded = state.clocks.awards.get(&command.award).and_then(|it| it.steps.get(&command.step));
    let post = command.post.trim();
    if recorded.is_some_and(|it| (it.on, it.post.as_str(), &it.role) == (command.on, post, &command.role)) {
        return Ok(Vec::new());
    }
    let event = StatutoryStepRecorded {
        council: award.proposed.council,
        award: command.award,
        referral: award.proposed.referral,
        step: command.step,
        on: command.on,
        post: post.to_owned(),
        role: command.role.clone(),
        due: clock.due,
        late: start_of_day(command.on) >= clock.due,
        at: command.at,
    };
    Ok(vec![event.into()])
}

fn violations(referral: &Referral, command: &RecordStatutoryStep) -> Vec<Violation> {
    let mut violations = Vec::new();
    let mut unless = |kept: bool, field: &str, description: &str| {
        if !kept {
            let (field, description) = (field.to_owned(), description.to_owned());
            violations.push(Violation { field, description });
        }
    };
    let earliest = london_date(referral.posted_at).saturating_sub(Span::new().days(DAYS_BEFORE_POST_MAX));
    unless(command.on <= london_date(command.at), "on", "the day lies ahead: record what was done");
    unless(
        command.on >= earliest,
        "on",
        &format!("the day is more than {DAYS_BEFORE_POST_MAX} days before the referral was posted"),
    );
    let post = command.post.trim();
    unless(
        !post.is_empty() && post.chars().count() <= 80,
        "by.approver",
        "name the post of who did it in 1 to 80 characters",
    );
    unless(is_role(&command.role), "by.role", "a role is 1 to 40 of A-Z, 0-9 and '_'");
    violations
}
