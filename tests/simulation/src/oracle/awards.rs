//! What councils asked for, tried and awarded: invariant 6, and that the halves of an award are about the same (2).

use super::cascade::Cascade;
use super::market::Market;
use crate::breach::{Checked, Invariant, ensure};
use care::market::PlaceClaimed;
use care::published::{AgreementIssued, AwardProposed, Route};
use care::{AgreementId, AwardId, CouncilId, EventBody, OfferId, ReferralId, Timestamp, london_date};
use jiff::SignedDuration;
use referrals_domain::{
    CascadePolicy, OfferSubmitted, ReferralEvent, Requirements, RetrospectiveApprovalGiven,
};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

struct Referral {
    version: u32,
    requirements: Requirements,
    /// The outcome of each step that was tried, the last one.
    steps: BTreeMap<String, (String, Timestamp)>,
}

#[derive(Default)]
struct Desk {
    policy: CascadePolicy,
    policy_version: u32,
    due: BTreeMap<AwardId, Timestamp>,
}

#[derive(Default)]
pub(super) struct Awards {
    desks: HashMap<CouncilId, Desk>,
    referrals: HashMap<ReferralId, Referral>,
    offers: HashMap<OfferId, (OfferSubmitted, bool)>,
    proposed: HashMap<AwardId, (AwardProposed, String)>,
    claims: HashMap<AwardId, PlaceClaimed>,
    agreements: HashMap<AwardId, AgreementId>,
    /// The awards whose placement ended, or never began.
    ended: HashSet<AwardId>,
    /// Whether each offer that was evaluated passed the gate, the last time.
    judged: HashMap<OfferId, bool>,
    cascade: Cascade,
}

impl Awards {
    pub(super) fn read(&mut self, council: CouncilId, event: &ReferralEvent, market: &Market) -> Checked {
        self.read_cascade(council, event)?;
        match event {
            ReferralEvent::CascadePolicySet(event) => {
                let desk = self.desks.entry(council).or_default();
                (desk.policy, desk.policy_version) = (event.policy.clone(), event.version);
            }
            ReferralEvent::ReferralPosted(event) => {
                let requirements = event.requirements.clone();
                let referral = Referral { version: 1, requirements, steps: BTreeMap::new() };
                self.referrals.insert(event.referral, referral);
            }
            ReferralEvent::ReferralAmended(event) => {
                if let Some(referral) = self.referrals.get_mut(&event.referral) {
                    referral.version = event.version;
                    referral.requirements = event.requirements.clone();
                }
            }
            ReferralEvent::CascadeStepRecorded(event) => {
                if let Some(referral) = self.referrals.get_mut(&event.referral) {
                    referral.steps.insert(event.step.clone(), (event.outcome.clone(), event.at));
                }
            }
            ReferralEvent::OfferSubmitted(event) => {
                self.offers.insert(event.offer, (event.clone(), false));
            }
            ReferralEvent::OfferWithdrawn(event) => {
                if let Some(offer) = self.offers.get_mut(&event.offer) {
                    offer.1 = true;
                }
            }
            ReferralEvent::AwardProposed(event) => {
                self.check_proposal(council, &event.proposed, &event.sex, market)?;
                self.check_gates(council, &event.proposed, event.area_authority.as_deref())?;
                let (award, due) = (event.proposed.award, event.proposed.evidence.approval_due);
                if let Some(due) = due {
                    self.desks.entry(council).or_default().due.insert(award, due);
                }
                self.proposed.insert(award, (event.proposed.clone(), event.sex.clone()));
            }
            ReferralEvent::OfferEvaluated(event) => {
                self.judged.insert(event.offer, event.passed());
            }
            ReferralEvent::RetrospectiveApprovalGiven(event) => self.approve(council, event)?,
            ReferralEvent::AwardFailed(event) => {
                self.desks.entry(council).or_default().due.remove(&event.award);
            }
            _ => {}
        }
        Ok(())
    }

    fn read_cascade(&mut self, council: CouncilId, event: &ReferralEvent) -> Checked {
        let open_again = self.cascade.read(&self.desks.entry(council).or_default().policy, event)?;
        for (referral, step) in open_again {
            if let Some(referral) = self.referrals.get_mut(&referral) {
                referral.steps.remove(&step);
            }
        }
        Ok(())
    }

