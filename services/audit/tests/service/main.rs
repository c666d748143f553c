//! The audit service over real SQLite files and the embedded exchange, asked through its gRPC handlers.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod access;
mod events;
mod following;
mod recording;
mod verifying;
mod world;
