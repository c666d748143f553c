//! What happens on the way of a debt to the bank: how the council pays, to which accounts, and its payment runs.

use crate::bank::BankAccount;
use crate::journal::{EntryId, JournalEntry};
use crate::payables::PayableKind;
use crate::payment_policy::PaymentPolicy;
use care::{CouncilId, Date, EventBody, InvoiceId, PaymentRunId, Pence, ProviderId, StreamId, Timestamp};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The council pays in this way from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentPolicySet {
    /// The council.
    pub council: CouncilId,
    /// How often it was set, from 1.
    pub revision: u32,
    /// How it pays.
    pub policy: PaymentPolicy,
    /// The person who set it.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// A provider's bank account was recorded, or another one. Nothing is paid to it before somebody else has verified it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BankDetailsRecorded {
    /// The council.
    pub council: CouncilId,
    /// The provider.
    pub provider: ProviderId,
    /// How often its details were recorded, from 1.
    pub revision: u32,
    /// The account.
    pub account: BankAccount,
    /// The person who recorded it.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// A second person verified a provider's bank account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BankDetailsVerified {
    /// The council.
    pub council: CouncilId,
    /// The provider.
    pub provider: ProviderId,
    /// Which record of its details.
    pub revision: u32,
    /// How it was verified.
    pub how: String,
    /// The person who verified it.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// One document of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunItem {
    /// The document.
    pub invoice: InvoiceId,
    /// Its number.
    pub number: String,
    /// What kind of document it is.
    pub kind: PayableKind,
    /// The day of its date.
    pub issued_on: Date,
    /// Until when it is to be paid.
    pub payable_by: Date,
    /// The whole document with VAT; negative for a credit note.
    pub gross: Pence,
    /// What the run pays of it, of the same sign.
    pub amount: Pence,
}

/// What a run pays to one provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunPayee {
    /// The provider.
    pub provider: ProviderId,
    /// Which record of its bank details it is paid by.
    pub details: u32,
    /// The sum of the documents; above nothing.
    pub amount: Pence,
    /// The documents, by the day by which they are payable.
    pub items: Vec<RunItem>,
}

/// Why a provider to whom something is due is left out of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum LeftOutReason {
    /// Its credit notes are as much as its invoices, or more.
    NetCredit,
    /// No bank account of it is recorded.
    NoBankDetails,
    /// Nobody has verified the bank account that was recorded last.
    BankDetailsNotVerified,
    /// The bank sent a payment to this account back, and nobody has verified the account since.
    PaymentReturned,
    /// Another run that is not released yet pays it.
    InAnotherRun,
    /// The run has as many documents, or as large a sum, as a run may have.
    RunFull,
    /// It was asked for, and nothing is payable to it by that day.
    NothingDue,
    /// It is the council's own provision: what it costs is recharged inside the council, and no bank pays it.
    InHouse,
}

impl LeftOutReason {
    /// The reason as a stable word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NetCredit => "NET_CREDIT",
            Self::NoBankDetails => "NO_BANK_DETAILS",
            Self::BankDetailsNotVerified => "BANK_DETAILS_NOT_VERIFIED",
            Self::PaymentReturned => "PAYMENT_RETURNED",
            Self::InAnotherRun => "IN_ANOTHER_RUN",
            Self::RunFull => "RUN_FULL",
            Self::NothingDue => "NOTHING_DUE",
            Self::InHouse => "IN_HOUSE",
        }
    }
}

/// A provider that a run leaves out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// The provider.
    pub provider: ProviderId,
    /// Why.
    pub reason: LeftOutReason,
    /// What would have been paid, less credit notes.
    pub amount: Pence,
}

/// A person proposed what to pay on one day. Documents and sums stand from now on: what two others approve is what is paid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentRunProposed {
    /// The council.
    pub council: CouncilId,
    /// The run.
    pub run: PaymentRunId,
    /// Its number among the council's runs, from 1.
    pub number: u32,
    /// The day on which the money reaches the accounts.
    pub pay_on: Date,
    /// Documents that are payable by this day were taken up.
    pub due_by: Date,
    /// Who is paid what, in order of providers.
    pub payees: Vec<RunPayee>,
    /// Who is left out, in order of providers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<LeftOut>,
    /// The sum of all payees.
    pub total: Pence,
    /// Which policy it is to be paid by: whoever approves it approves that too. None in runs that were proposed before this stood in them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<u32>,
    /// The last four digits of the account that it is to be paid from; none in runs that were proposed before this stood in them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payer_ends: Option<String>,
    /// The person who proposed it.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// A person approved a run as it was proposed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentRunApproved {
    /// The council.
    pub council: CouncilId,
    /// The run.
    pub run: PaymentRunId,
    /// The person; neither who proposed it nor who approved it before.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// A run was rejected, or taken back: nothing of it is paid, and its documents are free for another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentRunRejected {
    /// The council.
    pub council: CouncilId,
    /// The run.
    pub run: PaymentRunId,
    /// Why.
    pub reason: String,
    /// The person.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// A run that two people approved goes to the bank. With it stands a `PaymentRecorded` for each document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentRunReleased {
    /// The council.
    pub council: CouncilId,
    /// The run.
    pub run: PaymentRunId,
    /// Which policy it is paid by: account and service user number.
    pub policy: u32,
    /// The day on which the file for the bank was made.
    pub created_on: Date,
    /// The file's number among those of that day, from 1.
    pub file_number: u16,
    /// When.
    pub at: Timestamp,
}

/// The bank sent a payment back: the debt stands again, penny for penny as it was paid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentReturned {
    /// The council.
    pub council: CouncilId,
    /// The document that was paid.
    pub invoice: InvoiceId,
    /// The run that paid it; none where none did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<PaymentRunId>,
    /// The journal entry of the payment.
    pub payment: EntryId,
    /// What came back; negative for a credit note that stands again.
    pub amount: Pence,
    /// The day on which it came back.
    pub returned_on: Date,
    /// Why, as the bank says it.
    pub reason: String,
    /// What was posted: the mirror of the payment.
    pub entry: Arc<JournalEntry>,
    /// The person who recorded it.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

body!(PaymentPolicySet, "payment-policy", |event| event.council);
body!(BankDetailsRecorded, "bank-details", |event| &event.provider);
body!(BankDetailsVerified, "bank-details", |event| &event.provider);
body!(PaymentRunProposed, "payment-run", |event| event.run, event.pay_on);
body!(PaymentRunApproved, "payment-run", |event| event.run);
body!(PaymentRunRejected, "payment-run", |event| event.run);
body!(PaymentRunReleased, "payment-run", |event| event.run);
body!(PaymentReturned, "invoice", |event| event.invoice, event.returned_on);
