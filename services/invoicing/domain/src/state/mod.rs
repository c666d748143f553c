//! What a council's invoicing log adds up to: agreements with what was charged on them, invoices, and the ledger.

mod agreements;
mod payments;
mod supplier;

pub use payments::{BankDetails, PaymentRun, PaymentRunStatus, PaymentState};
pub use supplier::{LineStanding, Movement, QueryNote, Supplier, SupplierInvoice, number_key};

use crate::agreement::{Agreement, Subject};
use crate::by_id::ById;
use crate::charge::Charge;
use crate::events::{
    BillingMode, InvoiceIssued, InvoicingEvent, PaymentRecorded, RunFinished, RunId, RunKind, RunStarted,
};
use crate::journal::{EntryId, JournalEntry};
use crate::ledger::{Ledger, under};
use crate::tax::TaxState;
use care::{
    AgreementId, CouncilId, Date, Event, InvoiceId, PaymentRunId, Pence, PlaceId, ProviderId, Timestamp,
    london_date,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use uuid::Uuid;

/// What is kept of a provider.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderAccount {
    /// Charges and reversals that no invoice holds yet, each with the date from which one takes it up.
    pub uninvoiced: ById<Date>,
    /// Its invoices, in order of their numbers.
    pub invoices: Vec<InvoiceId>,
}

/// A payment of an invoice, or one that came back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoicePayment {
    /// Its journal entry.
    pub entry: EntryId,
    /// What was paid; negative for what was received.
    pub amount: Pence,
    /// The day of payment.
    pub on: Date,
    /// When it was recorded.
    pub at: Timestamp,
    /// The run that made it; none where none did.
    pub run: Option<PaymentRunId>,
    /// When it came back, or, of what came back, when that was.
    pub returned_on: Option<Date>,
}

/// An invoice, and what was paid of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invoice {
    /// As it was issued.
    pub issued: Arc<InvoiceIssued>,
    /// When the last of it was paid; a nil invoice is settled when issued.
    pub settled_on: Option<Date>,
    /// Its payments, in the order in which they were recorded.
    pub payments: Vec<InvoicePayment>,
}

impl Invoice {
    /// What was paid of it, less what came back; negative for what was received on a credit note.
    #[must_use]
    pub fn paid(&self) -> Pence {
        self.payments.iter().map(|payment| payment.amount).sum()
    }

    /// What is not paid of it yet; negative for a credit note.
    #[must_use]
    pub fn open(&self) -> Pence {
        self.issued.gross() - self.paid()
    }
}

/// A run over many agreements or providers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// What it does.
    pub kind: RunKind,
    /// Nights before this date.
    pub through: Date,
    /// The agreements it has charged; forgotten when it is finished.
    pub agreements: BTreeSet<AgreementId>,
    /// The invoices it has issued.
    pub invoices: Vec<InvoiceId>,
    /// How many nights those hold, net.
    pub nights: i64,
    /// What those sum to.
    pub amount: Pence,
    /// Its totals, once finished.
    pub finished: Option<RunFinished>,
}

