//! What is decided in audit: commands, events, decide and evolve, without I/O
