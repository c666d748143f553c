//! A reading of the cascade from the events alone, for the properties: who was asked and what became of it, what was waived, what gates
//! decided. It shares no code with the domain.

use crate::support::{at, offer, referral};
use care::published::{AwardProposed, Route};
use care::{OfferId, ProviderId, ReferralId, Timestamp, london_date};
use proptest::prelude::{Strategy, any, prop, prop_assert, prop_assert_eq};
use proptest::sample::select;
use proptest::test_runner::TestCaseError;
use referrals_domain::{
    CascadePolicy, Gate, GateArea, GateCondition, RecordGateDecision, ReferralEvent, ReferralReleased,
    StepPolicy,
};
use std::collections::{BTreeMap, BTreeSet};

type Invited = (ReferralId, ProviderId);

#[derive(Default)]
pub(crate) struct CascadeModel {
    invitations: BTreeMap<Invited, ReferralReleased>,
    /// Those who offered, declined or let the time pass.
    done: BTreeSet<Invited>,
    expired: BTreeSet<Invited>,
    /// Those who had not answered when the referral opened again, and since when.
    reopened: BTreeMap<Invited, Timestamp>,
    in_flight: BTreeSet<ReferralId>,
    /// The steps that somebody who had not answered has left for another.
    left: BTreeSet<(ReferralId, String)>,
    viewed: BTreeSet<(ReferralId, ProviderId, u32)>,
    by_itself: BTreeSet<(ReferralId, String)>,
    waived: BTreeSet<(ReferralId, String)>,
    gates: BTreeMap<(OfferId, String), String>,
}