/// The state of one council's ledger and what leads up to it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Whose ledger it is; known from the first event on.
    pub council: Option<CouncilId>,
    /// The agreements.
    pub agreements: BTreeMap<AgreementId, Agreement>,
    /// Those with nights still to charge, now or later, or to take back.
    pub open: BTreeSet<AgreementId>,
    /// Those on each place: placements, and what was agreed of its nights beforehand.
    pub places: BTreeMap<PlaceId, BTreeSet<AgreementId>>,
    /// All charges and reversals.
    pub charges: ById<Arc<Charge>>,
    /// The providers that were charged for.
    pub providers: BTreeMap<ProviderId, ProviderAccount>,
    /// The invoices and credit notes.
    pub invoices: BTreeMap<InvoiceId, Invoice>,
    /// Their ids in order of their numbers, from 1.
    pub invoice_numbers: Vec<InvoiceId>,
    /// The journal and the balances.
    pub ledger: Ledger,
    /// The first day on which an entry may be dated; any, where nothing is closed.
    pub open_from: Option<Date>,
    /// The runs.
    pub runs: BTreeMap<RunId, Run>,
    /// Facts from contracts that were refused.
    pub refused: BTreeSet<Uuid>,
    /// Nights of placements charged, less nights taken back.
    pub nights_charged: i64,
    /// Invoices less credit notes that were made on providers' behalf, without VAT.
    pub invoiced: Pence,
    /// Invoices that providers sent.
    #[serde(default)]
    pub supplier: Supplier,
    /// How providers are paid: policy, bank details and payment runs.
    pub payments: PaymentState,
    /// What VAT goes by: the registration of homes, and what providers are for VAT.
    #[serde(default)]
    pub tax: TaxState,
}

impl State {
    /// The first day on or after `day` that lies in no closed period.
    #[must_use]
    pub fn first_open(&self, day: Date) -> Date {
        self.open_from.map_or(day, |open_from| open_from.max(day))
    }

    /// The weekly fees of the placements that are live on `today`.
    #[must_use]
    pub fn weekly_commitment(&self, today: Date) -> Pence {
        self.agreements.values().filter(|a| a.is_live_on(today)).map(|a| a.weekly_on(today)).sum()
    }

    /// How many placements are live on `today`.
    #[must_use]
    pub fn live_placements(&self, today: Date) -> usize {
        self.agreements.values().filter(|a| a.is_live_on(today)).count()
    }

    /// The agreements that have nights before `through` to charge, or nights to take back.
    #[must_use]
    pub fn to_accrue(&self, through: Date) -> Vec<AgreementId> {
        let open = self.open.iter().filter_map(|id| self.agreements.get(id));
        let due = |agreement: &&Agreement| {
            !agreement.stale.is_empty()
                || !agreement.uncharged(&self.occupied(agreement, None), through).is_empty()
        };
        open.filter(due).map(|agreement| agreement.id).collect()
    }

    /// The providers that the council is to make an invoice of nights through `through` for.
    #[must_use]
    pub fn to_invoice(&self, through: Date) -> Vec<ProviderId> {
        let due = |account: &ProviderAccount| {
            account.uninvoiced.unordered().any(|(id, due_on)| *due_on <= through && self.is_self_billed(*id))
        };
        self.providers.iter().filter(|(_, account)| due(account)).map(|(id, _)| id.clone()).collect()
    }

    /// Whether the council makes the invoice of a charge or reversal, and not the provider: who bills its nights says so.
    pub(crate) fn is_self_billed(&self, charge: EntryId) -> bool {
        let charge = self.charges.get(&charge);
        charge
            .is_none_or(|it| self.supplier.mode(&it.provider, it.nights.start()) == BillingMode::SelfBilling)
    }

