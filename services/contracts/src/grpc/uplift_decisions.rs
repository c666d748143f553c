//! Methods about what a council decides of uplifts, and how it puts that right.

use super::Answer;
use super::amendments::{POST_CHARS_MAX, agreements_named};
use super::fields::REASON_CHARS_MAX;
use super::prices::date_with;
use super::uplifts::amount;
use crate::render::Viewer;
use crate::{Contracts, render};
use api::contracts as proto;
use care::{CouncilId, Date, FrameworkId, ProviderId, london_date};
use contracts_domain::agreements::terms::{
    CorrectUplift, DecideUplift, UpliftAnswer, UpliftDecision, UpliftSubject,
};
use contracts_domain::agreements::{AgreementCommand, AgreementEvent};
use contracts_domain::frameworks::UpliftAmount;
use contracts_domain::{Agreements, Frameworks};
use service_kit::{Caller, Fields, Role, not_found, page, run_command};
use tonic::{Request, Response};

impl Contracts {
    pub(super) async fn uplift(
        &self,
        request: Request<proto::DecideUpliftRequest>,
    ) -> Answer<proto::UpliftDecision> {
        let caller = Caller::of(&request)?;
        let form = request.into_inner();
        let mut fields = Fields::new();
        let council = fields.council("parent", &form.parent);
        if let Some(council) = council {
            caller.require_council(council)?;
        }
        let decision = decision(&mut fields, &form, council, &caller);
        let (council, decision) = fields.finish(|| council.zip(decision))?;
        let unknown = || not_found("COUNCIL_UNKNOWN", &form.parent);
        let engine = self.agreements.get(&council).ok_or_else(unknown)?;
        let facts = self.facts(&decision.provider);
        let command = AgreementCommand::DecideUplift { council, decision, facts };
        let answer = |state: &Agreements, _: &[AgreementEvent]| {
            let last = state.uplift_decisions.last_key_value();
            let shown = last.map(|(number, it)| render::uplift_decision(*number, it, Viewer::Council));
            shown.unwrap_or_default()
        };
        run_command(engine, &caller, &form, &form.request_id, command, answer).await
    }

    pub(super) async fn uplift_put_right(
        &self,
        request: Request<proto::CorrectUpliftRequest>,
    ) -> Answer<proto::UpliftDecision> {
        let caller = Caller::of(&request)?;
        let form = request.into_inner();
        let mut fields = Fields::new();
        let named = fields.council_resource::<u32>("name", &form.name, "upliftDecisions");
        if let Some((council, _)) = named {
            caller.require_council(council)?;
        }
        let council = named.map(|(council, _)| council);
        let right = match &form.accepted {
            None => Some(None),
            given => amount(&mut fields, "accepted", given.as_ref()).map(Some),
        };
        let from = date_with(&mut fields, "from", &form.from, form.accepted.is_some());
        let agreements = agreements_named(&mut fields, "agreements", &form.agreements, council);
        let reason = fields.text("reason", &form.reason, REASON_CHARS_MAX);
        let approver = fields.text("approver", &form.approver, POST_CHARS_MAX);
        let ((council, number), correction) = fields.finish(|| {
            let (council, decision) = named?;
            let correction = CorrectUplift {
                decision,
                right: right?.zip(from?),
                agreements: agreements?,
                reason: reason?,
                approver: approver?,
                at: caller.at,
            };
            Some(((council, decision), correction))
        })?;
        let unknown = || not_found("UPLIFT_DECISION_UNKNOWN", &form.name);
        let engine = self.agreements.get(&council).ok_or_else(unknown)?;
        let provider =
            |state: &Agreements| Some(state.uplift_decisions.get(&number)?.decided.provider.clone());
        let provider = engine.read(provider).ok_or_else(unknown)?;
        let facts = self.facts(&provider);
        let command = AgreementCommand::CorrectUplift { council, correction, facts };
        let answer = move |state: &Agreements, _: &[AgreementEvent]| {
            let found = state.uplift_decisions.get(&number);
            found.map(|it| render::uplift_decision(number, it, Viewer::Council)).unwrap_or_default()
        };
        run_command(engine, &caller, &form, &form.request_id, command, answer).await
    }

