//! Which figures are not told: those behind which there are few cases, and those that would give such a figure away.
//!
//! All that is made of one family's cases in one quarter is judged together, since what is left out can be told from all and the rest. Whoever
//! looks knows its own cases (a council's; of a framework's lead those of the council that leads), and may take them off what it is told. So
//! the cases must be none or [`CASES_MIN`] at least in every kind, and so must those of all councils but the onlooker's, and in no kind be
//! one council's alone. Of a provider, whoever reads all others could take them off what the framework has in common: what several providers
//! that are not told have together must be as good.
//!
//! Who reads two frameworks could take one off the other, and be left with the cases of a council that is in one of them alone. So what is in one
//! and not in the other ([`Apart`]) must be as good as well, or else the framework that began later is not told. What is left of all call-offs
//! without those that have a price is judged in the same way.
//!
//! Two families are of the same cases as another ([`Family::within`](super::cases::Family::within)): what is left out of that one is left out of them.
//!
//! What this does not cover: figures that were read before and taken off later ones, since a quarter changes while it goes on and afterwards too
//! (late offers, corrections, payments, a council that joins from an earlier date); two onlookers who put together what they know; more than two
//! frameworks taken together; and how many agreements there are of which a fact is not known, such as the distance.

use super::figures::{Counts, Sheet};
use care::CouncilId;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// How many cases a figure has at least that is told to others.
pub const CASES_MIN: u64 = 5;
/// How many councils stand at least behind a price that is told to others.
pub const PRICE_COUNCILS_MIN: usize = 3;

/// Why a figure is not told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Suppressed {
    /// Fewer than [`CASES_MIN`] cases stand behind it, or behind another figure that it would give away.
    FewCases,
    /// With what the onlooker knows of its own, or reads of another framework, it would tell fewer than [`CASES_MIN`] cases of others, or one
    /// other council's alone.
    TellsAnother,
    /// Fewer than [`PRICE_COUNCILS_MIN`] councils stand behind a price.
    FewCouncils,
}

impl Suppressed {
    /// Every reason.
    pub const ALL: [Self; 3] = [Self::FewCases, Self::TellsAnother, Self::FewCouncils];

    /// The word it is told by.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::FewCases => "FEW_CASES",
            Self::TellsAnother => "TELLS_ANOTHER",
            Self::FewCouncils => "FEW_COUNCILS",
        }
    }
}

impl fmt::Display for Suppressed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

fn few(cases: u64) -> bool {
    (1..CASES_MIN).contains(&cases)
}

/// Cases that are told together, and what would be left of them if one took other figures off that the onlooker may read as well.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Group<'a> {
    pub(super) sheet: Sheet<'a>,
    pub(super) apart: BTreeMap<Apart, Sheet<'a>>,
}

/// What is left of two figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Apart {
    /// What is of this framework, and not of that other one.
    Here(usize),
    /// What is of that other framework, and not of this one.
    There(usize),
    /// Call-offs without a price that is counted of this framework.
    Unpriced,
    /// Call-offs without a price that is counted of this framework or one that is told before it.
    UnpricedAnywhere,
}

impl<'a> Group<'a> {
    fn join(&mut self, other: &Self) {
        self.sheet.join(&other.sheet);
        for (apart, sheet) in &other.apart {
            self.apart.entry(*apart).or_default().join(sheet);
        }
    }

    /// Every kind that there is, here or in what is left.
    fn kinds(&self) -> BTreeSet<&'a str> {
        let sheets = std::iter::once(&self.sheet).chain(self.apart.values());
        sheets.flat_map(|sheet| sheet.counts.keys().copied()).collect()
    }
}

fn cases(counts: &Counts<'_>, kinds: &BTreeSet<&str>) -> u64 {
    kinds.iter().filter_map(|kind| counts.get(kind)).sum()
}

/// Why the cases of these kinds, taken together, are not told.
fn judged(sheet: &Sheet<'_>, onlooker: CouncilId, kinds: &BTreeSet<&str>) -> Option<Suppressed> {
    if few(cases(&sheet.counts, kinds)) {
        return Some(Suppressed::FewCases);
    }
    let others = || sheet.by_council.iter().filter(|(council, _)| **council != onlooker);
    let of_each = || others().map(|(_, counts)| cases(counts, kinds)).filter(|cases| *cases > 0);
    (few(of_each().sum()) || of_each().count() == 1).then_some(Suppressed::TellsAnother)
}

/// Why a sheet is not told kind by kind and whole, if it is not. What of two kinds may be told may be of both together.
fn each_judged(sheet: &Sheet<'_>, onlooker: CouncilId) -> Option<Suppressed> {
    sheet.counts.keys().filter_map(|kind| judged(sheet, onlooker, &BTreeSet::from([*kind]))).min()
}

