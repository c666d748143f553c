//! What is decided in vacancies: commands, events, decide and evolve, without I/O
