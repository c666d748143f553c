//! The one binary. Everything it does is in the library, where the whole-system tests find it too.

use std::process::ExitCode;

fn main() -> ExitCode {
    brokerage::main()
}
