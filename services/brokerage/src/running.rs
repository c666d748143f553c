//! The whole region in one process: every service, the embedded exchange between them, and one gRPC address.

use crate::storage::{DatabaseUrl, Storage, StorageFailed};
use audit::Audit;
use care::CouncilId;
use contracts::Contracts;
use eventlog::LogId;
use eventlog::postgres::Lease;
use exchange::{Exchange, ExchangeError, Follower, FollowerState, Reaction, follow};
use futures::future::select_all;
use invoicing::Invoicing;
use referrals::Referrals;
use service_kit::token::{KeyError, TokenKeys};
use service_kit::{
    AccessLayer, Clock, Health, Kit, Region, RegionInvalid, Rule, ServeError, Serving, StartError, serve,
};
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tonic::service::Routes;
use vacancies::Vacancies;

/// The names under which health is reported.
const SERVICES: [&str; 5] = [
    "brokerage.referrals.v1.ReferralsService",
    "brokerage.vacancies.v1.VacanciesService",
    "brokerage.contracts.v1.ContractsService",
    "brokerage.invoicing.v1.InvoicingService",
    "brokerage.audit.v1.AuditService",
];

/// How long the start waits for the followers.
const CATCH_UP_MAX: Duration = Duration::from_secs(60);

/// Who may call what: the rules of all services. An RPC that none of them names is denied to everybody.
#[must_use]
pub fn rules() -> Vec<Rule> {
    [vacancies::RULES, contracts::RULES, referrals::RULES, invoicing::RULES, audit::RULES].concat()
}

/// How a region is run.
#[derive(Debug, Clone)]
pub struct Options {
    data_dir: PathBuf,
    database: Option<DatabaseUrl>,
    listen: SocketAddr,
    clock: Clock,
    accept_lost_keys: Vec<CouncilId>,
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
        }
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
    /// The address cannot be served.
    #[error(transparent)]
    Serve(#[from] ServeError),
}

/// A running region.
pub struct Running {
    region: Arc<Region>,
    keys: Arc<TokenKeys>,
    kit: Kit,
    followers: Vec<Follower>,
    vacancies: Vacancies,
    contracts: Contracts,
    referrals: Referrals,
    invoicing: Invoicing,
    audit: Audit,
    serving: Serving,
    lease: Option<Lease>,
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
        let Storage { logs, lease } = match &options.database {
            Some(url) => Storage::in_database(url).await?,
            None => Storage::in_folder(&options.data_dir)?,
        };
        let region = Arc::new(Region::load_or_create(&options.data_dir)?);
        let keys = Arc::new(TokenKeys::load_or_create(&keys_folder(&options.data_dir))?);
        let kit = Kit {
            region: Arc::clone(&region),
            clock: options.clock.clone(),
            store: logs,
            exchange: Arc::default(),
            keys_folder: keys_folder(&options.data_dir),
        };
        let vacancies = Vacancies::open(&kit).await?;
        let contracts = Contracts::open(&kit).await?;
        Referrals::accept_lost_keys(&kit, &options.accept_lost_keys)?;
        let referrals = Referrals::open(&kit).await?;
        let invoicing = Invoicing::open(&kit).await?;
        let audit = Audit::open(&kit).await?;
        let reactions: Vec<Arc<dyn Reaction>> =
            [vacancies.reactions(), contracts.reactions(), referrals.reactions(), invoicing.reactions()]
                .concat();
        kit.exchange.check_consumed().await?;
        let exchange = kit.followed();
        let followers: Vec<Follower> =
            reactions.iter().flat_map(|reaction| follow(&exchange, reaction)).collect();
        catch_up(&kit, &followers).await;
        let routes = Routes::default();
        let routes = vacancies.add_to(routes);
        let routes = contracts.add_to(routes);
        let routes = referrals.add_to(routes);
        let routes = invoicing.add_to(routes);
        let routes = routes.add_service(audit.server());
        audit.follow();
        let access = AccessLayer::new(Arc::clone(&keys), options.clock, rules());
        let serving = serve(options.listen, routes, access, &SERVICES).await?;
        tokio::spawn(watch_over(
            followers.iter().map(|follower| follower.state.clone()).collect(),
            serving.health(),
        ));
        Ok(Self {
            region,
            keys,
            kit,
            followers,
            vacancies,
            contracts,
            referrals,
            invoicing,
            audit,
            serving,
            lease,
        })
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
        self.audit.recorded().await;
        Ok(())
    }

    /// What each log, and each view kept beside the logs, has come to, by name: a position and a digest of the whole state. The same
    /// events give the same digests, in this process or in the next.
    #[must_use]
    pub fn state_digests(&self) -> BTreeMap<String, String> {
        [
            self.vacancies.digests(),
            self.contracts.digests(),
            self.referrals.digests(),
            self.invoicing.digests(),
            self.audit.digests(),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// Whether nothing has happened in it yet.
    #[must_use]
    pub(crate) fn is_new(&self) -> bool {
        self.vacancies.is_empty()
    }

    /// Waits until another instance may have taken the database over; for ever where the logs are in files. Whatever is decided here from
    /// then on is refused by the logs, so the region is to be stopped, and started again to stand by.
    pub async fn taken_over(&mut self) {
        match &mut self.lease {
            Some(lease) => lease.lost().await,
            None => std::future::pending().await,
        }
    }

    /// Stops taking requests, finishes the accepted ones, and ends.
    pub async fn stop(self) {
        self.audit.end_calls();
        self.serving.stop().await;
    }
}

/// Tells the truth about the region's health: one log that is not followed any more stops awards or bills, though every request is
/// still answered.
async fn watch_over(states: Vec<watch::Receiver<FollowerState>>, health: Health) {
    let stuck = states.into_iter().map(|mut state| {
        Box::pin(
            async move { state.wait_for(|state| matches!(state, FollowerState::Stuck(..))).await.is_ok() },
        )
    });
    // A follower that ended with the region is not stuck.
    if let (true, _, _) = select_all(stuck).await {
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
