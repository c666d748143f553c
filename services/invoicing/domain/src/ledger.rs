//! A council's journal and the balances of its accounts, kept as entries are posted.

use crate::accounts::Account;
use crate::by_id::ById;
use crate::journal::{EntryId, JournalEntry};
use crate::rejection::Rejection;
use care::{AgreementId, Pence, ProviderId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What was posted to an account on each side; neither is negative.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balance {
    /// The sum of its debits.
    pub debits: Pence,
    /// The sum of its credits, as a positive amount.
    pub credits: Pence,
}

impl Balance {
    /// Debits less credits.
    #[must_use]
    pub fn net(&self) -> Pence {
        self.debits - self.credits
    }

    pub(crate) fn add(&mut self, amount: Pence) {
        let side = if amount >= Pence::ZERO { &mut self.debits } else { &mut self.credits };
        // `Ledger::check` stops far below the limit; a fold must not fail, so it saturates rather than wrap.
        side.0 = side.0.saturating_add(amount.0.saturating_abs());
    }
}

/// The journal of one council.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    entries: Vec<Arc<JournalEntry>>,
    index: ById<usize>,
    by_provider: BTreeMap<ProviderId, Vec<usize>>,
    by_agreement: BTreeMap<AgreementId, Vec<usize>>,
    accounts: BTreeMap<Account, Balance>,
    memoranda: BTreeMap<Account, Balance>,
    totals: Balance,
}

/// No side of a ledger goes beyond this: half of what an `i64` holds, so that one command's entries, checked one by one
/// against the same balances, cannot overflow together.
const TOTAL_MAX: i64 = i64::MAX / 2;

impl Ledger {
    /// Whether an entry can be posted without any sum leaving its range.
    ///
    /// # Errors
    /// `AMOUNT_OVERFLOW`.
    pub fn check(&self, entry: &JournalEntry) -> Result<(), Rejection> {
        let moved = entry
            .postings
            .iter()
            .chain(&entry.memorandum)
            .try_fold(0_i64, |sum, posting| sum.checked_add(posting.amount.0.checked_abs()?))
            .ok_or(Rejection::AmountOverflow)?;
        // No account's side exceeds the ledger's, which exceeds neither this; each memorandum has its other side in one account.
        let control = self.memoranda.get(&Account::commitment_control()).copied().unwrap_or_default();
        let sides = [self.totals.debits, self.totals.credits, control.debits, control.credits];
        let fullest = sides.iter().map(|side| side.0).max().unwrap_or(0);
        match fullest.checked_add(moved) {
            Some(sum) if sum <= TOTAL_MAX => Ok(()),
            _ => Err(Rejection::AmountOverflow),
        }
    }

    pub(crate) fn post(&mut self, entry: Arc<JournalEntry>) {
        for posting in &entry.postings {
            under(&mut self.accounts, &posting.account, |balance| balance.add(posting.amount));
            self.totals.add(posting.amount);
        }
        for posting in &entry.memorandum {
            under(&mut self.memoranda, &posting.account, |balance| balance.add(posting.amount));
        }
        let position = self.entries.len();
        self.index.insert(entry.id, position);
        under(&mut self.by_provider, &entry.provider, |positions| positions.push(position));
        if let Some(agreement) = entry.agreement {
            self.by_agreement.entry(agreement).or_default().push(position);
        }
        self.entries.push(entry);
    }

    /// The entry with an id, if it was posted.
    #[must_use]
    pub fn entry(&self, id: EntryId) -> Option<&Arc<JournalEntry>> {
        self.index.get(&id).and_then(|position| self.entries.get(*position))
    }

    /// All entries in the order in which they were posted.
    #[must_use]
    pub fn entries(&self) -> &[Arc<JournalEntry>] {
        &self.entries
    }

    /// The entries that concern a provider, an agreement or both, from the place `from` in the journal on, each with its
    /// place. Without either it is the whole journal.
    pub fn statement<'a>(
        &'a self,
        provider: Option<&'a ProviderId>,
        agreement: Option<AgreementId>,
        from: usize,
    ) -> Box<dyn Iterator<Item = (usize, &'a Arc<JournalEntry>)> + 'a> {
        let listed = match (agreement, provider) {
            (Some(agreement), _) => Some(self.by_agreement.get(&agreement)),
            (None, Some(provider)) => Some(self.by_provider.get(provider)),
            (None, None) => None,
        };
        let entry = |position: usize| self.entries.get(position).map(|entry| (position, entry));
        match listed {
            None => Box::new((from..self.entries.len()).filter_map(entry)),
            Some(positions) => {
                let positions = positions.map_or(&[][..], Vec::as_slice);
                let after = &positions[positions.partition_point(|position| *position < from)..];
                let wanted = move |found: &(usize, &Arc<JournalEntry>)| {
                    provider.is_none_or(|provider| found.1.provider == *provider)
                };
                Box::new(after.iter().copied().filter_map(entry).filter(wanted))
            }
        }
    }

    /// What was posted to each account.
    #[must_use]
    pub fn accounts(&self) -> &BTreeMap<Account, Balance> {
        &self.accounts
    }

    /// What was posted to each account of the memorandum of commitments.
    #[must_use]
    pub fn memoranda(&self) -> &BTreeMap<Account, Balance> {
        &self.memoranda
    }

    /// What was posted to an account.
    #[must_use]
    pub fn balance(&self, account: &Account) -> Balance {
        self.accounts.get(account).or_else(|| self.memoranda.get(account)).copied().unwrap_or_default()
    }

    /// What was posted in all.
    #[must_use]
    pub fn totals(&self) -> Balance {
        self.totals
    }

    /// Whether all debits equal all credits.
    #[must_use]
    pub fn balanced(&self) -> bool {
        self.totals.debits == self.totals.credits
    }
}

/// Changes what a map has under a key, which is copied only where there is nothing yet.
pub(crate) fn under<K: Ord + Clone, V: Default>(
    map: &mut BTreeMap<K, V>,
    key: &K,
    change: impl FnOnce(&mut V),
) {
    match map.get_mut(key) {
        Some(known) => change(known),
        None => change(map.entry(key.clone()).or_default()),
    }
}
