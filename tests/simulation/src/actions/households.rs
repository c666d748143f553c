//! What agencies do with their carer households, and what providers say that their establishments are for.

use crate::breach::Checked;
use crate::opening::id;
use crate::world::World;
use care::market::{HouseholdApproval, Sexes, StatementOfPurpose, StatementOfPurposeSet};
use care::{Date, EstablishmentUrn, HouseholdId};
use jiff::Span;
use vacancies_domain::{Command, HouseholdChanges, RegisterHousehold};

impl World {
    /// A household of an agency, mostly; seldom one of a home that has none.
    pub(super) fn register_household(&mut self) -> Checked {
        let urn = self.some_agency();
        self.enter_household(&urn)?;
        Ok(())
    }

    pub(crate) fn enter_household(&mut self, urn: &EstablishmentUrn) -> Result<bool, crate::breach::Breach> {
        let approval = self.household_approval(urn);
        let (sector, utla) = ("DE1 2".to_owned(), String::new());
        let asked = RegisterHousehold { urn: urn.clone(), approval, sector, utla, at: self.now };
        self.ask_market(&Command::RegisterHousehold(asked))
    }

    /// What a household could be approved for, mostly.
    fn household_approval(&mut self, urn: &EstablishmentUrn) -> HouseholdApproval {
        let registration = self.market.state.establishment(urn).map(|it| it.registration.clone());
        let (from, to, sexes) =
            registration.map_or((8, 17, Sexes::Any), |it| (it.age_from, it.age_to, it.sexes));
        let mut approval = HouseholdApproval {
            approved_on: self.day_before(30),
            children: self.chance.small(1..=3),
            exempt: false,
            age_from: from,
            age_to: to,
            sexes,
            sibling_groups: self.chance.percent(50),
            short_breaks_only: self.chance.percent(5),
            siblings_only: false,
        };
        match self.chance.below(16) {
            0 => approval.children = 4,
            1 => (approval.children, approval.exempt) = (5, true),
            2 => approval.children = 0,
            3 => approval.approved_on = self.day_before(-3),
            4 => approval.age_to = to.saturating_add(1),
            5 | 6 => approval.age_to = to.saturating_sub(2).max(from),
            7 => approval.sexes = Sexes::Female,
            8 => approval.short_breaks_only = true,
            9 => (approval.children, approval.siblings_only) = (4, true),
            _ => {}
        }
        approval
    }

    fn day_before(&self, days: i64) -> Date {
        self.today.saturating_sub(Span::new().days(days))
    }

    pub(super) fn amend_household(&mut self) -> Checked {
        let Some((household, urn)) = self.some_household() else { return Ok(()) };
        let approval = Some(self.household_approval(&urn)).filter(|_| self.chance.percent(80));
        let sector = Some("DE1 1".to_owned()).filter(|_| self.chance.percent(30));
        let changes = HouseholdChanges { approval, sector, utla: None };
        let revision = Some(9_999).filter(|_| self.chance.percent(5));
        self.ask_market(&Command::AmendHousehold { household, changes, revision, at: self.now })?;
        Ok(())
    }

    pub(super) fn close_household(&mut self) -> Checked {
        let Some((household, _)) = self.some_household() else { return Ok(()) };
        let days = [0, 0, 0, 2, -2, 900];
        let days = days[self.chance.below(days.len())];
        let on = self.day_before(days);
        self.ask_market(&Command::CloseHousehold { household, on, at: self.now })?;
        Ok(())
    }

    pub(super) fn state_purpose(&mut self) -> Checked {
        let urn = self.some_home();
        let days = [0, 5, -2][self.chance.below(3)];
        let on = self.day_before(days);
        let text = match self.chance.below(12) {
            0 => String::new(),
            1 => "x".repeat(StatementOfPurpose::CHARS_MAX + 1),
            version => format!("Version {version}."),
        };
        let stated = StatementOfPurposeSet { urn, on, text, at: self.now };
        self.ask_market(&Command::SetStatementOfPurpose(stated))?;
        Ok(())
    }

    /// An agency or scheme, mostly.
    fn some_agency(&mut self) -> EstablishmentUrn {
        let agencies = self.market.state.establishments().filter(|(_, it)| it.has_households());
        let agencies: Vec<EstablishmentUrn> = agencies.map(|(urn, _)| urn.clone()).collect();
        let any = self.some_home();
        if self.chance.percent(10) { any } else { self.chance.one_of(&agencies).cloned().unwrap_or(any) }
    }

    /// A household, closed or not, and its agency; seldom one that is not there.
    fn some_household(&mut self) -> Option<(HouseholdId, EstablishmentUrn)> {
        if self.chance.percent(3) {
            return Some((id("nowhere-h01"), id("nowhere")));
        }
        let all = self.market.state.households().map(|(id, it)| (id.clone(), it.urn.clone()));
        let all: Vec<_> = all.collect();
        self.chance.one_of(&all).cloned()
    }

    /// Where a place is opened that an establishment gets: in a household, if it has any, mostly; seldom in another's.
    pub(super) fn household_to_open_in(&mut self, urn: &EstablishmentUrn) -> Option<HouseholdId> {
        if self.chance.percent(20) {
            return None;
        }
        let any = self.chance.percent(8);
        let households = self.market.state.households();
        let wanted = households.filter(|(_, it)| any || it.urn == *urn && it.closed_on.is_none());
        let wanted: Vec<HouseholdId> = wanted.map(|(id, _)| id.clone()).collect();
        self.chance.one_of(&wanted).cloned()
    }
}
