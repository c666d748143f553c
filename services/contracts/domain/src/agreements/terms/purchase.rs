//! How a place that was not called off from a framework came to be bought: why the framework could not be used and what was negotiated, how
//! an internal price is made up; and beside that, which reservation pays for a bed that stands by.

use super::events::{FrameworkShown, Purchase, PurchaseRecorded};
use super::rejection::TermsRejection;
use crate::agreements::state::{Agreement, Agreements};
use care::published::Route;
use care::{Decided, Pence, Timestamp, Violation, london_date};

/// How many offers, lots or providers are recorded at most.
const ITEMS_MAX: usize = 50;

pub(super) fn record(agreement: &Agreement, purchase: &Purchase, at: Timestamp) -> Decided<Agreements> {
    let issued = &agreement.issued;
    let route = match (&issued.terms.route, purchase) {
        (Route::Spot { .. }, Purchase::Spot { .. })
        | (Route::InHouse, Purchase::InHouse { .. })
        | (_, Purchase::Emergency { .. }) => None,
        (Route::Framework { .. }, _) => Some("under a framework"),
        (Route::Spot { .. }, _) => Some("as a spot purchase"),
        (Route::InHouse, _) => Some("in-house"),
    };
    if let Some(route) = route {
        return Err(TermsRejection::PurchaseOfOtherRoute(route).into());
    }
    let wrong = wrong(agreement, purchase, at);
    if !wrong.is_empty() {
        return Err(TermsRejection::FieldInvalid(wrong).into());
    }
    let terms = &agreement.terms;
    let emergency = matches!(purchase, Purchase::Emergency { .. });
    let before = if emergency { terms.emergency_bed.as_ref() } else { terms.purchase.as_ref() };
    if before.is_some_and(|before| before.same(purchase)) {
        return Ok(vec![]);
    }
    let (agreement, award, council) = (issued.agreement, issued.award, issued.council);
    Ok(vec![PurchaseRecorded { agreement, award, council, record: purchase.clone(), at }.into()])
}

fn wrong(agreement: &Agreement, purchase: &Purchase, at: Timestamp) -> Vec<Violation> {
    let mut wrong = Vec::new();
    let mut unless = |kept: bool, field: &str, description: String| {
        if !kept {
            wrong.push(Violation { field: field.to_owned(), description });
        }
    };
    match purchase {
        Purchase::Spot { framework, negotiation, .. } => {
            if let FrameworkShown::Exhausted { lots, providers } = framework {
                let some = !lots.is_empty() && !providers.is_empty();
                let few = lots.len() <= ITEMS_MAX && providers.len() <= ITEMS_MAX;
                let named = format!("name the lots and the providers that were asked, {ITEMS_MAX} at most");
                unless(some && few, "spot.exhausted", named);
            }
            let field = "spot.negotiation";
            let count = negotiation.len();
            unless((1..=ITEMS_MAX).contains(&count), field, format!("give 1 to {ITEMS_MAX} offers"));
            let in_order = negotiation.windows(2).all(|pair| pair[0].on <= pair[1].on);
            unless(in_order, field, "give the offers in order of their days".to_owned());
            let today = london_date(at);
            let past = negotiation.iter().all(|offer| offer.on <= today);
            unless(past, field, "a day lies ahead: record what was offered".to_owned());
            let agreed = negotiation.iter().filter(|offer| offer.agreed).count() == 1
                && negotiation.last().is_some_and(|offer| offer.agreed);
            unless(agreed, field, "the last offer, and no other, is the one that was agreed on".to_owned());
            let core = core_fee(agreement);
            let same = negotiation.last().is_none_or(|offer| offer.core_weekly == core);
            unless(same, field, format!("the core fee that was agreed on is {core} a week"));
        }
        Purchase::InHouse { .. } => {}
        Purchase::Emergency { place, nightly, .. } => {
            let same = *place == agreement.issued.place;
            unless(same, "emergency.place", format!("the agreement is for {}", agreement.issued.place));
            // What is charged for the nights is the agreement's core fee: a record of another price would be of no effect.
            let core = core_fee(agreement);
            let described =
                format!("must be a seventh of the core fee of {core} a week: {}", core.scaled(1, 7));
            unless(*nightly == core.scaled(1, 7), "emergency.nightly_pence", described);
        }
    }
    wrong
}

/// The core fee as the agreement was issued, in pence a week.
fn core_fee(agreement: &Agreement) -> Pence {
    let lines = agreement.issued.terms.lines.iter().filter(|line| line.kind == super::lines::CORE);
    lines.map(|line| line.weekly).sum()
}
