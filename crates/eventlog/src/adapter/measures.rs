//! What appending costs, measured for all logs of a process together; and whether a log can be appended to.

use crate::port::LogError;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What appending costs.
#[derive(Debug, Clone)]
pub struct Appends {
    /// From when a batch was collected until it was durable, in seconds.
    pub seconds: Histogram,
    /// How many entries shared a commit.
    pub batch_entries: Histogram,
    /// How many entries were refused because the log could not be written.
    pub failures: Counter,
}

static APPENDS: LazyLock<Appends> = LazyLock::new(|| Appends {
    // From a tenth of a millisecond to six seconds.
    seconds: Histogram::new(exponential_buckets(0.000_1, 2.0, 17)),
    batch_entries: Histogram::new(exponential_buckets(1.0, 2.0, 10)),
    failures: Counter::default(),
});

impl Appends {
    /// Those of this process.
    #[must_use]
    pub fn of_process() -> &'static Self {
        &APPENDS
    }

    /// Notes a batch that was committed.
    pub(crate) fn committed(entries: usize, collected: Instant) {
        APPENDS.seconds.observe(collected.elapsed().as_secs_f64());
        let entries = u32::try_from(entries).unwrap_or(u32::MAX);
        APPENDS.batch_entries.observe(entries.into());
    }
}

/// How long an append that failed is held against a log: then it may be tried again by whoever was kept away from it.
const HELD: Duration = Duration::from_secs(30);

/// The last append of a log that failed, if none has gone well since. Its writer notes it, and who looks after the process asks.
#[derive(Debug, Clone, Default)]
pub(crate) struct Trouble(Arc<Mutex<Option<(Instant, LogError)>>>);

impl Trouble {
    /// What became of a batch of so many entries.
    pub(crate) fn note<T>(&self, outcome: &Result<T, LogError>, entries: usize) {
        let trouble = outcome.as_ref().err().map(|error| (Instant::now(), error.clone()));
        if trouble.is_some() {
            APPENDS.failures.inc_by(u64::try_from(entries).unwrap_or(u64::MAX));
        }
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
    }

    /// Why the last append failed, if that was lately.
    pub(crate) fn lately(&self) -> Option<LogError> {
        let trouble = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        trouble.as_ref().filter(|(at, _)| at.elapsed() < HELD).map(|(_, error)| error.clone())
    }
}
