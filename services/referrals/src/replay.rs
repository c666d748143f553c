//! The market as it was: folded anew from the region's vacancies log, so that a search can be made again as of its instant.
//!
//! A few folds are kept, each where it came to: whoever explains one decision mostly explains the next, and goes on from there; two who look
//! at different days, or a page that goes back and forth between two searches, each find theirs as they left it. Whoever reads long of one
//! keeps it, and the others go on with a copy.

use crate::Referrals;
use care::Event;
use care::market::{Market, MarketEvent};
use eventlog::{LogId, Recorded, Service};
use matching::Index;
use service_kit::unavailable;
use std::fmt::Display;
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use tokio::sync::{Mutex, Semaphore};
use tonic::Status;

/// How long a caller waits for its turn.
const PATIENCE: Duration = Duration::from_secs(20);
/// How many events are read at a time.
const READ_EVENTS: usize = 1_000;
/// How many folds are kept, and how many callers go on at a time: each is a whole market in memory, and takes a core for seconds where it is
/// of years.
const FOLDS_MAX: usize = 3;

/// The market at a few positions.
pub(crate) struct Replay {
    /// As many as there may be folds, so that one is always free of callers.
    turns: Semaphore,
    /// The least recently used first.
    folds: std::sync::Mutex<Vec<Fold>>,
}

/// A fold, and the farthest position that a caller takes it to.
struct Fold {
    heading: u64,
    then: Standing,
}

/// The market where a fold stands; whoever reads it keeps it so.
type Standing = Arc<Mutex<Arc<Then>>>;

/// The market at a position, and what searches read of it.
#[derive(Clone)]
pub(crate) struct Then {
    pub(crate) market: Market,
    pub(crate) index: Index,
    position: u64,
}

impl Default for Replay {
    fn default() -> Self {
        Self { turns: Semaphore::new(FOLDS_MAX), folds: std::sync::Mutex::default() }
    }
}

impl Default for Then {
    fn default() -> Self {
        let market = Market::default();
        Self { index: Index::of(&market), market, position: 0 }
    }
}

fn cannot(error: &dyn Display) -> Status {
    unavailable(format!("the market of then cannot be read: {error}"))
}

fn busy<T>(_: T) -> Status {
    unavailable("others replay the market at the moment: ask again later")
}

impl Then {
    /// Goes on to a position. Where it stops half-way it stands where it came to.
    async fn go_on<E, F>(&mut self, position: u64, read: &impl Fn(u64, usize) -> F) -> Result<(), Status>
    where
        E: Display,
        F: Future<Output = Result<Vec<Arc<Recorded>>, E>>,
    {
        while self.position < position {
            let limit =
                usize::try_from(position - self.position).map_or(READ_EVENTS, |left| left.min(READ_EVENTS));
            let events = read(self.position, limit).await.map_err(|error| cannot(&error))?;
            if events.is_empty() {
                let end = self.position;
                return Err(cannot(&format!("its log ends at {end}, and not at {position} or later")));
            }
            for event in events {
                let decoded = MarketEvent::decode(&event.event_type, event.version, &event.payload);
                let decoded = decoded.map_err(|error| cannot(&error))?;
                self.market.evolve(&decoded);
                self.index.update(&self.market, &decoded);
                self.position = event.position;
            }
        }
        Ok(())
    }
}

impl Replay {
    /// The fold that is nearest before a position, or a new one in place of the least recently used. A caller has a turn.
    fn nearest(&self, position: u64) -> Standing {
        let mut folds = self.folds.lock().unwrap_or_else(PoisonError::into_inner);
        let before = folds.iter().enumerate().filter(|(_, it)| it.heading <= position);
        let nearest = before.max_by_key(|(_, it)| it.heading).map(|(i, _)| i);
        let then = match nearest.map(|i| folds.remove(i)) {
            Some(fold) => fold.then,
            None => {
                if folds.len() >= FOLDS_MAX {
                    let unused = folds.iter().position(|it| Arc::strong_count(&it.then) == 1);
                    folds.remove(unused.unwrap_or_default());
                }
                Arc::default()
            }
        };
        folds.push(Fold { heading: position, then: Arc::clone(&then) });
        then
    }

    /// Puts right where a fold is headed that turned out to stand elsewhere.
    fn head(&self, fold: &Standing, to: impl Fn(u64) -> u64) {
        let mut folds = self.folds.lock().unwrap_or_else(PoisonError::into_inner);
        let same = folds.iter_mut().filter(|it| Arc::ptr_eq(&it.then, fold));
        same.for_each(|it| it.heading = to(it.heading));
    }

