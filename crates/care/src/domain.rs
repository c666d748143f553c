//! What a domain is: commands are decided against a state, events evolve it, and neither does any I/O.
//! Clock, random numbers and facts from elsewhere come in with the command.

use crate::ids::CouncilId;
use jiff::civil::Date;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The thing that a series of events is about, such as `referral/0190…` or `place/SC045099-02`; versions count
/// within it, and the exchange keeps its events in order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StreamId(Box<str>);

impl StreamId {
    /// The stream of the thing `id` of the kind `kind`.
    #[must_use]
    pub fn new(kind: &str, id: impl fmt::Display) -> Self {
        Self(format!("{kind}/{id}").into())
    }

    /// A stream id as it stands in a log.
    #[must_use]
    pub fn from_stored(text: &str) -> Self {
        Self(text.into())
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One kind of event: its name, its version and its place in the log. An event once released is for ever, so a change of shape
/// is a new `VERSION` and an upcaster for the old one.
pub trait EventBody: Serialize + DeserializeOwned + Clone + Send + Sync + 'static {
    /// Its name in the log, such as `PlaceClaimed`.
    const TYPE: &'static str;
    /// The version of its shape, from 1.
    const VERSION: u16 = 1;

    /// The stream it belongs to.
    fn stream(&self) -> StreamId;

    /// The council it concerns; in the region's logs this decides who may see it.
    fn council(&self) -> Option<CouncilId>;

    /// The date from which it holds, where that is not the day it was recorded.
    fn effective(&self) -> Option<Date> {
        None
    }
}

/// An event in a log that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// A type or version that this program does not know: it is older than the log.
    #[error("event type {event_type} version {version} is not known to this program: run a newer one")]
    Unknown {
        /// The event's type as stored.
        event_type: String,
        /// The version as stored.
        version: u16,
    },
    /// A payload that does not have the shape of its type.
    #[error("event of type {event_type} version {version} does not have the shape of its type: {detail}")]
    Malformed {
        /// The event's type as stored.
        event_type: String,
        /// The version as stored.
        version: u16,
        /// What did not fit.
        detail: String,
    },
}

/// Reads one known kind of event.
///
/// # Errors
/// When the payload does not have the shape of `B` at its version.
pub fn decode_body<B: EventBody>(version: u16, payload: &[u8]) -> Result<B, DecodeError> {
    decode_part(B::TYPE, B::VERSION, version, payload)
}

/// Reads what is of interest here of an event's payload, which may hold more.
pub(crate) fn decode_part<P: DeserializeOwned>(
    event_type: &str,
    known_version: u16,
    version: u16,
    payload: &[u8],
) -> Result<P, DecodeError> {
    if version != known_version {
        return Err(DecodeError::Unknown { event_type: event_type.to_owned(), version });
    }
    serde_json::from_slice(payload).map_err(|error| DecodeError::Malformed {
        event_type: event_type.to_owned(),
        version,
        detail: error.to_string(),
    })
}

/// All events of one log; made by [`events!`](crate::events).
pub trait Event: Clone + Send + Sync + 'static {
    /// Its name in the log.
    fn event_type(&self) -> &'static str;
    /// The version of its shape.
    fn version(&self) -> u16;
    /// The stream it belongs to.
    fn stream(&self) -> StreamId;
    /// The council it concerns.
    fn council(&self) -> Option<CouncilId>;
    /// The date from which it holds.
    fn effective(&self) -> Option<Date>;
    /// The payload, as JSON.
    fn encode(&self) -> Vec<u8>;
    /// Reads an event back.
    ///
    /// # Errors
    /// When the type is unknown or the payload has another shape.
    fn decode(event_type: &str, version: u16, payload: &[u8]) -> Result<Self, DecodeError>;
    /// The names of all events of the log.
    fn types() -> &'static [&'static str];
}

