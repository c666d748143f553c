//! The sweep of what time alone brings about. A hold is gone the instant its lease ends, recorded or not; the sweep records it, so that
//! followers and the audit see it without waiting for the next command on the place. And it asks the providers of stale vacancies whether
//! they still hold, and unlists those of which it hears nothing; these are done when they are recorded, and not before.

use care::Timestamp;
use engine::{Context, Engine};
use service_kit::Clock;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};
use vacancies_domain::{Command, Vacancies as Market};

/// How often it looks; a lease that ends is recorded at once.
const EVERY: Duration = Duration::from_secs(30);
/// How many places one command records something of at most, so that councils' commands do not wait long behind it.
const BATCH_PLACES_MAX: usize = 200;

/// The running sweep; it ends when this is dropped.
pub(crate) struct Sweeper(JoinHandle<()>);

impl Sweeper {
    pub(crate) fn start(market: Engine<Market>, clock: Clock) -> Self {
        Self(tokio::spawn(async move {
            let mut ticks = interval(EVERY);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            let mut heads = market.changes();
            loop {
                heads.mark_unchanged();
                let next = market.read(care::market::Market::next_lease_end);
                let lease_ends = async {
                    match next {
                        Some(next) => clock.passes(next).await,
                        None => std::future::pending().await,
                    }
                };
                tokio::select! {
                    _ = ticks.tick() => {}
                    () = lease_ends => {}
                    // Another lease may end sooner.
                    changed = heads.changed() => match changed {
                        Ok(()) => continue,
                        Err(_) => return,
                    },
                }
                if sweep(&market, clock.now()).await == 0 && next.is_some_and(|next| next <= clock.now()) {
                    // It could not be recorded: not at once again.
                    ticks.tick().await;
                }
            }
        }))
    }
}

impl Drop for Sweeper {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Records the leases that ended by `at`, and what is to be asked or unlisted by then; gives of how many places.
pub(crate) async fn sweep(market: &Engine<Market>, at: Timestamp) -> usize {
    let limit = BATCH_PLACES_MAX;
    let ended = || market.read(|state| state.leases_ended(at).take(limit).count());
    let leases = batches(market, at, &Command::SweepExpiredHolds { at, limit }, ended).await;
    let unheard = || market.read(|state| state.unheard_by(at).take(limit).count());
    leases + batches(market, at, &Command::SweepStaleVacancies { at, limit }, unheard).await
}

/// Gives a command batch after batch until `next`, the size of the next one, is 0; gives of how many places something was recorded.
async fn batches(
    market: &Engine<Market>,
    at: Timestamp,
    command: &Command,
    next: impl Fn() -> usize,
) -> usize {
    let mut recorded = 0;
    loop {
        let batch = next();
        if batch == 0 {
            return recorded;
        }
        let context = Context {
            actor: "service:vacancies".to_owned(),
            causation: None,
            correlation: None,
            at,
            request: None,
        };
        if let Err(error) = market.execute(command.clone(), context, |_, _| Vec::new()).await {
            tracing::warn!(%error, "what time brought about could not be recorded; it will be at the next sweep");
            return recorded;
        }
        recorded += batch;
    }
}
