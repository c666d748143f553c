//! A council's cascade policy: what it does before it buys outside, who approves, and how soon after an emergency.
//! It is the council's own, versioned in its log; [`CascadePolicy::default`] applies (as version 0) until it sets one.

use crate::clock_policy::ClockPolicy;
use crate::requirements::Found;
use crate::step_policy::StepPolicy;
use care::{Date, Violation, code_sets};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Whether the steps of a cascade are taken one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CascadeMode {
    /// A step may be recorded only when those listed before it have been.
    Sequential,
    /// The steps may be recorded in any order.
    Parallel,
}

/// What a council asks of itself before an external award.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CascadePolicy {
    /// One after the other, or side by side.
    pub mode: CascadeMode,
    /// The CASCADE_STEP codes that must have been tried, in order, by the PROVISION code that is bought. A provision that is not
    /// listed asks for none.
    pub required: BTreeMap<String, Vec<String>>,
    /// The roles that may approve an external award, such as `HEAD_OF_SERVICE`.
    pub approver_roles: BTreeSet<String>,
    /// Within how many hours an emergency award must be approved, 1 to 720.
    pub emergency_approval_hours: u16,
    /// What it says of clocks.
    #[serde(default, skip_serializing_if = "ClockPolicy::is_default")]
    pub clocks: ClockPolicy,
    /// Whether an external award, but in an emergency, waits until it and all that could be taken when judging began were evaluated.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub evaluation_required: bool,
    /// What it says of releases, waivers and gates.
    #[serde(default, skip_serializing_if = "StepPolicy::is_default")]
    pub steps: StepPolicy,
}

impl Default for CascadePolicy {
    /// What applies until a council sets its own. The steps are in the order of Darlington's sufficiency strategy 2024-25 (family
    /// and friends, in-house fostering, in-house residential, then the framework); heads of service, the director and the panel
    /// approve, as Derby and East Riding have it. Three days for an emergency let a weekend pass.
    fn default() -> Self {
        let steps = |list: &[&str]| list.iter().map(|step| (*step).to_owned()).collect::<Vec<_>>();
        let fostering = steps(&["CONNECTED_CARE", "IN_HOUSE_FOSTERING"]);
        let residential = steps(&["CONNECTED_CARE", "IN_HOUSE_FOSTERING", "IN_HOUSE_RESIDENTIAL"]);
        let required = [
            ("FOSTERING", fostering.clone()),
            ("FOSTERING_ENHANCED", fostering.clone()),
            ("FOSTERING_PARENT_CHILD", fostering),
            ("RESIDENTIAL", residential.clone()),
            ("RESIDENTIAL_EDUCATION", residential),
            ("RESIDENTIAL_PARENT_CHILD", steps(&["CONNECTED_CARE"])),
            ("SUPPORTED_ACCOMMODATION", steps(&["CONNECTED_CARE"])),
        ];
        let roles = ["DIRECTOR_OF_CHILDRENS_SERVICES", "HEAD_OF_SERVICE", "PLACEMENT_PANEL"];
        Self {
            mode: CascadeMode::Sequential,
            required: required.into_iter().map(|(provision, steps)| (provision.to_owned(), steps)).collect(),
            approver_roles: roles.into_iter().map(str::to_owned).collect(),
            emergency_approval_hours: 72,
            clocks: ClockPolicy::default(),
            evaluation_required: false,
            steps: StepPolicy::default(),
        }
    }
}

impl CascadePolicy {
    /// Everything that is wrong with it, by field.
    #[must_use]
    pub fn violations(&self, today: Date) -> Vec<Violation> {
        let mut found = Found { year: code_sets::collection_year(today), list: Vec::new() };
        for (provision, steps) in self.required.iter().take(code_sets::PROVISION.codes.len()) {
            found.codes("required.provision", code_sets::PROVISION, std::slice::from_ref(provision));
            found.codes("required.steps", code_sets::CASCADE_STEP, steps);
        }
        found.unless(
            self.required.len() <= code_sets::PROVISION.codes.len(),
            "required",
            "more provisions than there are",
        );
        found.unless(
            (1..=ROLES_MAX).contains(&self.approver_roles.len()),
            "approver_roles",
            "expected 1 to 20 roles: without one nobody could approve",
        );
        check_roles(&mut found, "approver_roles", &self.approver_roles);
        found.unless(
            (1..=720).contains(&self.emergency_approval_hours),
            "emergency_approval_hours",
            "expected 1 to 720 hours",
        );
        self.clocks.check(&mut found);
        self.steps.check(&mut found);
        found.list
    }

    /// The roles that may waive a step: those that the policy names for it, or all that may approve an award.
    #[must_use]
    pub fn waiver_roles(&self) -> &BTreeSet<String> {
        if self.steps.waiver_roles.is_empty() { &self.approver_roles } else { &self.steps.waiver_roles }
    }

    /// The steps that must have been tried before this provision is bought outside.
    #[must_use]
    pub fn steps_for(&self, provision: &str) -> &[String] {
        self.required.get(provision).map_or(&[], Vec::as_slice)
    }

    /// The steps that must come before `step` when any of these provisions is sought; none in parallel mode.
    pub(crate) fn steps_before<'a>(&'a self, step: &str, provisions: &[String]) -> BTreeSet<&'a str> {
        let mut before = BTreeSet::new();
        if self.mode == CascadeMode::Parallel {
            return before;
        }
        for provision in provisions {
            let steps = self.steps_for(provision);
            if let Some(place) = steps.iter().position(|listed| listed == step) {
                before.extend(steps[..place].iter().map(String::as_str));
            }
        }
        before
    }

    /// The steps that must be behind before providers are asked under `step` when any of these provisions is sought. A step that the policy
    /// does not list stands where [`code_sets::CASCADE_STEP`] has it.
    pub(crate) fn steps_before_release<'a>(&'a self, step: &str, provisions: &[String]) -> BTreeSet<&'a str> {
        let mut before = self.steps_before(step, provisions);
        let place = |step: &str| code_sets::CASCADE_STEP.codes.iter().position(|it| it.code == step);
        for steps in provisions.iter().map(|provision| self.steps_for(provision)) {
            if !steps.iter().any(|listed| listed == step) {
                let earlier = steps.iter().filter(|listed| place(listed) < place(step));
                before.extend(earlier.map(String::as_str));
            }
        }
        before
    }
}

/// How many roles a policy can name for one thing.
pub(crate) const ROLES_MAX: usize = 20;

/// Adds what is wrong with the shape of roles.
pub(crate) fn check_roles(found: &mut Found, field: &str, roles: &BTreeSet<String>) {
    let shaped = roles.iter().all(|role| is_role(role));
    found.unless(shaped, field, "a role is 1 to 40 of A-Z, 0-9 and '_'");
}

/// A role's shape: it is the council's own word, so only its form is checked.
pub(crate) fn is_role(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    (1..=40).contains(&text.len()) && text.bytes().all(allowed)
}
