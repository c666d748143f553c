//! The audit service: every event of every log of the other services, recorded as a leaf in the audit log of the same owner, so that
//! a later change, loss or reorder of any of them is found.
//!
//! A leaf and the position up to which its log was consumed are one write (`recorder`), so no event is left out or recorded
//! twice. What was recorded is folded into an index in memory (`index`), from which heads, searches, followers and proofs are answered;
//! payloads are not kept here but read from their logs and held against their leaves. Who may read what is decided in `reader` alone.
//!
//! What it cannot find by itself: somebody who rewrites a log *and* the audit log over it, both while the service is down. Against that,
//! councils keep roots (`GetLogHead`) outside the system.

mod grpc;
mod index;
mod reader;
mod recorder;
mod rules;
mod verify;

pub use rules::RULES;

use api::audit::audit_service_server::AuditServiceServer;
use care::CouncilId;
use engine::Engine;
use eventlog::{EventLog, LogId, Owner, Service};
use exchange::{Exchange, Follower, FollowerState, Reaction, follow};
use index::Index;
use recorder::LeafRecorder;
use service_kit::{Endless, Kit, MESSAGE_BYTES_MAX, Region, Standby, StartError};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

/// How many callers may follow events at once.
const FOLLOWERS_MAX: usize = 128;
/// How many of one council's or lead's may.
const FOLLOWERS_EACH_MAX: usize = 32;
/// How many verifications run at once; others wait for their turn.
const VERIFICATIONS_MAX: usize = 2;

/// The service. Cheap to clone; it stops recording when the last clone is dropped.
#[derive(Clone)]
pub struct Audit {
    shared: Arc<Shared>,
}

type Engines = BTreeMap<Owner, Engine<audit_domain::Audit>>;

struct Shared {
    region: Arc<Region>,
    exchange: Arc<dyn Exchange>,
    recorder: Arc<LeafRecorder>,
    index: Arc<Index>,
    followers: Mutex<BTreeMap<LogId, Follower>>,
    followed_by: Endless,
    verifications: Semaphore,
    _indexing: JoinSet<()>,
}

impl Audit {
    /// Opens the region's audit log and one for each council, and folds them into the index.
    ///
    /// # Errors
    /// When a log is damaged or cannot be opened.
    pub async fn open(kit: &Kit) -> Result<Self, StartError> {
        let councils = kit.region.councils();
        let index = Arc::new(Index::new(sources(&councils)));
        let mut engines = Engines::new();
        let mut indexing = JoinSet::new();
        for owner in owners(&councils) {
            let engine = kit.engine(LogId { service: Service::Audit, owner }).await?;
            let log = engine.log();
            let position = index.fold(&log, 0).await?;
            indexing.spawn(keep_folding(Arc::clone(&index), log, position));
            engines.insert(owner, engine);
        }
        let recorder = LeafRecorder::new(sources(&councils), engines, Arc::clone(&index), kit.clock.clone());
        Ok(Self {
            shared: Arc::new(Shared {
                region: Arc::clone(&kit.region),
                exchange: kit.followed(),
                recorder: Arc::new(recorder),
                index,
                followers: Mutex::default(),
                followed_by: Endless::at_most(FOLLOWERS_MAX, FOLLOWERS_EACH_MAX),
                verifications: Semaphore::new(VERIFICATIONS_MAX),
                _indexing: indexing,
            }),
        })
    }

    /// Folds what is new in its logs while another instance works on them.
    ///
    /// # Errors
    /// When a log cannot be read.
    pub async fn stand_by(standby: &Standby) -> Result<(), StartError> {
        for owner in owners(&standby.region.councils()) {
            standby.follow::<audit_domain::Audit>(LogId { service: Service::Audit, owner }).await?;
        }
        Ok(())
    }

