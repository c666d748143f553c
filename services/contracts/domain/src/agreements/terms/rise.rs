//! The lines that a rise of the core fee makes of a price, and what a correction of one makes of them and of the rises after it.

use super::amend::terms_set;
use super::lines::{CORE, UPLIFT, core_on, has_nights, holds, turns, weekly_on};
use super::rejection::TermsRejection;
use super::state::{AppliedUplift, Terms, number_after};
use crate::agreements::state::Agreement;
use crate::frameworks::{Frameworks, UpliftAmount};
use care::published::terms_limits::TERM_LINES_MAX;
use care::published::{AgreementTermsSet, Route, TermLine};
use care::{Date, Pence, Timestamp, london_date};
use std::collections::BTreeSet;

/// The TERMS_CAUSE codes.
pub(super) const DECIDED: &str = "UPLIFT";
pub(super) const CORRECTED: &str = "CORRECTION";

/// By how much a core fee rises, and on which nights.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rise<'a> {
    /// What the uplift is called; its lines' notes begin with it.
    pub(super) reference: &'a str,
    /// By how much.
    pub(super) amount: &'a UpliftAmount,
    /// The first night.
    pub(super) from: Date,
    /// The day after the last night, where a core fee that was agreed on anew took it in.
    pub(super) until: Option<Date>,
    /// A TERMS_CAUSE code.
    pub(super) cause: &'static str,
}

impl Rise<'_> {
    fn note(&self) -> String {
        match self.amount {
            UpliftAmount::BasisPoints(points) => {
                format!("{}: {}.{:02} %", self.reference, points / 100, points % 100)
            }
            UpliftAmount::ByLevel(_) => format!("{}: by level", self.reference),
        }
    }
}

/// The numbers of an uplift's lines among those of an agreement. The note of each begins with what the uplift is called; of references of
/// which one begins as another does, the longer one counts.
pub(super) fn numbers_of(terms: &Terms, reference: &str) -> BTreeSet<u32> {
    let names = |line: &TermLine, reference: &str| {
        line.note.strip_prefix(reference).is_some_and(|rest| rest.starts_with(": "))
    };
    let mine = |line: &&TermLine| {
        let all = terms.uplifts.values().map(|it| it.reference.as_str()).chain([reference]);
        let longest = all.filter(|it| names(line, it)).max_by_key(|it| it.len());
        line.kind == UPLIFT && longest == Some(reference)
    };
    terms.lines.iter().filter(mine).map(|line| line.line).collect()
}

/// Since when the price schedule holds that the core fee of a night was agreed under, as it was recorded; where it was not, as the framework has
/// it for the day on which that fee was agreed. None for a fee that no schedule is behind.
fn schedule_from(agreement: &Agreement, facts: &Frameworks, lines: &[TermLine], on: Date) -> Option<Date> {
    let issued = &agreement.issued;
    let Route::Framework { framework, lot, .. } = &issued.terms.route else { return None };
    let core = lines.iter().find(|line| line.kind == CORE && holds(line, on))?;
    let recorded = agreement.terms.schedules.range(..=core.from).next_back();
    if let Some((_, schedule)) = recorded {
        return Some(*schedule);
    }
    let agreed = if core.from == issued.start { london_date(issued.at) } else { core.from };
    facts.get(framework)?.schedule(&issued.provider, lot, agreed).map(|schedule| schedule.from)
}

/// The lines of a rise over `lines`, which have none of it yet: one for each stretch of nights that rises by one amount. A core fee that was
/// agreed under a schedule of the same day or later has the rise in it already.
fn risen(agreement: &Agreement, facts: &Frameworks, lines: &[TermLine], rise: Rise<'_>) -> Vec<TermLine> {
    let level = match &agreement.issued.terms.route {
        Route::Framework { level, .. } => level.as_str(),
        Route::InHouse | Route::Spot { .. } => "",
    };
    let from = rise.from.max(agreement.issued.start);
    let rises = |on: &Date| rise.until.is_none_or(|until| *on < until);
    let nights: Vec<Date> = turns(lines, from).into_iter().filter(rises).collect();
    let mut new: Vec<TermLine> = Vec::new();
    for (n, on) in nights.iter().enumerate() {
        let until = nights.get(n + 1).copied().or(rise.until);
        let held = schedule_from(agreement, facts, lines, *on).is_some_and(|schedule| rise.from <= schedule);
        let weekly = rise.amount.of(level, core_on(lines, *on)).filter(|_| !held).unwrap_or(Pence::ZERO);
        match new.last_mut() {
            Some(last) if last.weekly == weekly => last.until = until,
            _ => new.push(TermLine {
                line: 0,
                kind: UPLIFT.to_owned(),
                weekly,
                from: *on,
                until,
                cause: rise.cause.to_owned(),
                note: rise.note(),
            }),
        }
    }
    new.retain(|line| line.weekly > Pence::ZERO);
    new
}

