//! Why letters are not parked or settled.

use crate::{LETTERS_MAX, REASON_CHARS_MAX};
use care::{Refusal, RefusalKind, Violation};

/// Why letters are not parked or settled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeadLetterRejection {
    /// No such letter.
    #[error("no letter for {log}:{position} is parked: `brokerage dlq list` shows those that are")]
    Unknown {
        /// The event's log.
        log: String,
        /// Its position there.
        position: u64,
    },
    /// Another of its stream is before it.
    #[error("{log}:{position} is behind {first} of {stream}: settle that one first")]
    NotFirst {
        /// The event's log.
        log: String,
        /// Its position there.
        position: u64,
        /// The position of the first of its stream.
        first: u64,
        /// The stream.
        stream: String,
    },
    /// There are too many.
    #[error(
        "{parked} letters are parked, and more than {LETTERS_MAX} are not: retry or discard some, and start the service again"
    )]
    Full {
        /// How many there are.
        parked: usize,
    },
    /// Nothing is wrong with it, and nothing of its stream is parked before it.
    #[error("{log}:{position} has nothing before it in {stream} that is parked")]
    NothingBefore {
        /// The event's log.
        log: String,
        /// Its position there.
        position: u64,
        /// Its stream.
        stream: String,
    },
    /// Events that are not in order.
    #[error("the event at {position} cannot follow the one at {last}: positions ascend")]
    OutOfOrder {
        /// The position.
        position: u64,
        /// The one before it.
        last: u64,
    },
    /// A reason that says nothing, too much, or is not text.
    #[error("a reason is 1 to {REASON_CHARS_MAX} characters without line breaks, not {chars}: say why")]
    ReasonInvalid {
        /// How many there are.
        chars: usize,
    },
}

impl Refusal for DeadLetterRejection {
    fn reason(&self) -> &'static str {
        match self {
            Self::Unknown { .. } => "DEAD_LETTER_UNKNOWN",
            Self::NotFirst { .. } => "DEAD_LETTER_NOT_FIRST",
            Self::Full { .. } => "DEAD_LETTERS_FULL",
            Self::NothingBefore { .. } => "DEAD_LETTER_NOTHING_BEFORE",
            Self::OutOfOrder { .. } => "DEAD_LETTERS_OUT_OF_ORDER",
            Self::ReasonInvalid { .. } => "REASON_INVALID",
        }
    }

    fn kind(&self) -> RefusalKind {
        match self {
            Self::Unknown { .. } => RefusalKind::NotFound,
            Self::NotFirst { .. } | Self::Full { .. } => RefusalKind::Precondition,
            Self::NothingBefore { .. } => RefusalKind::Conflict,
            Self::OutOfOrder { .. } | Self::ReasonInvalid { .. } => RefusalKind::Invalid,
        }
    }

    fn violations(&self) -> Vec<Violation> {
        match self {
            Self::ReasonInvalid { .. } => {
                vec![Violation { field: "reason".to_owned(), description: self.to_string() }]
            }
            _ => Vec::new(),
        }
    }
}
