//! The fold of the region's contracts log. Every fact holds by date, so what held on a day can be asked afterwards.

use super::discounts::Discount;
use super::events::Regime;
use super::prices::{self, PriceRow, PriceSchedule};
use super::procurement::{Opening, Procurement};
use super::suspensions::Suspension;
use super::uplifts::Uplift;
use crate::grade::GradeGate;
use care::published::EvaluationWeights;
use care::{CouncilId, Date, FrameworkId, LotId, Pence, ProviderId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// All frameworks of the region, or the part of them that one call-off is judged on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frameworks {
    pub(super) position: u64,
    pub(super) frameworks: BTreeMap<FrameworkId, Framework>,
}

/// One framework.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Framework {
    /// What people call it.
    pub name: String,
    /// The council that leads it.
    pub lead: CouncilId,
    /// The law it was procured under.
    pub regime: Regime,
    /// The first day on which a council may call off.
    pub starts: Date,
    /// The last such day.
    pub ends: Date,
    /// The gate of each lot that has none of its own.
    pub grade_floor: Option<GradeGate>,
    /// Who may call off, and when; a council's memberships in order of their dates.
    pub members: BTreeMap<CouncilId, Vec<Membership>>,
    /// The lots.
    pub lots: BTreeMap<LotId, Lot>,
    /// The price schedules of each provider by lot, in order of their dates.
    pub admissions: BTreeMap<ProviderId, BTreeMap<LotId, Vec<PriceSchedule>>>,
    /// The suspensions of each provider, in the order they were told.
    pub suspensions: BTreeMap<ProviderId, Vec<Suspension>>,
    /// What offers are scored by, in order of the days from which it holds; where none holds, the default does.
    pub evaluation_weights: Vec<EvaluationWeights>,
    /// How it was procured, as far as that was told.
    #[serde(default)]
    pub procurement: Procurement,
    /// When it opens again for new providers, in the order they were told.
    #[serde(default)]
    pub openings: Vec<Opening>,
    /// Its discounts by number.
    #[serde(default)]
    pub discounts: BTreeMap<u32, Discount>,
    /// The councils that negotiate for the region, by provider; where there is none, the lead does.
    #[serde(default)]
    pub link_authorities: BTreeMap<ProviderId, CouncilId>,
    /// The uplifts that were asked for, by number.
    #[serde(default)]
    pub uplifts: BTreeMap<u32, Uplift>,
    /// How many changes it has seen, its creation included.
    pub version: u32,
}

/// A part of a framework that is bought by its own rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lot {
    /// What people call it.
    pub name: String,
    /// What it covers, codes of `care::code_sets::PROVISION`.
    pub provisions: BTreeSet<String>,
    /// The youngest age on the first night, in years.
    pub age_from: u8,
    /// The oldest age on the first night, in years.
    pub age_to: u8,
    /// Its own gate; nothing for the framework's floor.
    pub grade_gate: Option<GradeGate>,
    /// The most that a level's core fee may be, pence a week.
    pub levels: BTreeMap<String, Pence>,
    /// The same by level, age band and attributes, where it is not the level's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ceilings: Vec<PriceRow>,
}

impl Lot {
    /// The most that a core fee may be for a child of this age with these attributes, pence a week; nothing for a level that it does not have.
    #[must_use]
    pub fn ceiling(&self, level: &str, age_years: u8, attributes: &BTreeSet<String>) -> Option<Pence> {
        prices::holding(&self.levels, &self.ceilings, level, age_years, attributes).map(|row| row.weekly)
    }
}

/// A council's membership, from one day up to another that no longer counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    /// The first day.
    pub from: Date,
    /// The first day on which it is no longer a member.
    pub until: Option<Date>,
}

/// Who looks at a framework.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Onlooker<'a> {
    /// Its own lead.
    Lead,
    /// A council.
    Council(CouncilId),
    /// A provider.
    Provider(&'a ProviderId),
    /// Anybody else, such as the lead of another framework.
    Stranger,
}

impl Framework {
    /// Whether a council may call off on a day.
    #[must_use]
    pub fn in_force(&self, on: Date) -> bool {
        (self.starts..=self.ends).contains(&on)
    }

    /// Whether a council is a member on a day.
    #[must_use]
    pub fn is_member(&self, council: CouncilId, on: Date) -> bool {
        let holds = |m: &Membership| m.from <= on && m.until.is_none_or(|until| on < until);
        self.members.get(&council).is_some_and(|memberships| memberships.iter().any(holds))
    }

