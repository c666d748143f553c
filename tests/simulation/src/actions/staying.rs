//! What becomes of placements that go on: notices and their withdrawal, Staying Put, and which placement a referral follows from.

use crate::breach::Checked;
use crate::world::World;
use care::published::{EndingSteps, PriceLine};
use care::{AgreementId, AwardId, Date, Pence, ProviderId};
use contracts_domain::agreements::{
    Agreement, AgreementCommand, AgreementStatus, GiveNotice, NoticeGiver, NoticeStep, PlacementStep,
    ShortNotice,
};
use jiff::Span;
use referrals_domain::{Follows, LinkReferral};

impl World {
    /// The council, or the provider of the agreement; sometimes another provider.
    fn giver(&mut self, desk: usize, agreement: AgreementId) -> NoticeGiver {
        let own: Option<ProviderId> = self.agreement(desk, agreement).map(|it| it.issued.provider.clone());
        let other = self.chance.one_of(&self.providers).cloned();
        match (self.chance.below(20), own, other) {
            (0, _, Some(other)) | (1..=11, None, Some(other)) => NoticeGiver::Provider(other),
            (1..=11, Some(own), _) => NoticeGiver::Provider(own),
            _ => NoticeGiver::Council,
        }
    }

    fn ask_notice(
        &mut self,
        desk: usize,
        agreement: AgreementId,
        by: NoticeGiver,
        step: NoticeStep,
    ) -> Checked {
        let command = AgreementCommand::Notice { agreement, by, expected_version: None, step, at: self.now };
        self.ask_agreements(desk, &command)?;
        Ok(())
    }

    /// Of a placement that goes on, mostly; for the usual days, or for fewer with a reason or without.
    pub(super) fn give_notice(&mut self) -> Checked {
        let desk = self.some_desk();
        let status = if self.chance.percent(6) { AgreementStatus::Ended } else { AgreementStatus::Started };
        let Some(agreement) = self.some_agreement(desk, status) else { return Ok(()) };
        let by = self.giver(desk, agreement);
        let (today, council) = (self.today, by == NoticeGiver::Council);
        let given_on = today.saturating_add(Span::new().days(i64::from(self.chance.percent(3))));
        let last_day = match self.chance.below(10) {
            0..=4 => None,
            5 => Some(given_on.saturating_add(Span::new().days(60))),
            _ => Some(given_on.saturating_add(Span::new().days(self.chance.within(0..=27)))),
        };
        let why = self.chance.word(&["IMMEDIATE_RISK", "AGREED"]);
        let short = (last_day.is_some() && self.chance.percent(80))
            .then(|| ShortNotice { why: why.to_owned(), agreed_on: (why == "AGREED").then_some(today) });
        let done = Some(today).filter(|_| council && self.chance.percent(80));
        let steps = EndingSteps {
            reviewed_on: done,
            iro_told_on: done,
            alternative_arranged_on: done,
            written_notice_on: done,
        };
        let mut notice = GiveNotice { given_on, last_day, reason: "NEEDS".to_owned(), short, steps };
        let stands = self.agreement(desk, agreement).and_then(|it| it.standing_notice_by(by.side()));
        if let Some(given) = stands.map(|it| it.given.clone())
            && self.chance.percent(40)
        {
            // The same again, with what was done since.
            (notice.given_on, notice.last_day) = (given.given_on, Some(given.last_day));
            notice.reason = given.reason;
            notice.short = given.short.map(|why| ShortNotice { why, agreed_on: given.agreed_on });
        }
        self.ask_notice(desk, agreement, by, NoticeStep::Give(notice))
    }

    /// A notice that there is, mostly by who gave it; sometimes one that there is not.
    pub(super) fn withdraw_notice(&mut self) -> Checked {
        let desk = self.some_desk();
        let state = &self.desks[desk].agreements.state;
        let noticed = |id: &&AgreementId| {
            let found = state.agreements.get(id);
            found.is_some_and(|it| it.status() == AgreementStatus::Started && !it.notices.is_empty())
        };
        let noticed: Vec<AgreementId> = self.desks[desk].placed.iter().filter(noticed).copied().collect();
        let Some(agreement) = self.chance.one_of(&noticed).copied() else { return Ok(()) };
        let by = self.giver(desk, agreement);
        let last = self.agreement(desk, agreement).map_or(1, |it| it.notices.len());
        let notice = u32::try_from(last).unwrap_or(1) + u32::from(self.chance.percent(12));
        self.ask_notice(desk, agreement, by, NoticeStep::Withdraw { notice })
    }

