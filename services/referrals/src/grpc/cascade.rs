//! The cascade: a council's policy, and what came of its steps.

use super::{Answer, step_policy};
use crate::Referrals;
use crate::form;
use crate::render;
use api::referrals as proto;
use care::{CouncilId, code_sets, london_date};
use referrals_domain::{
    ADJOINING_MAX, CascadeMode, CascadePolicy, ClockPolicy, RecordCascadeStep, SetCascadePolicy,
};
use service_kit::{Caller, Fields, run_command};
use std::collections::BTreeMap;
use tonic::{Request, Response};

/// The council of `councils/{gss}/cascadePolicy`.
fn policy_of(fields: &mut Fields, name: &str) -> Option<CouncilId> {
    match name.strip_suffix("/cascadePolicy") {
        Some(council) => fields.council("name", council),
        None => {
            fields.violation("name", "expected councils/{gss}/cascadePolicy");
            None
        }
    }
}

fn read(fields: &mut Fields, from: &proto::CascadePolicy) -> Option<CascadePolicy> {
    let mode = match proto::CascadeMode::try_from(from.mode) {
        Ok(proto::CascadeMode::Sequential) => Some(CascadeMode::Sequential),
        Ok(proto::CascadeMode::Parallel) => Some(CascadeMode::Parallel),
        _ => {
            fields.violation("policy.mode", "expected CASCADE_MODE_SEQUENTIAL or CASCADE_MODE_PARALLEL");
            None
        }
    };
    fields.at_most("policy.required", from.required.len(), code_sets::PROVISION.codes.len())?;
    let mut required = BTreeMap::new();
    for (i, steps) in from.required.iter().enumerate() {
        if required.insert(steps.provision.clone(), steps.steps.clone()).is_some() {
            fields.violation(format!("policy.required[{i}].provision"), "stands twice");
        }
    }
    let clocks = clocks(fields, from.clocks.as_ref());
    let steps = step_policy::read(fields, from.steps.as_ref());
    Some(CascadePolicy {
        mode: mode?,
        required,
        approver_roles: from.approver_roles.iter().cloned().collect(),
        // What does not fit is the largest there is, which the policy's own limits refuse.
        emergency_approval_hours: u16::try_from(from.emergency_approval_hours).unwrap_or(u16::MAX),
        clocks: clocks?,
        evaluation_required: from.evaluation_required,
        steps: steps?,
    })
}

/// What is absent is the default; what does not fit is the largest there is, as above.
fn clocks(fields: &mut Fields, from: Option<&proto::ClockPolicy>) -> Option<ClockPolicy> {
    let default = ClockPolicy::default();
    let Some(from) = from else { return Some(default) };
    fields.at_most("policy.clocks.adjoining", from.adjoining.len(), ADJOINING_MAX)?;
    let hours =
        |given: Option<u32>, or: u16| given.map_or(or, |given| u16::try_from(given).unwrap_or(u16::MAX));
    let small = |given: Option<u32>, or: u8| given.map_or(or, |given| u8::try_from(given).unwrap_or(u8::MAX));
    let planned = from.response_planned_working_days;
    Some(ClockPolicy {
        adjoining: from.adjoining.iter().cloned().collect(),
        response_emergency_hours: hours(from.response_emergency_hours, default.response_emergency_hours),
        response_urgent_hours: hours(from.response_urgent_hours, default.response_urgent_hours),
        response_planned_working_days: small(planned, default.response_planned_working_days),
        senior_review_age_max: small(from.senior_review_age_max, default.senior_review_age_max),
    })
}

impl Referrals {
    pub(super) async fn policy(
        &self,
        request: Request<proto::GetCascadePolicyRequest>,
    ) -> Answer<proto::CascadePolicy> {
        let caller = Caller::of(&request)?;
        let mut fields = Fields::new();
        let council = policy_of(&mut fields, &request.get_ref().name);
        let council = fields.finish(|| council)?;
        let desk = self.own_desk(&caller, council)?;
        Ok(Response::new(desk.engine.read(|state| render::policy(state, council))))
    }

    pub(super) async fn set_policy(
        &self,
        request: Request<proto::SetCascadePolicyRequest>,
    ) -> Answer<proto::CascadePolicy> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let mut fields = Fields::new();
        let council = policy_of(&mut fields, &message.name);
        let given = message.policy.clone().unwrap_or_default();
        let expected_version = form::etag(&mut fields, "policy.etag", &given.etag);
        let policy = read(&mut fields, &given);
        for violation in policy.iter().flat_map(|policy| policy.violations(london_date(caller.at))) {
            fields.violation(format!("policy.{}", violation.field), violation.description);
        }
        let (council, expected_version, policy) =
            fields.finish(|| Some((council?, expected_version?, policy?)))?;
        let desk = self.own_desk(&caller, council)?;
        let command = SetCascadePolicy { council, expected_version, policy, at: caller.at };
        run_command(&desk.engine, &caller, &message, &message.request_id, command.into(), move |state, _| {
            render::policy(state, council)
        })
        .await
    }

    pub(super) async fn record_step(
        &self,
        request: Request<proto::RecordCascadeStepRequest>,
    ) -> Answer<proto::Referral> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let today = london_date(caller.at);
        let mut fields = Fields::new();
        let name = form::referral(&mut fields, "name", &message.name);
        let step = fields.code("step", code_sets::CASCADE_STEP, &message.step, today);
        let outcome = fields.code("outcome", code_sets::CASCADE_OUTCOME, &message.outcome, today);
        let ((council, referral), step, outcome) = fields.finish(|| Some((name?, step?, outcome?)))?;
        let desk = self.own_desk(&caller, council)?;
        let command = RecordCascadeStep { referral, step, outcome, at: caller.at };
        run_command(&desk.engine, &caller, &message, &message.request_id, command.into(), move |state, _| {
            render::referral_by_id(state, referral, caller.at)
        })
        .await
    }
}
