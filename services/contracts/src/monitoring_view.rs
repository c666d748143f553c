//! What figures are made of, as other services' logs say it: a fold of every council's referrals and invoicing and of the region's vacancies log, kept
//! in memory and built anew at each start.
//!
//! Figures without an event would be wrong, and an award need not wait for figures: where an event cannot be read the view sounds an alarm and goes
//! on, and no figures that it may be part of are told any more until a newer program reads it: a council's own are of its own logs and the region's
//! alone. What the event is, the alarm says, and nobody who asks: it may be another council's.

use crate::Contracts;
use async_trait::async_trait;
use care::CouncilId;
use contracts_domain::monitoring::{Heard, Source};
use eventlog::{LogId, Owner, Recorded, Service};
use exchange::{Reaction, ReactionError};
use service_kit::{caught_up, unavailable};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, TryLockError};
use tokio::sync::{Semaphore, watch};
use tonic::Status;

/// How many callers' figures are made at once; others wait.
const MADE_AT_ONCE_MAX: usize = 2;

/// What was folded of the logs.
#[derive(Default)]
struct Folded {
    heard: Heard,
    /// The logs of which an event could not be read.
    unread: BTreeSet<LogId>,
}

/// What was folded, and what is to be.
#[derive(Default)]
struct Fold {
    /// Held for reading while figures are made of it.
    folded: RwLock<Folded>,
    /// Events that came meanwhile, in the order in which they came: whoever makes figures next takes them in first. So neither waits for the other,
    /// and nothing is copied.
    waiting: Mutex<Vec<(LogId, Arc<Recorded>)>>,
}

/// What other services' logs say, and how far they are known.
pub(crate) struct MonitoringView {
    fold: Arc<Fold>,
    /// The position in each log, for those who wait for one.
    reached: BTreeMap<LogId, watch::Sender<u64>>,
    /// Whether it has come, since the start, to where the logs were.
    whole: AtomicBool,
    /// Who may make figures now.
    turns: Arc<Semaphore>,
}

impl Fold {
    fn waiting(&self) -> MutexGuard<'_, Vec<(LogId, Arc<Recorded>)>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in what came, unless somebody makes figures just now.
    fn take_in_if_free(&self) {
        match self.folded.try_write() {
            Ok(mut folded) => folded.take_in(&mut self.waiting()),
            Err(TryLockError::Poisoned(folded)) => folded.into_inner().take_in(&mut self.waiting()),
            Err(TryLockError::WouldBlock) => {}
        }
    }

    /// What was folded, with all that has come. Waits for those who make figures just now, if something has.
    fn read<R>(&self, look: impl FnOnce(&Folded) -> R) -> R {
        if !self.waiting().is_empty() {
            let mut folded = self.folded.write().unwrap_or_else(PoisonError::into_inner);
            folded.take_in(&mut self.waiting());
        }
        look(&self.folded.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Folded {
    fn take_in(&mut self, waiting: &mut Vec<(LogId, Arc<Recorded>)>) {
        for (log, event) in waiting.drain(..) {
            let Some(source) = source(log) else { continue };
            let heard = self.heard.hear(source, &event.event_type, event.version, &event.payload);
            if let Err(error) = heard {
                let event = event.reference();
                tracing::error!(%event, %error, "ALARM: figures are not told any more, an event that they are made of cannot be read");
                self.unread.insert(log);
            }
        }
    }
}

impl MonitoringView {
    /// One that knows nothing yet of the logs of these councils.
    pub(crate) fn new(councils: impl Iterator<Item = CouncilId>) -> Self {
        let of_council = |council| {
            [Service::Referrals, Service::Invoicing].map(|service| LogId::council(service, council))
        };
        let logs = councils.flat_map(of_council).chain([LogId::region(Service::Vacancies)]);
        let reached = logs.map(|log| (log, watch::Sender::new(0))).collect();
        let turns = Arc::new(Semaphore::new(MADE_AT_ONCE_MAX));
        Self { fold: Arc::default(), reached, whole: AtomicBool::new(false), turns }
    }

    /// The positions that it stands at together and the SHA-256 of its JSON, in hex.
    pub(crate) fn digest(&self) -> String {
        let positions: u64 = self.reached.values().map(|reached| *reached.borrow()).sum();
        self.fold.read(|folded| {
            let heard = serde_json::to_vec(&folded.heard).unwrap_or_default();
            format!("{positions}:{}", hex::encode(Sha256::digest(heard)))
        })
    }
}

impl Contracts {
    /// Makes something of what other services' logs say, beside what the service does otherwise: after a start once that is all of it, and from
    /// then on as it is, moments behind. If it is all one council's, of its logs and the region's.
    ///
    /// # Errors
    /// When it is not known in time, or something of it could not be read.
    pub(crate) async fn heard<R: Send + 'static>(
        &self,
        of: Option<CouncilId>,
        make: impl FnOnce(&Heard) -> R + Send + 'static,
    ) -> Result<R, Status> {
        let view = &self.monitoring;
        if !view.whole.load(Ordering::Acquire) {
            for (source, reached) in &view.reached {
                caught_up(&*self.exchange, *source, reached, "what figures are made of").await?;
            }
            view.whole.store(true, Ordering::Release);
        }
        let interrupted = || unavailable("the figures were interrupted: ask again");
        // The turn is given back when the figures are made, even if nobody waits for them any more.
        let turn = Arc::clone(&view.turns).acquire_owned().await.map_err(|_| interrupted())?;
        let fold = Arc::clone(&view.fold);
        let made = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            let made = fold.read(|folded| {
                let readable = !folded.unread.iter().any(|log| is_of(*log, of));
                readable.then(|| make(&folded.heard))
            });
            fold.take_in_if_free();
            made
        });
        made.await.map_err(|_| interrupted())?.ok_or_else(|| {
            unavailable("no figures are told: an event that they are made of cannot be read by this program")
        })
    }
}

/// Whether figures are made of this log, of all councils or of one alone.
fn is_of(log: LogId, council: Option<CouncilId>) -> bool {
    match (log.owner, council) {
        (Owner::Council(owner), Some(council)) => owner == council,
        _ => true,
    }
}

/// The log as the fold knows it; none that figures are made of otherwise.
fn source(log: LogId) -> Option<Source> {
    match (log.service, log.owner) {
        (Service::Referrals, Owner::Council(council)) => Some(Source::Referrals(council)),
        (Service::Invoicing, Owner::Council(council)) => Some(Source::Invoicing(council)),
        (Service::Vacancies, Owner::Region) => Some(Source::Vacancies),
        _ => None,
    }
}

#[async_trait]
impl Reaction for MonitoringView {
    fn name(&self) -> &'static str {
        "contracts-monitoring"
    }

    fn sources(&self) -> Vec<LogId> {
        self.reached.keys().copied().collect()
    }

    fn position(&self, source: LogId) -> u64 {
        self.reached.get(&source).map_or(0, |reached| *reached.borrow())
    }

    async fn consume(&self, log: LogId, events: &[Arc<Recorded>]) -> Result<(), ReactionError> {
        let Some(reached) = self.reached.get(&log) else { return Ok(()) };
        let position = *reached.borrow();
        let more: Vec<_> = events.iter().filter(|event| event.position > position).cloned().collect();
        let Some(last) = more.last().map(|event| event.position) else { return Ok(()) };
        self.fold.waiting().extend(more.into_iter().map(|event| (log, event)));
        self.fold.take_in_if_free();
        // What has come is taken in by whoever looks next, if it is not yet.
        reached.send_replace(last);
        Ok(())
    }
}
