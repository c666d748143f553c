//! A line of a document: so many nights at a price.
//!
//! A weekly fee is charged by the difference of two rounded sums (`care::fee_for_nights`), so what some nights cost is rarely nights × fee ÷ 7
//! to the penny. EN 16931 has a line's net amount as quantity × price ÷ base quantity. So [`Line::of_nights`] states the weekly fee for a
//! base of 7 where that comes out exactly, and else the cost of all the nights for a base of all the nights, which always does.

use super::Vat;
use crate::amount::{Decimal, cost, is_cost};
use care::{Nights, Pence};

/// What a line is counted in; each has a code of UN/ECE recommendation 20.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unit {
    /// Nights.
    Night,
    /// Weeks.
    Week,
    /// Hours.
    Hour,
    /// Pieces.
    One,
}

impl Unit {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Night, Self::Week, Self::Hour, Self::One];

    /// Its code. The list has no nights: they are days.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Night => "DAY",
            Self::Week => "WEE",
            Self::Hour => "HUR",
            Self::One => "C62",
        }
    }

    /// Its word in spreadsheets.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Night => "NIGHT",
            Self::Week => "WEEK",
            Self::Hour => "HOUR",
            Self::One => "ONE",
        }
    }
}

/// A price for so many units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Price {
    /// Pounds; never negative.
    pub pounds: Decimal,
    /// For how many units; above zero.
    pub per: Decimal,
}

/// A line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its number or name in the document, different from every other's.
    pub id: String,
    /// What it is, such as `Core fee`.
    pub name: String,
    /// More about it.
    pub description: Option<String>,
    /// A note.
    pub note: Option<String>,
    /// Which line of a charge it is, a code of `code_sets::CHARGE_LINE`.
    pub charge: Option<String>,
    /// The agreement that it is charged under.
    pub agreement: Option<String>,
    /// The nights.
    pub period: Option<Nights>,
    /// How many; negative for what is taken off.
    pub quantity: Decimal,
    /// Of what.
    pub unit: Unit,
    /// At what price.
    pub price: Price,
    /// What it comes to without VAT: quantity × price ÷ base, rounded to whole pence.
    pub net: Pence,
    /// Its VAT.
    pub vat: Vat,
}

impl Line {
    /// A line for `period` that comes to `net`, of a fee of `weekly` pence a week. Either may be negative; the price never is.
    /// None where there is no night in it, or more is charged than can be written.
    #[must_use]
    pub fn of_nights(
        id: String,
        name: String,
        period: Nights,
        weekly: Pence,
        net: Pence,
        vat: Vat,
    ) -> Option<Self> {
        let nights = i32::try_from(period.count()).ok().filter(|nights| *nights > 0)?;
        let quantity = Decimal::whole(if net < Pence::ZERO { -nights } else { nights });
        let price = |pence: Pence, per: i32| {
            let pounds = Decimal::of_pence(Pence(pence.0.checked_abs()?))?;
            Some(Price { pounds, per: Decimal::whole(per) })
        };
        let exact =
            price(weekly, 7).filter(|_| i128::from(net.0) * 7 == i128::from(weekly.0) * i128::from(nights));
        let price = match exact {
            Some(weekly) => weekly,
            None => price(net, nights)?,
        };
        Some(Self {
            id,
            name,
            description: None,
            note: None,
            charge: None,
            agreement: None,
            period: Some(period),
            quantity,
            unit: Unit::Night,
            price,
            net,
            vat,
        })
    }

    /// Whether `net` is what quantity and price come to.
    #[must_use]
    pub fn adds_up(&self) -> bool {
        is_cost(self.quantity, self.price.pounds, self.price.per, self.net)
    }

    /// What quantity and price come to, half a penny away from zero.
    #[must_use]
    pub fn cost(&self) -> Option<Pence> {
        cost(self.quantity, self.price.pounds, self.price.per)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use care::{Date, fee_for_nights};
    use proptest::prelude::*;

    fn nights(from: i16, count: i16) -> Nights {
        let start = Date::constant(2026, 4, 1);
        let day = |days: i16| care::days_after(start, days.unsigned_abs());
        Nights::new(day(from), day(from + count)).expect("in order")
    }

    #[test]
    fn whole_weeks_show_the_weekly_fee_and_others_their_own_cost() {
        let line = |weekly, net, count| {
            Line::of_nights(
                "1".into(),
                "Core fee".into(),
                nights(0, count),
                Pence(weekly),
                Pence(net),
                Vat::EXEMPT,
            )
        };
        let weeks = line(94_100, 376_400, 28).expect("a line");
        assert_eq!((weeks.price.pounds.to_string(), weeks.price.per), ("941".into(), Decimal::whole(7)));
        let odd = line(94_100, 13_443, 1).expect("a line");
        assert_eq!((odd.price.pounds.to_string(), odd.price.per), ("134.43".into(), Decimal::whole(1)));
        let off = line(-10_000, -4_286, 3).expect("a line");
        assert_eq!((off.quantity, off.price.pounds.to_string()), (Decimal::whole(-3), "42.86".into()));
        assert_eq!(line(94_100, 0, 0), None);
    }

    proptest! {
        #[test]
        fn any_nights_of_any_fee_are_stated_exactly(weekly in -3_000_000_i64..3_000_000, before in 0_i16..400, count in 1_i16..400) {
            let start = Date::constant(2026, 4, 1);
            let period = nights(before, count);
            let net = fee_for_nights(Pence(weekly), start, period);
            let line = Line::of_nights("1".into(), "x".into(), period, Pence(weekly), net, Vat::EXEMPT).expect("a line");
            prop_assert_eq!(line.cost(), Some(net));
            prop_assert!(line.adds_up() && line.price.pounds.signum() >= 0);
        }
    }
}
