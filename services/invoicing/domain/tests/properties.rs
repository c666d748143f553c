//! Invariants 8, 9 and 10 of the design, over random histories of two providers' placements: accruals at any split, late and
//! corrected ends, closes, invoices, payments and deliveries that come twice. What should be is worked out here from the
//! placements alone, night by night, and compared with what the ledger says.
#![allow(clippy::unwrap_used, reason = "a test may fail here")]

mod common;

use care::{AgreementId, Date, Domain, Event, Nights, Pence, ProviderId, fee_for_nights};
use common::{
    accrue, agreement, close, command, day, ended, funders, invoice, issued, lines, noon, pay, started,
};
use invoicing_domain::{
    Account, Ask, Charge, Command, EntryId, Invoicing, InvoicingEvent, JournalEntry, State,
};
use jiff::Span;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

const PLACEMENTS: u128 = 4;

/// One thing that happens. Days count from 1 January 2026.
#[derive(Debug, Clone)]
enum Step {
    Start { placement: u128, on: i32 },
    End { placement: u128, on: i32 },
    Accrue { placement: u128, through: i32 },
    Invoice { provider: usize, through: i32 },
    Pay { nth: usize },
    Close { months_back: i32 },
    Again { nth: usize },
    Wait { days: i32 },
}

fn step() -> impl Strategy<Value = Step> {
    let placement = || 0..PLACEMENTS;
    prop_oneof![
        2 => (placement(), 0..60_i32).prop_map(|(placement, on)| Step::Start { placement, on }),
        3 => (placement(), 0..150_i32).prop_map(|(placement, on)| Step::End { placement, on }),
        8 => (placement(), 0..150_i32).prop_map(|(placement, through)| Step::Accrue { placement, through }),
        3 => (0..2_usize, 0..150_i32).prop_map(|(provider, through)| Step::Invoice { provider, through }),
        2 => (0..8_usize).prop_map(|nth| Step::Pay { nth }),
        1 => (1..4_i32).prop_map(|months_back| Step::Close { months_back }),
        3 => any::<prop::sample::Index>().prop_map(|nth| Step::Again { nth: nth.index(1_000) }),
        3 => (1..25_i32).prop_map(|days| Step::Wait { days }),
    ]
}

/// The terms of the placements: weekly fees, and basis points of which social care pays the rest.
fn terms() -> impl Strategy<Value = Vec<(i64, i64, u32, u32)>> {
    prop::collection::vec((0..1_000_000_i64, 0..50_000_i64, 0..=5_000_u32, 0..=5_000_u32), 4)
}

/// A placement as the people involved would know it.
#[derive(Debug, Default, Clone)]
struct Known {
    from: Option<Date>,
    end: Option<Date>,
    charged_through: Option<Date>,
}

const PROVIDERS: [&str; 2] = ["acme", "beacon"];

struct Run {
    state: State,
    events: Vec<InvoicingEvent>,
    sent: usize,
    /// The commands that had an effect.
    effective: Vec<Command>,
    known: BTreeMap<AgreementId, Known>,
    today: Date,
    /// What the closed periods held when they were closed.
    closed: Vec<JournalEntry>,
}

fn at_day(n: i32) -> Date {
    day("2026-01-01") + Span::new().days(n)
}

fn provider(n: usize) -> ProviderId {
    PROVIDERS[n].parse().unwrap()
}

impl Run {
    fn new(terms: &[(i64, i64, u32, u32)]) -> Self {
        let mut run = Self {
            state: State::default(),
            events: Vec::new(),
            sent: 0,
            effective: Vec::new(),
            known: BTreeMap::new(),
            today: day("2026-04-01"),
            closed: Vec::new(),
        };
        for (n, (core, therapy, health, education)) in (0_u128..).zip(terms) {
            let shares = [
                ("SOCIAL_CARE", 10_000 - health - education),
                ("HEALTH", *health),
                ("EDUCATION", *education),
            ];
            let priced = lines(&[("CORE", *core), ("THERAPY", *therapy)]);
            let provider = PROVIDERS[usize::try_from(n % 2).unwrap()];
            run.send(Ask::OpenAgreement(issued(n, provider, priced, funders(&shares))));
            run.known.insert(agreement(n), Known::default());
        }
        run
    }

