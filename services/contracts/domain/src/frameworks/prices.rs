//! What a lot's prices and ceilings go by: support level, age band and attributes (`PRICE_ATTRIBUTE`: a child with a disability, parent and
//! child together, alone in the home …). Of the rows that fit a child the most specific one holds: first the one with the most attributes,
//! then the one with the narrowest age band. A schedule in which two rows could both hold for somebody is refused when it is entered, so
//! that no price ever depends on the order of its rows.

use super::rejection::FrameworkRejection;
use super::state::Lot;
use super::terms_rejection::TermsRejection;
use care::{Date, EstablishmentUrn, LotId, Pence};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// The most rows of a price schedule, and of a lot's ceilings.
pub const PRICE_ROWS_MAX: usize = 200;
/// The oldest age that a price is for, in years: care leavers are looked after up to 25.
pub const PRICE_AGE_MAX: u8 = 25;

/// A price or a ceiling for some children at a level.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceRow {
    /// The support level, one of the lot's.
    pub level: String,
    /// The youngest age on the first night, in years.
    pub age_from: u8,
    /// The oldest age on the first night, in years.
    pub age_to: u8,
    /// What else must be so, codes of `care::code_sets::PRICE_ATTRIBUTE`; empty: it holds whatever is so.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub attributes: BTreeSet<String>,
    /// Pence a week.
    pub weekly: Pence,
}

impl PriceRow {
    /// The price of a level for every age and attribute.
    #[must_use]
    pub fn plain(level: &str, weekly: Pence) -> Self {
        let attributes = BTreeSet::new();
        Self { level: level.to_owned(), age_from: 0, age_to: PRICE_AGE_MAX, attributes, weekly }
    }

    /// Whether it is for a child of this age with these attributes, at this level.
    #[must_use]
    pub fn fits(&self, level: &str, age_years: u8, attributes: &BTreeSet<String>) -> bool {
        self.level == level
            && (self.age_from..=self.age_to).contains(&age_years)
            && self.attributes.is_subset(attributes)
    }

    fn ages_meet(&self, other: &Self) -> bool {
        self.age_from <= other.age_to && other.age_from <= self.age_to
    }

    fn ages_within(&self, other: &Self) -> bool {
        other.age_from <= self.age_from && self.age_to <= other.age_to
    }

    /// Orders the rows that fit one child, the most specific last.
    fn specificity(&self) -> (usize, u8) {
        (self.attributes.len(), PRICE_AGE_MAX.saturating_sub(self.age_to.saturating_sub(self.age_from)))
    }
}

impl fmt::Display for PriceRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.level)?;
        if (self.age_from, self.age_to) != (0, PRICE_AGE_MAX) {
            write!(f, ", ages {} to {}", self.age_from, self.age_to)?;
        }
        for attribute in &self.attributes {
            write!(f, ", {attribute}")?;
        }
        Ok(())
    }
}

/// A provider's prices in a lot from a day, until a later schedule replaces them or they end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceSchedule {
    /// The first day.
    pub from: Date,
    /// The first day on which they hold no longer; none where that is not agreed.
    #[serde(default)]
    pub until: Option<Date>,
    /// The core fee by level for every age and attribute that no row is more specific about, pence a week.
    pub prices: BTreeMap<String, Pence>,
    /// The core fee by level, age band and attributes.
    #[serde(default)]
    pub rows: Vec<PriceRow>,
    /// The establishments that may be bought from, such as one branch of an agency; empty: all of the provider's.
    #[serde(default)]
    pub branches: BTreeSet<EstablishmentUrn>,
}

impl PriceSchedule {
    /// Prices by level alone, for all of a provider's establishments.
    #[must_use]
    pub fn plain(from: Date, prices: BTreeMap<String, Pence>) -> Self {
        Self { from, until: None, prices, rows: Vec::new(), branches: BTreeSet::new() }
    }

    /// The row that holds for a child of this age with these attributes; nothing where the provider is not admitted for such a child.
    #[must_use]
    pub fn price(&self, level: &str, age_years: u8, attributes: &BTreeSet<String>) -> Option<PriceRow> {
        holding(&self.prices, &self.rows, level, age_years, attributes)
    }

    /// Whether an establishment may be bought from.
    #[must_use]
    pub fn takes(&self, urn: &EstablishmentUrn) -> bool {
        self.branches.is_empty() || self.branches.contains(urn)
    }
}

/// Of the rows that fit, the one that holds; prices by level alone stand behind all rows.
pub(super) fn holding(
    plain: &BTreeMap<String, Pence>,
    rows: &[PriceRow],
    level: &str,
    age_years: u8,
    attributes: &BTreeSet<String>,
) -> Option<PriceRow> {
    let fitting = rows.iter().filter(|row| row.fits(level, age_years, attributes));
    let most_specific = fitting.max_by_key(|row| row.specificity()).cloned();
    most_specific.or_else(|| plain.get(level).map(|weekly| PriceRow::plain(level, *weekly)))
}

