//! Payment runs from proposal to bank, what comes back, and how promptly a council pays.

use super::ask;
use crate::Invoicing;
use crate::render::{invoice_name, payments as render};
use api::invoicing as proto;
use care::{CouncilId, PaymentRunId, Pence, ProviderId, london_date};
use invoicing_domain as domain;
use invoicing_domain::{
    InvoicingEvent, PaymentStep, ProposePaymentRun, RecordPaymentReturned, ReturnOf, State, limits,
};
use service_kit::page::page_of;
use service_kit::{Caller, Fields, not_found, run_command};
use std::collections::BTreeSet;
use tonic::{Response, Status};

/// How many providers one proposal names.
const PROVIDERS_MAX: usize = 200;

/// Where there is a run, it as it stands.
fn shown(state: &State, run: PaymentRunId) -> proto::PaymentRun {
    let run = state.payments.runs.get(&run);
    run.map_or_else(proto::PaymentRun::default, |run| render::run(state, run))
}

pub(super) async fn propose_payment_run(
    service: &Invoicing,
    caller: &Caller,
    request: proto::ProposePaymentRunRequest,
) -> Result<Response<proto::PaymentRun>, Status> {
    let mut fields = Fields::new();
    let council = fields.council("parent", &request.parent);
    let pay_on = fields.date_optional("pay_on", &request.pay_on);
    let due_by = fields.date_optional("due_by", &request.due_by);
    let mut providers = BTreeSet::new();
    if fields.at_most("providers", request.providers.len(), PROVIDERS_MAX).is_some() {
        for (i, name) in request.providers.iter().enumerate() {
            providers.extend(fields.provider(&format!("providers[{i}]"), name));
        }
    }
    let (council, pay_on, due_by) = fields.finish(|| Some((council?, pay_on?, due_by?)))?;
    caller.require_council(council)?;
    let ledger = service.ledger_of(council)?;
    let step = PaymentStep::Propose(ProposePaymentRun { pay_on, due_by, providers });
    let command = ask(caller, council, &request.request_id, step);
    let render = |state: &State, events: &[InvoicingEvent]| {
        let run = events.iter().find_map(|event| match event {
            InvoicingEvent::PaymentRunProposed(proposed) => Some(proposed.run),
            _ => None,
        });
        run.map_or_else(proto::PaymentRun::default, |run| shown(state, run))
    };
    run_command(ledger, caller, &request, &request.request_id, command, render).await
}

pub(super) async fn approve_payment_run(
    service: &Invoicing,
    caller: &Caller,
    request: proto::ApprovePaymentRunRequest,
) -> Result<Response<proto::PaymentRun>, Status> {
    let mut fields = Fields::new();
    let name = fields.council_resource("name", &request.name, "paymentRuns");
    let (council, run) = fields.finish(|| name)?;
    caller.require_council(council)?;
    let ledger = service.ledger_of(council)?;
    let command = ask(caller, council, &request.request_id, PaymentStep::Approve(run));
    let render = move |state: &State, _: &[_]| shown(state, run);
    run_command(ledger, caller, &request, &request.request_id, command, render).await
}

pub(super) async fn reject_payment_run(
    service: &Invoicing,
    caller: &Caller,
    request: proto::RejectPaymentRunRequest,
) -> Result<Response<proto::PaymentRun>, Status> {
    let mut fields = Fields::new();
    let name = fields.council_resource("name", &request.name, "paymentRuns");
    let reason = fields.text("reason", &request.reason, limits::PAYMENT_TEXT_CHARS_MAX);
    let ((council, run), reason) = fields.finish(|| Some((name?, reason?)))?;
    caller.require_council(council)?;
    let ledger = service.ledger_of(council)?;
    let command = ask(caller, council, &request.request_id, PaymentStep::Reject { run, reason });
    let render = move |state: &State, _: &[_]| shown(state, run);
    run_command(ledger, caller, &request, &request.request_id, command, render).await
}

/// Looks at a run of the caller's council.
pub(super) fn look_at<T>(
    service: &Invoicing,
    caller: &Caller,
    council: CouncilId,
    run: PaymentRunId,
    look: impl FnOnce(&State, &domain::PaymentRun) -> T,
) -> Result<T, Status> {
    caller.require_council(council)?;
    let found =
        service.ledger_of(council)?.read(|state| state.payments.runs.get(&run).map(|run| look(state, run)));
    found.ok_or_else(|| not_found("PAYMENT_RUN_UNKNOWN", &render::run_name(council, run)))
}

pub(super) fn get_payment_run(
    service: &Invoicing,
    caller: &Caller,
    request: &proto::GetPaymentRunRequest,
) -> Result<proto::PaymentRun, Status> {
    let mut fields = Fields::new();
    let name = fields.council_resource("name", &request.name, "paymentRuns");
    let (council, run) = fields.finish(|| name)?;
    look_at(service, caller, council, run, render::run)
}

