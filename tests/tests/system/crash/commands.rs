//! The commands under load, as values that can be written down, sent, and sent again.

use crate::region::Connection;
use api::contracts::StartPlacementRequest;
use api::contracts::contracts_service_client::ContractsServiceClient;
use api::invoicing::AccrueNightsRequest;
use api::invoicing::invoicing_service_client::InvoicingServiceClient;
use api::referrals::referrals_service_client::ReferralsServiceClient;
use api::referrals::{
    AwardReferralRequest, PostReferralRequest, RecordCascadeStepRequest, ReleaseReferralRequest,
    SearchReferralRequest, SubmitOfferRequest,
};
use api::vacancies::vacancies_service_client::VacanciesServiceClient;
use api::vacancies::{
    AdvertiseVacancyRequest, HoldPlaceRequest, OpenPlacesRequest, RegisterEstablishmentRequest,
    RegisterProviderRequest,
};
use prost::Message;
use tonic::Status;

macro_rules! commands {
    ($($kind:ident($request:ty) = $client:ident.$method:ident,)+) => {
        /// A command of a client, with its request id.
        #[derive(Debug, Clone)]
        #[allow(clippy::large_enum_variant, reason = "a few are on their way at a time")]
        pub(crate) enum Command {
            $($kind($request),)+
        }

        impl Command {
            pub(crate) fn kind(&self) -> &'static str {
                match self { $(Self::$kind(_) => stringify!($kind),)+ }
            }

            pub(crate) fn request_id(&self) -> &str {
                match self { $(Self::$kind(request) => &request.request_id,)+ }
            }

            pub(crate) fn encode(&self) -> Vec<u8> {
                match self { $(Self::$kind(request) => request.encode_to_vec(),)+ }
            }

            pub(crate) fn decode(kind: &str, body: &[u8]) -> Self {
                match kind {
                    $(stringify!($kind) => Self::$kind(<$request>::decode(body).unwrap()),)+
                    _ => panic!("there is no command {kind}"),
                }
            }

            /// Sends it and gives the answer's bytes.
            pub(crate) async fn send(&self, connection: Connection) -> Result<Vec<u8>, Status> {
                match self {
                    $(Self::$kind(request) => $client::new(connection)
                        .$method(request.clone())
                        .await
                        .map(|answer| answer.into_inner().encode_to_vec()),)+
                }
            }
        }
    };
}

commands! {
    RegisterProvider(RegisterProviderRequest) = VacanciesServiceClient.register_provider,
    RegisterEstablishment(RegisterEstablishmentRequest) = VacanciesServiceClient.register_establishment,
    OpenPlaces(OpenPlacesRequest) = VacanciesServiceClient.open_places,
    AdvertiseVacancy(AdvertiseVacancyRequest) = VacanciesServiceClient.advertise_vacancy,
    HoldPlace(HoldPlaceRequest) = VacanciesServiceClient.hold_place,
    PostReferral(PostReferralRequest) = ReferralsServiceClient.post_referral,
    RecordCascadeStep(RecordCascadeStepRequest) = ReferralsServiceClient.record_cascade_step,
    SearchReferral(SearchReferralRequest) = ReferralsServiceClient.search_referral,
    ReleaseReferral(ReleaseReferralRequest) = ReferralsServiceClient.release_referral,
    SubmitOffer(SubmitOfferRequest) = ReferralsServiceClient.submit_offer,
    AwardReferral(AwardReferralRequest) = ReferralsServiceClient.award_referral,
    StartPlacement(StartPlacementRequest) = ContractsServiceClient.start_placement,
    AccrueNights(AccrueNightsRequest) = InvoicingServiceClient.accrue_nights,
}

impl Command {
    /// The type of the events that it makes and how many of them.
    pub(crate) fn effect(&self) -> (&'static str, usize) {
        match self {
            Self::RegisterProvider(_) => ("ProviderRegistered", 1),
            Self::RegisterEstablishment(_) => ("EstablishmentRegistered", 1),
            Self::OpenPlaces(request) => ("PlaceOpened", usize::try_from(request.count).unwrap()),
            Self::AdvertiseVacancy(_) => ("VacancyAdvertised", 1),
            Self::HoldPlace(_) => ("PlaceHeld", 1),
            Self::PostReferral(_) => ("ReferralPosted", 1),
            Self::RecordCascadeStep(_) => ("CascadeStepRecorded", 1),
            Self::SearchReferral(_) => ("SearchRecorded", 1),
            Self::ReleaseReferral(request) => ("ReferralReleased", request.providers.len()),
            Self::SubmitOffer(_) => ("OfferSubmitted", 1),
            Self::AwardReferral(_) => ("AwardProposed", 1),
            Self::StartPlacement(_) => ("PlacementStarted", 1),
            Self::AccrueNights(_) => ("RunStarted", 1),
        }
    }
}
