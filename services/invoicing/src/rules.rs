//! Who may call what. A framework lead reads no council's ledger.

use service_kit::{Access, Rule};

/// The rule of each RPC.
pub const RULES: &[Rule] = &[
    council_only("/brokerage.invoicing.v1.InvoicingService/AccrueNights"),
    council_only("/brokerage.invoicing.v1.InvoicingService/IssueInvoices"),
    // A provider is answered about its own invoices, and any other is not known to it.
    Rule {
        method: "/brokerage.invoicing.v1.InvoicingService/GetInvoice",
        council: Access::Own,
        provider: Access::Granted,
        lead: Access::Never,
    },
    Rule {
        method: "/brokerage.invoicing.v1.InvoicingService/ListInvoices",
        council: Access::Own,
        provider: Access::Own,
        lead: Access::Never,
    },
    council_only("/brokerage.invoicing.v1.InvoicingService/RecordPayment"),
    council_only("/brokerage.invoicing.v1.InvoicingService/ClosePeriod"),
    council_only("/brokerage.invoicing.v1.InvoicingService/GetLedger"),
    council_only("/brokerage.invoicing.v1.InvoicingService/GetStatement"),
    council_only("/brokerage.invoicing.v1.InvoicingService/ListCharges"),
];

const fn council_only(method: &'static str) -> Rule {
    Rule { method, council: Access::Own, provider: Access::Never, lead: Access::Never }
}
