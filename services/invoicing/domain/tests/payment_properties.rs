//! Payments under random histories: people propose, approve and reject runs in any order, invoices are paid beside them, credit notes come,
//! accounts change and the bank sends money back. Nothing is ever paid twice, no provider is paid below nothing, and what the runs say is what the
//! bank's account says.
#![allow(clippy::unwrap_used, reason = "a test may fail here")]

mod cases;
mod common;

use care::{Date, Domain, InvoiceId, PaymentRunId, Pence, ProviderId};
use cases::Books;
use common::day;
use invoicing_domain::{
    Account, Invoicing, InvoicingEvent, LeftOutReason, PaymentRunReleased, PaymentRunStatus, State,
};
use jiff::Span;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

const PEOPLE: [&str; 4] = ["ann", "ben", "cat", "dan"];
const PROVIDERS: [&str; 2] = ["acme", "beacon"];

/// One thing that happens; what is not possible is refused, and nothing happens.
#[derive(Debug, Clone)]
enum Step {
    Invoice { provider: usize },
    Leave { provider: usize, on: i32 },
    Account { provider: usize, number: u32, by: usize },
    Verify { provider: usize, revision: u32, by: usize },
    Propose { days: i32, due: i32, by: usize, only: Option<usize> },
    Approve { run: usize, by: usize },
    Reject { run: usize, by: usize },
    Returned { run: usize, provider: usize },
    InvoiceReturned { nth: usize },
    Pay { nth: usize, part: Option<i64> },
    Wait { days: i32 },
    Again,
}

fn step() -> impl Strategy<Value = Step> {
    let (who, of) = (0..PEOPLE.len(), 0..PROVIDERS.len());
    prop_oneof![
        3 => of.clone().prop_map(|provider| Step::Invoice { provider }),
        1 => (of.clone(), 0..90).prop_map(|(provider, on)| Step::Leave { provider, on }),
        2 => (of.clone(), 1..4_u32, who.clone())
            .prop_map(|(provider, number, by)| Step::Account { provider, number, by }),
        3 => (of.clone(), 1..4_u32, who.clone())
            .prop_map(|(provider, revision, by)| Step::Verify { provider, revision, by }),
        4 => (2..10, 0..60, who.clone(), prop::option::of(of.clone()))
            .prop_map(|(days, due, by, only)| Step::Propose { days, due, by, only }),
        8 => (1..5_usize, who.clone()).prop_map(|(run, by)| Step::Approve { run, by }),
        1 => (1..5_usize, who).prop_map(|(run, by)| Step::Reject { run, by }),
        2 => (1..5_usize, of).prop_map(|(run, provider)| Step::Returned { run, provider }),
        1 => (1..8_usize).prop_map(|nth| Step::InvoiceReturned { nth }),
        1 => (1..8_usize, prop::option::of(1..20_000_i64)).prop_map(|(nth, part)| Step::Pay { nth, part }),
        3 => (1..12).prop_map(|days| Step::Wait { days }),
        1 => Just(Step::Again),
    ]
}

struct History {
    books: Books,
    today: Date,
}

impl History {
    fn new() -> Self {
        let mut history = Self { books: Books::new(), today: day("2026-01-01") };
        for (n, provider) in PROVIDERS.into_iter().enumerate() {
            history.tell(&format!("agree {n} {provider} RESIDENTIAL: CORE 70"));
            history.tell(&format!("arrive {n}"));
            history.tell(&format!("account {provider} 10000000 by ann"));
            history.tell(&format!("verify {provider} 1 by ben"));
        }
        history.tell("pay from 12345678 four-weekly from 2026-02-27 by ann");
        history.today = day("2026-03-02");
        history
    }

    fn tell(&mut self, what: &str) {
        let done = self.books.take(self.today, what);
        assert!(
            !matches!(&done, Err(reason) if reason.contains(' ') && !reason.starts_with("there is no")),
            "{what}: {done:?}"
        );
    }

    fn take(&mut self, step: &Step) {
        let today = self.today;
        let what = match step {
            Step::Invoice { provider } => {
                self.tell(&format!("charge {provider} before {today}"));
                format!("invoice {} before {today}", PROVIDERS[*provider])
            }
            Step::Leave { provider, on } => {
                let on = day("2026-01-01") + Span::new().days(*on);
                format!("leave {provider} {on} CARPL corrected")
            }
            Step::Account { provider, number, by } => {
                format!("account {} 1000000{number} by {}", PROVIDERS[*provider], PEOPLE[*by])
            }
            Step::Verify { provider, revision, by } => {
                format!("verify {} {revision} by {}", PROVIDERS[*provider], PEOPLE[*by])
            }
            Step::Propose { days, due, by, only } => {
                let (on, due) = (today + Span::new().days(*days), today + Span::new().days(*due));
                let only = only.map_or_else(String::new, |provider| format!("for {} ", PROVIDERS[provider]));
                format!("propose on {on} due {due} {only}by {}", PEOPLE[*by])
            }
            Step::Approve { run, by } => format!("approve {run} by {}", PEOPLE[*by]),
            Step::Reject { run, by } => format!("reject {run} by {}", PEOPLE[*by]),
            Step::Returned { run, provider } => format!("returned {run} {} by ann", PROVIDERS[*provider]),
            Step::InvoiceReturned { nth } => format!("invoice {nth} returned by ann"),
            Step::Pay { nth, part: None } => format!("pay {nth}"),
            Step::Pay { nth, part: Some(pence) } => {
                format!("pay {nth} in part {}.{:02}", pence / 100, pence % 100)
            }
            Step::Wait { days } => {
                self.today += Span::new().days(*days);
                return;
            }
            Step::Again => "again".to_owned(),
        };
        self.tell(&what);
    }

