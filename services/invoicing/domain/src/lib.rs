//! What is decided in invoicing: a council's charges by night, its invoices and its double-entry ledger, without I/O.
//!
//! The ways of an amount: nights are charged ([`ChargePosted`]) from what funders pay to what is accrued for the provider; an
//! invoice ([`InvoiceIssued`]) turns that into a debt; a payment ([`PaymentRecorded`]) settles it. What was charged too much
//! is taken back penny for penny ([`ChargeReversed`]). Each of these events is a journal entry that sums to zero.

mod accounts;
mod charge;
mod commands;
mod decide;
mod events;
mod journal;
mod ledger;
mod rejection;
mod state;

pub use accounts::{Account, AccountClass, AccountUnknown, CHART, ChartRow};
pub use charge::{Charge, ChargedLine, FunderAmount};
pub use commands::{AccrueNights, Ask, ClosePeriod, Command, IssueInvoice, RecordPayment};
pub use decide::{Invoicing, limits};
pub use events::{
    AgreementOpened, ChargePosted, ChargeReversed, ChargesClosed, ChargesOpened, ContractFactRefused,
    InvoiceIssued, InvoiceKind, InvoiceLine, InvoicingEvent, PaymentRecorded, PeriodClosed, RunFinished,
    RunId, RunKind, RunStarted,
};
pub use journal::{Cause, EntryCode, EntryDates, EntryId, JournalEntry, Posting, balanced, checked_sum};
pub use ledger::{Balance, Ledger};
pub use rejection::Rejection;
pub use state::{Agreement, Departure, Invoice, ProviderAccount, Run, State};
