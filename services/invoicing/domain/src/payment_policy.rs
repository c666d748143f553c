//! How a council pays: from which account, on which days, and who may approve how much.
//!
//! Runs are four-weekly. Where a date of the calendar is no day on which BACS works, the money is there on the working day before it, so that
//! nobody is paid late because of a holiday.

use crate::bacs_days::working_day_until;
use crate::bank::{BankAccount, are_digits};
use care::{Date, Pence, Violation};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Days from one run to the next.
pub const RUN_DAYS: i32 = 28;
/// How many approvers a policy names at most.
pub const APPROVERS_MAX: usize = 200;
/// Characters of a person's name in a token at most.
pub(crate) const PERSON_CHARS_MAX: usize = 200;
const SERVICE_USER_DIGITS: usize = 6;

/// A council's way of paying.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentPolicy {
    /// Its service user number at BACS, six digits.
    pub service_user: String,
    /// The account that it pays from.
    pub payer: BankAccount,
    /// The first pay day of its calendar, with one every [`RUN_DAYS`] days after it; none where each run names its day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_run_on: Option<Date>,
    /// Who may approve runs, and up to which total; where it names nobody, everybody whom the council gave a token may, without a limit.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub approver_limits: BTreeMap<String, Pence>,
}

impl PaymentPolicy {
    /// All that is wrong with it, by field.
    #[must_use]
    pub fn violations(&self) -> Vec<Violation> {
        let mut wrong = Vec::new();
        let mut say = |field: String, description: String| wrong.push(Violation { field, description });
        if !are_digits(&self.service_user, SERVICE_USER_DIGITS) {
            let expected =
                format!("expected the council's service user number at BACS, {SERVICE_USER_DIGITS} digits");
            say("service_user".to_owned(), expected);
        }
        if let Some(day) = self.first_run_on.filter(|day| !crate::limits::YEARS.contains(&day.year())) {
            let (first, last) = (crate::limits::YEARS.start(), crate::limits::YEARS.end());
            say("first_run_on".to_owned(), format!("{day} is not in the years {first} to {last}"));
        }
        if self.approver_limits.len() > APPROVERS_MAX {
            let found = self.approver_limits.len();
            say("approvers".to_owned(), format!("{found} approvers: expected {APPROVERS_MAX} at most"));
        }
        for (person, limit) in &self.approver_limits {
            let shown: String = person.chars().take(40).collect();
            if person.trim().is_empty() || person.chars().count() > PERSON_CHARS_MAX {
                let expected = format!(
                    "{shown:?} is nobody: expected the subject of a token, 1 to {PERSON_CHARS_MAX} characters"
                );
                say("approvers".to_owned(), expected);
            }
            if *limit <= Pence::ZERO {
                let expected = format!("{limit} is no limit for {shown:?}: expected more than nothing");
                say("approvers".to_owned(), expected);
            }
        }
        wrong
    }

    /// The next pay day of its calendar after a day; none without a calendar.
    #[must_use]
    pub fn next_run(&self, after: Date) -> Option<Date> {
        let first = self.first_run_on?;
        let passed = first.until(after).map_or(0, |span| span.get_days().max(0)) / RUN_DAYS;
        // A holiday moves a day by less than a run's distance, so one of the next two is it.
        let days = (passed..passed.saturating_add(3)).map(|n| care::days_after(first, days(n)));
        days.map(working_day_until).find(|day| *day > after)
    }
}

fn days(runs: i32) -> u16 {
    u16::try_from(runs.saturating_mul(RUN_DAYS)).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(first: Option<&str>) -> PaymentPolicy {
        PaymentPolicy {
            service_user: "123456".to_owned(),
            payer: BankAccount::new("201575", "00012345", "DERBY CITY COUNCIL").unwrap(),
            first_run_on: first.map(|day| day.parse().unwrap()),
            approver_limits: BTreeMap::new(),
        }
    }

    #[test]
    fn runs_are_four_weekly_and_never_late_because_of_a_holiday() {
        let policy = policy(Some("2026-11-27"));
        let next = |after: &str| policy.next_run(after.parse().unwrap()).unwrap().to_string();
        assert_eq!(next("2020-01-01"), "2026-11-27");
        assert_eq!(next("2026-11-26"), "2026-11-27");
        // 25 December is Christmas Day: the money is there on Christmas Eve.
        assert_eq!(next("2026-11-27"), "2026-12-24");
        assert_eq!(next("2026-12-23"), "2026-12-24");
        assert_eq!(next("2026-12-24"), "2027-01-22");
        assert_eq!(next("2026-12-25"), "2027-01-22");
        // 26 March 2027 is the 17th week and Good Friday's.
        assert_eq!(next("2027-02-19"), "2027-03-19");
        assert_eq!(super::working_day_until("2027-03-29".parse().unwrap()).to_string(), "2027-03-25");
        assert_eq!(self::policy(None).next_run("2026-11-27".parse().unwrap()), None);
    }

    #[test]
    fn what_is_wrong_with_a_policy_is_told_at_once() {
        let mut wrong = policy(Some("1999-01-01"));
        wrong.service_user = "12345".to_owned();
        wrong.approver_limits = [(" ".to_owned(), Pence(0))].into();
        let fields: Vec<_> = wrong.violations().into_iter().map(|it| it.field).collect();
        assert_eq!(fields, ["service_user", "first_run_on", "approvers", "approvers"]);
        assert_eq!(policy(None).violations(), vec![]);
    }
}
