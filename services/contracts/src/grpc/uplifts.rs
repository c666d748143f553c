//! Methods about uplifts: asked by a provider, negotiated once for the region.

use super::Answer;
use super::fields::{REASON_CHARS_MAX, by_level};
use super::frameworks::may_see_providers;
use super::prices::date_with;
use crate::{Contracts, render};
use api::contracts as proto;
use care::{Date, FrameworkId, london_date};
use contracts_domain::frameworks::{
    Change, Recommended, Uplift, UpliftAmount, UpliftAsked, UpliftNegotiation,
};
use contracts_domain::{FrameworkCommand, FrameworkEvent, Frameworks};
use service_kit::{Caller, Fields, Role, not_found, page, run_command};
use tonic::{Request, Response};

impl Contracts {
    pub(super) async fn ask_uplift(
        &self,
        request: Request<proto::RequestUpliftRequest>,
    ) -> Answer<proto::Uplift> {
        let caller = Caller::of(&request)?;
        let form = request.into_inner();
        let mut fields = Fields::new();
        let provider = fields.provider("provider", &form.provider);
        if let Some(provider) = &provider {
            caller.require_provider(provider)?;
        }
        let framework = fields.framework("parent", &form.parent);
        let lot = fields.parse_optional("lot", &form.lot);
        let amount = amount(&mut fields, "amount", form.amount.as_ref());
        let from = fields.date("from", &form.from);
        let grounds = fields.text("grounds", &form.grounds, REASON_CHARS_MAX);
        let today = london_date(caller.at);
        let command = fields.finish(|| {
            let (provider, lot, amount) = (provider?, lot?, amount?);
            let asked = UpliftAsked { provider, lot, amount, from: from?, grounds: grounds? };
            let change = Change::RequestUplift { asked, today };
            Some(FrameworkCommand { framework: framework?, expected_version: None, change })
        })?;
        let id = command.framework.clone();
        let answer = move |state: &Frameworks, events: &[FrameworkEvent]| {
            let number = events.iter().find_map(|event| match event {
                FrameworkEvent::UpliftRequested(requested) => Some(requested.number),
                _ => None,
            });
            number.and_then(|number| shown(state, &id, number, today)).unwrap_or_default()
        };
        run_command(&self.frameworks, &caller, &form, &form.request_id, command, answer).await
    }

    pub(super) async fn negotiate(
        &self,
        request: Request<proto::NegotiateUpliftRequest>,
    ) -> Answer<proto::Uplift> {
        let caller = Caller::of(&request)?;
        let form = request.into_inner();
        let mut fields = Fields::new();
        let named = fields.child_resource::<FrameworkId, u32>("name", &form.name, "frameworks", "uplifts");
        let unknown = || not_found("UPLIFT_UNKNOWN", &form.name);
        if let Some((framework, _)) = &named
            && let Role::FrameworkLead(_) = caller.role
        {
            caller.require_framework(framework)?;
        }
        let recommended = match &form.recommended {
            None => Some(None),
            given => amount(&mut fields, "recommended", given.as_ref()).map(Some),
        };
        let from = date_with(&mut fields, "from", &form.from, form.recommended.is_some());
        let reason = fields.text("reason", &form.reason, REASON_CHARS_MAX);
        let (framework, number) = match named {
            Some(named) => named,
            None => return fields.finish(|| None),
        };
        let today = london_date(caller.at);
        // A council negotiates in its own name; the lead in that of the council that leads.
        let by = self.frameworks.read(|state| {
            let found = state.get(&framework)?;
            match &caller.role {
                Role::Council(council) => {
                    Some(*council).filter(|council| found.is_or_was_member(*council, today))
                }
                Role::FrameworkLead(_) => Some(found.lead),
                Role::Provider(_) | Role::Service(_) => None,
            }
        });
        let by = by.ok_or_else(unknown)?;
        let command = fields.finish(|| {
            let recommended = recommended?.zip(from?).map(|(amount, from)| Recommended { amount, from });
            let negotiation = UpliftNegotiation { by, recommended, reason: reason?, on: today };
            let change = Change::NegotiateUplift { number, negotiation };
            Some(FrameworkCommand { framework: framework.clone(), expected_version: None, change })
        })?;
        let answer = move |state: &Frameworks, _: &[FrameworkEvent]| {
            shown(state, &framework, number, today).unwrap_or_default()
        };
        run_command(&self.frameworks, &caller, &form, &form.request_id, command, answer).await
    }

    pub(super) fn uplift_page(
        &self,
        request: &Request<proto::ListUpliftsRequest>,
    ) -> Answer<proto::ListUpliftsResponse> {
        let caller = Caller::of(request)?;
        let form = request.get_ref();
        let mut fields = Fields::new();
        let id = fields.framework("parent", &form.parent);
        let state = proto::UpliftState::try_from(form.state).ok();
        if state.is_none() {
            fields.violation("state", format!("{} is not a state of an uplift", form.state));
        }
        if let (Role::FrameworkLead(_), Some(id)) = (&caller.role, &id) {
            caller.require_framework(id)?;
        }
        let (id, wanted) = fields.finish(|| id.zip(state))?;
        let is_wanted = |uplift: &Uplift| {
            let own = match &caller.role {
                Role::Provider(own) => uplift.asked.provider == *own,
                Role::Council(_) | Role::FrameworkLead(_) | Role::Service(_) => true,
            };
            let state = wanted == proto::UpliftState::Unspecified || wanted == render::uplift_state(uplift);
            own && state
        };
        let today = london_date(caller.at);
        let (uplifts, next_page_token) = self.frameworks.read(|state| {
            let framework = state.get(&id).filter(|framework| may_see_providers(&caller, framework));
            let framework = framework.ok_or_else(|| not_found("FRAMEWORK_UNKNOWN", &form.parent))?;
            page::page_of(form, |after: Option<u32>| {
                let first = after.map_or(0, |after| after.saturating_add(1));
                let later = framework.uplifts.range(first..).filter(|(_, uplift)| is_wanted(uplift));
                later.map(|(number, uplift)| {
                    let link = framework.link_authority(&uplift.asked.provider, today);
                    (*number, render::uplift(&id, *number, uplift, link))
                })
            })
        })?;
        Ok(Response::new(proto::ListUpliftsResponse { uplifts, next_page_token }))
    }
}

fn shown(state: &Frameworks, id: &FrameworkId, number: u32, today: Date) -> Option<proto::Uplift> {
    let framework = state.get(id)?;
    let uplift = framework.uplifts.get(&number)?;
    Some(render::uplift(id, number, uplift, framework.link_authority(&uplift.asked.provider, today)))
}

/// By how much: a part of the fee, or pence by level.
pub(super) fn amount(
    fields: &mut Fields,
    field: &str,
    given: Option<&proto::UpliftAmount>,
) -> Option<UpliftAmount> {
    let either = "give basis_points, or the rise of some levels, and not both";
    match given {
        None => {
            fields.violation(field, either);
            None
        }
        Some(given) if given.levels.is_empty() => {
            let points = fields.number(&format!("{field}.basis_points"), given.basis_points, 1..=10_000)?;
            Some(UpliftAmount::BasisPoints(points))
        }
        Some(given) if given.basis_points != 0 => {
            fields.violation(field, either);
            None
        }
        Some(given) => {
            let levels = given.levels.iter().map(|rise| (rise.level.as_str(), rise.weekly_pence));
            let by_level = by_level(fields, &format!("{field}.levels"), "weekly_pence", levels)?;
            Some(UpliftAmount::ByLevel(by_level))
        }
    }
}
