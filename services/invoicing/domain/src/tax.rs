//! What VAT goes by beside the law, by date: whether a home is registered with the regulator, as the market tells it, and whether its supplier
//! has a VAT number or is a charity, as two people of the council say. What was told last of a day and of those after it holds.

use crate::agreement::Agreement;
use crate::events::{HomeRegistrationNoted, TaxDetailsRecorded, TaxDetailsVerified};
use care::{Date, EstablishmentUrn, ProviderId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

const NUMBER_DIGITS: usize = 9;
/// What the last two digits of a number make up to with the others, and the same in the second series of numbers.
const MODULUS: u32 = 97;
const SECOND_SERIES: u32 = 55;

/// A VAT registration number of the United Kingdom whose check digits are right. That it is the supplier's is for HM Revenue and Customs'
/// register to say, which the person who verifies it asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct VatNumber(String);

impl VatNumber {
    /// A number of nine digits, with or without `GB` before it; spaces are left out.
    ///
    /// # Errors
    /// What is wrong with it, and what is expected.
    pub fn new(given: &str) -> Result<Self, &'static str> {
        let plain: String = given.chars().filter(|letter| *letter != ' ').take(NUMBER_DIGITS + 3).collect();
        let digits = plain.strip_prefix("GB").unwrap_or(&plain);
        if !crate::bank::are_digits(digits, NUMBER_DIGITS) {
            return Err("expected GB and nine digits, such as GB220430231");
        }
        let value: Vec<u32> = digits.bytes().map(|digit| u32::from(digit - b'0')).collect();
        let (body, check) = value.split_at(NUMBER_DIGITS - 2);
        let sum: u32 = (2..9).rev().zip(body).map(|(weight, digit)| weight * digit).sum();
        let check: u32 = check.iter().fold(0, |sum, digit| sum * 10 + digit);
        let is_right = |more: u32| (sum + more + check).is_multiple_of(MODULUS);
        if is_right(0) || is_right(SECOND_SERIES) {
            Ok(Self(digits.to_owned()))
        } else {
            Err(
                "its last two digits do not go with the others: look at the number on the supplier's invoice again",
            )
        }
    }
}

impl fmt::Display for VatNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GB{}", self.0)
    }
}

/// What a supplier is for VAT from a day on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxDetails {
    /// The first day.
    pub from: Date,
    /// Its VAT number; none where it is not registered for VAT.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vat_number: Option<VatNumber>,
    /// Whether it is a charity, or a public body, whose welfare is exempt whether or not anybody regulates it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub charity: bool,
}

/// What a council has recorded of a supplier.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SupplierTax {
    /// Every record, the last one at the end.
    pub records: Vec<TaxDetailsRecorded>,
    /// Who verified the last record; nobody, where another was made since.
    pub verified: Option<TaxDetailsVerified>,
    /// What was verified, by its first days.
    pub holds: BTreeMap<Date, TaxDetails>,
}

impl SupplierTax {
    /// The record that was made last.
    #[must_use]
    pub fn last(&self) -> Option<&TaxDetailsRecorded> {
        self.records.last()
    }

    /// What was verified of a day; none before the first one.
    #[must_use]
    pub fn on(&self, day: Date) -> Option<&TaxDetails> {
        self.holds.range(..=day).next_back().map(|(_, details)| details)
    }
}

/// How VAT sees the supply of an agreement from a day on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Supply {
    /// The first night.
    pub from: Date,
    /// Whether the home is registered with the regulator.
    pub registered: bool,
    /// Whether its supplier is a charity, or a public body.
    pub charity: bool,
    /// Whether its supplier has a VAT number that the council has verified; nothing where the council has verified neither.
    pub vat_number: Option<bool>,
}

impl Supply {
    /// What is taken for granted before anything is told: the market lets nobody be placed in a home that is not registered, and a supplier
    /// adds VAT when it has said that it is registered for that.
    pub(crate) const UNTOLD: Self =
        Self { from: Date::MIN, registered: true, charity: false, vat_number: None };
}