    pub(crate) fn apply(&mut self, event: &InvoicingEvent) {
        self.council = self.council.or_else(|| event.council());
        match event {
            InvoicingEvent::AgreementOpened(e) => self.opened(Agreement::opened(e)),
            InvoicingEvent::NightsAgreed(e) => self.opened(Agreement::agreed(e)),
            InvoicingEvent::ChargesOpened(e) => self.told(e.agreement, |it| it.arrive(e)),
            InvoicingEvent::ChargesClosed(e) => self.told(e.agreement, |it| it.depart(e)),
            InvoicingEvent::ChargesReopened(e) => self.told(e.agreement, |it| it.reopen(e)),
            InvoicingEvent::TermsChanged(e) => self.told(e.agreement, |it| it.set_terms(e)),
            InvoicingEvent::AbsenceNoted(e) => self.told(e.agreement, |it| it.note_absence(e)),
            InvoicingEvent::StayingPutOpened(e) => self.told(e.agreement, |it| it.stay_put(e)),
            InvoicingEvent::StayingPutClosed(e) => self.told(e.agreement, |it| it.leave(e)),
            InvoicingEvent::NightsAgreedEnded(e) => self.told(e.agreement, |it| it.end_agreed(e)),
            InvoicingEvent::NightsYielded(e) => self.told(e.agreement, |it| it.yield_nights(e)),
            InvoicingEvent::CommitmentPosted(e) => {
                if let Some(agreement) = self.agreements.get_mut(&e.agreement) {
                    agreement.committed_to = Some(e.before);
                    agreement.committed_on = agreement.committed_on.max(Some(e.entry.dates.posted_on));
                    agreement.commit(&e.entry);
                }
                self.ledger.post(Arc::clone(&e.entry));
            }
            InvoicingEvent::ContractFactRefused(e) => {
                self.refused.insert(e.refusal);
            }
            InvoicingEvent::ChargePosted(e) => {
                if let Some(agreement) = self.agreements.get_mut(&e.charge.agreement) {
                    agreement.charged(&e.charge, &e.entry);
                }
                self.ledger.post(Arc::clone(&e.entry));
                self.charged(&e.charge, e.run);
            }
            InvoicingEvent::OutcomeCharged(e) => {
                if let Some(agreement) = self.agreements.get_mut(&e.charge.agreement) {
                    agreement.outcome_charged(e);
                }
                self.ledger.post(Arc::clone(&e.entry));
                self.note_charge(&e.charge);
            }
            InvoicingEvent::ChargeReversed(e) => {
                if let Some(agreement) = self.agreements.get_mut(&e.charge.agreement) {
                    agreement.reversed(&e.charge, &e.entry);
                }
                self.ledger.post(Arc::clone(&e.entry));
                self.reversed(&e.charge);
            }
            InvoicingEvent::InvoiceIssued(e) => self.invoice_issued(e),
            InvoicingEvent::PaymentRecorded(e) => self.paid(e),
            InvoicingEvent::PeriodClosed(e) => self.open_from = Some(e.open_from),
            InvoicingEvent::RunStarted(e) => self.run_started(e),
            InvoicingEvent::RunFinished(e) => self.run_finished(e),
            InvoicingEvent::BillingArranged(e) => self.supplier.arranged(e),
            InvoicingEvent::MatchToleranceSet(e) => self.supplier.tolerance_set(e),
            InvoicingEvent::SupplierInvoiceReceived(e) => {
                self.post_some(e.entry.as_ref());
                self.supplier.received(e);
            }
            InvoicingEvent::SupplierInvoiceQueried(e) => {
                self.post_some(e.entry.as_ref());
                self.supplier.queried(e, london_date(e.at));
            }
            InvoicingEvent::InvoiceQueryAnswered(e) => self.supplier.answered(e),
            InvoicingEvent::InvoiceQueryResolved(e) => {
                self.post_some(e.entry.as_ref());
                self.supplier.resolved(e, london_date(e.at));
            }
            InvoicingEvent::SupplierInvoiceRematched(e) => {
                self.post_some(e.entry.as_ref());
                self.supplier.rematched(e, london_date(e.at));
            }
            InvoicingEvent::PaymentPolicySet(e) => self.payments.policy_set(e),
            InvoicingEvent::BankDetailsRecorded(e) => self.payments.recorded(e),
            InvoicingEvent::BankDetailsVerified(e) => self.payments.verified(e),
            InvoicingEvent::PaymentRunProposed(e) => self.payments.proposed(e),
            InvoicingEvent::PaymentRunApproved(e) => self.payments.approved(e),
            InvoicingEvent::PaymentRunRejected(e) => self.payments.rejected(e),
            InvoicingEvent::PaymentRunReleased(e) => self.payments.released(e),
            InvoicingEvent::PaymentReturned(e) => self.payment_returned(e),
            InvoicingEvent::HomeRegistrationNoted(e) => {
                self.tax.registration_noted(e);
                self.supply_told("REGISTRATION");
            }
            InvoicingEvent::TaxDetailsRecorded(e) => self.tax.recorded(e),
            InvoicingEvent::TaxDetailsVerified(e) => {
                self.tax.verified(e);
                self.supply_told("VAT_NUMBER");
            }
        }
    }

