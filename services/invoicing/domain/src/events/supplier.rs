//! Invoices that providers send: who bills whom by when, what came in and how it was matched, queries, and how they end.

use crate::charge::is_nil;
use crate::events::InvoiceKind;
use crate::journal::JournalEntry;
use care::{
    AgreementId, CouncilId, Date, EventBody, InvoiceId, Nights, Pence, ProviderId, StreamId, Timestamp,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Who makes the invoices between a council and a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum BillingMode {
    /// The council, on the provider's behalf, from what it has charged. So it is where nothing was arranged.
    #[default]
    SelfBilling,
    /// The provider, and the council matches what comes in.
    SupplierInvoices,
}

/// Council and provider agreed who makes the invoices of nights from a day on. HM Revenue and Customs asks for such an agreement where VAT
/// is self-billed (VAT Notice 700/62).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BillingArranged {
    /// The provider.
    pub provider: ProviderId,
    /// The council.
    pub council: CouncilId,
    /// Who makes the invoices.
    pub mode: BillingMode,
    /// The first night that it is for. No charge is of nights before and after it.
    pub from: Date,
    /// Who agreed for the council: a post.
    pub council_by: String,
    /// Who agreed for the provider: a post.
    pub provider_by: String,
    /// The day on which both had agreed.
    pub agreed_on: Date,
    /// When it was recorded.
    pub at: Timestamp,
}

/// How far an amount may be off: both bounds hold, so the narrower one counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Allowance {
    /// Pence.
    pub pence: Pence,
    /// Hundredths of a per cent of what was agreed.
    pub basis_points: u32,
}

impl Allowance {
    /// Whether an amount may be off by `difference` where `agreed` was agreed.
    #[must_use]
    pub fn allows(self, difference: Pence, agreed: Pence) -> bool {
        let off = u128::from(difference.0.unsigned_abs());
        let share = u128::from(agreed.0.unsigned_abs()) * u128::from(self.basis_points);
        off <= u128::from(self.pence.0.unsigned_abs()) && off * 10_000 <= share
    }
}

/// What of a difference in price a council accepts, line by line and of a whole invoice. Nothing where it set nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Tolerance {
    /// Of a line.
    pub line: Allowance,
    /// Of all differences of an invoice together.
    pub invoice: Allowance,
}

/// A council set its tolerance for invoices that it receives from a day on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MatchToleranceSet {
    /// The council.
    pub council: CouncilId,
    /// How often it was set, from 1.
    pub version: u32,
    /// The first day of receipt that it is for.
    pub from: Date,
    /// The tolerance.
    pub tolerance: Tolerance,
    /// Who decided it: a post.
    pub approver: String,
    /// When.
    pub at: Timestamp,
}

/// From what an invoice was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum InvoiceFormat {
    /// The fields of a request.
    Fields,
    /// UBL 2.1 by EN 16931.
    Ubl,
    /// A spreadsheet.
    Csv,
}

/// A line as the provider sent it. Those of a credit note are positive where they take back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SupplierLine {
    /// The agreement.
    pub agreement: AgreementId,
    /// A code of `code_sets::CHARGE_LINE`.
    pub kind: String,
    /// The nights.
    pub nights: Nights,
    /// How many; negative for what is taken off.
    pub quantity: i64,
    /// Pence a week, where the provider says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weekly: Option<Pence>,
    /// What it comes to without VAT.
    pub net: Pence,
    /// How VAT treats it, a code of `code_sets::VAT_TREATMENT`.
    pub vat: String,
    /// The VAT on it.
    #[serde(default, skip_serializing_if = "is_nil")]
    pub vat_amount: Pence,
}

/// Which nights of which line of an agreement an accepted amount is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// The kind of the agreement's line, a code of `code_sets::CHARGE_LINE`: a line of `CORE` can be for uplift and discounts too.
    pub kind: String,
    /// The nights.
    pub nights: Nights,
    /// How much of what they cost is invoiced with it.
    pub amount: Pence,
    /// How much of the VAT on them.
    #[serde(default, skip_serializing_if = "is_nil")]
    pub vat: Pence,
}

/// What the three-way match made of a line: agreed price, confirmed nights, and the line itself.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LineMatch {
    /// What its confirmed nights cost as agreed and nobody has invoiced yet, without VAT.
    pub agreed: Pence,
    /// The VAT on that.
    #[serde(default, skip_serializing_if = "is_nil")]
    pub agreed_vat: Pence,
    /// What of the line is accepted, and so payable, without VAT. The rest is in query.
    pub accepted: Pence,
    /// What of its VAT is.
    #[serde(default, skip_serializing_if = "is_nil")]
    pub accepted_vat: Pence,
    /// By how much what is accepted is above what was agreed, or below: within the council's tolerance.
    #[serde(default, skip_serializing_if = "is_nil")]
    pub difference: Pence,
    /// Why it is not simply what was agreed: codes of `code_sets::MATCH_REASON`, in their order; none where it matched.
    pub reasons: Vec<String>,
    /// What the accepted amount, less the difference, is for.
    pub claims: Vec<Claim>,
}

