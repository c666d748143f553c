//! Methods by which a lead changes a framework's procurement and discounts, and a council stops its own purchases.

use super::Answer;
use super::changes::Subject;
use super::fields::{REASON_CHARS_MAX, own_framework};
use super::prices;
use crate::{Contracts, render};
use api::contracts as proto;
use api::contracts::discount::{Amount, Rule};
use care::{CouncilId, Date, FrameworkId, Pence, code_sets, london_date};
use contracts_domain::frameworks::{
    Change, Discount, DiscountAmount, DiscountRule, Framework, Opening, SuspensionScope, deadlines,
};
use contracts_domain::{FrameworkCommand, FrameworkEvent, Frameworks};
use service_kit::{Caller, Fields, framework_name, not_found, run_command};
use tonic::{Request, Response, Status};

impl Contracts {
    pub(super) async fn reopen(
        &self,
        request: Request<proto::ReopenFrameworkRequest>,
    ) -> Answer<proto::Framework> {
        let caller = Caller::of(&request)?;
        let form = request.into_inner();
        let mut fields = Fields::new();
        let subject = Subject::read(&mut fields, &caller, ("name", &form.name), &form.etag)?;
        let (opens, closes) = (fields.date("opens", &form.opens), fields.date("closes", &form.closes));
        let command =
            subject.command(fields, || Some(Change::Reopen(Opening { opens: opens?, closes: closes? })))?;
        self.change_framework(&caller, &form, &form.request_id, command).await
    }

    pub(super) async fn extend(
        &self,
        request: Request<proto::ExtendFrameworkRequest>,
    ) -> Answer<proto::Framework> {
        let caller = Caller::of(&request)?;
        let form = request.into_inner();
        let mut fields = Fields::new();
        let subject = Subject::read(&mut fields, &caller, ("name", &form.name), &form.etag)?;
        let (to, today) = (fields.date("to", &form.to), london_date(caller.at));
        let reason = fields.text("reason", &form.reason, REASON_CHARS_MAX);
        let command = subject.command(fields, || Some(Change::Extend { to: to?, reason: reason?, today }))?;
        self.change_framework(&caller, &form, &form.request_id, command).await
    }

    pub(super) async fn agree(
        &self,
        request: Request<proto::AgreeDiscountRequest>,
    ) -> Answer<proto::Discount> {
        let caller = Caller::of(&request)?;
        let form = request.into_inner();
        let mut fields = Fields::new();
        let subject = Subject::read(&mut fields, &caller, ("parent", &form.parent), &form.etag)?;
        let given = form.discount.clone().unwrap_or_default();
        let today = london_date(caller.at);
        let discount = fields.beneath("discount", |fields| discount(fields, &given, today));
        let command = subject.command(fields, || Some(Change::AgreeDiscount(discount?)))?;
        let id = command.framework.clone();
        let answer = move |state: &Frameworks, events: &[FrameworkEvent]| {
            let number = events.iter().find_map(|event| match event {
                FrameworkEvent::DiscountAgreed(agreed) => Some(agreed.number),
                _ => None,
            });
            number.and_then(|number| shown_discount(state, &id, number)).unwrap_or_default()
        };
        run_command(&self.frameworks, &caller, &form, &form.request_id, command, answer).await
    }

    pub(super) async fn end_of_discount(
        &self,
        request: Request<proto::EndDiscountRequest>,
    ) -> Answer<proto::Discount> {
        let caller = Caller::of(&request)?;
        let form = request.into_inner();
        let mut fields = Fields::new();
        let named = numbered(&mut fields, &caller, &form.name, "discounts")?;
        let expected_version = super::fields::etag(&mut fields, &form.etag);
        let on = fields.date("on", &form.on);
        let (command, number) = fields.finish(|| {
            let (framework, number) = named?;
            let change = Change::EndDiscount { number, on: on? };
            Some((FrameworkCommand { framework, expected_version: expected_version?, change }, number))
        })?;
        let id = command.framework.clone();
        let answer = move |state: &Frameworks, _: &[FrameworkEvent]| {
            shown_discount(state, &id, number).unwrap_or_default()
        };
        run_command(&self.frameworks, &caller, &form, &form.request_id, command, answer).await
    }

