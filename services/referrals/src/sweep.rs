//! The sweep of what time alone brings about in a council's referrals: an invitation that is not answered in time, a step whose last offer ends.
//! The instant decides what has expired, recorded or not; the sweep records it, at once or, after a stop, when the service is back.

use care::Timestamp;
use engine::{Context, Engine};
use referrals_domain::{Referrals as Domain, SweepInvitations};
use service_kit::Clock;
use std::time::Duration;
use tokio::task::JoinHandle;

/// After how many events one command looks at no other referral, so that people's commands do not wait long behind it.
const BATCH_EVENTS_MAX: usize = 200;
/// After how long what could not be recorded is tried again.
const AGAIN: Duration = Duration::from_secs(30);
/// How long what else happens is waited for before the state is looked at again: many events at once are one look.
const PAUSE: Duration = Duration::from_millis(100);

/// The running sweeps of all councils; they end when this is dropped.
pub(crate) struct Sweepers(Vec<JoinHandle<()>>);

impl Sweepers {
    pub(crate) fn start(engines: impl Iterator<Item = Engine<Domain>>, clock: &Clock) -> Self {
        Self(engines.map(|engine| tokio::spawn(sweep_on(engine, clock.clone()))).collect())
    }
}

impl Drop for Sweepers {
    fn drop(&mut self) {
        self.0.iter().for_each(JoinHandle::abort);
    }
}

async fn sweep_on(engine: Engine<Domain>, clock: Clock) {
    let mut heads = engine.changes();
    loop {
        heads.mark_unchanged();
        let next = engine.read(referrals_domain::State::next_evidence);
        let due = async {
            match next {
                Some(next) => clock.passes(next).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = due => {
                if !sweep(&engine, clock.now()).await {
                    tokio::time::sleep(AGAIN).await;
                }
            }
            // Something else may be due sooner.
            changed = heads.changed() => {
                if changed.is_err() {
                    return;
                }
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// Records what time has brought about by `at`, batch after batch; says whether all of it was recorded.
pub(crate) async fn sweep(engine: &Engine<Domain>, at: Timestamp) -> bool {
    loop {
        let due = || engine.read(referrals_domain::State::next_evidence).filter(|next| *next < at);
        let Some(before) = due() else { return true };
        let head = engine.head();
        let context = Context {
            actor: "service:referrals".to_owned(),
            causation: None,
            correlation: None,
            at,
            request: None,
        };
        let command = SweepInvitations { limit: BATCH_EVENTS_MAX, at };
        if let Err(error) = engine.execute(command.into(), context, |_, _| Vec::new()).await {
            tracing::warn!(log = %engine.log_id(), %error, "what time brought about could not be recorded; it will be");
            return false;
        }
        if engine.head() == head && due() == Some(before) {
            tracing::warn!(log = %engine.log_id(), "something was due of which nothing was to be recorded");
            return false;
        }
    }
}
