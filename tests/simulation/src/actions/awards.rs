//! A council takes a place: holds, awards, and approvals afterwards.

use super::council::OUTSIDE;
use crate::breach::Checked;
use crate::world::World;
use care::published::Approval;
use care::{AwardId, HouseholdId, OfferId, PlaceId, ReferralId};
use jiff::SignedDuration;
use referrals_domain::{
    DIRECTOR, DeadlineKind, GiveRetrospectiveApproval, ProposeAward, RecordStatutoryStep, Stage,
    StatutoryStep,
};
use vacancies_domain::{Command, HoldPlace};

impl World {
    /// A referral on which there is an offer that could be taken, mostly; sometimes one that could not.
    fn offered_referral(&mut self, desk: usize) -> Option<ReferralId> {
        if self.chance.percent(8) {
            return self.open_referral(desk, |it| !it.offers.is_empty());
        }
        let recent = self.desks[desk].recent.iter().copied();
        let offered: Vec<ReferralId> = recent
            .filter(|id| {
                self.referral(desk, *id).is_some_and(|referral| {
                    referral.stage == Stage::Open && !self.offers_of(desk, referral).0.is_empty()
                })
            })
            .collect();
        self.chance.one_of(&offered).copied()
    }

    /// The place of an offer on one of the council's referrals, mostly; sometimes any place.
    pub(super) fn hold(&mut self) -> Checked {
        let desk = self.some_desk();
        let Some(referral) = self.offered_referral(desk) else { return Ok(()) };
        let (live, _) = self.referral(desk, referral).map(|it| self.offers_of(desk, it)).unwrap_or_default();
        let offers = &self.desks[desk].referrals.state.offers;
        let offered =
            self.chance.one_of(&live).and_then(|id| offers.get(id)).map(|it| it.terms.place.clone());
        let anything = self.chance.percent(if offered.is_none() { 20 } else { 4 });
        let Some(place) = (if anything { self.some_place() } else { offered }) else { return Ok(()) };
        let version = self.referral(desk, referral).map_or(1, |found| found.version);
        let lease_seconds = match self.chance.below(60) {
            0 => 30,
            1 => 300_000,
            2..=20 => self.chance.number(60..=3_600),
            _ => self.chance.number(3_600..=259_200),
        };
        let days = self.chance.within(-2..=20);
        let later = self.today.saturating_add(jiff::Span::new().days(days));
        let first_night = self.chance.percent(20).then_some(later);
        let command = HoldPlace {
            place,
            council: self.desks[desk].council,
            referral,
            referral_version: if self.chance.percent(4) { version.saturating_sub(1).max(1) } else { version },
            lease_seconds,
            first_night,
            at: self.now,
        };
        self.ask_market(&Command::HoldPlace(command))?;
        Ok(())
    }

    /// A hold that is in force, by whomever; sometimes by another council or with another token.
    pub(super) fn release_hold(&mut self) -> Checked {
        let held: Vec<(PlaceId, care::CouncilId, u64)> = self
            .market
            .state
            .places()
            .filter_map(|(id, place)| place.hold().map(|hold| (id.clone(), hold.council, hold.token)))
            .collect();
        let Some((place, mut council, mut token)) = self.chance.one_of(&held).cloned() else { return Ok(()) };
        if self.chance.percent(10) {
            let desk = self.some_desk();
            council = self.desks[desk].council;
        }
        if self.chance.percent(10) {
            token = token.saturating_sub(1);
        }
        let place = if self.chance.percent(4) { self.some_place().unwrap_or(place) } else { place };
        self.ask_market(&Command::ReleaseHold { place, council, token, at: self.now })?;
        Ok(())
    }

    fn approval(&mut self, desk: usize) -> Approval {
        let approver = if self.chance.per_mille(12) { String::new() } else { "post 7 (simulated)".into() };
        Approval { approver, role: self.some_role(desk), at: self.now }
    }

    pub(super) fn award(&mut self) -> Checked {
        let desk = self.some_desk();
        let Some(referral) = self.offered_referral(desk) else { return Ok(()) };
        let (live, all) =
            self.referral(desk, referral).map(|it| self.offers_of(desk, it)).unwrap_or_default();
        let from = if live.is_empty() || self.chance.percent(8) { &all } else { &live };
        let offer = self.chance.one_of(from).copied().filter(|_| !self.chance.per_mille(5));
        let offer = offer.unwrap_or_else(|| OfferId(self.chance.uuid()));
        let known = self.referral(desk, referral).and_then(|found| found.awards.first().copied());
        let again = known.filter(|_| self.chance.percent(2));
        let (approval, emergency) = match self.chance.below(20) {
            0 => (None, false),
            1..=5 => (None, true),
            _ => (Some(self.approval(desk)), self.chance.percent(10)),
        };
        let justification = match self.chance.below(20) {
            0 => None,
            1 => Some("  ".to_owned()),
            _ => Some("no framework provider has a place (simulated)".to_owned()),
        };
        let command = ProposeAward {
            award: again.unwrap_or_else(|| AwardId(self.chance.uuid())),
            referral,
            offer,
            hold_token: self.token_for(desk, referral, offer),
            age_years: self.age_for(desk, referral, offer),
            area_authority: self.area_authority(desk, offer),
            household: self.household_of(desk, offer),
            approval,
            emergency,
            spot_justification: justification,
            departure_reason: self.departure_reason(),
            sibling_split_reason: self.sibling_split_reason(),
            at: self.now,
        };
        self.ask_referrals(desk, &command.into())?;
        Ok(())
    }

