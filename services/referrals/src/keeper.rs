//! Destroys providers' keys once it is recorded that they end, and records that where a day that was known before brings it about.
//!
//! Rights end in many places, in answers to requests and in reactions to other logs: whatever ended one, the key goes here. One that
//! outlives its event, because the service stopped in between, is destroyed when the desk is opened.

use crate::desk::Desk;
use care::{Date, Timestamp, london_date};
use engine::Context;
use referrals_domain::EndGrantKeys;
use service_kit::{Clock, last_instant};
use std::time::Duration;
use tokio::task::JoinHandle;

/// How long it waits before it tries again what failed.
const PATIENCE: Duration = Duration::from_secs(30);

/// A task about a desk's keys; it ends when this is dropped.
pub(crate) struct Keeper(JoinHandle<()>);

impl Keeper {
    /// Destroys what has ended. It writes nothing into the log.
    pub(crate) fn destroying(desk: Desk) -> Self {
        Self(tokio::spawn(async move {
            let mut heads = desk.engine.changes();
            // What ended before was destroyed when the desk was opened, or is looked at once more.
            let mut destroyed = 0;
            loop {
                // Before the look, so that nothing falls between it and the wait.
                heads.mark_unchanged();
                if !destroy(&desk, &mut destroyed).await {
                    tokio::time::sleep(PATIENCE).await;
                } else if heads.changed().await.is_err() {
                    return;
                }
            }
        }))
    }

    /// Records what ends with a day, when that day comes.
    pub(crate) fn ending(desk: Desk, clock: Clock) -> Self {
        Self(tokio::spawn(async move {
            let mut heads = desk.engine.changes();
            loop {
                heads.mark_unchanged();
                if !end_grants(&desk, clock.now()).await {
                    tokio::time::sleep(PATIENCE).await;
                    continue;
                }
                let next = desk.engine.read(|state| state.next_keys_ending().map(|(end, ..)| *end));
                tokio::select! {
                    changed = heads.changed() => if changed.is_err() { return },
                    () = comes(&clock, next) => {}
                }
            }
        }))
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Waits until a day has come; for ever where there is none.
async fn comes(clock: &Clock, day: Option<Date>) {
    match day.and_then(|day| day.yesterday().ok()) {
        Some(eve) => clock.passes(last_instant(eve)).await,
        None => std::future::pending().await,
    }
}

/// Records the end of the keys of grants whose last day has passed; gives whether that could be done.
pub(crate) async fn end_grants(desk: &Desk, at: Timestamp) -> bool {
    let today = london_date(at);
    let over = desk.engine.read(|state| {
        let over = state.keys_ending.iter().take_while(|(end, ..)| *end <= today);
        over.map(|(_, referral, provider)| (*referral, provider.clone())).collect::<Vec<_>>()
    });
    for (referral, provider) in over {
        let actor = "service:referrals".to_owned();
        let context = Context { actor, causation: None, correlation: None, at, request: None };
        let command = EndGrantKeys { referral, provider, at };
        if let Err(error) = desk.engine.execute(command.into(), context, |_, _| Vec::new()).await {
            tracing::error!(%referral, %error, "ALARM: that a provider's key ends could not be recorded");
            return false;
        }
    }
    true
}

/// Destroys what has ended since; gives whether that could be done.
async fn destroy(desk: &Desk, destroyed: &mut usize) -> bool {
    let ended = desk.engine.read(|state| {
        let new = state.destroyed_provider_keys.iter().skip(*destroyed);
        new.map(|(referral, key)| (*referral, key.name())).collect::<Vec<_>>()
    });
    let count = ended.len();
    match desk.vault.destroy(ended).await {
        Ok(()) => {
            *destroyed += count;
            true
        }
        Err(error) => {
            tracing::error!(council = %desk.vault.council(), %error, "ALARM: a key that was to be destroyed still exists");
            false
        }
    }
}
