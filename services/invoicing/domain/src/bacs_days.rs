//! The three days of BACS: a file is submitted on the first, processed on the second and in the payees' accounts on the third. Each is a working day
//! in England, and each is after the one before. What a file says is the second; what people agree on is the third, the pay day.
//!
//! Not looked at: the hour at which the bank stops taking files on a day.

use care::Date;
use care::working_days::{is_working_day, working_days_after};

/// Working days from a file's submission to the pay day.
const TO_PAY_DAY: u8 = 2;

/// The day itself where it is a working day, and otherwise the last one before it.
pub(crate) fn working_day_until(day: Date) -> Date {
    let mut at = day;
    while !is_working_day(at) {
        let Ok(before) = at.yesterday() else { return day };
        at = before;
    }
    at
}

/// The day on which payments are processed that reach the accounts on `pay_on`: the working day before it.
#[must_use]
pub fn processing_day(pay_on: Date) -> Date {
    pay_on.yesterday().map_or(pay_on, working_day_until)
}

/// The last day on which a file can be submitted whose payments reach the accounts on `pay_on`.
#[must_use]
pub fn last_submission(pay_on: Date) -> Date {
    processing_day(processing_day(pay_on))
}

/// The first pay day that a file still reaches that is ready on `today`: on a day that is none of BACS it waits for the next one.
#[must_use]
pub fn first_pay_day(today: Date) -> Date {
    let submitted = if is_working_day(today) { today } else { working_days_after(today, 1) };
    working_days_after(submitted, TO_PAY_DAY)
}

#[cfg(test)]
mod tests {
    use super::*;
    use care::Date;

    #[test]
    fn a_file_is_submitted_processed_and_paid_on_three_working_days() {
        // What is ready on, the first pay day.
        for (ready, paid) in [
            ("2026-02-16", "2026-02-18"),
            // A weekend is between submission and processing, or between processing and payment.
            ("2026-02-19", "2026-02-23"),
            ("2026-02-20", "2026-02-24"),
            // What is ready on a Saturday is submitted on Monday.
            ("2026-02-21", "2026-02-25"),
            // Good Friday is 3 April and Easter Monday 6 April 2026.
            ("2026-04-01", "2026-04-07"),
            ("2026-04-02", "2026-04-08"),
            ("2026-12-24", "2026-12-30"),
        ] {
            let (ready, paid): (Date, Date) = (ready.parse().unwrap(), paid.parse().unwrap());
            assert_eq!(first_pay_day(ready), paid, "{ready}");
            let (last, processed) = (last_submission(paid), processing_day(paid));
            assert!(
                ready <= last && last < processed && processed < paid,
                "{ready} {last} {processed} {paid}"
            );
            assert!(is_working_day(last) && is_working_day(processed));
            assert!(first_pay_day(last.tomorrow().unwrap()) > paid, "a day later is too late for {paid}");
        }
    }
}
