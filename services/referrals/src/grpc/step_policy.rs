//! Reading what a cascade policy says of steps, waivers and gates.

use api::referrals as proto;
use care::{Pence, code_sets};
use referrals_domain::{Gate, GateArea, GateCondition, StepPolicy};
use service_kit::Fields;

/// How many roles are read: one more than any policy can have, which its own limits refuse.
const ROLES_READ: usize = 21;

/// What is absent is the default.
pub(super) fn read(fields: &mut Fields, from: Option<&proto::StepPolicy>) -> Option<StepPolicy> {
    let default = StepPolicy::default();
    let Some(from) = from else { return Some(default) };
    fields.at_most("policy.steps.gates", from.gates.len(), code_sets::GATE.codes.len())?;
    let gates: Vec<Option<Gate>> = from.gates.iter().map(|it| gate(fields, it)).collect();
    Some(StepPolicy {
        release_in_order: from.release_in_order,
        emergency_may_skip: from.emergency_may_skip.unwrap_or(default.emergency_may_skip),
        waiver_roles: from.waiver_roles.iter().take(ROLES_READ).cloned().collect(),
        gates: gates.into_iter().collect::<Option<_>>()?,
    })
}

fn gate(fields: &mut Fields, from: &proto::Gate) -> Option<Gate> {
    let when = from.when.clone().unwrap_or_default();
    let most = code_sets::PROVISION.codes.len();
    fields.at_most("policy.steps.gates.when.provisions", when.provisions.len(), most)?;
    let area = fields.check("policy.steps.gates.when.area", proto::GateArea::try_from(when.area))?;
    let condition = GateCondition {
        provisions: when.provisions.into_iter().collect(),
        // What does not fit is the largest there is, which the policy's own limits refuse.
        age_years_max: when.age_years_max.map(|age| u8::try_from(age).unwrap_or(u8::MAX)),
        area: match area {
            proto::GateArea::Unspecified => None,
            proto::GateArea::OutOfArea => Some(GateArea::OutOfArea),
            proto::GateArea::Distant => Some(GateArea::Distant),
        },
        weekly_from: when.weekly_from_pence.map(Pence),
        spot: when.spot,
    };
    let roles = from.roles.iter().take(ROLES_READ).cloned().collect();
    Some(Gate { gate: from.gate.clone(), roles, when: condition })
}
