//! A market with one provider, for the benchmarks: who may act in it, and homes whose places can be advertised.

use api::vacancies::vacancies_service_client::VacanciesServiceClient;
use api::vacancies::{
    AdvertiseVacancyRequest, OpenPlacesRequest, Place, RegisterEstablishmentRequest, RegisterProviderRequest,
    RegistrationStatus, Sexes, Vacancy,
};
use care::{Timestamp, london_date};
use service_kit::Role;
use service_kit::token::TokenKeys;
use std::path::Path;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};

pub(crate) const PLACES_PER_HOME: u32 = 20;
pub(crate) const COUNCIL: &str = "E06000015";
pub(crate) const PROVIDER: &str = "bench";

/// Adds a token to each request.
#[derive(Clone)]
pub(crate) struct Bearer(MetadataValue<Ascii>);

impl Bearer {
    /// A token for a role.
    pub(crate) fn of(keys: &Path, role: Role) -> Self {
        let keys = TokenKeys::load(keys).unwrap().unwrap();
        let token = keys.issue(role, "bench", Timestamp::now(), 3_600, false).unwrap();
        Self(format!("Bearer {token}").parse().unwrap())
    }
}

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert("authorization", self.0.clone());
        Ok(request)
    }
}

pub(crate) type Desk = InterceptedService<Channel, Bearer>;

pub(crate) async fn connect(address: &str) -> Channel {
    Endpoint::from_shared(format!("http://{address}")).unwrap().connect().await.unwrap()
}

/// The provider, and the lead who enters what it has.
pub(crate) struct Sellers {
    provider: VacanciesServiceClient<Desk>,
    lead: VacanciesServiceClient<Desk>,
    today: String,
}

impl Sellers {
    pub(crate) async fn of(keys: &Path, address: &str) -> Self {
        let channel = connect(address).await;
        let provider = Bearer::of(keys, Role::Provider(PROVIDER.parse().unwrap()));
        let lead = Bearer::of(keys, Role::FrameworkLead("d2n2".parse().unwrap()));
        Self {
            provider: VacanciesServiceClient::with_interceptor(channel.clone(), provider),
            lead: VacanciesServiceClient::with_interceptor(channel, lead),
            today: london_date(Timestamp::now()).to_string(),
        }
    }

    pub(crate) async fn register(&mut self) {
        let request = RegisterProviderRequest {
            provider_id: PROVIDER.to_owned(),
            display_name: "Simulated provider".to_owned(),
            ..Default::default()
        };
        self.lead.register_provider(request).await.unwrap();
    }

    /// A home with open places.
    pub(crate) async fn home(&mut self, number: u32) -> Vec<Place> {
        let urn = format!("BENCH{number:05}");
        let request = RegisterEstablishmentRequest {
            urn: urn.clone(),
            provider: format!("providers/{PROVIDER}"),
            provision: "FOSTERING".to_owned(),
            place_code: "U6".to_owned(),
            utla: COUNCIL.to_owned(),
            sector: "DE1 2".to_owned(),
            registered_on: "2020-04-01".to_owned(),
            status: RegistrationStatus::Active.into(),
            grade: "GOOD".to_owned(),
            age_to: 17,
            sexes: Sexes::Any.into(),
            places_registered: PLACES_PER_HOME,
            ..Default::default()
        };
        self.lead.register_establishment(request).await.unwrap();
        let request = OpenPlacesRequest {
            provider: format!("providers/{PROVIDER}"),
            establishment: format!("establishments/{urn}"),
            count: PLACES_PER_HOME,
            ..Default::default()
        };
        self.provider.open_places(request).await.unwrap().into_inner().places
    }

    /// Advertises a place from today on.
    pub(crate) async fn advertise(&mut self, place: &str) {
        let vacancy = Vacancy {
            available_from: self.today.clone(),
            needs: vec!["TRAUMA".to_owned()],
            sexes: Sexes::Any.into(),
            age_to: 17,
            ..Default::default()
        };
        let (provider, place) = (format!("providers/{PROVIDER}"), place.to_owned());
        let request =
            AdvertiseVacancyRequest { provider, place, vacancy: Some(vacancy), ..Default::default() };
        self.provider.advertise_vacancy(request).await.unwrap();
    }
}