/// Declares the events of one log as an enum with a variant per [`EventBody`], each named like its type.
#[macro_export]
macro_rules! events {
    ($(#[$doc:meta])* $vis:vis enum $name:ident { $($variant:ident),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq)]
        #[allow(clippy::large_enum_variant, reason = "events are short-lived and most are the large one")]
        $vis enum $name {
            $(
                #[doc = concat!("See [`", stringify!($variant), "`].")]
                $variant($variant),
            )+
        }

        $(
            impl From<$variant> for $name {
                fn from(body: $variant) -> Self {
                    Self::$variant(body)
                }
            }
        )+

        impl $crate::Event for $name {
            fn event_type(&self) -> &'static str {
                match self { $(Self::$variant(_) => <$variant as $crate::EventBody>::TYPE,)+ }
            }
            fn version(&self) -> u16 {
                match self { $(Self::$variant(_) => <$variant as $crate::EventBody>::VERSION,)+ }
            }
            fn stream(&self) -> $crate::StreamId {
                match self { $(Self::$variant(body) => $crate::EventBody::stream(body),)+ }
            }
            fn council(&self) -> Option<$crate::CouncilId> {
                match self { $(Self::$variant(body) => $crate::EventBody::council(body),)+ }
            }
            fn effective(&self) -> Option<$crate::Date> {
                match self { $(Self::$variant(body) => $crate::EventBody::effective(body),)+ }
            }
            fn encode(&self) -> Vec<u8> {
                match self { $(Self::$variant(body) => $crate::encode_body(body),)+ }
            }
            fn decode(event_type: &str, version: u16, payload: &[u8]) -> Result<Self, $crate::DecodeError> {
                match event_type {
                    $(<$variant as $crate::EventBody>::TYPE => $crate::decode_body::<$variant>(version, payload).map(Self::$variant),)+
                    _ => Err($crate::DecodeError::Unknown { event_type: event_type.to_owned(), version }),
                }
            }
            fn types() -> &'static [&'static str] {
                &[$(<$variant as $crate::EventBody>::TYPE,)+]
            }
        }
    };
}

/// The payload of an event, as JSON.
///
/// # Panics
/// Never for an event: its fields are text, numbers, dates and maps with text keys, all of which JSON can hold.
#[must_use]
pub fn encode_body<B: EventBody>(body: &B) -> Vec<u8> {
    serde_json::to_vec(body).expect("an event's fields all have a JSON form")
}

/// Why a command was refused, for people and for programs. A refusal is an answer, not a failure.
pub trait Refusal: std::error::Error + Send + Sync + 'static {
    /// The reason as a stable word, `UPPER_SNAKE`.
    fn reason(&self) -> &'static str;
    /// What kind of "no" it is.
    fn kind(&self) -> RefusalKind;
    /// The fields at fault; empty when it is the state of things and not the request.
    fn violations(&self) -> Vec<Violation> {
        Vec::new()
    }
}

/// The kinds of refusal, each of which has one canonical gRPC code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RefusalKind {
    /// The request itself is wrong, whatever the state (`INVALID_ARGUMENT`).
    Invalid,
    /// No such thing, or none that the caller may know of (`NOT_FOUND`).
    NotFound,
    /// It exists already (`ALREADY_EXISTS`).
    AlreadyExists,
    /// The state of things does not allow it (`FAILED_PRECONDITION`).
    Precondition,
    /// Somebody changed it meanwhile: read again and retry (`ABORTED`).
    Conflict,
    /// This caller may not (`PERMISSION_DENIED`).
    Forbidden,
}

/// A field of a request that is at fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The field's path in the request, such as `terms.weekly_lines[0].weekly_pence`.
    pub field: String,
    /// What was wrong and what to do.
    pub description: String,
}

/// What a decision gives: the events to append, none for a command that changes nothing, or a refusal.
pub type Decided<D> = Result<Vec<<D as Domain>::Event>, <D as Domain>::Rejection>;

/// A consistency boundary: the rules by which one log's commands become events.
pub trait Domain: Send + Sync + 'static {
    /// The fold of the log's events. It serialises to the same bytes for the same events, so maps in it are ordered.
    type State: Default + Clone + Serialize + DeserializeOwned + Send + Sync + 'static;
    /// What may be asked, with the instant, ids and outside facts that a decision needs.
    type Command: Send + Sync + 'static;
    /// What may have happened.
    type Event: Event;
    /// Why something was refused.
    type Rejection: Refusal;

    /// How many events may lie between two snapshots of the fold: what a start replays at most, so fewer where events are large.
    const SNAPSHOT_EVENTS: u64 = 20_000;

    /// Decides a command. Pure: same state and command, same answer.
    ///
    /// # Errors
    /// The domain's refusal.
    fn decide(state: &Self::State, command: &Self::Command) -> Decided<Self>
    where
        Self: Sized;

    /// Applies an event that has happened. Total: it neither fails nor panics, whatever the state.
    fn evolve(state: &mut Self::State, event: &Self::Event);
}