    fn send(&mut self, ask: Ask) {
        let cause = u64::try_from(self.sent).unwrap();
        self.deliver(command(cause, self.today, ask));
    }

    /// A refusal is an answer too: nothing happens.
    fn deliver(&mut self, command: Command) {
        self.sent += 1;
        let events = Invoicing::decide(&self.state, &command).unwrap_or_default();
        for event in &events {
            Invoicing::evolve(&mut self.state, event);
        }
        if !events.is_empty() {
            self.effective.push(command);
        }
        self.events.extend(events);
    }

    fn take(&mut self, step: &Step) {
        match *step {
            Step::Start { placement, on } => {
                self.send(Ask::OpenCharges(started(placement, at_day(on))));
                let known = self.known.get_mut(&agreement(placement)).unwrap();
                if known.end.is_none() {
                    known.from = known.from.or(Some(at_day(on)));
                }
            }
            Step::End { placement, on } => self.end(placement, at_day(on)),
            Step::Accrue { placement, through } => {
                let through = at_day(through);
                self.send(accrue(placement, through));
                assert!(
                    self.charges().all(|charge| charge.nights.end() <= self.today),
                    "a night was charged before it passed"
                );
                let known = self.known.get_mut(&agreement(placement)).unwrap();
                if let Some(from) = known.from.filter(|_| through <= self.today) {
                    let to = known.end.map_or(through, |end| end.min(through)).max(from);
                    known.charged_through = Some(known.charged_through.map_or(to, |day| day.max(to)));
                }
            }
            Step::Invoice { provider, through } => {
                self.send(invoice(PROVIDERS[provider], at_day(through)));
            }
            Step::Pay { nth } => {
                if let Some(id) = self.state.invoice_numbers.get(nth).copied() {
                    self.send(pay(id, None));
                }
            }
            Step::Close { months_back } => {
                let month = self.today.saturating_sub(Span::new().months(months_back));
                self.send(close(month));
                self.closed = self.in_closed_periods();
            }
            Step::Again { nth } => {
                let again = self.effective[nth % self.effective.len()].clone();
                let before = self.events.len();
                self.deliver(again);
                assert_eq!(self.events.len(), before, "a delivery that came twice had an effect twice");
            }
            Step::Wait { days } => self.today += Span::new().days(days),
        }
    }

    /// The departure's record is later than any before it.
    fn end(&mut self, placement: u128, on: Date) {
        let seconds = i64::try_from(self.sent).unwrap();
        let recorded = noon(self.today) + Span::new().seconds(seconds);
        self.send(Ask::CloseCharges(ended(placement, on, recorded)));
        let known = self.known.get_mut(&agreement(placement)).unwrap();
        if known.from.is_none_or(|from| on >= from) {
            known.end = Some(on);
            known.charged_through = known.charged_through.map(|day| day.min(on));
        }
    }

    fn charges(&self) -> impl Iterator<Item = &Charge> {
        self.state.charges.values().map(|charge| &**charge)
    }

    fn in_closed_periods(&self) -> Vec<JournalEntry> {
        let Some(open_from) = self.state.open_from else { return Vec::new() };
        let entries = self.state.ledger.entries().iter();
        entries.filter(|entry| entry.dates.posted_on < open_from).map(|entry| (**entry).clone()).collect()
    }

    fn check(&self) -> Result<(), TestCaseError> {
        self.check_charges()?;
        self.check_reversals()?;
        self.check_ledger()?;
        self.check_invoices()?;
        prop_assert_eq!(&self.in_closed_periods(), &self.closed, "a closed period changed");
        self.check_replay()
    }