    pub(super) async fn nominate(
        &self,
        request: Request<proto::NominateLinkAuthorityRequest>,
    ) -> Answer<proto::FrameworkProvider> {
        let caller = Caller::of(&request)?;
        let form = request.into_inner();
        let mut fields = Fields::new();
        let subject = Subject::read(&mut fields, &caller, ("parent", &form.parent), &form.etag)?;
        let provider = fields.provider("provider", &form.provider);
        let (council, today) = (fields.council("council", &form.council), london_date(caller.at));
        let command = subject.command(fields, || {
            Some(Change::NominateLinkAuthority { provider: provider?, council: council?, today })
        })?;
        self.change_provider(&caller, &form, &form.request_id, command).await
    }

    pub(super) async fn council_suspends(
        &self,
        request: Request<proto::SuspendForCouncilRequest>,
    ) -> Answer<proto::FrameworkProvider> {
        let caller = Caller::of(&request)?;
        let form = request.into_inner();
        let mut fields = Fields::new();
        let council = own_council(&mut fields, &caller, &form.parent)?;
        let framework = fields.framework("framework", &form.framework);
        let provider = fields.provider("provider", &form.provider);
        let urns = prices::establishments(&mut fields, "establishments", &form.establishments);
        let reason = fields.text("reason", &form.reason, REASON_CHARS_MAX);
        let from = fields.date("from", &form.from);
        let command = fields.finish(|| {
            let scope = SuspensionScope { urns: urns?, council };
            let (provider, reason, from) = (provider?, reason?, from?);
            let change = Change::SuspendProvider { provider, scope, reason, from };
            Some(FrameworkCommand { framework: framework?, expected_version: None, change })
        })?;
        self.known_to_member(&caller, &command.framework, council)?;
        self.change_provider(&caller, &form, &form.request_id, command).await
    }

    pub(super) async fn council_lifts(
        &self,
        request: Request<proto::LiftForCouncilRequest>,
    ) -> Answer<proto::FrameworkProvider> {
        let caller = Caller::of(&request)?;
        let form = request.into_inner();
        let mut fields = Fields::new();
        let council = own_council(&mut fields, &caller, &form.parent)?;
        let framework = fields.framework("framework", &form.framework);
        let provider = fields.provider("provider", &form.provider);
        let urns = prices::establishments(&mut fields, "establishments", &form.establishments);
        let on = fields.date("on", &form.on);
        let command = fields.finish(|| {
            let scope = SuspensionScope { urns: urns?, council };
            let change = Change::LiftSuspension { provider: provider?, scope, on: on? };
            Some(FrameworkCommand { framework: framework?, expected_version: None, change })
        })?;
        self.known_to_member(&caller, &command.framework, council)?;
        self.change_provider(&caller, &form, &form.request_id, command).await
    }

    /// Insists that a council is or was a member of a framework: to others it is as if there were none.
    fn known_to_member(
        &self,
        caller: &Caller,
        framework: &FrameworkId,
        council: Option<CouncilId>,
    ) -> Result<(), Status> {
        let today = london_date(caller.at);
        let is_member = |found: &Framework| council.is_some_and(|it| found.is_or_was_member(it, today));
        let known = self.frameworks.read(|state| state.get(framework).is_some_and(is_member));
        if known { Ok(()) } else { Err(not_found("FRAMEWORK_UNKNOWN", &framework_name(framework))) }
    }

