//! What councils and providers agree of nights beforehand: hold policies, reservations, blocks and their resale.

use crate::breach::Checked;
use crate::world::World;
use care::market::{BlockTerms, HoldPolicy, Place, Resale, ResaleOf};
use care::{CouncilId, Date, Pence, PlaceId};
use jiff::Span;
use std::collections::BTreeSet;
use vacancies_domain::{BuyResale, Command, OfferBlock, OfferResale, ReservePlace, SetHoldPolicy};

/// What every place is advertised to be reserved for, in pence a week.
pub(super) const RETAINER: Pence = Pence(105_000);
const APPROVER: &str = "post 7 (simulated)";

impl World {
    fn council(&mut self) -> CouncilId {
        let desk = self.some_desk();
        self.desks[desk].council
    }

    /// A council, mostly this one.
    fn mostly(&mut self, council: CouncilId) -> CouncilId {
        if self.chance.percent(94) { council } else { self.council() }
    }

    fn day(&mut self, from: i64, to: i64) -> Date {
        let days = self.chance.within(from..=to);
        self.today.saturating_add(Span::new().days(days))
    }

    /// A place for which something of this kind is agreed, with what; sometimes none.
    fn agreed_of<T: Clone>(&mut self, wanted: impl Fn(&Place) -> Vec<T>) -> Option<(PlaceId, T)> {
        let all = self.market.state.agreed();
        let all: Vec<(PlaceId, T)> =
            all.flat_map(|(id, place)| wanted(place).into_iter().map(move |it| (id.clone(), it))).collect();
        self.chance.one_of(&all).cloned()
    }

    pub(super) fn set_hold_policy(&mut self) -> Checked {
        let council = self.council();
        let lease_seconds_max = [3_600, 86_400, 259_200, 300_000][self.chance.below(4)];
        let policy = HoldPolicy {
            council_holds_max: [1, 3, 10, 50, 51][self.chance.below(5)],
            referral_holds_max: [1, 2, 3][self.chance.below(3)],
            lease_seconds_default: 3_600,
            lease_seconds_max,
        };
        let (version, _) = self.market.state.hold_policy(council);
        let expected_version = if self.chance.percent(10) { version + 1 } else { version };
        let command = SetHoldPolicy { council, expected_version, policy, at: self.now };
        self.ask_market(&Command::SetHoldPolicy(command))?;
        Ok(())
    }

    /// A place that is advertised for it, mostly, for a few nights.
    pub(super) fn reserve(&mut self) -> Checked {
        let council = self.council();
        let offered = self.market.state.places().filter(|(_, place)| {
            let advertised = place.vacancy.as_ref().is_some_and(|it| it.reservation.is_some());
            advertised && place.claims.iter().all(|claim| claim.end.is_some())
        });
        let offered: Vec<PlaceId> = offered.map(|(id, _)| id.clone()).collect();
        let offered = self.chance.one_of(&offered).cloned();
        let anything = if offered.is_none() { 15 } else { 6 };
        let place = if self.chance.percent(anything) { self.some_place() } else { offered };
        let Some(place) = place else { return Ok(()) };
        let from = match self.chance.below(30) {
            0 => self.day(-2, -1),
            1 => self.day(8, 20),
            2..=12 => self.day(0, 0),
            _ => self.day(0, 3),
        };
        let nights = match self.chance.below(30) {
            0 => self.chance.within(-1..=0),
            1 => self.chance.within(15..=20),
            2 => 400,
            _ => self.chance.within(2..=12),
        };
        let command = ReservePlace {
            place,
            council,
            from,
            until: from.saturating_add(Span::new().days(nights)),
            weekly: if self.chance.percent(3) { Pence(1) } else { RETAINER },
            referral: None,
            approver: APPROVER.to_owned(),
            at: self.now,
        };
        self.ask_market(&Command::ReservePlace(command))?;
        Ok(())
    }

    pub(super) fn end_reservation(&mut self) -> Checked {
        let today = self.today;
        let found = self.agreed_of(|place| {
            let all = place.agreed.iter().flat_map(|it| &it.reservations);
            all.filter(|it| it.until >= today).cloned().collect()
        });
        let Some((place, reservation)) = found else { return Ok(()) };
        let council = self.mostly(reservation.council);
        let on = self.day(-1, 12);
        let command = Command::EndReservation { place, council, token: reservation.token, on, at: self.now };
        self.ask_market(&command)?;
        Ok(())
    }

    /// Councils of which some may buy, seldom too many or the seller itself.
    fn partners(&mut self, seller: CouncilId) -> BTreeSet<CouncilId> {
        match self.chance.below(12) {
            0 => [seller].into(),
            1..=4 => (0..3).map(|_| self.council()).filter(|council| *council != seller).collect(),
            _ => BTreeSet::new(),
        }
    }

