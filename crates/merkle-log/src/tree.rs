//! A tree in memory that keeps every leaf, and so can prove what it holds.

use thiserror::Error;

use crate::{Frontier, Hash};

/// A Merkle tree over the leaves of one log.
///
/// It keeps the root of every complete subtree, 64 bytes for each leaf in all, so that a root or a proof
/// of any size, present or past, costs O(log² n) hashes at most.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    /// `levels[k][i]` is the root over the leaves `i * 2^k .. (i + 1) * 2^k`. Level 0 is the leaves.
    levels: Vec<Vec<Hash>>,
}

/// A proof was asked for that this tree cannot make.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ProofError {
    /// The size is more than the tree has.
    #[error("size {size} is beyond the tree, which has {len} leaves")]
    BeyondTree {
        /// The size asked for, in leaves.
        size: u64,
        /// The tree's size, in leaves.
        len: u64,
    },
    /// The index is not below the size.
    #[error("index {index} is not in a tree of {size} leaves")]
    BeyondSize {
        /// The leaf asked for, from 0.
        index: u64,
        /// The size asked for, in leaves.
        size: u64,
    },
    /// The old size is 0: every tree extends the empty one, so there is nothing to prove.
    #[error("consistency with the empty tree cannot be proved; ask from size 1")]
    FromEmpty,
    /// The old size is more than the new size.
    #[error("old size {old_size} is more than new size {new_size}")]
    Shrinking {
        /// The old size, in leaves.
        old_size: u64,
        /// The new size, in leaves.
        new_size: u64,
    },
}

impl FromIterator<Hash> for Tree {
    fn from_iter<I: IntoIterator<Item = Hash>>(leaves: I) -> Self {
        let mut tree = Self::new();
        for leaf in leaves {
            tree.append(leaf);
        }
        tree
    }
}

impl Tree {
    /// The tree without leaves.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The number of leaves.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.leaves().len() as u64
    }

    /// Whether there are no leaves.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.leaves().is_empty()
    }

    /// The leaf hashes, in order.
    #[must_use]
    pub fn leaves(&self) -> &[Hash] {
        self.complete_nodes(0)
    }

    /// The roots of the complete subtrees of 2^`level` leaves, in order: the rows that a tile is cut
    /// from (C2SP `tlog-tiles` uses every eighth level). Empty above the top.
    #[must_use]
    pub fn complete_nodes(&self, level: usize) -> &[Hash] {
        self.levels.get(level).map_or(&[], Vec::as_slice)
    }

    /// Adds a leaf, given its hash (see [`leaf_hash`](crate::leaf_hash)). Amortised O(1).
    pub fn append(&mut self, leaf: Hash) {
        let mut node = leaf;
        for level in 0.. {
            if level == self.levels.len() {
                self.levels.push(Vec::new());
            }
            let nodes = &mut self.levels[level];
            nodes.push(node);
            if nodes.len() % 2 == 1 {
                return;
            }
            node = crate::node_hash(nodes[nodes.len() - 2], node);
        }
    }

    /// The root over all leaves. O(log n).
    #[must_use]
    pub fn root(&self) -> Hash {
        self.frontier_of(self.len()).root()
    }

    /// The root over the first `size` leaves. O(log n).
    ///
    /// # Errors
    /// [`ProofError::BeyondTree`].
    pub fn root_at(&self, size: u64) -> Result<Hash, ProofError> {
        Ok(self.frontier_at(size)?.root())
    }

    /// The frontier over the first `size` leaves, from which a follower can go on. O(log n).
    ///
    /// # Errors
    /// [`ProofError::BeyondTree`].
    pub fn frontier_at(&self, size: u64) -> Result<Frontier, ProofError> {
        self.check_size(size)?;
        Ok(self.frontier_of(size))
    }

    /// The audit path of leaf `index` in the tree of the first `size` leaves (RFC 6962 §2.1.1), from
    /// the leaf up. Check it with [`verify_inclusion`](crate::verify_inclusion).
    ///
    /// # Errors
    /// [`ProofError::BeyondTree`], [`ProofError::BeyondSize`].
    pub fn inclusion_proof(&self, index: u64, size: u64) -> Result<Vec<Hash>, ProofError> {
        self.check_size(size)?;
        if index >= size {
            return Err(ProofError::BeyondSize { index, size });
        }
        let (mut begin, mut end) = (0, size);
        let mut path = Vec::new();
        while end - begin > 1 {
            let middle = begin + left_size(end - begin);
            if index < middle {
                path.push(self.range_root(middle, end));
                end = middle;
            } else {
                path.push(self.range_root(begin, middle));
                begin = middle;
            }
        }
        path.reverse();
        Ok(path)
    }

    /// The proof that the first `new_size` leaves begin with the first `old_size` leaves
    /// (RFC 6962 §2.1.2). Check it with [`verify_consistency`](crate::verify_consistency).
    ///
    /// # Errors
    /// [`ProofError::BeyondTree`], [`ProofError::Shrinking`], and [`ProofError::FromEmpty`] for an old
    /// size of 0, whatever the new size.
    pub fn consistency_proof(&self, old_size: u64, new_size: u64) -> Result<Vec<Hash>, ProofError> {
        self.check_size(new_size)?;
        if old_size == 0 {
            return Err(ProofError::FromEmpty);
        }
        if old_size > new_size {
            return Err(ProofError::Shrinking { old_size, new_size });
        }
        let (mut begin, mut end) = (0, new_size);
        let mut path = Vec::new();
        while end != old_size {
            let middle = begin + left_size(end - begin);
            if old_size <= middle {
                path.push(self.range_root(middle, end));
                end = middle;
            } else {
                path.push(self.range_root(begin, middle));
                begin = middle;
            }
        }
        // A subtree from leaf 0 to the old size is the old tree itself, whose root the verifier has.
        if begin != 0 {
            path.push(self.range_root(begin, end));
        }
        path.reverse();
        Ok(path)
    }

    fn check_size(&self, size: u64) -> Result<(), ProofError> {
        let len = self.len();
        if size > len {
            return Err(ProofError::BeyondTree { size, len });
        }
        Ok(())
    }

    /// The frontier of a size that is known to be in the tree.
    fn frontier_of(&self, size: u64) -> Frontier {
        let nodes = (0..u64::BITS)
            .rev()
            .filter(|level| size >> level & 1 == 1)
            .map(|level| self.node(level, (size >> level) - 1))
            .collect();
        Frontier::from_parts(size, nodes).expect("one node was taken for each one bit")
    }

    /// The root over the leaves `begin..end`, a range that RFC 6962's splitting leads to: `begin` is a
    /// multiple of the smallest power of two that holds the range.
    fn range_root(&self, begin: u64, end: u64) -> Hash {
        let size = end - begin;
        if size.is_power_of_two() {
            return self.node(size.trailing_zeros(), begin / size);
        }
        let middle = begin + left_size(size);
        crate::node_hash(self.range_root(begin, middle), self.range_root(middle, end))
    }

    fn node(&self, level: u32, index: u64) -> Hash {
        let level = usize::try_from(level).expect("a level is below 64");
        let index = usize::try_from(index).expect("an index of a node in memory fits in memory");
        self.levels[level][index]
    }
}

/// The leaves in the left half of a tree of `size` > 1: the largest power of two below `size`.
const fn left_size(size: u64) -> u64 {
    1 << (size - 1).ilog2()
}
