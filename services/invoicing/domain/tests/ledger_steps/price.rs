//! What each night costs, one after the other: by line, by funder and of VAT. It is worked out from the facts alone, in another way than the
//! domain does, which never looks at a single night.

use crate::days::{Day, HORIZON};
use crate::facts::Facts;
use care::published::{FunderShare, TermLine};
use invoicing_domain::Subject;
use std::collections::BTreeMap;

/// A line's number, where it has one, and its kind.
pub(crate) type Line = (Option<u32>, &'static str);

const KINDS: [&str; 12] = [
    "OUTCOME",
    "CORE",
    "THERAPY",
    "UPLIFT",
    "DISCOUNT_SIBLING",
    "ONE_TO_ONE",
    "EDUCATION",
    "ABSENCE",
    "STAYING_PUT",
    "RETAINER",
    "VOID",
    "RESALE",
];

pub(crate) fn kind_of(kind: &str) -> &'static str {
    KINDS.into_iter().find(|known| *known == kind).unwrap_or("UNKNOWN")
}

/// Half pence away from zero.
pub(crate) fn rounded(amount: i64, parts: i64, of: i64) -> i64 {
    let exact = i128::from(amount.abs()) * i128::from(parts);
    let (of, sign) = (i128::from(of), i128::from(amount.signum()));
    i64::try_from((exact * 2 + of) / (2 * of) * sign).unwrap()
}

/// A line, or what one step of an absence takes off: what each of its nights adds, from its first on.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub(crate) line: Line,
    /// The rate of VAT in basis points.
    rate: i64,
    first: usize,
    /// What its nights cost up to and without each of them, from the first on: one more than it has nights.
    sums: Vec<i64>,
}

impl Item {
    fn up_to(&self, night: usize) -> i64 {
        let nth = night.saturating_sub(self.first).min(self.sums.len() - 1);
        self.sums[nth]
    }

    fn on(&self, night: usize) -> i64 {
        self.up_to(night + 1) - self.up_to(night)
    }

    fn vat_on(&self, night: usize) -> i64 {
        let vat = |night| rounded(self.up_to(night), self.rate, 10_000);
        vat(night + 1) - vat(night)
    }
}

/// What the nights of an agreement cost.
#[derive(Debug, Clone, Default)]
pub(crate) struct Priced {
    pub(crate) items: Vec<Item>,
    /// All lines of a night together.
    pub(crate) total: Vec<i64>,
}

impl Priced {
    /// What some nights cost by line, with VAT at last; lines that come to nothing are left out.
    pub(crate) fn by_line(&self, facts: &Facts, nights: &[usize]) -> (BTreeMap<Line, i64>, i64) {
        let (mut by_line, mut vat) = (BTreeMap::new(), 0);
        for item in &self.items {
            *by_line.entry(item.line).or_insert(0) += nights.iter().map(|night| item.on(*night)).sum::<i64>();
            if item.rate > 0 {
                vat += nights.iter().map(|night| item.vat_on(*night)).sum::<i64>();
            }
        }
        for (on, amount) in facts.outcomes.values() {
            *by_line.entry((None, "OUTCOME")).or_insert(0) += amount;
            vat += rounded(*amount, added(facts, is_taxable(facts, "OUTCOME", *on)), 10_000);
        }
        by_line.retain(|_, amount| *amount != 0);
        (by_line, vat)
    }

    /// What each funder pays of some nights.
    pub(crate) fn by_funder(&self, facts: &Facts, nights: &[usize]) -> BTreeMap<String, i64> {
        let mut by_funder: BTreeMap<String, i64> = BTreeMap::new();
        let turns: Vec<(Option<usize>, &[FunderShare])> = turns(facts);
        for item in &self.items {
            for night in nights {
                let paying = turns.iter().rfind(|(since, _)| since.is_none_or(|since| since <= *night));
                let (since, funders) = paying.expect("somebody pays");
                let base = since.map_or(0, |since| item.up_to(since));
                let (after, before) = (item.up_to(night + 1) - base, item.up_to(*night) - base);
                if after == before {
                    continue;
                }
                let parts = allotted(after, funders).into_iter().zip(allotted(before, funders));
                for (share, (after, before)) in funders.iter().zip(parts) {
                    *by_funder.entry(share.funder.clone()).or_default() += after - before;
                }
            }
        }
        for (on, amount) in facts.outcomes.values() {
            let on = usize::try_from(*on).unwrap();
            let (_, funders) = turns
                .iter()
                .rfind(|(since, _)| since.is_none_or(|since| since <= on))
                .expect("somebody pays");
            for (share, part) in funders.iter().zip(allotted(*amount, funders)) {
                *by_funder.entry(share.funder.clone()).or_default() += part;
            }
        }
        by_funder.retain(|_, amount| *amount != 0);
        by_funder
    }
}

