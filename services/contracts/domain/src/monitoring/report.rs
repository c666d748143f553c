//! The figures of a framework, a provider or a council, as somebody may see them.

use super::cases::{Case, Family, Wanted, each_case};
use super::disclosure::{self, Suppressed, Verdict};
use super::figures::{Figure, Sheet};
use super::heard::Heard;
use super::kpis::{KPIS, Kpi, Made, Unit};
use super::placements::Placement;
use super::plan::{Named, Plan};
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
    let frameworks = read_in_order(facts, (id, framework), onlooker);
    let provider = match scope {
        Scope::Provider(provider) => Some(provider),
        Scope::Framework(_) | Scope::Council(_) => None,
    };
    let plan = Plan::of(facts, frameworks, (id, provider), onlooker, quarters);
    let shown = |kpi: &Kpi| !kpi.own_only() && (provider.is_none() || kpi.family != Family::Fill);
    rows(quarters, shown, |quarter, family| plan.told(quarter, family))
}

/// The frameworks that the onlooker reads, this one among them, in the order in which they began.
fn read_in_order<'a>(facts: &Facts<'a>, this: Named<'a>, onlooker: CouncilId) -> Vec<Named<'a>> {
    let reads = |it: &Framework| it.lead == onlooker || it.is_or_was_member(onlooker, facts.today);
    let all = facts.frameworks.iter();
    let mut frameworks: Vec<_> = all.filter(|(id, it)| *id == this.0 || reads(it)).collect();
    frameworks.sort_by_key(|(id, it)| (it.starts, *id));
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
pub(super) struct Told<'s, 'a> {
    pub(super) sheet: Option<&'s Sheet<'a>>,
    pub(super) verdict: Verdict<'a>,
    /// Who looks at what is others' as well; none where all of it is the reader's own.
    pub(super) onlooker: Option<CouncilId>,
}

impl<'s, 'a> Told<'s, 'a> {
    fn whole(sheet: Option<&'s Sheet<'a>>) -> Self {
        Self { sheet, verdict: Verdict::all(), onlooker: None }
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
        let few_measures = || match (kpi.made, self.onlooker, self.sheet) {
            (Made::Percentile(percent), Some(onlooker), Some(sheet)) => {
                !disclosure::percentile_tells(sheet, percent, onlooker)
            }
            _ => false,
        };
        let (suppressed, denominator) = match &self.verdict {
            Verdict::Nothing(why) => (Some(*why), None),
            Verdict::AllBut(left_out, why) if left_out.contains(&(kpi.code, kind)) => {
                // How many are measured is how many there are of what is left out.
                let measured = matches!(kpi.made, Made::Percentile(_));
                (Some(*why), Some(figure.denominator).filter(|_| !measured))
            }
            Verdict::AllBut(..) => (few_measures().then_some(Suppressed::FewCases), Some(figure.denominator)),
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
