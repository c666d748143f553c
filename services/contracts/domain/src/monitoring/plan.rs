//! What is told of several frameworks to one who reads them all.
//!
//! The frameworks that an onlooker reads are decided one after the other, in the order in which they began: of each is told what gives nothing
//! away with all that is told of those before it, so that whichever it asks for first, it is told the same.
//!
//! Cases are split by which of the frameworks they are of. Whatever sums of frameworks are taken off each other, what is left consists of such
//! parts; so each part must be as good as a figure. A kind, or a provider, that is left out of one framework is left out of those after it:
//! otherwise it could be told from them. Agreements called off from a framework are told with all call-offs, and by its prices alone: what is left
//! of call-offs without prices that are told must be as good, too.
//!
//! Where a framework itself is not told without gaps, none of its providers is.

use super::cases::{Case, FRAMEWORK, Family, Wanted, each_case};
use super::disclosure::{self, Mix, Suppressed};
use super::figures::Sheet;
use super::quarter::{Quarter, Quarters};
use super::report::{Facts, Told};
use super::spans::joined;
use crate::frameworks::Framework;
use care::{CouncilId, FrameworkId, Nights, ProviderId};
use std::collections::{BTreeMap, BTreeSet};

/// Frameworks, by their places in the order.
type Places = BTreeSet<usize>;
/// A provider, or none where all are meant.
type Key<'a> = Option<&'a ProviderId>;
type When = (Quarter, Family);

/// Cases that are told together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Group<'a> {
    sheet: Sheet<'a>,
    /// How many cases there are by which frameworks they are of (nights may be of some, and other nights of others), and by the framework that
    /// they were called off from. Those of other frameworks that are decided before are among them.
    split: BTreeMap<(BTreeSet<Places>, Option<usize>), Sheet<'a>>,
}

impl<'a> Group<'a> {
    /// Takes the counts of another group in.
    fn join(&mut self, other: &Self) {
        self.sheet.join(&other.sheet);
        for (of, sheet) in &other.split {
            self.split.entry(of.clone()).or_default().join(sheet);
        }
    }

    /// The cases of which this is so.
    fn such(&self, are: impl Fn(&BTreeSet<Places>, Option<usize>) -> bool) -> Sheet<'a> {
        let mut such = Sheet::default();
        let found = self.split.iter().filter(|((places, called_off), _)| are(places, *called_off));
        found.for_each(|(_, sheet)| such.join(sheet));
        such
    }

    /// What is known of the cases where these frameworks are told, and prices of those: each part by itself, and each part and each framework
    /// less the call-offs whose prices are told, where all of those are in it.
    fn apart(&self, told: &Places, priced: &Places) -> Vec<Sheet<'a>> {
        if told.len() <= 1 && priced.is_empty() {
            return Vec::new();
        }
        let part = |of: &Places| of.intersection(told).copied().collect::<Places>();
        let parts = self.split.keys().flat_map(|(places, _)| places.iter().map(part));
        let parts: BTreeSet<Places> = parts.filter(|part| !part.is_empty()).collect();
        let is_in = |places: &BTreeSet<Places>, within: &Within| {
            places.iter().any(|of| match within {
                Within::Part(wanted) => part(of) == *wanted,
                Within::Framework(n) => of.contains(n),
            })
        };
        let is_priced = |n: usize, places: &BTreeSet<Places>, called_off: Option<usize>| {
            called_off == Some(n) && is_in(places, &Within::Framework(n))
        };
        let parts = || parts.iter().cloned().map(Within::Part);
        let mut apart: Vec<Sheet<'a>> =
            parts().map(|part| self.such(|places, _| is_in(places, &part))).collect();
        for within in
            told.iter().copied().map(Within::Framework).chain(parts()).filter(|_| !priced.is_empty())
        {
            let inside = |n: &&usize| {
                let all = self.such(|places, of| is_priced(**n, places, of)).cases();
                let here = self.such(|places, of| is_priced(**n, places, of) && is_in(places, &within));
                all > 0 && here.cases() == all
            };
            let off: Places = priced.iter().filter(inside).copied().collect();
            let is_off = |places: &BTreeSet<Places>, of| off.iter().any(|n| is_priced(*n, places, of));
            if !off.is_empty() {
                apart.push(self.such(|places, of| is_in(places, &within) && !is_off(places, of)));
            }
        }
        apart
    }
}

