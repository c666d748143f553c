//! What a council's invoicing log adds up to: agreements with what was charged on them, invoices, and the ledger.

use crate::charge::Charge;
use crate::events::{
    AgreementOpened, ChargesClosed, InvoiceIssued, InvoicingEvent, PaymentRecorded, RunFinished, RunId,
    RunKind, RunStarted,
};
use crate::journal::EntryId;
use crate::ledger::Ledger;
use care::published::{FunderShare, PriceLine};
use care::{
    AgreementId, CouncilId, Date, Event, InvoiceId, Nights, Pence, ProviderId, ReferralId, Timestamp,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use uuid::Uuid;

/// An agreement, and how far its nights are charged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agreement {
    /// The agreement.
    pub id: AgreementId,
    /// The referral it came from.
    pub referral: ReferralId,
    /// The provider that is paid.
    pub provider: ProviderId,
    /// A code of `code_sets::PROVISION`.
    pub provision: String,
    /// The agreed first night.
    pub start: Date,
    /// The weekly price by line.
    pub lines: Vec<PriceLine>,
    /// Who pays.
    pub funders: Vec<FunderShare>,
    /// The first paid night, once the child has arrived.
    pub from: Option<Date>,
    /// The departure as it was last recorded.
    pub end: Option<Departure>,
    /// Nights before this date are charged; none yet where there is no date.
    pub charged_through: Option<Date>,
    /// The charges that stand, by their first night. They follow each other without gap or overlap.
    pub standing: BTreeMap<Date, EntryId>,
    /// All charges and reversals, in order.
    pub charges: Vec<EntryId>,
}

/// The end of a placement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Departure {
    /// The day of departure, which is not paid.
    pub on: Date,
    /// A code of `code_sets::REASON_PLACE_CHANGE`.
    pub reason: String,
    /// When it was recorded; an older record does not replace it.
    pub at: Timestamp,
}

impl Agreement {
    /// The whole weekly fee.
    #[must_use]
    pub fn weekly(&self) -> Pence {
        self.lines.iter().map(|line| line.weekly).sum()
    }

    /// Whether the child lives there on the night of `day`, as far as is recorded.
    #[must_use]
    pub fn is_live_on(&self, day: Date) -> bool {
        self.from.is_some_and(|from| from <= day) && self.end.as_ref().is_none_or(|end| day < end.on)
    }

    /// Whether nights from the departure on still stand charged: one decision takes back only so many.
    #[must_use]
    pub fn is_overcharged(&self) -> bool {
        self.charged_through.zip(self.end.as_ref()).is_some_and(|(through, end)| through > end.on)
    }

    /// The nights before `through` that are still to be charged; none where there are none.
    #[must_use]
    pub fn uncharged(&self, through: Date) -> Option<Nights> {
        let next = self.charged_through.or(self.from)?;
        let end = self.end.as_ref().map_or(through, |end| end.on.min(through));
        Nights::new(next, end).ok().filter(|nights| !nights.is_empty())
    }
}

/// What is kept of a provider.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderAccount {
    /// Charges and reversals that no invoice holds yet, each with the date from which one takes it up.
    pub uninvoiced: BTreeMap<EntryId, Date>,
    /// Its invoices, in order of their numbers.
    pub invoices: Vec<InvoiceId>,
}

