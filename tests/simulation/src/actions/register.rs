//! The regulator, and whoever enters what it says: registrations, restriction notices; and the sweep of
//! ended leases and stale vacancies.

use crate::breach::Checked;
use crate::opening::id;
use crate::world::World;
use care::market::{
    EstablishmentRegistered, Place, ProviderRegistered, Registration, RegistrationStatus,
    RestrictionNoticeLifted, RestrictionNoticeServed, Sexes, Stage,
};
use care::{Date, EstablishmentUrn, Nights};
use jiff::Span;
use vacancies_domain::{Command, RegistrationChanges};

impl World {
    /// One thing at a time is stated anew. A registration that is not active comes back soon, so that the market stays alive.
    pub(super) fn amend_registration(&mut self) -> Checked {
        let mut urn = self.some_home();
        let down =
            |home: &care::market::Establishment| home.registration.status != RegistrationStatus::Active;
        let first_down = self.market.state.establishments().find(|(_, home)| down(home));
        if let Some((down, _)) = first_down.filter(|_| self.chance.percent(60)) {
            urn = down.clone();
        }
        let home = self.market.state.establishment(&urn);
        let revision = home.map(|home| home.revision);
        let inactive = home.filter(|home| down(home));
        let mut changes = RegistrationChanges::default();
        let outgrown = self.outgrown().filter(|_| self.chance.percent(50));
        if let Some((outgrown, open)) = outgrown {
            (urn, changes.places_registered) = (outgrown, Some(open));
        } else if inactive.is_some() && self.chance.percent(80) {
            changes.status = Some(RegistrationStatus::Active);
        } else {
            self.change_something(&urn, &mut changes);
        }
        let revision = match self.chance.below(10) {
            0 => revision.map(|revision| revision + 1),
            1..=4 => revision,
            _ => None,
        };
        self.ask_market(&Command::AmendEstablishment { urn, changes, revision, at: self.now })?;
        Ok(())
    }

    /// An establishment in which children are to stay in closed places, and how many places are open.
    fn outgrown(&self) -> Option<(EstablishmentUrn, u16)> {
        let (market, to_come) = (&self.market.state, Nights::from_on(self.today, None));
        market.establishments().find_map(|(urn, _)| {
            let open = u16::try_from(market.capacity(urn, self.now).open).ok()?;
            (market.claims_at_once(urn, to_come, self.now) > open).then(|| (urn.clone(), open))
        })
    }

    fn change_something(&mut self, urn: &EstablishmentUrn, changes: &mut RegistrationChanges) {
        match self.chance.below(12) {
            0 => changes.status = Some(RegistrationStatus::Suspended),
            1 => changes.status = Some(RegistrationStatus::Cancelled),
            2 | 3 => {
                let grades = ["OUTSTANDING", "GOOD", "REQUIRES_IMPROVEMENT", "INADEQUATE", "NONE"];
                changes.grade = Some(self.chance.word(&grades).into());
            }
            4 => changes.age_from = Some(self.chance.small(0..=16)),
            5 => changes.age_to = Some(self.chance.small(15..=25)),
            6 => changes.sexes = Some([Sexes::Any, Sexes::Any, Sexes::Female][self.chance.below(3)]),
            7 => changes.age_from = Some(20),
            // As few as are open.
            8 | 9 => {
                let open = self.market.state.capacity(urn, self.now).open;
                changes.places_registered = u16::try_from(open.max(1)).ok();
            }
            _ => changes.places_registered = Some(self.chance.small(1..=5).into()),
        }
    }

    fn near_today(&mut self) -> Date {
        let days = self.chance.within(-3..=2);
        self.today.saturating_add(Span::new().days(days))
    }

    pub(super) fn serve_notice(&mut self) -> Checked {
        let (mut urn, on) = (self.some_home(), self.near_today());
        let is_awaited =
            |place: &Place| place.claims.iter().any(|it| matches!(it.stage, Stage::Award { .. }));
        let places = self.market.state.places().filter(|(_, place)| is_awaited(place));
        let awaited: Vec<&EstablishmentUrn> = places.map(|(_, place)| &place.urn).collect();
        if let Some(awaited) = self.chance.one_of(&awaited).map(|urn| (*urn).clone())
            && self.chance.percent(75)
        {
            urn = awaited;
        }
        let notice = RestrictionNoticeServed { urn, on, at: self.now };
        self.ask_market(&Command::ServeRestrictionNotice(notice))?;
        Ok(())
    }

    pub(super) fn lift_notice(&mut self) -> Checked {
        let restricted: Vec<EstablishmentUrn> = self
            .market
            .state
            .establishments()
            .filter(|(_, home)| home.restricted_on.is_some())
            .map(|(urn, _)| urn.clone())
            .collect();
        let urn = match self.chance.one_of(&restricted).cloned() {
            Some(urn) if self.chance.percent(90) => urn,
            _ => self.some_home(),
        };
        let notice = RestrictionNoticeLifted { urn, on: self.near_today(), at: self.now };
        self.ask_market(&Command::LiftRestrictionNotice(notice))?;
        Ok(())
    }

    /// An entry that is there already, or is wrong in one thing.
    pub(super) fn register_something(&mut self) -> Checked {
        if self.chance.percent(30) {
            let provider = self.providers[self.chance.below(self.providers.len())].clone();
            let entry = ProviderRegistered { provider, name: "Again (simulated)".into(), at: self.now };
            self.ask_market(&Command::RegisterProvider(entry))?;
            return Ok(());
        }
        let mut entry = EstablishmentRegistered {
            urn: self.homes[0].clone(),
            provider: self.providers[0].clone(),
            provision: "RESIDENTIAL".into(),
            place_code: "K2".into(),
            utla: self.desks[0].council.gss().into(),
            sector: "DE1 2".into(),
            operated_by: None,
            registered_on: self.today,
            registration: Registration {
                status: RegistrationStatus::Active,
                grade: "NONE".into(),
                age_from: 8,
                age_to: 17,
                sexes: Sexes::Any,
                places_registered: 2,
            },
            at: self.now,
        };
        match self.chance.below(6) {
            0 => entry.urn = id("A-URN-LONGER-THAN-THE-REGISTER-TAKES-34"),
            1 => entry.place_code = "K3".into(),
            2 => {
                (entry.provision, entry.place_code) = ("SUPPORTED_ACCOMMODATION".into(), "K3".into());
            }
            3 => entry.registration.age_to = 5,
            4 => entry.provider = id("nobody"),
            _ => {}
        }
        self.ask_market(&Command::RegisterEstablishment(entry))?;
        Ok(())
    }

    pub(super) fn sweep(&mut self) -> Checked {
        let limit = if self.chance.percent(50) { 200 } else { 1 };
        self.ask_market(&Command::SweepExpiredHolds { at: self.now, limit })?;
        self.ask_market(&Command::SweepStaleVacancies { at: self.now, limit })?;
        Ok(())
    }
}
