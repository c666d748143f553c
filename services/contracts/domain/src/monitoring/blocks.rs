//! Cases in blocks, so that whatever is told is a sum of blocks and no block may be hidden from.
//!
//! All cases that one who reads several sheets could be told of begin outside. A figure that is told cuts the blocks that it has a part of in two:
//! what is in it, and what is not. It is told only if each block is still as good as a figure by itself; what is in no figure at all stays outside
//! and need not be. So it does not matter which sums of figures are taken off which others: what comes out is made of whole blocks, none of which
//! tells of few cases, or of one other council's alone. A reader is taken to know each block, though it may be told sums of some alone.

use super::disclosure::{CASES_MIN, Suppressed};
use care::{AwardId, CouncilId};
use std::collections::{BTreeMap, BTreeSet};

/// Which case it is: nights of one may lie in several cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum CaseId {
    /// A child's stay, with the nights on which it has the other places of the home for itself.
    Stay(AwardId),
    /// Any other, by number.
    Nth(u64),
}

/// Whose a case is: a council's and, of nights, also the council's that operates the home.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Whose {
    pub(super) council: CouncilId,
    pub(super) operator: Option<CouncilId>,
}

impl Whose {
    fn is(self, council: CouncilId) -> bool {
        self.council == council || self.operator == Some(council)
    }
}

/// The cases that no sheet tells apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Cell {
    cases: u64,
    /// Some of them of each, [`CASES_MIN`] at most: of more it is not asked which they are.
    some: BTreeMap<Whose, BTreeSet<CaseId>>,
}

impl Cell {
    /// Takes a case in.
    pub(super) fn add(&mut self, whose: Whose, case: CaseId) {
        self.cases += 1;
        let some = self.some.entry(whose).or_default();
        if u64::try_from(some.len()).is_ok_and(|cases| cases < CASES_MIN) {
            some.insert(case);
        }
    }
}

/// Why cells may not be told together to an onlooker, if they may not. That there is nothing may be.
fn judged(cells: &[&Cell], onlooker: CouncilId) -> Option<Suppressed> {
    let mut all: BTreeMap<Whose, BTreeSet<CaseId>> = BTreeMap::new();
    for (whose, some) in cells.iter().flat_map(|cell| &cell.some) {
        all.entry(*whose).or_default().extend(some);
    }
    let count = |of: &dyn Fn(Whose) -> bool| {
        all.iter().filter(|(whose, _)| of(**whose)).map(|(_, cases)| cases.len() as u64).sum::<u64>()
    };
    let others = |whose: Whose| !whose.is(onlooker);
    let first = all.keys().copied().find(|whose| others(*whose))?;
    if count(&|_| true) < CASES_MIN {
        return Some(Suppressed::FewCases);
    }
    // Whoever has all of them has the first.
    let has_all = |council| all.keys().filter(|whose| others(**whose)).all(|whose| whose.is(council));
    let alone = [Some(first.council), first.operator].into_iter().flatten().any(has_all);
    (alone || count(&others) < CASES_MIN).then_some(Suppressed::TellsAnother)
}

/// What is in no figure.
const OUTSIDE: usize = 0;

/// Cells of some name, and which of them are known only together.
#[derive(Debug, Clone)]
pub(super) struct Blocks<K> {
    onlooker: CouncilId,
    cells: Vec<(K, Cell)>,
    block: Vec<usize>,
}

impl<K> Blocks<K> {
    /// All of these cells, nothing of which is told yet.
    pub(super) fn of(cells: impl IntoIterator<Item = (K, Cell)>, onlooker: CouncilId) -> Self {
        let cells: Vec<_> = cells.into_iter().collect();
        let block = vec![OUTSIDE; cells.len()];
        Self { onlooker, cells, block }
    }

    /// The names of the cells.
    pub(super) fn names(&self) -> impl Iterator<Item = &K> {
        self.cells.iter().map(|(name, _)| name)
    }

    /// How many cases a figure is of; of nights each once for each cell that it has nights in.
    pub(super) fn cases(&self, figure: impl Fn(&K) -> bool) -> u64 {
        self.cells.iter().filter(|(name, _)| figure(name)).map(|(_, cell)| cell.cases).sum()
    }

    /// How many councils have cases that a figure is of.
    pub(super) fn councils(&self, figure: impl Fn(&K) -> bool) -> usize {
        let cells = self.cells.iter().filter(|(name, _)| figure(name));
        let councils = cells.flat_map(|(_, cell)| cell.some.keys().map(|whose| whose.council));
        councils.collect::<BTreeSet<_>>().len()
    }

