//! How promptly a council pays, as a payments compliance notice has it: Procurement Act 2023, section 69, and regulation 38 of the Procurement
//! Regulations 2024 (<https://www.legislation.gov.uk/uksi/2024/692/regulation/38>). Before them regulation 113 of the Public Contracts Regulations
//! 2015 asked once a year for the share that was paid within 30 days.
//!
//! - A payment is one sum paid of one invoice; day 1 is the day after the invoice was received (of a self-billed one: issued).
//! - A payment that the bank sent back was not made.
//! - Invoices that are disputed or not valid are outside section 68, and are counted apart.
//! - What became payable in the period and was not wholly paid by its end is the share of regulation 38(2)(d).
//!
//! Not worked out: the interest that is owed on what is late (Late Payment of Commercial Debts (Interest) Act 1998), since it goes by the Bank of
//! England's base rate, which no log here knows; and which contracts are public ones in the Act's sense: everything in the ledger is counted.

use crate::payables::ReceivedInvoice;
use crate::state::State;
use care::{Date, Pence};

/// How promptly invoices were paid in a period. Counts and sums are of invoices that are not disputed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PromptPayment {
    /// Payments that were made in the period.
    pub payments: u64,
    /// Those by day 30.
    pub within_30_days: u64,
    /// Those from day 31 to day 60.
    pub days_31_to_60: u64,
    /// Those from day 61 on.
    pub days_over_60: u64,
    /// All days of all payments together; the mean is this by their number.
    pub days_total: u64,
    /// What was paid.
    pub paid: Pence,
    /// What was paid after day 30.
    pub paid_late: Pence,
    /// Invoices that became payable in the period.
    pub became_payable: u64,
    /// Those of them that were not wholly paid by its end.
    pub not_paid: u64,
    /// What was open on those at its end.
    pub not_paid_sum: Pence,
    /// Disputed invoices that were paid or became payable in the period, which are in no other figure.
    pub disputed: u64,
}

impl PromptPayment {
    /// The share of payments of which there are `part`, in basis points, rounded half up; nothing where none was made.
    #[must_use]
    pub fn share_of_payments(&self, part: u64) -> Option<u64> {
        basis_points(part, self.payments)
    }

    /// The share of what became payable that was not paid, in basis points; nothing where nothing became payable.
    #[must_use]
    pub fn share_not_paid(&self) -> Option<u64> {
        basis_points(self.not_paid, self.became_payable)
    }

    /// The mean of the days that payments took, in hundredths of a day, rounded half up; nothing where none was made.
    #[must_use]
    pub fn average_days_hundredths(&self) -> Option<u64> {
        rounded(self.days_total, 100, self.payments)
    }

    fn add(&mut self, invoice: &ReceivedInvoice<'_>, from: Date, to: Date) {
        let within = |day: Date| (from..=to).contains(&day);
        let made = invoice.payments.iter().filter(|it| it.returned_on.is_none() && it.amount > Pence::ZERO);
        let (due, mut touched) = (within(invoice.payable_by), false);
        let mut paid_by_end = Pence::ZERO;
        for payment in made {
            if payment.on <= to {
                paid_by_end += payment.amount;
            }
            if within(payment.on) {
                touched = true;
                if !invoice.disputed {
                    self.paid_after(days(invoice.received_on, payment.on), payment.amount);
                }
            }
        }
        if invoice.disputed {
            self.disputed += u64::from(due || touched);
        } else if due {
            self.became_payable += 1;
            if paid_by_end < invoice.gross {
                self.not_paid += 1;
                self.not_paid_sum += invoice.gross - paid_by_end;
            }
        }
    }

    fn paid_after(&mut self, days: u64, amount: Pence) {
        self.payments += 1;
        self.days_total += days;
        self.paid += amount;
        match days {
            ..=30 => self.within_30_days += 1,
            31..=60 => self.days_31_to_60 += 1,
            _ => self.days_over_60 += 1,
        }
        if days > 30 {
            self.paid_late += amount;
        }
    }
}

fn days(received_on: Date, paid_on: Date) -> u64 {
    let days = received_on.until(paid_on).map_or(0, |span| span.get_days());
    u64::try_from(days).unwrap_or(0)
}

fn rounded(part: u64, times: u64, whole: u64) -> Option<u64> {
    let (part, times, whole) = (u128::from(part), u128::from(times), u128::from(whole));
    let twice = (part * times * 2 + whole).checked_div(whole * 2)?;
    u64::try_from(twice).ok()
}

fn basis_points(part: u64, whole: u64) -> Option<u64> {
    rounded(part, 10_000, whole)
}

/// How promptly invoices were paid from one day to another, both counted.
#[must_use]
pub fn prompt_payment(state: &State, from: Date, to: Date) -> PromptPayment {
    let mut figures = PromptPayment::default();
    for invoice in state.received_invoices() {
        figures.add(&invoice, from, to);
    }
    figures
}

/// The reporting period that a day lies in, its first and its last day: April to September, or October to March.
#[must_use]
pub fn reporting_period(day: Date) -> (Date, Date) {
    let year = day.year();
    let on = |year: i16, month: i8, of_month: i8| Date::new(year, month, of_month).unwrap_or(day);
    match day.month() {
        4..=9 => (on(year, 4, 1), on(year, 9, 30)),
        ..=3 => (on(year.saturating_sub(1), 10, 1), on(year, 3, 31)),
        _ => (on(year, 10, 1), on(year.saturating_add(1), 3, 31)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reporting_period_is_half_a_year() {
        let period = |day: &str| {
            let (from, to) = reporting_period(day.parse().unwrap());
            (from.to_string(), to.to_string())
        };
        let pair = |from: &str, to: &str| (from.to_owned(), to.to_owned());
        assert_eq!(period("2026-04-01"), pair("2026-04-01", "2026-09-30"));
        assert_eq!(period("2026-09-30"), pair("2026-04-01", "2026-09-30"));
        assert_eq!(period("2026-10-01"), pair("2026-10-01", "2027-03-31"));
        assert_eq!(period("2027-02-28"), pair("2026-10-01", "2027-03-31"));
    }

    #[test]
    fn shares_and_means_are_rounded_half_up_and_none_of_nothing() {
        let figures = PromptPayment { payments: 3, within_30_days: 2, days_total: 100, ..Default::default() };
        assert_eq!(figures.share_of_payments(2), Some(6_667));
        assert_eq!(figures.average_days_hundredths(), Some(3_333));
        assert_eq!((figures.share_not_paid(), PromptPayment::default().share_of_payments(0)), (None, None));
        assert_eq!(rounded(1, 1, 2), Some(1));
    }
}
