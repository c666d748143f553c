//! What is decided in invoicing: a council's charges by night, its invoices and its double-entry ledger, without I/O.
//!
//! The ways of an amount: nights are charged ([`ChargePosted`]) from what funders pay to what is accrued for the provider; an
//! invoice that the council makes ([`InvoiceIssued`]) or the provider sends ([`SupplierInvoiceReceived`], matched line by line in
//! `decide/matching.rs`) turns that into a debt; a payment ([`PaymentRecorded`]) settles it. What was charged too much
//! is taken back penny for penny ([`ChargeReversed`]). Each of these events is a journal entry that sums to zero.
//!
//! What nights cost is worked out from dated lines (`lines.rs`), and whatever is told late corrects the standing charges that say otherwise
//! (`decide/correct.rs`). What is agreed and not charged yet stands beside the books as a commitment ([`CommitmentPosted`]).

#[macro_use]
mod planted;

mod absence;
mod accounts;
mod agreement;
mod bacs_days;
mod bank;
mod by_id;
mod charge;
mod commands;
mod commitment;
mod decide;
mod events;
mod journal;
mod ledger;
mod lines;
mod payables;
mod payment_policy;
mod prompt_payment;
mod reads;
mod rejection;
mod state;
mod tax;
mod vat;

pub use accounts::{Account, AccountClass, AccountUnknown, CHART, ChartRow};
pub use agreement::{Absence, Agreement, Departure, OutcomePaid, Standing, StayingPut, Subject, Terms};
pub use bacs_days::{first_pay_day, last_submission, processing_day};
pub use bank::{ACCOUNT_NAME_CHARS_MAX, BankAccount};
pub use by_id::ById;
pub use charge::{Charge, ChargedLine, FunderAmount};
pub use commands::{
    AccrueNights, ArrangeBilling, Ask, ClosePeriod, Command, IssueInvoice, PaymentStep, Payments,
    ProposePaymentRun, QueryInvoice, RecordPayment, RecordPaymentReturned, RegistrationTold,
    ResolveInvoiceQuery, ReturnOf, SetMatchTolerance, SubmitInvoices, SubmittedInvoice,
};
pub use commitment::year_end;
pub use decide::{InvoiceRejected, InvoiceTrouble, Invoicing, QueryRejected, limits};
pub use events::{
    AbsenceNoted, AgreementOpened, Allowance, BankDetailsRecorded, BankDetailsVerified, BillingArranged,
    BillingMode, ChargePosted, ChargeReversed, ChargesClosed, ChargesOpened, ChargesReopened, Claim,
    CommitmentPosted, ContractFactRefused, HomeRegistrationNoted, InvoiceFormat, InvoiceIssued, InvoiceKind,
    InvoiceLine, InvoiceQueryAnswered, InvoiceQueryResolved, InvoicingEvent, LeftOut, LeftOutReason,
    LineCredit, LineMatch, LineResolved, MatchToleranceSet, NightsAgreed, NightsAgreedEnded, NightsYielded,
    OutcomeCharged, PaymentPolicySet, PaymentRecorded, PaymentReturned, PaymentRunApproved,
    PaymentRunProposed, PaymentRunRejected, PaymentRunReleased, PeriodClosed, QueryOutcome, RunFinished,
    RunId, RunItem, RunKind, RunPayee, RunStarted, StayingPutClosed, StayingPutOpened,
    SupplierInvoiceQueried, SupplierInvoiceReceived, SupplierInvoiceRematched, SupplierLine,
    TaxDetailsRecorded, TaxDetailsVerified, TermsChanged, Tolerance,
};
pub use journal::{Cause, EntryCode, EntryDates, EntryId, JournalEntry, Posting, balanced, checked_sum};
pub use ledger::{Balance, Ledger};
pub use lines::Split;
pub use payables::{Payable, PayableKind, ReceivedInvoice};
pub use payment_policy::{APPROVERS_MAX, PaymentPolicy, RUN_DAYS};
pub use prompt_payment::{PromptPayment, prompt_payment, reporting_period};
pub use reads::{AGE_BUCKETS, Aged, Extract, MonthForecast, aged_payables, forecast, known_at};
pub use rejection::{PaymentRejection, Rejection};
pub use state::{
    BankDetails, Invoice, InvoicePayment, LineStanding, Movement, PaymentRun, PaymentRunStatus, PaymentState,
    ProviderAccount, QueryNote, Run, State, Supplier, SupplierInvoice, number_key,
};
pub use tax::{SupplierTax, Supply, TaxDetails, TaxState, VatNumber};
pub use vat::{INDEPENDENT_SCHOOLS, NO_VAT_NUMBER, SCHOOLS_TAXED_FROM, STANDARD_RATES};
