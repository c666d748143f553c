//! Names of accounts that both programs take, and back again.
//!
//! Beancount is the stricter: a part begins with a capital or a digit and goes on with letters, digits and hyphens. A part that begins with
//! two small letters gets a capital (`payable` is `Payable`); a hyphen is doubled; any other character is a hyphen and its bytes
//! in hexadecimal; and a part that this would not bring back is marked with `X-x` in front. What is not ASCII is escaped too.

use super::Class;
use std::fmt::Write as _;

/// In front of a part that is otherwise taken as it stands. No escape begins with `-x`.
const AS_IT_STANDS: &str = "X-x";

/// The name that hledger and Beancount know an account of the ledger by: `Expenses:Expense:Placements:RESIDENTIAL` for
/// `expense:placements:RESIDENTIAL`.
#[must_use]
pub fn in_tools(class: Class, name: &str) -> String {
    let mut whole = class.root().to_owned();
    for part in name.split(':') {
        whole.push(':');
        whole.push_str(&part_in_tools(part));
    }
    whole
}

fn part_in_tools(part: &str) -> String {
    let mut escaped = String::with_capacity(part.len());
    for byte in part.bytes() {
        match byte {
            b'-' => escaped.push_str("--"),
            _ if byte.is_ascii_alphanumeric() => escaped.push(char::from(byte)),
            _ => {
                let _ = write!(escaped, "-{byte:02X}");
            }
        }
    }
    match escaped.as_bytes() {
        [b'a'..=b'z', b'a'..=b'z', ..] => capitalised(&escaped),
        [b'0'..=b'9', ..] => escaped,
        // A small letter after the capital would be read as a part that began with two small ones.
        [b'A'..=b'Z', second, ..] if !second.is_ascii_lowercase() && !escaped.starts_with(AS_IT_STANDS) => {
            escaped
        }
        [b'A'..=b'Z'] => escaped,
        _ => format!("{AS_IT_STANDS}{escaped}"),
    }
}

fn capitalised(part: &str) -> String {
    let mut letters = part.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

/// The account of the ledger that [`in_tools`] gave this name to. None where it never gave it.
#[must_use]
pub fn of_tools(name: &str) -> Option<String> {
    let (_, parts) = name.split_once(':')?;
    let parts: Vec<String> = parts.split(':').map(part_of_tools).collect::<Option<_>>()?;
    Some(parts.join(":"))
}

fn part_of_tools(part: &str) -> Option<String> {
    let escaped = match (part.strip_prefix(AS_IT_STANDS), part.as_bytes()) {
        (Some(rest), _) => rest.to_owned(),
        (None, [b'A'..=b'Z', b'a'..=b'z', ..]) => {
            let mut letters = part.chars();
            letters.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(letters).collect()
        }
        (None, _) => part.to_owned(),
    };
    let mut bytes = Vec::with_capacity(escaped.len());
    let mut rest = escaped.bytes();
    while let Some(byte) = rest.next() {
        match (byte, byte == b'-') {
            (_, false) => bytes.push(byte),
            (_, true) => match rest.next()? {
                b'-' => bytes.push(b'-'),
                high => {
                    let digit = |byte: u8| char::from(byte).to_digit(16);
                    bytes.push(u8::try_from(digit(high)? * 16 + digit(rest.next()?)?).ok()?);
                }
            },
        }
    }
    let name = String::from_utf8(bytes).ok()?;
    (part_in_tools(&name) == part).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_are_readable_where_they_can_be() {
        for (class, ours, theirs) in [
            (Class::Expense, "expense:placements:RESIDENTIAL", "Expenses:Expense:Placements:RESIDENTIAL"),
            (Class::Asset, "bank", "Assets:Bank"),
            (Class::Liability, "payable:acme-care", "Liabilities:Payable:Acme--care"),
            (Class::Liability, "payable:a1", "Liabilities:Payable:X-xa1"),
            (Class::Liability, "payable:Acme", "Liabilities:Payable:X-xAcme"),
            (Class::Liability, "payable:SC_04", "Liabilities:Payable:SC-5F04"),
            (Class::Equity, "", "Equity:X-x"),
        ] {
            assert_eq!(in_tools(class, ours), theirs);
            assert_eq!(of_tools(theirs).as_deref(), Some(ours));
        }
        for wrong in ["Assets", "Assets:bank", "Assets:Ba-", "Assets:B-2", "Assets:X-xBank:"] {
            assert_eq!(of_tools(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn any_name_is_brought_back_and_is_one_that_beancount_takes(name in "[a-zA-Z0-9:_ X-]{0,12}|\\PC{0,12}") {
            let theirs = in_tools(Class::Asset, &name);
            for part in theirs.split(':') {
                prop_assert!(part.starts_with(|first: char| first.is_ascii_uppercase() || first.is_ascii_digit()), "{}", theirs);
                prop_assert!(part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'), "{}", theirs);
            }
            prop_assert_eq!(of_tools(&theirs), Some(name));
        }

        #[test]
        fn any_other_name_is_refused_or_brought_back(name in "[A-Za-z0-9:X-]{0,20}") {
            if let Some(ours) = of_tools(&name) {
                let (_, parts) = name.split_once(':').expect("it has a root");
                prop_assert_eq!(in_tools(Class::Asset, &ours), format!("Assets:{parts}"));
            }
        }
    }
}
