//! What a council owes to its providers now, document by document: what payment runs are made of, whoever made the document.

use crate::events::InvoiceKind;
use crate::state::{Invoice, InvoicePayment, State, SupplierInvoice};
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
    /// An invoice that the provider sent: what is accepted of it, less what its credit notes took.
    SupplierInvoice,
}

impl PayableKind {
    /// The kind as a stable word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SelfBilledInvoice => "SELF_BILLED_INVOICE",
            Self::SelfBilledCreditNote => "SELF_BILLED_CREDIT_NOTE",
            Self::SupplierInvoice => "SUPPLIER_INVOICE",
        }
    }

    /// The kind as a provider reads it on a remittance advice.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::SelfBilledInvoice => "Self-billed invoice",
            Self::SelfBilledCreditNote => "Self-billed credit note",
            Self::SupplierInvoice => "Invoice",
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
    /// What is payable now and not paid yet, with VAT; negative for a credit note, and for a provider's invoice of which more was paid than is
    /// accepted by now; never nothing.
    pub due: Pence,
    /// The whole document with VAT: negative for a credit note.
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

    /// What is payable of an invoice that a provider sent; nothing where all that is accepted is paid, and of a credit note, which is taken
    /// off its invoice.
    fn sent(invoice: &SupplierInvoice) -> Option<Self> {
        let (received, due) = (&invoice.received, invoice.due());
        (due != Pence::ZERO).then(|| Self {
            invoice: received.invoice,
            provider: received.provider.clone(),
            number: received.number.clone(),
            kind: PayableKind::SupplierInvoice,
            due,
            gross: received.gross(),
            issued_on: received.issued_on,
            received_on: received.received_on,
            payable_by: received.payable_by,
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
    /// Every invoice over something, paid or not. Credit notes are none. Of those that providers sent it is what is accepted, and disputed
    /// while anything is in query.
    pub fn received_invoices(&self) -> impl Iterator<Item = ReceivedInvoice<'_>> {
        let invoices = self.invoices.values().filter(|invoice| invoice.issued.gross() > Pence::ZERO);
        let made = invoices.map(|invoice| ReceivedInvoice {
            received_on: invoice.issued.issued_on,
            payable_by: invoice.issued.payable_by,
            gross: invoice.issued.gross(),
            payments: &invoice.payments,
            disputed: false,
        });
        let sent = self.supplier.invoices.values().filter(|it| it.received.kind == InvoiceKind::Invoice);
        let sent = sent.map(|invoice| ReceivedInvoice {
            received_on: invoice.received.received_on,
            payable_by: invoice.received.payable_by,
            gross: invoice.accepted(),
            payments: &invoice.payments,
            disputed: invoice.in_query() != Pence::ZERO,
        });
        made.chain(sent.filter(|it| it.gross > Pence::ZERO || it.disputed))
    }

    /// The number of a document that is paid, and what was paid of it and came back, whoever made it.
    pub(crate) fn payments_of(&self, id: InvoiceId) -> Option<(&str, &[InvoicePayment])> {
        let made = self.invoices.get(&id).map(|it| (it.issued.number.as_str(), it.payments.as_slice()));
        let sent = || self.supplier.invoices.get(&id);
        made.or_else(|| sent().map(|it| (it.received.number.as_str(), it.payments.as_slice())))
    }

    /// Every document of which something is payable now, in order of their ids: first what the council made itself.
    pub fn payables(&self) -> impl Iterator<Item = Payable> + '_ {
        let sent = self.supplier.invoices.values().filter_map(|invoice| Payable::sent(invoice));
        self.invoices.values().filter_map(Payable::self_billed).chain(sent)
    }

    /// Whether a provider is the council's own: whoever it agreed with outside has no agreement in house.
    #[must_use]
    pub fn is_in_house(&self, provider: &ProviderId) -> bool {
        self.agreements.values().any(|agreement| agreement.in_house && agreement.provider == *provider)
    }

    /// The number of a document as the provider knows it, whoever made it.
    #[must_use]
    pub fn number_of(&self, invoice: InvoiceId) -> Option<&str> {
        self.payments_of(invoice).map(|(number, _)| number)
    }

    /// What is payable now of one document; nothing where it is settled or not known.
    #[must_use]
    pub fn payable(&self, invoice: InvoiceId) -> Option<Payable> {
        let sent = || self.supplier.invoices.get(&invoice).and_then(|it| Payable::sent(it));
        self.invoices.get(&invoice).and_then(Payable::self_billed).or_else(sent)
    }
}
