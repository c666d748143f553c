//! The instant. Domains have no clock: it comes in with each command, from here.

use care::{Date, Timestamp, london_date};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// After how long a wait looks at the machine's clock again at the latest, which somebody may have set.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

/// Tells the instant.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The machine's.
    System,
    /// One that stands still until it is set, in microseconds since 1970: for demos and tests, which live through months in
    /// seconds.
    Simulated(Arc<watch::Sender<i64>>),
}

impl Clock {
    /// A clock that stands at `at`.
    #[must_use]
    pub fn simulated(at: Timestamp) -> Self {
        Self::Simulated(Arc::new(watch::Sender::new(at.as_microsecond())))
    }

    /// The instant, to the microsecond.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let microseconds = match self {
            Self::System => Timestamp::now().as_microsecond(),
            Self::Simulated(at) => *at.borrow(),
        };
        // It was a timestamp before, so it is one again.
        Timestamp::from_microsecond(microseconds).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// Today in England.
    #[must_use]
    pub fn today(&self) -> Date {
        london_date(self.now())
    }

    /// Moves a simulated clock on, never back; the machine's own is left alone.
    pub fn advance_to(&self, at: Timestamp) {
        if let Self::Simulated(now) = self {
            let at = at.as_microsecond();
            now.send_if_modified(|now| {
                let later = at > *now;
                *now = at.max(*now);
                later
            });
        }
    }

    /// Waits until an instant has passed.
    pub async fn passes(&self, at: Timestamp) {
        match self {
            Self::System => loop {
                let left = at.duration_since(self.now());
                let Ok(left) = Duration::try_from(left) else { return };
                // What is left of a millisecond is waited for too, and the instant itself has to pass.
                tokio::time::sleep(left.min(LOOK_AGAIN) + Duration::from_millis(1)).await;
            },
            Self::Simulated(now) => {
                // The sender is held here, so that there is always another value to wait for.
                let _ = now.subscribe().wait_for(|now| *now > at.as_microsecond()).await;
            }
        }
    }
}

/// The last instant of a day in England; with the calendar's last day there is none, and nothing passes.
#[must_use]
pub fn last_instant(day: Date) -> Timestamp {
    let morning = day.tomorrow().and_then(|day| day.in_tz("Europe/London"));
    morning.map_or(Timestamp::MAX, |morning| {
        Timestamp::from_microsecond(morning.timestamp().as_microsecond() - 1).unwrap_or(Timestamp::MAX)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::SignedDuration;

    #[tokio::test]
    async fn an_instant_passes_when_the_clock_is_moved_beyond_it() {
        let at = Timestamp::UNIX_EPOCH;
        let clock = Clock::simulated(at);
        let passes = |at| tokio::time::timeout(Duration::from_millis(20), clock.passes(at));
        assert!(passes(at).await.is_err(), "it has come and not passed");
        clock.advance_to(at + SignedDuration::from_secs(5));
        clock.advance_to(at);
        assert_eq!(clock.now(), at + SignedDuration::from_secs(5), "never back");
        assert!(passes(at).await.is_ok());
        let ahead = at + SignedDuration::from_secs(9);
        let moved = async {
            tokio::task::yield_now().await;
            clock.advance_to(ahead + SignedDuration::from_micros(1));
        };
        let (passed, ()) = tokio::join!(passes(ahead), moved);
        assert!(passed.is_ok());
    }

    #[tokio::test]
    async fn the_machines_clock_is_waited_for_no_shorter_than_it_takes() {
        let at = Clock::System.now() + SignedDuration::from_millis(30);
        Clock::System.passes(at).await;
        assert!(Clock::System.now() > at);
        Clock::System.passes(Timestamp::UNIX_EPOCH).await;
    }
}
