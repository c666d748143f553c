//! A payment run as files: the submission for the bank, a provider's remittance advice, and a spreadsheet. Everything in them is in the log,
//! so that they come out the same byte for byte whenever they are asked for.

use crate::document::provider_as_named;
use books::Faults;
use books::bacs::{self, Payment, Processing, Submission};
use books::remittance::{Item, Remittance};
use books::sheet::{LeftOutRow, PaidRow};
use care::{Pence, ProviderId};
use invoicing_domain as domain;
use invoicing_domain::{BankAccount, State};

/// As which file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RunFile {
    Bacs,
    Csv,
    RemittanceText(ProviderId),
    RemittanceHtml(ProviderId),
    RemittanceCsv(ProviderId),
}

impl RunFile {
    /// The kind of file as the web has it.
    pub(crate) fn media_type(&self) -> &'static str {
        match self {
            Self::Bacs => "text/plain; charset=us-ascii",
            Self::RemittanceText(_) => "text/plain; charset=utf-8",
            Self::RemittanceHtml(_) => "text/html; charset=utf-8",
            Self::Csv | Self::RemittanceCsv(_) => "text/csv; charset=utf-8",
        }
    }

    /// A name for the file of a run.
    pub(crate) fn file_name(&self, run: &domain::PaymentRun) -> String {
        let run = format!("{}-run-{:06}", run.proposed.council, run.proposed.number);
        match self {
            Self::Bacs => format!("{run}.bacs.txt"),
            Self::Csv => format!("{run}.csv"),
            Self::RemittanceText(provider) => format!("{run}-{provider}-remittance.txt"),
            Self::RemittanceHtml(provider) => format!("{run}-{provider}-remittance.html"),
            Self::RemittanceCsv(provider) => format!("{run}-{provider}-remittance.csv"),
        }
    }
}

/// What a file is written from.
pub(crate) enum RunSource {
    Submission(Box<Submission>),
    Remittance(Remittance, RunFile),
    Sheet(String),
    /// The run has not gone to the bank.
    NotReleased,
    /// The run pays nothing to the provider.
    NoPayee,
}

impl RunSource {
    pub(crate) fn of(state: &State, run: &domain::PaymentRun, file: &RunFile) -> Self {
        match file {
            RunFile::Csv => Self::Sheet(sheet(run)),
            RunFile::Bacs => submission(state, run)
                .map_or(Self::NotReleased, |submission| Self::Submission(Box::new(submission))),
            RunFile::RemittanceText(of) | RunFile::RemittanceHtml(of) | RunFile::RemittanceCsv(of) => {
                match (run.released.is_some(), run.payee(of)) {
                    (false, _) => Self::NotReleased,
                    (true, None) => Self::NoPayee,
                    (true, Some(payee)) => Self::Remittance(remittance(state, run, payee), file.clone()),
                }
            }
        }
    }

    /// The file; none where there is nothing to tell of.
    ///
    /// # Errors
    /// What the format cannot carry.
    pub(crate) fn written(&self) -> Option<Result<String, Faults>> {
        Some(match self {
            Self::Submission(submission) => bacs::write(submission),
            Self::Remittance(advice, RunFile::RemittanceHtml(_)) => advice.html(),
            Self::Remittance(advice, RunFile::RemittanceCsv(_)) => advice.csv(),
            Self::Remittance(advice, _) => advice.text(),
            Self::Sheet(text) => Ok(text.clone()),
            Self::NotReleased | Self::NoPayee => return None,
        })
    }
}

/// What a provider sees a payment by at its bank: the council and the number of the run.
fn reference(run: &domain::PaymentRun) -> String {
    bacs::text_of(&format!("{} {:08}", run.proposed.council, run.proposed.number))
}

fn account(account: &BankAccount) -> bacs::Account {
    bacs::Account {
        sort_code: account.sort_code().to_owned(),
        number: account.number().to_owned(),
        name: account.name().to_owned(),
    }
}

/// The submission of a released run: the accounts as they were approved, whatever was recorded since.
fn submission(state: &State, run: &domain::PaymentRun) -> Option<Submission> {
    let released = run.released.as_ref()?;
    let policy = &state.payments.policy_of(released.policy)?.policy;
    let payment = |payee: &domain::RunPayee| {
        let details = state.payments.bank.get(&payee.provider)?.record(payee.details)?;
        let (to, amount) = (account(&details.account), payee.amount);
        Some(Payment { to, amount, reference: reference(run), on: None })
    };
    Some(Submission {
        service_user: policy.service_user.clone(),
        // Six digits that no other run of the council has within a million.
        serial: format!("{:06}", run.proposed.number.saturating_sub(1) % 999_999 + 1),
        file_number: released.file_number,
        created_on: released.created_on,
        processing: Processing::Single(domain::processing_day(run.proposed.pay_on)),
        from: account(&policy.payer),
        payments: run.proposed.payees.iter().map(payment).collect::<Option<_>>()?,
    })
}

