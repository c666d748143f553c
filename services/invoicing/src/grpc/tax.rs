//! What the suppliers of a council are for VAT, which one person records and another verifies.

use super::ask;
use crate::Invoicing;
use crate::render::tax as render;
use api::invoicing as proto;
use care::{CouncilId, ProviderId};
use invoicing_domain::{PaymentStep, State, TaxDetails, VatNumber, limits};
use service_kit::{Caller, Fields, not_found, run_command};
use tonic::{Response, Status};

fn standing(fields: &mut Fields, given: Option<&proto::TaxStanding>) -> Option<TaxDetails> {
    let Some(given) = given else {
        fields.violation("standing", "it is missing: give the first day, and the VAT number if there is one");
        return None;
    };
    let from = fields.date("standing.from", &given.from);
    let vat_number = match given.vat_number.trim() {
        "" => Some(None),
        number => match VatNumber::new(number) {
            Ok(number) => Some(Some(number)),
            Err(wrong) => {
                fields.violation("standing.vat_number", wrong);
                None
            }
        },
    };
    Some(TaxDetails { from: from?, vat_number: vat_number?, charity: given.charity })
}

fn details(state: &State, council: CouncilId, provider: &ProviderId) -> proto::TaxDetails {
    let known = state.tax.suppliers.get(provider);
    known.map_or_else(proto::TaxDetails::default, |known| render::details(council, provider, known))
}

pub(super) async fn record(
    service: &Invoicing,
    caller: &Caller,
    request: proto::RecordTaxDetailsRequest,
) -> Result<Response<proto::TaxDetails>, Status> {
    let mut fields = Fields::new();
    let name = fields.council_resource("name", &request.name, "taxDetails");
    let standing = standing(&mut fields, request.standing.as_ref());
    let ((council, provider), details_given) = fields.finish(|| Some((name?, standing?)))?;
    caller.require_council(council)?;
    let ledger = service.ledger_of(council)?;
    let of: ProviderId = provider;
    let step = PaymentStep::RecordTaxDetails { provider: of.clone(), details: details_given };
    let command = ask(caller, council, &request.request_id, step);
    let render = move |state: &State, _: &[_]| details(state, council, &of);
    run_command(ledger, caller, &request, &request.request_id, command, render).await
}

pub(super) async fn verify(
    service: &Invoicing,
    caller: &Caller,
    request: proto::VerifyTaxDetailsRequest,
) -> Result<Response<proto::TaxDetails>, Status> {
    let mut fields = Fields::new();
    let name = fields.council_resource("name", &request.name, "taxDetails");
    let revision =
        fields.number("revision", i64::from(request.revision), 1..=i64::from(limits::PAYMENT_REVISIONS_MAX));
    let how = fields.text("how", &request.how, limits::PAYMENT_TEXT_CHARS_MAX);
    let ((council, provider), revision, how) = fields.finish(|| Some((name?, revision?, how?)))?;
    caller.require_council(council)?;
    let ledger = service.ledger_of(council)?;
    let of: ProviderId = provider;
    let step = PaymentStep::VerifyTaxDetails { provider: of.clone(), revision, how };
    let command = ask(caller, council, &request.request_id, step);
    let render = move |state: &State, _: &[_]| details(state, council, &of);
    run_command(ledger, caller, &request, &request.request_id, command, render).await
}

pub(super) fn get(
    service: &Invoicing,
    caller: &Caller,
    request: &proto::GetTaxDetailsRequest,
) -> Result<proto::TaxDetails, Status> {
    let mut fields = Fields::new();
    let name = fields.council_resource("name", &request.name, "taxDetails");
    let (council, provider): (CouncilId, ProviderId) = fields.finish(|| name)?;
    caller.require_council(council)?;
    let found = service.ledger_of(council)?.read(|state| {
        state.tax.suppliers.get(&provider).map(|known| render::details(council, &provider, known))
    });
    found.ok_or_else(|| not_found("TAX_DETAILS_UNKNOWN", &render::name(council, &provider)))
}
