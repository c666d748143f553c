//! What a council's policy says of the steps of its cascade beside their order: whether providers are asked before earlier steps are
//! exhausted, who may waive a step, and the gates, at which somebody looks at an award before it is made.

use crate::policy::{ROLES_MAX, check_roles};
use crate::requirements::Found;
use care::published::Route;
use care::{Pence, code_sets};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The GATE codes of those whose approval the law asks for before the placement, in an emergency too: the nominated officer's out of area and
/// the director's of a distant placement (regulation 11(1) of the Care Planning, Placement and Case Review (England) Regulations 2010).
const BEFORE_ALWAYS: [&str; 2] = ["NOMINATED_OFFICER", "DIRECTOR"];

/// Whether an emergency, too, waits for this gate.
pub(crate) fn before_always(gate: &str) -> bool {
    BEFORE_ALWAYS.contains(&gate)
}

/// What the policy says of releases, waivers and gates.
///
/// Without gates, the default, an award needs what the rest of the policy asks for. A council whose nominated officer approves every
/// placement out of area before it begins (regulation 11(1)(a) of the Care Planning, Placement and Case Review (England)
/// Regulations 2010) has the gate `NOMINATED_OFFICER` with [`GateArea::OutOfArea`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct StepPolicy {
    /// Whether a sequential cascade's providers are asked only when the steps before theirs are exhausted or waived.
    pub release_in_order: bool,
    /// Whether a referral of urgency EMERGENCY may be released out of order all the same.
    pub emergency_may_skip: bool,
    /// The roles that may waive a step, at most 20; empty: those that may approve an award.
    pub waiver_roles: BTreeSet<String>,
    /// The gates, each GATE code at most once.
    pub gates: Vec<Gate>,
}

impl Default for StepPolicy {
    fn default() -> Self {
        Self {
            release_in_order: false,
            emergency_may_skip: true,
            waiver_roles: BTreeSet::new(),
            gates: Vec::new(),
        }
    }
}

/// Somebody who looks at certain awards before they are made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gate {
    /// A GATE code.
    pub gate: String,
    /// The roles that may decide there, 1 to 20.
    pub roles: BTreeSet<String>,
    /// Which awards.
    #[serde(default)]
    pub when: GateCondition,
}

/// Which awards a gate looks at: those for which all of this is so. With nothing said it looks at every award, in-house ones too.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct GateCondition {
    /// It is one of these PROVISION codes; empty: any.
    pub provisions: BTreeSet<String>,
    /// The child is so old or younger on the first night, 0 to 17 years.
    pub age_years_max: Option<u8>,
    /// How far the home is from the council, as authorities go.
    pub area: Option<GateArea>,
    /// The whole weekly fee is this or more.
    pub weekly_from: Option<Pence>,
    /// It is bought off the framework.
    pub spot: bool,
}

/// How far a home is, as authorities go. Where its authority is not known it is taken to be both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum GateArea {
    /// Not in the council's own area.
    OutOfArea,
    /// Neither there nor in that of an adjoining authority.
    Distant,
}

/// What gates look at of an award that is to be made.
pub(crate) struct Looked<'a> {
    pub(crate) provision: &'a str,
    pub(crate) age_years: u8,
    pub(crate) out_of_area: bool,
    pub(crate) distant: bool,
    pub(crate) weekly: Pence,
    pub(crate) route: &'a Route,
}

impl GateCondition {
    /// Whether the gate looks at this award.
    pub(crate) fn meets(&self, award: &Looked<'_>) -> bool {
        let area = match self.area {
            None => true,
            Some(GateArea::OutOfArea) => award.out_of_area,
            Some(GateArea::Distant) => award.distant,
        };
        area && (self.provisions.is_empty() || self.provisions.contains(award.provision))
            && self.age_years_max.is_none_or(|most| award.age_years <= most)
            && self.weekly_from.is_none_or(|from| award.weekly >= from)
            && (!self.spot || matches!(award.route, Route::Spot { .. }))
    }
}

impl StepPolicy {
    /// Whether it says nothing that the default does not.
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// The gate of this code, if the policy has it.
    #[must_use]
    pub fn gate(&self, code: &str) -> Option<&Gate> {
        self.gates.iter().find(|gate| gate.gate == code)
    }

    /// Adds everything that is wrong with it.
    pub(crate) fn check(&self, found: &mut Found) {
        found.unless(self.waiver_roles.len() <= ROLES_MAX, "steps.waiver_roles", "expected at most 20 roles");
        check_roles(found, "steps.waiver_roles", &self.waiver_roles);
        let known = code_sets::GATE.codes.len();
        found.unless(self.gates.len() <= known, "steps.gates", "more gates than there are");
        let codes: Vec<String> = self.gates.iter().take(known).map(|gate| gate.gate.clone()).collect();
        found.codes("steps.gates.gate", code_sets::GATE, &codes);
        for gate in self.gates.iter().take(known) {
            gate.check(found);
        }
    }
}

impl Gate {
    fn check(&self, found: &mut Found) {
        let roles = "steps.gates.roles";
        found.unless(
            (1..=ROLES_MAX).contains(&self.roles.len()),
            roles,
            "expected 1 to 20 roles: without one nobody could decide",
        );
        check_roles(found, roles, &self.roles);
        let provisions: Vec<String> = self.when.provisions.iter().cloned().collect();
        found.codes("steps.gates.when.provisions", code_sets::PROVISION, &provisions);
        found.unless(
            self.when.age_years_max.is_none_or(|age| age <= 17),
            "steps.gates.when.age_years_max",
            "expected 0 to 17 years",
        );
        found.unless(
            self.when.weekly_from.is_none_or(|weekly| Pence::from_input(weekly.0).is_ok()),
            "steps.gates.when.weekly_from_pence",
            &format!("expected 0 to {} pence a week", Pence::MAX_INPUT.0),
        );
    }
}
