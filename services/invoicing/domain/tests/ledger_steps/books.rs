//! The test's own books: what the events of a ledger sum to, kept beside it. Every entry is judged by itself as it comes in.

use crate::model::{Bill, Due, Model};
use crate::price::{Line, kind_of};
use care::{AgreementId, Date, Pence, ProviderId};
use invoicing_domain::{
    Account, Charge, ChargePosted, ChargeReversed, CommitmentPosted, EntryId, InvoiceIssued, InvoicingEvent,
    JournalEntry, PaymentRecorded, Posting, RunFinished, RunId, Subject,
};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

/// What is wrong, in words.
pub(crate) type Checked = Result<(), String>;

macro_rules! same {
    ($one:expr, $other:expr, $($what:tt)+) => {{
        let (one, other) = (&$one, &$other);
        if one != other {
            return Err(format!("{}: {one:?}, not {other:?}", format_args!($($what)+)));
        }
    }};
}
pub(crate) use same;

/// What was charged on an agreement, less what was taken back.
#[derive(Debug, Default)]
pub(crate) struct Sums {
    pub(crate) by_line: BTreeMap<Line, i64>,
    pub(crate) by_funder: BTreeMap<String, i64>,
    pub(crate) vat: i64,
    pub(crate) nights: i64,
    pub(crate) committed: i64,
    /// Charges and reversals.
    pub(crate) ids: Vec<EntryId>,
}

/// What is owed to a provider.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Owed {
    pub(crate) accrued: i64,
    pub(crate) payable: i64,
}

#[derive(Debug, Default)]
struct RunSums {
    agreements: BTreeSet<AgreementId>,
    nights: i64,
    amount: i64,
}

/// The sums of all entries so far.
#[derive(Debug, Default)]
pub(crate) struct Books {
    ids: HashSet<EntryId>,
    charges: HashMap<EntryId, (Arc<Charge>, Arc<JournalEntry>)>,
    reversed: HashSet<EntryId>,
    runs: BTreeMap<RunId, RunSums>,
    pub(crate) agreements: BTreeMap<AgreementId, Sums>,
    pub(crate) accounts: BTreeMap<Account, (i64, i64)>,
    pub(crate) memoranda: BTreeMap<Account, i64>,
    pub(crate) owed: BTreeMap<ProviderId, Owed>,
    pub(crate) debits: i64,
    pub(crate) credits: i64,
    pub(crate) paid: i64,
    pub(crate) vat: i64,
    pub(crate) invoiced: i64,
    /// The accounts and providers of the latest command.
    pub(crate) touched: BTreeSet<Account>,
    pub(crate) touched_agreements: BTreeSet<AgreementId>,
    pub(crate) touched_providers: BTreeSet<ProviderId>,
}

impl Books {
    /// Takes up an event, of a ledger whose books were open from `open_from` on when it was decided.
    pub(crate) fn take(
        &mut self,
        event: &InvoicingEvent,
        model: &mut Model,
        open_from: Option<Date>,
    ) -> Checked {
        match event {
            InvoicingEvent::ChargePosted(e) => self.charged(e, model, open_from),
            InvoicingEvent::OutcomeCharged(e) => {
                self.entry(&e.entry, open_from)?;
                same!(e.charge.nights.count(), 0, "a payment for an outcome is for no night");
                same!(e.entry.memorandum.len(), 0, "nothing was committed for an outcome");
                self.noted(&e.charge, &e.entry, model)
            }
            InvoicingEvent::ChargeReversed(e) => self.taken_back(e, model, open_from),
            InvoicingEvent::CommitmentPosted(e) => self.committed(e, open_from),
            InvoicingEvent::InvoiceIssued(e) => self.invoiced(e, model, open_from),
            InvoicingEvent::PaymentRecorded(e) => self.paid(e, open_from),
            InvoicingEvent::RunFinished(e) => self.run_finished(e),
            _ => Ok(()),
        }
    }

