//! The gRPC methods. Each reads its fields, insists that the names are the caller's own, and runs a command or looks at the
//! committed state.

mod agreed;
mod blocks;
mod bulk;
mod fields;
mod history;
mod holds;
mod households;
mod listing;
mod places;
mod policy;
mod register;
mod resales;
mod reservations;
mod search;
mod watch;

use crate::Vacancies;
use api::vacancies as proto;
use api::vacancies::vacancies_service_server::VacanciesService;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};

type Answer<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl VacanciesService for Vacancies {
    async fn register_provider(
        &self,
        request: Request<proto::RegisterProviderRequest>,
    ) -> Answer<proto::Provider> {
        self.enter_provider(request).await
    }

    async fn register_establishment(
        &self,
        request: Request<proto::RegisterEstablishmentRequest>,
    ) -> Answer<proto::Establishment> {
        self.enter_establishment(request).await
    }

    async fn amend_establishment(
        &self,
        request: Request<proto::AmendEstablishmentRequest>,
    ) -> Answer<proto::Establishment> {
        self.amend(request).await
    }

    async fn read_register_part(
        &self,
        request: Request<proto::ReadRegisterPartRequest>,
    ) -> Answer<proto::ReadRegisterPartResponse> {
        self.read_part(request).await
    }

    async fn finish_register_import(
        &self,
        request: Request<proto::FinishRegisterImportRequest>,
    ) -> Answer<proto::RegisterImport> {
        self.finish_import(request).await
    }

    async fn list_register_imports(
        &self,
        request: Request<proto::ListRegisterImportsRequest>,
    ) -> Answer<proto::ListRegisterImportsResponse> {
        self.import_page(&request)
    }

    async fn list_register_changes(
        &self,
        request: Request<proto::ListRegisterChangesRequest>,
    ) -> Answer<proto::ListRegisterChangesResponse> {
        self.change_page(&request)
    }

    async fn serve_restriction_notice(
        &self,
        request: Request<proto::ServeRestrictionNoticeRequest>,
    ) -> Answer<proto::Establishment> {
        self.serve_notice(request).await
    }

    async fn lift_restriction_notice(
        &self,
        request: Request<proto::LiftRestrictionNoticeRequest>,
    ) -> Answer<proto::Establishment> {
        self.lift_notice(request).await
    }

    async fn get_establishment(
        &self,
        request: Request<proto::GetEstablishmentRequest>,
    ) -> Answer<proto::Establishment> {
        self.establishment(&request)
    }

    async fn list_establishments(
        &self,
        request: Request<proto::ListEstablishmentsRequest>,
    ) -> Answer<proto::ListEstablishmentsResponse> {
        self.establishment_page(&request)
    }

    async fn get_establishment_history(
        &self,
        request: Request<proto::GetEstablishmentHistoryRequest>,
    ) -> Answer<proto::EstablishmentHistory> {
        self.history(&request)
    }

    async fn set_statement_of_purpose(
        &self,
        request: Request<proto::SetStatementOfPurposeRequest>,
    ) -> Answer<proto::Establishment> {
        self.state_purpose(request).await
    }

    async fn register_household(
        &self,
        request: Request<proto::RegisterHouseholdRequest>,
    ) -> Answer<proto::Household> {
        self.enter_household(request).await
    }

    async fn amend_household(
        &self,
        request: Request<proto::AmendHouseholdRequest>,
    ) -> Answer<proto::Household> {
        self.change_household(request).await
    }

    async fn close_household(
        &self,
        request: Request<proto::CloseHouseholdRequest>,
    ) -> Answer<proto::Household> {
        self.end_household(request).await
    }

    async fn get_household(&self, request: Request<proto::GetHouseholdRequest>) -> Answer<proto::Household> {
        self.household(&request)
    }

    async fn list_households(
        &self,
        request: Request<proto::ListHouseholdsRequest>,
    ) -> Answer<proto::ListHouseholdsResponse> {
        self.household_page(&request)
    }

    async fn open_places(
        &self,
        request: Request<proto::OpenPlacesRequest>,
    ) -> Answer<proto::OpenPlacesResponse> {
        self.open_more(request).await
    }

    async fn close_place(&self, request: Request<proto::ClosePlaceRequest>) -> Answer<proto::Place> {
        self.close(request).await
    }

    async fn advertise_vacancy(
        &self,
        request: Request<proto::AdvertiseVacancyRequest>,
    ) -> Answer<proto::Place> {
        self.advertise(request).await
    }

    async fn withdraw_vacancy(
        &self,
        request: Request<proto::WithdrawVacancyRequest>,
    ) -> Answer<proto::Place> {
        self.withdraw(request).await
    }

    async fn confirm_vacancy(&self, request: Request<proto::ConfirmVacancyRequest>) -> Answer<proto::Place> {
        self.confirm(request).await
    }

    async fn upsert_vacancies(
        &self,
        request: Request<proto::UpsertVacanciesRequest>,
    ) -> Answer<proto::UpsertVacanciesResponse> {
        self.upsert(request).await
    }

    async fn get_place(&self, request: Request<proto::GetPlaceRequest>) -> Answer<proto::Place> {
        self.place(&request)
    }

    async fn get_place_calendar(
        &self,
        request: Request<proto::GetPlaceCalendarRequest>,
    ) -> Answer<proto::PlaceCalendar> {
        self.calendar(&request)
    }

    async fn list_places(
        &self,
        request: Request<proto::ListPlacesRequest>,
    ) -> Answer<proto::ListPlacesResponse> {
        self.place_page(&request)
    }

    async fn search_vacancies(
        &self,
        request: Request<proto::SearchVacanciesRequest>,
    ) -> Answer<proto::SearchVacanciesResponse> {
        self.search(request).await
    }

    type WatchVacanciesStream = ReceiverStream<Result<proto::WatchVacanciesResponse, Status>>;

    async fn watch_vacancies(
        &self,
        request: Request<proto::WatchVacanciesRequest>,
    ) -> Answer<Self::WatchVacanciesStream> {
        self.watch(&request)
    }

    async fn hold_place(&self, request: Request<proto::HoldPlaceRequest>) -> Answer<proto::Hold> {
        self.hold(request).await
    }

    async fn release_hold(&self, request: Request<proto::ReleaseHoldRequest>) -> Answer<proto::Place> {
        self.release(request).await
    }

    async fn get_hold_policy(
        &self,
        request: Request<proto::GetHoldPolicyRequest>,
    ) -> Answer<proto::HoldPolicy> {
        self.hold_policy(&request)
    }

    async fn set_hold_policy(
        &self,
        request: Request<proto::SetHoldPolicyRequest>,
    ) -> Answer<proto::HoldPolicy> {
        self.set_policy(request).await
    }

    async fn reserve_place(
        &self,
        request: Request<proto::ReservePlaceRequest>,
    ) -> Answer<proto::Reservation> {
        self.reserve(request).await
    }

    async fn end_reservation(&self, request: Request<proto::EndReservationRequest>) -> Answer<proto::Place> {
        self.end_reserved(request).await
    }

    async fn list_reservations(
        &self,
        request: Request<proto::ListReservationsRequest>,
    ) -> Answer<proto::ListReservationsResponse> {
        self.reservation_page(&request)
    }

    async fn offer_block(&self, request: Request<proto::OfferBlockRequest>) -> Answer<proto::Block> {
        self.offer_a_block(request).await
    }

    async fn accept_block(&self, request: Request<proto::AcceptBlockRequest>) -> Answer<proto::Block> {
        self.accept(request).await
    }

    async fn decline_block(&self, request: Request<proto::DeclineBlockRequest>) -> Answer<proto::Place> {
        self.decline(request).await
    }

    async fn end_block(&self, request: Request<proto::EndBlockRequest>) -> Answer<proto::Block> {
        self.end_a_block(request).await
    }

    async fn list_blocks(
        &self,
        request: Request<proto::ListBlocksRequest>,
    ) -> Answer<proto::ListBlocksResponse> {
        self.block_page(&request)
    }

    async fn offer_resale(&self, request: Request<proto::OfferResaleRequest>) -> Answer<proto::Resale> {
        self.offer_nights(request).await
    }

    async fn withdraw_resale(&self, request: Request<proto::WithdrawResaleRequest>) -> Answer<proto::Place> {
        self.withdraw_nights(request).await
    }

    async fn buy_resale(&self, request: Request<proto::BuyResaleRequest>) -> Answer<proto::Resale> {
        self.buy(request).await
    }

    async fn list_resales(
        &self,
        request: Request<proto::ListResalesRequest>,
    ) -> Answer<proto::ListResalesResponse> {
        self.resale_page(&request)
    }

    async fn list_agreed_nights(
        &self,
        request: Request<proto::ListAgreedNightsRequest>,
    ) -> Answer<proto::ListAgreedNightsResponse> {
        self.agreed_page(&request)
    }
}
