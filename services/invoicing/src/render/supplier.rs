//! Invoices that providers sent, as the API shows them.

use super::{invoice_name, or_empty};
use api::invoicing as proto;
use care::{CouncilId, Date, code_sets};
use invoicing_domain as domain;
use invoicing_domain::{
    InvoiceFormat, InvoiceKind, LineStanding, QueryNote, QueryOutcome, State, SupplierInvoice, SupplierLine,
};
use service_kit::{agreement_name, council_name, provider_name, timestamp};

/// A document without its lines.
pub(crate) fn head(invoice: &SupplierInvoice) -> proto::SupplierInvoice {
    let received = &invoice.received;
    let kind = match received.kind {
        InvoiceKind::Invoice => proto::SentKind::Invoice,
        InvoiceKind::CreditNote => proto::SentKind::CreditNote,
    };
    let format = match received.format {
        InvoiceFormat::Fields => "FIELDS",
        InvoiceFormat::Ubl => "UBL",
        InvoiceFormat::Csv => "CSV",
    };
    proto::SupplierInvoice {
        name: invoice_name(received.council, received.invoice),
        number: received.number.clone(),
        kind: kind.into(),
        provider: provider_name(&received.provider),
        sequence: i64::try_from(received.sequence).unwrap_or(i64::MAX),
        credits: or_empty(received.credits.map(|id| invoice_name(received.council, id))),
        format: format.to_owned(),
        issued_on: received.issued_on.to_string(),
        received_on: received.received_on.to_string(),
        payable_by: received.payable_by.to_string(),
        net_pence: received.net.0,
        vat_pence: received.vat.0,
        gross_pence: received.gross().0,
        accepted_pence: invoice.accepted().0,
        in_query_pence: invoice.in_query().0,
        credited_pence: invoice.credited().0,
        paid_pence: invoice.paid().0,
        due_pence: invoice.due().0,
        settled_on: or_empty(invoice.settled_on()),
        rejected_on: or_empty(invoice.rejected_on),
        lines: Vec::new(),
        queries: Vec::new(),
        credit_notes: Vec::new(),
        receive_time: Some(timestamp(received.at)),
    }
}

/// An invoice as one that is paid is shown, whoever made it.
pub(crate) fn as_paid(invoice: &SupplierInvoice) -> proto::Invoice {
    let received = &invoice.received;
    proto::Invoice {
        name: invoice_name(received.council, received.invoice),
        number: received.number.clone(),
        kind: proto::InvoiceKind::Invoice.into(),
        provider: provider_name(&received.provider),
        issued_on: received.issued_on.to_string(),
        payable_by: received.payable_by.to_string(),
        nights: received.lines.iter().map(|line| line.quantity).sum(),
        net_pence: received.net.0,
        settled_on: or_empty(invoice.settled_on()),
        issue_time: Some(timestamp(received.at)),
        vat_pence: received.vat.0,
        gross_pence: received.gross().0,
        paid_pence: invoice.paid().0,
        ..proto::Invoice::default()
    }
}

/// A document with its lines and what became of them.
pub(crate) fn whole(invoice: &SupplierInvoice) -> proto::SupplierInvoice {
    let council = invoice.received.council;
    let sent = invoice.received.lines.iter().enumerate();
    let lines = sent.map(|(n, sent)| line(invoice, n, sent, invoice.lines.get(n))).collect();
    let note = |(what, text, at): &(QueryNote, String, care::Timestamp)| {
        let (what, lines, reason, outcome) = match what {
            QueryNote::Queried { lines, reason } => ("QUERIED", lines.clone(), reason.clone(), None),
            QueryNote::Answered => ("ANSWERED", Vec::new(), String::new(), None),
            QueryNote::Resolved { lines, outcome } => {
                ("RESOLVED", lines.clone(), String::new(), Some(*outcome))
            }
            QueryNote::Rematched { lines, reason } => ("REMATCHED", lines.clone(), reason.clone(), None),
        };
        proto::InvoiceQueryNote {
            what: what.to_owned(),
            lines,
            reason,
            outcome: outcome.map_or(proto::QueryOutcome::Unspecified, outcome_of).into(),
            text: text.clone(),
            time: Some(timestamp(*at)),
        }
    };
    proto::SupplierInvoice {
        lines,
        queries: invoice.queries.iter().map(note).collect(),
        credit_notes: invoice.credit_notes.iter().map(|id| invoice_name(council, *id)).collect(),
        ..head(invoice)
    }
}

