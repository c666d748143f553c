//! Notice that a placement is to end: by the provider, or by the council, which has more to do before the end.
//!
//! A notice says what is to be, and never what was: a child who has left has left, whatever notice there was.

use super::commands::{GiveNotice, NoticeGiver, NoticeStep};
use super::events::AgreementEvent;
use super::rejection::AgreementRejection;
use super::state::{Agreement, Agreements, Notice};
use super::staying_rejection::StayingRejection;
use care::published::{
    EndingSteps, IMMEDIATE_RISK, NoticeBy, PlacementNoticeGiven, PlacementNoticeWithdrawn,
};
use care::{DAYS_AHEAD_MAX, Date, Decided, Nights, Timestamp, Violation, days_after, london_date};
use jiff::Span;

/// How many days notice runs for where nothing else is said: what fostering and residential terms agree on. No law.
pub const NOTICE_DAYS: u16 = 28;
/// How many notices an agreement can have, withdrawn ones included.
pub(super) const NOTICES_MAX: usize = 20;

/// How many days back the days of a notice may count from: it is told once the office is open again. One that is told later counts from
/// there, or the days that the other side has would shrink by the telling.
const GRACE_DAYS: u8 = 3;
/// How many days after it was given a notice at immediate risk can run to.
const AT_ONCE_DAYS: u8 = 2;
/// The SHORT_NOTICE code of fewer days by agreement.
const AGREED: &str = "AGREED";

pub(super) fn decide(
    agreement: &Agreement,
    by: &NoticeGiver,
    step: &NoticeStep,
    at: Timestamp,
) -> Decided<Agreements> {
    // An end that lies ahead may still be put right, and what is to be done before it is still being done.
    let over = |on: Date| agreement.started.is_none() || on <= london_date(at);
    if let Some(end) = agreement.ended.as_ref().filter(|end| over(end.on)) {
        return Err(AgreementRejection::AgreementEnded(end.on));
    }
    let started = agreement.started.ok_or(AgreementRejection::PlacementNotStarted)?;
    match step {
        NoticeStep::Give(notice) => {
            let given = match agreement.standing_notice_by(by.side()) {
                Some(before) => add_steps(&before.given, started, notice, at)?,
                None => Some(give(agreement, started, by.side(), notice, at)?),
            };
            Ok(given.map(AgreementEvent::from).into_iter().collect())
        }
        NoticeStep::Withdraw { notice } => {
            Ok(withdraw(agreement, by.side(), *notice, at)?.map(AgreementEvent::from).into_iter().collect())
        }
    }
}

/// The notice that stands, given again with the steps that the council has taken since; none if nothing is new.
fn add_steps(
    before: &PlacementNoticeGiven,
    started: Date,
    asked: &GiveNotice,
    at: Timestamp,
) -> Result<Option<PlacementNoticeGiven>, StayingRejection> {
    let same_days =
        asked.given_on == before.given_on && asked.last_day.is_none_or(|day| day == before.last_day);
    let short = asked.short.as_ref();
    let same_short = short.map(|short| &short.why) == before.short.as_ref()
        && short.and_then(|short| short.agreed_on) == before.agreed_on;
    if !(same_days && same_short && asked.reason == before.reason) {
        return Err(StayingRejection::NoticeStands { notice: before.notice, last_day: before.last_day });
    }
    let mut wrong = Wrong::default();
    wrong.steps(before.by, &asked.steps, (started, london_date(at)));
    wrong.none()?;
    let steps = before.steps.as_ref().map(|before| asked.steps.clone().after(before));
    Ok((steps != before.steps).then(|| PlacementNoticeGiven { steps, at, ..before.clone() }))
}

fn give(
    agreement: &Agreement,
    started: Date,
    by: NoticeBy,
    asked: &GiveNotice,
    at: Timestamp,
) -> Result<PlacementNoticeGiven, StayingRejection> {
    if agreement.notices.len() >= NOTICES_MAX {
        return Err(StayingRejection::TooManyNotices);
    }
    let days = |days: u8| Span::new().days(i64::from(days));
    let counts_from = asked.given_on.max(london_date(at).saturating_sub(days(GRACE_DAYS)));
    let runs = agreement.notice_days(asked.given_on);
    let earliest = days_after(counts_from, runs);
    let last_day = asked.last_day.unwrap_or(earliest);
    let short = last_day < earliest;
    check(asked, (started, london_date(at)), (last_day, runs), short, by)?;
    if short && asked.short.is_none() {
        return Err(StayingRejection::NoticeTooShort { last_day, earliest });
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

/// What contradicts itself or something else, field by field.
#[derive(Default)]
struct Wrong(Vec<Violation>);

impl Wrong {
    fn unless(&mut self, kept: bool, field: &str, description: impl Into<String>) {
        if !kept {
            self.0.push(Violation { field: field.to_owned(), description: description.into() });
        }
    }

    /// The steps of a notice by this side, which lie between the arrival and today.
    fn steps(&mut self, by: NoticeBy, steps: &EndingSteps, (started, today): (Date, Date)) {
        if by == NoticeBy::Provider {
            let none = *steps == EndingSteps::default();
            self.unless(none, "steps", "leave them out: they are the council's to take");
        }
        for (step, on) in steps.all() {
            let field = format!("steps.{step}");
            let done = on.is_none_or(|on| on <= today);
            self.unless(done, &field, "the day lies ahead: record what was done");
            let there = on.is_none_or(|on| on >= started);
            self.unless(there, &field, format!("the child came on {started}: give that day or later"));
        }
    }

    fn none(self) -> Result<(), StayingRejection> {
        if self.0.is_empty() { Ok(()) } else { Err(StayingRejection::FieldInvalid(self.0)) }
    }
}

/// Refuses a notice that contradicts itself, the placement that `started`, or the day on which it is told.
fn check(
    asked: &GiveNotice,
    (started, today): (Date, Date),
    (last_day, runs): (Date, u16),
    short: bool,
    by: NoticeBy,
) -> Result<(), StayingRejection> {
    let mut wrong = Wrong::default();
    let given_on = asked.given_on;
    let came = format!("the child came on {started}: give that day or later");
    wrong.unless(given_on <= today, "given_on", "the day lies ahead: record the notice once it is given");
    wrong.unless(given_on >= started, "given_on", came.as_str());
    wrong.unless(last_day >= given_on, "last_day", "it lies before the notice was given");
    let days = Nights::from_on(given_on, Some(last_day)).count();
    let most = i64::from(DAYS_AHEAD_MAX);
    wrong.unless(days <= most, "last_day", format!("notice runs for {most} days at most"));
    let why = asked.short.as_ref().map(|short| short.why.as_str());
    let needless = why.is_some() && !short;
    wrong.unless(!needless, "short_notice", format!("leave it empty: {runs} days or more are not short"));
    let late = why == Some(IMMEDIATE_RISK) && short && days > i64::from(AT_ONCE_DAYS);
    let at_once = format!("at immediate risk it runs for {AT_ONCE_DAYS} days at most: give an earlier day");
    wrong.unless(!late, "last_day", at_once);
    let agreed_on = asked.short.as_ref().and_then(|short| short.agreed_on);
    let field = "short_notice.agreed_on";
    wrong.unless(
        (why == Some(AGREED)) == agreed_on.is_some(),
        field,
        "give the day of the agreement where both sides agreed to fewer days, and only there",
    );
    wrong.unless(agreed_on.is_none_or(|on| on <= today), field, "the day lies ahead");
    wrong.unless(agreed_on.is_none_or(|on| on >= started), field, came);
    wrong.steps(by, &asked.steps, (started, today));
    wrong.none()
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
