//! Sets of places, one bit for each.

/// A set of small numbers, a bit for each. Two that are combined need not be equally long: what is beyond the end is not in it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Bits(Vec<u64>);

impl Bits {
    pub(crate) fn contains(&self, number: usize) -> bool {
        self.0.get(number / 64).is_some_and(|word| word >> (number % 64) & 1 == 1)
    }

    /// Puts a number in or takes it out.
    pub(crate) fn put(&mut self, number: usize, is_in: bool) {
        let word = number / 64;
        if word >= self.0.len() {
            if !is_in {
                return;
            }
            self.0.resize(word + 1, 0);
        }
        let bit = 1 << (number % 64);
        if is_in {
            self.0[word] |= bit;
        } else {
            self.0[word] &= !bit;
        }
    }

    pub(crate) fn count(&self) -> u32 {
        self.0.iter().map(|word| word.count_ones()).sum()
    }

    /// What is in both.
    pub(crate) fn and(&self, other: &Self) -> Self {
        Self(self.0.iter().zip(&other.0).map(|(a, b)| a & b).collect())
    }

    /// What is in this and not in the other.
    pub(crate) fn without(mut self, other: &Self) -> Self {
        for (own, other) in self.0.iter_mut().zip(&other.0) {
            *own &= !other;
        }
        self
    }

    /// What is in either.
    pub(crate) fn or(mut self, other: &Self) -> Self {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        for (own, other) in self.0.iter_mut().zip(&other.0) {
            *own |= other;
        }
        self
    }

    /// What of it passes a test.
    pub(crate) fn filter(&self, mut passes: impl FnMut(usize) -> bool) -> Self {
        let words = self.0.iter().enumerate().map(|(index, word)| {
            let (mut left, mut kept) = (*word, 0);
            while left != 0 {
                let bit = left.trailing_zeros();
                kept |= u64::from(passes(index * 64 + bit as usize)) << bit;
                left &= left - 1;
            }
            kept
        });
        Self(words.collect())
    }

    /// What is in it, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = usize> {
        self.0.iter().enumerate().flat_map(|(index, word)| {
            let mut left = *word;
            std::iter::from_fn(move || {
                let bit = (left != 0).then(|| left.trailing_zeros())?;
                left &= left - 1;
                Some(index * 64 + bit as usize)
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Bits;
    use proptest::prelude::{any, prop_assert_eq, proptest};
    use std::collections::BTreeSet;

    fn bits(set: &BTreeSet<usize>) -> Bits {
        let mut bits = Bits::default();
        set.iter().for_each(|number| bits.put(*number, true));
        bits
    }

    proptest! {
        #[test]
        fn they_are_sets(
            a in proptest::collection::btree_set(0..300_usize, 0..40),
            b in proptest::collection::btree_set(0..300_usize, 0..40),
            out in any::<u8>(),
        ) {
            let out = usize::from(out);
            let is = |found: &Bits, expected: BTreeSet<usize>| {
                prop_assert_eq!(found.iter().collect::<BTreeSet<_>>(), expected.clone());
                prop_assert_eq!(usize::try_from(found.count()).ok(), Some(expected.len()));
                (0..310).try_for_each(|n| { prop_assert_eq!(found.contains(n), expected.contains(&n)); Ok(()) })
            };
            is(&bits(&a).and(&bits(&b)), &a & &b)?;
            is(&bits(&a).or(&bits(&b)), &a | &b)?;
            is(&bits(&a).without(&bits(&b)), &a - &b)?;
            is(&bits(&a).filter(|n| b.contains(&n)), &a & &b)?;
            let mut less = bits(&a);
            less.put(out, false);
            is(&less, &a - &BTreeSet::from([out]))?;
        }
    }
}
