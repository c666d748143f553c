//! The referrals service: councils ask for homes, providers answer, and offers become awards.
//!
//! Each council has its own log (`referrals/<gss>`) and its own key store. What is decided is in `referrals-domain`; here are
//! gRPC, the sealing of identities, the reactions to the market's and the contracts' answers, and the picture of the market
//! that searches look at.

mod assurances;
mod criteria_view;
mod desk;
mod form;
mod grpc;
mod keeper;
mod market_view;
mod reactions;
mod render;
mod repeat;
mod replay;
mod rules;
mod seal;
mod slips;
mod sweep;

pub use rules::RULES;

use api::referrals::referrals_service_server::ReferralsServiceServer;
use care::CouncilId;
use criteria_view::CriteriaView;
use desk::Desk;
use engine::Engine;
use eventlog::{LogId, Service};
use exchange::{Exchange, Reaction};
use keeper::Keeper;
use market_view::MarketView;
use replay::Replay;
use service_kit::{Clock, Endless, EngineReaction, Kit, MESSAGE_BYTES_MAX, Parking, Standby, StartError};
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use sweep::Sweepers;
use tonic::service::Routes;

/// The service over its open logs. Cheap to clone.
#[derive(Clone)]
pub struct Referrals {
    desks: Arc<BTreeMap<CouncilId, Desk>>,
    market: Arc<MarketView>,
    criteria: Arc<CriteriaView>,
    replay: Arc<Replay>,
    exchange: Arc<dyn Exchange>,
    outcomes: Arc<EngineReaction<referrals_domain::Referrals>>,
    clock: Clock,
    watching: Arc<Endless>,
    watching_released: Arc<Endless>,
    exporting: Arc<Endless>,
    /// Held for as long as the service is.
    _keepers: Arc<[Keeper]>,
    ending: Arc<OnceLock<Vec<Keeper>>>,
    sweepers: Arc<OnceLock<Sweepers>>,
}

impl Referrals {
    /// Opens a log and a key store for each council that the region serves and the service's dead letters, and destroys what keys were to be destroyed
    /// when the service last stopped. Of the councils in `accept_lost_keys` the sealing keys that are not there are given up for good,
    /// and with them who the children are.
    ///
    /// # Errors
    /// When a log or a key store is damaged or cannot be opened, or lacks keys that the log was sealed with.
    pub async fn open(kit: &Kit, accept_lost_keys: &[CouncilId]) -> Result<Self, StartError> {
        let mut locks = Vec::new();
        for council in kit.region.councils() {
            locks.push((council, seal::lock(&kit.keys_folder, council).await?));
        }
        let (mut desks, mut refused) = (BTreeMap::new(), Vec::new());
        for (council, lock) in locks {
            match Desk::open(kit, (council, lock), accept_lost_keys.contains(&council)).await {
                Ok(desk) => drop(desks.insert(council, desk)),
                // Of what is wrong with keys all is told, so that it is mended once.
                Err(StartError::Other(error)) => refused.push(error),
                Err(error) => return Err(error),
            }
        }
        if !refused.is_empty() {
            return Err(StartError::Other(refused.join("\n")));
        }
        let letters = kit.dead_letters(Service::Referrals).await?;
        let market = Arc::new(MarketView::open(letters.log()).await);
        let outcomes = reactions::outcomes(&desks, kit.clock.clone(), letters);
        let (desks, exchange) = (Arc::new(desks), kit.followed());
        let clock = kit.clock.clone();
        let (watching, watching_released) = (grpc::watchers(), grpc::watchers());
        let _keepers = desks.values().map(|desk| Keeper::destroying(desk.clone())).collect();
        let criteria = Arc::new(CriteriaView::new());
        Ok(Self {
            desks,
            market,
            criteria,
            replay: Arc::default(),
            exchange,
            outcomes,
            clock,
            watching,
            watching_released,
            exporting: grpc::exports(),
            _keepers,
            ending: Arc::default(),
            sweepers: Arc::default(),
        })
    }

