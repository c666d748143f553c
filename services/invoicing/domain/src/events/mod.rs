//! What happens in a council's invoicing log. Money and opaque ids only: nothing here says who a child is.

macro_rules! body {
    ($name:ident, $stream:literal, |$event:ident| $id:expr $(, $effective:expr)?) => {
        impl EventBody for $name {
            const TYPE: &'static str = stringify!($name);
            fn stream(&self) -> StreamId {
                let $event = self;
                StreamId::new($stream, $id)
            }
            fn council(&self) -> Option<CouncilId> {
                Some(self.council)
            }
            $(fn effective(&self) -> Option<Date> {
                let $event = self;
                Some($effective)
            })?
        }
    };
}

mod payments;
mod price;
mod supplier;
mod tax;

pub use supplier::{
    Allowance, BillingArranged, BillingMode, Claim, InvoiceFormat, InvoiceQueryAnswered,
    InvoiceQueryResolved, LineCredit, LineMatch, LineResolved, MatchToleranceSet, QueryOutcome,
    SupplierInvoiceQueried, SupplierInvoiceReceived, SupplierInvoiceRematched, SupplierLine, Tolerance,
};

pub use payments::{
    BankDetailsRecorded, BankDetailsVerified, LeftOut, LeftOutReason, PaymentPolicySet, PaymentReturned,
    PaymentRunApproved, PaymentRunProposed, PaymentRunRejected, PaymentRunReleased, RunItem, RunPayee,
};
pub use price::{
    AbsenceNoted, CommitmentPosted, NightsAgreed, NightsAgreedEnded, NightsYielded, StayingPutClosed,
    StayingPutOpened, TermsChanged,
};

pub use tax::{HomeRegistrationNoted, TaxDetailsRecorded, TaxDetailsVerified};

use crate::charge::{Charge, is_nil};
use crate::journal::{EntryId, JournalEntry};
use crate::tax::VatNumber;
use care::published::{FunderShare, PriceLine};
use care::{
    AgreementId, CouncilId, Date, EstablishmentUrn, EventBody, InvoiceId, Nights, PaymentRunId, Pence,
    PlaceId, ProviderId, ReferralId, StreamId, Timestamp,
};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;
use uuid::Uuid;

/// One run over many agreements or providers, which is several commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunId(pub Uuid);

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a run does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RunKind {
    /// Charges nights.
    Accrual,
    /// Issues invoices.
    Invoicing,
}

/// The terms on which an agreement's nights will be charged became known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgreementOpened {
    /// The agreement.
    pub agreement: AgreementId,
    /// The council.
    pub council: CouncilId,
    /// The referral it came from; a child that moves has several agreements with one referral.
    pub referral: ReferralId,
    /// The provider that is paid.
    pub provider: ProviderId,
    /// A code of `code_sets::PROVISION`, by which the expense is booked.
    pub provision: String,
    /// The agreed first night.
    pub start: Date,
    /// The weekly price by line.
    pub lines: Vec<PriceLine>,
    /// Who pays; the shares sum to 10,000 basis points.
    pub funders: Vec<FunderShare>,
    /// The place; none in records from before it was noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<PlaceId>,
    /// The home, whose registration VAT goes by; none in records from before it was noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub urn: Option<EstablishmentUrn>,
    /// Whether it is the council's own provision.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub in_house: bool,
    /// When the agreement was issued.
    pub at: Timestamp,
}

/// The child arrived: nights are charged from here. A later one of the same agreement, which puts the day right, replaces it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChargesOpened {
    /// The agreement.
    pub agreement: AgreementId,
    /// The council.
    pub council: CouncilId,
    /// The first paid night.
    pub from: Date,
    /// Whether it puts right an arrival that was recorded before.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub corrected: bool,
    /// When the arrival was recorded.
    pub at: Timestamp,
}

impl ChargesOpened {
    /// Why charges change by it: the reason of the corrections that follow.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        if self.corrected { "ARRIVAL_CORRECTED" } else { "OCCUPIED" }
    }
}

/// The child left, or never came: no night of the placement from here on is charged. A later one of the same agreement replaces it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChargesClosed {
    /// The agreement.
    pub agreement: AgreementId,
    /// The council.
    pub council: CouncilId,
    /// The day of departure, which is not paid.
    pub on: Date,
    /// A code of `code_sets::REASON_PLACE_CHANGE`.
    pub reason: String,
    /// When the departure was recorded.
    pub at: Timestamp,
}