impl CascadeModel {
    /// Reads an event; gives the steps whose evidence is gone with it.
    pub(crate) fn see(
        &mut self,
        policy: &CascadePolicy,
        event: &ReferralEvent,
    ) -> Result<Vec<(ReferralId, String)>, TestCaseError> {
        match event {
            ReferralEvent::ReferralReleased(event) => {
                prop_assert!(event.answer_by.is_some_and(|by| by > event.at), "nobody knows until when");
                let invited = (event.referral, event.provider.clone());
                if let Some(before) = self.invitations.insert(invited.clone(), event.clone()) {
                    let again = self.expired.contains(&invited)
                        || before.referral_version < event.referral_version
                        || before.step != event.step;
                    prop_assert!(again, "asked twice");
                    if before.step != event.step && !self.done.contains(&invited) {
                        self.left.extend(before.step.map(|left| (event.referral, left)));
                    }
                }
                self.done.remove(&invited);
                self.expired.remove(&invited);
                self.reopened.remove(&invited);
                let step = (event.referral, event.step.clone().unwrap_or_default());
                return Ok(self.open_again(step));
            }
            ReferralEvent::OfferSubmitted(event) => {
                let invited = (event.referral, event.provider.clone());
                let step = self.invitations.get(&invited).and_then(|asked| asked.step.clone());
                self.done.insert(invited);
                return Ok(self.open_again((event.referral, step.unwrap_or_default())));
            }
            ReferralEvent::ReferralDeclined(event) => {
                self.done.insert((event.referral, event.provider.clone()));
            }
            ReferralEvent::InvitationViewed(event) => {
                prop_assert!(self.invitations.contains_key(&(event.referral, event.provider.clone())));
                let seen = (event.referral, event.provider.clone(), event.referral_version);
                prop_assert!(self.viewed.insert(seen), "a first look twice");
            }
            ReferralEvent::AwardProposed(event) => drop(self.in_flight.insert(event.proposed.referral)),
            ReferralEvent::AwardFailed(event) => self.reopen(event.referral, event.at),
            ReferralEvent::AwardLapsed(event) => self.reopen(event.referral, event.at),
            ReferralEvent::ReferralAmended(event) => {
                let (gone, kept) = std::mem::take(&mut self.by_itself)
                    .into_iter()
                    .partition(|(of, _)| *of == event.referral);
                self.by_itself = kept;
                return Ok(BTreeSet::into_iter(gone).collect());
            }
            ReferralEvent::InvitationExpired(event) => {
                let invited = (event.referral, event.provider.clone());
                let asked = self.invitations.get(&invited);
                let moved = self.reopened.get(&invited).is_some_and(|since| event.answer_by > *since);
                let same = |asked: &ReferralReleased| {
                    (moved || asked.answer_by == Some(event.answer_by)) && asked.step == event.step
                };
                prop_assert!(!self.in_flight.contains(&event.referral), "expired while nobody could answer");
                let opened = self.reopened.get(&invited).is_none_or(|since| event.answer_by > *since);
                prop_assert!(opened, "no time to answer since it opened again");
                prop_assert!(asked.is_some_and(same), "the end of no invitation");
                prop_assert!(event.at > event.answer_by, "expired before its time");
                prop_assert!(!self.done.contains(&invited), "expired though it answered");
                prop_assert!(self.expired.insert(invited.clone()), "expired twice");
                self.done.insert(invited);
            }
            ReferralEvent::CascadeStepRecorded(event) => {
                let step = (event.referral, event.step.clone());
                if !event.by_itself {
                    self.by_itself.remove(&step);
                    return Ok(Vec::new());
                }
                let of_people = ["FAMILY_GROUP_CONFERENCE", "CONNECTED_CARE"].contains(&step.1.as_str());
                prop_assert!(!of_people, "what families say is recorded by people");
                let moved = event.outcome == "MOVED";
                let left = self.left.contains(&step);
                prop_assert!(!moved || left, "nobody left it");
                self.by_itself.insert(step);
                let of = |(invited, asked): &(&Invited, &ReferralReleased)| {
                    invited.0 == event.referral && asked.step.as_ref() == Some(&event.step)
                };
                let mut asked = self.invitations.iter().filter(of).peekable();
                prop_assert!(left || asked.peek().is_some(), "a step that nobody was asked under");
                prop_assert!(
                    asked.all(|(invited, _)| self.done.contains(invited)),
                    "recorded while an answer may come"
                );
            }
            ReferralEvent::CascadeStepWaived(event) => {
                let named = &policy.steps.waiver_roles;
                let roles = if named.is_empty() { &policy.approver_roles } else { named };
                prop_assert!(roles.contains(&event.approval.role), "waived by a role that may not");
                self.waived.insert((event.referral, event.step.clone()));
            }
            ReferralEvent::GateDecided(event) => {
                let known = policy.steps.gates.iter().find(|gate| gate.gate == event.gate);
                let may = known.map_or(&policy.approver_roles, |gate| &gate.roles);
                prop_assert!(may.contains(&event.role), "decided by a role that may not");
                prop_assert!(known.is_some() || event.due.is_some(), "a gate that there is not");
                let said = self.gates.entry((event.offer, event.gate.clone())).or_default();
                if said != "REFUSED" || event.decision != "DEFERRED" {
                    said.clone_from(&event.decision);
                }
            }
            _ => {}
        }
        Ok(Vec::new())
    }

    fn reopen(&mut self, referral: ReferralId, at: Timestamp) {
        self.in_flight.remove(&referral);
        let waiting = self.invitations.keys().filter(|it| it.0 == referral && !self.done.contains(*it));
        self.reopened.extend(waiting.map(|it| (it.clone(), at)));
    }

    fn open_again(&mut self, step: (ReferralId, String)) -> Vec<(ReferralId, String)> {
        if self.by_itself.remove(&step) { vec![step] } else { Vec::new() }
    }

    pub(crate) fn is_by_itself(&self, referral: ReferralId, step: &str) -> bool {
        self.by_itself.contains(&(referral, step.to_owned()))
    }

    pub(crate) fn is_waived(&self, referral: ReferralId, step: &str) -> bool {
        self.waived.contains(&(referral, step.to_owned()))
    }

