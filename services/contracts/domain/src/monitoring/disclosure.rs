//! Which figures are not told: those behind which there are few cases, and those that would give such a figure away.
//!
//! All that is made of one family's cases in one quarter is judged together, since what is left out can be told from all and the rest. Whoever
//! looks knows its own cases (a council's; of a framework's lead those of the council that leads), and may take them off what it is told. So
//! the cases must be none or [`CASES_MIN`] at least in every kind, and so must those of all councils but the onlooker's, and in no kind be
//! one council's alone. Of a provider, whoever reads all others could take them off what the framework has in common: what several providers
//! that are not told have together must be as good.
//!
//! Who reads several frameworks could take one off another, and be left with the cases of a council that is in one of them alone. What is told
//! of which framework in their stead is decided in [`plan`](super::plan); here a sheet is judged with what else would be told by it.
//!
//! What this does not cover: figures that were read before and taken off later ones, since a quarter changes while it goes on and afterwards too
//! (late offers, corrections, payments, a council that joins from an earlier date); two onlookers who put together what they know; and how many
//! agreements there are of which a fact is not known, such as the distance.

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

fn cases(counts: &Counts<'_>, kinds: &BTreeSet<&str>) -> u64 {
    kinds.iter().filter_map(|kind| counts.get(kind)).sum()
}

/// Why the cases of these kinds, taken together, are not told.
pub(super) fn judged(sheet: &Sheet<'_>, onlooker: CouncilId, kinds: &BTreeSet<&str>) -> Option<Suppressed> {
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

/// Why cases are not told whole, if they are not; `apart` is what else would be told with them. That there is none is told: what is left is
/// then another figure, which is judged itself.
pub(super) fn whole(sheet: &Sheet<'_>, apart: &[Sheet<'_>], onlooker: CouncilId) -> Option<Suppressed> {
    if sheet.cases() == 0 {
        return None;
    }
    let tells_another = || apart.iter().any(|sheet| each_judged(sheet, onlooker).is_some());
    each_judged(sheet, onlooker).or_else(|| tells_another().then_some(Suppressed::TellsAnother))
}

/// Whether too few councils stand behind what is a price.
pub(super) fn few_councils(sheet: &Sheet<'_>) -> bool {
    sheet.cases() > 0 && sheet.by_council.len() < PRICE_COUNCILS_MIN
}

/// Whether so many measures of others stand behind a percentile that [`CASES_MIN`] of them lie beyond it on either side; also where all are
/// the onlooker's own. Of fewer it would be about one case's own value.
pub(super) fn percentile_tells(sheet: &Sheet<'_>, percent: u8, onlooker: CouncilId) -> bool {
    let beyond = u64::from(percent.min(100 - percent));
    let others = sheet.measured_beside(onlooker);
    others == 0 || others.saturating_mul(beyond) >= CASES_MIN * 100
}

/// What is told of the kinds of a family.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Mix<'a> {
    /// Nothing, not even how many cases there are.
    Nothing(Suppressed),
    /// All but these kinds, which are as many as hide each other. One reason is told for all of them, since which of them it holds for would tell
    /// about the others.
    AllBut(BTreeSet<&'a str>, Suppressed),
}

impl<'a> Mix<'a> {
    /// All of them.
    pub(super) fn all() -> Self {
        Self::AllBut(BTreeSet::new(), Suppressed::FewCases)
    }

    /// All of them, unless there is a reason not to tell any.
    pub(super) fn unless(why: Option<Suppressed>) -> Self {
        why.map_or_else(Self::all, Self::Nothing)
    }

    /// Whether the cases of this kind are told.
    pub(super) fn tells(&self, kind: &str) -> bool {
        matches!(self, Self::AllBut(left_out, _) if !left_out.contains(kind))
    }

