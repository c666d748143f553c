//! What reads a ledger: invoices, balances, statements and charges.

use super::{agreement_of, known};
use crate::Invoicing;
use crate::past::{apart, seen};
use crate::render;
use api::invoicing::{
    Forecast, GetForecastRequest, GetInvoiceRequest, GetLedgerRequest, GetStatementRequest,
    GetStatementResponse, Invoice, Ledger, ListAgedPayablesRequest, ListAgedPayablesResponse,
    ListChargesRequest, ListChargesResponse, ListInvoicesRequest, ListInvoicesResponse,
};
use care::{CouncilId, Date, InvoiceId, ProviderId, Timestamp, london_date};
use invoicing_domain as domain;
use invoicing_domain::{JournalEntry, State};
use service_kit::page::{PAGE_SIZE_MAX, page_of};
use service_kit::{Caller, Fields, Role, not_found};
use std::sync::Arc;
use tonic::Status;

pub(super) fn get_invoice(
    service: &Invoicing,
    caller: &Caller,
    request: &GetInvoiceRequest,
) -> Result<Invoice, Status> {
    let mut fields = Fields::new();
    let name = fields.council_resource("name", &request.name, "invoices");
    let (council, id) = fields.finish(|| name)?;
    visible_invoice(service, caller, council, id, |_, invoice| render::invoice(invoice))
}

/// Looks at an invoice of the caller's own. A provider is not told whether there is another's.
pub(super) fn visible_invoice<T>(
    service: &Invoicing,
    caller: &Caller,
    council: CouncilId,
    id: InvoiceId,
    look: impl FnOnce(&State, &domain::Invoice) -> T,
) -> Result<T, Status> {
    let own = match &caller.role {
        Role::Provider(provider) => Some(provider),
        _ => {
            caller.require_council(council)?;
            None
        }
    };
    let visible = |invoice: &&domain::Invoice| own.is_none_or(|own| invoice.issued.provider == *own);
    let found = service.ledger(council).and_then(|ledger| {
        ledger.read(|state| state.invoices.get(&id).filter(visible).map(|invoice| look(state, invoice)))
    });
    found.ok_or_else(|| not_found("INVOICE_UNKNOWN", &render::invoice_name(council, id)))
}

pub(super) fn list_invoices(
    service: &Invoicing,
    caller: &Caller,
    request: &ListInvoicesRequest,
) -> Result<ListInvoicesResponse, Status> {
    let mut fields = Fields::new();
    let (mut council, mut provider) = (None, None);
    if request.parent.starts_with("providers/") {
        provider = fields.provider("parent", &request.parent);
    } else {
        council = fields.council("parent", &request.parent);
    }
    fields.finish(|| Some(()))?;
    match (council, &provider) {
        (Some(council), _) => {
            caller.require_council(council)?;
            service.ledger_of(council)?;
        }
        (None, Some(provider)) => caller.require_provider(provider)?,
        (None, None) => return Err(not_found("INVOICE_UNKNOWN", &request.parent)),
    }
    let items =
        |after| invoices_after(service, council, provider.as_ref(), request.unsettled, after).into_iter();
    let (invoices, next_page_token) = page_of(request, items)?;
    Ok(ListInvoicesResponse { invoices, next_page_token })
}

/// The invoices after a key, in order of council and number, as many as a page and the look beyond it need.
fn invoices_after(
    service: &Invoicing,
    council: Option<CouncilId>,
    provider: Option<&ProviderId>,
    unsettled: bool,
    after: Option<String>,
) -> Vec<(String, Invoice)> {
    let after = after.unwrap_or_default();
    let mut found = Vec::new();
    let ledgers = service.ledgers.iter().filter(|(id, _)| council.is_none_or(|council| council == **id));
    for (council, ledger) in ledgers {
        ledger.read(|state| {
            let ids = provider.map_or(&state.invoice_numbers[..], |provider| {
                state.providers.get(provider).map_or(&[][..], |account| &account.invoices)
            });
            let key = |id: &InvoiceId| {
                format!(
                    "{council}-{:012}",
                    state.invoices.get(id).map_or(0, |invoice| invoice.issued.sequence)
                )
            };
            let ids = &ids[ids.partition_point(|id| key(id) <= after)..];
            let invoices =
                ids.iter().filter_map(|id| state.invoices.get(id).map(|invoice| (key(id), invoice)));
            let wanted = invoices.filter(|(_, invoice)| !(unsettled && invoice.settled_on.is_some()));
            let room = (PAGE_SIZE_MAX + 1).saturating_sub(found.len());
            found.extend(wanted.take(room).map(|(key, invoice)| (key, render::invoice_head(invoice))));
        });
    }
    found
}

pub(super) async fn get_ledger(
    service: &Invoicing,
    caller: &Caller,
    request: &GetLedgerRequest,
) -> Result<Ledger, Status> {
    let mut fields = Fields::new();
    let council = fields.council("parent", &request.parent);
    let (as_of, known_at) = point(&mut fields, &request.as_of, &request.known_at);
    let (council, as_of, known_at) = fields.finish(|| Some((council?, as_of?, known_at?)))?;
    caller.require_council(council)?;
    let ledger = service.ledger_of(council)?;
    if as_of.is_none() && known_at.is_none() {
        let today = london_date(caller.at);
        return Ok(ledger.read(|state| render::ledger(council, state, today)));
    }
    // The ledger is held up for what counts to be taken out of it; it is summed when it goes on.
    let extract = seen(service, caller, council, known_at, |state| domain::Extract::of(state, as_of)).await?;
    apart(move || render::ledger_of(council, &extract)).await
}

