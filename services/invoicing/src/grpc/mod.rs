//! The gRPC API: each handler reads its fields, checks that the names are the caller's own, and asks a council's ledger.

mod arranging;
mod billing;
mod exporting;
mod incoming;
mod payees;
mod payment_runs;
mod reading;
mod supplier;
mod tax;

pub(crate) use exporting::exports;
pub(crate) use supplier::files;

use crate::Invoicing;
use crate::runs::given_or_made;
use api::invoicing as proto;
use api::invoicing::invoicing_service_server::InvoicingService;
use api::invoicing::{
    AccrueNightsRequest, AccrueNightsResponse, ClosePeriodRequest, ExportJournalRequest, Forecast,
    GetForecastRequest, GetInvoiceDocumentRequest, GetInvoiceRequest, GetLedgerRequest, GetStatementRequest,
    GetStatementResponse, Invoice, InvoiceDocument, IssueInvoicesRequest, IssueInvoicesResponse, Ledger,
    ListAgedPayablesRequest, ListAgedPayablesResponse, ListChargesRequest, ListChargesResponse,
    ListInvoicesRequest, ListInvoicesResponse, Period, RecordPaymentRequest,
};
use care::{AgreementId, CouncilId};
use invoicing_domain::{Ask, Cause, Command, PaymentStep, Payments};
use service_kit::{Caller, Fields, not_found};
use tonic::{Request, Response, Status};

#[tonic::async_trait]
impl InvoicingService for Invoicing {
    async fn accrue_nights(
        &self,
        request: Request<AccrueNightsRequest>,
    ) -> Result<Response<AccrueNightsResponse>, Status> {
        billing::accrue_nights(self, &Caller::of(&request)?, request.into_inner()).await
    }

    async fn issue_invoices(
        &self,
        request: Request<IssueInvoicesRequest>,
    ) -> Result<Response<IssueInvoicesResponse>, Status> {
        billing::issue_invoices(self, &Caller::of(&request)?, request.into_inner()).await
    }

    async fn get_invoice(&self, request: Request<GetInvoiceRequest>) -> Result<Response<Invoice>, Status> {
        reading::get_invoice(self, &Caller::of(&request)?, &request.into_inner()).map(Response::new)
    }

    async fn list_invoices(
        &self,
        request: Request<ListInvoicesRequest>,
    ) -> Result<Response<ListInvoicesResponse>, Status> {
        reading::list_invoices(self, &Caller::of(&request)?, &request.into_inner()).map(Response::new)
    }

    async fn record_payment(
        &self,
        request: Request<RecordPaymentRequest>,
    ) -> Result<Response<Invoice>, Status> {
        billing::record_payment(self, &Caller::of(&request)?, request.into_inner()).await
    }

    async fn close_period(&self, request: Request<ClosePeriodRequest>) -> Result<Response<Period>, Status> {
        billing::close_period(self, &Caller::of(&request)?, request.into_inner()).await
    }

    async fn get_ledger(&self, request: Request<GetLedgerRequest>) -> Result<Response<Ledger>, Status> {
        let caller = Caller::of(&request)?;
        reading::get_ledger(self, &caller, &request.into_inner()).await.map(Response::new)
    }

    async fn get_statement(
        &self,
        request: Request<GetStatementRequest>,
    ) -> Result<Response<GetStatementResponse>, Status> {
        let caller = Caller::of(&request)?;
        reading::get_statement(self, &caller, &request.into_inner()).await.map(Response::new)
    }

    async fn list_charges(
        &self,
        request: Request<ListChargesRequest>,
    ) -> Result<Response<ListChargesResponse>, Status> {
        reading::list_charges(self, &Caller::of(&request)?, &request.into_inner()).map(Response::new)
    }

    async fn list_aged_payables(
        &self,
        request: Request<ListAgedPayablesRequest>,
    ) -> Result<Response<ListAgedPayablesResponse>, Status> {
        let caller = Caller::of(&request)?;
        reading::list_aged_payables(self, &caller, &request.into_inner()).await.map(Response::new)
    }

    async fn get_forecast(&self, request: Request<GetForecastRequest>) -> Result<Response<Forecast>, Status> {
        let caller = Caller::of(&request)?;
        reading::get_forecast(self, &caller, &request.into_inner()).await.map(Response::new)
    }

    type ExportJournalStream = exporting::Chunks;

    async fn export_journal(
        &self,
        request: Request<ExportJournalRequest>,
    ) -> Result<Response<exporting::Chunks>, Status> {
        let caller = Caller::of(&request)?;
        exporting::export_journal(self, &caller, &request.into_inner()).await.map(Response::new)
    }

    async fn get_invoice_document(
        &self,
        request: Request<GetInvoiceDocumentRequest>,
    ) -> Result<Response<InvoiceDocument>, Status> {
        let caller = Caller::of(&request)?;
        exporting::get_invoice_document(self, &caller, &request.into_inner()).await.map(Response::new)
    }

