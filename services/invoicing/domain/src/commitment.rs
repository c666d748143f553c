//! Commitments: what the nights that are agreed and not charged yet will cost, up to their known end or the end of the financial year,
//! whichever is earlier. They stand in a memorandum beside the books. A charge releases what it charges; whatever else changes what
//! is to come is posted as the difference. On 1 April a new year begins to be committed, with the next accrual (`State::to_commit`). No date is
//! before what is released on it was committed, so that as of no date less than nothing is committed.

use crate::accounts::Account;
use crate::agreement::{Agreement, Subject, common, without};
use crate::commands::{Ask, Command};
use crate::events::CommitmentPosted;
use crate::journal::{EntryCode, EntryDates, EntryId, JournalEntry, Posting, balanced};
use crate::lines::{components, cost};
use crate::rejection::Rejection;
use crate::state::State;
use care::{AgreementId, Date, Nights, Pence, london_date};
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

/// What is to be committed for an agreement, with `occupied` as in [`State::to_be_occupied`]: its nights before `end` that no charge holds.
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

/// The latest day on which more may be committed, since its nights are released on their own days however late that is told: the first night
/// of a year that was not committed before, and otherwise the last night there is, or the day on which charges were corrected before that.
fn raised_on(
    agreement: &Agreement,
    occupied: &[Nights],
    end: Date,
    corrected_on: Option<Date>,
) -> Option<Date> {
    let is_new = agreement.committed_to.is_none_or(|to| to < end);
    let since = agreement.committed_to.filter(|_| is_new).unwrap_or(Date::MIN);
    let year = Nights::from_on(since, Some(end));
    let nights: Vec<Nights> =
        agreement.expected(occupied).into_iter().filter_map(|nights| common(nights, year)).collect();
    if is_new {
        return nights.first().map(|nights| nights.start());
    }
    let last = nights.last().and_then(|nights| nights.end().yesterday().ok());
    last.into_iter().chain(corrected_on).min()
}

impl State {
    /// The agreements of which less is committed than is to come by the end of the financial year that `today` lies in: what was agreed before it
    /// began is carried into it by the next accrual, whether or not a night has begun.
    #[must_use]
    pub fn to_commit(&self, today: Date) -> Vec<AgreementId> {
        let end = year_end(today);
        let open = self.open.iter().filter_map(|id| self.agreements.get(id));
        let earlier = open.filter(|agreement| agreement.committed_to.is_none_or(|to| to < end));
        let missing = |agreement: &&Agreement| {
            target(agreement, &self.to_be_occupied(agreement, None), end) != agreement.committed
        };
        earlier.filter(missing).map(|agreement| agreement.id).collect()
    }
}

/// The difference between what is committed and what is to be, if there is one; `corrected_on` is the first day on which charges of it were
/// corrected with it.
pub(crate) fn adjusted(
    agreement: &Agreement,
    state: &State,
    occupied: &[Nights],
    command: &Command,
    corrected_on: Option<Date>,
) -> Result<Option<CommitmentPosted>, Rejection> {
    let today = london_date(command.at);
    // A fact that comes late was recorded in a year before, and takes the year that is committed by now not back.
    let end = agreement.committed_to.map_or(year_end(today), |to| to.max(year_end(today)));
    let target = target(agreement, occupied, end);
    let kept = planted!(CommitmentNotReleased) && target < agreement.committed;
    if target == agreement.committed || kept {
        return Ok(None);
    }
    // A fact that is told again after another came between has another difference to post, and that another id; an accrual that comes again has
    // nothing to post.
    let moved = match command.ask {
        Ask::AccrueNights(_) => format!("COMMITMENT|{}", agreement.id),
        _ => format!("COMMITMENT|{}|{}|{}", agreement.id, agreement.committed.0, target.0),
    };
    let id = EntryId(command.cause.id_of(&moved));
    let day = match target > agreement.committed {
        true => raised_on(agreement, occupied, end, corrected_on).map_or(today, |day| day.min(today)),
        false => agreement.committed_on.map_or(today, |on| on.max(today)),
    };
    let posted_on = state.first_open(day);
    let dates = EntryDates {
        posted_on,
        adjusts: (posted_on != day).then_some(day),
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
