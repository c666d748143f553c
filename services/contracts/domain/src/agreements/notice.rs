//! Notice that a placement is to end: by the provider, or by the council, which has more to do before it may.
//!
//! A notice says what is to be, and never what was: a child who has left has left, whatever notice there was.

use super::commands::{GiveNotice, NoticeGiver, NoticeStep};
use super::events::AgreementEvent;
use super::rejection::AgreementRejection;
use super::state::{Agreement, Agreements, Notice};
use super::staying_rejection::StayingRejection;
use care::published::{EndingSteps, NoticeBy, PlacementNoticeGiven, PlacementNoticeWithdrawn};
use care::{DAYS_AHEAD_MAX, Date, Decided, Nights, Timestamp, Violation, london_date};
use jiff::Span;

/// How many days notice runs for where nothing else is said: what fostering and residential terms agree on. No law.
pub const NOTICE_DAYS: u8 = 28;
/// How many notices an agreement can have, withdrawn ones included.
pub(super) const NOTICES_MAX: usize = 20;

/// The SHORT_NOTICE code of an end at once.
const IMMEDIATE_RISK: &str = "IMMEDIATE_RISK";
/// The SHORT_NOTICE code of fewer days by agreement.
const AGREED: &str = "AGREED";

pub(super) fn decide(
    agreement: &Agreement,
    by: &NoticeGiver,
    step: &NoticeStep,
    at: Timestamp,
) -> Decided<Agreements> {
    if let Some(end) = &agreement.ended {
        return Err(AgreementRejection::AgreementEnded(end.on));
    }
    let started = agreement.started.ok_or(AgreementRejection::PlacementNotStarted)?;
    match step {
        NoticeStep::Give(notice) => Ok(vec![give(agreement, started, by.side(), notice, at)?.into()]),
        NoticeStep::Withdraw { notice } => {
            Ok(withdraw(agreement, by.side(), *notice, at)?.map(AgreementEvent::from).into_iter().collect())
        }
    }
}

fn give(
    agreement: &Agreement,
    started: Date,
    by: NoticeBy,
    asked: &GiveNotice,
    at: Timestamp,
) -> Result<PlacementNoticeGiven, StayingRejection> {
    if let Some(Notice { given, .. }) = agreement.standing_notice() {
        return Err(StayingRejection::NoticeStands { notice: given.notice, last_day: given.last_day });
    }
    if agreement.notices.len() >= NOTICES_MAX {
        return Err(StayingRejection::TooManyNotices);
    }
    let earliest = asked.given_on.saturating_add(Span::new().days(i64::from(NOTICE_DAYS)));
    let last_day = asked.last_day.unwrap_or(earliest);
    let short = last_day < earliest;
    let wrong = wrong(asked, (started, london_date(at)), last_day, short, by);
    if !wrong.is_empty() {
        return Err(StayingRejection::FieldInvalid(wrong));
    }
    if short && asked.short.is_none() {
        return Err(StayingRejection::NoticeTooShort { last_day, earliest });
    }
    let at_once = asked.short.as_ref().is_some_and(|short| short.why == IMMEDIATE_RISK);
    let missing = asked.steps.missing();
    if by == NoticeBy::Council && !at_once && !missing.is_empty() {
        return Err(StayingRejection::EndingStepsMissing(missing));
    }
    let issued = &agreement.issued;
    Ok(PlacementNoticeGiven {
        agreement: issued.agreement,
        award: issued.award,
        council: issued.council,
        place: issued.place.clone(),
        notice: u32::try_from(agreement.notices.len() + 1).unwrap_or(u32::MAX),
        by,
        reason: asked.reason.clone(),
        given_on: asked.given_on,
        last_day,
        short: asked.short.as_ref().map(|short| short.why.clone()),
        agreed_on: asked.short.as_ref().and_then(|short| short.agreed_on),
        steps: (by == NoticeBy::Council).then(|| asked.steps.clone()),
        at,
    })
}

/// Everything in which the notice contradicts itself, the placement that `started`, or the day on which it is told.
fn wrong(
    asked: &GiveNotice,
    (started, today): (Date, Date),
    last_day: Date,
    short: bool,
    by: NoticeBy,
) -> Vec<Violation> {
    let mut wrong = Vec::new();
    let mut unless = |kept: bool, field: &str, description: String| {
        if !kept {
            wrong.push(Violation { field: field.to_owned(), description });
        }
    };
    let given_on = asked.given_on;
    unless(
        given_on <= today,
        "given_on",
        "the day lies ahead: record the notice once it is given".to_owned(),
    );
    unless(given_on >= started, "given_on", format!("the child came on {started}: give that day or later"));
    unless(last_day >= given_on, "last_day", "it lies before the notice was given".to_owned());
    let days = Nights::from_on(given_on, Some(last_day)).count();
    let most = i64::from(DAYS_AHEAD_MAX);
    unless(days <= most, "last_day", format!("notice runs for {most} days at most"));
    let why = asked.short.as_ref().map(|short| short.why.as_str());
    let needless = why.is_some() && !short;
    unless(!needless, "short_notice", format!("leave it empty: {NOTICE_DAYS} days or more are not short"));
    let agreed_on = asked.short.as_ref().and_then(|short| short.agreed_on);
    let field = "short_notice.agreed_on";
    unless(
        (why == Some(AGREED)) == agreed_on.is_some(),
        field,
        "give the day of the agreement where both sides agreed to fewer days, and only there".to_owned(),
    );
    unless(agreed_on.is_none_or(|on| on <= today), field, "the day lies ahead".to_owned());
    if by == NoticeBy::Provider {
        let none = asked.steps == EndingSteps::default();
        unless(none, "steps", "leave them out: they are the council's to take".to_owned());
    }
    for (step, on) in asked.steps.all() {
        let field = format!("steps.{step}");
        unless(
            on.is_none_or(|on| on <= today),
            &field,
            "the day lies ahead: record what was done".to_owned(),
        );
    }
    wrong
}

fn withdraw(
    agreement: &Agreement,
    by: NoticeBy,
    number: u32,
    at: Timestamp,
) -> Result<Option<PlacementNoticeWithdrawn>, StayingRejection> {
    let notice = agreement.notices.iter().find(|notice| notice.given.notice == number);
    let Notice { given, withdrawn_at } = notice.ok_or(StayingRejection::NoticeUnknown(number))?;
    if given.by != by {
        return Err(StayingRejection::NoticeNotYours(given.by));
    }
    let withdrawn = PlacementNoticeWithdrawn {
        agreement: given.agreement,
        award: given.award,
        council: given.council,
        notice: number,
        at,
    };
    Ok(withdrawn_at.is_none().then_some(withdrawn))
}
