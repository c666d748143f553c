//! Commitments: what the nights that are agreed and not charged yet will cost, up to their known end or the end of the financial year,
//! whichever is earlier. They stand in a memorandum beside the books. A charge releases what it charges; whatever else changes what
//! is to come is posted as the difference.

use crate::accounts::Account;
use crate::agreement::{Agreement, Subject, common, without};
use crate::commands::Command;
use crate::events::CommitmentPosted;
use crate::journal::{EntryCode, EntryDates, EntryId, JournalEntry, Posting, balanced};
use crate::lines::{components, cost};
use crate::rejection::Rejection;
use crate::state::State;
use care::{Date, Nights, Pence, london_date};
use jiff::civil::date;
use std::sync::Arc;

/// The day after the financial year that `day` lies in: 1 April.
#[must_use]
pub fn year_end(day: Date) -> Date {
    let year = if day.month() >= 4 { day.year().saturating_add(1) } else { day.year() };
    date(year.min(9_999), 4, 1)
}

/// The memorandum of a charge: what is charged is to come no longer.
pub(crate) fn released(agreement: &Agreement, charged: Pence) -> Result<Vec<Posting>, Rejection> {
    if planted!(CommitmentNotReleased) {
        return Ok(Vec::new());
    }
    pair(agreement, -charged)
}

fn pair(agreement: &Agreement, amount: Pence) -> Result<Vec<Posting>, Rejection> {
    if agreement.subject == Subject::Sold {
        return Ok(Vec::new());
    }
    balanced([(Account::committed(&agreement.provision), amount), (Account::commitment_control(), -amount)])
}

/// What is to be committed for an agreement, with `occupied` as in [`Agreement::paid`]: its nights before `end` that no charge holds.
pub(crate) fn target(agreement: &Agreement, occupied: &[Nights], end: Date) -> Pence {
    if agreement.subject == Subject::Sold {
        return Pence::ZERO;
    }
    let standing: Vec<Nights> = agreement.standing_nights().collect();
    let to_come = without(&agreement.expected(occupied), &standing);
    let year = Nights::from_on(Date::MIN, Some(end));
    let nights: Vec<Nights> = to_come.into_iter().filter_map(|nights| common(nights, year)).collect();
    if nights.is_empty() { Pence::ZERO } else { cost(&components(agreement), &nights) }
}

/// The difference between what is committed and what is to be, if there is one.
pub(crate) fn adjusted(
    agreement: &Agreement,
    state: &State,
    occupied: &[Nights],
    command: &Command,
) -> Result<Option<CommitmentPosted>, Rejection> {
    let today = london_date(command.at);
    let end = year_end(today);
    let target = target(agreement, occupied, end);
    let kept = planted!(CommitmentNotReleased) && target < agreement.committed;
    if target == agreement.committed || kept {
        return Ok(None);
    }
    let id = EntryId(command.cause.id_of(&format!("COMMITMENT|{}", agreement.id)));
    let posted_on = state.first_open(today);
    let dates = EntryDates {
        posted_on,
        adjusts: (posted_on != today).then_some(today),
        effective: Nights::from_on(agreement.start.min(end), Some(end)),
    };
    let entry = JournalEntry {
        id,
        code: EntryCode::Commitment,
        dates,
        provider: agreement.provider.clone(),
        agreement: Some(agreement.id),
        invoice: None,
        postings: Vec::new(),
        memorandum: pair(agreement, target - agreement.committed)?,
    };
    state.ledger.check(&entry)?;
    if state.ledger.entry(id).is_some() {
        return Ok(None);
    }
    let (council, at, entry) = (command.council, command.at, Arc::new(entry));
    Ok(Some(CommitmentPosted { agreement: agreement.id, council, committed: target, before: end, entry, at }))
}
