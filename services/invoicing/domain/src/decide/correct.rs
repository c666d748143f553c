//! Late news: whatever was told, each standing charge that does not say what its nights cost is taken back as it was recorded, and what
//! remains of its nights is charged anew. What says the same already stays.

use super::supplier::rematch;
use super::{entry_dates, is_new, limits};
use crate::agreement::{Agreement, common};
use crate::charge::{charge, mirror};
use crate::commands::Command;
use crate::commitment;
use crate::events::{ChargePosted, ChargeReversed, InvoicingEvent};
use crate::journal::EntryId;
use crate::lines::{Component, components};
use crate::rejection::Rejection;
use crate::state::{State, Supplier};
use care::{Date, Nights, london_date};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A decision in the making: its events, and how many charges it may still take back.
pub(super) struct Work<'a> {
    pub(super) state: &'a State,
    pub(super) command: &'a Command,
    pub(super) events: Vec<InvoicingEvent>,
    room: usize,
    /// Invoices of providers as this decision has left them so far.
    supplier: Cow<'a, Supplier>,
}

impl<'a> Work<'a> {
    pub(super) fn new(state: &'a State, command: &'a Command) -> Self {
        let (room, supplier) = (limits::REVERSALS_MAX, Cow::Borrowed(&state.supplier));
        Self { state, command, events: Vec::new(), room, supplier }
    }

    /// Records news of an agreement, `changed` being what it makes of it, with all that follows: corrections of its charges and of what
    /// was agreed beforehand of the same place, and the commitments of both.
    pub(super) fn tell(
        &mut self,
        news: InvoicingEvent,
        mut changed: Agreement,
        reason: &str,
    ) -> Result<(), Rejection> {
        self.events.push(news);
        self.settle(&mut changed, None, reason)?;
        for id in self.state.beforehand_of(&changed) {
            let Some(mut other) = self.state.agreements.get(&id).cloned() else { continue };
            self.settle(&mut other, Some(&changed), "OCCUPIED")?;
        }
        Ok(())
    }

    fn settle(
        &mut self,
        agreement: &mut Agreement,
        changed: Option<&Agreement>,
        reason: &str,
    ) -> Result<(), Rejection> {
        let occupied = self.state.occupied(agreement, changed);
        let stale = self.state.stale(agreement, &occupied);
        self.correct(agreement, &occupied, &stale, reason)?;
        self.correct_outcomes(agreement, reason)?;
        self.commit(agreement, changed)
    }

    /// Corrects an agreement that stays as it is but for how VAT sees it: what was agreed beforehand of its place is not concerned.
    pub(super) fn treat_anew(&mut self, changed: &mut Agreement, reason: &str) -> Result<(), Rejection> {
        self.settle(changed, None, reason)
    }

    /// Corrects standing charges, latest first. Each correction counts in the period of the charge it corrects, or in the first open one
    /// after it.
    pub(super) fn correct(
        &mut self,
        agreement: &mut Agreement,
        occupied: &[Nights],
        stale: &BTreeSet<Date>,
        reason: &str,
    ) -> Result<(), Rejection> {
        if stale.is_empty() {
            return Ok(());
        }
        let (paid, components) = (agreement.paid(occupied), components(agreement));
        for first in stale.iter().rev().take(self.room) {
            self.correct_one(agreement, &paid, &components, *first, reason)?;
        }
        self.room = self.room.saturating_sub(stale.len());
        self.rematch(agreement, reason)
    }

    /// Has what providers invoiced of the nights that were corrected matched again, so that nobody pays for what is not charged any more.
    fn rematch(&mut self, agreement: &Agreement, reason: &str) -> Result<(), Rejection> {
        let of_it = |event: &InvoicingEvent| match event {
            InvoicingEvent::ChargeReversed(e) if e.charge.agreement == agreement.id => Some(e.charge.nights),
            _ => None,
        };
        let nights: Vec<Nights> = self.events.iter().filter_map(of_it).collect();
        let (state, command, what) = (self.state, self.command, (agreement, nights.as_slice()));
        for event in rematch(state, &self.supplier, command, what, reason)? {
            self.supplier.to_mut().rematched(&event, london_date(command.at));
            self.events.push(event.into());
        }
        Ok(())
    }

