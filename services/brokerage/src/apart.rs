//! A service as a process of its own: what it needs to hear of the others, and they of it.

use crate::peers::{Asking, Peer, Peers};
use care::CouncilId;
use eventlog::{EventLog, LogId, Service};
use exchange::kafka::{ByLog, Connection, Kafka, Publisher, RecordKey, Relay, RelayState, Topics, Traces};

use exchange::{Embedded, ExchangeError, trace};
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use service_kit::token::TokenKeys;
use std::sync::Arc;
use std::time::Duration;

/// How long a start waits for the brokers to show how far the next of this process's logs was published.
const COMPARE_MAX: Duration = Duration::from_secs(5);

/// A process that is not to answer anything: its logs may not be those of its region.
#[derive(Debug, thiserror::Error)]
pub enum NotOurs {
    /// A topic has what the log has not, or the log is another's by now.
    #[error(
        "{log}: {why}. Nothing was opened, so that nothing is recorded beside what others have been told"
    )]
    Behind {
        /// The log.
        log: LogId,
        /// How it differs.
        why: String,
    },
    /// All logs are new, and whether they should be cannot be seen.
    #[error(
        "the logs are empty, and Kafka does not show whether events of {log} were published before ({why}): a wrong --data-dir or \
         --database would begin the region anew. Start it when the brokers answer"
    )]
    NewAndAlone {
        /// A log that could not be compared.
        log: LogId,
        /// Why not.
        why: String,
    },
}

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

/// Waits until each log was held against what its topic has, before anybody is told that something was recorded in it. Brokers that do not
/// answer keep only a process from opening whose logs are all empty.
pub(crate) async fn compare(relays: &[Relay]) -> Result<(), NotOurs> {
    let mut waiting: FuturesUnordered<_> = relays.iter().map(compared).collect();
    // Relays take turns at reading: what is bounded is the silence, not the work.
    while let Ok(Some(relay)) = tokio::time::timeout(COMPARE_MAX, waiting.next()).await {
        let RelayState { stopped, error, .. } = relay.state.borrow().clone();
        if stopped {
            return Err(NotOurs::Behind { log: relay.log, why: error.unwrap_or_default() });
        }
    }
    let Some(unknown) = relays.iter().find(|relay| !relay.state.borrow().compared) else { return Ok(()) };
    let (log, state) = (unknown.log, unknown.state.borrow().clone());
    let why = state.error.unwrap_or_else(|| format!("no answer within {COMPARE_MAX:?}"));
    if relays.iter().all(|relay| relay.state.borrow().head == 0) {
        return Err(NotOurs::NewAndAlone { log, why });
    }
    tracing::error!(%log, why, "ALARM: opened without having seen how far this log was published");
    Ok(())
}

/// Waits until a relay's log was held against its topic, or is not published at all.
async fn compared(relay: &Relay) -> &Relay {
    // Its relay runs as long as it is here.
    let _ = relay.state.clone().wait_for(|state| state.compared || state.stopped).await;
    relay
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
