//! The contracts service: from whom, for whom and at what price councils may buy places, and what each has agreed.
//!
//! It keeps the region's frameworks in one log (`contracts/region`), and each council's agreements in a log of that
//! council's own. It follows the referrals logs (proposed awards) and the region's vacancies log (claims); the call-off of
//! an award is judged when both are there. The decisions are in `contracts-domain`; here are gRPC, reactions and views.

mod grpc;
mod lost_places;
mod reactions;
mod render;
mod rules;

pub use rules::RULES;

use api::contracts::contracts_service_server::ContractsServiceServer;
use care::CouncilId;
use contracts_domain::{Agreements, Frameworks};
use engine::Engine;
use eventlog::{LogId, Service};
use exchange::Reaction;
use service_kit::{Clock, Kit, MESSAGE_BYTES_MAX, StartError};
use std::collections::BTreeMap;
use std::sync::Arc;
use tonic::service::Routes;

/// The service over its open logs. Cheap to clone.
#[derive(Clone)]
pub struct Contracts {
    frameworks: Engine<Frameworks>,
    agreements: Arc<BTreeMap<CouncilId, Engine<Agreements>>>,
    clock: Clock,
}

impl Contracts {
    /// Opens the region's log and one log for each council that the region serves.
    ///
    /// # Errors
    /// When a log is damaged or cannot be opened.
    pub async fn open(kit: &Kit) -> Result<Self, StartError> {
        let frameworks = kit.engine(LogId::region(Service::Contracts)).await?;
        let mut agreements = BTreeMap::new();
        for council in kit.region.councils() {
            agreements.insert(council, kit.engine(LogId::council(Service::Contracts, council)).await?);
        }
        Ok(Self { frameworks, agreements: Arc::new(agreements), clock: kit.clock.clone() })
    }

    /// What it does about other services' events, to be followed while it runs.
    #[must_use]
    pub fn reactions(&self) -> Vec<Arc<dyn Reaction>> {
        vec![reactions::reaction(self)]
    }

    /// What each of its logs has come to, see [`Engine::digest`].
    #[must_use]
    pub fn digests(&self) -> BTreeMap<String, String> {
        let agreements =
            self.agreements.values().map(|engine| (engine.log_id().to_string(), engine.digest()));
        agreements.chain([(self.frameworks.log_id().to_string(), self.frameworks.digest())]).collect()
    }

    /// Adds its gRPC methods.
    #[must_use]
    pub fn add_to(&self, routes: Routes) -> Routes {
        let server = ContractsServiceServer::new(self.clone());
        routes.add_service(server.max_decoding_message_size(MESSAGE_BYTES_MAX))
    }
}