/// Insists that a schedule's prices are the lot's own, positive, unambiguous and within the ceilings.
pub(super) fn check_schedule(
    terms: &Lot,
    lot: &LotId,
    schedule: &PriceSchedule,
) -> Result<(), FrameworkRejection> {
    if schedule.prices.is_empty() && schedule.rows.is_empty() {
        return Err(FrameworkRejection::PricesMissing(lot.clone()));
    }
    for (level, price) in &schedule.prices {
        let (level, price) = (level.clone(), *price);
        let Some(ceiling) = terms.levels.get(&level).copied() else {
            return Err(FrameworkRejection::LevelUnknown { field: "prices", lot: lot.clone(), level });
        };
        if price <= Pence::ZERO {
            return Err(FrameworkRejection::PriceNotPositive { field: "prices", level, price });
        }
        if price > ceiling && terms.ceilings.is_empty() {
            let field = "prices";
            return Err(FrameworkRejection::PriceAboveCeiling { field, level, price, ceiling });
        }
    }
    check_rows("keyed_prices", terms, lot, &schedule.prices, &schedule.rows)?;
    let plain = schedule.prices.iter().map(|(level, weekly)| ("prices", PriceRow::plain(level, *weekly)));
    let keyed = schedule.rows.iter().map(|row| ("keyed_prices", row.clone()));
    for (field, row) in plain.chain(keyed) {
        for age in row.age_from.max(terms.age_from)..=row.age_to.min(terms.age_to) {
            let (level, price) = (row.level.clone(), row.weekly);
            let holds = schedule.price(&level, age, &row.attributes).as_ref() == Some(&row);
            let ceiling = terms.ceiling(&level, age, &row.attributes).filter(|_| holds);
            if let Some(ceiling) = ceiling.filter(|ceiling| price > *ceiling) {
                return Err(FrameworkRejection::PriceAboveCeiling { field, level, price, ceiling });
            }
        }
    }
    Ok(())
}

/// Insists that rows are about the lot's levels and ages, and that of any two that fit one child one is more specific.
pub(super) fn check_rows(
    field: &'static str,
    terms: &Lot,
    lot: &LotId,
    plain: &BTreeMap<String, Pence>,
    rows: &[PriceRow],
) -> Result<(), FrameworkRejection> {
    if rows.len() > PRICE_ROWS_MAX {
        let (what, max) = ("price rows of a lot", PRICE_ROWS_MAX);
        return Err(TermsRejection::LimitReached { what, max }.into());
    }
    for row in rows {
        let level = row.level.clone();
        if !terms.levels.contains_key(&level) {
            return Err(FrameworkRejection::LevelUnknown { field, lot: lot.clone(), level });
        }
        if row.weekly <= Pence::ZERO {
            return Err(FrameworkRejection::PriceNotPositive { field, level, price: row.weekly });
        }
        let within = terms.age_from <= row.age_from && row.age_to <= terms.age_to;
        if row.age_to < row.age_from || !within {
            let row = row.to_string();
            let (age_from, age_to) = (terms.age_from, terms.age_to);
            return Err(TermsRejection::PriceAgesInvalid { field, row, age_from, age_to }.into());
        }
    }
    if let Some((first, second)) = ambiguous(terms, plain, rows) {
        return Err(TermsRejection::PriceAmbiguous { field, first, second }.into());
    }
    Ok(())
}

/// Two rows that could both hold for one child, if there are such.
fn ambiguous(terms: &Lot, plain: &BTreeMap<String, Pence>, rows: &[PriceRow]) -> Option<(String, String)> {
    let everybody = |row: &&PriceRow| {
        let all_ages = row.age_from <= terms.age_from && terms.age_to <= row.age_to;
        row.attributes.is_empty() && all_ages && plain.contains_key(&row.level)
    };
    if let Some(row) = rows.iter().find(everybody) {
        return Some((row.level.clone(), row.to_string()));
    }
    for (n, first) in rows.iter().enumerate() {
        let later = rows.iter().skip(n + 1);
        for second in later.filter(|second| first.level == second.level && first.ages_meet(second)) {
            if !is_settled(first, second, rows) {
                return Some((first.to_string(), second.to_string()));
            }
        }
    }
    None
}

/// Whether it is clear which of two rows with ages in common holds: by their attributes, by their ages, or because at each age that they share
/// some other row is more specific than both. Those others are held against each other in their turn.
fn is_settled(first: &PriceRow, second: &PriceRow, rows: &[PriceRow]) -> bool {
    let alike = first.attributes == second.attributes;
    if alike {
        if (first.age_from, first.age_to) == (second.age_from, second.age_to) {
            return false;
        }
        if first.ages_within(second) || second.ages_within(first) {
            return true;
        }
    } else if first.attributes.is_subset(&second.attributes) || second.attributes.is_subset(&first.attributes)
    {
        return true;
    }
    let both: BTreeSet<String> = first.attributes.union(&second.attributes).cloned().collect();
    let (from, to) = (first.age_from.max(second.age_from), first.age_to.min(second.age_to));
    // Of rows with the same attributes the narrower one is more specific: within the shared ages it is narrower than both.
    let is_for_both = |row: &&PriceRow| {
        row.level == first.level
            && row.attributes == both
            && (!alike || from <= row.age_from && row.age_to <= to)
    };
    let for_both: Vec<&PriceRow> = rows.iter().filter(is_for_both).collect();
    (from..=to).all(|age| for_both.iter().any(|row| (row.age_from..=row.age_to).contains(&age)))
}
