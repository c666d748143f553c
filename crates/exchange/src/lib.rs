//! How services learn of each other's events. There is nothing else between services.
//!
//! [`Exchange`] is the port: each log is delivered in order, and a consumer says from which position. [`Embedded`] is the adapter
//! for services in one process, which follow each other's logs directly; [`kafka`] has the one for services that are
//! processes of their own. One suite, `conformance`, runs against both.
//! [`follow`] drives a [`Reaction`] over its sources: it watches for gaps, retries what may succeed later, and stops with an
//! alarm at what may not.

#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
mod embedded;
mod follow;
pub mod kafka;
mod port;
pub mod trace;

pub use embedded::Embedded;
pub use follow::{Follower, FollowerState, Reaction, ReactionError, follow};
pub use port::{Exchange, ExchangeError, Subscription};
