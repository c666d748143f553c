//! Invoices that providers send: taken from fields or files, disputed, answered and read; who bills whom, and what is tolerated.

use super::incoming::{self, Sent};
use crate::Invoicing;
use crate::render;
use crate::runs::given_or_made;
use api::invoicing as proto;
use care::{CouncilId, InvoiceId, Pence, ProviderId, code_sets, london_date};
use invoicing_domain as domain;
use invoicing_domain::{Ask, Cause, Command, InvoicingEvent, State, SubmitInvoices, SupplierInvoice};
use prost::{Message, Name};
use proto::{
    AnswerInvoiceQueryRequest, GetSupplierInvoiceRequest, QueryInvoiceRequest, ResolveInvoiceQueryRequest,
    SubmitInvoiceDocumentRequest, SubmitInvoiceDocumentResponse, SubmitInvoiceRequest,
};
use service_kit::{Caller, Fields, Role, not_found, run_command};
use std::sync::Arc;
use tokio::sync::Semaphore;
use tonic::{Response, Status, Streaming};

/// The longest text of a query or an answer, in characters.
const TEXT_CHARS_MAX: usize = 1_000;
/// How many files are taken at once, each of which is in memory until it is decided. Whoever comes then waits, unread.
const FILES_MAX: usize = 8;

/// Room for those who send files.
pub(crate) fn files() -> Arc<Semaphore> {
    Arc::new(Semaphore::new(FILES_MAX))
}

/// Insists that the caller is the provider that sends, or the council that enters it.
fn require_sender(caller: &Caller, council: CouncilId, provider: &ProviderId) -> Result<(), Status> {
    match caller.role {
        Role::Provider(_) => caller.require_provider(provider),
        _ => caller.require_council(council),
    }
}

pub(super) async fn submit_invoice(
    service: &Invoicing,
    caller: &Caller,
    request: SubmitInvoiceRequest,
) -> Result<Response<proto::SupplierInvoice>, Status> {
    let mut fields = Fields::new();
    let council = fields.council("parent", &request.parent);
    let provider = fields.provider("provider", &request.provider);
    let received_on = incoming::receipt(&mut fields, caller, &request.received_on);
    let sent = incoming::of_fields(&mut fields, &request, council, london_date(caller.at));
    let form = fields.finish(|| Some((council?, provider?, received_on?, sent?)));
    let (council, provider, received_on, sent) = form?;
    require_sender(caller, council, &provider)?;
    let (invoices, format) = (vec![sent], domain::InvoiceFormat::Fields);
    let ask = SubmitInvoices { provider, invoices, format, received_on };
    let answer = |state: &State, events: &[InvoicingEvent]| {
        received(state, events).next().map_or_else(proto::SupplierInvoice::default, render::supplier::head)
    };
    submit(service, caller, council, (&request, &request.request_id), ask, answer).await
}

pub(super) async fn submit_invoice_document(
    service: &Invoicing,
    caller: &Caller,
    pieces: Streaming<SubmitInvoiceDocumentRequest>,
) -> Result<Response<SubmitInvoiceDocumentResponse>, Status> {
    let room = service.sending.acquire().await;
    let _room = room.map_err(|_| service_kit::unavailable("the service is ending: send the file again"))?;
    let request = incoming::whole(pieces).await?;
    let mut fields = Fields::new();
    let council = fields.council("parent", &request.parent);
    let provider = fields.provider("provider", &request.provider);
    let received_on = incoming::receipt(&mut fields, caller, &request.received_on);
    let format = incoming::format(&mut fields, request.format);
    let form = fields.finish(|| Some((council?, provider?, received_on?, format?)));
    let (council, provider, received_on, format) = form?;
    require_sender(caller, council, &provider)?;
    // As large as a file may be, reading it is work beside what the service does otherwise.
    let (request, sent) = tokio::task::spawn_blocking({
        let provider = provider.clone();
        move || {
            let sent = Sent::read(&request.content, format, &provider);
            (request, sent)
        }
    })
    .await
    .map_err(|_| service_kit::unavailable("the file was not read to its end: send it again"))?;
    let Sent { invoices } = sent?;
    let ask = SubmitInvoices { provider, invoices, format, received_on };
    let answer = |state: &State, events: &[InvoicingEvent]| SubmitInvoiceDocumentResponse {
        invoices: received(state, events).map(render::supplier::head).collect(),
    };
    submit(service, caller, council, (&request, &request.request_id), ask, answer).await
}

