//! A region with a market in it: frameworks, providers, homes and places, and the steps by which a referral comes to an award.

use crate::process::until;
use crate::region::{Bearer, Connection, Region, Routed, channel, council, lead, provider};
use api::audit::audit_service_client::AuditServiceClient;
use api::common::{Approval, PriceLine, Route, route};
use api::contracts::contracts_service_client::ContractsServiceClient;
use api::contracts::{
    AddLotRequest, AddMemberRequest, AdmitProviderRequest, CreateFrameworkRequest, Level, LevelPrice, Lot,
    Regime,
};
use api::invoicing::invoicing_service_client::InvoicingServiceClient;
use api::referrals::referrals_service_client::ReferralsServiceClient;
use api::referrals::{
    Award, AwardReferralRequest, Identity, Offer, PostReferralRequest, RecordCascadeStepRequest,
    ReleaseReferralRequest, Requirements, SubmitOfferRequest,
};
use api::vacancies::vacancies_service_client::VacanciesServiceClient;
use api::vacancies::{
    AdvertiseVacancyRequest, HouseholdApproval, OpenPlacesRequest, RegisterEstablishmentRequest,
    RegisterHouseholdRequest, RegisterProviderRequest, RegistrationStatus, Vacancy,
};
use brokerage::{Options, Running, StartFailed};
use eventlog::sqlite::SqliteStore;
use eventlog::{LogId, LogStore, Service};
use service_kit::{Clock, Role};
use std::collections::BTreeMap;
use std::path::Path;
use tempfile::TempDir;
use tonic::Status;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;

/// The instant at which the clock of these regions stands.
pub(crate) const NOW: &str = "2026-06-01T09:00:00Z";
/// Its day.
pub(crate) const TODAY: &str = "2026-06-01";
/// The most that a week in a place may cost under either framework, in pence.
pub(crate) const CEILING_PENCE: i64 = 600_000;

/// Starts a region on `folder` whose clock stands still, since nothing here may depend on the day of the test.
async fn start_on(folder: &Path, clock: &Clock) -> Result<Running, StartFailed> {
    Running::start(Options::new(folder).by_clock(clock.clone())).await
}

/// Somebody who calls: a connection with a token of a role.
#[derive(Clone)]
pub(crate) struct Party {
    pub(crate) role: Role,
    pub(crate) token: String,
    pub(crate) channel: Channel,
    connection: Connection,
}

impl Party {
    pub(crate) fn referrals(&self) -> ReferralsServiceClient<Connection> {
        ReferralsServiceClient::new(self.connection.clone())
    }

    pub(crate) fn vacancies(&self) -> VacanciesServiceClient<Connection> {
        VacanciesServiceClient::new(self.connection.clone())
    }

    pub(crate) fn contracts(&self) -> ContractsServiceClient<Connection> {
        ContractsServiceClient::new(self.connection.clone())
    }

    pub(crate) fn invoicing(&self) -> InvoicingServiceClient<Connection> {
        InvoicingServiceClient::new(self.connection.clone())
    }

    pub(crate) fn audit(&self) -> AuditServiceClient<Connection> {
        AuditServiceClient::new(self.connection.clone())
    }

    /// `councils/E06000015`, `providers/oak` or `frameworks/d2n2`.
    pub(crate) fn name(&self) -> String {
        match &self.role {
            Role::Council(id) => format!("councils/{id}"),
            Role::Provider(id) => format!("providers/{id}"),
            Role::FrameworkLead(id) => format!("frameworks/{id}"),
            Role::Service(name) => format!("services/{name}"),
        }
    }
}

/// A region whose frameworks have been set up.
pub(crate) struct World {
    pub(crate) region: Region,
    pub(crate) clock: Clock,
}

impl World {
    pub(crate) async fn open() -> Self {
        Self::open_at(NOW).await
    }

    /// The same at another instant.
    pub(crate) async fn open_at(instant: &str) -> Self {
        let world = Self::start(tempfile::tempdir().unwrap(), instant).await;
        world.frameworks().await;
        world
    }

    /// A region in which nothing has happened yet.
    pub(crate) async fn bare() -> Self {
        Self::on(tempfile::tempdir().unwrap()).await
    }

