//! The gRPC methods. Each reads its fields, insists that the names are the caller's own, and runs a command or looks at the
//! committed state.

mod agreements;
mod changes;
mod fields;
mod frameworks;

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
}