/// Some of a group's cases.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Within {
    /// Those of just these of the frameworks that are told.
    Part(Places),
    /// Those of a framework.
    Framework(usize),
}

/// What was decided of one family in one quarter.
#[derive(Debug, Clone)]
struct Decided<'a> {
    /// Of the framework.
    whole: Mix<'a>,
    /// The providers with cases that are not told.
    left_out: BTreeMap<&'a ProviderId, Suppressed>,
}

/// What is told of the frameworks that an onlooker reads.
pub(super) struct Plan<'a> {
    onlooker: CouncilId,
    frameworks: Vec<(&'a FrameworkId, &'a Framework)>,
    by_provider: bool,
    groups: Vec<BTreeMap<When, BTreeMap<Key<'a>, Group<'a>>>>,
    decided: Vec<BTreeMap<When, Decided<'a>>>,
}

impl<'a> Plan<'a> {
    /// What is told of the last of these frameworks, which the onlooker reads in this order; of its providers too, if it leads it and they are asked
    /// for.
    pub(super) fn of(
        facts: &Facts<'a>,
        frameworks: Vec<(&'a FrameworkId, &'a Framework)>,
        onlooker: CouncilId,
        quarters: Quarters,
        by_provider: bool,
    ) -> Self {
        let groups = vec![BTreeMap::new(); frameworks.len()];
        let mut plan = Self { onlooker, frameworks, by_provider, groups, decided: Vec::new() };
        let all: Vec<&Framework> = plan.frameworks.iter().map(|(_, framework)| *framework).collect();
        each_case(facts, Wanted::Frameworks(&all), quarters, &mut |case| plan.take(case));
        for n in 0..plan.frameworks.len() {
            plan.decided.push(BTreeMap::new());
            let each: Vec<When> = plan.groups.get(n).into_iter().flat_map(|it| it.keys().copied()).collect();
            for when in &each {
                let whole = plan.decide_whole(n, *when);
                plan.decide(n, *when, Decided { whole, left_out: BTreeMap::new() });
            }
            let each = if by_provider && plan.leads(n) { each } else { Vec::new() };
            for when in each {
                let Some(whole) = plan.decided(n, when).map(|it| it.whole.clone()) else { continue };
                let left_out = plan.decide_providers(n, when, &whole);
                plan.decide(n, when, Decided { whole, left_out });
            }
        }
        plan
    }

    fn last(&self) -> usize {
        self.frameworks.len().saturating_sub(1)
    }

    fn leads(&self, n: usize) -> bool {
        self.frameworks.get(n).is_some_and(|(_, framework)| framework.lead == self.onlooker)
    }

    fn take(&mut self, mut case: Case<'a>) {
        // Who sleeps in its own homes a council knows, whosever children they are.
        if case.council.is_some() && case.operated_by == Some(self.onlooker) {
            case.council = Some(self.onlooker);
        }
        let split = self.split(&case);
        let called_off = (case.family, case.kind) == (Family::Routes, Some(FRAMEWORK));
        let called_off = case.framework.filter(|_| called_off);
        let called_off = called_off.and_then(|id| self.frameworks.iter().position(|(it, _)| *it == id));
        for n in 0..self.frameworks.len() {
            let here = self.frameworks.get(n).and_then(|(id, framework)| of(id, framework, &case));
            let upto = |of: &Places| of.iter().copied().filter(|of| *of <= n).collect::<Places>();
            let split: BTreeSet<Places> = split.iter().map(upto).filter(|of| !of.is_empty()).collect();
            if here.is_none() && split.is_empty() {
                continue;
            }
            let keys =
                [None].into_iter().chain((self.by_provider && self.leads(n)).then_some(Some(case.provider)));
            let Some(groups) = self.groups.get_mut(n) else { continue };
            let groups = groups.entry((case.quarter, case.family)).or_default();
            for key in keys {
                let group = groups.entry(key).or_default();
                here.iter().for_each(|here| group.sheet.add(here));
                // Of the first there is nothing to take off but prices, which are no two frameworks' own.
                if case.family == Family::Routes || (n > 0 && case.family != Family::Price) {
                    group.split.entry((split.clone(), called_off)).or_default().count(&case);
                }
            }
        }
    }