/// An agreement's terms with one more rise; nothing where none of its nights costs more by it.
pub(super) fn raised(
    agreement: &Agreement,
    facts: &Frameworks,
    rise: Rise<'_>,
    (reason, at): (&str, Timestamp),
) -> Result<Option<AgreementTermsSet>, TermsRejection> {
    let mut lines = agreement.terms.lines.clone();
    let new = risen(agreement, facts, &lines, rise);
    let Some(first) = new.first().map(|line| line.from) else { return Ok(None) };
    for line in new {
        lines.push(TermLine { line: number_after(lines.len()), ..line });
    }
    check(&lines)?;
    let reason = if reason.is_empty() { rise.reference } else { reason };
    Ok(Some(AgreementTermsSet { lines, ..terms_set(agreement, rise.cause, first, reason, at) }))
}

/// An agreement's terms with a rise put right, or taken back where `right` is nothing, and the rises after it worked out anew: they are of
/// the fee with those before them. A line that is told again keeps its number; one that is over has no night left.
pub(super) fn put_right(
    agreement: &Agreement,
    facts: &Frameworks,
    (key, right): (&str, Option<(&UpliftAmount, Date)>),
    (reason, at): (&str, Timestamp),
) -> Result<Option<AgreementTermsSet>, TermsRejection> {
    let terms = &agreement.terms;
    let Some(wrong) = terms.uplifts.get(key) else { return Ok(None) };
    let mut anew: Vec<(&String, &AppliedUplift)> =
        terms.uplifts.iter().filter(|(_, it)| it.terms >= wrong.terms).collect();
    anew.sort_by_key(|(_, it)| it.terms);
    let own: Vec<BTreeSet<u32>> = anew.iter().map(|(_, it)| numbers_of(terms, &it.reference)).collect();
    let told: BTreeSet<u32> = own.iter().flatten().copied().collect();
    let mut lines: Vec<TermLine> =
        terms.lines.iter().filter(|line| !told.contains(&line.line)).cloned().collect();
    let mut next = number_after(terms.lines.len());
    for ((name, applied), numbers) in anew.into_iter().zip(own) {
        let before: Vec<&TermLine> = terms.lines.iter().filter(|line| numbers.contains(&line.line)).collect();
        let amount = if name == key { right } else { Some((&applied.amount, applied.from)) };
        let rise = amount.map(|(amount, from)| Rise {
            reference: &applied.reference,
            amount,
            from,
            until: taken_in(&before),
            cause: CORRECTED,
        });
        let mut new = rise.map_or_else(Vec::new, |rise| risen(agreement, facts, &lines, rise)).into_iter();
        for old in before {
            let line = new.next().unwrap_or_else(|| TermLine { until: Some(old.from), ..old.clone() });
            lines.push(retold(old, line));
        }
        for line in new {
            lines.push(TermLine { line: next, ..line });
            next = next.saturating_add(1);
        }
    }
    lines.sort_by_key(|line| line.line);
    check(&lines)?;
    for on in turns(&lines, agreement.issued.start) {
        let weekly = weekly_on(&lines, on);
        if weekly < Pence::ZERO {
            return Err(TermsRejection::WeeklyNegative { weekly, on });
        }
    }
    let Some(first) = first_difference(&terms.lines, &lines) else { return Ok(None) };
    Ok(Some(AgreementTermsSet { lines, ..terms_set(agreement, CORRECTED, first, reason, at) }))
}

/// The day from which a core fee that was agreed on anew has a rise in it, as its lines tell; none while it goes on.
fn taken_in(lines: &[&TermLine]) -> Option<Date> {
    let with_nights: Vec<&&TermLine> = lines.iter().filter(|line| has_nights(line)).collect();
    let lines: Vec<&&TermLine> = if with_nights.is_empty() { lines.iter().collect() } else { with_nights };
    lines.into_iter().map(|line| line.until).collect::<Option<Vec<Date>>>()?.into_iter().max()
}

/// A line told again under its number; what says the same stays as it was.
fn retold(old: &TermLine, new: TermLine) -> TermLine {
    let same = (old.weekly, old.from, old.until) == (new.weekly, new.from, new.until);
    if same { old.clone() } else { TermLine { line: old.line, cause: CORRECTED.to_owned(), ..new } }
}

/// The first night of the lines that are in one and not in the other.
fn first_difference(before: &[TermLine], after: &[TermLine]) -> Option<Date> {
    let alone = |one: &[TermLine], other: &[TermLine]| {
        one.iter().filter(|line| !other.contains(line)).map(|line| line.from).min()
    };
    [alone(before, after), alone(after, before)].into_iter().flatten().min()
}

/// Insists that a ledger takes the lines.
fn check(lines: &[TermLine]) -> Result<(), TermsRejection> {
    if lines.len() > TERM_LINES_MAX {
        return Err(TermsRejection::TooMany(TERM_LINES_MAX, "an agreement has no more lines"));
    }
    match lines.iter().find(|line| line.kind == UPLIFT && line.weekly > Pence::MAX_INPUT) {
        Some(line) => Err(TermsRejection::RiseTooHigh { weekly: line.weekly, from: line.from }),
        None => Ok(()),
    }
}
