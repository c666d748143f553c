//! What may be asked of a council's ledger. Instants, dates and ids come in with the command.

mod payments;

pub use payments::{PaymentStep, Payments, ProposePaymentRun, RecordPaymentReturned, ReturnOf};

use crate::events::{
    BillingMode, InvoiceFormat, InvoiceKind, QueryOutcome, RunId, RunKind, SupplierLine, Tolerance,
};
use crate::journal::Cause;
use care::market::{
    BlockAllocated, BlockEnded, OccupancyEnded, PlaceReserved, ResaleBought, ResaleSold, ReservationEnded,
};
use care::published::{
    AbsenceRecorded, AgreementIssued, AgreementTermsSet, OutcomePaymentDue, PlacementEndWithdrawn,
    PlacementEnded, PlacementStarted, StayingPutEnded, StayingPutStarted,
};
use care::{AgreementId, CouncilId, Date, EstablishmentUrn, InvoiceId, Pence, ProviderId, Timestamp};

/// Charges the nights of one agreement that are not charged yet.
#[derive(Debug, Clone)]
pub struct AccrueNights {
    /// The agreement.
    pub agreement: AgreementId,
    /// Nights before this date.
    pub through: Date,
    /// The run it belongs to.
    pub run: Option<RunId>,
}

/// Issues the next invoice to one provider; nothing when nothing is due.
#[derive(Debug, Clone)]
pub struct IssueInvoice {
    /// The provider.
    pub provider: ProviderId,
    /// Which of the invoices to this provider that one request asks for, from 0.
    pub part: u32,
    /// Nights before this date.
    pub through: Date,
    /// The run it belongs to.
    pub run: Option<RunId>,
}

/// Records that an invoice was paid, or a credit note settled, in full or in part.
#[derive(Debug, Clone)]
pub struct RecordPayment {
    /// The invoice.
    pub invoice: InvoiceId,
    /// What was paid, with VAT, and negative for what a provider gave back on a credit note; all that is open where none is given.
    pub amount: Option<Pence>,
    /// The day of payment; today where none is given.
    pub paid_on: Option<Date>,
    /// The person who says so, as the subject of the token that they called with.
    pub by: String,
}

/// Closes a month, and all before it.
#[derive(Debug, Clone)]
pub struct ClosePeriod {
    /// A day of the month.
    pub month: Date,
    /// Whether it is closed although nights in it are not charged yet: these become adjustments in the first open month.
    pub leave_uncharged: bool,
}

/// An invoice or credit note that a provider sends.
#[derive(Debug, Clone)]
pub struct SubmittedInvoice {
    /// To which council it is addressed.
    pub buyer: CouncilId,
    /// The provider's own number.
    pub number: String,
    /// Whether it is an invoice or a credit note.
    pub kind: InvoiceKind,
    /// Of a credit note the number of the invoice that it takes back.
    pub credits: Option<String>,
    /// The date that it bears.
    pub issued_on: Date,
    /// Its lines; of a credit note positive where they take back.
    pub lines: Vec<SupplierLine>,
    /// What it states to come to: without VAT, and the VAT.
    pub stated: (Pence, Pence),
}

/// Takes what a provider sends at once: all of it, or nothing.
#[derive(Debug, Clone)]
pub struct SubmitInvoices {
    /// The provider.
    pub provider: ProviderId,
    /// The invoices and credit notes, in the order in which they are to be taken.
    pub invoices: Vec<SubmittedInvoice>,
    /// From what they were read.
    pub format: InvoiceFormat,
    /// The day on which the council received them; today where it does not say.
    pub received_on: Option<Date>,
}

/// Disputes what was accepted of lines of a provider's invoice.
#[derive(Debug, Clone)]
pub struct QueryInvoice {
    /// The invoice.
    pub invoice: InvoiceId,
    /// The lines, from 1; all of which something is accepted where none is named.
    pub lines: Vec<u32>,
    /// A code of `code_sets::INVOICE_QUERY`.
    pub reason: String,
    /// Why, in words.
    pub text: String,
}

/// Ends a query of lines of a provider's invoice.
#[derive(Debug, Clone)]
pub struct ResolveInvoiceQuery {
    /// The invoice.
    pub invoice: InvoiceId,
    /// The lines, from 1; all in query where none is named.
    pub lines: Vec<u32>,
    /// How.
    pub outcome: QueryOutcome,
    /// Why, in words.
    pub text: String,
}

