//! Whoever reads every sheet that it may, adds parts of them up and takes one off another: what is left is never few cases of others, nor one
//! other council's alone.
//!
//! The attacker knows which councils are in which framework, its own cases, and what it is told. A sheet's figure is a set of cells (a council, a
//! provider, a kind) and how many cases lie in them. It adds up what one sheet tells, and takes sets off others that they are part of, twice. It
//! does not know of a cell that it is empty, nor compares what it was told on different days.

use crate::world::{World, council, date_in_q1, declined, id, noon, offered, placement, provider, released};
use contracts_domain::monitoring::{CASES_MIN, Quarters, Row, Scope, Viewer};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

const Q1: &str = "2026-27-Q1";
const COUNCILS: usize = 6;
const PROVIDERS: usize = 3;
const REASONS: [&str; 3] = ["NEED", "MATCHING", "PRICE"];
const FRAMEWORKS: [&str; 3] = ["north", "south", "west"];

/// What an invitation came to: an offer, no answer, or a decline for one of the reasons.
const ANSWERS: usize = 2 + REASONS.len();
/// How an agreement was bought: in house, spot, off a framework without a known ceiling, or off each of the frameworks.
const ROUTES: usize = 3 + FRAMEWORKS.len();

/// Cells, as bits: the council, in it the provider, in it the kind.
type Cells = u128;

fn cell(council: usize, provider: usize, kind: usize) -> Cells {
    1 << ((council * PROVIDERS + provider) * ROUTES + kind)
}

/// So many cases of a council and a provider, of a kind.
type Cases = (usize, usize, usize, u32);

#[derive(Debug, Clone)]
struct Region {
    /// The members of `north`, `south` and so on, in the order in which they began; the first of each leads it.
    frameworks: Vec<Vec<usize>>,
    answers: Vec<Cases>,
    agreements: Vec<Cases>,
}

fn region() -> impl Strategy<Value = Region> {
    let times = || prop_oneof![2 => 1..5_u32, 3 => 5..12_u32];
    let cases = |kinds: usize| (0..COUNCILS, 0..PROVIDERS, 0..kinds, times());
    let members = prop::sample::subsequence((0..COUNCILS).collect::<Vec<_>>(), 2..=COUNCILS).prop_shuffle();
    (
        prop::collection::vec(members, 1..=2),
        prop::collection::vec(cases(ANSWERS), 1..25),
        prop::collection::vec(cases(ROUTES), 1..25),
    )
        .prop_map(|(beside, answers, agreements)| {
            let north = vec![0, 1, 2, 3, 4];
            Region { frameworks: [vec![north], beside].concat(), answers, agreements }
        })
}

impl Region {
    fn world(&self) -> World {
        let mut world = World { beside: Vec::new(), ..World::default() };
        world.beside = FRAMEWORKS.into_iter().zip(self.frameworks.iter().cloned()).skip(1).collect();
        let mut n = 0;
        for (of, them, answer, times) in &self.answers {
            for _ in 0..*times {
                n += 1;
                let (us, them) = (council(*of), provider(*them));
                world.hear(&released(us, n, &them, noon(date_in_q1(), 0)));
                match answer {
                    0 => world.hear(&offered(us, n, &them, noon(date_in_q1(), 5))),
                    1 => {}
                    _ => world.hear(&declined(us, n, &them, REASONS[answer - 2])),
                }
            }
        }
        for (of, them, route, times) in &self.agreements {
            for _ in 0..*times {
                n += 1;
                let mut made = placement(n, council(*of), &provider(*them), date_in_q1());
                match route {
                    0 => (made.route, made.framework, made.ceiling) = ("IN_HOUSE", None, None),
                    1 => (made.route, made.framework, made.ceiling) = ("SPOT", None, None),
                    2 => made.ceiling = None,
                    _ => made.framework = Some(id(FRAMEWORKS[route - 3])),
                }
                world.placements.push(made);
            }
        }
        world
    }

    /// How many cases there are in each cell.
    fn counted(cases: &[Cases]) -> BTreeMap<Cells, u64> {
        let mut counted = BTreeMap::new();
        for (of, them, kind, times) in cases {
            *counted.entry(cell(*of, *them, *kind)).or_default() += u64::from(*times);
        }
        counted
    }

    /// Every sheet that a council may read beside its own: the framework's place, the providers that it is of, and as whom it is read.
    fn sheets(&self, onlooker: usize) -> Vec<(usize, Vec<usize>, Scope, Viewer)> {
        let mut sheets = Vec::new();
        for (n, members) in self.frameworks.iter().enumerate() {
            let of_framework = || (n, (0..PROVIDERS).collect(), Scope::Framework(id(FRAMEWORKS[n])));
            let mut add = |(n, of, scope), viewer| sheets.push((n, of, scope, viewer));
            if members.contains(&onlooker) {
                add(of_framework(), Viewer::Member(council(onlooker)));
            }
            if members[0] == onlooker {
                let lead = || Viewer::Lead(id(FRAMEWORKS[n]));
                add(of_framework(), lead());
                for p in 0..PROVIDERS {
                    add((n, vec![p], Scope::Provider(provider(p))), lead());
                }
            }
        }
        sheets
    }

    /// The cells of these kinds in a sheet.
    fn cells(&self, n: usize, providers: &[usize], kinds: impl Iterator<Item = usize> + Clone) -> Cells {
        let members = self.frameworks[n].iter();
        let each = members.flat_map(|of| providers.iter().map(move |them| (*of, *them)));
        each.flat_map(|(of, them)| kinds.clone().map(move |kind| cell(of, them, kind))).sum()
    }
}