    fn check_gates(
        &mut self,
        council: CouncilId,
        proposed: &AwardProposed,
        area_authority: Option<&str>,
    ) -> Checked {
        let Some(referral) = self.referrals.get(&proposed.referral) else { return Ok(()) };
        let urgency = &referral.requirements.urgency;
        let policy = &self.desks.entry(council).or_default().policy;
        self.cascade.check(policy, proposed, area_authority, urgency)
    }

    pub(super) fn gates_due(&self, council: CouncilId) -> BTreeSet<(Timestamp, AwardId)> {
        self.cascade.gates_due(council)
    }

    fn check_proposal(
        &self,
        council: CouncilId,
        proposed: &AwardProposed,
        sex: &str,
        market: &Market,
    ) -> Checked {
        let stream = || EventBody::stream(proposed);
        let known = self.referrals.get(&proposed.referral).zip(self.offers.get(&proposed.terms.offer));
        let answers = known.is_some_and(|(referral, (offer, withdrawn))| {
            let terms = &offer.terms;
            !withdrawn
                && offer.referral == proposed.referral
                && (offer.referral_version, proposed.referral_version) == (referral.version, referral.version)
                && terms.valid_until >= london_date(proposed.at)
                && (&terms.place, &terms.urn, &offer.provider)
                    == (&proposed.place, &proposed.urn, &proposed.provider)
                && (&terms.provision, terms.start) == (&proposed.provision, proposed.start)
                && (referral.requirements.solo, referral.requirements.sex.as_str()) == (proposed.solo, sex)
        });
        let found = || format!("the offer does not answer this version of the referral: {proposed:?}");
        ensure(answers, Invariant::HoldIsALease, stream, found)?;
        let Some((referral, (offer, _))) = known else { return Ok(()) };
        self.check_choice(proposed)?;
        let operated = market.home(&proposed.urn).is_some_and(|home| home.operated_by == Some(council));
        let own = proposed.terms.route == Route::InHouse && operated;
        let found = || format!("the offer says that the establishment is the council's own: {offer:?}");
        ensure(!offer.own_establishment || operated, Invariant::CascadeAndApprover, stream, found)?;
        if own { Ok(()) } else { self.check_external(council, proposed, referral) }
    }

    /// What failed the gate is not taken, and a departure from the order of merit says why.
    fn check_choice(&self, proposed: &AwardProposed) -> Checked {
        let judged = self.judged.get(&proposed.terms.offer);
        let choice = proposed.evidence.choice.clone().unwrap_or_default();
        let departs = choice.evaluated > 0 && choice.rank != Some(1);
        let right = judged != Some(&false)
            && (choice.rank.is_none() || judged.is_some())
            && choice.standing >= choice.evaluated
            && departs == choice.departure_reason.is_some();
        let found =
            || format!("an offer that failed the gate, or a departure without a reason: {proposed:?}");
        ensure(right, Invariant::CascadeAndApprover, || EventBody::stream(proposed), found)
    }

    /// An award outside the council's own provision: the steps that its policy asks for, and who approved or has to.
    fn check_external(&self, council: CouncilId, proposed: &AwardProposed, referral: &Referral) -> Checked {
        let default = Desk::default();
        let desk = self.desks.get(&council).unwrap_or(&default);
        let evidence = &proposed.evidence;
        let mut asked: BTreeSet<&str> =
            desk.policy.required.get(&proposed.provision).into_iter().flatten().map(String::as_str).collect();
        if let Route::Spot { .. } = proposed.terms.route {
            asked.insert("FRAMEWORK");
        }
        let tried = |step: &&str| {
            let recorded = referral.steps.get(*step);
            let shown = evidence.steps.iter().find(|it| it.step == **step && it.waived_by.is_none());
            let spot = matches!(proposed.terms.route, Route::Spot { .. });
            let unsaid = spot && **step == *"FRAMEWORK" && self.cascade.is_by_itself(proposed.referral, step);
            self.cascade.waived(proposed, step)
                || !unsaid
                    && recorded.is_some_and(|(outcome, at)| {
                        outcome != "PLACE_FOUND"
                            && outcome != "MOVED"
                            && shown.is_some_and(|it| it.outcome == *outcome && it.at == *at)
                    })
        };
        let missing: Vec<&str> = asked.into_iter().filter(|step| !tried(step)).collect();
        let approved = match (&evidence.approval, evidence.approval_due) {
            (Some(approval), None) => {
                !approval.approver.trim().is_empty() && desk.policy.approver_roles.contains(&approval.role)
            }
            (None, Some(due)) => {
                let hours = SignedDuration::from_hours(desk.policy.emergency_approval_hours.into());
                referral.requirements.urgency == "EMERGENCY"
                    && proposed.at.checked_add(hours).ok() == Some(due)
            }
            _ => false,
        };
        let checks = [
            (missing.is_empty(), "steps that the policy asks for are not shown to be exhausted"),
            (approved, "neither a named approver of an accepted role nor an emergency with its deadline"),
            (evidence.policy_version == desk.policy_version, "not judged against the policy in force"),
        ];
        for (right, what) in checks {
            let found = || format!("{what}: {proposed:?}");
            ensure(right, Invariant::CascadeAndApprover, || EventBody::stream(proposed), found)?;
        }
        Ok(())
    }

