//! How VAT treats a line of a night, as data. A fee is booked without VAT, which a council recovers; what there is of it is said on the
//! charge's line and posted with the invoice, where its tax point is.
//!
//! Welfare by a state-regulated body or a charity is exempt, not zero-rated (VAT Act 1994, schedule 9, group 7, item 9), so provision that
//! nobody regulates is charged at the standard rate, whatever the line is for. What follows the registration does so at the night that is
//! paid. That independent schools' education is taxed from 2025 on is [K] in the domain notes: the date is data here.

use crate::agreement::{Agreement, Subject};
use care::{Date, Nights, Pence};
use jiff::civil::date;

/// Exempt welfare or education, a code of `code_sets::VAT_TREATMENT`.
const EXEMPT: &str = "EXEMPT";
/// The standard rate.
const STANDARD: &str = "STANDARD";
/// No supply, or one within the council.
pub(crate) const OUTSIDE_SCOPE: &str = "OUTSIDE_SCOPE";

/// From which night on education by an independent school is taxed.
pub const SCHOOLS_TAXED_FROM: Date = date(2025, 1, 1);

/// The kinds of provision of which an EDUCATION line is an independent school's, codes of `code_sets::PROVISION`.
pub const INDEPENDENT_SCHOOLS: [&str; 3] =
    ["RESIDENTIAL_EDUCATION", "RESIDENTIAL_SCHOOL_38_WEEKS", "RESIDENTIAL_SCHOOL_52_WEEKS"];

/// The standard rate in basis points, each from a day on.
pub const STANDARD_RATES: [(Date, u32); 4] = [
    (date(2000, 1, 1), 1_750),
    (date(2008, 12, 1), 1_500),
    (date(2010, 1, 1), 1_750),
    (date(2011, 1, 4), 2_000),
];

/// How VAT treats a line of some nights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Vat {
    /// A code of `code_sets::VAT_TREATMENT`.
    pub(crate) treatment: &'static str,
    /// What is added, in basis points of the fee.
    pub(crate) rate: u32,
}

impl Vat {
    /// What is added to an amount, half pence away from zero.
    pub(crate) fn on(self, amount: Pence) -> Pence {
        part_of(amount, self.rate)
    }
}

/// So many basis points of an amount, half pence away from zero.
pub(crate) fn part_of(amount: Pence, basis_points: u32) -> Pence {
    let exact = i128::from(amount.0).abs() * i128::from(basis_points);
    let rounded = (exact + 5_000) / 10_000 * i128::from(amount.0.signum());
    Pence(i64::try_from(rounded).unwrap_or(amount.0))
}

/// How VAT treats a line of `kind` on a night.
pub(crate) fn of(agreement: &Agreement, kind: &str, night: Date) -> Vat {
    let free = |treatment| Vat { treatment, rate: 0 };
    let standard = || {
        let rate = STANDARD_RATES.iter().rfind(|(from, _)| *from <= night).map_or(0, |(_, rate)| *rate);
        Vat { treatment: STANDARD, rate }
    };
    if agreement.in_house || matches!(agreement.subject, Subject::Bought | Subject::Sold) {
        return free(OUTSIDE_SCOPE);
    }
    let taxed_school = kind == "EDUCATION"
        && night >= SCHOOLS_TAXED_FROM
        && INDEPENDENT_SCHOOLS.contains(&agreement.provision.as_str());
    if agreement.provision == "UNREGISTERED" || taxed_school || planted!(VatOnExemptWelfare) {
        return standard();
    }
    free(EXEMPT)
}

/// The parts of `nights` that VAT treats the same way, with how.
pub(crate) fn by_treatment(agreement: &Agreement, kind: &str, nights: Nights) -> Vec<(Nights, Vat)> {
    let turns = STANDARD_RATES.iter().map(|(from, _)| *from).chain([SCHOOLS_TAXED_FROM]);
    let mut parts: Vec<(Nights, Vat)> = Vec::with_capacity(1);
    for part in crate::agreement::cut(nights, turns) {
        let vat = of(agreement, kind, part.start());
        match parts.last_mut() {
            Some((last, before)) if *before == vat => *last = Nights::from_on(last.start(), Some(part.end())),
            _ => parts.push((part, vat)),
        }
    }
    parts
}
