//! `brokerage`, built where the whole-system tests can find it.

use std::process::ExitCode;

fn main() -> ExitCode {
    brokerage::main()
}
