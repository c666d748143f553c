//! What a referral's log says of its cascade: the steps, whom was asked under which, what was waived, and what gates decided.

use super::{Answer, Offer, Referral, Release, Stage, State};
use crate::events::{
    CascadeStepRecorded, GateDecided, InvitationExpired, InvitationViewed, ReferralEvent, ReferralReleased,
};
use care::published::Approval;
use care::working_days::end_of_day;
use care::{AwardId, Date, OfferId, ProviderId, ReferralId, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The GATE_DECISION code that lets an award pass.
pub const APPROVED: &str = "APPROVED";
/// The GATE_DECISION code that decides nothing yet.
const DEFERRED: &str = "DEFERRED";
/// The GATE_DECISION code after which nothing goes ahead.
const REFUSED: &str = "REFUSED";
/// The CASCADE_OUTCOME codes of a step whose providers all said no, and of one that has no offer left.
const ALL_DECLINED: &str = "DECLINED";
const NO_OFFER: &str = "NO_OFFER";
/// And of one that somebody has left for another step without an answer.
pub(crate) const MOVED: &str = "MOVED";

/// The CASCADE_STEP codes that no provider's answer exhausts: families are asked by people, who record what came of it.
const BY_PEOPLE: [&str; 2] = ["FAMILY_GROUP_CONFERENCE", "CONNECTED_CARE"];

/// Of a referral: what its log says of the cascade beside the outcomes of steps.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cascade {
    /// The CASCADE_STEP codes whose outcome was recorded by itself.
    pub by_itself: BTreeSet<String>,
    /// What was waived, by CASCADE_STEP code.
    pub waivers: BTreeMap<String, Waiver>,
    /// By CASCADE_STEP code, those who were asked under it in this version and then under another step, and how they stood when they left.
    pub moved: BTreeMap<String, BTreeMap<ProviderId, Standing>>,
    /// What gates decided, by offer and GATE code, the last decision of each.
    pub gates: BTreeMap<OfferId, BTreeMap<String, GateDecision>>,
    /// And of each the last that did not put it off: a refusal that is looked at again stands meanwhile.
    pub decided: BTreeMap<OfferId, BTreeMap<String, GateDecision>>,
}

/// A step that was left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiver {
    /// A WAIVER code.
    pub reason: String,
    /// Who approved it, and when.
    pub approval: Approval,
}

/// What a gate decided on an offer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateDecision {
    /// A GATE_DECISION code.
    pub decision: String,
    /// Who decided, and when it was recorded.
    pub approval: Approval,
    /// The day on which it was decided.
    pub on: Date,
}

impl Cascade {
    /// What a gate last decided on an offer.
    #[must_use]
    pub fn gate(&self, offer: OfferId, gate: &str) -> Option<&GateDecision> {
        self.gates.get(&offer)?.get(gate)
    }

    /// What it last decided there, however often it has put it off since.
    fn decided(&self, offer: OfferId, gate: &str) -> Option<&GateDecision> {
        self.decided.get(&offer)?.get(gate)
    }
}

/// How an invitation stands, for its step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Standing {
    /// An answer may still come, or there is an offer.
    Open,
    /// The provider said no.
    Declined,
    /// It let the time pass, or has no offer left.
    Gone,
    /// It is asked under another step, and had not answered.
    Moved,
}

impl Referral {
    /// Drops the outcome of a step that was recorded by itself; what people recorded stands.
    pub(super) fn open_again(&mut self, step: Option<&str>) {
        if let Some(step) = step.filter(|step| self.cascade.by_itself.remove(*step)) {
            self.steps.remove(step);
        }
    }

    /// Whether an invitation is for the version of now, or its provider has answered that: answers to an older one say nothing of it.
    pub(crate) fn is_asked(&self, release: &Release) -> bool {
        release.referral_version == self.version
    }

    /// The invitations of each step that can come to nothing by itself: those to whom it was released under it.
    fn invited(&self) -> BTreeMap<&str, Vec<(&ProviderId, &Release)>> {
        let mut steps: BTreeMap<&str, Vec<_>> = BTreeMap::new();
        for (provider, release) in &self.releases {
            if let Some(step) = release.step.as_ref().filter(|step| !BY_PEOPLE.contains(&step.as_str())) {
                steps.entry(step.as_str()).or_default().push((provider, release));
            }
        }
        steps
    }

