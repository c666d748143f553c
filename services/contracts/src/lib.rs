//! The contracts service: from whom, for whom and at what price councils may buy places, and what each has agreed.
//!
//! It keeps the region's frameworks in one log (`contracts/region`), and each council's agreements in a log of that
//! council's own. It follows the referrals logs (proposed awards) and the region's vacancies log (claims); the call-off of
//! an award is judged when both are there. For figures it also follows what of them is answered, filled, invoiced and paid, in a view of its
//! own. The decisions are in `contracts-domain`; here are gRPC, reactions and views.

mod grpc;
mod lost_places;
mod monitoring_view;
mod print;
mod reactions;
mod render;
mod rules;

pub use rules::RULES;

use api::contracts::contracts_service_server::ContractsServiceServer;
use care::CouncilId;
use contracts_domain::{Agreements, Frameworks};
use engine::Engine;
use eventlog::{LogId, Service};
use exchange::{Exchange, Reaction};
use lost_places::LostPlaces;
use monitoring_view::MonitoringView;
use service_kit::{EngineReaction, Kit, MESSAGE_BYTES_MAX, Parking, Standby, StartError};
use std::collections::BTreeMap;
use std::sync::Arc;
use tonic::service::Routes;

/// The service over its open logs. Cheap to clone.
#[derive(Clone)]
pub struct Contracts {
    frameworks: Engine<Frameworks>,
    agreements: Arc<BTreeMap<CouncilId, Engine<Agreements>>>,
    reaction: Arc<EngineReaction<Agreements>>,
    monitoring: Arc<MonitoringView>,
    exchange: Arc<dyn Exchange>,
}

impl Contracts {
    /// Opens the region's log, one log for each council that the region serves, and the service's dead letters.
    ///
    /// # Errors
    /// When a log is damaged or cannot be opened.
    pub async fn open(kit: &Kit) -> Result<Self, StartError> {
        let frameworks = kit.engine(LogId::region(Service::Contracts)).await?;
        let mut agreements = BTreeMap::new();
        for council in kit.region.councils() {
            agreements.insert(council, kit.engine(LogId::council(Service::Contracts, council)).await?);
        }
        let letters = kit.dead_letters(Service::Contracts).await?;
        let reaction = reactions::reaction(&frameworks, &agreements, kit.clock.clone(), letters);
        let monitoring = Arc::new(MonitoringView::new(agreements.keys().copied()));
        let (agreements, exchange) = (Arc::new(agreements), kit.followed());
        Ok(Self { frameworks, agreements, reaction, monitoring, exchange })
    }

    /// Folds what is new in its logs while another instance works on them.
    ///
    /// # Errors
    /// When a log cannot be read.
    pub async fn stand_by(standby: &Standby) -> Result<(), StartError> {
        standby.follow::<Frameworks>(LogId::region(Service::Contracts)).await?;
        for council in standby.region.councils() {
            standby.follow::<Agreements>(LogId::council(Service::Contracts, council)).await?;
        }
        standby.follow_dead_letters(Service::Contracts).await
    }

    /// What it does about other services' events, to be followed while it runs.
    #[must_use]
    pub fn reactions(&self) -> Vec<Arc<dyn Reaction>> {
        let lost_places = LostPlaces::new(Arc::clone(&self.reaction), Arc::clone(&self.agreements));
        vec![Arc::new(lost_places), Arc::clone(&self.monitoring) as _]
    }

    /// What it could not apply of them, and what people do about it.
    #[must_use]
    pub fn parking(&self) -> Arc<dyn Parking> {
        Arc::clone(&self.reaction) as Arc<dyn Parking>
    }

    /// What each of its logs has come to, see [`Engine::digest`].
    #[must_use]
    pub fn digests(&self) -> BTreeMap<String, String> {
        let agreements =
            self.agreements.values().map(|engine| (engine.log_id().to_string(), engine.digest()));
        let own = agreements.chain([(self.frameworks.log_id().to_string(), self.frameworks.digest())]);
        own.chain([("contracts: what figures are made of".to_owned(), self.monitoring.digest())]).collect()
    }

    /// Adds its gRPC methods.
    #[must_use]
    pub fn add_to(&self, routes: Routes) -> Routes {
        let server = ContractsServiceServer::new(self.clone());
        routes.add_service(server.max_decoding_message_size(MESSAGE_BYTES_MAX))
    }
}
