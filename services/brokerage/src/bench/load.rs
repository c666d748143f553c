//! A closed loop: a number of callers that each ask again as soon as they are answered.

use super::machine::cpu_ticks;
use serde::Serialize;
use std::future::Future;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// More connections than this bring a client in one process nothing.
const CONNECTIONS_MAX: usize = 8;

/// Microseconds of a hundredth of a second.
const US_PER_TICK: u64 = 10_000;

/// How hard and how long is asked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    pub(crate) callers: usize,
    /// Answers in this time are not counted.
    pub(crate) warm_up: Duration,
    pub(crate) measured: Duration,
}

impl Load {
    /// How many connections the callers share.
    pub(crate) fn connections(&self) -> usize {
        self.callers.min(CONNECTIONS_MAX)
    }
}

/// One of the callers.
pub(crate) trait Caller: Send + 'static {
    /// Asks once and waits for the answer. An error ends the measurement.
    fn call(&mut self) -> impl Future<Output = Result<(), String>> + Send;
}

/// What was found. Every caller waited for each of its answers; none was left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Measured {
    /// Answers per second.
    pub(crate) per_second: u64,
    /// Half of the answers took no longer, in microseconds.
    pub(crate) p50_us: u64,
    /// All but one in a hundred took no longer, in microseconds.
    pub(crate) p99_us: u64,
    /// What this process, so clients and servers together, used of the cores per answer, in microseconds; absent where the system does not
    /// say. Unlike the others it hardly depends on what else the machine does.
    pub(crate) cpu_us: Option<u64>,
}

/// Lets all callers ask until the time is over.
pub(crate) async fn measure<C: Caller>(load: Load, caller: impl Fn(usize) -> C) -> Result<Measured, String> {
    let begin = Instant::now() + load.warm_up;
    let end = begin + load.measured;
    let mut tasks = JoinSet::new();
    for number in 0..load.callers {
        tasks.spawn(ask_until(caller(number), begin, end));
    }
    tokio::time::sleep_until(begin.into()).await;
    let ticks_before = cpu_ticks();
    let mut latencies = Vec::new();
    while let Some(finished) = tasks.join_next().await {
        latencies.append(&mut finished.map_err(|error| error.to_string())??);
    }
    let ticks = cpu_ticks().zip(ticks_before).map(|(after, before)| after.saturating_sub(before));
    Ok(summarise(latencies, load.measured, ticks))
}

/// The latencies, in microseconds, of the answers that came between `begin` and `end`.
async fn ask_until(mut caller: impl Caller, begin: Instant, end: Instant) -> Result<Vec<u64>, String> {
    let mut latencies = Vec::new();
    loop {
        let asked = Instant::now();
        if asked >= end {
            return Ok(latencies);
        }
        caller.call().await?;
        let answered = Instant::now();
        if (begin..end).contains(&answered) {
            latencies.push(u64::try_from((answered - asked).as_micros()).unwrap_or(u64::MAX));
        }
    }
}

fn summarise(mut latencies: Vec<u64>, measured: Duration, ticks: Option<u64>) -> Measured {
    latencies.sort_unstable();
    let answers = u128::try_from(latencies.len()).unwrap_or(u128::MAX);
    let per_second = answers * 1_000 / measured.as_millis().max(1);
    // The nearest rank: the smallest latency that at least this share of the answers did not exceed.
    let percentile = |percent: usize| {
        let rank = (latencies.len() * percent).div_ceil(100);
        latencies.get(rank.saturating_sub(1)).copied().unwrap_or(0)
    };
    Measured {
        per_second: u64::try_from(per_second).unwrap_or(u64::MAX),
        p50_us: percentile(50),
        p99_us: percentile(99),
        cpu_us: ticks
            .and_then(|ticks| (ticks * US_PER_TICK).checked_div(u64::try_from(latencies.len()).ok()?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_the_nearest_rank() {
        let found = |latencies, seconds, ticks| {
            let measured = summarise(latencies, Duration::from_secs(seconds), ticks);
            (measured.per_second, measured.p50_us, measured.p99_us, measured.cpu_us)
        };
        assert_eq!(found((1..=200).rev().collect(), 2, Some(3)), (100, 100, 198, Some(150)));
        assert_eq!(found(vec![7], 1, None), (1, 7, 7, None));
        assert_eq!(found(Vec::new(), 1, Some(1)), (0, 0, 0, None));
    }

    struct Failing(u32);

    impl Caller for Failing {
        async fn call(&mut self) -> Result<(), String> {
            self.0 += 1;
            tokio::task::yield_now().await;
            if self.0 == 3 { Err("no more".to_owned()) } else { Ok(()) }
        }
    }

    #[tokio::test]
    async fn a_caller_that_fails_ends_the_measurement() {
        let load = Load { callers: 2, warm_up: Duration::ZERO, measured: Duration::from_secs(60) };
        assert_eq!(measure(load, |_| Failing(0)).await, Err("no more".to_owned()));
    }
}
