//! The figures of a framework, a provider or a council, as somebody may see them.

use super::cases::{Case, FRAMEWORK, Family, Wanted, each_case};
use super::disclosure::{self, Apart, Group, Mix, Suppressed};
use super::figures::{Figure, Sheet};
use super::heard::Heard;
use super::kpis::{KPIS, Kpi, Made, Unit};
use super::placements::Placement;
use super::quarter::{Quarter, Quarters};
use super::spans::joined;
use crate::frameworks::{Framework, Frameworks};
use care::{CouncilId, Date, FrameworkId, Nights, ProviderId, code_sets};
use std::collections::{BTreeMap, BTreeSet};

/// All that figures are made of.
#[derive(Clone, Copy)]
pub struct Facts<'a> {
    /// What other services' logs say.
    pub heard: &'a Heard,
    /// The agreements of all councils, those of [`placements`](super::placements) for these quarters at least.
    pub placements: &'a [Placement],
    /// The region's frameworks.
    pub frameworks: &'a Frameworks,
    /// The day: what lies ahead has not happened.
    pub today: Date,
    /// Whether 20 miles at most lie between two postcode sectors or outcodes; none where one of them is not known.
    pub within_20_miles: &'a dyn Fn(&str, &str) -> Option<bool>,
}

/// Whose figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// What a framework's member councils did; of prices what was called off from it, and of fill its admitted providers' places.
    Framework(FrameworkId),
    /// What a provider did, for all councils or, to a framework's lead, for its members.
    Provider(ProviderId),
    /// What a council did, and the places that it operates.
    Council(CouncilId),
}

/// Who reads them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Viewer {
    /// The council or the provider that the scope is.
    Own,
    /// A council that is or was a member of the framework that the scope is.
    Member(CouncilId),
    /// The lead of a framework, who reads that framework and its providers.
    Lead(FrameworkId),
}

/// One figure of one quarter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The quarter.
    pub quarter: Quarter,
    /// Which of [`KPIS`].
    pub kpi: &'static str,
    /// The DECLINE code that it is of; empty where the figure is one.
    pub of: String,
    /// The value; none where nothing stands behind it, or it is suppressed.
    pub value: Option<i64>,
    /// What the value is in.
    pub unit: Unit,
    /// The numerator; none where there is none to tell, or it is suppressed.
    pub numerator: Option<i64>,
    /// The denominator; none where it is suppressed.
    pub denominator: Option<i64>,
    /// Why it is not told.
    pub suppressed: Option<Suppressed>,
}

type Groups<'a, K> = BTreeMap<(Quarter, Family), BTreeMap<K, Group<'a>>>;

/// The figures of these quarters, in order of the quarter and of [`KPIS`]; none of a framework that there is not. Whether the viewer may read
/// this scope at all is not asked here.
#[must_use]
pub fn report(facts: &Facts<'_>, scope: &Scope, viewer: &Viewer, quarters: Quarters) -> Vec<Row> {
    let lens = match (scope, viewer) {
        (Scope::Framework(id), Viewer::Member(council)) => {
            facts.frameworks.get(id).map(|framework| (id, framework, *council))
        }
        (Scope::Framework(_) | Scope::Provider(_), Viewer::Lead(id)) => {
            facts.frameworks.get(id).map(|framework| (id, framework, framework.lead))
        }
        (Scope::Council(_) | Scope::Provider(_), Viewer::Own) => return own(facts, scope, quarters),
        // Nobody reads one council's figures but itself, nor a provider's but itself and leads.
        _ => None,
    };
    let Some((id, framework, onlooker)) = lens else { return Vec::new() };
    let told = Shared { id, framework, onlooker, before: read_before(facts, id, framework, onlooker) };
    match scope {
        Scope::Provider(provider) => told.of_provider(facts, provider, quarters),
        Scope::Framework(_) | Scope::Council(_) => told.of_framework(facts, quarters),
    }
}

/// The frameworks that the onlooker reads as well and that began before this one, in that order. They are told as if this one were not there.
fn read_before<'a>(
    facts: &Facts<'a>,
    id: &FrameworkId,
    framework: &Framework,
    onlooker: CouncilId,
) -> Vec<(&'a FrameworkId, &'a Framework)> {
    let reads = |it: &Framework| it.lead == onlooker || it.is_or_was_member(onlooker, facts.today);
    let before = |(other, it): &(&FrameworkId, &Framework)| (it.starts, *other) < (framework.starts, id);
    let mut frameworks: Vec<_> = facts.frameworks.iter().filter(before).filter(|(_, it)| reads(it)).collect();
    frameworks.sort_by_key(|(other, it)| (it.starts, *other));
    frameworks
}

