//! Which figures are not told: those behind which there are few cases, and those that would give such a figure away.
//!
//! All that is made of one family's cases in one quarter is judged together, since what is left out can be told from all and the rest. Whoever
//! looks knows its own cases (a council's; of a framework's lead those of the council that leads), and may take them off what it is told. So
//! the cases must be none or [`CASES_MIN`] at least in every kind, and so must those of all councils but the onlooker's, and not be
//! one council's alone. Of a provider, whoever reads all others could take them off what the framework has in common: what several providers
//! that are not told have together must be as good.
//!
//! Two families are of the same cases as another ([`Family::within`](super::cases::Family::within)): what is left out of that one is left out of them.
//!
//! What this does not cover: figures that were read before, while a quarter went on, and taken off later ones; two onlookers who put together
//! what they know; and how many agreements there are of which a fact is not known, such as the distance.

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
    /// With what the onlooker knows of its own it would tell fewer than [`CASES_MIN`] cases of others, or one other council's alone.
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

/// The cases of all councils but the onlooker's.
fn others<'a>(sheet: &Sheet<'a>, onlooker: CouncilId) -> Counts<'a> {
    let own = sheet.by_council.get(&onlooker);
    let own = |kind: &str| own.and_then(|own| own.get(kind)).copied().unwrap_or_default();
    sheet.counts.iter().map(|(kind, cases)| (*kind, cases.saturating_sub(own(kind)))).collect()
}

/// Whether all other cases are one council's.
fn tells_one_other(sheet: &Sheet<'_>, onlooker: CouncilId) -> bool {
    sheet.by_council.keys().filter(|council| **council != onlooker).count() == 1
}

/// Why a sheet is not told whole, if it is not.
pub(super) fn whole(sheet: &Sheet<'_>, onlooker: CouncilId) -> Option<Suppressed> {
    if sheet.counts.values().any(|cases| few(*cases)) {
        return Some(Suppressed::FewCases);
    }
    let tells = others(sheet, onlooker).values().any(|cases| few(*cases)) || tells_one_other(sheet, onlooker);
    tells.then_some(Suppressed::TellsAnother)
}

/// As [`whole`], for what is a price.
pub(super) fn price(sheet: &Sheet<'_>, onlooker: CouncilId) -> Option<Suppressed> {
    let few_councils = sheet.cases() > 0 && sheet.by_council.len() < PRICE_COUNCILS_MIN;
    whole(sheet, onlooker).or(few_councils.then_some(Suppressed::FewCouncils))
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

/// What is told of a sheet kind by kind. A kind that is left out alone could be told from all cases and the rest: so the least of the others
/// are left out with it until what is left out is [`CASES_MIN`] cases at least, of the others' too, in two kinds at least.
pub(super) fn mix<'a>(sheet: &Sheet<'a>, onlooker: CouncilId) -> Mix<'a> {
    let others = others(sheet, onlooker);
    let cases = |counts: &Counts<'a>, kinds: &BTreeSet<&'a str>| -> u64 {
        kinds.iter().filter_map(|kind| counts.get(kind)).sum()
    };
    let all: BTreeSet<&'a str> = sheet.counts.keys().copied().collect();
    if few(cases(&sheet.counts, &all)) {
        return Mix::Nothing(Suppressed::FewCases);
    }
    if few(cases(&others, &all)) || tells_one_other(sheet, onlooker) {
        return Mix::Nothing(Suppressed::TellsAnother);
    }
    let is_few = |kind: &&&str| few(sheet.counts[*kind]) || few(others[*kind]);
    let mut left_out: BTreeSet<&'a str> = all.iter().filter(is_few).copied().collect();
    let hidden = |left_out: &BTreeSet<&'a str>| {
        left_out.len() >= 2 && cases(&sheet.counts, left_out) >= CASES_MIN && !few(cases(&others, left_out))
    };
    while !left_out.is_empty() && !hidden(&left_out) {
        let rest = all.difference(&left_out).copied();
        match rest.min_by_key(|kind| (sheet.counts[kind], *kind)) {
            Some(least) => drop(left_out.insert(least)),
            None => return Mix::Nothing(Suppressed::FewCases),
        }
    }
    Mix::AllBut(left_out)
}

/// Which of several providers' sheets are not told, where what they have in common is told as well. Those that may not be told on their own are
/// joined by the least of the others, until what all of them have together may be told; they may also be all.
pub(super) fn among<'k, K: Ord>(
    sheets: &'k BTreeMap<K, Sheet<'_>>,
    onlooker: CouncilId,
    alone: impl Fn(&K, &Sheet<'_>) -> Option<Suppressed>,
) -> BTreeMap<&'k K, Suppressed> {
    let with_cases = || sheets.iter().filter(|(_, sheet)| sheet.cases() > 0);
    let unsafe_ones = with_cases().filter_map(|(key, sheet)| Some((key, alone(key, sheet)?)));
    let mut left_out: BTreeMap<&K, Suppressed> = unsafe_ones.collect();
    while !left_out.is_empty() && !hide_each_other(sheets, &left_out, onlooker) {
        let rest = with_cases().filter(|(key, _)| !left_out.contains_key(key));
        match rest.min_by_key(|(key, sheet)| (sheet.cases(), *key)) {
            Some((least, _)) => drop(left_out.insert(least, Suppressed::FewCases)),
            None => break,
        }
    }
    left_out
}

fn hide_each_other<K: Ord>(
    sheets: &BTreeMap<K, Sheet<'_>>,
    left_out: &BTreeMap<&K, Suppressed>,
    onlooker: CouncilId,
) -> bool {
    let mut together = Sheet::default();
    for sheet in left_out.keys().filter_map(|key| sheets.get(*key)) {
        together.join(sheet);
    }
    left_out.len() >= 2 && whole(&together, onlooker).is_none()
}