    fn check(&self) -> Result<(), TestCaseError> {
        self.check_runs()?;
        self.check_money()
    }

    /// Invariant 10: replaying the log gives the same state.
    fn check_replay(&self) -> Result<(), TestCaseError> {
        let mut replayed = State::default();
        for event in &self.books.events {
            Invoicing::evolve(&mut replayed, event);
        }
        prop_assert_eq!(&replayed, &self.books.state);
        Ok(())
    }

    /// Two people approved what was released, and neither proposed it; no document is in two live runs; sums are what they say.
    fn check_runs(&self) -> Result<(), TestCaseError> {
        let mut live: BTreeMap<InvoiceId, PaymentRunId> = BTreeMap::new();
        for (id, run) in &self.books.state.payments.runs {
            let people: BTreeSet<&str> = run
                .approvals
                .iter()
                .map(|approval| approval.by.as_str())
                .chain([run.proposed.by.as_str()])
                .collect();
            prop_assert_eq!(people.len(), run.approvals.len() + 1, "somebody had two parts in a run");
            match run.status() {
                PaymentRunStatus::Released => prop_assert_eq!(run.approvals.len(), 2),
                PaymentRunStatus::Proposed | PaymentRunStatus::ApprovedOnce => {
                    for item in run.proposed.payees.iter().flat_map(|payee| &payee.items) {
                        prop_assert_eq!(
                            live.insert(item.invoice, *id),
                            None,
                            "a document is in two live runs"
                        );
                    }
                }
                PaymentRunStatus::Rejected => {}
            }
            let mut total = Pence::ZERO;
            for payee in &run.proposed.payees {
                let items: Pence = payee.items.iter().map(|item| item.amount).sum();
                prop_assert_eq!(items, payee.amount);
                prop_assert!(payee.amount > Pence::ZERO, "a provider is paid below nothing");
                total += items;
            }
            prop_assert_eq!(total, run.proposed.total);
            for left in &run.proposed.left_out {
                let reason = left.reason;
                prop_assert!(reason != LeftOutReason::NetCredit || left.amount <= Pence::ZERO, "{left:?}");
            }
        }
        prop_assert_eq!(&live, &self.books.state.payments.held);
        Ok(())
    }

    /// What a run pays is what the bank's account says; no document is paid beyond what it comes to; what is open is what is owed.
    fn check_money(&self) -> Result<(), TestCaseError> {
        let state = &self.books.state;
        let mut bank = Pence::ZERO;
        let mut of_runs: BTreeMap<PaymentRunId, Pence> = BTreeMap::new();
        let mut released: BTreeSet<PaymentRunId> = BTreeSet::new();
        for event in &self.books.events {
            match event {
                InvoicingEvent::PaymentRecorded(e) => {
                    bank += e.amount;
                    if let Some(run) = e.run {
                        *of_runs.entry(run).or_default() += e.amount;
                    }
                }
                InvoicingEvent::PaymentReturned(e) => bank -= e.amount,
                InvoicingEvent::PaymentRunReleased(PaymentRunReleased { run, .. }) => {
                    prop_assert!(released.insert(*run), "a run was released twice");
                }
                _ => {}
            }
        }
        prop_assert_eq!(-state.ledger.balance(&Account::bank()).net(), bank);
        prop_assert_eq!(released.len(), of_runs.len());
        for (run, paid) in of_runs {
            prop_assert_eq!(paid, state.payments.runs[&run].proposed.total);
        }
        let mut open: BTreeMap<ProviderId, Pence> = BTreeMap::new();
        for invoice in state.invoices.values() {
            let (paid, gross) = (invoice.paid(), invoice.issued.gross());
            let within = if gross < Pence::ZERO {
                gross <= paid && paid <= Pence::ZERO
            } else {
                Pence::ZERO <= paid && paid <= gross
            };
            prop_assert!(within, "{paid} of {gross} is paid of {}", invoice.issued.number);
            prop_assert_eq!(invoice.settled_on.is_some(), paid == gross);
            *open.entry(invoice.issued.provider.clone()).or_default() += invoice.open();
        }
        for (provider, open) in open {
            prop_assert_eq!(-state.ledger.balance(&Account::payable(&provider)).net(), open);
        }
        prop_assert!(state.ledger.balanced());
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn nothing_is_paid_twice_whatever_is_proposed_approved_rejected_and_sent_back(
        steps in prop::collection::vec(step(), 1..80),
    ) {
        let mut history = History::new();
        for step in &steps {
            history.take(step);
            history.check()?;
        }
        history.check_replay()?;
    }
}

/// The random histories do reach what they are about.
#[test]
fn the_histories_release_runs_and_have_payments_come_back() {
    let mut history = History::new();
    for step in [
        Step::Invoice { provider: 0 },
        Step::Invoice { provider: 1 },
        Step::Propose { days: 2, due: 60, by: 0, only: None },
        Step::Approve { run: 1, by: 1 },
        Step::Approve { run: 1, by: 2 },
        Step::Wait { days: 3 },
        Step::Returned { run: 1, provider: 1 },
    ] {
        history.take(&step);
    }
    let count =
        |wanted: fn(&InvoicingEvent) -> bool| history.books.events.iter().filter(|it| wanted(it)).count();
    assert_eq!(count(|it| matches!(it, InvoicingEvent::PaymentRecorded(_))), 2);
    assert_eq!(count(|it| matches!(it, InvoicingEvent::PaymentReturned(_))), 1);
}
