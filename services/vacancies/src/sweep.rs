//! The sweep of ended leases. A hold is gone the instant its lease ends, recorded or not; the sweep records it, so that
//! followers and the audit see it without waiting for the next command on the place.

use care::Timestamp;
use engine::{Context, Engine};
use service_kit::Clock;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};
use vacancies_domain::{Command, Vacancies as Market};

/// How often leases are looked at.
const EVERY: Duration = Duration::from_secs(30);
/// How many ended leases one command records at most, so that councils' commands do not wait long behind it.
const BATCH_HOLDS_MAX: usize = 200;

/// The running sweep; it ends when this is dropped.
pub(crate) struct Sweeper(JoinHandle<()>);

impl Sweeper {
    pub(crate) fn start(market: Engine<Market>, clock: Clock) -> Self {
        Self(tokio::spawn(async move {
            let mut ticks = interval(EVERY);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                ticks.tick().await;
                sweep(&market, clock.now()).await;
            }
        }))
    }
}

impl Drop for Sweeper {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Records the leases that ended by `at`, batch after batch; gives how many.
pub(crate) async fn sweep(market: &Engine<Market>, at: Timestamp) -> usize {
    let ended = || market.read(|state| state.leases_ended(at).count());
    let mut recorded = 0;
    loop {
        let before = ended();
        if before == 0 {
            return recorded;
        }
        let context = Context {
            actor: "service:vacancies".to_owned(),
            causation: None,
            correlation: None,
            at,
            request: None,
        };
        let command = Command::SweepExpiredHolds { at, limit: BATCH_HOLDS_MAX };
        if let Err(error) = market.execute(command, context, |_, _| Vec::new()).await {
            tracing::warn!(%error, "ended leases could not be recorded; they will be at the next sweep");
            return recorded;
        }
        recorded += before.min(BATCH_HOLDS_MAX);
    }
}
