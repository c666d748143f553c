//! A region of two councils whose market and contracts logs a test writes itself.

pub(crate) use crate::homes::{established, household};
pub(crate) use crate::messages::{
    CANARIES, award_request, identity, offer_request, post_request, requirements, spot_route,
};
use api::referrals as proto;
use api::referrals::referrals_service_server::ReferralsService;
use care::market::{
    EstablishmentRegistered, MarketEvent, PlaceOpened, ProviderRegistered, Sexes, VacancyAdvertised,
};
use care::published::{
    AgreementIssued, AgreementRefused, ClaimRefused, EvaluationWeightsSet, PlacementEnded,
    PlacementNoticeGiven, PlacementNoticeWithdrawn, PlacementStarted,
};
use care::{CouncilId, Decided, Domain, Event, ReferralId, Timestamp};
use engine::{Context, Engine};
use eventlog::sqlite::SqliteStore;
use eventlog::{LogId, Recorded, Service};
use exchange::{Follower, follow};
use referrals::Referrals;
use sealing::{DataKey, KeyStore, Needs, SealingError};
use service_kit::{Caller, Clock, Framework, Kit, Region, Role};
use std::marker::PhantomData;
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;
use tonic::{Request, Status};
use tonic_types::StatusExt;

care::events! {
    /// What a contracts log tells this service.
    pub(crate) enum ContractsEvent {
        AgreementIssued,
        AgreementRefused,
        PlacementStarted,
        PlacementEnded,
        PlacementNoticeGiven,
        PlacementNoticeWithdrawn,
    }
}

care::events! {
    /// What the region's contracts log tells this service.
    pub(crate) enum FrameworksEvent { EvaluationWeightsSet }
}

/// A log that takes whatever events it is given.
pub(crate) struct Played<E>(PhantomData<E>);

#[derive(Debug)]
pub(crate) enum Never {}

impl std::fmt::Display for Never {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match *self {}
    }
}

impl std::error::Error for Never {}

impl care::Refusal for Never {
    fn reason(&self) -> &'static str {
        match *self {}
    }
    fn kind(&self) -> care::RefusalKind {
        match *self {}
    }
}

impl<E: Event> Domain for Played<E> {
    type State = ();
    type Command = Vec<E>;
    type Event = E;
    type Rejection = Never;
    fn decide((): &(), command: &Vec<E>) -> Decided<Self> {
        Ok(command.clone())
    }
    fn evolve((): &mut (), _: &E) {}
}

/// The service, and the logs around it.
pub(crate) struct Bench {
    pub(crate) service: Referrals,
    pub(crate) clock: Clock,
    pub(crate) kit: Kit,
    market: Engine<Played<MarketEvent>>,
    contracts: Engine<Played<ContractsEvent>>,
    frameworks: Engine<Played<FrameworksEvent>>,
    neighbours_contracts: Engine<Played<ContractsEvent>>,
    followers: Vec<Follower>,
    folder: TempDir,
}

pub(crate) fn council() -> CouncilId {
    "E06000005".parse().unwrap()
}

pub(crate) fn neighbour() -> CouncilId {
    "E06000047".parse().unwrap()
}

pub(crate) fn start() -> Timestamp {
    "2026-06-01T09:00:00Z".parse().unwrap()
}

impl Bench {
    /// With two providers in the market's register, and no homes.
    pub(crate) async fn open() -> Self {
        let mut bench = Self::open_in(tempfile::tempdir().unwrap(), Clock::simulated(start()), &[]).await;
        bench.follow();
        bench.market(["oak", "elm"].map(registered).into()).await;
        bench
    }

    async fn open_in(folder: TempDir, clock: Clock, accept_lost_keys: &[CouncilId]) -> Self {
        let kit = kit(folder.path(), clock.clone());
        let market = kit.engine(LogId::region(Service::Vacancies)).await.unwrap();
        let contracts = kit.engine(LogId::council(Service::Contracts, council())).await.unwrap();
        let frameworks = kit.engine(LogId::region(Service::Contracts)).await.unwrap();
        let neighbours_contracts = kit.engine(LogId::council(Service::Contracts, neighbour())).await.unwrap();
        let service = Referrals::open(&kit, accept_lost_keys).await.unwrap();
        let followers = Vec::new();
        Self { service, clock, kit, market, contracts, frameworks, neighbours_contracts, followers, folder }
    }

    /// Lets the service hear of what happens elsewhere.
    pub(crate) fn follow(&mut self) {
        let exchange = self.kit.followed();
        self.followers = self.service.reactions().iter().flat_map(|it| follow(&exchange, it)).collect();
    }