    /// Invariant 8: what is charged is the fee of the nights, to the penny, by line and funder.
    fn check_charges(&self) -> Result<(), TestCaseError> {
        let mut nights_in_all = 0;
        for (id, known) in &self.known {
            let agreement = &self.state.agreements[id];
            let charges: Vec<&Charge> = self.charges().filter(|charge| charge.agreement == *id).collect();
            let (from, to) = (known.from, known.charged_through.or(known.from));
            let nights = from.zip(to).map(|(from, to)| Nights::new(from, to).unwrap());
            for (n, line) in agreement.terms.lines.iter().enumerate() {
                let expected = nights.map_or(Pence::ZERO, |n| fee_for_nights(line.weekly, n.start(), n));
                let charged: Pence = charges.iter().map(|charge| charge.lines[n].amount).sum();
                prop_assert_eq!(charged, expected, "{} of {} for {:?}", line.kind, id, nights);
            }
            for charge in &charges {
                for line in &charge.lines {
                    let shares: Pence = line.shares.iter().map(|share| share.amount).sum();
                    prop_assert_eq!(shares, line.amount, "the funders' shares");
                }
                let sum: Pence = charge.lines.iter().map(|line| line.amount).sum();
                prop_assert_eq!(sum, charge.total);
            }
            let count: i64 = charges.iter().map(|charge| charge.nights_added()).sum();
            prop_assert_eq!(count, nights.map_or(0, |nights| nights.count()));
            nights_in_all += count;
            self.check_standing(id)?;
        }
        prop_assert_eq!(self.state.nights_charged, nights_in_all);
        Ok(())
    }

    /// No night of an agreement stands charged twice, and none is left out.
    fn check_standing(&self, id: &AgreementId) -> Result<(), TestCaseError> {
        let standing: Vec<Nights> = self.state.agreements[id].standing_nights().collect();
        for pair in standing.windows(2) {
            prop_assert_eq!(pair[0].end(), pair[1].start());
        }
        Ok(())
    }

    /// Invariant 9: a reversal is the recorded charge with its signs turned, once, and nothing else.
    fn check_reversals(&self) -> Result<(), TestCaseError> {
        let mut reversed = BTreeSet::new();
        for reversal in self.charges().filter(|charge| charge.reverses.is_some()) {
            let id = reversal.reverses.unwrap();
            prop_assert!(reversed.insert(id), "reversed twice");
            let recorded = self.state.charges.get(&id).unwrap();
            prop_assert_eq!(reversal.nights, recorded.nights);
            for (back, line) in reversal.lines.iter().zip(&recorded.lines) {
                prop_assert_eq!(back.amount, -line.amount);
                for (back, share) in back.shares.iter().zip(&line.shares) {
                    prop_assert_eq!((&back.funder, back.amount), (&share.funder, -share.amount));
                }
            }
            let entry = |id| self.state.ledger.entry(id).unwrap();
            let (back, forth) = (entry(reversal.id), entry(id));
            prop_assert_eq!(back.postings.len(), forth.postings.len());
            for (back, forth) in back.postings.iter().zip(&forth.postings) {
                prop_assert_eq!((&back.account, back.amount), (&forth.account, -forth.amount));
            }
            prop_assert_eq!(back.dates.effective, forth.dates.effective, "the original effective dates");
        }
        Ok(())
    }

    /// Invariant 9: every entry balances, so does the ledger, and its balances are the sums of its entries.
    fn check_ledger(&self) -> Result<(), TestCaseError> {
        let ledger = &self.state.ledger;
        let mut balances: BTreeMap<&Account, Pence> = BTreeMap::new();
        let mut ids = BTreeSet::new();
        for entry in ledger.entries() {
            let sum: Pence = entry.postings.iter().map(|posting| posting.amount).sum();
            prop_assert_eq!(sum, Pence::ZERO);
            prop_assert!(ids.insert(entry.id), "an entry was posted twice");
            for posting in &entry.postings {
                *balances.entry(&posting.account).or_default() += posting.amount;
            }
        }
        prop_assert!(ledger.balanced());
        for (account, balance) in ledger.accounts() {
            prop_assert_eq!(balances[account], balance.net());
        }
        for n in 0..PROVIDERS.len() {
            self.check_provider(&provider(n))?;
        }
        Ok(())
    }

