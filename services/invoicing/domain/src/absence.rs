//! What is taken off while a child is away: after so many nights of one absence only a part of each line is paid, and at last nothing.

use crate::agreement::{Agreement, common, joined, without};
use care::published::AbsenceRule;
use care::{Date, Nights, days_after};

/// The whole, in basis points.
pub(crate) const WHOLE: u32 = 10_000;

/// Some nights of one absence for which the same part is taken off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reduced {
    /// The nights.
    pub(crate) nights: Nights,
    /// What is taken off the core fee, its uplift and its discounts, in basis points.
    pub(crate) core_off: u32,
    /// What is taken off the other lines, in basis points.
    pub(crate) other_off: u32,
}

/// Whether a line follows the core fee in an absence.
pub(crate) fn is_core(kind: &str) -> bool {
    matches!(kind, "CORE" | "UPLIFT") || kind.starts_with("DISCOUNT_")
}

/// What is taken off within the nights of the placement, in order of the absences' numbers. A night that two absences have counts for
/// the one with the lower number.
pub(crate) fn reductions(agreement: &Agreement, placement: Nights) -> Vec<Reduced> {
    let mut all = Vec::new();
    if planted!(AbsencePaidInFull) {
        return all;
    }
    let mut gone: Vec<Nights> = Vec::new();
    for absence in agreement.absences.values() {
        let Some(away) = common(Nights::from_on(absence.from, absence.until), placement) else { continue };
        let counted = away.start();
        // Each night goes by the rules that hold on it, and counts from the first of its absence.
        for (held, rules) in agreement.terms.absence_rules_by_night() {
            let Some(away) = common(away, held) else { continue };
            let Some(rule) = rules.iter().find(|rule| rule.absence == absence.kind) else { continue };
            for step in steps(rule, counted, absence.from) {
                let nights =
                    common(step.nights, away).map_or_else(Vec::new, |nights| without(&[nights], &gone));
                all.extend(nights.into_iter().map(|nights| Reduced { nights, ..step }));
            }
        }
        gone.push(away);
        gone = joined(gone);
    }
    all
}

/// The steps of a rule for an absence that counts from `from`; nights before `first` are not paid anyway.
fn steps(rule: &AbsenceRule, first: Date, from: Date) -> Vec<Reduced> {
    let counted = from.max(first);
    let (full, last) =
        (days_after(counted, rule.full_nights), rule.nothing_after.map(|nights| days_after(counted, nights)));
    let off = |paid: u32| WHOLE.saturating_sub(paid);
    let part = Reduced {
        nights: Nights::from_on(full, last),
        core_off: off(rule.core_basis_points),
        other_off: off(rule.other_basis_points),
    };
    let nothing = last.map(|last| Reduced {
        nights: Nights::from_on(last.max(full), None),
        core_off: WHOLE,
        other_off: WHOLE,
    });
    std::iter::once(part).chain(nothing).filter(|step| !step.nights.is_empty()).collect()
}
