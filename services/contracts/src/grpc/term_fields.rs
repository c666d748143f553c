//! Reading what an amendment changes, and how a place came to be bought.

use super::amendments::{POST_CHARS_MAX, agreements_named};
use super::fields::REASON_CHARS_MAX;
use api::contracts as proto;
use care::published::{AbsenceRule, Approval, NoticeBy};
use care::{CouncilId, Date, Pence, ProviderId, Timestamp, code_sets};
use contracts_domain::agreements::terms::{
    Changes, FrameworkShown, LineChange, LinePrice, Negotiated, NewOutcome, Purchase,
};
use service_kit::{Fields, terms};
use std::collections::BTreeSet;

/// Items of one kind in an amendment.
const ITEMS_MAX: usize = 20;
/// Offers, lots or providers of a purchase.
const PURCHASE_ITEMS_MAX: usize = 50;
/// Characters of a line's note.
const NOTE_CHARS_MAX: usize = 100;
/// Characters of an outcome's measure and evidence, and of a lot's name.
const MEASURE_CHARS_MAX: usize = 200;
/// Characters of a unit.
const UNIT_CHARS_MAX: usize = 20;
/// Characters of a role.
const ROLE_CHARS_MAX: usize = 40;

/// What an amendment changes, as the owner of the agreement or its provider may propose it.
pub(super) fn changes(
    fields: &mut Fields,
    given: &proto::AmendmentChanges,
    (council, of_provider): (Option<CouncilId>, bool),
    today: Date,
) -> Option<Changes> {
    let from = fields.date("from", &given.from);
    fields.at_most("lines", given.lines.len(), ITEMS_MAX)?;
    let lines: Vec<Option<LineChange>> = (given.lines.iter().enumerate())
        .map(|(n, line)| {
            fields.beneath(&format!("lines[{n}]"), |fields| line_change(fields, line, council, today))
        })
        .collect();
    if of_provider && !given.funders.is_empty() {
        fields.violation("funders", "are the council's to propose: leave them out");
    }
    let funders = terms::funders(fields, &given.funders, today);
    let rules = absence_rules(fields, given, today);
    let outcomes = outcomes(fields, &given.outcomes);
    fields.at_most("outcomes_ended", given.outcomes_ended.len(), ITEMS_MAX)?;
    let notice = fields.number::<u16>("notice_days", given.notice_days, 0..=366);
    let expected_end = fields.date_optional("expected_end", &given.expected_end);
    let review_on = fields.date_optional("review_on", &given.review_on);
    let reason = fields.text("reason", &given.reason, REASON_CHARS_MAX);
    Some(Changes {
        from: from?,
        lines: lines.into_iter().collect::<Option<_>>()?,
        funders: funders?,
        absence_rules: rules?,
        outcomes: outcomes?,
        outcomes_ended: given.outcomes_ended.clone(),
        notice_days: notice.map(|days| Some(days).filter(|days| *days > 0))?,
        expected_end: expected_end?,
        review_on: review_on?,
        reason: reason?,
    })
}

fn line_change(
    fields: &mut Fields,
    given: &proto::LineChange,
    council: Option<CouncilId>,
    today: Date,
) -> Option<LineChange> {
    use proto::line_change::Change;
    match given.change.as_ref() {
        None => {
            fields.violation("change", "must be given: add, change_price or end");
            None
        }
        Some(Change::Add(add)) => fields.beneath("add", |fields| {
            let kind = fields.code("kind", code_sets::CHARGE_LINE, &add.kind, today);
            let price = line_price(fields, add.price.as_ref());
            let until = fields.date_optional("until", &add.until);
            let note = fields.text_optional("note", &add.note, NOTE_CHARS_MAX);
            let siblings = agreements_named(fields, "siblings", &add.siblings, council);
            Some(LineChange::Add {
                kind: kind?,
                price: price?,
                until: until?,
                note: note?,
                siblings: siblings?,
            })
        }),
        Some(Change::ChangePrice(change)) => fields.beneath("change_price", |fields| {
            let price = line_price(fields, change.price.as_ref());
            let until = fields.date_optional("until", &change.until);
            let note = fields.text_optional("note", &change.note, NOTE_CHARS_MAX);
            Some(LineChange::Change { line: change.line, price: price?, until: until?, note: note? })
        }),
        Some(Change::End(end)) => Some(LineChange::End { line: end.line }),
    }
}

