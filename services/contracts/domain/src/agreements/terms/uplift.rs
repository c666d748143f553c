//! Uplifts: what a provider asked for, and was negotiated once for the region, each council decides for its own agreements.

use super::UPLIFTED_MAX;
use super::amend::terms_set;
use super::commands::{DecideUplift, UpliftAnswer};
use super::events::UpliftDecided;
use super::lines::{LINES_MAX, UPLIFT, core_on, part, turns};
use super::rejection::{Limit, TermsRejection};
use super::state::number_after;
use crate::agreements::events::AgreementEvent;
use crate::agreements::rejection::AgreementRejection;
use crate::agreements::state::{Agreement, Agreements};
use care::published::{AgreementTermsSet, TermLine};
use care::{AgreementId, CouncilId, Date, Decided, Violation};
use std::collections::BTreeSet;

/// The TERMS_CAUSE code.
const CAUSE: &str = "UPLIFT";

pub(super) fn decide(state: &Agreements, council: CouncilId, asked: &DecideUplift) -> Decided<Agreements> {
    check(asked)?;
    let (accepted, from, agreements) = match &asked.answer {
        UpliftAnswer::Refused => (0, None, BTreeSet::new()),
        UpliftAnswer::Accepted { basis_points, from, agreements } => {
            let from = from.ok_or(TermsRejection::UpliftDateMissing)?;
            (*basis_points, Some(from), targets(state, asked, from, agreements)?)
        }
    };
    let mut events = Vec::with_capacity(agreements.len() + 1);
    if let Some(from) = from {
        for id in &agreements {
            let agreement = state.agreements.get(id).ok_or(AgreementRejection::AgreementUnknown(*id))?;
            events.push(AgreementEvent::from(raised(agreement, asked, accepted, from)?));
        }
    }
    let decided = UpliftDecided {
        council,
        provider: asked.provider.clone(),
        reference: asked.reference.clone(),
        asked_basis_points: asked.asked_basis_points,
        negotiated_basis_points: asked.negotiated_basis_points,
        accepted_basis_points: accepted,
        from,
        agreements,
        reason: asked.reason.clone(),
        approver: asked.approver.clone(),
        at: asked.at,
    };
    events.insert(0, decided.into());
    Ok(events)
}

/// A part of what was asked for or negotiated, and a refusal, say why.
fn check(asked: &DecideUplift) -> Result<(), TermsRejection> {
    let most = asked.negotiated_basis_points.unwrap_or(asked.asked_basis_points);
    let accepted = match &asked.answer {
        UpliftAnswer::Accepted { basis_points, .. } => *basis_points,
        UpliftAnswer::Refused => 0,
    };
    if accepted > most {
        return Err(TermsRejection::UpliftAboveNegotiated { accepted, most });
    }
    let invalid = |field: &str, description: &str| {
        let violation = Violation { field: field.to_owned(), description: description.to_owned() };
        Err(TermsRejection::FieldInvalid(vec![violation]))
    };
    if accepted == 0 && matches!(asked.answer, UpliftAnswer::Accepted { .. }) {
        return invalid("basis_points", "must be more than nothing: refuse the uplift instead");
    }
    if accepted < most && asked.reason.is_empty() {
        return invalid("reason", "must be given where less is accepted than was asked for or negotiated");
    }
    Ok(())
}

/// The agreements that it is applied to, each for the first time.
fn targets(
    state: &Agreements,
    asked: &DecideUplift,
    from: Date,
    named: &BTreeSet<AgreementId>,
) -> Result<BTreeSet<AgreementId>, AgreementRejection> {
    let again = || AgreementRejection::from(TermsRejection::UpliftAlreadyApplied(asked.reference.clone()));
    let goes_on = |it: &Agreement| it.ended.as_ref().is_none_or(|end| end.on > from);
    let own = state.by_provider.get(&asked.provider);
    let mut found = BTreeSet::new();
    if named.is_empty() {
        let all = || own.into_iter().flatten().filter_map(|id| state.agreements.get(id));
        // What started later was agreed on at the price of then.
        if all().any(|it| it.terms.uplifts.contains(&asked.reference)) {
            return Err(again());
        }
        let before = all().filter(|it| it.issued.start < from && goes_on(it));
        found.extend(before.map(|it| it.issued.agreement));
        if found.is_empty() {
            return Err(TermsRejection::UpliftOfNothing(from).into());
        }
    }
    for id in named {
        let own = own.is_some_and(|own| own.contains(id));
        let agreement = state.agreements.get(id).filter(|_| own);
        let agreement = agreement.ok_or(AgreementRejection::AgreementUnknown(*id))?;
        if let Some(end) = agreement.ended.as_ref().filter(|_| !goes_on(agreement)) {
            return Err(AgreementRejection::AgreementEnded(end.on));
        }
        if from < agreement.issued.start {
            let start = agreement.issued.start;
            return Err(TermsRejection::AmendmentBeforeStart { from, start }.into());
        }
        if agreement.terms.uplifts.contains(&asked.reference) {
            return Err(again());
        }
        found.insert(*id);
    }
    if found.len() > UPLIFTED_MAX {
        return Err(TermsRejection::limit(Limit::Uplifted).into());
    }
    Ok(found)
}

/// An agreement's terms with one more uplift from a night on: a line for each stretch of nights with one core fee.
fn raised(
    agreement: &Agreement,
    asked: &DecideUplift,
    basis_points: u32,
    from: Date,
) -> Result<AgreementTermsSet, TermsRejection> {
    let mut lines = agreement.terms.lines.clone();
    let note = format!("{}: {}.{:02} %", asked.reference, basis_points / 100, basis_points % 100);
    let nights: Vec<Date> = turns(&lines, from).into_iter().collect();
    let mut new: Vec<TermLine> = Vec::new();
    for (n, on) in nights.iter().enumerate() {
        let weekly = part(core_on(&agreement.terms.lines, *on), basis_points);
        match new.last_mut() {
            Some(last) if last.weekly == weekly => last.until = nights.get(n + 1).copied(),
            _ => new.push(TermLine {
                line: 0,
                kind: UPLIFT.to_owned(),
                weekly,
                from: *on,
                until: nights.get(n + 1).copied(),
                cause: CAUSE.to_owned(),
                note: note.clone(),
            }),
        }
    }
    for line in new {
        lines.push(TermLine { line: number_after(lines.len()), ..line });
    }
    if lines.len() > LINES_MAX {
        return Err(TermsRejection::TooMany(LINES_MAX, "an agreement has no more lines"));
    }
    let reason = if asked.reason.is_empty() { &asked.reference } else { &asked.reason };
    Ok(AgreementTermsSet { lines, ..terms_set(agreement, CAUSE, from, reason, asked.at) })
}