    /// By the machine's clock, records that the keys of grants end whose day has come. Not before its logs were held against what others have
    /// consumed of them: an append would take the place of an event that was lost. Under a simulated clock nothing happens by itself: whoever
    /// moves it calls [`Referrals::sweep`].
    pub fn begin_ending_grants(&self) {
        if matches!(self.clock, Clock::System) {
            self.end_grants_by_itself();
        }
    }

    /// As [`Referrals::begin_ending_grants`], by whatever clock there is.
    pub fn end_grants_by_itself(&self) {
        let desks = || self.desks.values().map(|desk| Keeper::ending(desk.clone(), self.clock.clone()));
        self.ending.get_or_init(|| desks().collect());
    }

    /// Records that the keys of grants end whose day has come by now; says whether all of it was recorded.
    pub async fn end_grants(&self) -> bool {
        let mut all = true;
        for desk in self.desks.values() {
            all &= keeper::end_grants(desk, self.clock.now()).await;
        }
        all
    }

    /// By the machine's clock, records what time alone brings about, what came while the service stopped too. Not before its logs were held
    /// against what others have consumed of them: an append would take the place of an event that was lost. Under a simulated clock
    /// nothing happens by itself: whoever moves it calls [`Referrals::sweep`].
    pub fn begin_sweeping(&self) {
        if matches!(self.clock, Clock::System) {
            self.sweep_by_itself();
        }
    }

    /// As [`Referrals::begin_sweeping`], by whatever clock there is.
    pub fn sweep_by_itself(&self) {
        let engines = || self.desks.values().map(|desk| desk.engine.clone());
        self.sweepers.get_or_init(|| Sweepers::start(engines(), &self.clock));
    }

    /// Records who has not answered by now, the steps that came to nothing and the grants whose day has come; says whether all of it was recorded.
    pub async fn sweep(&self) -> bool {
        let mut all = true;
        for desk in self.desks.values() {
            all &= sweep::sweep(&desk.engine, self.clock.now()).await;
        }
        all & self.end_grants().await
    }

    /// Folds what is new in its logs while another instance works on them.
    ///
    /// # Errors
    /// When a log cannot be read.
    pub async fn stand_by(standby: &Standby) -> Result<(), StartError> {
        for council in standby.region.councils() {
            let log = LogId::council(Service::Referrals, council);
            standby.follow::<referrals_domain::Referrals>(log).await?;
        }
        standby.follow_dead_letters(Service::Referrals).await
    }

    /// What it does about other services' events, to be followed while it runs.
    #[must_use]
    pub fn reactions(&self) -> Vec<Arc<dyn Reaction>> {
        vec![Arc::clone(&self.outcomes) as _, Arc::clone(&self.market) as _, Arc::clone(&self.criteria) as _]
    }

    /// What it could not apply of them, and what people do about it.
    #[must_use]
    pub fn parking(&self) -> Arc<dyn Parking> {
        Arc::clone(&self.outcomes) as Arc<dyn Parking>
    }

    /// Ends the calls that have no end of their own, or none that could be waited for, so that a server can stop.
    pub fn end_calls(&self) {
        self.watching.end();
        self.watching_released.end();
        self.exporting.end();
    }

    /// What each of its logs and its pictures of other services' have come to, see [`Engine::digest`].
    #[must_use]
    pub fn digests(&self) -> BTreeMap<String, String> {
        let desks = self.desks.values().map(|desk| (desk.engine.log_id().to_string(), desk.engine.digest()));
        let views = [
            ("referrals: the market".to_owned(), self.market.digest()),
            ("referrals: what offers are scored by".to_owned(), self.criteria.digest()),
        ];
        desks.chain(views).collect()
    }

    /// Adds the gRPC service.
    #[must_use]
    pub fn add_to(&self, routes: Routes) -> Routes {
        let server = ReferralsServiceServer::new(self.clone()).max_decoding_message_size(MESSAGE_BYTES_MAX);
        routes.add_service(server)
    }

    /// A council's referrals, for views across services of one process; none for a council that the region does not serve.
    #[must_use]
    pub fn council(&self, council: CouncilId) -> Option<&Engine<referrals_domain::Referrals>> {
        self.desks.get(&council).map(|desk| &desk.engine)
    }
}
