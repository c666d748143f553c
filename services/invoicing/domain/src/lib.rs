//! What is decided in invoicing: commands, events, decide and evolve, without I/O
