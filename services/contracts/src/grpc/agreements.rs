//! Methods about agreements.

use super::Answer;
use super::fields::{REASON_CHARS_MAX, etag, own_agreement};
use crate::render::Viewer;
use crate::{Contracts, render};
use api::contracts as proto;
use care::{AgreementId, CouncilId, Date, ProviderId, code_sets, london_date};
use contracts_domain::Agreements;
use contracts_domain::agreements::{Agreement, AgreementCommand, AgreementEvent, PlacementStep};
use engine::Engine;
use prost::{Message, Name};
use service_kit::{Caller, Fields, Role, agreement_name, not_found, page, run_command, terms};
use std::cmp::Ordering;
use std::ops::Bound;
use tonic::{Request, Response, Status};

/// Whose agreements are listed.
enum Parent {
    Council(CouncilId),
    Provider(ProviderId),
}

impl Contracts {
    pub(super) fn agreement(
        &self,
        request: &Request<proto::GetAgreementRequest>,
    ) -> Answer<proto::Agreement> {
        let caller = Caller::of(request)?;
        let name = &request.get_ref().name;
        let mut fields = Fields::new();
        let found = fields.council_resource::<AgreementId>("name", name, "agreements");
        let (council, id) = fields.finish(|| found)?;
        let viewer = match &caller.role {
            Role::Provider(_) => Viewer::Provider { today: london_date(caller.at) },
            Role::Council(_) | Role::FrameworkLead(_) | Role::Service(_) => {
                caller.require_council(council)?;
                Viewer::Council
            }
        };
        let may_see = |agreement: &&Agreement| match &caller.role {
            Role::Provider(own) => agreement.issued.provider == *own,
            Role::Council(_) | Role::FrameworkLead(_) | Role::Service(_) => true,
        };
        let look = |state: &Agreements| {
            let agreement = state.agreements.get(&id).filter(may_see)?;
            Some(render::render_agreement_whole(agreement, viewer))
        };
        let agreement = self.agreements.get(&council).and_then(|engine| engine.read(look));
        agreement.map(Response::new).ok_or_else(|| not_found("AGREEMENT_UNKNOWN", name))
    }

    pub(super) fn agreement_page(
        &self,
        request: &Request<proto::ListAgreementsRequest>,
    ) -> Answer<proto::ListAgreementsResponse> {
        let caller = Caller::of(request)?;
        let form = request.get_ref();
        let mut fields = Fields::new();
        let parent = if form.parent.starts_with("providers/") {
            fields.provider("parent", &form.parent).map(Parent::Provider)
        } else {
            fields.council("parent", &form.parent).map(Parent::Council)
        };
        match &parent {
            Some(Parent::Council(council)) => caller.require_council(*council)?,
            Some(Parent::Provider(provider)) => caller.require_provider(provider)?,
            None => {}
        }
        let status = proto::AgreementStatus::try_from(form.status).ok();
        if status.is_none() {
            fields.violation("status", format!("{} is not a status of an agreement", form.status));
        }
        let (parent, status) = fields.finish(|| parent.zip(status))?;
        let (agreements, next_page_token) = page::page_of(form, |after: Option<String>| {
            self.agreements_after(&parent, status, london_date(caller.at), after.unwrap_or_default())
        })?;
        Ok(Response::new(proto::ListAgreementsResponse { agreements, next_page_token }))
    }

