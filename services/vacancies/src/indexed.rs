//! What searches read of the market, brought up to date when one is asked.
//!
//! It is derived from the committed state, and the log says which parts of it have changed since.

use crate::Vacancies;
use care::Event;
use care::market::{Market, MarketEvent};
use matching::Index;
use service_kit::unavailable;
use std::sync::PoisonError;
use tonic::Status;

/// After more events than these the market is indexed anew, which takes no longer.
const EVENTS_MAX: u64 = 5_000;
/// Events that are read of the log at a time.
const READ_EVENTS: usize = 1_000;

/// The index, and the position of the market that it stands at; nothing at first.
#[derive(Default)]
pub(crate) struct Indexed {
    index: Option<Index>,
    position: u64,
}

impl Vacancies {
    /// Looks at the index of the committed market as it is now, at the market, and at the position that both stand at.
    ///
    /// # Errors
    /// `UNAVAILABLE` when the log cannot be read.
    pub(crate) async fn indexed<R>(&self, look: impl FnOnce(&Index, &Market, u64) -> R) -> Result<R, Status> {
        let mut look = Some(look);
        loop {
            let events = self.news().await?;
            // Neither the market nor the index changes meanwhile.
            let looked = self.market.read_at(|market, head| {
                let mut indexed = self.indexed.lock().unwrap_or_else(PoisonError::into_inner);
                let it = &mut *indexed;
                let index = match &mut it.index {
                    Some(index) => index,
                    stale => {
                        it.position = head;
                        stale.insert(Index::of(market))
                    }
                };
                for (position, event) in &events {
                    if it.position < *position && *position <= head {
                        index.update(market, event);
                        it.position = *position;
                    }
                }
                // Events that were committed after the log was read are read next time.
                if it.position < head { None } else { look.take().map(|look| look(index, market, head)) }
            });
            if let Some(looked) = looked {
                return Ok(looked);
            }
        }
    }

    /// The market's events since the index was brought up to date; none while there is no index.
    async fn news(&self) -> Result<Vec<(u64, MarketEvent)>, Status> {
        let head = self.market.head();
        let after = {
            let mut indexed = self.indexed.lock().unwrap_or_else(PoisonError::into_inner);
            let behind = head.saturating_sub(indexed.position);
            indexed.index.take_if(|_| behind > EVENTS_MAX);
            indexed.index.is_some().then_some(indexed.position)
        };
        let Some(after) = after.filter(|after| *after < head) else { return Ok(Vec::new()) };
        let cannot =
            |error: &dyn std::fmt::Display| unavailable(format!("the market cannot be read: {error}"));
        let events = self.market.log().read(after, READ_EVENTS).await.map_err(|error| cannot(&error))?;
        let decode = |event: &std::sync::Arc<eventlog::Recorded>| {
            let decoded = MarketEvent::decode(&event.event_type, event.version, &event.payload);
            decoded.map(|decoded| (event.position, decoded)).map_err(|error| cannot(&error))
        };
        events.iter().map(decode).collect()
    }
}
