//! Runs a pure domain (decide, evolve) over a log