/// Every figure of every quarter, of what `tell` says of its family.
fn rows<'s, 'a: 's>(
    quarters: Quarters,
    shown: impl Fn(&Kpi) -> bool,
    tell: impl Fn(Quarter, Family) -> Told<'s, 'a>,
) -> Vec<Row> {
    let mut rows = Vec::new();
    for quarter in quarters.iter() {
        let mut families: BTreeMap<Family, Told<'s, 'a>> = BTreeMap::new();
        for kpi in KPIS.iter().filter(|kpi| shown(kpi)) {
            let told = families.entry(kpi.family).or_insert_with(|| tell(quarter, kpi.family));
            rows.extend(told.kinds(kpi).into_iter().map(|kind| told.row(quarter, kpi, kind)));
        }
    }
    rows
}

/// A sheet, and what of it may be told.
struct Told<'s, 'a> {
    sheet: Option<&'s Sheet<'a>>,
    mix: Mix<'a>,
    /// Who looks at what is others' as well; none where all of it is the reader's own.
    onlooker: Option<CouncilId>,
}

impl<'s, 'a> Told<'s, 'a> {
    fn whole(sheet: Option<&'s Sheet<'a>>) -> Self {
        Self { sheet, mix: Mix::AllBut(BTreeSet::new()), onlooker: None }
    }

    /// The kinds that a figure has a row for each: those of the code set, and what else there is. One empty kind where the figure is one.
    fn kinds(&self, kpi: &Kpi) -> BTreeSet<&'a str> {
        if kpi.made != Made::Each {
            return BTreeSet::from([""]);
        }
        let codes = code_sets::DECLINE.codes.iter().map(|code| code.code);
        let found = self.sheet.iter().flat_map(|sheet| sheet.counts.keys().copied());
        codes.chain(found).collect()
    }

    fn row(&self, quarter: Quarter, kpi: &Kpi, kind: &str) -> Row {
        let none = Sheet::default();
        let figure = Figure::of(self.sheet.unwrap_or(&none), kpi.made, kind);
        let single = match kpi.made {
            Made::Share([only]) => *only,
            _ => kind,
        };
        let few_measures = || match (kpi.made, self.onlooker, self.sheet) {
            (Made::Percentile(percent), Some(onlooker), Some(sheet)) => {
                !disclosure::percentile_tells(sheet, percent, onlooker)
            }
            _ => false,
        };
        let (suppressed, denominator) = match &self.mix {
            Mix::Nothing(why) => (Some(*why), None),
            Mix::AllBut(left_out) => {
                let left_out = left_out.contains(single) || few_measures();
                (left_out.then_some(Suppressed::FewCases), Some(figure.denominator))
            }
        };
        Row {
            quarter,
            kpi: kpi.code,
            of: kind.to_owned(),
            value: figure.value.filter(|_| suppressed.is_none()).map(|value| self.rounded(kpi, value)),
            unit: kpi.unit,
            numerator: figure.numerator.filter(|_| suppressed.is_none()),
            denominator,
            suppressed,
        }
    }
}

impl Told<'_, '_> {
    /// A measure that is a price, to a whole per cent where it may be others': to the basis point it would tell one agreement's fee.
    fn rounded(&self, kpi: &Kpi, value: i64) -> i64 {
        match (kpi.made, kpi.unit, self.onlooker) {
            (Made::Percentile(_), Unit::BasisPoints, Some(_)) => value.saturating_add(50) / 100 * 100,
            _ => value,
        }
    }
}

/// What is told whole.
fn own(facts: &Facts<'_>, scope: &Scope, quarters: Quarters) -> Vec<Row> {
    let within = |case: &Case<'_>| match scope {
        Scope::Council(council) if case.family == Family::Fill => case.operated_by == Some(*council),
        Scope::Council(council) => case.council == Some(*council),
        Scope::Provider(provider) => case.provider == provider,
        Scope::Framework(_) => false,
    };
    let mut sheets: BTreeMap<(Quarter, Family), Sheet<'_>> = BTreeMap::new();
    let wanted = match scope {
        Scope::Council(council) => Wanted::Council(*council),
        Scope::Provider(provider) => Wanted::Provider(provider),
        Scope::Framework(_) => return Vec::new(),
    };
    each_case(facts, wanted, quarters, &mut |case| {
        if within(&case) {
            sheets.entry((case.quarter, case.family)).or_default().add(&case);
        }
    });
    rows(quarters, |_| true, |quarter, family| Told::whole(sheets.get(&(quarter, family))))
}

/// What of a case is a framework's: nights as far as the council was a member, or of fill the provider admitted with this establishment, and
/// all of any other case; none if nothing is.
fn of<'a>(id: &FrameworkId, framework: &Framework, case: &Case<'a>) -> Option<Case<'a>> {
    match case.family {
        Family::Fill => case.within(&admitted(framework, case)),
        Family::Voids | Family::Bought => case.within(&joined_from(framework, case.council?)),
        Family::Price if case.framework != Some(id) => None,
        _ => framework.is_member(case.council?, case.on).then(|| case.clone()),
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

/// What several councils have in common, as it is told to one who knows of its own.
struct Shared<'a> {
    id: &'a FrameworkId,
    framework: &'a Framework,
    onlooker: CouncilId,
    /// What else the onlooker reads that began before.
    before: Vec<(&'a FrameworkId, &'a Framework)>,
}

