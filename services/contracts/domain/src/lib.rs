//! What is decided in contracts: commands, events, decide and evolve, without I/O
