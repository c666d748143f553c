//! How a world begins: councils, their policies, providers, establishments of every kind, and frameworks; all at random from the seed.

use crate::actions::{policy, prices};
use crate::breach::Checked;
use crate::exchange::Exchange;
use crate::log::Log;
use crate::world::{Desk, World};
use care::market::{EstablishmentRegistered, ProviderRegistered, Registration, RegistrationStatus, Sexes};
use care::{CouncilId, Date, LotId, Pence, Timestamp, councils};
use contracts_domain::GradeGate;
use contracts_domain::frameworks::{Change, Lot, NewFramework, Regime};
use jiff::{SignedDuration, civil::date};
use referrals_domain::SetCascadePolicy;
use vacancies_domain::Command;

/// Provision, place code, and the ages of the registration. Every world has each of them.
const KINDS: [(&str, &str, u8, u8); 6] = [
    ("RESIDENTIAL", "K2", 8, 17),
    ("FOSTERING", "U6", 0, 17),
    ("SUPPORTED_ACCOMMODATION", "K3", 16, 20),
    ("UNREGISTERED", "K2", 5, 17),
    ("RESIDENTIAL_EDUCATION", "S1", 5, 17),
    ("RESIDENTIAL", "K2", 5, 17),
];

/// The lots of every framework, and what they cover.
pub(crate) const LOTS: [(&str, &[&str]); 3] = [
    ("residential", &["RESIDENTIAL", "RESIDENTIAL_EDUCATION"]),
    ("fostering", &["FOSTERING"]),
    ("supported", &["SUPPORTED_ACCOMMODATION"]),
];
/// The support levels of every lot, with the ceiling of each in pence a week.
pub(crate) const LEVELS: [(&str, i64); 2] = [("standard", 400_000), ("enhanced", 600_000)];

/// The first day of every framework's term, and the last of each.
const TERM: (Date, [Date; 2]) = (date(2024, 4, 1), [date(2027, 3, 31), date(2026, 12, 15)]);

impl World {
    /// Opens the world some days before the clocks change, in March or October.
    pub(crate) fn open(&mut self) -> Checked {
        let starts = ["2026-03-20T09:00:00Z", "2025-10-18T22:30:00Z", "2026-10-20T23:30:00Z"];
        let start = self.chance.word(&starts).parse::<Timestamp>().unwrap_or(Timestamp::UNIX_EPOCH);
        let later = SignedDuration::from_mins(self.chance.within(0..=7_200));
        self.set_clock(start + later);
        let all = councils();
        let count = 4 + self.chance.below(4);
        let first = self.chance.below(all.len() - count);
        for council in &all[first..first + count] {
            self.desks.push(Desk {
                council: council.id,
                referrals: Log::default(),
                agreements: Log::default(),
                recent: Vec::new(),
                placed: Vec::new(),
            });
        }
        self.exchange = Exchange::connect(count);
        for desk in 0..count {
            let command = SetCascadePolicy {
                council: self.desks[desk].council,
                expected_version: 0,
                policy: policy(&mut self.chance),
                at: self.now,
            };
            // One council in six has not set a policy yet: the default applies to it.
            if !self.chance.percent(16) {
                self.ask_referrals(desk, &command.into())?;
            }
        }
        self.open_register()?;
        self.open_frameworks()
    }

    fn open_register(&mut self) -> Checked {
        let own = self.desks[0].council;
        for number in 1..=4 + self.chance.below(3) {
            let provider: care::ProviderId = id(&format!("provider-{number}"));
            let name = format!("Provider {number} (simulated)");
            let entry = ProviderRegistered { provider: provider.clone(), name, at: self.now };
            self.ask_market(&Command::RegisterProvider(entry))?;
            self.providers.push(provider);
        }
        for number in 0..KINDS.len() + self.chance.below(5) {
            // The first provider is a council's own service.
            let provider = number % self.providers.len();
            let operated_by = (provider == 0).then_some(own);
            self.open_home(number, provider, operated_by)?;
        }
        Ok(())
    }

