//! What is known of the invoices that providers send: who bills when, what the council tolerates, and how each invoice stands.

use super::InvoicePayment;
use crate::events::{
    BillingArranged, BillingMode, Claim, InvoiceKind, InvoiceQueryAnswered, InvoiceQueryResolved, LineCredit,
    LineMatch, MatchToleranceSet, PaymentReturned, QueryOutcome, SupplierInvoiceQueried,
    SupplierInvoiceReceived, SupplierInvoiceRematched, SupplierLine, Tolerance,
};
use care::{AgreementId, Date, InvoiceId, Pence, ProviderId, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// How a line stands now. What was sent and is neither accepted nor credited is in query.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineStanding {
    /// What is accepted of it, and what is not, see [`LineMatch`]; a credit note takes from this too.
    pub matched: LineMatch,
    /// What credit notes took of it, without VAT.
    pub credited: Pence,
    /// What they took of its VAT.
    pub credited_vat: Pence,
    /// Whether what is in query of it is to be credited by the provider.
    pub credit_awaited: bool,
    /// Whether the council disputes it, a code of `code_sets::INVOICE_QUERY`.
    pub disputed: Option<String>,
}

/// What happened to a query of an invoice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum QueryNote {
    /// The council disputes lines, for a reason of `code_sets::INVOICE_QUERY`.
    Queried {
        /// The lines, from 1.
        lines: Vec<u32>,
        /// The reason.
        reason: String,
    },
    /// The provider answered.
    Answered,
    /// The council ended it, for these lines.
    Resolved {
        /// The lines, from 1.
        lines: Vec<u32>,
        /// How.
        outcome: QueryOutcome,
    },
    /// Late news had these lines matched again, and less of them is accepted since.
    Rematched {
        /// The lines, from 1.
        lines: Vec<u32>,
        /// What the news was.
        reason: String,
    },
}

/// An amount that became payable on a day, or, negative, ceased to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Movement {
    /// The amount with VAT.
    pub amount: Pence,
    /// The day.
    pub on: Date,
    /// When it was recorded.
    pub at: Timestamp,
}

/// An invoice or credit note that a provider sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SupplierInvoice {
    /// As it came in.
    pub received: Arc<SupplierInvoiceReceived>,
    /// How its lines stand; none of a credit note.
    pub lines: Vec<LineStanding>,
    /// The credit notes that take it back.
    pub credit_notes: Vec<InvoiceId>,
    /// What happened to its queries, in order, each with what was said of it and when.
    pub queries: Vec<(QueryNote, String, Timestamp)>,
    /// When it was rejected as no valid invoice.
    pub rejected_on: Option<Date>,
    /// What became payable of it and ceased to be, in order.
    pub movements: Vec<Movement>,
    /// Its payments, in the order in which they were recorded.
    pub payments: Vec<InvoicePayment>,
}

impl SupplierInvoice {
    fn received(e: &SupplierInvoiceReceived) -> Self {
        let standing = |matched: &LineMatch| LineStanding {
            matched: matched.clone(),
            credited: Pence::ZERO,
            credited_vat: Pence::ZERO,
            credit_awaited: false,
            disputed: None,
        };
        Self {
            received: Arc::new(e.clone()),
            lines: e.matches.iter().map(standing).collect(),
            credit_notes: Vec::new(),
            queries: Vec::new(),
            rejected_on: None,
            movements: Vec::new(),
            payments: Vec::new(),
        }
    }

    /// What of it is accepted with VAT, whether it is paid or not.
    #[must_use]
    pub fn accepted(&self) -> Pence {
        self.lines.iter().map(|it| it.matched.accepted + it.matched.accepted_vat).sum()
    }

    /// What credit notes took of it, with VAT.
    #[must_use]
    pub fn credited(&self) -> Pence {
        self.lines.iter().map(|it| it.credited + it.credited_vat).sum()
    }

    /// What is in query of it, with VAT: sent, and neither accepted nor credited. Nothing of a rejected one.
    #[must_use]
    pub fn in_query(&self) -> Pence {
        if self.rejected_on.is_some() || self.received.kind == InvoiceKind::CreditNote {
            return Pence::ZERO;
        }
        self.received.gross() - self.accepted() - self.credited()
    }

