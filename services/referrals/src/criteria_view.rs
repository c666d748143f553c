//! What each framework's offers are scored by, as evaluations look it up: a fold of the region's contracts log, kept in memory. That log holds
//! what leads decide and stays short, so it is folded whole at each start.
//!
//! Weights hold from a day after the one on which they are told, and a referral is judged by those of the day on which it was last changed: a
//! view that lags by moments gives the same answer. Other events of the log say nothing here; one that cannot be read stops the view, with
//! an alarm, as that of the market.

use crate::Referrals;
use async_trait::async_trait;
use care::published::{EvaluationWeights, EvaluationWeightsSet};
use care::{Date, EventBody, FrameworkId, decode_body};
use eventlog::{LogId, Recorded, Service};
use exchange::{Reaction, ReactionError};
use service_kit::caught_up;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::watch;
use tonic::Status;

/// The log that is followed.
const SOURCE: LogId = LogId::region(Service::Contracts);

type Sets = BTreeMap<FrameworkId, Vec<EvaluationWeights>>;

/// The weights of all frameworks, and how far they are known.
pub(crate) struct CriteriaView {
    folded: RwLock<(Sets, u64)>,
    /// The position again, for those who wait for one.
    reached: watch::Sender<u64>,
    /// Whether it has come, since the start, to where the log was.
    whole: AtomicBool,
}

impl CriteriaView {
    /// One that knows nothing yet.
    pub(crate) fn new() -> Self {
        let (folded, whole) = (RwLock::default(), AtomicBool::new(false));
        Self { folded, reached: watch::Sender::new(0), whole }
    }

    fn read<R>(&self, look: impl FnOnce(&Sets, u64) -> R) -> R {
        let folded = self.folded.read().unwrap_or_else(PoisonError::into_inner);
        look(&folded.0, folded.1)
    }

    /// The weights of a framework that hold on a day; none where it has set none for it.
    pub(crate) fn holding(&self, framework: &FrameworkId, on: Date) -> Option<EvaluationWeights> {
        self.read(|sets, _| EvaluationWeights::holding(sets.get(framework)?, on).cloned())
    }

    /// The position that it stands at and the SHA-256 of its JSON, in hex.
    pub(crate) fn digest(&self) -> String {
        self.read(|sets, position| {
            let sets = serde_json::to_vec(sets).unwrap_or_default();
            format!("{position}:{}", hex::encode(Sha256::digest(sets)))
        })
    }
}

impl Referrals {
    /// For who looks weights up: after a start the view is built anew, and would know of none. Once it is whole nobody waits.
    pub(crate) async fn criteria_whole(&self) -> Result<(), Status> {
        if !self.criteria.whole.load(Ordering::Acquire) {
            caught_up(&*self.exchange, SOURCE, &self.criteria.reached, "what offers are scored by").await?;
            self.criteria.whole.store(true, Ordering::Release);
        }
        Ok(())
    }
}

#[async_trait]
impl Reaction for CriteriaView {
    fn name(&self) -> &'static str {
        "referrals-criteria"
    }

    fn sources(&self) -> Vec<LogId> {
        vec![SOURCE]
    }

    fn position(&self, _: LogId) -> u64 {
        self.read(|_, position| position)
    }

    async fn consume(&self, _: LogId, events: &[Arc<Recorded>]) -> Result<(), ReactionError> {
        let mut folded = self.folded.write().unwrap_or_else(PoisonError::into_inner);
        let (sets, position) = &mut *folded;
        for event in events.iter().skip_while(|event| event.position <= *position).collect::<Vec<_>>() {
            if event.event_type == EvaluationWeightsSet::TYPE {
                let EvaluationWeightsSet { framework, set } = decode_body(event.version, &event.payload)
                    .map_err(|error| ReactionError::Stuck(format!("{}: {error}", event.reference())))?;
                set.replace_from(sets.entry(framework).or_default());
            }
            *position = event.position;
        }
        self.reached.send_replace(*position);
        Ok(())
    }
}
