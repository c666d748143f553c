//! What becomes of agreements: arrivals, departures, corrections, and children who never come.

use crate::breach::Checked;
use crate::world::World;
use care::{AgreementId, Date};
use contracts_domain::agreements::{Agreement, AgreementCommand, AgreementStatus, PlacementStep};
use jiff::Span;

const REASONS: [&str; 3] = ["CARPL", "CHILD", "OTHER"];
const ENDINGS: [&str; 3] = ["PLANNED", "DISRUPTION", "RETURNED_HOME"];

impl World {
    /// A recent agreement that has come so far, mostly; sometimes any, or one that there is not.
    pub(super) fn some_agreement(&mut self, desk: usize, status: AgreementStatus) -> Option<AgreementId> {
        if self.chance.per_mille(8) {
            return Some(AgreementId(self.chance.uuid()));
        }
        let anyhow = self.chance.percent(5);
        let state = &self.desks[desk].agreements.state;
        let fits = |id: &&AgreementId| {
            anyhow || state.agreements.get(id).is_some_and(|agreement| agreement.status() == status)
        };
        let fitting: Vec<AgreementId> = self.desks[desk].placed.iter().filter(fits).copied().collect();
        self.chance.one_of(&fitting).copied()
    }

    pub(super) fn agreement(&self, desk: usize, id: AgreementId) -> Option<&Agreement> {
        self.desks[desk].agreements.state.agreements.get(&id)
    }

    pub(super) fn tell(&mut self, desk: usize, agreement: AgreementId, step: PlacementStep) -> Checked {
        let version = self.agreement(desk, agreement).map(|agreement| agreement.version);
        let expected_version = match self.chance.below(20) {
            0 => version.map(|version| version + 1),
            1..=9 => None,
            _ => version,
        };
        let command = AgreementCommand::Placement { agreement, expected_version, step, at: self.now };
        self.ask_agreements(desk, &command)?;
        Ok(())
    }

    /// On the agreed day, mostly, or later; told on the day or afterwards.
    pub(super) fn start_placement(&mut self) -> Checked {
        let desk = self.some_desk();
        let Some(id) = self.some_agreement(desk, AgreementStatus::Issued) else { return Ok(()) };
        let (agreed, today) = (self.agreement(desk, id).map(|it| it.issued.start), self.today);
        let agreed = agreed.unwrap_or(today);
        if agreed > today && !self.chance.percent(15) {
            return Ok(());
        }
        let days = match self.chance.below(20) {
            0 => -1,
            1 => 2,
            2..=8 => 1,
            _ => 0,
        };
        let on = match self.chance.below(10) {
            0..=2 => today,
            _ => agreed.saturating_add(Span::new().days(days)),
        };
        self.tell(desk, id, PlacementStep::Start { on })
    }

    fn departure(&mut self, started: Date) -> Date {
        let today = self.today;
        match self.chance.below(40) {
            0 => started.saturating_sub(Span::new().days(1)),
            1 => today.saturating_add(Span::new().days(400)),
            2..=7 => today.saturating_add(Span::new().days(self.chance.within(1..=10))),
            8..=14 => today.saturating_sub(Span::new().days(self.chance.within(0..=5))).max(started),
            _ => today.max(started),
        }
    }

    /// Some say how it ended, and some do not.
    fn ending(&mut self) -> Option<String> {
        self.chance.percent(60).then(|| self.chance.word(&ENDINGS).to_owned())
    }

    pub(super) fn end_placement(&mut self) -> Checked {
        let desk = self.some_desk();
        let Some(id) = self.some_agreement(desk, AgreementStatus::Started) else { return Ok(()) };
        let started = self.agreement(desk, id).and_then(|it| it.started).unwrap_or(self.today);
        let (on, reason) = (self.departure(started), self.chance.word(&REASONS).to_owned());
        let ending = self.ending();
        self.tell(desk, id, PlacementStep::End { on, reason, ending })
    }

    /// Of a child who is there or has left, mostly, to a day about the arrival or the departure that are known.
    fn correct_start(&mut self, desk: usize) -> Checked {
        let status = match self.chance.below(10) {
            0 => AgreementStatus::Issued,
            1..=5 => AgreementStatus::Started,
            _ => AgreementStatus::Ended,
        };
        let Some(id) = self.some_agreement(desk, status) else { return Ok(()) };
        let known = self.agreement(desk, id).map(|it| (it.started, it.ended.as_ref().map(|end| end.on)));
        let (started, ended) = known.unwrap_or_default();
        let about = ended.filter(|_| self.chance.percent(30)).or(started).unwrap_or(self.today);
        let on = about.saturating_add(Span::new().days(self.chance.within(-1..=3)));
        let correction = "the day was mistyped (simulated)".to_owned();
        self.tell(desk, id, PlacementStep::CorrectStart { on, correction })
    }

    pub(super) fn correct_end(&mut self) -> Checked {
        let desk = self.some_desk();
        match self.chance.below(10) {
            0..=2 => return self.correct_start(desk),
            3 | 4 => return self.withdraw_end(desk),
            _ => {}
        }
        let Some(id) = self.some_agreement(desk, AgreementStatus::Ended) else { return Ok(()) };
        let started = self.agreement(desk, id).and_then(|it| it.started).unwrap_or(self.today);
        let (on, reason) = (self.departure(started), self.chance.word(&REASONS).to_owned());
        let correction = "the date was mistyped (simulated)".to_owned();
        let ending = self.ending();
        self.tell(desk, id, PlacementStep::CorrectEnd { on, reason, ending, correction })
    }

    /// Of an end that lies ahead, mostly.
    fn withdraw_end(&mut self, desk: usize) -> Checked {
        let today = self.today;
        let state = &self.desks[desk].agreements.state;
        let ahead = |id: &&AgreementId| {
            let end = state.agreements.get(id).and_then(|it| it.ended.as_ref());
            end.is_some_and(|end| end.on > today)
        };
        let fitting: Vec<AgreementId> = self.desks[desk].placed.iter().filter(ahead).copied().collect();
        let id = match self.chance.one_of(&fitting).copied().filter(|_| !self.chance.percent(20)) {
            Some(id) => Some(id),
            None if self.chance.percent(50) => self.some_agreement(desk, AgreementStatus::Started),
            None => self.some_agreement(desk, AgreementStatus::Ended),
        };
        let Some(id) = id else { return Ok(()) };
        self.tell(desk, id, PlacementStep::WithdrawEnd { reason: "it goes on (simulated)".to_owned() })
    }

    pub(super) fn cancel(&mut self) -> Checked {
        let desk = self.some_desk();
        let Some(id) = self.some_agreement(desk, AgreementStatus::Issued) else { return Ok(()) };
        let reason = self.chance.word(&REASONS).to_owned();
        self.tell(desk, id, PlacementStep::Cancel { reason })
    }
}
