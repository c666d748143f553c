//! What may be asked of a council's ledger. Instants, dates and ids come in with the command.

use crate::events::{RunId, RunKind};
use crate::journal::Cause;
use care::market::{
    BlockAllocated, BlockEnded, OccupancyEnded, PlaceReserved, ResaleBought, ResaleSold, ReservationEnded,
};
use care::published::{
    AbsenceRecorded, AgreementIssued, AgreementTermsSet, OutcomePaymentDue, PlacementEnded, PlacementStarted,
    StayingPutEnded, StayingPutStarted,
};
use care::{AgreementId, CouncilId, Date, InvoiceId, ProviderId, Timestamp};

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

/// Records that an invoice was paid, or a credit note settled, in full.
#[derive(Debug, Clone)]
pub struct RecordPayment {
    /// The invoice.
    pub invoice: InvoiceId,
    /// The day of payment; today where none is given.
    pub paid_on: Option<Date>,
}

/// Closes a month, and all before it.
#[derive(Debug, Clone)]
pub struct ClosePeriod {
    /// A day of the month.
    pub month: Date,
    /// Whether it is closed although nights in it are not charged yet: these become adjustments in the first open month.
    pub leave_uncharged: bool,
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