/// What a credit note takes of a line of the invoice that it is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineCredit {
    /// The line of the invoice, from 1.
    pub line: u32,
    /// What it takes of it, without VAT.
    pub net: Pence,
    /// What it takes of its VAT.
    #[serde(default, skip_serializing_if = "is_nil")]
    pub vat: Pence,
    /// How much of `net` had been accepted; the rest was in query.
    #[serde(default, skip_serializing_if = "is_nil")]
    pub accepted: Pence,
    /// How much of `vat` had been.
    #[serde(default, skip_serializing_if = "is_nil")]
    pub accepted_vat: Pence,
    /// How much of `accepted` had been a difference within tolerance.
    #[serde(default, skip_serializing_if = "is_nil")]
    pub difference: Pence,
    /// What is invoiced no longer: amounts are negative where they take back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub claims: Vec<Claim>,
}

/// A provider's invoice or credit note came in, and was matched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SupplierInvoiceReceived {
    /// The invoice.
    pub invoice: InvoiceId,
    /// The council.
    pub council: CouncilId,
    /// The provider.
    pub provider: ProviderId,
    /// Its place among all that the council received, from 1 and without gaps.
    pub sequence: u64,
    /// The provider's own number.
    pub number: String,
    /// What kind of document it is.
    pub kind: InvoiceKind,
    /// Of a credit note the invoice that it takes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credits: Option<InvoiceId>,
    /// From what it was read.
    pub format: InvoiceFormat,
    /// The date that it bears.
    pub issued_on: Date,
    /// The day on which the council received it.
    pub received_on: Date,
    /// Until when what is accepted of it is to be paid: 30 days from receipt (Procurement Act 2023, section 68).
    pub payable_by: Date,
    /// Its lines.
    pub lines: Vec<SupplierLine>,
    /// What became of each of them; none for a credit note.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub matches: Vec<LineMatch>,
    /// What a credit note takes of the lines of its invoice.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub credit: Vec<LineCredit>,
    /// The sum of its lines without VAT; never negative.
    pub net: Pence,
    /// The VAT on them.
    #[serde(default, skip_serializing_if = "is_nil")]
    pub vat: Pence,
    /// What was posted; none where nothing became payable, or ceased to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<Arc<JournalEntry>>,
    /// When.
    pub at: Timestamp,
}

impl SupplierInvoiceReceived {
    /// The whole of it with VAT.
    #[must_use]
    pub fn gross(&self) -> Pence {
        self.net + self.vat
    }
}

/// A council disputes lines of an invoice: what was accepted of them is not payable any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SupplierInvoiceQueried {
    /// The invoice.
    pub invoice: InvoiceId,
    /// The council.
    pub council: CouncilId,
    /// The lines, from 1.
    pub lines: Vec<u32>,
    /// A code of `code_sets::INVOICE_QUERY`.
    pub reason: String,
    /// Why, in words, for the provider.
    pub text: String,
    /// What was posted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<Arc<JournalEntry>>,
    /// When.
    pub at: Timestamp,
}

/// A provider answers what is in query of its invoice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceQueryAnswered {
    /// The invoice.
    pub invoice: InvoiceId,
    /// The council.
    pub council: CouncilId,
    /// The answer, in words.
    pub text: String,
    /// When.
    pub at: Timestamp,
}

/// How a query ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum QueryOutcome {
    /// What is agreed by now is accepted, and the provider is to credit the rest.
    AcceptedAsAgreed,
    /// The provider is to credit all that is in query.
    ProviderCredits,
    /// The council withdraws it: the lines are matched anew, as when they came in but by what is known by now. What still does not match stays
    /// in query.
    Withdrawn,
    /// The invoice was not a valid one: nothing of it is payable, and its number may be used again.
    RejectedAsInvalid,
}

impl QueryOutcome {
    /// The outcome as a stable word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AcceptedAsAgreed => "ACCEPTED_AS_AGREED",
            Self::ProviderCredits => "PROVIDER_CREDITS",
            Self::Withdrawn => "WITHDRAWN",
            Self::RejectedAsInvalid => "REJECTED_AS_INVALID",
        }
    }
}

/// What a line is matched as from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineResolved {
    /// The line, from 1.
    pub line: u32,
    /// What became of it.
    pub result: LineMatch,
}

/// A query ended, or a part of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceQueryResolved {
    /// The invoice.
    pub invoice: InvoiceId,
    /// The council.
    pub council: CouncilId,
    /// How.
    pub outcome: QueryOutcome,
    /// The lines that it is about, as they stand from now on.
    pub lines: Vec<LineResolved>,
    /// Why, in words, for the provider.
    pub text: String,
    /// What was posted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<Arc<JournalEntry>>,
    /// When.
    pub at: Timestamp,
}

/// Late news changed what nights cost that a provider has invoiced, and the lines that claim them were matched again: what is above that is in query
/// from now on. Where it was paid already, the provider is to credit it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SupplierInvoiceRematched {
    /// The invoice.
    pub invoice: InvoiceId,
    /// The council.
    pub council: CouncilId,
    /// The lines of which less is accepted than before, as they stand from now on.
    pub lines: Vec<LineResolved>,
    /// What the news was: the reason of the corrections that it led to.
    pub reason: String,
    /// What was posted: the exact difference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<Arc<JournalEntry>>,
    /// When.
    pub at: Timestamp,
}

body!(BillingArranged, "billing", |event| &event.provider, event.from);
body!(MatchToleranceSet, "policy", |_event| "match-tolerance");
body!(SupplierInvoiceReceived, "invoice", |event| event.invoice, event.received_on);
body!(SupplierInvoiceQueried, "invoice", |event| event.invoice);
body!(InvoiceQueryAnswered, "invoice", |event| event.invoice);
body!(InvoiceQueryResolved, "invoice", |event| event.invoice);
body!(SupplierInvoiceRematched, "invoice", |event| event.invoice);
