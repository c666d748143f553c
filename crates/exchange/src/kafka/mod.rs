//! Kafka.

mod async_api;
pub mod cloud_event;
mod connection;
mod topics;

pub use async_api::async_api;
pub use connection::Connection;
pub use topics::{Applied, Difference, Topic, Topics};
