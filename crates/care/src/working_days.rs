//! Working days in England: neither a Saturday or Sunday nor Christmas Day, Good Friday or another bank holiday, which is how
//! regulation 2 of the Care Planning, Placement and Case Review (England) Regulations 2010 has them.
//!
//! The holidays are computed by rule: Schedule 1 to the Banking and Financial Dealings Act 1971 and the yearly proclamations for New Year's
//! Day and the first Monday in May, with their substitutes for a weekend. What a proclamation added or moved once is a dated list
//! (<https://www.gov.uk/bank-holidays>). Right from 2011; a holiday that is proclaimed later needs a new line here.

use jiff::civil::{Date, Weekday, date};
use jiff::{Span, Timestamp, tz::TimeZone};

/// Bank holidays of a single year.
const ADDED: [Date; 5] = [
    // The wedding of Prince William.
    date(2011, 4, 29),
    // The Diamond Jubilee.
    date(2012, 6, 5),
    // The Platinum Jubilee.
    date(2022, 6, 3),
    // The funeral of Queen Elizabeth II.
    date(2022, 9, 19),
    // The coronation of King Charles III.
    date(2023, 5, 8),
];

/// Bank holidays that were moved in a single year: from when, to when.
const MOVED: [(Date, Date); 3] = [
    // Spring, for the Diamond Jubilee.
    (date(2012, 5, 28), date(2012, 6, 4)),
    // Early May, for 75 years of VE Day.
    (date(2020, 5, 4), date(2020, 5, 8)),
    // Spring, for the Platinum Jubilee.
    (date(2022, 5, 30), date(2022, 6, 2)),
];

/// Easter Sunday of a year, by the Gregorian computus (the anonymous algorithm, as Meeus has it).
fn easter(year: i16) -> Option<Date> {
    let year_number = i32::from(year);
    let (golden, century, of_century) =
        (year_number.rem_euclid(19), year_number.div_euclid(100), year_number.rem_euclid(100));
    let lunar = (century - (century + 8) / 25 + 1) / 3;
    let epact = (19 * golden + century - century / 4 - lunar + 15).rem_euclid(30);
    let to_sunday = (32 + 2 * (century % 4) + 2 * (of_century / 4) - epact - of_century % 4).rem_euclid(7);
    let correction = (golden + 11 * epact + 22 * to_sunday) / 451;
    let days = epact + to_sunday - 7 * correction + 114;
    Date::new(year, i8::try_from(days / 31).ok()?, i8::try_from(days % 31 + 1).ok()?).ok()
}

/// Whether a day is a bank holiday in England and Wales, or Christmas Day or Good Friday, which are holidays without one.
#[must_use]
pub fn is_bank_holiday(day: Date) -> bool {
    if MOVED.iter().any(|(from, _)| *from == day) {
        return false;
    }
    if ADDED.contains(&day) || MOVED.iter().any(|(_, to)| *to == day) {
        return true;
    }
    let monday = day.weekday() == Weekday::Monday;
    let weekend = is_weekend(day);
    match (day.month(), day.day()) {
        // New Year's Day, or the Monday after it where it falls on a weekend.
        (1, 1) => !weekend,
        (1, 2 | 3) => monday,
        // Early May: the first Monday; spring and summer: the last.
        (5, 1..=7 | 25..=31) | (8, 25..=31) => monday,
        // Christmas Day and Boxing Day, or the Monday and Tuesday after them where they fall on a weekend.
        (12, 25 | 26) => !weekend,
        (12, 27 | 28) => monday || day.weekday() == Weekday::Tuesday,
        (3..=5, _) => easter(day.year()).is_some_and(|sunday| {
            // Good Friday and Easter Monday.
            matches!(day.day_of_year() - sunday.day_of_year(), -2 | 1)
        }),
        _ => false,
    }
}

fn is_weekend(day: Date) -> bool {
    matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)
}

/// Whether a day is a working day.
#[must_use]
pub fn is_working_day(day: Date) -> bool {
    !is_weekend(day) && !is_bank_holiday(day)
}

/// The last of `days` working days after a day, which is not counted itself, whatever day it is. The calendar's last day where there are
/// not so many.
#[must_use]
pub fn working_days_after(day: Date, days: u8) -> Date {
    let (mut at, mut left) = (day, days);
    while left > 0 {
        let Ok(next) = at.tomorrow() else { return at };
        at = next;
        left -= u8::from(is_working_day(at));
    }
    at
}