    fn entry(&mut self, entry: &Arc<JournalEntry>, open_from: Option<Date>) -> Checked {
        if !self.ids.insert(entry.id) {
            return Err(format!("entry {} was posted twice", entry.id));
        }
        if open_from.is_some_and(|open_from| entry.dates.posted_on < open_from) {
            return Err(format!("an entry is dated {} into a closed period", entry.dates.posted_on));
        }
        let adjusts =
            entry.dates.adjusts.is_none_or(|day| day < entry.dates.posted_on && Some(day) < open_from);
        same!(adjusts, true, "an adjustment is of a closed period");
        for postings in [&entry.postings, &entry.memorandum] {
            same!(
                postings.iter().map(|posting| posting.amount.0).sum::<i64>(),
                0,
                "the postings of an entry balance"
            );
            same!(
                postings.is_sorted_by(|one, other| one.account < other.account),
                true,
                "one posting per account"
            );
        }
        for Posting { account, amount } in &entry.postings {
            let sides = self.accounts.entry(account.clone()).or_default();
            let (side, all) = match amount.0 > 0 {
                true => (&mut sides.0, &mut self.debits),
                false => (&mut sides.1, &mut self.credits),
            };
            *side += amount.0.abs();
            *all += amount.0.abs();
            self.touched.insert(account.clone());
        }
        for Posting { account, amount } in &entry.memorandum {
            *self.memoranda.entry(account.clone()).or_default() += amount.0;
            let control = *account == Account::commitment_control();
            if let Some(agreement) = entry.agreement.filter(|_| !control) {
                self.agreements.entry(agreement).or_default().committed += amount.0;
            }
        }
        self.touched_agreements.extend(entry.agreement);
        self.touched_providers.insert(entry.provider.clone());
        Ok(())
    }

    /// What a charge and what takes one back have in common.
    fn noted(&mut self, charge: &Arc<Charge>, entry: &Arc<JournalEntry>, model: &mut Model) -> Checked {
        same!(charge.id, entry.id, "a charge is known by its entry");
        let subject = model
            .facts
            .get(&charge.agreement)
            .map(|facts| (facts.subject, facts.other_council, facts.provider.clone()));
        let Some((subject, other, provider)) = subject else {
            return Err("a charge of no agreement".to_owned());
        };
        same!(charge.provider, provider, "who is paid");
        let creditor = match (subject, other) {
            (Subject::Sold, Some(buyer)) => Account::council(buyer),
            _ => Account::accrued(&charge.provider),
        };
        let owed =
            entry.postings.iter().filter(|it| it.account == creditor).map(|it| it.amount.0).sum::<i64>();
        same!(owed, -charge.total.0, "what an entry accrues is what was charged");
        let sums = self.agreements.entry(charge.agreement).or_default();
        for line in &charge.lines {
            let shares: i64 = line.shares.iter().map(|share| share.amount.0).sum();
            same!(shares, line.amount.0, "the funders' shares of {}", line.kind);
            *sums.by_line.entry((line.line, kind_of(&line.kind))).or_default() += line.amount.0;
            for share in &line.shares {
                *sums.by_funder.entry(share.funder.clone()).or_default() += share.amount.0;
            }
            sums.vat += line.vat_amount.0;
        }
        same!(
            charge.lines.iter().map(|line| line.amount.0).sum::<i64>(),
            charge.total.0,
            "the lines of a charge"
        );
        sums.nights += charge.nights_added();
        sums.ids.push(charge.id);
        if subject != Subject::Sold {
            self.owed.entry(charge.provider.clone()).or_default().accrued += charge.total.0;
            let due = Due {
                provider: charge.provider.clone(),
                due_on: charge.due_on,
                outside_scope: charge.lines.iter().any(|line| line.vat.as_deref() == Some("OUTSIDE_SCOPE")),
                total: charge.total.0,
            };
            model.due.insert(charge.id, due);
        }
        self.charges.insert(charge.id, (Arc::clone(charge), Arc::clone(entry)));
        Ok(())
    }

    fn charged(&mut self, e: &ChargePosted, model: &mut Model, open_from: Option<Date>) -> Checked {
        self.entry(&e.entry, open_from)?;
        let nights = e.charge.nights;
        let last = nights.end().yesterday().unwrap();
        same!(nights.start().first_of_month(), last.first_of_month(), "the month of the nights of a charge");
        same!(e.charge.due_on, nights.end(), "an invoice takes it up when its nights are over");
        same!(e.entry.dates.effective, nights, "the nights of an entry");
        let released: i64 = e.entry.memorandum.iter().map(|it| it.amount.0.abs()).sum();
        let sold = model.facts.get(&e.charge.agreement).is_some_and(|it| it.subject == Subject::Sold);
        same!(
            released,
            if sold { 0 } else { 2 * e.charge.total.0.abs() },
            "a charge releases what was committed"
        );
        if let Some(run) = e.run {
            let run = self.runs.entry(run).or_default();
            run.agreements.insert(e.charge.agreement);
            run.nights += nights.count();
            run.amount += e.charge.total.0;
        }
        self.noted(&e.charge, &e.entry, model)
    }