    /// A region on what an earlier one left.
    pub(crate) async fn on(folder: TempDir) -> Self {
        Self::start(folder, NOW).await
    }

    async fn start(folder: TempDir, instant: &str) -> Self {
        let clock = Clock::simulated(instant.parse().unwrap());
        let running = start_on(folder.path(), &clock).await.unwrap();
        Self { region: Region { running, folder }, clock }
    }

    /// Stops it once every service has heard of everything, and gives its folder.
    pub(crate) async fn stop(self) -> TempDir {
        self.settled().await;
        self.region.running.stop().await;
        // The lock on the folder goes with the last task that has it.
        let logs = self.region.folder.path().join("logs");
        until("the folder is free", async || SqliteStore::open(&logs).ok()).await;
        self.region.folder
    }

    /// A caller of this role, on a connection of its own.
    pub(crate) async fn party(&self, role: Role) -> Party {
        self.person(role, "test").await
    }

    /// A person who acts for a role, on a connection of their own.
    pub(crate) async fn person(&self, role: Role, subject: &str) -> Party {
        let token = self.region.token_of(role.clone(), subject);
        let channel = channel(&format!("http://{}", self.region.running.address())).await;
        let connection = InterceptedService::new(Routed::One(channel.clone()), Bearer::new(&token));
        Party { role, token, channel, connection }
    }

    pub(crate) async fn council(&self, gss: &str) -> Party {
        self.party(council(gss)).await
    }

    pub(crate) async fn provider(&self, id: &str) -> Party {
        self.party(provider(id)).await
    }

    pub(crate) async fn lead(&self, id: &str) -> Party {
        self.party(lead(id)).await
    }

    /// Waits until every service has heard of everything.
    pub(crate) async fn settled(&self) {
        self.region.running.settled().await.unwrap();
    }

    async fn frameworks(&self) {
        for framework in &self.region.running.region().frameworks {
            let mut lead = self.lead(framework.id.as_str()).await.contracts();
            let name = format!("frameworks/{}", framework.id);
            let first = framework.councils.first().unwrap();
            let created = CreateFrameworkRequest {
                name: name.clone(),
                display_name: framework.name.clone(),
                lead_council: format!("councils/{first}"),
                regime: Regime::ProcurementAct2023.into(),
                starts: "2026-01-01".to_owned(),
                ends: "2030-12-31".to_owned(),
                ..Default::default()
            };
            lead.create_framework(created).await.unwrap();
            for council in &framework.councils[1..] {
                let council = format!("councils/{council}");
                let joined = AddMemberRequest {
                    name: name.clone(),
                    council,
                    from: "2026-01-01".to_owned(),
                    ..Default::default()
                };
                lead.add_member(joined).await.unwrap();
            }
            let level = Level { level: "core".to_owned(), ceiling_weekly_pence: CEILING_PENCE };
            let lot = Lot {
                lot: "all".to_owned(),
                display_name: "All".to_owned(),
                provisions: vec!["FOSTERING".to_owned(), "RESIDENTIAL".to_owned()],
                age_to: 17,
                levels: vec![level],
                ..Default::default()
            };
            lead.add_lot(AddLotRequest { parent: name, lot: Some(lot), ..Default::default() }).await.unwrap();
        }
    }

    /// Registers a provider and admits it to both frameworks at the ceiling.
    pub(crate) async fn enter_provider(&self, id: &str) -> Party {
        let frameworks = &self.region.running.region().frameworks;
        let mut hub = self.lead(frameworks.first().unwrap().id.as_str()).await.vacancies();
        let entry = RegisterProviderRequest {
            provider_id: id.to_owned(),
            display_name: format!("{id} homes"),
            ..Default::default()
        };
        hub.register_provider(entry).await.unwrap();
        for framework in frameworks {
            let admitted = AdmitProviderRequest {
                parent: format!("frameworks/{}", framework.id),
                lot: "all".to_owned(),
                provider: format!("providers/{id}"),
                from: "2026-01-01".to_owned(),
                prices: vec![LevelPrice { level: "core".to_owned(), core_weekly_pence: CEILING_PENCE }],
                ..Default::default()
            };
            self.lead(framework.id.as_str()).await.contracts().admit_provider(admitted).await.unwrap();
        }
        self.provider(id).await
    }