    /// The market at a position; `read` gives so many events after another.
    async fn at<E, F>(&self, position: u64, read: impl Fn(u64, usize) -> F) -> Result<Arc<Then>, Status>
    where
        E: Display,
        F: Future<Output = Result<Vec<Arc<Recorded>>, E>>,
    {
        let turn = tokio::time::timeout(PATIENCE, self.turns.acquire()).await;
        let _turn = turn.map_err(busy)?.map_err(busy)?;
        loop {
            let fold = self.nearest(position);
            let mut then = tokio::time::timeout(PATIENCE, fold.lock()).await.map_err(busy)?;
            if then.position == position {
                return Ok(Arc::clone(&then));
            }
            if then.position < position {
                if let Err(error) = Arc::make_mut(&mut *then).go_on(position, &read).await {
                    self.head(&fold, |heading| if heading == position { then.position } else { heading });
                    return Err(error);
                }
                return Ok(Arc::clone(&then));
            }
            // Another who asked for a later position came first. Headed at least there, it is not found again.
            self.head(&fold, |heading| heading.max(then.position));
        }
    }
}

impl Referrals {
    /// The market as it was at a position. Who only looks lets go of it soon: while it is kept, its fold goes on with a copy.
    ///
    /// # Errors
    /// `UNAVAILABLE` when the market's log cannot be read, or ends before, or too many replay it at the moment.
    pub(crate) async fn market_at(&self, position: u64) -> Result<Arc<Then>, Status> {
        let source = LogId::region(Service::Vacancies);
        let read = |after, limit| self.exchange.fetch(source, after, limit);
        self.replay.at(position, read).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::market_view::tests::registered;
    use std::sync::atomic::{AtomicU64, Ordering};

    /// A replay of a log of that many events, and how many were read.
    struct Bench {
        replay: Replay,
        events: u64,
        read: AtomicU64,
    }

    impl Bench {
        fn of(events: u64) -> Self {
            Self { replay: Replay::default(), events, read: AtomicU64::new(0) }
        }

        /// How many providers are known at a position, and how many events were read for it.
        async fn ask(&self, position: u64) -> Result<(usize, u64), Status> {
            let before = self.read.load(Ordering::Relaxed);
            let read = |after: u64, limit: usize| {
                let last = self.events.min(after + u64::try_from(limit).unwrap());
                self.read.fetch_add(last.saturating_sub(after), Ordering::Relaxed);
                async move {
                    tokio::task::yield_now().await;
                    Ok::<Vec<_>, String>((after + 1..=last).map(registered).collect())
                }
            };
            let then = self.replay.at(position, read).await?;
            Ok((then.market.providers().count(), self.read.load(Ordering::Relaxed) - before))
        }
    }

    #[tokio::test]
    async fn positions_that_alternate_are_folded_once_each() {
        let bench = Bench::of(90);
        assert_eq!(bench.ask(30).await.unwrap(), (30, 30));
        assert_eq!(bench.ask(80).await.unwrap(), (80, 50), "it goes on from where it stands");
        assert_eq!(bench.ask(30).await.unwrap(), (30, 30), "what was gone on from is folded anew, once");
        assert_eq!(bench.ask(50).await.unwrap(), (50, 20));
        assert_eq!(bench.ask(30).await.unwrap(), (30, 30));
        for _ in 0..3 {
            for (position, known) in [(80, 80), (30, 30), (50, 50)] {
                assert_eq!(bench.ask(position).await.unwrap(), (known, 0), "position {position}");
            }
        }
    }

    #[tokio::test]
    async fn the_least_recently_used_gives_way_and_no_more_are_kept() {
        let bench = Bench::of(90);
        for position in [80, 60, 40, 80] {
            bench.ask(position).await.unwrap();
        }
        assert_eq!(bench.ask(20).await.unwrap(), (20, 20), "in place of 60");
        assert_eq!(bench.replay.folds.lock().unwrap().len(), FOLDS_MAX);
        assert_eq!(bench.ask(40).await.unwrap().1, 0);
        assert_eq!(bench.ask(80).await.unwrap().1, 0);
        assert_eq!(bench.ask(60).await.unwrap(), (60, 20), "on from 40");
    }

    #[tokio::test]
    async fn many_at_once_are_each_told_of_their_own_position() {
        let bench = Arc::new(Bench::of(90));
        let asked = (1..=60).map(|n| n * 37 % 90 + 1).map(|position| {
            let bench = Arc::clone(&bench);
            tokio::spawn(async move { (position, bench.ask(position).await.unwrap().0) })
        });
        for asked in asked.collect::<Vec<_>>() {
            let (position, known) = asked.await.unwrap();
            assert_eq!(u64::try_from(known).unwrap(), position);
        }
        assert!(bench.replay.folds.lock().unwrap().len() <= FOLDS_MAX);
    }

    #[tokio::test]
    async fn a_position_beyond_the_log_is_unavailable_and_spoils_nothing() {
        let bench = Bench::of(10);
        let refused = bench.ask(11).await.unwrap_err();
        assert_eq!(refused.code(), tonic::Code::Unavailable);
        assert_eq!(bench.ask(10).await.unwrap(), (10, 0));
    }
}
