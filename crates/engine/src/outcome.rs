//! What can come of a command.

use care::DecodeError;
use eventlog::{EventRef, LogError, LogId};
use tokio::sync::oneshot;

/// The answer to a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The answer as it was rendered when the command was decided, byte for byte the same for a repeated request.
    pub bytes: Vec<u8>,
    /// The log's last position when it was given.
    pub head: u64,
    /// Whether this repeats an answer given before.
    pub repeated: bool,
}

/// What became of a command that the log could take.
pub type Executed<R> = Result<Reply, EngineError<R>>;

/// What became of another log's event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reacted {
    /// Its effect is durable, together with its position.
    Applied,
    /// It had been consumed before, and was dropped.
    AlreadySeen,
}

/// Why a command has no effect.
#[derive(Debug, thiserror::Error)]
pub enum EngineError<R> {
    /// The domain says no.
    #[error(transparent)]
    Rejected(R),
    /// The request id was used before for a different request.
    #[error("the request id was used before for a different request")]
    KeyReused,
    /// The events are more than a log takes in one decision.
    #[error("the request is too large: {0}")]
    TooLarge(String),
    /// The log could not take it. Nothing was acknowledged, and with a request id it is safe to ask again.
    #[error("{0}")]
    Unavailable(String),
}

/// Why an engine does not start.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// An event cannot be understood.
    #[error("{at}: {source}")]
    Event {
        /// Where it stands.
        at: EventRef,
        /// What is wrong with it.
        #[source]
        source: DecodeError,
    },
}

/// A promise that another log's event was handed over.
#[derive(Debug)]
pub struct HandedOver<R> {
    pub(crate) log: LogId,
    pub(crate) answered: oneshot::Receiver<Result<Reacted, EngineError<R>>>,
}

impl<R> HandedOver<R> {
    /// Waits until the effect is durable or was refused.
    ///
    /// # Errors
    /// Why the event was not consumed.
    pub async fn outcome(self) -> Result<Reacted, EngineError<R>> {
        self.answered
            .await
            .unwrap_or_else(|_| Err(EngineError::Unavailable(format!("{} has stopped", self.log))))
    }
}