    fn open_home(&mut self, number: usize, provider: usize, operated_by: Option<CouncilId>) -> Checked {
        let (provision, place_code, age_from, age_to) = KINDS[number % KINDS.len()];
        let urn = id::<care::EstablishmentUrn>(&format!("SC{number:05}"));
        let places = u16::from(self.chance.small(1..=4));
        let registration = Registration {
            status: RegistrationStatus::Active,
            grade: self.chance.word(&["OUTSTANDING", "GOOD", "GOOD", "REQUIRES_IMPROVEMENT", "NONE"]).into(),
            age_from,
            age_to,
            sexes: if self.chance.percent(80) { Sexes::Any } else { Sexes::Female },
            // An agency has more carers than a home has rooms.
            places_registered: if provision == "FOSTERING" { places + 4 } else { places },
        };
        let entry = EstablishmentRegistered {
            urn: urn.clone(),
            provider: self.providers[provider].clone(),
            provision: provision.into(),
            place_code: place_code.into(),
            utla: self.desks[0].council.gss().into(),
            sector: "DE1 2".into(),
            operated_by,
            registered_on: TERM.0,
            registration,
            at: self.now,
        };
        self.ask_market(&Command::RegisterEstablishment(entry))?;
        let count = u16::from(self.chance.small(2..=4)).min(places);
        // Most agencies have told their households, and their places are in these.
        let agency = provision == "FOSTERING" && self.chance.percent(70);
        for _ in 0..if agency { 3 } else { 0 } {
            self.enter_household(&urn)?;
        }
        let households: Vec<_> = self.market.state.households().filter(|(_, it)| it.urn == urn).collect();
        let room = households.iter().find(|(_, it)| u16::from(it.approval.children) >= count);
        let household = room.map(|(id, _)| (*id).clone());
        self.ask_market(&Command::OpenPlaces { urn: urn.clone(), count, household, at: self.now })?;
        self.homes.push(urn.clone());
        for number in 1..=count {
            let place = id(&format!("{urn}-{number:02}"));
            self.advertise(&place, &urn)?;
        }
        Ok(())
    }

    fn open_frameworks(&mut self) -> Checked {
        for (number, floor) in [(0, Some("GOOD")), (1, None)] {
            let framework = id::<care::FrameworkId>(&format!("framework-{number}"));
            let gate = |lowest: &str| GradeGate { lowest: lowest.into(), ungraded_allowed: number == 0 };
            let new = NewFramework {
                name: format!("Framework {number} (simulated)"),
                lead: self.desks[number].council,
                regime: Regime::Pcr2015,
                starts: TERM.0,
                ends: TERM.1[number],
                grade_floor: floor.map(gate),
            };
            self.ask_frameworks(framework.clone(), None, Change::Create(new))?;
            self.contracts.push(framework.clone());
            for desk in 0..self.desks.len() {
                let council = self.desks[desk].council;
                if desk != number && self.chance.percent(80) {
                    let change = Change::AddMember { council, from: TERM.0 };
                    self.ask_frameworks(framework.clone(), None, change)?;
                }
            }
            for (lot, provisions) in LOTS {
                self.open_lot(&framework, &id(lot), provisions)?;
            }
        }
        Ok(())
    }

    fn open_lot(&mut self, framework: &care::FrameworkId, lot: &LotId, provisions: &[&str]) -> Checked {
        let supported = provisions.contains(&"SUPPORTED_ACCOMMODATION");
        let own_gate = GradeGate { lowest: "REQUIRES_IMPROVEMENT".into(), ungraded_allowed: true };
        let terms = Lot {
            name: format!("Lot {lot}"),
            provisions: provisions.iter().map(|provision| (*provision).into()).collect(),
            age_from: if supported { 16 } else { 0 },
            age_to: if self.chance.percent(80) { 17 } else { 15 }.max(if supported { 16 } else { 0 }),
            grade_gate: self.chance.percent(50).then_some(own_gate),
            levels: LEVELS.iter().map(|(level, ceiling)| ((*level).into(), Pence(*ceiling))).collect(),
        };
        self.ask_frameworks(framework.clone(), None, Change::AddLot { lot: lot.clone(), terms })?;
        for provider in self.providers.clone() {
            if self.chance.percent(85) {
                let prices = prices(&mut self.chance);
                let change = Change::AdmitProvider { lot: lot.clone(), provider, from: TERM.0, prices };
                self.ask_frameworks(framework.clone(), None, change)?;
            }
        }
        Ok(())
    }
}

/// An id that is written down here, or made of one.
pub(crate) fn id<T: std::str::FromStr>(text: &str) -> T {
    text.parse().unwrap_or_else(|_| panic!("{text} is an id"))
}
