//! The state as the API shows it.

pub(crate) mod payments;
pub(crate) mod supplier;
pub(crate) mod tax;

use api::invoicing::{
    AccountBalance, AccountClass, AgedPayable, Charge, ChargedLine, Forecast, ForecastMonth, FunderAmount,
    Invoice, InvoiceKind, InvoiceLine, JournalEntry, Ledger, Posting,
};
use care::{CouncilId, Date, InvoiceId, ProviderId};
use invoicing_domain as domain;
use invoicing_domain::{Account, Balance, EntryId, State};
use service_kit::{agreement_name, council_name, provider_name, timestamp};

pub(crate) fn invoice_name(council: CouncilId, invoice: InvoiceId) -> String {
    format!("councils/{council}/invoices/{invoice}")
}

fn charge_name(council: CouncilId, charge: EntryId) -> String {
    format!("councils/{council}/charges/{charge}")
}

fn or_empty<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

/// A count as the API has it: none comes near what an `i64` holds.
pub(crate) fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// An invoice without its lines.
pub(crate) fn invoice_head(invoice: &domain::Invoice) -> Invoice {
    let issued = &invoice.issued;
    let kind = match issued.kind {
        domain::InvoiceKind::Invoice => InvoiceKind::Invoice,
        domain::InvoiceKind::CreditNote => InvoiceKind::CreditNote,
    };
    Invoice {
        name: invoice_name(issued.council, issued.invoice),
        number: issued.number.clone(),
        kind: kind.into(),
        provider: provider_name(&issued.provider),
        through: issued.through.to_string(),
        issued_on: issued.issued_on.to_string(),
        payable_by: issued.payable_by.to_string(),
        nights: issued.nights_count,
        net_pence: issued.net.0,
        settled_on: or_empty(invoice.settled_on),
        lines: Vec::new(),
        issue_time: Some(timestamp(issued.at)),
        vat_pence: issued.vat.0,
        gross_pence: issued.gross().0,
        paid_pence: invoice.paid().0,
    }
}

pub(crate) fn invoice(invoice: &domain::Invoice) -> Invoice {
    let council = invoice.issued.council;
    let line = |line: &domain::InvoiceLine| InvoiceLine {
        charge: charge_name(council, line.charge),
        agreement: agreement_name(council, line.agreement),
        kind: line.kind.clone(),
        start: line.nights.start().to_string(),
        end: line.nights.end().to_string(),
        nights: line.nights_count,
        weekly_pence: line.weekly.0,
        amount_pence: line.amount.0,
        vat: line.vat.clone().unwrap_or_default(),
        vat_pence: line.vat_amount.0,
    };
    Invoice { lines: invoice.issued.lines.iter().map(line).collect(), ..invoice_head(invoice) }
}

pub(crate) fn charge(council: CouncilId, charge: &domain::Charge) -> Charge {
    let share = |share: &domain::FunderAmount| FunderAmount {
        funder: share.funder.clone(),
        amount_pence: share.amount.0,
    };
    let line = |line: &domain::ChargedLine| {
        let nights = line.nights.unwrap_or(charge.nights);
        ChargedLine {
            kind: line.kind.clone(),
            weekly_pence: line.weekly.0,
            amount_pence: line.amount.0,
            shares: line.shares.iter().map(share).collect(),
            start: nights.start().to_string(),
            end: nights.end().to_string(),
            vat: line.vat.clone().unwrap_or_default(),
            vat_pence: line.vat_amount.0,
        }
    };
    Charge {
        name: charge_name(council, charge.id),
        agreement: agreement_name(council, charge.agreement),
        provider: provider_name(&charge.provider),
        start: charge.nights.start().to_string(),
        end: charge.nights.end().to_string(),
        nights: charge.nights_added(),
        reverses: or_empty(charge.reverses.map(|id| charge_name(council, id))),
        reason: charge.reason.clone().unwrap_or_default(),
        lines: charge.lines.iter().map(line).collect(),
        total_pence: charge.total.0,
        vat_pence: charge.vat().0,
    }
}

