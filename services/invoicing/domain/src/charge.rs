//! What nights cost: the charge of an agreement for a period, split by price line and funder, and the exact mirror of it.

use crate::accounts::Account;
use crate::agreement::{Agreement, Subject};
use crate::commitment;
use crate::journal::{Cause, EntryCode, EntryDates, EntryId, JournalEntry, Posting, balanced, checked_sum};
use crate::lines::{Component, Split, charged, outcome};
use crate::rejection::Rejection;
use crate::vat;
use care::{AgreementId, Date, Nights, Pence, ProviderId};
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
    /// The line's number among the agreement's; none of what absences take off and of Staying Put, and in records from before lines
    /// had numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// A code of `code_sets::CHARGE_LINE`.
    pub kind: String,
    /// Pence a week; negative for what is taken off.
    pub weekly: Pence,
    /// The nights it holds for, where those are not all of the charge's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nights: Option<Nights>,
    /// What the nights cost without VAT; the sign is turned in a reversal.
    pub amount: Pence,
    /// Who pays which part of it; the parts sum to it.
    pub shares: Vec<FunderAmount>,
    /// How VAT treats it, a code of `code_sets::VAT_TREATMENT`; none in records from before that was noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vat: Option<String>,
    /// The VAT that its invoice adds.
    #[serde(default, skip_serializing_if = "is_nil")]
    pub vat_amount: Pence,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
pub(crate) fn is_nil(amount: &Pence) -> bool {
    *amount == Pence::ZERO
}

/// What an agreement's nights of one calendar month cost that the same funders pay, or a payment for an outcome, or the mirror of such a charge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charge {
    /// The id of its journal entry.
    pub id: EntryId,
    /// The agreement, or the nights agreed beforehand, see [`crate::Subject::id`].
    pub agreement: AgreementId,
    /// Who is paid; of nights bought or sold the other council, as `council-{gss}`.
    pub provider: ProviderId,
    /// The nights; of a payment for an outcome none, on the day on which that was achieved.
    pub nights: Nights,
    /// The charge that this takes back, penny for penny.
    pub reverses: Option<EntryId>,
    /// For a correction, why: a code of `code_sets::REASON_PLACE_CHANGE` for a departure, of `code_sets::TERMS_CAUSE` for a price, of
    /// `code_sets::ABSENCE` for an absence, `STAYING_PUT`, `OCCUPIED` where a child of the council was in a bed that is paid for beforehand,
    /// `REGISTRATION` and `VAT_NUMBER` where VAT treats it otherwise since the registration of its home or its supplier's number was told, or why nights agreed beforehand end.
    pub reason: Option<String>,
    /// From when an invoice takes it up: the end of the nights, and for a reversal the end of those that remain of them.
    pub due_on: Date,
    /// The price lines.
    pub lines: Vec<ChargedLine>,
    /// The sum of the lines, without VAT.
    pub total: Pence,
    /// How its lines were split among funders.
    #[serde(default, skip_serializing_if = "Split::is_per_charge")]
    pub split: Split,
    /// Whether no provider is paid for it: nights that are sold.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sold: bool,
}

impl Charge {
    /// How many nights it adds to what was charged; negative for a reversal.
    #[must_use]
    pub fn nights_added(&self) -> i64 {
        if self.reverses.is_some() { -self.nights.count() } else { self.nights.count() }
    }

    /// The VAT that its invoice adds.
    #[must_use]
    pub fn vat(&self) -> Pence {
        self.lines.iter().map(|line| line.vat_amount).sum()
    }

    /// Whether it is outside the scope of VAT, as all of an agreement's lines are or none.
    #[must_use]
    pub(crate) fn is_outside_scope(&self) -> bool {
        self.lines.iter().any(|line| line.vat.as_deref() == Some(vat::OUTSIDE_SCOPE))
    }

    /// Whether it says what its nights cost today. Records from before lines had numbers and VAT do not have to say either.
    #[must_use]
    pub(crate) fn says(&self, lines: &[ChargedLine]) -> bool {
        let same = |(recorded, now): (&ChargedLine, &ChargedLine)| {
            let untold = recorded.vat.is_none();
            recorded.kind == now.kind
                && recorded.weekly == now.weekly
                && recorded.nights == now.nights
                && recorded.amount == now.amount
                && recorded.shares == now.shares
                && (untold || (&recorded.vat, recorded.vat_amount) == (&now.vat, now.vat_amount))
        };
        self.lines.len() == lines.len() && self.lines.iter().zip(lines).all(same)
    }
}

