//! Grid locations and the statutory distance between two of them.

use std::fmt;
use std::str::FromStr;

// In tenths of a mile the formula is √d² / 160.93. What is computed is ⌊√(d² · SCALE / UNIT)⌋, twice as many.
const SCALE: u64 = 200 * 200;
const UNIT: u64 = 16_093 * 16_093;

/// A point on the British National Grid (EPSG:27700).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Location {
    /// Metres east of the grid's origin.
    pub easting_m: i32,
    /// Metres north of the grid's origin.
    pub northing_m: i32,
}

/// A distance in statute miles to one decimal, as the DfE collects it. Ordered; zero or more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Miles {
    /// Tenths of a mile: 205 is 20.5 miles.
    pub tenths: u32,
}

/// A text that is not a distance in miles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the distance in miles must be a number from 0 to 999.9 with at most one decimal, such as 20 or 20.5"
)]
pub struct MilesInvalid;

impl Location {
    /// The statutory distance: √(ΔE² + ΔN²) / 1000 / 1.6093, to one decimal, as the crow flies.
    ///
    /// Source: DfE, SSDA903 guide, `PL_DISTANCE` (distance between home and placement postcode).
    #[must_use]
    pub fn miles_to(self, other: Self) -> Miles {
        // In tenths of a mile the formula is √d² / 160.93, and rounding x half away from zero is ⌊(⌊2x⌋ + 1) / 2⌋.
        // So ⌊2x⌋ = ⌊√(d² · 200² / 16093²)⌋, and the integer root of the floored quotient is exactly that: no
        // error, the same on every machine. No tie can occur: x = n + ½ would need 200·√d² = 16093·(2n + 1), even = odd.
        let scaled = self.square_m2_to(other) * u128::from(SCALE);
        // In Great Britain, and far beyond, 64 bits hold it, and are divided and rooted much faster.
        let half_tenths = match u64::try_from(scaled) {
            Ok(scaled) => u128::from(root(scaled / UNIT)),
            Err(_) => (scaled / u128::from(UNIT)).isqrt(),
        };
        // √2 · 2³² m is under 3.8e7 tenths: the conversion cannot fail for any pair of locations.
        Miles { tenths: u32::try_from(half_tenths.div_ceil(2)).unwrap_or(u32::MAX) }
    }

    #[inline]
    fn square_m2_to(self, other: Self) -> u128 {
        let east = u64::from(self.easting_m.abs_diff(other.easting_m));
        let north = u64::from(self.northing_m.abs_diff(other.northing_m));
        // A square of 32 bits has 64; the sum of two may have one more, though not in Great Britain.
        let (east, north) = (east * east, north * north);
        east.checked_add(north).map_or_else(|| u128::from(east) + u128::from(north), u128::from)
    }

    /// Whether `other` is at most `limit` away, judged on the statutory distance: what is shown as 20.0 is within 20.
    #[must_use]
    pub fn within(self, other: Self, limit: Miles) -> bool {
        self.miles_to(other) <= limit
    }
}

/// A greatest distance, ready to be compared with many: no root is taken for one that is only held against it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach {
    /// The greatest square that is still within.
    square_m2_max: u128,
}

impl Reach {
    /// Everything that is shown as `limit` or less.
    #[must_use]
    pub fn of(limit: Miles) -> Self {
        // ⌈h / 2⌉ ≤ t for h = ⌊√(d² · SCALE / UNIT)⌋ means h ≤ 2t, which means d² · SCALE < (2t + 1)² · UNIT.
        let bound = (u128::from(limit.tenths) * 2 + 1).pow(2) * u128::from(UNIT);
        Self { square_m2_max: (bound - 1) / u128::from(SCALE) }
    }

    /// How many whole metres it may be along either axis of the grid.
    #[must_use]
    pub fn metres(self) -> i32 {
        i32::try_from(self.square_m2_max.isqrt()).unwrap_or(i32::MAX)
    }

    /// Whether two points are so near, as [`Location::within`] judges it.
    #[must_use]
    #[inline]
    pub fn holds(self, from: Location, to: Location) -> bool {
        from.square_m2_to(to) <= self.square_m2_max
    }
}

/// The integer root, exact: the processor's own is near it within a step, and integers say which of the two it is.
#[inline]
fn root(square: u64) -> u64 {
    // Beyond, a float need not hold it; so far apart nothing is in Great Britain.
    let Some(signed) = i64::try_from(square).ok().filter(|square| *square < 1 << 52) else {
        return square.isqrt();
    };
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a number below 2^52 is held, and so is its root"
    )]
    let guess = (signed as f64).sqrt() as u64;
    guess - u64::from(guess * guess > square) + u64::from((guess + 1) * (guess + 1) <= square)
}

impl Miles {
    /// Whole miles. Stops at the largest distance that can be held, some 429 million miles.
    #[must_use]
    pub const fn whole(miles: u32) -> Self {
        Self { tenths: miles.saturating_mul(10) }
    }

    /// Whether this distance is at most `limit`.
    #[must_use]
    pub fn within(self, limit: Self) -> bool {
        self <= limit
    }
}

impl fmt::Display for Miles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.tenths / 10, self.tenths % 10)
    }
}

impl FromStr for Miles {
    type Err = MilesInvalid;

