//! Why the ledger says no.

mod payments;

pub use payments::PaymentRejection;

use crate::decide::{InvoiceRejected, QueryRejected};
use care::{AgreementId, CouncilId, Date, InvoiceId, Pence, Refusal, RefusalKind, Violation};

/// A reason, with what a person needs to put it right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// An invoice that a provider sends is not taken.
    #[error(transparent)]
    Invoice(#[from] Box<InvoiceRejected>),
    /// A query of one cannot be made or ended; or it cannot be arranged so.
    #[error(transparent)]
    Query(#[from] QueryRejected),
    /// No such agreement in this ledger.
    #[error("agreement {0} is not in this council's ledger: check the id")]
    AgreementUnknown(AgreementId),
    /// No such invoice in this ledger.
    #[error("invoice {0} is not in this council's ledger: check the id")]
    InvoiceUnknown(InvoiceId),
    /// Nights that are yet to come.
    #[error(
        "a night is charged and invoiced when it has passed: those before {today} at most, not those before {through}"
    )]
    ThroughOutOfRange {
        /// The date asked for.
        through: Date,
        /// Today, the latest possible.
        today: Date,
    },
    /// It is settled already.
    #[error("invoice {number} was settled on {on}: it cannot be paid twice")]
    InvoiceSettled {
        /// The invoice's number.
        number: String,
        /// When it was.
        on: Date,
    },
    /// All that is not paid of it is in query.
    #[error(
        "nothing of invoice {number} is payable: {in_query} of it is in query; resolve that first, or wait for the provider's credit note"
    )]
    InvoiceInQuery {
        /// The invoice's number.
        number: String,
        /// What is in query, with VAT.
        in_query: Pence,
    },
    /// A day of payment that cannot be.
    #[error("a payment is dated from the invoice's issue on {issued_on} up to today, {today}, not {paid_on}")]
    PaymentDateInvalid {
        /// The date asked for.
        paid_on: Date,
        /// The day of issue.
        issued_on: Date,
        /// Today.
        today: Date,
    },
    /// An amount that cannot be paid of an invoice.
    #[error(
        "{open} is open on {number}: a payment of it is from a penny up to that, of the same sign, not {amount}"
    )]
    PaymentAmountInvalid {
        /// The invoice's number.
        number: String,
        /// The amount asked for.
        amount: Pence,
        /// What is open; negative for a credit note.
        open: Pence,
    },
    /// An entry would be dated into a closed period.
    #[error(
        "the books are closed before {open_from}, so nothing can be dated {on}: use {open_from} or later"
    )]
    PeriodClosed {
        /// Which field says it.
        field: &'static str,
        /// The date asked for.
        on: Date,
        /// The first open day.
        open_from: Date,
    },
    /// The month is not over.
    #[error("the month that starts on {month} is not over on {today}: close it from {open_from} on")]
    PeriodNotOver {
        /// The first day of the month.
        month: Date,
        /// Today.
        today: Date,
        /// The first day after it.
        open_from: Date,
    },
    /// The month has nights that are not charged.
    #[error(
        "{agreements} agreements have nights before {open_from} that are not charged, or charges that are not corrected: \
         charge them through {open_from} and close {month} then, or set leave_uncharged, which makes them adjustments"
    )]
    NightsUncharged {
        /// The first day of the month.
        month: Date,
        /// The first day after it.
        open_from: Date,
        /// How many agreements have such nights.
        agreements: usize,
    },
    /// A run that was not begun.
    #[error("the run was not begun in this ledger: send the request again with a new request_id")]
    RunUnknown,
    /// The command is for another council's ledger.
    #[error("this ledger is {ledger}'s: a posting of {council} belongs in its own")]
    LedgerForeign {
        /// Whose ledger it is.
        ledger: CouncilId,
        /// The other council.
        council: CouncilId,
    },
    /// Postings that do not sum to zero: a defect of this program.
    #[error("the postings are {off_by} off balance: nothing was posted; this is a defect, please report it")]
    LedgerUnbalanced {
        /// By how much.
        off_by: Pence,
    },
    /// A sum that no longer fits.
    #[error("the amounts are too large to add up: nothing was posted; check the weekly fees")]
    AmountOverflow,
    /// A funder without an account.
    #[error("funder {0:?} has no account in the chart: use a FUNDER code")]
    FunderUnknown(String),
    /// An agreement whose funders have no share.
    #[error("no funder of agreement {0} has a share: its charges have nobody to pay them")]
    NobodyPays(AgreementId),
    /// Something about payments.
    #[error(transparent)]
    Payment(#[from] PaymentRejection),
}

impl Refusal for Rejection {
    fn reason(&self) -> &'static str {
        match self {
            Self::Invoice(it) => it.trouble.reason(),
            Self::Query(it) => it.reason(),
            Self::AgreementUnknown(_) => "AGREEMENT_UNKNOWN",
            Self::InvoiceUnknown(_) => "INVOICE_UNKNOWN",
            Self::ThroughOutOfRange { .. } => "THROUGH_OUT_OF_RANGE",
            Self::InvoiceSettled { .. } => "INVOICE_SETTLED",
            Self::InvoiceInQuery { .. } => "INVOICE_IN_QUERY",
            Self::PaymentDateInvalid { .. } => "PAYMENT_DATE_INVALID",
            Self::PaymentAmountInvalid { .. } => "PAYMENT_AMOUNT_INVALID",
            Self::PeriodClosed { .. } => "PERIOD_CLOSED",
            Self::PeriodNotOver { .. } => "PERIOD_NOT_OVER",
            Self::NightsUncharged { .. } => "NIGHTS_UNCHARGED",
            Self::RunUnknown => "RUN_UNKNOWN",
            Self::LedgerForeign { .. } => "LEDGER_FOREIGN",
            Self::LedgerUnbalanced { .. } => "LEDGER_UNBALANCED",
            Self::AmountOverflow => "AMOUNT_OVERFLOW",
            Self::FunderUnknown(_) => "FUNDER_UNKNOWN",
            Self::NobodyPays(_) => "NOBODY_PAYS",
            Self::Payment(refused) => refused.reason(),
        }
    }

    fn kind(&self) -> RefusalKind {
        match self {
            Self::Invoice(it) => it.trouble.kind(),
            Self::Query(it) => it.kind(),
            Self::AgreementUnknown(_) | Self::InvoiceUnknown(_) | Self::RunUnknown => RefusalKind::NotFound,
            Self::ThroughOutOfRange { .. }
            | Self::PaymentDateInvalid { .. }
            | Self::PaymentAmountInvalid { .. } => RefusalKind::Invalid,
            Self::LedgerForeign { .. } => RefusalKind::Forbidden,
            Self::Payment(refused) => refused.kind(),
            _ => RefusalKind::Precondition,
        }
    }

    fn violations(&self) -> Vec<Violation> {
        let field = match self {
            Self::Invoice(it) => return vec![it.violation()],
            Self::Query(it) => match it.field() {
                Some(field) => field,
                None => return Vec::new(),
            },
            Self::ThroughOutOfRange { .. } => "through",
            Self::PeriodClosed { field, .. } => *field,
            Self::PaymentDateInvalid { .. } => "paid_on",
            Self::PaymentAmountInvalid { .. } => "amount_pence",
            Self::Payment(refused) => return refused.violations(),
            _ => return Vec::new(),
        };
        vec![Violation { field: field.to_owned(), description: self.to_string() }]
    }
}
