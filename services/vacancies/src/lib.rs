//! The vacancies service: the market of the whole region, in one log (`vacancies/region`).
//!
//! All claims on all places are decided there in order, which is what keeps a place from being given to two councils. It
//! follows the referrals logs (proposed awards) and the councils' contracts logs (refused agreements, arrivals, departures).
//! The decisions are in `vacancies-domain`, the search in `matching`; here are gRPC, reactions, views and the sweep of
//! ended leases and stale vacancies.

mod grpc;
mod indexed;
mod reactions;
mod render;
mod render_agreed;
mod render_nights;
mod render_supply;
mod rules;
mod sweep;
mod turns;
mod watch;

pub use rules::RULES;

/// How many places one request opens at most.
pub const OPEN_PLACES_MAX: u16 = vacancies_domain::Command::OPEN_PLACES_MAX;

use api::vacancies::vacancies_service_server::VacanciesServiceServer;
use engine::Engine;
use eventlog::{LogId, Service};
use exchange::Reaction;
use indexed::Indexed;
use service_kit::{Clock, EngineReaction, Kit, MESSAGE_BYTES_MAX, Parking, Region, Standby, StartError};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock};
use sweep::Sweeper;
use tonic::service::Routes;
use turns::Turns;
use vacancies_domain::Vacancies as Market;
use watch::Watchers;

/// The service over its open log. Cheap to clone; its sweep stops with the last clone.
#[derive(Clone)]
pub struct Vacancies {
    market: Engine<Market>,
    /// What searches read of the market.
    indexed: Arc<Mutex<Indexed>>,
    region: Arc<Region>,
    clock: Clock,
    reaction: Arc<EngineReaction<Market>>,
    sweeper: Arc<OnceLock<Sweeper>>,
    watchers: Arc<Watchers>,
    /// Who may ask for a place next.
    turns: Turns,
}

impl Vacancies {
    /// Opens the region's log and the service's dead letters. Nothing is appended before it is asked to do something.
    ///
    /// # Errors
    /// When the log is damaged or cannot be opened.
    pub async fn open(kit: &Kit) -> Result<Self, StartError> {
        let market = kit.engine(LogId::region(Service::Vacancies)).await?;
        let letters = kit.dead_letters(Service::Vacancies).await?;
        let (region, clock) = (Arc::clone(&kit.region), kit.clock.clone());
        let reaction = reactions::reaction(&region, &market, clock.clone(), letters);
        let indexed = Arc::default();
        let (sweeper, watchers, turns) = (Arc::default(), Arc::default(), Turns::default());
        Ok(Self { market, indexed, region, clock, reaction, sweeper, watchers, turns })
    }

    /// By the machine's clock, sweeps ended leases and stale vacancies now and every half minute. Not before the log was held against what others have consumed
    /// of it: an append would take the place of an event that was lost. Under a simulated clock nothing happens by itself: whoever
    /// moves it calls [`Vacancies::sweep`].
    pub fn begin_sweeping(&self) {
        if matches!(self.clock, Clock::System) {
            self.sweeper.get_or_init(|| Sweeper::start(self.market.clone(), self.clock.clone()));
        }
    }

    /// Folds what is new in its logs while another instance works on them.
    ///
    /// # Errors
    /// When a log cannot be read.
    pub async fn stand_by(standby: &Standby) -> Result<(), StartError> {
        standby.follow::<Market>(LogId::region(Service::Vacancies)).await?;
        standby.follow_dead_letters(Service::Vacancies).await
    }

    /// What it does about other services' events, to be followed while it runs.
    #[must_use]
    pub fn reactions(&self) -> Vec<Arc<dyn Reaction>> {
        vec![Arc::clone(&self.reaction) as Arc<dyn Reaction>]
    }

    /// What it could not apply of them, and what people do about it.
    #[must_use]
    pub fn parking(&self) -> Arc<dyn Parking> {
        Arc::clone(&self.reaction) as Arc<dyn Parking>
    }

    /// Whether nothing has happened in the market yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.market.head() == 0
    }

    /// What each of its logs has come to, see [`Engine::digest`].
    #[must_use]
    pub fn digests(&self) -> BTreeMap<String, String> {
        [(self.market.log_id().to_string(), self.market.digest())].into()
    }

    /// The gRPC service.
    #[must_use]
    pub fn server(&self) -> VacanciesServiceServer<Self> {
        VacanciesServiceServer::new(self.clone()).max_decoding_message_size(MESSAGE_BYTES_MAX)
    }

    /// Adds the gRPC service to others.
    #[must_use]
    pub fn add_to(&self, routes: Routes) -> Routes {
        routes.add_service(self.server())
    }

    /// The market, for views across services of one process.
    #[must_use]
    pub fn market(&self) -> &Engine<Market> {
        &self.market
    }

    /// Ends the calls that have no end of their own, so that a server can stop without waiting for them.
    pub fn end_calls(&self) {
        self.watchers.calls.end();
    }

    /// Records the holds whose lease has ended by now, asks about stale vacancies and unlists those that nobody answered for; gives of how many
    /// places.
    pub async fn sweep(&self) -> usize {
        sweep::sweep(&self.market, self.clock.now()).await
    }
}
