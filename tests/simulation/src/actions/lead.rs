//! The framework lead: members, lots, prices and suspensions; and a council's own suspensions.

use crate::breach::Checked;
use crate::chance::Chance;
use crate::opening::{LEVELS, LOTS, id};
use crate::world::World;
use care::{Date, FrameworkId, LotId, Pence, ProviderId};
use contracts_domain::GradeGate;
use contracts_domain::frameworks::{
    Change, FrameworkKind, Lot, NewFramework, PriceRow, PriceSchedule, Procurement, Regime, SuspensionScope,
};
use jiff::Span;
use std::collections::{BTreeMap, BTreeSet};

/// Admitted prices within the ceilings, seldom for all levels.
pub(crate) fn prices(chance: &mut Chance) -> BTreeMap<String, Pence> {
    let mut prices = BTreeMap::new();
    for (level, ceiling) in LEVELS {
        if prices.is_empty() || chance.percent(90) {
            prices.insert(level.to_owned(), Pence(chance.within(ceiling / 2..=ceiling)));
        }
    }
    prices
}

impl World {
    pub(super) fn change_framework(&mut self) -> Checked {
        let unknown = self.chance.percent(3);
        let framework = self.chance.one_of(&self.contracts).filter(|_| !unknown).cloned();
        let framework = framework.unwrap_or_else(|| id("none-such"));
        let version = self.frameworks.state.get(&framework).map(|framework| framework.version);
        let expected_version = match self.chance.below(20) {
            0 => version.map(|version| version + 1),
            1..=5 => version,
            _ => None,
        };
        let change = match self.chance.below(28) {
            0..=1 => self.membership(),
            2..=9 => self.suspension(&framework),
            10..=12 => self.admission(),
            13..=15 => self.lot(),
            16 => self.creation(),
            17 => self.weights(),
            18..=25 => self.framework_terms(&framework),
            _ => self.lift(&framework),
        };
        self.ask_frameworks(framework, expected_version, change)?;
        Ok(())
    }

    pub(super) fn some_day(&mut self) -> Date {
        let days = self.chance.within(-3..=3);
        self.today.saturating_add(Span::new().days(days))
    }

    pub(super) fn some_provider(&mut self) -> ProviderId {
        self.providers[self.chance.below(self.providers.len())].clone()
    }

    fn membership(&mut self) -> Change {
        let desk = self.some_desk();
        let (council, day) = (self.desks[desk].council, self.some_day());
        match self.chance.below(6) {
            0..=1 => Change::RemoveMember { council, on: day },
            2 => Change::AddMember { council, from: day.saturating_add(Span::new().years(9)) },
            _ => Change::AddMember { council, from: day },
        }
    }

    fn suspension(&mut self, framework: &FrameworkId) -> Change {
        let running = self
            .frameworks
            .state
            .get(framework)
            .map_or(0, |it| it.suspensions.values().flatten().filter(|it| it.until.is_none()).count());
        // More than one would leave nobody to buy from.
        if running > 0 && !self.chance.percent(20) {
            return self.lift(framework);
        }
        let provider = self.some_provider();
        let own = self.market.state.provider(&provider).and_then(|it| it.establishments.first().cloned());
        let mut urns: BTreeSet<_> = own.filter(|_| self.chance.percent(60)).into_iter().collect();
        if self.chance.percent(20) {
            urns.extend(self.chance.one_of(&self.homes).cloned());
        }
        let desk = self.some_desk();
        let council = self.chance.percent(20).then(|| self.desks[desk].council);
        let (reason, from) = ("safeguarding concern (simulated)".into(), self.some_day());
        Change::SuspendProvider { provider, scope: SuspensionScope { urns, council }, reason, from }
    }

