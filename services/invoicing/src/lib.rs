//! The invoicing service: one log per council, in which nights are charged, invoices issued and a double-entry ledger kept.
//!
//! It hears of agreements, arrivals and departures from contracts ([`Invoicing::reactions`]); councils charge, bill, pay and
//! close periods through its API ([`Invoicing::add_to`]), and providers read their own invoices.

mod document;
mod export;
mod grpc;
mod past;
mod payment_document;
mod reactions;
mod render;
mod rules;
mod runs;

pub use rules::RULES;

use api::invoicing::invoicing_service_server::InvoicingServiceServer;
use care::CouncilId;
use engine::Engine;
use eventlog::{LogId, Service};
use exchange::Reaction;
use invoicing_domain as domain;
use service_kit::{
    Endless, EngineReaction, Kit, MESSAGE_BYTES_MAX, Parking, Standby, StartError, council_name, not_found,
};
use std::collections::BTreeMap;
use std::sync::Arc;
use tonic::Status;
use tonic::service::Routes;

/// The engine of one council's ledger.
type Ledger = Engine<domain::Invoicing>;

/// The service. Cheap to clone.
#[derive(Clone)]
pub struct Invoicing {
    ledgers: Arc<BTreeMap<CouncilId, Ledger>>,
    reaction: Arc<EngineReaction<domain::Invoicing>>,
    exporting: Arc<Endless>,
    sending: Arc<tokio::sync::Semaphore>,
    past: Arc<Endless>,
}

impl Invoicing {
    /// Opens the ledger of every council of the region, and the service's dead letters.
    ///
    /// # Errors
    /// When a log cannot be opened or replayed.
    pub async fn open(kit: &Kit) -> Result<Self, StartError> {
        let mut ledgers = BTreeMap::new();
        for council in kit.region.councils() {
            let id = LogId::council(Service::Invoicing, council);
            ledgers.insert(council, kit.engine(id).await?);
        }
        let letters = kit.dead_letters(Service::Invoicing).await?;
        let reaction = reactions::reaction(&ledgers, kit.clock.clone(), letters);
        let (exporting, sending) = (grpc::exports(), grpc::files());
        Ok(Self { ledgers: Arc::new(ledgers), reaction, exporting, sending, past: past::readings() })
    }

    /// Folds what is new in its logs while another instance works on them.
    ///
    /// # Errors
    /// When a log cannot be read.
    pub async fn stand_by(standby: &Standby) -> Result<(), StartError> {
        for council in standby.region.councils() {
            standby.follow::<domain::Invoicing>(LogId::council(Service::Invoicing, council)).await?;
        }
        standby.follow_dead_letters(Service::Invoicing).await
    }

    /// What the service does about contracts' events.
    #[must_use]
    pub fn reactions(&self) -> Vec<Arc<dyn Reaction>> {
        vec![Arc::clone(&self.reaction) as Arc<dyn Reaction>]
    }

    /// What it could not apply of them, and what people do about it.
    #[must_use]
    pub fn parking(&self) -> Arc<dyn Parking> {
        Arc::clone(&self.reaction) as Arc<dyn Parking>
    }

    /// What each of its logs has come to, see [`Engine::digest`].
    #[must_use]
    pub fn digests(&self) -> BTreeMap<String, String> {
        self.ledgers.values().map(|engine| (engine.log_id().to_string(), engine.digest())).collect()
    }

    /// Adds its gRPC service to those that are served behind the access layer with [`RULES`].
    #[must_use]
    pub fn add_to(&self, routes: Routes) -> Routes {
        let server = InvoicingServiceServer::new(self.clone());
        routes.add_service(server.max_decoding_message_size(MESSAGE_BYTES_MAX))
    }

    /// A council's ledger, for views across services of one process; none for a council that the region does not serve.
    #[must_use]
    pub fn ledger(&self, council: CouncilId) -> Option<&Engine<domain::Invoicing>> {
        self.ledgers.get(&council)
    }

    fn ledger_of(&self, council: CouncilId) -> Result<&Ledger, Status> {
        self.ledger(council)
            .ok_or_else(|| not_found("COUNCIL_UNKNOWN", &format!("{} in this region", council_name(council))))
    }
}
