//! The service as its callers meet it: facts of contracts arrive over the exchange, councils charge, bill and pay through the
//! handlers, and what is asked twice is answered the same.
#![allow(clippy::unwrap_used, reason = "a test may fail here")]

mod billing;
mod exports;
mod incoming;
mod payments;
mod reading;
mod repeated;
mod tax;
mod world;