    pub(super) fn offer_block(&mut self) -> Checked {
        let council = self.council();
        let Some(place) = self.some_place() else { return Ok(()) };
        let from = if self.chance.percent(4) { self.day(-2, -1) } else { self.day(0, 3) };
        let nights = match self.chance.below(20) {
            0 => 2_000,
            _ => self.chance.within(4..=30),
        };
        let terms = BlockTerms {
            from,
            until: from.saturating_add(Span::new().days(nights)),
            weekly: Pence(420_000),
            partners: self.partners(council),
            resale_weekly: self.chance.percent(50).then_some(Pence(300_000)),
        };
        self.ask_market(&Command::OfferBlock(OfferBlock { place, council, terms, at: self.now }))?;
        Ok(())
    }

    pub(super) fn answer_block(&mut self) -> Checked {
        let found = self.agreed_of(|place| {
            let offered = place.agreed.as_ref().and_then(|it| it.offered.as_ref());
            offered.map(|(number, council, _)| (*number, *council)).into_iter().collect()
        });
        let Some((place, (block, council))) = found else { return Ok(()) };
        let (council, at) = (self.mostly(council), self.now);
        let command = if self.chance.percent(12) {
            Command::DeclineBlock { place, council, block, at }
        } else {
            Command::AcceptBlock { place, council, block, approver: APPROVER.to_owned(), at }
        };
        self.ask_market(&command)?;
        Ok(())
    }

    /// One of the parties, mostly on the day that the other has named.
    pub(super) fn end_block(&mut self) -> Checked {
        let Some((place, block)) = self.agreed_of(|place| place.blocks().cloned().collect()) else {
            return Ok(());
        };
        let named = block.ending.map(|(_, on)| on).filter(|_| self.chance.percent(80));
        let on = named.unwrap_or_else(|| self.day(-1, 20));
        let council = self.chance.percent(50).then(|| self.mostly(block.council));
        let command = Command::EndBlock { place, council, block: block.number, on, at: self.now };
        self.ask_market(&command)?;
        Ok(())
    }

    /// Void nights, mostly; sometimes nights that are used, sold or never were the council's.
    pub(super) fn offer_resale(&mut self) -> Checked {
        let (now, any) = (self.now, self.chance.percent(10));
        let found = self.agreed_of(|place| {
            let of_blocks = place.blocks().map(|it| (it.council, ResaleOf::Block(it.number), it.nights()));
            let reservations = place.agreed.iter().flat_map(|it| &it.reservations);
            let reserved = reservations.map(|it| (it.council, ResaleOf::Reservation(it.token), it.nights()));
            let all = of_blocks.chain(reserved);
            all.filter(|(_, _, nights)| any || place.claims_on(*nights, now).next().is_none()).collect()
        });
        let Some((place, (council, of, nights))) = found else { return Ok(()) };
        let from = self.day(0, 4).max(nights.start());
        let until = match self.chance.below(10) {
            0..=3 => from.saturating_add(Span::new().days(self.chance.within(0..=6))),
            4 => nights.end().saturating_add(Span::new().days(1)),
            _ => nights.end(),
        };
        let allowed = self.market.state.place(&place).and_then(|place| {
            let number = if let ResaleOf::Block(number) = of { number } else { 0 };
            place.blocks().find(|it| it.number == number).map(|it| it.terms.partners.clone())
        });
        let council = self.mostly(council);
        let partners = match allowed {
            Some(allowed) if !allowed.is_empty() && self.chance.percent(90) => allowed,
            _ => self.partners(council),
        };
        let weekly = if self.chance.percent(8) { Pence(400_000) } else { Pence(90_000) };
        let command = OfferResale { place, council, of, from, until, weekly, partners, at: self.now };
        self.ask_market(&Command::OfferResale(command))?;
        Ok(())
    }

    fn some_resale(&mut self) -> Option<(PlaceId, Resale)> {
        self.agreed_of(|place| place.resales().cloned().collect())
    }

    pub(super) fn withdraw_resale(&mut self) -> Checked {
        let Some((place, resale)) = self.some_resale() else { return Ok(()) };
        let council = self.mostly(resale.seller);
        let command = Command::WithdrawResale { place, council, resale: resale.number, at: self.now };
        self.ask_market(&command)?;
        Ok(())
    }

    pub(super) fn buy_resale(&mut self) -> Checked {
        let Some((place, resale)) = self.some_resale() else { return Ok(()) };
        let weekly = if self.chance.percent(4) { Pence(1) } else { resale.weekly };
        let command = BuyResale {
            place,
            council: self.council(),
            resale: resale.number,
            weekly,
            approver: APPROVER.to_owned(),
            at: self.now,
        };
        self.ask_market(&Command::BuyResale(command))?;
        Ok(())
    }
}
