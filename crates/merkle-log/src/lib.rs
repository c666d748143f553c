//! RFC 6962 Merkle trees: roots, inclusion and consistency proofs.
//!
//! A log that publishes its root can afterwards prove two things to anyone who kept a root: that an
//! event is in the log (inclusion), and that today's log only added to the log of then (consistency).
//! This crate does the hashing and the proofs. Signing, storing and serving are the caller's.
//!
//! - [`Tree`] keeps every leaf and makes proofs.
//! - [`Frontier`] keeps O(log n) hashes and only knows the root: enough for a follower.
//! - [`verify_inclusion`] and [`verify_consistency`] need neither.
//!
//! Sizes and indexes are `u64`, as in RFC 9162. The longest tree has [`SIZE_MAX`] leaves, the limit of
//! the C2SP checkpoint format.

mod frontier;
mod hash;
mod tree;
mod verify;

pub use frontier::{Frontier, FrontierError};
pub use hash::{Hash, ParseHashError, empty_root, leaf_hash, node_hash};
pub use tree::{ProofError, Tree};
pub use verify::{VerifyError, verify_consistency, verify_inclusion};

/// The most leaves a tree may have: 2^63 - 1, as in the C2SP `tlog-checkpoint` format.
pub const SIZE_MAX: u64 = u64::MAX >> 1;
