//! The market as searches see it: a fold of the region's vacancies log, kept in memory and built anew from its first event at
//! each start.
//!
//! It cannot leave an event out and be the market still, so an event that it cannot read is not parked: the view stops there, with an
//! alarm, until a newer program reads it.

use async_trait::async_trait;
use care::Event;
use care::market::{Market, MarketEvent};
use eventlog::{LogId, Recorded, Service};
use exchange::{Reaction, ReactionError};
use sha2::{Digest, Sha256};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::watch;

/// The market, and the position up to which it is known.
#[derive(Default)]
pub(crate) struct MarketView {
    folded: RwLock<(Market, u64)>,
    /// The position again, for those who wait for one.
    reached: watch::Sender<u64>,
}

impl MarketView {
    /// Looks at the market and the position it stands at.
    pub(crate) fn read<R>(&self, look: impl FnOnce(&Market, u64) -> R) -> R {
        let folded = self.folded.read().unwrap_or_else(PoisonError::into_inner);
        look(&folded.0, folded.1)
    }

    /// Waits until the market is known up to a position, for `patience` at most, and says whether it is.
    pub(crate) async fn reaches(&self, position: u64, patience: Duration) -> bool {
        let mut reached = self.reached.subscribe();
        let there = reached.wait_for(|reached| *reached >= position);
        tokio::time::timeout(patience, there).await.is_ok_and(|there| there.is_ok())
    }

    /// The position that it stands at and the SHA-256 of its JSON, in hex.
    pub(crate) fn digest(&self) -> String {
        self.read(|market, position| {
            let market = serde_json::to_vec(market).unwrap_or_default();
            format!("{position}:{}", hex::encode(Sha256::digest(market)))
        })
    }
}

#[async_trait]
impl Reaction for MarketView {
    fn name(&self) -> &'static str {
        "referrals-market"
    }

    fn sources(&self) -> Vec<LogId> {
        vec![LogId::region(Service::Vacancies)]
    }

    fn position(&self, _: LogId) -> u64 {
        self.read(|_, position| position)
    }

    async fn consume(&self, _: LogId, events: &[Arc<Recorded>]) -> Result<(), ReactionError> {
        let mut folded = self.folded.write().unwrap_or_else(PoisonError::into_inner);
        for event in events.iter().skip_while(|event| event.position <= folded.1).collect::<Vec<_>>() {
            let decoded = MarketEvent::decode(&event.event_type, event.version, &event.payload)
                .map_err(|error| ReactionError::Stuck(format!("{}: {error}", event.reference())))?;
            folded.0.evolve(&decoded);
            folded.1 = event.position;
        }
        self.reached.send_replace(folded.1);
        Ok(())
    }
}
