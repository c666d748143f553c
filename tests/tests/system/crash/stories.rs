//! What the clients do under load. A story is one child's way from the referral to the first charges, told by everyone who has a
//! part in it. Whoever gets no answer asks again with the same request id, or gives up and never comes back: both happen.

use super::commands::Command;
use super::witness::{Answer, Witness};
use crate::region::{Bearer, Connection, Routed, council, lead, provider};
use api::common::{Approval, PriceLine, Route, route};
use api::contracts::StartPlacementRequest;
use api::invoicing::AccrueNightsRequest;
use api::referrals::{
    Award, AwardReferralRequest, AwardState, Identity, Offer, PostReferralRequest, RecordCascadeStepRequest,
    Referral, ReleaseReferralRequest, Requirements, SearchReferralRequest, SubmitOfferRequest,
};
use api::vacancies::{
    AdvertiseVacancyRequest, Hold, HoldPlaceRequest, OpenPlacesRequest, OpenPlacesResponse,
    RegisterEstablishmentRequest, RegisterProviderRequest, RegistrationStatus, Sexes, Vacancy,
};
use care::{Date, Timestamp, london_date};
use prost::Message;
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use service_kit::Role;
use service_kit::token::TokenKeys;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use tokio::sync::watch;
use tonic::service::interceptor::InterceptedService;
use tonic::{Code, Status};
use tonic_types::StatusExt;

/// The councils that take part: one of each framework and the guest.
pub(crate) const COUNCILS: [&str; 3] = ["E06000015", "E06000005", "E06000059"];
/// Whoever leads, enters providers and establishments into the register.
const LEAD: &str = "lead/d2n2";

/// How many days before now the first children come: a night is charged when it has passed.
pub(crate) const DAYS_BEFORE: i32 = 28;

/// An establishment with free places.
#[derive(Debug, Clone)]
struct Home {
    provider: String,
    establishment: String,
    places: Vec<String>,
}

/// What all clients share.
pub(crate) struct Load {
    /// The region's present connection; none while it is down.
    region: watch::Receiver<Option<Routed>>,
    witness: Witness,
    keys: TokenKeys,
    tokens: Mutex<BTreeMap<String, Bearer>>,
    homes: Mutex<Vec<Home>>,
    numbers: AtomicU64,
    /// How many answers have come.
    answers: watch::Sender<u64>,
    ending: AtomicBool,
    today: Mutex<Date>,
}

/// Why a story does not go on.
pub(crate) enum End {
    /// The region refused.
    Refused,
    /// No answer came, and the client gave up.
    GaveUp,
}

type Told<T> = Result<T, End>;

/// Whose token it is: `council/E06000015`, `provider/crash-1`, `lead/d2n2`.
fn role_of(who: &str) -> Role {
    match who.split_once('/') {
        Some(("council", gss)) => council(gss),
        Some(("provider", id)) => provider(id),
        Some(("lead", id)) => lead(id),
        _ => panic!("{who:?} is nobody"),
    }
}

/// The reason of a refusal; none if it is not known whether the command was done.
fn refusal(status: &Status) -> Option<String> {
    let known = !matches!(
        status.code(),
        Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled | Code::Unknown
    );
    let details = status.get_error_details();
    details.error_info().filter(|_| known).map(|info| info.reason.clone())
}

impl Load {
    pub(crate) fn new(region: watch::Receiver<Option<Routed>>, witness: Witness, keys: TokenKeys) -> Self {
        Self {
            region,
            witness,
            keys,
            tokens: Mutex::default(),
            homes: Mutex::default(),
            numbers: AtomicU64::new(0),
            answers: watch::Sender::new(0),
            ending: AtomicBool::new(false),
            today: Mutex::new(london_date(Timestamp::now())),
        }
    }

    /// Opens so many homes, so that there is a market to begin with.
    pub(crate) async fn open_homes(&self, homes: usize, draws: &mut ChaCha8Rng) {
        while self.homes.lock().unwrap().len() < homes {
            let _ = self.open_home(draws).await;
        }
    }

    /// The day on which the stories play.
    fn today(&self) -> Date {
        *self.today.lock().unwrap()
    }

    /// From now on the stories play on this day.
    pub(crate) fn today_is(&self, day: Date) {
        *self.today.lock().unwrap() = day;
    }

    /// Tells so many stories of each council, one after the other.
    pub(crate) async fn begin(&self, stories: usize, draws: &mut ChaCha8Rng) {
        for council in COUNCILS.iter().cycle().take(COUNCILS.len() * stories) {
            let _ = self.story(council, draws).await;
        }
    }