    fn lift(&mut self, framework: &FrameworkId) -> Change {
        let found = self.frameworks.state.get(framework);
        let held: Vec<(ProviderId, SuspensionScope)> = found
            .into_iter()
            .flat_map(|it| &it.suspensions)
            .flat_map(|(provider, all)| all.iter().map(move |held| (provider, held)))
            .filter(|(_, held)| held.until.is_none())
            .map(|(provider, held)| (provider.clone(), held.scope.clone()))
            .collect();
        let on = self.some_day();
        let nobody = || (id("nobody"), SuspensionScope::provider());
        let (provider, scope) = self.chance.one_of(&held).cloned().unwrap_or_else(nobody);
        Change::LiftSuspension { provider, scope, on }
    }

    fn admission(&mut self) -> Change {
        let mut prices = prices(&mut self.chance);
        match self.chance.below(12) {
            0 => prices.clear(),
            1 => drop(prices.insert("none-such".into(), Pence(1))),
            2 => drop(prices.insert("standard".into(), Pence(0))),
            3 => drop(prices.insert("standard".into(), Pence(400_001))),
            _ => {}
        }
        let lot = LOTS[self.chance.below(LOTS.len())].0;
        let lot: LotId = if self.chance.percent(5) { id("none-such") } else { id(lot) };
        let from = match self.chance.below(8) {
            0 => self.today.saturating_add(Span::new().years(9)),
            _ => self.some_day(),
        };
        let mut schedule = PriceSchedule::plain(from, prices);
        schedule.until = self.chance.percent(10).then(|| from.saturating_add(Span::new().days(20)));
        schedule.rows = self.rows();
        if self.chance.percent(20) {
            schedule.branches.extend(self.chance.one_of(&self.homes).cloned());
        }
        Change::AdmitProvider { lot, provider: self.some_provider(), schedule }
    }

    /// Prices for some children, seldom any, sometimes not what they should be.
    fn rows(&mut self) -> Vec<PriceRow> {
        if self.chance.percent(60) {
            return Vec::new();
        }
        let mut row = |ages: (u8, u8), attribute: &str| PriceRow {
            level: "standard".into(),
            age_from: ages.0,
            age_to: ages.1,
            attributes: [attribute.to_owned()].into(),
            weekly: Pence(self.chance.within(100_000..=400_000)),
        };
        let (solo, older, reversed) = (row((16, 17), "SOLO"), row((17, 17), "SOLO"), row((17, 16), "SOLO"));
        let other = row((16, 17), "CWD");
        match self.chance.below(6) {
            0 => vec![reversed],
            1 => vec![solo, other],
            2 => vec![solo, older],
            _ => vec![solo],
        }
    }

    fn lot(&mut self) -> Change {
        let gate = |lowest: &str| GradeGate { lowest: lowest.into(), ungraded_allowed: true };
        let mut terms = Lot {
            name: "Lot (simulated)".into(),
            provisions: ["RESIDENTIAL".to_owned()].into(),
            age_from: 0,
            age_to: 17,
            grade_gate: None,
            levels: [("standard".to_owned(), Pence(400_000))].into(),
            ceilings: Vec::new(),
        };
        let mut lot = format!("lot-{}", self.chance.below(60));
        match self.chance.below(12) {
            0 => terms.provisions.clear(),
            1 => terms.levels.clear(),
            2 => drop(terms.provisions.insert("UNREGISTERED".into())),
            3 => terms.age_from = 18,
            4 => terms.grade_gate = Some(gate("INADEQUATE")),
            5 => lot = LOTS[0].0.into(),
            _ => {}
        }
        Change::AddLot { lot: id(&lot), terms }
    }

    fn creation(&mut self) -> Change {
        let today = self.today;
        let days = self.chance.within(0..=1);
        let act = Regime::ProcurementAct2023;
        let (kind, regime, ends) = match self.chance.below(3) {
            0 => (Some(FrameworkKind::Open), act, today.saturating_add(Span::new().years(9))),
            1 => (Some(FrameworkKind::Open), Regime::Pcr2015, today),
            _ => (None, act, today.saturating_sub(Span::new().days(days))),
        };
        Change::Create(NewFramework {
            name: "Again (simulated)".into(),
            lead: self.desks[0].council,
            regime,
            starts: today,
            ends,
            grade_floor: None,
            procurement: Procurement { kind, ..Procurement::default() },
        })
    }
}
