//! Where the demo's region runs: in this process, or in others that are reached through gRPC alone.

use crate::peers::{Asking, Peer};
use crate::running::Running;
use api::operations as proto;
use api::operations::operations_service_client::OperationsServiceClient;
use care::Timestamp;
use eventlog::Service;
use service_kit::token::TokenKeys;
use service_kit::{Clock, Region, timestamp};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tonic::Request;
use tonic::transport::Channel;

/// How often other processes are asked how far they are.
const ASK_EVERY: Duration = Duration::from_millis(10);
/// How long they may take to hear of each other.
const SETTLE_PATIENCE: Duration = Duration::from_secs(120);

/// Where the region runs.
pub(crate) enum Venue {
    /// In this process, by this clock.
    Here(Box<Running>, Clock),
    /// In others.
    There(There),
}

/// A region in other processes, which were started with simulated clocks.
pub(crate) struct There {
    peers: Vec<Peer>,
    /// One to each process, whichever of its services it was named for.
    processes: BTreeMap<String, OperationsServiceClient<Channel>>,
    keys: Arc<TokenKeys>,
    region: Region,
    asking: Asking,
    /// What all their clocks were moved to.
    clock: Clock,
}

impl There {
    /// The region whose services listen at `peers`. Its clocks begin at `start`.
    pub(crate) async fn connect(
        peers: Vec<Peer>,
        token_keys: &Path,
        start: Timestamp,
    ) -> Result<Self, String> {
        let missing =
            Service::ALL.iter().find(|service| peers.iter().all(|peer| peer.service() != **service));
        if let Some(service) = missing {
            return Err(format!("--connect: where {service} listens is missing: {service}=http://HOST:PORT"));
        }
        let keys = TokenKeys::load(token_keys).map_err(|error| error.to_string())?;
        let keys = keys.ok_or_else(|| {
            format!(
                "--token-keys {}: there are no token keys here: give the services' folder",
                token_keys.display()
            )
        })?;
        let keys = Arc::new(keys);
        let asking = Asking::new(Arc::clone(&keys), Service::Audit);
        let client = |peer: &Peer| (peer.address().to_owned(), OperationsServiceClient::new(peer.channel()));
        let processes = peers.iter().map(client).collect();
        let clock = Clock::simulated(start);
        // What the demo's plans are made for; a service of another region refuses what it does not know.
        let region = Region::d2n2_and_tyne_tees();
        let there = Self { peers, processes, keys, region, asking, clock };
        for progress in there.progress().await? {
            if let Some(log) = progress.logs.iter().find(|log| log.head > 0) {
                return Err(format!("{} has events already: a demo begins with an empty region", log.log));
            }
        }
        there.move_clock(start).await?;
        Ok(there)
    }

    fn request<T>(&self, message: T) -> Result<Request<T>, String> {
        self.asking.request(message)
    }

    async fn progress(&self) -> Result<Vec<proto::Progress>, String> {
        let mut all = Vec::new();
        for (address, client) in &self.processes {
            let request = self.request(proto::GetProgressRequest {})?;
            let answer = client.clone().get_progress(request).await;
            all.push(answer.map_err(|status| format!("{address}: {}", status.message()))?.into_inner());
        }
        Ok(all)
    }

    async fn move_clock(&self, to: Timestamp) -> Result<(), String> {
        for (address, client) in &self.processes {
            let request = self.request(proto::MoveClockRequest { to: Some(timestamp(to)) })?;
            let answer = client.clone().move_clock(request).await;
            answer.map_err(|status| format!("{address}: {}", status.message()))?;
        }
        self.clock.advance_to(to);
        Ok(())
    }

    /// Waits until every process has published its logs and consumed the others', and no log has grown meanwhile.
    async fn settled(&self) -> Result<(), String> {
        let asked = Instant::now();
        let mut before = BTreeMap::new();
        loop {
            let all = self.progress().await?;
            let logs = all.iter().flat_map(|progress| &progress.logs);
            let heads: BTreeMap<String, u64> = logs.clone().map(|log| (log.log.clone(), log.head)).collect();
            let followers = all.iter().flat_map(|progress| &progress.followers);
            if let Some(stuck) = followers.clone().find(|follower| !follower.stuck_reason.is_empty()) {
                let proto::FollowerProgress { reaction, source, consumed, stuck_reason, .. } = stuck;
                return Err(format!(
                    "{reaction} stopped following {source} after {consumed}: {stuck_reason}"
                ));
            }
            let behind = followers
                .filter(|follower| heads.get(&follower.source).is_some_and(|head| follower.consumed < *head))
                .count();
            let unpublished =
                logs.filter(|log| log.published.is_some_and(|published| published < log.head)).count();
            if behind + unpublished == 0 && heads == before {
                return Ok(());
            }
            if asked.elapsed() > SETTLE_PATIENCE {
                return Err(format!(
                    "{behind} logs are not consumed and {unpublished} not published after {SETTLE_PATIENCE:?}"
                ));
            }
            before = heads;
            if behind + unpublished > 0 {
                tokio::time::sleep(ASK_EVERY).await;
            }
        }
    }
}

impl Venue {
    pub(crate) fn region(&self) -> &Region {
        match self {
            Self::Here(running, _) => running.region(),
            Self::There(there) => &there.region,
        }
    }

    pub(crate) fn keys(&self) -> &TokenKeys {
        match self {
            Self::Here(running, _) => running.keys(),
            Self::There(there) => &there.keys,
        }
    }

    /// Where each service listens.
    pub(crate) fn addresses(&self) -> Vec<(Service, String)> {
        match self {
            Self::Here(running, _) => {
                let address = format!("http://{}", running.address());
                Service::ALL.iter().map(|service| (*service, address.clone())).collect()
            }
            Self::There(there) => {
                there.peers.iter().map(|peer| (peer.service(), peer.address().to_owned())).collect()
            }
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        match self {
            Self::Here(_, clock) => clock.now(),
            Self::There(there) => there.clock.now(),
        }
    }

    /// Moves the clocks on.
    pub(crate) async fn move_clock(&self, to: Timestamp) -> Result<(), String> {
        match self {
            Self::Here(_, clock) => {
                clock.advance_to(to);
                Ok(())
            }
            Self::There(there) => there.move_clock(to).await,
        }
    }

    /// Waits until every service has heard what the others did.
    pub(crate) async fn settled(&self) -> Result<(), String> {
        match self {
            Self::Here(running, _) => running.settled().await,
            Self::There(there) => there.settled().await,
        }
    }

    /// Ends what runs in this process.
    pub(crate) async fn close(self) {
        if let Self::Here(running, _) = self {
            running.stop().await;
        }
    }
}
