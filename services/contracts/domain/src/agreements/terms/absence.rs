//! Nights on which a child is away from the placement: told when they are known, and told again when more is. The provider is paid less for
//! them; what is paid more again, the council tells.

use super::ABSENCES_MAX;
use super::commands::TellAbsence;
use super::rejection::{Limit, TermsRejection};
use crate::agreements::rejection::AgreementRejection;
use crate::agreements::state::{Agreement, Agreements};
use care::published::{AbsenceRecorded, NoticeBy};
use care::{Date, Decided, Nights, Timestamp, last_day_ahead, london_date};

pub(super) fn record(
    agreement: &Agreement,
    by: NoticeBy,
    told: &TellAbsence,
    at: Timestamp,
) -> Decided<Agreements> {
    let absences = &agreement.terms.absences;
    let before = match told.absence {
        Some(number) => Some(absences.get(&number).ok_or(TermsRejection::AbsenceUnknown(number))?),
        None if absences.len() >= ABSENCES_MAX => {
            return Err(TermsRejection::limit(Limit::Absences).into());
        }
        None => None,
    };
    check(agreement, told, at)?;
    let same =
        before.is_some_and(|it| it.kind == told.kind && it.from == told.from && it.until == told.until);
    if same {
        return Ok(vec![]);
    }
    if let Some(before) = before.filter(|before| by == NoticeBy::Provider && raises(before, told)) {
        return Err(TermsRejection::AbsenceCouncils(before.absence).into());
    }
    let number = before.map_or_else(
        || absences.last_key_value().map_or(1, |(last, _)| last.saturating_add(1)),
        |before| before.absence,
    );
    let nights = Nights::from_on(told.from, told.until);
    let others = absences.values().filter(|other| other.absence != number);
    if let Some(other) = others.into_iter().find(|other| nights.overlaps(&nights_of(other))) {
        let on = told.from.max(other.from);
        return Err(TermsRejection::AbsenceOverlaps { absence: other.absence, on }.into());
    }
    let issued = &agreement.issued;
    let recorded = AbsenceRecorded {
        agreement: issued.agreement,
        award: issued.award,
        council: issued.council,
        absence: number,
        revision: before.map_or(1, |before| before.revision.saturating_add(1)),
        kind: told.kind.clone(),
        from: told.from,
        until: told.until,
        by: Some(by),
        at,
    };
    Ok(vec![recorded.into()])
}

/// Whether an absence as it is told again can be paid more than as it was told before: a night of it is away no longer, or it is of another
/// kind. That a child of whom nothing was known is back is what was waited for.
fn raises(before: &AbsenceRecorded, told: &TellAbsence) -> bool {
    let sooner = match (before.until, told.until) {
        (Some(before), Some(told)) => told < before,
        (None, Some(back)) => back <= before.from,
        (_, None) => false,
    };
    told.kind != before.kind || told.from > before.from || sooner
}

fn nights_of(absence: &AbsenceRecorded) -> Nights {
    Nights::from_on(absence.from, absence.until)
}

/// Nights of the placement alone, of which the first has come.
fn check(agreement: &Agreement, told: &TellAbsence, at: Timestamp) -> Result<(), AgreementRejection> {
    let started = agreement.started.ok_or(AgreementRejection::PlacementNotStarted)?;
    let today = london_date(at);
    let outside = |field: &str, detail: String| {
        Err(TermsRejection::AbsenceOutside { field: field.to_owned(), detail }.into())
    };
    if told.from < started {
        return outside("from", format!("the child came on {started}: give that day or later"));
    }
    if told.from > today {
        return outside("from", "the day lies ahead: tell of the absence when the child is away".to_owned());
    }
    let until: Option<Date> = told.until;
    if until.is_some_and(|until| until < told.from) {
        return outside("until", format!("it lies before {}, the first night away", told.from));
    }
    let latest = last_day_ahead(today);
    if until.is_some_and(|until| until > latest) {
        return outside("until", format!("give {latest} or earlier, or none while it is not known"));
    }
    match agreement.ended.as_ref().map(|end| end.on) {
        Some(end) if told.from >= end => {
            outside("from", format!("the placement ended on {end}: give an earlier day"))
        }
        Some(end) if until.is_some_and(|until| until > end) => {
            outside("until", format!("the placement ended on {end}: give that day or an earlier one"))
        }
        _ => Ok(()),
    }
}
