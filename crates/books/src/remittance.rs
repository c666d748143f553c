//! What a provider is told of a payment: which documents it settles, as text, as CSV and as a page.

use crate::amount::Pounds;
use crate::fault::{Fault, Faults, quoted};
use crate::sheet::cells::{Sheet, guarded};
use crate::text::html;
use care::{Date, Pence};
use std::fmt::Write as _;

/// One document that the payment settles, or a part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Its number.
    pub number: String,
    /// The day it was issued.
    pub issued_on: Date,
    /// What it is, such as `Invoice` or `Credit note`.
    pub kind: String,
    /// What it comes to; negative for a credit note.
    pub amount: Pence,
    /// What of that is not paid now, since it is in dispute or was paid before; of the same sign.
    pub withheld: Pence,
    /// Why, where something is withheld.
    pub reason: Option<String>,
}

impl Item {
    /// What is paid of it.
    fn paid(&self) -> Option<Pence> {
        self.amount.0.checked_sub(self.withheld.0).map(Pence)
    }
}

/// A remittance advice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remittance {
    /// The council's name.
    pub council: String,
    /// The provider's name.
    pub provider: String,
    /// What the payment is known by at the bank.
    pub reference: String,
    /// The day on which it reaches the account.
    pub paid_on: Date,
    /// The end of the number of the account that it goes to: four digits, since a letter may be read by others. None where whoever tells of the
    /// payment does not know the account.
    pub account_ends: Option<String>,
    /// What is paid.
    pub paid: Pence,
    /// What for.
    pub items: Vec<Item>,
}

const HEADINGS: [&str; 6] = ["Document", "Issued", "Kind", "Amount", "Withheld", "Paid"];

impl Remittance {
    /// Says all that is wrong with it.
    ///
    /// # Errors
    /// Items that do not sum to what is paid, something withheld without a reason or beyond its document, an account's end that is not four digits,
    /// nothing paid, nothing to pay for.
    pub fn check(&self) -> Result<(), Faults> {
        let mut faults = Faults::new();
        for (index, item) in self.items.iter().enumerate() {
            let field = |name: &str| format!("items[{index}].{name}");
            if (item.withheld != Pence::ZERO) != item.reason.is_some() {
                faults.push(Fault::new(
                    field("reason"),
                    "it stands where nothing is withheld, or is missing",
                    "say why something is withheld",
                ));
            }
            let beyond = item.withheld.0.unsigned_abs() > item.amount.0.unsigned_abs();
            if beyond || item.withheld.0.signum() * item.amount.0.signum() < 0 {
                let wrong = format!("{} of {}", Pounds(item.withheld), Pounds(item.amount));
                faults.push(Fault::new(field("withheld"), wrong, "withhold the whole document at most"));
            }
        }
        let sum = self.items.iter().try_fold(0_i64, |sum, item| sum.checked_add(item.paid()?.0));
        if sum != Some(self.paid.0) {
            let sum = sum
                .map_or_else(|| "more than can be counted".to_owned(), |sum| Pounds(Pence(sum)).to_string());
            faults.push(Fault::new(
                "paid",
                format!("it is {}, but the items come to {sum}", Pounds(self.paid)),
                "pay what the items come to",
            ));
        }
        if self.paid <= Pence::ZERO || self.items.is_empty() {
            faults.push(Fault::new(
                "paid",
                format!("{} for {} documents", Pounds(self.paid), self.items.len()),
                "nothing is remitted where nothing is paid",
            ));
        }
        let digits = |ends: &String| ends.len() == 4 && ends.bytes().all(|byte| byte.is_ascii_digit());
        if self.account_ends.as_ref().is_some_and(|ends| !digits(ends)) {
            faults.push(Fault::new(
                "account_ends",
                "not four digits",
                "give the last four digits of the account's number",
            ));
        }
        for (field, text) in
            [("council", &self.council), ("provider", &self.provider), ("reference", &self.reference)]
        {
            if text.trim().is_empty() || text.chars().any(char::is_control) {
                faults.push(Fault::new(
                    field,
                    format!("{} is empty or has control characters", quoted(text)),
                    "give plain text of one line",
                ));
            }
        }
        faults.or(())
    }

    fn cells(item: &Item) -> [String; 6] {
        let paid = item.paid().unwrap_or_default();
        let money = |amount| Pounds(amount).to_string();
        [
            item.number.clone(),
            item.issued_on.to_string(),
            item.kind.clone(),
            money(item.amount),
            money(item.withheld),
            money(paid),
        ]
    }

