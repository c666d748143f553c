//! The market as it was: folded anew from the region's vacancies log, so that a search can be made again as of its instant.
//!
//! The fold that was made last is kept, since whoever explains one decision mostly explains the next: from there on it goes on. Whoever reads
//! long of one keeps it, and the others go on with a copy.

use crate::Referrals;
use care::Event;
use care::market::{Market, MarketEvent};
use eventlog::{LogId, Service};
use matching::Index;
use service_kit::unavailable;
use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tonic::Status;

/// How long a caller waits for its turn.
const PATIENCE: Duration = Duration::from_secs(20);
/// How many events are read at a time.
const READ_EVENTS: usize = 1_000;

/// The market at some position. One caller at a time: a fold of years takes a core for seconds.
#[derive(Default)]
pub(crate) struct Replay {
    last: Mutex<Arc<Then>>,
}

/// The market at a position, and what searches read of it.
#[derive(Clone)]
pub(crate) struct Then {
    pub(crate) market: Market,
    pub(crate) index: Index,
    position: u64,
}

impl Default for Then {
    fn default() -> Self {
        let market = Market::default();
        Self { index: Index::of(&market), market, position: 0 }
    }
}

impl Referrals {
    /// The market as it was at a position. Who only looks lets go of it soon: while it is kept, another position is folded on a copy.
    ///
    /// # Errors
    /// `UNAVAILABLE` when the market's log cannot be read, or ends before.
    pub(crate) async fn market_at(&self, position: u64) -> Result<Arc<Then>, Status> {
        let waited = tokio::time::timeout(PATIENCE, self.replay.last.lock()).await;
        let mut last =
            waited.map_err(|_| unavailable("others replay the market at the moment: ask again later"))?;
        if last.position > position {
            *last = Arc::default();
        }
        let source = LogId::region(Service::Vacancies);
        let cannot = |error: &dyn Display| unavailable(format!("the market of then cannot be read: {error}"));
        while last.position < position {
            let end = last.position;
            let limit = usize::try_from(position - end).map_or(READ_EVENTS, |left| left.min(READ_EVENTS));
            let events = self.exchange.fetch(source, end, limit).await.map_err(|error| cannot(&error))?;
            if events.is_empty() {
                return Err(cannot(&format!("its log ends at {end}, and not at {position} or later")));
            }
            let then = Arc::make_mut(&mut *last);
            for event in events {
                let decoded = MarketEvent::decode(&event.event_type, event.version, &event.payload);
                let decoded = decoded.map_err(|error| cannot(&error))?;
                then.market.evolve(&decoded);
                then.index.update(&then.market, &decoded);
                then.position = event.position;
            }
        }
        Ok(Arc::clone(&last))
    }
}
