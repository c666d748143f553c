//! Who makes the invoices between a council and its providers, what is tolerated of those that come in, and the lists of both.

use super::supplier::{allowance, command};
use crate::Invoicing;
use crate::render;
use api::invoicing as proto;
use care::{CouncilId, ProviderId, london_date};
use invoicing_domain as domain;
use invoicing_domain::{ArrangeBilling, Ask, BillingMode, InvoicingEvent, SetMatchTolerance, State};
use proto::{
    ArrangeBillingRequest, BillingArrangement, GetMatchToleranceRequest, ListBillingArrangementsRequest,
    ListBillingArrangementsResponse, ListSupplierInvoicesRequest, ListSupplierInvoicesResponse,
    MatchTolerance, SetMatchToleranceRequest,
};
use service_kit::page::{PAGE_SIZE_MAX, page_of};
use service_kit::{Caller, Fields, not_found, run_command};
use tonic::{Response, Status};

/// The longest name of a post, in characters.
const POST_CHARS_MAX: usize = 100;

pub(super) async fn arrange_billing(
    service: &Invoicing,
    caller: &Caller,
    request: ArrangeBillingRequest,
) -> Result<Response<BillingArrangement>, Status> {
    let mut fields = Fields::new();
    let council = fields.council("parent", &request.parent);
    let provider = fields.provider("provider", &request.provider);
    let mode = mode(&mut fields, request.mode);
    let from = fields.date("from", &request.from);
    let council_by = fields.text("council_by", &request.council_by, POST_CHARS_MAX);
    let provider_by = fields.text("provider_by", &request.provider_by, POST_CHARS_MAX);
    let agreed_on = fields.date("agreed_on", &request.agreed_on);
    let form = fields.finish(|| {
        let (provider, mode, from, agreed_on) = (provider?, mode?, from?, agreed_on?);
        let (council_by, provider_by) = (council_by?, provider_by?);
        Some((council?, ArrangeBilling { provider, mode, from, council_by, provider_by, agreed_on }))
    });
    let (council, ask) = form?;
    caller.require_council(council)?;
    let ledger = service.ledger_of(council)?;
    let (provider, from) = (ask.provider.clone(), ask.from);
    let command = command(caller, council, &request.request_id, Ask::ArrangeBilling(ask));
    let answer = move |state: &State, _: &[InvoicingEvent]| {
        let arranged = state.supplier.arrangements.get(&provider).and_then(|by_date| by_date.get(&from));
        arranged.map_or_else(BillingArrangement::default, render::supplier::arrangement)
    };
    run_command(ledger, caller, &request, &request.request_id, command, answer).await
}

fn mode(fields: &mut Fields, mode: i32) -> Option<BillingMode> {
    match fields.check("mode", proto::BillingMode::try_from(mode))? {
        proto::BillingMode::SelfBilling => Some(BillingMode::SelfBilling),
        proto::BillingMode::SupplierInvoices => Some(BillingMode::SupplierInvoices),
        proto::BillingMode::Unspecified => {
            fields.violation(
                "mode",
                "it is not set: say who makes the invoices, such as BILLING_MODE_SUPPLIER_INVOICES",
            );
            None
        }
    }
}

/// The council or the provider whose list is asked for, which is the caller.
fn own(
    service: &Invoicing,
    caller: &Caller,
    parent: &str,
) -> Result<(Option<CouncilId>, Option<ProviderId>), Status> {
    let mut fields = Fields::new();
    if parent.starts_with("providers/") {
        let provider = fields.provider("parent", parent);
        let provider = fields.finish(|| provider)?;
        caller.require_provider(&provider)?;
        return Ok((None, Some(provider)));
    }
    let council = fields.council("parent", parent);
    let council = fields.finish(|| council)?;
    caller.require_council(council)?;
    service.ledger_of(council)?;
    Ok((Some(council), None))
}

