//! Money is whole pence in an `i64`; shares of it are split so that not a penny appears or vanishes.

use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub, SubAssign};

/// An amount in pence; negative for credits. Whatever enters from outside is kept below `Pence::MAX_INPUT`, so sums
/// of some millions of amounts cannot overflow an `i64`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Pence(pub i64);

/// An amount beyond what the brokerage accepts from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} pence is out of range: expected 0 to {max}", max = Pence::MAX_INPUT.0)]
pub struct AmountOverflow(pub i64);

impl Pence {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// The largest amount accepted from outside: £10 million. The dearest placements cost some £30,000 a week.
    pub const MAX_INPUT: Self = Self(1_000_000_000);

    /// Accepts an amount from outside.
    ///
    /// # Errors
    /// When it is negative or above [`Pence::MAX_INPUT`].
    pub fn from_input(pence: i64) -> Result<Self, AmountOverflow> {
        if (0..=Self::MAX_INPUT.0).contains(&pence) { Ok(Self(pence)) } else { Err(AmountOverflow(pence)) }
    }

    /// `by` of `over` equal parts of it, the one rounding of weekly prices: half pence round away from zero. At most what an `i64` holds;
    /// an `over` of nothing counts as one.
    #[must_use]
    pub fn scaled(self, by: u32, over: u32) -> Self {
        let (amount, over) = (i128::from(self.0) * i128::from(by), i128::from(over.max(1)));
        let rounded = (amount.abs() * 2 + over) / (over * 2) * amount.signum();
        Self(i64::try_from(rounded).unwrap_or(if rounded < 0 { i64::MIN } else { i64::MAX }))
    }

    /// A part of it in basis points, rounded as [`scaled`](Self::scaled) does.
    #[must_use]
    pub fn part(self, basis_points: u32) -> Self {
        self.scaled(basis_points, 10_000)
    }
}

impl fmt::Display for Pence {
    /// Pounds with thousands separators: `£4,534.00`, `-£0.05`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let pounds = (self.0.unsigned_abs() / 100).to_string();
        let mut grouped = String::with_capacity(pounds.len() + pounds.len() / 3);
        for (i, digit) in pounds.chars().enumerate() {
            if i > 0 && (pounds.len() - i).is_multiple_of(3) {
                grouped.push(',');
            }
            grouped.push(digit);
        }
        f.pad(&format!("{sign}£{grouped}.{:02}", self.0.unsigned_abs() % 100))
    }
}

impl Add for Pence {
    type Output = Self;
    #[inline]
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Sub for Pence {
    type Output = Self;
    #[inline]
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl Neg for Pence {
    type Output = Self;
    #[inline]
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl AddAssign for Pence {
    #[inline]
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

impl SubAssign for Pence {
    #[inline]
    fn sub_assign(&mut self, other: Self) {
        self.0 -= other.0;
    }
}

impl Sum for Pence {
    #[inline]
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

/// Splits `total` in proportion to `weights` by largest remainder (Hamilton's method): each part is within a penny of
/// its exact share, the parts sum to `total`, equal remainders go to the earlier weight, and
/// `split(-total) = -split(total)`.
///
/// Returns nothing when the weights sum to zero: there is then nobody to charge.
#[must_use]
pub fn split_largest_remainder(total: Pence, weights: &[u32]) -> Option<Vec<Pence>> {
    let whole: u64 = weights.iter().copied().map(u64::from).sum();
    if whole == 0 {
        return None;
    }
    let amount = total.0.unsigned_abs();
    // No part exceeds the total, so that each fits; a sum in 128 bits takes several times as long, and few amounts need it.
    let part = |&weight: &u32| match amount.checked_mul(u64::from(weight)) {
        Some(exact) => (exact / whole, exact % whole),
        None => {
            let (exact, whole) = (u128::from(amount) * u128::from(weight), u128::from(whole));
            let fits = |part: u128| u64::try_from(part).unwrap_or(amount);
            (fits(exact / whole), fits(exact % whole))
        }
    };
    let mut parts: Vec<(u64, u64)> = weights.iter().map(part).collect();
    let left = amount - parts.iter().map(|(share, _)| share).sum::<u64>();
    if left > 0 {
        let mut order: Vec<usize> = (0..parts.len()).collect();
        order.sort_by_key(|&i| (Reverse(parts[i].1), i));
        // Fewer pennies are left over than there are weights with a remainder.
        for &i in order.iter().take(usize::try_from(left).unwrap_or(0)) {
            parts[i].0 += 1;
        }
    }
    let signed = |(share, _): (u64, u64)| {
        // The least `i64` has no positive counterpart: its magnitude wraps to itself.
        let share = share.cast_signed();
        Pence(if total.0 < 0 { share.wrapping_neg() } else { share })
    };
    Some(parts.into_iter().map(signed).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn pounds_are_readable() {
        assert_eq!(Pence(453_400).to_string(), "£4,534.00");
        assert_eq!(Pence(-5).to_string(), "-£0.05");
        assert_eq!(Pence(123_456_789).to_string(), "£1,234,567.89");
        assert_eq!(format!("{:>10}", Pence(5)), "     £0.05");
    }

    #[test]
    fn ties_go_to_the_earlier_funder() {
        assert_eq!(split_largest_remainder(Pence(1), &[1, 1]), Some(vec![Pence(1), Pence(0)]));
        assert_eq!(split_largest_remainder(Pence(-1), &[1, 1]), Some(vec![Pence(-1), Pence(0)]));
        assert_eq!(split_largest_remainder(Pence(100), &[0, 0]), None);
    }

    proptest! {
        #[test]
        fn a_split_sums_to_the_whole(total in -10_000_000_000_i64..10_000_000_000, weights in prop::collection::vec(0_u32..=10_000, 1..7)) {
            let Some(parts) = split_largest_remainder(Pence(total), &weights) else {
                prop_assert!(weights.iter().all(|w| *w == 0));
                return Ok(());
            };
            prop_assert_eq!(parts.iter().copied().sum::<Pence>(), Pence(total));
            let whole: i128 = weights.iter().map(|w| i128::from(*w)).sum();
            for (part, weight) in parts.iter().zip(&weights) {
                let exact_times_whole = i128::from(total) * i128::from(*weight);
                prop_assert!((i128::from(part.0) * whole - exact_times_whole).abs() < whole, "within a penny");
            }
        }
    }
}