    /// The gates that look at it have let it pass, or it is an emergency that went ahead of them; none has refused.
    pub(crate) fn check_gates(
        &self,
        policy: &CascadePolicy,
        event: &AwardProposed,
        urgency: &str,
        due: Timestamp,
    ) -> Result<(), TestCaseError> {
        let evidence = &event.evidence;
        let mut waiting = Vec::new();
        for gate in policy.steps.gates.iter().filter(|gate| looks_at(&gate.when, event)) {
            let decided = self.gates.get(&(event.terms.offer, gate.gate.clone())).map(String::as_str);
            match decided {
                Some("APPROVED") => {
                    prop_assert!(evidence.gates.iter().any(|it| it.gate == gate.gate), "not in the evidence");
                }
                Some("REFUSED") => prop_assert!(false, "awarded against gate {}", gate.gate),
                _ => {
                    let lawful = ["NOMINATED_OFFICER", "DIRECTOR"].contains(&gate.gate.as_str());
                    prop_assert!(!lawful, "ahead of {}, which the law asks for before", gate.gate);
                    waiting.push(gate.gate.clone());
                }
            }
        }
        let told = evidence.gates_due.as_ref().map(|it| it.gates.clone()).unwrap_or_default();
        prop_assert_eq!(&told, &waiting, "gates that nobody asked");
        if let Some(waiting) = &evidence.gates_due {
            prop_assert_eq!(urgency, "EMERGENCY");
            prop_assert_eq!(waiting.due, due);
        }
        Ok(())
    }
}

/// Where the homes of these histories lie is not known: they are out of area and distant.
fn looks_at(when: &GateCondition, event: &AwardProposed) -> bool {
    let weekly = event.terms.lines.iter().map(|line| line.weekly.0).sum::<i64>();
    let apart = [
        when.provisions.is_empty() || when.provisions.contains(&event.provision),
        when.age_years_max.is_none_or(|age| event.age_years <= age),
        when.weekly_from.is_none_or(|from| weekly >= from.0),
        !when.spot || matches!(event.terms.route, Route::Spot { .. }),
    ];
    apart.into_iter().all(|holds| holds)
}

/// What policies of these histories say of steps, waivers by one of `roles` and a gate.
pub(crate) fn step_policies(roles: Vec<&'static str>) -> impl Strategy<Value = StepPolicy> {
    let conditions = vec![
        GateCondition::default(),
        GateCondition { spot: true, ..GateCondition::default() },
        GateCondition { age_years_max: Some(12), ..GateCondition::default() },
        GateCondition { age_years_max: Some(13), area: Some(GateArea::Distant), ..GateCondition::default() },
        GateCondition {
            provisions: BTreeSet::from(["RESIDENTIAL".to_owned()]),
            area: Some(GateArea::OutOfArea),
            weekly_from: Some(care::Pence(400_000)),
            ..GateCondition::default()
        },
    ];
    let gate = (select(vec!["RESIDENTIAL_PANEL", "DIRECTOR"]), select(roles.clone()), select(conditions));
    let gates = prop::option::weighted(0.5, gate);
    (any::<bool>(), any::<bool>(), prop::option::of(select(roles)), gates).prop_map(
        |(release_in_order, emergency_may_skip, waives, gate)| StepPolicy {
            release_in_order,
            emergency_may_skip,
            waiver_roles: waives.into_iter().map(str::to_owned).collect(),
            gates: gate
                .into_iter()
                .map(|(gate, role, when)| Gate {
                    gate: gate.to_owned(),
                    roles: BTreeSet::from([role.to_owned()]),
                    when,
                })
                .collect(),
        },
    )
}

/// What gates decide on the offers of these histories.
pub(crate) fn decisions(roles: Vec<&'static str>) -> impl Strategy<Value = RecordGateDecision> {
    let gate = select(vec!["RESIDENTIAL_PANEL", "DIRECTOR"]);
    let decision = select(vec!["APPROVED", "APPROVED", "APPROVED", "REFUSED", "DEFERRED"]);
    ((1..=2_u128).prop_map(referral), (1..=3_u128).prop_map(offer), gate, decision, select(roles)).prop_map(
        |(referral, offer, gate, decision, role)| RecordGateDecision {
            referral,
            offer,
            gate: gate.to_owned(),
            decision: decision.to_owned(),
            post: "post-0417".to_owned(),
            role: role.to_owned(),
            on: london_date(at(3)),
            at: at(5),
        },
    )
}
