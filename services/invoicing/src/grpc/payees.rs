//! From which account a council pays, to which, and who may approve it.

use super::ask;
use crate::Invoicing;
use crate::render::payments as render;
use api::invoicing as proto;
use care::{CouncilId, Pence, ProviderId, london_date};
use invoicing_domain as domain;
use invoicing_domain::{APPROVERS_MAX, BankAccount, PaymentPolicy, PaymentStep, State, limits};
use service_kit::page::page_of;
use service_kit::{Caller, Fields, not_found, run_command};
use std::collections::BTreeMap;
use tonic::{Response, Status};

/// The council of `councils/{gss}/paymentPolicy`.
fn council_of_policy(fields: &mut Fields, name: &str) -> Option<CouncilId> {
    match name.strip_suffix("/paymentPolicy") {
        Some(council) => fields.council("name", council),
        None => {
            fields.violation("name", "expected councils/{gss}/paymentPolicy");
            None
        }
    }
}

/// An account as it was given, with its name in the characters of BACS. What is wrong repeats none of it.
fn account(fields: &mut Fields, field: &str, given: Option<&proto::BankAccount>) -> Option<BankAccount> {
    let Some(given) = given else {
        fields.violation(field, "it is missing: give sort code, account number and name");
        return None;
    };
    let name = books::bacs::text_of(&given.account_name);
    match BankAccount::new(&given.sort_code, &given.account_number, &name) {
        Ok(account) => Some(account),
        Err(violations) => {
            for violation in violations {
                fields.violation(format!("{field}.{}", violation.field), violation.description);
            }
            None
        }
    }
}

fn policy_of(fields: &mut Fields, given: Option<&proto::PaymentPolicy>) -> Option<PaymentPolicy> {
    let Some(given) = given else {
        fields.violation("policy", "it is missing: give the whole policy");
        return None;
    };
    let payer = account(fields, "policy.payer", given.payer.as_ref());
    let first_run_on = fields.date_optional("policy.first_run_on", &given.first_run_on);
    fields.at_most("policy.approvers", given.approvers.len(), APPROVERS_MAX)?;
    let mut approver_limits = BTreeMap::new();
    for (i, approver) in given.approvers.iter().enumerate() {
        let person = approver.person.trim().to_owned();
        if approver_limits.insert(person, Pence(approver.limit_pence)).is_some() {
            fields.violation(format!("policy.approvers[{i}].person"), "stands twice");
        }
    }
    let (payer, first_run_on) = (payer?, first_run_on?);
    let policy =
        PaymentPolicy { service_user: given.service_user.clone(), payer, first_run_on, approver_limits };
    for violation in policy.violations() {
        fields.violation(format!("policy.{}", violation.field), violation.description);
    }
    Some(policy)
}

pub(super) async fn set_payment_policy(
    service: &Invoicing,
    caller: &Caller,
    request: proto::SetPaymentPolicyRequest,
) -> Result<Response<proto::PaymentPolicy>, Status> {
    let mut fields = Fields::new();
    let council = council_of_policy(&mut fields, &request.name);
    let policy = policy_of(&mut fields, request.policy.as_ref());
    let (council, policy) = fields.finish(|| Some((council?, policy?)))?;
    caller.require_council(council)?;
    let (ledger, today) = (service.ledger_of(council)?, london_date(caller.at));
    let command = ask(caller, council, &request.request_id, PaymentStep::SetPolicy(policy));
    let render = move |state: &State, _: &[_]| render::policy(council, state, today);
    run_command(ledger, caller, &request, &request.request_id, command, render).await
}

pub(super) fn get_payment_policy(
    service: &Invoicing,
    caller: &Caller,
    request: &proto::GetPaymentPolicyRequest,
) -> Result<proto::PaymentPolicy, Status> {
    let mut fields = Fields::new();
    let council = council_of_policy(&mut fields, &request.name);
    let council = fields.finish(|| council)?;
    caller.require_council(council)?;
    let today = london_date(caller.at);
    Ok(service.ledger_of(council)?.read(|state| render::policy(council, state, today)))
}

