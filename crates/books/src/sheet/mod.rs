//! Spreadsheets: invoices in CSV in and out ([`read_invoices`], [`write_invoices`]), and what finance staff open: [`journal`],
//! [`statement`], [`aged_payables`].
//!
//! A cell of text that a spreadsheet would take for a formula (it begins with `=`, `+`, `-` or `@`, or with what is cut off before one)
//! gets an apostrophe in front, as people write it to say that it is text; reading takes that apostrophe off again. Amounts and numbers are
//! ours, digits throughout, and stay numbers.

pub(crate) mod cells;
mod columns;
mod exports;
mod invoices;
mod parties;
mod runs;
mod template;

pub use columns::{COLUMNS, Column};
pub use exports::{AgedPayable, StatementLine, aged_payables, journal, statement};
pub use invoices::{BYTES_MAX, ROWS_MAX, read_invoices};
pub use parties::Parties;
pub use runs::{LeftOutRow, PaidRow, payment_run};
pub use template::write_invoices;
