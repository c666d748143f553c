//! What may be asked of a council's payments. Every command says which person asks: two people have to stand behind each payment run.

use crate::bank::BankAccount;
use crate::payment_policy::PaymentPolicy;
use crate::tax::TaxDetails;
use care::{Date, InvoiceId, PaymentRunId, ProviderId};
use std::collections::BTreeSet;

/// A command about payments.
#[derive(Debug, Clone)]
pub struct Payments {
    /// The person, as the subject of the token that they called with: never a name that a request merely states.
    pub by: String,
    /// What is asked.
    pub step: PaymentStep,
}

/// Proposes what is paid on one day.
#[derive(Debug, Clone, Default)]
pub struct ProposePaymentRun {
    /// The day on which the money reaches the accounts; the next of the council's calendar where none is given.
    pub pay_on: Option<Date>,
    /// Documents that are payable by this day; where none is given all that would be late at the run after this one.
    pub due_by: Option<Date>,
    /// Only these providers; all where none is named.
    pub providers: BTreeSet<ProviderId>,
}

/// Of which payment the bank sent the money back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReturnOf {
    /// What a run paid to one provider.
    Run(PaymentRunId, ProviderId),
    /// The last payment of an invoice that no run made.
    Invoice(InvoiceId),
}

/// Records that the bank sent a payment back.
#[derive(Debug, Clone)]
pub struct RecordPaymentReturned {
    /// Which payment.
    pub of: ReturnOf,
    /// The day on which it came back; today where none is given.
    pub returned_on: Option<Date>,
    /// Why, as the bank says it.
    pub reason: String,
}

/// What is asked of payments.
#[derive(Debug, Clone)]
pub enum PaymentStep {
    /// Says how the council pays from now on.
    SetPolicy(PaymentPolicy),
    /// Records a provider's bank account, which somebody else has to verify.
    RecordBankDetails {
        /// The provider.
        provider: ProviderId,
        /// Its account.
        account: BankAccount,
    },
    /// Verifies a provider's bank account with the provider itself.
    VerifyBankDetails {
        /// The provider.
        provider: ProviderId,
        /// Which record of it, from 1: the last one.
        revision: u32,
        /// How it was verified, such as by a call to a number that was known before.
        how: String,
    },
    /// Records what a provider is for VAT, which somebody else has to verify.
    RecordTaxDetails {
        /// The provider.
        provider: ProviderId,
        /// What it is, from a day on.
        details: TaxDetails,
    },
    /// Verifies what a provider is for VAT, in the register of whoever registered it.
    VerifyTaxDetails {
        /// The provider.
        provider: ProviderId,
        /// Which record of it, from 1: the last one.
        revision: u32,
        /// How it was verified, such as by the reference that HM Revenue and Customs' checker gave.
        how: String,
    },
    /// See [`ProposePaymentRun`].
    Propose(ProposePaymentRun),
    /// Approves a run as it was proposed. The second approval releases it.
    Approve(PaymentRunId),
    /// Rejects a run, or takes it back: nothing of it is paid.
    Reject {
        /// The run.
        run: PaymentRunId,
        /// Why.
        reason: String,
    },
    /// See [`RecordPaymentReturned`].
    Returned(RecordPaymentReturned),
}
