//! What an amendment changes, how a place came to be bought and what follows it, in words for the print.

use super::document::{Table, amount, facts, head, label, last, money, or, percent, side, table};
use api::contracts as proto;
use care::code_sets;

/// What an amendment changes, a sentence for each change.
pub(super) fn changes(changes: &proto::AmendmentChanges) -> Vec<String> {
    let mut all: Vec<String> = changes.lines.iter().filter_map(line).collect();
    if !changes.funders.is_empty() {
        let share = |it: &api::common::FunderShare| {
            format!("{} {}", label(code_sets::FUNDER, &it.funder), percent(it.basis_points))
        };
        let shares: Vec<String> = changes.funders.iter().map(share).collect();
        all.push(format!("Paid by {}", shares.join(", ")));
    }
    if changes.replace_absence_rules && changes.absence_rules.is_empty() {
        all.push("No absence rules: all is paid".to_owned());
    }
    all.extend(changes.absence_rules.iter().map(rule));
    all.extend(changes.outcomes.iter().map(|it| {
        format!("Pays {} for {}, {} at most", money(it.payment_pence), it.measure, money(it.cap_pence))
    }));
    all.extend(changes.outcomes_ended.iter().map(|it| format!("Outcome {it} is paid for no longer")));
    if changes.notice_days > 0 {
        all.push(format!("Notice of {} days", changes.notice_days));
    }
    if !changes.expected_end.is_empty() {
        all.push(format!("Expected to end on {}", changes.expected_end));
    }
    if !changes.review_on.is_empty() {
        all.push(format!("Review on {}", changes.review_on));
    }
    all
}

fn line(change: &proto::LineChange) -> Option<String> {
    use proto::line_change::Change;
    let until = |on: &str| if on.is_empty() { String::new() } else { format!(" until {on}") };
    Some(match change.change.as_ref()? {
        Change::Add(add) => {
            let kind = label(code_sets::CHARGE_LINE, &add.kind);
            format!("{kind}: {}{}", price(add.price.as_ref()), until(&add.until))
        }
        Change::ChangePrice(change) => {
            format!(
                "Line {} from then on: {}{}",
                change.line,
                price(change.price.as_ref()),
                until(&change.until)
            )
        }
        Change::End(end) => format!("Line {} ends", end.line),
    })
}

fn price(given: Option<&proto::LinePrice>) -> String {
    use proto::line_price::Price;
    match given.and_then(|price| price.price.as_ref()) {
        Some(Price::WeeklyPence(pence)) => format!("{} a week", money(*pence)),
        Some(Price::Quantity(it)) => {
            let (whole, rest) = (it.hundredths / 100, it.hundredths % 100);
            let quantity = if rest == 0 { whole.to_string() } else { format!("{whole}.{rest:02}") };
            format!("{quantity} {} a week at {}", it.unit, money(it.rate_pence))
        }
        Some(Price::CoreBasisPoints(points)) => format!("{} of the core fee", percent(*points)),
        None => String::new(),
    }
}

fn rule(rule: &proto::AbsenceRule) -> String {
    let nothing = match rule.nothing_after {
        0 => String::new(),
        nights => format!(", nothing after {nights} nights"),
    };
    format!(
        "{}: {} nights in full, then {} of the core fee and {} of other lines{nothing}",
        label(code_sets::ABSENCE, &rule.absence),
        rule.full_nights,
        percent(rule.core_basis_points),
        percent(rule.other_basis_points)
    )
}

/// How the young person stays put, where one does.
pub(super) fn staying_put(stays: Option<&proto::StayingPut>) -> Vec<Table> {
    let Some(stays) = stays else { return Vec::new() };
    let lines = stays.lines.iter();
    let rows = lines.map(|it| vec![label(code_sets::CHARGE_LINE, &it.kind), money(it.weekly_pence)]);
    let dates = vec![
        ("First night, the 18th birthday", stays.from.clone()),
        ("Left on", or(&stays.ended_on, "Still there, as far as is known")),
        ("The whole weekly price", money(stays.weekly_pence)),
    ];
    let heads = vec![head("What for", 50), amount("A week", 50)];
    vec![
        facts("Staying Put after the placement", dates),
        table("Lines of its weekly price", heads, rows.collect()),
    ]
}

/// How the place came to be bought, and which bed that stands by it is.
pub(super) fn purchases(terms: &proto::AgreementTerms) -> Vec<Table> {
    let records = terms.purchase.iter().chain(&terms.emergency_bed);
    records.flat_map(purchase).collect()
}

fn purchase(purchase: &proto::Purchase) -> Vec<Table> {
    use proto::purchase::Record;
    let approved = ("Approved by", format!("{} ({})", purchase.approver, purchase.role));
    match &purchase.record {
        Some(Record::Spot(spot)) => {
            let rows = spot.negotiation.iter().map(|offer| {
                let agreed = if offer.agreed { "Yes" } else { "No" };
                let by = side(offer.side).to_owned();
                vec![offer.on.clone(), by, money(offer.core_weekly_pence), agreed.to_owned()]
            });
            let heads = vec![
                head("Day", 20),
                head("Offered by", 30),
                amount("Core fee a week", 30),
                head("Agreed", 20),
            ];
            let why = ("Why off the framework", framework(spot));
            vec![
                facts("The spot purchase", vec![why, approved]),
                table("Its negotiation", heads, rows.collect()),
            ]
        }
        Some(Record::InHouse(own)) => {
            let basis = ("How the internal price is made up", own.basis.clone());
            vec![facts("The council's own provision", vec![basis, approved])]
        }
        Some(Record::Emergency(bed)) => {
            let rows = vec![
                ("Place", last(&bed.place).to_owned()),
                ("Reservation", bed.reservation.to_string()),
                ("A night", money(bed.nightly_pence)),
                approved,
            ];
            vec![facts("The bed that stands by for emergencies", rows)]
        }
        None => Vec::new(),
    }
}

fn framework(spot: &proto::SpotPurchase) -> String {
    use proto::spot_purchase::Framework;
    match &spot.framework {
        Some(Framework::Exhausted(shown)) => {
            let providers: Vec<&str> = shown.providers.iter().map(|it| last(it)).collect();
            format!("Exhausted: {} asked in {}", providers.join(", "), shown.lots.join(", "))
        }
        Some(Framework::Waived(waived)) => format!(
            "Waived: {}, approved by {} ({})",
            label(code_sets::WAIVER, &waived.why),
            waived.approver,
            waived.role
        ),
        None => String::new(),
    }
}