    /// Registers a fostering agency with one carer household, and names that.
    pub(crate) async fn household(&self, owner: &Party, urn: &str) -> String {
        let hub = self.region.running.region().frameworks.first().unwrap().id.to_string();
        let entry = RegisterEstablishmentRequest {
            urn: urn.to_owned(),
            provider: owner.name(),
            provision: "FOSTERING".to_owned(),
            place_code: "U4".to_owned(),
            utla: "E06000005".to_owned(),
            sector: "DL1 5".to_owned(),
            registered_on: "2020-01-01".to_owned(),
            status: RegistrationStatus::Active.into(),
            grade: "GOOD".to_owned(),
            age_from: 5,
            age_to: 17,
            places_registered: 10,
            ..Default::default()
        };
        self.lead(&hub).await.vacancies().register_establishment(entry).await.unwrap();
        let approval = HouseholdApproval {
            approved_on: "2025-01-01".to_owned(),
            children: 2,
            age_from: 5,
            age_to: 17,
            ..Default::default()
        };
        let household = RegisterHouseholdRequest {
            provider: owner.name(),
            establishment: format!("establishments/{urn}"),
            approval: Some(approval),
            sector: "DL1 5".to_owned(),
            ..Default::default()
        };
        owner.vacancies().register_household(household).await.unwrap().into_inner().name
    }

    /// Registers a children's home with so many places, opens and advertises them all, and names them.
    pub(crate) async fn home(&self, owner: &Party, urn: &str, places: u32) -> Vec<String> {
        let hub = self.region.running.region().frameworks.first().unwrap().id.to_string();
        let entry = RegisterEstablishmentRequest {
            urn: urn.to_owned(),
            provider: owner.name(),
            provision: "RESIDENTIAL".to_owned(),
            place_code: "K2".to_owned(),
            utla: "E06000005".to_owned(),
            sector: "DL1 5".to_owned(),
            registered_on: "2020-01-01".to_owned(),
            status: RegistrationStatus::Active.into(),
            grade: "GOOD".to_owned(),
            age_from: 5,
            age_to: 17,
            places_registered: places,
            ..Default::default()
        };
        self.lead(&hub).await.vacancies().register_establishment(entry).await.unwrap();
        let mut desk = owner.vacancies();
        let establishment = format!("establishments/{urn}");
        let opened =
            OpenPlacesRequest { provider: owner.name(), establishment, count: places, ..Default::default() };
        let opened = desk.open_places(opened).await.unwrap().into_inner().places;
        let mut names = Vec::new();
        for place in opened {
            let available_from = self.clock.today().to_string();
            let vacancy = Vacancy { available_from, age_from: 5, age_to: 17, ..Default::default() };
            let advertised = AdvertiseVacancyRequest {
                provider: owner.name(),
                place: place.name.clone(),
                vacancy: Some(vacancy),
                ..Default::default()
            };
            desk.advertise_vacancy(advertised).await.unwrap();
            names.push(place.name);
        }
        names
    }
}

/// How many events each log of a stopped region holds. The audit service's own are records of the others.
pub(crate) async fn heads(folder: &Path) -> BTreeMap<LogId, u64> {
    let logs = folder.join("logs");
    let store = SqliteStore::open(&logs).unwrap();
    let mut heads = BTreeMap::new();
    for entry in std::fs::read_dir(&logs).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let Some(name) = name.strip_suffix(".db") else { continue };
        let id: LogId = name.replacen('.', "/", 1).parse().unwrap();
        if id.service != Service::Audit {
            let log = store.open(id).await.unwrap();
            heads.insert(id, *log.head().borrow());
        }
    }
    heads
}

/// What a referral asks for when nothing in particular matters.
pub(crate) fn requirements() -> Requirements {
    Requirements {
        provisions: vec!["RESIDENTIAL".to_owned()],
        age_years: Some(12),
        sex: "F".to_owned(),
        needs: vec!["TRAUMA".to_owned()],
        category_of_need: "N1".to_owned(),
        legal_status: "C2".to_owned(),
        urgency: "PLANNED".to_owned(),
        needed_from: TODAY.to_owned(),
        ..Default::default()
    }
}

