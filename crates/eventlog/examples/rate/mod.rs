//! Calls a second, for `postgres_bench` and for what it is held against in `tests/peers`: one measure for all.

use std::time::{Duration, Instant};

/// How long it is measured.
pub(crate) const ROUND: Duration = Duration::from_secs(2);

/// How many calls a second `callers` make that each wait for an answer before the next.
pub(crate) async fn rate<F: Future<Output = ()> + Send>(
    callers: usize,
    call: impl Fn() -> F + Clone + Send + 'static,
) -> f64 {
    let begun = Instant::now();
    let calling = (0..callers).map(|_| {
        let call = call.clone();
        tokio::spawn(async move {
            let mut calls = 0_u32;
            while begun.elapsed() < ROUND {
                call().await;
                calls += 1;
            }
            calls
        })
    });
    let mut calls = 0;
    for caller in calling.collect::<Vec<_>>() {
        calls += caller.await.unwrap();
    }
    f64::from(calls) / begun.elapsed().as_secs_f64()
}
