//! How VAT treats a line of a night, as data. A fee is booked without VAT, which a council recovers; what there is of it is said on the
//! charge's line and posted with the invoice, where its tax point is.
//!
//! Welfare by a state-regulated body, a charity or a public body is exempt, not zero-rated (VAT Act 1994, schedule 9, group 7, item 9). What
//! anybody else supplies is taxable, whatever the line is for: provision that nobody regulates, and the nights of a home from the day on which its
//! registration ended, until it is registered again. Both follow the night that is paid. A taxable line bears VAT only where its supplier has a
//! VAT number that the council has verified: without one there is no tax that could be claimed, and the line says so. Nights that were charged with VAT
//! before the council kept such numbers stay as they are until it has told of them. That independent schools' education is taxed from 2025 on is [K] in the domain notes: the date is data here.

use crate::agreement::{Agreement, Subject};
use crate::tax::Supply;
use care::market::UNREGISTERED;
use care::{Date, Nights, Pence};
use jiff::civil::date;
use std::collections::BTreeSet;

/// Exempt welfare or education, a code of `code_sets::VAT_TREATMENT`.
const EXEMPT: &str = "EXEMPT";
/// The standard rate.
pub(crate) const STANDARD: &str = "STANDARD";
/// Taxable, and the council has verified no VAT number of the supplier: a code of `code_sets::VAT_TREATMENT`.
pub const NO_VAT_NUMBER: &str = "NO_VAT_NUMBER";
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
    let supply = supply_on(agreement, night);
    let unregulated = agreement.provision == UNREGISTERED;
    let is_taxable = taxed_school || !(supply.charity || supply.registered && !unregulated);
    // What was taxed before anybody was asked for a number stays so until that is told.
    let was_taxed = taxed_school || unregulated;
    let assumed = was_taxed && agreement.vat_assumed_before.is_some_and(|day| night < day);
    match (is_taxable, supply.vat_number.unwrap_or(assumed)) {
        _ if planted!(VatOnExemptWelfare) => standard(),
        (false, _) => free(EXEMPT),
        (true, true) => standard(),
        (true, false) => free(NO_VAT_NUMBER),
    }
}

/// How VAT sees the supply of a night, as far as that is told.
pub(crate) fn supply_on(agreement: &Agreement, night: Date) -> &Supply {
    agreement.supply.iter().rfind(|supply| supply.from <= night).unwrap_or(&Supply::UNTOLD)
}

/// The parts of `nights` that VAT treats the same way, with how.
pub(crate) fn by_treatment(agreement: &Agreement, kind: &str, nights: Nights) -> Vec<(Nights, Vat)> {
    let turns = STANDARD_RATES.iter().map(|(from, _)| *from).chain([SCHOOLS_TAXED_FROM]);
    let cuts = if agreement.supply.is_empty() && agreement.vat_assumed_before.is_none() {
        crate::agreement::cut(nights, turns)
    } else {
        let told = agreement.supply.iter().map(|supply| supply.from).chain(agreement.vat_assumed_before);
        let turns: BTreeSet<Date> = turns.chain(told).collect();
        crate::agreement::cut(nights, turns.into_iter())
    };
    let mut parts: Vec<(Nights, Vat)> = Vec::with_capacity(1);
    for part in cuts {
        let vat = of(agreement, kind, part.start());
        match parts.last_mut() {
            Some((last, before)) if *before == vat => *last = Nights::from_on(last.start(), Some(part.end())),
            _ => parts.push((part, vat)),
        }
    }
    parts
}