    /// Of which frameworks a case is; of nights there may be several answers.
    fn split(&self, case: &Case<'a>) -> BTreeSet<Places> {
        if case.nights.is_none() {
            let within =
                self.frameworks.iter().enumerate().filter(|(_, (id, it))| of(id, it, case).is_some());
            return BTreeSet::from([within.map(|(n, _)| n).collect()]);
        }
        let mut split = vec![(Places::new(), case.clone())];
        for (n, (_, framework)) in self.frameworks.iter().enumerate() {
            let spans = spans(framework, case).unwrap_or_default();
            let cut = |(of, case): (Places, Case<'a>)| {
                let with = of.iter().copied().chain([n]).collect();
                let (inside, outside) = (case.within(&spans), case.beyond(&spans));
                inside.map(|it| (with, it)).into_iter().chain(outside.map(|it| (of, it)))
            };
            split = split.into_iter().flat_map(cut).collect();
        }
        split.into_iter().map(|(of, _)| of).collect()
    }

    /// The counts of these keys together.
    fn counted(&self, n: usize, when: When, keys: &[Key<'a>]) -> Group<'a> {
        let mut all = Group::default();
        let groups = self.groups.get(n).and_then(|it| it.get(&when));
        keys.iter().filter_map(|key| groups?.get(key)).for_each(|group| all.join(group));
        all
    }

    fn decided(&self, n: usize, when: When) -> Option<&Decided<'a>> {
        self.decided.get(n)?.get(&when)
    }

    /// Whether what these keys have together is told of a framework.
    fn is_told(&self, n: usize, when: When, keys: &[Key<'a>]) -> bool {
        let Some(decided) = self.decided(n, when).filter(|it| it.whole.left_out().is_some()) else {
            return false;
        };
        let providers: BTreeSet<&ProviderId> = keys.iter().copied().flatten().collect();
        let left_out = || decided.left_out.keys().filter(|provider| providers.contains(*provider)).count();
        // Of some that are left out nothing is told; of all of them, by what is told of the rest.
        providers.is_empty() || (self.leads(n) && [0, decided.left_out.len()].contains(&left_out()))
    }

    /// The frameworks before one of which cases of the same families are told.
    fn told_before(&self, n: usize, (quarter, family): When, keys: &[Key<'a>]) -> Places {
        let root = |family: Family| family.within().unwrap_or(family);
        let same = Family::ALL.into_iter().filter(move |it| root(*it) == root(family));
        let told = |n: &usize| same.clone().any(|family| self.is_told(*n, (quarter, family), keys));
        (0..n).filter(told).collect()
    }

    /// The frameworks before one whose prices are told.
    fn priced_before(&self, n: usize, quarter: Quarter, keys: &[Key<'a>]) -> Places {
        (0..n).filter(|n| self.is_told(*n, (quarter, Family::Price), keys)).collect()
    }

    /// What would be told with these keys' cases.
    fn apart(&self, n: usize, when: When, keys: &[Key<'a>], priced: &Places) -> Vec<Sheet<'a>> {
        let mut told = self.told_before(n, when, keys);
        told.insert(n);
        self.counted(n, when, keys).apart(&told, priced)
    }

    /// Why what these keys have together is not told whole, if it is not.
    fn why(&self, n: usize, when: When, keys: &[Key<'a>]) -> Option<Suppressed> {
        let (quarter, family) = when;
        let sheet = self.counted(n, when, keys).sheet;
        let mut priced = self.priced_before(n, quarter, keys);
        if family == Family::Routes && keys.len() > 1 && self.is_told(n, (quarter, Family::Price), &[None]) {
            // All prices less those that are told are these providers'.
            priced.insert(n);
        }
        let before = if family == Family::Routes { &priced } else { &Places::new() };
        let apart = self.apart(n, when, keys, before);
        let why = disclosure::whole(&sheet, &apart, self.onlooker);
        if family != Family::Price || why.is_some() || sheet.cases() == 0 {
            return why;
        }
        priced.insert(n);
        let apart = self.apart(n, (quarter, Family::Routes), keys, &priced);
        let kinds = BTreeSet::from([FRAMEWORK]);
        let tells = apart.iter().any(|sheet| disclosure::judged(sheet, self.onlooker, &kinds).is_some());
        tells.then_some(Suppressed::TellsAnother)
    }

    fn decide(&mut self, n: usize, when: When, decided: Decided<'a>) {
        if let Some(of_framework) = self.decided.get_mut(n) {
            of_framework.insert(when, decided);
        }
    }

    fn decide_whole(&self, n: usize, when: When) -> Mix<'a> {
        let (quarter, family) = when;
        let sheet = || self.counted(n, when, &[None]).sheet;
        match family {
            Family::Declines | Family::Routes => {
                let told = self.told_before(n, when, &[None]);
                let left_out = told.iter().filter_map(|n| self.decided(*n, when)?.whole.left_out());
                let priced = match family {
                    Family::Routes => self.priced_before(n, quarter, &[None]),
                    _ => Places::new(),
                };
                let apart = self.apart(n, when, &[None], &priced);
                let left_out = left_out.flatten().copied().collect();
                disclosure::mix(&sheet(), &apart, self.onlooker, left_out)
            }
            Family::Price => {
                // How many prices there are would tell how many agreements of the framework's route there are.
                let routes = self.decided(n, (quarter, Family::Routes));
                let left_out = routes.is_some_and(|routes| !routes.whole.tells(FRAMEWORK));
                let few_councils = || disclosure::few_councils(&sheet()).then_some(Suppressed::FewCouncils);
                let why = self.why(n, when, &[None]).or_else(few_councils);
                Mix::unless(why.or(left_out.then_some(Suppressed::FewCases)))
            }
            _ => Mix::unless(self.why(n, when, &[None])),
        }
    }

    fn decide_providers(
        &self,
        n: usize,
        when: When,
        whole: &Mix<'a>,
    ) -> BTreeMap<&'a ProviderId, Suppressed> {
        let (quarter, family) = when;
        // Who has no price is left out with those who have, where its call-offs hide theirs.
        let root = if family == Family::Price { Family::Routes } else { family };
        let groups = self.groups.get(n).and_then(|it| it.get(&(quarter, root)));
        let with_cases = groups.into_iter().flatten().filter(|(_, group)| group.sheet.cases() > 0);
        let providers = with_cases.filter_map(|(key, _)| *key);
        let cases = |provider| self.counted(n, when, &[Some(provider)]).sheet.cases();
        let cases: BTreeMap<&'a ProviderId, u64> = providers.map(|it| (it, cases(it))).collect();
        if let Some(why) = whole.why() {
            return cases.into_keys().map(|provider| (provider, why)).collect();
        }
        let mut before: BTreeMap<&'a ProviderId, Suppressed> = BTreeMap::new();
        let wider = family.within().and_then(|wider| self.decided(n, (quarter, wider)));
        let told = (0..n).filter(|n| self.leads(*n)).filter_map(|n| self.decided(n, when));
        let told = told.filter(|it| it.whole.left_out().is_some());
        for decided in told.chain(wider) {
            before.extend(decided.left_out.iter().map(|(provider, why)| (*provider, *why)));
        }
        let alone = |provider: &'a ProviderId| {
            let keys = [Some(provider)];
            let few_councils =
                || family == Family::Price && disclosure::few_councils(&self.counted(n, when, &keys).sheet);
            self.why(n, when, &keys).or_else(|| few_councils().then_some(Suppressed::FewCouncils))
        };
        let together = |providers: &[&'a ProviderId]| {
            let keys: Vec<Key<'a>> = providers.iter().copied().map(Some).collect();
            self.why(n, when, &keys).is_none()
        };
        disclosure::among(&cases, &before, alone, together)
    }

    fn told<'s>(&'s self, when: When, key: Key<'a>, mix: Mix<'a>) -> Told<'s, 'a> {
        let group = self.groups.get(self.last()).and_then(|it| it.get(&when)?.get(&key));
        Told { sheet: group.map(|group| &group.sheet), mix, onlooker: Some(self.onlooker) }
    }

    /// What is told of the framework.
    pub(super) fn of_framework(&self, quarter: Quarter, family: Family) -> Told<'_, 'a> {
        let decided = self.decided(self.last(), (quarter, family));
        self.told((quarter, family), None, decided.map_or_else(Mix::all, |it| it.whole.clone()))
    }

    /// What is told of a provider for the framework's members.
    pub(super) fn of_provider(
        &self,
        provider: &'a ProviderId,
        quarter: Quarter,
        family: Family,
    ) -> Told<'_, 'a> {
        let left_out = |family| self.decided(self.last(), (quarter, family))?.left_out.get(provider).copied();
        // That there is nothing would tell one of the wider family's kinds as well.
        let why = left_out(family).or_else(|| left_out(family.within()?));
        self.told((quarter, family), Some(provider), Mix::unless(why))
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
