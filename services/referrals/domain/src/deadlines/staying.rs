//! The clocks of a placement that goes on, is to end, or has ended.

use super::{AwardClock, Deadline, DeadlineId, award_clock};
use crate::clocks::{DeadlineKind, OUTSTANDING_NOTICES_WORKING_DAYS, StatutoryStep};
use crate::events::Follows;
use crate::state::{Award, State};
use crate::staying::{DISRUPTION, MOVES};
use care::published::NoticeBy;
use care::working_days::{end_of_day, start_of_day, working_days_after};
use care::{AwardId, Date, ReferralId, Timestamp, code_sets};
use jiff::Span;

/// The clock of what the end of a placement asks for; none where it asks for nothing, or has no day yet.
pub(super) fn after_end_clock(state: &State, award: &Award, step: StatutoryStep) -> Option<AwardClock> {
    let id = &award.proposed.award;
    let ended = state.clocks.awards.get(id)?.ended?;
    award.arrived?;
    let working_days = match step {
        StatutoryStep::DisruptionMeeting => {
            let disrupted = state.staying.endings.get(id).is_some_and(|ending| ending == DISRUPTION);
            disrupted.then_some(state.policy.clocks.disruption_meeting_working_days)?
        }
        StatutoryStep::OutstandingNotices => {
            let outstanding = match state.staying.notice_by(*id, NoticeBy::Council) {
                Some(notice) => notice.steps_outstanding,
                // An end that the provider gave notice of is the provider's, and the end of a time away is none of a home.
                None => {
                    state.staying.by_council.contains(id)
                        && state.staying.notice_by(*id, NoticeBy::Provider).is_none()
                        && !state.is_time_away(award)
                }
            };
            outstanding.then_some(OUTSTANDING_NOTICES_WORKING_DAYS)?
        }
        _ => return None,
    };
    let due = end_of_day(working_days_after(ended, working_days));
    Some(AwardClock { since: start_of_day(ended), due, presumed: None })
}

impl State {
    /// What is to be done because a placement has ended, or will on a known day.
    pub(super) fn after_end_deadlines(&self) -> impl Iterator<Item = Deadline> {
        self.staying.after_end.iter().flat_map(move |id| {
            StatutoryStep::AFTER_END.into_iter().filter_map(move |step| {
                let (award, clocks) = (self.awards.get(id)?, self.clocks.awards.get(id)?);
                if clocks.steps.contains_key(&step) {
                    return None;
                }
                let AwardClock { since, due, presumed } = after_end_clock(self, award, step)?;
                let kind = DeadlineKind::Step(step);
                let id =
                    DeadlineId { kind, referral: award.proposed.referral, award: Some(*id), provider: None };
                Some(Deadline { id, since, due, until: None, presumed })
            })
        })
    }

    /// What is to be done about placements that go on.
    pub(super) fn staying_deadlines(&self, now: Timestamp) -> impl Iterator<Item = Deadline> {
        let running = self.clocks.running.iter().filter_map(|id| self.awards.get(id));
        let running = running.flat_map(move |award| {
            let all = [
                self.notice_deadline(award),
                self.ending_steps_deadline(award),
                self.respite_deadline(award),
            ];
            all.into_iter().flatten()
        });
        // Whether the new home goes on makes no difference to the one before.
        let moved =
            self.staying.follows.iter().filter_map(|(id, it)| self.former_placement_deadline(*id, it));
        running.chain(moved).filter(move |it| it.until.is_none_or(|until| now <= until))
    }

    fn ended(&self, award: &AwardId) -> Option<Date> {
        self.clocks.awards.get(award)?.ended
    }

    /// A notice runs, and nobody has said when the child leaves.
    fn notice_deadline(&self, award: &Award) -> Option<Deadline> {
        let id = award.proposed.award;
        let notice = self.staying.notice(id)?;
        if self.ended(&id).is_some() {
            return None;
        }
        let days = (notice.given_on, notice.last_day);
        Some(deadline(DeadlineKind::NoticeLastDay, award, id, days, None))
    }

