//! Reads and runs the money cases of `tests/money_cases.md`, which says how they are written.
#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may fail here")]

mod payment_steps;
pub(crate) mod sent;
pub(crate) mod steps;

use crate::common::{day, derby, noon};
use care::{Date, Domain, Pence};
use invoicing_domain::{
    AccountClass, Cause, Command, InvoiceQueryResolved, Invoicing, InvoicingEvent, State,
    SupplierInvoiceQueried, SupplierInvoiceReceived, SupplierInvoiceRematched,
};
use std::collections::BTreeMap;
use steps::Step;

/// A case: its title, and its rows with their numbers in the file.
pub(crate) struct Case {
    pub(crate) title: String,
    rows: Vec<Row>,
}

struct Row {
    line: usize,
    date: Date,
    what: String,
    effect: String,
}

/// All cases of the file, in its order.
pub(crate) fn all() -> Vec<Case> {
    let text = include_str!("../money_cases.md");
    let mut cases: Vec<Case> = Vec::new();
    for (line, text) in (1..).zip(text.lines()) {
        if let Some(title) = text.strip_prefix("### ") {
            cases.push(Case { title: title.to_owned(), rows: Vec::new() });
        }
        let cells: Vec<&str> = text.split('|').map(str::trim).collect();
        if let (["", date, what, effect, ""], Some(case)) = (cells.as_slice(), cases.last_mut())
            && date.starts_with("20")
        {
            let (what, effect) = ((*what).to_owned(), (*effect).to_owned());
            case.rows.push(Row { line, date: day(date), what, effect });
        }
    }
    cases
}

/// What a case says and what comes out, where these differ.
pub(crate) type Outcome = Result<(), String>;

/// The ledger that a case is played in.
pub(crate) struct Books {
    pub(crate) state: State,
    pub(crate) events: Vec<InvoicingEvent>,
    sent: u64,
    last: Option<Command>,
}

impl Books {
    pub(crate) fn new() -> Self {
        Self { state: State::default(), events: Vec::new(), sent: 0, last: None }
    }

    fn decide(&mut self, command: Command) -> Result<usize, String> {
        let events =
            Invoicing::decide(&self.state, &command).map_err(|no| care::Refusal::reason(&no).to_owned())?;
        for event in &events {
            Invoicing::evolve(&mut self.state, event);
        }
        self.last = Some(command);
        let refused = events.iter().find_map(|event| match event {
            InvoicingEvent::ContractFactRefused(fact) => Some(fact.reason.clone()),
            _ => None,
        });
        let count = events.len();
        self.events.extend(events);
        refused.map_or(Ok(count), Err)
    }

    /// Takes a step on a day; gives how many events it led to, or why it was refused.
    pub(crate) fn take(&mut self, today: Date, what: &str) -> Result<usize, String> {
        let asks = match Step::read(what, today, &self.state)? {
            Step::Again => {
                let last = self.last.clone().ok_or("nothing to do again")?;
                return self.decide(last);
            }
            Step::Anew => vec![self.last.clone().ok_or("nothing to do again")?.ask],
            Step::Asks(asks) => asks,
        };
        let mut count = 0;
        for ask in asks {
            self.sent += 1;
            let cause = Cause::event("case", self.sent);
            count += self.decide(Command { council: derby(), cause, at: noon(today), ask })?;
        }
        Ok(count)
    }

    /// Every account of the books by its short name, as a finance officer reads it: what is owed is positive.
    fn balances(&self) -> BTreeMap<String, Pence> {
        let mut balances: BTreeMap<String, Pence> = BTreeMap::new();
        for (account, balance) in self.state.ledger.accounts() {
            let turned = matches!(account.class(), AccountClass::Liability | AccountClass::Income);
            let net = if turned { -balance.net() } else { balance.net() };
            *balances.entry(short(account.as_str())).or_default() += net;
        }
        balances
    }

    /// What was charged by kind of line, what is committed and how many nights of placements are charged.
    fn figures(&self) -> BTreeMap<String, Pence> {
        let mut figures: BTreeMap<String, Pence> = BTreeMap::new();
        for line in self.state.charges.values().flat_map(|charge| &charge.lines) {
            *figures.entry(line.kind.clone()).or_default() += line.amount;
            *figures.entry("VAT lines".to_owned()).or_default() += line.vat_amount;
        }
        for (account, balance) in self.state.ledger.memoranda() {
            if account.as_str() != "commitment:control" {
                *figures.entry("committed".to_owned()).or_default() += balance.net();
            }
        }
        let in_query = self.state.supplier.invoices.values().map(|invoice| invoice.in_query()).sum();
        figures.insert("Query".to_owned(), in_query);
        figures.insert("nights".to_owned(), Pence(self.state.nights_charged * 100));
        figures
    }

    /// As of no date less than nothing is committed.
    fn nothing_is_released_before_it_is_committed(&self) -> Outcome {
        let mut by_day: BTreeMap<Date, Pence> = BTreeMap::new();
        for entry in self.state.ledger.entries() {
            let postings = entry.memorandum.iter().filter(|it| it.account.as_str() != "commitment:control");
            *by_day.entry(entry.dates.posted_on).or_default() += postings.map(|it| it.amount).sum();
        }
        let mut committed = Pence::ZERO;
        for (day, change) in by_day {
            committed += change;
            if committed < Pence::ZERO {
                return Err(format!("{committed} is committed as of {day}"));
            }
        }
        Ok(())
    }

