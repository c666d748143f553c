//! How offers are judged and why awards depart; siblings; and what frameworks count.

use super::council::sealed;
use crate::breach::Checked;
use crate::world::World;
use care::published::{Approval, EvaluationWeights, Weights};
use care::{Date, OfferId, ReferralId, london_date};
use contracts_domain::frameworks::Change;
use jiff::Span;
use referrals_domain::{
    Concern, EvaluateOffer, HomeKnown, ImpactAssessment, ImpactFinding, LinkSiblings, Mitigation, Stage,
};
use std::collections::{BTreeMap, BTreeSet};

impl World {
    /// What a provider says of safety: often all that is asked for, sometimes nothing.
    pub(super) fn assurances(&mut self) -> (Vec<Mitigation>, Option<ImpactAssessment>) {
        let mitigation =
            |need: &str| Mitigation { concern: Concern::Need(need.into()), how: "THERAPY".into() };
        let mitigations = match self.chance.below(60) {
            0 => vec![mitigation("AUTISM")],
            1..=20 => vec![mitigation("TRAUMA")],
            _ => Vec::new(),
        };
        let outcomes = ["NO_IMPACT", "IMPACT_MANAGED"];
        let grave = self.chance.percent(12);
        let outcome = if grave { "IMPACT_NOT_MANAGEABLE" } else { self.chance.word(&outcomes) }.to_owned();
        let finding = ImpactFinding { concern: Concern::Need("TRAUMA".into()), outcome };
        let days = if self.chance.per_mille(8) { -1 } else { self.chance.within(0..=5) };
        let made = ImpactAssessment {
            done_on: self.today.saturating_sub(Span::new().days(days)),
            post: "registered manager (simulated)".into(),
            findings: if self.chance.percent(60) { vec![finding] } else { Vec::new() },
        };
        (mitigations, Some(made).filter(|_| self.chance.percent(88)))
    }

    /// What the framework that judges a referral's offers counted when that was last changed, as the service looks it up.
    fn weights_for(&self, desk: usize, referral: ReferralId) -> Option<EvaluationWeights> {
        let state = &self.desks[desk].referrals.state;
        let referral = state.referrals.get(&referral)?;
        let on = london_date(referral.changed_at);
        let framework = state.judging_framework(referral, self.now)?;
        let all = &self.frameworks.state.get(framework)?.evaluation_weights;
        EvaluationWeights::holding(all, on).cloned()
    }

    /// What is known of the home of an offer; sometimes nothing is yet.
    fn home_known(&mut self, desk: usize, offer: OfferId) -> HomeKnown {
        let offer = self.desks[desk].referrals.state.offers.get(&offer);
        let home = offer.and_then(|offer| self.market.state.establishment(&offer.terms.urn));
        let known = home.map(|home| HomeKnown {
            status: Some(home.registration.status.word().to_owned()),
            grade: Some(home.registration.grade.clone()),
            restricted_on: home.restricted_on,
        });
        known.filter(|_| !self.chance.percent(5)).unwrap_or_default()
    }

    pub(super) fn evaluate(&mut self) -> Checked {
        let desk = self.some_desk();
        let Some(referral) = self.open_referral(desk, |it| !it.offers.is_empty()) else { return Ok(()) };
        let offers: Vec<OfferId> =
            self.referral(desk, referral).map(|it| it.offers.iter().copied().collect()).unwrap_or_default();
        let unknown = self.chance.percent(1);
        let offer = self.chance.one_of(&offers).copied().filter(|_| !unknown);
        let offer = offer.unwrap_or_else(|| OfferId(self.chance.uuid()));
        let weights = self.weights_for(desk, referral);
        let asked: Vec<String> = match &weights {
            Some(set) => set.weights.keys().filter(|it| *it != "PRICE").cloned().collect(),
            None => vec!["SKILLS".to_owned()],
        };
        let mut scores = BTreeMap::new();
        for criterion in asked {
            scores.insert(criterion, self.chance.small(0..=10));
        }
        match self.chance.below(60) {
            0 => scores.clear(),
            1 => drop(scores.insert("SKILLS".to_owned(), 11)),
            _ => {}
        }
        let role = self.some_role(desk);
        let exemption = Approval { approver: "post 7 (simulated)".into(), role, at: self.now };
        let command = EvaluateOffer {
            referral,
            offer,
            scores,
            scorer: if self.chance.per_mille(8) { String::new() } else { "post 4 (simulated)".into() },
            rationale: sealed("rationale"),
            exemption: Some(exemption).filter(|_| self.chance.percent(30)),
            weights,
            home: self.home_known(desk, offer),
            at: self.now,
        };
        self.ask_referrals(desk, &command.into())?;
        Ok(())
    }

    /// Why an award takes this offer and not the first; often given where it is not needed, and now and then forgotten.
    pub(super) fn departure_reason(&mut self) -> Option<String> {
        (!self.chance.percent(20))
            .then(|| self.code(&["CHILD_WISHES", "NEARER_SCHOOL", "EARLIER_START", "COURT"]))
    }

    /// Why siblings part; mostly not thought of.
    pub(super) fn sibling_split_reason(&mut self) -> Option<String> {
        self.chance.percent(50).then(|| self.code(&["NO_HOME_FOR_ALL", "SAFETY", "WISHES"]))
    }

    /// Referrals that a council works on, most of them open; seldom one that is not there.
    pub(super) fn link_siblings(&mut self) -> Checked {
        let desk = self.some_desk();
        let state = &self.desks[desk].referrals.state;
        let found = |id: &&ReferralId| {
            state.referrals.get(id).is_some_and(|it| !matches!(it.stage, Stage::Withdrawn { .. }))
        };
        let known: Vec<ReferralId> = self.desks[desk].recent.iter().filter(found).copied().collect();
        let Some(referral) = self.chance.one_of(&known).copied() else { return Ok(()) };
        let mut siblings = BTreeSet::new();
        for _ in 0..self.chance.below(4) {
            let other = self.chance.one_of(&known).copied();
            siblings.extend(other.filter(|other| *other != referral || self.chance.percent(5)));
        }
        if self.chance.percent(3) {
            siblings.extend(self.some_referral(desk));
        }
        self.ask_referrals(desk, &LinkSiblings { referral, siblings, at: self.now }.into())?;
        Ok(())
    }

    /// What a framework counts, mostly so that offers can be scored by it.
    pub(super) fn weights(&mut self) -> Change {
        let today = self.today;
        let price = u32::from(self.chance.small(1..=99)) * 100;
        let mut weights = Weights::from([("PRICE".to_owned(), price), ("SKILLS".to_owned(), 10_000 - price)]);
        match self.chance.below(12) {
            0 => drop(weights.remove("PRICE")),
            1 => drop(weights.insert("PRICE".to_owned(), price + 1)),
            2 => drop(weights.insert("CHARM".to_owned(), 0)),
            3..=5 if price < 9_000 => {
                weights.insert("SKILLS".to_owned(), 9_000 - price);
                weights.insert("LOCATION".to_owned(), 1_000);
            }
            _ => {}
        }
        Change::SetEvaluationWeights { from: self.weights_from(), weights, today }
    }

    fn weights_from(&mut self) -> Date {
        let days = match self.chance.below(20) {
            0 => 0,
            1 => 4_000,
            _ => self.chance.within(1..=4),
        };
        self.today.saturating_add(Span::new().days(days))
    }
}
