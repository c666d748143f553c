//! Discounts that a framework has agreed: for siblings placed together, long placements, volume, and a step down. Each is for one lot or all, one
//! provider or all, and holds by date. Of several of one kind that are due, the one for the provider and lot holds before one for all, and
//! then the one with the highest threshold; kinds add up, and never take off more than the core fee.

use super::decide::{Outcome, not_before};
use super::events::{DiscountAgreed, DiscountEnded};
use super::rejection::FrameworkRejection;
use super::state::Framework;
use super::terms_rejection::TermsRejection;
use care::{Date, FrameworkId, LotId, Pence, ProviderId};
use jiff::ToSpan;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The most discounts of a framework, ended ones included.
pub const DISCOUNTS_MAX: usize = 1_000;

/// When a discount is due.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DiscountRule {
    /// From this sibling on of those placed together, 2 or later.
    Sibling {
        /// Which sibling, the first being 1.
        nth: u8,
    },
    /// When the placement has lasted so many weeks.
    LongTerm {
        /// Whole weeks, 1 or more.
        after_weeks: u16,
    },
    /// When so many placements with the provider go on.
    Volume {
        /// How many, 1 or more.
        placements: u16,
        /// Whether those of all member councils count, or the council's own.
        region: bool,
    },
    /// When the child came from a placement of this kind.
    StepDown {
        /// A code of `care::code_sets::PROVISION`.
        from_provision: String,
    },
}

impl DiscountRule {
    /// Its kind, a code of `care::code_sets::DISCOUNT`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Sibling { .. } => "SIBLING",
            Self::LongTerm { .. } => "LONG_TERM",
            Self::Volume { .. } => "VOLUME",
            Self::StepDown { .. } => "STEP_DOWN",
        }
    }

    /// The line of a charge that it makes, a code of `care::code_sets::CHARGE_LINE`.
    #[must_use]
    pub fn charge_line(&self) -> &'static str {
        match self {
            Self::Sibling { .. } => "DISCOUNT_SIBLING",
            Self::LongTerm { .. } => "DISCOUNT_LONG_TERM",
            Self::Volume { .. } => "DISCOUNT_VOLUME",
            Self::StepDown { .. } => "DISCOUNT_STEP_DOWN",
        }
    }

    fn threshold(&self) -> u16 {
        match self {
            Self::Sibling { nth } => u16::from(*nth),
            Self::LongTerm { after_weeks } => *after_weeks,
            Self::Volume { placements, .. } => *placements,
            Self::StepDown { .. } => 1,
        }
    }

    fn is_reached(&self, facts: &PlacementFacts<'_>, on: Date) -> bool {
        match self {
            Self::Sibling { nth } => facts.nth_sibling >= *nth,
            Self::LongTerm { after_weeks } => long_term_from(facts.start, *after_weeks) <= on,
            Self::Volume { placements, region: false } => {
                facts.placements_of_council >= u32::from(*placements)
            }
            Self::Volume { placements, region: true } => facts.placements_of_region >= u32::from(*placements),
            Self::StepDown { from_provision } => facts.came_from == Some(from_provision.as_str()),
        }
    }

    fn problem(&self) -> Option<&'static str> {
        match self {
            Self::Sibling { nth: 0 | 1 } => {
                Some("a sibling discount begins with the second sibling or later")
            }
            Self::LongTerm { after_weeks: 0 } => {
                Some("a long-term discount needs at least one week to have passed")
            }
            Self::Volume { placements: 0, .. } => Some("a volume discount needs at least one placement"),
            _ => None,
        }
    }
}

impl fmt::Display for DiscountRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sibling { nth } => write!(f, "from sibling {nth} of those placed together"),
            Self::LongTerm { after_weeks } => write!(f, "after {after_weeks} weeks"),
            Self::Volume { placements, region: false } => {
                write!(f, "at {placements} placements of the council")
            }
            Self::Volume { placements, region: true } => {
                write!(f, "at {placements} placements of the region")
            }
            Self::StepDown { from_provision } => write!(f, "after a placement in {from_provision}"),
        }
    }
}

/// A part of the core fee, or an amount a week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DiscountAmount {
    /// Basis points of the core fee, 1 to 10,000; half pence round up.
    BasisPoints(u32),
    /// Pence a week, more than nothing.
    Weekly(Pence),
}

impl DiscountAmount {
    /// What it takes off a core fee, never more than all of it.
    #[must_use]
    pub fn of(self, core_weekly: Pence) -> Pence {
        let core = core_weekly.max(Pence::ZERO);
        match self {
            Self::BasisPoints(points) => core.part(points).min(core),
            Self::Weekly(weekly) => weekly.min(core),
        }
    }

    fn is_valid(self) -> bool {
        match self {
            Self::BasisPoints(points) => (1..=10_000).contains(&points),
            Self::Weekly(weekly) => weekly > Pence::ZERO && weekly <= Pence::MAX_INPUT,
        }
    }
}

impl fmt::Display for DiscountAmount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BasisPoints(points) => write!(f, "{points} basis points of the core fee"),
            Self::Weekly(weekly) => write!(f, "{weekly} a week"),
        }
    }
}

/// A discount that a framework has agreed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Discount {
    /// The one lot; none: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lot: Option<LotId>,
    /// The one provider; none: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<ProviderId>,
    /// When it is due.
    pub rule: DiscountRule,
    /// What it takes off.
    pub amount: DiscountAmount,
    /// The first night.
    pub from: Date,
    /// The day after the last night; none where that is not agreed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
}

impl Discount {
    /// Whether it is about a provider in a lot.
    #[must_use]
    pub fn concerns(&self, provider: &ProviderId, lot: &LotId) -> bool {
        self.provider.as_ref().is_none_or(|own| own == provider)
            && self.lot.as_ref().is_none_or(|own| own == lot)
    }

