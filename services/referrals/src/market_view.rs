//! The market as searches see it: a fold of the region's vacancies log, kept in memory and built anew from its first event at
//! each start.
//!
//! It cannot leave an event out and be the market still, so an event that it cannot read is not parked: the view stops there, with an
//! alarm, until a newer program reads it.

use crate::Referrals;
use async_trait::async_trait;
use care::Event;
use care::market::{Market, MarketEvent};
use eventlog::{LogId, Recorded, Service};
use exchange::{Reaction, ReactionError};
use service_kit::unavailable;
use sha2::{Digest, Sha256};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::watch;
use tonic::Status;

/// How long an answer may wait for the picture of the market.
const WAIT_MAX: Duration = Duration::from_secs(3);

/// The market, and the position up to which it is known.
#[derive(Default)]
pub(crate) struct MarketView {
    folded: RwLock<(Market, u64)>,
    /// The position again, for those who wait for one.
    reached: watch::Sender<u64>,
    /// Whether it has come, since the start, to where the market was.
    whole: AtomicBool,
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

impl Referrals {
    /// Waits, not long, until all that has happened in the market is known here.
    pub(crate) async fn market_caught_up(&self) -> Result<(), Status> {
        let asked = self.exchange.head(LogId::region(Service::Vacancies));
        let head = tokio::time::timeout(WAIT_MAX, asked)
            .await
            .map_err(|_| unavailable("how far the market has come is not told at the moment: try again"))?;
        let head = head.map_err(|error| unavailable(format!("the market cannot be looked at: {error}")))?;
        if self.market.reaches(head, WAIT_MAX).await {
            return Ok(());
        }
        Err(unavailable("the market as it is known here lags behind: try again"))
    }

    /// For who looks at the whole market: after a start it is built anew, and an answer given meanwhile would leave homes out. Once it is
    /// whole it lags by moments, and nobody waits.
    pub(crate) async fn market_whole(&self) -> Result<(), Status> {
        if !self.market.whole.load(Ordering::Acquire) {
            self.market_caught_up().await?;
            self.market.whole.store(true, Ordering::Release);
        }
        Ok(())
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
