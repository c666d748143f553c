//! The one binary.

#[cfg_attr(not(test), expect(dead_code, unused_imports, reason = "wired by the demo"))]
mod register;

fn main() {}
