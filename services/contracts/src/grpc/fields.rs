//! Fields that several of this service's requests have.

use api::contracts as proto;
use care::published::Weights;
use care::{CouncilId, Date, FrameworkId, Pence, code_sets};
use contracts_domain::GradeGate;
use service_kit::terms::LEVEL_CHARS_MAX;
use service_kit::{Caller, Fields};
use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;
use tonic::Status;

/// Characters of a name that people read.
pub(super) const NAME_CHARS_MAX: usize = 120;
/// Levels of a lot, and prices of a schedule: supported accommodation by hours has one for each of 5 to 25.
const LEVELS_MAX: usize = 50;
/// Characters of a reason.
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

/// What each criterion counts, each once; what they must sum to is for the domain to judge.
pub(super) fn weights(fields: &mut Fields, given: &[proto::CriterionWeight], on: Date) -> Option<Weights> {
    fields.at_most("weights", given.len(), code_sets::CRITERION.codes.len())?;
    let mut weights = Weights::new();
    for (n, weight) in given.iter().enumerate() {
        let field = format!("weights[{n}].criterion");
        let Some(criterion) = fields.code(&field, code_sets::CRITERION, &weight.criterion, on) else {
            continue;
        };
        if weights.insert(criterion, weight.basis_points).is_some() {
            fields.violation(field, "is given twice");
        }
    }
    (weights.len() == given.len()).then_some(weights)
}