    /// Stops everything.
    pub(crate) async fn close(self) -> Closed {
        let Self {
            service,
            clock,
            kit,
            market,
            contracts,
            frameworks,
            neighbours_contracts,
            followers,
            folder,
        } = self;
        drop((service, kit, market, contracts, frameworks, neighbours_contracts, followers));
        // The locks on the files go with the last task that holds them.
        while SqliteStore::open(&folder.path().join("logs")).is_err()
            || KeyStore::open(folder.path().join("keys/referrals"), council().gss(), &Needs::none()).is_err()
        {
            tokio::task::yield_now().await;
        }
        Closed { folder, clock }
    }

    /// Stops everything and starts it again on the same files.
    pub(crate) async fn reopen(self) -> Self {
        self.close().await.open().await
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn context(&self) -> Context {
        let at = self.clock.now();
        Context { actor: "test".to_owned(), causation: None, correlation: None, at, request: None }
    }

    pub(crate) async fn market(&self, events: Vec<MarketEvent>) {
        self.market_alone(events).await;
        self.settled().await;
    }

    pub(crate) async fn contracts(&self, event: impl Into<ContractsEvent>) {
        self.contracts.execute(vec![event.into()], self.context(), |(), _| Vec::new()).await.unwrap();
        self.settled().await;
    }

    /// Tells the region's contracts log that a framework's lead set weights.
    pub(crate) async fn weights(&self, set: EvaluationWeightsSet) {
        self.frameworks.execute(vec![set.into()], self.context(), |(), _| Vec::new()).await.unwrap();
        self.settled().await;
    }

    /// As [`Bench::contracts`], in the neighbour's log.
    pub(crate) async fn neighbours_contracts(&self, event: impl Into<ContractsEvent>) {
        let events = vec![event.into()];
        self.neighbours_contracts.execute(events, self.context(), |(), _| Vec::new()).await.unwrap();
        self.settled().await;
    }

    /// Hears nothing of other logs until [`Bench::hears`], and then everything.
    pub(crate) fn is_deaf(&mut self) {
        self.followers.clear();
    }

    pub(crate) fn hears(&mut self) {
        let exchange = self.kit.followed();
        self.followers = self.service.reactions().iter().flat_map(|it| follow(&exchange, it)).collect();
    }

    /// Tells the market's log something, and waits for nobody to have heard it.
    pub(crate) async fn market_alone(&self, events: Vec<MarketEvent>) {
        self.market.execute(events, self.context(), |(), _| Vec::new()).await.unwrap();
    }

    /// Waits until this service has seen everything that was told.
    pub(crate) async fn settled(&self) {
        for follower in &self.followers {
            let head = self.kit.followed().head(follower.source).await.unwrap();
            let mut state = follower.state.clone();
            let seen = |state: &exchange::FollowerState| match state {
                exchange::FollowerState::Consumed(position) => *position >= head,
                exchange::FollowerState::Stuck(_, why) => panic!("stuck: {why}"),
            };
            state.wait_for(seen).await.unwrap();
        }
    }

    /// Every event of a council's referrals log.
    pub(crate) async fn events(&self, council: CouncilId) -> Vec<Arc<Recorded>> {
        self.service.council(council).unwrap().log().read(0, 10_000).await.unwrap()
    }

    pub(crate) async fn types(&self) -> Vec<String> {
        self.events(council()).await.iter().map(|event| event.event_type.clone()).collect()
    }

    /// A request as the access layer hands it on.
    pub(crate) fn by<T>(&self, role: Role, message: T) -> Request<T> {
        let mut request = Request::new(message);
        request.extensions_mut().insert(Caller { role, subject: "desk-1".to_owned(), at: self.clock.now() });
        request
    }

    pub(crate) fn own<T>(&self, message: T) -> Request<T> {
        self.by(Role::Council(council()), message)
    }

    pub(crate) fn oak<T>(&self, message: T) -> Request<T> {
        self.by(Role::Provider("oak".parse().unwrap()), message)
    }

    pub(crate) fn elm<T>(&self, message: T) -> Request<T> {
        self.by(Role::Provider("elm".parse().unwrap()), message)
    }

    /// Two homes: oak's, five miles or so from Darlington's centre, and the council's own, run by elm.
    pub(crate) async fn with_market(self) -> Self {
        let at = start();
        let mut events = Vec::new();
        for (provider, urn, sector, own) in
            [("oak", "SC045099", "DL1 5", None), ("elm", "SC040001", "DL3 7", Some(council()))]
        {
            let home = established(provider, urn);
            let place: care::PlaceId = format!("{urn}-01").parse().unwrap();
            let vacancy = VacancyAdvertised {
                place: place.clone(),
                available_from: "2026-06-01".parse().unwrap(),
                needs: ["TRAUMA".to_owned()].into(),
                sexes: Sexes::Any,
                age_from: 8,
                age_to: 17,
                note: String::new(),
                exclusions: [].into(),
                mix: None,
                reservation: None,
                at,
            };
            events.extend([
                EstablishmentRegistered { sector: sector.to_owned(), operated_by: own, ..home.clone() }
                    .into(),
                PlaceOpened { place: place.clone(), urn: home.urn, household: None, at }.into(),
                vacancy.into(),
            ]);
        }
        self.market(events).await;
        self
    }

    pub(crate) async fn post(&self, request_id: &str) -> proto::Referral {
        self.post_as(post_request(request_id)).await
    }

    pub(crate) async fn post_as(&self, message: proto::PostReferralRequest) -> proto::Referral {
        self.service.post_referral(self.own(message)).await.unwrap().into_inner()
    }

    pub(crate) async fn release(&self, referral: &str, providers: &[&str]) -> proto::Referral {
        let message = proto::ReleaseReferralRequest {
            name: referral.to_owned(),
            providers: providers.iter().map(|id| format!("providers/{id}")).collect(),
            ..Default::default()
        };
        self.service.release_referral(self.own(message)).await.unwrap().into_inner()
    }

    pub(crate) async fn cascade(&self, referral: &str) {
        for step in ["CONNECTED_CARE", "IN_HOUSE_FOSTERING", "IN_HOUSE_RESIDENTIAL"] {
            self.step(referral, step).await;
        }
    }

    pub(crate) async fn step(&self, referral: &str, step: &str) {
        let message = proto::RecordCascadeStepRequest {
            name: referral.to_owned(),
            step: step.to_owned(),
            outcome: "NO_PLACE".to_owned(),
            request_id: String::new(),
        };
        self.service.record_cascade_step(self.own(message)).await.unwrap();
    }

    pub(crate) async fn offer(&self, referral: &str) -> proto::Offer {
        self.service.submit_offer(self.oak(offer_request(referral))).await.unwrap().into_inner()
    }

    /// A referral that was released to oak, tried everywhere else, and has oak's offer.
    pub(crate) async fn offered(&self) -> (proto::Referral, proto::Offer) {
        let referral = self.post("r-1").await;
        self.release(&referral.name, &["oak"]).await;
        self.cascade(&referral.name).await;
        let offer = self.offer(&referral.name).await;
        (referral, offer)
    }

    /// The market's refusal of an award.
    pub(crate) fn taken(&self, award: &proto::Award) -> ClaimRefused {
        ClaimRefused {
            award: last(&award.name).parse().unwrap(),
            council: council(),
            referral: last(&award.referral).parse().unwrap(),
            place: last(&award.place).parse().unwrap(),
            reason: "PLACE_TAKEN".to_owned(),
            detail: "another council has the place".to_owned(),
            at: self.clock.now(),
        }
    }

    /// The council's agreement for an award.
    pub(crate) async fn issued(&self, award: &proto::Award) -> AgreementIssued {
        let id: care::AwardId = last(&award.name).parse().unwrap();
        let proposed =
            self.service.council(council()).unwrap().read(|state| state.awards[&id].proposed.clone());
        AgreementIssued {
            agreement: care::AgreementId::for_request("test", "agreement"),
            award: id,
            council: council(),
            referral: proposed.referral,
            provider: proposed.provider,
            urn: proposed.urn,
            place: proposed.place,
            provision: proposed.provision,
            start: proposed.start,
            terms: proposed.terms,
            schedule_from: None,
            evidence: care::published::CallOffEvidence { contracts_position: 0, checks: Vec::new() },
            at: self.clock.now(),
        }
    }

    /// The arrival of the child of an agreement, on the agreed day.
    pub(crate) fn started(&self, issued: &AgreementIssued) -> PlacementStarted {
        PlacementStarted {
            correction: None,
            agreement: issued.agreement,
            award: issued.award,
            council: issued.council,
            place: issued.place.clone(),
            on: issued.start,
            at: self.clock.now(),
        }
    }

    /// The end of an agreement.
    pub(crate) fn ended(&self, issued: &AgreementIssued, on: care::Date) -> PlacementEnded {
        PlacementEnded {
            correction: None,
            ending: None,
            notice_last_day: None,
            agreement: issued.agreement,
            award: issued.award,
            council: issued.council,
            place: issued.place.clone(),
            on,
            reason: "CARPL".to_owned(),
            at: self.clock.now(),
        }
    }

    /// A referral that oak was awarded.
    pub(crate) async fn awarded(&self) -> proto::Award {
        let (_, offer) = self.offered().await;
        let award =
            self.service.award_referral(self.own(award_request(&offer, 0))).await.unwrap().into_inner();
        self.contracts(self.issued(&award).await).await;
        award
    }

    /// An award whose child has come.
    pub(crate) async fn arrived(&self) -> proto::Award {
        let award = self.awarded().await;
        let issued = self.issued(&award).await;
        self.contracts(self.started(&issued)).await;
        award
    }

    /// As [`Bench::arrived`]; the child left on the day after, and the day is over.
    pub(crate) async fn left(&self) -> proto::Award {
        let award = self.arrived().await;
        self.leaves(&self.issued(&award).await).await;
        award
    }

    /// The child of an agreement leaves on the day after the agreed one; the clock then shows the day after that.
    pub(crate) async fn leaves(&self, issued: &AgreementIssued) {
        let last_day = issued.start.tomorrow().unwrap();
        self.contracts(self.ended(issued, last_day)).await;
        let over = last_day.tomorrow().unwrap();
        self.clock.advance_to(format!("{over}T12:00:00Z").parse().unwrap());
    }
}

/// What a stopped region leaves.
pub(crate) struct Closed {
    folder: TempDir,
    clock: Clock,
}

impl Closed {
    pub(crate) async fn open(self) -> Bench {
        let mut bench = self.open_deaf().await;
        bench.follow();
        bench
    }

