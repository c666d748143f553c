//! The journal of one council as other people's accounting programs read it: [`hledger`] and [`beancount`]. Both get the same books, with
//! what each account must come to at the end of every month and at the end, so that either program re-adds them and says where they differ.
//!
//! The bytes depend on the books alone: entries are written in order of date and then as given.

mod balances;
mod beancount;
mod hledger;
mod names;

pub use balances::balances;
pub use beancount::beancount;
pub use hledger::hledger;
pub use names::{in_tools, of_tools};

use crate::fault::{Fault, Faults, quoted};
use care::{Date, Nights, Pence};
use std::collections::{BTreeMap, BTreeSet};

/// Years that both programs write with four digits.
const YEARS: std::ops::RangeInclusive<i16> = 1900..=2999;
/// Words that the writers use for metadata of their own, or that a program takes for a date or a type of its own.
const TAGS_TAKEN: [&str; 13] = [
    "entry",
    "code",
    "adjusts",
    "nights-from",
    "nights-until",
    "provider",
    "agreement",
    "invoice",
    "date",
    "date2",
    "type",
    "filename",
    "lineno",
];

/// What kind of account it is; both programs have the same five.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// What is owned or owed to the council.
    Asset,
    /// What the council owes.
    Liability,
    /// What is left.
    Equity,
    /// What comes in.
    Income,
    /// What is spent.
    Expense,
}

impl Class {
    /// The first part of its accounts' names in both programs.
    #[must_use]
    pub fn root(self) -> &'static str {
        match self {
            Self::Asset => "Assets",
            Self::Liability => "Liabilities",
            Self::Equity => "Equity",
            Self::Income => "Income",
            Self::Expense => "Expenses",
        }
    }

    /// Its name as hledger has it in `type:`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Asset => "Asset",
            Self::Liability => "Liability",
            Self::Equity => "Equity",
            Self::Income => "Revenue",
            Self::Expense => "Expense",
        }
    }
}

/// One side of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posting {
    /// The account, by the ledger's own name for it, such as `payable:acme`.
    pub account: String,
    /// Debits are positive, credits negative.
    pub amount: Pence,
}

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its id, different from every other's.
    pub id: String,
    /// The day on which it counts.
    pub posted_on: Date,
    /// What it is for, as a code such as `CHARGE`.
    pub code: String,
    /// The same for people.
    pub description: String,
    /// The day in a closed period that it adjusts.
    pub adjusts: Option<Date>,
    /// The nights that it is about.
    pub nights: Option<Nights>,
    /// The provider it concerns.
    pub provider: Option<String>,
    /// The agreement.
    pub agreement: Option<String>,
    /// The invoice.
    pub invoice: Option<String>,
    /// More to be said of it: words of small letters, digits and hyphens, and what they say.
    pub tags: BTreeMap<String, String>,
    /// The postings, which sum to zero; none for an entry that says that there is nothing to pay.
    pub postings: Vec<Posting>,
}

/// The books of one council.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Books {
    /// The council's GSS code.
    pub council: String,
    /// Its name.
    pub name: String,
    /// Its accounts by their names in the ledger; every posting is to one of them.
    pub accounts: BTreeMap<String, Class>,
    /// The entries.
    pub entries: Vec<Entry>,
}

impl Books {
    /// Says all that is wrong with the books, so that what is written can be read by both programs and balances.
    ///
    /// # Errors
    /// An entry that does not sum to zero, an account that is not declared, an id that comes twice, a date that has no four digits, a
    /// period without nights, a tag that cannot be one, sums that leave an `i64`.
    pub fn check(&self) -> Result<(), Faults> {
        let mut faults = Faults::new();
        let mut ids = BTreeSet::new();
        for (index, entry) in self.entries.iter().enumerate() {
            let field = |name: &str| format!("entries[{index}].{name}");
            if !ids.insert(entry.id.as_str()) || entry.id.is_empty() {
                faults.push(Fault::new(
                    field("id"),
                    format!("{} is empty or comes twice", quoted(&entry.id)),
                    "give each entry an id of its own",
                ));
            }
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
            if entry.code.is_empty() || !entry.code.bytes().all(plain) {
                faults.push(Fault::new(
                    field("code"),
                    format!("{} is not a code", quoted(&entry.code)),
                    "use letters, digits, _ and -",
                ));
            }
            check_dates(entry, &field, &mut faults);
            check_tags(entry, &field, &mut faults);
            self.check_postings(entry, &field, &mut faults);
        }
        if balances(self).is_none() {
            faults.push(Fault::new(
                "entries",
                "the postings of an account sum to more than can be counted",
                "export fewer entries",
            ));
        }
        faults.or(())
    }

