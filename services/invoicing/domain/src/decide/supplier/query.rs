//! Queries: a council disputes what it had accepted, a provider answers, and the council ends it. What is not in query is payable all the while.

use super::{Change, Posted, QueryRejected};
use crate::commands::{Command, QueryInvoice, ResolveInvoiceQuery};
use crate::decide::matching::Matching;
use crate::events::{
    InvoiceKind, InvoiceQueryAnswered, InvoiceQueryResolved, InvoicingEvent, LineMatch, LineResolved,
    QueryOutcome, SupplierInvoiceQueried, SupplierLine, Tolerance,
};
use crate::journal::{EntryCode, EntryId};
use crate::rejection::Rejection;
use crate::state::{State, SupplierInvoice};
use care::{InvoiceId, Pence, london_date};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Disputes what was accepted of lines.
pub(in crate::decide) fn query(
    state: &State,
    command: &Command,
    ask: &QueryInvoice,
) -> Result<Vec<InvoicingEvent>, Rejection> {
    let invoice = found(state, ask.invoice)?;
    let id = EntryId(command.cause.id_of(&format!("QUERY|{}", ask.invoice)));
    if state.ledger.entry(id).is_some() {
        return Ok(Vec::new());
    }
    let number = invoice.received.number.clone();
    let has_some = |n: &usize| {
        let accepted = invoice.lines.get(*n).map(|it| (it.matched.accepted, it.matched.accepted_vat));
        accepted.is_some_and(|accepted| accepted != (Pence::ZERO, Pence::ZERO))
    };
    let lines: BTreeSet<usize> = chosen(invoice, &ask.lines)?.into_iter().filter(has_some).collect();
    let change = Change::accepted(matches_of(invoice, &lines));
    if change.gross() <= Pence::ZERO {
        return Err(QueryRejected::NothingAccepted { number }.into());
    }
    let (accepted, due) = (change.gross(), invoice.due());
    if accepted > due {
        return Err(QueryRejected::PaidAlready { number, accepted, due }.into());
    }
    let event = SupplierInvoiceQueried {
        invoice: ask.invoice,
        council: command.council,
        lines: lines.iter().map(|n| numbered(*n)).collect(),
        reason: ask.reason.clone(),
        text: ask.text.clone(),
        entry: posted(state, command, invoice, id, Change::default() - change)?,
        at: command.at,
    };
    Ok(vec![event.into()])
}

/// Records what a provider says of what is in query.
pub(in crate::decide) fn answer(
    state: &State,
    command: &Command,
    invoice: InvoiceId,
    text: &str,
) -> Result<Vec<InvoicingEvent>, Rejection> {
    let found = found(state, invoice)?;
    if found.lines_in_query().is_empty() {
        let number = found.received.number.clone();
        return Err(QueryRejected::NothingInQuery { number }.into());
    }
    let (council, text, at) = (command.council, text.to_owned(), command.at);
    Ok(vec![InvoiceQueryAnswered { invoice, council, text, at }.into()])
}

/// Ends a query of lines.
pub(in crate::decide) fn resolve(
    state: &State,
    command: &Command,
    ask: &ResolveInvoiceQuery,
) -> Result<Vec<InvoicingEvent>, Rejection> {
    let invoice = found(state, ask.invoice)?;
    let id = EntryId(command.cause.id_of(&format!("RESOLVED|{}", ask.invoice)));
    if state.ledger.entry(id).is_some() {
        return Ok(Vec::new());
    }
    let lines = resolvable(invoice, ask)?;
    let results = results(state, invoice, ask.outcome, &lines);
    let change = Change::accepted(&results) - Change::accepted(matches_of(invoice, &lines));
    let event = InvoiceQueryResolved {
        invoice: ask.invoice,
        council: command.council,
        outcome: ask.outcome,
        lines: lines
            .iter()
            .zip(results)
            .map(|(n, result)| LineResolved { line: numbered(*n), result })
            .collect(),
        text: ask.text.clone(),
        entry: posted(state, command, invoice, id, change)?,
        at: command.at,
    };
    Ok(vec![event.into()])
}

