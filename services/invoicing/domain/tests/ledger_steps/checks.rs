//! What is to hold of a ledger: after each command of what it touched, from time to time and at the end of everything. Nothing may be off by
//! a penny.

use crate::books::{Checked, same};
use crate::days::{date_of, day_of};
use crate::facts::Facts;
use crate::model::Expect;
use crate::world::World;
use care::{AgreementId, Domain, Event, Pence, ProviderId, Refusal};
use invoicing_domain::{
    Account, Invoicing, InvoicingEvent, Rejection, State, Subject, aged_payables, forecast,
};
use std::collections::{BTreeMap, BTreeSet};

/// Whether an answer is of the kind that was expected. What it comes to is looked at afterwards.
pub(crate) fn answer(expected: &Expect, answer: &Result<Vec<InvoicingEvent>, Rejection>) -> Checked {
    let events = match (expected, answer) {
        (Expect::Refused(reason), Err(rejection)) => {
            same!(rejection.reason(), *reason, "the reason of a refusal");
            return Ok(());
        }
        (_, Err(rejection)) => return Err(format!("refused: {rejection}; expected was {expected:?}")),
        (_, Ok(events)) => events,
    };
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for event in events {
        let kind = match event {
            InvoicingEvent::ChargePosted(_)
            | InvoicingEvent::OutcomeCharged(_)
            | InvoicingEvent::ChargeReversed(_)
            | InvoicingEvent::CommitmentPosted(_) => "posted",
            InvoicingEvent::ContractFactRefused(e) => {
                let reason = e.reason.as_str();
                same!(Expect::FactRefused(reason_of(expected)), *expected, "a fact was refused for {reason}");
                same!(reason, reason_of(expected), "the reason why a fact was refused");
                "refused"
            }
            InvoicingEvent::InvoiceIssued(_) => "invoice",
            InvoicingEvent::PaymentRecorded(_) => "payment",
            InvoicingEvent::PeriodClosed(_) => "close",
            InvoicingEvent::RunStarted(_) | InvoicingEvent::RunFinished(_) => "run",
            _ => "news",
        };
        *kinds.entry(kind).or_default() += 1;
    }
    let posted = kinds.remove("posted").unwrap_or(0);
    let wanted: &[(&str, usize)] = match expected {
        Expect::Nothing | Expect::Charged(_) | Expect::Outcome(_) => &[],
        Expect::Refused(_) => &[("refusal", 1)],
        Expect::FactRefused(_) => &[("refused", 1)],
        Expect::News(count, _) => &[("news", *count)],
        Expect::Invoiced(_) => &[("invoice", 1)],
        Expect::Paid(_) => &[("payment", 1)],
        Expect::Closed(_) => &[("close", 1)],
        Expect::Run => &[("run", 1)],
    };
    same!(kinds, wanted.iter().copied().collect::<BTreeMap<_, _>>(), "what came of a command");
    let may_post = matches!(expected, Expect::Charged(_) | Expect::News(..) | Expect::Outcome(_));
    same!(posted == 0 || may_post, true, "something was posted where nothing is to be: {expected:?}");
    Ok(())
}

fn reason_of(expected: &Expect) -> &'static str {
    match expected {
        Expect::FactRefused(reason) => reason,
        _ => "",
    }
}

/// What the latest command touched.
pub(crate) fn touched(world: &World, expected: &Expect) -> Checked {
    let mut agreements: BTreeSet<AgreementId> = world.books.touched_agreements.clone();
    match expected {
        Expect::News(_, touched) => agreements.extend(touched),
        Expect::Charged(id) | Expect::Outcome(id) => agreements.extend([*id]),
        Expect::Invoiced(charges) => {
            let Some(InvoicingEvent::InvoiceIssued(e)) = world.log.last() else {
                return Err("no invoice".to_owned());
            };
            let held: BTreeSet<_> = e.lines.iter().map(|line| line.charge).collect();
            same!(held, *charges, "an invoice holds all that is due");
        }
        Expect::Paid(gross) => {
            let Some(InvoicingEvent::PaymentRecorded(e)) = world.log.last() else {
                return Err("no payment".to_owned());
            };
            same!(e.amount.0, *gross, "what is paid is what was invoiced");
        }
        Expect::Closed(open_from) => same!(world.state.open_from, Some(*open_from), "the first open day"),
        Expect::Nothing | Expect::Refused(_) | Expect::FactRefused(_) | Expect::Run => {}
    }
    for id in agreements {
        agreement(world, &world.model.facts[&id])?;
    }
    let books = &world.books;
    for account in &books.touched {
        let balance = world.state.ledger.balance(account);
        same!((balance.debits.0, balance.credits.0), books.accounts[account], "the balance of {account}");
    }
    let totals = world.state.ledger.totals();
    same!((totals.debits.0, totals.credits.0), (books.debits, books.credits), "the ledger's totals");
    same!(books.debits, books.credits, "the ledger balances");
    books.touched_providers.iter().try_for_each(|provider| owed(world, provider))
}

