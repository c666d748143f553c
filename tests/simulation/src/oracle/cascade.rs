//! What invariant 6 asks beside steps and approvals: who waived a step, and what the gates of the policy decided on an award. And that nothing
//! is recorded of an invitation that was not so.

use crate::breach::{Checked, Invariant, ensure};
use care::published::{AwardProposed, Route};
use care::{AwardId, CouncilId, Event, EventBody, OfferId, ProviderId, ReferralId, Timestamp};
use jiff::SignedDuration;
use referrals_domain::{
    CascadePolicy, GateArea, GateCondition, GateDecided, ReferralEvent, ReferralReleased,
};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// An invitation: until when, under which step, and whether it was answered or expired.
struct Asked {
    answer_by: Option<Timestamp>,
    step: Option<String>,
    done: bool,
    /// Since when it can be answered again, if an award was on its way meanwhile.
    reopened: Option<Timestamp>,
}

/// How a provider left a step for another.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Left {
    /// It had answered, or it was recorded that it let the time pass: what came to nothing since may have been seen by nobody.
    Done,
    /// It had not, and perhaps its time was over.
    Silent,
    /// It had not, and it had the time.
    InTime,
}

/// An award that went ahead of gates.
struct Ahead {
    offer: OfferId,
    due: Timestamp,
    gates: BTreeSet<String>,
}

#[derive(Default)]
pub(super) struct Cascade {
    asked: HashMap<(ReferralId, ProviderId), Asked>,
    by_itself: HashSet<(ReferralId, String)>,
    /// By step, who has left it for another in the referral's version of now.
    left: HashMap<(ReferralId, String), HashMap<ProviderId, Left>>,
    in_flight: HashSet<ReferralId>,
    waived: HashSet<(ReferralId, String)>,
    decided: HashMap<(OfferId, String), String>,
    ahead: BTreeMap<AwardId, (CouncilId, Ahead)>,
}

impl Cascade {
    /// Reads an event; gives the steps whose evidence is open again with it.
    pub(super) fn read(
        &mut self,
        policy: &CascadePolicy,
        event: &ReferralEvent,
    ) -> Result<Vec<(ReferralId, String)>, crate::breach::Breach> {
        let wrong = |right: bool, what: &str| {
            let found = || format!("{what}: {event:?}");
            ensure(right, Invariant::CascadeAndApprover, || event.stream(), found)
        };
        match event {
            ReferralEvent::ReferralReleased(event) => {
                let (answer_by, step) = (event.answer_by, event.step.clone());
                let asked = Asked { answer_by, step: step.clone(), done: false, reopened: None };
                let before = self.asked.insert((event.referral, event.provider.clone()), asked);
                self.leave(event, before);
                return Ok(self.open_again(event.referral, step));
            }
            ReferralEvent::OfferSubmitted(event) => {
                self.done(event.referral, &event.provider);
                let asked = self.asked.get(&(event.referral, event.provider.clone()));
                let step = asked.and_then(|asked| asked.step.clone());
                return Ok(self.open_again(event.referral, step));
            }
            ReferralEvent::ReferralDeclined(event) => self.done(event.referral, &event.provider),
            ReferralEvent::InvitationExpired(event) => {
                let asked = self.asked.get(&(event.referral, event.provider.clone()));
                let right = asked.is_some_and(|asked| {
                    let window = match asked.reopened {
                        Some(reopened) => reopened < event.answer_by,
                        None => asked.answer_by == Some(event.answer_by),
                    };
                    !asked.done && window && event.answer_by < event.at
                });
                let right = right && !self.in_flight.contains(&event.referral);
                wrong(right, "the end of an invitation that was answered, or is not at its end")?;
                self.done(event.referral, &event.provider);
            }
            ReferralEvent::CascadeStepRecorded(event) => {
                let key = (event.referral, event.step.clone());
                if !event.by_itself {
                    self.by_itself.remove(&key);
                    return Ok(Vec::new());
                }
                let of = |(asked, it): &(&(ReferralId, ProviderId), &Asked)| {
                    asked.0 == event.referral && it.step.as_ref() == Some(&event.step)
                };
                let mut asked = self.asked.iter().filter(of).peekable();
                let families = ["FAMILY_GROUP_CONFERENCE", "CONNECTED_CARE"];
                let of_people = families.contains(&event.step.as_str());
                let left: Vec<Left> = self.left.get(&key).into_iter().flatten().map(|(_, it)| *it).collect();
                let right = match asked.peek() {
                    Some(_) => asked.all(|(_, asked)| asked.done),
                    None => !left.is_empty(),
                };
                // Where somebody might have answered, nobody knows that all would have declined.
                let fits = match event.outcome.as_str() {
                    "MOVED" => left.iter().any(|it| *it != Left::Done),
                    "DECLINED" => !left.contains(&Left::InTime),
                    _ => true,
                };
                let right = right && fits && !of_people;
                wrong(right, "a step that came to nothing while an answer may come")?;
                self.by_itself.insert(key);
            }
            ReferralEvent::CascadeStepWaived(event) => {
                let named = &policy.steps.waiver_roles;
                let roles = if named.is_empty() { &policy.approver_roles } else { named };
                let right =
                    roles.contains(&event.approval.role) && !event.approval.approver.trim().is_empty();
                wrong(right, "waived by nobody whose role may")?;
                self.waived.insert((event.referral, event.step.clone()));
            }
            ReferralEvent::GateDecided(event) => self.decide(policy, event)?,
            ReferralEvent::ReferralAmended(event) => {
                self.left.retain(|(of, _), _| *of != event.referral);
                let (gone, kept): (HashSet<_>, _) = std::mem::take(&mut self.by_itself)
                    .into_iter()
                    .partition(|(of, _)| *of == event.referral);
                self.by_itself = kept;
                return Ok(gone.into_iter().collect());
            }
            ReferralEvent::AwardProposed(event) => drop(self.in_flight.insert(event.proposed.referral)),
            ReferralEvent::AwardFailed(event) => {
                self.ahead.remove(&event.award);
                self.reopen(event.referral, event.at);
            }
            ReferralEvent::AwardLapsed(event) => self.reopen(event.referral, event.at),
            _ => {}
        }
        Ok(Vec::new())
    }