    /// What was paid of it, less what came back.
    #[must_use]
    pub fn paid(&self) -> Pence {
        self.payments.iter().map(|payment| payment.amount).sum()
    }

    /// What is payable of it now and not paid; negative where more was paid than is accepted by now, which the provider owes.
    #[must_use]
    pub fn due(&self) -> Pence {
        self.accepted() - self.paid()
    }

    /// What was payable of it on a day and not paid by then.
    #[must_use]
    pub fn due_on(&self, day: Date) -> Pence {
        let moved = self.movements.iter().filter(|it| it.on <= day).map(|it| it.amount);
        let paid = self.payments.iter().filter(|it| it.on <= day).map(|it| it.amount);
        moved.sum::<Pence>() - paid.sum::<Pence>()
    }

    /// The day on which the last of it was paid or taken back, where nothing is open or in query.
    #[must_use]
    pub fn settled_on(&self) -> Option<Date> {
        if self.received.kind == InvoiceKind::CreditNote {
            return Some(self.received.received_on);
        }
        let open = self.due() != Pence::ZERO || self.in_query() != Pence::ZERO;
        let days = self.payments.iter().map(|it| it.on).chain(self.movements.iter().map(|it| it.on));
        days.chain([self.received.received_on]).max().filter(|_| !open)
    }

    /// What is in query of one of its lines, counted from 0: without VAT, and the VAT.
    #[must_use]
    pub fn queried(&self, line: usize) -> (Pence, Pence) {
        match (self.received.lines.get(line), self.lines.get(line)) {
            (Some(sent), Some(now)) if self.rejected_on.is_none() => (
                sent.net - now.matched.accepted - now.credited,
                sent.vat_amount - now.matched.accepted_vat - now.credited_vat,
            ),
            _ => (Pence::ZERO, Pence::ZERO),
        }
    }

    /// The lines with something in query, counted from 1.
    #[must_use]
    pub fn lines_in_query(&self) -> Vec<u32> {
        let queried = |line: &usize| self.queried(*line) != (Pence::ZERO, Pence::ZERO);
        (0..self.lines.len())
            .filter(queried)
            .map(|line| u32::try_from(line + 1).unwrap_or(u32::MAX))
            .collect()
    }

    /// Its lines as they were sent, each with how it stands and its place from 0.
    pub fn standing_lines(&self) -> impl Iterator<Item = (usize, &SupplierLine, &LineStanding)> {
        self.received.lines.iter().zip(&self.lines).enumerate().map(|(n, (sent, now))| (n, sent, now))
    }

    fn moved(&mut self, before: Pence, on: Date, at: Timestamp) {
        let amount = self.accepted() - before;
        if amount != Pence::ZERO {
            self.movements.push(Movement { amount, on, at });
        }
    }

    pub(crate) fn credit(&mut self, credit: &LineCredit) {
        let line = usize::try_from(credit.line).unwrap_or(0).checked_sub(1);
        let Some(standing) = line.and_then(|line| self.lines.get_mut(line)) else { return };
        standing.credited += credit.net;
        standing.credited_vat += credit.vat;
        standing.matched.accepted -= credit.accepted;
        standing.matched.accepted_vat -= credit.accepted_vat;
        standing.matched.difference -= credit.difference;
        standing.matched.claims.extend(credit.claims.iter().cloned());
    }
}

/// All that a ledger knows of invoices that come in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Supplier {
    /// Who bills, by provider and first night.
    pub arrangements: BTreeMap<ProviderId, BTreeMap<Date, BillingArranged>>,
    /// What the council tolerates, by the first day of receipt.
    pub tolerances: BTreeMap<Date, MatchToleranceSet>,
    /// How often the tolerance was set.
    pub tolerance_version: u32,
    /// The invoices and credit notes.
    pub invoices: BTreeMap<InvoiceId, Arc<SupplierInvoice>>,
    /// Their ids in the order of receipt.
    pub received: Vec<InvoiceId>,
    /// Which invoice has a provider's number, as [`number_key`] has it.
    pub numbers: BTreeMap<ProviderId, BTreeMap<String, InvoiceId>>,
    /// The invoices with lines of an agreement.
    pub by_agreement: BTreeMap<AgreementId, BTreeSet<InvoiceId>>,
}

