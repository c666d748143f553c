//! What a ledger is read for: balances, aged payables and a forecast, each as of a date. As it was known at an instant each is read of the fold of
//! what the log had recorded by then ([`known_at`]), so that what was read once can be read again.

use crate::accounts::Account;
use crate::agreement::{common, without};
use crate::commitment::year_end;
use crate::events::InvoicingEvent;
use crate::ledger::{Balance, Ledger};
use crate::lines::{components, cost};
use crate::state::State;
use care::{Date, Nights, Pence, ProviderId, Timestamp};
use jiff::Span;
use std::collections::BTreeMap;

impl Ledger {
    /// What was posted to each account, the memorandum included, on days up to and with `as_of`; all where it is not given.
    #[must_use]
    pub fn balances(&self, as_of: Option<Date>) -> BTreeMap<Account, Balance> {
        let counts =
            self.entries().iter().filter(|entry| as_of.is_none_or(|as_of| entry.dates.posted_on <= as_of));
        let mut balances: BTreeMap<Account, Balance> = BTreeMap::new();
        for posting in counts.flat_map(|entry| entry.postings.iter().chain(&entry.memorandum)) {
            balances.entry(posting.account.clone()).or_default().add(posting.amount);
        }
        balances
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

/// What is owed to each provider on invoices that were issued by `as_of` and not paid by then.
/// Providers that are owed nothing on any invoice are left out.
#[must_use]
pub fn aged_payables(state: &State, as_of: Date) -> BTreeMap<ProviderId, Aged> {
    let mut aged: BTreeMap<ProviderId, Aged> = BTreeMap::new();
    for invoice in state.invoices.values() {
        let issued = &invoice.issued;
        if issued.issued_on > as_of || invoice.settled_on.is_some_and(|on| on <= as_of) {
            continue;
        }
        let days = issued.payable_by.until(as_of).map_or(0, |span| span.get_days());
        let bucket = match days {
            ..=0 => 0,
            1..=30 => 1,
            31..=60 => 2,
            61..=90 => 3,
            _ => 4,
        };
        let provider = aged.entry(issued.provider.clone()).or_default();
        provider.buckets[bucket] += issued.gross();
        provider.total += issued.gross();
    }
    aged
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