    /// What is accrued, owed and paid is together what was charged, and each is what its documents say.
    fn check_provider(&self, provider: &ProviderId) -> Result<(), TestCaseError> {
        let owed = |account| -self.state.ledger.balance(&account).net();
        let (accrued, payable) = (owed(Account::accrued(provider)), owed(Account::payable(provider)));
        let charged: Pence = self.charges().filter(|c| c.provider == *provider).map(|c| c.total).sum();
        let account = self.state.providers.get(provider);
        let uninvoiced: Pence = account.map_or(Pence::ZERO, |account| {
            account.uninvoiced.keys().map(|id| self.state.charges.get(id).unwrap().total).sum()
        });
        let invoices = || self.state.invoices.values().filter(|i| i.issued.provider == *provider);
        let unpaid: Pence = invoices().filter(|i| i.settled_on.is_none()).map(|i| i.issued.net).sum();
        let paid: Pence = invoices().filter(|i| i.settled_on.is_some()).map(|i| i.issued.net).sum();
        prop_assert_eq!(accrued, uninvoiced);
        prop_assert_eq!(payable, unpaid);
        prop_assert_eq!(accrued + payable + paid, charged);
        Ok(())
    }

    /// Numbers are dense, every charge is on one invoice at most, and the sums are those of the lines.
    fn check_invoices(&self) -> Result<(), TestCaseError> {
        let mut invoiced = BTreeSet::new();
        let mut sum = Pence::ZERO;
        for (sequence, id) in (1_u64..).zip(&self.state.invoice_numbers) {
            let invoice = &self.state.invoices[id].issued;
            prop_assert_eq!(&invoice.number, &format!("E06000015-{sequence:06}"));
            let net: Pence = invoice.lines.iter().map(|line| line.amount).sum();
            prop_assert_eq!(net, invoice.net);
            let held: BTreeSet<EntryId> = invoice.lines.iter().map(|line| line.charge).collect();
            prop_assert!(held.iter().all(|charge| invoiced.insert(*charge)), "a charge is on two invoices");
            sum += net;
        }
        prop_assert_eq!(self.state.invoiced, sum);
        Ok(())
    }

    /// Invariant 10: replaying the log gives the same state, and every invoice again, exactly.
    fn check_replay(&self) -> Result<(), TestCaseError> {
        let mut replayed = State::default();
        for event in &self.events {
            let read = InvoicingEvent::decode(event.event_type(), event.version(), &event.encode());
            Invoicing::evolve(&mut replayed, &read.unwrap());
        }
        let json = |state: &State| serde_json::to_string(state).unwrap();
        prop_assert_eq!(json(&replayed), json(&self.state));
        prop_assert_eq!(replayed.invoices, self.state.invoices.clone());
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_books_are_right_whatever_happens(terms in terms(), steps in prop::collection::vec(step(), 1..60)) {
        let mut run = Run::new(&terms);
        for step in &steps {
            run.take(step);
        }
        run.check()?;
    }

    /// A child moves on the days given, each time to another place of which the agreement starts on the day on which the one before
    /// ends; ends are recorded late, after nights beyond them were charged.
    #[test]
    fn a_same_day_move_never_pays_twice(
        stays in prop::collection::vec((0..40_i32, 0..30_i32), 1..=4),
        weekly in 1..1_000_000_i64,
    ) {
        let mut run = Run::new(&vec![(weekly, 0, 0, 0); stays.len()]);
        run.today = at_day(200);
        let mut arrival = at_day(0);
        for (n, (nights, late)) in (0_u128..).zip(&stays) {
            run.send(Ask::OpenCharges(started(n, arrival)));
            let departure = arrival + Span::new().days(*nights);
            run.send(accrue(n, departure + Span::new().days(*late)));
            run.send(Ask::CloseCharges(ended(n, departure, noon(run.today))));
            run.send(accrue(n, at_day(200)));
            arrival = departure;
        }
        let mut paid = BTreeSet::new();
        for agreement in run.state.agreements.values() {
            for charge in agreement.standing.values().map(|it| run.state.charges.get(&it.charge).unwrap()) {
                let mut night = charge.nights.start();
                while night < charge.nights.end() {
                    prop_assert!(paid.insert(night), "the night of {night} is paid twice");
                    night = night.tomorrow().unwrap();
                }
            }
        }
        let nights: i32 = stays.iter().map(|(nights, _)| nights).sum();
        prop_assert_eq!(paid.len(), usize::try_from(nights).unwrap());
        prop_assert_eq!(run.state.nights_charged, i64::from(nights));
    }
}
