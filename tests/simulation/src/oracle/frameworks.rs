//! What contracts judge of invariants 3 and 5: lots, gates, ceilings and suspensions as they held on the day of the award.

use crate::breach::{Checked, Invariant, ensure};
use care::market::PlaceClaimed;
use care::published::{AgreementIssued, Route};
use care::{
    CouncilId, Date, EstablishmentUrn, EventBody, FrameworkId, LotId, Pence, ProviderId, london_date,
};
use contracts_domain::FrameworkEvent;
use contracts_domain::frameworks::{FrameworkCreated, Lot, PriceRow, ProviderAdmitted};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What is asked of prices: the level, the child's age in years and the attributes.
type Child<'a> = (&'a str, u8, &'a BTreeSet<String>);

struct Framework {
    created: FrameworkCreated,
    members: Vec<(CouncilId, Date, Option<Date>)>,
    lots: HashMap<LotId, Lot>,
    admissions: HashMap<(ProviderId, LotId), Vec<ProviderAdmitted>>,
    suspensions: Vec<Suspension>,
}

struct Suspension {
    provider: ProviderId,
    urns: BTreeSet<EstablishmentUrn>,
    council: Option<CouncilId>,
    from: Date,
    until: Option<Date>,
}

#[derive(Default)]
pub(super) struct Frameworks {
    events: u64,
    all: HashMap<FrameworkId, Framework>,
}

impl Frameworks {
    pub(super) fn read(&mut self, event: &FrameworkEvent) {
        self.events += 1;
        match event {
            FrameworkEvent::FrameworkCreated(event) => {
                let framework = Framework {
                    created: event.clone(),
                    members: Vec::new(),
                    lots: HashMap::new(),
                    admissions: HashMap::new(),
                    suspensions: Vec::new(),
                };
                self.all.insert(event.framework.clone(), framework);
            }
            FrameworkEvent::CouncilJoined(event) => self.change(&event.framework, |framework| {
                framework.members.push((event.council, event.from, None));
            }),
            FrameworkEvent::CouncilLeft(event) => self.change(&event.framework, |framework| {
                let mut members = framework.members.iter_mut().rev();
                if let Some(member) = members.find(|member| member.0 == event.council) {
                    member.2 = Some(event.on);
                }
            }),
            FrameworkEvent::LotAdded(event) => self.change(&event.framework, |framework| {
                framework.lots.insert(event.lot.clone(), event.terms.clone());
            }),
            FrameworkEvent::ProviderAdmitted(event) => self.change(&event.framework, |framework| {
                let key = (event.provider.clone(), event.lot.clone());
                framework.admissions.entry(key).or_default().push(event.clone());
            }),
            FrameworkEvent::ProviderSuspended(event) => self.change(&event.framework, |framework| {
                let urns = event.urns.iter().chain(&event.urn).cloned().collect();
                let (provider, council, from) = (event.provider.clone(), event.council, event.from);
                framework.suspensions.push(Suspension { provider, urns, council, from, until: None });
            }),
            FrameworkEvent::SuspensionLifted(event) => self.change(&event.framework, |framework| {
                let urns: BTreeSet<_> = event.urns.iter().chain(&event.urn).cloned().collect();
                let is_it = |it: &&mut Suspension| {
                    let same = it.provider == event.provider && it.council == event.council;
                    same && it.urns == urns && it.until.is_none()
                };
                if let Some(suspension) = framework.suspensions.iter_mut().find(is_it) {
                    suspension.until = Some(event.on);
                }
            }),
            // No agreement is judged by what offers were scored by.
            FrameworkEvent::EvaluationWeightsSet(_) => {}
            FrameworkEvent::FrameworkExtended(event) => self.change(&event.framework, |framework| {
                framework.created.ends = event.ends;
            }),
            // Nor by what does not say who may be bought from, or at what price.
            FrameworkEvent::FrameworkReopened(_)
            | FrameworkEvent::PlacementReviewsCalled(_)
            | FrameworkEvent::DiscountAgreed(_)
            | FrameworkEvent::DiscountEnded(_)
            | FrameworkEvent::LinkAuthorityNominated(_)
            | FrameworkEvent::UpliftRequested(_)
            | FrameworkEvent::UpliftNegotiated(_) => {}
        }
    }

