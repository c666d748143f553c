//! What a suspension would touch, or touches: a place-by-place review begins with it, and nothing ends by itself.
//!
//! A council is shown all of its own placements there, whatever way they were bought. A framework's lead is shown those that were called off under its
//! framework; what its members bought otherwise is theirs, and the lead is told how many they are.

use super::frameworks::may_see_providers;
use super::{Answer, prices};
use crate::Contracts;
use api::contracts as proto;
use care::published::Route;
use care::{CouncilId, Date, EstablishmentUrn, FrameworkId, ProviderId, london_date};
use contracts_domain::Agreements;
use contracts_domain::agreements::Agreement;
use contracts_domain::frameworks::{Framework, SuspensionScope};
use service_kit::{Caller, Fields, Role, agreement_name, council_name, establishment_name, not_found, page};
use std::collections::{BTreeMap, BTreeSet};
use tonic::{Request, Response};

/// What is asked about.
struct Asked<'a> {
    framework: &'a FrameworkId,
    provider: &'a ProviderId,
    urns: &'a BTreeSet<EstablishmentUrn>,
    /// Whether the framework's lead asks, and not a council of its own agreements.
    lead: bool,
    today: Date,
}

/// The agreements that are told by name, by council and id.
type Touched = BTreeMap<String, (CouncilId, proto::TouchedAgreement)>;

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
        let only = match &caller.role {
            Role::Council(council) => Some(*council),
            Role::Provider(_) | Role::FrameworkLead(_) | Role::Service(_) => None,
        };
        let found = self.frameworks.read(|state| {
            let framework = state.get(&id).filter(|framework| may_see_providers(&caller, framework))?;
            let mine = |council: &CouncilId| only.is_none_or(|only| only == *council);
            let members = framework.members.keys().copied().filter(mine);
            let members = members.filter(|council| framework.is_or_was_member(*council, today));
            let members: BTreeMap<CouncilId, bool> =
                members.map(|council| (council, framework.is_member(council, today))).collect();
            Some((suspensions(framework, &provider, &urns, only), members))
        });
        let (suspensions, members) = found.ok_or_else(|| not_found("FRAMEWORK_UNKNOWN", &form.parent))?;
        let lead = only.is_none();
        let asked = Asked { framework: &id, provider: &provider, urns: &urns, lead, today };
        let mut touched = Touched::new();
        let mut councils: Vec<(CouncilId, proto::suspension_impact::Council)> = Vec::new();
        for (council, present) in members {
            let Some(engine) = self.agreements.get(&council) else { continue };
            let told = engine.read(|state| asked.of_council(state, council, present, &mut touched));
            councils.push((council, told));
        }
        let (shown, next_page_token) = page::page_of(form, |after: Option<String>| {
            let later = move |key: &String| after.as_ref().is_none_or(|after| key > after);
            touched.into_iter().filter(move |(key, _)| later(key))
        })?;
        for (of, agreement) in shown {
            if let Some((_, told)) = councils.iter_mut().find(|(council, _)| *council == of) {
                told.agreements.push(agreement);
            }
        }
        let councils = councils.into_iter().map(|(_, told)| told).collect();
        Ok(Response::new(proto::SuspensionImpact { councils, suspensions, next_page_token }))
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
    count(all.filter(|suspension| suspension.until.is_none() && of_scope(&suspension.scope)).count())
}

fn count(of: usize) -> u32 {
    u32::try_from(of).unwrap_or(u32::MAX)
}

impl Asked<'_> {
    fn concerns(&self, provider: &ProviderId, urn: &EstablishmentUrn) -> bool {
        provider == self.provider && (self.urns.is_empty() || self.urns.contains(urn))
    }

    fn is_called_off(&self, agreement: &Agreement) -> bool {
        matches!(&agreement.issued.terms.route, Route::Framework { framework, .. } if framework == self.framework)
    }

    /// What of one council it touches; the agreements that are told by name go into `touched`. `present`: whether it is a member still.
    fn of_council(
        &self,
        state: &Agreements,
        council: CouncilId,
        present: bool,
        touched: &mut Touched,
    ) -> proto::suspension_impact::Council {
        let ids = state.by_provider.get(self.provider).into_iter().flatten();
        let agreements = ids.filter_map(|id| state.agreements.get(id));
        let going_on = agreements
            .filter(|it| it.goes_on_after(self.today) && self.concerns(&it.issued.provider, &it.issued.urn));
        let (told, others): (Vec<&Agreement>, Vec<&Agreement>) =
            going_on.partition(|agreement| !self.lead || self.is_called_off(agreement));
        for agreement in &told {
            let key = format!("{council}/{}", agreement.issued.agreement);
            touched.insert(key, (council, shown(council, agreement)));
        }
        let proposed = state.proposals.values().filter(|it| self.concerns(&it.provider, &it.urn));
        let claimed = state.claims.values().filter(|it| self.concerns(&it.provider, &it.urn));
        let awards: BTreeSet<_> = proposed.map(|it| it.award).chain(claimed.map(|it| it.award)).collect();
        proto::suspension_impact::Council {
            council: council_name(council),
            agreements: Vec::new(),
            awards_under_way: count(awards.len()),
            agreements_count: count(told.len()),
            other_agreements_count: if present { count(others.len()) } else { 0 },
        }
    }
}

fn shown(council: CouncilId, agreement: &Agreement) -> proto::TouchedAgreement {
    let issued = &agreement.issued;
    proto::TouchedAgreement {
        name: agreement_name(council, issued.agreement),
        establishment: establishment_name(&issued.urn),
        start: issued.start.to_string(),
        arrived: agreement.started.is_some(),
        ends_on: agreement.ended.as_ref().map(|end| end.on.to_string()).unwrap_or_default(),
        staying_put: agreement.staying_put.as_ref().is_some_and(|it| it.has_nights()),
    }
}
