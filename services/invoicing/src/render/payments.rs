//! Payments as the API shows them. Of a bank account nobody reads more than the last four digits and the name.

use super::invoice_name;
use api::invoicing as proto;
use care::{CouncilId, Date, PaymentRunId, ProviderId};
use invoicing_domain as domain;
use invoicing_domain::{PaymentRunStatus, State};
use service_kit::{council_name, provider_name, timestamp};

/// A revision or a number as the API has it: none comes near what an `i32` holds.
fn number(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

pub(crate) fn policy_name(council: CouncilId) -> String {
    format!("{}/paymentPolicy", council_name(council))
}

pub(crate) fn details_name(council: CouncilId, provider: &ProviderId) -> String {
    format!("{}/bankDetails/{provider}", council_name(council))
}

pub(crate) fn run_name(council: CouncilId, run: PaymentRunId) -> String {
    format!("{}/paymentRuns/{run}", council_name(council))
}

/// How the council pays; what was never set is empty but for its name.
pub(crate) fn policy(council: CouncilId, state: &State, today: Date) -> proto::PaymentPolicy {
    let name = policy_name(council);
    let Some(set) = state.payments.policy() else {
        return proto::PaymentPolicy { name, ..Default::default() };
    };
    let policy = &set.policy;
    let approver = |(person, limit): (&String, &care::Pence)| proto::RunApprover {
        person: person.clone(),
        limit_pence: limit.0,
    };
    proto::PaymentPolicy {
        name,
        service_user: policy.service_user.clone(),
        payer: Some(proto::BankAccount {
            account_name: policy.payer.name().to_owned(),
            ..Default::default()
        }),
        account_ends: policy.payer.ends().to_owned(),
        first_run_on: super::or_empty(policy.first_run_on),
        approvers: policy.approver_limits.iter().map(approver).collect(),
        revision: number(set.revision),
        next_run_on: super::or_empty(policy.next_run(today)),
        set_by: set.by.clone(),
    }
}

pub(crate) fn bank_details(
    council: CouncilId,
    provider: &ProviderId,
    details: &domain::BankDetails,
) -> proto::BankDetails {
    let (name, last) = (details_name(council, provider), details.last());
    let verified = details.verified.as_ref();
    proto::BankDetails {
        name,
        provider: provider_name(provider),
        revision: last.map_or(0, |it| number(it.revision)),
        account_ends: last.map_or_else(String::new, |it| it.account.ends().to_owned()),
        account_name: last.map_or_else(String::new, |it| it.account.name().to_owned()),
        payable: verified.is_some(),
        recorded_by: last.map_or_else(String::new, |it| it.by.clone()),
        record_time: last.map(|it| timestamp(it.at)),
        verified_by: verified.map_or_else(String::new, |it| it.by.clone()),
        verify_time: verified.map(|it| timestamp(it.at)),
        verified_how: verified.map_or_else(String::new, |it| it.how.clone()),
        payment_returned: details.returned,
    }
}

pub(crate) fn run_status(status: PaymentRunStatus) -> proto::PaymentRunStatus {
    match status {
        PaymentRunStatus::Proposed => proto::PaymentRunStatus::Proposed,
        PaymentRunStatus::ApprovedOnce => proto::PaymentRunStatus::ApprovedOnce,
        PaymentRunStatus::Rejected => proto::PaymentRunStatus::Rejected,
        PaymentRunStatus::Released => proto::PaymentRunStatus::Released,
    }
}

/// A run without its payees and who is left out.
pub(crate) fn run_head(run: &domain::PaymentRun) -> proto::PaymentRun {
    let proposed = &run.proposed;
    let approval = |it: &domain::PaymentRunApproved| proto::RunApproval {
        person: it.by.clone(),
        time: Some(timestamp(it.at)),
    };
    let rejected = run.rejected.as_ref();
    let documents: usize = proposed.payees.iter().map(|payee| payee.items.len()).sum();
    proto::PaymentRun {
        name: run_name(proposed.council, proposed.run),
        number: number(proposed.number),
        status: run_status(run.status()).into(),
        pay_on: proposed.pay_on.to_string(),
        due_by: proposed.due_by.to_string(),
        total_pence: proposed.total.0,
        documents: i32::try_from(documents).unwrap_or(i32::MAX),
        payees: Vec::new(),
        left_out: Vec::new(),
        proposed_by: proposed.by.clone(),
        propose_time: Some(timestamp(proposed.at)),
        approvals: run.approvals.iter().map(approval).collect(),
        rejected_by: rejected.map_or_else(String::new, |it| it.by.clone()),
        reject_reason: rejected.map_or_else(String::new, |it| it.reason.clone()),
        release_time: run.released.as_ref().map(|it| timestamp(it.at)),
        returned: run.returned.iter().map(provider_name).collect(),
        policy_revision: proposed.policy.map_or(0, number),
        payer_account_ends: proposed.payer_ends.clone().unwrap_or_default(),
    }
}

pub(crate) fn run(state: &State, run: &domain::PaymentRun) -> proto::PaymentRun {
    let council = run.proposed.council;
    let item = |item: &domain::RunItem| proto::RunItem {
        invoice: invoice_name(council, item.invoice),
        number: item.number.clone(),
        kind: item.kind.as_str().to_owned(),
        payable_by: item.payable_by.to_string(),
        gross_pence: item.gross.0,
        amount_pence: item.amount.0,
    };
    let payee = |payee: &domain::RunPayee| {
        let details = state.payments.bank.get(&payee.provider).and_then(|it| it.record(payee.details));
        proto::RunPayee {
            provider: provider_name(&payee.provider),
            amount_pence: payee.amount.0,
            details_revision: number(payee.details),
            account_ends: details.map_or_else(String::new, |it| it.account.ends().to_owned()),
            items: payee.items.iter().map(item).collect(),
        }
    };
    let left_out = |it: &domain::LeftOut| proto::RunLeftOut {
        provider: provider_name(&it.provider),
        reason: it.reason.as_str().to_owned(),
        amount_pence: it.amount.0,
    };
    proto::PaymentRun {
        payees: run.proposed.payees.iter().map(payee).collect(),
        left_out: run.proposed.left_out.iter().map(left_out).collect(),
        ..run_head(run)
    }
}

pub(crate) fn prompt_payment(
    council: CouncilId,
    (from, to): (Date, Date),
    figures: &domain::PromptPayment,
) -> proto::PromptPayment {
    let count = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let points = |share: Option<u64>| share.and_then(|share| i32::try_from(share).ok()).unwrap_or(0);
    proto::PromptPayment {
        council: council_name(council),
        from: from.to_string(),
        to: to.to_string(),
        payments: count(figures.payments),
        within_30_days: count(figures.within_30_days),
        days_31_to_60: count(figures.days_31_to_60),
        days_over_60: count(figures.days_over_60),
        within_30_days_basis_points: points(figures.share_of_payments(figures.within_30_days)),
        days_31_to_60_basis_points: points(figures.share_of_payments(figures.days_31_to_60)),
        days_over_60_basis_points: points(figures.share_of_payments(figures.days_over_60)),
        average_days_hundredths: figures.average_days_hundredths().map_or(0, count),
        paid_pence: figures.paid.0,
        paid_late_pence: figures.paid_late.0,
        became_payable: count(figures.became_payable),
        not_paid: count(figures.not_paid),
        not_paid_basis_points: points(figures.share_not_paid()),
        not_paid_pence: figures.not_paid_sum.0,
        disputed: count(figures.disputed),
    }
}