    fn approve(&mut self, council: CouncilId, event: &RetrospectiveApprovalGiven) -> Checked {
        let desk = self.desks.entry(council).or_default();
        let due = desk.due.remove(&event.award);
        let right = due == Some(event.due)
            && event.late == (event.approval.at > event.due)
            && !event.approval.approver.trim().is_empty()
            && desk.policy.approver_roles.contains(&event.approval.role);
        let found = || format!("an approval that was not due, or is not by an accepted approver: {event:?}");
        ensure(right, Invariant::CascadeAndApprover, || event.stream(), found)
    }

    pub(super) fn approvals_due(&self, council: CouncilId) -> BTreeSet<(Timestamp, AwardId)> {
        let due = self.desks.get(&council).into_iter().flat_map(|desk| &desk.due);
        due.map(|(award, due)| (*due, *award)).collect()
    }

    /// A claim is for an award that its council proposed so, with the hold that it named.
    pub(super) fn check_claim(&mut self, claim: &PlaceClaimed) -> Checked {
        let evidence = &claim.evidence;
        let right = self.proposed.get(&claim.award).is_some_and(|(proposed, sex)| {
            (claim.council, claim.referral, claim.referral_version)
                == (proposed.council, proposed.referral, proposed.referral_version)
                && (&claim.place, &claim.urn, &claim.provider)
                    == (&proposed.place, &proposed.urn, &proposed.provider)
                && (claim.start, claim.solo, claim.at) == (proposed.start, proposed.solo, proposed.at)
                && (evidence.evidence.age_years, &evidence.sex) == (proposed.age_years, sex)
                && proposed.hold_token.is_none_or(|token| token == claim.token)
        });
        let found = || format!("the claim is not what the council proposed: {claim:?}");
        ensure(right, Invariant::HoldIsALease, || claim.stream(), found)?;
        let again = self.claims.insert(claim.award, claim.clone()).is_some();
        let found = || format!("claimed twice: {claim:?}");
        ensure(!again, Invariant::Exchange, || claim.stream(), found)
    }

    pub(super) fn claim(&self, award: AwardId) -> Option<&PlaceClaimed> {
        self.claims.get(&award)
    }

    /// One award makes one agreement, with the terms that were proposed.
    pub(super) fn check_agreement(&mut self, issued: &AgreementIssued) -> Checked {
        let same = self.proposed.get(&issued.award).is_some_and(|(proposed, _)| {
            (issued.council, issued.referral) == (proposed.council, proposed.referral)
                && (&issued.place, &issued.provider, &issued.terms)
                    == (&proposed.place, &proposed.provider, &proposed.terms)
                && issued.start == proposed.start
        });
        let again = self.agreements.insert(issued.award, issued.agreement).is_some();
        let found =
            || format!("an agreement that is not what was proposed, or the second of an award: {issued:?}");
        ensure(same && !again, Invariant::Exchange, || issued.stream(), found)
    }

    pub(super) fn placement_ended(&mut self, award: AwardId) {
        self.ended.insert(award);
    }

    /// The agreement that an award became.
    pub(super) fn agreement(&self, award: AwardId) -> Option<AgreementId> {
        self.agreements.get(&award).copied()
    }

    /// Whether an award has an agreement that has not ended.
    pub(super) fn has_agreement(&self, award: AwardId) -> bool {
        self.agreements.contains_key(&award) && !self.ended.contains(&award)
    }
}
