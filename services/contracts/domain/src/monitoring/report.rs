//! The figures of a framework, a provider or a council, as somebody may see them.

use super::cases::{Case, Family, each_case};
use super::disclosure::{self, Mix, Suppressed};
use super::figures::{Figure, Sheet};
use super::heard::Heard;
use super::kpis::{KPIS, Kpi, Made, Unit};
use super::placements::Placement;
use super::quarter::{Quarter, Quarters};
use crate::frameworks::{Framework, Frameworks};
use care::{CouncilId, Date, FrameworkId, ProviderId, code_sets};
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

type Sheets<'a, K> = BTreeMap<(Quarter, Family), BTreeMap<K, Sheet<'a>>>;

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
    let told = Shared { id, framework, onlooker, providers: framework.admissions.keys().collect() };
    match scope {
        Scope::Provider(provider) => told.of_provider(facts, provider, quarters),
        Scope::Framework(_) | Scope::Council(_) => told.of_framework(facts, quarters),
    }
}

fn sheets<'a, K: Ord>(
    facts: &Facts<'a>,
    quarters: Quarters,
    key: impl Fn(&Case<'a>) -> Option<K>,
) -> Sheets<'a, K> {
    let mut sheets: Sheets<'a, K> = BTreeMap::new();
    each_case(facts, quarters, &mut |case| {
        if let Some(key) = key(&case) {
            let of_family = sheets.entry((case.quarter, case.family)).or_default();
            of_family.entry(key).or_default().add(&case);
        }
    });
    sheets
}

/// Every figure of every quarter, of what `tell` says of its family.
fn rows<'s, 'a: 's>(
    quarters: Quarters,
    own: bool,
    tell: impl Fn(Quarter, Family) -> Told<'s, 'a>,
) -> Vec<Row> {
    let mut rows = Vec::new();
    for quarter in quarters.iter() {
        let mut families: BTreeMap<Family, Told<'s, 'a>> = BTreeMap::new();
        for kpi in KPIS.iter().filter(|kpi| own || !kpi.own_only()) {
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
}

impl<'s, 'a> Told<'s, 'a> {
    fn unless(sheet: Option<&'s Sheet<'a>>, suppressed: Option<Suppressed>) -> Self {
        let mix = suppressed.map_or_else(|| Mix::AllBut(BTreeSet::new()), Mix::Nothing);
        Self { sheet, mix }
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
        let (suppressed, denominator) = match &self.mix {
            Mix::Nothing(why) => (Some(*why), None),
            Mix::AllBut(left_out) => {
                let left_out = left_out.contains(single).then_some(Suppressed::FewCases);
                (left_out, Some(figure.denominator))
            }
        };
        Row {
            quarter,
            kpi: kpi.code,
            of: kind.to_owned(),
            value: figure.value.filter(|_| suppressed.is_none()),
            unit: kpi.unit,
            numerator: figure.numerator.filter(|_| suppressed.is_none()),
            denominator,
            suppressed,
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
    let sheets = sheets(facts, quarters, |case| within(case).then_some(()));
    rows(quarters, true, |quarter, family| {
        Told::unless(sheets.get(&(quarter, family)).and_then(|it| it.get(&())), None)
    })
}

/// What several councils have in common, as it is told to one who knows of its own.
struct Shared<'a> {
    id: &'a FrameworkId,
    framework: &'a Framework,
    onlooker: CouncilId,
    providers: BTreeSet<&'a ProviderId>,
}

impl Shared<'_> {
    fn has(&self, case: &Case<'_>) -> bool {
        match case.family {
            Family::Fill => self.providers.contains(case.provider),
            Family::Price if case.framework != Some(self.id) => false,
            _ => case.council.is_some_and(|council| self.framework.is_member(council, case.on)),
        }
    }

    fn alone(&self, family: Family, sheet: &Sheet<'_>) -> Option<Suppressed> {
        match family {
            Family::Price => disclosure::price(sheet, self.onlooker),
            _ => disclosure::whole(sheet, self.onlooker),
        }
    }

    fn of_framework(&self, facts: &Facts<'_>, quarters: Quarters) -> Vec<Row> {
        let sheets = sheets(facts, quarters, |case| self.has(case).then_some(()));
        let sheet = |quarter, family| sheets.get(&(quarter, family)).and_then(|it| it.get(&()));
        let mix = |sheet| disclosure::mix(sheet, self.onlooker);
        rows(quarters, false, |quarter, family| {
            let told = sheet(quarter, family);
            match (family, told) {
                (Family::Declines | Family::Routes, Some(sheet)) => Told { sheet: told, mix: mix(sheet) },
                (Family::Price, Some(prices)) => {
                    // How many prices there are would tell how many agreements of the framework's route there are.
                    let routes = sheet(quarter, Family::Routes).map(mix);
                    let left_out = routes.is_some_and(|routes| !routes.tells("FRAMEWORK"));
                    let alone = self.alone(family, prices);
                    Told::unless(told, alone.or(left_out.then_some(Suppressed::FewCases)))
                }
                _ => Told::unless(told, told.and_then(|sheet| self.alone(family, sheet))),
            }
        })
    }

    fn of_provider(&self, facts: &Facts<'_>, provider: &ProviderId, quarters: Quarters) -> Vec<Row> {
        let sheets = sheets(facts, quarters, |case| self.has(case).then_some(case.provider));
        let none = BTreeMap::new();
        let each = |quarter, family| sheets.get(&(quarter, family)).unwrap_or(&none);
        rows(quarters, false, |quarter, family| {
            let wider = family.within().map(|wider| {
                disclosure::among(each(quarter, wider), self.onlooker, |_, sheet| self.alone(wider, sheet))
            });
            let left_out_wider = |key: &&ProviderId| wider.as_ref().and_then(|it| it.get(key).copied());
            let left_out = disclosure::among(each(quarter, family), self.onlooker, |key, sheet| {
                self.alone(family, sheet).or_else(|| left_out_wider(key))
            });
            // That there is nothing would tell one of the wider family's kinds as well.
            let suppressed = left_out.get(&provider).copied().or_else(|| left_out_wider(&provider));
            Told::unless(each(quarter, family).get(&provider), suppressed)
        })
    }
}
