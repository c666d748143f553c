//! Pounds and pence, quantities and prices as exact decimals: written from integers, read strictly, never a float.

use care::Pence;
use std::fmt;
use std::str::FromStr;

/// `1234.57` of 123457 pence, `-0.05` of -5: no thousands separators, always two places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pounds(pub Pence);

impl fmt::Display for Pounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pence = self.0.0.unsigned_abs();
        let sign = if self.0.0 < 0 { "-" } else { "" };
        f.pad(&format!("{sign}{}.{:02}", pence / 100, pence % 100))
    }
}

/// Reads pounds with at most two places, such as `1234.57`, `12` or `-0.5`, as whole pence.
#[must_use]
pub fn pence_of(text: &str) -> Option<Pence> {
    let decimal: Decimal = text.parse().ok()?;
    let pence = decimal.at_scale(2)?;
    i64::try_from(pence).ok().map(Pence)
}

/// An exact decimal number: its digits and how many of them are behind the point. Trailing zeros are not kept, so equal numbers are equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Decimal {
    digits: i64,
    places: u32,
}

/// Text that is no number we take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a plain decimal number of at most 15 digits, {} of them behind the point", Decimal::PLACES_MAX)]
pub struct DecimalInvalid;

impl Decimal {
    /// Behind the point at most.
    pub const PLACES_MAX: u32 = 8;
    /// Before and behind it together, so that products of two of them are exact.
    const DIGITS_MAX: usize = 15;
    /// Nought.
    pub const ZERO: Self = Self { digits: 0, places: 0 };

    /// `digits` with the point `places` from their right: `new(1234, 2)` is 12.34. None with too many places or digits.
    #[must_use]
    pub fn new(digits: i64, places: u32) -> Option<Self> {
        let (mut digits, mut places) = (digits, places);
        while places > 0 && digits % 10 == 0 {
            digits /= 10;
            places -= 1;
        }
        let few = digits.unsigned_abs() < 10_u64.pow(15);
        (few && places <= Self::PLACES_MAX).then_some(Self { digits, places })
    }

    /// A whole number.
    #[must_use]
    pub fn whole(number: i32) -> Self {
        Self { digits: i64::from(number), places: 0 }
    }

    /// The same as whole pence would be written in pounds. None beyond £10 million million.
    #[must_use]
    pub fn of_pence(amount: Pence) -> Option<Self> {
        Self::new(amount.0, 2)
    }

    /// Its digits, and how many of them are behind the point.
    #[must_use]
    pub fn parts(self) -> (i64, u32) {
        (self.digits, self.places)
    }

    /// -1, 0 or 1.
    #[must_use]
    pub fn signum(self) -> i64 {
        self.digits.signum()
    }

    /// As a whole number of units of ten to the minus `places`, where it is one.
    #[must_use]
    pub fn at_scale(self, places: u32) -> Option<i128> {
        let more = places.checked_sub(self.places)?;
        i128::from(self.digits).checked_mul(10_i128.checked_pow(more)?)
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.places == 0 {
            return write!(f, "{}", self.digits);
        }
        let unit = 10_u64.pow(self.places);
        let (sign, digits) = (if self.digits < 0 { "-" } else { "" }, self.digits.unsigned_abs());
        let width = usize::try_from(self.places).unwrap_or_default();
        write!(f, "{sign}{}.{:0width$}", digits / unit, digits % unit)
    }
}

impl FromStr for Decimal {
    type Err = DecimalInvalid;
    fn from_str(text: &str) -> Result<Self, DecimalInvalid> {
        let (negative, unsigned) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, part) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
        let numeric = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        if !numeric(whole) || !numeric(part) || whole.len() + part.len() > Self::DIGITS_MAX * 2 {
            return Err(DecimalInvalid);
        }
        let part = part.trim_end_matches('0');
        let digits: String = [whole.trim_start_matches('0'), part].concat();
        if digits.len() > Self::DIGITS_MAX {
            return Err(DecimalInvalid);
        }
        let magnitude: i64 =
            if digits.is_empty() { 0 } else { digits.parse().map_err(|_| DecimalInvalid)? };
        let places = u32::try_from(part.len()).map_err(|_| DecimalInvalid)?;
        Self::new(if negative { -magnitude } else { magnitude }, places).ok_or(DecimalInvalid)
    }
}