    /// The advice as plain text for a letter or a mail, in columns.
    ///
    /// # Errors
    /// As [`Remittance::check`].
    pub fn text(&self) -> Result<String, Faults> {
        self.check()?;
        let rows: Vec<[String; 6]> =
            std::iter::once(HEADINGS.map(str::to_owned)).chain(self.items.iter().map(Self::cells)).collect();
        let width =
            |column: usize| rows.iter().map(|row| one_line(&row[column]).chars().count()).max().unwrap_or(0);
        let widths: [usize; 6] = std::array::from_fn(width);
        let mut out = String::new();
        // Writing to a String cannot fail.
        let _ = write!(
            out,
            "REMITTANCE ADVICE\n\nFrom:       {}\nTo:         {}\nPaid on:    {}\nReference:  {}\n",
            self.council, self.provider, self.paid_on, self.reference
        );
        if let Some(ends) = &self.account_ends {
            let _ = writeln!(out, "Account:    ending {ends}");
        }
        out.push('\n');
        for (index, row) in rows.iter().enumerate() {
            let cells: Vec<String> = row
                .iter()
                .zip(widths)
                .enumerate()
                .map(|(column, (cell, width))| {
                    let cell = one_line(cell);
                    if column < 3 { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
                })
                .collect();
            let _ = writeln!(out, "{}", cells.join("  ").trim_end());
            let reason = index
                .checked_sub(1)
                .and_then(|item| self.items.get(item))
                .and_then(|item| item.reason.as_ref());
            if let Some(reason) = reason {
                let _ = writeln!(out, "    withheld: {}", one_line(reason));
            }
        }
        let _ = writeln!(out, "\nPaid: £{}", Pounds(self.paid));
        Ok(out)
    }

    /// The advice as CSV, one row for each document and one for what is paid.
    ///
    /// # Errors
    /// As [`Remittance::check`].
    pub fn csv(&self) -> Result<String, Faults> {
        self.check()?;
        let mut sheet = Sheet::new([
            "paid_on",
            "reference",
            "council",
            "provider",
            "document",
            "issued_on",
            "kind",
            "amount",
            "withheld",
            "paid",
            "reason",
        ]);
        let head = [
            self.paid_on.to_string(),
            guarded(&self.reference),
            guarded(&self.council),
            guarded(&self.provider),
        ];
        for item in &self.items {
            let [number, issued, kind, amount, withheld, paid] = Self::cells(item);
            let reason = item.reason.as_deref().map(guarded).unwrap_or_default();
            let cells = [guarded(&number), issued, guarded(&kind), amount, withheld, paid, reason];
            sheet.row(head.iter().cloned().chain(cells));
        }
        let blank = String::new;
        let total =
            ["TOTAL".to_owned(), blank(), blank(), blank(), blank(), Pounds(self.paid).to_string(), blank()];
        sheet.row(head.into_iter().chain(total));
        Ok(sheet.finish())
    }

    /// The advice as a page of its own, without scripts and without anything from elsewhere.
    ///
    /// # Errors
    /// As [`Remittance::check`].
    pub fn html(&self) -> Result<String, Faults> {
        self.check()?;
        let mut out = String::from(
            "<!DOCTYPE html>\n<html lang=\"en-GB\">\n<head>\n<meta charset=\"utf-8\">\n<title>Remittance advice</title>\n<style>\n\
             body { font-family: sans-serif; margin: 2rem; max-width: 60rem; }\n\
             table { border-collapse: collapse; width: 100%; }\n\
             th, td { border-bottom: 1px solid #bbb; padding: .3rem .6rem; text-align: left; }\n\
             .amount { text-align: right; font-variant-numeric: tabular-nums; }\n\
             </style>\n</head>\n<body>\n<h1>Remittance advice</h1>\n<dl>\n",
        );
        let ending = self.account_ends.as_ref().map(|ends| format!("ending {ends}"));
        let paid_on = self.paid_on.to_string();
        for (name, value) in [
            ("From", Some(&self.council)),
            ("To", Some(&self.provider)),
            ("Paid on", Some(&paid_on)),
            ("Reference", Some(&self.reference)),
            ("Account", ending.as_ref()),
        ] {
            let Some(value) = value else { continue };
            let _ = writeln!(out, "<dt>{name}</dt><dd>{}</dd>", html(value));
        }
        out.push_str("</dl>\n<table>\n<thead><tr>");
        let class = |column: usize| if column < 3 { "" } else { " class=\"amount\"" };
        for (column, heading) in HEADINGS.iter().enumerate() {
            let _ = write!(out, "<th scope=\"col\"{}>{heading}</th>", class(column));
        }
        out.push_str("</tr></thead>\n<tbody>\n");
        for item in &self.items {
            out.push_str("<tr>");
            for (column, cell) in Self::cells(item).iter().enumerate() {
                let _ = write!(out, "<td{}>{}</td>", class(column), html(cell));
            }
            out.push_str("</tr>\n");
            if let Some(reason) = &item.reason {
                let _ = writeln!(out, "<tr><td colspan=\"6\">Withheld: {}</td></tr>", html(reason));
            }
        }
        let _ = write!(
            out,
            "</tbody>\n<tfoot><tr><th scope=\"row\" colspan=\"5\">Paid</th><td class=\"amount\">£{}</td></tr></tfoot>\n\
             </table>\n</body>\n</html>\n",
            Pounds(self.paid)
        );
        Ok(out)
    }
}

/// Text that stays on its line.
fn one_line(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}
