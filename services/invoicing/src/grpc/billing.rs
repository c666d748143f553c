//! What changes a ledger: charging, billing, paying and closing.

use super::{agreement_of, known};
use crate::Invoicing;
use crate::render;
use crate::runs::{INVOICES_MAX, Run, given_or_made};
use api::invoicing::{
    AccrueNightsRequest, AccrueNightsResponse, ClosePeriodRequest, Invoice, IssueInvoicesRequest,
    IssueInvoicesResponse, Period, RecordPaymentRequest,
};
use care::{AgreementId, Pence, ProviderId, london_date};
use invoicing_domain::{Ask, Cause, ClosePeriod, Command, RecordPayment, RunId, RunKind, State};
use service_kit::{Caller, Fields, council_name, run_command};
use std::collections::BTreeSet;
use tonic::{Response, Status};

pub(super) async fn accrue_nights(
    service: &Invoicing,
    caller: &Caller,
    request: AccrueNightsRequest,
) -> Result<Response<AccrueNightsResponse>, Status> {
    let mut fields = Fields::new();
    let council = fields.council("parent", &request.parent);
    let through = fields.date("through", &request.through);
    let agreement = agreement_of(&mut fields, council, &request.agreement);
    let (council, through, agreement) = fields.finish(|| Some((council?, through?, agreement?)))?;
    caller.require_council(council)?;
    let ledger = service.ledger_of(council)?;
    known(ledger, agreement)?;
    let run = Run::new(ledger, caller, council, &request.request_id, RunKind::Accrual, through);
    if run.begin(&request).await? {
        let today = london_date(caller.at);
        let due = ledger.read(|state| [state.to_accrue(through), state.to_commit(today)].concat());
        let due = due.into_iter().filter(|id| agreement.is_none_or(|only| only == *id));
        // What has nights to charge and a year to commit is one command.
        let agreements: Vec<AgreementId> = due.collect::<BTreeSet<_>>().into_iter().collect();
        run.accrue(&agreements).await?;
    }
    run.finish(&request, render_accrual).await
}

fn render_accrual(state: &State, run: RunId) -> AccrueNightsResponse {
    let finished = state.runs.get(&run).and_then(|run| run.finished.as_ref());
    finished.map_or_else(AccrueNightsResponse::default, |finished| AccrueNightsResponse {
        agreements_charged: i64::try_from(finished.items).unwrap_or(i64::MAX),
        nights_charged: finished.nights,
        charged_pence: finished.amount.0,
    })
}

pub(super) async fn issue_invoices(
    service: &Invoicing,
    caller: &Caller,
    request: IssueInvoicesRequest,
) -> Result<Response<IssueInvoicesResponse>, Status> {
    let mut fields = Fields::new();
    let council = fields.council("parent", &request.parent);
    let through = fields.date("through", &request.through);
    let provider = if request.provider.is_empty() {
        Some(None)
    } else {
        fields.provider("provider", &request.provider).map(Some)
    };
    let (council, through, provider) = fields.finish(|| Some((council?, through?, provider?)))?;
    caller.require_council(council)?;
    let ledger = service.ledger_of(council)?;
    let run = Run::new(ledger, caller, council, &request.request_id, RunKind::Invoicing, through);
    if run.begin(&request).await? {
        run.invoice(provider.as_ref()).await?;
    }
    run.finish(&request, move |state, run| render_invoices(state, run, provider.as_ref())).await
}

fn render_invoices(state: &State, run: RunId, only: Option<&ProviderId>) -> IssueInvoicesResponse {
    let Some(run) = state.runs.get(&run) else {
        return IssueInvoicesResponse::default();
    };
    let issued = run.invoices.iter().filter_map(|id| state.invoices.get(id));
    let due = state.to_invoice(run.through);
    IssueInvoicesResponse {
        invoices: issued.take(INVOICES_MAX).map(render::invoice_head).collect(),
        invoices_issued: render::count(run.invoices.len()),
        net_pence: run.amount.0,
        more_due: due.iter().any(|provider| only.is_none_or(|only| only == provider)),
    }
}

pub(super) async fn record_payment(
    service: &Invoicing,
    caller: &Caller,
    request: RecordPaymentRequest,
) -> Result<Response<Invoice>, Status> {
    let mut fields = Fields::new();
    let name = fields.council_resource("name", &request.name, "invoices");
    let paid_on = fields.date_optional("paid_on", &request.paid_on);
    let amount = (request.amount_pence != 0).then_some(Pence(request.amount_pence));
    let ((council, invoice), paid_on) = fields.finish(|| Some((name?, paid_on?)))?;
    caller.require_council(council)?;
    let ledger = service.ledger_of(council)?;
    let command = Command {
        council,
        cause: Cause::request(&caller.actor(), &given_or_made(&request.request_id)),
        at: caller.at,
        ask: Ask::RecordPayment(RecordPayment { invoice, amount, paid_on, by: caller.subject.clone() }),
    };
    let render = move |state: &State, _: &[_]| {
        let sent = || state.supplier.invoices.get(&invoice).map(|it| render::supplier::as_paid(it));
        let made = state.invoices.get(&invoice).map(render::invoice_head);
        made.or_else(sent).unwrap_or_default()
    };
    run_command(ledger, caller, &request, &request.request_id, command, render).await
}

pub(super) async fn close_period(
    service: &Invoicing,
    caller: &Caller,
    request: ClosePeriodRequest,
) -> Result<Response<Period>, Status> {
    let mut fields = Fields::new();
    let council = fields.council("parent", &request.parent);
    let right_length = request.month.len() == 7;
    let month = right_length.then(|| format!("{}-01", request.month).parse().ok()).flatten();
    if month.is_none() {
        let shown: String = request.month.chars().take(80).collect();
        fields.violation("month", format!("{shown:?} is not a month: expected YYYY-MM"));
    }
    let (council, month) = fields.finish(|| Some((council?, month?)))?;
    caller.require_council(council)?;
    let command = Command {
        council,
        cause: Cause::request(&caller.actor(), &given_or_made(&request.request_id)),
        at: caller.at,
        ask: Ask::ClosePeriod(ClosePeriod { month, leave_uncharged: request.leave_uncharged }),
    };
    let closed = request.month.clone();
    let render = move |state: &State, _: &[_]| Period {
        council: council_name(council),
        month: closed,
        open_from: state.open_from.map_or_else(String::new, |day| day.to_string()),
    };
    let ledger = service.ledger_of(council)?;
    run_command(ledger, caller, &request, &request.request_id, command, render).await
}
