//! The right edge of a tree: what must be kept to append and to know the root, and no more.

use thiserror::Error;

use crate::{Hash, SIZE_MAX, empty_root, node_hash};

/// The roots of the complete subtrees that a tree of some size splits into, largest first.
///
/// Their sizes are the powers of two that add up to the tree's size, so there are at most 63. A follower
/// that keeps no leaves keeps this, and can check each root that the log publishes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    nodes: Vec<Hash>,
}

/// Stored parts that cannot be a frontier.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FrontierError {
    /// The number of nodes is not the number of one bits in the size.
    #[error("a tree of {size} leaves has {expected} frontier nodes, not {found}")]
    WrongNodeCount {
        /// The tree's size, in leaves.
        size: u64,
        /// The nodes that such a tree has.
        expected: u32,
        /// The nodes given.
        found: usize,
    },
    /// The size is over [`SIZE_MAX`].
    #[error("a tree has at most {SIZE_MAX} leaves, not {size}")]
    TooLarge {
        /// The size given, in leaves.
        size: u64,
    },
}

impl Frontier {
    /// The frontier of the tree without leaves.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Restores a frontier that was stored as its size and [`nodes`](Self::nodes).
    ///
    /// This checks the shape only: compare [`root`](Self::root) with a root that is trusted.
    ///
    /// # Errors
    /// [`FrontierError`] when that many nodes cannot belong to that size.
    pub fn from_parts(size: u64, nodes: Vec<Hash>) -> Result<Self, FrontierError> {
        if size > SIZE_MAX {
            return Err(FrontierError::TooLarge { size });
        }
        let expected = size.count_ones();
        if usize::try_from(expected) != Ok(nodes.len()) {
            return Err(FrontierError::WrongNodeCount { size, expected, found: nodes.len() });
        }
        Ok(Self { size, nodes })
    }

    /// The number of leaves.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The subtree roots, largest subtree first: what to store, with the size.
    #[must_use]
    pub fn nodes(&self) -> &[Hash] {
        &self.nodes
    }

    /// Adds a leaf, given its hash (see [`leaf_hash`](crate::leaf_hash)). Amortised O(1).
    pub fn append(&mut self, leaf: Hash) {
        // Each one bit at the low end of the size is a subtree that the new leaf makes complete.
        let mut right = leaf;
        for _ in 0..self.size.trailing_ones() {
            let left = self.nodes.pop().expect("one node for each one bit");
            right = node_hash(left, right);
        }
        self.nodes.push(right);
        self.size += 1;
    }

    /// The root of the tree. O(log n).
    #[must_use]
    pub fn root(&self) -> Hash {
        self.nodes
            .iter()
            .rev()
            .copied()
            .reduce(|right, left| node_hash(left, right))
            .unwrap_or_else(empty_root)
    }
}
