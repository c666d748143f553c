//! What the events make of a council's payments: its policy, bank details, and runs from proposal to bank.

use super::{Invoice, InvoicePayment, State};
use crate::bacs_days::last_submission;
use crate::events::{
    BankDetailsRecorded, BankDetailsVerified, PaymentPolicySet, PaymentReturned, PaymentRunApproved,
    PaymentRunProposed, PaymentRunRejected, PaymentRunReleased, RunPayee,
};
use care::{Date, InvoiceId, PaymentRunId, Pence, ProviderId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What is known of a provider's bank account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BankDetails {
    /// Every record of it, the last one at the end.
    pub records: Vec<BankDetailsRecorded>,
    /// Who verified the last record; nobody, where it was changed or a payment came back since.
    pub verified: Option<BankDetailsVerified>,
    /// Whether a payment to the last record came back, and nobody has verified it since.
    pub returned: bool,
}

impl BankDetails {
    /// The record that was made last.
    #[must_use]
    pub fn last(&self) -> Option<&BankDetailsRecorded> {
        self.records.last()
    }

    /// A record by its revision, from 1.
    #[must_use]
    pub fn record(&self, revision: u32) -> Option<&BankDetailsRecorded> {
        self.records.iter().find(|record| record.revision == revision)
    }
}

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PaymentRunStatus {
    /// Nobody has approved it yet.
    Proposed,
    /// One person has approved it.
    ApprovedOnce,
    /// Nothing of it is paid.
    Rejected,
    /// It went to the bank.
    Released,
}

impl PaymentRunStatus {
    /// The status as a stable word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Proposed => "PROPOSED",
            Self::ApprovedOnce => "APPROVED_ONCE",
            Self::Rejected => "REJECTED",
            Self::Released => "RELEASED",
        }
    }
}

/// A payment run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentRun {
    /// As it was proposed.
    pub proposed: Arc<PaymentRunProposed>,
    /// Who approved it, in order; two at most.
    pub approvals: Vec<PaymentRunApproved>,
    /// Why it was rejected, if it was.
    pub rejected: Option<PaymentRunRejected>,
    /// How it went to the bank, if it did.
    pub released: Option<PaymentRunReleased>,
    /// To whom the payment came back.
    pub returned: BTreeSet<ProviderId>,
}

impl PaymentRun {
    /// Where it stands.
    #[must_use]
    pub fn status(&self) -> PaymentRunStatus {
        match (&self.rejected, &self.released, self.approvals.is_empty()) {
            (Some(_), _, _) => PaymentRunStatus::Rejected,
            (None, Some(_), _) => PaymentRunStatus::Released,
            (None, None, true) => PaymentRunStatus::Proposed,
            (None, None, false) => PaymentRunStatus::ApprovedOnce,
        }
    }

    /// Whether it was not released while the bank could still pay it on its day.
    #[must_use]
    pub fn has_lapsed(&self, today: Date) -> bool {
        let undecided = self.rejected.is_none() && self.released.is_none();
        undecided && last_submission(self.proposed.pay_on) < today
    }

    /// What it pays to a provider.
    #[must_use]
    pub fn payee(&self, provider: &ProviderId) -> Option<&RunPayee> {
        self.proposed.payees.iter().find(|payee| payee.provider == *provider)
    }
}

/// What is known of a council's payments.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentState {
    /// Its policies, the one that holds at the end.
    pub policies: Vec<Arc<PaymentPolicySet>>,
    /// The providers' bank details.
    pub bank: BTreeMap<ProviderId, BankDetails>,
    /// Its runs.
    pub runs: BTreeMap<PaymentRunId, PaymentRun>,
    /// Their ids in order of their numbers, from 1.
    pub run_numbers: Vec<PaymentRunId>,
    /// The documents of runs that are proposed and neither rejected nor released: none is in two.
    pub held: BTreeMap<InvoiceId, PaymentRunId>,
}

impl PaymentState {
    /// How the council pays now.
    #[must_use]
    pub fn policy(&self) -> Option<&Arc<PaymentPolicySet>> {
        self.policies.last()
    }

    /// The policy of a revision, from 1.
    #[must_use]
    pub fn policy_of(&self, revision: u32) -> Option<&Arc<PaymentPolicySet>> {
        self.policies.iter().find(|policy| policy.revision == revision)
    }

