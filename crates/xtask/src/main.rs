//! Tasks for people and CI.
fn main() {}
