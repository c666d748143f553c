//! Why leaves are not recorded. All of these show a defect or a damaged log, since leaves come from the service itself: the log in
//! question is then not followed further, with an alarm.

use care::{Refusal, RefusalKind};

/// Why leaves are not recorded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuditRejection {
    /// No leaf, or more than an event holds.
    #[error("a batch has 1 to {} leaves, not {leaves}: split it", crate::LEAVES_MAX)]
    BatchSize {
        /// How many there are.
        leaves: usize,
    },
    /// The numbers of the batch contradict each other.
    #[error(
        "{leaves} leaves from position {first_position} do not make a tree of {tree_size}: count again, positions start at 1"
    )]
    SizeWrong {
        /// The first position.
        first_position: u64,
        /// How many leaves there are.
        leaves: usize,
        /// The size claimed.
        tree_size: u64,
    },
    /// Some of the leaves are recorded and some are not.
    #[error(
        "{log}: leaves up to {recorded} are recorded, so a batch cannot start at {first_position}: start after them"
    )]
    Overlap {
        /// The log.
        log: String,
        /// The batch's first position.
        first_position: u64,
        /// Up to which position leaves are recorded.
        recorded: u64,
    },
    /// Leaves between are not there.
    #[error(
        "{log}: leaves up to {recorded} are recorded, so one at {first_position} would leave a gap: record those between"
    )]
    Gap {
        /// The log.
        log: String,
        /// The batch's first position.
        first_position: u64,
        /// Up to which position leaves are recorded.
        recorded: u64,
    },
    /// A text that is not a hash.
    #[error("{hash:?} is not a hash: expected 64 lower-case hexadecimal digits")]
    HashMalformed {
        /// The text, cut to 64 characters.
        hash: String,
    },
}

impl Refusal for AuditRejection {
    fn reason(&self) -> &'static str {
        match self {
            Self::BatchSize { .. } => "BATCH_SIZE_WRONG",
            Self::SizeWrong { .. } => "TREE_SIZE_WRONG",
            Self::Overlap { .. } => "LEAVES_OVERLAP",
            Self::Gap { .. } => "LEAVES_GAP",
            Self::HashMalformed { .. } => "HASH_MALFORMED",
        }
    }

    fn kind(&self) -> RefusalKind {
        match self {
            Self::BatchSize { .. } | Self::SizeWrong { .. } | Self::HashMalformed { .. } => {
                RefusalKind::Invalid
            }
            Self::Overlap { .. } | Self::Gap { .. } => RefusalKind::Precondition,
        }
    }
}