/// The documents that events say were received, as they stand.
fn received<'a>(state: &'a State, events: &'a [InvoicingEvent]) -> impl Iterator<Item = &'a SupplierInvoice> {
    let id = |event: &InvoicingEvent| match event {
        InvoicingEvent::SupplierInvoiceReceived(received) => Some(received.invoice),
        _ => None,
    };
    events.iter().filter_map(id).filter_map(|id| state.supplier.invoices.get(&id)).map(Arc::as_ref)
}

async fn submit<Req: Message + Name, Resp: Message + Default>(
    service: &Invoicing,
    caller: &Caller,
    council: CouncilId,
    (request, request_id): (&Req, &str),
    ask: SubmitInvoices,
    answer: impl FnOnce(&State, &[InvoicingEvent]) -> Resp + Send + 'static,
) -> Result<Response<Resp>, Status> {
    let ledger = service.ledger_of(council)?;
    let command = command(caller, council, request_id, Ask::SubmitInvoices(ask));
    run_command(ledger, caller, request, request_id, command, answer).await
}

pub(super) fn command(caller: &Caller, council: CouncilId, request_id: &str, ask: Ask) -> Command {
    let cause = Cause::request(&caller.actor(), &given_or_made(request_id));
    Command { council, cause, at: caller.at, ask }
}

pub(super) fn get_supplier_invoice(
    service: &Invoicing,
    caller: &Caller,
    request: &GetSupplierInvoiceRequest,
) -> Result<proto::SupplierInvoice, Status> {
    let mut fields = Fields::new();
    let name = fields.council_resource("name", &request.name, "invoices");
    let (council, id) = fields.finish(|| name)?;
    let seen = received_invoice(service, caller, council, id, |_, it| render::supplier::whole(it))?;
    seen.ok_or_else(|| unknown(council, id))
}

fn unknown(council: CouncilId, id: InvoiceId) -> Status {
    not_found("INVOICE_UNKNOWN", &render::invoice_name(council, id))
}

/// Looks at a document of the caller's own; none where the council received none so named, or another's.
pub(super) fn received_invoice<T>(
    service: &Invoicing,
    caller: &Caller,
    council: CouncilId,
    id: InvoiceId,
    look: impl FnOnce(&State, &SupplierInvoice) -> T,
) -> Result<Option<T>, Status> {
    let own = match &caller.role {
        Role::Provider(provider) => Some(provider),
        _ => {
            caller.require_council(council)?;
            None
        }
    };
    let seen = |it: &&Arc<SupplierInvoice>| own.is_none_or(|own| it.received.provider == *own);
    Ok(service.ledger(council).and_then(|ledger| {
        ledger.read(|state| state.supplier.invoices.get(&id).filter(seen).map(|it| look(state, it)))
    }))
}

pub(super) async fn query_invoice(
    service: &Invoicing,
    caller: &Caller,
    request: QueryInvoiceRequest,
) -> Result<Response<proto::SupplierInvoice>, Status> {
    let mut fields = Fields::new();
    let name = fields.council_resource("name", &request.name, "invoices");
    let lines = lines(&mut fields, &request.lines);
    let today = london_date(caller.at);
    let reason = fields.code("reason", code_sets::INVOICE_QUERY, &request.reason, today);
    let text = fields.text("text", &request.text, TEXT_CHARS_MAX);
    let form = fields.finish(|| Some((name?, lines?, reason?, text?)));
    let ((council, invoice), lines, reason, text) = form?;
    caller.require_council(council)?;
    let ask = Ask::QueryInvoice(domain::QueryInvoice { invoice, lines, reason, text });
    changed(service, caller, (council, invoice), (&request, &request.request_id), ask).await
}

