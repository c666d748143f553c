//! Whoever reads every sheet that it may, and adds and takes off what they tell in whatever way: what is left is never few cases of others, nor one
//! other council's alone.
//!
//! The attacker knows which councils are in which framework, its own cases, what it is told, and even in which cells there is nothing. A figure is
//! an equation: so many cases lie in these cells (a council, a provider, a kind). All equations are taken together, and it is asked of their span
//! whether some combination, with whatever factors, is of few cases alone or of one other council's. Not compared is what it was told on different
//! days.

use crate::world::{
    World, came, council, date_in_q1, declined, home, id, left, noon, offered, opened, placement, posted,
    provider, released,
};
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

/// Where the home is: within 20 miles, beyond, or nobody knows.
const ANCHORS: [Option<&str>; 3] = [Some("DL0 1"), Some("DL9 9"), None];
/// Who operates the homes.
const OPERATORS: [Option<usize>; PROVIDERS] = [None, Some(0), Some(4)];
/// How long each child stays.
const NIGHTS: u64 = 10;

/// The council, the provider (of stays the home), the kind.
type Cell = (usize, usize, usize);

/// So many cases of a council and a provider, of a kind.
type Cases = (usize, usize, usize, u32);

#[derive(Debug, Clone)]
struct Region {
    /// The members of `north`, `south` and so on, in the order in which they began; the first of each leads it.
    frameworks: Vec<Vec<usize>>,
    answers: Vec<Cases>,
    /// Of which the kind is the route, and the anchor. Routes and anchors are attacked one by one.
    agreements: Vec<Cases>,
    /// Of which the provider is the home, and the kind none.
    stays: Vec<Cases>,
}