/// An invoice, and whether it is settled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invoice {
    /// As it was issued.
    pub issued: Arc<InvoiceIssued>,
    /// When it was paid; a nil invoice is settled when issued.
    pub settled_on: Option<Date>,
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
    /// All charges and reversals.
    pub charges: BTreeMap<EntryId, Arc<Charge>>,
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
    /// Nights charged, less nights taken back.
    pub nights_charged: i64,
    /// Invoices less credit notes.
    pub invoiced: Pence,
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
        self.agreements.values().filter(|a| a.is_live_on(today)).map(Agreement::weekly).sum()
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
        let due =
            |agreement: &&Agreement| agreement.is_overcharged() || agreement.uncharged(through).is_some();
        open.filter(due).map(|agreement| agreement.id).collect()
    }

    /// The providers that an invoice through `through` is due to.
    #[must_use]
    pub fn to_invoice(&self, through: Date) -> Vec<ProviderId> {
        let due = |account: &ProviderAccount| account.uninvoiced.values().any(|due_on| *due_on <= through);
        self.providers.iter().filter(|(_, account)| due(account)).map(|(id, _)| id.clone()).collect()
    }

    pub(crate) fn apply(&mut self, event: &InvoicingEvent) {
        self.council = self.council.or_else(|| event.council());
        match event {
            InvoicingEvent::AgreementOpened(e) => self.agreement_opened(e),
            InvoicingEvent::ChargesOpened(e) => {
                if let Some(agreement) = self.agreements.get_mut(&e.agreement) {
                    agreement.from = Some(e.from);
                }
                self.note_open(e.agreement);
            }
            InvoicingEvent::ChargesClosed(e) => self.charges_closed(e),
            InvoicingEvent::ContractFactRefused(e) => {
                self.refused.insert(e.refusal);
            }
            InvoicingEvent::ChargePosted(e) => {
                self.ledger.post(Arc::new(e.entry.clone()));
                self.charged(Arc::new(e.charge.clone()), e.run);
            }
            InvoicingEvent::ChargeReversed(e) => {
                self.ledger.post(Arc::new(e.entry.clone()));
                self.reversed(Arc::new(e.charge.clone()));
            }
            InvoicingEvent::InvoiceIssued(e) => self.invoice_issued(e),
            InvoicingEvent::PaymentRecorded(e) => self.paid(e),
            InvoicingEvent::PeriodClosed(e) => self.open_from = Some(e.open_from),
            InvoicingEvent::RunStarted(e) => self.run_started(e),
            InvoicingEvent::RunFinished(e) => self.run_finished(e),
        }
    }

    fn agreement_opened(&mut self, e: &AgreementOpened) {
        self.agreements.insert(
            e.agreement,
            Agreement {
                id: e.agreement,
                referral: e.referral,
                provider: e.provider.clone(),
                provision: e.provision.clone(),
                start: e.start,
                lines: e.lines.clone(),
                funders: e.funders.clone(),
                from: None,
                end: None,
                charged_through: None,
                standing: BTreeMap::new(),
                charges: Vec::new(),
            },
        );
    }

    fn charges_closed(&mut self, e: &ChargesClosed) {
        if let Some(agreement) = self.agreements.get_mut(&e.agreement) {
            agreement.end = Some(Departure { on: e.on, reason: e.reason.clone(), at: e.at });
        }
        self.note_open(e.agreement);
    }

    /// Keeps the index of agreements that have nights to charge or to take back.
    fn note_open(&mut self, id: AgreementId) {
        let agreement = self.agreements.get(&id);
        if agreement.is_some_and(|a| a.is_overcharged() || a.uncharged(Date::MAX).is_some()) {
            self.open.insert(id);
        } else {
            self.open.remove(&id);
        }
    }

    fn charged(&mut self, charge: Arc<Charge>, run: Option<RunId>) {
        self.note_charge(&charge);
        if let Some(agreement) = self.agreements.get_mut(&charge.agreement) {
            agreement.charged_through = Some(charge.nights.end());
            agreement.standing.insert(charge.nights.start(), charge.id);
        }
        if let Some(run) = run.and_then(|run| self.runs.get_mut(&run)) {
            run.agreements.insert(charge.agreement);
            run.nights += charge.nights_added();
            run.amount += charge.total;
        }
        self.note_open(charge.agreement);
    }

    fn reversed(&mut self, reversal: Arc<Charge>) {
        self.note_charge(&reversal);
        if let Some(agreement) = self.agreements.get_mut(&reversal.agreement) {
            let start = reversal.nights.start();
            agreement.charged_through = Some(agreement.charged_through.map_or(start, |day| day.min(start)));
            agreement.standing.remove(&start);
        }
        // A charge that no invoice holds yet goes on the same one as what takes it back.
        let account = self.providers.entry(reversal.provider.clone()).or_default();
        if let Some(due_on) = reversal.reverses.and_then(|charge| account.uninvoiced.get_mut(&charge)) {
            *due_on = reversal.due_on.min(*due_on);
        }
        self.note_open(reversal.agreement);
    }

    fn note_charge(&mut self, charge: &Arc<Charge>) {
        self.nights_charged += charge.nights_added();
        if let Some(agreement) = self.agreements.get_mut(&charge.agreement) {
            agreement.charges.push(charge.id);
        }
        let account = self.providers.entry(charge.provider.clone()).or_default();
        account.uninvoiced.insert(charge.id, charge.due_on);
        self.charges.insert(charge.id, Arc::clone(charge));
    }

    fn invoice_issued(&mut self, e: &InvoiceIssued) {
        self.ledger.post(Arc::new(e.entry.clone()));
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
        let settled_on = (e.net == Pence::ZERO).then_some(e.issued_on);
        self.invoices.insert(e.invoice, Invoice { issued: Arc::new(e.clone()), settled_on });
    }

    fn paid(&mut self, e: &PaymentRecorded) {
        self.ledger.post(Arc::new(e.entry.clone()));
        if let Some(invoice) = self.invoices.get_mut(&e.invoice) {
            invoice.settled_on = Some(e.paid_on);
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
