//! Fields of procurement, keyed prices, and the establishments that something is about.

use api::contracts as proto;
use care::{Date, EstablishmentUrn, FrameworkId, LotId, Pence};
use contracts_domain::Frameworks;
use contracts_domain::frameworks::{
    FrameworkKind, PRICE_AGE_MAX, PRICE_ROWS_MAX, PriceRow, Procurement, SUSPENDED_URNS_MAX,
};
use service_kit::Fields;
use service_kit::terms::{LEVEL_CHARS_MAX, attributes};
use std::collections::BTreeSet;

/// The most that a framework can be worth, in pence: £100 billion.
const VALUE_PENCE_MAX: i64 = 10_000_000_000_000;
/// The ages of a price whose lot is not known; the domain refuses that lot.
pub(super) const EVERY_AGE: (u8, u8) = (0, PRICE_AGE_MAX);

/// How a framework was procured, where none means that nothing is told.
pub(super) fn procurement(fields: &mut Fields, given: Option<&proto::Procurement>) -> Option<Procurement> {
    let Some(given) = given else { return Some(Procurement::default()) };
    let kind = kind(fields, given.kind);
    let entered_on = fields.date_optional("entered_on", &given.entered_on);
    let extendable_to = fields.date_optional("extendable_to", &given.extendable_to);
    let value = fields.number::<i64>("value_pence", given.value_pence, 0..=VALUE_PENCE_MAX);
    Some(Procurement {
        kind: kind?,
        entered_on: entered_on?,
        extendable_to: extendable_to?,
        value: Some(Pence(value?)).filter(|value| *value > Pence::ZERO),
    })
}

fn kind(fields: &mut Fields, kind: i32) -> Option<Option<FrameworkKind>> {
    match proto::FrameworkKind::try_from(kind) {
        Ok(proto::FrameworkKind::Unspecified) => Some(None),
        Ok(proto::FrameworkKind::Closed) => Some(Some(FrameworkKind::Closed)),
        Ok(proto::FrameworkKind::Open) => Some(Some(FrameworkKind::Open)),
        Ok(proto::FrameworkKind::Dynamic) => Some(Some(FrameworkKind::Dynamic)),
        Ok(proto::FrameworkKind::Flexible) => Some(Some(FrameworkKind::Flexible)),
        Err(_) => {
            let expected = "expected FRAMEWORK_KIND_CLOSED, _OPEN, _DYNAMIC or _FLEXIBLE, or none";
            fields.violation("kind", format!("{kind} is not a kind of framework: {expected}"));
            None
        }
    }
}

/// The ages that a lot takes, for prices that name none.
pub(super) fn ages_of(state: &Frameworks, framework: &FrameworkId, lot: &LotId) -> (u8, u8) {
    let lot = state.get(framework).and_then(|framework| framework.lots.get(lot));
    lot.map_or(EVERY_AGE, |lot| (lot.age_from, lot.age_to))
}

/// Prices or ceilings by level, age and attribute. One that names no ages is for all that the lot takes.
pub(super) fn keyed(
    fields: &mut Fields,
    field: &str,
    given: &[proto::KeyedPrice],
    lot_ages: (u8, u8),
) -> Option<Vec<PriceRow>> {
    fields.at_most(field, given.len(), PRICE_ROWS_MAX)?;
    let mut rows = Vec::with_capacity(given.len());
    for (n, price) in given.iter().enumerate() {
        let row = fields.beneath(&format!("{field}[{n}]"), |fields| row(fields, price, lot_ages));
        rows.extend(row);
    }
    (rows.len() == given.len()).then_some(rows)
}

fn row(fields: &mut Fields, price: &proto::KeyedPrice, lot_ages: (u8, u8)) -> Option<PriceRow> {
    let level = fields.text("level", &price.level, LEVEL_CHARS_MAX);
    let ages = 0..=i64::from(PRICE_AGE_MAX);
    let age_from = fields.number("age_from", price.age_from.unwrap_or(lot_ages.0.into()), ages.clone());
    let age_to = fields.number("age_to", price.age_to.unwrap_or(lot_ages.1.into()), ages);
    let attributes = attributes(fields, "attributes", &price.attributes);
    let weekly = fields.number::<i64>("weekly_pence", price.weekly_pence, 1..=Pence::MAX_INPUT.0);
    Some(PriceRow {
        level: level?,
        age_from: age_from?,
        age_to: age_to?,
        attributes: attributes?,
        weekly: Pence(weekly?),
    })
}

/// Establishments, each once.
pub(super) fn establishments(
    fields: &mut Fields,
    field: &str,
    names: &[String],
) -> Option<BTreeSet<EstablishmentUrn>> {
    fields.at_most(field, names.len(), SUSPENDED_URNS_MAX)?;
    let mut urns = BTreeSet::new();
    let mut right = true;
    for (n, name) in names.iter().enumerate() {
        let field = format!("{field}[{n}]");
        let urn: Option<EstablishmentUrn> = fields.resource(&field, name, "establishments");
        match urn {
            Some(urn) if !urns.insert(urn.clone()) => {
                fields.violation(field, format!("{urn} is given twice"));
                right = false;
            }
            Some(_) => {}
            None => right = false,
        }
    }
    right.then_some(urns)
}

/// The establishments of a suspension: one, or those of a branch; none for the whole provider.
pub(super) fn scope(fields: &mut Fields, one: &str, branch: &[String]) -> Option<BTreeSet<EstablishmentUrn>> {
    let mut urns = establishments(fields, "establishments", branch)?;
    if !one.is_empty() {
        urns.insert(fields.resource("establishment", one, "establishments")?);
    }
    Some(urns)
}

/// A date that must be given where something else is.
pub(super) fn date_with(fields: &mut Fields, field: &str, text: &str, given: bool) -> Option<Option<Date>> {
    if given {
        return fields.date(field, text).map(Some);
    }
    if !text.is_empty() {
        fields.violation(field, "must be left out where no amount is given");
        return None;
    }
    Some(None)
}
