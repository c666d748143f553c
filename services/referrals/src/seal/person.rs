//! Who a child is, and what can be told by it: how old it is, and whether a text names it.

use care::Date;
use serde::{Deserialize, Serialize};

/// Who the child is, as it is sealed. What is unknown is empty.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Person {
    pub(crate) given_name: String,
    pub(crate) family_name: String,
    pub(crate) date_of_birth: Option<Date>,
    pub(crate) home_postcode: String,
    pub(crate) case_reference: String,
}

/// The age in whole years on a day; nothing before birth. Who is born on 29 February comes of age on 1 March.
pub(crate) fn age_on(birth: Date, day: Date) -> Option<u8> {
    let had_birthday = (day.month(), day.day()) >= (birth.month(), birth.day());
    let years = i32::from(day.year()) - i32::from(birth.year()) - i32::from(!had_birthday);
    if day < birth { None } else { u8::try_from(years).ok() }
}

impl Person {
    /// Whether a text holds something that names this child: a name as a word, the case reference, the postcode, or the date
    /// of birth. It is a look for slips, not a proof: a nickname or a street passes.
    pub(crate) fn is_named_in(&self, text: &str) -> bool {
        let words: Vec<&str> = text.split(|c: char| !c.is_alphanumeric()).collect();
        let names = [&self.given_name, &self.family_name];
        let names = names.iter().flat_map(|name| name.split(|c: char| !c.is_alphanumeric()));
        // As it is written: a family called Young is not in "two young carers".
        let named = names.filter(|name| name.chars().count() > 1).any(|name| words.contains(&name));
        let bare =
            |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_uppercase();
        let whole = bare(text);
        let held = |part: &str| part.len() > 3 && whole.contains(&bare(part));
        let birth = self.date_of_birth.is_some_and(|birth| {
            let (year, month, day) = (birth.year(), birth.month(), birth.day());
            held(&format!("{year:04}{month:02}{day:02}")) || held(&format!("{day:02}{month:02}{year:04}"))
        });
        named || birth || held(&self.home_postcode) || held(&self.case_reference)
    }
}

#[cfg(test)]
mod tests {
    use super::{Person, age_on};
    use care::Date;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn ages_turn_on_birthdays() {
        for (birth, on, age) in [
            ("2010-06-15", "2026-06-14", Some(15)),
            ("2010-06-15", "2026-06-15", Some(16)),
            ("2008-02-29", "2026-02-28", Some(17)),
            ("2008-02-29", "2026-03-01", Some(18)),
            ("2026-06-15", "2026-06-15", Some(0)),
            ("2026-06-16", "2026-06-15", None),
        ] {
            assert_eq!(age_on(day(birth), day(on)), age, "{birth} on {on}");
        }
    }

    #[test]
    fn a_slip_is_seen_and_common_words_are_not_one() {
        let child = Person {
            given_name: "Zebedee".to_owned(),
            family_name: "Young".to_owned(),
            date_of_birth: Some(day("2012-02-03")),
            home_postcode: "DL1 5AB".to_owned(),
            case_reference: "LCS-99812".to_owned(),
        };
        for slip in [
            "for Zebedee only",
            "the Young family",
            "near dl15ab",
            "see lcs 99812",
            "b. 03/02/2012",
            "2012-02-03",
        ] {
            assert!(child.is_named_in(slip), "{slip}");
        }
        for fine in ["two young carers near DL1", "no framework provider within 20 miles", ""] {
            assert!(!child.is_named_in(fine), "{fine}");
        }
        assert!(!Person::default().is_named_in("anything at all"));
    }
}