impl<'a> Shared<'a> {
    fn groups<K: Ord>(
        &self,
        facts: &Facts<'a>,
        quarters: Quarters,
        key: impl Fn(&Case<'a>) -> K,
    ) -> Groups<'a, K> {
        let mut groups: Groups<'a, K> = BTreeMap::new();
        let mut add = |family, case: &Case<'a>, apart: Option<Apart>| {
            let of_family = groups.entry((case.quarter, family)).or_default();
            let group = of_family.entry(key(case)).or_default();
            let sheet = apart.map_or(&mut group.sheet, |apart| group.apart.entry(apart).or_default());
            sheet.add(case);
        };
        let frameworks: Vec<&Framework> =
            self.before.iter().map(|(_, framework)| *framework).chain([self.framework]).collect();
        each_case(facts, Wanted::Frameworks(&frameworks), quarters, &mut |case| {
            let here = of(self.id, self.framework, &case);
            if let Some(here) = &here {
                add(case.family, here, None);
            }
            if case.family == Family::Price {
                return;
            }
            for (n, (id, framework)) in self.before.iter().enumerate() {
                let there = of(id, framework, &case);
                let beyond = |it: &Option<Case<'a>>, id: &FrameworkId, framework: &Framework| {
                    it.clone().filter(|it| of(id, framework, it).as_ref() != Some(it))
                };
                if let Some(more) = beyond(&here, id, framework) {
                    add(case.family, &more, Some(Apart::Here(n)));
                }
                if let Some(more) = beyond(&there, self.id, self.framework) {
                    add(case.family, &more, Some(Apart::There(n)));
                }
            }
            if here.is_some() && case.kind == Some(FRAMEWORK) && case.framework != Some(self.id) {
                add(Family::Price, &case, Some(Apart::Unpriced));
                if !self.before.iter().any(|(id, _)| case.framework == Some(*id)) {
                    add(Family::Price, &case, Some(Apart::UnpricedAnywhere));
                }
            }
        });
        groups
    }

    fn alone(&self, family: Family, group: &Group<'_>) -> Option<Suppressed> {
        match family {
            Family::Price => disclosure::price(group, self.onlooker),
            _ => disclosure::whole(group, self.onlooker),
        }
    }

    fn told<'s>(&self, group: Option<&'s Group<'a>>, mix: Mix<'a>) -> Told<'s, 'a> {
        Told { sheet: group.map(|group| &group.sheet), mix, onlooker: Some(self.onlooker) }
    }

    fn unless<'s>(&self, group: Option<&'s Group<'a>>, suppressed: Option<Suppressed>) -> Told<'s, 'a> {
        self.told(group, suppressed.map_or_else(|| Mix::AllBut(BTreeSet::new()), Mix::Nothing))
    }

    fn of_framework(&self, facts: &Facts<'a>, quarters: Quarters) -> Vec<Row> {
        let groups = self.groups(facts, quarters, |_| ());
        let group = |quarter, family| groups.get(&(quarter, family)).and_then(|it| it.get(&()));
        let mix = |group| disclosure::mix(group, self.onlooker);
        rows(
            quarters,
            |kpi| !kpi.own_only(),
            |quarter, family| {
                let told = group(quarter, family);
                match (family, told) {
                    (Family::Declines | Family::Routes, Some(group)) => self.told(told, mix(group)),
                    (Family::Price, Some(prices)) => {
                        // How many prices there are would tell how many agreements of the framework's route there are.
                        let routes = group(quarter, Family::Routes).map(mix);
                        let left_out = routes.is_some_and(|routes| !routes.tells(FRAMEWORK));
                        let alone = self.alone(family, prices);
                        self.unless(told, alone.or(left_out.then_some(Suppressed::FewCases)))
                    }
                    _ => self.unless(told, told.and_then(|group| self.alone(family, group))),
                }
            },
        )
    }

    fn of_provider(&self, facts: &Facts<'a>, provider: &ProviderId, quarters: Quarters) -> Vec<Row> {
        let groups = self.groups(facts, quarters, |case| case.provider);
        let none = BTreeMap::new();
        let each = |quarter, family| groups.get(&(quarter, family)).unwrap_or(&none);
        let shown = |kpi: &Kpi| !kpi.own_only() && kpi.family != Family::Fill;
        rows(quarters, shown, |quarter, family| {
            let wider = family.within().map(|wider| {
                disclosure::among(each(quarter, wider), self.onlooker, |_, group| self.alone(wider, group))
            });
            let left_out_wider = |key: &&ProviderId| wider.as_ref().and_then(|it| it.get(key).copied());
            let left_out = disclosure::among(each(quarter, family), self.onlooker, |key, group| {
                self.alone(family, group).or_else(|| left_out_wider(key))
            });
            // That there is nothing would tell one of the wider family's kinds as well.
            let suppressed = left_out.get(&provider).copied().or_else(|| left_out_wider(&provider));
            self.unless(each(quarter, family).get(&provider), suppressed)
        })
    }
}