/// Who pays from which night on; a date from which the same funders pay the same shares is no turn.
fn turns(facts: &Facts) -> Vec<(Option<usize>, &[FunderShare])> {
    let mut turns: Vec<(Option<usize>, &[FunderShare])> = Vec::new();
    for (from, funders) in &facts.funders {
        match turns.last() {
            Some((_, before)) if *before == funders.as_slice() => {}
            None => turns.push((None, funders)),
            Some(_) => turns.push((usize::try_from(*from).ok(), funders)),
        }
    }
    turns
}

/// Largest remainder: all pennies, the ones that are left over to the largest remainders, the earlier funder first.
fn allotted(amount: i64, funders: &[FunderShare]) -> Vec<i64> {
    let whole = i128::from(amount.abs());
    let exact: Vec<i128> = funders.iter().map(|share| whole * i128::from(share.basis_points)).collect();
    let mut parts: Vec<i128> = exact.iter().map(|exact| exact / 10_000).collect();
    while parts.iter().sum::<i128>() < whole {
        let left = |n: &usize| exact[*n] - parts[*n] * 10_000;
        let most = (0..parts.len()).rev().max_by_key(left).expect("somebody pays");
        parts[most] += 1;
    }
    parts.into_iter().map(|part| i64::try_from(part).unwrap() * amount.signum()).collect()
}

/// What is taken off on a night: which step of which absence it is, counted anew where another came between, and the parts in basis points.
#[derive(Clone, Copy, PartialEq, Eq)]
struct TakenOff {
    step: usize,
    core: i64,
    other: i64,
}

pub(crate) fn price(facts: &Facts, to: Day) -> Priced {
    let nights = match (facts.from, facts.end) {
        (None, None) => Some((facts.start, HORIZON)),
        _ => facts.placement(),
    };
    let mut priced = Priced { items: Vec::new(), total: vec![0; usize::try_from(to).unwrap()] };
    if let Some((from, until)) = nights {
        let until = until.min(to);
        let off = taken_off(facts, from, until);
        let mut absences: BTreeMap<(usize, bool, bool), Vec<i64>> = BTreeMap::new();
        for line in &facts.lines {
            priced.items.extend(line_item(facts, line, (from, until), &off, &mut absences));
        }
        for ((_, _, taxable), nightly) in absences {
            priced.items.push(item((None, "ABSENCE"), added(facts, taxable), from, nightly));
        }
    }
    if let (Some((from, until)), Some(stays)) = (facts.staying(), &facts.stays) {
        for line in &stays.lines {
            let last = line.until.map_or(until, |day| crate::days::day_of(day).min(until));
            let nightly = weekly_by_night(line.weekly.0, last.min(to) - from);
            priced.items.extend(taxed_items(facts, (None, "STAYING_PUT"), from, &nightly));
        }
    }
    for item in &priced.items {
        for nth in 0..item.sums.len() - 1 {
            priced.total[item.first + nth] += item.sums[nth + 1] - item.sums[nth];
        }
    }
    priced
}

/// An item for each stretch of nights that VAT treats alike.
fn taxed_items(facts: &Facts, line: Line, first: Day, nightly: &[i64]) -> Vec<Item> {
    let mut stretches: Vec<(bool, Day, Vec<i64>)> = Vec::new();
    for (night, amount) in (first..).zip(nightly) {
        let taxable = is_taxable(facts, line.1, night);
        match stretches.last_mut() {
            Some((before, _, nightly)) if *before == taxable => nightly.push(*amount),
            _ => stretches.push((taxable, night, vec![*amount])),
        }
    }
    let stretch = |(taxable, first, nightly)| item(line, added(facts, taxable), first, nightly);
    stretches.into_iter().map(stretch).collect()
}

fn item(line: Line, rate: i64, first: Day, nightly: Vec<i64>) -> Item {
    let mut sums = Vec::with_capacity(nightly.len() + 1);
    let mut sum = 0;
    sums.push(0);
    for amount in nightly {
        sum += amount;
        sums.push(sum);
    }
    Item { line, rate, first: usize::try_from(first).unwrap(), sums }
}

