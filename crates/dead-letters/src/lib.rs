//! What is decided about events of other logs that a service could not apply.
//!
//! Such an event is parked as a letter, and every later event of the same stream of the same log behind it, so that nothing is applied out
//! of its order; other streams go on. The first letter of a stream is retried or discarded by people, then the next. A letter says where its
//! event stands and what was wrong; what the event says stays in its own log, so no personal data comes here.

mod commands;
mod decide;
mod events;
mod rejection;
mod state;

pub use commands::{Command, DiscardLetter, LetterToPark, NoteRetried, ParkLetters};
pub use events::{DeadLetterEvent, LetterDiscarded, LetterParked, LetterRetried};
pub use rejection::DeadLetterRejection;
pub use state::{DeadLettersState, Letter, SourceLetters};

/// How many letters a service parks. When there are more, something is wrong with more than some events, and people must look before
/// the service goes on.
pub const LETTERS_MAX: usize = 10_000;
/// The longest reason, in characters: why an event was not applied, and why it is discarded.
pub const REASON_CHARS_MAX: usize = 500;

/// The domain of a service's dead-letter log.
pub struct DeadLetters;

impl care::Domain for DeadLetters {
    type State = DeadLettersState;
    type Command = Command;
    type Event = DeadLetterEvent;
    type Rejection = DeadLetterRejection;

    fn decide(state: &DeadLettersState, command: &Command) -> care::Decided<Self> {
        decide::decide(state, command)
    }

    fn evolve(state: &mut DeadLettersState, event: &DeadLetterEvent) {
        state::evolve(state, event);
    }
}
