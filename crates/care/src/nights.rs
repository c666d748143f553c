//! Nights and what they cost. A placement is paid for the night of arrival and not for the day of departure:
//! a period is the half-open interval [start, end) of Europe/London dates, so that a same-day move never pays twice.

use crate::money::Pence;
use jiff::{Span, Timestamp, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The nights of [start, end): from the night of `start` up to, not including, the night of `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "RawNights")]
pub struct Nights {
    start: Date,
    end: Date,
}

#[derive(Deserialize)]
struct RawNights {
    start: Date,
    end: Date,
}

impl TryFrom<RawNights> for Nights {
    type Error = NightsInvalid;
    fn try_from(raw: RawNights) -> Result<Self, NightsInvalid> {
        Self::new(raw.start, raw.end)
    }
}

/// A period whose end lies before its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the period ends on {end}, before it starts on {start}")]
pub struct NightsInvalid {
    /// The first night.
    pub start: Date,
    /// The day of departure.
    pub end: Date,
}

impl Nights {
    /// The nights of [start, end); none when both are the same day.
    ///
    /// # Errors
    /// When `end` is before `start`.
    #[inline]
    pub fn new(start: Date, end: Date) -> Result<Self, NightsInvalid> {
        if end < start { Err(NightsInvalid { start, end }) } else { Ok(Self { start, end }) }
    }

    /// The nights from `start` to `end`, or to the last date there is while nobody knows the end. An `end` before
    /// `start` gives no nights.
    #[must_use]
    #[inline]
    pub fn from_on(start: Date, end: Option<Date>) -> Self {
        Self { start, end: end.map_or(Date::MAX, |end| end.max(start)) }
    }

    /// The first night.
    #[must_use]
    #[inline]
    pub fn start(&self) -> Date {
        self.start
    }

    /// The day of departure, which is not paid.
    #[must_use]
    #[inline]
    pub fn end(&self) -> Date {
        self.end
    }

    /// How many nights.
    #[must_use]
    #[inline]
    pub fn count(&self) -> i64 {
        days_between(self.start, self.end)
    }

    /// Whether there is no night in it.
    #[must_use]
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Whether some night lies in both.
    #[must_use]
    #[inline]
    pub fn overlaps(&self, other: &Self) -> bool {
        self.start.max(other.start) < self.end.min(other.end)
    }
}

impl fmt::Display for Nights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}, {})", self.start, self.end)
    }
}

#[inline]
fn days_between(from: Date, to: Date) -> i64 {
    from.duration_until(to).as_secs() / 86_400
}

/// What the nights of `period` cost at `weekly` pence a week, for a placement whose first night is `placement_start`.
///
/// A seventh of a weekly fee is rarely whole pence, so the fee up to a day is rounded and a period costs the difference
/// of two such sums: any split of a period sums exactly to the whole, and totals never drift. Half pence round away from
/// zero. Nights before `placement_start` cost nothing.
#[must_use]
#[inline]
pub fn fee_for_nights(weekly: Pence, placement_start: Date, period: Nights) -> Pence {
    let up_to = |day: Date| {
        let nights = days_between(placement_start, day).max(0);
        // A weekly fee is at most Pence::MAX_INPUT and a calendar has under four million days: within an i64, and sooner than in 128 bits.
        let rounded = match weekly.0.checked_mul(nights).and_then(|sevenths| sevenths.checked_mul(2)) {
            Some(twice) if twice.unsigned_abs() <= i64::MAX.unsigned_abs() - 7 => {
                (twice.abs() + 7) / 14 * twice.signum()
            }
            _ => {
                let sevenths = i128::from(weekly.0) * i128::from(nights);
                let rounded = (sevenths.abs() * 2 + 7) / 14 * sevenths.signum();
                i64::try_from(rounded).unwrap_or(i64::MAX)
            }
        };
        Pence(rounded)
    };
    up_to(period.end) - up_to(period.start)
}

/// The date in England at an instant: British Summer Time counts, since a night belongs to the date people live by.
#[must_use]
pub fn london_date(at: Timestamp) -> Date {
    // The time zone database is built in, so the look-up only fails if that build is broken; UTC is then an hour off at worst.
    TimeZone::get("Europe/London").unwrap_or(TimeZone::UTC).to_datetime(at).date()
}

/// The instant at which a date begins in England; the last instant there is for a date that lies beyond.
#[must_use]
pub fn london_midnight(date: Date) -> Timestamp {
    let zone = TimeZone::get("Europe/London").unwrap_or(TimeZone::UTC);
    date.to_zoned(zone).map_or(Timestamp::MAX, |midnight| midnight.timestamp())
}

/// How many days ahead a first night or a departure is taken at most: a leap year. What lies further off is a slip of
/// the pen, and near the end of the calendar it would take no night at all.
pub const DAYS_AHEAD_MAX: i32 = 366;

/// The last day that is taken on `today`: [`DAYS_AHEAD_MAX`] days ahead, or the calendar's last.
#[must_use]
pub fn last_day_ahead(today: Date) -> Date {
    today.saturating_add(Span::new().days(DAYS_AHEAD_MAX))
}

/// The day so many days later, or the last date there is.
#[must_use]
pub fn days_after(day: Date, days: u16) -> Date {
    day.saturating_add(Span::new().days(i64::from(days)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;

    fn nights(start: Date, end: Date) -> Nights {
        Nights::new(start, end).unwrap()
    }

    #[test]
    fn a_week_costs_the_weekly_fee_and_the_day_of_departure_nothing() {
        let start = date(2026, 4, 6);
        assert_eq!(fee_for_nights(Pence(453_400), start, nights(start, date(2026, 4, 13))), Pence(453_400));
        assert_eq!(fee_for_nights(Pence(453_400), start, nights(start, start)), Pence::ZERO);
        assert!(Nights::new(start, date(2026, 4, 5)).is_err());
    }

    #[test]
    fn a_night_belongs_to_the_date_in_london() {
        let summer: Timestamp = "2026-06-30T23:30:00Z".parse().unwrap();
        let winter: Timestamp = "2026-12-31T23:30:00Z".parse().unwrap();
        assert_eq!(london_date(summer), date(2026, 7, 1));
        assert_eq!(london_date(winter), date(2026, 12, 31));
        assert_eq!(london_midnight(date(2026, 7, 1)), "2026-06-30T23:00:00Z".parse().unwrap());
        assert_eq!(london_midnight(date(2026, 12, 31)), "2026-12-31T00:00:00Z".parse().unwrap());
        assert_eq!(london_midnight(Date::MAX), Timestamp::MAX);
    }

    proptest! {
        #[test]
        fn any_split_of_a_period_sums_to_the_whole(weekly in 0_i64..1_000_000_000, first in 0_i64..800, second in 0_i64..800, third in 0_i64..800) {
            let start = date(2025, 1, 1);
            let day = |n: i64| start + jiff::Span::new().days(n);
            let whole = fee_for_nights(Pence(weekly), start, nights(day(first), day(first + second + third)));
            let parts = fee_for_nights(Pence(weekly), start, nights(day(first), day(first + second)))
                + fee_for_nights(Pence(weekly), start, nights(day(first + second), day(first + second + third)));
            prop_assert_eq!(whole, parts);
        }
    }
}
