//! The whole region in one process: every service, the embedded exchange between them, and one gRPC address.

use audit::Audit;
use contracts::Contracts;
use eventlog::sqlite::{SqliteStore, StoreLocked};
use exchange::{Exchange, Follower, FollowerState, Reaction, follow};
use invoicing::Invoicing;
use referrals::Referrals;
use service_kit::token::{KeyError, TokenKeys};
use service_kit::{AccessLayer, Clock, Kit, Region, RegionInvalid, Rule, ServeError, Serving, StartError, serve};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
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

/// How a region is run.
#[derive(Debug, Clone)]
pub struct Options {
    data_dir: PathBuf,
    listen: SocketAddr,
    clock: Clock,
}

impl Options {
    /// On the data in `data_dir`, on a loopback port that the system chooses, by the machine's clock.
    #[must_use]
    pub fn new(data_dir: &Path) -> Self {
        Self { data_dir: data_dir.to_owned(), listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), clock: Clock::System }
    }

    /// On this address.
    #[must_use]
    pub fn listening(self, listen: SocketAddr) -> Self {
        Self { listen, ..self }
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
    /// The data folder is in use or cannot be used.
    #[error(transparent)]
    Store(#[from] StoreLocked),
    /// The region's file is broken.
    #[error(transparent)]
    Region(#[from] RegionInvalid),
    /// The token keys cannot be used.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// A service does not start.
    #[error(transparent)]
    Service(#[from] StartError),
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
    audit: Audit,
    serving: Serving,
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
        let store = SqliteStore::open(&options.data_dir.join("logs"))?;
        let region = Arc::new(Region::load_or_create(&options.data_dir)?);
        let keys = Arc::new(TokenKeys::load_or_create(&keys_folder(&options.data_dir))?);
        let kit = Kit {
            region: Arc::clone(&region),
            clock: options.clock.clone(),
            store: Arc::new(store),
            exchange: Arc::default(),
            keys_folder: keys_folder(&options.data_dir),
        };
        let vacancies = Vacancies::open(&kit).await?;
        let contracts = Contracts::open(&kit).await?;
        let referrals = Referrals::open(&kit).await?;
        let invoicing = Invoicing::open(&kit).await?;
        let audit = Audit::open(&kit).await?;
        let reactions: Vec<Arc<dyn Reaction>> = [
            vacancies.reactions(),
            contracts.reactions(),
            referrals.reactions(),
            invoicing.reactions(),
        ]
        .concat();
        let exchange = kit.followed();
        let followers = reactions.iter().flat_map(|reaction| follow(&exchange, reaction)).collect();
        let rules: Vec<Rule> =
            [vacancies::RULES, contracts::RULES, referrals::RULES, invoicing::RULES, audit::RULES].concat();
        let routes = Routes::default();
        let routes = vacancies.add_to(routes);
        let routes = contracts.add_to(routes);
        let routes = referrals.add_to(routes);
        let routes = invoicing.add_to(routes);
        let routes = routes.add_service(audit.server());
        audit.follow();
        let access = AccessLayer::new(Arc::clone(&keys), options.clock, rules);
        let serving = serve(options.listen, routes, access, &SERVICES).await?;
        Ok(Self { region, keys, kit, followers, audit, serving })
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
        loop {
            let mut waited = false;
            for follower in &self.followers {
                let head = self.kit.exchange.head(follower.source).await.map_err(|error| error.to_string())?;
                let mut state = follower.state.clone();
                let reached = |state: &FollowerState| match state {
                    FollowerState::Consumed(position) => *position >= head,
                    FollowerState::Stuck(..) => true,
                };
                waited |= !reached(&state.borrow());
                let found = state.wait_for(reached).await.map_err(|error| error.to_string())?.clone();
                if let FollowerState::Stuck(position, why) = found {
                    let (reaction, source) = (follower.reaction, follower.source);
                    return Err(format!("{reaction} stopped following {source} after {position}: {why}"));
                }
            }
            if !waited {
                return Ok(());
            }
        }
    }

    /// Stops taking requests, finishes the accepted ones, and ends.
    pub async fn stop(self) {
        self.audit.end_calls();
        self.serving.stop().await;
    }
}
