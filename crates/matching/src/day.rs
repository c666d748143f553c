//! A date as one number, so that columns of them are compared at once.

use care::Date;

/// A date. Ordered as dates are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Day(i32);

impl Day {
    /// Before every night that can be asked for: nothing is taken until then.
    pub(crate) const NEVER: Self = Self(i32::MIN);

    /// The date; none for [`Day::NEVER`].
    pub(crate) fn date(self) -> Option<Date> {
        let part = |shift: u32, bits: i32| i8::try_from(self.0 >> shift & bits).ok();
        Date::new(i16::try_from(self.0 >> 9).ok()?, part(5, 15)?, part(0, 31)?).ok()
    }

    /// The date as the end of a claim; none while nobody knows the end.
    pub(crate) fn known_end(self) -> Option<Date> {
        self.date().filter(|date| *date != Date::MAX)
    }
}

impl From<Date> for Day {
    fn from(date: Date) -> Self {
        // Months take four bits and days five.
        Self((i32::from(date.year()) << 9) | (i32::from(date.month()) << 5) | i32::from(date.day()))
    }
}

#[cfg(test)]
mod tests {
    use super::{Date, Day};
    use proptest::prelude::{prop_assert_eq, proptest};

    #[test]
    fn the_ends_of_the_calendar_are_kept() {
        for date in [Date::MIN, Date::MAX] {
            assert_eq!(Day::from(date).date(), Some(date));
        }
        assert!(Day::NEVER < Day::from(Date::MIN));
        assert_eq!((Day::NEVER.date(), Day::from(Date::MAX).known_end()), (None, None));
    }

    proptest! {
        #[test]
        fn days_are_dates_in_their_order(a in -9999..=9999i16, b in -9999..=9999i16, day in 1..=366i16, other in 1..=366i16) {
            let date = |year: i16, day: i16| {
                let month = i8::try_from(day % 12 + 1).unwrap_or(1);
                Date::constant(year, month, i8::try_from(day % 28 + 1).unwrap_or(1))
            };
            let (a, b) = (date(a, day), date(b, other));
            prop_assert_eq!(Day::from(a).date(), Some(a));
            prop_assert_eq!(Day::from(a).cmp(&Day::from(b)), a.cmp(&b));
        }
    }
}
