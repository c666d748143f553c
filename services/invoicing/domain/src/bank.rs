//! Bank accounts as the council keeps them of those that it pays, and its own. They are in its log alone: whoever reads sees the last four
//! digits of the number, and a `Debug` of one shows no more, so that none leaves in an error or a trace.

use care::Violation;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Characters of an account's name at most, as a BACS record has them.
pub const ACCOUNT_NAME_CHARS_MAX: usize = 18;
const SORT_CODE_DIGITS: usize = 6;
const NUMBER_DIGITS: usize = 8;

/// A bank account in the United Kingdom. Its numbers are checked for their shape: that they belong together is for the bank to say, since the
/// table of modulus checks is licensed and changes.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BankAccount {
    sort_code: String,
    number: String,
    name: String,
}

impl fmt::Debug for BankAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BankAccount(ending {})", self.ends())
    }
}

impl BankAccount {
    /// An account of these details: six and eight digits, and a name in capitals, digits, space and `. & / -`.
    ///
    /// # Errors
    /// All that is wrong, by the fields `sort_code`, `account_number` and `account_name`; no detail is repeated in it.
    pub fn new(sort_code: &str, number: &str, name: &str) -> Result<Self, Vec<Violation>> {
        let mut wrong = Vec::new();
        for (field, text, digits) in
            [("sort_code", sort_code, SORT_CODE_DIGITS), ("account_number", number, NUMBER_DIGITS)]
        {
            if !are_digits(text, digits) {
                let found = text.chars().count();
                let description = format!(
                    "{found} characters, not digits alone, or all zeros: expected {digits} digits without spaces and hyphens, with the \
                     leading zeros"
                );
                wrong.push(Violation { field: field.to_owned(), description });
            }
        }
        let plain =
            |letter: char| letter.is_ascii_uppercase() || letter.is_ascii_digit() || " .&/-".contains(letter);
        if name.is_empty()
            || name.trim() != name
            || name.len() > ACCOUNT_NAME_CHARS_MAX
            || !name.chars().all(plain)
        {
            let description = format!(
                "expected the name of the account in 1 to {ACCOUNT_NAME_CHARS_MAX} capitals, digits, spaces and . & / -"
            );
            wrong.push(Violation { field: "account_name".to_owned(), description });
        }
        let (sort_code, number, name) = (sort_code.to_owned(), number.to_owned(), name.to_owned());
        if wrong.is_empty() { Ok(Self { sort_code, number, name }) } else { Err(wrong) }
    }

    /// Six digits.
    #[must_use]
    pub fn sort_code(&self) -> &str {
        &self.sort_code
    }

    /// Eight digits.
    #[must_use]
    pub fn number(&self) -> &str {
        &self.number
    }

    /// In whose name it is.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The last four digits of its number, by which people know it.
    #[must_use]
    pub fn ends(&self) -> &str {
        self.number.get(NUMBER_DIGITS - 4..).unwrap_or_default()
    }
}

/// Whether it is so many digits, and not zeros alone.
pub(crate) fn are_digits(text: &str, digits: usize) -> bool {
    text.len() == digits
        && text.bytes().all(|byte| byte.is_ascii_digit())
        && text.bytes().any(|byte| byte != b'0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn details_are_checked_all_at_once_and_never_repeated() {
        let account = BankAccount::new("201575", "00012345", "ACME CARE LTD").unwrap();
        assert_eq!((account.ends(), format!("{account:?}")), ("2345", "BankAccount(ending 2345)".to_owned()));
        let wrong = BankAccount::new("20-15-75", "00000000", "Acme Care").unwrap_err();
        let fields: Vec<_> = wrong.iter().map(|it| it.field.as_str()).collect();
        assert_eq!(fields, ["sort_code", "account_number", "account_name"]);
        assert!(!format!("{wrong:?}").contains("20-15"));
        for name in ["", " A", "A ", "NINETEEN CHARACTERS", "Ä"] {
            assert!(BankAccount::new("201575", "12345678", name).is_err(), "{name:?}");
        }
        assert!(BankAccount::new("٢٠١٥٧٥", "12345678", "A").is_err());
    }
}