fn line_price(fields: &mut Fields, given: Option<&proto::LinePrice>) -> Option<LinePrice> {
    use proto::line_price::Price;
    match given.and_then(|price| price.price.as_ref()) {
        None => {
            fields.violation("price", "must be given: weekly_pence, quantity or core_basis_points");
            None
        }
        Some(Price::WeeklyPence(pence)) => {
            let pence = fields.pence("price.weekly_pence", *pence)?;
            Some(LinePrice::Weekly { pence })
        }
        Some(Price::Quantity(quantity)) => {
            let hundredths =
                fields.number::<u32>("price.quantity.hundredths", quantity.hundredths, 1..=1_000_000);
            let unit = fields.text("price.quantity.unit", &quantity.unit, UNIT_CHARS_MAX);
            let rate = fields.pence("price.quantity.rate_pence", quantity.rate_pence);
            Some(LinePrice::Quantity { hundredths: hundredths?, unit: unit?, rate: rate? })
        }
        Some(Price::CoreBasisPoints(points)) => {
            let basis_points = fields.number::<u32>("price.core_basis_points", *points, 1..=10_000)?;
            Some(LinePrice::OfCore { basis_points })
        }
    }
}

fn absence_rules(
    fields: &mut Fields,
    given: &proto::AmendmentChanges,
    today: Date,
) -> Option<Option<Vec<AbsenceRule>>> {
    if !given.replace_absence_rules {
        if given.absence_rules.is_empty() {
            return Some(None);
        }
        fields.violation(
            "replace_absence_rules",
            "must be true where rules are given: they replace all before",
        );
        return None;
    }
    fields.at_most("absence_rules", given.absence_rules.len(), code_sets::ABSENCE.codes.len())?;
    let mut rules = Vec::with_capacity(given.absence_rules.len());
    for (n, rule) in given.absence_rules.iter().enumerate() {
        let field = |of: &str| format!("absence_rules[{n}].{of}");
        let absence = fields.code(&field("absence"), code_sets::ABSENCE, &rule.absence, today);
        let full = fields.number::<u16>(&field("full_nights"), rule.full_nights, 0..=366);
        let nothing = fields.number::<u16>(&field("nothing_after"), rule.nothing_after, 0..=366);
        rules.push(AbsenceRule {
            absence: absence?,
            full_nights: full?,
            core_basis_points: rule.core_basis_points,
            other_basis_points: rule.other_basis_points,
            nothing_after: nothing.map(|nights| Some(nights).filter(|nights| *nights > 0))?,
        });
    }
    Some(Some(rules))
}

fn outcomes(fields: &mut Fields, given: &[proto::Outcome]) -> Option<Vec<NewOutcome>> {
    fields.at_most("outcomes", given.len(), ITEMS_MAX)?;
    let read: Vec<Option<NewOutcome>> = (given.iter().enumerate())
        .map(|(n, outcome)| {
            fields.beneath(&format!("outcomes[{n}]"), |fields| {
                let measure = fields.text("measure", &outcome.measure, MEASURE_CHARS_MAX);
                let evidence = fields.text("evidence", &outcome.evidence, MEASURE_CHARS_MAX);
                let held_weeks = fields.number::<u16>("held_weeks", outcome.held_weeks, 0..=104);
                let payment = fields.pence("payment_pence", outcome.payment_pence);
                let cap = fields.pence("cap_pence", outcome.cap_pence);
                Some(NewOutcome {
                    measure: measure?,
                    evidence: evidence?,
                    held_weeks: held_weeks?,
                    payment: payment?,
                    cap: cap?,
                })
            })
        })
        .collect();
    read.into_iter().collect()
}

