//! What was entered of an establishment, by the date it holds from and the instant it was entered: registrations, notices, and the
//! versions of its statement of purpose.
//!
//! It is folded from the events, so an answer about a day needs no log; what was entered later than an instant is known by it.

use super::{Establishment, Registration};
use crate::domain::{EventBody, StreamId};
use crate::ids::{CouncilId, EstablishmentUrn};
use crate::market::events::body;
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

/// Something that was entered of an establishment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entered {
    /// From which day it holds: the date of a notice, of a version, or of the register that said it; else the day it was entered on.
    pub on: Date,
    /// When it was entered.
    pub at: Timestamp,
    /// What.
    pub told: Told,
}

/// What was entered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Told {
    /// What the regulator says from then on.
    Registration(Registration),
    /// A restriction-of-accommodation notice was served.
    NoticeServed,
    /// It was lifted.
    NoticeLifted,
    /// A version of the statement of purpose.
    StatementOfPurpose(StatementOfPurpose),
}

/// What an establishment says that it is for (Children's Homes (England) Regulations 2015, regulation 16; Fostering Services (England)
/// Regulations 2011, regulation 3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatementOfPurpose {
    /// What it says, up to [`StatementOfPurpose::CHARS_MAX`] characters, without personal data.
    pub text: String,
}

impl StatementOfPurpose {
    /// How many characters a statement has at most.
    pub const CHARS_MAX: usize = 4_000;
    /// How many versions are kept of one establishment at most.
    pub const VERSIONS_MAX: usize = 50;
}

/// A provider stated what its establishment is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatementOfPurposeSet {
    /// The establishment.
    pub urn: EstablishmentUrn,
    /// The date of the version.
    pub on: Date,
    /// What it says.
    pub text: String,
    /// When it was entered.
    pub at: Timestamp,
}

body!(StatementOfPurposeSet of "establishment" urn, effective on);

impl StatementOfPurposeSet {
    pub(super) fn told(&self) -> Told {
        Told::StatementOfPurpose(StatementOfPurpose { text: self.text.clone() })
    }
}

impl Establishment {
    pub(super) fn enter(&mut self, on: Date, at: Timestamp, told: Told) {
        self.history.push(Entered { on, at, told });
    }

    /// Enters a registration that says something else than the one before.
    pub(super) fn enter_registration(&mut self, now: &Registration, on: Date, at: Timestamp) {
        if self.registration != *now {
            self.enter(on, at, Told::Registration(now.clone()));
        }
    }

    /// What an import entered at `at` holds from the register's date on.
    pub(super) fn known_as_of(&mut self, as_of: Date, at: Timestamp) {
        let last = self.history.iter_mut().rev().find(|it| matches!(it.told, Told::Registration(_)));
        if let Some(last) = last.filter(|it| it.at == at) {
            last.on = as_of;
        }
    }

    /// What was entered of its registration, by an instant if one is given.
    #[must_use]
    pub fn registrations(&self, known_by: Option<Timestamp>) -> Registrations<'_> {
        let (mut changes, mut was) = (Vec::new(), None::<&Registration>);
        for (number, it) in self.history.iter().enumerate() {
            let Told::Registration(now) = &it.told else { continue };
            if known_by.is_some_and(|by| it.at > by) {
                continue;
            }
            let is_told = |set: &SetField| was.is_none_or(|was| differs(*set, was, now));
            changes.push((number, it.on, now, SET_FIELDS.into_iter().filter(is_told).collect()));
            was = Some(now);
        }
        Registrations { changes }
    }

    /// Since when a notice restricts it on a day; none where none does. Of what was entered for that day or one before, what was entered last holds.
    #[must_use]
    pub fn restricted_on(&self, day: Date, known_by: Option<Timestamp>) -> Option<Date> {
        let known = self.history.iter().filter(|it| it.on <= day && known_by.is_none_or(|by| it.at <= by));
        known.fold(None, |since, it| match it.told {
            Told::NoticeServed => Some(it.on),
            Told::NoticeLifted => None,
            Told::Registration(_) | Told::StatementOfPurpose(_) => since,
        })
    }

    /// The statement of purpose that holds on a day, with its date: the latest version that is not of a later day; of one date, what was
    /// entered last.
    #[must_use]
    pub fn statement_of_purpose(&self, on: Date) -> Option<(Date, &StatementOfPurpose)> {
        let versions = self.statements().filter(|(date, _)| *date <= on);
        versions.max_by_key(|(date, _)| *date)
    }

    /// Every version of the statement of purpose with its date, in the order in which they were entered.
    pub fn statements(&self) -> impl Iterator<Item = (Date, &StatementOfPurpose)> {
        self.history.iter().filter_map(|it| match &it.told {
            Told::StatementOfPurpose(statement) => Some((it.on, statement)),
            _ => None,
        })
    }
}

/// Sets one field of a registration as another has it.
type SetField = fn(&mut Registration, &Registration);

const SET_FIELDS: [SetField; 6] = [
    |it, now| it.status = now.status,
    |it, now| it.grade.clone_from(&now.grade),
    |it, now| it.age_from = now.age_from,
    |it, now| it.age_to = now.age_to,
    |it, now| it.sexes = now.sexes,
    |it, now| it.places_registered = now.places_registered,
];

fn differs(set: SetField, was: &Registration, now: &Registration) -> bool {
    let mut it = was.clone();
    set(&mut it, now);
    it != *was
}

/// What was entered of a registration, in the order in which it was. An entry tells the fields that it changed, and says nothing of the others: an
/// amendment of a grade in March leaves standing what the register of February says of the status, though that is read later. Of a field, what was
/// entered last holds from its day on.
#[derive(Debug, Clone)]
pub struct Registrations<'a> {
    /// The number of the entry in the history, its day, the registration as it was then, and the fields that the entry changed.
    changes: Vec<(usize, Date, &'a Registration, Vec<SetField>)>,
}

impl Registrations<'_> {
    /// The registration on a day; none where nothing was entered for it or a day before.
    #[must_use]
    pub fn on(&self, day: Date) -> Option<Registration> {
        self.until((day, usize::MAX))
    }

    /// The registration from the day of an entry on, by its number in the history: with what was entered before of that day, and all of earlier days.
    #[must_use]
    pub fn from(&self, day: Date, number: usize) -> Option<Registration> {
        self.until((day, number))
    }

    fn until(&self, last: (Date, usize)) -> Option<Registration> {
        let mut found = None;
        for (number, on, now, fields) in &self.changes {
            if (*on, *number) <= last {
                let it: &mut Registration = found.get_or_insert_with(|| (*now).clone());
                fields.iter().for_each(|set| set(it, now));
            }
        }
        found
    }
}
