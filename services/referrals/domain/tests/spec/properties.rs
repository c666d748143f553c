//! Invariants over random sequences of commands. A small model reads the events alone, so that a defect in `decide` or in
//! the fold that it trusts is seen from outside.

use crate::cascade_model::CascadeModel;
use crate::histories::{histories, timed};
use care::published::{AwardProposed, Route};
use care::{AwardId, Domain, OfferId, ProviderId, QuestionId, ReferralId, london_date};
use jiff::SignedDuration;
use proptest::prelude::{Strategy, any, prop_assert, prop_assert_eq, proptest};
use proptest::test_runner::TestCaseError;
use referrals_domain::{
    CascadePolicy, Command, OfferSubmitted, ReferralEvent, Referrals, Requirements, State,
};
use std::collections::{BTreeMap, BTreeSet};

/// What the events say, read without the domain's own state.
#[derive(Default)]
struct Model {
    policy: CascadePolicy,
    policy_version: u32,
    versions: BTreeMap<ReferralId, u32>,
    requirements: BTreeMap<ReferralId, Requirements>,
    steps: BTreeMap<(ReferralId, String), String>,
    offers: BTreeMap<OfferId, OfferSubmitted>,
    withdrawn: BTreeSet<OfferId>,
    in_flight: BTreeMap<ReferralId, AwardProposed>,
    closed: BTreeSet<ReferralId>,
    granted: BTreeSet<(ReferralId, ProviderId)>,
    awarded: BTreeSet<(ReferralId, ProviderId)>,
    arrived: BTreeSet<AwardId>,
    shortlisted: BTreeSet<(ReferralId, ProviderId)>,
    asked: BTreeSet<(ReferralId, QuestionId)>,
    answered: BTreeSet<(ReferralId, QuestionId)>,
    passed: BTreeMap<OfferId, bool>,
    cascade: CascadeModel,
}