/// What stands charged of an agreement is what its nights cost, one by one, and what is committed is what is to come.
fn agreement(world: &World, facts: &Facts) -> Checked {
    let id = facts.id;
    let Some(state) = world.state.agreements.get(&id) else {
        return Err(format!("{id} is not in the ledger"));
    };
    same!(state.stale.len(), 0, "{id} has nothing left to correct");
    let mut count = 0;
    let mut last = None;
    for nights in state.standing_nights() {
        same!(last.is_none_or(|last| last <= nights.start()), true, "{id}: a night stands charged twice");
        last = Some(nights.end());
        for night in day_of(nights.start())..day_of(nights.end()) {
            same!(facts.charged.has(night), true, "{id}: the night of {} is to be charged", date_of(night));
            count += 1;
        }
    }
    same!(count, facts.charged.count(), "{id}: how many nights stand charged");
    let nights: Vec<usize> = facts.charged.nights(facts.year_end).collect();
    let (by_line, vat) = facts.priced.by_line(facts, &nights);
    let none = crate::books::Sums::default();
    let sums = world.books.agreements.get(&id).unwrap_or(&none);
    let mut charged = sums.by_line.clone();
    charged.retain(|_, amount| *amount != 0);
    same!(charged, by_line, "{id}: what was charged by line is what the nights cost");
    same!(sums.vat, vat, "{id}: the VAT on what was charged");
    same!(sums.nights, i64::try_from(count).unwrap(), "{id}: nights charged less nights taken back");
    let to_come = facts.to_come();
    same!(sums.committed, to_come, "{id}: what is committed is what is to come");
    same!(state.committed.0, to_come, "{id}: what it keeps as committed");
    Ok(())
}

/// What is accrued is what no invoice holds; what is payable is what no payment settled.
fn owed(world: &World, provider: &ProviderId) -> Checked {
    let owed = world.books.owed.get(provider).copied().unwrap_or_default();
    let net = |account: &Account| -world.state.ledger.balance(account).net().0;
    same!(net(&Account::accrued(provider)), owed.accrued, "what is accrued for {provider}");
    same!(net(&Account::payable(provider)), owed.payable, "what is owed to {provider}");
    Ok(())
}

