//! What a referral shows of the attributes that a framework's price goes by (`PRICE_ATTRIBUTE`). An offer names them, and with them a dearer price;
//! contracts asks what shows them. Where the form has a code for it that code says so, else the needs and numbers do. Told are those alone that the price goes by: a price tells as much of the child already, and nothing more is.

use crate::requirements::Requirements;
use crate::state::Referral;
use care::published::Route;
use std::collections::BTreeSet;

/// The attributes that are the child's own. Whether the home is taken alone, and how soon, others show.
const OF_THE_CHILD: [&str; 4] = ["CWD", "PARENT_AND_CHILD", "SIBLING", "UASC"];
/// NEED codes of a disability.
const DISABILITIES: [&str; 3] = ["AUTISM", "LEARNING_DISABILITY", "PHYSICAL_DISABILITY"];
/// SEND codes of a disability.
const SEND_DISABILITIES: [&str; 7] = ["ASD", "HI", "MSI", "PD", "PMLD", "SLD", "VI"];

/// Of the route's attributes that are the child's own, those that the referral shows; none where the price goes by none of them.
pub(super) fn shown(referral: &Referral, route: &Route) -> Option<BTreeSet<String>> {
    let Route::Framework { attributes, .. } = route else { return None };
    let asked: Vec<&String> = attributes.iter().filter(|it| OF_THE_CHILD.contains(&it.as_str())).collect();
    let shows = |attribute: &&String| shows(referral, attribute);
    (!asked.is_empty()).then(|| asked.into_iter().filter(shows).cloned().collect())
}

fn shows(referral: &Referral, attribute: &str) -> bool {
    let asked = &referral.requirements;
    let needs = |code: &str| asked.needs.iter().any(|need| need == code);
    match attribute {
        "CWD" => has_disability(asked),
        "PARENT_AND_CHILD" => match asked.profile.parent_and_child.as_deref() {
            Some(code) => code != "NO",
            None => needs("PARENT_CHILD"),
        },
        "SIBLING" => match asked.profile.siblings.as_deref() {
            Some("REQUIRED" | "PREFERRED") => true,
            Some(_) => false,
            None => {
                let several = asked.sibling_group_size.is_some_and(|size| size > 1);
                needs("SIBLINGS") || several || !referral.siblings.is_empty()
            }
        },
        "UASC" => asked.uasc || needs("UASC"),
        _ => false,
    }
}

/// Whether the child is disabled, as far as it is told in clear: by its needs, its education, or why it is looked after (N2).
fn has_disability(asked: &Requirements) -> bool {
    let by_need = asked.needs.iter().any(|need| DISABILITIES.contains(&need.as_str()));
    let by_send = asked.profile.education.send.iter().any(|code| SEND_DISABILITIES.contains(&code.as_str()));
    by_need || by_send || asked.category_of_need.as_deref() == Some("N2")
}