    pub(super) fn uplift_decision_page(
        &self,
        request: &Request<proto::ListUpliftDecisionsRequest>,
    ) -> Answer<proto::ListUpliftDecisionsResponse> {
        let caller = Caller::of(request)?;
        let form = request.get_ref();
        let mut fields = Fields::new();
        let council = fields.council("parent", &form.parent);
        let wanted = match form.provider.as_str() {
            "" => Some(None),
            name => fields.provider("provider", name).map(Some),
        };
        let (council, wanted) = fields.finish(|| council.zip(wanted))?;
        let viewer = match &caller.role {
            Role::Provider(own) => {
                if let Some(wanted) = &wanted {
                    caller.require_provider(wanted)?;
                }
                (Viewer::Provider { today: london_date(caller.at) }, Some(own))
            }
            Role::Council(_) | Role::FrameworkLead(_) | Role::Service(_) => {
                caller.require_council(council)?;
                (Viewer::Council, wanted.as_ref())
            }
        };
        let (viewer, of) = viewer;
        let unknown = || not_found("COUNCIL_UNKNOWN", &form.parent);
        let engine = self.agreements.get(&council).ok_or_else(unknown)?;
        let (decisions, next_page_token) = engine.read(|state| {
            page::page_of(form, |after: Option<u32>| {
                let later = decisions(state, of, after.map_or(0, |after| after.saturating_add(1)));
                later.map(move |(number, it)| (number, render::uplift_decision(number, it, viewer)))
            })
        })?;
        Ok(Response::new(proto::ListUpliftDecisionsResponse { decisions, next_page_token }))
    }

    /// The framework facts that a decision about a provider's prices goes by.
    pub(super) fn facts(&self, provider: &ProviderId) -> Frameworks {
        self.frameworks.read(|state| state.facts_for(provider))
    }
}

/// Decisions from a number on, of one provider or of all.
fn decisions<'a>(
    state: &'a Agreements,
    of: Option<&'a ProviderId>,
    first: u32,
) -> Box<dyn Iterator<Item = (u32, &'a UpliftDecision)> + 'a> {
    match of {
        Some(provider) => Box::new(state.decisions_of(provider).filter(move |(number, _)| *number >= first)),
        None => Box::new(state.uplift_decisions.range(first..).map(|(number, it)| (*number, it))),
    }
}

fn decision(
    fields: &mut Fields,
    form: &proto::DecideUpliftRequest,
    council: Option<CouncilId>,
    caller: &Caller,
) -> Option<DecideUplift> {
    let provider = fields.provider("provider", &form.provider);
    let subject = subject(fields, form);
    if form.negotiated_basis_points != 0 {
        fields.violation(
            "negotiated_basis_points",
            "must be left out: what was negotiated is read from `uplift`",
        );
    }
    let accepted = accepted(fields, form);
    let from: Option<Option<Date>> = fields.date_optional("from", &form.from);
    let agreements = agreements_named(fields, "agreements", &form.agreements, council);
    let reason = fields.text_optional("reason", &form.reason, REASON_CHARS_MAX);
    let approver = fields.text("approver", &form.approver, POST_CHARS_MAX);
    let (from, agreements) = (from?, agreements?);
    let answer = match accepted? {
        None => UpliftAnswer::Refused,
        Some(amount) => UpliftAnswer::Accepted { amount, from, agreements },
    };
    Some(DecideUplift {
        provider: provider?,
        subject: subject?,
        answer,
        reason: reason?,
        approver: approver?,
        at: caller.at,
    })
}

/// One of a framework, or one that no framework knows.
fn subject(fields: &mut Fields, form: &proto::DecideUpliftRequest) -> Option<UpliftSubject> {
    if form.uplift.is_empty() {
        let reference = fields.text("reference", &form.reference, POST_CHARS_MAX);
        let asked = fields.number::<u32>("asked_basis_points", form.asked_basis_points, 1..=10_000);
        return Some(UpliftSubject::Apart { reference: reference?, asked_basis_points: asked? });
    }
    let given =
        [("reference", !form.reference.is_empty()), ("asked_basis_points", form.asked_basis_points != 0)];
    for (field, _) in given.into_iter().filter(|(_, given)| *given) {
        fields.violation(field, "must be left out with `uplift`: it is read from there");
    }
    let named = fields.child_resource::<FrameworkId, u32>("uplift", &form.uplift, "frameworks", "uplifts");
    named.map(|(framework, number)| UpliftSubject::Framework { framework, number })
}

/// What the council accepts, in one of two fields; nothing where it refuses.
fn accepted(fields: &mut Fields, form: &proto::DecideUpliftRequest) -> Option<Option<UpliftAmount>> {
    match (&form.accepted, form.accepted_basis_points) {
        (None, 0) => Some(None),
        (None, points) => {
            let points = fields.number::<u32>("accepted_basis_points", points, 1..=10_000)?;
            Some(Some(UpliftAmount::BasisPoints(points)))
        }
        (given, 0) => amount(fields, "accepted", given.as_ref()).map(Some),
        (Some(_), _) => {
            fields.violation("accepted_basis_points", "must be left out where `accepted` is given");
            None
        }
    }
}
