//! What is decided in invoicing: a council's charges by night, its invoices and its double-entry ledger, without I/O.
//!
//! The ways of an amount: nights are charged ([`ChargePosted`]) from what funders pay to what is accrued for the provider; an
//! invoice ([`InvoiceIssued`]) turns that into a debt; a payment ([`PaymentRecorded`]) settles it. What was charged too much
//! is taken back penny for penny ([`ChargeReversed`]). Each of these events is a journal entry that sums to zero.
//!
//! What nights cost is worked out from dated lines (`lines.rs`), and whatever is told late corrects the standing charges that say otherwise
//! (`decide/correct.rs`). What is agreed and not charged yet stands beside the books as a commitment ([`CommitmentPosted`]).

#[macro_use]
mod planted;

mod absence;
mod accounts;
mod agreement;
mod by_id;
mod charge;
mod commands;
mod commitment;
mod decide;
mod events;
mod journal;
mod ledger;
mod lines;
mod reads;
mod rejection;
mod state;
mod vat;

pub use accounts::{Account, AccountClass, AccountUnknown, CHART, ChartRow};
pub use agreement::{Absence, Agreement, Departure, OutcomePaid, Standing, StayingPut, Subject, Terms};
pub use by_id::ById;
pub use charge::{Charge, ChargedLine, FunderAmount};
pub use commands::{AccrueNights, Ask, ClosePeriod, Command, IssueInvoice, RecordPayment};
pub use commitment::year_end;
pub use decide::{Invoicing, limits};
pub use events::{
    AbsenceNoted, AgreementOpened, ChargePosted, ChargeReversed, ChargesClosed, ChargesOpened,
    CommitmentPosted, ContractFactRefused, InvoiceIssued, InvoiceKind, InvoiceLine, InvoicingEvent,
    NightsAgreed, NightsAgreedEnded, NightsYielded, OutcomeCharged, PaymentRecorded, PeriodClosed,
    RunFinished, RunId, RunKind, RunStarted, StayingPutClosed, StayingPutOpened, TermsChanged,
};
pub use journal::{Cause, EntryCode, EntryDates, EntryId, JournalEntry, Posting, balanced, checked_sum};
pub use ledger::{Balance, Ledger};
pub use lines::Split;
pub use reads::{AGE_BUCKETS, Aged, MonthForecast, aged_payables, forecast, known_at};
pub use rejection::Rejection;
pub use state::{Invoice, ProviderAccount, Run, State};
pub use vat::{INDEPENDENT_SCHOOLS, SCHOOLS_TAXED_FROM, STANDARD_RATES};