/// Posts a referral, and gives its name.
pub(crate) async fn post(council: &Party, requirements: Requirements, identity: Option<Identity>) -> String {
    let request = PostReferralRequest {
        parent: council.name(),
        requirements: Some(requirements),
        identity,
        request_id: String::new(),
        follows: None,
    };
    council.referrals().post_referral(request).await.unwrap().into_inner().name
}

/// Releases a referral to a provider, and records that nothing was found in-house.
pub(crate) async fn release(council: &Party, referral: &str, to: &Party) {
    let mut desk = council.referrals();
    let released = ReleaseReferralRequest {
        name: referral.to_owned(),
        providers: vec![to.name()],
        ..Default::default()
    };
    desk.release_referral(released).await.unwrap();
    // The last is what a spot purchase asks for, by a council that is in no framework.
    for step in ["CONNECTED_CARE", "IN_HOUSE_FOSTERING", "IN_HOUSE_RESIDENTIAL", "FRAMEWORK"] {
        let step = RecordCascadeStepRequest {
            name: referral.to_owned(),
            step: step.to_owned(),
            outcome: "NO_PLACE".to_owned(),
            ..Default::default()
        };
        desk.record_cascade_step(step).await.unwrap();
    }
}

/// How a council buys: under its framework, or as a guest of the region on the spot.
fn route_of(world: &World, council: &Party) -> Route {
    let frameworks = &world.region.running.region().frameworks;
    let member = frameworks.iter().find(|it| it.councils.iter().any(|id| council.role == Role::Council(*id)));
    let route = match member {
        Some(framework) => route::Route::Framework(route::FrameworkCallOff {
            framework: format!("frameworks/{}", framework.id),
            lot: "all".to_owned(),
            level: "core".to_owned(),
            attributes: Vec::new(),
        }),
        None => route::Route::Spot(route::Spot::default()),
    };
    Route { route: Some(route) }
}

/// What an offer of this place would be.
pub(crate) fn offer_of(
    world: &World,
    council: &Party,
    referral: &str,
    place: &str,
    weekly_pence: i64,
) -> SubmitOfferRequest {
    let urn = place.strip_prefix("places/").unwrap().rsplit_once('-').unwrap().0;
    SubmitOfferRequest {
        parent: referral.to_owned(),
        place: place.to_owned(),
        establishment: format!("establishments/{urn}"),
        provision: "RESIDENTIAL".to_owned(),
        start: TODAY.to_owned(),
        lines: vec![PriceLine { kind: "CORE".to_owned(), weekly_pence, until: String::new() }],
        route: Some(route_of(world, council)),
        valid_until: "2026-06-08".to_owned(),
        ..Default::default()
    }
}

/// Offers a place for a referral that was released to its provider.
pub(crate) async fn offer(
    world: &World,
    council: &Party,
    referral: &str,
    seller: &Party,
    place: &str,
) -> Offer {
    let request = offer_of(world, council, referral, place, 400_000);
    seller.referrals().submit_offer(request).await.unwrap().into_inner()
}

/// A new referral with an offer of this place.
pub(crate) async fn offered(world: &World, council: &Party, seller: &Party, place: &str) -> Offer {
    let referral = post(council, requirements(), None).await;
    release(council, &referral, seller).await;
    offer(world, council, &referral, seller, place).await
}

/// The referral that an offer is on.
pub(crate) fn referral_of(offer: &Offer) -> String {
    offer.name.split("/offers/").next().unwrap().to_owned()
}

/// What takes an offer.
pub(crate) fn award_of(offer: &Offer, hold_token: Option<u64>) -> AwardReferralRequest {
    AwardReferralRequest {
        name: referral_of(offer),
        offer: offer.name.clone(),
        hold_token,
        approval: Some(Approval { approver: "post-0417".to_owned(), role: "HEAD_OF_SERVICE".to_owned() }),
        spot_justification: match offer.route.as_ref().and_then(|route| route.route.as_ref()) {
            Some(route::Route::Spot(_)) => "the council is a guest of the region".to_owned(),
            _ => String::new(),
        },
        wait_seconds: Some(30),
        ..Default::default()
    }
}

/// Takes an offer.
pub(crate) async fn award(council: &Party, offer: &Offer, hold_token: Option<u64>) -> Result<Award, Status> {
    council.referrals().award_referral(award_of(offer, hold_token)).await.map(tonic::Response::into_inner)
}