    /// The council's notice runs, with something outstanding of what comes before the end. Once a departure is known, what is outstanding
    /// then has a clock of its own.
    fn ending_steps_deadline(&self, award: &Award) -> Option<Deadline> {
        let id = award.proposed.award;
        let notice =
            self.staying.notice_by(id, NoticeBy::Council).filter(|notice| notice.steps_outstanding)?;
        if self.ended(&id).is_some() {
            return None;
        }
        let days = (notice.given_on, notice.last_day);
        Some(deadline(DeadlineKind::EndingSteps, award, id, days, None))
    }

    /// The child has moved, and the placement before goes on.
    fn former_placement_deadline(&self, referral: ReferralId, follows: &Follows) -> Option<Deadline> {
        if !MOVES.contains(&follows.kind.as_str()) {
            return None;
        }
        let awards = self.referrals.get(&referral)?.awards.iter().filter_map(|id| self.awards.get(id));
        let came = awards.filter_map(|award| Some((award.arrived?, award)));
        let (arrived, award) = came.min_by_key(|(arrived, _)| *arrived)?;
        self.awards.get(&follows.award)?.arrived?;
        let ended = self.ended(&follows.award);
        // A move on one day is no night in two places: the day of departure is not paid.
        if ended.is_some_and(|ended| ended <= arrived) {
            return None;
        }
        let kind = DeadlineKind::FormerPlacementEnd;
        Some(deadline(kind, award, follows.award, (arrived, arrived), ended))
    }

    /// The last day of departure of a time away that may last so many days and no more.
    pub(crate) fn respite_last_day(&self, award: &Award) -> Option<Date> {
        let follows = self.staying.follows.get(&award.proposed.referral)?;
        let most = code_sets::respite_days_max(follows.respite.as_deref()?)?;
        Some(award.arrived?.saturating_add(Span::new().days(most)))
    }

    /// The child is elsewhere for a time that may last so many days and no more.
    fn respite_deadline(&self, award: &Award) -> Option<Deadline> {
        let (arrived, last) = (award.arrived?, self.respite_last_day(award)?);
        let (id, ended) = (award.proposed.award, self.ended(&award.proposed.award));
        if ended.is_some_and(|ended| ended <= last) {
            return None;
        }
        Some(deadline(DeadlineKind::RespiteEnd, award, id, (arrived, last), ended))
    }

    /// Whether the council's notice of the end of this placement has nothing outstanding any more.
    pub(super) fn ending_steps_done(&self, award: Option<AwardId>) -> bool {
        let notice = award.and_then(|award| self.staying.notice_by(award, NoticeBy::Council));
        notice.is_some_and(|notice| !notice.steps_outstanding)
    }

    /// Whether what such a deadline asks for was done: the placement that it names has a day on which it ended or will.
    pub(super) fn placement_ends(&self, award: Option<AwardId>) -> bool {
        award.is_some_and(|award| self.ended(&award).is_some())
    }

    /// Notes whether the end of this award's placement asks for something that was not done.
    pub(super) fn note_after_end(&mut self, id: AwardId) {
        let open = |state: &Self| {
            let award = state.awards.get(&id)?;
            let (referral, clocks) =
                (state.referrals.get(&award.proposed.referral)?, state.clocks.awards.get(&id)?);
            let asked = |step: &StatutoryStep| {
                award_clock(state, referral, award, *step).is_some() && !clocks.steps.contains_key(step)
            };
            StatutoryStep::AFTER_END.iter().any(asked).then_some(())
        };
        if open(self).is_some() {
            self.staying.after_end.insert(id);
        } else {
            self.staying.after_end.remove(&id);
        }
    }
}

/// A deadline that runs from the beginning of one day to the end of another, and ends of itself with the placement.
fn deadline(
    kind: DeadlineKind,
    of: &Award,
    award: AwardId,
    (since, due): (Date, Date),
    ended: Option<Date>,
) -> Deadline {
    let id = DeadlineId { kind, referral: of.proposed.referral, award: Some(award), provider: None };
    let until = ended.map(start_of_day);
    Deadline { id, since: start_of_day(since), due: end_of_day(due), until, presumed: None }
}