    /// Every entry balances by itself, in the books and in the memorandum; nothing is dated into a closed period after it was closed.
    fn sound(&self) -> Outcome {
        self.nothing_is_released_before_it_is_committed()?;
        let mut open_from = None;
        for event in &self.events {
            let entry = match event {
                InvoicingEvent::ChargePosted(e) => &e.entry,
                InvoicingEvent::ChargeReversed(e) => &e.entry,
                InvoicingEvent::OutcomeCharged(e) => &e.entry,
                InvoicingEvent::InvoiceIssued(e) => &e.entry,
                InvoicingEvent::PaymentRecorded(e) => &e.entry,
                InvoicingEvent::PaymentReturned(e) => &e.entry,
                InvoicingEvent::CommitmentPosted(e) => &e.entry,
                InvoicingEvent::SupplierInvoiceReceived(SupplierInvoiceReceived {
                    entry: Some(entry),
                    ..
                })
                | InvoicingEvent::SupplierInvoiceQueried(SupplierInvoiceQueried {
                    entry: Some(entry), ..
                })
                | InvoicingEvent::SupplierInvoiceRematched(SupplierInvoiceRematched {
                    entry: Some(entry),
                    ..
                })
                | InvoicingEvent::InvoiceQueryResolved(InvoiceQueryResolved { entry: Some(entry), .. }) => {
                    entry
                }
                InvoicingEvent::PeriodClosed(e) => {
                    open_from = Some(e.open_from);
                    continue;
                }
                _ => continue,
            };
            for postings in [&entry.postings, &entry.memorandum] {
                let sum: Pence = postings.iter().map(|posting| posting.amount).sum();
                if sum != Pence::ZERO {
                    return Err(format!("an entry is {sum} off balance: {entry:?}"));
                }
            }
            if open_from.is_some_and(|open_from| entry.dates.posted_on < open_from) {
                return Err(format!("an entry is dated into a closed period: {entry:?}"));
            }
        }
        Ok(())
    }
}

/// An account's name as the cases have it.
fn short(account: &str) -> String {
    match account.split(':').collect::<Vec<_>>().as_slice() {
        ["expense", "placements", _] => "social care".to_owned(),
        ["expense", "beforehand", line] => (*line).to_lowercase(),
        ["expense", "differences"] => "differences".to_owned(),
        ["income", "resale"] => "resale income".to_owned(),
        ["receivable", "council", council] => format!("due from {council}"),
        ["receivable", funder] => (*funder).to_owned(),
        ["liability", "accrued", provider] => format!("accrued {provider}"),
        ["payable", provider] => format!("payable {provider}"),
        _ => account.to_owned(),
    }
}

/// Pounds and pence, such as `1,424.97`, `-20` or `0.01`.
pub(crate) fn pounds(text: &str) -> Option<Pence> {
    let plain = text.replace(',', "");
    let (sign, digits) = plain.strip_prefix('-').map_or((1, plain.as_str()), |digits| (-1, digits));
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "00"));
    let pence = whole.parse::<i64>().ok()?.checked_mul(100)? + part.parse::<i64>().ok()?;
    (part.len() == 2).then_some(Pence(sign * pence))
}

fn changes(before: &BTreeMap<String, Pence>, after: &BTreeMap<String, Pence>) -> BTreeMap<String, Pence> {
    let was = |name: &str| before.get(name).copied().unwrap_or_default();
    let changed = after.iter().map(|(name, now)| (name.clone(), *now - was(name)));
    changed.filter(|(_, change)| *change != Pence::ZERO).collect()
}

/// Plays a case, and says at which row it comes out otherwise.
pub(crate) fn play(case: &Case) -> Outcome {
    let mut books = Books::new();
    for row in &case.rows {
        row_holds(&mut books, row)
            .map_err(|why| format!("{}, line {}: {} {}: {why}", case.title, row.line, row.date, row.what))?;
    }
    Ok(())
}

fn row_holds(books: &mut Books, row: &Row) -> Outcome {
    let (balances, figures) = (books.balances(), books.figures());
    let done = books.take(row.date, &row.what);
    if let Some(reason) = row.effect.strip_prefix("refused ") {
        return match done {
            Err(found) if found == reason => Ok(()),
            other => Err(format!("expected to be refused with {reason}, not {other:?}")),
        };
    }
    let count = done.map_err(|reason| format!("refused: {reason}"))?;
    books.sound()?;
    if row.effect == "nothing" && count > 0 {
        return Err(format!("nothing was to happen, but there are {count} events"));
    }
    let (mut moved, told) = (changes(&balances, &books.balances()), changes(&figures, &books.figures()));
    let effects =
        row.effect.split(';').map(str::trim).filter(|effect| !effect.is_empty() && *effect != "nothing");
    for effect in effects {
        let (name, amount) = effect.rsplit_once(' ').ok_or(format!("{effect:?} is no effect"))?;
        let expected = pounds(amount).ok_or(format!("{amount:?} is no amount"))?;
        let kept = told.get(name).copied();
        let is_figure =
            ["committed", "nights"].contains(&name) || name.starts_with(|c: char| c.is_ascii_uppercase());
        let found = if is_figure { kept } else { moved.remove(name) }.unwrap_or_default();
        if found != expected {
            return Err(format!("{name} was to change by {expected}, and changed by {found}"));
        }
    }
    match moved.into_iter().next() {
        Some((name, amount)) => Err(format!("{name} changed by {amount}, which the row does not say")),
        None => Ok(()),
    }
}
