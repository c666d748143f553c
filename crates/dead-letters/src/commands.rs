//! What may be asked of a dead-letter log.

use care::{StreamId, Timestamp};

/// What may be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Park events.
    Park(ParkLetters),
    /// Note that a letter's event has been applied.
    Retried(NoteRetried),
    /// Give a letter up.
    Discard(DiscardLetter),
}

/// Park events of one log. Those that are or were parked already are left as they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParkLetters {
    /// The log that they are in, such as `vacancies/region`.
    pub source: String,
    /// In order of their positions.
    pub letters: Vec<LetterToPark>,
    /// When they were met.
    pub at: Timestamp,
}

/// An event that is to be parked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LetterToPark {
    /// Its position in its log.
    pub position: u64,
    /// Its stream.
    pub stream: StreamId,
    /// Its type.
    pub event_type: String,
    /// The version of its type's shape.
    pub version: u16,
    /// What is wrong with it; none for one that is only behind another of its stream.
    pub why: Option<String>,
}

/// Note that the event of the first letter of its stream has been applied. Noted again it changes nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteRetried {
    /// The event's log.
    pub source: String,
    /// Its position there.
    pub position: u64,
    /// Who asked for it.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// Give up the first letter of its stream: its event is never applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiscardLetter {
    /// The event's log.
    pub source: String,
    /// Its position there.
    pub position: u64,
    /// Who gives it up.
    pub by: String,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

impl From<ParkLetters> for Command {
    fn from(park: ParkLetters) -> Self {
        Self::Park(park)
    }
}

impl From<NoteRetried> for Command {
    fn from(retried: NoteRetried) -> Self {
        Self::Retried(retried)
    }
}

impl From<DiscardLetter> for Command {
    fn from(discard: DiscardLetter) -> Self {
        Self::Discard(discard)
    }
}