/// The end of a placement that was recorded ahead does not come: its nights are charged from [`ChargesOpened`] on without an end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChargesReopened {
    /// The agreement.
    pub agreement: AgreementId,
    /// The council.
    pub council: CouncilId,
    /// The day of departure that does not hold any more.
    pub on: Date,
    /// When that was recorded.
    pub at: Timestamp,
}

impl ChargesReopened {
    /// Why charges change by it: the reason of the corrections that follow.
    pub const REASON: &'static str = "END_WITHDRAWN";
}

/// A fact from contracts that the ledger cannot take. Nothing is charged on it, and somebody has to look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContractFactRefused {
    /// Derived from the fact, so that it is refused once.
    pub refusal: Uuid,
    /// The agreement that it was about.
    pub agreement: AgreementId,
    /// The council.
    pub council: CouncilId,
    /// The type of the event that was refused, such as `PlacementEnded`.
    pub fact: String,
    /// Why, `UPPER_SNAKE`.
    pub reason: String,
    /// Why, in words.
    pub detail: String,
    /// When the fact was recorded.
    pub at: Timestamp,
}

/// Nights of an agreement were charged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChargePosted {
    /// The council.
    pub council: CouncilId,
    /// The nights, and what they cost by line and funder.
    pub charge: Arc<Charge>,
    /// What was posted.
    pub entry: Arc<JournalEntry>,
    /// The run that charged them; none for what is charged anew after a reversal.
    pub run: Option<RunId>,
    /// When.
    pub at: Timestamp,
}

/// A payment for an outcome was charged: on the day on which it was achieved, and for no night.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutcomeCharged {
    /// The council.
    pub council: CouncilId,
    /// The payment's number among those of the agreement, from 1.
    pub payment: u32,
    /// What it costs by funder.
    pub charge: Arc<Charge>,
    /// What was posted.
    pub entry: Arc<JournalEntry>,
    /// When.
    pub at: Timestamp,
}

/// A charge was taken back, penny for penny as it was recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChargeReversed {
    /// The council.
    pub council: CouncilId,
    /// The mirror of the charge.
    pub charge: Arc<Charge>,
    /// What was posted.
    pub entry: Arc<JournalEntry>,
    /// When.
    pub at: Timestamp,
}

/// One line of an invoice: one price line of one charge or reversal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceLine {
    /// The charge or reversal.
    pub charge: EntryId,
    /// The agreement.
    pub agreement: AgreementId,
    /// A code of `code_sets::CHARGE_LINE`.
    pub kind: String,
    /// The nights.
    pub nights: Nights,
    /// How many nights; negative for a reversal.
    pub nights_count: i64,
    /// Pence a week.
    pub weekly: Pence,
    /// The amount without VAT; the sign is turned for a reversal.
    pub amount: Pence,
    /// How VAT treats it, a code of `code_sets::VAT_TREATMENT`; none in records from before that was noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vat: Option<String>,
    /// The VAT on it.
    #[serde(default, skip_serializing_if = "is_nil")]
    pub vat_amount: Pence,
}

/// What kind of document an [`InvoiceIssued`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum InvoiceKind {
    /// The council owes the provider, or nobody owes anything.
    Invoice,
    /// The provider owes the council.
    CreditNote,
}

/// The council billed itself on a provider's behalf for all that was charged and not yet invoiced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceIssued {
    /// The invoice.
    pub invoice: InvoiceId,
    /// The council.
    pub council: CouncilId,
    /// The provider.
    pub provider: ProviderId,
    /// Its number in the council's one series of invoices and credit notes, from 1 and without gaps.
    pub sequence: u64,
    /// The number as it is printed, such as `E06000015-000123`.
    pub number: String,
    /// What kind of document it is.
    pub kind: InvoiceKind,
    /// Nights before this date were taken up.
    pub through: Date,
    /// The day of issue.
    pub issued_on: Date,
    /// Until when it is to be paid: 30 days (Procurement Act 2023, section 68).
    pub payable_by: Date,
    /// What is billed, by agreement and night.
    pub lines: Vec<InvoiceLine>,
    /// How many nights it bills, less those it takes back.
    pub nights_count: i64,
    /// The sum of the lines without VAT; negative for a credit note.
    pub net: Pence,
    /// The VAT on them.
    #[serde(default, skip_serializing_if = "is_nil")]
    pub vat: Pence,
    /// The provider's VAT number, which stands on an invoice made for it; none where it had none, and in records from before it was noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vat_number: Option<VatNumber>,
    /// What was posted.
    pub entry: Arc<JournalEntry>,
    /// The run that issued it.
    pub run: Option<RunId>,
    /// When.
    pub at: Timestamp,
}