fn details(state: &State, council: CouncilId, provider: &ProviderId) -> proto::BankDetails {
    let details = state.payments.bank.get(provider);
    details
        .map_or_else(proto::BankDetails::default, |details| render::bank_details(council, provider, details))
}

pub(super) async fn record_bank_details(
    service: &Invoicing,
    caller: &Caller,
    request: proto::RecordBankDetailsRequest,
) -> Result<Response<proto::BankDetails>, Status> {
    let mut fields = Fields::new();
    let name = fields.council_resource("name", &request.name, "bankDetails");
    let account = account(&mut fields, "account", request.account.as_ref());
    let ((council, provider), account) = fields.finish(|| Some((name?, account?)))?;
    caller.require_council(council)?;
    let ledger = service.ledger_of(council)?;
    let of: ProviderId = provider;
    let step = PaymentStep::RecordBankDetails { provider: of.clone(), account };
    let command = ask(caller, council, &request.request_id, step);
    let render = move |state: &State, _: &[_]| details(state, council, &of);
    run_command(ledger, caller, &request, &request.request_id, command, render).await
}

pub(super) async fn verify_bank_details(
    service: &Invoicing,
    caller: &Caller,
    request: proto::VerifyBankDetailsRequest,
) -> Result<Response<proto::BankDetails>, Status> {
    let mut fields = Fields::new();
    let name = fields.council_resource("name", &request.name, "bankDetails");
    let revision =
        fields.number("revision", i64::from(request.revision), 1..=i64::from(limits::PAYMENT_REVISIONS_MAX));
    let how = fields.text("how", &request.how, limits::PAYMENT_TEXT_CHARS_MAX);
    let ((council, provider), revision, how) = fields.finish(|| Some((name?, revision?, how?)))?;
    caller.require_council(council)?;
    let ledger = service.ledger_of(council)?;
    let of: ProviderId = provider;
    let step = PaymentStep::VerifyBankDetails { provider: of.clone(), revision, how };
    let command = ask(caller, council, &request.request_id, step);
    let render = move |state: &State, _: &[_]| details(state, council, &of);
    run_command(ledger, caller, &request, &request.request_id, command, render).await
}

pub(super) fn get_bank_details(
    service: &Invoicing,
    caller: &Caller,
    request: &proto::GetBankDetailsRequest,
) -> Result<proto::BankDetails, Status> {
    let mut fields = Fields::new();
    let name = fields.council_resource("name", &request.name, "bankDetails");
    let (council, provider): (CouncilId, ProviderId) = fields.finish(|| name)?;
    caller.require_council(council)?;
    let found = service.ledger_of(council)?.read(|state| {
        state.payments.bank.get(&provider).map(|it| render::bank_details(council, &provider, it))
    });
    found.ok_or_else(|| not_found("BANK_DETAILS_UNKNOWN", &render::details_name(council, &provider)))
}

pub(super) fn list_bank_details(
    service: &Invoicing,
    caller: &Caller,
    request: &proto::ListBankDetailsRequest,
) -> Result<proto::ListBankDetailsResponse, Status> {
    let mut fields = Fields::new();
    let council = fields.council("parent", &request.parent);
    let council = fields.finish(|| council)?;
    caller.require_council(council)?;
    let (bank_details, next_page_token) = service.ledger_of(council)?.read(|state| {
        page_of(request, |after: Option<ProviderId>| {
            let later = state.payments.bank.iter();
            let later = later.filter(move |(id, _)| after.as_ref().is_none_or(|after| *id > after));
            let wanted = |it: &domain::BankDetails| !request.not_payable || it.verified.is_none();
            later
                .filter(move |(_, it)| wanted(it))
                .map(move |(id, it)| (id.clone(), render::bank_details(council, id, it)))
        })
    })?;
    Ok(proto::ListBankDetailsResponse { bank_details, next_page_token })
}
