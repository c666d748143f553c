//! Late news about nights that a provider has invoiced: the lines that claim them are matched again, by what the nights cost now. What is above that
//! is in query with its reason and no longer payable, so that no run pays it; where it was paid, the provider owes it and is to credit it.
//!
//! Nothing becomes payable by late news alone: what is disputed, or was resolved, stays as people left it, and a query that the news settles is
//! withdrawn by them.

use super::{Change, query};
use crate::agreement::Agreement;
use crate::commands::Command;
use crate::decide::matching::{Matching, held_deduction};
use crate::events::{LineMatch, LineResolved, SupplierInvoiceRematched, Tolerance};
use crate::journal::EntryId;
use crate::rejection::Rejection;
use crate::state::{LineStanding, State, Supplier, SupplierInvoice};
use care::{InvoiceId, Nights, Pence};
use std::collections::BTreeSet;

/// Matches again what is invoiced of some nights of an agreement, `changed` being what the news makes of it: the invoice that came last gives up
/// first. `supplier` is what is known of invoices, with what this decision has made of them so far.
pub(in crate::decide) fn rematch(
    state: &State,
    supplier: &Supplier,
    command: &Command,
    (changed, nights): (&Agreement, &[Nights]),
    reason: &str,
) -> Result<Vec<SupplierInvoiceRematched>, Rejection> {
    let Some(ids) = supplier.by_agreement.get(&changed.id) else { return Ok(Vec::new()) };
    let mut affected: Vec<&SupplierInvoice> = ids
        .iter()
        .filter_map(|id| supplier.invoices.get(id).map(AsRef::as_ref))
        .filter(|invoice| claims_any(invoice, changed, nights))
        .collect();
    affected.sort_by_key(|invoice| std::cmp::Reverse(invoice.received.sequence));
    let (mut events, mut known) = (Vec::new(), std::borrow::Cow::Borrowed(supplier));
    for invoice in affected {
        let again = Again { state, supplier: &known, command, changed, invoice };
        if let Some(event) = again.event(reason)? {
            known.to_mut().rematched(&event, care::london_date(command.at));
            events.push(event);
        }
    }
    Ok(events)
}

fn claims_any(invoice: &SupplierInvoice, changed: &Agreement, nights: &[Nights]) -> bool {
    let claims = |now: &LineStanding| {
        let mut claims = now.matched.claims.iter();
        claims.any(|claim| nights.iter().any(|nights| nights.overlaps(&claim.nights)))
    };
    invoice.standing_lines().any(|(_, sent, now)| sent.agreement == changed.id && claims(now))
}

/// An invoice that is matched again.
struct Again<'a> {
    state: &'a State,
    supplier: &'a Supplier,
    command: &'a Command,
    changed: &'a Agreement,
    invoice: &'a SupplierInvoice,
}

impl Again<'_> {
    fn event(&self, reason: &str) -> Result<Option<SupplierInvoiceRematched>, Rejection> {
        let (invoice, id) = (self.invoice, self.invoice.received.invoice);
        let lines = self.lower(id);
        if lines.is_empty() {
            return Ok(None);
        }
        let numbers: BTreeSet<usize> = lines.iter().map(|(n, _)| *n).collect();
        let before = Change::accepted(query::matches_of(invoice, &numbers));
        let change = Change::accepted(lines.iter().map(|(_, result)| result)) - before;
        let entry = EntryId(self.command.cause.id_of(&format!("REMATCHED|{}|{id}", self.changed.id)));
        Ok(Some(SupplierInvoiceRematched {
            invoice: id,
            council: self.command.council,
            lines: lines
                .into_iter()
                .map(|(n, result)| LineResolved { line: query::numbered(n), result })
                .collect(),
            reason: reason.to_owned(),
            entry: query::posted(self.state, self.command, invoice, entry, change)?,
            at: self.command.at,
        }))
    }

    /// The lines of which less is accepted than before, counted from 0. A deduction that nothing is left for is in query too.
    fn lower(&self, id: InvoiceId) -> Vec<(usize, LineMatch)> {
        let invoice = self.invoice;
        let holds = |(n, _, now): (usize, _, &LineStanding)| (!now.matched.claims.is_empty()).then_some(n);
        let lines: BTreeSet<usize> = invoice.standing_lines().filter_map(holds).collect();
        let accepted = Change::accepted(query::matches_of(invoice, &lines)).gross();
        let matching = Matching {
            state: self.state,
            supplier: self.supplier,
            anew: Some((id, &lines)),
            kept: invoice.accepted() - accepted,
            changed: Some(self.changed),
        };
        // What is off within the tolerance was accepted by it, and stays within it.
        let tolerated = query::matches_of(invoice, &lines).any(|it| it.difference != Pence::ZERO);
        let tolerance = if tolerated {
            self.supplier.tolerance(invoice.received.received_on)
        } else {
            Tolerance::default()
        };
        let results = matching.lines(&query::asked(invoice), tolerance);
        let both = lines.iter().zip(results).filter_map(|(n, result)| {
            let now = &invoice.lines.get(*n)?.matched;
            (claimed(&result) < claimed(now)).then_some((*n, result))
        });
        let mut lower: Vec<(usize, LineMatch)> = both.collect();
        let lost: Pence = lower
            .iter()
            .filter_map(|(n, result)| Some(gross(&invoice.lines.get(*n)?.matched) - gross(result)))
            .sum();
        if !lower.is_empty() && invoice.accepted() - lost < Pence::ZERO {
            self.hold_deductions(&lines, &mut lower);
        }
        lower
    }

    fn hold_deductions(&self, lines: &BTreeSet<usize>, lower: &mut Vec<(usize, LineMatch)>) {
        for n in lines {
            let Some(now) = self.invoice.lines.get(*n).map(|it| &it.matched) else { continue };
            if gross(now) < Pence::ZERO {
                let held = held_deduction(now);
                lower.retain(|(other, _)| other != n);
                lower.push((*n, held));
            }
        }
        lower.sort_by_key(|(n, _)| *n);
    }
}

/// What a match takes of what was charged, with VAT.
fn claimed(matched: &LineMatch) -> Pence {
    gross(matched) - matched.difference
}

fn gross(matched: &LineMatch) -> Pence {
    matched.accepted + matched.accepted_vat
}