    fn check_postings(&self, entry: &Entry, field: &dyn Fn(&str) -> String, faults: &mut Faults) {
        for posting in entry.postings.iter().filter(|posting| !self.accounts.contains_key(&posting.account)) {
            faults.push(Fault::new(
                field("postings"),
                format!("account {} is not declared", quoted(&posting.account)),
                "declare it with its class",
            ));
        }
        let sum: i128 = entry.postings.iter().map(|posting| i128::from(posting.amount.0)).sum();
        if sum != 0 {
            faults.push(Fault::new(
                field("postings"),
                format!("they sum to {sum} pence"),
                "the postings of an entry sum to zero",
            ));
        }
    }

    /// The entries in the order in which they are written.
    fn in_order(&self) -> Vec<&Entry> {
        let mut entries: Vec<&Entry> = self.entries.iter().collect();
        entries.sort_by_key(|entry| entry.posted_on);
        entries
    }
}

fn check_dates(entry: &Entry, field: &dyn Fn(&str) -> String, faults: &mut Faults) {
    let nights = entry.nights.map(|nights| (nights.start(), nights.end()));
    let dates = [
        ("posted_on", Some(entry.posted_on)),
        ("adjusts", entry.adjusts),
        ("nights.start", nights.map(|(start, _)| start)),
        ("nights.end", nights.map(|(_, end)| end)),
    ];
    for (name, date) in dates {
        if let Some(date) = date.filter(|date| !YEARS.contains(&date.year())) {
            faults.push(Fault::new(
                field(name),
                format!("{date} is not in the years {} to {}", YEARS.start(), YEARS.end()),
                "give the date as it is, with no open end",
            ));
        }
    }
}

fn check_tags(entry: &Entry, field: &dyn Fn(&str) -> String, faults: &mut Faults) {
    for name in entry.tags.keys() {
        let word = name.len() >= 2
            && name.starts_with(|first: char| first.is_ascii_lowercase())
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        if !word || TAGS_TAKEN.contains(&name.as_str()) {
            faults.push(Fault::new(
                field("tags"),
                format!("{} cannot be a tag", quoted(name)),
                format!("use small letters, digits and hyphens, and none of {}", TAGS_TAKEN.join(", ")),
            ));
        }
    }
}

/// What is said of an entry beside its date, its text and its postings; dates are told apart since Beancount has a type for them.
enum Said<'a> {
    Text(&'a str),
    Day(Date),
}

fn said(entry: &Entry) -> Vec<(&str, Said<'_>)> {
    let nights = entry.nights.filter(|nights| !nights.is_empty());
    let own = [
        ("entry", Some(Said::Text(&entry.id))),
        ("adjusts", entry.adjusts.map(Said::Day)),
        ("nights-from", nights.map(|nights| Said::Day(nights.start()))),
        ("nights-until", nights.map(|nights| Said::Day(nights.end()))),
        ("provider", entry.provider.as_deref().map(Said::Text)),
        ("agreement", entry.agreement.as_deref().map(Said::Text)),
        ("invoice", entry.invoice.as_deref().map(Said::Text)),
    ];
    let own = own.into_iter().filter_map(|(name, said)| Some((name, said?)));
    own.chain(entry.tags.iter().map(|(name, said)| (name.as_str(), Said::Text(said)))).collect()
}

/// A piece of the journal: the entries of one month, and what each account came to at its end.
struct Month<'a> {
    entries: &'a [&'a Entry],
    last_day: Date,
    /// The accounts that were posted to until then.
    balances: BTreeMap<String, Pence>,
}

/// Calls `each` with every month that has entries, in order; the last one has the balances of all accounts. `entries` are in order of
/// their dates.
fn by_month<'a>(books: &Books, entries: &'a [&'a Entry], mut each: impl FnMut(&Month<'a>)) {
    let mut running: BTreeMap<String, Pence> = BTreeMap::new();
    let mut months = entries
        .chunk_by(|one, next| one.posted_on.first_of_month() == next.posted_on.first_of_month())
        .peekable();
    while let Some(entries) = months.next() {
        if months.peek().is_none() {
            for name in books.accounts.keys() {
                running.entry(name.clone()).or_default();
            }
        }
        for posting in entries.iter().flat_map(|entry| &entry.postings) {
            match running.get_mut(&posting.account) {
                Some(sum) => *sum += posting.amount,
                None => {
                    running.insert(posting.account.clone(), posting.amount);
                }
            }
        }
        if let [first, ..] = entries {
            each(&Month { entries, last_day: first.posted_on.last_of_month(), balances: running.clone() });
        }
    }
}
