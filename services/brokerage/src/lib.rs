//! The one binary as a library: runs the whole region in one process, and speaks to it as its clients do.

mod bench;
mod cli;
mod client;
mod demo;
mod register;
mod running;
mod storage;
mod terminal;
mod token_command;

pub use cli::main;
pub use running::{Options, Running, StartFailed, rules};
pub use storage::{DatabaseUrl, StorageFailed};
