//! The market as it was: folded anew from the region's vacancies log, so that a search can be made again as of its instant.
//!
//! The fold that was made last is kept, since whoever explains one decision mostly explains the next: from there on it goes on.

use crate::Referrals;
use care::Event;
use care::market::{Market, MarketEvent};
use eventlog::{LogId, Service};
use matching::Index;
use service_kit::unavailable;
use std::fmt::Display;
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
    last: Mutex<Then>,
}

struct Then {
    market: Market,
    index: Index,
    position: u64,
}

impl Default for Then {
    fn default() -> Self {
        let market = Market::default();
        Self { index: Index::of(&market), market, position: 0 }
    }
}

impl Referrals {
    /// Looks at the market as it was at a position, and at what searches read of it.
    ///
    /// # Errors
    /// `UNAVAILABLE` when the market's log cannot be read, or ends before.
    pub(crate) async fn market_at<R>(
        &self,
        position: u64,
        look: impl FnOnce(&Index, &Market) -> R,
    ) -> Result<R, Status> {
        let waited = tokio::time::timeout(PATIENCE, self.replay.last.lock()).await;
        let mut last =
            waited.map_err(|_| unavailable("others replay the market at the moment: ask again later"))?;
        let then = &mut *last;
        if then.position > position {
            *then = Then::default();
        }
        let source = LogId::region(Service::Vacancies);
        let cannot = |error: &dyn Display| unavailable(format!("the market of then cannot be read: {error}"));
        while then.position < position {
            let limit =
                usize::try_from(position - then.position).map_or(READ_EVENTS, |left| left.min(READ_EVENTS));
            let events =
                self.exchange.fetch(source, then.position, limit).await.map_err(|error| cannot(&error))?;
            if events.is_empty() {
                let end = then.position;
                return Err(cannot(&format!("its log ends at {end}, and not at {position} or later")));
            }
            for event in events {
                let decoded = MarketEvent::decode(&event.event_type, event.version, &event.payload);
                let decoded = decoded.map_err(|error| cannot(&error))?;
                then.market.evolve(&decoded);
                then.index.update(&then.market, &decoded);
                then.position = event.position;
            }
        }
        Ok(look(&then.index, &then.market))
    }
}
