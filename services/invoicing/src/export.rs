//! A council's journal as other people's accounting programs read it: which of its entries, and what the formats are told of them.
//!
//! The memorandum of commitments is left out: it balances by itself, is in none of the books' totals, and neither program has a class for
//! promises. What is left is what `GetLedger` has among its accounts, to the penny.

use books::Faults;
use books::journal::{self, Books, Class};
use care::{CouncilId, Date, InvoiceId};
use invoicing_domain as domain;
use invoicing_domain::{AccountClass, EntryCode, JournalEntry, State};
use std::collections::BTreeMap;
use std::sync::Arc;

/// For which program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Program {
    Hledger,
    Beancount,
    Spreadsheet,
}

/// Which entries.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span {
    /// Dated on this day or later.
    pub(crate) from: Option<Date>,
    /// Dated before this day.
    pub(crate) to: Option<Date>,
    /// Dated up to and with this day.
    pub(crate) as_of: Option<Date>,
}

impl Span {
    fn holds(&self, entry: &JournalEntry) -> bool {
        let day = entry.dates.posted_on;
        self.from.is_none_or(|from| day >= from)
            && self.to.is_none_or(|to| day < to)
            && self.as_of.is_none_or(|as_of| day <= as_of)
    }
}

/// What is exported, as it stands in the ledger at one moment: cheap to take, so that the ledger is not held up while it is written.
pub(crate) struct Extract {
    council: CouncilId,
    entries: Vec<Arc<JournalEntry>>,
    numbers: BTreeMap<InvoiceId, String>,
}

impl Extract {
    pub(crate) fn of(council: CouncilId, state: &State, span: &Span) -> Self {
        let known = state.ledger.entries().iter();
        let beside_the_books = |entry: &JournalEntry| entry.code == EntryCode::Commitment;
        let entries: Vec<_> =
            known.filter(|entry| span.holds(entry) && !beside_the_books(entry)).cloned().collect();
        let number = |entry: &Arc<JournalEntry>| {
            let id = entry.invoice?;
            Some((id, state.number_of(id)?.to_owned()))
        };
        let numbers = entries.iter().filter_map(number).collect();
        Self { council, entries, numbers }
    }

    /// The whole file.
    ///
    /// # Errors
    /// What neither program could read, which would be a defect of the ledger.
    pub(crate) fn written(&self, program: Program) -> Result<String, Faults> {
        let books = self.books();
        match program {
            Program::Hledger => journal::hledger(&books),
            Program::Beancount => journal::beancount(&books),
            Program::Spreadsheet => books::sheet::journal(&books),
        }
    }

    fn books(&self) -> Books {
        let accounts = self.entries.iter().flat_map(|entry| &entry.postings).filter_map(|posting| {
            let class = class(posting.account.class())?;
            Some((posting.account.to_string(), class))
        });
        Books {
            council: self.council.to_string(),
            name: self.council.name().to_owned(),
            accounts: accounts.collect(),
            entries: self.entries.iter().map(|entry| self.entry(entry)).collect(),
        }
    }

    fn entry(&self, entry: &JournalEntry) -> journal::Entry {
        let number = entry.invoice.map(|id| self.numbers.get(&id).cloned().unwrap_or_else(|| id.to_string()));
        let what = description(entry.code);
        let posting = |posting: &domain::Posting| journal::Posting {
            account: posting.account.to_string(),
            amount: posting.amount,
        };
        journal::Entry {
            id: entry.id.to_string(),
            posted_on: entry.dates.posted_on,
            code: entry.code.as_str().to_owned(),
            description: number.as_ref().map_or_else(|| what.to_owned(), |number| format!("{what} {number}")),
            adjusts: entry.dates.adjusts,
            nights: Some(entry.dates.effective).filter(|nights| !nights.is_empty()),
            provider: Some(entry.provider.to_string()),
            agreement: entry.agreement.map(|id| id.to_string()),
            invoice: number,
            tags: BTreeMap::new(),
            postings: entry.postings.iter().map(posting).collect(),
        }
    }
}

fn description(code: EntryCode) -> &'static str {
    match code {
        EntryCode::Charge => "Nights charged",
        EntryCode::Reversal => "A charge taken back",
        EntryCode::Recharge => "What remains of a charge that was taken back",
        EntryCode::Invoice => "Invoice",
        EntryCode::CreditNote => "Credit note",
        EntryCode::Payment => "Payment of invoice",
        EntryCode::Refund => "Settlement of credit note",
        EntryCode::PaymentReturn => "Payment sent back by the bank",
        EntryCode::Commitment => "Nights committed",
        EntryCode::Query => "Query of invoice",
    }
}

/// The class in the other programs; none for what is in no books.
fn class(class: AccountClass) -> Option<Class> {
    match class {
        AccountClass::Expense => Some(Class::Expense),
        AccountClass::Asset => Some(Class::Asset),
        AccountClass::Liability => Some(Class::Liability),
        AccountClass::Income => Some(Class::Income),
        AccountClass::Memorandum => None,
    }
}