/// A number as it is compared with others: people write the same one in several ways, which must not be paid twice.
#[must_use]
pub fn number_key(number: &str) -> String {
    number.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_uppercase).collect()
}

impl Supplier {
    /// Who bills a night of a provider.
    #[must_use]
    pub fn mode(&self, provider: &ProviderId, night: Date) -> BillingMode {
        let arranged =
            self.arrangements.get(provider).and_then(|by_date| by_date.range(..=night).next_back());
        arranged.map(|(_, it)| it.mode).unwrap_or_default()
    }

    /// The first nights, in order, of which something was arranged with a provider.
    pub(crate) fn turns(&self, provider: &ProviderId) -> impl Iterator<Item = Date> {
        self.arrangements.get(provider).into_iter().flatten().map(|(from, _)| *from)
    }

    /// What is tolerated of an invoice that is received on a day.
    #[must_use]
    pub fn tolerance(&self, day: Date) -> Tolerance {
        self.tolerances.range(..=day).next_back().map(|(_, it)| it.tolerance).unwrap_or_default()
    }

    /// The invoice that a number stands for.
    #[must_use]
    pub fn numbered(&self, provider: &ProviderId, number: &str) -> Option<&Arc<SupplierInvoice>> {
        let id = self.numbers.get(provider)?.get(&number_key(number))?;
        self.invoices.get(id)
    }

    /// What is invoiced of an agreement's nights, but for some lines of one invoice, counted from 0.
    pub(crate) fn claims(
        &self,
        agreement: AgreementId,
        but: Option<(InvoiceId, &BTreeSet<usize>)>,
    ) -> Vec<&Claim> {
        let ids = self.by_agreement.get(&agreement).into_iter().flatten();
        let mut claims = Vec::new();
        for invoice in ids.filter_map(|id| self.invoices.get(id)) {
            for (n, sent, now) in invoice.standing_lines() {
                let left_out =
                    but.is_some_and(|(id, lines)| id == invoice.received.invoice && lines.contains(&n));
                if sent.agreement == agreement && !left_out {
                    claims.extend(&now.matched.claims);
                }
            }
        }
        claims
    }

    fn change(&mut self, invoice: InvoiceId, change: impl FnOnce(&mut SupplierInvoice)) {
        if let Some(invoice) = self.invoices.get_mut(&invoice) {
            change(Arc::make_mut(invoice));
        }
    }

    pub(crate) fn arranged(&mut self, e: &BillingArranged) {
        let by_date = self.arrangements.entry(e.provider.clone()).or_default();
        // What was arranged for later nights was arranged before this.
        by_date.retain(|from, _| *from < e.from);
        by_date.insert(e.from, e.clone());
    }

    pub(crate) fn tolerance_set(&mut self, e: &MatchToleranceSet) {
        self.tolerances.insert(e.from, e.clone());
        self.tolerance_version = e.version;
    }

    pub(crate) fn received(&mut self, e: &SupplierInvoiceReceived) {
        let mut invoice = SupplierInvoice::received(e);
        invoice.moved(Pence::ZERO, e.received_on, e.at);
        self.received.push(e.invoice);
        self.numbers.entry(e.provider.clone()).or_default().insert(number_key(&e.number), e.invoice);
        if e.kind == InvoiceKind::Invoice {
            for line in &e.lines {
                self.by_agreement.entry(line.agreement).or_default().insert(e.invoice);
            }
        }
        self.invoices.insert(e.invoice, Arc::new(invoice));
        if let Some(credited) = e.credits {
            self.change(credited, |invoice| {
                let before = invoice.accepted();
                e.credit.iter().for_each(|credit| invoice.credit(credit));
                invoice.credit_notes.push(e.invoice);
                invoice.moved(before, e.received_on, e.at);
            });
        }
    }