    fn post_some(&mut self, entry: Option<&Arc<JournalEntry>>) {
        if let Some(entry) = entry {
            self.ledger.post(Arc::clone(entry));
        }
    }

    fn charged(&mut self, charge: &Arc<Charge>, run: Option<RunId>) {
        self.note_charge(charge);
        if let Some(run) = run.and_then(|run| self.runs.get_mut(&run)) {
            run.agreements.insert(charge.agreement);
            run.nights += charge.nights_added();
            run.amount += charge.total;
        }
        self.note_open(charge.agreement);
    }

    fn reversed(&mut self, reversal: &Arc<Charge>) {
        self.note_charge(reversal);
        // A charge that no invoice holds yet goes on the same one as what takes it back.
        if let Some(account) = self.providers.get_mut(&reversal.provider)
            && let Some(due_on) = reversal.reverses.and_then(|charge| account.uninvoiced.get_mut(&charge))
        {
            *due_on = reversal.due_on.min(*due_on);
        }
        self.note_open(reversal.agreement);
    }

    fn note_charge(&mut self, charge: &Arc<Charge>) {
        let subject = self.agreements.get(&charge.agreement).map(|agreement| agreement.subject);
        if subject.is_none_or(|subject| subject == Subject::Placement) {
            self.nights_charged += charge.nights_added();
        }
        if !charge.sold {
            under(&mut self.providers, &charge.provider, |account| {
                account.uninvoiced.insert(charge.id, charge.due_on);
            });
        }
        self.charges.insert(charge.id, Arc::clone(charge));
    }

    fn invoice_issued(&mut self, e: &InvoiceIssued) {
        self.ledger.post(Arc::clone(&e.entry));
        let account = self.providers.entry(e.provider.clone()).or_default();
        for line in &e.lines {
            account.uninvoiced.remove(&line.charge);
        }
        account.invoices.push(e.invoice);
        self.invoice_numbers.push(e.invoice);
        self.invoiced += e.net;
        if let Some(run) = e.run.and_then(|run| self.runs.get_mut(&run)) {
            run.invoices.push(e.invoice);
            run.nights += e.nights_count;
            run.amount += e.net;
        }
        // There is nothing to pay on a nil invoice.
        let nil = e.gross() == Pence::ZERO;
        let settled_on = nil.then_some(e.issued_on);
        let (issued, payments) = (Arc::new(e.clone()), Vec::new());
        self.invoices.insert(e.invoice, Invoice { issued, settled_on, payments });
    }

    fn paid(&mut self, e: &PaymentRecorded) {
        self.ledger.post(Arc::clone(&e.entry));
        let (entry, amount, run) = (e.entry.id, e.amount, e.run);
        let payment = InvoicePayment { entry, amount, on: e.paid_on, at: e.at, run, returned_on: None };
        match self.invoices.get_mut(&e.invoice) {
            Some(invoice) => invoice.payment_made(payment, e.paid_on),
            None => self.supplier.paid(e.invoice, payment),
        }
    }

    fn run_started(&mut self, e: &RunStarted) {
        self.runs.insert(
            e.run,
            Run {
                kind: e.kind,
                through: e.through,
                agreements: BTreeSet::new(),
                invoices: Vec::new(),
                nights: 0,
                amount: Pence::ZERO,
                finished: None,
            },
        );
    }

    fn run_finished(&mut self, e: &RunFinished) {
        if let Some(run) = self.runs.get_mut(&e.run) {
            run.agreements = BTreeSet::new();
            run.finished = Some(e.clone());
        }
    }
}