    /// Reads `20` or `20.5`. The largest is 999.9, the DfE's mark for a distance that is not known.
    fn from_str(text: &str) -> Result<Self, MilesInvalid> {
        let (whole, tenth) = text.trim().split_once('.').unwrap_or((text.trim(), "0"));
        let digits = |part: &str, most: usize| {
            let plain = (1..=most).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
            part.parse::<u32>().ok().filter(|_| plain)
        };
        match (digits(whole, 3), digits(tenth, 1)) {
            (Some(whole), Some(tenth)) => Ok(Self { tenths: whole * 10 + tenth }),
            _ => Err(MilesInvalid),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Location, Miles, MilesInvalid, Reach, root};
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

    const fn at(easting_m: i32, northing_m: i32) -> Location {
        Location { easting_m, northing_m }
    }

    #[test]
    fn distances_round_to_one_decimal() {
        let origin = at(0, 0);
        // Worked by hand from the formula: metres / 1609.3.
        for (metres, tenths) in
            [(0, 0), (80, 0), (81, 1), (1_609, 10), (1_689, 10), (1_690, 11), (32_266, 200), (32_267, 201)]
        {
            assert_eq!(origin.miles_to(at(metres, 0)), Miles { tenths }, "{metres} m east");
            assert_eq!(origin.miles_to(at(0, -metres)), Miles { tenths }, "{metres} m south");
        }
        assert_eq!(at(427_300, 542_500).miles_to(at(424_800, 564_400)).to_string(), "13.7");
        assert!(origin.within(at(32_266, 0), Miles::whole(20)));
        assert!(!origin.within(at(32_267, 0), Miles::whole(20)));
        assert_eq!(at(i32::MIN, i32::MIN).miles_to(at(i32::MAX, i32::MAX)).tenths, 37_743_124);
    }

    #[test]
    fn miles_are_read_and_written() {
        assert_eq!("20".parse(), Ok(Miles::whole(20)));
        assert_eq!(" 20.5 ".parse(), Ok(Miles { tenths: 205 }));
        assert_eq!("999.9".parse::<Miles>().map(|miles| miles.to_string()), Ok("999.9".into()));
        for bad in ["", ".", "1.", ".5", "-1", "+1", "1.55", "1000", "20 miles", "٢٠", "1e2", "NaN"] {
            assert_eq!(bad.parse::<Miles>(), Err(MilesInvalid), "{bad:?}");
        }
    }

    #[test]
    fn roots_are_those_of_the_integers() {
        for whole in (0..3_000_u64).chain((1 << 26) - 3_000..(1 << 26) + 3_000) {
            for square in (whole * whole).saturating_sub(2)..=whole * whole + 2 {
                assert_eq!(root(square), square.isqrt(), "{square}");
            }
        }
        assert_eq!(root(u64::MAX), u64::from(u32::MAX));
    }

    proptest! {
        #[test]
        fn any_root_is_that_of_the_integers(square in any::<u64>(), shift in 0..64_u32) {
            prop_assert_eq!(root(square >> shift), (square >> shift).isqrt());
        }

        #[test]
        #[expect(clippy::float_arithmetic, reason = "the DfE's formula as it is written, against the exact integers")]
        fn the_integers_agree_with_the_formula(
            east in 0..700_000i32, north in 0..1_300_000i32, east2 in 0..700_000i32, north2 in 0..1_300_000i32,
        ) {
            let (d_east, d_north) = (f64::from(east - east2), f64::from(north - north2));
            let formula = (d_east.powi(2) + d_north.powi(2)).sqrt() / 1000.0 / 1.6093;
            let miles = at(east, north).miles_to(at(east2, north2));
            prop_assert_eq!(f64::from(miles.tenths).to_bits(), (formula * 10.0).round().to_bits());
        }

        #[test]
        fn a_reach_holds_what_is_within(
            east in 0..700_000i32, north in 0..1_300_000i32, east2 in 0..700_000i32, north2 in 0..1_300_000i32,
            more in -1..=1i64,
        ) {
            let (a, b) = (at(east, north), at(east2, north2));
            // At the distance itself, and a tenth to either side of it.
            let tenths = u32::try_from(i64::from(a.miles_to(b).tenths) + more).unwrap_or(0);
            let limit = Miles { tenths };
            let reach = Reach::of(limit);
            prop_assert_eq!(reach.holds(a, b), a.within(b, limit));
            let along = Location { easting_m: a.easting_m + reach.metres(), northing_m: a.northing_m };
            let beyond = Location { easting_m: along.easting_m + 1, ..along };
            prop_assert!(reach.holds(a, along) && !reach.holds(a, beyond));
        }

        #[test]
        fn any_reach_can_be_made(tenths in any::<u32>(), a in any::<(i32, i32)>(), b in any::<(i32, i32)>()) {
            let (a, b, limit) = (at(a.0, a.1), at(b.0, b.1), Miles { tenths });
            prop_assert_eq!(Reach::of(limit).holds(a, b), a.within(b, limit));
        }

        #[test]
        fn distance_is_symmetric_and_never_panics(a in any::<(i32, i32)>(), b in any::<(i32, i32)>()) {
            let (a, b) = (at(a.0, a.1), at(b.0, b.1));
            prop_assert_eq!(a.miles_to(b), b.miles_to(a));
            prop_assert_eq!(a.miles_to(a), Miles::default());
        }

        #[test]
        fn miles_survive_text(tenths in 0..9_999u32) {
            let miles = Miles { tenths };
            prop_assert_eq!(miles.to_string().parse(), Ok(miles));
        }
    }
}
