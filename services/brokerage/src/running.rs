//! A region's services in this process, all of them or one: their logs, what they follow, and one gRPC address.

use crate::apart::{self, Apart, NotOurs};
use crate::dead_letters::DeadLetterDesk;
use crate::metrics;
use crate::operations::{self, Operations};
use crate::otlp::{Otlp, OtlpEndpoint};
use crate::progress::{Followed, Progress};
use crate::services::{Services, health_name};
use crate::storage::{DatabaseUrl, Storage, StorageFailed};
use care::CouncilId;
use eventlog::postgres::Lease;
use eventlog::{LogId, Service};
use exchange::kafka::Relay;
use exchange::{Exchange, ExchangeError, Follower, FollowerState, Reaction, follow};
use service_kit::token::{KeyError, TokenKeys};
use service_kit::{
    AccessLayer, Clock, Health, Kit, Region, RegionInvalid, Rule, ServeError, Serving, Standby, StartError,
    serve,
};
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tonic::service::Routes;

/// How long the start waits for the followers, where all logs are here.
const CATCH_UP_MAX: Duration = Duration::from_secs(60);
/// How long the end waits for the logs to be put in order.
const CLOSE_MAX: Duration = Duration::from_secs(10);
/// How long a lag may be before a process says that it is not ready.
pub(crate) const LAG_SECONDS_MAX: u64 = 30;

/// Who may call what: the rules of all services. An RPC that none of them names is denied to everybody.
#[must_use]
pub fn rules() -> Vec<Rule> {
    [vacancies::RULES, contracts::RULES, referrals::RULES, invoicing::RULES, audit::RULES, operations::RULES]
        .concat()
}

/// How a region is run.
#[derive(Debug, Clone)]
pub struct Options {
    data_dir: PathBuf,
    database: Option<DatabaseUrl>,
    listen: SocketAddr,
    clock: Clock,
    accept_lost_keys: Vec<CouncilId>,
    token_keys: Option<PathBuf>,
    apart: Option<Apart>,
    lag_seconds_max: u64,
    metrics: Option<SocketAddr>,
    otlp: Option<OtlpEndpoint>,
}

impl Options {
    /// On the data in `data_dir`, on a loopback port that the system chooses, by the machine's clock.
    #[must_use]
    pub fn new(data_dir: &Path) -> Self {
        Self {
            data_dir: data_dir.to_owned(),
            database: None,
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            clock: Clock::System,
            accept_lost_keys: Vec::new(),
            token_keys: None,
            apart: None,
            lag_seconds_max: LAG_SECONDS_MAX,
            metrics: None,
            otlp: None,
        }
    }

    /// One service alone; the others are other processes. They must all have the same token keys and region.
    #[must_use]
    pub fn apart(self, apart: Option<Apart>) -> Self {
        Self { apart, ..self }
    }

    /// With the keys that sign tokens in this folder, and not in the data folder.
    #[must_use]
    pub fn with_token_keys(self, token_keys: Option<PathBuf>) -> Self {
        Self { token_keys, ..self }
    }

    /// Not ready while it is more than this behind, in seconds.
    #[must_use]
    pub fn lagging_at_most(self, lag_seconds_max: u64) -> Self {
        Self { lag_seconds_max, ..self }
    }

    /// With what it measures served over HTTP on this address.
    #[must_use]
    pub fn measured_on(self, metrics: Option<SocketAddr>) -> Self {
        Self { metrics, ..self }
    }

    /// With its spans sent to this collector.
    #[must_use]
    pub fn spans_to(self, otlp: Option<OtlpEndpoint>) -> Self {
        Self { otlp, ..self }
    }

    /// The services of this process.
    fn services(&self) -> Vec<Service> {
        self.apart.as_ref().map_or_else(|| Service::ALL.into(), |apart| vec![apart.service])
    }

    /// With the logs in this database instead of the data folder, which then has the keys and the region's description alone. Another
    /// instance on the same database works, or waits until this one ends.
    #[must_use]
    pub fn on_database(self, database: Option<DatabaseUrl>) -> Self {
        Self { database, ..self }
    }