    /// The agreements of a parent after the key `{gss}/{uuid}`, each with its key, in their order. Only ids are collected
    /// under an engine's lock, and no more of a council's than fill a page.
    fn agreements_after<'a>(
        &'a self,
        parent: &'a Parent,
        status: proto::AgreementStatus,
        today: Date,
        after: String,
    ) -> impl Iterator<Item = (String, proto::Agreement)> + 'a {
        let (viewer, provider, only) = match parent {
            Parent::Council(council) => (Viewer::Council, None, Some(*council)),
            Parent::Provider(provider) => (Viewer::Provider { today }, Some(provider), None),
        };
        let mine = move |council: &CouncilId| only.is_none_or(|only| only == *council);
        self.agreements.iter().filter(move |(council, _)| mine(council)).flat_map(move |(council, engine)| {
            let (after_council, after_id) = after.split_once('/').unwrap_or_default();
            let ids = match council.gss().cmp(after_council) {
                Ordering::Less => Vec::new(),
                Ordering::Equal => {
                    engine.read(|state| ids_after(state, provider, status, after_id.parse().ok()))
                }
                Ordering::Greater => engine.read(|state| ids_after(state, provider, status, None)),
            };
            ids.into_iter().filter_map(move |id| {
                let look = |state: &Agreements| {
                    state.agreements.get(&id).map(|found| render::render_agreement(found, viewer))
                };
                Some((format!("{council}/{id}"), engine.read(look)?))
            })
        })
    }

    pub(super) async fn start(
        &self,
        request: Request<proto::StartPlacementRequest>,
    ) -> Answer<proto::Agreement> {
        let caller = Caller::of(&request)?;
        let form = request.into_inner();
        let mut fields = Fields::new();
        let found = own_agreement(&mut fields, &caller, &form.name)?;
        let on = fields.date("on", &form.on);
        let correction = fields.text_optional("correction", &form.correction, REASON_CHARS_MAX);
        let expected = etag(&mut fields, &form.etag);
        let (found, expected, on, correction) =
            fields.finish(|| Some((found?, expected?, on?, correction?)))?;
        let step = if correction.is_empty() {
            PlacementStep::Start { on }
        } else {
            PlacementStep::CorrectStart { on, correction }
        };
        self.step(&caller, &form, &form.request_id, found, expected, step).await
    }

    pub(super) async fn end(&self, request: Request<proto::EndPlacementRequest>) -> Answer<proto::Agreement> {
        let caller = Caller::of(&request)?;
        let form = request.into_inner();
        let mut fields = Fields::new();
        let found = own_agreement(&mut fields, &caller, &form.name)?;
        let on = fields.date("on", &form.on);
        // A departure is coded by the collection year it falls in, which is not always that of the telling.
        let coded_on = on.unwrap_or_else(|| london_date(caller.at));
        let reason = fields.code("reason", code_sets::REASON_PLACE_CHANGE, &form.reason, coded_on);
        let ending = if form.ending.is_empty() {
            Some(None)
        } else {
            fields.code("ending", code_sets::PLACEMENT_END, &form.ending, coded_on).map(Some)
        };
        let correction = fields.text_optional("correction", &form.correction, REASON_CHARS_MAX);
        let expected = etag(&mut fields, &form.etag);
        let (found, expected, on, reason, ending, correction) =
            fields.finish(|| Some((found?, expected?, on?, reason?, ending?, correction?)))?;
        let step = if correction.is_empty() {
            PlacementStep::End { on, reason, ending }
        } else {
            PlacementStep::CorrectEnd { on, reason, ending, correction }
        };
        self.step(&caller, &form, &form.request_id, found, expected, step).await
    }

    pub(super) async fn stay(&self, request: Request<proto::WithdrawEndRequest>) -> Answer<proto::Agreement> {
        let caller = Caller::of(&request)?;
        let form = request.into_inner();
        let mut fields = Fields::new();
        let found = own_agreement(&mut fields, &caller, &form.name)?;
        let reason = fields.text("reason", &form.reason, REASON_CHARS_MAX);
        let expected = etag(&mut fields, &form.etag);
        let (found, expected, reason) = fields.finish(|| Some((found?, expected?, reason?)))?;
        let step = PlacementStep::WithdrawEnd { reason };
        self.step(&caller, &form, &form.request_id, found, expected, step).await
    }

    pub(super) async fn cancel(
        &self,
        request: Request<proto::CancelAgreementRequest>,
    ) -> Answer<proto::Agreement> {
        let caller = Caller::of(&request)?;
        let form = request.into_inner();
        let mut fields = Fields::new();
        let found = own_agreement(&mut fields, &caller, &form.name)?;
        let today = london_date(caller.at);
        let reason = fields.code("reason", code_sets::REASON_PLACE_CHANGE, &form.reason, today);
        let expected = etag(&mut fields, &form.etag);
        let (found, expected, reason) = fields.finish(|| Some((found?, expected?, reason?)))?;
        let step = PlacementStep::Cancel { reason };
        self.step(&caller, &form, &form.request_id, found, expected, step).await
    }

    pub(super) async fn stay_put(
        &self,
        request: Request<proto::StartStayingPutRequest>,
    ) -> Answer<proto::Agreement> {
        let caller = Caller::of(&request)?;
        let form = request.into_inner();
        let mut fields = Fields::new();
        let found = own_agreement(&mut fields, &caller, &form.name)?;
        let on = fields.date("on", &form.on);
        let lines = terms::lines(&mut fields, &form.lines, london_date(caller.at));
        let expected = etag(&mut fields, &form.etag);
        let (found, expected, on, lines) = fields.finish(|| Some((found?, expected?, on?, lines?)))?;
        let step = PlacementStep::StayPut { on, lines };
        self.step(&caller, &form, &form.request_id, found, expected, step).await
    }

    pub(super) async fn leave_staying_put(
        &self,
        request: Request<proto::EndStayingPutRequest>,
    ) -> Answer<proto::Agreement> {
        let caller = Caller::of(&request)?;
        let form = request.into_inner();
        let mut fields = Fields::new();
        let found = own_agreement(&mut fields, &caller, &form.name)?;
        let on = fields.date("on", &form.on);
        let correction = fields.text_optional("correction", &form.correction, REASON_CHARS_MAX);
        let expected = etag(&mut fields, &form.etag);
        let (found, expected, on, correction) =
            fields.finish(|| Some((found?, expected?, on?, correction?)))?;
        let correction = Some(correction).filter(|it| !it.is_empty());
        let step = PlacementStep::EndStayingPut { on, correction };
        self.step(&caller, &form, &form.request_id, found, expected, step).await
    }

    async fn step<Req: Message + Name>(
        &self,
        caller: &Caller,
        request: &Req,
        request_id: &str,
        (council, agreement): (CouncilId, AgreementId),
        expected_version: Option<u32>,
        step: PlacementStep,
    ) -> Answer<proto::Agreement> {
        let engine = self.own_engine(council, agreement)?;
        let command = AgreementCommand::Placement { agreement, expected_version, step, at: caller.at };
        let answer =
            move |state: &Agreements, _: &[AgreementEvent]| render::agreement_after(state, agreement);
        run_command(engine, caller, request, request_id, command, answer).await
    }

    /// The engine of a council, whose own agreements alone it can hold.
    pub(super) fn own_engine(
        &self,
        council: CouncilId,
        agreement: AgreementId,
    ) -> Result<&Engine<Agreements>, Status> {
        let unknown = || not_found("AGREEMENT_UNKNOWN", &agreement_name(council, agreement));
        self.agreements.get(&council).ok_or_else(unknown)
    }
}

fn ids_after(
    state: &Agreements,
    provider: Option<&ProviderId>,
    status: proto::AgreementStatus,
    after: Option<AgreementId>,
) -> Vec<AgreementId> {
    let wanted = |id: &&AgreementId| {
        let has = |agreement: &Agreement| render::status(agreement.status()) == status;
        status == proto::AgreementStatus::Unspecified || state.agreements.get(id).is_some_and(has)
    };
    let range = (after.map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded);
    // One more than a page, so that it shows whether there is another.
    let enough = page::PAGE_SIZE_MAX + 1;
    match provider {
        None => {
            state.agreements.range(range).map(|(id, _)| id).filter(wanted).take(enough).copied().collect()
        }
        Some(provider) => {
            let own = state.by_provider.get(provider).into_iter();
            own.flat_map(|ids| ids.range(range)).filter(wanted).take(enough).copied().collect()
        }
    }
}
