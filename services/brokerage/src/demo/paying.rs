//! The councils' payments: of each council three people. One records what providers are paid to and proposes a run, another verifies and
//! approves, and a third approves last.

use super::clients::{At, Clients, DemoError, reason};
use super::season::{Season, days_after};
use api::invoicing::{
    ApprovePaymentRunRequest, BankAccount, GetBankDetailsRequest, ListInvoicesRequest, PaymentPolicy,
    PaymentRun, ProposePaymentRunRequest, RecordBankDetailsRequest, SetPaymentPolicyRequest,
    VerifyBankDetailsRequest,
};
use care::working_days::{is_working_day, working_days_after};
use care::{CouncilId, Date};
use std::collections::BTreeSet;
use tonic::Code;

/// The people of a council who pay, by the subjects of their tokens: who proposes, who approves, who approves last.
pub(crate) const PEOPLE: [&str; 3] = ["payments-officer", "finance-manager", "section-151-officer"];

/// Everything that is issued is paid: 30 days later it is due at the latest.
const DUE_DAYS: i64 = 40;

/// The first day of the councils' calendars: four-weekly from the Friday of the first week.
const FIRST_RUN: Date = Date::constant(2026, 4, 10);

/// Pays what the council was billed, on the next day on which the bank does. Gives how many documents were paid.
pub(crate) async fn pay(season: &Season<'_>, council: CouncilId) -> Result<u64, DemoError> {
    let Some([officer, manager, chief]) = season.opened.finance.get(&council) else {
        return Err(DemoError::Other(format!("{council} has nobody who pays")));
    };
    let owed = owed(council, officer).await?;
    if owed.is_empty() {
        return Ok(0);
    }
    let policy = SetPaymentPolicyRequest {
        name: format!("councils/{council}/paymentPolicy"),
        request_id: season.chance.request_id("payment policy", council),
        policy: Some(policy(council)),
    };
    officer.invoicing().set_payment_policy(policy).await.at("say how the council pays")?;
    for provider in &owed {
        know_account(season, council, (officer, manager), provider).await?;
    }
    let Some(run) = propose(season, council, officer).await? else { return Ok(0) };
    for (person, who) in [(manager, "first"), (chief, "last")] {
        let request = ApprovePaymentRunRequest {
            request_id: season.chance.request_id("approve payments", format!("{}/{who}", run.name)),
            name: run.name.clone(),
        };
        person.invoicing().approve_payment_run(request).await.at("approve a payment run")?;
    }
    Ok(u64::try_from(run.documents).unwrap_or(0))
}

/// The providers that have a document which is not settled.
async fn owed(council: CouncilId, officer: &Clients) -> Result<BTreeSet<String>, DemoError> {
    let (mut owed, mut page_token) = (BTreeSet::new(), String::new());
    loop {
        let request = ListInvoicesRequest {
            parent: format!("councils/{council}"),
            page_size: 200,
            page_token,
            unsettled: true,
        };
        let page = officer.invoicing().list_invoices(request).await.at("list invoices")?;
        owed.extend(page.invoices.into_iter().map(|invoice| invoice.provider));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(owed);
        }
    }
}

fn policy(council: CouncilId) -> PaymentPolicy {
    PaymentPolicy {
        service_user: digits(council.gss(), 6),
        payer: Some(account(council.gss(), council.name())),
        first_run_on: FIRST_RUN.to_string(),
        ..Default::default()
    }
}

/// An account that nobody has, of somebody.
fn account(of: &str, name: &str) -> BankAccount {
    BankAccount {
        sort_code: "000001".to_owned(),
        account_number: digits(of, 8),
        account_name: name.to_owned(),
    }
}

/// So many digits that are made from a name, the first of them not zero.
fn digits(of: &str, count: u32) -> String {
    let least = 10_u64.pow(count - 1);
    let sum = of.bytes().fold(7_u64, |sum, byte| (sum * 31 + u64::from(byte)) % 1_000_003);
    (least + sum % (9 * least)).to_string()
}

/// Sees to it that a provider's account is recorded by one person and verified by another.
async fn know_account(
    season: &Season<'_>,
    council: CouncilId,
    (officer, manager): (&Clients, &Clients),
    provider: &str,
) -> Result<(), DemoError> {
    let id = provider.trim_start_matches("providers/");
    let name = format!("councils/{council}/bankDetails/{id}");
    let known = officer.invoicing().get_bank_details(GetBankDetailsRequest { name: name.clone() }).await;
    match known {
        Ok(_) => return Ok(()),
        Err(status) if status.code() == Code::NotFound => {}
        Err(status) => return Err(status).at("read bank details"),
    }
    let record = RecordBankDetailsRequest {
        name: name.clone(),
        request_id: season.chance.request_id("bank details", &name),
        account: Some(account(id, id)),
    };
    let recorded = officer.invoicing().record_bank_details(record).await.at("record bank details")?;
    let verify = VerifyBankDetailsRequest {
        request_id: season.chance.request_id("verify bank details", &name),
        name,
        revision: recorded.revision,
        how: "called the number on the contract".to_owned(),
    };
    manager.invoicing().verify_bank_details(verify).await.at("verify bank details")?;
    Ok(())
}

/// Proposes the run; none where credit notes are all that there is.
async fn propose(
    season: &Season<'_>,
    council: CouncilId,
    officer: &Clients,
) -> Result<Option<PaymentRun>, DemoError> {
    let request = ProposePaymentRunRequest {
        parent: format!("councils/{council}"),
        request_id: season.chance.request_id("propose payments", format!("{council}/{}", season.today)),
        pay_on: pay_day(season.today).to_string(),
        due_by: days_after(season.today, DUE_DAYS).to_string(),
        providers: Vec::new(),
    };
    match officer.invoicing().propose_payment_run(request).await {
        Err(status) if reason(&status) == "NOTHING_TO_PAY" => Ok(None),
        answer => answer.at("propose a payment run").map(Some),
    }
}

/// The first day on which money is there of a file that is ready today: two working days after the bank has it.
fn pay_day(today: Date) -> Date {
    let submitted = if is_working_day(today) { today } else { working_days_after(today, 1) };
    working_days_after(submitted, 2)
}

#[cfg(test)]
mod tests {
    use super::digits;

    #[test]
    fn made_up_numbers_have_their_length_and_come_out_the_same() {
        for (of, count) in [("E06000015", 6), ("acme", 8), ("", 8)] {
            assert_eq!(digits(of, count).len(), usize::try_from(count).unwrap());
            assert_eq!(digits(of, count), digits(of, count));
        }
    }
}