/// The lines that a query is ended of, from 0.
fn resolvable(invoice: &SupplierInvoice, ask: &ResolveInvoiceQuery) -> Result<BTreeSet<usize>, Rejection> {
    let number = invoice.received.number.clone();
    if ask.outcome == QueryOutcome::RejectedAsInvalid {
        if !ask.lines.is_empty() {
            return Err(QueryRejected::RejectedInPart.into());
        }
        if invoice.paid() != Pence::ZERO || !invoice.credit_notes.is_empty() || invoice.rejected_on.is_some()
        {
            return Err(QueryRejected::BeyondRejection { number }.into());
        }
        return Ok((0..invoice.lines.len()).collect());
    }
    let in_query = |n: &usize| invoice.queried(*n) != (Pence::ZERO, Pence::ZERO);
    let lines: BTreeSet<usize> = chosen(invoice, &ask.lines)?.into_iter().filter(in_query).collect();
    if lines.is_empty() { Err(QueryRejected::NothingInQuery { number }.into()) } else { Ok(lines) }
}

/// What becomes of lines whose query ends.
fn results(
    state: &State,
    invoice: &SupplierInvoice,
    outcome: QueryOutcome,
    lines: &BTreeSet<usize>,
) -> Vec<LineMatch> {
    let tolerance = match outcome {
        QueryOutcome::ProviderCredits => return matches_of(invoice, lines).cloned().collect(),
        QueryOutcome::RejectedAsInvalid => {
            let reasons = |it: &LineMatch| LineMatch { reasons: it.reasons.clone(), ..LineMatch::default() };
            return matches_of(invoice, lines).map(reasons).collect();
        }
        QueryOutcome::AcceptedAsAgreed => Tolerance::default(),
        QueryOutcome::Withdrawn => state.supplier.tolerance(invoice.received.received_on),
    };
    let kept = invoice.accepted() - Change::accepted(matches_of(invoice, lines)).gross();
    let anew = Some((invoice.received.invoice, lines));
    let matching = Matching { state, supplier: &state.supplier, anew, kept, changed: None };
    matching.lines(&asked(invoice), tolerance)
}

/// What an invoice asks for: what is credited is asked for no more.
pub(super) fn asked(invoice: &SupplierInvoice) -> Vec<SupplierLine> {
    let left = |(_, sent, now): (usize, &SupplierLine, &crate::state::LineStanding)| SupplierLine {
        net: sent.net - now.credited,
        vat_amount: sent.vat_amount - now.credited_vat,
        ..sent.clone()
    };
    invoice.standing_lines().map(left).collect()
}

fn found(state: &State, id: InvoiceId) -> Result<&SupplierInvoice, Rejection> {
    let invoice = state.supplier.invoices.get(&id).ok_or(Rejection::InvoiceUnknown(id))?;
    if invoice.received.kind == InvoiceKind::CreditNote {
        let number = invoice.received.number.clone();
        return Err(QueryRejected::IsCreditNote { number }.into());
    }
    Ok(invoice)
}

/// The lines that are asked about, counted from 0; all where none is named.
fn chosen(invoice: &SupplierInvoice, named: &[u32]) -> Result<BTreeSet<usize>, Rejection> {
    if named.is_empty() {
        return Ok((0..invoice.lines.len()).collect());
    }
    let place = |line: &u32| {
        let place = usize::try_from(*line).ok().and_then(|line| line.checked_sub(1));
        let unknown = || QueryRejected::LineUnknown {
            number: invoice.received.number.clone(),
            line: *line,
            lines: invoice.lines.len(),
        };
        place.filter(|place| *place < invoice.lines.len()).ok_or_else(|| unknown().into())
    };
    named.iter().map(place).collect()
}

pub(super) fn numbered(line: usize) -> u32 {
    u32::try_from(line + 1).unwrap_or(u32::MAX)
}

pub(super) fn matches_of<'a>(
    invoice: &'a SupplierInvoice,
    lines: &'a BTreeSet<usize>,
) -> impl Iterator<Item = &'a LineMatch> {
    lines.iter().filter_map(|n| invoice.lines.get(*n)).map(|it| &it.matched)
}

pub(super) fn posted(
    state: &State,
    command: &Command,
    invoice: &SupplierInvoice,
    id: EntryId,
    change: Change,
) -> Result<Option<Arc<crate::journal::JournalEntry>>, Rejection> {
    let received = &invoice.received;
    let on = london_date(command.at);
    let posted =
        Posted { id, code: EntryCode::Query, provider: &received.provider, invoice: received.invoice, on };
    Ok(posted.entry(state, &received.lines, change)?.map(Arc::new))
}
