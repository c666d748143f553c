//! Whole-system tests: end to end, crash, architecture