    fn change(&mut self, id: &FrameworkId, change: impl FnOnce(&mut Framework)) {
        if let Some(framework) = self.all.get_mut(id) {
            change(framework);
        }
    }

    /// Checks an agreement against the claim that it follows from.
    pub(super) fn check_agreement(&self, issued: &AgreementIssued, claim: &PlaceClaimed) -> Checked {
        let market = &claim.evidence.evidence;
        let day = london_date(claim.at);
        let unregistered = market.provision == "UNREGISTERED" || issued.provision == "UNREGISTERED";
        let found = || format!("unregistered provision was bought: {issued:?}");
        ensure(!unregistered, Invariant::NeverAwardable, || issued.stream(), found)?;
        let shares: u32 = issued.terms.funders.iter().map(|share| share.basis_points).sum();
        let mut checks = vec![
            ("the funders' shares", shares == 10_000),
            ("a suspension", !self.is_suspended(issued, day)),
        ];
        match &issued.terms.route {
            Route::Framework { framework, lot, level, attributes } => {
                let child = (level.as_str(), market.age_years, attributes);
                checks.extend(self.checks_of_lot(issued, claim, day, (framework, lot, child)));
            }
            Route::Spot { justification } => {
                checks.push(("the justification", !justification.trim().is_empty()));
                checks.push(("the grade", gate_lets("REQUIRES_IMPROVEMENT", true, &market.grade)));
            }
            Route::InHouse => {}
        }
        let evidence = &issued.evidence;
        let shown = |check: &str| evidence.checks.iter().any(|shown| shown.check == check && shown.passed);
        checks.push(("a check that failed", evidence.checks.iter().all(|check| check.passed)));
        checks.push(("the evidence of the facts' position", evidence.contracts_position == self.events));
        let needed = needed_evidence(&issued.terms.route);
        checks.push(("the evidence of what was judged", needed.iter().all(|check| shown(check))));
        for (what, right) in checks {
            let found = || format!("{what}: not as it should be on {day}, the day of the award: {issued:?}");
            ensure(right, Invariant::EligibleAtTheAward, || issued.stream(), found)?;
        }
        Ok(())
    }

    /// Whether a framework that the council belongs to on the day, or the council itself in any, stops the provider on some day up to the first night.
    fn is_suspended(&self, issued: &AgreementIssued, day: Date) -> bool {
        let (first, last) = (day.min(issued.start), day.max(issued.start));
        let stops = |it: &Suspension| {
            it.provider == issued.provider
                && (it.urns.is_empty() || it.urns.contains(&issued.urn))
                && it.council.is_none_or(|council| council == issued.council)
                && it.from <= last
                && it.until.is_none_or(|until| first < until && it.from < until)
        };
        self.all.values().any(|framework| {
            let member = framework.is_member(issued.council, day);
            let counts = |it: &&Suspension| member || it.council == Some(issued.council);
            framework.suspensions.iter().filter(counts).any(stops)
        })
    }

