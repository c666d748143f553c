//! Dated imports of the regulator's register: which establishments a date lists, and what changed since the import before.
//!
//! An import comes in parts. It counts only once it is finished, and that is refused until all of its rows have been seen: a transfer that
//! broke off must not look like a register from which most homes are gone.

use super::{Market, RegistrationStatus};
use crate::domain::{EventBody, StreamId};
use crate::ids::{CouncilId, EstablishmentUrn, ProviderId};
use crate::london_date;
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What one date of the register says otherwise than the market had it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ListingChange {
    /// The market did not know it.
    New,
    /// Its overall grade is another, codes of `code_sets::GRADE`.
    Regraded {
        /// The market's.
        before: String,
        /// The register's.
        now: String,
    },
    /// It may take children no longer, or again.
    Status {
        /// The market's.
        before: super::RegistrationStatus,
        /// The register's.
        now: super::RegistrationStatus,
    },
    /// It is registered for another number of places.
    Places {
        /// The market's.
        before: u16,
        /// The register's.
        now: u16,
    },
    /// The register has another owner. The market keeps the one it has, whose places and prices these are: somebody must look into it.
    Owner {
        /// The market's.
        before: ProviderId,
        /// The register's.
        now: ProviderId,
    },
    /// The register has another grade or status than was entered for a later day than its date: what was entered stands.
    EnteredLater {
        /// What stands, a GRADE code or a status.
        before: String,
        /// The register's.
        now: String,
    },
    /// An earlier import listed it, this one does not: it takes nobody any more, and counts as resigned.
    NoLongerListed,
}

impl ListingChange {
    /// The word it is counted by.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::New => "NEW",
            Self::Regraded { .. } => "REGRADED",
            Self::Status { .. } => "STATUS",
            Self::Places { .. } => "PLACES",
            Self::Owner { .. } => "OWNER",
            Self::EnteredLater { .. } => "ENTERED_LATER",
            Self::NoLongerListed => "NO_LONGER_LISTED",
        }
    }
}

/// A change of one establishment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// The establishment.
    pub urn: EstablishmentUrn,
    /// What changed.
    #[serde(flatten)]
    pub change: ListingChange,
}

/// A row that the market could not take as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotTaken {
    /// The establishment.
    pub urn: EstablishmentUrn,
    /// Why, `UPPER_SNAKE`.
    pub reason: String,
    /// Why, in words.
    pub detail: String,
}

/// Some rows of a date of the register were read. What they change stands in the events before this one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisterPartRead {
    /// The date of the register.
    pub as_of: Date,
    /// The SHA-256 of the file that they are of, in hexadecimal.
    pub file_sha256: String,
    /// The rows, by establishment.
    pub rows: BTreeSet<EstablishmentUrn>,
    /// What they say otherwise than the market had it.
    pub changes: Vec<Listed>,
    /// Those that could not be taken, or not in everything.
    pub not_taken: Vec<NotTaken>,
    /// When.
    pub at: Timestamp,
}

/// All rows of a date of the register have been read: from now on it is the register.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisterImported {
    /// The date of the register.
    pub as_of: Date,
    /// The SHA-256 of the file, in hexadecimal.
    pub file_sha256: String,
    /// How many rows it has.
    pub rows: u32,
    /// The establishments that an earlier import listed and this one does not.
    pub no_longer_listed: BTreeSet<EstablishmentUrn>,
    /// When.
    pub at: Timestamp,
}

macro_rules! body {
    ($name:ident) => {
        impl EventBody for $name {
            const TYPE: &'static str = stringify!($name);
            fn stream(&self) -> StreamId {
                StreamId::new("register", self.as_of)
            }
            fn council(&self) -> Option<CouncilId> {
                None
            }
            fn effective(&self) -> Option<Date> {
                Some(self.as_of)
            }
        }
    };
}

body!(RegisterPartRead);
body!(RegisterImported);

/// What is known of the register's imports.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Listings {
    /// The import that is under way.
    pub open: Option<OpenImport>,
    /// Those that were finished, in order of their dates.
    pub finished: BTreeMap<Date, Import>,
}

/// An import of which some parts were read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OpenImport {
    /// The date of the register.
    pub as_of: Date,
    /// The SHA-256 of the file, in hexadecimal.
    pub file_sha256: String,
    /// The rows read, by establishment.
    pub rows: BTreeSet<EstablishmentUrn>,
    /// What they changed.
    pub changes: Vec<Listed>,
    /// Those that could not be taken; one that is read again counts as it was then.
    pub not_taken: BTreeMap<EstablishmentUrn, NotTaken>,
}

