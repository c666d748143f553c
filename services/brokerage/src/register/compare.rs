//! What changed between two dates of the register: who is new, who is no longer listed, and whose grade, places or status are others.

use super::values::Worded;
use super::{RegisterRow, Status};
use care::EstablishmentUrn;
use serde::Serialize;
use std::collections::BTreeMap;

/// One difference, in the words of the register.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "change", rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Change {
    /// It was not listed before.
    New,
    /// It is listed no longer: deregistered, or merged into another registration.
    NoLongerListed,
    /// Its overall grade, or the outcome of supported accommodation, is another.
    Regraded { before: String, now: String },
    /// It may take children no longer, or again.
    Status { before: String, now: String },
    /// It is registered for another number of places.
    Places { before: Option<u16>, now: Option<u16> },
    /// It has another owner.
    Owner { before: String, now: String },
}

impl Change {
    /// The word it is counted and printed by.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::New => "NEW",
            Self::NoLongerListed => "NO_LONGER_LISTED",
            Self::Regraded { .. } => "REGRADED",
            Self::Status { .. } => "STATUS",
            Self::Places { .. } => "PLACES",
            Self::Owner { .. } => "OWNER",
        }
    }

    /// What was, and what is.
    pub(crate) fn values(&self) -> (String, String) {
        let places = |places: &Option<u16>| places.map_or_else(String::new, |places| places.to_string());
        match self {
            Self::New | Self::NoLongerListed => (String::new(), String::new()),
            Self::Regraded { before, now } | Self::Status { before, now } | Self::Owner { before, now } => {
                (before.clone(), now.clone())
            }
            Self::Places { before, now } => (places(before), places(now)),
        }
    }
}

/// A registration and what changed of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Changed {
    pub(crate) urn: EstablishmentUrn,
    /// The authority it lies in, or lay in.
    pub(crate) local_authority: String,
    #[serde(flatten)]
    pub(crate) change: Change,
}

/// Everything that changed from `before` to `now`, in order of URNs.
pub(crate) fn compare(before: &[RegisterRow], now: &[RegisterRow]) -> Vec<Changed> {
    let mut both: BTreeMap<&EstablishmentUrn, (Option<&RegisterRow>, Option<&RegisterRow>)> = BTreeMap::new();
    for row in before {
        both.entry(&row.urn).or_default().0 = Some(row);
    }
    for row in now {
        both.entry(&row.urn).or_default().1 = Some(row);
    }
    let mut found = Vec::new();
    for (urn, rows) in both {
        let changes = match rows {
            (Some(before), Some(now)) => changes(before, now),
            (None, Some(_)) => vec![Change::New],
            (Some(_), None) => vec![Change::NoLongerListed],
            (None, None) => Vec::new(),
        };
        let listed = rows.1.or(rows.0);
        let local_authority = listed.map(|row| row.local_authority.to_string()).unwrap_or_default();
        let of_urn = |change| Changed { urn: urn.clone(), local_authority: local_authority.clone(), change };
        found.extend(changes.into_iter().map(of_urn));
    }
    found
}

/// What a home is judged, in the register's words; empty before the first inspection.
fn judged(row: &RegisterRow) -> String {
    row.sa_outcome.map_or_else(|| row.overall_grade.word(), Worded::word).to_owned()
}

fn changes(before: &RegisterRow, now: &RegisterRow) -> Vec<Change> {
    let (grade_before, grade) = (judged(before), judged(now));
    let status = |status: Status| status.word().to_owned();
    let owner = |row: &RegisterRow| row.owner_id.to_string();
    let mut changes = Vec::new();
    if before.status != now.status {
        changes.push(Change::Status { before: status(before.status), now: status(now.status) });
    }
    if grade_before != grade {
        changes.push(Change::Regraded { before: grade_before, now: grade });
    }
    if before.places != now.places {
        changes.push(Change::Places { before: before.places, now: now.places });
    }
    if before.owner_id != now.owner_id {
        changes.push(Change::Owner { before: owner(before), now: owner(now) });
    }
    changes
}
