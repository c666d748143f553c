//! Whether what a price goes by beside level and age is so. The offer names the attributes, and with them its price: who sells says what costs
//! more, so that something else must show it. What shows it depends on the attribute: the market's claim, the dates, the kind of provision, or the
//! referral. What is not told, as where a council asks beforehand, cannot be judged and stops nothing.

use crate::call_off::CallOffQuestion;
use care::published::Accommodation;
use std::collections::BTreeSet;

/// What the two halves of an award show beside what is asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Shown<'a> {
    /// Whether the claim takes the whole home.
    pub solo: Option<bool>,
    /// The attributes that the referral shows, of those that the price goes by.
    pub by_referral: Option<&'a BTreeSet<String>>,
    /// Whether a notice restricted accommodation at the home when the place was given.
    pub accommodation: Option<Accommodation>,
}

/// The kinds of provision that are for parent and child together.
const PARENT_AND_CHILD: [&str; 2] = ["FOSTERING_PARENT_CHILD", "RESIDENTIAL_PARENT_CHILD"];

/// What shows an attribute, and whether it does; none where it was not told.
fn shown(question: &CallOffQuestion<'_>, attribute: &str) -> (&'static str, Option<bool>) {
    let by_referral = || question.shown.by_referral.map(|shown| shown.contains(attribute));
    match attribute {
        "SOLO" => ("the claim of the whole home", question.shown.solo),
        // On the day of the call-off or the next; a first night that has passed was no less urgent.
        "EMERGENCY" => {
            ("the first night", Some(question.start <= question.on.tomorrow().unwrap_or(question.on)))
        }
        "PARENT_AND_CHILD" if PARENT_AND_CHILD.contains(&question.provision) => {
            ("the kind of provision", Some(true))
        }
        _ => ("the referral", by_referral()),
    }
}

/// Whether each attribute is shown, and what was found.
pub(crate) fn judge(question: &CallOffQuestion<'_>, attributes: &BTreeSet<String>) -> (bool, String) {
    if attributes.is_empty() {
        return (true, "the price goes by level and age alone".to_owned());
    }
    let mut passed = true;
    let words = |attribute: &String| {
        let (by, is_shown) = shown(question, attribute);
        passed &= is_shown.unwrap_or(true);
        match is_shown {
            Some(true) => format!("{attribute} is shown by {by}"),
            Some(false) => format!("{attribute} is not shown by {by}"),
            None => format!("{attribute} is for {by} to show, of which nothing is told here"),
        }
    };
    let found: Vec<String> = attributes.iter().map(words).collect();
    (passed, found.join("; "))
}
