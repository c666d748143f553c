//! The one binary as a library: runs the whole region in one process or one service of it, and speaks to it as its clients do.

mod apart;
mod bench;
mod cli;
mod client;
mod codes_command;
mod dead_letters;
mod demo;
mod metrics;
mod operations;
mod otlp;
mod peers;
mod progress;
mod register;
mod register_command;
mod run_command;
mod running;
mod services;
mod storage;
mod terminal;
mod token_command;
mod topics_command;

pub use apart::Apart;
pub use cli::main;
pub use otlp::OtlpEndpoint;
pub use peers::Peer;
pub use running::{Options, Running, StartFailed, rules};
pub use storage::{DatabaseUrl, StorageFailed};