    /// Where the home lies, as the market has it; sometimes elsewhere, and sometimes nobody knows.
    fn area_authority(&mut self, desk: usize, offer: OfferId) -> Option<String> {
        let known = match self.chance.below(10) {
            0 => return None,
            1..=3 => return Some(OUTSIDE.to_owned()),
            _ => self.desks[desk].referrals.state.offers.get(&offer)?,
        };
        self.market.state.establishment(&known.terms.urn).map(|it| it.utla.clone())
    }

    /// The household that the offered place is in, as the market has it.
    fn household_of(&self, desk: usize, offer: OfferId) -> Option<HouseholdId> {
        let offer = self.desks[desk].referrals.state.offers.get(&offer)?;
        self.market.state.place(&offer.terms.place)?.household.clone()
    }

    fn age_for(&self, desk: usize, referral: ReferralId, offer: OfferId) -> u8 {
        let start = self.desks[desk].referrals.state.offers.get(&offer).map(|offer| offer.terms.start);
        let on_the_day = start.and_then(|start| self.age_on(referral, start));
        on_the_day
            .or_else(|| self.referral(desk, referral).map(|it| it.requirements.age_years))
            .unwrap_or_default()
    }

    /// The token of the hold on the offered place, often whosever it is; sometimes one that was, or none.
    fn token_for(&mut self, desk: usize, referral: ReferralId, offer: OfferId) -> Option<u64> {
        let offer = self.desks[desk].referrals.state.offers.get(&offer)?;
        let place = self.market.state.place(&offer.terms.place)?;
        let hold = place.hold();
        let council = self.desks[desk].council;
        let own = hold.filter(|hold| hold.council == council && hold.referral == referral);
        match (own, hold, self.chance.below(20)) {
            (Some(own), _, 0..=13) => Some(own.token),
            (None, Some(others), 0..=4) => Some(others.token),
            (_, _, 19) => place.expired_token.or(Some(place.last_token)),
            (_, _, 18) => Some(place.last_token),
            _ => None,
        }
    }

    /// An emergency that waits for its approval, in time or late; sometimes an award that waits for none.
    pub(super) fn approve(&mut self) -> Checked {
        let desk = self.some_desk();
        let state = &self.desks[desk].referrals.state;
        let due: Vec<AwardId> = state.approvals_due.iter().map(|(_, award)| *award).collect();
        let any: Option<AwardId> = state.awards.keys().next().copied();
        let waiting = self.chance.one_of(&due).copied();
        let unknown = self.chance.percent(2);
        let award = match (waiting, any) {
            _ if unknown => AwardId(self.chance.uuid()),
            (Some(waiting), _) if self.chance.percent(95) => waiting,
            (_, Some(any)) => any,
            _ => return Ok(()),
        };
        let mut approval = self.approval(desk);
        // An approval may be entered some hours after it was given.
        approval.at -= SignedDuration::from_hours(self.chance.within(0..=4));
        self.ask_referrals(desk, &GiveRetrospectiveApproval { award, approval }.into())?;
        Ok(())
    }

    /// A step of an award that stands, mostly one that its clocks ask for; sometimes of one that does not.
    pub(super) fn take_step(&mut self) -> Checked {
        let desk = self.some_desk();
        let state = &self.desks[desk].referrals.state;
        let due: Vec<(AwardId, StatutoryStep)> = state
            .deadlines(self.now)
            .into_iter()
            .filter_map(|it| match it.id.kind {
                DeadlineKind::Step(step) => Some((it.id.award?, step)),
                _ => None,
            })
            .collect();
        let any: Vec<AwardId> = state.awards.keys().copied().collect();
        let some_step = StatutoryStep::ALL[self.chance.below(StatutoryStep::ALL.len())];
        let (award, step) = match (self.chance.one_of(&due).copied(), self.chance.one_of(&any)) {
            _ if self.chance.percent(2) => (AwardId(self.chance.uuid()), some_step),
            (Some(due), _) if self.chance.percent(85) => due,
            (_, Some(any)) => (*any, some_step),
            _ => return Ok(()),
        };
        let on =
            care::london_date(self.now).saturating_sub(jiff::Span::new().days(self.chance.within(-1..=20)));
        let role = match step {
            StatutoryStep::DistantPlacementApproval if self.chance.percent(90) => DIRECTOR.to_owned(),
            _ => self.some_role(desk),
        };
        let post = if self.chance.per_mille(12) { String::new() } else { "post 9 (simulated)".into() };
        let command = RecordStatutoryStep { award, step, on, post, role, at: self.now };
        self.ask_referrals(desk, &command.into())?;
        Ok(())
    }
}
