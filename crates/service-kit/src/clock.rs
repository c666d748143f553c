//! The instant. Domains have no clock: it comes in with each command, from here.

use care::{Date, Timestamp, london_date};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// Tells the instant.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The machine's.
    System,
    /// One that stands still until it is set, in microseconds since 1970: for demos and tests, which live through months in
    /// seconds.
    Simulated(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands at `at`.
    #[must_use]
    pub fn simulated(at: Timestamp) -> Self {
        Self::Simulated(Arc::new(AtomicI64::new(at.as_microsecond())))
    }

    /// The instant, to the microsecond.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let microseconds = match self {
            Self::System => Timestamp::now().as_microsecond(),
            Self::Simulated(at) => at.load(Ordering::Acquire),
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
            now.fetch_max(at.as_microsecond(), Ordering::AcqRel);
        }
    }
}
