//! The formats that a council's money goes out and comes in by: the journal for hledger and Beancount, e-invoices in UBL (EN 16931),
//! spreadsheets in CSV, BACS files for the bank and remittance advices for providers.
//!
//! Pure: no service, no log, no clock, no file. Whoever has the money fills the structs of this crate and says where the text goes, and
//! what is read is checked to the penny before it is given back. All that is wrong with a file is told at once ([`Faults`]).

pub mod amount;
pub mod bacs;
pub mod document;
mod fault;
pub mod journal;
pub mod remittance;
pub mod sheet;
pub mod text;
pub mod ubl;

pub use fault::{FAULTS_MAX, Fault, Faults, Place, quoted};
