//! What a council owes to its providers now, document by document: what payment runs are made of, whoever made the document.

use crate::events::InvoiceKind;
use crate::state::{Invoice, InvoicePayment, State};
use care::{Date, InvoiceId, Pence, ProviderId};
use serde::{Deserialize, Serialize};

/// What kind of document is to be paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PayableKind {
    /// An invoice that the council made on the provider's behalf.
    SelfBilledInvoice,
    /// A credit note that the council made on the provider's behalf.
    SelfBilledCreditNote,
}

impl PayableKind {
    /// The kind as a stable word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SelfBilledInvoice => "SELF_BILLED_INVOICE",
            Self::SelfBilledCreditNote => "SELF_BILLED_CREDIT_NOTE",
        }
    }

    /// The kind as a provider reads it on a remittance advice.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::SelfBilledInvoice => "Self-billed invoice",
            Self::SelfBilledCreditNote => "Self-billed credit note",
        }
    }
}

/// A document of which something is payable now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payable {
    /// The document.
    pub invoice: InvoiceId,
    /// Who is paid.
    pub provider: ProviderId,
    /// Its number, as the provider knows it.
    pub number: String,
    /// What kind of document it is.
    pub kind: PayableKind,
    /// What is payable now and not paid yet, with VAT; negative for a credit note, never nothing.
    pub due: Pence,
    /// The whole document with VAT, of the same sign.
    pub gross: Pence,
    /// The day of its date.
    pub issued_on: Date,
    /// The day on which the council received it: of a self-billed one that of its issue.
    pub received_on: Date,
    /// Until when it is to be paid.
    pub payable_by: Date,
}

impl Payable {
    /// What is payable on a self-billed document; nothing where it is settled.
    fn self_billed(invoice: &Invoice) -> Option<Self> {
        let (issued, due) = (&invoice.issued, invoice.open());
        let kind = match issued.kind {
            InvoiceKind::Invoice => PayableKind::SelfBilledInvoice,
            InvoiceKind::CreditNote => PayableKind::SelfBilledCreditNote,
        };
        (due != Pence::ZERO).then(|| Self {
            invoice: issued.invoice,
            provider: issued.provider.clone(),
            number: issued.number.clone(),
            kind,
            due,
            gross: issued.gross(),
            issued_on: issued.issued_on,
            received_on: issued.issued_on,
            payable_by: issued.payable_by,
        })
    }
}

/// An invoice that the council has to pay, or has paid, as the law on prompt payment looks at it.
#[derive(Debug, Clone, Copy)]
pub struct ReceivedInvoice<'a> {
    /// The day on which the council received it: of a self-billed one that of its issue.
    pub received_on: Date,
    /// Until when it is to be paid.
    pub payable_by: Date,
    /// The whole of it with VAT; above nothing.
    pub gross: Pence,
    /// What was paid of it, and what came back.
    pub payments: &'a [InvoicePayment],
    /// Whether the council disputes it or holds it to be invalid.
    pub disputed: bool,
}

impl State {
    /// Every invoice over something, paid or not. Credit notes are none.
    pub fn received_invoices(&self) -> impl Iterator<Item = ReceivedInvoice<'_>> {
        let invoices = self.invoices.values().filter(|invoice| invoice.issued.gross() > Pence::ZERO);
        invoices.map(|invoice| ReceivedInvoice {
            received_on: invoice.issued.issued_on,
            payable_by: invoice.issued.payable_by,
            gross: invoice.issued.gross(),
            payments: &invoice.payments,
            disputed: false,
        })
    }

    /// Every document of which something is payable now, in order of their ids.
    pub fn payables(&self) -> impl Iterator<Item = Payable> + '_ {
        self.invoices.values().filter_map(Payable::self_billed)
    }

    /// What is payable now of one document; nothing where it is settled or not known.
    #[must_use]
    pub fn payable(&self, invoice: InvoiceId) -> Option<Payable> {
        self.invoices.get(&invoice).and_then(Payable::self_billed)
    }
}
