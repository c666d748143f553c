//! What a ledger is read for: balances, aged payables and a forecast, each as of a date. As it was known at an instant each is read of the fold of
//! what the log had recorded by then ([`known_at`]), so that what was read once can be read again.

use crate::accounts::Account;
use crate::agreement::{common, without};
use crate::commitment::year_end;
use crate::events::InvoicingEvent;
use crate::journal::{EntryCode, JournalEntry};
use crate::ledger::{Balance, Ledger, under};
use crate::lines::{components, cost};
use crate::state::State;
use care::{AgreementId, Date, Nights, Pence, ProviderId, Timestamp};
use jiff::Span;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

impl Ledger {
    /// The entries dated up to and with `as_of`; all where it is not given.
    fn counting(&self, as_of: Option<Date>) -> impl Iterator<Item = &Arc<JournalEntry>> {
        self.entries().iter().filter(move |entry| as_of.is_none_or(|as_of| entry.dates.posted_on <= as_of))
    }

    /// What was posted to each account, the memorandum included, on days up to and with `as_of`; all where it is not given.
    #[must_use]
    pub fn balances(&self, as_of: Option<Date>) -> BTreeMap<Account, Balance> {
        sums(self.counting(as_of))
    }
}

fn sums<'a>(entries: impl Iterator<Item = &'a Arc<JournalEntry>>) -> BTreeMap<Account, Balance> {
    let mut balances: BTreeMap<Account, Balance> = BTreeMap::new();
    for posting in entries.flat_map(|entry| entry.postings.iter().chain(&entry.memorandum)) {
        under(&mut balances, &posting.account, |balance| balance.add(posting.amount));
    }
    balances
}

/// What counts of a ledger as of a date, at one moment: cheap to take, so that the ledger is not held up while it is summed. All its figures are
/// of the same entries.
#[derive(Debug)]
pub struct Extract {
    entries: Vec<Arc<JournalEntry>>,
    beforehand: BTreeSet<AgreementId>,
    invoices: usize,
    invoiced: Pence,
}

impl Extract {
    /// The entries dated up to and with `as_of`; all where it is not given.
    #[must_use]
    pub fn of(state: &State, as_of: Option<Date>) -> Self {
        let entries: Vec<_> = state.ledger.counting(as_of).cloned().collect();
        let issued = entries
            .iter()
            .filter(|entry| matches!(entry.code, EntryCode::Invoice | EntryCode::CreditNote))
            .filter_map(|entry| state.invoices.get(&entry.invoice?));
        let nets: Vec<Pence> = issued.map(|invoice| invoice.issued.net).collect();
        let beforehand = state.agreements.values().filter(|it| it.subject.is_beforehand());
        Self {
            beforehand: beforehand.map(|it| it.id).collect(),
            invoices: nets.len(),
            invoiced: nets.into_iter().sum(),
            entries,
        }
    }

    /// The entries, in the order in which they were posted.
    #[must_use]
    pub fn entries(&self) -> &[Arc<JournalEntry>] {
        &self.entries
    }

    /// What they come to by account, the memorandum included.
    #[must_use]
    pub fn balances(&self) -> BTreeMap<Account, Balance> {
        sums(self.entries.iter())
    }

    /// Nights of placements that they charge, less nights that they take back.
    #[must_use]
    pub fn nights(&self) -> i64 {
        let placed =
            self.entries.iter().filter(|it| it.agreement.is_none_or(|id| !self.beforehand.contains(&id)));
        let nights = placed.map(|entry| match entry.code {
            EntryCode::Charge | EntryCode::Recharge => entry.dates.effective.count(),
            EntryCode::Reversal => -entry.dates.effective.count(),
            _ => 0,
        });
        nights.sum()
    }

    /// How many invoices and credit notes they issue.
    #[must_use]
    pub fn invoices(&self) -> usize {
        self.invoices
    }

    /// Those invoices less credit notes, without VAT.
    #[must_use]
    pub fn invoiced(&self) -> Pence {
        self.invoiced
    }
}

/// How long an invoice has been due, in order: not yet, 1 to 30 days, 31 to 60, 61 to 90, and more.
pub const AGE_BUCKETS: [&str; 5] =
    ["NOT_DUE", "DAYS_1_TO_30", "DAYS_31_TO_60", "DAYS_61_TO_90", "DAYS_OVER_90"];