    fn checks_of_lot(
        &self,
        issued: &AgreementIssued,
        claim: &PlaceClaimed,
        day: Date,
        (framework, lot_id, child): (&FrameworkId, &LotId, Child<'_>),
    ) -> Vec<(&'static str, bool)> {
        let Some(framework) = self.all.get(framework) else { return vec![("the framework", false)] };
        let Some(lot) = framework.lots.get(lot_id) else { return vec![("the lot", false)] };
        let market = &claim.evidence.evidence;
        let gate = lot.grade_gate.as_ref().or(framework.created.grade_floor.as_ref());
        let (lowest, ungraded) =
            gate.map_or(("REQUIRES_IMPROVEMENT", true), |gate| (gate.lowest.as_str(), gate.ungraded_allowed));
        let core = issued.terms.lines.iter().filter(|line| line.kind == "CORE");
        let core = Pence(core.map(|line| line.weekly.0).sum());
        let key = (issued.provider.clone(), lot_id.clone());
        let schedules = framework.admissions.get(&key).into_iter().flatten();
        let schedule = schedules.filter(|it| it.from <= day).max_by_key(|it| it.from);
        let schedule = schedule.filter(|it| it.until.is_none_or(|until| day < until));
        let admitted = schedule.and_then(|it| price(&it.prices, &it.rows, child));
        let ceiling = price(&lot.levels, &lot.ceilings, child);
        let branch = schedule.is_some_and(|it| it.branches.is_empty() || it.branches.contains(&issued.urn));
        vec![
            ("the framework's term", framework.created.starts <= day && day <= framework.created.ends),
            ("the membership", framework.is_member(issued.council, day)),
            ("the lot's provisions", lot.provisions.contains(&market.provision)),
            ("the lot's ages", lot.age_from <= market.age_years && market.age_years <= lot.age_to),
            ("the grade", gate_lets(lowest, ungraded, &market.grade)),
            ("the ceiling", ceiling.is_some_and(|ceiling| core <= ceiling)),
            ("the admitted price", admitted.is_some_and(|price| core <= price)),
            ("the branch", branch),
            ("alone in the home", claim.solo || !child.2.contains("SOLO")),
        ]
    }
}

impl Framework {
    fn is_member(&self, council: CouncilId, day: Date) -> bool {
        let holds = |(member, from, until): &(CouncilId, Date, Option<Date>)| {
            *member == council && *from <= day && until.is_none_or(|until| day < until)
        };
        self.members.iter().any(holds)
    }
}

/// The price for a child: of the rows that fit, one that no other is more specific than; else the level's own.
fn price(
    plain: &BTreeMap<String, Pence>,
    rows: &[PriceRow],
    (level, age, attributes): Child<'_>,
) -> Option<Pence> {
    let fits = |row: &&PriceRow| {
        row.level == level
            && row.age_from <= age
            && age <= row.age_to
            && row.attributes.iter().all(|attribute| attributes.contains(attribute))
    };
    let ages = |row: &PriceRow| row.age_to - row.age_from;
    let beats = |one: &PriceRow, other: &PriceRow| {
        let more = one.attributes.len() > other.attributes.len();
        more || (one.attributes == other.attributes && ages(one) < ages(other))
    };
    let fitting: Vec<&PriceRow> = rows.iter().filter(fits).collect();
    let best = fitting.iter().find(|one| !fitting.iter().any(|other| beats(other, one)));
    best.map(|row| row.weekly).or_else(|| plain.get(level).copied())
}

/// Whether a gate lets a grade through, written out.
fn gate_lets(lowest: &str, ungraded: bool, grade: &str) -> bool {
    match grade {
        "OUTSTANDING" => true,
        "GOOD" => lowest != "OUTSTANDING",
        "REQUIRES_IMPROVEMENT" => lowest == "REQUIRES_IMPROVEMENT",
        "NONE" => ungraded,
        _ => false,
    }
}

/// The checks whose result an agreement by this route must show.
fn needed_evidence(route: &Route) -> &'static [&'static str] {
    match route {
        Route::Framework { .. } => &[
            "UNREGISTERED_PROVISION",
            "ACCOMMODATION_RESTRICTED",
            "ATTRIBUTE_NOT_SHOWN",
            "PROVIDER_SUSPENDED",
            "FRAMEWORK_NOT_IN_FORCE",
            "COUNCIL_NOT_MEMBER",
            "LOT_DOES_NOT_COVER_PROVISION",
            "AGE_OUTSIDE_LOT",
            "PROVIDER_NOT_ADMITTED",
            "BRANCH_NOT_ADMITTED",
            "GRADE_BELOW_GATE",
            "PRICE_ABOVE_CEILING",
            "PRICE_ABOVE_SCHEDULE",
        ],
        Route::Spot { .. } => {
            &["UNREGISTERED_PROVISION", "ACCOMMODATION_RESTRICTED", "PROVIDER_SUSPENDED", "GRADE_BELOW_GATE"]
        }
        Route::InHouse => &["UNREGISTERED_PROVISION", "ACCOMMODATION_RESTRICTED", "PROVIDER_SUSPENDED"],
    }
}
