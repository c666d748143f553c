//! Which figures are not told: those behind which there are few cases, and those that would give such a figure away.
//!
//! Whoever looks knows its own cases (a council's; of a framework's lead those of the council that leads), and may take them off what it is told, and
//! any figure that it reads off any other. What it comes to must be none, or [`CASES_MIN`] cases of others at least, and not one other council's
//! alone: [`blocks`](super::blocks) says how that is kept, and [`plan`](super::plan) in which order figures are told.
//!
//! What this does not cover: figures that were read before and taken off later ones, since a quarter changes while it goes on and afterwards too
//! (late offers, corrections, payments, a council that joins from an earlier date); two onlookers who put together what they know; and what follows
//! of the order of medians.

use super::figures::Sheet;
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
    /// With what the onlooker knows of its own, or is told elsewhere, it would tell fewer than [`CASES_MIN`] cases of others, or one other
    /// council's alone.
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

/// Whether so many measures of others stand behind a percentile that [`CASES_MIN`] of them lie beyond it on either side; also where all are
/// the onlooker's own. Of fewer it would be about one case's own value.
pub(super) fn percentile_tells(sheet: &Sheet<'_>, percent: u8, onlooker: CouncilId) -> bool {
    let beyond = u64::from(percent.min(100 - percent));
    let others = sheet.measured_beside(onlooker);
    others == 0 || others.saturating_mul(beyond) >= CASES_MIN * 100
}

/// What is told of a family on one sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict<'a> {
    /// Nothing, not even how many cases there are.
    Nothing(Suppressed),
    /// How many cases there are, and all but these figures, by code and by what a row is of. One reason is told for all of them, since which of them
    /// it holds for would tell about the others.
    AllBut(BTreeSet<(&'static str, &'a str)>, Suppressed),
}

impl<'a> Verdict<'a> {
    /// All of them.
    pub(super) fn all() -> Self {
        Self::AllBut(BTreeSet::new(), Suppressed::FewCases)
    }

    /// All but what there are reasons not to tell.
    pub(super) fn all_but(left_out: BTreeMap<(&'static str, &'a str), Suppressed>) -> Self {
        let why = left_out.values().min().copied().unwrap_or(Suppressed::FewCases);
        Self::AllBut(left_out.into_keys().collect(), why)
    }
}