pub(super) fn list_billing_arrangements(
    service: &Invoicing,
    caller: &Caller,
    request: &ListBillingArrangementsRequest,
) -> Result<ListBillingArrangementsResponse, Status> {
    let (council, provider) = own(service, caller, &request.parent)?;
    let after = |after: Option<String>| {
        let after = after.unwrap_or_default();
        let mut found = Vec::new();
        for (id, ledger) in service.ledgers.iter().filter(|(id, _)| council.is_none_or(|own| own == **id)) {
            ledger.read(|state| {
                let wanted = |(name, _): &(&ProviderId, _)| provider.as_ref().is_none_or(|own| own == *name);
                let all = state.supplier.arrangements.iter().filter(wanted).flat_map(|(_, by_date)| by_date);
                let keyed = all.map(|(from, it)| (format!("{id}|{}|{from}", it.provider), it));
                let later = keyed.filter(|(key, _)| *key > after);
                found.extend(later.map(|(key, it)| (key, render::supplier::arrangement(it))));
            });
        }
        found.sort_by(|(one, _), (other, _)| one.cmp(other));
        found.into_iter()
    };
    let (arrangements, next_page_token) = page_of(request, after)?;
    Ok(ListBillingArrangementsResponse { arrangements, next_page_token })
}

pub(super) fn list_supplier_invoices(
    service: &Invoicing,
    caller: &Caller,
    request: &ListSupplierInvoicesRequest,
) -> Result<ListSupplierInvoicesResponse, Status> {
    let (council, provider) = own(service, caller, &request.parent)?;
    let after = |after: Option<String>| {
        let after = after.unwrap_or_default();
        let mut found = Vec::new();
        for (id, ledger) in service.ledgers.iter().filter(|(id, _)| council.is_none_or(|own| own == **id)) {
            ledger.read(|state| {
                let all = state.supplier.received.iter().filter_map(|id| state.supplier.invoices.get(id));
                let keyed = all.map(|it| (format!("{id}-{:012}", it.received.sequence), it));
                let wanted = |(key, it): &(String, &std::sync::Arc<domain::SupplierInvoice>)| {
                    *key > after
                        && provider.as_ref().is_none_or(|own| it.received.provider == *own)
                        && !(request.in_query && it.in_query() == care::Pence::ZERO)
                        && !(request.unsettled && it.settled_on().is_some())
                };
                let room = (PAGE_SIZE_MAX + 1).saturating_sub(found.len());
                let later = keyed.filter(wanted).take(room);
                found.extend(later.map(|(key, it)| (key, render::supplier::head(it))));
            });
        }
        found.into_iter()
    };
    let (invoices, next_page_token) = page_of(request, after)?;
    Ok(ListSupplierInvoicesResponse { invoices, next_page_token })
}

pub(super) async fn set_match_tolerance(
    service: &Invoicing,
    caller: &Caller,
    request: SetMatchToleranceRequest,
) -> Result<Response<MatchTolerance>, Status> {
    let mut fields = Fields::new();
    let council = fields.council("parent", &request.parent);
    let from = fields.date("from", &request.from);
    let approver = fields.text("approver", &request.approver, POST_CHARS_MAX);
    let asked = request.tolerance.unwrap_or_default();
    let line = allowance(&mut fields, "line", asked.line_pence, asked.line_basis_points);
    let invoice = allowance(&mut fields, "invoice", asked.invoice_pence, asked.invoice_basis_points);
    if request.tolerance.is_none() {
        fields.violation("tolerance", "it is not set: give it, with 0 where nothing is tolerated");
    }
    let form = fields.finish(|| {
        let tolerance = domain::Tolerance { line: line?, invoice: invoice? };
        Some((council?, SetMatchTolerance { from: from?, tolerance, approver: approver? }))
    });
    let (council, ask) = form?;
    caller.require_council(council)?;
    let ledger = service.ledger_of(council)?;
    let from = ask.from;
    let command = command(caller, council, &request.request_id, Ask::SetMatchTolerance(ask));
    let answer = move |state: &State, _: &[InvoicingEvent]| render::supplier::tolerance(council, state, from);
    run_command(ledger, caller, &request, &request.request_id, command, answer).await
}

pub(super) fn get_match_tolerance(
    service: &Invoicing,
    caller: &Caller,
    request: &GetMatchToleranceRequest,
) -> Result<MatchTolerance, Status> {
    let mut fields = Fields::new();
    let council = fields.council("parent", &request.parent);
    let on = fields.date_optional("on", &request.on);
    let (council, on) = fields.finish(|| Some((council?, on?)))?;
    caller.require_council(council)?;
    let ledger = service.ledger(council);
    let ledger = ledger.ok_or_else(|| not_found("COUNCIL_UNKNOWN", &request.parent))?;
    let on = on.unwrap_or(london_date(caller.at));
    Ok(ledger.read(|state| render::supplier::tolerance(council, state, on)))
}