/// What `quantity` at `price` for every `per` comes to, as twice its pence over a denominator: exact, for a comparison with a stated amount.
/// None where it is beyond what we count, or `per` is not positive.
fn product(quantity: Decimal, price: Decimal, per: Decimal) -> Option<(i128, i128)> {
    if per.digits <= 0 {
        return None;
    }
    let over = i128::from(quantity.digits) * i128::from(price.digits);
    let up = 10_i128.checked_pow(per.places + 2)?;
    let down = 10_i128.checked_pow(quantity.places + price.places)?;
    Some((over.checked_mul(up)?, i128::from(per.digits).checked_mul(down)?))
}

/// `quantity × price ÷ per` in pence, half a penny away from zero. None where it is beyond what we count, or `per` is not positive.
#[must_use]
pub fn cost(quantity: Decimal, price: Decimal, per: Decimal) -> Option<Pence> {
    let (over, under) = product(quantity, price, per)?;
    let rounded = (over.abs().checked_mul(2)?.checked_add(under)?) / (under.checked_mul(2)?) * over.signum();
    i64::try_from(rounded).ok().map(Pence)
}

/// Whether `stated` is `quantity × price ÷ per` rounded to whole pence, in whichever direction exactly half a penny goes.
#[must_use]
pub fn is_cost(quantity: Decimal, price: Decimal, per: Decimal, stated: Pence) -> bool {
    let Some((over, under)) = product(quantity, price, per) else { return false };
    let Some(off) = i128::from(stated.0).checked_mul(under).and_then(|whole| whole.checked_sub(over)) else {
        return false;
    };
    off.checked_abs().and_then(|off| off.checked_mul(2)).is_some_and(|off| off <= under)
}

/// `rate` hundredths of a per cent of an amount, half a penny away from zero.
#[must_use]
pub fn basis_points_of(amount: Pence, rate: u32) -> Pence {
    let exact = i128::from(amount.0) * i128::from(rate);
    let rounded = (exact.abs() + 5_000) / 10_000 * exact.signum();
    // A rate is at most 100 %, so no more than the amount.
    Pence(i64::try_from(rounded).unwrap_or(amount.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decimal(text: &str) -> Decimal {
        text.parse().expect(text)
    }

    #[test]
    fn pounds_are_exact_to_the_ends_of_the_range() {
        assert_eq!(Pounds(Pence(-5)).to_string(), "-0.05");
        assert_eq!(Pounds(Pence(i64::MIN)).to_string(), "-92233720368547758.08");
        assert_eq!(pence_of("12"), Some(Pence(1200)));
        assert_eq!(pence_of("-0.5"), Some(Pence(-50)));
        for wrong in ["", "-", "1,234.00", "£1", "1.234", "1e3", "+1", " 1", ".5", "1.", "NaN", "٣"] {
            assert_eq!(pence_of(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_cost_is_rounded_once() {
        assert_eq!(cost(decimal("28"), decimal("941"), decimal("7")), Some(Pence(376_400)));
        assert_eq!(cost(decimal("1"), decimal("100"), decimal("7")), Some(Pence(1429)));
        assert_eq!(cost(decimal("-1"), decimal("0.005"), decimal("1")), Some(Pence(-1)));
        assert!(is_cost(decimal("1"), decimal("0.005"), decimal("1"), Pence(0)));
        assert!(is_cost(decimal("1"), decimal("0.005"), decimal("1"), Pence(1)));
        assert!(!is_cost(decimal("28"), decimal("941"), decimal("7"), Pence(376_401)));
        assert_eq!(cost(decimal("1"), decimal("1"), decimal("0")), None);
        assert_eq!(basis_points_of(Pence(-123), 2000), Pence(-25));
    }

    proptest! {
        #[test]
        fn any_decimal_is_read_back(digits in -999_999_999_999_999_i64..=999_999_999_999_999, places in 0_u32..=8) {
            let value = Decimal::new(digits, places).expect("in range");
            prop_assert_eq!(value.to_string().parse::<Decimal>(), Ok(value));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "[-+0-9.,eE£ ]{0,40}") {
            let _ = text.parse::<Decimal>();
            let _ = pence_of(&text);
        }

        #[test]
        fn no_cost_overflows(a in any::<i64>(), b in any::<i64>(), c in any::<i64>(), p in 0_u32..=8, stated in any::<i64>()) {
            let value = |digits: i64| Decimal::new(digits % 1_000_000_000_000_000, p).unwrap_or(Decimal::ZERO);
            let _ = cost(value(a), value(b), value(c));
            let _ = is_cost(value(a), value(b), value(c), Pence(stated));
        }
    }
}