    /// Of a foster placement, mostly, on a day that can be the 18th birthday, or on any.
    pub(super) fn stay_put(&mut self) -> Checked {
        let desk = self.some_desk();
        let fits = |it: &Agreement| it.issued.provision == "FOSTERING" && it.age_years == Some(17);
        let anyhow = self.chance.percent(4);
        let Some(agreement) =
            self.placed_where(desk, |it| it.status() == AgreementStatus::Started && (anyhow || fits(it)))
        else {
            return Ok(());
        };
        let agreed = self.agreement(desk, agreement).map_or(self.today, |it| it.issued.start);
        let on = agreed.saturating_add(Span::new().days(self.chance.within(-10..=420)));
        let kind = if self.chance.percent(95) { "CORE" } else { "TRANSPORT" };
        let lines = vec![PriceLine { kind: kind.to_owned(), weekly: Pence(20_000), until: None }];
        self.tell(desk, agreement, PlacementStep::StayPut { on, lines })
    }

    /// Where an arrangement was begun, mostly.
    pub(super) fn end_staying_put(&mut self) -> Checked {
        let desk = self.some_desk();
        let anyhow = self.chance.percent(2);
        let Some(agreement) = self.placed_where(desk, |it| anyhow || it.staying_put.is_some()) else {
            return Ok(());
        };
        let from = self.arrangement_from(desk, agreement);
        let on = from.saturating_add(Span::new().days(self.chance.within(0..=30)));
        if self.chance.percent(20) {
            let (reason, correction) = ("CARPL".to_owned(), "went home instead (simulated)".to_owned());
            let step = PlacementStep::CorrectEnd { on: from, reason, ending: None, correction };
            return self.tell(desk, agreement, step);
        }
        let correction = self.chance.percent(30).then(|| "typed the wrong day (simulated)".to_owned());
        self.tell(desk, agreement, PlacementStep::EndStayingPut { on, correction })
    }

    fn arrangement_from(&self, desk: usize, agreement: AgreementId) -> Date {
        let arrangement = self.agreement(desk, agreement).and_then(|it| it.staying_put.as_ref());
        arrangement.map_or(self.today, |it| it.from)
    }

    fn placed_where(&mut self, desk: usize, wanted: impl Fn(&Agreement) -> bool) -> Option<AgreementId> {
        let state = &self.desks[desk].agreements.state;
        let fits = |id: &&AgreementId| state.agreements.get(id).is_some_and(&wanted);
        let fitting: Vec<AgreementId> = self.desks[desk].placed.iter().filter(fits).copied().collect();
        self.chance.one_of(&fitting).copied()
    }

    /// To an award of the council, whatever became of it; sometimes to its own, to none that there is, or to nothing.
    pub(super) fn link(&mut self) -> Checked {
        let desk = self.some_desk();
        let Some(referral) = self.some_referral(desk) else { return Ok(()) };
        let awards: Vec<AwardId> = self.desks[desk].referrals.state.awards.keys().copied().collect();
        let own = self.referral(desk, referral).and_then(|it| it.awards.first().copied());
        let some = self.chance.one_of(&awards).copied();
        let award = match self.chance.below(20) {
            0 => Some(AwardId(self.chance.uuid())),
            1 => own,
            _ => some,
        };
        let kind = self.chance.word(&["MOVE", "SIBLING_REUNION", "RESPITE", "RETURN"]);
        let respite = (kind == "RESPITE").then(|| self.code(&["T3", "T4", "SHORT_BREAK"]));
        let unlinks = self.chance.percent(4);
        let follows =
            award.filter(|_| !unlinks).map(|award| Follows { award, kind: kind.to_owned(), respite });
        self.ask_referrals(desk, &LinkReferral { referral, follows, at: self.now }.into())?;
        Ok(())
    }
}
