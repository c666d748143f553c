//! The chart of accounts of a council's ledger, as data: which accounts there are, of which class, and to which of them a
//! funder's share of a charge is posted. As a page it is `docs/chart-of-accounts.md`.

use care::{CouncilId, ProviderId};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

/// What kind of account it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AccountClass {
    /// What the council spends; debits increase it.
    Expense,
    /// What others owe the council, and its bank; debits increase it.
    Asset,
    /// What the council owes; credits increase it.
    Liability,
    /// What the council receives from others for what it does not use itself; credits increase it.
    Income,
    /// What is promised and not yet owed. It stands beside the books and in none of their totals.
    Memorandum,
}

impl AccountClass {
    /// The class as a stable word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Expense => "EXPENSE",
            Self::Asset => "ASSET",
            Self::Liability => "LIABILITY",
            Self::Income => "INCOME",
            Self::Memorandum => "MEMORANDUM",
        }
    }
}

/// A row of the chart: one account, or one per provider or kind of provision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChartRow {
    /// The account's name, or its beginning where there is one per something.
    pub name: &'static str,
    /// What there is one per; the name is then followed by `:` and it.
    pub per: Option<&'static str>,
    /// Its class.
    pub class: AccountClass,
    /// What is posted to it.
    pub meaning: &'static str,
}

const EXPENSE: ChartRow = ChartRow {
    name: "expense:placements",
    per: Some("provision"),
    class: AccountClass::Expense,
    meaning: "Children's social care's own share of placement charges",
};
const BEFOREHAND: ChartRow = ChartRow {
    name: "expense:beforehand",
    per: Some("line"),
    class: AccountClass::Expense,
    meaning: "Nights agreed beforehand on which no child of the council was there: RETAINER, VOID, and RESALE for nights bought of another council",
};
const RESALE_INCOME: ChartRow = ChartRow {
    name: "income:resale",
    per: None,
    class: AccountClass::Income,
    meaning: "Nights sold to other councils",
};
const HEALTH: ChartRow = ChartRow {
    name: "receivable:health",
    per: None,
    class: AccountClass::Asset,
    meaning: "Health's (ICB) share of placement charges, which the council pays first and recovers",
};
const EDUCATION: ChartRow = ChartRow {
    name: "receivable:education",
    per: None,
    class: AccountClass::Asset,
    meaning: "Education's share of placement charges, recovered from the high needs block",
};
const COUNCILS: ChartRow = ChartRow {
    name: "receivable:council",
    per: Some("council"),
    class: AccountClass::Asset,
    meaning: "What another council owes for nights that were sold to it",
};
const VAT: ChartRow = ChartRow {
    name: "receivable:vat",
    per: None,
    class: AccountClass::Asset,
    meaning: "VAT on invoices, recovered from HM Revenue and Customs (VAT Act 1994, section 33); fees are booked without it",
};
const ACCRUED: ChartRow = ChartRow {
    name: "liability:accrued",
    per: Some("provider"),
    class: AccountClass::Liability,
    meaning: "Nights charged and not yet invoiced",
};
const PAYABLE: ChartRow = ChartRow {
    name: "payable",
    per: Some("provider"),
    class: AccountClass::Liability,
    meaning: "Invoices, less credit notes, not yet paid",
};
const BANK: ChartRow = ChartRow {
    name: "bank",
    per: None,
    class: AccountClass::Asset,
    meaning: "Payments made, less refunds received",
};

const COMMITTED: ChartRow = ChartRow {
    name: "commitment:outstanding",
    per: Some("provision"),
    class: AccountClass::Memorandum,
    meaning: "What nights up to the end of the financial year, 31 March, will cost that are agreed and not charged yet; of nights agreed beforehand per line",
};
const COMMITTED_CONTROL: ChartRow = ChartRow {
    name: "commitment:control",
    per: None,
    class: AccountClass::Memorandum,
    meaning: "The other side of every commitment",
};

/// The chart of accounts. Every council's ledger has it, each with its own balances.
pub const CHART: &[ChartRow] = &[
    EXPENSE,
    BEFOREHAND,
    RESALE_INCOME,
    HEALTH,
    EDUCATION,
    COUNCILS,
    VAT,
    ACCRUED,
    PAYABLE,
    BANK,
    COMMITTED,
    COMMITTED_CONTROL,
];

/// An account of the chart by its name, such as `payable:acme` or `bank`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Account(Cow<'static, str>);

impl Serialize for Account {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Account {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        care::in_place::parsed(deserializer)
    }
}

/// A name that the chart of accounts does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not in the chart of accounts")]
pub struct AccountUnknown(pub String);

