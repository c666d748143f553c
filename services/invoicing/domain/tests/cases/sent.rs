//! The sentences of the money cases that are about invoices which providers send.

use super::steps::{Read, after_colon, date, id, money};
use crate::common::derby;
use care::{Date, InvoiceId, Nights, Pence};
use invoicing_domain::{
    Allowance, ArrangeBilling, Ask, BillingMode, InvoiceFormat, InvoiceKind, QueryInvoice, QueryOutcome,
    ResolveInvoiceQuery, SetMatchTolerance, State, SubmitInvoices, SubmittedInvoice, SupplierLine, Tolerance,
};

pub(super) fn read(what: &str, words: &[&str], today: Date, state: &State) -> Read<Ask> {
    Ok(match words {
        ["arrange", provider, mode, "from", from] => Ask::ArrangeBilling(ArrangeBilling {
            provider: provider.parse().map_err(|_| format!("{provider} is no provider"))?,
            mode: match *mode {
                "SELF_BILLING" => BillingMode::SelfBilling,
                "SUPPLIER_INVOICES" => BillingMode::SupplierInvoices,
                _ => return Err(format!("{mode:?} is no way of billing")),
            },
            from: date(from)?,
            council_by: "Head of finance".to_owned(),
            provider_by: "Finance director".to_owned(),
            agreed_on: today,
        }),
        ["tolerate", "line", line, line_share, "invoice", invoice, invoice_share, "from", from] => {
            let tolerance =
                Tolerance { line: allowance(line, line_share)?, invoice: allowance(invoice, invoice_share)? };
            let approver = "Head of finance".to_owned();
            Ask::SetMatchTolerance(SetMatchTolerance { from: date(from)?, tolerance, approver })
        }
        ["send", provider, number, ..] => {
            submission(provider, number.trim_end_matches(':'), None, after_colon(what)?, today)?
        }
        ["credit", provider, number, "of", of, ..] => {
            let of = of.trim_end_matches(':').to_owned();
            submission(provider, number, Some(of), after_colon(what)?, today)?
        }
        ["query", number, lines @ .., reason] => Ask::QueryInvoice(QueryInvoice {
            invoice: invoice(state, number)?,
            lines: lines_of(lines)?,
            reason: (*reason).to_owned(),
            text: "see our letter".to_owned(),
        }),
        ["answer", number] => {
            let (invoice, text) = (invoice(state, number)?, "as agreed on the telephone".to_owned());
            Ask::AnswerInvoiceQuery { invoice, text }
        }
        ["resolve", number, lines @ .., outcome] => Ask::ResolveInvoiceQuery(ResolveInvoiceQuery {
            invoice: invoice(state, number)?,
            lines: lines_of(lines)?,
            outcome: match *outcome {
                "ACCEPTED_AS_AGREED" => QueryOutcome::AcceptedAsAgreed,
                "PROVIDER_CREDITS" => QueryOutcome::ProviderCredits,
                "WITHDRAWN" => QueryOutcome::Withdrawn,
                "REJECTED_AS_INVALID" => QueryOutcome::RejectedAsInvalid,
                _ => return Err(format!("{outcome:?} is no outcome")),
            },
            text: "as agreed".to_owned(),
        }),
        _ => return Err(format!("{what:?} is no step")),
    })
}

/// The invoice with a number, whoever sent it, or that had it before it was rejected.
pub(super) fn invoice(state: &State, number: &str) -> Read<InvoiceId> {
    let of = |id: &&InvoiceId| state.number_of(**id) == Some(number);
    let last = state.supplier.received.iter().rev().find(of);
    last.copied().ok_or_else(|| format!("{number:?} is no invoice that was received"))
}

/// Pounds, and per cent of what was agreed.
fn allowance(pounds: &str, percent: &str) -> Read<Allowance> {
    let basis_points = u32::try_from(money(percent)?.0).map_err(|_| format!("{percent:?} is no share"))?;
    Ok(Allowance { pence: money(pounds)?, basis_points })
}

/// `lines 1 2`, or nothing for all.
fn lines_of(words: &[&str]) -> Read<Vec<u32>> {
    let numbers = words.strip_prefix(&["lines"]).unwrap_or(words);
    numbers.iter().map(|word| word.parse().map_err(|_| format!("{word:?} is no line"))).collect()
}

/// `A CORE 2026-01-01 to 2026-01-29 2800, A EDUCATION 2026-01-01 to 2026-01-29 400 STANDARD 80`.
fn submission(provider: &str, number: &str, credits: Option<String>, lines: &str, today: Date) -> Read<Ask> {
    let lines: Vec<SupplierLine> = lines.split(';').map(line).collect::<Read<_>>()?;
    let sum = |of: fn(&SupplierLine) -> Pence| lines.iter().map(of).sum();
    let invoice = SubmittedInvoice {
        buyer: derby(),
        number: number.to_owned(),
        kind: if credits.is_some() { InvoiceKind::CreditNote } else { InvoiceKind::Invoice },
        credits,
        issued_on: today,
        stated: (sum(|line| line.net), sum(|line| line.vat_amount)),
        lines,
    };
    Ok(Ask::SubmitInvoices(SubmitInvoices {
        provider: provider.parse().map_err(|_| format!("{provider} is no provider"))?,
        invoices: vec![invoice],
        format: InvoiceFormat::Fields,
        received_on: None,
    }))
}

fn line(text: &str) -> Read<SupplierLine> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let [name, kind, from, "to", to, net, vat @ ..] = words.as_slice() else {
        return Err(format!("{text:?} is no line of an invoice"));
    };
    let nights = Nights::from_on(date(from)?, Some(date(to)?));
    let net = money(net)?;
    let (treatment, vat_amount) = match vat {
        [] => ("EXEMPT", Pence::ZERO),
        [treatment] => (*treatment, Pence::ZERO),
        [treatment, amount, ..] => (*treatment, money(amount)?),
    };
    Ok(SupplierLine {
        agreement: id(name),
        kind: (*kind).to_owned(),
        nights,
        quantity: if net < Pence::ZERO { -nights.count() } else { nights.count() },
        weekly: None,
        net,
        vat: treatment.to_owned(),
        vat_amount,
    })
}