impl InvoiceIssued {
    /// What is to be paid: the sum of its lines with VAT.
    #[must_use]
    pub fn gross(&self) -> Pence {
        self.net + self.vat
    }
}

/// An invoice was paid, or a credit note settled, in full or in part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentRecorded {
    /// The invoice.
    pub invoice: InvoiceId,
    /// The council.
    pub council: CouncilId,
    /// The day of payment.
    pub paid_on: Date,
    /// What the council paid; negative for what it received.
    pub amount: Pence,
    /// What was posted.
    pub entry: Arc<JournalEntry>,
    /// The payment run that paid it; none where none did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<PaymentRunId>,
    /// The person who recorded it: none where a run paid it, which says whose it is, and in what was recorded before persons were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// When it was recorded.
    pub at: Timestamp,
}

/// A month was closed, and all before it: no entry is dated into them any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeriodClosed {
    /// The council.
    pub council: CouncilId,
    /// The first day of the closed month.
    pub month: Date,
    /// The first day on which an entry may be dated from now on.
    pub open_from: Date,
    /// How many agreements had nights in it that were not charged, or charges that were not corrected yet, which it was closed in spite of.
    #[serde(default, skip_serializing_if = "is_none_left")]
    pub left_uncharged: u64,
    /// When.
    pub at: Timestamp,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_none_left(count: &u64) -> bool {
    *count == 0
}

/// A run over many agreements or providers began; each of them is a command of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunStarted {
    /// The run.
    pub run: RunId,
    /// The council.
    pub council: CouncilId,
    /// What it does.
    pub kind: RunKind,
    /// Nights before this date.
    pub through: Date,
    /// When.
    pub at: Timestamp,
}

/// A run has gone over everything; these are its totals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunFinished {
    /// The run.
    pub run: RunId,
    /// The council.
    pub council: CouncilId,
    /// How many agreements were charged, or invoices issued.
    pub items: u64,
    /// How many nights they hold, net.
    pub nights: i64,
    /// What they sum to.
    pub amount: Pence,
    /// When.
    pub at: Timestamp,
}

body!(AgreementOpened, "agreement", |event| event.agreement, event.start);
body!(ChargesOpened, "agreement", |event| event.agreement, event.from);
body!(ChargesClosed, "agreement", |event| event.agreement, event.on);
body!(ChargesReopened, "agreement", |event| event.agreement, event.on);
body!(ContractFactRefused, "agreement", |event| event.agreement);
body!(ChargePosted, "agreement", |event| event.charge.agreement, event.charge.nights.start());
body!(OutcomeCharged, "agreement", |event| event.charge.agreement, event.charge.nights.start());
body!(ChargeReversed, "agreement", |event| event.charge.agreement, event.charge.nights.start());
body!(InvoiceIssued, "invoice", |event| event.invoice, event.issued_on);
body!(PaymentRecorded, "invoice", |event| event.invoice, event.paid_on);
body!(PeriodClosed, "period", |event| event.month, event.month);
body!(RunStarted, "run", |event| event.run);
body!(RunFinished, "run", |event| event.run);

care::events! {
    /// The events of a council's invoicing log.
    pub enum InvoicingEvent {
        AgreementOpened,
        ChargesOpened,
        ChargesClosed,
        ChargesReopened,
        TermsChanged,
        AbsenceNoted,
        StayingPutOpened,
        StayingPutClosed,
        NightsAgreed,
        NightsAgreedEnded,
        NightsYielded,
        CommitmentPosted,
        ContractFactRefused,
        ChargePosted,
        OutcomeCharged,
        ChargeReversed,
        InvoiceIssued,
        PaymentRecorded,
        PeriodClosed,
        RunStarted,
        RunFinished,
        BillingArranged,
        MatchToleranceSet,
        SupplierInvoiceReceived,
        SupplierInvoiceQueried,
        InvoiceQueryAnswered,
        InvoiceQueryResolved,
        SupplierInvoiceRematched,
        PaymentPolicySet,
        BankDetailsRecorded,
        BankDetailsVerified,
        PaymentRunProposed,
        PaymentRunApproved,
        PaymentRunRejected,
        PaymentRunReleased,
        PaymentReturned,
        HomeRegistrationNoted,
        TaxDetailsRecorded,
        TaxDetailsVerified,
    }
}
