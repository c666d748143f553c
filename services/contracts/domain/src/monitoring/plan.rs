//! What is told of all the sheets that one council may read, decided in one go.
//!
//! The figures are gone through in a fixed order, whichever of them is asked for: the frameworks that the onlooker reads, in the order in which they
//! began; then the providers of those that it leads, the largest first. Of each sheet a family's total comes first, then its figures, the largest
//! first. One is told if it gives nothing away with all that is told before it ([`Blocks`]). What the onlooker reads of its own is taken off
//! there.
//!
//! Families of the same cases are decided together: reasons with the answers that they are of, prices with the agreements. Of distance and grade
//! the agreements of which they are not known are a block as well, since how many agreements there are is told.

use super::blocks::{Blocks, CaseId, Cell, Whose};
use super::cases::{Case, FRAMEWORK, Family, Wanted, each_case};
use super::disclosure::{PRICE_COUNCILS_MIN, Suppressed, Verdict};
use super::figures::Sheet;
use super::kpis::{KPIS, Kpi, Made};
use super::quarter::{Quarter, Quarters};
use super::report::{Facts, Told};
use super::spans::{common, joined, without};
use crate::frameworks::Framework;
use care::{CouncilId, FrameworkId, Nights, ProviderId};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// Frameworks, by their places in the order.
type Places = BTreeSet<usize>;
/// A framework with its name.
pub(super) type Named<'a> = (&'a FrameworkId, &'a Framework);

/// Agreements of which the fact is not known.
const UNKNOWN: &str = "UNKNOWN";
/// Nights of block beds without a child.
const EMPTY: &str = "EMPTY";
/// Nights of block beds with a child.
const FILLED: &str = "FILLED";

/// What sheets tell cases apart by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Name<'a> {
    frameworks: Places,
    provider: &'a ProviderId,
    family: Family,
    kind: &'a str,
    /// The framework that it was called off from at a price that is counted.
    priced: Option<usize>,
}

/// A sheet: a framework's, or a provider's for a framework's members.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Page<'a> {
    framework: usize,
    provider: Option<&'a ProviderId>,
}

impl<'a> Page<'a> {
    fn has(self, name: &Name<'a>) -> bool {
        name.frameworks.contains(&self.framework) && self.provider.is_none_or(|it| it == name.provider)
    }

    /// Whether a case is of a family on this page.
    fn has_of(self, family: Family, name: &Name<'a>) -> bool {
        let is_of = match family {
            Family::Declines | Family::Voids => name.family == family,
            Family::Price => name.priced == Some(self.framework),
            Family::Distance | Family::Grade => name.kind != UNKNOWN,
            _ => true,
        };
        is_of && self.has(name)
    }
}

/// Whether a figure's numerator, or what is measured, is of a case of its family.
fn counts(kpi: &Kpi, row: &str, name: &Name<'_>) -> bool {
    match (kpi.made, kpi.family) {
        (Made::Share(kinds), family) => name.family == family && kinds.contains(&name.kind),
        (Made::Each, _) => name.kind == row,
        (Made::Percentile(_), Family::Answers) => name.family == Family::Answers && name.kind == "OFFERED",
        (Made::Nights, Family::Voids) => name.kind == EMPTY,
        (Made::Nights, Family::Bought) => name.kind == "RESERVED",
        (Made::Percentile(_) | Made::Nights | Made::Money, _) => true,
    }
}

/// What is told of one sheet that an onlooker reads.
pub(super) struct Plan<'a> {
    onlooker: CouncilId,
    frameworks: Vec<Named<'a>>,
    /// The sheet that is asked for.
    page: Page<'a>,
    sheets: BTreeMap<(Quarter, Family), Sheet<'a>>,
    /// By quarter and the widest family.
    cells: BTreeMap<(Quarter, Family), BTreeMap<Name<'a>, Cell>>,
    cases: u64,
    verdicts: BTreeMap<(Quarter, Family), Verdict<'a>>,
}