    pub(super) fn clocks(
        &self,
        request: &Request<proto::GetFrameworkClocksRequest>,
    ) -> Answer<proto::FrameworkClocks> {
        let caller = Caller::of(request)?;
        let name = &request.get_ref().name;
        let mut fields = Fields::new();
        let id = fields.framework("name", name);
        let id = fields.finish(|| id)?;
        let today = london_date(caller.at);
        let due = self.frameworks.read(|state| state.get(&id).map(deadlines));
        let due = due.ok_or_else(|| not_found("FRAMEWORK_UNKNOWN", name))?;
        let clock = |deadline: contracts_domain::frameworks::FrameworkDeadline| proto::FrameworkClock {
            kind: deadline.rule.kind.to_owned(),
            due: deadline.due.to_string(),
            asks: deadline.rule.asks.to_owned(),
            source: deadline.rule.source.to_owned(),
            passed: deadline.due < today,
        };
        let clocks = due.into_iter().map(clock).collect();
        Ok(Response::new(proto::FrameworkClocks { name: framework_name(&id), clocks }))
    }
}

fn shown_discount(state: &Frameworks, id: &FrameworkId, number: u32) -> Option<proto::Discount> {
    state.get(id)?.discounts.get(&number).map(|discount| render::discount(id, number, discount))
}

/// The caller's own council. Another's is refused at once, whatever else may be wrong with the request.
fn own_council(fields: &mut Fields, caller: &Caller, name: &str) -> Result<Option<CouncilId>, Status> {
    let council = fields.council("parent", name);
    if let Some(council) = council {
        caller.require_council(council)?;
    }
    Ok(council)
}

/// A numbered thing of the caller's own framework. Another's is refused at once.
fn numbered(
    fields: &mut Fields,
    caller: &Caller,
    name: &str,
    collection: &str,
) -> Result<Option<(FrameworkId, u32)>, Status> {
    let named = fields.child_resource::<FrameworkId, u32>("name", name, "frameworks", collection);
    if let Some((framework, _)) = &named {
        own_framework(fields, caller, "name", &framework_name(framework))?;
    }
    Ok(named)
}

fn discount(fields: &mut Fields, given: &proto::Discount, today: Date) -> Option<Discount> {
    let lot = fields.parse_optional("lot", &given.lot);
    let provider = match given.provider.as_str() {
        "" => Some(None),
        name => fields.provider("provider", name).map(Some),
    };
    let rule = rule(fields, given.rule.as_ref(), today);
    let amount = match given.amount {
        Some(Amount::BasisPoints(points)) => {
            fields.number("basis_points", points, 1..=10_000).map(DiscountAmount::BasisPoints)
        }
        Some(Amount::WeeklyPence(pence)) => {
            let weekly = fields.number::<i64>("weekly_pence", pence, 1..=Pence::MAX_INPUT.0);
            weekly.map(|weekly| DiscountAmount::Weekly(Pence(weekly)))
        }
        None => {
            fields.violation("amount", "must be given: basis_points or weekly_pence");
            None
        }
    };
    let (from, until) = (fields.date("from", &given.from), fields.date_optional("until", &given.until));
    let (lot, provider, rule, amount) = (lot?, provider?, rule?, amount?);
    Some(Discount { lot, provider, rule, amount, from: from?, until: until? })
}

fn rule(fields: &mut Fields, given: Option<&Rule>, today: Date) -> Option<DiscountRule> {
    match given {
        Some(Rule::Sibling(sibling)) => {
            let nth = fields.number("sibling.nth", sibling.nth, 2..=20)?;
            Some(DiscountRule::Sibling { nth })
        }
        Some(Rule::LongTerm(long)) => {
            let after_weeks = fields.number("long_term.after_weeks", long.after_weeks, 1..=1_500)?;
            Some(DiscountRule::LongTerm { after_weeks })
        }
        Some(Rule::Volume(volume)) => {
            let placements = fields.number("volume.placements", volume.placements, 1..=10_000)?;
            Some(DiscountRule::Volume { placements, region: volume.region })
        }
        Some(Rule::StepDown(step)) => {
            let set = code_sets::PROVISION;
            let from_provision = fields.code("step_down.from_provision", set, &step.from_provision, today)?;
            Some(DiscountRule::StepDown { from_provision })
        }
        None => {
            fields.violation("rule", "must be given: sibling, long_term, volume or step_down");
            None
        }
    }
}