    /// As long as it does not follow.
    pub(crate) async fn open_deaf(self) -> Bench {
        Bench::open_in(self.folder, self.clock, &[]).await
    }

    /// What a start says where the council's keys are gone and nobody has accepted that.
    pub(crate) async fn start_without_keys(self) -> String {
        std::fs::remove_dir_all(self.folder.path().join("keys/referrals")).unwrap();
        let started = Referrals::open(&kit(self.folder.path(), self.clock), &[]).await;
        started.err().map(|error| error.to_string()).unwrap_or_default()
    }

    /// Loses the council's keys, and goes on without them, at this start and the next.
    pub(crate) async fn lose_keys(self) -> Bench {
        std::fs::remove_dir_all(self.folder.path().join("keys/referrals")).unwrap();
        self.open_without_lost_keys().await
    }

    /// Goes on without the council's keys that are not there, at this start and the next.
    pub(crate) async fn open_without_lost_keys(self) -> Bench {
        Bench::open_in(self.folder, self.clock, &[council()]).await.reopen().await
    }

    /// Where the keys of the councils are.
    pub(crate) fn keys_folder(&self) -> std::path::PathBuf {
        self.folder.path().join("keys/referrals")
    }

    /// The council's keys, as the key store itself has them.
    pub(crate) fn keys(&self) -> KeyStore {
        KeyStore::open(self.keys_folder(), council().gss(), &Needs::none()).unwrap()
    }

