//! The market as searches see it: a fold of the region's vacancies log, kept in memory. Of a long log a snapshot is kept beside the
//! service's dead letters, which have no use of their own for one.
//!
//! It cannot leave an event out and be the market still, so an event that it cannot read is not parked: the view stops there, with an
//! alarm, until a newer program reads it.

use crate::Referrals;
use async_trait::async_trait;
use care::Event;
use care::market::{Market, MarketEvent};
use engine::snapshot;
use eventlog::{EventLog, LogId, Recorded, Service};
use exchange::{Reaction, ReactionError};
use matching::Index;
use service_kit::caught_up;
use sha2::{Digest, Sha256};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::watch;
use tonic::Status;

/// What the snapshot is kept under.
const SNAPSHOT: &str = "market";
/// How many events may lie between two of them.
const SNAPSHOT_EVENTS: u64 = 20_000;

/// The market up to a position.
struct Folded {
    market: Market,
    /// What searches read of it.
    index: Index,
    position: u64,
}

/// The market, and the position up to which it is known.
pub(crate) struct MarketView {
    /// Where the snapshot is kept.
    beside: Arc<dyn EventLog>,
    /// Up to where it was kept last.
    kept: AtomicU64,
    folded: RwLock<Folded>,
    /// The position again, for those who wait for one.
    reached: watch::Sender<u64>,
    /// Whether it has come, since the start, to where the market was.
    whole: AtomicBool,
}

impl MarketView {
    /// The market as it was kept beside this log, or an empty one.
    pub(crate) async fn open(beside: Arc<dyn EventLog>) -> Self {
        let (market, position): (Market, u64) =
            snapshot::load_view(&*beside, SNAPSHOT).await.unwrap_or_default();
        let index = Index::of(&market);
        Self {
            beside,
            kept: AtomicU64::new(position),
            reached: watch::Sender::new(position),
            folded: RwLock::new(Folded { market, index, position }),
            whole: AtomicBool::new(false),
        }
    }

    /// Keeps the market now and then. It is a cache: nobody waits for it.
    fn keep(&self, market: &Market, position: u64) {
        if position < self.kept.load(Ordering::Relaxed) + SNAPSHOT_EVENTS {
            return;
        }
        self.kept.store(position, Ordering::Relaxed);
        if let Some(snapshot) = snapshot::view(market, position) {
            let beside = Arc::clone(&self.beside);
            tokio::spawn(async move {
                if let Err(error) = beside.save_snapshot(SNAPSHOT, snapshot).await {
                    tracing::warn!(log = %beside.id(), %error, "the market's snapshot was not kept");
                }
            });
        }
    }

    /// Looks at the market and the position it stands at.
    pub(crate) fn read<R>(&self, look: impl FnOnce(&Market, u64) -> R) -> R {
        let folded = self.folded.read().unwrap_or_else(PoisonError::into_inner);
        look(&folded.market, folded.position)
    }

    /// Looks at what searches read of the market, at the market and at the position that both stand at.
    pub(crate) fn search<R>(&self, look: impl FnOnce(&Index, &Market, u64) -> R) -> R {
        let folded = self.folded.read().unwrap_or_else(PoisonError::into_inner);
        look(&folded.index, &folded.market, folded.position)
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
        caught_up(&*self.exchange, LogId::region(Service::Vacancies), &self.market.reached, "the market")
            .await
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
        let folded = &mut *folded;
        for event in events.iter().skip_while(|event| event.position <= folded.position).collect::<Vec<_>>() {
            let decoded = MarketEvent::decode(&event.event_type, event.version, &event.payload)
                .map_err(|error| ReactionError::Stuck(format!("{}: {error}", event.reference())))?;
            folded.market.evolve(&decoded);
            folded.index.update(&folded.market, &decoded);
            folded.position = event.position;
        }
        self.reached.send_replace(folded.position);
        self.keep(&folded.market, folded.position);
        Ok(())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use care::{StreamId, Timestamp};
    use eventlog::sqlite::SqliteStore;
    use eventlog::{LogStore, Meta};

    const MARKET: LogId = LogId::region(Service::Vacancies);

    pub(crate) fn registered(position: u64) -> Arc<Recorded> {
        let payload = format!(
            r#"{{"provider":"p{}","name":"Simulated {position}","at":"2026-01-05T10:00:00Z"}}"#,
            position % 100
        );
        let meta = Meta {
            actor: "test".into(),
            causation: None,
            correlation: None,
            recorded_at: Timestamp::UNIX_EPOCH,
        };
        Arc::new(Recorded {
            log: MARKET,
            position,
            stream: StreamId::new("provider", position % 100),
            stream_version: 1,
            event_type: "ProviderRegistered".into(),
            version: 1,
            payload: payload.into_bytes(),
            effective: None,
            council: None,
            meta,
        })
    }

    #[tokio::test]
    async fn a_long_log_is_gone_on_with_from_a_snapshot_and_comes_to_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(folder.path()).unwrap();
        let beside = store.open(LogId::dead_letters(Service::Referrals)).await.unwrap();
        let events: Vec<_> = (1..=SNAPSHOT_EVENTS + 500).map(registered).collect();
        let first = MarketView::open(Arc::clone(&beside)).await;
        assert_eq!(first.position(MARKET), 0);
        for batch in events.chunks(1_000) {
            first.consume(MARKET, batch).await.unwrap();
        }
        let second = loop {
            let second = MarketView::open(Arc::clone(&beside)).await;
            if second.position(MARKET) > 0 {
                break second;
            }
            tokio::task::yield_now().await;
        };
        assert!(second.position(MARKET) >= SNAPSHOT_EVENTS);
        assert!(*second.reached.borrow() >= SNAPSHOT_EVENTS);
        let more = &events[usize::try_from(second.position(MARKET)).unwrap()..];
        second.consume(MARKET, more).await.unwrap();
        assert_eq!(second.digest(), first.digest());
    }
}