/// What is owed to a provider, by how long it has been due.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Aged {
    /// The amounts with VAT, in the order of [`AGE_BUCKETS`]; credit notes are negative.
    pub buckets: [Pence; 5],
    /// Their sum.
    pub total: Pence,
}

/// What is owed to each provider on invoices that were issued by `as_of`, and what was accepted by then of those that providers sent, less what
/// was paid of them by then. Providers that are owed nothing on any invoice are left out.
#[must_use]
pub fn aged_payables(state: &State, as_of: Date) -> BTreeMap<ProviderId, Aged> {
    let mut aged: BTreeMap<ProviderId, Aged> = BTreeMap::new();
    for invoice in state.invoices.values() {
        let issued = &invoice.issued;
        let payments = invoice.payments.iter().filter(|payment| payment.on <= as_of);
        let open = issued.gross() - payments.map(|payment| payment.amount).sum();
        if issued.issued_on <= as_of {
            age(&mut aged, &issued.provider, open, issued.payable_by, as_of);
        }
    }
    for invoice in state.supplier.invoices.values() {
        let received = &invoice.received;
        age(&mut aged, &received.provider, invoice.due_on(as_of), received.payable_by, as_of);
    }
    aged
}

/// Adds what is open of a document to what is owed to a provider.
fn age(
    aged: &mut BTreeMap<ProviderId, Aged>,
    provider: &ProviderId,
    open: Pence,
    payable_by: Date,
    as_of: Date,
) {
    if open == Pence::ZERO {
        return;
    }
    let days = payable_by.until(as_of).map_or(0, |span| span.get_days());
    let bucket = match days {
        ..=0 => 0,
        1..=30 => 1,
        31..=60 => 2,
        61..=90 => 3,
        _ => 4,
    };
    let row = aged.entry(provider.clone()).or_default();
    row.buckets[bucket] += open;
    row.total += open;
}

/// What the nights of one calendar month cost, without VAT; what is received for nights that are sold is taken off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MonthForecast {
    /// The first day of the month.
    pub month: Date,
    /// What stands charged.
    pub charged: Pence,
    /// What the nights that are not charged yet will cost, as far as is agreed.
    pub expected: Pence,
}

/// The months of the financial year that `day` lies in, April to March: what is charged and what is to come.
#[must_use]
pub fn forecast(state: &State, day: Date) -> Vec<MonthForecast> {
    let end = year_end(day);
    let start = end.saturating_sub(Span::new().years(1));
    let month = |n: i32| start.saturating_add(Span::new().months(n));
    let months = (0..12).map(|n| Nights::from_on(month(n), Some(month(n + 1))));
    let mut rows: Vec<(Nights, MonthForecast)> = months
        .map(|nights| {
            let (month, zero) = (nights.start(), Pence::ZERO);
            (nights, MonthForecast { month, charged: zero, expected: zero })
        })
        .collect();
    for agreement in state.agreements.values() {
        let standing: Vec<Nights> = agreement.standing_nights().collect();
        let to_come = without(&agreement.expected(&state.to_be_occupied(agreement, None)), &standing);
        let components = components(agreement);
        for (nights, row) in &mut rows {
            let begun = agreement.standing.range(nights.start()..nights.end());
            let charges = begun.filter_map(|(_, standing)| state.charges.get(&standing.charge));
            row.charged += charges.map(|charge| charge.total).sum();
            let outcomes = agreement.outcomes.values();
            let achieved =
                outcomes.filter(|it| nights.start() <= it.achieved_on && it.achieved_on < nights.end());
            row.charged += achieved.map(|it| it.amount).sum();
            let due: Vec<Nights> = to_come.iter().filter_map(|part| common(*part, *nights)).collect();
            if !due.is_empty() {
                row.expected += cost(&components, &due);
            }
        }
    }
    rows.into_iter().map(|(_, row)| row).collect()
}

/// The ledger as it was known at an instant: the fold of what was recorded by then, each event with when that was.
#[must_use]
pub fn known_at<'a>(
    log: impl IntoIterator<Item = (Timestamp, &'a InvoicingEvent)>,
    instant: Timestamp,
) -> State {
    let mut state = State::default();
    for (_, event) in log.into_iter().take_while(|(at, _)| *at <= instant) {
        state.apply(event);
    }
    state
}
