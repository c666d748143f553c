//! The region under load: commands as a provider's portal and the councils' case systems send them, each with a token and a request id.

use super::load::Caller;
use crate::running::Running;
use api::referrals::referrals_service_client::ReferralsServiceClient;
use api::referrals::{Identity, PostReferralRequest, Requirements};
use api::vacancies::vacancies_service_client::VacanciesServiceClient;
use api::vacancies::{AdvertiseVacancyRequest, OpenPlacesRequest, RegisterEstablishmentRequest};
use api::vacancies::{RegisterProviderRequest, RegistrationStatus, Sexes, Vacancy};
use care::{CouncilId, Timestamp, london_date};
use service_kit::Role;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::Channel;
use tonic::{Request, Status};
use uuid::Uuid;

const PROVIDER: &str = "providers/bench";
/// Places of one establishment, about as many as a children's home has.
const PLACES_PER_ESTABLISHMENT: usize = 4;
const SECONDS_TOKEN: i64 = 12 * 3_600;

type Token = MetadataValue<Ascii>;

/// What the callers need to know of the region.
pub(crate) struct Market {
    provider: Token,
    councils: Vec<(CouncilId, Token)>,
    places: Vec<String>,
    today: String,
}

impl Market {
    /// Registers a provider and opens a place for each caller.
    pub(crate) async fn open(running: &Running, places: usize) -> Result<Self, String> {
        let region = running.region();
        let framework = region.frameworks.first().ok_or("the region has no framework")?;
        let provider = "bench".parse().map_err(|_| "the provider's id is not one")?;
        let lead = token(running, Role::FrameworkLead(framework.id.clone()))?;
        let mut market = Self {
            provider: token(running, Role::Provider(provider))?,
            councils: Vec::new(),
            places: Vec::with_capacity(places),
            today: london_date(Timestamp::now()).to_string(),
        };
        for council in region.councils() {
            market.councils.push((council, token(running, Role::Council(council))?));
        }
        let channels = super::bare::connect(running.address(), 1).await?;
        let mut client = VacanciesServiceClient::new(channels[0].clone());
        let request = RegisterProviderRequest {
            provider_id: "bench".to_owned(),
            display_name: "Simulated provider".to_owned(),
            request_id: request_id(),
        };
        client.register_provider(with(&lead, request)).await.map_err(refused)?;
        while market.places.len() < places {
            let urn = format!("BENCH{:04}", market.places.len() / PLACES_PER_ESTABLISHMENT);
            client.register_establishment(with(&lead, market.establishment(&urn))).await.map_err(refused)?;
            let request = OpenPlacesRequest {
                provider: PROVIDER.to_owned(),
                establishment: format!("establishments/{urn}"),
                count: u32::try_from(PLACES_PER_ESTABLISHMENT).unwrap_or(1),
                request_id: request_id(),
                household: String::new(),
            };
            let opened = client.open_places(with(&market.provider, request)).await.map_err(refused)?;
            market.places.extend(opened.into_inner().places.into_iter().map(|place| place.name));
        }
        Ok(market)
    }

    fn establishment(&self, urn: &str) -> RegisterEstablishmentRequest {
        RegisterEstablishmentRequest {
            urn: urn.to_owned(),
            provider: PROVIDER.to_owned(),
            provision: "RESIDENTIAL".to_owned(),
            place_code: "K2".to_owned(),
            utla: "E06000015".to_owned(),
            sector: "DE1 2".to_owned(),
            operated_by: String::new(),
            registered_on: self.today.clone(),
            status: RegistrationStatus::Active.into(),
            grade: "GOOD".to_owned(),
            age_from: 8,
            age_to: 17,
            sexes: Sexes::Any.into(),
            places_registered: u32::try_from(PLACES_PER_ESTABLISHMENT).unwrap_or(1),
            request_id: request_id(),
        }
    }
}

fn token(running: &Running, role: Role) -> Result<Token, String> {
    let token = running.keys().issue(role, "bench", Timestamp::now(), SECONDS_TOKEN, false)?;
    format!("Bearer {token}").parse().map_err(|_| "a token is ASCII".to_owned())
}

fn with<T>(token: &Token, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", token.clone());
    request
}

fn request_id() -> String {
    Uuid::new_v4().to_string()
}

fn refused(status: Status) -> String {
    status.to_string()
}

/// Changes what one place is advertised for, again and again: one event in the market's one log.
pub(crate) struct Advertising {
    client: VacanciesServiceClient<Channel>,
    token: Token,
    request: AdvertiseVacancyRequest,
    times: u64,
}

impl Advertising {
    pub(crate) fn new(market: &Market, channels: &[Channel], caller: usize) -> Self {
        let vacancy = Vacancy {
            available_from: market.today.clone(),
            needs: vec!["EMOTIONAL_BEHAVIOURAL".to_owned()],
            sexes: Sexes::Any.into(),
            age_from: 10,
            age_to: 17,
            ..Default::default()
        };
        let request = AdvertiseVacancyRequest {
            provider: PROVIDER.to_owned(),
            place: market.places[caller % market.places.len()].clone(),
            vacancy: Some(vacancy),
            request_id: String::new(),
        };
        let client = VacanciesServiceClient::new(channels[caller % channels.len()].clone());
        Self { client, token: market.provider.clone(), request, times: 0 }
    }
}

impl Caller for Advertising {
    async fn call(&mut self) -> Result<(), String> {
        self.times += 1;
        let mut message = self.request.clone();
        message.request_id = request_id();
        if let Some(vacancy) = &mut message.vacancy {
            vacancy.note = format!("change {}", self.times);
        }
        self.client.advertise_vacancy(with(&self.token, message)).await.map(drop).map_err(refused)
    }
}

/// Posts one referral after the other for one council: who the child is gets sealed under new keys, which are durable first.
pub(crate) struct Posting {
    client: ReferralsServiceClient<Channel>,
    token: Token,
    request: PostReferralRequest,
}

impl Posting {
    pub(crate) fn new(market: &Market, channels: &[Channel], caller: usize) -> Self {
        let (council, token) = &market.councils[caller % market.councils.len()];
        let requirements = Requirements {
            provisions: vec!["RESIDENTIAL".to_owned()],
            age_years: Some(14),
            sex: "F".to_owned(),
            needs: vec!["EMOTIONAL_BEHAVIOURAL".to_owned()],
            category_of_need: "N1".to_owned(),
            legal_status: "C1".to_owned(),
            urgency: "PLANNED".to_owned(),
            needed_from: market.today.clone(),
            anchor: "DE1 2".to_owned(),
            ..Requirements::default()
        };
        let identity = Identity {
            given_name: "Simulated".to_owned(),
            family_name: "Benchchild".to_owned(),
            narrative: "Simulated: likes drawing and football; settles when adults keep their word."
                .to_owned(),
            ..Identity::default()
        };
        let request = PostReferralRequest {
            parent: format!("councils/{council}"),
            requirements: Some(requirements),
            identity: Some(identity),
            request_id: String::new(),
            follows: None,
        };
        let client = ReferralsServiceClient::new(channels[caller % channels.len()].clone());
        Self { client, token: token.clone(), request }
    }
}

impl Caller for Posting {
    async fn call(&mut self) -> Result<(), String> {
        let message = PostReferralRequest { request_id: request_id(), ..self.request.clone() };
        self.client.post_referral(with(&self.token, message)).await.map(drop).map_err(refused)
    }
}
