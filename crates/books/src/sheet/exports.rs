//! What finance staff open in a spreadsheet: the journal, a statement of account, aged payables.

use super::cells::{Sheet, guarded};
use crate::amount::Pounds;
use crate::fault::{Fault, Faults};
use crate::journal::Books;
use care::{Date, Pence};

fn text(value: Option<&str>) -> String {
    value.map(guarded).unwrap_or_default()
}

fn day(value: Option<Date>) -> String {
    value.map(|day| day.to_string()).unwrap_or_default()
}

/// An amount in one of two columns: debits in the first, credits without their sign in the second.
fn sides(amount: Pence) -> [String; 2] {
    let shown = |pence: i64| Pounds(Pence(pence)).to_string();
    match amount.0 {
        0.. => [shown(amount.0), String::new()],
        // Its magnitude, for the one amount too that has no counterpart.
        credit => [String::new(), shown(credit).trim_start_matches('-').to_owned()],
    }
}

/// The journal, one row for each posting; an entry without postings has one row without an account.
///
/// # Errors
/// As [`Books::check`].
pub fn journal(books: &Books) -> Result<String, Faults> {
    books.check()?;
    let mut sheet = Sheet::new([
        "entry",
        "posted_on",
        "code",
        "description",
        "adjusts",
        "first_night",
        "last_night",
        "provider",
        "agreement",
        "invoice",
        "account",
        "debit",
        "credit",
    ]);
    for entry in &books.entries {
        let nights = entry.nights.filter(|nights| !nights.is_empty());
        let head = [
            guarded(&entry.id),
            entry.posted_on.to_string(),
            guarded(&entry.code),
            guarded(&entry.description),
            day(entry.adjusts),
            day(nights.map(|nights| nights.start())),
            day(nights.and_then(|nights| nights.end().yesterday().ok())),
            text(entry.provider.as_deref()),
            text(entry.agreement.as_deref()),
            text(entry.invoice.as_deref()),
        ];
        if entry.postings.is_empty() {
            sheet.row(head.iter().cloned().chain([String::new(), String::new(), String::new()]));
        }
        for posting in &entry.postings {
            let [debit, credit] = sides(posting.amount);
            sheet.row(head.iter().cloned().chain([guarded(&posting.account), debit, credit]));
        }
    }
    Ok(sheet.finish())
}

/// A line of a statement of account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementLine {
    /// The day on which it counts.
    pub on: Date,
    /// The entry or document.
    pub reference: String,
    /// What it is.
    pub text: String,
    /// Debits are positive, credits negative.
    pub amount: Pence,
}

/// A statement of one account, with the balance after each line.
///
/// # Errors
/// Where lines are out of order, or the balance leaves an `i64`.
pub fn statement(account: &str, opening: (Date, Pence), lines: &[StatementLine]) -> Result<String, Faults> {
    let mut sheet = Sheet::new(["account", "on", "reference", "text", "debit", "credit", "balance"]);
    let (mut last, mut balance) = opening;
    let row = |on: Date, reference: &str, text: &str, [debit, credit]: [String; 2], balance: Pence| {
        [
            guarded(account),
            on.to_string(),
            guarded(reference),
            guarded(text),
            debit,
            credit,
            Pounds(balance).to_string(),
        ]
    };
    sheet.row(row(last, "", "Balance brought forward", [String::new(), String::new()], balance));
    for (index, line) in lines.iter().enumerate() {
        let field = format!("lines[{index}]");
        if line.on < last {
            let wrong = format!("{} lies before {last}", line.on);
            return Err(Faults::one(Fault::new(field, wrong, "give them in order of their dates")));
        }
        let Some(sum) = balance.0.checked_add(line.amount.0) else {
            return Err(Faults::one(Fault::new(
                field,
                "the balance is more than can be counted",
                "check the amounts",
            )));
        };
        (last, balance) = (line.on, Pence(sum));
        sheet.row(row(line.on, &line.reference, &line.text, sides(line.amount), balance));
    }
    Ok(sheet.finish())
}

/// What is owed to one provider, by how long it has been due.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AgedPayable {
    /// The provider.
    pub provider: String,
    /// Not due yet.
    pub not_due: Pence,
    /// 1 to 30 days over.
    pub days_30: Pence,
    /// 31 to 60 days.
    pub days_60: Pence,
    /// 61 to 90 days.
    pub days_90: Pence,
    /// Longer.
    pub older: Pence,
}

impl AgedPayable {
    /// Adds an amount that is due on a day, as seen on another; false where that leaves an `i64`.
    #[must_use]
    pub fn add(&mut self, due_on: Date, as_of: Date, amount: Pence) -> bool {
        let over = due_on.until(as_of).map_or(0, |span| span.get_days());
        let bucket = match over {
            ..=0 => &mut self.not_due,
            1..=30 => &mut self.days_30,
            31..=60 => &mut self.days_60,
            61..=90 => &mut self.days_90,
            _ => &mut self.older,
        };
        let sum = bucket.0.checked_add(amount.0);
        *bucket = sum.map_or(*bucket, Pence);
        sum.is_some()
    }

    fn buckets(&self) -> [Pence; 5] {
        [self.not_due, self.days_30, self.days_60, self.days_90, self.older]
    }
}

fn sum(amounts: impl IntoIterator<Item = Pence>) -> Option<Pence> {
    amounts.into_iter().try_fold(0_i64, |sum, amount| sum.checked_add(amount.0)).map(Pence)
}

/// Aged payables as of a day: one row for each provider, and one for all.
///
/// # Errors
/// Where a sum leaves an `i64`.
pub fn aged_payables(as_of: Date, payables: &[AgedPayable]) -> Result<String, Faults> {
    let mut sheet = Sheet::new([
        "as_of",
        "provider",
        "not_due",
        "days_1_to_30",
        "days_31_to_60",
        "days_61_to_90",
        "older",
        "total",
    ]);
    let whole = (0..5)
        .map(|bucket| sum(payables.iter().map(|payable| payable.buckets()[bucket])))
        .collect::<Option<Vec<_>>>();
    let rows = payables.iter().map(|payable| (guarded(&payable.provider), Some(payable.buckets().to_vec())));
    for (name, buckets) in rows.chain([("TOTAL".to_owned(), whole)]) {
        let total = buckets.as_ref().and_then(|buckets| sum(buckets.iter().copied()));
        let (Some(buckets), Some(total)) = (buckets, total) else {
            let fault = Fault::new(name, "the amounts sum to more than can be counted", "check the amounts");
            return Err(Faults::one(fault));
        };
        let amounts = buckets.into_iter().chain([total]).map(|amount| Pounds(amount).to_string());
        sheet.row([as_of.to_string(), name].into_iter().chain(amounts));
    }
    Ok(sheet.finish())
}
