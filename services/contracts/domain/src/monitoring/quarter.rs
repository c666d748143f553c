//! Financial quarters: the first begins on 1 April.

use care::{Date, Nights};
use jiff::{Span, civil};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// How many quarters are told at once at most: three years.
pub const QUARTERS_MAX: usize = 12;
/// The years in which a financial year may begin.
const YEARS: std::ops::RangeInclusive<i16> = 2000..=2100;

/// A quarter of a financial year, such as `2026-27-Q1`, which is April to June 2026.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Quarter {
    /// The year in whose April the financial year begins.
    year: i16,
    /// 1 to 4.
    number: i8,
}

/// Text that is no quarter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no quarter of a financial year: expected one such as 2026-27-Q1, which is April to June 2026"
)]
pub struct QuarterInvalid(String);

impl Quarter {
    /// The quarter that a day lies in.
    #[must_use]
    pub fn of(day: Date) -> Self {
        let (year, month) = (day.year(), day.month());
        if month >= 4 { Self { year, number: (month - 1) / 3 } } else { Self { year: year - 1, number: 4 } }
    }

    /// Its first day.
    #[must_use]
    pub fn first_day(self) -> Date {
        let (year, month) =
            if self.number == 4 { (self.year + 1, 1) } else { (self.year, self.number * 3 + 1) };
        // A quarter's year and month are those of some day.
        Date::new(year, month, 1).unwrap_or(civil::Date::ZERO)
    }

    /// The quarter after it.
    #[must_use]
    pub fn next(self) -> Self {
        match self.number {
            4 => Self { year: self.year + 1, number: 1 },
            number => Self { number: number + 1, ..self },
        }
    }

    /// The quarter so many before it.
    #[must_use]
    pub fn back(self, quarters: u8) -> Self {
        (0..quarters).fold(self, |it, _| match it.number {
            1 => Self { year: it.year - 1, number: 4 },
            number => Self { number: number - 1, ..it },
        })
    }

    /// Its nights, as far as they have passed by `today`.
    #[must_use]
    pub fn nights_passed(self, today: Date) -> Nights {
        let first = self.first_day();
        Nights::from_on(first, Some(self.next().first_day().min(today)))
    }

    /// Its financial year, such as `2026-27`.
    #[must_use]
    pub fn financial_year(self) -> String {
        format!("{}-{:02}", self.year, (self.year + 1).rem_euclid(100))
    }

    /// Its number in the year, such as `Q1`.
    #[must_use]
    pub fn in_year(self) -> String {
        format!("Q{}", self.number)
    }
}

impl fmt::Display for Quarter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.financial_year(), self.in_year())
    }
}

impl FromStr for Quarter {
    type Err = QuarterInvalid;
    fn from_str(text: &str) -> Result<Self, QuarterInvalid> {
        let invalid = || QuarterInvalid(text.chars().take(20).collect());
        let year: i16 = text.get(..4).and_then(|year| year.parse().ok()).ok_or_else(invalid)?;
        let number: i8 = text
            .get(9..10)
            .filter(|_| text.len() == 10)
            .and_then(|number| number.parse().ok())
            .ok_or_else(invalid)?;
        let quarter = Self { year, number };
        // Written again, it must be what was read: there is one spelling.
        let right = YEARS.contains(&year) && (1..=4).contains(&number) && quarter.to_string() == text;
        right.then_some(quarter).ok_or_else(invalid)
    }
}

/// One quarter or several that follow on each other, [`QUARTERS_MAX`] at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quarters {
    first: Quarter,
    last: Quarter,
}

impl Quarters {
    /// From one quarter to another, both included; none where `last` is before `first`, or there are more than [`QUARTERS_MAX`].
    #[must_use]
    pub fn new(first: Quarter, last: Quarter) -> Option<Self> {
        let quarters = Self { first, last };
        (first <= last && quarters.iter().nth(QUARTERS_MAX).is_none()).then_some(quarters)
    }

    /// Each of them, the earliest first.
    pub fn iter(self) -> impl Iterator<Item = Quarter> {
        std::iter::successors(Some(self.first), |quarter| Some(quarter.next()))
            .take_while(move |quarter| *quarter <= self.last)
    }

    /// The first of them.
    #[must_use]
    pub fn first(self) -> Quarter {
        self.first
    }

    /// The last of them.
    #[must_use]
    pub fn last(self) -> Quarter {
        self.last
    }

    /// The quarter of a day, if it is one of these.
    #[must_use]
    pub fn of(self, day: Date) -> Option<Quarter> {
        let quarter = Quarter::of(day);
        (self.first..=self.last).contains(&quarter).then_some(quarter)
    }
}

/// The day so many months later: the last of its month where that month is shorter.
pub(super) fn months_after(day: Date, months: i32) -> Date {
    day.saturating_add(Span::new().months(months))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn quarters_begin_in_april() {
        let of = |y, m, d| Quarter::of(date(y, m, d)).to_string();
        assert_eq!(of(2026, 3, 31), "2025-26-Q4");
        assert_eq!(of(2026, 4, 1), "2026-27-Q1");
        assert_eq!(of(2026, 6, 30), "2026-27-Q1");
        assert_eq!(of(2026, 7, 1), "2026-27-Q2");
        assert_eq!(of(2026, 12, 31), "2026-27-Q3");
        assert_eq!(of(2027, 1, 1), "2026-27-Q4");
        let mut quarter = Quarter::of(date(1999, 5, 1));
        for _ in 0..30 {
            assert_eq!(Quarter::of(quarter.first_day()), quarter);
            assert_eq!(quarter.next().back(1), quarter);
            quarter = quarter.next();
        }
    }

    #[test]
    fn one_spelling_and_every_other_text_is_refused() {
        let quarter: Quarter = "2099-00-Q4".parse().unwrap();
        assert_eq!(quarter.first_day(), date(2100, 1, 1));
        let wrong =
            ["", "2026", "2026-27", "2026-28-Q1", "2026-27-Q0", "2026-27-Q5", "2026-27-q1", "2026-27-Q01"];
        for text in
            wrong.iter().chain(&["1999-00-Q1", "+026-27-Q1", "2026-27-Q1 ", "٢٠٢٦-27-Q1", "2026-27-Q+1"])
        {
            assert!(text.parse::<Quarter>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn no_more_than_three_years_are_told_at_once() {
        let first: Quarter = "2024-25-Q1".parse().unwrap();
        let quarters = Quarters::new(first, "2026-27-Q4".parse().unwrap()).unwrap();
        assert_eq!(quarters.iter().count(), QUARTERS_MAX);
        assert_eq!(Quarters::new(first, "2027-28-Q1".parse().unwrap()), None);
        assert_eq!(Quarters::new(first.next(), first), None);
        assert_eq!(quarters.of(date(2024, 3, 31)), None);
        assert_eq!(quarters.of(date(2027, 3, 31)).unwrap().to_string(), "2026-27-Q4");
    }

    #[test]
    fn nights_that_are_to_come_are_none_yet() {
        let quarter = Quarter::of(date(2026, 5, 1));
        assert_eq!(quarter.nights_passed(date(2026, 4, 11)).count(), 10);
        assert_eq!(quarter.nights_passed(date(2026, 3, 1)).count(), 0);
        assert_eq!(quarter.nights_passed(date(2027, 3, 1)).count(), 91);
    }
}