    /// Those steps with invitations of which no outcome was recorded since the last one was made.
    fn unsettled(&self) -> impl Iterator<Item = (&str, Vec<(&ProviderId, &Release)>)> {
        self.invited().into_iter().filter(|(step, invited)| {
            let last = invited.iter().map(|(_, release)| release.at).max();
            // What somebody has said of a step stands, whoever is asked under it later.
            let by_itself = self.cascade.by_itself.contains(*step);
            self.steps.get(*step).is_none_or(|(_, at)| by_itself && Some(*at) < last)
        })
    }
}

impl State {
    /// The gates that an award went ahead of and that have not decided.
    #[must_use]
    pub fn gates_undecided(&self, award: AwardId) -> Vec<&str> {
        let Some(proposed) = self.awards.get(&award).map(|it| &it.proposed) else { return Vec::new() };
        let Some(waiting) = &proposed.evidence.gates_due else { return Vec::new() };
        let referral = self.referrals.get(&proposed.referral);
        let decided = |gate: &str| {
            let found = referral.and_then(|it| it.cascade.gate(proposed.terms.offer, gate));
            found.is_some_and(|it| it.decision != DEFERRED)
        };
        waiting.gates.iter().map(String::as_str).filter(|gate| !decided(gate)).collect()
    }

    /// What a gate says of an offer: its last decision, except that putting it off takes no refusal back. Until it has decided on that offer, its
    /// refusal of the same place holds: an offer made again is no way round it.
    pub(crate) fn gate_says<'a>(
        &'a self,
        referral: &'a Referral,
        offer: &'a Offer,
        gate: &str,
    ) -> Option<&'a GateDecision> {
        let before = || {
            let before = self.offered_before(referral, offer);
            before.filter_map(|it| referral.cascade.decided(it.id, gate)).max_by_key(|it| it.approval.at)
        };
        let decided = referral.cascade.decided(offer.id, gate).or_else(before);
        decided.filter(|it| it.decision == REFUSED).or_else(|| referral.cascade.gate(offer.id, gate))
    }

    /// Whether a gate refuses an offer, or the same place before. It is a no whether or not the gate's condition is met now: somebody looked and
    /// said so, and only the gate itself takes it back.
    pub(crate) fn gate_refuses(&self, referral: &Referral, offer: &Offer, gate: &str) -> bool {
        self.gate_says(referral, offer, gate).is_some_and(|it| it.decision == REFUSED)
    }

    /// Whether a gate of the policy refuses an offer.
    pub(crate) fn refused_at_gate(&self, referral: &Referral, offer: &Offer) -> bool {
        self.policy.steps.gates.iter().any(|gate| self.gate_refuses(referral, offer, &gate.gate))
    }

    /// The offers that the provider made before of the same place on the same version of the referral.
    pub(crate) fn offered_before<'a>(
        &'a self,
        referral: &'a Referral,
        offer: &'a Offer,
    ) -> impl Iterator<Item = &'a Offer> {
        let offers = referral.offers.iter().filter_map(|id| self.offers.get(id));
        offers.filter(move |it| {
            (&it.provider, &it.terms.place, it.referral_version)
                == (&offer.provider, &offer.terms.place, offer.referral_version)
                && (it.at, it.id) < (offer.at, offer.id)
        })
    }

    /// The steps whose invitations have all come to nothing as of `at`, with a CASCADE_OUTCOME code each; `changed` says what is about to be
    /// recorded of an invitation.
    pub(crate) fn settled(
        &self,
        referral: &Referral,
        at: Timestamp,
        changed: impl Fn(&ProviderId) -> Option<Standing>,
    ) -> Vec<(String, &'static str)> {
        if referral.stage != Stage::Open {
            return Vec::new();
        }
        let standing = |(provider, release): &(&ProviderId, &Release)| match changed(provider) {
            // A no is to the version of now, whichever was released.
            Some(Standing::Declined) => Some(Standing::Declined),
            // So would have been the answer of somebody who had time to give one.
            Some(Standing::Moved) => Some(Standing::Moved),
            Some(changed) => referral.is_asked(release).then_some(changed),
            None if release.is_awaited() => Some(Standing::Open),
            None => referral.is_asked(release).then(|| self.standing(referral, provider, release, at)),
        };
        let settled = referral.unsettled().filter_map(|(step, invited)| {
            let left = referral.cascade.moved.get(step).into_iter().flat_map(BTreeMap::values).copied();
            let standings: Vec<Standing> = invited.iter().filter_map(standing).chain(left).collect();
            if standings.is_empty() || standings.contains(&Standing::Open) {
                return None;
            }
            let declined = standings.iter().all(|it| *it == Standing::Declined);
            let outcome = match declined {
                true => ALL_DECLINED,
                // What it would have answered under this step nobody knows.
                false if standings.contains(&Standing::Moved) => MOVED,
                false => NO_OFFER,
            };
            Some((step.to_owned(), outcome))
        });
        settled.collect()
    }

    /// How an invitation stands that is for the version of now.
    fn standing(
        &self,
        referral: &Referral,
        provider: &ProviderId,
        release: &Release,
        at: Timestamp,
    ) -> Standing {
        match &release.answer {
            Answer::Declined { .. } => Standing::Declined,
            Answer::Offered if self.has_standing_offer(referral, provider, at) => Standing::Open,
            Answer::None if release.expired.is_none() => Standing::Open,
            Answer::Offered | Answer::None => Standing::Gone,
        }
    }

    /// The instant after which time alone brings about evidence of a referral that is open: somebody has not answered, or the last
    /// offer of a step can be taken no more. None if nothing is waited for.
    pub(crate) fn evidence_from(&self, referral: &Referral) -> Option<Timestamp> {
        if referral.stage != Stage::Open {
            return None;
        }
        let unanswered = referral.releases.values().filter(|it| it.is_awaited()).map(|it| it.answer_by);
        let settling = referral
            .unsettled()
            .filter(|(_, invited)| !invited.iter().any(|(_, release)| release.is_awaited()));
        let settled = settling.filter_map(|(_, invited)| {
            let asked = invited.iter().filter(|(_, release)| referral.is_asked(release));
            asked.map(|(provider, release)| self.stands_until(referral, provider, release)).max()
        });
        unanswered.chain(settled).min()
    }

    /// After which instant an invitation that is not awaited any more has come to nothing, unless something else happens.
    fn stands_until(&self, referral: &Referral, provider: &ProviderId, release: &Release) -> Timestamp {
        let offers = referral.offers.iter().filter_map(|id| self.offers.get(id));
        let standing = offers.filter(|offer| {
            offer.provider == *provider && !offer.withdrawn && offer.referral_version == referral.version
        });
        let last_day = |offer: &Offer| offer.terms.valid_until.min(offer.terms.start);
        let last = match release.answer {
            Answer::Offered => standing.map(|offer| end_of_day(last_day(offer))).max(),
            Answer::None | Answer::Declined { .. } => None,
        };
        last.unwrap_or(release.at)
    }

    /// The earliest instant after which time alone brings about evidence; none if nothing is waited for.
    #[must_use]
    pub fn next_evidence(&self) -> Option<Timestamp> {
        self.clocks.waiting.values().min().copied()
    }

    /// A home is sought again. Nobody could answer meanwhile, so that whoever has not has the whole window from now.
    pub(super) fn reopen(&mut self, id: ReferralId, at: Timestamp) {
        let due = self.referrals.get(&id).map_or(at, |referral| self.answer_by(referral, at));
        self.change(id, |referral| {
            referral.stage = Stage::Open;
            for release in referral.releases.values_mut().filter(|release| release.is_awaited()) {
                release.answer_by = release.answer_by.max(due);
            }
        });
    }

    /// Folds what belongs to the cascade.
    pub(super) fn apply_cascade(&mut self, event: &ReferralEvent) {
        match event {
            ReferralEvent::CascadeStepRecorded(event) => self.take_step(event),
            ReferralEvent::ReferralReleased(event) => self.invite(event),
            ReferralEvent::InvitationViewed(event) => {
                let InvitationViewed { referral, referral_version, provider, at, .. } = event;
                self.change_release(*referral, provider, |it| it.viewed = Some((*referral_version, *at)));
            }
            ReferralEvent::InvitationExpired(event) => {
                let InvitationExpired { referral, provider, at, .. } = event;
                self.change_release(*referral, provider, |it| it.expired = Some(*at));
            }
            ReferralEvent::CascadeStepWaived(event) => self.change(event.referral, |referral| {
                let waiver = Waiver { reason: event.reason.clone(), approval: event.approval.clone() };
                referral.cascade.waivers.insert(event.step.clone(), waiver);
            }),
            ReferralEvent::GateDecided(event) => self.pass_gate(event),
            _ => {}
        }
    }

    fn take_step(&mut self, event: &CascadeStepRecorded) {
        self.change(event.referral, |referral| {
            referral.steps.insert(event.step.clone(), (event.outcome.clone(), event.at));
            if event.by_itself {
                referral.cascade.by_itself.insert(event.step.clone());
            } else {
                referral.cascade.by_itself.remove(&event.step);
            }
        });
    }

    fn invite(&mut self, event: &ReferralReleased) {
        let of = self.referrals.get(&event.referral);
        // Of a release from before it was recorded the policy of then says it.
        let then = of.map_or(event.at, |referral| self.answer_by(referral, event.at));
        let mut release = Release {
            at: event.at,
            referral_version: event.referral_version,
            answer_by: event.answer_by.unwrap_or(then),
            step: event.step.clone(),
            viewed: None,
            expired: None,
            answer: Answer::None,
            shortlisted: None,
            envelopes: BTreeMap::new(),
            keys: 0,
        };
        let left = of.and_then(|referral| self.left(referral, event));
        self.change(event.referral, |referral| {
            if let Some((step, standing)) = left {
                referral.cascade.moved.entry(step).or_default().insert(event.provider.clone(), standing);
            }
            // Who comes back has not left.
            let back = event.step.as_ref().and_then(|step| referral.cascade.moved.get_mut(step));
            back.and_then(|those| those.remove(&event.provider));
            if let Some(before) = referral.releases.remove(&event.provider) {
                // It is asked again; what it may read, and which keys it has had, stays.
                let Release { viewed, shortlisted, envelopes, keys, .. } = before;
                release = Release { viewed, shortlisted, envelopes, keys, ..release };
            }
            // Somebody else is asked: what was recorded by itself of the step is open again. What people recorded stands.
            referral.open_again(event.step.as_deref());
            referral.releases.insert(event.provider.clone(), release);
        });
        self.released.entry(event.provider.clone()).or_default().insert(event.referral);
    }

    /// Which step a provider leaves by being asked under another, and how it stood there; none where it stays, or its answer or silence was to an older version.
    fn left(&self, referral: &Referral, event: &ReferralReleased) -> Option<(String, Standing)> {
        let before = referral.releases.get(&event.provider)?;
        let step = before.step.clone().filter(|step| event.step.as_ref() != Some(step))?;
        let standing = match self.standing(referral, &event.provider, before, event.at) {
            Standing::Open => before.left_at(event.at),
            known => known,
        };
        (referral.is_asked(before) || standing == Standing::Moved).then_some((step, standing))
    }

    fn pass_gate(&mut self, event: &GateDecided) {
        let approval = Approval { approver: event.post.clone(), role: event.role.clone(), at: event.at };
        let decision = GateDecision { decision: event.decision.clone(), approval, on: event.on };
        self.change(event.referral, |referral| {
            let cascade = &mut referral.cascade;
            if decision.decision != DEFERRED {
                cascade.decided.entry(event.offer).or_default().insert(event.gate.clone(), decision.clone());
            }
            cascade.gates.entry(event.offer).or_default().insert(event.gate.clone(), decision);
        });
        let decided = |(_, award): &(Timestamp, AwardId)| self.gates_undecided(*award).is_empty();
        let done: Vec<_> = self.gates_due.iter().copied().filter(decided).collect();
        self.gates_due.retain(|due| !done.contains(due));
    }
}