    async fn submit_invoice(
        &self,
        request: Request<proto::SubmitInvoiceRequest>,
    ) -> Result<Response<proto::SupplierInvoice>, Status> {
        supplier::submit_invoice(self, &Caller::of(&request)?, request.into_inner()).await
    }

    async fn submit_invoice_document(
        &self,
        request: Request<tonic::Streaming<proto::SubmitInvoiceDocumentRequest>>,
    ) -> Result<Response<proto::SubmitInvoiceDocumentResponse>, Status> {
        supplier::submit_invoice_document(self, &Caller::of(&request)?, request.into_inner()).await
    }

    async fn get_supplier_invoice(
        &self,
        request: Request<proto::GetSupplierInvoiceRequest>,
    ) -> Result<Response<proto::SupplierInvoice>, Status> {
        let caller = Caller::of(&request)?;
        supplier::get_supplier_invoice(self, &caller, &request.into_inner()).map(Response::new)
    }

    async fn list_supplier_invoices(
        &self,
        request: Request<proto::ListSupplierInvoicesRequest>,
    ) -> Result<Response<proto::ListSupplierInvoicesResponse>, Status> {
        let caller = Caller::of(&request)?;
        arranging::list_supplier_invoices(self, &caller, &request.into_inner()).map(Response::new)
    }

    async fn query_invoice(
        &self,
        request: Request<proto::QueryInvoiceRequest>,
    ) -> Result<Response<proto::SupplierInvoice>, Status> {
        supplier::query_invoice(self, &Caller::of(&request)?, request.into_inner()).await
    }

    async fn answer_invoice_query(
        &self,
        request: Request<proto::AnswerInvoiceQueryRequest>,
    ) -> Result<Response<proto::SupplierInvoice>, Status> {
        supplier::answer_invoice_query(self, &Caller::of(&request)?, request.into_inner()).await
    }

    async fn resolve_invoice_query(
        &self,
        request: Request<proto::ResolveInvoiceQueryRequest>,
    ) -> Result<Response<proto::SupplierInvoice>, Status> {
        supplier::resolve_invoice_query(self, &Caller::of(&request)?, request.into_inner()).await
    }

    async fn arrange_billing(
        &self,
        request: Request<proto::ArrangeBillingRequest>,
    ) -> Result<Response<proto::BillingArrangement>, Status> {
        arranging::arrange_billing(self, &Caller::of(&request)?, request.into_inner()).await
    }

    async fn list_billing_arrangements(
        &self,
        request: Request<proto::ListBillingArrangementsRequest>,
    ) -> Result<Response<proto::ListBillingArrangementsResponse>, Status> {
        let caller = Caller::of(&request)?;
        arranging::list_billing_arrangements(self, &caller, &request.into_inner()).map(Response::new)
    }

    async fn set_match_tolerance(
        &self,
        request: Request<proto::SetMatchToleranceRequest>,
    ) -> Result<Response<proto::MatchTolerance>, Status> {
        arranging::set_match_tolerance(self, &Caller::of(&request)?, request.into_inner()).await
    }

    async fn get_match_tolerance(
        &self,
        request: Request<proto::GetMatchToleranceRequest>,
    ) -> Result<Response<proto::MatchTolerance>, Status> {
        let caller = Caller::of(&request)?;
        arranging::get_match_tolerance(self, &caller, &request.into_inner()).map(Response::new)
    }

    async fn set_payment_policy(
        &self,
        request: Request<proto::SetPaymentPolicyRequest>,
    ) -> Result<Response<proto::PaymentPolicy>, Status> {
        payees::set_payment_policy(self, &Caller::of(&request)?, request.into_inner()).await
    }

    async fn get_payment_policy(
        &self,
        request: Request<proto::GetPaymentPolicyRequest>,
    ) -> Result<Response<proto::PaymentPolicy>, Status> {
        payees::get_payment_policy(self, &Caller::of(&request)?, &request.into_inner()).map(Response::new)
    }

    async fn record_bank_details(
        &self,
        request: Request<proto::RecordBankDetailsRequest>,
    ) -> Result<Response<proto::BankDetails>, Status> {
        payees::record_bank_details(self, &Caller::of(&request)?, request.into_inner()).await
    }

    async fn verify_bank_details(
        &self,
        request: Request<proto::VerifyBankDetailsRequest>,
    ) -> Result<Response<proto::BankDetails>, Status> {
        payees::verify_bank_details(self, &Caller::of(&request)?, request.into_inner()).await
    }

    async fn get_bank_details(
        &self,
        request: Request<proto::GetBankDetailsRequest>,
    ) -> Result<Response<proto::BankDetails>, Status> {
        payees::get_bank_details(self, &Caller::of(&request)?, &request.into_inner()).map(Response::new)
    }

