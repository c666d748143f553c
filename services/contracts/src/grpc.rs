//! The gRPC methods. Each reads its fields, insists that the names are the caller's own, and runs a command or looks at the
//! committed state.

mod agreements;
mod amendments;
mod changes;
mod fields;
mod frameworks;
mod impact;
mod monitoring;
mod notices;
mod prices;
mod reviews;
mod term_fields;
mod terms;
mod uplift_decisions;
mod uplifts;

use crate::Contracts;
use api::contracts as proto;
use api::contracts::contracts_service_server::ContractsService;
use tonic::{Request, Response, Status};

type Answer<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl ContractsService for Contracts {
    async fn create_framework(
        &self,
        request: Request<proto::CreateFrameworkRequest>,
    ) -> Answer<proto::Framework> {
        self.create(request).await
    }

    async fn get_framework(&self, request: Request<proto::GetFrameworkRequest>) -> Answer<proto::Framework> {
        self.framework(&request)
    }

    async fn list_frameworks(
        &self,
        request: Request<proto::ListFrameworksRequest>,
    ) -> Answer<proto::ListFrameworksResponse> {
        self.framework_page(&request)
    }

    async fn add_member(&self, request: Request<proto::AddMemberRequest>) -> Answer<proto::Framework> {
        self.member_joins(request).await
    }

    async fn remove_member(&self, request: Request<proto::RemoveMemberRequest>) -> Answer<proto::Framework> {
        self.member_leaves(request).await
    }

    async fn add_lot(&self, request: Request<proto::AddLotRequest>) -> Answer<proto::Framework> {
        self.lot(request).await
    }

    async fn admit_provider(
        &self,
        request: Request<proto::AdmitProviderRequest>,
    ) -> Answer<proto::FrameworkProvider> {
        self.admit(request).await
    }

    async fn suspend_provider(
        &self,
        request: Request<proto::SuspendProviderRequest>,
    ) -> Answer<proto::FrameworkProvider> {
        self.suspend(request).await
    }

    async fn lift_suspension(
        &self,
        request: Request<proto::LiftSuspensionRequest>,
    ) -> Answer<proto::FrameworkProvider> {
        self.lift(request).await
    }

    async fn list_framework_providers(
        &self,
        request: Request<proto::ListFrameworkProvidersRequest>,
    ) -> Answer<proto::ListFrameworkProvidersResponse> {
        self.provider_page(&request)
    }

    async fn check_call_off(
        &self,
        request: Request<proto::CheckCallOffRequest>,
    ) -> Answer<proto::CallOffVerdict> {
        self.call_off(&request)
    }

    async fn get_agreement(&self, request: Request<proto::GetAgreementRequest>) -> Answer<proto::Agreement> {
        self.agreement(&request)
    }

    async fn list_agreements(
        &self,
        request: Request<proto::ListAgreementsRequest>,
    ) -> Answer<proto::ListAgreementsResponse> {
        self.agreement_page(&request)
    }

    async fn start_placement(
        &self,
        request: Request<proto::StartPlacementRequest>,
    ) -> Answer<proto::Agreement> {
        self.start(request).await
    }

    async fn end_placement(&self, request: Request<proto::EndPlacementRequest>) -> Answer<proto::Agreement> {
        self.end(request).await
    }

    async fn withdraw_end(&self, request: Request<proto::WithdrawEndRequest>) -> Answer<proto::Agreement> {
        self.stay(request).await
    }

    async fn cancel_agreement(
        &self,
        request: Request<proto::CancelAgreementRequest>,
    ) -> Answer<proto::Agreement> {
        self.cancel(request).await
    }

    async fn set_evaluation_weights(
        &self,
        request: Request<proto::SetEvaluationWeightsRequest>,
    ) -> Answer<proto::Framework> {
        self.weigh(request).await
    }

    async fn give_notice(
        &self,
        request: Request<proto::GiveNoticeRequest>,
    ) -> Answer<proto::PlacementNotice> {
        self.give_notice_of_end(request).await
    }

    async fn withdraw_notice(
        &self,
        request: Request<proto::WithdrawNoticeRequest>,
    ) -> Answer<proto::PlacementNotice> {
        self.withdraw_notice_of_end(request).await
    }

    async fn list_notices(
        &self,
        request: Request<proto::ListNoticesRequest>,
    ) -> Answer<proto::ListNoticesResponse> {
        self.notice_page(&request)
    }

    async fn start_staying_put(
        &self,
        request: Request<proto::StartStayingPutRequest>,
    ) -> Answer<proto::Agreement> {
        self.stay_put(request).await
    }

    async fn end_staying_put(
        &self,
        request: Request<proto::EndStayingPutRequest>,
    ) -> Answer<proto::Agreement> {
        self.leave_staying_put(request).await
    }

    async fn reopen_framework(
        &self,
        request: Request<proto::ReopenFrameworkRequest>,
    ) -> Answer<proto::Framework> {
        self.reopen(request).await
    }

    async fn extend_framework(
        &self,
        request: Request<proto::ExtendFrameworkRequest>,
    ) -> Answer<proto::Framework> {
        self.extend(request).await
    }

    async fn agree_discount(&self, request: Request<proto::AgreeDiscountRequest>) -> Answer<proto::Discount> {
        self.agree(request).await
    }

    async fn end_discount(&self, request: Request<proto::EndDiscountRequest>) -> Answer<proto::Discount> {
        self.end_of_discount(request).await
    }

    async fn nominate_link_authority(
        &self,
        request: Request<proto::NominateLinkAuthorityRequest>,
    ) -> Answer<proto::FrameworkProvider> {
        self.nominate(request).await
    }

    async fn request_uplift(&self, request: Request<proto::RequestUpliftRequest>) -> Answer<proto::Uplift> {
        self.ask_uplift(request).await
    }

    async fn negotiate_uplift(
        &self,
        request: Request<proto::NegotiateUpliftRequest>,
    ) -> Answer<proto::Uplift> {
        self.negotiate(request).await
    }

    async fn list_uplifts(
        &self,
        request: Request<proto::ListUpliftsRequest>,
    ) -> Answer<proto::ListUpliftsResponse> {
        self.uplift_page(&request)
    }

    async fn suspend_for_council(
        &self,
        request: Request<proto::SuspendForCouncilRequest>,
    ) -> Answer<proto::FrameworkProvider> {
        self.council_suspends(request).await
    }

    async fn lift_for_council(
        &self,
        request: Request<proto::LiftForCouncilRequest>,
    ) -> Answer<proto::FrameworkProvider> {
        self.council_lifts(request).await
    }

    async fn get_suspension_impact(
        &self,
        request: Request<proto::GetSuspensionImpactRequest>,
    ) -> Answer<proto::SuspensionImpact> {
        self.impact(&request)
    }

    async fn get_framework_clocks(
        &self,
        request: Request<proto::GetFrameworkClocksRequest>,
    ) -> Answer<proto::FrameworkClocks> {
        self.clocks(&request)
    }

    async fn sign_agreement(
        &self,
        request: Request<proto::SignAgreementRequest>,
    ) -> Answer<proto::Agreement> {
        self.sign(request).await
    }

    async fn propose_amendment(
        &self,
        request: Request<proto::ProposeAmendmentRequest>,
    ) -> Answer<proto::Amendment> {
        self.propose(request).await
    }

    async fn sign_amendment(
        &self,
        request: Request<proto::SignAmendmentRequest>,
    ) -> Answer<proto::Amendment> {
        self.sign_an_amendment(request).await
    }

    async fn decline_amendment(
        &self,
        request: Request<proto::DeclineAmendmentRequest>,
    ) -> Answer<proto::Amendment> {
        self.decline_an_amendment(request).await
    }

    async fn withdraw_amendment(
        &self,
        request: Request<proto::WithdrawAmendmentRequest>,
    ) -> Answer<proto::Amendment> {
        self.withdraw_an_amendment(request).await
    }

    async fn list_amendments(
        &self,
        request: Request<proto::ListAmendmentsRequest>,
    ) -> Answer<proto::ListAmendmentsResponse> {
        self.amendment_page(&request)
    }

    async fn record_absence(&self, request: Request<proto::RecordAbsenceRequest>) -> Answer<proto::Absence> {
        self.absence(request).await
    }

    async fn decide_uplift(
        &self,
        request: Request<proto::DecideUpliftRequest>,
    ) -> Answer<proto::UpliftDecision> {
        self.uplift(request).await
    }

    async fn correct_uplift(
        &self,
        request: Request<proto::CorrectUpliftRequest>,
    ) -> Answer<proto::UpliftDecision> {
        self.uplift_put_right(request).await
    }

    async fn list_uplift_decisions(
        &self,
        request: Request<proto::ListUpliftDecisionsRequest>,
    ) -> Answer<proto::ListUpliftDecisionsResponse> {
        self.uplift_decision_page(&request)
    }

    async fn record_purchase(
        &self,
        request: Request<proto::RecordPurchaseRequest>,
    ) -> Answer<proto::Agreement> {
        self.purchase(request).await
    }

    async fn evidence_outcome(
        &self,
        request: Request<proto::EvidenceOutcomeRequest>,
    ) -> Answer<proto::OutcomePayment> {
        self.show_outcome(request).await
    }

    async fn decide_outcome(
        &self,
        request: Request<proto::DecideOutcomeRequest>,
    ) -> Answer<proto::OutcomePayment> {
        self.decide_an_outcome(request).await
    }

    async fn print_agreement(
        &self,
        request: Request<proto::PrintAgreementRequest>,
    ) -> Answer<proto::PrintedAgreement> {
        self.print(&request)
    }

    async fn get_monitoring(
        &self,
        request: Request<proto::GetMonitoringRequest>,
    ) -> Answer<proto::Monitoring> {
        self.figures(&request).await
    }

    async fn get_monitoring_document(
        &self,
        request: Request<proto::GetMonitoringDocumentRequest>,
    ) -> Answer<proto::MonitoringDocument> {
        self.figures_document(&request).await
    }

    async fn list_placement_reviews(
        &self,
        request: Request<proto::ListPlacementReviewsRequest>,
    ) -> Answer<proto::ListPlacementReviewsResponse> {
        self.review_page(&request)
    }

    async fn conclude_placement_review(
        &self,
        request: Request<proto::ConcludePlacementReviewRequest>,
    ) -> Answer<proto::PlacementReview> {
        self.conclude_review(request).await
    }
}
