//! The cascade: releases under its steps, looks at invitations, the sweep of those that time has ended, waivers, and what gates decide.

use super::council::{ROLES, STEPS};
use crate::breach::Checked;
use crate::chance::Chance;
use crate::world::World;
use care::published::Approval;
use care::{CouncilId, OfferId, Pence, ProviderId, ReferralId};
use referrals_domain::{
    Gate, GateArea, GateCondition, Homes, RecordGateDecision, ReleaseReferral, ReleaseStage, StepPolicy,
    SweepInvitations, ViewInvitation, WaiveCascadeStep,
};
use std::collections::{BTreeMap, BTreeSet};

const GATES: [&str; 4] = ["RESIDENTIAL_PANEL", "SENIOR_REVIEW", "NOMINATED_OFFICER", "DIRECTOR"];
const WAIVERS: [&str; 3] = ["CHILD_AT_RISK", "FAMILY_DECLINED", "COURT_DIRECTION"];

/// What a council's policy might say of steps and gates.
pub(super) fn step_policy(chance: &mut Chance) -> StepPolicy {
    let count = [0, 0, 0, 1, 2][chance.below(5)];
    let first = chance.below(3);
    let gates = GATES[first..(first + count).min(GATES.len())].iter().map(|gate| Gate {
        gate: (*gate).to_owned(),
        roles: BTreeSet::from([chance.word(&ROLES).to_owned()]),
        when: condition(chance),
    });
    let gates = gates.collect();
    let waiver_roles = if chance.percent(50) { vec![chance.word(&ROLES)] } else { Vec::new() };
    StepPolicy {
        release_in_order: chance.percent(20),
        emergency_may_skip: chance.percent(50),
        waiver_roles: waiver_roles.into_iter().map(str::to_owned).collect(),
        gates,
    }
}

fn condition(chance: &mut Chance) -> GateCondition {
    let any = GateCondition::default();
    match chance.below(5) {
        0 => any,
        1 => GateCondition { provisions: BTreeSet::from(["RESIDENTIAL".to_owned()]), ..any },
        2 => GateCondition { age_years_max: Some(11), area: Some(GateArea::OutOfArea), ..any },
        3 => GateCondition { area: Some(GateArea::Distant), weekly_from: Some(Pence(300_000)), ..any },
        _ => GateCondition { spot: true, ..any },
    }
}

impl World {
    /// To some providers; the council's own are asked in-house.
    pub(super) fn release(&mut self) -> Checked {
        let desk = self.some_desk();
        let Some(referral) = self.open_referral(desk, |it| it.releases.len() < 3) else { return Ok(()) };
        let count = if self.chance.per_mille(10) { 0 } else { 1 + self.chance.below(4) };
        let mut providers: BTreeSet<ProviderId> = BTreeSet::new();
        for _ in 0..count {
            providers.extend(self.chance.one_of(&self.providers).cloned());
        }
        let homes = self.homes(self.desks[desk].council);
        let step = self.chance.percent(10).then(|| self.code(&STEPS));
        let (stage, at) = (ReleaseStage::Broadcast, self.now);
        self.ask_referrals(desk, &ReleaseReferral { referral, providers, stage, homes, step, at }.into())?;
        Ok(())
    }

    /// What homes providers have, those that a council operates told apart.
    fn homes(&self, council: CouncilId) -> BTreeMap<ProviderId, Homes> {
        let mut homes: BTreeMap<ProviderId, Homes> = BTreeMap::new();
        for (_, home) in self.market.state.establishments() {
            let of = homes.entry(home.provider.clone()).or_default();
            let known = if home.operated_by == Some(council) { &mut of.own } else { &mut of.others };
            known.insert(home.provision.clone());
        }
        homes
    }

    /// Somebody to whom it was released, and sometimes anybody.
    pub(super) fn view_invitation(&mut self) -> Checked {
        let desk = self.some_desk();
        let Some(referral) = self.open_referral(desk, |it| !it.releases.is_empty()) else { return Ok(()) };
        let Some(provider) = self.invited(desk, referral) else { return Ok(()) };
        self.ask_referrals(desk, &ViewInvitation { referral, provider, at: self.now }.into())?;
        Ok(())
    }