    async fn list_bank_details(
        &self,
        request: Request<proto::ListBankDetailsRequest>,
    ) -> Result<Response<proto::ListBankDetailsResponse>, Status> {
        payees::list_bank_details(self, &Caller::of(&request)?, &request.into_inner()).map(Response::new)
    }

    async fn propose_payment_run(
        &self,
        request: Request<proto::ProposePaymentRunRequest>,
    ) -> Result<Response<proto::PaymentRun>, Status> {
        payment_runs::propose_payment_run(self, &Caller::of(&request)?, request.into_inner()).await
    }

    async fn approve_payment_run(
        &self,
        request: Request<proto::ApprovePaymentRunRequest>,
    ) -> Result<Response<proto::PaymentRun>, Status> {
        payment_runs::approve_payment_run(self, &Caller::of(&request)?, request.into_inner()).await
    }

    async fn reject_payment_run(
        &self,
        request: Request<proto::RejectPaymentRunRequest>,
    ) -> Result<Response<proto::PaymentRun>, Status> {
        payment_runs::reject_payment_run(self, &Caller::of(&request)?, request.into_inner()).await
    }

    async fn get_payment_run(
        &self,
        request: Request<proto::GetPaymentRunRequest>,
    ) -> Result<Response<proto::PaymentRun>, Status> {
        payment_runs::get_payment_run(self, &Caller::of(&request)?, &request.into_inner()).map(Response::new)
    }

    async fn list_payment_runs(
        &self,
        request: Request<proto::ListPaymentRunsRequest>,
    ) -> Result<Response<proto::ListPaymentRunsResponse>, Status> {
        payment_runs::list_payment_runs(self, &Caller::of(&request)?, &request.into_inner())
            .map(Response::new)
    }

    async fn get_payment_run_document(
        &self,
        request: Request<proto::GetPaymentRunDocumentRequest>,
    ) -> Result<Response<proto::PaymentRunDocument>, Status> {
        exporting::get_payment_run_document(self, &Caller::of(&request)?, &request.into_inner())
            .map(Response::new)
    }

    async fn record_payment_returned(
        &self,
        request: Request<proto::RecordPaymentReturnedRequest>,
    ) -> Result<Response<proto::RecordPaymentReturnedResponse>, Status> {
        payment_runs::record_payment_returned(self, &Caller::of(&request)?, request.into_inner()).await
    }

    async fn get_prompt_payment(
        &self,
        request: Request<proto::GetPromptPaymentRequest>,
    ) -> Result<Response<proto::PromptPayment>, Status> {
        payment_runs::get_prompt_payment(self, &Caller::of(&request)?, &request.into_inner())
            .map(Response::new)
    }

    async fn record_tax_details(
        &self,
        request: Request<proto::RecordTaxDetailsRequest>,
    ) -> Result<Response<proto::TaxDetails>, Status> {
        tax::record(self, &Caller::of(&request)?, request.into_inner()).await
    }

    async fn verify_tax_details(
        &self,
        request: Request<proto::VerifyTaxDetailsRequest>,
    ) -> Result<Response<proto::TaxDetails>, Status> {
        tax::verify(self, &Caller::of(&request)?, request.into_inner()).await
    }

    async fn get_tax_details(
        &self,
        request: Request<proto::GetTaxDetailsRequest>,
    ) -> Result<Response<proto::TaxDetails>, Status> {
        tax::get(self, &Caller::of(&request)?, &request.into_inner()).map(Response::new)
    }
}

/// A person's command about payments: the person is the subject of their token.
fn ask(caller: &Caller, council: CouncilId, request_id: &str, step: PaymentStep) -> Command {
    Command {
        council,
        cause: Cause::request(&caller.actor(), &given_or_made(request_id)),
        at: caller.at,
        ask: Ask::Payments(Payments { by: caller.subject.clone(), step }),
    }
}

/// An agreement's name, or empty for all. The outer option is whether it is usable: one of another council is not.
fn agreement_of(fields: &mut Fields, council: Option<CouncilId>, name: &str) -> Option<Option<AgreementId>> {
    if name.is_empty() {
        return Some(None);
    }
    let (owner, agreement) = fields.council_resource("agreement", name, "agreements")?;
    if council.is_some_and(|council| council != owner) {
        fields.violation(
            "agreement",
            format!("{name:?} is not an agreement of the council that is the parent"),
        );
        return None;
    }
    Some(Some(agreement))
}

/// Insists that an agreement that was named is in the ledger.
fn known(ledger: &crate::Ledger, agreement: Option<AgreementId>) -> Result<(), Status> {
    match agreement {
        Some(id) if !ledger.read(|state| state.agreements.contains_key(&id)) => {
            Err(not_found("AGREEMENT_UNKNOWN", &format!("agreement {id}")))
        }
        _ => Ok(()),
    }
}
