//! Methods that look at frameworks, and the call-off check.

use super::Answer;
use crate::{Contracts, render};
use api::contracts as proto;
use care::{EstablishmentUrn, FrameworkId, ProviderId, code_sets, london_date};
use contracts_domain::frameworks::{Framework, Onlooker};
use contracts_domain::{CallOffQuestion, Frameworks, Shown, judge_call_off};
use service_kit::terms::{self, Justification};
use service_kit::{Caller, Fields, Role, not_found, page};
use tonic::{Request, Response};

/// The oldest age that can be asked about, in years.
const AGE_YEARS_MAX: i64 = 25;

impl Contracts {
    pub(super) fn framework(
        &self,
        request: &Request<proto::GetFrameworkRequest>,
    ) -> Answer<proto::Framework> {
        let caller = Caller::of(request)?;
        let name = &request.get_ref().name;
        let mut fields = Fields::new();
        let id = fields.framework("name", name);
        let id = fields.finish(|| id)?;
        let today = london_date(caller.at);
        let look = |state: &Frameworks| {
            Some(render::render_framework(&id, state.get(&id)?, onlooker(&caller, &id), today))
        };
        self.frameworks.read(look).map(Response::new).ok_or_else(|| not_found("FRAMEWORK_UNKNOWN", name))
    }

    pub(super) fn framework_page(
        &self,
        request: &Request<proto::ListFrameworksRequest>,
    ) -> Answer<proto::ListFrameworksResponse> {
        let caller = Caller::of(request)?;
        let form = request.get_ref();
        let today = london_date(caller.at);
        let mut fields = Fields::new();
        let member = match form.member.as_str() {
            "" => Some(None),
            name => fields.council("member", name).map(Some),
        };
        let member = fields.finish(|| member)?;
        let wanted = |framework: &Framework| {
            member.is_none_or(|council| framework.in_force(today) && framework.is_member(council, today))
        };
        let (frameworks, next_page_token) = self.frameworks.read(|state| {
            page::page_of(form, |after: Option<String>| {
                let later =
                    move |id: &FrameworkId| after.as_ref().is_none_or(|after| id.as_str() > after.as_str());
                let all = state.iter().filter(move |(id, framework)| later(id) && wanted(framework));
                all.map(|(id, framework)| {
                    let seen = render::render_framework(id, framework, onlooker(&caller, id), today);
                    (id.to_string(), seen)
                })
            })
        })?;
        Ok(Response::new(proto::ListFrameworksResponse { frameworks, next_page_token }))
    }

    pub(super) fn provider_page(
        &self,
        request: &Request<proto::ListFrameworkProvidersRequest>,
    ) -> Answer<proto::ListFrameworkProvidersResponse> {
        let caller = Caller::of(request)?;
        let form = request.get_ref();
        let mut fields = Fields::new();
        let id = fields.framework("parent", &form.parent);
        let id = fields.finish(|| id)?;
        if let Role::FrameworkLead(_) = caller.role {
            caller.require_framework(&id)?;
        }
        let today = london_date(caller.at);
        let (providers, next_page_token) = self.frameworks.read(|state| {
            let framework = state.get(&id).filter(|framework| may_see_providers(&caller, framework));
            let framework = framework.ok_or_else(|| not_found("FRAMEWORK_UNKNOWN", &form.parent))?;
            let (caller, id) = (&caller, &id);
            page::page_of(form, |after: Option<String>| {
                let shown = move |provider: &&ProviderId| match &caller.role {
                    Role::Provider(own) => own == *provider,
                    Role::Council(_) | Role::FrameworkLead(_) => true,
                    Role::Service(_) => false,
                };
                let later = move |provider: &&ProviderId| {
                    after.as_ref().is_none_or(|after| provider.as_str() > after.as_str())
                };
                let all = framework.providers().into_iter().filter(shown).filter(later);
                all.map(move |provider| {
                    let seen =
                        render::framework_provider(id, framework, provider, onlooker(caller, id), today);
                    (provider.to_string(), seen)
                })
            })
        })?;
        Ok(Response::new(proto::ListFrameworkProvidersResponse { providers, next_page_token }))
    }

    pub(super) fn call_off(
        &self,
        request: &Request<proto::CheckCallOffRequest>,
    ) -> Answer<proto::CallOffVerdict> {
        let caller = Caller::of(request)?;
        let form = request.get_ref();
        let on = london_date(caller.at);
        let mut fields = Fields::new();
        let council = fields.council("parent", &form.parent);
        if let Some(council) = council {
            caller.require_council(council)?;
        }
        let provider = fields.provider("provider", &form.provider);
        let urn: Option<EstablishmentUrn> =
            fields.resource("establishment", &form.establishment, "establishments");
        let provision = fields.code("provision", code_sets::PROVISION, &form.provision, on);
        let grade = fields.code("grade", code_sets::GRADE, &form.grade, on);
        let age_years = fields.number("age_years", form.age_years, 0..=AGE_YEARS_MAX);
        let start = fields.date("start", &form.start);
        let route = terms::route(&mut fields, form.route.as_ref(), Justification::Shown);
        let lines = terms::lines(&mut fields, &form.lines, on);
        let funders = terms::funders(&mut fields, &form.funders, on);
        let verdict = fields.finish(|| {
            let question = CallOffQuestion {
                council: council?,
                provider: provider.as_ref()?,
                urn: urn.as_ref()?,
                provision: provision.as_deref()?,
                grade: grade.as_deref()?,
                age_years: age_years?,
                on,
                start: start?,
                route: route.as_ref()?,
                lines: lines.as_deref()?,
                funders: funders.as_deref()?,
                shown: Shown::default(),
            };
            Some(self.frameworks.read(|state| judge_call_off(state, &question)))
        })?;
        Ok(Response::new(render::verdict(&verdict.evidence)))
    }
}

/// What a caller is to a framework.
pub(super) fn onlooker<'a>(caller: &'a Caller, framework: &FrameworkId) -> Onlooker<'a> {
    match &caller.role {
        Role::FrameworkLead(own) if own == framework => Onlooker::Lead,
        Role::Council(council) => Onlooker::Council(*council),
        Role::Provider(provider) => Onlooker::Provider(provider),
        Role::FrameworkLead(_) | Role::Service(_) => Onlooker::Stranger,
    }
}

/// A council sees the providers and prices of a framework that it is or was a member of; others do not learn of them.
/// A provider may ask, and is shown its own; a lead has been found to be this framework's.
pub(super) fn may_see_providers(caller: &Caller, framework: &Framework) -> bool {
    match &caller.role {
        Role::Council(council) => framework.is_or_was_member(*council, london_date(caller.at)),
        Role::Provider(_) | Role::FrameworkLead(_) => true,
        Role::Service(_) => false,
    }
}