    /// Waits until so many more answers have come.
    pub(crate) async fn answered(&self, more: u64) {
        let mut answers = self.answers.subscribe();
        let now = *answers.borrow_and_update();
        answers.wait_for(|answers| *answers >= now + more).await.unwrap();
    }

    /// No story goes on after its present command.
    pub(crate) fn end(&self) {
        self.ending.store(true, Ordering::Release);
    }

    fn ended(&self) -> bool {
        self.ending.load(Ordering::Acquire)
    }

    /// The region's connection as `who`, once it is up.
    pub(crate) async fn connection(&self, who: &str) -> Connection {
        let mut region = self.region.clone();
        let channel = region.wait_for(Option::is_some).await.unwrap().clone().unwrap();
        let mut tokens = self.tokens.lock().unwrap();
        let bearer = tokens.entry(who.to_owned()).or_insert_with(|| {
            let token = self.keys.issue(role_of(who), "crash-test", Timestamp::now(), 3_600, false).unwrap();
            Bearer::new(&token)
        });
        InterceptedService::new(channel, bearer.clone())
    }

    /// Sends a command again, whatever happened to it before, until an answer comes.
    pub(crate) async fn repeat(&self, who: &str, command: &Command) -> Answer {
        loop {
            match command.send(self.connection(who).await).await {
                Ok(answer) => return Answer::Yes(answer),
                Err(status) => match refusal(&status) {
                    Some(reason) => return Answer::No(reason),
                    None => self.back_again().await,
                },
            }
        }
    }

    /// Waits until the region was seen down or another one is up, so that nobody asks a dead one in a loop.
    async fn back_again(&self) {
        let mut region = self.region.clone();
        region.mark_unchanged();
        let _ = tokio::time::timeout(std::time::Duration::from_millis(100), region.changed()).await;
    }

    /// Sends a command as `who`, with a witness, once; none if it is not known whether it was done.
    pub(crate) async fn send_once(&self, who: &str, command: &Command) -> Option<Answer> {
        let connection = self.connection(who).await;
        self.witness.before(who, command).await;
        let answer = match command.send(connection).await {
            Ok(bytes) => Answer::Yes(bytes),
            Err(status) => Answer::No(refusal(&status)?),
        };
        self.witness.after(command, &answer).await;
        Some(answer)
    }

    /// A place that somebody may have.
    pub(crate) fn some_place(&self) -> String {
        self.homes.lock().unwrap()[0].places[0].clone()
    }

    /// Sends a command as `who`, with a witness.
    async fn command<A: Message + Default>(
        &self,
        draws: &mut ChaCha8Rng,
        who: &str,
        command: Command,
    ) -> Told<A> {
        let connection = self.connection(who).await;
        if self.ended() {
            return Err(End::GaveUp);
        }
        self.witness.before(who, &command).await;
        let mut sent = command.send(connection).await;
        loop {
            let answer = match sent {
                Ok(bytes) => Answer::Yes(bytes),
                Err(status) => match refusal(&status) {
                    Some(reason) => Answer::No(reason),
                    None if self.ended() || draws.random_bool(0.12) => return Err(End::GaveUp),
                    None => {
                        self.back_again().await;
                        sent = command.send(self.connection(who).await).await;
                        continue;
                    }
                },
            };
            self.witness.after(&command, &answer).await;
            self.answers.send_modify(|answers| *answers += 1);
            return match answer {
                Answer::Yes(bytes) => Ok(A::decode(bytes.as_slice()).unwrap()),
                Answer::No(_) => Err(End::Refused),
            };
        }
    }

    /// Tells stories until the end.
    pub(crate) async fn tell(&self, council: &str, mut draws: ChaCha8Rng) {
        while !self.ended() {
            // However a story ends, the next begins.
            let _ = self.story(council, &mut draws).await;
        }
    }

