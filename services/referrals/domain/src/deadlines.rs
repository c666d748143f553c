//! A council's deadlines, derived from what its log holds as of an instant: nothing here is stored that an event does not say. The rules in
//! words are in [`clocks`](crate::clocks).
//!
//! There is no weekly review of unregistered placements: UNREGISTERED can neither be sought nor awarded, so that no log holds such a
//! placement.

use crate::clocks::{DIRECTOR, DeadlineKind, StatutoryStep, WORKING_DAYS_AFTER_START};
use crate::events::{ReferralEvent, StatutoryStepRecorded};
use crate::policy::CascadePolicy;
use crate::state::{APPROVED, Answer, Award, Outcome, Referral, Release, Stage, State};
use care::working_days::{end_of_day, start_of_day, working_days_after};
use care::{AwardId, CouncilId, Date, HouseholdId, ProviderId, ReferralId, Timestamp, london_date};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

mod staying;

/// The provisions in which a young child lives in a group and without a parent.
const RESIDENTIAL: [&str; 3] = ["RESIDENTIAL", "RESIDENTIAL_EDUCATION", "SECURE"];
/// The legal statuses of a series of short breaks.
const SHORT_BREAKS: [&str; 2] = ["V3", "V4"];

/// What the clocks need besides referrals and awards themselves; part of the fold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clocks {
    /// Of each proposed award that has not failed.
    pub awards: BTreeMap<AwardId, AwardClocks>,
    /// The awards that hold and whose placement had not ended when its end was recorded.
    pub(crate) running: BTreeSet<AwardId>,
    /// The open referrals of which time alone brings about evidence: an invitation is not answered, or a step's last offer
    /// ends; and the instant after which it first does.
    pub(crate) waiting: BTreeMap<ReferralId, Timestamp>,
}

/// What the clocks of one award need.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AwardClocks {
    /// The upper-tier authority that the home lies in, a GSS code; none if it is not known.
    pub area_authority: Option<String>,
    /// The carer household that the place is in; none if it is in none, or that is not known.
    pub household: Option<HouseholdId>,
    /// The day of departure, once it is known.
    pub ended: Option<Date>,
    /// What was done, the last record of each step.
    pub steps: BTreeMap<StatutoryStep, StatutoryStepRecorded>,
}

/// What a deadline is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DeadlineId {
    /// What it is for.
    pub kind: DeadlineKind,
    /// The referral.
    pub referral: ReferralId,
    /// The award, of all kinds but a release's.
    pub award: Option<AwardId>,
    /// The provider who is to answer a release.
    pub provider: Option<ProviderId>,
}

/// What is not known and was therefore taken to be so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presumption {
    /// The home's authority is not known: taken to be out of area and distant.
    AreaUnknown,
    /// The council's policy lists no adjoining authorities: taken to be distant.
    AdjoiningUnlisted,
}

impl Presumption {
    /// What was taken to be so, why, and what to do about it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AreaUnknown => {
                "The authority that the home lies in is not known, so the placement is taken to be out of area and distant."
            }
            Self::AdjoiningUnlisted => {
                "The cascade policy lists no adjoining authorities, so the placement is taken to be distant: list them in `clocks.adjoining`."
            }
        }
    }
}

/// Something that is to be done by an instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deadline {
    /// What it is about.
    pub id: DeadlineId,
    /// Since when the clock runs; it may lie ahead, as a start does.
    pub since: Timestamp,
    /// Until when. Overdue is what comes after it.
    pub due: Timestamp,
    /// The last instant at which it stands of itself, if that is known: the placement ends then, or the invitation expires.
    pub until: Option<Timestamp>,
    /// What was taken to be so for want of knowledge.
    pub presumed: Option<Presumption>,
}

impl Deadline {
    /// Whether it has passed.
    #[must_use]
    pub fn overdue(&self, now: Timestamp) -> bool {
        self.due < now
    }