/// A finished import.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Import {
    /// The SHA-256 of the file, in hexadecimal.
    pub file_sha256: String,
    /// How many rows it has.
    pub rows: u32,
    /// What changed.
    pub changes: Vec<Listed>,
    /// What could not be taken.
    pub not_taken: Vec<NotTaken>,
    /// When it was finished.
    pub at: Timestamp,
}

impl Listings {
    /// The latest date that was imported as a whole.
    #[must_use]
    pub fn latest(&self) -> Option<Date> {
        self.finished.keys().next_back().copied()
    }

    fn part(&mut self, event: &RegisterPartRead) {
        let fresh = |changes| OpenImport {
            as_of: event.as_of,
            file_sha256: event.file_sha256.clone(),
            rows: BTreeSet::new(),
            changes,
            not_taken: BTreeMap::new(),
        };
        // One import at a time: parts of another file begin anew. What the one before has changed is changed all the same, and told with this.
        let same = |open: &OpenImport| (open.as_of, &open.file_sha256) == (event.as_of, &event.file_sha256);
        let open = match self.open.take() {
            Some(open) if same(&open) => self.open.insert(open),
            other => self.open.insert(fresh(other.map(|open| open.changes).unwrap_or_default())),
        };
        open.rows.extend(event.rows.iter().cloned());
        // What the same date has told before is not told twice.
        let told = self.finished.get(&event.as_of);
        let new = |it: &&Listed| told.is_none_or(|told| !told.changes.contains(it));
        open.changes.extend(event.changes.iter().filter(new).cloned());
        event.rows.iter().for_each(|urn| {
            open.not_taken.remove(urn);
        });
        open.not_taken.extend(event.not_taken.iter().map(|it| (it.urn.clone(), it.clone())));
    }
}

impl Market {
    /// The imports of the regulator's register.
    #[must_use]
    pub fn listings(&self) -> &Listings {
        &self.listings
    }

    pub(super) fn read_part(&mut self, event: &RegisterPartRead) {
        self.listings.part(event);
        for listed in &event.changes {
            if let Some(establishment) = self.establishments.get_mut(&listed.urn) {
                let (status, grade) = match listed.change {
                    ListingChange::New => (true, true),
                    ListingChange::Status { .. } => (true, false),
                    ListingChange::Regraded { .. } => (false, true),
                    _ => (false, false),
                };
                // It is known as of the register's date, and not of the day on which that was read.
                if status {
                    establishment.status_on = event.as_of;
                }
                if grade {
                    establishment.grade_on = event.as_of;
                }
                if status || grade || matches!(listed.change, ListingChange::Places { .. }) {
                    establishment.known_as_of(event.as_of, event.at);
                }
            }
        }
    }

    pub(super) fn finish_import(&mut self, event: &RegisterImported) {
        let Some(open) = self.listings.open.take().filter(|open| open.as_of == event.as_of) else { return };
        for urn in &open.rows {
            if let Some(establishment) = self.establishments.get_mut(urn) {
                establishment.listed_on = Some(event.as_of);
            }
        }
        let gone = event.no_longer_listed.iter().map(|urn| {
            if let Some(establishment) = self.establishments.get_mut(urn) {
                establishment.listed_on = None;
                // It is known as of the register's date, unless something was entered for a later day, which stands.
                let resigned_now = establishment.registration.status == RegistrationStatus::Resigned
                    && establishment.status_on == london_date(event.at);
                if resigned_now {
                    establishment.status_on = event.as_of;
                    establishment.known_as_of(event.as_of, event.at);
                }
            }
            Listed { urn: urn.clone(), change: ListingChange::NoLongerListed }
        });
        // The same date again corrects it: what it changed the first time stays told.
        let before = self.listings.finished.remove(&event.as_of).map(|import| import.changes);
        let import = Import {
            file_sha256: event.file_sha256.clone(),
            rows: event.rows,
            changes: before.unwrap_or_default().into_iter().chain(open.changes).chain(gone).collect(),
            not_taken: open.not_taken.into_values().collect(),
            at: event.at,
        };
        self.listings.finished.insert(event.as_of, import);
    }
}