pub(super) fn list_payment_runs(
    service: &Invoicing,
    caller: &Caller,
    request: &proto::ListPaymentRunsRequest,
) -> Result<proto::ListPaymentRunsResponse, Status> {
    let mut fields = Fields::new();
    let council = fields.council("parent", &request.parent);
    let status = fields.check("status", proto::PaymentRunStatus::try_from(request.status));
    let (council, status) = fields.finish(|| Some((council?, status?)))?;
    caller.require_council(council)?;
    let wanted = |run: &domain::PaymentRun| {
        status == proto::PaymentRunStatus::Unspecified || render::run_status(run.status()) == status
    };
    let (payment_runs, next_page_token) = service.ledger_of(council)?.read(|state| {
        page_of(request, |after: Option<u32>| {
            let first = usize::try_from(after.unwrap_or(0)).unwrap_or(usize::MAX);
            let ids = state.payments.run_numbers.iter().skip(first);
            ids.filter_map(|id| state.payments.runs.get(id))
                .filter(|run| wanted(run))
                .map(|run| (run.proposed.number, render::run_head(run)))
        })
    })?;
    Ok(proto::ListPaymentRunsResponse { payment_runs, next_page_token })
}

/// Of which payment a name tells: of a run that paid a provider, or of an invoice.
fn returned_of(
    fields: &mut Fields,
    request: &proto::RecordPaymentReturnedRequest,
) -> Option<(CouncilId, ReturnOf)> {
    if request.name.contains("/paymentRuns/") {
        let name = fields.council_resource("name", &request.name, "paymentRuns");
        let provider = fields.provider("provider", &request.provider);
        let ((council, run), provider): (_, ProviderId) = (name?, provider?);
        return Some((council, ReturnOf::Run(run, provider)));
    }
    let name = fields.council_resource("name", &request.name, "invoices");
    if !request.provider.is_empty() {
        fields.violation("provider", "an invoice has one provider: leave it out, or name a payment run");
    }
    let (council, invoice) = name?;
    Some((council, ReturnOf::Invoice(invoice)))
}

pub(super) async fn record_payment_returned(
    service: &Invoicing,
    caller: &Caller,
    request: proto::RecordPaymentReturnedRequest,
) -> Result<Response<proto::RecordPaymentReturnedResponse>, Status> {
    let mut fields = Fields::new();
    let of = returned_of(&mut fields, &request);
    let returned_on = fields.date_optional("returned_on", &request.returned_on);
    let reason = fields.text("reason", &request.reason, limits::PAYMENT_TEXT_CHARS_MAX);
    let ((council, of), returned_on, reason) = fields.finish(|| Some((of?, returned_on?, reason?)))?;
    caller.require_council(council)?;
    let ledger = service.ledger_of(council)?;
    let step = PaymentStep::Returned(RecordPaymentReturned { of, returned_on, reason });
    let command = ask(caller, council, &request.request_id, step);
    let render = move |_: &State, events: &[InvoicingEvent]| {
        let returned = events.iter().filter_map(|event| match event {
            InvoicingEvent::PaymentReturned(returned) => Some(returned),
            _ => None,
        });
        let amount: Pence = returned.clone().map(|it| it.amount).sum();
        proto::RecordPaymentReturnedResponse {
            invoices: returned.map(|it| invoice_name(council, it.invoice)).collect(),
            amount_pence: amount.0,
        }
    };
    run_command(ledger, caller, &request, &request.request_id, command, render).await
}

pub(super) fn get_prompt_payment(
    service: &Invoicing,
    caller: &Caller,
    request: &proto::GetPromptPaymentRequest,
) -> Result<proto::PromptPayment, Status> {
    let mut fields = Fields::new();
    let council = fields.council("parent", &request.parent);
    let from = fields.date_optional("from", &request.from);
    let to = fields.date_optional("to", &request.to);
    match (from, to) {
        (Some(Some(from)), Some(Some(to))) if to < from => {
            fields.violation("to", format!("{to} is before {from}, the first day"));
        }
        (Some(None), Some(Some(_))) => fields.violation("from", "give both days, or neither"),
        (Some(Some(_)), Some(None)) => fields.violation("to", "give both days, or neither"),
        _ => {}
    }
    let (council, from, to) = fields.finish(|| Some((council?, from?, to?)))?;
    caller.require_council(council)?;
    let period = from.zip(to).unwrap_or_else(|| domain::reporting_period(london_date(caller.at)));
    let figures = service.ledger_of(council)?.read(|state| domain::prompt_payment(state, period.0, period.1));
    Ok(render::prompt_payment(council, period, &figures))
}
