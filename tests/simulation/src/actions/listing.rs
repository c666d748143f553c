//! The framework lead imports a date of the regulator's register, whole or in part.

use crate::breach::Checked;
use crate::opening::id;
use crate::world::World;
use care::market::{EstablishmentRegistered, RegistrationStatus};
use care::{Date, Timestamp};
use jiff::Span;
use std::collections::BTreeSet;
use vacancies_domain::{Command, RegisterPart, RegisterRow};

const FILE: &str = "the file's digest, which the domain only compares";

fn part(as_of: Date, rows: Vec<RegisterRow>, at: Timestamp) -> Command {
    Command::ReadRegisterPart(RegisterPart { as_of, file_sha256: FILE.to_owned(), rows, at })
}

impl World {
    /// Says of the establishments that there are what it says already, of some something else, and seldom leaves one out.
    pub(super) fn import_register(&mut self) -> Checked {
        let days = self.chance.within(-2..=0);
        let as_of = self.today.saturating_add(Span::new().days(days));
        let known: Vec<EstablishmentRegistered> =
            self.market.state.establishments().map(|(urn, it)| entry(urn, it, self.now)).collect();
        let mut rows = Vec::new();
        for entry in known {
            if self.chance.percent(2) {
                continue;
            }
            rows.push(self.row(entry));
        }
        let read: BTreeSet<_> = rows.iter().map(|row| row.entry.urn.clone()).collect();
        let half = rows.split_off(self.chance.below(rows.len()));
        self.ask_market(&part(as_of, rows, self.now))?;
        if self.chance.percent(85) {
            self.ask_market(&part(as_of, half, self.now))?;
        }
        let rows = u32::try_from(read.len()).unwrap_or(u32::MAX);
        let (file_sha256, gone_confirmed, at) = (FILE.to_owned(), 0, self.now);
        self.ask_market(&Command::FinishRegisterImport { as_of, file_sha256, rows, gone_confirmed, at })?;
        Ok(())
    }

    fn row(&mut self, mut entry: EstablishmentRegistered) -> RegisterRow {
        let registration = &mut entry.registration;
        match self.chance.below(40) {
            0 => registration.grade = "INADEQUATE".into(),
            1 => registration.status = RegistrationStatus::Suspended,
            2 | 3 => registration.places_registered = self.chance.small(1..=5).into(),
            4 => entry.provider = id("another-owner"),
            // Revives what an import before has resigned.
            5..=12 => registration.status = RegistrationStatus::Active,
            _ => {}
        }
        RegisterRow {
            entry,
            provider_name: "Owner (simulated)".into(),
            places_printed: self.chance.percent(80),
        }
    }
}

fn entry(
    urn: &care::EstablishmentUrn,
    it: &care::market::Establishment,
    at: care::Timestamp,
) -> EstablishmentRegistered {
    EstablishmentRegistered {
        urn: urn.clone(),
        provider: it.provider.clone(),
        provision: it.provision.clone(),
        place_code: it.place_code.clone(),
        utla: it.utla.clone(),
        sector: it.sector.clone(),
        operated_by: it.operated_by,
        registered_on: it.registered_on,
        registration: it.registration.clone(),
        at,
    }
}