/// What the rows of a sheet tell of answers: kinds, and how many cases of them.
fn told_of_answers(rows: &[Row]) -> Vec<(Vec<usize>, i64)> {
    let row = |kpi: &str, of: &str| rows.iter().find(|row| row.kpi == kpi && row.of == of).unwrap();
    let all = || (0..ANSWERS).collect::<Vec<_>>();
    let mut told = vec![
        (all(), row("OFFER_RATE", "").denominator),
        (all(), row("UNANSWERED", "").denominator),
        (vec![0], row("OFFER_RATE", "").numerator),
        (vec![0], row("TIME_TO_OFFER_MEDIAN", "").denominator),
        (vec![1], row("UNANSWERED", "").numerator),
    ];
    for (n, reason) in REASONS.iter().enumerate() {
        told.push(((2..ANSWERS).collect(), row("DECLINES", reason).denominator));
        told.push((vec![2 + n], row("DECLINES", reason).numerator));
    }
    told.into_iter().filter_map(|(kinds, cases)| Some((kinds, cases?))).collect()
}

/// As [`told_of_answers`], of agreements and prices.
fn told_of_agreements(rows: &[Row], framework: usize) -> Vec<(Vec<usize>, i64)> {
    let row = |kpi: &str| rows.iter().find(|row| row.kpi == kpi).unwrap();
    let told = [
        ((0..ROUTES).collect(), row("ROUTE_SPOT").denominator),
        (vec![0], row("ROUTE_IN_HOUSE").numerator),
        (vec![1], row("ROUTE_SPOT").numerator),
        ((2..ROUTES).collect(), row("ROUTE_FRAMEWORK").numerator),
        (vec![3 + framework], row("PRICE_OF_CEILING").denominator),
    ];
    told.into_iter().filter_map(|(kinds, cases)| Some((kinds, cases?))).collect()
}

/// All that can be added up and taken off within one sheet.
fn closed(told: &BTreeSet<Cells>) -> BTreeSet<Cells> {
    let mut all = told.clone();
    loop {
        let more = all.iter().flat_map(|one| {
            let of_two = move |other: &Cells| match one & other {
                0 => Some(one | other),
                both if both == *other && one != other => Some(one & !other),
                _ => None,
            };
            all.iter().filter_map(of_two)
        });
        let more: BTreeSet<Cells> = more.filter(|cells| *cells != 0 && !all.contains(cells)).collect();
        if more.is_empty() {
            return all;
        }
        all.extend(more);
    }
}

/// What is left where sets are taken off those that they are part of.
fn left(of: &BTreeSet<Cells>, off: &BTreeSet<Cells>) -> BTreeSet<Cells> {
    let each =
        of.iter().flat_map(|of| off.iter().filter(move |off| *of & **off == **off).map(move |off| of & !off));
    each.filter(|cells| *cells != 0).collect()
}

/// Tries all of it for one onlooker, of what `told` says of each sheet's rows.
fn attack(
    region: &Region,
    world: &World,
    onlooker: usize,
    cases: &[Cases],
    told: impl Fn(&[Row], usize) -> Vec<(Vec<usize>, i64)>,
) {
    let counted = Region::counted(cases);
    let count = |cells: Cells| {
        counted.iter().filter(|(cell, _)| *cell & cells != 0).map(|(_, cases)| cases).sum::<u64>()
    };
    let of_council =
        |of: usize| (0..PROVIDERS * ROUTES).map(|n| 1 << (of * PROVIDERS * ROUTES + n)).sum::<Cells>();
    let others = !of_council(onlooker);
    let quarters = Quarters::new(id(Q1), id(Q1)).unwrap();
    let (mut published, mut sums) = (BTreeSet::new(), BTreeSet::new());
    for (n, providers, scope, viewer) in region.sheets(onlooker) {
        let mut of_sheet = BTreeSet::new();
        for (kinds, cases) in told(&world.rows(&scope, &viewer, quarters), n) {
            let cells = region.cells(n, &providers, kinds.iter().copied());
            assert_eq!(count(cells), u64::try_from(cases).unwrap(), "{scope:?} {viewer:?} {kinds:?}");
            of_sheet.insert(cells & others);
        }
        of_sheet.remove(&0);
        sums.extend(closed(&of_sheet));
        published.extend(of_sheet);
    }
    let once = left(&sums, &sums);
    let twice = left(&once, &published);
    for cells in sums.iter().chain(&once).chain(&twice) {
        let whose: Vec<usize> = (0..COUNCILS).filter(|of| count(cells & of_council(*of)) > 0).collect();
        let cases = count(*cells);
        assert!(!(1..CASES_MIN).contains(&cases), "council {onlooker} is told of {cases} cases of {whose:?}");
        assert!(whose.len() != 1, "council {onlooker} is told of {cases} cases of {whose:?} alone");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn who_reads_all_that_it_may_and_takes_one_off_another_learns_of_no_few_and_of_no_other_alone(region in region()) {
        let world = region.world();
        for onlooker in 0..COUNCILS {
            attack(&region, &world, onlooker, &region.answers, |rows, _| told_of_answers(rows));
            attack(&region, &world, onlooker, &region.agreements, told_of_agreements);
        }
    }
}