    /// The instant after which time alone changes it next; none if never.
    #[must_use]
    pub fn next_change(&self, now: Timestamp) -> Option<Timestamp> {
        let due = Some(self.due).filter(|_| !self.overdue(now));
        due.into_iter().chain(self.until).min()
    }
}

/// What became of a deadline that stands no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// What was to be done was done.
    Met,
    /// The time for an answer passed.
    Expired,
    /// Nothing is to be done any more: the placement or the search ended, or what called for it has changed.
    Ceased,
}

/// A clock of an award, whether what it asks for was done or not.
pub(crate) struct AwardClock {
    pub(crate) since: Timestamp,
    pub(crate) due: Timestamp,
    presumed: Option<Presumption>,
}

/// How far the home is from the council, as authorities go.
pub(crate) enum Area {
    Own,
    Adjoining,
    Distant,
    Presumed(Presumption),
}

fn area_of(state: &State, award: &Award) -> Area {
    let known = state.clocks.awards.get(&award.proposed.award).and_then(|it| it.area_authority.as_deref());
    area(&state.policy, award.proposed.council, known)
}

/// Of a home in the area of this upper-tier authority, if that is known.
pub(crate) fn area(policy: &CascadePolicy, council: CouncilId, known: Option<&str>) -> Area {
    let adjoining = &policy.clocks.adjoining;
    match known {
        None => Area::Presumed(Presumption::AreaUnknown),
        Some(code) if code == council.gss() => Area::Own,
        Some(_) if adjoining.is_empty() => Area::Presumed(Presumption::AdjoiningUnlisted),
        Some(code) if adjoining.contains(code) => Area::Adjoining,
        Some(_) => Area::Distant,
    }
}

/// Whether a referral is for one of a series of short breaks.
pub(crate) fn is_short_break(referral: &Referral) -> bool {
    let legal_status = referral.requirements.legal_status.as_deref();
    legal_status.is_some_and(|status| SHORT_BREAKS.contains(&status))
}

/// The clock of this step for an award; none where the step is not asked for.
pub(crate) fn award_clock(
    state: &State,
    referral: &Referral,
    award: &Award,
    step: StatutoryStep,
) -> Option<AwardClock> {
    let proposed = &award.proposed;
    let start = award.arrived.unwrap_or(proposed.start);
    let short_break = is_short_break(referral);
    let after_start = |presumed| AwardClock {
        since: start_of_day(start),
        due: end_of_day(working_days_after(start, WORKING_DAYS_AFTER_START)),
        presumed,
    };
    // Of a start the log knows the day and not the hour: who is placed on the day of the award has until its end.
    let same_day = london_date(proposed.at) >= start;
    let before_start = |presumed| AwardClock {
        since: proposed.at,
        due: if same_day { end_of_day(start) } else { start_of_day(start) },
        presumed,
    };
    match step {
        StatutoryStep::PlacementPlan => (!short_break).then(|| after_start(None)),
        StatutoryStep::AreaAuthorityNotice => {
            let presumed = match area_of(state, award) {
                Area::Own => return None,
                Area::Presumed(Presumption::AreaUnknown) => Some(Presumption::AreaUnknown),
                Area::Presumed(Presumption::AdjoiningUnlisted) | Area::Adjoining | Area::Distant => None,
            };
            let emergency = referral.requirements.urgency == "EMERGENCY";
            let clock = if emergency { after_start(presumed) } else { before_start(presumed) };
            (!short_break).then_some(clock)
        }
        StatutoryStep::DistantPlacementApproval => match area_of(state, award) {
            Area::Own | Area::Adjoining => None,
            Area::Distant => Some(before_start(None)),
            Area::Presumed(why) => Some(before_start(Some(why))),
        },
        StatutoryStep::SeniorReview => {
            let young = proposed.age_years <= state.policy.clocks.senior_review_age_max;
            let residential = RESIDENTIAL.contains(&proposed.provision.as_str());
            (young && residential).then(|| before_start(None))
        }
        StatutoryStep::OutstandingNotices | StatutoryStep::DisruptionMeeting => {
            staying::after_end_clock(state, award, step)
        }
    }
}

