//! Journal entries: what is posted, to which accounts, on which date and for which nights. An entry that does not sum
//! to zero cannot be made.

use crate::accounts::Account;
use crate::rejection::Rejection;
use care::{AgreementId, Date, InvoiceId, Nights, Pence, ProviderId};
use serde::{Deserialize, Serialize};
use std::fmt;
use uuid::Uuid;

/// What made an entry necessary: a source event or a request. Entries take their ids from it, so what comes twice is
/// posted once.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cause(String);

impl Cause {
    /// An event of another log by its place in its stream, such as the second of `contracts/E06000015/agreement/3f0e...`: what is
    /// derived from it then does not hang on what else was going on, as its position in the log does.
    #[must_use]
    pub fn event(stream: &str, version: u64) -> Self {
        Self(format!("event|{stream}|{version}"))
    }

    /// A caller's request.
    #[must_use]
    pub fn request(caller: &str, request_id: &str) -> Self {
        Self(format!("request|{caller}|{request_id}"))
    }

    /// The id that this cause gives to the thing `what`.
    #[must_use]
    pub fn id_of(&self, what: &str) -> Uuid {
        Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("{}|{what}", self.0).as_bytes())
    }
}

/// A journal entry's id. A charge and its reversal are known by the ids of their entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EntryId(pub Uuid);

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What an entry is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EntryCode {
    /// Nights of a placement.
    Charge,
    /// An earlier charge taken back, penny for penny.
    Reversal,
    /// The nights that remain of a charge that was reversed.
    Recharge,
    /// Charges turned into a debt to the provider.
    Invoice,
    /// Charges taken back that turn into a debt of the provider.
    CreditNote,
    /// An invoice paid.
    Payment,
    /// A credit note settled by the provider.
    Refund,
    /// A payment that the bank sent back.
    PaymentReturn,
    /// What agreed nights will cost, as a memorandum.
    Commitment,
    /// What was accepted of a provider's invoice and is disputed now, or the other way round.
    Query,
}

impl EntryCode {
    /// The code as a stable word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Charge => "CHARGE",
            Self::Reversal => "REVERSAL",
            Self::Recharge => "RECHARGE",
            Self::Invoice => "INVOICE",
            Self::CreditNote => "CREDIT_NOTE",
            Self::Payment => "PAYMENT",
            Self::Refund => "REFUND",
            Self::PaymentReturn => "PAYMENT_RETURN",
            Self::Commitment => "COMMITMENT",
            Self::Query => "QUERY",
        }
    }
}

/// One side of an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posting {
    /// The account.
    pub account: Account,
    /// Debits are positive, credits negative; never zero.
    pub amount: Pence,
}

/// The dates of an entry, of which the books go by the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryDates {
    /// The day on which it counts; always in a period that was open when it was posted.
    pub posted_on: Date,
    /// The day on which it would have counted had that period not been closed: this is then an adjustment of it.
    pub adjusts: Option<Date>,
    /// The nights that it is about; empty at a date for a payment.
    pub effective: Nights,
}

/// One balanced entry of a council's journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalEntry {
    /// Its id, derived from its cause.
    pub id: EntryId,
    /// What it is for.
    pub code: EntryCode,
    /// When it counts, and for which nights.
    pub dates: EntryDates,
    /// The provider it concerns.
    pub provider: ProviderId,
    /// The agreement, for charges.
    pub agreement: Option<AgreementId>,
    /// The invoice, for invoices and payments.
    pub invoice: Option<InvoiceId>,
    /// The postings, one per account, in order of accounts, which sum to zero; none where the amount is nil.
    pub postings: Vec<Posting>,
    /// What changes in the memorandum of commitments, which balances by itself and is in none of the books' totals.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub memorandum: Vec<Posting>,
}

/// The sum of amounts, or nothing where it does not fit.
#[must_use]
pub fn checked_sum(amounts: impl IntoIterator<Item = Pence>) -> Option<Pence> {
    amounts.into_iter().try_fold(0_i64, |sum, amount| sum.checked_add(amount.0)).map(Pence)
}

/// Gathers `amounts` into one posting per account and refuses what does not sum to zero.
///
/// # Errors
/// `AMOUNT_OVERFLOW` where a sum leaves an `i64`; `LEDGER_UNBALANCED` where the sum is not zero, which would be a defect here
/// and never the caller's.
pub fn balanced(amounts: impl IntoIterator<Item = (Account, Pence)>) -> Result<Vec<Posting>, Rejection> {
    let mut amounts: Vec<(Account, Pence)> = amounts.into_iter().collect();
    amounts.sort_by(|(one, _), (other, _)| one.cmp(other));
    let mut postings: Vec<Posting> = Vec::with_capacity(amounts.len());
    for (account, amount) in amounts {
        match postings.last_mut().filter(|last| last.account == account) {
            Some(last) => {
                last.amount = checked_sum([last.amount, amount]).ok_or(Rejection::AmountOverflow)?;
            }
            None => postings.push(Posting { account, amount }),
        }
    }
    let total =
        checked_sum(postings.iter().map(|posting| posting.amount)).ok_or(Rejection::AmountOverflow)?;
    if total != Pence::ZERO && !planted!(UnbalancedEntry) {
        return Err(Rejection::LedgerUnbalanced { off_by: total });
    }
    postings.retain(|posting| posting.amount != Pence::ZERO);
    Ok(postings)
}

#[cfg(test)]
mod tests {
    use super::{Account, Cause, balanced};
    use care::{Pence, Refusal};

    #[test]
    fn postings_are_gathered_by_account_and_must_balance() {
        let provider = "acme".parse().unwrap();
        let (accrued, payable) = (Account::accrued(&provider), Account::payable(&provider));
        let postings = balanced([
            (accrued.clone(), Pence(3)),
            (accrued.clone(), Pence(4)),
            (payable.clone(), Pence(-7)),
        ])
        .unwrap();
        assert_eq!(postings.len(), 2);
        assert_eq!(postings[0].amount, Pence(7));
        let off = balanced([(accrued.clone(), Pence(3)), (payable.clone(), Pence(-2))]).unwrap_err();
        assert_eq!(off.reason(), "LEDGER_UNBALANCED");
        let over = balanced([(accrued.clone(), Pence(i64::MAX)), (accrued, Pence(1)), (payable, Pence(-1))]);
        assert_eq!(over.unwrap_err().reason(), "AMOUNT_OVERFLOW");
    }

    #[test]
    fn the_same_cause_gives_the_same_id() {
        let cause = Cause::event("contracts/E06000015/agreement/1", 17);
        assert_eq!(cause.id_of("a"), Cause::event("contracts/E06000015/agreement/1", 17).id_of("a"));
        assert_ne!(cause.id_of("a"), cause.id_of("b"));
        assert_ne!(cause.id_of("a"), Cause::event("contracts/E06000015/agreement/1", 18).id_of("a"));
    }
}