/// How a place came to be bought.
pub(super) fn purchase(fields: &mut Fields, given: &proto::Purchase, at: Timestamp) -> Option<Purchase> {
    use proto::purchase::Record;
    let approval = approval(fields, "", &given.approver, &given.role, at);
    match given.record.as_ref() {
        None => {
            fields.violation("record", "must be given: spot, in_house or emergency");
            None
        }
        Some(Record::Spot(spot)) => {
            let read = fields.beneath("spot", |fields| {
                let framework = framework_shown(fields, spot, at);
                let negotiation = negotiation(fields, &spot.negotiation);
                framework.zip(negotiation)
            });
            let (framework, negotiation) = read?;
            Some(Purchase::Spot { framework, negotiation, approval: approval? })
        }
        Some(Record::InHouse(in_house)) => {
            let basis = fields.text("in_house.basis", &in_house.basis, REASON_CHARS_MAX);
            Some(Purchase::InHouse { basis: basis?, approval: approval? })
        }
        Some(Record::Emergency(bed)) => {
            let place = fields.resource("emergency.place", &bed.place, "places");
            let nightly = fields.pence("emergency.nightly_pence", bed.nightly_pence);
            let reservation = bed.reservation;
            Some(Purchase::Emergency { place: place?, reservation, nightly: nightly?, approval: approval? })
        }
    }
}

fn approval(fields: &mut Fields, of: &str, approver: &str, role: &str, at: Timestamp) -> Option<Approval> {
    let approver = fields.text(&format!("{of}approver"), approver, POST_CHARS_MAX);
    let role = fields.text(&format!("{of}role"), role, ROLE_CHARS_MAX);
    Some(Approval { approver: approver?, role: role?, at })
}

fn framework_shown(fields: &mut Fields, spot: &proto::SpotPurchase, at: Timestamp) -> Option<FrameworkShown> {
    use proto::spot_purchase::Framework;
    match spot.framework.as_ref() {
        None => {
            fields.violation("framework", "must be given: exhausted or waived");
            None
        }
        Some(Framework::Exhausted(shown)) => {
            fields.at_most("exhausted.lots", shown.lots.len(), PURCHASE_ITEMS_MAX)?;
            fields.at_most("exhausted.providers", shown.providers.len(), PURCHASE_ITEMS_MAX)?;
            let mut lots = Vec::with_capacity(shown.lots.len());
            for (n, lot) in shown.lots.iter().enumerate() {
                lots.push(fields.text(&format!("exhausted.lots[{n}]"), lot, MEASURE_CHARS_MAX)?);
            }
            let mut providers: BTreeSet<ProviderId> = BTreeSet::new();
            for (n, provider) in shown.providers.iter().enumerate() {
                providers.insert(fields.provider(&format!("exhausted.providers[{n}]"), provider)?);
            }
            Some(FrameworkShown::Exhausted { lots, providers })
        }
        Some(Framework::Waived(waived)) => {
            let on = care::london_date(at);
            let why = fields.code("waived.why", code_sets::WAIVER, &waived.why, on);
            let approval = approval(fields, "waived.", &waived.approver, &waived.role, at);
            Some(FrameworkShown::Waived { why: why?, approval: approval? })
        }
    }
}

fn negotiation(fields: &mut Fields, given: &[proto::NegotiatedOffer]) -> Option<Vec<Negotiated>> {
    fields.at_most("negotiation", given.len(), PURCHASE_ITEMS_MAX)?;
    let mut read = Vec::with_capacity(given.len());
    for (n, offer) in given.iter().enumerate() {
        let field = |of: &str| format!("negotiation[{n}].{of}");
        let on = fields.date(&field("on"), &offer.on);
        let by = match proto::AgreementSide::try_from(offer.side) {
            Ok(proto::AgreementSide::Provider) => Some(NoticeBy::Provider),
            Ok(proto::AgreementSide::Council) => Some(NoticeBy::Council),
            Ok(proto::AgreementSide::Unspecified) | Err(_) => {
                fields.violation(field("side"), "must be the provider or the council");
                None
            }
        };
        let core: Option<Pence> = fields.pence(&field("core_weekly_pence"), offer.core_weekly_pence);
        read.push(on.zip(by).zip(core).map(|((on, by), core_weekly)| Negotiated {
            on,
            by,
            core_weekly,
            agreed: offer.agreed,
        }));
    }
    read.into_iter().collect()
}