    /// Tells these figures together unless there is a reason against, which is given.
    pub(super) fn tell(&mut self, figures: &[&dyn Fn(&K) -> bool]) -> Option<Suppressed> {
        let mut parts: BTreeMap<(usize, Vec<bool>), Vec<usize>> = BTreeMap::new();
        for (at, ((name, _), block)) in self.cells.iter().zip(&self.block).enumerate() {
            let within = figures.iter().map(|figure| figure(name)).collect();
            parts.entry((*block, within)).or_default().push(at);
        }
        let mut of_block: BTreeMap<usize, u32> = BTreeMap::new();
        parts.keys().for_each(|(block, _)| *of_block.entry(*block).or_default() += 1);
        let stays = |block: usize, within: &[bool]| block == OUTSIDE && !within.contains(&true);
        let is_cut = |block: usize| block == OUTSIDE || of_block.get(&block).is_some_and(|parts| *parts > 1);
        let cut = parts.iter().filter(|((block, within), _)| is_cut(*block) && !stays(*block, within));
        let reasons = cut.filter_map(|(_, at)| {
            let cells = at.iter().filter_map(|at| self.cells.get(*at)).map(|(_, cell)| cell);
            judged(&cells.collect::<Vec<_>>(), self.onlooker)
        });
        let why = reasons.min();
        if why.is_none() {
            let told = parts.iter().filter(|((block, within), _)| !stays(*block, within));
            for (number, (_, cells)) in (OUTSIDE + 1..).zip(told) {
                for cell in cells {
                    self.block.get_mut(*cell).into_iter().for_each(|block| *block = number);
                }
            }
        }
        why
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn council(n: u8) -> CouncilId {
        format!("E0600000{n}").parse().unwrap_or_else(|_| panic!("{n} is no council"))
    }

    /// Cells by name, in which councils have so many cases; council 9 looks.
    fn blocks(cells: &[(&'static str, &[(u8, u64)])]) -> Blocks<&'static str> {
        let mut number = 0;
        let cells = cells.iter().map(|(name, of_each)| {
            let mut cell = Cell::default();
            for (of, cases) in *of_each {
                for _ in 0..*cases {
                    number += 1;
                    cell.add(Whose { council: council(*of), operator: None }, CaseId::Nth(number));
                }
            }
            (*name, cell)
        });
        Blocks::of(cells.collect::<Vec<_>>(), council(9))
    }

    fn tell(blocks: &mut Blocks<&'static str>, names: &[&str]) -> Option<Suppressed> {
        blocks.tell(&[&|name: &&'static str| names.contains(name)])
    }

    #[test]
    fn a_figure_is_told_unless_it_leaves_a_block_of_few_or_of_one_other_council() {
        let mut cells = blocks(&[
            ("a", &[(1, 3), (2, 3)]),
            ("b", &[(1, 6)]),
            ("c", &[(2, 2), (1, 2)]),
            ("d", &[(1, 4), (2, 4)]),
        ]);
        assert_eq!(tell(&mut cells, &["b"]), Some(Suppressed::TellsAnother));
        assert_eq!(tell(&mut cells, &["c"]), Some(Suppressed::FewCases));
        assert_eq!(tell(&mut cells, &["a", "b", "c"]), None);
        assert_eq!(tell(&mut cells, &["a", "b"]), Some(Suppressed::FewCases), "c is left of what is told");
        assert_eq!(tell(&mut cells, &["b", "c", "d"]), None, "a is left, and d was outside");
        assert_eq!(tell(&mut cells, &["a", "d"]), None, "a sum of blocks tells nothing new");
        assert_eq!(tell(&mut cells, &[]), None);
    }

    #[test]
    fn ones_own_cases_are_taken_off() {
        assert_eq!(tell(&mut blocks(&[("a", &[(9, 3)])]), &["a"]), None);
        assert_eq!(tell(&mut blocks(&[("a", &[(9, 7), (1, 6)])]), &["a"]), Some(Suppressed::TellsAnother));
        assert_eq!(
            tell(&mut blocks(&[("a", &[(9, 7), (1, 2), (2, 2)])]), &["a"]),
            Some(Suppressed::TellsAnother)
        );
        assert_eq!(tell(&mut blocks(&[("a", &[(9, 7), (1, 2), (2, 3)])]), &["a"]), None);
    }

    /// The nights of one stay are one case, in however many cells they lie; and those in one council's homes are that council's as well.
    #[test]
    fn nights_of_one_stay_are_one_case() {
        let stay = |n| CaseId::Stay(AwardId(uuid::Uuid::from_u128(n)));
        let homes = |operator: Option<CouncilId>, stays: u128| {
            let (mut one, mut other) = (Cell::default(), Cell::default());
            for n in 0..stays {
                let of = Whose { council: council(if n % 2 == 0 { 1 } else { 2 }), operator };
                one.add(of, stay(n));
                other.add(of, stay(n));
            }
            let mut blocks = Blocks::of([("one", one), ("other", other)], council(9));
            tell(&mut blocks, &["one", "other"])
        };
        assert_eq!(homes(None, 4), Some(Suppressed::FewCases));
        assert_eq!(homes(None, 5), None);
        assert_eq!(homes(Some(council(3)), 8), Some(Suppressed::TellsAnother), "it is council 3's occupancy");
        assert_eq!(homes(Some(council(9)), 8), None, "who is in its own homes a council knows");
    }
}