pub(crate) fn entry(council: CouncilId, entry: &domain::JournalEntry) -> JournalEntry {
    let posting = |posting: &domain::Posting| Posting {
        account: posting.account.to_string(),
        amount_pence: posting.amount.0,
    };
    JournalEntry {
        entry: entry.id.to_string(),
        code: entry.code.as_str().to_owned(),
        posted_on: entry.dates.posted_on.to_string(),
        adjusts: or_empty(entry.dates.adjusts),
        effective_start: entry.dates.effective.start().to_string(),
        effective_end: entry.dates.effective.end().to_string(),
        provider: provider_name(&entry.provider),
        agreement: or_empty(entry.agreement.map(|id| agreement_name(council, id))),
        invoice: or_empty(entry.invoice.map(|id| invoice_name(council, id))),
        postings: entry.postings.iter().map(posting).collect(),
        memorandum: entry.memorandum.iter().map(posting).collect(),
    }
}

fn account((account, balance): (&Account, &Balance)) -> AccountBalance {
    let class = match account.class() {
        domain::AccountClass::Expense => AccountClass::Expense,
        domain::AccountClass::Asset => AccountClass::Asset,
        domain::AccountClass::Liability => AccountClass::Liability,
        domain::AccountClass::Income => AccountClass::Income,
        domain::AccountClass::Memorandum => AccountClass::Memorandum,
    };
    AccountBalance {
        account: account.to_string(),
        account_class: class.into(),
        debits_pence: balance.debits.0,
        credits_pence: balance.credits.0,
        net_pence: balance.net().0,
    }
}

/// The ledger as it stands.
pub(crate) fn ledger(council: CouncilId, state: &State, today: Date) -> Ledger {
    let journal = &state.ledger;
    Ledger {
        entries: count(journal.entries().len()),
        nights_billed: state.nights_charged,
        invoices: count(state.invoice_numbers.len()),
        invoiced_pence: state.invoiced.0,
        weekly_commitment_pence: state.weekly_commitment(today).0,
        live_placements: count(state.live_placements(today)),
        open_from: or_empty(state.open_from),
        facts_refused: count(state.refused.len()),
        ..balances(council, journal.accounts().iter().chain(journal.memoranda()))
    }
}

/// What is told of the ledger at another point: what its entries say, and nothing that is known of today alone.
pub(crate) fn ledger_of(council: CouncilId, extract: &domain::Extract) -> Ledger {
    Ledger {
        entries: count(extract.entries().len()),
        nights_billed: extract.nights(),
        invoices: count(extract.invoices()),
        invoiced_pence: extract.invoiced().0,
        ..balances(council, &extract.balances())
    }
}

fn balances<'a>(
    council: CouncilId,
    balances: impl IntoIterator<Item = (&'a Account, &'a Balance)>,
) -> Ledger {
    let is_book = |it: &(&Account, &Balance)| it.0.class() != domain::AccountClass::Memorandum;
    let (books, commitments): (Vec<_>, Vec<_>) = balances.into_iter().partition(is_book);
    let debits = books.iter().map(|(_, balance)| balance.debits.0).sum::<i64>();
    let credits = books.iter().map(|(_, balance)| balance.credits.0).sum::<i64>();
    Ledger {
        council: council_name(council),
        accounts: books.into_iter().map(account).collect(),
        debits_pence: debits,
        credits_pence: credits,
        balanced: debits == credits,
        commitments: commitments.into_iter().map(account).collect(),
        ..Ledger::default()
    }
}

pub(crate) fn aged((provider, aged): (&ProviderId, &domain::Aged)) -> AgedPayable {
    let [not_due, days_30, days_60, days_90, more] = aged.buckets;
    AgedPayable {
        provider: provider_name(provider),
        not_due_pence: not_due.0,
        days_1_to_30_pence: days_30.0,
        days_31_to_60_pence: days_60.0,
        days_61_to_90_pence: days_90.0,
        days_over_90_pence: more.0,
        total_pence: aged.total.0,
    }
}

pub(crate) fn forecast(council: CouncilId, months: &[domain::MonthForecast]) -> Forecast {
    let month = |it: &domain::MonthForecast| ForecastMonth {
        month: it.month.strftime("%Y-%m").to_string(),
        charged_pence: it.charged.0,
        expected_pence: it.expected.0,
    };
    Forecast {
        council: council_name(council),
        months: months.iter().map(month).collect(),
        charged_pence: months.iter().map(|it| it.charged.0).sum(),
        expected_pence: months.iter().map(|it| it.expected.0).sum(),
    }
}
