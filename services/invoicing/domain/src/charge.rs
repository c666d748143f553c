//! What nights cost: the charge of an agreement for a period, split by price line and funder, and the exact mirror of it.

use crate::accounts::Account;
use crate::journal::{Cause, EntryCode, EntryDates, EntryId, JournalEntry, balanced, checked_sum};
use crate::rejection::Rejection;
use crate::state::Agreement;
use care::{AgreementId, Date, Nights, Pence, ProviderId, fee_for_nights, split_largest_remainder};
use serde::{Deserialize, Serialize};

/// A funder's part of a charged line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FunderAmount {
    /// A code of `code_sets::FUNDER`.
    pub funder: String,
    /// The part; negative in a reversal.
    pub amount: Pence,
}

/// One price line of a charge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChargedLine {
    /// A code of `code_sets::PRICE_LINE`.
    pub kind: String,
    /// Pence a week.
    pub weekly: Pence,
    /// What the nights cost; negative in a reversal.
    pub amount: Pence,
    /// Who pays which part of it; the parts sum to it.
    pub shares: Vec<FunderAmount>,
}

/// What an agreement's nights of one calendar month cost, or the mirror of such a charge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charge {
    /// The id of its journal entry.
    pub id: EntryId,
    /// The agreement.
    pub agreement: AgreementId,
    /// The provider that is paid.
    pub provider: ProviderId,
    /// The nights.
    pub nights: Nights,
    /// The charge that this takes back, penny for penny.
    pub reverses: Option<EntryId>,
    /// For a correction, why the placement ended: a code of `code_sets::REASON_PLACE_CHANGE`.
    pub reason: Option<String>,
    /// From when an invoice takes it up: the end of the nights, and for a correction the day of departure.
    pub due_on: Date,
    /// The price lines.
    pub lines: Vec<ChargedLine>,
    /// The sum of the lines.
    pub total: Pence,
}

impl Charge {
    /// How many nights it adds to what was charged; negative for a reversal.
    #[must_use]
    pub fn nights_added(&self) -> i64 {
        if self.reverses.is_some() { -self.nights.count() } else { self.nights.count() }
    }
}

/// The charge for the nights of `dates`, none of them before the first paid night, and its journal entry.
pub(crate) fn charge(
    agreement: &Agreement,
    first_night: Date,
    id: EntryId,
    dates: EntryDates,
    correction: Option<&str>,
) -> Result<(Charge, JournalEntry), Rejection> {
    let nights = dates.effective;
    let code = if correction.is_some() { EntryCode::Recharge } else { EntryCode::Charge };
    let lines = agreement
        .lines
        .iter()
        .map(|line| {
            let amount = fee_for_nights(line.weekly, first_night, nights);
            Ok(ChargedLine {
                kind: line.kind.clone(),
                weekly: line.weekly,
                amount,
                shares: shares_of(agreement, amount)?,
            })
        })
        .collect::<Result<Vec<_>, Rejection>>()?;
    let total = checked_sum(lines.iter().map(|line| line.amount)).ok_or(Rejection::AmountOverflow)?;
    let charge = Charge {
        id,
        agreement: agreement.id,
        provider: agreement.provider.clone(),
        nights,
        reverses: None,
        reason: correction.map(str::to_owned),
        due_on: nights.end(),
        lines,
        total,
    };
    let debits = charge.lines.iter().flat_map(|line| &line.shares).map(|share| {
        let account = Account::of_funder(&share.funder, &agreement.provision);
        account
            .map(|account| (account, share.amount))
            .ok_or_else(|| Rejection::FunderUnknown(share.funder.clone()))
    });
    let mut amounts = debits.collect::<Result<Vec<_>, _>>()?;
    amounts.push((Account::accrued(&charge.provider), -total));
    let entry = entry_of(&charge, code, dates, balanced(amounts)?);
    Ok((charge, entry))
}

fn shares_of(agreement: &Agreement, amount: Pence) -> Result<Vec<FunderAmount>, Rejection> {
    let weights: Vec<u32> = agreement.funders.iter().map(|share| share.basis_points).collect();
    let parts = split_largest_remainder(amount, &weights).ok_or(Rejection::NobodyPays(agreement.id))?;
    let funders = agreement.funders.iter().map(|share| share.funder.clone());
    Ok(funders.zip(parts).map(|(funder, amount)| FunderAmount { funder, amount }).collect())
}

/// The exact mirror of a recorded charge and its entry, line by line and funder by funder. Nothing is computed from the
/// terms again: they, or the way of rounding, may have changed since.
pub(crate) fn mirror(
    recorded: &Charge,
    entry: &JournalEntry,
    cause: &Cause,
    dates: EntryDates,
    reason: &str,
    due_on: Date,
) -> Result<(Charge, JournalEntry), Rejection> {
    let lines = recorded.lines.iter().map(|line| ChargedLine {
        kind: line.kind.clone(),
        weekly: line.weekly,
        amount: -line.amount,
        shares: line
            .shares
            .iter()
            .map(|share| FunderAmount { funder: share.funder.clone(), amount: -share.amount })
            .collect(),
    });
    let reversal = Charge {
        id: EntryId(cause.id_of(&format!("REVERSAL|{}", recorded.id))),
        agreement: recorded.agreement,
        provider: recorded.provider.clone(),
        nights: recorded.nights,
        reverses: Some(recorded.id),
        reason: Some(reason.to_owned()),
        due_on,
        lines: lines.collect(),
        total: -recorded.total,
    };
    let postings = balanced(entry.postings.iter().map(|posting| (posting.account.clone(), -posting.amount)))?;
    let entry = entry_of(&reversal, EntryCode::Reversal, dates, postings);
    Ok((reversal, entry))
}

fn entry_of(
    charge: &Charge,
    code: EntryCode,
    dates: EntryDates,
    postings: Vec<crate::journal::Posting>,
) -> JournalEntry {
    JournalEntry {
        id: charge.id,
        code,
        dates,
        provider: charge.provider.clone(),
        agreement: Some(charge.agreement),
        invoice: None,
        postings,
    }
}