impl Model {
    fn see(&mut self, event: &ReferralEvent) -> Result<(), TestCaseError> {
        for open_again in self.cascade.see(&self.policy, event)? {
            self.steps.remove(&open_again);
        }
        match event {
            ReferralEvent::CascadePolicySet(event) => {
                prop_assert_eq!(event.version, self.policy_version + 1);
                (self.policy_version, self.policy) = (event.version, event.policy.clone());
            }
            ReferralEvent::ReferralPosted(event) => {
                prop_assert!(self.versions.insert(event.referral, 1).is_none());
                self.requirements.insert(event.referral, event.requirements.clone());
            }
            ReferralEvent::ReferralAmended(event) => {
                prop_assert!(!self.in_flight.contains_key(&event.referral));
                prop_assert_eq!(self.versions.insert(event.referral, event.version), Some(event.version - 1));
                self.requirements.insert(event.referral, event.requirements.clone());
            }
            ReferralEvent::CascadeStepRecorded(event) => {
                self.steps.insert((event.referral, event.step.clone()), event.outcome.clone());
            }
            ReferralEvent::OfferSubmitted(event) => {
                prop_assert!(!self.closed.contains(&event.referral));
                self.offers.insert(event.offer, event.clone());
            }
            ReferralEvent::OfferWithdrawn(event) => {
                self.withdrawn.insert(event.offer);
            }
            ReferralEvent::AwardProposed(event) => self.see_proposed(&event.proposed)?,
            ReferralEvent::ReferralAwarded(event) => {
                let proposed = self.in_flight.remove(&event.referral);
                prop_assert_eq!(proposed.map(|proposed| proposed.award), Some(event.award));
                self.closed.insert(event.referral);
                self.awarded.insert((event.referral, event.provider.clone()));
            }
            ReferralEvent::AwardFailed(event) => {
                let proposed = self.in_flight.remove(&event.referral);
                prop_assert_eq!(proposed.map(|proposed| proposed.award), Some(event.award));
            }
            ReferralEvent::ReferralWithdrawn(event) => {
                prop_assert!(!self.in_flight.contains_key(&event.referral));
                prop_assert!(self.closed.insert(event.referral));
            }
            ReferralEvent::IdentityGranted(event) => {
                let grant = (event.referral, event.provider.clone());
                prop_assert!(self.awarded.contains(&grant), "a grant without an award");
                self.granted.insert(grant);
            }
            ReferralEvent::ChildArrived(event) => {
                prop_assert!(self.closed.contains(&event.referral), "a child came without an award");
                prop_assert!(self.arrived.insert(event.award), "a child came twice");
            }
            ReferralEvent::IdentityGrantEnded(event) => {
                let grant = (event.referral, event.provider.clone());
                prop_assert!(self.granted.remove(&grant), "the end of no grant");
            }
            ReferralEvent::AwardLapsed(event) => {
                prop_assert!(!self.arrived.contains(&event.award), "open again though the child came");
                prop_assert!(self.closed.remove(&event.referral), "an award that did not hold");
            }
            ReferralEvent::IdentityRevealed(event) => {
                if let Some(provider) = &event.provider {
                    let grant = (event.referral, provider.clone());
                    prop_assert!(self.granted.contains(&grant), "unmasked without a grant");
                }
            }
            ReferralEvent::IdentityKeyDestroyed(event) => prop_assert!(self.closed.contains(&event.referral)),
            ReferralEvent::ProviderShortlisted(event) => {
                prop_assert!(!self.closed.contains(&event.referral));
                let on_list = (event.referral, event.provider.clone());
                prop_assert!(self.shortlisted.insert(on_list), "shortlisted twice");
            }
            ReferralEvent::ShortlistingEnded(event) => {
                let on_list = (event.referral, event.provider.clone());
                prop_assert!(self.shortlisted.remove(&on_list), "the end of no place on the list");
            }
            ReferralEvent::ShortlistedReferralRead(event) => {
                let reader = (event.referral, event.provider.clone());
                let on_list = self.shortlisted.contains(&reader) && !self.closed.contains(&event.referral);
                prop_assert!(on_list || self.granted.contains(&reader), "read by somebody else");
            }
            ReferralEvent::QuestionAsked(event) => {
                prop_assert!(!self.closed.contains(&event.referral), "asked after the search has ended");
                prop_assert!(self.asked.insert((event.referral, event.question)), "asked twice");
            }
            ReferralEvent::QuestionAnswered(event) => {
                prop_assert!(!self.closed.contains(&event.referral), "answered after the search has ended");
                let question = (event.referral, event.question);
                prop_assert!(self.asked.contains(&question), "what nobody asked is answered");
                prop_assert!(self.answered.insert(question), "answered twice");
            }
            ReferralEvent::OfferEvaluated(event) => {
                prop_assert!(!self.closed.contains(&event.referral), "judged after the search has ended");
                self.passed.insert(event.offer, event.passed());
            }
            ReferralEvent::SearchRecorded(_)
            | ReferralEvent::SiblingsLinked(_)
            | ReferralEvent::ReferralReleased(_)
            | ReferralEvent::ReferralDeclined(_)
            | ReferralEvent::RetrospectiveApprovalGiven(_)
            | ReferralEvent::ProviderEnvelopeSealed(_)
            | ReferralEvent::ProviderKeyDestroyed(_)
            | ReferralEvent::StatutoryStepRecorded(_)
            | ReferralEvent::InvitationViewed(_)
            | ReferralEvent::InvitationExpired(_)
            | ReferralEvent::CascadeStepWaived(_)
            | ReferralEvent::GateDecided(_) => {}
            ReferralEvent::ReferralLinked(_)
            | ReferralEvent::PlacementNoticeNoted(_)
            | ReferralEvent::PlacementEndingNoted(_) => {}
        }
        Ok(())
    }

    /// Invariant 6, and that what is taken is a live offer on this version of an open referral.
    fn see_proposed(&mut self, event: &AwardProposed) -> Result<(), TestCaseError> {
        prop_assert!(!self.closed.contains(&event.referral), "an award of a closed referral");
        prop_assert!(!self.in_flight.contains_key(&event.referral), "two awards at once");
        let offer = &self.offers[&event.terms.offer];
        prop_assert_eq!(offer.referral, event.referral);
        prop_assert!(!self.withdrawn.contains(&offer.offer), "a withdrawn offer");
        prop_assert_eq!(offer.referral_version, self.versions[&event.referral], "a stale offer");
        prop_assert!(offer.terms.valid_until >= london_date(event.at), "an expired offer");
        prop_assert!(self.passed.get(&offer.offer) != Some(&false), "an offer that failed the gate");
        let choice = event.evidence.choice.clone().unwrap_or_default();
        let evaluated = self.passed.contains_key(&offer.offer);
        prop_assert!(choice.rank.is_none() || evaluated, "a rank without evaluation");
        prop_assert!(choice.standing >= choice.evaluated, "more in the order than could be taken");
        prop_assert_eq!(
            choice.departure_reason.is_some(),
            choice.evaluated > 0 && choice.rank != Some(1),
            "a reason goes with a departure and with nothing else"
        );
        let urgency = &self.requirements[&event.referral].urgency;
        let due = event.at + SignedDuration::from_hours(i64::from(self.policy.emergency_approval_hours));
        self.cascade.check_gates(&self.policy, event, urgency, due)?;
        let in_house = event.terms.route == Route::InHouse && offer.own_establishment;
        if !in_house {
            let mut asked: Vec<&str> = self
                .policy
                .required
                .get(&event.provision)
                .into_iter()
                .flatten()
                .map(String::as_str)
                .collect();
            if matches!(event.terms.route, Route::Spot { .. }) {
                asked.push("FRAMEWORK");
            }
            prop_assert_eq!(event.evidence.policy_version, self.policy_version);
            for step in asked {
                let recorded = self.steps.get(&(event.referral, step.to_owned()));
                let waived = self.cascade.is_waived(event.referral, step);
                let spot = matches!(event.terms.route, Route::Spot { .. });
                let unsaid = spot && step == "FRAMEWORK" && self.cascade.is_by_itself(event.referral, step);
                prop_assert!(waived || !unsaid, "nobody said that the framework is exhausted");
                prop_assert!(
                    waived || recorded.is_some_and(|outcome| outcome != "PLACE_FOUND" && outcome != "MOVED"),
                    "no evidence of {}",
                    step
                );
                prop_assert!(event.evidence.steps.iter().any(|evidence| evidence.step == step));
            }
            match (&event.evidence.approval, event.evidence.approval_due) {
                (Some(approval), None) => prop_assert!(self.policy.approver_roles.contains(&approval.role)),
                (None, Some(approval_due)) => {
                    prop_assert_eq!(approval_due, due);
                    prop_assert_eq!(urgency, "EMERGENCY");
                }
                other => prop_assert!(false, "neither one approver nor a deadline: {other:?}"),
            }
        }
        self.in_flight.insert(event.referral, event.clone());
        Ok(())
    }
}

