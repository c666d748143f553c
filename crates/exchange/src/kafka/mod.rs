//! Services that are processes of their own follow each other's logs through Kafka.
//!
//! A [`Relay`] publishes one log to one topic, in the process that owns the log's appender; [`Kafka`] is the port's adapter for those
//! who follow. Kafka carries the events and is never the record: a topic can be made again from its log, consumers keep their
//! positions with what they derived, and what a topic lacks is fetched from the log's owner ([`Origin`]).
//!
//! | module | its one job |
//! |---|---|
//! | `topics`, `async_api` | which topic belongs to which log, and how it is set; the same as a document |
//! | `cloud_event`, `record_key` | an event as a record, and back; the code that shows it is the region's own |
//! | `publisher`, `window`, `ahead`, `relay` | out: the producer of a process, what is under way, what is next, one log's publication |
//! | `reader`, `tail` | looking into a topic at any place: its end, whether it has the log's beginning, and where a position stands |
//! | `remade` | a topic that was made again under its relay: noticing it, and emptying what was begun in the middle |
//! | `bare` | the benchmarks' peer: a record without any of this |
//! | `consumers`, `merge`, `exchange` | in: consumers that are shared, partitions in order, the port |

mod ahead;
mod async_api;
pub mod bare;
pub mod cloud_event;
mod connection;
mod consumers;
mod exchange;
mod merge;
mod origin;
mod publisher;
mod reader;
mod record_key;
mod relay;
mod remade;
mod tail;
mod topics;
mod window;

pub use async_api::async_api;
pub use connection::Connection;
pub use consumers::CONSUMER_SETTINGS;
pub use exchange::Kafka;
pub use origin::Origin;
pub use publisher::{PRODUCER_SETTINGS, Publisher};
pub use reader::RecordFault;
pub use record_key::RecordKey;
pub use relay::{ByLog, Fence, Relay, RelayState, Traces};
pub use topics::{Applied, Difference, Topic, Topics};
pub use window::WINDOW_POSITIONS;