/// What is known of homes and suppliers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxState {
    /// Whether a home is registered, from each day on which that turns; a home of which nothing was told is.
    pub homes: BTreeMap<EstablishmentUrn, BTreeMap<Date, bool>>,
    /// What was recorded of suppliers.
    pub suppliers: BTreeMap<ProviderId, SupplierTax>,
}

impl TaxState {
    /// Whether a home is registered on a day, as far as was told.
    #[must_use]
    pub fn is_registered(&self, urn: &EstablishmentUrn, day: Date) -> bool {
        let turns = self.homes.get(urn);
        turns.and_then(|turns| turns.range(..=day).next_back()).is_none_or(|(_, registered)| *registered)
    }

    /// The days on which the registration of a home turns, once it is told that from a day on it is registered or not; none where it is all along.
    fn turned(&self, urn: &EstablishmentUrn, from: Date, registered: bool) -> Option<BTreeMap<Date, bool>> {
        let mut turns = self.homes.get(urn).cloned().unwrap_or_default();
        turns.split_off(&from);
        if turns.last_key_value().is_none_or(|(_, before)| *before) != registered {
            turns.insert(from, registered);
        }
        Some(turns).filter(|turns| !turns.is_empty())
    }

    /// Whether it is news that from a day on a home is registered or not.
    pub(crate) fn is_news(&self, urn: &EstablishmentUrn, from: Date, registered: bool) -> bool {
        self.turned(urn, from, registered).as_ref() != self.homes.get(urn)
    }

    pub(crate) fn registration_noted(&mut self, e: &HomeRegistrationNoted) {
        match self.turned(&e.urn, e.from, e.registered) {
            Some(turns) => self.homes.insert(e.urn.clone(), turns),
            None => self.homes.remove(&e.urn),
        };
    }

    pub(crate) fn recorded(&mut self, e: &TaxDetailsRecorded) {
        let supplier = self.suppliers.entry(e.provider.clone()).or_default();
        supplier.records.push(e.clone());
        supplier.verified = None;
    }

    pub(crate) fn verified(&mut self, e: &TaxDetailsVerified) {
        let Some(supplier) = self.suppliers.get_mut(&e.provider) else { return };
        let record = supplier.records.iter().find(|record| record.revision == e.revision);
        let Some(details) = record.map(|record| record.details.clone()) else { return };
        supplier.holds.split_off(&details.from);
        supplier.holds.insert(details.from, details);
        supplier.verified = Some(e.clone());
    }

    /// What is known of the supply of an agreement, by date; nothing where nothing was told of its home and its supplier.
    #[must_use]
    pub fn supply_of(&self, agreement: &Agreement) -> Vec<Supply> {
        let turns = agreement.urn.as_ref().and_then(|urn| self.homes.get(urn));
        let supplier = self.suppliers.get(&agreement.provider);
        let days = turns.into_iter().flat_map(BTreeMap::keys);
        let days: BTreeSet<Date> =
            days.chain(supplier.into_iter().flat_map(|it| it.holds.keys())).copied().collect();
        let of_day = |from: Date| {
            let details = supplier.and_then(|it| it.on(from));
            Supply {
                from,
                registered: agreement.urn.as_ref().is_none_or(|urn| self.is_registered(urn, from)),
                charity: details.is_some_and(|it| it.charity),
                vat_number: details.map(|it| it.vat_number.is_some()),
            }
        };
        let mut all: Vec<Supply> = days.into_iter().map(of_day).collect();
        all.dedup_by(|later, before| Supply { from: before.from, ..*later } == *before);
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vat_number_is_taken_with_right_check_digits_alone() {
        for right in ["GB220430231", "220430231", "GB 220 4302 31"] {
            assert_eq!(VatNumber::new(right).unwrap().to_string(), "GB220430231", "{right}");
        }
        for series in ["GB100000089", "GB100000034"] {
            assert!(VatNumber::new(series).is_ok(), "{series}");
        }
        for wrong in
            ["", "GB", "GB220430232", "GB22043023", "GB2204302311", "DE220430231", "000000000", "٢٢٠٤٣٠٢٣١"]
        {
            assert!(VatNumber::new(wrong).is_err(), "{wrong}");
        }
        assert!(VatNumber::new(&"9".repeat(100_000)).is_err());
    }
}