    /// On this address.
    #[must_use]
    pub fn listening(self, listen: SocketAddr) -> Self {
        Self { listen, ..self }
    }

    /// Going on without the sealing keys of these councils, if they have lost them.
    #[must_use]
    pub fn accepting_lost_keys(self, accept_lost_keys: Vec<CouncilId>) -> Self {
        Self { accept_lost_keys, ..self }
    }

    /// By this clock.
    #[must_use]
    pub fn by_clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }
}

/// Why a region does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartFailed {
    /// The logs cannot be used.
    #[error(transparent)]
    Storage(#[from] StorageFailed),
    /// The region's file is broken.
    #[error(transparent)]
    Region(#[from] RegionInvalid),
    /// The token keys cannot be used.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// A service does not start.
    #[error(transparent)]
    Service(#[from] StartError),
    /// A log ends before what the others have consumed of it.
    #[error(transparent)]
    Consumed(#[from] ExchangeError),
    /// The logs are not those that were published.
    #[error(transparent)]
    NotOurs(#[from] NotOurs),
    /// What is measured cannot be served.
    #[error("metrics on {0}: {1}")]
    Metrics(SocketAddr, #[source] std::io::Error),
    /// The address cannot be served.
    #[error(transparent)]
    Serve(#[from] ServeError),
}

/// A running region, or one service of it.
pub struct Running {
    region: Arc<Region>,
    keys: Arc<TokenKeys>,
    kit: Kit,
    followers: Vec<Follower>,
    services: Services,
    serving: Serving,
    ready: watch::Receiver<Vec<String>>,
    /// What looks after it besides the services: health and what is measured.
    tasks: JoinSet<()>,
    lease: Option<Lease>,
    /// Tells of each log that is not published any more.
    halted: JoinSet<String>,
    otlp: Option<Otlp>,
}

/// Where the token keys of a data folder are.
pub(crate) fn keys_folder(data_dir: &Path) -> PathBuf {
    data_dir.join("keys")
}

impl Running {
    /// Opens every log, replays it, follows the others, and serves.
    ///
    /// # Errors
    /// See [`StartFailed`]; a damaged file is named.
    pub async fn start(options: Options) -> Result<Self, StartFailed> {
        let which = options.services();
        let storage = match &options.database {
            Some(url) => Storage::in_database(url).await?,
            None => Storage::in_folder(&options.data_dir, options.apart.is_none())?,
        };
        let region = Arc::new(Region::load_or_create(&options.data_dir)?);
        let store = Arc::clone(&storage.logs);
        let standby = Standby { region: Arc::clone(&region), store, ahead: Arc::default() };
        let lease = storage.lease(which[0], async || Services::stand_by(&standby, &which).await).await;
        let token_keys = options.token_keys.clone().unwrap_or_else(|| keys_folder(&options.data_dir));
        let keys = Arc::new(TokenKeys::load_or_create(&token_keys)?);
        let others = options.apart.as_ref().map(|apart| apart.exchange(&keys)).transpose()?;
        let kit = Kit {
            region: Arc::clone(&region),
            clock: options.clock.clone(),
            store: storage.logs,
            ahead: standby.ahead,
            exchange: Arc::default(),
            others: others.map(|others| Arc::new(others) as Arc<dyn Exchange>),
            keys_folder: keys_folder(&options.data_dir),
        };
        let services = Services::open(&kit, &which, &options.accept_lost_keys).await?;
        kit.exchange.check_consumed().await?;
        let relays = options.apart.as_ref().map(|apart| apart.relays(&kit.exchange, &keys)).transpose()?;
        let relays = relays.unwrap_or_default();
        apart::compare(&relays).await?;
        let halted = halted(&relays);
        let exchange = kit.followed();
        let reactions: Vec<Arc<dyn Reaction>> = services.reactions();
        let followers: Vec<Follower> =
            reactions.iter().flat_map(|reaction| follow(&exchange, reaction)).collect();
        if options.apart.is_none() {
            catch_up(&kit, &followers).await;
        }
        services.begin();
        let progress = Progress::new(
            Arc::clone(&kit.exchange),
            options.clock.clone(),
            followed(&followers, &services),
            relays,
            services.parking(),
            options.lag_seconds_max,
        );
        let letters = DeadLetterDesk::new(services.parking(), Arc::clone(&exchange));
        let operations = Operations::server(Arc::clone(&progress), services.clone(), letters);
        let routes = services.add_to(Routes::default()).add_service(operations);
        let otlp = options.otlp.as_ref().map(|to| {
            let name = options.apart.as_ref().map_or("region", |apart| apart.service.name());
            Otlp::start(to, name, kit.exchange.logs())
        });
        let access = AccessLayer::new(Arc::clone(&keys), options.clock, rules())
            .traced(otlp.as_ref().map(Otlp::spans));
        let names: Vec<&str> = which.iter().map(|service| health_name(*service)).collect();
        let serving = serve(options.listen, routes, access, &names).await?;
        if options.apart.is_none() {
            // Nothing is waited for here, so that a region is ready once it listens.
            progress.look(&*exchange).await;
        }
        let mut tasks = JoinSet::new();
        if let Some(address) = options.metrics {
            let served = metrics::serve(address, Arc::clone(&progress), &mut tasks).await;
            let address = served.map_err(|error| StartFailed::Metrics(address, error))?;
            tracing::info!(metrics = %address, "what is measured is served over HTTP");
        }
        let (reasons, health) = (progress.not_ready(), serving.health());
        tell(&reasons, &health).await;
        let (telling, ready) = watch::channel(reasons);
        tasks.spawn(tell_health(ready.clone(), health));
        tasks.spawn(progress.keep_looking(exchange, telling));
        Ok(Self { region, keys, kit, followers, services, serving, ready, tasks, lease, halted, otlp })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.serving.address
    }

    /// Whom it serves.
    #[must_use]
    pub fn region(&self) -> &Region {
        &self.region
    }

    /// Its token keys.
    #[must_use]
    pub fn keys(&self) -> &TokenKeys {
        &self.keys
    }

    /// Waits until nothing keeps it from being ready: everything is recovered, followed and published, but for a lag within its limit.
    pub async fn ready(&mut self) {
        // It is told as long as this lives.
        let _ = self.ready.wait_for(Vec::is_empty).await;
    }

    /// Waits until every follower has consumed everything that its source held when it was looked at, and nothing new came of it.
    ///
    /// # Errors
    /// When a follower is stuck: its reaction, source and reason.
    pub async fn settled(&self) -> Result<(), String> {
        settled(&self.kit, &self.followers).await
    }

    /// As [`Running::settled`], and until the audit service has recorded every event that there was then.
    ///
    /// # Errors
    /// As [`Running::settled`].
    pub async fn recorded(&self) -> Result<(), String> {
        self.settled().await?;
        self.services.recorded().await;
        Ok(())
    }

    /// What each log, and each view kept beside the logs, has come to, by name: a position and a digest of the whole state. The same
    /// events give the same digests, in this process or in the next.
    #[must_use]
    pub fn state_digests(&self) -> BTreeMap<String, String> {
        self.services.digests()
    }

    /// Whether nothing has happened in it yet.
    #[must_use]
    pub(crate) fn is_new(&self) -> bool {
        self.services.is_new()
    }

    /// Waits until it must not go on, and says why: another instance may have taken the database over, or a log is not what was published of
    /// it. What is decided here after a take-over is refused by the logs, so the region is to be stopped, and started again to stand by.
    pub async fn undone(&mut self) -> String {
        let Self { lease, halted, .. } = self;
        let lost = async {
            match lease {
                Some(lease) => lease.lost().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = lost => "the database may be another instance's now: start this one again, and it stands by".to_owned(),
            Some(Ok(why)) = halted.join_next() => why,
            else => std::future::pending().await,
        }
    }

    /// Stops taking requests, finishes the accepted ones, lets go of the logs, and ends.
    pub async fn stop(self) {
        let Self { services, serving, mut tasks, kit, followers, lease, otlp, .. } = self;
        services.end_calls();
        serving.stop().await;
        tasks.shutdown().await;
        if let Some(otlp) = otlp {
            otlp.stop().await;
        }
        let store = Arc::clone(&kit.store);
        drop((services, followers, kit));
        if tokio::time::timeout(CLOSE_MAX, store.closed()).await.is_err() {
            tracing::warn!("a log is still in use: the next start has more to do");
        }
        if let Some(lease) = lease {
            // A database that does not answer lets it expire.
            let _ = tokio::time::timeout(CLOSE_MAX, lease.give_up()).await;
        }
    }
}

/// Waits for each relay to stop for ever, and tells why it did.
fn halted(relays: &[Relay]) -> JoinSet<String> {
    let mut halted = JoinSet::new();
    for relay in relays {
        let (log, mut state) = (relay.log, relay.state.clone());
        halted.spawn(async move {
            let stopped = state.wait_for(|state| state.stopped).await;
            let why = stopped.ok().map(|state| state.error.clone().unwrap_or_default());
            match why {
                Some(why) => format!("{log} is not published any more: {why}"),
                // It was dropped, in good order.
                None => std::future::pending().await,
            }
        });
    }
    halted
}

/// All that is followed here.
fn followed(followers: &[Follower], services: &Services) -> Vec<Followed> {
    let reactions = followers.iter().map(|follower| Followed {
        reaction: follower.reaction,
        source: follower.source,
        state: follower.state.clone(),
    });
    let audited = services.audited().into_iter();
    let audited = audited.map(|(source, state)| Followed { reaction: "audit", source, state });
    reactions.chain(audited).collect()
}

/// Tells those who ask after its health the truth: one log that is not followed or published any more stops awards or bills, though
/// every request is still answered.
async fn tell_health(mut ready: watch::Receiver<Vec<String>>, health: Health) {
    while ready.changed().await.is_ok() {
        let reasons = ready.borrow_and_update().clone();
        tell(&reasons, &health).await;
    }
}

async fn tell(reasons: &[String], health: &Health) {
    if reasons.is_empty() {
        tracing::info!("ready");
        health.serving().await;
    } else {
        tracing::warn!(reasons = reasons.join("; "), "not ready");
        health.not_serving().await;
    }
}

/// Lets the followers consume what there is before the first request is served: the picture of the market that searches look at
/// is built anew at each start, and nobody shall find it empty. A follower that cannot go on does not keep the region closed.
async fn catch_up(kit: &Kit, followers: &[Follower]) {
    match tokio::time::timeout(CATCH_UP_MAX, settled(kit, followers)).await {
        Ok(Ok(())) => {}
        Ok(Err(why)) => {
            tracing::error!(why, "ALARM: a log is not followed, the region is opened all the same")
        }
        Err(_) => tracing::error!(
            "ALARM: not everything was consumed in {CATCH_UP_MAX:?}, the region is opened all the same"
        ),
    }
}

/// Waits until all followers have consumed all logs as they stood at one moment, and no log has grown since.
async fn settled(kit: &Kit, followers: &[Follower]) -> Result<(), String> {
    let mut heads = heads(kit, followers).await?;
    loop {
        for follower in followers {
            let head = heads.get(&follower.source).copied().unwrap_or(0);
            let reached = |state: &FollowerState| match state {
                FollowerState::Consumed(position) => *position >= head,
                FollowerState::Stuck(..) => true,
            };
            let found =
                follower.state.clone().wait_for(reached).await.map_err(|error| error.to_string())?.clone();
            if let FollowerState::Stuck(position, why) = found {
                let (reaction, source) = (follower.reaction, follower.source);
                return Err(format!("{reaction} stopped following {source} after {position}: {why}"));
            }
        }
        let now = self::heads(kit, followers).await?;
        if now == heads {
            return Ok(());
        }
        heads = now;
    }
}

/// The last position of every log that is followed.
async fn heads(kit: &Kit, followers: &[Follower]) -> Result<BTreeMap<LogId, u64>, String> {
    let mut heads = BTreeMap::new();
    for source in followers.iter().map(|follower| follower.source) {
        heads.insert(source, kit.exchange.head(source).await.map_err(|error| error.to_string())?);
    }
    Ok(heads)
}