/// When a day begins in England.
#[must_use]
pub fn start_of_day(day: Date) -> Timestamp {
    // As with `london_date`: only a broken build has no such zone. Instants end a little before dates do.
    let zone = TimeZone::get("Europe/London").unwrap_or(TimeZone::UTC);
    day.to_zoned(zone).map_or(Timestamp::MAX, |start| start.timestamp())
}

/// When a day has ended in England: the start of the next.
#[must_use]
pub fn end_of_day(day: Date) -> Timestamp {
    start_of_day(day.saturating_add(Span::new().days(1)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn holidays(year: i16) -> Vec<(i8, i8)> {
        let days = date(year, 1, 1).series(Span::new().days(1)).take_while(|day| day.year() == year);
        days.filter(|day| is_bank_holiday(*day)).map(|day| (day.month(), day.day())).collect()
    }

    /// As <https://www.gov.uk/bank-holidays> lists them for England and Wales.
    #[test]
    fn the_holidays_are_those_that_the_government_lists() {
        let listed: [(i16, &[(i8, i8)]); 6] = [
            (2022, &[(1, 3), (4, 15), (4, 18), (5, 2), (6, 2), (6, 3), (8, 29), (9, 19), (12, 26), (12, 27)]),
            (2023, &[(1, 2), (4, 7), (4, 10), (5, 1), (5, 8), (5, 29), (8, 28), (12, 25), (12, 26)]),
            (2024, &[(1, 1), (3, 29), (4, 1), (5, 6), (5, 27), (8, 26), (12, 25), (12, 26)]),
            (2025, &[(1, 1), (4, 18), (4, 21), (5, 5), (5, 26), (8, 25), (12, 25), (12, 26)]),
            (2026, &[(1, 1), (4, 3), (4, 6), (5, 4), (5, 25), (8, 31), (12, 25), (12, 28)]),
            (2027, &[(1, 1), (3, 26), (3, 29), (5, 3), (5, 31), (8, 30), (12, 27), (12, 28)]),
        ];
        for (year, days) in listed {
            assert_eq!(holidays(year), days, "{year}");
        }
        assert_eq!(holidays(2020)[3], (5, 8), "early May was moved");
    }

    #[test]
    fn easter_is_where_the_tables_have_it() {
        for (year, month, day) in [(2008, 3, 23), (2011, 4, 24), (2019, 4, 21), (2038, 4, 25), (2100, 3, 28)]
        {
            assert_eq!(easter(year), Some(date(year, month, day)));
        }
    }

    #[test]
    fn weekends_and_holidays_are_not_counted_nor_the_day_itself() {
        // A Monday in an ordinary week; the Thursday before Good Friday; Christmas Eve; a Saturday.
        assert_eq!(working_days_after(date(2026, 6, 1), 5), date(2026, 6, 8));
        assert_eq!(working_days_after(date(2026, 4, 2), 5), date(2026, 4, 13));
        assert_eq!(working_days_after(date(2026, 12, 24), 5), date(2027, 1, 5));
        assert_eq!(working_days_after(date(2026, 6, 20), 1), date(2026, 6, 22));
        assert_eq!(working_days_after(date(2026, 6, 20), 0), date(2026, 6, 20));
        assert_eq!(working_days_after(Date::MAX, 5), Date::MAX);
    }

    #[test]
    fn a_day_is_englands_also_in_summer() {
        assert_eq!(end_of_day(date(2026, 6, 8)), "2026-06-08T23:00:00Z".parse().unwrap());
        assert_eq!(end_of_day(date(2026, 12, 8)), "2026-12-09T00:00:00Z".parse().unwrap());
        assert!(start_of_day(Date::MAX) <= end_of_day(Date::MAX));
    }

    proptest! {
        #[test]
        fn five_working_days_take_a_week_at_least_and_end_on_one(offset in 0_i32..20_000) {
            let day = date(2011, 1, 1).saturating_add(Span::new().days(offset));
            let last = working_days_after(day, 5);
            prop_assert!(is_working_day(last));
            let between = day.until(last).unwrap().get_days();
            prop_assert!((5..=14).contains(&between), "{day} to {last}");
        }
    }
}
