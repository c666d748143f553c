//! The sentences of the money cases about bank accounts and payment runs.

use super::steps::{date, money};
use crate::common::by;
use care::PaymentRunId;
use invoicing_domain::{
    Ask, BankAccount, PaymentPolicy, PaymentStep, ProposePaymentRun, RecordPaymentReturned, ReturnOf, State,
    TaxDetails, VatNumber,
};
use std::collections::BTreeMap;

type Read<T> = Result<T, String>;

/// The nth payment run, from 1.
fn run(number: &str, state: &State) -> Read<PaymentRunId> {
    let nth: usize = number.parse().map_err(|_| format!("{number} is no payment run"))?;
    state.payments.run_numbers.get(nth - 1).copied().ok_or("there is no such payment run".to_owned())
}

fn provider(name: &str) -> Read<care::ProviderId> {
    name.parse().map_err(|_| format!("{name} is no provider"))
}

/// What a sentence about payments asks for; nothing where it is about something else. Its last two words are `by` and who says so.
pub(super) fn read(words: &[&str], state: &State) -> Read<Option<Ask>> {
    let (words, person) = match words {
        [rest @ .., "by", person] => (rest, *person),
        _ => return Ok(None),
    };
    let step = match words {
        ["pay", "from", number, "four-weekly", "from", first, limits @ ..] => {
            let payer =
                BankAccount::new("201575", number, "DERBY CITY COUNCIL").map_err(|it| format!("{it:?}"))?;
            let pairs = limits.chunks(2).filter(|pair| pair.len() == 2);
            let limits: BTreeMap<_, _> =
                pairs.map(|pair| Ok((pair[0].to_owned(), money(pair[1])?))).collect::<Read<_>>()?;
            PaymentStep::SetPolicy(PaymentPolicy {
                service_user: "123456".to_owned(),
                payer,
                first_run_on: Some(date(first)?),
                approver_limits: limits,
            })
        }
        ["account", of, number] => {
            let account =
                BankAccount::new("301234", number, "PROVIDER LTD").map_err(|it| format!("{it:?}"))?;
            PaymentStep::RecordBankDetails { provider: provider(of)?, account }
        }
        ["tax", of, what, "from", from] => {
            let vat_number = match *what {
                "charity" | "nothing" => None,
                number => Some(VatNumber::new(number).map_err(str::to_owned)?),
            };
            let details = TaxDetails { from: date(from)?, vat_number, charity: *what == "charity" };
            PaymentStep::RecordTaxDetails { provider: provider(of)?, details }
        }
        ["verify", "tax", of, revision] => {
            let revision = revision.parse().map_err(|_| format!("{revision} is no revision"))?;
            PaymentStep::VerifyTaxDetails { provider: provider(of)?, revision, how: "asked HMRC".to_owned() }
        }
        ["verify", of, revision] => {
            let revision = revision.parse().map_err(|_| format!("{revision} is no revision"))?;
            PaymentStep::VerifyBankDetails { provider: provider(of)?, revision, how: "called".to_owned() }
        }
        ["propose", rest @ ..] => {
            let after = |word: &str| rest.windows(2).find(|pair| pair[0] == word).map(|pair| pair[1]);
            let day = |word: &str| after(word).map(date).transpose();
            let providers = after("for").map(provider).transpose()?.into_iter().collect();
            PaymentStep::Propose(ProposePaymentRun { pay_on: day("on")?, due_by: day("due")?, providers })
        }
        ["approve", number] => PaymentStep::Approve(run(number, state)?),
        ["reject", number] => {
            PaymentStep::Reject { run: run(number, state)?, reason: "a wrong sum".to_owned() }
        }
        ["returned", number, of] => PaymentStep::Returned(RecordPaymentReturned {
            of: ReturnOf::Run(run(number, state)?, provider(of)?),
            returned_on: None,
            reason: "account closed".to_owned(),
        }),
        ["invoice", number, "returned"] => {
            let nth: usize = number.parse().map_err(|_| format!("{number} is no invoice"))?;
            let invoice = state.invoice_numbers.get(nth - 1).copied().ok_or("there is no such invoice")?;
            PaymentStep::Returned(RecordPaymentReturned {
                of: ReturnOf::Invoice(invoice),
                returned_on: None,
                reason: "account closed".to_owned(),
            })
        }
        _ => return Ok(None),
    };
    Ok(Some(by(person, step)))
}