/// Records who makes the invoices of a provider's nights from a day on, as both agreed.
#[derive(Debug, Clone)]
pub struct ArrangeBilling {
    /// The provider.
    pub provider: ProviderId,
    /// Who makes the invoices.
    pub mode: BillingMode,
    /// The first night that it is for.
    pub from: Date,
    /// Who agreed for the council.
    pub council_by: String,
    /// Who agreed for the provider.
    pub provider_by: String,
    /// The day on which both had agreed.
    pub agreed_on: Date,
}

/// Sets what the council tolerates of invoices that it receives from a day on.
#[derive(Debug, Clone)]
pub struct SetMatchTolerance {
    /// The first day of receipt; today at the earliest.
    pub from: Date,
    /// The tolerance.
    pub tolerance: Tolerance,
    /// Who decided it.
    pub approver: String,
}

/// The market told whether a home is registered with the regulator from a day on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistrationTold {
    /// The home.
    pub urn: EstablishmentUrn,
    /// Whether it is: also where its registration is suspended, for it is not taken away by that.
    pub registered: bool,
    /// From which night on.
    pub from: Date,
    /// Where this only dates a turn that was told before as of this day: nothing comes of it where that is not the last turn.
    pub dates: Option<Date>,
    /// When it was entered.
    pub at: Timestamp,
}

/// What is asked.
#[derive(Debug, Clone)]
#[allow(
    clippy::large_enum_variant,
    reason = "commands are short-lived, and the large one comes once per agreement"
)]
pub enum Ask {
    /// A fact from contracts: an agreement was issued.
    OpenAgreement(AgreementIssued),
    /// A fact from contracts: the child arrived.
    OpenCharges(PlacementStarted),
    /// A fact from contracts: the child left.
    CloseCharges(PlacementEnded),
    /// A fact from contracts: an end that was recorded ahead does not come.
    ReopenCharges(PlacementEndWithdrawn),
    /// A fact from contracts: the price is another.
    SetTerms(AgreementTermsSet),
    /// A fact from contracts: the child was away, or is.
    NoteAbsence(AbsenceRecorded),
    /// A fact from contracts: a young person stays put.
    OpenStayingPut(StayingPutStarted),
    /// A fact from contracts: a young person stays put no longer.
    CloseStayingPut(StayingPutEnded),
    /// A fact from contracts: the payment for an outcome is due.
    ChargeOutcome(OutcomePaymentDue),
    /// A fact from the market: the council reserved nights.
    Reserve(PlaceReserved),
    /// A fact from the market: a reservation ends sooner.
    EndReservation(ReservationEnded),
    /// A fact from the market: a child stayed longer than was recorded, and the council's own reservations yield.
    YieldNights(OccupancyEnded),
    /// A fact from the market: the council has a block.
    AllocateBlock(BlockAllocated),
    /// A fact from the market: a block ends sooner.
    EndBlock(BlockEnded),
    /// A fact from the market: the council sold nights.
    SellNights(ResaleSold),
    /// A fact from the market: the council bought nights.
    BuyNights(ResaleBought),
    /// Facts from the market: homes are registered with the regulator no longer, or again.
    NoteRegistrations(Vec<RegistrationTold>),
    /// Begins a run.
    StartRun {
        /// The run.
        run: RunId,
        /// What it does.
        kind: RunKind,
        /// Nights before this date.
        through: Date,
    },
    /// Sums up a run.
    FinishRun {
        /// The run.
        run: RunId,
    },
    /// See [`AccrueNights`].
    AccrueNights(AccrueNights),
    /// See [`IssueInvoice`].
    IssueInvoice(IssueInvoice),
    /// See [`RecordPayment`].
    RecordPayment(RecordPayment),
    /// See [`ClosePeriod`].
    ClosePeriod(ClosePeriod),
    /// See [`SubmitInvoices`].
    SubmitInvoices(SubmitInvoices),
    /// See [`QueryInvoice`].
    QueryInvoice(QueryInvoice),
    /// The provider answers a query of its invoice.
    AnswerInvoiceQuery {
        /// The invoice.
        invoice: InvoiceId,
        /// The answer.
        text: String,
    },
    /// See [`ResolveInvoiceQuery`].
    ResolveInvoiceQuery(ResolveInvoiceQuery),
    /// See [`ArrangeBilling`].
    ArrangeBilling(ArrangeBilling),
    /// See [`SetMatchTolerance`].
    SetMatchTolerance(SetMatchTolerance),
    /// See [`Payments`].
    Payments(Payments),
}

/// A command to one council's ledger.
#[derive(Debug, Clone)]
pub struct Command {
    /// The council whose ledger it is.
    pub council: CouncilId,
    /// What made it necessary; entries take their ids from it.
    pub cause: Cause,
    /// When.
    pub at: Timestamp,
    /// What is asked.
    pub ask: Ask,
}