    /// Starts recording the events of all other logs. They may be opened before or after.
    pub fn follow(&self) {
        let reaction = Arc::clone(&self.shared.recorder) as Arc<dyn Reaction>;
        let followers = follow(&self.shared.exchange, &reaction);
        *self.shared.followers.lock().unwrap_or_else(PoisonError::into_inner) =
            followers.into_iter().map(|follower| (follower.source, follower)).collect();
    }

    /// The gRPC server, to be put behind the access layer with [`RULES`].
    #[must_use]
    pub fn server(&self) -> AuditServiceServer<Self> {
        AuditServiceServer::new(self.clone()).max_decoding_message_size(MESSAGE_BYTES_MAX)
    }

    /// How it is doing with each log that it records.
    #[must_use]
    pub fn following(&self) -> Vec<(LogId, watch::Receiver<FollowerState>)> {
        let followers = self.shared.followers.lock().unwrap_or_else(PoisonError::into_inner);
        followers.iter().map(|(log, follower)| (*log, follower.state.clone())).collect()
    }

    /// Waits until every event is recorded that any log held when this was called. A log that is not recorded any more is not waited
    /// for.
    pub async fn recorded(&self) {
        for (log, mut state) in self.following() {
            let head = self.shared.exchange.head(log).await.unwrap_or(0);
            let reached = |state: &FollowerState| match state {
                FollowerState::Consumed(position) => *position >= head,
                FollowerState::Stuck(..) => true,
            };
            // A follower that has ended records nothing any more either.
            let _ = state.wait_for(reached).await;
        }
    }

    /// Ends the calls that have no end of their own, so that a server can stop without waiting for them.
    pub fn end_calls(&self) {
        self.shared.followed_by.end();
    }

    /// What each audit log has come to, see [`Engine::digest`], and the size and root of the tree over each log that it records.
    #[must_use]
    pub fn digests(&self) -> BTreeMap<String, String> {
        let recorder = &self.shared.recorder;
        let engines = recorder.engines().map(|engine| (engine.log_id().to_string(), engine.digest()));
        let trees = recorder.sources().into_iter().filter_map(|log| {
            let head = self.shared.index.head(log)?;
            Some((format!("audit: the tree over {log}"), format!("{}:{}", head.size, head.root)))
        });
        engines.chain(trees).collect()
    }

    /// The logs whose events it records, in order of their names.
    #[must_use]
    pub fn logs(&self) -> Vec<LogId> {
        self.shared.recorder.sources()
    }
}

impl Shared {
    /// Why a log is no longer recorded; none while it is.
    fn stuck(&self, log: LogId) -> Option<String> {
        let followers = self.followers.lock().unwrap_or_else(PoisonError::into_inner);
        match followers.get(&log).map(|follower| follower.state.borrow().clone()) {
            Some(FollowerState::Stuck(_, why)) => Some(why),
            _ => None,
        }
    }
}

fn owners(councils: &[CouncilId]) -> impl Iterator<Item = Owner> {
    [Owner::Region].into_iter().chain(councils.iter().map(|council| Owner::Council(*council)))
}

/// Every log of the other services.
fn sources(councils: &[CouncilId]) -> Vec<LogId> {
    let of_councils = councils.iter().flat_map(|council| {
        [Service::Referrals, Service::Contracts, Service::Invoicing]
            .map(|service| LogId::council(service, *council))
    });
    let of_region = [Service::Vacancies, Service::Contracts].map(LogId::region);
    let mut logs: Vec<_> = of_region.into_iter().chain(of_councils).collect();
    logs.sort_unstable();
    logs
}

/// Folds whatever an audit log records into the index, until the task is ended.
async fn keep_folding(index: Arc<Index>, log: Arc<dyn EventLog>, mut position: u64) {
    let mut heads = log.head();
    while heads.wait_for(|head| *head > position).await.is_ok() {
        match index.fold(&log, position).await {
            Ok(folded) => position = folded,
            Err(error) => {
                tracing::error!(log = %log.id(), %error, "ALARM: the audit log cannot be read, its index stands still");
                return;
            }
        }
    }
}