fn region() -> impl Strategy<Value = Region> {
    let times = || prop_oneof![2 => 1..5_u32, 3 => 5..12_u32];
    let cases = |kinds: usize| (0..COUNCILS, 0..PROVIDERS, 0..kinds, times());
    let members = prop::sample::subsequence((0..COUNCILS).collect::<Vec<_>>(), 2..=COUNCILS).prop_shuffle();
    (
        prop::collection::vec(members, 1..=2),
        prop::collection::vec(cases(ANSWERS), 1..25),
        prop::collection::vec(cases(ROUTES * ANCHORS.len()), 1..25),
        prop::collection::vec(cases(1), 1..10),
    )
        .prop_map(|(beside, answers, agreements, stays)| {
            let north = vec![0, 1, 2, 3, 4];
            Region { frameworks: [vec![north], beside].concat(), answers, agreements, stays }
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
        for (n, operator) in OPERATORS.into_iter().enumerate() {
            world.hear(&home(n, &provider(n), operator.map(council)));
        }
        for (of, them, kind, times) in &self.agreements {
            for _ in 0..*times {
                n += 1;
                let mut made = placement(n, council(*of), &provider(*them), date_in_q1());
                match kind % ROUTES {
                    0 => (made.route, made.framework, made.ceiling) = ("IN_HOUSE", None, None),
                    1 => (made.route, made.framework, made.ceiling) = ("SPOT", None, None),
                    2 => made.ceiling = None,
                    route => made.framework = Some(id(FRAMEWORKS[route - 3])),
                }
                world.hear(&posted(council(*of), n, ANCHORS[kind / ROUTES]));
                world.placements.push(made);
            }
        }
        for (of, home, _, times) in &self.stays {
            for _ in 0..*times {
                n += 1;
                let (us, from) = (council(*of), date_in_q1());
                world.hear(&opened(n, *home, from));
                world.hear(&came(n, us, n, from));
                let until = from.checked_add(jiff::Span::new().days(i64::try_from(NIGHTS).unwrap())).unwrap();
                world.hear(&left(n, us, n, until));
            }
        }
        world
    }

    /// How many cases there are in each cell.
    fn counted(cases: &[Cases]) -> BTreeMap<Cell, u64> {
        let mut counted = BTreeMap::new();
        for (of, them, kind, times) in cases {
            *counted.entry((*of, *them, *kind)).or_default() += u64::from(*times);
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
}

/// What the rows of a sheet tell of answers: kinds, and how many cases of them.
fn told_of_answers(rows: &[Row], _: usize) -> Vec<(Vec<usize>, i64)> {
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

/// How an agreement's kind goes by route, or by where the home is.
fn by_route(routes: impl Fn(usize) -> bool) -> Vec<usize> {
    (0..ROUTES * ANCHORS.len()).filter(|kind| routes(kind % ROUTES)).collect()
}

/// As [`told_of_answers`], of routes and prices.
fn told_of_routes(rows: &[Row], framework: usize) -> Vec<(Vec<usize>, i64)> {
    let row = |kpi: &str| rows.iter().find(|row| row.kpi == kpi).unwrap();
    let told = [
        (by_route(|_| true), row("ROUTE_SPOT").denominator),
        (by_route(|route| route == 0), row("ROUTE_IN_HOUSE").numerator),
        (by_route(|route| route == 1), row("ROUTE_SPOT").numerator),
        (by_route(|route| route >= 2), row("ROUTE_FRAMEWORK").numerator),
        (by_route(|route| route == 3 + framework), row("PRICE_OF_CEILING").denominator),
    ];
    told.into_iter().filter_map(|(kinds, cases)| Some((kinds, cases?))).collect()
}

/// As [`told_of_answers`], of where the homes are of which that is known, and of all.
fn told_of_distances(rows: &[Row], _: usize) -> Vec<(Vec<usize>, i64)> {
    let row = |kpi: &str| rows.iter().find(|row| row.kpi == kpi).unwrap();
    let told = [
        (by_route(|_| true), row("ROUTE_SPOT").denominator),
        ((0..2 * ROUTES).collect(), row("WITHIN_20_MILES").denominator),
        ((0..ROUTES).collect(), row("WITHIN_20_MILES").numerator),
    ];
    told.into_iter().filter_map(|(kinds, cases)| Some((kinds, cases?))).collect()
}

/// As [`told_of_answers`], of the nights on which places were filled.
fn told_of_stays(rows: &[Row], _: usize) -> Vec<(Vec<usize>, i64)> {
    let nights = rows.iter().find(|row| row.kpi == "FILL").and_then(|row| row.numerator);
    nights.map(|nights| (vec![0], nights / i64::try_from(NIGHTS).unwrap())).into_iter().collect()
}

/// What an equation is of: a number for each unknown.
type Line = Vec<u64>;

/// Numbers are taken modulo a prime, 2^61 - 1: what is no combination with these is none with fractions, but by an unlikely accident.
const PRIME: u64 = (1 << 61) - 1;

fn times(one: u64, other: u64) -> u64 {
    u64::try_from(u128::from(one) * u128::from(other) % u128::from(PRIME)).unwrap()
}

fn inverse(of: u64) -> u64 {
    let (mut power, mut rest, mut result) = (of, PRIME - 2, 1);
    while rest > 0 {
        if rest % 2 == 1 {
            result = times(result, power);
        }
        power = times(power, power);
        rest /= 2;
    }
    result
}

/// How many of the equations do not follow from the others.
fn rank(mut lines: Vec<Line>) -> usize {
    let mut rank = 0;
    for column in 0..lines.first().map_or(0, Vec::len) {
        let Some(at) = (rank..lines.len()).find(|at| lines[*at][column] != 0) else { continue };
        lines.swap(rank, at);
        let pivot = lines[rank].clone();
        for line in &mut lines[rank + 1..] {
            let factor = times(line[column], inverse(pivot[column]));
            for (number, off) in line.iter_mut().zip(&pivot) {
                *number = (*number + PRIME - times(factor, *off)) % PRIME;
            }
        }
        rank += 1;
    }
    rank
}

/// Cells that every equation takes alike.
#[derive(Debug, Default)]
struct Alike {
    cases: u64,
    /// The councils that are known as that of each of them: it bought, or operates the home.
    councils: Option<BTreeSet<usize>>,
}

/// Sets of these of few cases together.
fn few(alike: &[Alike]) -> Vec<BTreeSet<usize>> {
    let mut sets = vec![(BTreeSet::new(), 0)];
    for (n, it) in alike.iter().enumerate().filter(|(_, it)| it.cases < CASES_MIN) {
        let with = |(set, cases): &(BTreeSet<usize>, u64)| {
            (set.iter().copied().chain([n]).collect(), cases + it.cases)
        };
        let more: Vec<_> = sets.iter().map(with).filter(|(_, cases)| *cases < CASES_MIN).collect();
        sets.extend(more);
    }
    sets.into_iter().map(|(set, _)| set).filter(|set| !set.is_empty()).collect()
}

/// Reads off the rows of a framework's sheet what they tell: kinds, and how many cases of them.
type Reading = fn(&[Row], usize) -> Vec<(Vec<usize>, i64)>;

/// What of the region is attacked.
struct Attacked<'r> {
    cases: &'r [Cases],
    told: Reading,
    /// Whose a cell is.
    whose: fn(Cell) -> BTreeSet<usize>,
    /// The providers of a framework are read as well.
    by_provider: bool,
    /// Of members alone, and not of whoever comes to the providers.
    of_members: bool,
}

/// Tries everything for one onlooker.
fn attack(region: &Region, world: &World, onlooker: usize, it: &Attacked<'_>) {
    let counted = Region::counted(it.cases);
    let others: Vec<Cell> =
        counted.keys().copied().filter(|cell| !(it.whose)(*cell).contains(&onlooker)).collect();
    let quarters = Quarters::new(id(Q1), id(Q1)).unwrap();
    let mut lines: Vec<Line> = Vec::new();
    for (n, providers, scope, viewer) in region.sheets(onlooker) {
        if !it.by_provider && matches!(scope, Scope::Provider(_)) {
            continue;
        }
        for (kinds, cases) in (it.told)(&world.rows(&scope, &viewer, quarters), n) {
            let is_in = |(of, them, kind): &Cell| {
                (!it.of_members || region.frameworks[n].contains(of))
                    && providers.contains(them)
                    && kinds.contains(kind)
            };
            let all: u64 = counted.iter().filter(|(cell, _)| is_in(cell)).map(|(_, cases)| cases).sum();
            assert_eq!(all, u64::try_from(cases).unwrap(), "{scope:?} {viewer:?} {kinds:?}");
            lines.push(others.iter().map(|cell| u64::from(is_in(cell))).collect());
        }
    }
    // What is in each column alike, is known together or not at all.
    let mut columns: BTreeMap<Vec<u64>, Alike> = BTreeMap::new();
    for (at, cell) in others.iter().enumerate() {
        let column: Vec<u64> = lines.iter().map(|line| line[at]).collect();
        let alike = columns.entry(column).or_default();
        alike.cases += counted[cell];
        let whose = (it.whose)(*cell);
        alike.councils = Some(alike.councils.take().map_or(whose.clone(), |councils| &councils & &whose));
    }
    let (columns, alike): (Vec<Vec<u64>>, Vec<Alike>) =
        columns.into_iter().filter(|(column, _)| column.iter().any(|number| *number != 0)).unzip();
    let without = |gone: &BTreeSet<usize>| {
        let line = |at: usize| {
            columns
                .iter()
                .enumerate()
                .filter(|(n, _)| !gone.contains(n))
                .map(|(_, column)| column[at])
                .collect()
        };
        rank((0..lines.len()).map(line).collect())
    };
    let all = without(&BTreeSet::new());
    for set in few(&alike) {
        assert_eq!(without(&set), all, "council {onlooker} is told of few cases in {alike:?}: {set:?}");
    }
    for of in (0..COUNCILS).filter(|of| *of != onlooker) {
        let its =
            alike.iter().enumerate().filter(|(_, alike)| alike.councils.as_ref().unwrap().contains(&of));
        let its: BTreeSet<usize> = its.map(|(n, _)| n).collect();
        assert_eq!(without(&its), all, "council {onlooker} is told of council {of} alone in {alike:?}");
    }
}

fn attack_all(region: &Region) {
    let world = region.world();
    let of_council = |(of, _, _): Cell| BTreeSet::from([of]);
    let or_operator = |(of, home, _): Cell| BTreeSet::from_iter([of].into_iter().chain(OPERATORS[home]));
    let cases = |cases, told, whose, by_provider| Attacked {
        cases,
        told,
        whose,
        by_provider,
        of_members: by_provider,
    };
    for onlooker in 0..COUNCILS {
        attack(region, &world, onlooker, &cases(&region.answers, told_of_answers, of_council, true));
        attack(region, &world, onlooker, &cases(&region.agreements, told_of_routes, of_council, true));
        attack(region, &world, onlooker, &cases(&region.agreements, told_of_distances, of_council, true));
        attack(region, &world, onlooker, &cases(&region.stays, told_of_stays, or_operator, false));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn who_reads_all_that_it_may_and_takes_one_off_another_learns_of_no_few_and_of_no_other_alone(region in region()) {
        attack_all(&region);
    }
}

/// Each council in as many cells as make figures of several sheets worth telling: the attacker has something to attack.
#[test]
fn a_region_with_many_cases_is_told_much() {
    let each = |kinds: usize| {
        let cells = (0..5).flat_map(move |of| {
            (0..PROVIDERS).flat_map(move |them| (0..kinds).map(move |kind| (of, them, kind, 6)))
        });
        cells.collect::<Vec<Cases>>()
    };
    let frameworks = vec![vec![0, 1, 2, 3, 4], vec![0, 1, 2], vec![1, 3, 4]];
    let agreements = each(ROUTES * ANCHORS.len());
    let region = Region { frameworks, answers: each(ANSWERS), agreements, stays: each(1) };
    attack_all(&region);
    let world = region.world();
    let quarters = Quarters::new(id(Q1), id(Q1)).unwrap();
    let told = |n: usize, of_provider: bool| {
        let framework = id(FRAMEWORKS[n]);
        let scope =
            if of_provider { Scope::Provider(provider(0)) } else { Scope::Framework(id(FRAMEWORKS[n])) };
        let rows = world.rows(&scope, &Viewer::Lead(framework), quarters);
        rows.iter()
            .filter(|row| row.suppressed.is_none() && row.denominator.is_some_and(|cases| cases > 0))
            .count()
    };
    assert_eq!([0, 1, 2].map(|n| (told(n, false), told(n, true))), [(22, 20), (21, 20), (21, 20)]);
}