    /// The kinds that are left out of all that are told; none where nothing is told.
    pub(super) fn left_out(&self) -> Option<&BTreeSet<&'a str>> {
        match self {
            Self::Nothing(_) => None,
            Self::AllBut(left_out, _) => Some(left_out),
        }
    }

    /// Why not every kind is told, if not.
    pub(super) fn why(&self) -> Option<Suppressed> {
        match self {
            Self::Nothing(why) => Some(*why),
            Self::AllBut(left_out, why) => (!left_out.is_empty()).then_some(*why),
        }
    }
}

/// What is told of cases kind by kind, where `apart` would be told with them. A kind that is left out alone could be told from all cases and the
/// rest: so the least of the others are left out with it until what is left out is [`CASES_MIN`] cases at least, in two kinds at least, and may
/// be told together. What is left out of another figure that these could be taken off, or the other way round, is left out here as well.
pub(super) fn mix<'a>(
    sheet: &Sheet<'a>,
    apart: &[Sheet<'a>],
    onlooker: CouncilId,
    left_out_before: BTreeSet<&'a str>,
) -> Mix<'a> {
    let sheets = || std::iter::once(sheet).chain(apart);
    let all: BTreeSet<&'a str> = sheets().flat_map(|sheet| sheet.counts.keys().copied()).collect();
    if sheet.cases() == 0 {
        return Mix::all();
    }
    if let Some(why) = judged(sheet, onlooker, &all) {
        return Mix::Nothing(why);
    }
    let safe = |kinds: &BTreeSet<&str>| sheets().all(|sheet| judged(sheet, onlooker, kinds).is_none());
    if !safe(&all) {
        return Mix::Nothing(Suppressed::TellsAnother);
    }
    let alone = |kind: &'a str| BTreeSet::from([kind]);
    let few_cases = |kind: &&'a str| judged(sheet, onlooker, &alone(*kind)) == Some(Suppressed::FewCases);
    let why = if all.iter().any(few_cases) { Suppressed::FewCases } else { Suppressed::TellsAnother };
    let mut left_out = left_out_before;
    left_out.extend(all.iter().filter(|kind| !safe(&alone(*kind))));
    let hidden = |left_out: &BTreeSet<&'a str>| {
        left_out.len() >= 2 && cases(&sheet.counts, left_out) >= CASES_MIN && safe(left_out)
    };
    while !left_out.is_empty() && !hidden(&left_out) {
        let rest = all.difference(&left_out).copied();
        match rest.min_by_key(|kind| (sheet.of(&[kind]), *kind)) {
            Some(least) => drop(left_out.insert(least)),
            None => return Mix::Nothing(why),
        }
    }
    Mix::AllBut(left_out, why)
}

/// Which of several providers are not told, where what they have in common is told as well; `cases` are those of each that has any. Those that may
/// not be told `alone`, and those that were left out before, are joined by the least of the others, until what all of them have may be told
/// `together`; they may also be all.
pub(super) fn among<K: Copy + Ord>(
    cases: &BTreeMap<K, u64>,
    left_out_before: &BTreeMap<K, Suppressed>,
    alone: impl Fn(K) -> Option<Suppressed>,
    together: impl Fn(&[K]) -> bool,
) -> BTreeMap<K, Suppressed> {
    let because = |key: &K| alone(*key).or_else(|| left_out_before.get(key).copied());
    let mut left_out: BTreeMap<K, Suppressed> =
        cases.keys().filter_map(|key| Some((*key, because(key)?))).collect();
    let Some(why) = left_out.values().min().copied() else { return left_out };
    let hide_each_other = |left_out: &BTreeMap<K, Suppressed>| {
        left_out.len() >= 2 && together(&left_out.keys().copied().collect::<Vec<_>>())
    };
    while !hide_each_other(&left_out) {
        let rest = cases.iter().filter(|(key, _)| !left_out.contains_key(key));
        match rest.min_by_key(|(key, cases)| (**cases, **key)) {
            Some((least, _)) => drop(left_out.insert(*least, why)),
            None => break,
        }
    }
    left_out
}