    /// Those to identity and narrative.
    pub(crate) fn keys_of(&self, referral: ReferralId) -> [Result<DataKey, SealingError>; 2] {
        let store = self.keys();
        ["identity", "narrative"].map(|purpose| store.get(&referral.to_string(), purpose))
    }
}

fn kit(folder: &Path, clock: Clock) -> Kit {
    let framework = Framework {
        id: "tyne-tees".parse().unwrap(),
        name: "Tyne Tees".to_owned(),
        councils: vec![neighbour()],
    };
    let region = Region { name: "test".to_owned(), frameworks: vec![framework], guests: vec![council()] };
    Kit {
        region: Arc::new(region),
        clock,
        store: Arc::new(SqliteStore::open(&folder.join("logs")).unwrap()),
        ahead: Arc::default(),
        exchange: Arc::default(),
        others: None,
        keys_folder: folder.join("keys"),
    }
}

/// A provider's entry in the register.
pub(crate) fn registered(provider: &str) -> MarketEvent {
    let (provider, name) = (provider.parse().unwrap(), format!("{provider} homes"));
    ProviderRegistered { provider, name, at: start() }.into()
}

pub(crate) fn last(name: &str) -> &str {
    name.rsplit('/').next().unwrap()
}

pub(crate) fn reason(status: &Status) -> String {
    status.get_error_details().error_info().map(|info| info.reason.clone()).unwrap_or_default()
}

pub(crate) fn fields(status: &Status) -> Vec<String> {
    let details = status.get_error_details();
    let violations = details.bad_request().map(|it| it.field_violations.clone()).unwrap_or_default();
    violations.into_iter().map(|violation| violation.field).collect()
}
