//! The books as Beancount reads them. An assertion that is a penny out passes there by default, so each says `~ 0`.

use super::{Books, Entry, Month, Said, by_month, in_tools, said};
use crate::amount::Pounds;
use crate::fault::Faults;
use crate::text::escape;
use care::Date;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The whole file: accounts opened on the day of the first entry, the entries in order of date, and on the day after each month what every
/// account that was posted to has come to, since Beancount asserts what there is before a day begins.
///
/// # Errors
/// As [`Books::check`].
pub fn beancount(books: &Books) -> Result<String, Faults> {
    books.check()?;
    let names: BTreeMap<&str, String> =
        books.accounts.iter().map(|(name, class)| (name.as_str(), in_tools(*class, name))).collect();
    let entries = books.in_order();
    let mut out = String::new();
    let first = entries.first().map_or(Date::constant(1970, 1, 1), |entry| entry.posted_on);
    // Writing to a String cannot fail.
    let _ = write_head(&mut out, books, &names, first);
    by_month(books, &entries, |month| {
        for entry in month.entries {
            let _ = write_entry(&mut out, entry, &names);
        }
        let _ = write_assertions(&mut out, month, &names);
    });
    Ok(out)
}

fn write_head(
    out: &mut String,
    books: &Books,
    names: &BTreeMap<&str, String>,
    first: Date,
) -> std::fmt::Result {
    writeln!(
        out,
        "; An account is in the ledger under the name that stands beside it; text is percent-escaped"
    )?;
    writeln!(out, "option \"title\" \"The books of {}, {}\"", escape(&books.name), escape(&books.council))?;
    writeln!(out, "option \"operating_currency\" \"GBP\"\n\n{first} commodity GBP\n")?;
    for name in books.accounts.keys() {
        writeln!(out, "{first} open {} GBP\n  ledger: \"{}\"", names[name.as_str()], escape(name))?;
    }
    writeln!(out)
}

fn write_entry(out: &mut String, entry: &Entry, names: &BTreeMap<&str, String>) -> std::fmt::Result {
    writeln!(out, "{} * \"{}\"", entry.posted_on, escape(&entry.description))?;
    writeln!(out, "  code: \"{}\"", entry.code)?;
    for (name, said) in said(entry) {
        match said {
            Said::Text(text) => writeln!(out, "  {name}: \"{}\"", escape(text))?,
            Said::Day(day) => writeln!(out, "  {name}: {day}")?,
        }
    }
    for posting in &entry.postings {
        writeln!(out, "  {}  {} GBP", names[posting.account.as_str()], Pounds(posting.amount))?;
    }
    writeln!(out)
}

fn write_assertions(out: &mut String, month: &Month<'_>, names: &BTreeMap<&str, String>) -> std::fmt::Result {
    let next = month.last_day.tomorrow().unwrap_or(month.last_day);
    for (account, balance) in &month.balances {
        writeln!(out, "{next} balance {}  {} ~ 0 GBP", names[account.as_str()], Pounds(*balance))?;
    }
    writeln!(out)
}
