//! Seeded chance: what a thing draws depends on the seed and its own name, never on what was drawn before it, so that
//! clients may act at once and the same seed still makes the same region.

use super::calibration::assumptions::Share;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sha2::{Digest, Sha256};

/// The chance of one run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Chance {
    seed: u64,
}

/// What one thing draws.
pub(crate) struct Draws(ChaCha8Rng);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed }
    }

    fn digest(self, what: &str, whose: impl std::fmt::Display) -> [u8; 32] {
        Sha256::digest(format!("{}|{what}|{whose}", self.seed)).into()
    }

    /// The draws of the thing `whose` for `what`.
    pub(crate) fn of(self, what: &str, whose: impl std::fmt::Display) -> Draws {
        Draws(ChaCha8Rng::from_seed(self.digest(what, whose)))
    }

    /// A request id that the same run makes again.
    pub(crate) fn request_id(self, what: &str, whose: impl std::fmt::Display) -> String {
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&self.digest(what, whose)[..16]);
        uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
    }
}

impl Draws {
    /// A whole number from 0 up to, not including, `below`.
    pub(crate) fn below(&mut self, below: u32) -> u32 {
        self.0.random_range(0..below.max(1))
    }

    /// A whole number within a range, both ends included.
    pub(crate) fn between(&mut self, low: i64, high: i64) -> i64 {
        self.0.random_range(low..=high.max(low))
    }

    /// Yes in `per_mille` of a thousand cases.
    pub(crate) fn happens(&mut self, per_mille: u32) -> bool {
        self.below(1_000) < per_mille
    }

    /// One of `items`, by weight; the first when all weights are zero.
    pub(crate) fn weighted<'a, T>(&mut self, items: &'a [T], weight: impl Fn(&T) -> u32) -> &'a T {
        let total: u32 = items.iter().map(&weight).sum();
        let mut left = self.below(total);
        for item in items {
            let weight = weight(item);
            if left < weight {
                return item;
            }
            left -= weight;
        }
        &items[0]
    }

    /// A code, by its share.
    pub(crate) fn code(&mut self, shares: &[Share]) -> &'static str {
        self.weighted(shares, |share| share.per_mille).code
    }

    /// Up to `count` different items, in a drawn order.
    pub(crate) fn some<T: Copy>(&mut self, items: &[T], count: usize) -> Vec<T> {
        let mut left: Vec<T> = items.to_vec();
        let mut drawn = Vec::with_capacity(count);
        while drawn.len() < count && !left.is_empty() {
            let index = usize::try_from(self.below(u32::try_from(left.len()).unwrap_or(1))).unwrap_or(0);
            drawn.push(left.swap_remove(index));
        }
        drawn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_thing_draws_the_same() {
        let draw = |seed: u64, whose: &str| Chance::new(seed).of("price", whose).between(0, 1_000_000);
        assert_eq!(draw(7, "a"), draw(7, "a"));
        assert_ne!(draw(7, "a"), draw(7, "b"));
        assert_ne!(draw(7, "a"), draw(8, "a"));
        assert!(uuid::Uuid::parse_str(&Chance::new(7).request_id("post", 1)).is_ok());
    }

    #[test]
    fn weights_are_kept() {
        let mut draws = Chance::new(1).of("weights", "");
        let heavy = (0..10_000).filter(|_| *draws.weighted(&[1_u32, 9], |weight| *weight) == 9).count();
        assert!((8_800..9_200).contains(&heavy), "{heavy}");
    }
}
