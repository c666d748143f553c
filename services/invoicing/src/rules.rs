//! Who may call what. A framework lead reads no council's ledger.

use service_kit::Access::{Granted, Never, Own};
use service_kit::Rule;

/// The rule of each RPC.
pub const RULES: &[Rule] = &[
    council_only("/brokerage.invoicing.v1.InvoicingService/AccrueNights"),
    council_only("/brokerage.invoicing.v1.InvoicingService/IssueInvoices"),
    // A provider is answered about its own invoices, and any other is not known to it.
    Rule::new("/brokerage.invoicing.v1.InvoicingService/GetInvoice", Own, Granted, Never),
    Rule::new("/brokerage.invoicing.v1.InvoicingService/ListInvoices", Own, Own, Never),
    council_only("/brokerage.invoicing.v1.InvoicingService/RecordPayment"),
    council_only("/brokerage.invoicing.v1.InvoicingService/ClosePeriod"),
    council_only("/brokerage.invoicing.v1.InvoicingService/GetLedger"),
    council_only("/brokerage.invoicing.v1.InvoicingService/GetStatement"),
    council_only("/brokerage.invoicing.v1.InvoicingService/ListCharges"),
    council_only("/brokerage.invoicing.v1.InvoicingService/ListAgedPayables"),
    council_only("/brokerage.invoicing.v1.InvoicingService/GetForecast"),
    council_only("/brokerage.invoicing.v1.InvoicingService/ExportJournal"),
    Rule::new("/brokerage.invoicing.v1.InvoicingService/GetInvoiceDocument", Own, Granted, Never),
    Rule::new("/brokerage.invoicing.v1.InvoicingService/SubmitInvoice", Own, Own, Never),
    Rule::new("/brokerage.invoicing.v1.InvoicingService/SubmitInvoiceDocument", Own, Own, Never),
    Rule::new("/brokerage.invoicing.v1.InvoicingService/GetSupplierInvoice", Own, Granted, Never),
    Rule::new("/brokerage.invoicing.v1.InvoicingService/ListSupplierInvoices", Own, Own, Never),
    council_only("/brokerage.invoicing.v1.InvoicingService/QueryInvoice"),
    Rule::new("/brokerage.invoicing.v1.InvoicingService/AnswerInvoiceQuery", Never, Granted, Never),
    council_only("/brokerage.invoicing.v1.InvoicingService/ResolveInvoiceQuery"),
    council_only("/brokerage.invoicing.v1.InvoicingService/ArrangeBilling"),
    Rule::new("/brokerage.invoicing.v1.InvoicingService/ListBillingArrangements", Own, Own, Never),
    council_only("/brokerage.invoicing.v1.InvoicingService/SetMatchTolerance"),
    council_only("/brokerage.invoicing.v1.InvoicingService/GetMatchTolerance"),
    council_only("/brokerage.invoicing.v1.InvoicingService/SetPaymentPolicy"),
    council_only("/brokerage.invoicing.v1.InvoicingService/GetPaymentPolicy"),
    council_only("/brokerage.invoicing.v1.InvoicingService/RecordBankDetails"),
    council_only("/brokerage.invoicing.v1.InvoicingService/VerifyBankDetails"),
    council_only("/brokerage.invoicing.v1.InvoicingService/GetBankDetails"),
    council_only("/brokerage.invoicing.v1.InvoicingService/ListBankDetails"),
    council_only("/brokerage.invoicing.v1.InvoicingService/ProposePaymentRun"),
    council_only("/brokerage.invoicing.v1.InvoicingService/ApprovePaymentRun"),
    council_only("/brokerage.invoicing.v1.InvoicingService/RejectPaymentRun"),
    council_only("/brokerage.invoicing.v1.InvoicingService/GetPaymentRun"),
    council_only("/brokerage.invoicing.v1.InvoicingService/ListPaymentRuns"),
    council_only("/brokerage.invoicing.v1.InvoicingService/GetPaymentRunDocument"),
    council_only("/brokerage.invoicing.v1.InvoicingService/RecordPaymentReturned"),
    council_only("/brokerage.invoicing.v1.InvoicingService/GetPromptPayment"),
    council_only("/brokerage.invoicing.v1.InvoicingService/RecordTaxDetails"),
    council_only("/brokerage.invoicing.v1.InvoicingService/VerifyTaxDetails"),
    council_only("/brokerage.invoicing.v1.InvoicingService/GetTaxDetails"),
];

const fn council_only(method: &'static str) -> Rule {
    Rule::new(method, Own, Never, Never)
}
