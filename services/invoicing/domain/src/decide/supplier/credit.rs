//! Credit notes that come in: each line takes from lines of the invoice that it names, from what is in query first, and never more than is left
//! there. Where that was paid, the provider owes it.

use super::{InvoiceTrouble, Receipt, Wrong};
use crate::decide::matching::scaled;
use crate::events::{Claim, InvoiceKind, LineCredit, SupplierLine};
use crate::state::{LineStanding, SupplierInvoice};
use care::{InvoiceId, Pence};

impl Receipt<'_> {
    /// What a credit note takes of which invoice; none for an invoice.
    pub(super) fn credit(&self) -> Result<Option<(InvoiceId, Vec<LineCredit>)>, Wrong> {
        if self.invoice.kind == InvoiceKind::Invoice {
            return Ok(None);
        }
        let of = self.invoice.credits.clone().unwrap_or_default();
        let found = self.supplier.numbered(self.provider, &of);
        let Some(credited) = found.filter(|it| it.received.kind == InvoiceKind::Invoice) else {
            return Err((None, InvoiceTrouble::CreditedUnknown { of }));
        };
        let mut credited = SupplierInvoice::clone(credited);
        let mut credits = Vec::new();
        for (n, line) in self.invoice.lines.iter().enumerate() {
            let taken = taken(&mut credited, line).map_err(|trouble| (Some(n), trouble))?;
            credits.extend(taken);
        }
        Ok(Some((credited.received.invoice, credits)))
    }
}

/// What a line of a credit note takes of the lines of an invoice, which is changed by it.
fn taken(invoice: &mut SupplierInvoice, line: &SupplierLine) -> Result<Vec<LineCredit>, InvoiceTrouble> {
    let (mut net, mut vat, mut found) = (line.net, line.vat_amount, false);
    let mut credits = Vec::new();
    for n in 0..invoice.lines.len() {
        let (Some(sent), Some(now)) = (invoice.received.lines.get(n), invoice.lines.get(n)) else { continue };
        let same = sent.agreement == line.agreement && sent.kind == line.kind;
        if !same || !sent.nights.overlaps(&line.nights) || sent.net.0.signum() * line.net.0.signum() < 0 {
            continue;
        }
        found = true;
        let left = (sent.net - now.credited, sent.vat_amount - now.credited_vat);
        let part = (toward(net, left.0), toward(vat, left.1));
        if part == (Pence::ZERO, Pence::ZERO) {
            continue;
        }
        let credit = of_line(n, now, part, invoice.queried(n));
        net -= credit.net;
        vat -= credit.vat;
        invoice.credit(&credit);
        credits.push(credit);
    }
    if !found {
        return Err(InvoiceTrouble::CreditLineUnknown);
    }
    if (net, vat) != (Pence::ZERO, Pence::ZERO) {
        let asked = line.net + line.vat_amount;
        return Err(InvoiceTrouble::CreditAboveInvoice { asked, left: asked - net - vat });
    }
    Ok(credits)
}

/// What `part` of a line, without VAT and VAT, takes of what is in query, and of what was accepted.
fn of_line(n: usize, now: &LineStanding, part: (Pence, Pence), queried: (Pence, Pence)) -> LineCredit {
    let accepted = part.0 - toward(part.0, queried.0);
    let accepted_vat = part.1 - toward(part.1, queried.1);
    let matched = &now.matched;
    let difference = scaled(matched.difference, accepted, matched.accepted);
    LineCredit {
        line: u32::try_from(n + 1).unwrap_or(u32::MAX),
        net: part.0,
        vat: part.1,
        accepted,
        accepted_vat,
        difference,
        claims: taken_back(&matched.claims, accepted - difference, accepted_vat),
    }
}

/// As much of `amount` as there is of `bound`, of the same sign.
fn toward(amount: Pence, bound: Pence) -> Pence {
    match amount.0.signum() * bound.0.signum() {
        1 if amount.0.abs() > bound.0.abs() => bound,
        1 => amount,
        _ => Pence::ZERO,
    }
}

/// The part of some claims that makes up an amount and its VAT, turned round: in proportion, and to the penny together.
fn taken_back(claims: &[Claim], mut amount: Pence, mut vat: Pence) -> Vec<Claim> {
    let mut whole: Pence = claims.iter().map(|claim| claim.amount).sum();
    let mut whole_vat: Pence = claims.iter().map(|claim| claim.vat).sum();
    let mut back = Vec::new();
    for claim in claims {
        let (off, off_vat) = (scaled(amount, claim.amount, whole), scaled(vat, claim.vat, whole_vat));
        whole -= claim.amount;
        whole_vat -= claim.vat;
        amount -= off;
        vat -= off_vat;
        if (off, off_vat) != (Pence::ZERO, Pence::ZERO) {
            back.push(Claim { amount: -off, vat: -off_vat, ..claim.clone() });
        }
    }
    back
}
