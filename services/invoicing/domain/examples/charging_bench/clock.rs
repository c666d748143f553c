//! Times as the benchmark takes them.

use std::time::{Duration, Instant};

/// Time on the clock, and of the processor where the system tells: on a busy machine the two differ.
#[derive(Clone, Copy)]
pub(crate) struct Now(Instant, Option<Duration>);

pub(crate) fn now() -> Now {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanos = told.and_then(|told| told.split_whitespace().next()?.parse().ok());
    Now(Instant::now(), nanos.map(Duration::from_nanos))
}

#[derive(Clone, Copy, Default)]
pub(crate) struct Took {
    pub(crate) clock: Duration,
    pub(crate) processor: Duration,
}

impl Took {
    pub(crate) fn add(&mut self, since: Now) {
        let now = now();
        self.clock += now.0 - since.0;
        self.processor += now.1.zip(since.1).map_or(now.0 - since.0, |(now, then)| now - then);
    }

    pub(crate) fn and(self, other: Self) -> Self {
        Self { clock: self.clock + other.clock, processor: self.processor + other.processor }
    }
}