    pub(super) fn sweep_invitations(&mut self) -> Checked {
        let desk = self.some_desk();
        self.ask_referrals(desk, &SweepInvitations { limit: 20, at: self.now }.into())?;
        Ok(())
    }

    fn decides(&mut self, roles: &[String]) -> Approval {
        let role = match self.chance.below(10) {
            0 => "TEAM_MANAGER".to_owned(),
            1 => self.chance.word(&ROLES).to_owned(),
            _ => self.chance.one_of(roles).cloned().unwrap_or_default(),
        };
        let approver = if self.chance.per_mille(12) { String::new() } else { "post 5 (simulated)".into() };
        Approval { approver, role, at: self.now }
    }

    pub(super) fn waive(&mut self) -> Checked {
        let desk = self.some_desk();
        let Some(referral) = self.open_referral(desk, |_| true) else { return Ok(()) };
        let roles: Vec<String> =
            self.desks[desk].referrals.state.policy.waiver_roles().iter().cloned().collect();
        let (step, reason) = (self.code(&STEPS), self.code(&WAIVERS));
        let approval = self.decides(&roles);
        self.ask_referrals(desk, &WaiveCascadeStep { referral, step, reason, approval }.into())?;
        Ok(())
    }

    /// A gate on an offer that could be taken, or that an emergency went ahead of, mostly.
    pub(super) fn decide_gate(&mut self) -> Checked {
        let desk = self.some_desk();
        let state = &self.desks[desk].referrals.state;
        let due: Vec<(ReferralId, OfferId, String)> = state
            .gates_due
            .iter()
            .filter_map(|(_, award)| {
                let proposed = &state.awards.get(award)?.proposed;
                let gate = state.gates_undecided(*award).first().map(|gate| (*gate).to_owned())?;
                Some((proposed.referral, proposed.terms.offer, gate))
            })
            .collect();
        let asked: Vec<String> = state.policy.steps.gates.iter().map(|gate| gate.gate.clone()).collect();
        let waiting = self.chance.one_of(&due).cloned().filter(|_| self.chance.percent(50));
        let (referral, offer, gate) = match waiting {
            Some(waiting) => waiting,
            None => {
                let Some(referral) = self.open_referral(desk, |it| !it.offers.is_empty()) else {
                    return Ok(());
                };
                let (live, all) =
                    self.referral(desk, referral).map(|it| self.offers_of(desk, it)).unwrap_or_default();
                let from = if live.is_empty() || self.chance.percent(5) { &all } else { &live };
                let offer = self.chance.one_of(from).copied().filter(|_| !self.chance.per_mille(20));
                let gate = self.chance.one_of(&asked).cloned().filter(|_| !self.chance.percent(4));
                if gate.is_none() && !self.chance.percent(5) {
                    return Ok(());
                }
                let offer = offer.unwrap_or_else(|| OfferId(self.chance.uuid()));
                (referral, offer, gate.unwrap_or_else(|| self.code(&GATES)))
            }
        };
        let policy = &self.desks[desk].referrals.state.policy;
        let roles = policy.steps.gate(&gate).map_or(&policy.approver_roles, |gate| &gate.roles);
        let roles: Vec<String> = roles.iter().cloned().collect();
        let by = self.decides(&roles);
        let decision = self.code(&["APPROVED", "APPROVED", "APPROVED", "APPROVED", "REFUSED", "DEFERRED"]);
        let on = if self.chance.percent(3) {
            self.today.saturating_sub(jiff::Span::new().days(40))
        } else {
            self.today
        };
        let (post, role) = (by.approver, by.role);
        let command = RecordGateDecision { referral, offer, gate, decision, post, role, on, at: self.now };
        self.ask_referrals(desk, &command.into())?;
        Ok(())
    }
}
