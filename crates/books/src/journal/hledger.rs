//! The books as hledger reads them. `hledger check --strict` re-adds every entry and every assertion.

use super::{Books, Entry, Month, Said, by_month, in_tools, said};
use crate::amount::Pounds;
use crate::fault::Faults;
use crate::text::escape;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The whole journal: accounts and the commodity declared, the entries in order of date, and after each month what every account that was
/// posted to has come to, as balance assertions.
///
/// # Errors
/// As [`Books::check`].
pub fn hledger(books: &Books) -> Result<String, Faults> {
    books.check()?;
    let names: BTreeMap<&str, String> =
        books.accounts.iter().map(|(name, class)| (name.as_str(), in_tools(*class, name))).collect();
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write_head(&mut out, books, &names);
    let entries = books.in_order();
    by_month(books, &entries, |month| {
        for entry in month.entries {
            let _ = write_entry(&mut out, entry, &names);
        }
        let _ = write_assertions(&mut out, month, &names);
    });
    Ok(out)
}

fn write_head(out: &mut String, books: &Books, names: &BTreeMap<&str, String>) -> std::fmt::Result {
    writeln!(out, "; The books of {}, {}", escape(&books.name), escape(&books.council))?;
    writeln!(
        out,
        "; An account is in the ledger under the name that stands beside it; text is percent-escaped"
    )?;
    writeln!(out, "decimal-mark .\ncommodity £1000.00\n")?;
    for (name, class) in &books.accounts {
        writeln!(out, "account {}  ; type:{}, ledger:{}", names[name.as_str()], class.word(), escape(name))?;
    }
    writeln!(out)
}

fn write_entry(out: &mut String, entry: &Entry, names: &BTreeMap<&str, String>) -> std::fmt::Result {
    writeln!(out, "{} ({}) {}", entry.posted_on, entry.code, escape(&entry.description))?;
    for (name, said) in said(entry) {
        match said {
            Said::Text(text) => writeln!(out, "    ; {name}:{}", escape(text))?,
            Said::Day(day) => writeln!(out, "    ; {name}:{day}")?,
        }
    }
    for posting in &entry.postings {
        writeln!(out, "    {}  £{}", names[posting.account.as_str()], Pounds(posting.amount))?;
    }
    writeln!(out)
}

fn write_assertions(out: &mut String, month: &Month<'_>, names: &BTreeMap<&str, String>) -> std::fmt::Result {
    writeln!(out, "{} (BALANCE) End of the month", month.last_day)?;
    for (account, balance) in &month.balances {
        writeln!(out, "    {}  £0.00 = £{}", names[account.as_str()], Pounds(*balance))?;
    }
    writeln!(out)
}