    /// A reversal is the recorded charge with its signs turned, once, and nothing else.
    fn taken_back(&mut self, e: &ChargeReversed, model: &mut Model, open_from: Option<Date>) -> Checked {
        self.entry(&e.entry, open_from)?;
        let id = e.charge.reverses.ok_or("a reversal of nothing")?;
        let (charge, entry) = self.charges.get(&id).cloned().ok_or("a reversal of what was never charged")?;
        same!(self.reversed.insert(id), true, "a charge is taken back once");
        same!(
            (e.charge.nights, e.charge.total),
            (charge.nights, -charge.total),
            "a reversal mirrors the charge"
        );
        same!(e.charge.lines.len(), charge.lines.len(), "a reversal has the lines of the charge");
        for (back, line) in e.charge.lines.iter().zip(&charge.lines) {
            same!(
                (back.amount, back.vat_amount),
                (-line.amount, -line.vat_amount),
                "a reversal mirrors each line"
            );
            let of = |line: &invoicing_domain::ChargedLine, sign: i64| -> Vec<(String, i64)> {
                line.shares.iter().map(|share| (share.funder.clone(), sign * share.amount.0)).collect()
            };
            same!(of(back, 1), of(line, -1), "a reversal mirrors each share");
        }
        let turned = |postings: &[Posting]| -> Vec<(Account, Pence)> {
            postings.iter().map(|posting| (posting.account.clone(), -posting.amount)).collect()
        };
        let plain = |postings: &[Posting]| -> Vec<(Account, Pence)> {
            postings.iter().map(|posting| (posting.account.clone(), posting.amount)).collect()
        };
        same!(plain(&e.entry.postings), turned(&entry.postings), "a reversal mirrors the postings");
        same!(plain(&e.entry.memorandum), turned(&entry.memorandum), "a reversal mirrors the memorandum");
        same!(e.entry.dates.effective, entry.dates.effective, "a reversal keeps the nights");
        // A charge that no invoice holds yet goes on the same one as what takes it back.
        if let Some(due) = model.due.get_mut(&id) {
            due.due_on = due.due_on.min(e.charge.due_on);
        }
        self.noted(&e.charge, &e.entry, model)
    }

    fn committed(&mut self, e: &CommitmentPosted, open_from: Option<Date>) -> Checked {
        self.entry(&e.entry, open_from)?;
        same!(e.entry.postings.len(), 0, "a commitment is in none of the books' accounts");
        same!(e.committed.0, self.agreements[&e.agreement].committed, "what is committed from now on");
        Ok(())
    }

    /// What it holds is compared with what was due by the checks of its step; here it is held against its own lines and entry.
    fn invoiced(&mut self, e: &InvoiceIssued, model: &mut Model, open_from: Option<Date>) -> Checked {
        self.entry(&e.entry, open_from)?;
        let held: BTreeSet<EntryId> = e.lines.iter().map(|line| line.charge).collect();
        let mut total = 0;
        for id in &held {
            let due = model.due.remove(id).ok_or("an invoice holds what is on another already")?;
            total += due.total;
        }
        let net: i64 = e.lines.iter().map(|line| line.amount.0).sum();
        let vat: i64 = e.lines.iter().map(|line| line.vat_amount.0).sum();
        same!((net, vat), (e.net.0, e.vat.0), "the sums of an invoice's lines");
        same!(net, total, "an invoice bills what was charged");
        let sequence = u64::try_from(model.bills.len()).unwrap() + 1;
        same!(e.number, format!("{}-{sequence:06}", e.council), "invoices are numbered without gaps");
        let owed = self.owed.entry(e.provider.clone()).or_default();
        owed.accrued -= net;
        owed.payable += net + vat;
        self.vat += vat;
        self.invoiced += net;
        let settled = (net + vat == 0).then_some(None);
        let bill = Bill { provider: e.provider.clone(), issued_on: e.issued_on, gross: net + vat, settled };
        model.bills.insert(e.invoice, bill);
        Ok(())
    }

    fn paid(&mut self, e: &PaymentRecorded, open_from: Option<Date>) -> Checked {
        self.entry(&e.entry, open_from)?;
        self.owed.entry(e.entry.provider.clone()).or_default().payable -= e.amount.0;
        self.paid += e.amount.0;
        Ok(())
    }

    fn run_finished(&mut self, e: &RunFinished) -> Checked {
        let sums = self.runs.remove(&e.run).unwrap_or_default();
        let items = u64::try_from(sums.agreements.len()).unwrap();
        same!((e.items, e.nights, e.amount.0), (items, sums.nights, sums.amount), "the totals of a run");
        Ok(())
    }
}
