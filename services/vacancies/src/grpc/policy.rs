//! The methods by which a council says how it holds.

use super::Answer;
use crate::{Vacancies, render_agreed};
use api::vacancies as proto;
use care::CouncilId;
use care::market::HoldPolicy;
use service_kit::{Caller, Fields, run_command};
use tonic::{Request, Response, Status};
use vacancies_domain::{Command, SetHoldPolicy};

/// The caller's own council of `councils/{gss}/holdPolicy`.
fn policy_of(fields: &mut Fields, caller: &Caller, name: &str) -> Result<Option<CouncilId>, Status> {
    let Some(council) = name.strip_suffix("/holdPolicy") else {
        fields.violation("name", "expected councils/{gss}/holdPolicy");
        return Ok(None);
    };
    let council = fields.council("name", council);
    if let Some(council) = council {
        caller.require_council(council)?;
    }
    Ok(council)
}

impl Vacancies {
    pub(super) fn hold_policy(
        &self,
        request: &Request<proto::GetHoldPolicyRequest>,
    ) -> Answer<proto::HoldPolicy> {
        let caller = Caller::of(request)?;
        let mut fields = Fields::new();
        let council = policy_of(&mut fields, &caller, &request.get_ref().name)?;
        let council = fields.finish(|| council)?;
        Ok(Response::new(self.market.read(|market| render_agreed::hold_policy(market, council))))
    }

    pub(super) async fn set_policy(
        &self,
        request: Request<proto::SetHoldPolicyRequest>,
    ) -> Answer<proto::HoldPolicy> {
        let caller = Caller::of(&request)?;
        let form = request.into_inner();
        let mut fields = Fields::new();
        let council = policy_of(&mut fields, &caller, &form.name)?;
        let given = form.policy.clone().unwrap_or_default();
        let expected_version: Option<u32> = given.etag.parse().ok();
        if expected_version.is_none() {
            fields.violation("policy.etag", "send the etag of what you read");
        }
        // What does not fit is the largest there is, which the policy's own limits refuse.
        let small = |given: u32| u16::try_from(given).unwrap_or(u16::MAX);
        let policy = HoldPolicy {
            council_holds_max: small(given.council_holds_max),
            referral_holds_max: small(given.referral_holds_max),
            lease_seconds_default: given.lease_seconds_default,
            lease_seconds_max: given.lease_seconds_max,
        };
        let at = caller.at;
        let (council, expected_version) = fields.finish(|| council.zip(expected_version))?;
        let command = Command::SetHoldPolicy(SetHoldPolicy { council, expected_version, policy, at });
        run_command(&self.market, &caller, &form, &form.request_id, command, move |market, _| {
            render_agreed::hold_policy(market, council)
        })
        .await
    }
}
