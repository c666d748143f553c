//! What appending costs, measured for all logs of a process together.

use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use std::sync::LazyLock;
use std::time::Instant;

/// What appending costs.
#[derive(Debug, Clone)]
pub struct Appends {
    /// From when a batch was collected until it was durable, in seconds.
    pub seconds: Histogram,
    /// How many entries shared a commit.
    pub batch_entries: Histogram,
}

static APPENDS: LazyLock<Appends> = LazyLock::new(|| Appends {
    // From a tenth of a millisecond to six seconds.
    seconds: Histogram::new(exponential_buckets(0.000_1, 2.0, 17)),
    batch_entries: Histogram::new(exponential_buckets(1.0, 2.0, 10)),
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
