//! The one binary. Everything it does is in the library, where the whole-system tests find it too.

use std::process::ExitCode;

/// A gRPC call makes hundreds of small allocations that are freed by another thread than their own, at which it is good.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    brokerage::main()
}
