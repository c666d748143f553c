//! What each account of the books comes to: what the other programs are compared with.

use super::Books;
use care::Pence;
use std::collections::BTreeMap;

/// The balance of every declared account by its name in the ledger, zero where nothing was posted. None where a sum leaves an `i64`.
#[must_use]
pub fn balances(books: &Books) -> Option<BTreeMap<&str, Pence>> {
    let mut sums: BTreeMap<&str, Pence> =
        books.accounts.keys().map(|name| (name.as_str(), Pence::ZERO)).collect();
    for posting in books.entries.iter().flat_map(|entry| &entry.postings) {
        let sum = sums.entry(posting.account.as_str()).or_default();
        *sum = Pence(sum.0.checked_add(posting.amount.0)?);
    }
    Some(sums)
}
