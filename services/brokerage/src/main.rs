//! The one binary. Everything it does is in the library, where the whole-system tests find it too.

use mimalloc::MiMalloc;
use std::process::ExitCode;

/// A command's memory is taken on one thread and given back on another, where the system's allocator waits for its own locks: with
/// it `brokerage bench` needs 140 us of CPU a command instead of 90.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    brokerage::main()
}
