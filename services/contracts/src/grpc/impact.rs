//! What a suspension would touch, or touches: a place-by-place review begins with it, and nothing ends by itself.

use super::frameworks::may_see_providers;
use super::{Answer, prices};
use crate::Contracts;
use api::contracts as proto;
use care::{CouncilId, EstablishmentUrn, ProviderId, london_date};
use contracts_domain::Agreements;
use contracts_domain::frameworks::{Framework, SuspensionScope};
use service_kit::{Caller, Fields, Role, agreement_name, council_name, establishment_name, not_found};
use std::collections::BTreeSet;
use tonic::{Request, Response};

/// The most agreements of a council that are told by name.
const AGREEMENTS_MAX: usize = 500;

impl Contracts {
    pub(super) fn impact(
        &self,
        request: &Request<proto::GetSuspensionImpactRequest>,
    ) -> Answer<proto::SuspensionImpact> {
        let caller = Caller::of(request)?;
        let form = request.get_ref();
        let mut fields = Fields::new();
        let id = fields.framework("parent", &form.parent);
        if let (Role::FrameworkLead(_), Some(id)) = (&caller.role, &id) {
            caller.require_framework(id)?;
        }
        let provider = fields.provider("provider", &form.provider);
        let urns = prices::establishments(&mut fields, "establishments", &form.establishments);
        let (id, provider, urns) = fields.finish(|| Some((id?, provider?, urns?)))?;
        let today = london_date(caller.at);
        let found = self.frameworks.read(|state| {
            let framework = state.get(&id).filter(|framework| may_see_providers(&caller, framework))?;
            let only = match &caller.role {
                Role::Council(council) => Some(*council),
                Role::Provider(_) | Role::FrameworkLead(_) | Role::Service(_) => None,
            };
            let mine = |council: &CouncilId| only.is_none_or(|only| only == *council);
            let members = framework.members.keys().copied().filter(mine);
            let members = members.filter(|council| framework.is_or_was_member(*council, today));
            let members: BTreeSet<CouncilId> = members.collect();
            Some((suspensions(framework, &provider, &urns, only), members))
        });
        let (suspensions, members) = found.ok_or_else(|| not_found("FRAMEWORK_UNKNOWN", &form.parent))?;
        let councils = members.into_iter().filter_map(|council| {
            let engine = self.agreements.get(&council)?;
            Some(engine.read(|state| touched(state, council, &provider, &urns)))
        });
        Ok(Response::new(proto::SuspensionImpact { councils: councils.collect(), suspensions }))
    }
}

/// How many suspensions that are not lifted are of this scope, as a council or the lead knows of them.
fn suspensions(
    framework: &Framework,
    provider: &ProviderId,
    urns: &BTreeSet<EstablishmentUrn>,
    only: Option<CouncilId>,
) -> u32 {
    let of_scope = |scope: &SuspensionScope| {
        scope.urns == *urns && scope.council.is_none_or(|own| only.is_none_or(|only| only == own))
    };
    let all = framework.suspensions.get(provider).into_iter().flatten();
    let count = all.filter(|suspension| suspension.until.is_none() && of_scope(&suspension.scope)).count();
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn touched(
    state: &Agreements,
    council: CouncilId,
    provider: &ProviderId,
    urns: &BTreeSet<EstablishmentUrn>,
) -> proto::suspension_impact::Council {
    let concerns = |urn: &EstablishmentUrn| urns.is_empty() || urns.contains(urn);
    let ids = state.by_provider.get(provider).into_iter().flatten();
    let going_on = ids
        .filter_map(|id| state.agreements.get(id))
        .filter(|agreement| agreement.ended.is_none() && concerns(&agreement.issued.urn));
    let agreements = going_on.take(AGREEMENTS_MAX).map(|agreement| proto::TouchedAgreement {
        name: agreement_name(council, agreement.issued.agreement),
        establishment: establishment_name(&agreement.issued.urn),
        start: agreement.issued.start.to_string(),
        arrived: agreement.started.is_some(),
    });
    let proposed = state.proposals.values().filter(|it| it.provider == *provider && concerns(&it.urn));
    let claimed = state.claims.values().filter(|it| it.provider == *provider && concerns(&it.urn));
    let awards: BTreeSet<_> = proposed.map(|it| it.award).chain(claimed.map(|it| it.award)).collect();
    proto::suspension_impact::Council {
        council: council_name(council),
        agreements: agreements.collect(),
        awards_under_way: u32::try_from(awards.len()).unwrap_or(u32::MAX),
    }
}