    pub(crate) fn queried(&mut self, e: &SupplierInvoiceQueried, on: Date) {
        self.change(e.invoice, |invoice| {
            let before = invoice.accepted();
            for standing in lines_of(&mut invoice.lines, &e.lines) {
                let reasons = std::mem::take(&mut standing.matched.reasons);
                standing.matched = LineMatch { reasons, ..LineMatch::default() };
                standing.disputed = Some(e.reason.clone());
                standing.credit_awaited = false;
            }
            let note = QueryNote::Queried { lines: e.lines.clone(), reason: e.reason.clone() };
            invoice.queries.push((note, e.text.clone(), e.at));
            invoice.moved(before, on, e.at);
        });
    }

    pub(crate) fn answered(&mut self, e: &InvoiceQueryAnswered) {
        self.change(e.invoice, |it| it.queries.push((QueryNote::Answered, e.text.clone(), e.at)));
    }

    pub(crate) fn resolved(&mut self, e: &InvoiceQueryResolved, on: Date) {
        self.change(e.invoice, |invoice| {
            let before = invoice.accepted();
            let awaited = matches!(e.outcome, QueryOutcome::AcceptedAsAgreed | QueryOutcome::ProviderCredits);
            for resolved in &e.lines {
                for standing in lines_of(&mut invoice.lines, &[resolved.line]) {
                    standing.matched = resolved.result.clone();
                    standing.credit_awaited = awaited;
                    standing.disputed = None;
                }
            }
            let lines = e.lines.iter().map(|it| it.line).collect();
            let note = QueryNote::Resolved { lines, outcome: e.outcome };
            invoice.queries.push((note, e.text.clone(), e.at));
            invoice.rejected_on = (e.outcome == QueryOutcome::RejectedAsInvalid).then_some(on);
            invoice.moved(before, on, e.at);
        });
        let rejected = self.invoices.get(&e.invoice).filter(|it| it.rejected_on.is_some());
        if let Some(rejected) = rejected.map(|it| Arc::clone(&it.received))
            && let Some(numbers) = self.numbers.get_mut(&rejected.provider)
        {
            numbers.remove(&number_key(&rejected.number));
        }
    }

    pub(crate) fn rematched(&mut self, e: &SupplierInvoiceRematched, on: Date) {
        self.change(e.invoice, |invoice| {
            let before = invoice.accepted();
            for again in &e.lines {
                for standing in lines_of(&mut invoice.lines, &[again.line]) {
                    standing.matched = again.result.clone();
                }
            }
            // What is paid and not accepted any more comes back by a credit note.
            let awaited = invoice.due() < Pence::ZERO;
            let lines: Vec<u32> = e.lines.iter().map(|it| it.line).collect();
            lines_of(&mut invoice.lines, &lines).for_each(|standing| standing.credit_awaited |= awaited);
            let note = QueryNote::Rematched { lines, reason: e.reason.clone() };
            invoice.queries.push((note, String::new(), e.at));
            invoice.moved(before, on, e.at);
        });
    }

    pub(super) fn paid(&mut self, invoice: InvoiceId, payment: InvoicePayment) {
        self.change(invoice, |it| it.payments.push(payment));
    }

    pub(super) fn payment_returned(&mut self, e: &PaymentReturned, back: InvoicePayment) {
        self.change(e.invoice, |invoice| {
            if let Some(payment) = invoice.payments.iter_mut().find(|payment| payment.entry == e.payment) {
                payment.returned_on = Some(e.returned_on);
            }
            invoice.payments.push(back);
        });
    }
}

/// The lines of these numbers, from 1.
fn lines_of<'a>(
    lines: &'a mut [LineStanding],
    numbers: &'a [u32],
) -> impl Iterator<Item = &'a mut LineStanding> {
    let wanted = |n: usize| u32::try_from(n + 1).is_ok_and(|number| numbers.contains(&number));
    lines.iter_mut().enumerate().filter(move |(n, _)| wanted(*n)).map(|(_, line)| line)
}
