//! A service as a process of its own: what it needs to hear of the others, and they of it.

use crate::peers::{Asking, Peer, Peers};
use care::CouncilId;
use eventlog::{EventLog, LogId, Service};
use exchange::kafka::{ByLog, Connection, Kafka, Publisher, RecordKey, Relay, Topics, Traces};
use exchange::{Embedded, ExchangeError, trace};
use service_kit::token::TokenKeys;
use std::sync::Arc;

/// One service of a region whose services are processes of their own.
#[derive(Debug, Clone)]
pub struct Apart {
    /// Which.
    pub service: Service,
    /// The brokers that carry events.
    pub connection: Connection,
    /// What their topics are called.
    pub topics: Topics,
    /// Where the others listen.
    pub peers: Vec<Peer>,
}

impl Apart {
    /// The exchange with the others.
    pub(crate) fn exchange(&self, keys: &Arc<TokenKeys>) -> Result<Kafka, ExchangeError> {
        let peers = Peers::new(&self.peers, Asking::new(Arc::clone(keys), self.service));
        Kafka::new(&self.connection, &self.topics, &record_key(keys), Arc::new(peers))
    }

    /// Publishes each log of this process that has a topic.
    pub(crate) fn relays(&self, own: &Embedded, keys: &TokenKeys) -> Result<Vec<Relay>, ExchangeError> {
        let publisher = Publisher::new(&self.connection, &self.topics, &record_key(keys))?;
        let published = own.logs().into_iter().filter(|log| self.topics.topic(log.id()).is_some());
        let traces: Traces = Arc::new(|event| trace::of(event).map(|trace| trace.to_string()));
        let relay = |log: Arc<dyn EventLog>| {
            let fence = Arc::new(ByLog(Arc::clone(&log)));
            Relay::start(&publisher, log, fence, Some(Arc::clone(&traces)))
        };
        published.map(relay).collect()
    }
}

/// The key of the codes over the region's records: the services share it with the keys of their tokens.
fn record_key(keys: &TokenKeys) -> RecordKey {
    RecordKey::new(&keys.shared_secret("records"))
}

/// All logs of a region that are published.
pub(crate) fn published(topics: &Topics, councils: &[CouncilId]) -> Vec<LogId> {
    let of = |service: &Service| {
        let councils = councils.iter().map(|council| LogId::council(*service, *council));
        std::iter::once(LogId::region(*service)).chain(councils).collect::<Vec<_>>()
    };
    Service::ALL.iter().flat_map(of).filter(|log| topics.topic(*log).is_some()).collect()
}