    /// By the revision of which policy a run was proposed: as it says, or of an older one as the log says.
    #[must_use]
    pub fn policy_at_proposal(&self, run: &PaymentRun) -> Option<u32> {
        let held = || self.policies.iter().rfind(|policy| policy.at <= run.proposed.at);
        run.proposed.policy.or_else(|| held().map(|policy| policy.revision))
    }

    /// The run that a document waits in: one that is undecided and that the bank can still be given in time.
    #[must_use]
    pub fn holding(&self, invoice: InvoiceId, today: Date) -> Option<&PaymentRun> {
        let run = self.runs.get(self.held.get(&invoice)?)?;
        (!run.has_lapsed(today)).then_some(run)
    }

    pub(super) fn policy_set(&mut self, e: &PaymentPolicySet) {
        self.policies.push(Arc::new(e.clone()));
    }

    pub(super) fn recorded(&mut self, e: &BankDetailsRecorded) {
        let details = self.bank.entry(e.provider.clone()).or_default();
        details.records.push(e.clone());
        details.verified = None;
        details.returned = false;
    }

    pub(super) fn verified(&mut self, e: &BankDetailsVerified) {
        if let Some(details) = self.bank.get_mut(&e.provider) {
            details.verified = Some(e.clone());
            details.returned = false;
        }
    }

    pub(super) fn proposed(&mut self, e: &PaymentRunProposed) {
        for item in e.payees.iter().flat_map(|payee| &payee.items) {
            self.held.insert(item.invoice, e.run);
        }
        self.run_numbers.push(e.run);
        let (proposed, returned) = (Arc::new(e.clone()), BTreeSet::new());
        let run = PaymentRun { proposed, approvals: Vec::new(), rejected: None, released: None, returned };
        self.runs.insert(e.run, run);
    }

    pub(super) fn approved(&mut self, e: &PaymentRunApproved) {
        if let Some(run) = self.runs.get_mut(&e.run) {
            run.approvals.push(e.clone());
        }
    }

    pub(super) fn rejected(&mut self, e: &PaymentRunRejected) {
        self.held.retain(|_, run| *run != e.run);
        if let Some(run) = self.runs.get_mut(&e.run) {
            run.rejected = Some(e.clone());
        }
    }

    pub(super) fn released(&mut self, e: &PaymentRunReleased) {
        self.held.retain(|_, run| *run != e.run);
        if let Some(run) = self.runs.get_mut(&e.run) {
            run.released = Some(e.clone());
        }
    }

    /// A payment of a run came back: the account that it went to is not to be trusted, if it is still the provider's.
    fn returned(&mut self, run: PaymentRunId, provider: &ProviderId) {
        let Some(run) = self.runs.get_mut(&run) else { return };
        run.returned.insert(provider.clone());
        let paid_by = run.payee(provider).map(|payee| payee.details);
        if let Some(details) = self.bank.get_mut(provider)
            && details.last().map(|record| record.revision) == paid_by
        {
            details.verified = None;
            details.returned = true;
        }
    }
}

impl State {
    pub(super) fn payment_returned(&mut self, e: &PaymentReturned) {
        self.ledger.post(Arc::clone(&e.entry));
        if let Some(run) = e.run {
            self.payments.returned(run, &e.entry.provider);
        }
        let back = InvoicePayment {
            entry: e.entry.id,
            amount: -e.amount,
            on: e.returned_on,
            at: e.at,
            run: e.run,
            // What came back cannot come back again.
            returned_on: Some(e.returned_on),
        };
        match self.invoices.get_mut(&e.invoice) {
            Some(invoice) => invoice.payment_returned(e, back),
            None => self.supplier.payment_returned(e, back),
        }
    }
}

impl Invoice {
    pub(super) fn payment_made(&mut self, payment: InvoicePayment, on: Date) {
        self.payments.push(payment);
        let settled = self.open() == Pence::ZERO;
        self.settled_on = settled.then_some(on);
    }

    fn payment_returned(&mut self, e: &PaymentReturned, back: InvoicePayment) {
        if let Some(payment) = self.payments.iter_mut().find(|payment| payment.entry == e.payment) {
            payment.returned_on = Some(e.returned_on);
        }
        self.payment_made(back, e.returned_on);
    }
}