    /// Whether a council is a member on a day, or was one before.
    #[must_use]
    pub fn is_or_was_member(&self, council: CouncilId, on: Date) -> bool {
        let held = |m: &Membership| m.from <= on && m.until.is_none_or(|until| m.from < until);
        self.members.get(&council).is_some_and(|memberships| memberships.iter().any(held))
    }

    /// Whether somebody is told the price ceilings of a lot: whoever buys or bought under the framework, its lead, and a provider
    /// that was admitted to that lot. To others the ceilings would tell what their competitors may charge. Nobody else decides this.
    #[must_use]
    pub fn shows_ceilings_to(&self, onlooker: Onlooker<'_>, lot: &LotId, on: Date) -> bool {
        match onlooker {
            Onlooker::Lead => true,
            Onlooker::Council(council) => self.is_or_was_member(council, on),
            Onlooker::Provider(provider) => {
                self.admissions.get(provider).is_some_and(|lots| lots.contains_key(lot))
            }
            Onlooker::Stranger => false,
        }
    }

    /// The gate of a lot: its own, else the framework's floor, else the widest.
    #[must_use]
    pub fn gate(&self, lot: &Lot) -> GradeGate {
        lot.grade_gate.clone().or_else(|| self.grade_floor.clone()).unwrap_or_else(GradeGate::widest)
    }

    /// The prices of a provider in a lot that hold on a day.
    #[must_use]
    pub fn schedule(&self, provider: &ProviderId, lot: &LotId, on: Date) -> Option<&PriceSchedule> {
        let schedules = self.admissions.get(provider)?.get(lot)?;
        let last = schedules.iter().rev().find(|schedule| schedule.from <= on);
        last.filter(|schedule| schedule.until.is_none_or(|until| on < until))
    }

    /// The providers that it knows, admitted or suspended, in order.
    #[must_use]
    pub fn providers(&self) -> BTreeSet<&ProviderId> {
        self.admissions.keys().chain(self.suspensions.keys()).collect()
    }

    fn facts_for(&self, provider: &ProviderId, since: Date) -> Self {
        let mut suspensions = entry_of(&self.suspensions, provider);
        suspensions.values_mut().for_each(|all| all.retain(|it| it.may_stop_from(since)));
        Self {
            name: self.name.clone(),
            lead: self.lead,
            regime: self.regime,
            starts: self.starts,
            ends: self.ends,
            grade_floor: self.grade_floor.clone(),
            members: self.members.clone(),
            lots: self.lots.clone(),
            admissions: entry_of(&self.admissions, provider),
            suspensions,
            // No call-off is judged by them.
            evaluation_weights: Vec::new(),
            procurement: self.procurement.clone(),
            openings: self.openings.clone(),
            discounts: part_of(&self.discounts, |it| it.provider.as_ref().is_none_or(|own| own == provider)),
            link_authorities: entry_of(&self.link_authorities, provider),
            uplifts: part_of(&self.uplifts, |it| it.asked.provider == *provider),
            version: self.version,
        }
    }
}

fn entry_of<V: Clone>(map: &BTreeMap<ProviderId, V>, provider: &ProviderId) -> BTreeMap<ProviderId, V> {
    map.get_key_value(provider).map(|(key, value)| (key.clone(), value.clone())).into_iter().collect()
}

fn part_of<V: Clone>(map: &BTreeMap<u32, V>, wanted: impl Fn(&V) -> bool) -> BTreeMap<u32, V> {
    let part = map.iter().filter(|(_, value)| wanted(value));
    part.map(|(number, value)| (*number, value.clone())).collect()
}

impl Frameworks {
    /// A framework.
    #[must_use]
    pub fn get(&self, framework: &FrameworkId) -> Option<&Framework> {
        self.frameworks.get(framework)
    }

    /// All frameworks, in order of their ids.
    pub fn iter(&self) -> impl Iterator<Item = (&FrameworkId, &Framework)> {
        self.frameworks.iter()
    }

    /// The position in the region's contracts log up to which these facts are known: positions are dense, so it is the
    /// number of events folded.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.position
    }

    /// The facts that a purchase from one provider is judged on: every framework with its members and lots, but of the
    /// providers this one alone. Small enough to travel with a command.
    #[must_use]
    pub fn facts_for(&self, provider: &ProviderId) -> Self {
        self.facts_since(provider, Date::MIN)
    }

    /// The same, for what is judged of days from `since` on: without the suspensions that were lifted by then.
    #[must_use]
    pub fn facts_since(&self, provider: &ProviderId, since: Date) -> Self {
        let part =
            |(id, framework): (&FrameworkId, &Framework)| (id.clone(), framework.facts_for(provider, since));
        Self { position: self.position, frameworks: self.frameworks.iter().map(part).collect() }
    }
}
