//! What is refused at the door, before anything is matched: nothing of it is recorded.

use super::{InvoiceRejected, InvoiceTrouble, Receipt, Wrong};
use crate::agreement::{Agreement, Subject, common, cut};
use crate::commands::SubmittedInvoice;
use crate::decide::limits;
use crate::events::{BillingMode, InvoiceKind, SupplierLine};
use crate::journal::checked_sum;
use crate::lines::OUTCOME;
use crate::rejection::Rejection;
use crate::state::number_key;
use care::{Date, Nights, Pence};

/// The kinds of lines that are taken off, for messages.
const TAKEN_OFF: &str = "DISCOUNT_…, ABSENCE, CREDIT";

fn is_taken_off(kind: &str) -> bool {
    kind.starts_with("DISCOUNT_") || matches!(kind, "ABSENCE" | "CREDIT")
}

/// Insists that a submission is neither empty nor too large for one decision.
pub(super) fn size(invoices: &[SubmittedInvoice]) -> Result<(), Rejection> {
    let refuse = |n: usize, number: &str, what, count, max| {
        let trouble = InvoiceTrouble::Count { count, what, max };
        let number = number.to_owned();
        Err(Rejection::Invoice(Box::new(InvoiceRejected { invoice: n, number, line: None, trouble })))
    };
    let all = invoices.iter().map(|invoice| invoice.lines.len()).sum();
    if invoices.is_empty() || invoices.len() > limits::SUBMISSION_INVOICES_MAX {
        return refuse(0, "", "invoices at once", invoices.len(), limits::SUBMISSION_INVOICES_MAX);
    }
    if all > limits::SUBMISSION_LINES_MAX {
        return refuse(0, "", "lines at once", all, limits::SUBMISSION_LINES_MAX);
    }
    for (n, invoice) in invoices.iter().enumerate() {
        if invoice.lines.is_empty() || invoice.lines.len() > limits::SUPPLIER_LINES_MAX {
            return refuse(n, &invoice.number, "lines", invoice.lines.len(), limits::SUPPLIER_LINES_MAX);
        }
    }
    Ok(())
}

impl Receipt<'_> {
    /// Checks the document and each of its lines.
    pub(super) fn check(&self) -> Result<(), Wrong> {
        self.head().map_err(|trouble| (None, trouble))?;
        for (n, line) in self.invoice.lines.iter().enumerate() {
            self.line(line).map_err(|trouble| (Some(n), trouble))?;
        }
        self.sums().map_err(|trouble| (None, trouble))
    }

    fn head(&self) -> Result<(), InvoiceTrouble> {
        let (invoice, council) = (self.invoice, self.command.council);
        if invoice.buyer != council {
            return Err(InvoiceTrouble::Foreign { buyer: invoice.buyer, council });
        }
        if number_key(&invoice.number).is_empty() {
            return Err(InvoiceTrouble::NumberEmpty);
        }
        if let Some(known) = self.supplier.numbered(self.provider, &invoice.number) {
            return Err(InvoiceTrouble::NumberTaken { received_on: known.received.received_on });
        }
        let latest = self.today.min(self.received_on);
        if invoice.issued_on > latest {
            return Err(InvoiceTrouble::DateInFuture { date: invoice.issued_on, latest });
        }
        if self.received_on > self.today {
            return Err(InvoiceTrouble::DateInFuture { date: self.received_on, latest: self.today });
        }
        Ok(())
    }

    fn line(&self, line: &SupplierLine) -> Result<(), InvoiceTrouble> {
        if line.nights.is_empty() {
            return Err(InvoiceTrouble::NoNights);
        }
        amounts(line)?;
        // What a credit note takes back is judged by the invoice that it names: the agreement may have lost those nights since.
        if self.invoice.kind == InvoiceKind::CreditNote {
            return Ok(());
        }
        let (agreement, provider) = (line.agreement, self.provider);
        let unknown = || InvoiceTrouble::AgreementUnknown { agreement, provider: provider.clone() };
        // That of another provider is as unknown as one that is not there.
        let known = self.state.agreements.get(&agreement).ok_or_else(unknown)?;
        if known.provider != *provider || known.subject == Subject::Sold {
            return Err(unknown());
        }
        let agreed = match agreed_nights(known) {
            // An outcome may be achieved when the child has left.
            nights if line.kind == OUTCOME => Nights::from_on(nights.start(), None),
            nights => nights,
        };
        if common(agreed, line.nights).is_none() {
            return Err(InvoiceTrouble::OutsideAgreement { nights: line.nights, agreed });
        }
        if line.nights.end() > self.today {
            return Err(InvoiceTrouble::NightsInFuture { nights: line.nights, today: self.today });
        }
        match self.self_billed_night(line.nights) {
            Some(night) => Err(InvoiceTrouble::SelfBilled { provider: provider.clone(), night }),
            None => Ok(()),
        }
    }

    /// The first of some nights that the council bills itself.
    fn self_billed_night(&self, nights: Nights) -> Option<Date> {
        let parts = cut(nights, self.supplier.turns(self.provider));
        let mut firsts = parts.iter().map(Nights::start);
        firsts.find(|night| self.supplier.mode(self.provider, *night) == BillingMode::SelfBilling)
    }

    fn sums(&self) -> Result<(), InvoiceTrouble> {
        let of = |part: fn(&SupplierLine) -> Pence| checked_sum(self.invoice.lines.iter().map(part));
        let (net, vat) = (of(|line| line.net), of(|line| line.vat_amount));
        // Lines that are each within bounds sum to less than can be counted.
        let (net, vat) = (net.unwrap_or_default(), vat.unwrap_or_default());
        let stated = self.invoice.stated;
        for (field, stated, computed) in [("net_pence", stated.0, net), ("vat_pence", stated.1, vat)] {
            if stated != computed {
                return Err(InvoiceTrouble::SumDiffers { field, stated, computed });
            }
        }
        let gross = net + vat;
        if gross < Pence::ZERO { Err(InvoiceTrouble::Negative { gross }) } else { Ok(()) }
    }
}