fn outcome_of(outcome: QueryOutcome) -> proto::QueryOutcome {
    match outcome {
        QueryOutcome::AcceptedAsAgreed => proto::QueryOutcome::AcceptedAsAgreed,
        QueryOutcome::ProviderCredits => proto::QueryOutcome::ProviderCredits,
        QueryOutcome::Withdrawn => proto::QueryOutcome::Withdrawn,
        QueryOutcome::RejectedAsInvalid => proto::QueryOutcome::RejectedAsInvalid,
    }
}

fn line(
    invoice: &SupplierInvoice,
    n: usize,
    sent: &SupplierLine,
    now: Option<&LineStanding>,
) -> proto::SupplierInvoiceLine {
    let matched = now.map(|now| now.matched.clone()).unwrap_or_default();
    let queried = invoice.queried(n);
    let reason = |code: &String| proto::MatchReason {
        code: code.clone(),
        meaning: code_sets::MATCH_REASON.label(code).unwrap_or_default().to_owned(),
    };
    proto::SupplierInvoiceLine {
        line: i32::try_from(n + 1).unwrap_or(i32::MAX),
        agreement: agreement_name(invoice.received.council, sent.agreement),
        kind: sent.kind.clone(),
        start: sent.nights.start().to_string(),
        end: sent.nights.end().to_string(),
        quantity: sent.quantity,
        weekly_pence: sent.weekly.unwrap_or_default().0,
        net_pence: sent.net.0,
        vat: sent.vat.clone(),
        vat_pence: sent.vat_amount.0,
        agreed_pence: matched.agreed.0,
        agreed_vat_pence: matched.agreed_vat.0,
        accepted_pence: matched.accepted.0,
        accepted_vat_pence: matched.accepted_vat.0,
        difference_pence: matched.difference.0,
        in_query_pence: (queried.0 + queried.1).0,
        credited_pence: now.map_or(0, |now| (now.credited + now.credited_vat).0),
        reasons: matched.reasons.iter().map(reason).collect(),
        disputed: now.and_then(|now| now.disputed.clone()).unwrap_or_default(),
        credit_awaited: now.is_some_and(|now| now.credit_awaited),
    }
}

pub(crate) fn arrangement(arranged: &domain::BillingArranged) -> proto::BillingArrangement {
    let mode = match arranged.mode {
        domain::BillingMode::SelfBilling => proto::BillingMode::SelfBilling,
        domain::BillingMode::SupplierInvoices => proto::BillingMode::SupplierInvoices,
    };
    proto::BillingArrangement {
        council: council_name(arranged.council),
        provider: provider_name(&arranged.provider),
        mode: mode.into(),
        from: arranged.from.to_string(),
        council_by: arranged.council_by.clone(),
        provider_by: arranged.provider_by.clone(),
        agreed_on: arranged.agreed_on.to_string(),
        record_time: Some(timestamp(arranged.at)),
    }
}

/// What is tolerated of invoices that are received on a day.
pub(crate) fn tolerance(council: CouncilId, state: &State, on: Date) -> proto::MatchTolerance {
    let set = state.supplier.tolerances.range(..=on).next_back().map(|(_, set)| set);
    let tolerance = set.map(|set| set.tolerance).unwrap_or_default();
    proto::MatchTolerance {
        council: council_name(council),
        version: set.map_or(0, |set| set.version),
        from: or_empty(set.map(|set| set.from)),
        tolerance: Some(proto::Tolerance {
            line_pence: tolerance.line.pence.0,
            line_basis_points: i64::from(tolerance.line.basis_points),
            invoice_pence: tolerance.invoice.pence.0,
            invoice_basis_points: i64::from(tolerance.invoice.basis_points),
        }),
        approver: set.map(|set| set.approver.clone()).unwrap_or_default(),
    }
}