    /// Whether it holds on a night.
    #[must_use]
    pub fn holds(&self, on: Date) -> bool {
        self.from <= on && self.until.is_none_or(|until| on < until)
    }

    fn overlaps(&self, other: &Self) -> bool {
        let same = (&self.lot, &self.provider, &self.rule) == (&other.lot, &other.provider, &other.rule);
        let meet = |first: &Self, second: &Self| first.until.is_none_or(|until| second.from < until);
        let is_empty = |it: &Self| it.until.is_some_and(|until| until <= it.from);
        same && !is_empty(other) && meet(self, other) && meet(other, self)
    }

    /// Orders those of one kind that are due, the one that holds last.
    fn precedence(&self) -> (bool, bool, u16) {
        (self.provider.is_some(), self.lot.is_some(), self.rule.threshold())
    }
}

/// What of a placement decides which discounts are due on a night.
#[derive(Debug, Clone, Copy)]
pub struct PlacementFacts<'a> {
    /// The provider.
    pub provider: &'a ProviderId,
    /// The lot that it was called off from.
    pub lot: &'a LotId,
    /// The core fee, pence a week, with its uplifts.
    pub core_weekly: Pence,
    /// The first night.
    pub start: Date,
    /// Which of the siblings that live there together on the night it is, the first being 1.
    pub nth_sibling: u8,
    /// How many placements of the council with the provider go on that night, this one included.
    pub placements_of_council: u32,
    /// How many placements of all member councils with the provider go on that night, this one included.
    pub placements_of_region: u32,
    /// The kind of provision that the child came from, where it came from a placement.
    pub came_from: Option<&'a str>,
}

/// A discount that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiscountDue {
    /// The discount's number in its framework.
    pub number: u32,
    /// A code of `care::code_sets::CHARGE_LINE`.
    pub charge_line: &'static str,
    /// What it takes off, pence a week: nothing or less.
    pub weekly: Pence,
    /// Why, in words.
    pub note: String,
}

/// The first night on which a placement has lasted so many weeks.
#[must_use]
pub fn long_term_from(start: Date, after_weeks: u16) -> Date {
    start.saturating_add(i64::from(after_weeks).weeks())
}

/// The discounts that are due of a placement on a night, one of each kind at most, in order of their lines. It goes on after the framework has
/// ended: an agreement keeps what it was made under.
#[must_use]
pub fn discounts_due(framework: &Framework, facts: &PlacementFacts<'_>, on: Date) -> Vec<DiscountDue> {
    let numbered = framework.discounts.iter();
    let reached = numbered.filter(|(_, discount)| {
        discount.concerns(facts.provider, facts.lot)
            && discount.holds(on)
            && discount.rule.is_reached(facts, on)
    });
    let mut chosen = std::collections::BTreeMap::new();
    for (number, discount) in reached {
        let line = discount.rule.charge_line();
        let better = |held: &(&u32, &Discount)| held.1.precedence() < discount.precedence();
        if chosen.get(line).is_none_or(better) {
            chosen.insert(line, (number, discount));
        }
    }
    let mut left = facts.core_weekly.max(Pence::ZERO);
    let due = |(charge_line, (number, discount)): (&'static str, (&u32, &Discount))| {
        let off = discount.amount.of(facts.core_weekly).min(left);
        left -= off;
        let note = format!("discount {number}: {}, {}", discount.amount, discount.rule);
        DiscountDue { number: *number, charge_line, weekly: Pence(-off.0), note }
    };
    chosen.into_iter().map(due).collect()
}

pub(super) fn agree(framework: &Framework, id: &FrameworkId, discount: &Discount) -> Outcome {
    if let Some(lot) = discount.lot.as_ref().filter(|lot| !framework.lots.contains_key(*lot)) {
        return Err(FrameworkRejection::LotUnknown { framework: id.clone(), lot: lot.clone() });
    }
    if let Some(problem) = discount.rule.problem() {
        return Err(TermsRejection::DiscountInvalid { field: "discount.rule", problem }.into());
    }
    if !discount.amount.is_valid() {
        let problem = "take off 1 to 10,000 basis points, or an amount a week of more than nothing";
        return Err(TermsRejection::DiscountInvalid { field: "discount.amount", problem }.into());
    }
    if let Some(until) = discount.until {
        not_before("discount.until", until, discount.from.tomorrow().unwrap_or(discount.from))?;
    }
    if framework.discounts.len() >= DISCOUNTS_MAX {
        let (what, max) = ("discounts of a framework", DISCOUNTS_MAX);
        return Err(TermsRejection::LimitReached { what, max }.into());
    }
    if let Some((held, other)) = framework.discounts.iter().find(|(_, held)| discount.overlaps(held)) {
        return Err(TermsRejection::DiscountOverlaps { held: *held, from: other.from }.into());
    }
    let number = framework.discounts.keys().next_back().map_or(1, |last| last.saturating_add(1));
    Ok(vec![DiscountAgreed { framework: id.clone(), number, discount: discount.clone() }.into()])
}

pub(super) fn end(framework: &Framework, id: &FrameworkId, number: u32, on: Date) -> Outcome {
    let Some(held) = framework.discounts.get(&number) else {
        return Err(TermsRejection::DiscountUnknown { framework: id.clone(), number }.into());
    };
    not_before("on", on, held.from)?;
    // One that ends already may end earlier, never again later: a new one is agreed for that.
    if let Some(until) = held.until.filter(|until| *until <= on) {
        return Err(TermsRejection::DiscountEnded { number, until }.into());
    }
    Ok(vec![DiscountEnded { framework: id.clone(), number, on }.into()])
}