impl Account {
    /// Where a funder's share of a charge is posted: the council's own part is spent, another's is to be recovered.
    /// Nothing for a funder that the chart does not know.
    #[must_use]
    pub fn of_funder(funder: &str, provision: &str) -> Option<Self> {
        match funder {
            "SOCIAL_CARE" => Some(Self::per(EXPENSE, provision)),
            "HEALTH" => Some(Self(Cow::Borrowed(HEALTH.name))),
            "EDUCATION" => Some(Self(Cow::Borrowed(EDUCATION.name))),
            _ => None,
        }
    }

    /// Where nights agreed beforehand are spent, by the kind of their line.
    #[must_use]
    pub fn beforehand(line: &str) -> Self {
        Self::per(BEFOREHAND, line)
    }

    /// What is received for nights that are sold.
    #[must_use]
    pub fn resale_income() -> Self {
        Self(Cow::Borrowed(RESALE_INCOME.name))
    }

    /// What another council owes.
    #[must_use]
    pub fn council(council: CouncilId) -> Self {
        Self::per(COUNCILS, council.gss())
    }

    /// VAT that is to be recovered.
    #[must_use]
    pub fn vat() -> Self {
        Self(Cow::Borrowed(VAT.name))
    }

    /// What is committed, by the kind of provision, or of nights agreed beforehand by the kind of their line.
    #[must_use]
    pub fn committed(provision: &str) -> Self {
        Self::per(COMMITTED, provision)
    }

    /// The other side of every commitment.
    #[must_use]
    pub fn commitment_control() -> Self {
        Self(Cow::Borrowed(COMMITTED_CONTROL.name))
    }

    /// What is charged by a provider and not yet invoiced.
    #[must_use]
    pub fn accrued(provider: &ProviderId) -> Self {
        Self::per(ACCRUED, provider.as_str())
    }

    /// What is invoiced by a provider and not yet paid.
    #[must_use]
    pub fn payable(provider: &ProviderId) -> Self {
        Self::per(PAYABLE, provider.as_str())
    }

    /// The council's bank account.
    #[must_use]
    pub fn bank() -> Self {
        Self(Cow::Borrowed(BANK.name))
    }

    fn per(row: ChartRow, what: &str) -> Self {
        Self([row.name, ":", what].concat().into())
    }

    /// The account's name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its class in the chart.
    #[must_use]
    pub fn class(&self) -> AccountClass {
        row_of(&self.0).map_or(AccountClass::Expense, |row| row.class)
    }
}

/// The chart's row for a name; an account per something needs that something, without a further `:`.
fn row_of(name: &str) -> Option<&'static ChartRow> {
    CHART.iter().find(|row| match (row.per, name.strip_prefix(row.name)) {
        (None, Some(rest)) => rest.is_empty(),
        (Some(_), Some(rest)) => {
            rest.strip_prefix(':').is_some_and(|what| !what.is_empty() && !what.contains(':'))
        }
        (_, None) => false,
    })
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Account {
    type Err = AccountUnknown;
    fn from_str(name: &str) -> Result<Self, AccountUnknown> {
        match row_of(name) {
            // An account that there is one of has its name in the chart.
            Some(row) if row.per.is_none() => Ok(Self(Cow::Borrowed(row.name))),
            Some(_) => Ok(Self(name.to_owned().into())),
            None => Err(AccountUnknown(name.to_owned())),
        }
    }
}

impl TryFrom<String> for Account {
    type Error = AccountUnknown;
    fn try_from(name: String) -> Result<Self, AccountUnknown> {
        name.parse()
    }
}

impl From<Account> for String {
    fn from(account: Account) -> String {
        account.0.into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::{Account, AccountClass};
    use care::code_sets;

    #[test]
    fn every_funder_of_the_code_set_has_an_account() {
        for code in code_sets::FUNDER.codes {
            let account = Account::of_funder(code.code, "RESIDENTIAL").expect("an account for the funder");
            assert_eq!(Account::try_from(account.as_str().to_owned()), Ok(account));
        }
        assert_eq!(Account::of_funder("LOTTERY", "RESIDENTIAL"), None);
    }

    #[test]
    fn only_names_of_the_chart_are_accounts() {
        let provider = "acme".parse().unwrap();
        assert_eq!(Account::payable(&provider).as_str(), "payable:acme");
        assert_eq!(Account::payable(&provider).class(), AccountClass::Liability);
        assert_eq!(Account::accrued(&provider).class(), AccountClass::Liability);
        assert_eq!(Account::bank().class(), AccountClass::Asset);
        for wrong in [
            "payable",
            "payable:",
            "payable:a:b",
            "bank:x",
            "expense",
            "receivable:healthy",
            "receivable:council",
            "",
        ] {
            assert!(Account::try_from(wrong.to_owned()).is_err(), "{wrong}");
        }
    }
}