/// The roles that may take a step; none where any may.
pub(crate) fn roles_for(state: &State, step: StatutoryStep) -> Option<BTreeSet<String>> {
    match step {
        StatutoryStep::PlacementPlan
        | StatutoryStep::AreaAuthorityNotice
        | StatutoryStep::OutstandingNotices
        | StatutoryStep::DisruptionMeeting => None,
        StatutoryStep::DistantPlacementApproval => Some(BTreeSet::from([DIRECTOR.to_owned()])),
        StatutoryStep::SeniorReview => Some(state.policy.approver_roles.clone()),
    }
}

impl State {
    /// Everything that is to be done as of `now`, the soonest first.
    #[must_use]
    pub fn deadlines(&self, now: Timestamp) -> Vec<Deadline> {
        let mut found: Vec<Deadline> = self
            .approval_deadlines()
            .chain(self.gate_deadlines())
            .chain(self.step_deadlines(now))
            .chain(self.response_deadlines(now))
            .chain(self.staying_deadlines(now))
            .chain(self.after_end_deadlines())
            .collect();
        found.sort_by(|one, other| (one.due, &one.id).cmp(&(other.due, &other.id)));
        found
    }

    fn approval_deadlines(&self) -> impl Iterator<Item = Deadline> {
        self.approvals_due.iter().filter_map(|(due, award)| {
            let proposed = &self.awards.get(award)?.proposed;
            let kind = DeadlineKind::RetrospectiveApproval;
            let id = DeadlineId { kind, referral: proposed.referral, award: Some(*award), provider: None };
            Some(Deadline { id, since: proposed.at, due: *due, until: None, presumed: None })
        })
    }

    fn gate_deadlines(&self) -> impl Iterator<Item = Deadline> {
        self.gates_due.iter().filter_map(|(due, award)| {
            let proposed = &self.awards.get(award)?.proposed;
            let kind = DeadlineKind::GateDecision;
            let id = DeadlineId { kind, referral: proposed.referral, award: Some(*award), provider: None };
            Some(Deadline { id, since: proposed.at, due: *due, until: None, presumed: None })
        })
    }

    fn step_deadlines(&self, now: Timestamp) -> impl Iterator<Item = Deadline> {
        let standing = self.clocks.running.iter().filter_map(move |id| {
            let (award, clocks) = (self.awards.get(id)?, self.clocks.awards.get(id)?);
            let until = clocks.ended.map(start_of_day);
            let referral = self.referrals.get(&award.proposed.referral)?;
            until.is_none_or(|until| now <= until).then_some((award, clocks, referral, until))
        });
        standing.flat_map(move |(award, clocks, referral, until)| {
            let of_start =
                StatutoryStep::ALL.into_iter().filter(|step| !StatutoryStep::AFTER_END.contains(step));
            let open = of_start.filter(move |step| !clocks.steps.contains_key(step));
            open.filter_map(move |step| {
                let AwardClock { since, due, presumed } = award_clock(self, referral, award, step)?;
                if self.done_at_gate(award, step, due) {
                    return None;
                }
                let (kind, award) = (DeadlineKind::Step(step), Some(award.proposed.award));
                let id = DeadlineId { kind, referral: referral.id, award, provider: None };
                Some(Deadline { id, since, due, until, presumed })
            })
        })
    }