/// From the agreed start, or an arrival before it, to the last departure, as far as that is known.
fn agreed_nights(agreement: &Agreement) -> Nights {
    let start = agreement.from.map_or(agreement.start, |from| from.min(agreement.start));
    let departed = agreement.end.as_ref().map(|end| end.on);
    let end = agreement.staying_put_nights().map_or(departed, |_| agreement.staying_put.as_ref()?.until);
    Nights::from_on(start, end.map(|end| end.max(start)))
}

/// Whether quantity, price and amount of a line are of one piece.
fn amounts(line: &SupplierLine) -> Result<(), InvoiceTrouble> {
    let (quantity, nights, net) = (line.quantity, line.nights.count(), line.net);
    // What absences take off is of some of the nights or a part of the fee: only its sign is known.
    if quantity < 0 && !is_taken_off(&line.kind) {
        return Err(InvoiceTrouble::QuantityNegative { quantity, kinds: TAKEN_OFF });
    }
    // A payment for an outcome is for no night: its days only say when that was achieved.
    if line.kind != OUTCOME && quantity.unsigned_abs() != nights.unsigned_abs() {
        return Err(InvoiceTrouble::QuantityDiffers { quantity, nights });
    }
    let opposite = |amount: Pence| amount.0.signum() * quantity.signum() < 0;
    if opposite(net) || opposite(line.vat_amount) {
        return Err(InvoiceTrouble::SignDiffers { net, quantity });
    }
    let bound = i128::from(Pence::MAX_INPUT.0);
    let large = |amount: Pence| i128::from(amount.0).abs() > bound;
    if large(net) || large(line.vat_amount) {
        let (stated, computed) = (net, Pence::MAX_INPUT);
        return Err(InvoiceTrouble::SumDiffers { field: "net_pence", stated, computed });
    }
    if let Some(weekly) = line.weekly.filter(|_| line.kind != "ABSENCE" && line.kind != OUTCOME) {
        let exact = i128::from(weekly.0) * i128::from(quantity);
        // Nights are charged by the difference of two rounded sums, which is a penny off at most.
        if (i128::from(net.0) * 7 - exact).abs() > 7 {
            let expected = Pence(i64::try_from(exact / 7).unwrap_or(i64::MAX));
            return Err(InvoiceTrouble::AmountDiffers { quantity, weekly, expected, net });
        }
    }
    Ok(())
}
