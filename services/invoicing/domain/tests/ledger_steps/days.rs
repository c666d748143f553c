//! Days as numbers, counted from 1 November 2025.

use care::{Date, Timestamp};
use jiff::civil::date;

pub(crate) type Day = i32;

const ORIGIN: Date = date(2025, 11, 1);
/// Noon of that day, in seconds of Unix time.
const ORIGIN_NOON_SECONDS: i64 = 1_761_998_400;
/// 1 April 2026 and 2027, at which financial years end.
const YEAR_ENDS: [Day; 2] = [151, 516];
/// No night from here on is looked at: the end of the last financial year that a history reaches.
pub(crate) const HORIZON: Day = YEAR_ENDS[1];
/// The first of January and of March 2026.
pub(crate) const JANUARY: Day = 61;
pub(crate) const MARCH: Day = 120;

pub(crate) fn date_of(day: Day) -> Date {
    ORIGIN.saturating_add(jiff::Span::new().days(day))
}

pub(crate) fn day_of(date: Date) -> Day {
    ORIGIN.until(date).unwrap().get_days()
}

/// So many seconds after noon of a day.
pub(crate) fn noon_of(day: Day, seconds: i64) -> Timestamp {
    Timestamp::from_second(ORIGIN_NOON_SECONDS + i64::from(day) * 86_400 + seconds).unwrap()
}

/// The day after the financial year that a day lies in.
pub(crate) fn year_end(day: Day) -> Day {
    YEAR_ENDS.into_iter().find(|end| day < *end).expect("a history ends within two financial years")
}

#[test]
fn days_are_counted_as_the_calendar_does() {
    assert_eq!(YEAR_ENDS.map(date_of), [date(2026, 4, 1), date(2027, 4, 1)]);
    assert_eq!([JANUARY, MARCH].map(date_of), [date(2026, 1, 1), date(2026, 3, 1)]);
    assert_eq!(noon_of(JANUARY, 0).to_string(), "2026-01-01T12:00:00Z");
    assert_eq!(day_of(date_of(77)), 77);
}