proptest! {
    #[test]
    fn invariants_6_and_7_hold_in_every_history(commands in histories(1..120)) {
        let mut state = State::default();
        let mut model = Model::default();
        let mut history = Vec::new();
        for (n, command) in commands.into_iter().enumerate() {
            let command = timed(command, n);
            let Ok(events) = Referrals::decide(&state, &command) else { continue };
            for event in &events {
                model.see(event)?;
                Referrals::evolve(&mut state, event);
            }
            if let Command::SweepInvitations(swept) = command {
                // Else whoever waits for the next instant would be woken for nothing, again and again.
                let left = state.next_evidence().filter(|next| *next < swept.at);
                prop_assert_eq!(left, None, "due and not recorded");
            }
            history.extend(events);
        }
        let mut replayed = State::default();
        history.iter().for_each(|event| Referrals::evolve(&mut replayed, event));
        prop_assert_eq!(&replayed, &state);
        let snapshot = serde_json::to_string(&state).unwrap();
        prop_assert_eq!(&serde_json::from_str::<State>(&snapshot).unwrap(), &state);
    }

    #[test]
    fn evolving_is_total(commands in histories(1..80), order in any::<u64>()) {
        let mut state = State::default();
        let mut history = Vec::new();
        for command in &commands {
            if let Ok(events) = Referrals::decide(&state, command) {
                events.iter().for_each(|event| Referrals::evolve(&mut state, event));
                history.extend(events);
            }
        }
        // Events in any order and without those before them: nothing of it may panic.
        let mut other = State::default();
        let len = history.len().max(1);
        for n in 0..history.len() {
            let index = (n * 7 + usize::try_from(order % 1000).unwrap()) % len;
            Referrals::evolve(&mut other, &history[index]);
        }
    }
}

#[test]
fn the_random_histories_get_as_far_as_an_unmasking() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let strategy = histories(100..120);
    let mut seen: BTreeMap<&'static str, usize> = BTreeMap::new();
    for _ in 0..800 {
        let commands = strategy.new_tree(&mut runner).unwrap().current();
        let mut state = State::default();
        for (n, command) in commands.into_iter().enumerate() {
            // Time passes for those who do not answer, and not for offers, so that many are taken.
            let swept = matches!(command, Command::SweepInvitations(_));
            let command = if swept { timed(command, n) } else { command };
            let Ok(events) = Referrals::decide(&state, &command) else { continue };
            for event in &events {
                *seen.entry(care::Event::event_type(event)).or_default() += 1;
                Referrals::evolve(&mut state, event);
            }
        }
    }
    for needed in [
        "ChildArrived",
        "IdentityGrantEnded",
        "AwardLapsed",
        "AwardProposed",
        "AwardFailed",
        "ReferralAwarded",
        "IdentityRevealed",
        "IdentityKeyDestroyed",
        "ProviderEnvelopeSealed",
        "ProviderKeyDestroyed",
        "InvitationViewed",
        "InvitationExpired",
        "CascadeStepWaived",
        "GateDecided",
    ] {
        assert!(seen.get(needed).copied().unwrap_or(0) > 10, "too few {needed} to show anything: {seen:?}");
    }
}
