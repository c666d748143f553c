//! Fields that several of this service's requests have.

use api::{common, contracts as proto};
use care::published::{FunderShare, PriceLine, Route};
use care::{CouncilId, Date, EstablishmentUrn, FrameworkId, LotId, Pence, code_sets};
use contracts_domain::GradeGate;
use service_kit::{Caller, Fields};
use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;
use tonic::Status;

/// Characters of a name that people read.
pub(super) const NAME_CHARS_MAX: usize = 120;
/// Characters of a level's name.
const LEVEL_CHARS_MAX: usize = 40;
/// Levels of a lot, and prices of a schedule.
const LEVELS_MAX: usize = 20;
/// Lines of a weekly price.
const LINES_MAX: usize = 20;
/// Characters of a reason or justification.
pub(super) const REASON_CHARS_MAX: usize = 500;

/// The caller's own framework. Another's is refused at once, whatever else may be wrong with the request.
pub(super) fn own_framework(
    fields: &mut Fields,
    caller: &Caller,
    field: &str,
    name: &str,
) -> Result<Option<FrameworkId>, Status> {
    let framework = fields.framework(field, name);
    if let Some(framework) = &framework {
        caller.require_framework(framework)?;
    }
    Ok(framework)
}

/// A resource of the caller's own council. Another's is refused at once, whatever else may be wrong with the request.
pub(super) fn own_agreement<T: FromStr<Err: Display>>(
    fields: &mut Fields,
    caller: &Caller,
    name: &str,
) -> Result<Option<(CouncilId, T)>, Status> {
    let found = fields.council_resource("name", name, "agreements");
    if let Some((council, _)) = &found {
        caller.require_council(*council)?;
    }
    Ok(found)
}

/// An establishment's name, where empty means not given.
pub(super) fn establishment_optional(
    fields: &mut Fields,
    field: &str,
    name: &str,
) -> Option<Option<EstablishmentUrn>> {
    if name.is_empty() { Some(None) } else { fields.resource(field, name, "establishments").map(Some) }
}

/// The version that an etag stands for, where empty means any.
pub(super) fn etag(fields: &mut Fields, etag: &str) -> Option<Option<u32>> {
    if etag.is_empty() {
        return Some(None);
    }
    let version = etag.parse().ok();
    if version.is_none() {
        fields.violation("etag", "is not one that this service gave: send the one that was read, or none");
    }
    version.map(Some)
}

/// A grade gate, where none means that there is none.
pub(super) fn gate(
    fields: &mut Fields,
    field: &str,
    gate: Option<&proto::GradeGate>,
    on: Date,
) -> Option<Option<GradeGate>> {
    let Some(gate) = gate else { return Some(None) };
    let field = format!("{field}.lowest_grade");
    let lowest = fields.code(&field, code_sets::GRADE, &gate.lowest_grade, on)?;
    Some(Some(GradeGate { lowest, ungraded_allowed: gate.ungraded_allowed }))
}

/// Amounts by level, each level once, none of them nothing.
pub(super) fn by_level<'a>(
    fields: &mut Fields,
    field: &str,
    amount_field: &str,
    amounts: impl ExactSizeIterator<Item = (&'a str, i64)>,
) -> Option<BTreeMap<String, Pence>> {
    if amounts.len() == 0 {
        fields.violation(field, "must have at least one item");
        return None;
    }
    fields.at_most(field, amounts.len(), LEVELS_MAX)?;
    let (given, mut by_level) = (amounts.len(), BTreeMap::new());
    for (n, (level, pence)) in amounts.enumerate() {
        let level_field = format!("{field}[{n}].level");
        let level = fields.text(&level_field, level, LEVEL_CHARS_MAX);
        let pence_field = format!("{field}[{n}].{amount_field}");
        let range = 1..=Pence::MAX_INPUT.0;
        let amount = fields.number::<i64>(&pence_field, pence, range).map(Pence);
        let (Some(level), Some(amount)) = (level, amount) else { continue };
        if by_level.insert(level, amount).is_some() {
            fields.violation(level_field, "is given twice");
        }
    }
    (by_level.len() == given).then_some(by_level)
}

/// How a place is bought.
pub(super) fn route(fields: &mut Fields, route: Option<&common::Route>) -> Option<Route> {
    match route.and_then(|route| route.route.as_ref()) {
        None => {
            fields.violation("route", "must be given: framework, in_house or spot");
            None
        }
        Some(common::route::Route::InHouse(_)) => Some(Route::InHouse),
        // Whether it justifies anything is a check of the call-off.
        Some(common::route::Route::Spot(spot)) => {
            let field = "route.spot.justification";
            let justification = fields.text_optional(field, &spot.justification, REASON_CHARS_MAX)?;
            Some(Route::Spot { justification })
        }
        Some(common::route::Route::Framework(called)) => {
            let framework = fields.framework("route.framework.framework", &called.framework);
            let lot: Option<LotId> = fields.parse("route.framework.lot", &called.lot);
            let level = fields.text("route.framework.level", &called.level, LEVEL_CHARS_MAX);
            Some(Route::Framework { framework: framework?, lot: lot?, level: level? })
        }
    }
}

/// The weekly price by line.
pub(super) fn lines(fields: &mut Fields, lines: &[common::PriceLine], on: Date) -> Option<Vec<PriceLine>> {
    fields.at_most("lines", lines.len(), LINES_MAX)?;
    let mut read = Vec::with_capacity(lines.len());
    for (n, line) in lines.iter().enumerate() {
        let kind = fields.code(&format!("lines[{n}].kind"), code_sets::PRICE_LINE, &line.kind, on);
        let weekly = fields.pence(&format!("lines[{n}].weekly_pence"), line.weekly_pence);
        read.extend(kind.zip(weekly).map(|(kind, weekly)| PriceLine { kind, weekly }));
    }
    (read.len() == lines.len()).then_some(read)
}

/// Who pays.
pub(super) fn funders(
    fields: &mut Fields,
    shares: &[common::FunderShare],
    on: Date,
) -> Option<Vec<FunderShare>> {
    fields.at_most("funders", shares.len(), code_sets::FUNDER.codes.len())?;
    let mut read = Vec::with_capacity(shares.len());
    for (n, share) in shares.iter().enumerate() {
        let funder = fields.code(&format!("funders[{n}].funder"), code_sets::FUNDER, &share.funder, on);
        let field = format!("funders[{n}].basis_points");
        let basis_points = fields.number::<u32>(&field, share.basis_points, 1..=10_000);
        read.extend(
            funder.zip(basis_points).map(|(funder, basis_points)| FunderShare { funder, basis_points }),
        );
    }
    (read.len() == shares.len()).then_some(read)
}