    /// One child's way.
    pub(crate) async fn story(&self, council: &str, draws: &mut ChaCha8Rng) -> Told<()> {
        if draws.random_bool(0.2) {
            self.accrue(council, draws).await?;
        }
        if draws.random_bool(0.2) || self.homes.lock().unwrap().is_empty() {
            self.open_home(draws).await?;
        }
        let home = {
            let homes = self.homes.lock().unwrap();
            // The latest ones, so that places are free and several want them.
            let late = homes.len().saturating_sub(8);
            let range = late..homes.len();
            if range.is_empty() {
                return Ok(());
            }
            homes[draws.random_range(range)].clone()
        };
        let who = format!("council/{council}");
        let post = self.post(council, draws);
        let referral: Referral = self.command(draws, &who, post).await?;
        for step in ["CONNECTED_CARE", "IN_HOUSE_FOSTERING", "FRAMEWORK"] {
            let request = RecordCascadeStepRequest {
                name: referral.name.clone(),
                step: step.to_owned(),
                outcome: "NO_PLACE".to_owned(),
                request_id: id(draws),
            };
            let _: Referral = self.command(draws, &who, Command::RecordCascadeStep(request)).await?;
        }
        let request = SearchReferralRequest {
            name: referral.name.clone(),
            limit: 20,
            request_id: id(draws),
            ..Default::default()
        };
        let _: api::referrals::SearchReferralResponse =
            self.command(draws, &who, Command::SearchReferral(request)).await?;
        let request = ReleaseReferralRequest {
            name: referral.name.clone(),
            providers: vec![format!("providers/{}", home.provider)],
            request_id: id(draws),
            ..Default::default()
        };
        let _: Referral = self.command(draws, &who, Command::ReleaseReferral(request)).await?;
        let place = home.places[draws.random_range(0..home.places.len())].clone();
        let provider = format!("provider/{}", home.provider);
        let offer = Command::SubmitOffer(self.offer(&referral, &home, &place, draws));
        let offer: Offer = self.command(draws, &provider, offer).await?;
        let hold_token = if draws.random_bool(0.7) {
            let request = HoldPlaceRequest {
                council: format!("councils/{council}"),
                place: place.clone(),
                referral: referral.name.clone(),
                referral_version: referral.version,
                lease_seconds: 600,
                first_night: String::new(),
                request_id: id(draws),
            };
            let hold: Hold = self.command(draws, &who, Command::HoldPlace(request)).await?;
            Some(hold.token)
        } else {
            None
        };
        self.award(draws, council, &referral, &offer, hold_token).await
    }

    async fn award(
        &self,
        draws: &mut ChaCha8Rng,
        council: &str,
        referral: &Referral,
        offer: &Offer,
        hold_token: Option<u64>,
    ) -> Told<()> {
        let who = format!("council/{council}");
        let request = AwardReferralRequest {
            name: referral.name.clone(),
            offer: offer.name.clone(),
            hold_token,
            approval: Some(Approval { approver: "panel".to_owned(), role: "PLACEMENT_PANEL".to_owned() }),
            emergency: false,
            spot_justification: "Nobody on the framework has a place.".to_owned(),
            wait_seconds: Some(if draws.random_bool(0.5) { 0 } else { 20 }),
            request_id: id(draws),
            ..Default::default()
        };
        let award: Award = self.command(draws, &who, Command::AwardReferral(request)).await?;
        if award.state != i32::from(AwardState::Confirmed) {
            return Ok(());
        }
        let request = StartPlacementRequest {
            name: award.agreement.clone(),
            on: award.start.clone(),
            etag: String::new(),
            request_id: id(draws),
            correction: String::new(),
        };
        let _: api::contracts::Agreement =
            self.command(draws, &who, Command::StartPlacement(request)).await?;
        Ok(())
    }

    /// Charges some of the nights since the first children came, so that some are left for the next.
    async fn accrue(&self, council: &str, draws: &mut ChaCha8Rng) -> Told<()> {
        let request = AccrueNightsRequest {
            parent: format!("councils/{council}"),
            through: self
                .today()
                .saturating_sub(jiff::Span::new().days(draws.random_range(0..DAYS_BEFORE)))
                .to_string(),
            agreement: String::new(),
            request_id: id(draws),
        };
        let who = format!("council/{council}");
        let charged = self.command(draws, &who, Command::AccrueNights(request)).await;
        charged.map(|_: api::invoicing::AccrueNightsResponse| ())
    }

