//! From which account a council pays and to which: a changed bank account is the classic fraud, so nobody verifies what they recorded.

use super::{next_revision, text};
use crate::bank::BankAccount;
use crate::commands::Command;
use crate::events::{BankDetailsRecorded, BankDetailsVerified, InvoicingEvent, PaymentPolicySet};
use crate::payment_policy::PaymentPolicy;
use crate::rejection::{PaymentRejection, Rejection};
use crate::state::State;
use care::ProviderId;

/// Says how the council pays from now on. Nobody sets their own limit.
pub(super) fn set_policy(
    state: &State,
    command: &Command,
    by: &str,
    policy: &PaymentPolicy,
) -> Result<Vec<InvoicingEvent>, Rejection> {
    let violations = policy.violations();
    if !violations.is_empty() {
        return Err(PaymentRejection::FieldsInvalid(violations).into());
    }
    let known = state.payments.policy().map(|known| &known.policy);
    if known == Some(policy) {
        return Ok(Vec::new());
    }
    let own = |policy: &PaymentPolicy| policy.approver_limits.get(by).copied();
    // Who is named nowhere may approve anything where nobody is named, and nothing otherwise.
    let free = |policy: &PaymentPolicy| policy.approver_limits.is_empty();
    if own(policy).is_some() && known.and_then(own) != own(policy)
        || free(policy) && known.is_some_and(|known| !free(known))
    {
        return Err(PaymentRejection::OwnLimit { person: by.to_owned() }.into());
    }
    let revision = next_revision("the payment policy", state.payments.policies.len())?;
    let (council, policy, by, at) = (command.council, policy.clone(), by.to_owned(), command.at);
    Ok(vec![PaymentPolicySet { council, revision, policy, by, at }.into()])
}

/// Records a provider's bank account; nothing where it is the one that is known.
pub(super) fn record(
    state: &State,
    command: &Command,
    by: &str,
    provider: &ProviderId,
    account: &BankAccount,
) -> Result<Vec<InvoicingEvent>, Rejection> {
    let known = state.payments.bank.get(provider);
    if known.and_then(|known| known.last()).is_some_and(|last| last.account == *account) {
        return Ok(Vec::new());
    }
    let records = known.map_or(0, |known| known.records.len());
    let revision = next_revision("the bank account of this provider", records)?;
    let (council, provider, account) = (command.council, provider.clone(), account.clone());
    let (by, at) = (by.to_owned(), command.at);
    Ok(vec![BankDetailsRecorded { council, provider, revision, account, by, at }.into()])
}

/// Verifies the bank account that was recorded last; nothing where it is verified.
pub(super) fn verify(
    state: &State,
    command: &Command,
    by: &str,
    provider: &ProviderId,
    revision: u32,
    how: &str,
) -> Result<Vec<InvoicingEvent>, Rejection> {
    let how = text("how", how)?;
    let unknown = || PaymentRejection::BankDetailsUnknown(provider.clone());
    let details = state.payments.bank.get(provider).ok_or_else(unknown)?;
    let last = details.last().ok_or_else(unknown)?;
    if last.revision != revision {
        let (provider, last) = (provider.clone(), last.revision);
        return Err(PaymentRejection::BankDetailsOutdated { provider, revision, last }.into());
    }
    if last.by == by {
        return Err(PaymentRejection::SamePerson { person: by.to_owned(), did: "recorded" }.into());
    }
    if details.verified.is_some() {
        return Ok(Vec::new());
    }
    let (council, provider, by, at) = (command.council, provider.clone(), by.to_owned(), command.at);
    Ok(vec![BankDetailsVerified { council, provider, revision, how, by, at }.into()])
}