/// The charge for `dates.effective`, which the same funders pay and all of which are paid, and its journal entry.
pub(crate) fn charge(
    agreement: &Agreement,
    components: &[Component],
    id: EntryId,
    dates: EntryDates,
    correction: Option<&str>,
) -> Result<(Charge, JournalEntry), Rejection> {
    let lines = charged(agreement, components, dates.effective, Split::Cumulative)?;
    let (charge, entry) = posted(agreement, lines, id, dates, dates.effective.end(), correction)?;
    let memorandum = commitment::released(agreement, charge.total)?;
    Ok((charge, JournalEntry { memorandum, ..entry }))
}

/// The charge of a payment for an outcome, and its journal entry. Nothing was committed for it: nobody knew that it would be achieved.
pub(crate) fn outcome_charge(
    agreement: &Agreement,
    amount: Pence,
    id: EntryId,
    dates: EntryDates,
    correction: Option<&str>,
) -> Result<(Charge, JournalEntry), Rejection> {
    let on = dates.effective.start();
    let lines = outcome(agreement, amount, on)?;
    // As a night, it is invoiced when its day has passed.
    posted(agreement, lines, id, dates, on.tomorrow().unwrap_or(on), correction)
}

fn posted(
    agreement: &Agreement,
    lines: Vec<ChargedLine>,
    id: EntryId,
    dates: EntryDates,
    due_on: Date,
    correction: Option<&str>,
) -> Result<(Charge, JournalEntry), Rejection> {
    let code = if correction.is_some() { EntryCode::Recharge } else { EntryCode::Charge };
    let total = checked_sum(lines.iter().map(|line| line.amount)).ok_or(Rejection::AmountOverflow)?;
    let charge = Charge {
        id,
        agreement: agreement.id,
        provider: agreement.provider.clone(),
        nights: dates.effective,
        reverses: None,
        reason: correction.map(str::to_owned),
        due_on,
        lines,
        total,
        split: Split::Cumulative,
        sold: agreement.subject == Subject::Sold,
    };
    let debits = charge.lines.iter().flat_map(|line| &line.shares).map(|share| {
        let account = agreement.account_of(&share.funder);
        account
            .map(|account| (account, share.amount))
            .ok_or_else(|| Rejection::FunderUnknown(share.funder.clone()))
    });
    let mut amounts = debits.collect::<Result<Vec<_>, _>>()?;
    let penny = if planted!(UnbalancedEntry) { Pence(1) } else { Pence::ZERO };
    amounts.push((agreement.creditor(), penny - total));
    let entry = entry_of(&charge, code, dates, balanced(amounts)?);
    Ok((charge, entry))
}

impl Agreement {
    /// Where a funder's share is posted; nothing for a funder that the chart does not know.
    pub(crate) fn account_of(&self, funder: &str) -> Option<Account> {
        match self.subject {
            Subject::Placement => Account::of_funder(funder, &self.provision),
            Subject::Sold => Some(Account::resale_income()),
            Subject::Reservation | Subject::Block | Subject::Bought => {
                Some(Account::beforehand(self.subject.line().unwrap_or_default()))
            }
        }
    }

    /// The other side of its charges: what is accrued for whoever is paid, or what the council that bought the nights owes.
    pub(crate) fn creditor(&self) -> Account {
        match (self.subject, self.other_council) {
            (Subject::Sold, Some(buyer)) => Account::council(buyer),
            _ => Account::accrued(&self.provider),
        }
    }
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
        amount: -line.amount,
        shares: line
            .shares
            .iter()
            .map(|share| FunderAmount { funder: share.funder.clone(), amount: -share.amount })
            .collect(),
        vat_amount: -line.vat_amount,
        ..line.clone()
    });
    let reversal = Charge {
        id: EntryId(cause.id_of(&format!("REVERSAL|{}", recorded.id))),
        reverses: Some(recorded.id),
        reason: Some(reason.to_owned()),
        due_on,
        lines: lines.collect(),
        total: -recorded.total,
        ..recorded.clone()
    };
    let mirrored = |postings: &[Posting]| {
        balanced(postings.iter().map(|posting| (posting.account.clone(), -posting.amount)))
    };
    let entry = JournalEntry {
        memorandum: mirrored(&entry.memorandum)?,
        ..entry_of(&reversal, EntryCode::Reversal, dates, mirrored(&entry.postings)?)
    };
    Ok((reversal, entry))
}

fn entry_of(charge: &Charge, code: EntryCode, dates: EntryDates, postings: Vec<Posting>) -> JournalEntry {
    JournalEntry {
        id: charge.id,
        code,
        dates,
        provider: charge.provider.clone(),
        agreement: Some(charge.agreement),
        invoice: None,
        postings,
        memorandum: Vec::new(),
    }
}