/// Why cases are not told whole, if they are not. That there is none is told: what is left is then another figure, which is judged itself.
pub(super) fn whole(group: &Group<'_>, onlooker: CouncilId) -> Option<Suppressed> {
    if group.sheet.cases() == 0 {
        return None;
    }
    let apart = || group.apart.values().any(|sheet| each_judged(sheet, onlooker).is_some());
    each_judged(&group.sheet, onlooker).or_else(|| apart().then_some(Suppressed::TellsAnother))
}

/// As [`whole`], for what is a price.
pub(super) fn price(group: &Group<'_>, onlooker: CouncilId) -> Option<Suppressed> {
    let few_councils = group.sheet.cases() > 0 && group.sheet.by_council.len() < PRICE_COUNCILS_MIN;
    whole(group, onlooker).or(few_councils.then_some(Suppressed::FewCouncils))
}

/// Whether so many measures of others stand behind a percentile that [`CASES_MIN`] of them lie beyond it on either side; also where all are
/// the onlooker's own. Of fewer it would be about one case's own value.
pub(super) fn percentile_tells(sheet: &Sheet<'_>, percent: u8, onlooker: CouncilId) -> bool {
    let beyond = u64::from(percent.min(100 - percent));
    let others = sheet.measured_beside(onlooker);
    others == 0 || others.saturating_mul(beyond) >= CASES_MIN * 100
}

/// What is told of the kinds of a family that are told one by one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Mix<'a> {
    /// Nothing, not even how many cases there are.
    Nothing(Suppressed),
    /// All but these kinds, which are as many as hide each other.
    AllBut(BTreeSet<&'a str>),
}

impl Mix<'_> {
    /// Whether the cases of this kind are told.
    pub(super) fn tells(&self, kind: &str) -> bool {
        matches!(self, Self::AllBut(left_out) if !left_out.contains(kind))
    }
}

/// What is told of cases kind by kind. A kind that is left out alone could be told from all cases and the rest: so the least of the others
/// are left out with it until what is left out is [`CASES_MIN`] cases at least, in two kinds at least, and may be told together.
pub(super) fn mix<'a>(group: &Group<'a>, onlooker: CouncilId) -> Mix<'a> {
    let all = group.kinds();
    if group.sheet.cases() == 0 {
        return Mix::AllBut(BTreeSet::new());
    }
    if let Some(why) = judged(&group.sheet, onlooker, &all) {
        return Mix::Nothing(why);
    }
    let safe = |kinds: &BTreeSet<&str>| {
        let mut sheets = std::iter::once(&group.sheet).chain(group.apart.values());
        sheets.all(|sheet| judged(sheet, onlooker, kinds).is_none())
    };
    if !safe(&all) {
        return Mix::Nothing(Suppressed::TellsAnother);
    }
    let mut left_out: BTreeSet<&'a str> =
        all.iter().copied().filter(|kind| !safe(&BTreeSet::from([*kind]))).collect();
    let hidden = |left_out: &BTreeSet<&'a str>| {
        left_out.len() >= 2 && cases(&group.sheet.counts, left_out) >= CASES_MIN && safe(left_out)
    };
    while !left_out.is_empty() && !hidden(&left_out) {
        let rest = all.difference(&left_out).copied();
        match rest.min_by_key(|kind| (group.sheet.of(&[kind]), *kind)) {
            Some(least) => drop(left_out.insert(least)),
            None => return Mix::Nothing(Suppressed::FewCases),
        }
    }
    Mix::AllBut(left_out)
}

/// Which of several providers' sheets are not told, where what they have in common is told as well. Those that may not be told on their own are
/// joined by the least of the others, until what all of them have together may be told; they may also be all.
pub(super) fn among<'k, K: Ord>(
    groups: &'k BTreeMap<K, Group<'_>>,
    onlooker: CouncilId,
    alone: impl Fn(&K, &Group<'_>) -> Option<Suppressed>,
) -> BTreeMap<&'k K, Suppressed> {
    let with_cases = || groups.iter().filter(|(_, group)| group.sheet.cases() > 0);
    let unsafe_ones = with_cases().filter_map(|(key, group)| Some((key, alone(key, group)?)));
    let mut left_out: BTreeMap<&K, Suppressed> = unsafe_ones.collect();
    while !left_out.is_empty() && !hide_each_other(groups, &left_out, onlooker) {
        let rest = with_cases().filter(|(key, _)| !left_out.contains_key(key));
        match rest.min_by_key(|(key, group)| (group.sheet.cases(), *key)) {
            Some((least, _)) => drop(left_out.insert(least, Suppressed::FewCases)),
            None => break,
        }
    }
    left_out
}

fn hide_each_other<K: Ord>(
    groups: &BTreeMap<K, Group<'_>>,
    left_out: &BTreeMap<&K, Suppressed>,
    onlooker: CouncilId,
) -> bool {
    let mut together = Group::default();
    for group in left_out.keys().filter_map(|key| groups.get(*key)) {
        together.join(group);
    }
    left_out.len() >= 2 && whole(&together, onlooker).is_none()
}