impl<'a> Plan<'a> {
    /// What is told of one of these frameworks, all of which the onlooker reads, in this order; or of a provider of it, if the onlooker leads it.
    pub(super) fn of(
        facts: &Facts<'a>,
        mut frameworks: Vec<Named<'a>>,
        (framework, provider): (&FrameworkId, Option<&'a ProviderId>),
        onlooker: CouncilId,
        quarters: Quarters,
    ) -> Self {
        let framework = frameworks.iter().position(|(id, _)| *id == framework).unwrap_or(frameworks.len());
        if provider.is_none() {
            // What comes later in the order changes nothing.
            frameworks.truncate(framework + 1);
        }
        let mut plan = Self {
            onlooker,
            frameworks,
            page: Page { framework, provider },
            sheets: BTreeMap::new(),
            cells: BTreeMap::new(),
            cases: 0,
            verdicts: BTreeMap::new(),
        };
        let all: Vec<&Framework> = plan.frameworks.iter().map(|(_, framework)| *framework).collect();
        each_case(facts, Wanted::Frameworks(&all), quarters, &mut |case| plan.take(&case));
        for quarter in quarters.iter() {
            plan.decide(quarter);
        }
        plan
    }

    /// What is told of a family on the page that was asked for.
    pub(super) fn told(&self, quarter: Quarter, family: Family) -> Told<'_, 'a> {
        let verdict = self.verdicts.get(&(quarter, family)).cloned();
        Told {
            sheet: self.sheets.get(&(quarter, family)),
            verdict: verdict.unwrap_or_else(Verdict::all),
            onlooker: Some(self.onlooker),
        }
    }

    fn take(&mut self, case: &Case<'a>) {
        let asked = self.frameworks.get(self.page.framework);
        if self.page.provider.is_none_or(|it| it == case.provider)
            && let Some(here) = asked.and_then(|(id, framework)| of(id, framework, case))
        {
            self.sheets.entry((case.quarter, case.family)).or_default().add(&here);
        }
        let Some(council) = case.council else { return };
        self.cases += 1;
        let id = case.stay.map_or(CaseId::Nth(self.cases), CaseId::Stay);
        let root = case.family.within().unwrap_or(case.family);
        for (kind, nights) in named(case) {
            for frameworks in self.split(case, nights.as_deref()) {
                let priced = case.framework.filter(|_| case.kind == Some(FRAMEWORK));
                let priced =
                    priced.and_then(|priced| self.frameworks.iter().position(|(id, _)| *id == priced));
                let name = Name { frameworks, provider: case.provider, family: case.family, kind, priced };
                let cells = self.cells.entry((case.quarter, root)).or_default();
                cells.entry(name).or_default().add(Whose { council, operator: case.operated_by }, id);
            }
        }
    }

    /// Of which frameworks a case is; of nights there may be several answers.
    fn split(&self, case: &Case<'a>, nights: Option<&[Nights]>) -> BTreeSet<Places> {
        let Some(nights) = nights else {
            let within = self.frameworks.iter().enumerate();
            let within = within.filter(|(_, (id, framework))| of(id, framework, case).is_some());
            let places: Places = within.map(|(n, _)| n).collect();
            return BTreeSet::from([places]).into_iter().filter(|it| !it.is_empty()).collect();
        };
        let mut split = vec![(Places::new(), nights.to_vec())];
        for (n, (_, framework)) in self.frameworks.iter().enumerate() {
            let spans = spans(framework, case).unwrap_or_default();
            let cut = |(of, nights): (Places, Vec<Nights>)| {
                let with = of.iter().copied().chain([n]).collect();
                [(with, common(&nights, &spans)), (of, without(&nights, &spans))]
            };
            split = split.into_iter().flat_map(cut).filter(|(_, nights)| !nights.is_empty()).collect();
        }
        split.into_iter().map(|(of, _)| of).filter(|of| !of.is_empty()).collect()
    }

    fn decide(&mut self, quarter: Quarter) {
        let roots = || Family::ALL.into_iter().filter(|family| family.within().is_none());
        let mut all: BTreeMap<Family, Blocks<Name<'a>>> = BTreeMap::new();
        for family in roots() {
            let cells = self.cells.remove(&(quarter, family)).unwrap_or_default();
            all.insert(family, Blocks::of(cells, self.onlooker));
        }
        // All of a framework before the next one: what is told of it then does not hang on whether the later ones are looked at.
        for framework in 0..self.frameworks.len() {
            for family in roots() {
                self.decide_page((quarter, family), Page { framework, provider: None }, &mut all);
            }
        }
        for family in roots() {
            for page in all.get(&family).map(|blocks| self.of_providers(blocks)).unwrap_or_default() {
                self.decide_page((quarter, family), page, &mut all);
            }
        }
    }

    fn decide_page(
        &mut self,
        (quarter, root): (Quarter, Family),
        page: Page<'a>,
        all: &mut BTreeMap<Family, Blocks<Name<'a>>>,
    ) {
        let of_page = |name: &Name<'a>| page.has(name);
        for family in Family::ALL.into_iter().filter(|it| *it == root || it.within() == Some(root)) {
            // How many agreements there are is told if it gives away none of what was told of some of them.
            let of_agreements =
                [Family::Distance, Family::Grade].into_iter().filter(|_| family == Family::Routes);
            let blocks = of_agreements.clone().filter_map(|it| all.get(&it));
            let why = blocks.filter_map(|blocks| blocks.clone().tell(&[&of_page])).min();
            let Some(blocks) = all.get_mut(&root) else { continue };
            let verdict = why.map_or_else(|| verdict(blocks, page, family), Verdict::Nothing);
            if !matches!(verdict, Verdict::Nothing(_)) {
                for it in of_agreements {
                    all.get_mut(&it).and_then(|blocks| blocks.tell(&[&of_page]));
                }
            }
            if page == self.page {
                self.verdicts.insert((quarter, family), verdict);
            }
        }
    }

    /// The sheets of the providers of frameworks that the onlooker leads, in the order in which they are decided; none where none is asked for.
    fn of_providers(&self, blocks: &Blocks<Name<'a>>) -> Vec<Page<'a>> {
        let mut pages: Vec<Page<'a>> = Vec::new();
        let led = self.frameworks.iter().enumerate();
        let led = led.filter(|(_, (_, it))| self.page.provider.is_some() && it.lead == self.onlooker);
        for (framework, (_, led)) in led {
            let admitted = blocks.names().map(|name| name.provider);
            let admitted = admitted.filter(|provider| led.admissions.contains_key(*provider));
            let admitted: BTreeSet<&'a ProviderId> = admitted.collect();
            let of_provider = |provider| Page { framework, provider: Some(provider) };
            let mut of_providers: Vec<Page<'a>> = admitted.into_iter().map(of_provider).collect();
            of_providers.sort_by_key(|page| Reverse(blocks.cases(|name| page.has(name))));
            pages.extend(of_providers);
        }
        pages
    }
}

/// Decides a family on a page.
fn verdict<'a>(blocks: &mut Blocks<Name<'a>>, page: Page<'a>, family: Family) -> Verdict<'a> {
    let total = |name: &Name<'a>| page.has_of(family, name);
    let few_councils = family == Family::Price && (1..PRICE_COUNCILS_MIN).contains(&blocks.councils(total));
    let why = if few_councils { blocks.clone().tell(&[&total]) } else { blocks.tell(&[&total]) };
    if let Some(why) = why.or(few_councils.then_some(Suppressed::FewCouncils)) {
        return Verdict::Nothing(why);
    }
    let of_family = KPIS.iter().filter(|kpi| kpi.family == family && !kpi.own_only());
    let mut figures: Vec<(u64, &'static Kpi, &'a str)> = Vec::new();
    for kpi in of_family {
        let kinds: BTreeSet<&'a str> = match kpi.made {
            Made::Each => blocks.names().filter(|name| total(name)).map(|name| name.kind).collect(),
            _ => BTreeSet::from([""]),
        };
        for row in kinds {
            figures.push((blocks.cases(|name| total(name) && counts(kpi, row, name)), kpi, row));
        }
    }
    figures.sort_by_key(|(cases, _, _)| Reverse(*cases));
    let mut left_out: BTreeMap<(&'static str, &'a str), Suppressed> = BTreeMap::new();
    for (_, kpi, row) in figures {
        let why = blocks.tell(&[&|name: &Name<'a>| total(name) && counts(kpi, row, name)]);
        left_out.extend(why.map(|why| ((kpi.code, row), why)));
    }
    Verdict::all_but(left_out)
}

/// The kinds of a case that figures count, with the nights of each if it is nights. Of cases that are in two families, the narrower one's says more;
/// but an agreement says itself at what framework's price it is.
fn named<'a>(case: &Case<'a>) -> Vec<(&'a str, Option<Vec<Nights>>)> {
    let (part, whole) = case.nights.clone().unwrap_or_default();
    match (case.family, case.kind) {
        (Family::Price, _) | (Family::Answers, Some("DECLINED")) | (Family::Bought, Some("BLOCK")) => {
            Vec::new()
        }
        (Family::Voids, _) => {
            let filled = without(&whole, &part);
            vec![(EMPTY, Some(part)), (FILLED, Some(filled))]
        }
        (Family::Fill, _) => vec![("STAY", Some(part))],
        (_, kind) => vec![(kind.unwrap_or(UNKNOWN), case.nights.is_some().then_some(part))],
    }
}
/// What of a case is a framework's: nights as far as the council was a member, or of fill the provider admitted with this establishment, and
/// all of any other case; none if nothing is.
fn of<'a>(id: &FrameworkId, framework: &Framework, case: &Case<'a>) -> Option<Case<'a>> {
    match case.family {
        Family::Fill | Family::Voids | Family::Bought => case.within(&spans(framework, case)?),
        Family::Price if case.framework != Some(id) => None,
        _ => framework.is_member(case.council?, case.on).then(|| case.clone()),
    }
}

/// The nights that are a framework's of those of a case; none if they could be no framework's.
fn spans(framework: &Framework, case: &Case<'_>) -> Option<Vec<Nights>> {
    match case.family {
        Family::Fill => Some(admitted(framework, case)),
        _ => case.council.map(|council| joined_from(framework, council)),
    }
}

/// The nights on which the provider of a place was admitted with its establishment, in any lot.
fn admitted(framework: &Framework, case: &Case<'_>) -> Vec<Nights> {
    let schedules = framework.admissions.get(case.provider).into_iter().flat_map(BTreeMap::values).flatten();
    let covers = |urn| move |branches: &BTreeSet<_>| branches.is_empty() || branches.contains(urn);
    let covering = schedules.filter(|schedule| case.urn.is_none_or(|urn| covers(urn)(&schedule.branches)));
    joined(covering.map(|schedule| Nights::from_on(schedule.from, schedule.until)).collect())
}

/// The nights on which a council was a member.
fn joined_from(framework: &Framework, council: CouncilId) -> Vec<Nights> {
    let memberships = framework.members.get(&council).into_iter().flatten();
    joined(memberships.map(|it| Nights::from_on(it.from, it.until)).collect())
}