/// A document as an advice has it. Of an invoice of which more was paid than is accepted by now, what is taken off stands alone.
fn item(item: &domain::RunItem) -> Item {
    let taken_off = item.gross.0.signum() != item.amount.0.signum();
    let (label, amount) = (item.kind.label(), if taken_off { item.amount } else { item.gross });
    let withheld = amount - item.amount;
    Item {
        number: item.number.clone(),
        issued_on: item.issued_on,
        kind: if taken_off { format!("{label}, overpaid") } else { label.to_owned() },
        amount,
        withheld,
        reason: (withheld != Pence::ZERO).then(|| "Paid before, or in dispute".to_owned()),
    }
}

fn remittance(state: &State, run: &domain::PaymentRun, payee: &domain::RunPayee) -> Remittance {
    let details = state.payments.bank.get(&payee.provider).and_then(|it| it.record(payee.details));
    Remittance {
        council: run.proposed.council.name().to_owned(),
        provider: provider_as_named(&payee.provider),
        reference: reference(run),
        paid_on: run.proposed.pay_on,
        account_ends: details.map(|it| it.account.ends().to_owned()),
        paid: payee.amount,
        items: payee.items.iter().map(item).collect(),
    }
}

fn sheet(run: &domain::PaymentRun) -> String {
    let proposed = &run.proposed;
    let row = |provider: &ProviderId, item: &domain::RunItem| PaidRow {
        provider: provider_as_named(provider),
        document: item.number.clone(),
        kind: item.kind.label().to_owned(),
        issued_on: item.issued_on,
        payable_by: item.payable_by,
        gross: item.gross,
        paid: item.amount,
    };
    let paid: Vec<PaidRow> = proposed
        .payees
        .iter()
        .flat_map(|payee| payee.items.iter().map(|item| row(&payee.provider, item)))
        .collect();
    let left_out = |it: &domain::LeftOut| LeftOutRow {
        provider: provider_as_named(&it.provider),
        reason: it.reason.as_str().to_owned(),
        amount: it.amount,
    };
    let left_out: Vec<LeftOutRow> = proposed.left_out.iter().map(left_out).collect();
    let name = format!("{}-run-{:06} {}", proposed.council, proposed.number, run.status().as_str());
    books::sheet::payment_run(&name, proposed.pay_on, &paid, &left_out, proposed.total)
}

// The domain knows no file, and holds a run to what a file can carry.
const _: () = assert!(domain::limits::RUN_TOTAL_MAX.0 == bacs::RECORD_MAX.0);
const _: () = assert!(domain::limits::PAY_DAYS_AHEAD_MAX == bacs::DAYS_AHEAD_MAX);
const _: () = assert!(domain::limits::RUN_ITEMS_MAX <= bacs::PAYMENTS_MAX);

#[cfg(test)]
mod tests {
    use super::*;
    use care::InvoiceId;
    use invoicing_domain::PayableKind;

    #[test]
    fn what_is_in_dispute_is_withheld_and_what_was_paid_too_much_is_taken_off() {
        let day = care::Date::constant(2026, 2, 1);
        let of = |gross: i64, amount: i64| domain::RunItem {
            invoice: InvoiceId(uuid::Uuid::nil()),
            number: "S-1".to_owned(),
            kind: PayableKind::SupplierInvoice,
            issued_on: day,
            payable_by: day,
            gross: Pence(gross),
            amount: Pence(amount),
        };
        let items = vec![item(&of(1_000, 600)), item(&of(500, -100)), item(&of(-50, -50)), item(&of(7, 7))];
        let withheld: Vec<_> = items.iter().map(|it| (it.amount.0, it.withheld.0)).collect();
        assert_eq!(withheld, [(1_000, 400), (-100, 0), (-50, 0), (7, 0)]);
        assert_eq!(items[1].kind, "Invoice, overpaid");
        let advice = Remittance {
            council: "Derby".to_owned(),
            provider: "acme".to_owned(),
            reference: "E06000015 00000001".to_owned(),
            paid_on: day,
            account_ends: None,
            paid: Pence(457),
            items,
        };
        assert!(advice.text().unwrap().contains("withheld: Paid before, or in dispute"));
    }
}