    /// Whether a gate of the cascade policy approved the offer of an award and has done with it what the step asks for, on a day before it was
    /// `due`. What was approved later leaves the deadline standing until the step is recorded, as late as it was.
    fn done_at_gate(&self, award: &Award, step: StatutoryStep, due: Timestamp) -> bool {
        let proposed = &award.proposed;
        let cascade = self.referrals.get(&proposed.referral).map(|referral| &referral.cascade);
        let approved = |gate: &str| {
            let decided = cascade.and_then(|it| it.gate(proposed.terms.offer, gate));
            decided.filter(|it| it.decision == APPROVED && start_of_day(it.on) < due)
        };
        match step {
            StatutoryStep::PlacementPlan
            | StatutoryStep::AreaAuthorityNotice
            | StatutoryStep::OutstandingNotices
            | StatutoryStep::DisruptionMeeting => false,
            StatutoryStep::SeniorReview => approved("SENIOR_REVIEW").is_some(),
            StatutoryStep::DistantPlacementApproval => {
                approved("DIRECTOR").is_some_and(|it| it.approval.role == DIRECTOR)
            }
        }
    }

    fn met_at_gate(&self, award: &Award, step: StatutoryStep) -> bool {
        let referral = self.referrals.get(&award.proposed.referral);
        let clock = referral.and_then(|referral| award_clock(self, referral, award, step));
        clock.is_some_and(|clock| self.done_at_gate(award, step, clock.due))
    }

    fn response_deadlines(&self, now: Timestamp) -> impl Iterator<Item = Deadline> {
        let waiting = self.clocks.waiting.keys().filter_map(|id| self.referrals.get(id));
        waiting.flat_map(move |referral| {
            let unanswered = referral.releases.iter().filter(|(_, release)| release.answer == Answer::None);
            let deadlines = unanswered.map(move |(provider, release)| {
                let due = release.answer_by;
                let kind = DeadlineKind::ReleaseResponse;
                let provider = Some(provider.clone());
                let id = DeadlineId { kind, referral: referral.id, award: None, provider };
                Deadline { id, since: release.at, due, until: Some(due), presumed: None }
            });
            deadlines.filter(move |deadline| !deadline.overdue(now))
        })
    }

    /// Until when a provider is to answer a release of a referral that is made at `released`, by the policy now.
    #[must_use]
    pub fn answer_by(&self, referral: &Referral, released: Timestamp) -> Timestamp {
        self.policy.clocks.response_due(&referral.requirements.urgency, released)
    }

    /// Whether the referral seeks a home and this provider let its window pass without an answer. None passes while an award is on its way,
    /// for nobody can answer then.
    #[must_use]
    pub fn invitation_expired(&self, referral: &Referral, provider: &ProviderId, now: Timestamp) -> bool {
        let release = referral.releases.get(provider).filter(|release| release.answer == Answer::None);
        let passed = |release: &Release| referral.stage == Stage::Open && release.answer_by < now;
        seeks(referral) && release.is_some_and(|release| release.expired.is_some() || passed(release))
    }

    /// What became of a deadline that stood before and does not as of `now`.
    #[must_use]
    pub fn ending(&self, id: &DeadlineId, now: Timestamp) -> Ending {
        let award = id.award.and_then(|award| self.awards.get(&award));
        let met = match id.kind {
            DeadlineKind::RetrospectiveApproval => award.is_some_and(|award| award.retrospective.is_some()),
            DeadlineKind::GateDecision => {
                award.is_some_and(|award| self.gates_undecided(award.proposed.award).is_empty())
            }
            DeadlineKind::Step(step) => {
                let clocks = id.award.and_then(|award| self.clocks.awards.get(&award));
                clocks.is_some_and(|clocks| clocks.steps.contains_key(&step))
                    || award.is_some_and(|award| self.met_at_gate(award, step))
            }
            DeadlineKind::NoticeLastDay | DeadlineKind::FormerPlacementEnd | DeadlineKind::RespiteEnd => {
                self.placement_ends(id.award)
            }
            DeadlineKind::EndingSteps => self.ending_steps_done(id.award),
            DeadlineKind::ReleaseResponse => {
                let Some((referral, provider)) = self.referrals.get(&id.referral).zip(id.provider.as_ref())
                else {
                    return Ending::Ceased;
                };
                if self.invitation_expired(referral, provider, now) {
                    return Ending::Expired;
                }
                referral.releases.get(provider).is_some_and(|release| release.answer != Answer::None)
            }
        };
        if met { Ending::Met } else { Ending::Ceased }
    }

