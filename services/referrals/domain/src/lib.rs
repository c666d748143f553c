//! What is decided in referrals: commands, events, decide and evolve, without I/O
