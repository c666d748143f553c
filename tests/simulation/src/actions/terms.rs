//! The framework lead and the link authorities: openings, extensions, discounts and uplifts.

use crate::opening::{LOTS, id};
use crate::world::World;
use care::{FrameworkId, LotId, Pence};
use contracts_domain::frameworks::{
    Change, Discount, DiscountAmount, DiscountRule, Opening, Recommended, UpliftAmount, UpliftAsked,
    UpliftNegotiation,
};
use jiff::Span;

impl World {
    pub(super) fn framework_terms(&mut self, framework: &FrameworkId) -> Change {
        match self.chance.below(9) {
            0 => {
                let (opens, closes) = (self.some_day(), self.some_day());
                Change::Reopen(Opening { opens, closes })
            }
            1 => self.extension(framework),
            2..=3 => self.discount(),
            4 => {
                let (number, on) = (self.some_number(), self.some_day());
                Change::EndDiscount { number, on }
            }
            5 => {
                let (provider, desk) = (self.some_provider(), self.some_desk());
                let council = self.desks[desk].council;
                Change::NominateLinkAuthority { provider, council, today: self.today }
            }
            6 => self.uplift_request(),
            _ => self.negotiation(framework),
        }
    }

    fn some_number(&mut self) -> u32 {
        self.chance.number(1..=4)
    }

    fn extension(&mut self, framework: &FrameworkId) -> Change {
        let ends = self.frameworks.state.get(framework).map_or(self.today, |it| it.ends);
        let days = if self.chance.percent(70) { 1 } else { self.chance.within(0..=400) };
        let to = ends.saturating_add(Span::new().days(days));
        Change::Extend { to, reason: "more time (simulated)".into(), today: self.today }
    }

    fn discount(&mut self) -> Change {
        let rule = match self.chance.below(4) {
            0 => DiscountRule::Sibling { nth: self.chance.small(1..=3) },
            1 => DiscountRule::LongTerm { after_weeks: 52 },
            2 => DiscountRule::Volume { placements: 10, region: self.chance.percent(50) },
            _ => DiscountRule::StepDown { from_provision: "RESIDENTIAL".into() },
        };
        let amount = if self.chance.percent(50) {
            DiscountAmount::BasisPoints(self.chance.number(0..=1_000))
        } else {
            DiscountAmount::Weekly(Pence(5_000))
        };
        let lot = self.chance.percent(20).then(|| self.some_lot());
        let provider = self.chance.percent(20).then(|| self.some_provider());
        let (from, until) = (self.some_day(), self.chance.percent(50).then(|| self.some_day()));
        Change::AgreeDiscount(Discount { lot, provider, rule, amount, from, until })
    }

    fn some_lot(&mut self) -> LotId {
        if self.chance.percent(5) { id("none-such") } else { id(LOTS[self.chance.below(LOTS.len())].0) }
    }

    fn rise(&mut self) -> UpliftAmount {
        let level = if self.chance.percent(5) { "none-such" } else { "standard" };
        if self.chance.percent(5) {
            UpliftAmount::BasisPoints(0)
        } else if self.chance.percent(50) {
            UpliftAmount::BasisPoints(self.chance.number(1..=600))
        } else {
            UpliftAmount::ByLevel([(level.to_owned(), Pence(self.chance.within(1..=9_000)))].into())
        }
    }

    fn uplift_request(&mut self) -> Change {
        let lot = self.chance.percent(50).then(|| self.some_lot());
        let (provider, amount, from) = (self.some_provider(), self.rise(), self.some_day());
        let asked = UpliftAsked { provider, lot, amount, from, grounds: "costs (simulated)".into() };
        Change::RequestUplift { asked, today: self.today }
    }

    /// Tells the outcome of one that is open, if there is any, mostly by the council that negotiates.
    fn negotiation(&mut self, framework: &FrameworkId) -> Change {
        let all = self.frameworks.state.get(framework).into_iter().flat_map(|it| &it.uplifts);
        let open: Vec<u32> =
            all.filter(|(_, it)| it.negotiation.is_none()).map(|(number, _)| *number).collect();
        let open = self.chance.one_of(&open).copied().filter(|_| self.chance.percent(80));
        let number = open.unwrap_or_else(|| self.some_number());
        let found = self.frameworks.state.get(framework);
        let link = found.and_then(|it| Some(it.link_authority(&it.uplifts.get(&number)?.asked.provider, self.today)));
        let desk = self.some_desk();
        let by = link.filter(|_| self.chance.percent(80)).unwrap_or(self.desks[desk].council);
        let recommended = self.chance.percent(70).then(|| {
            let (amount, from) = (self.rise(), self.today.saturating_add(Span::new().days(5)));
            Recommended { amount, from }
        });
        let reason = "as the accounts show (simulated)".into();
        Change::NegotiateUplift {
            number,
            negotiation: UpliftNegotiation { by, recommended, reason, on: self.today },
        }
    }
}