    fn correct_one(
        &mut self,
        agreement: &mut Agreement,
        paid: &[Nights],
        components: &[Component],
        first: Date,
        reason: &str,
    ) -> Result<(), Rejection> {
        let (state, command) = (self.state, self.command);
        let standing = agreement.standing.get(&first).map(|standing| standing.charge);
        let Some(recorded) = standing.and_then(|id| state.charges.get(&id)) else { return Ok(()) };
        let Some(entry) = state.ledger.entry(recorded.id) else { return Ok(()) };
        let (council, at) = (command.council, command.at);
        // What was an adjustment of a closed day is adjusted as of that day once more.
        let day = entry.dates.adjusts.unwrap_or(entry.dates.posted_on);
        let remain = paid.iter().filter_map(|paid| common(*paid, recorded.nights));
        let remain: Vec<Nights> = remain.flat_map(|nights| agreement.terms.by_funders(nights)).collect();
        let before = paid.iter().map(Nights::end).filter(|end| *end <= first).max();
        let due_on = remain.last().map(Nights::end).or(before).unwrap_or(first);
        let dates = entry_dates(state, day, recorded.nights);
        let (reversal, entry) = mirror(recorded, entry, &command.cause, dates, reason, due_on)?;
        #[cfg(feature = "planted-defects")]
        let (reversal, entry) = match planted!(ReversalRecomputed) {
            true => recomputed(agreement, components, reversal, entry)?,
            false => (reversal, entry),
        };
        if is_new(state, &entry)? {
            agreement.reversed(&reversal, &entry);
            let (charge, entry) = (Arc::new(reversal), Arc::new(entry));
            self.events.push(ChargeReversed { council, charge, entry, at }.into());
        }
        for (n, nights) in remain.into_iter().enumerate() {
            let what = match n {
                0 => format!("RECHARGE|{}", recorded.id),
                n => format!("RECHARGE|{}|{n}", recorded.id),
            };
            let (id, dates) = (EntryId(command.cause.id_of(&what)), entry_dates(state, day, nights));
            let (charge, entry) = charge(agreement, components, id, dates, Some(reason))?;
            if is_new(state, &entry)? {
                agreement.charged(&charge, &entry);
                let (charge, entry) = (Arc::new(charge), Arc::new(entry));
                self.events.push(ChargePosted { council, charge, entry, run: None, at }.into());
            }
        }
        Ok(())
    }

    /// Posts what changed in what is to come of an agreement, where another one is about to become `changed`.
    pub(super) fn commit(
        &mut self,
        agreement: &Agreement,
        changed: Option<&Agreement>,
    ) -> Result<(), Rejection> {
        let occupied = self.state.to_be_occupied(agreement, changed);
        let corrected = self.events.iter().filter_map(|event| match event {
            InvoicingEvent::ChargeReversed(e) => Some(&e.entry),
            InvoicingEvent::ChargePosted(e) => Some(&e.entry),
            _ => None,
        });
        let own = corrected.filter(|entry| entry.agreement == Some(agreement.id));
        // Where it ends later than was known, or not at all, nights from there on are to come again, and are released on their own days.
        let known = self.state.agreements.get(&agreement.id).and_then(|it| it.end.as_ref()).map(|end| end.on);
        let later = known.filter(|known| agreement.end.as_ref().is_none_or(|end| *known < end.on));
        let first = own.map(|entry| entry.dates.posted_on).chain(later).min();
        let posted = commitment::adjusted(agreement, self.state, &occupied, self.command, first)?;
        self.events.extend(posted.map(InvoicingEvent::from));
        Ok(())
    }
}

/// The planted defect: what is taken back is worked out from the terms as they are now.
#[cfg(feature = "planted-defects")]
fn recomputed(
    agreement: &Agreement,
    components: &[Component],
    reversal: crate::charge::Charge,
    entry: crate::journal::JournalEntry,
) -> Result<(crate::charge::Charge, crate::journal::JournalEntry), Rejection> {
    let (now, now_entry) = charge(agreement, components, reversal.id, entry.dates, None)?;
    let turned = |postings: Vec<crate::journal::Posting>| {
        let turn =
            |posting: crate::journal::Posting| crate::journal::Posting { amount: -posting.amount, ..posting };
        postings.into_iter().map(turn).collect()
    };
    let entry = crate::journal::JournalEntry {
        postings: turned(now_entry.postings),
        memorandum: turned(now_entry.memorandum),
        ..entry
    };
    Ok((crate::charge::Charge { total: -now.total, ..reversal }, entry))
}