    /// Folds what the clocks need of an event; the rest of the state has it already.
    pub(crate) fn note_clocks(&mut self, event: &ReferralEvent) {
        match event {
            ReferralEvent::AwardProposed(event) => {
                let (area_authority, household) = (event.area_authority.clone(), event.household.clone());
                let clocks = AwardClocks { area_authority, household, ..AwardClocks::default() };
                self.clocks.awards.insert(event.proposed.award, clocks);
                self.note_waiting(event.proposed.referral);
            }
            ReferralEvent::AwardFailed(event) => {
                self.clocks.awards.remove(&event.award);
                self.note_waiting(event.referral);
            }
            ReferralEvent::ReferralAwarded(event) => {
                self.clocks.running.insert(event.award);
                self.note_waiting(event.referral);
            }
            ReferralEvent::AwardLapsed(event) => {
                self.clocks.running.remove(&event.award);
                self.note_waiting(event.referral);
            }
            ReferralEvent::IdentityGranted(event) => {
                // An end that was told ahead was withdrawn.
                let clocks = self.clocks.awards.get_mut(&event.award);
                if clocks.is_some_and(|clocks| clocks.ended.take().is_some()) {
                    self.clocks.running.insert(event.award);
                    self.note_after_end(event.award);
                }
            }
            ReferralEvent::IdentityGrantEnded(event) => {
                if let Some(clocks) = self.clocks.awards.get_mut(&event.award) {
                    clocks.ended = Some(event.from);
                    // A departure can be put right by a later one.
                    if event.from <= london_date(event.at) {
                        self.clocks.running.remove(&event.award);
                    } else {
                        self.clocks.running.insert(event.award);
                    }
                }
                self.note_after_end(event.award);
            }
            ReferralEvent::PlacementNoticeNoted(event) => self.note_after_end(event.award),
            ReferralEvent::ReferralLinked(event) => {
                let awards = self.referrals.get(&event.referral).map(|referral| referral.awards.clone());
                for award in awards.unwrap_or_default() {
                    self.note_after_end(award);
                }
            }
            ReferralEvent::PlacementEndingNoted(event) => self.note_after_end(event.award),
            ReferralEvent::StatutoryStepRecorded(event) => {
                if let Some(clocks) = self.clocks.awards.get_mut(&event.award) {
                    clocks.steps.insert(event.step, event.clone());
                }
                self.note_after_end(event.award);
            }
            ReferralEvent::ReferralReleased(event) => self.note_waiting(event.referral),
            ReferralEvent::ReferralAmended(event) => self.note_waiting(event.referral),
            ReferralEvent::OfferSubmitted(event) => self.note_waiting(event.referral),
            ReferralEvent::ReferralDeclined(event) => self.note_waiting(event.referral),
            ReferralEvent::ReferralWithdrawn(event) => self.note_waiting(event.referral),
            ReferralEvent::OfferWithdrawn(event) => self.note_waiting(event.referral),
            ReferralEvent::InvitationExpired(event) => self.note_waiting(event.referral),
            ReferralEvent::CascadeStepRecorded(event) => self.note_waiting(event.referral),
            _ => {}
        }
    }

    fn note_waiting(&mut self, id: ReferralId) {
        match self.referrals.get(&id).and_then(|referral| self.evidence_from(referral)) {
            Some(from) => drop(self.clocks.waiting.insert(id, from)),
            None => drop(self.clocks.waiting.remove(&id)),
        }
    }
}

/// Whether a home is still sought for it.
pub(crate) fn seeks(referral: &Referral) -> bool {
    matches!(referral.stage, Stage::Open | Stage::AwardInFlight { .. })
}

/// Whether an award holds, or may come to.
pub(crate) fn stands(award: &Award) -> bool {
    matches!(award.outcome, Outcome::Proposed | Outcome::Confirmed { .. })
}
