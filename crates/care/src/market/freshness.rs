//! How fresh an advertisement is, and when its provider is asked about it.
//!
//! An old advertisement costs a council hours that a child does not have, so a provider has to say again and again that it holds. After
//! [`STALE_AFTER_DAYS`] without a word the provider is asked, and [`UNLISTED_AFTER_DAYS`] later the place is advertised no longer. A place
//! that somebody holds or has is left alone until it is free. The numbers are this market's own; no law knows them, and no event depends on
//! them: what was asked and unlisted is recorded.

use super::{Place, Stage, Vacancy};
use crate::nights::london_midnight;
use jiff::{SignedDuration, Timestamp};

/// Days without a word after which an advertisement is ageing.
pub const AGEING_AFTER_DAYS: u16 = 3;
/// Days without a word after which an advertisement is stale and its provider is asked.
pub const STALE_AFTER_DAYS: u16 = 7;
/// Days after which a place is unlisted whose provider was asked and did not answer.
pub const UNLISTED_AFTER_DAYS: u16 = 3;

/// How fresh an advertisement is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FreshnessLevel {
    /// The provider said lately that it holds.
    Fresh,
    /// Nobody has said so for [`AGEING_AFTER_DAYS`] or more.
    Ageing,
    /// Nobody has said so for [`STALE_AFTER_DAYS`] or more: the provider is asked.
    Stale,
}

impl FreshnessLevel {
    /// The word it is written with.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Fresh => "FRESH",
            Self::Ageing => "AGEING",
            Self::Stale => "STALE",
        }
    }
}

/// How fresh an advertisement is as of an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Freshness {
    /// In a word.
    pub level: FreshnessLevel,
    /// Whole days of 24 hours since the provider said last that it holds.
    pub age_days: u32,
}

/// What is to be done about an advertisement of which nothing was heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unheard {
    /// Its provider is asked.
    Ask,
    /// The place is unlisted: its provider was asked at this instant.
    Unlist(Timestamp),
}

impl Freshness {
    /// How fresh it is at `at` if it was confirmed at `confirmed_at`.
    #[must_use]
    pub fn of(confirmed_at: Timestamp, at: Timestamp) -> Self {
        let age_days = confirmed_at.duration_until(at).as_hours() / 24;
        let age_days = u32::try_from(age_days).unwrap_or(0);
        let level = if age_days >= STALE_AFTER_DAYS.into() {
            FreshnessLevel::Stale
        } else if age_days >= AGEING_AFTER_DAYS.into() {
            FreshnessLevel::Ageing
        } else {
            FreshnessLevel::Fresh
        };
        Self { level, age_days }
    }
}

impl Vacancy {
    /// How fresh it is at `at`.
    #[must_use]
    pub fn freshness(&self, at: Timestamp) -> Freshness {
        Freshness::of(self.confirmed_at, at)
    }
}

impl Place {
    /// What is to be done if nothing more is heard of the place, and from when on; none while it is not advertised or nobody knows when it is
    /// free. A hold, a reservation, a block or a claim puts it off until its end.
    #[must_use]
    pub fn unheard(&self) -> Option<(Timestamp, Unheard)> {
        let vacancy = self.vacancy.as_ref()?;
        let (since, days, what) = match vacancy.asked_at {
            None => (vacancy.confirmed_at, STALE_AFTER_DAYS, Unheard::Ask),
            Some(asked_at) => (asked_at, UNLISTED_AFTER_DAYS, Unheard::Unlist(asked_at)),
        };
        let mut due = after_days(since, days);
        for claim in self.claims.iter().filter(|claim| !claim.nights().is_empty()) {
            let free = match claim.stage {
                Stage::Hold { expires_at } => expires_at,
                Stage::Award { .. } | Stage::Occupied { .. } => london_midnight(claim.end?),
            };
            due = due.max(free);
        }
        let reserved = self.agreed.iter().flat_map(|it| &it.reservations).map(|it| it.until);
        for until in reserved.chain(self.blocks().map(|it| it.terms.until)) {
            due = due.max(london_midnight(until));
        }
        Some((due, what))
    }
}

fn after_days(since: Timestamp, days: u16) -> Timestamp {
    since.checked_add(SignedDuration::from_hours(24 * i64::from(days))).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn freshness_decays_by_whole_days() {
        let confirmed: Timestamp = "2026-01-05T10:00:00Z".parse().unwrap();
        let after = |hours| Freshness::of(confirmed, confirmed + SignedDuration::from_hours(hours));
        let is = |level, age_days| Freshness { level, age_days };
        assert_eq!(after(-1), is(FreshnessLevel::Fresh, 0));
        assert_eq!(after(71), is(FreshnessLevel::Fresh, 2));
        assert_eq!(after(72), is(FreshnessLevel::Ageing, 3));
        assert_eq!(after(167), is(FreshnessLevel::Ageing, 6));
        assert_eq!(after(168), is(FreshnessLevel::Stale, 7));
    }
}