/// A date up to which, and an instant by which, something is asked; each may be left out.
pub(super) fn point(
    fields: &mut Fields,
    as_of: &str,
    known_at: &str,
) -> (Option<Option<Date>>, Option<Option<Timestamp>>) {
    (fields.date_optional("as_of", as_of), fields.parse_optional("known_at", known_at))
}

pub(super) async fn list_aged_payables(
    service: &Invoicing,
    caller: &Caller,
    request: &ListAgedPayablesRequest,
) -> Result<ListAgedPayablesResponse, Status> {
    let mut fields = Fields::new();
    let council = fields.council("parent", &request.parent);
    let (as_of, known_at) = point(&mut fields, &request.as_of, &request.known_at);
    let (council, as_of, known_at) = fields.finish(|| Some((council?, as_of?, known_at?)))?;
    caller.require_council(council)?;
    let as_of = as_of.unwrap_or(london_date(caller.at));
    let aged = seen(service, caller, council, known_at, |state| domain::aged_payables(state, as_of)).await?;
    let (payables, next_page_token) = page_of(request, |after: Option<ProviderId>| {
        let later =
            aged.iter().filter(move |(provider, _)| after.as_ref().is_none_or(|after| *provider > after));
        later.map(|row| (row.0.clone(), render::aged(row)))
    })?;
    Ok(ListAgedPayablesResponse { payables, next_page_token })
}

pub(super) async fn get_forecast(
    service: &Invoicing,
    caller: &Caller,
    request: &GetForecastRequest,
) -> Result<Forecast, Status> {
    let mut fields = Fields::new();
    let council = fields.council("parent", &request.parent);
    let day = fields.date_optional("day", &request.day);
    let known_at = fields.parse_optional("known_at", &request.known_at);
    let (council, day, known_at) = fields.finish(|| Some((council?, day?, known_at?)))?;
    caller.require_council(council)?;
    let day = day.unwrap_or(london_date(caller.at));
    let months = seen(service, caller, council, known_at, |state| domain::forecast(state, day)).await?;
    Ok(render::forecast(council, &months))
}

pub(super) async fn get_statement(
    service: &Invoicing,
    caller: &Caller,
    request: &GetStatementRequest,
) -> Result<GetStatementResponse, Status> {
    let mut fields = Fields::new();
    let council = fields.council("parent", &request.parent);
    let provider = if request.provider.is_empty() {
        Some(None)
    } else {
        fields.provider("provider", &request.provider).map(Some)
    };
    let agreement = agreement_of(&mut fields, council, &request.agreement);
    let from = fields.date_optional("from", &request.from);
    let to = fields.date_optional("to", &request.to);
    if let (Some(Some(from)), Some(Some(to))) = (from, to)
        && to < from
    {
        fields.violation("to", format!("{to} is before {from}, from which the statement is asked"));
    }
    let (as_of, known_at) = point(&mut fields, &request.as_of, &request.known_at);
    let form = fields.finish(|| Some((council?, provider?, agreement?, from?, to?, as_of?, known_at?)))?;
    let (council, provider, agreement, from, to, as_of, known_at) = form;
    caller.require_council(council)?;
    let ledger = service.ledger_of(council)?;
    known(ledger, agreement)?;
    let dated = |entry: &JournalEntry| {
        let day = entry.dates.posted_on;
        from.is_none_or(|from| day >= from)
            && to.is_none_or(|to| day < to)
            && as_of.is_none_or(|as_of| day <= as_of)
    };
    let page = |state: &State| {
        page_of(request, |after| {
            state
                .ledger
                .statement(provider.as_ref(), agreement, first_after(after))
                .filter(|(_, entry)| dated(entry))
                .map(|(position, entry)| (position, render::entry(council, entry)))
        })
    };
    let (entries, next_page_token) = seen(service, caller, council, known_at, page).await??;
    Ok(GetStatementResponse { entries, next_page_token })
}

pub(super) fn list_charges(
    service: &Invoicing,
    caller: &Caller,
    request: &ListChargesRequest,
) -> Result<ListChargesResponse, Status> {
    let mut fields = Fields::new();
    let council = fields.council("parent", &request.parent);
    let agreement = agreement_of(&mut fields, council, &request.agreement);
    let (council, agreement) = fields.finish(|| Some((council?, agreement?)))?;
    caller.require_council(council)?;
    let ledger = service.ledger_of(council)?;
    known(ledger, agreement)?;
    let (charges, next_page_token) = ledger.read(|state| {
        let charge = |entry: &Arc<JournalEntry>| state.charges.get(&entry.id);
        page_of(request, |after| {
            let entries = state.ledger.statement(None, agreement, first_after(after));
            entries.filter_map(|(position, entry)| {
                charge(entry).map(|charge| (position, render::charge(council, charge)))
            })
        })
    })?;
    Ok(ListChargesResponse { charges, next_page_token })
}

/// The first place in the journal after the last of the page before.
fn first_after(after: Option<usize>) -> usize {
    after.map_or(0, |after| after.saturating_add(1))
}