    /// A provider with an establishment of three free places.
    async fn open_home(&self, draws: &mut ChaCha8Rng) -> Told<()> {
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        let provider = format!("crash-{number}");
        let request = RegisterProviderRequest {
            provider_id: provider.clone(),
            display_name: format!("Simulated provider {number}"),
            request_id: id(draws),
        };
        let _: api::vacancies::Provider =
            self.command(draws, LEAD, Command::RegisterProvider(request)).await?;
        let request = RegisterEstablishmentRequest {
            urn: format!("CRASH{number:05}"),
            provider: format!("providers/{provider}"),
            provision: "FOSTERING".to_owned(),
            place_code: "U6".to_owned(),
            utla: "E06000015".to_owned(),
            sector: "DE1 2".to_owned(),
            operated_by: String::new(),
            registered_on: "2020-04-01".to_owned(),
            status: RegistrationStatus::Active.into(),
            grade: "GOOD".to_owned(),
            age_from: 0,
            age_to: 17,
            sexes: Sexes::Any.into(),
            places_registered: 4,
            request_id: id(draws),
        };
        let establishment = format!("establishments/{}", request.urn);
        let _: api::vacancies::Establishment =
            self.command(draws, LEAD, Command::RegisterEstablishment(request)).await?;
        let who = format!("provider/{provider}");
        let request = OpenPlacesRequest {
            provider: format!("providers/{provider}"),
            establishment: establishment.clone(),
            count: 3,
            request_id: id(draws),
            household: String::new(),
        };
        let opened: OpenPlacesResponse = self.command(draws, &who, Command::OpenPlaces(request)).await?;
        let mut places = Vec::new();
        for place in opened.places {
            let vacancy = Vacancy {
                available_from: self.today().to_string(),
                needs: vec!["TRAUMA".to_owned()],
                sexes: Sexes::Any.into(),
                age_from: 0,
                age_to: 17,
                ..Default::default()
            };
            let request = AdvertiseVacancyRequest {
                provider: format!("providers/{provider}"),
                place: place.name.clone(),
                vacancy: Some(vacancy),
                request_id: id(draws),
            };
            let _: api::vacancies::Place =
                self.command(draws, &who, Command::AdvertiseVacancy(request)).await?;
            places.push(place.name);
        }
        self.homes.lock().unwrap().push(Home { provider, establishment, places });
        Ok(())
    }

    /// A referral of its own.
    pub(crate) fn post(&self, council: &str, draws: &mut ChaCha8Rng) -> Command {
        let requirements = Requirements {
            provisions: vec!["FOSTERING".to_owned()],
            age_years: Some(draws.random_range(8..17)),
            sex: "F".to_owned(),
            needs: vec!["TRAUMA".to_owned()],
            category_of_need: "N1".to_owned(),
            legal_status: "C1".to_owned(),
            urgency: "PLANNED".to_owned(),
            needed_from: self.today().to_string(),
            anchor: "DE1 2".to_owned(),
            funders: vec![api::common::FunderShare {
                funder: "SOCIAL_CARE".to_owned(),
                basis_points: 10_000,
            }],
            ..Requirements::default()
        };
        let identity = Identity {
            given_name: "Simulated".to_owned(),
            family_name: "Crashchild".to_owned(),
            narrative: "Simulated: likes drawing.".to_owned(),
            ..Identity::default()
        };
        Command::PostReferral(PostReferralRequest {
            parent: format!("councils/{council}"),
            requirements: Some(requirements),
            identity: Some(identity),
            request_id: id(draws),
            follows: None,
        })
    }

    /// Mostly a spot purchase, which contracts agrees to; sometimes a call-off from a framework that is not there, which it refuses
    /// after the place was claimed.
    fn offer(
        &self,
        referral: &Referral,
        home: &Home,
        place: &str,
        draws: &mut ChaCha8Rng,
    ) -> SubmitOfferRequest {
        let route = if draws.random_bool(0.75) {
            route::Route::Spot(route::Spot { justification: String::new() })
        } else {
            route::Route::Framework(route::FrameworkCallOff {
                framework: "frameworks/nowhere".to_owned(),
                lot: "standard".to_owned(),
                level: "core".to_owned(),
                attributes: Vec::new(),
            })
        };
        SubmitOfferRequest {
            parent: referral.name.clone(),
            referral_version: referral.version,
            place: place.to_owned(),
            establishment: home.establishment.clone(),
            provision: "FOSTERING".to_owned(),
            start: self.today().to_string(),
            lines: vec![PriceLine {
                kind: "CORE".to_owned(),
                weekly_pence: draws.random_range(40_000..120_000),
                until: String::new(),
            }],
            route: Some(Route { route: Some(route) }),
            valid_until: self.today().saturating_add(jiff::Span::new().days(7)).to_string(),
            request_id: id(draws),
            ..Default::default()
        }
    }
}

/// A request id, drawn like everything else.
pub(crate) fn id(draws: &mut ChaCha8Rng) -> String {
    uuid::Builder::from_random_bytes(draws.random()).into_uuid().to_string()
}
