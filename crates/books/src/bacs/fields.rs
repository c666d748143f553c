//! What a submission's fields may hold, and how they look in a record.

use super::{Account, DAYS_AHEAD_MAX, PAYMENTS_MAX, Processing, RECORD_MAX, Submission};
use crate::amount::Pounds;
use crate::fault::{Fault, Faults, quoted};
use care::working_days::is_working_day;
use care::{Date, Pence};
use std::collections::BTreeMap;

/// Characters of a name or a reference.
pub(super) const TEXT: usize = 18;
/// What marks a contra record in the place of a reference.
pub(super) const CONTRA: &str = "CONTRA";

fn plain(letter: char) -> bool {
    letter.is_ascii_uppercase() || letter.is_ascii_digit() || " .&/-".contains(letter)
}

/// A name or a reference in the characters of BACS: capitals, digits, space and `. & / -`, cut after 18. What it does not have becomes a
/// space, as it would at BACS; the letters of accents stay.
#[must_use]
pub fn text_of(text: &str) -> String {
    let base = |letter: char| match letter {
        'À'..='Å' | 'à'..='å' => 'A',
        'Ç' | 'ç' => 'C',
        'È'..='Ë' | 'è'..='ë' => 'E',
        'Ì'..='Ï' | 'ì'..='ï' => 'I',
        'Ñ' | 'ñ' => 'N',
        'Ò'..='Ö' | 'ò'..='ö' => 'O',
        'Ù'..='Ü' | 'ù'..='ü' => 'U',
        'Ý' | 'ý' | 'ÿ' => 'Y',
        _ => letter.to_ascii_uppercase(),
    };
    // An apostrophe joins a name and is left out.
    let letters = text.chars().filter(|letter| !"'’".contains(*letter)).map(base);
    let letters: String = letters.map(|letter| if plain(letter) { letter } else { ' ' }).collect();
    let words: Vec<&str> = letters.split(' ').filter(|word| !word.is_empty()).collect();
    let cut: String = words.join(" ").chars().take(TEXT).collect();
    cut.trim_end().to_owned()
}

/// A date as ` YYDDD`: the year's last two digits and the day of the year.
pub(super) fn julian(day: Date) -> String {
    format!(" {:02}{:03}", day.year().rem_euclid(100), day.day_of_year())
}

/// The date of ` YYDDD`, in this century.
pub(super) fn of_julian(text: &str) -> Option<Date> {
    let digits = text.strip_prefix(' ').filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
    let (year, day) = (digits.get(..2)?.parse::<i16>().ok()?, digits.get(2..)?.parse::<i16>().ok()?);
    Date::new(2000 + year, 1, 1).ok()?.with().day_of_year(day).build().ok()
}

struct Check<'a> {
    faults: Faults,
    submission: &'a Submission,
}

/// Says all that is wrong with a submission.
pub(super) fn check(submission: &Submission) -> Result<(), Faults> {
    let mut check = Check { faults: Faults::new(), submission };
    check.head();
    check.account("from", &submission.from);
    for (index, payment) in submission.payments.iter().enumerate() {
        let field = |name: &str| format!("payments[{index}].{name}");
        check.account(&field("to"), &payment.to);
        check.text(field("reference"), &payment.reference);
        if payment.reference.starts_with(CONTRA) {
            check.say(
                field("reference"),
                "it begins with CONTRA",
                "use another: that marks the council's own record",
            );
        }
        if payment.amount <= Pence::ZERO || payment.amount > RECORD_MAX {
            let wrong =
                format!("{} is not an amount from 0.01 to {}", Pounds(payment.amount), Pounds(RECORD_MAX));
            check.say(field("amount"), wrong, "pay several amounts, or none");
        }
        match (submission.processing, payment.on) {
            (Processing::Single(_), Some(_)) => {
                check.say(
                    field("on"),
                    "the submission has one day",
                    "leave it out, or make it a submission of several days",
                );
            }
            (Processing::Multi, None) => {
                check.say(field("on"), "it is missing", "say on which day it is processed")
            }
            (Processing::Multi, Some(day)) => check.processing_day(field("on"), day),
            (Processing::Single(_), None) => {}
        }
    }
    check.contras();
    check.faults.or(())
}