    /// Whoever is asked under another step than before has left that; who comes back has not left.
    fn leave(&mut self, event: &ReferralReleased, before: Option<Asked>) {
        let back = event.step.clone().and_then(|step| self.left.get_mut(&(event.referral, step)));
        back.and_then(|those| those.remove(&event.provider));
        let Some(before) = before.filter(|it| it.step != event.step) else { return };
        let Some(step) = before.step else { return };
        let left = match before.answer_by {
            _ if before.done => Left::Done,
            Some(answer_by) if event.at <= answer_by => Left::InTime,
            _ => Left::Silent,
        };
        self.left.entry((event.referral, step)).or_default().insert(event.provider.clone(), left);
    }

    /// Nobody could answer while an award was on its way.
    fn reopen(&mut self, referral: ReferralId, at: Timestamp) {
        self.in_flight.remove(&referral);
        let waiting = self.asked.iter_mut().filter(|((of, _), asked)| *of == referral && !asked.done);
        waiting.for_each(|(_, asked)| asked.reopened = Some(at));
    }

    fn open_again(&mut self, referral: ReferralId, step: Option<String>) -> Vec<(ReferralId, String)> {
        let step = step.map(|step| (referral, step));
        step.into_iter().filter(|step| self.by_itself.remove(step)).collect()
    }

    fn done(&mut self, referral: ReferralId, provider: &ProviderId) {
        if let Some(asked) = self.asked.get_mut(&(referral, provider.clone())) {
            asked.done = true;
        }
    }

    fn decide(&mut self, policy: &CascadePolicy, event: &GateDecided) -> Checked {
        let known = policy.steps.gates.iter().find(|gate| gate.gate == event.gate);
        let may = known.map_or(&policy.approver_roles, |gate| &gate.roles);
        let right = may.contains(&event.role)
            && !event.post.trim().is_empty()
            && (known.is_some() || event.due.is_some());
        let found = || format!("a gate that there is not, or nobody who may decide there: {event:?}");
        ensure(right, Invariant::CascadeAndApprover, || event.stream(), found)?;
        self.decided.insert((event.offer, event.gate.clone()), event.decision.clone());
        if event.decision != "DEFERRED" {
            for (_, ahead) in self.ahead.values_mut().filter(|(_, ahead)| ahead.offer == event.offer) {
                ahead.gates.remove(&event.gate);
            }
            self.ahead.retain(|_, (_, ahead)| !ahead.gates.is_empty());
        }
        Ok(())
    }