/// Everything that is known at once.
pub(crate) fn whole(world: &World) -> Checked {
    let mut accounts: BTreeMap<String, i64> = BTreeMap::new();
    let mut memoranda: BTreeMap<String, i64> = BTreeMap::new();
    let none = crate::books::Sums::default();
    for facts in world.model.facts.values() {
        let nights: Vec<usize> = facts.charged.nights(facts.year_end).collect();
        let by_funder = facts.priced.by_funder(facts, &nights);
        let sums = world.books.agreements.get(&facts.id).unwrap_or(&none);
        let mut charged = sums.by_funder.clone();
        charged.retain(|_, amount| *amount != 0);
        same!(charged, by_funder, "{}: what each funder pays", facts.id);
        same!(sums.ids, world.state.agreements[&facts.id].charges, "{}: its charges, in order", facts.id);
        for (funder, amount) in by_funder {
            let account = match (facts.subject, funder.as_str()) {
                (Subject::Placement, "SOCIAL_CARE") => format!("expense:placements:{}", facts.provision),
                (Subject::Placement, "HEALTH") => "receivable:health".to_owned(),
                (Subject::Placement, _) => "receivable:education".to_owned(),
                (Subject::Sold, _) => "income:resale".to_owned(),
                _ => format!("expense:beforehand:{}", facts.provision),
            };
            *accounts.entry(account).or_default() += amount;
            if let (Subject::Sold, Some(buyer)) = (facts.subject, facts.other_council) {
                *accounts.entry(format!("receivable:council:{buyer}")).or_default() -= amount;
            }
        }
        *memoranda.entry(format!("commitment:outstanding:{}", facts.provision)).or_default() +=
            sums.committed;
        *memoranda.entry("commitment:control".to_owned()).or_default() -= sums.committed;
    }
    let mut accrued: BTreeMap<&ProviderId, i64> = BTreeMap::new();
    for due in world.model.due.values() {
        *accrued.entry(&due.provider).or_default() += due.total;
    }
    let mut payable: BTreeMap<&ProviderId, i64> = BTreeMap::new();
    for bill in world.model.bills.values().filter(|bill| bill.settled.is_none()) {
        *payable.entry(&bill.provider).or_default() += bill.gross;
    }
    accounts
        .extend(accrued.into_iter().map(|(provider, sum)| (format!("liability:accrued:{provider}"), -sum)));
    accounts.extend(payable.iter().map(|(provider, sum)| (format!("payable:{provider}"), -sum)));
    accounts.insert("bank".to_owned(), -world.books.paid);
    accounts.insert("receivable:vat".to_owned(), world.books.vat);
    accounts.retain(|_, amount| *amount != 0);
    memoranda.retain(|_, amount| *amount != 0);
    let nets = |of: &BTreeMap<Account, invoicing_domain::Balance>| -> BTreeMap<String, i64> {
        let nets = of.iter().map(|(account, balance)| (account.to_string(), balance.net().0));
        nets.filter(|(_, net)| *net != 0).collect()
    };
    same!(nets(world.state.ledger.accounts()), accounts, "the balances of all accounts");
    same!(nets(world.state.ledger.memoranda()), memoranda, "the memorandum of commitments");
    same!(world.state.invoiced.0, world.books.invoiced, "all that was invoiced");
    same!(world.state.ledger.balanced(), true, "the ledger balances");
    Ok(())
}

/// What holds at the end of a history: all of it, and the fold of its events is the same ledger.
pub(crate) fn end(world: &World) -> Checked {
    world.model.facts.values().try_for_each(|facts| agreement(world, facts))?;
    whole(world)?;
    let today =
        date_of(world.given.iter().map(|command| day_of(care::london_date(command.at))).max().unwrap_or(0));
    let aged: Pence = aged_payables(&world.state, today).values().map(|aged| aged.total).sum();
    let owed: i64 = world.books.owed.values().map(|owed| owed.payable).sum();
    same!(aged.0, owed, "aged payables are what is owed");
    let to_come: i64 = forecast(&world.state, today).iter().map(|month| month.expected.0).sum();
    let mut known: i64 = 0;
    for facts in world.model.facts.values() {
        let mut facts = facts.clone();
        facts.reprice(day_of(today));
        let expected = facts.expected();
        let to_come = expected
            .nights(facts.year_end)
            .filter(|night| !facts.charged.has(i32::try_from(*night).unwrap()));
        let year_start = if facts.year_end == crate::days::HORIZON { facts.year_end - 365 } else { 0 };
        let this_year = to_come.filter(|night| i32::try_from(*night).unwrap() >= year_start);
        known += this_year.map(|night| facts.priced.total[night]).sum::<i64>();
    }
    same!(to_come, known, "the forecast of what is to come this year");
    let mut again = State::default();
    world.log.iter().for_each(|event| Invoicing::evolve(&mut again, event));
    same!(again == world.state, true, "the fold of the events is the same ledger");
    Ok(())
}

/// Written and read as a log keeps them, the events are the same, and so is the ledger that they make.
pub(crate) fn replay(world: &World) -> Checked {
    let mut again = State::default();
    for event in &world.log {
        let read = InvoicingEvent::decode(event.event_type(), event.version(), &event.encode());
        Invoicing::evolve(&mut again, &read.map_err(|wrong| wrong.to_string())?);
    }
    let json = |state: &State| serde_json::to_string(state).unwrap();
    same!(json(&again) == json(&world.state), true, "a replay gives the same ledger, byte for byte");
    Ok(())
}