impl Check<'_> {
    fn say(&mut self, field: impl Into<String>, wrong: impl Into<String>, remedy: impl Into<String>) {
        self.faults.push(Fault::new(field, wrong, remedy));
    }

    fn head(&mut self) {
        let submission = self.submission;
        self.digits("service_user".into(), &submission.service_user, 6);
        let serial = &submission.serial;
        let letters = serial.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
        if serial.len() != 6 || !letters || serial == "000000" {
            let wrong = format!("{} is no serial number", quoted(serial));
            self.say(
                "serial",
                wrong,
                "use six capitals or digits, not all zeros, that no other submission of three months has",
            );
        }
        if !(1..=999).contains(&submission.file_number) {
            self.say(
                "file_number",
                format!("{} is not from 1 to 999", submission.file_number),
                "number the files of a day from 1",
            );
        }
        if submission.payments.is_empty() || submission.payments.len() > PAYMENTS_MAX {
            self.say(
                "payments",
                format!("there are {}", submission.payments.len()),
                format!("give 1 to {PAYMENTS_MAX}"),
            );
        }
        if !(2000..2099).contains(&submission.created_on.year()) {
            self.say(
                "created_on",
                "it is not of this century",
                "give the day as it is: a file has two digits of the year",
            );
        }
        if let Processing::Single(day) = submission.processing {
            self.processing_day("processing".into(), day);
        }
    }

    fn processing_day(&mut self, field: String, day: Date) {
        let ahead = self.submission.created_on.until(day).map_or(0, |span| span.get_days());
        if !(1..=DAYS_AHEAD_MAX).contains(&ahead) {
            let wrong = format!(
                "{day} is {ahead} days after the submission is made on {}",
                self.submission.created_on
            );
            self.say(field, wrong, format!("choose a working day 1 to {DAYS_AHEAD_MAX} days after it"));
        } else if !is_working_day(day) {
            self.say(field, format!("{day} is not a working day"), "BACS processes on working days alone");
        }
    }

    fn digits(&mut self, field: String, text: &str, length: usize) {
        if text.len() != length || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            // Bank details are not repeated in an error.
            let wrong = format!("{} characters, or not digits alone", text.chars().count());
            self.say(field, wrong, format!("give {length} digits, without spaces and hyphens"));
        }
    }

    fn account(&mut self, field: &str, account: &Account) {
        self.digits(format!("{field}.sort_code"), &account.sort_code, 6);
        self.digits(format!("{field}.number"), &account.number, 8);
        self.text(format!("{field}.name"), &account.name);
    }

    fn text(&mut self, field: String, text: &str) {
        if text.is_empty() || text.len() > TEXT || text.trim() != text || !text.chars().all(plain) {
            let wrong =
                format!("{} is empty, longer than {TEXT} or has other characters than BACS", quoted(text));
            self.say(field, wrong, "use capitals, digits, space and . & / - (text_of gives such text)");
        }
    }

    fn contras(&mut self) {
        for (day, total) in contras(self.submission) {
            if total > i128::from(RECORD_MAX.0) {
                let wrong =
                    format!("those of {day} sum to {total} pence, more than a contra record can hold");
                self.say("payments", wrong, "make several submissions");
            }
        }
    }
}

/// What the council's account is debited with, by processing day.
pub(super) fn contras(submission: &Submission) -> BTreeMap<Date, i128> {
    let mut totals = BTreeMap::new();
    for payment in &submission.payments {
        if let Some(day) = submission.day_of(payment) {
            *totals.entry(day).or_insert(0) += i128::from(payment.amount.0);
        }
    }
    totals
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_become_what_bacs_can_carry() {
        assert_eq!(text_of("O'Brien & Søn  Ltd., Café"), "OBRIEN & S N LTD.");
        assert_eq!(text_of("Bright Futures Fostering Limited"), "BRIGHT FUTURES FOS");
    }

    #[test]
    fn days_of_the_year_come_back() {
        for day in [Date::constant(2028, 12, 31), Date::constant(2026, 1, 1), Date::constant(2026, 11, 27)] {
            assert_eq!(of_julian(&julian(day)), Some(day));
        }
        assert_eq!(julian(Date::constant(2026, 11, 27)), " 26331");
        for wrong in ["", " 26000", " 26366", "026001", " 2600a", " ٢6001"] {
            assert_eq!(of_julian(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_made_plain(text in any::<String>()) {
            let made = text_of(&text);
            prop_assert!(made.len() <= TEXT && made.chars().all(plain) && made.trim() == made);
        }
    }
}