    /// Whether a step's outcome was recorded by itself.
    pub(super) fn is_by_itself(&self, referral: ReferralId, step: &str) -> bool {
        self.by_itself.contains(&(referral, step.to_owned()))
    }

    /// Whether a step was waived, and an award shows by whom.
    pub(super) fn waived(&self, proposed: &AwardProposed, step: &str) -> bool {
        let shown = |it: &care::published::CascadeStepEvidence| it.step == step && it.waived_by.is_some();
        self.waived.contains(&(proposed.referral, step.to_owned()))
            && proposed.evidence.steps.iter().any(shown)
    }

    /// Every gate that looks at an award has approved its offer; or it is an emergency that went ahead of it, with a deadline.
    pub(super) fn check(
        &mut self,
        policy: &CascadePolicy,
        proposed: &AwardProposed,
        area_authority: Option<&str>,
        urgency: &str,
    ) -> Checked {
        let evidence = &proposed.evidence;
        let (mut right, mut waiting) = (true, BTreeSet::new());
        for gate in &policy.steps.gates {
            let decided = self.decided.get(&(proposed.terms.offer, gate.gate.clone())).map(String::as_str);
            // A refusal stands whatever the gate's condition says now.
            if decided != Some("REFUSED") && !looks_at(&gate.when, policy, proposed, area_authority) {
                continue;
            }
            match decided {
                Some("APPROVED") => right &= evidence.gates.iter().any(|it| it.gate == gate.gate),
                Some("REFUSED") => right = false,
                _ => {
                    right &= !["NOMINATED_OFFICER", "DIRECTOR"].contains(&gate.gate.as_str());
                    waiting.insert(gate.gate.clone());
                }
            }
        }
        let due = evidence.gates_due.as_ref();
        let told: BTreeSet<String> = due.into_iter().flat_map(|it| it.gates.iter().cloned()).collect();
        let hours = SignedDuration::from_hours(policy.emergency_approval_hours.into());
        let in_time = due.is_none_or(|it| proposed.at.checked_add(hours).ok() == Some(it.due));
        let emergency = due.is_none() || urgency == "EMERGENCY";
        let found = || format!("gates that look at it have not decided, or against it: {proposed:?}");
        let holds = right && told == waiting && in_time && emergency;
        ensure(holds, Invariant::CascadeAndApprover, || EventBody::stream(proposed), found)?;
        if let Some(due) = due {
            let ahead = Ahead { offer: proposed.terms.offer, due: due.due, gates: waiting };
            self.ahead.insert(proposed.award, (proposed.council, ahead));
        }
        Ok(())
    }

    /// The awards of a council that wait for gates.
    pub(super) fn gates_due(&self, council: CouncilId) -> BTreeSet<(Timestamp, AwardId)> {
        let of = self.ahead.iter().filter(|(_, (of, _))| *of == council);
        of.map(|(award, (_, ahead))| (ahead.due, *award)).collect()
    }
}

fn looks_at(
    when: &GateCondition,
    policy: &CascadePolicy,
    proposed: &AwardProposed,
    area_authority: Option<&str>,
) -> bool {
    let out = area_authority.is_none_or(|area| area != proposed.council.gss());
    let near = area_authority.is_some_and(|area| policy.clocks.adjoining.contains(area));
    let area = match when.area {
        Some(GateArea::OutOfArea) => out,
        Some(GateArea::Distant) => out && !near,
        None => true,
    };
    let weekly: i64 = proposed.terms.lines.iter().map(|line| line.weekly.0).sum();
    area && when.weekly_from.is_none_or(|from| from.0 <= weekly)
        && when.age_years_max.is_none_or(|most| proposed.age_years <= most)
        && (when.provisions.is_empty() || when.provisions.iter().any(|it| *it == proposed.provision))
        && (!when.spot || matches!(proposed.terms.route, Route::Spot { .. }))
}