pub(super) async fn answer_invoice_query(
    service: &Invoicing,
    caller: &Caller,
    request: AnswerInvoiceQueryRequest,
) -> Result<Response<proto::SupplierInvoice>, Status> {
    let mut fields = Fields::new();
    let name = fields.council_resource("name", &request.name, "invoices");
    let text = fields.text("text", &request.text, TEXT_CHARS_MAX);
    let ((council, invoice), text) = fields.finish(|| Some((name?, text?)))?;
    let seen = received_invoice(service, caller, council, invoice, |_, _| ())?;
    seen.ok_or_else(|| unknown(council, invoice))?;
    let ask = Ask::AnswerInvoiceQuery { invoice, text };
    changed(service, caller, (council, invoice), (&request, &request.request_id), ask).await
}

pub(super) async fn resolve_invoice_query(
    service: &Invoicing,
    caller: &Caller,
    request: ResolveInvoiceQueryRequest,
) -> Result<Response<proto::SupplierInvoice>, Status> {
    let mut fields = Fields::new();
    let name = fields.council_resource("name", &request.name, "invoices");
    let lines = lines(&mut fields, &request.lines);
    let outcome = outcome(&mut fields, request.outcome);
    let text = fields.text("text", &request.text, TEXT_CHARS_MAX);
    let form = fields.finish(|| Some((name?, lines?, outcome?, text?)));
    let ((council, invoice), lines, outcome, text) = form?;
    caller.require_council(council)?;
    let ask = Ask::ResolveInvoiceQuery(domain::ResolveInvoiceQuery { invoice, lines, outcome, text });
    changed(service, caller, (council, invoice), (&request, &request.request_id), ask).await
}

/// Changes an invoice, and answers with it as it stands then.
async fn changed<Req: Message + Name>(
    service: &Invoicing,
    caller: &Caller,
    (council, invoice): (CouncilId, InvoiceId),
    (request, request_id): (&Req, &str),
    ask: Ask,
) -> Result<Response<proto::SupplierInvoice>, Status> {
    let ledger = service.ledger_of(council)?;
    let command = command(caller, council, request_id, ask);
    let answer = move |state: &State, _: &[InvoicingEvent]| {
        let found = state.supplier.invoices.get(&invoice);
        found.map_or_else(proto::SupplierInvoice::default, |it| render::supplier::whole(it))
    };
    run_command(ledger, caller, request, request_id, command, answer).await
}

/// Numbers of lines, each once.
fn lines(fields: &mut Fields, lines: &[u32]) -> Option<Vec<u32>> {
    fields.at_most("lines", lines.len(), domain::limits::SUPPLIER_LINES_MAX)?;
    let mut sorted = lines.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    Some(sorted)
}

fn outcome(fields: &mut Fields, outcome: i32) -> Option<domain::QueryOutcome> {
    Some(match fields.check("outcome", proto::QueryOutcome::try_from(outcome))? {
        proto::QueryOutcome::AcceptedAsAgreed => domain::QueryOutcome::AcceptedAsAgreed,
        proto::QueryOutcome::ProviderCredits => domain::QueryOutcome::ProviderCredits,
        proto::QueryOutcome::Withdrawn => domain::QueryOutcome::Withdrawn,
        proto::QueryOutcome::RejectedAsInvalid => domain::QueryOutcome::RejectedAsInvalid,
        proto::QueryOutcome::Unspecified => {
            fields.violation(
                "outcome",
                "it is not set: say how the query ends, such as QUERY_OUTCOME_WITHDRAWN",
            );
            return None;
        }
    })
}

/// What of an amount in a policy is one: up to £10,000.
pub(super) fn allowance(
    fields: &mut Fields,
    name: &str,
    pence: i64,
    points: i64,
) -> Option<domain::Allowance> {
    let amount = fields.number(&format!("tolerance.{name}_pence"), pence, 0..=1_000_000);
    let basis_points = fields.number(&format!("tolerance.{name}_basis_points"), points, 0..=10_000);
    Some(domain::Allowance { pence: Pence(amount?), basis_points: basis_points? })
}
