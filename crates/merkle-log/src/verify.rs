//! Checking proofs against roots, for those who do not hold the tree.

use thiserror::Error;

use crate::{Hash, node_hash};

/// Why a proof was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum VerifyError {
    /// The index is not below the size.
    #[error("index {index} is not in a tree of {size} leaves")]
    IndexBeyondSize {
        /// The leaf's index, from 0.
        index: u64,
        /// The tree's size, in leaves.
        size: u64,
    },
    /// The old size is 0. The empty tree begins every tree, so such a proof would prove nothing.
    #[error("consistency with the empty tree proves nothing; keep a root of size 1 or more")]
    FromEmpty,
    /// The old size is more than the new size.
    #[error("the tree shrank: old size {old_size}, new size {new_size}")]
    Shrinking {
        /// The old size, in leaves.
        old_size: u64,
        /// The new size, in leaves.
        new_size: u64,
    },
    /// The proof does not have the one length that its sizes allow.
    #[error("the proof has {found} hashes, and must have {expected}")]
    WrongLength {
        /// The hashes that such a proof has.
        expected: usize,
        /// The hashes given.
        found: usize,
    },
    /// The proof leads to another old root: it is not about the tree that was kept.
    #[error("the proof leads to the old root {computed}, not {given}")]
    OldRootDiffers {
        /// The root that the proof leads to.
        computed: Hash,
        /// The root given.
        given: Hash,
    },
    /// The proof leads to another root.
    #[error("the proof leads to the root {computed}, not {given}")]
    RootDiffers {
        /// The root that the proof leads to.
        computed: Hash,
        /// The root given.
        given: Hash,
    },
}

/// Checks that `leaf` is the leaf `index` of the tree that has `size` leaves and the root `root`.
///
/// Take `size` and `root` from one signed tree head. A root does not hash its own size, so a proof may
/// also pass for a neighbouring size whose path has the same shape.
///
/// # Errors
/// [`VerifyError`] says what does not fit.
pub fn verify_inclusion(
    leaf: Hash,
    index: u64,
    size: u64,
    proof: &[Hash],
    root: Hash,
) -> Result<(), VerifyError> {
    if index >= size {
        return Err(VerifyError::IndexBeyondSize { index, size });
    }
    let path = Path::new(index, size - 1);
    check_length(path.length(), proof.len())?;
    let (_, computed) = path.climb(leaf, proof);
    check_root(computed, root)
}

/// Checks that the tree of `new_size` leaves and root `new_root` begins with the tree of `old_size`
/// leaves and root `old_root`: that nothing was changed, removed or inserted.
///
/// # Errors
/// [`VerifyError`] says what does not fit. An old size of 0 is always refused, even from 0 to 0.
pub fn verify_consistency(
    old_size: u64,
    old_root: Hash,
    new_size: u64,
    new_root: Hash,
    proof: &[Hash],
) -> Result<(), VerifyError> {
    if old_size == 0 {
        return Err(VerifyError::FromEmpty);
    }
    if old_size > new_size {
        return Err(VerifyError::Shrinking { old_size, new_size });
    }
    if old_size == new_size {
        check_length(0, proof.len())?;
        return check_root(old_root, new_root);
    }
    // The proof is the path of the old tree's last complete subtree, led by that subtree's root
    // unless it is the whole old tree, whose root is known.
    let level = old_size.trailing_zeros();
    let path = Path::new((old_size - 1) >> level, (new_size - 1) >> level);
    let seeds = usize::from(!old_size.is_power_of_two());
    check_length(path.length() + seeds, proof.len())?;
    let (seed, rest) = match proof.split_first() {
        Some((first, rest)) if seeds == 1 => (*first, rest),
        _ => (old_root, proof),
    };
    let (computed_old, computed_new) = path.climb(seed, rest);
    if computed_old != old_root {
        return Err(VerifyError::OldRootDiffers { computed: computed_old, given: old_root });
    }
    check_root(computed_new, new_root)
}

/// The way from a node up to the root, among nodes of one level numbered from 0 to `last`.
struct Path {
    index: u64,
    /// Levels below the point where the way meets the tree's right edge: siblings on either side.
    inner: usize,
    /// Levels from there on that have a sibling: always on the left.
    border: usize,
}

impl Path {
    fn new(index: u64, last: u64) -> Self {
        let inner = u64::BITS - (index ^ last).leading_zeros();
        let border = index.checked_shr(inner).unwrap_or(0).count_ones();
        Self { index, inner: inner as usize, border: border as usize }
    }

    const fn length(&self) -> usize {
        self.inner + self.border
    }

    /// Climbs from `seed` with one sibling for each level. Gives the root over the nodes up to and
    /// including the seed's own, and the root over all of them.
    fn climb(&self, seed: Hash, siblings: &[Hash]) -> (Hash, Hash) {
        let (mut old, mut new) = (seed, seed);
        for (level, &sibling) in siblings.iter().enumerate() {
            if level >= self.inner || self.index >> level & 1 == 1 {
                old = node_hash(sibling, old);
                new = node_hash(sibling, new);
            } else {
                new = node_hash(new, sibling);
            }
        }
        (old, new)
    }
}

fn check_length(expected: usize, found: usize) -> Result<(), VerifyError> {
    if expected != found {
        return Err(VerifyError::WrongLength { expected, found });
    }
    Ok(())
}

fn check_root(computed: Hash, given: Hash) -> Result<(), VerifyError> {
    if computed != given {
        return Err(VerifyError::RootDiffers { computed, given });
    }
    Ok(())
}