/// A week's fee, a seventh a night by cumulative difference.
fn weekly_by_night(weekly: i64, nights: Day) -> Vec<i64> {
    let sum = |nights: i32| rounded(weekly, i64::from(nights), 7);
    (0..nights.max(0)).map(|night| sum(night + 1) - sum(night)).collect()
}

/// A line of the price over the nights that it holds for. What absences take off it is added to theirs, which begin with the placement.
fn line_item(
    facts: &Facts,
    line: &TermLine,
    (from, until): (Day, Day),
    off: &[Option<TakenOff>],
    absences: &mut BTreeMap<(usize, bool, bool), Vec<i64>>,
) -> Vec<Item> {
    let since = crate::days::day_of(line.from);
    let first = if since <= facts.start { from } else { since.max(from) };
    let last = line.until.map_or(until, |day| crate::days::day_of(day).min(until));
    if first >= last {
        return Vec::new();
    }
    let weekly = if facts.subject == Subject::Sold { -line.weekly.0 } else { line.weekly.0 };
    let nightly = weekly_by_night(weekly, last - first);
    let kind = kind_of(&line.kind);
    let is_core = matches!(kind, "CORE" | "UPLIFT" | "DISCOUNT_SIBLING");
    // What was paid since the step of the absence began, or VAT treated it otherwise.
    let (mut step, mut paid) = (None, 0);
    for (night, amount) in (first..last).zip(&nightly) {
        let nth = usize::try_from(night - from).unwrap();
        let now = off[nth];
        let taxable = is_taxable(facts, kind, night);
        if now.map(|off| (off.step, taxable)) != step {
            (step, paid) = (now.map(|off| (off.step, taxable)), 0);
        }
        if let Some(off) = now {
            let part = if is_core { off.core } else { off.other };
            let taken = rounded(paid + amount, part, 10_000) - rounded(paid, part, 10_000);
            let all =
                absences.entry((off.step, is_core, taxable)).or_insert_with(|| vec![0; off_len(from, until)]);
            all[nth] -= taken;
        }
        paid += amount;
    }
    taxed_items(facts, (Some(line.line), kind), first, &nightly)
}

fn off_len(from: Day, until: Day) -> usize {
    usize::try_from(until - from).unwrap_or(0)
}

/// What is taken off on each night of the placement: of two absences the one with the lower number counts.
fn taken_off(facts: &Facts, from: Day, until: Day) -> Vec<Option<TakenOff>> {
    let (mut last, mut step) = (None, 0);
    let of_night = |night: Day| {
        let away = facts
            .absences
            .iter()
            .find(|(_, it)| it.from <= night && it.until.is_none_or(|until| night < until));
        let rule = away.and_then(|(_, it)| facts.rules.iter().find(|rule| rule.absence == it.kind));
        let (Some((number, away)), Some(rule)) = (away, rule) else {
            last = None;
            return None;
        };
        let gone = night - away.from.max(from);
        let full = Day::from(rule.full_nights);
        let (nth, core, other) =
            if rule.nothing_after.is_some_and(|nights| gone >= Day::from(nights).max(full)) {
                (2, 10_000, 10_000)
            } else if gone >= full {
                let off = |kept: u32| 10_000 - i64::from(kept);
                (1, off(rule.core_basis_points), off(rule.other_basis_points))
            } else {
                (0, 0, 0)
            };
        if last != Some((*number, nth)) {
            (last, step) = (Some((*number, nth)), step + 1);
        }
        Some(TakenOff { step, core, other })
    };
    (from..until).map(of_night).collect()
}

/// Whether VAT is due on a line of a night; every night of a history lies after the last change of the law.
fn is_taxable(facts: &Facts, kind: &str, night: Day) -> bool {
    let gone = facts.home.range(..=night).next_back().is_some_and(|(_, registered)| !registered);
    let school = matches!(facts.provision.as_str(), "RESIDENTIAL_EDUCATION" | "RESIDENTIAL_SCHOOL_52_WEEKS");
    let taxed = gone || facts.provision == "UNREGISTERED" || school && kind == "EDUCATION";
    taxed && !facts.in_house && facts.is_of_home()
}

/// The rate of VAT in basis points: none is added without a number.
fn added(facts: &Facts, taxable: bool) -> i64 {
    if taxable && facts.has_vat_number { 2_000 } else { 0 }
}
