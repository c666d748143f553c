//! Sets of places, one bit for each.

use std::ops::Range;

/// A set of small numbers, a bit for each. Two that are combined need not be equally long: what is beyond the end is not in it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Bits(Vec<u64>);

impl Bits {
    #[inline]
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

    /// Puts in numbers that follow each other.
    pub(crate) fn add(&mut self, numbers: Range<usize>) {
        if self.0.len() * 64 < numbers.end {
            self.0.resize(numbers.end.div_ceil(64), 0);
        }
        let mut at = numbers.start;
        while at < numbers.end {
            let (word, bit) = (at / 64, at % 64);
            let count = (64 - bit).min(numbers.end - at);
            self.0[word] |= (u64::MAX >> (64 - count)) << bit;
            at += count;
        }
    }

    /// Takes out those that are in `other`, or those that are not; tells how many.
    pub(crate) fn cut(&mut self, other: &Self, inside: bool) -> u32 {
        let outside = if inside { 0 } else { u64::MAX };
        let shorter = self.0.len().min(other.0.len());
        let (common, rest) = self.0.split_at_mut(shorter);
        let cut = |own: &mut u64, other: u64| {
            let out = *own & (other ^ outside);
            *own &= !out;
            out.count_ones()
        };
        let in_both = common.iter_mut().zip(&other.0).map(|(own, other)| cut(own, *other)).sum::<u32>();
        in_both + rest.iter_mut().map(|own| cut(own, 0)).sum::<u32>()
    }

    /// Takes out of 64 numbers those in `out`.
    #[inline]
    pub(crate) fn take(&mut self, word: usize, out: u64) {
        if let Some(own) = self.0.get_mut(word) {
            *own &= !out;
        }
    }

    /// How many words there are up to the last that has something.
    #[inline]
    pub(crate) fn words(&self) -> usize {
        self.0.len()
    }

    /// The numbers from `word` times 64 on, the first in the lowest bit.
    #[inline]
    pub(crate) fn word(&self, word: usize) -> u64 {
        self.0.get(word).copied().unwrap_or(0)
    }

    pub(crate) fn count(&self) -> u32 {
        self.0.iter().map(|word| word.count_ones()).sum()
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

    /// Does something with each that is in it, in order.
    pub(crate) fn each(&self, mut work: impl FnMut(usize)) {
        for (index, word) in self.0.iter().enumerate() {
            each_of(index, *word, &mut work);
        }
    }
}

/// Does something with each of 64 numbers that is in `word`, in order.
#[inline]
pub(crate) fn each_of(index: usize, word: u64, mut work: impl FnMut(usize)) {
    let mut left = word;
    while left != 0 {
        work(index * 64 + left.trailing_zeros() as usize);
        left &= left - 1;
    }
}

/// Those of 64 numbers that are in `word` and pass a test.
#[inline]
pub(crate) fn filter(index: usize, word: u64, mut passes: impl FnMut(usize) -> bool) -> u64 {
    if word == u64::MAX {
        // The common case of a whole market: nothing to look for.
        return (0..64).fold(0, |kept, bit| kept | u64::from(passes(index * 64 + bit)) << bit);
    }
    let (mut left, mut kept) = (word, 0);
    while left != 0 {
        let bit = left.trailing_zeros();
        kept |= u64::from(passes(index * 64 + bit as usize)) << bit;
        left &= left - 1;
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::{Bits, filter};
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};
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
                let mut all = Vec::new();
                found.each(|number| all.push(number));
                prop_assert!(all.is_sorted());
                prop_assert_eq!(all.into_iter().collect::<BTreeSet<_>>(), expected.clone());
                prop_assert_eq!(usize::try_from(found.count()).ok(), Some(expected.len()));
                (0..310).try_for_each(|n| { prop_assert_eq!(found.contains(n), expected.contains(&n)); Ok(()) })
            };
            let mut kept = bits(&a);
            for word in 0..kept.words() {
                kept.take(word, filter(word, kept.word(word), |n| b.contains(&n)));
            }
            is(&kept, &a - &b)?;
            for (inside, expected) in [(true, &a - &b), (false, &a & &b)] {
                let mut left = bits(&a);
                prop_assert_eq!(usize::try_from(left.cut(&bits(&b), inside)).ok(), Some(a.len() - expected.len()));
                is(&left, expected)?;
            }
            let full = filter(1, u64::MAX, |n| b.contains(&n));
            (64..128).try_for_each(|n| { prop_assert_eq!(full >> (n - 64) & 1 == 1, b.contains(&n)); Ok(()) })?;
            is(&bits(&a).or(&bits(&b)), &a | &b)?;
            let (from, to) = (out.min(200), out + b.len() * 3);
            let mut more = bits(&a);
            more.add(from..to);
            is(&more, &a | &(from..to).collect())?;
            let mut less = bits(&a);
            less.put(out, false);
            is(&less, &a - &BTreeSet::from([out]))?;
        }
    }
}
