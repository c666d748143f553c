//! Which instance of a service works while the others wait: a row that its holder renews, judged by the server's clock.
//!
//! A lease only says who should work. Nobody is safe by it, since whoever has it may be paused at any point and go on after it expired:
//! what keeps two from appending is the log's epoch.

use crate::log_id::LogId;
#[cfg(feature = "planted-defects")]
use crate::planted::{Planted, is_planted};
use crate::port::LogError;
use crate::postgres::rows::Fields;
use crate::postgres::session::{Server, Session};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{oneshot, watch};
use tokio::time::Instant;

/// For how long a lease is given. With the next two, a standby takes over within five seconds.
const LEASE_SECONDS: u64 = 3;
/// How often it is renewed.
const RENEW_MS: u64 = 1_000;
/// How often a standby asks for it.
const ASK_MS: u64 = 500;
/// Takes a lease that is free, has expired or is ours, all in one; no row if it is another's.
const TAKE: &str = "INSERT INTO brokerage.leases (owner, service, holder, expires_at) \
     VALUES ($1, $2, $3::text::uuid, clock_timestamp() + interval '3 seconds') ON CONFLICT (owner, service) DO UPDATE \
     SET holder = excluded.holder, expires_at = excluded.expires_at \
     WHERE leases.holder = excluded.holder OR leases.expires_at < clock_timestamp() RETURNING holder::text";
const GIVE_UP: &str =
    "DELETE FROM brokerage.leases WHERE owner = $1 AND service = $2 AND holder = $3::text::uuid";
/// A name for somebody new; and what a crash of the server forgets has only expired, so nobody waits for its disk.
const BEGIN: &str = "SELECT gen_random_uuid()::text, set_config('synchronous_commit', 'off', false)";

/// The right to work, renewed until it is dropped, which frees it at once.
pub struct Lease {
    lost: watch::Receiver<bool>,
    kept: oneshot::Sender<()>,
}

impl Lease {
    /// Waits until the lease is lost: the server could not be reached in time, or this process stood still for too long. Whoever worked
    /// by it stops then.
    pub async fn lost(&mut self) {
        // A renewal that has ended renews no more.
        let _ = self.lost.wait_for(|lost| *lost).await;
    }

    /// Frees it, and waits until the next may take it: a process that ended before would leave the next waiting until it expires.
    pub async fn give_up(self) {
        let Self { mut lost, kept } = self;
        drop(kept);
        let _ = lost.wait_for(|lost| *lost).await;
    }
}

/// Asks until the lease is ours.
pub(super) async fn wait(server: Arc<Server>, name: LogId) -> Lease {
    let mut asking = Asking { server, name, session: None, holder: None };
    loop {
        let asked = Instant::now();
        match asking.take().await {
            Ok(true) => return keep(asking, asked),
            Ok(false) => {}
            Err(error) => tracing::warn!(lease = %name, %error, "the lease cannot be asked for"),
        }
        tokio::time::sleep(Duration::from_millis(ASK_MS)).await;
    }
}

fn keep(mut asking: Asking, taken: Instant) -> Lease {
    let (kept, dropped) = oneshot::channel();
    let (lost_sender, lost) = watch::channel(false);
    tokio::spawn(async move {
        tokio::select! {
            () = asking.renew(taken) => {
                #[cfg(feature = "planted-defects")]
                if is_planted(Planted::LeaseNotNoticed, asking.name) {
                    std::future::pending::<()>().await;
                }
                tracing::error!(lease = %asking.name, "the lease is lost");
            }
            _ = dropped => asking.give_up().await,
        }
        lost_sender.send_replace(true);
    });
    Lease { lost, kept }
}

/// Somebody who wants or has a lease.
struct Asking {
    server: Arc<Server>,
    name: LogId,
    session: Option<Session>,
    /// Who that is, the same over all its sessions.
    holder: Option<String>,
}

impl Asking {
    /// Takes or renews the lease; false if another has it.
    async fn take(&mut self) -> Result<bool, LogError> {
        // One whose answer does not come is not asked again.
        let mut session = match self.session.take() {
            Some(session) => session,
            None => self.begin().await?,
        };
        let holder = self.holder.clone().unwrap_or_default();
        let (owner, service) = (self.name.owner.to_string(), self.name.service.name());
        let taken = session.query(TAKE, &[&owner, &service, &holder]).await?;
        self.session = Some(session);
        Ok(!taken.is_empty())
    }

    async fn begin(&mut self) -> Result<Session, LogError> {
        let mut session = self.server.connect(self.name.owner, &format!("lease {}", self.name)).await?;
        let named = session.query_one(BEGIN, &[]).await?;
        if self.holder.is_none() {
            self.holder = Some(Fields { place: &self.server.place, row: &named }.get(0)?);
        }
        Ok(session)
    }

    /// Renews until the lease is lost.
    async fn renew(&mut self, mut taken: Instant) {
        loop {
            tokio::time::sleep(Duration::from_millis(RENEW_MS)).await;
            let asked = Instant::now();
            // Counted from before it was asked for: by the server's clock it runs at least as long.
            let left = (taken + Duration::from_secs(LEASE_SECONDS)).saturating_duration_since(asked);
            match tokio::time::timeout(left, self.take()).await {
                Ok(Ok(true)) => taken = asked,
                // Another has it, or it is over before an answer came.
                Ok(Ok(false)) | Err(_) => return,
                // A server that takes no connection gives it to nobody else either; once it does, this one is judged.
                Ok(Err(error)) => tracing::warn!(lease = %self.name, %error, "the lease was not renewed"),
            }
        }
    }

    async fn give_up(&mut self) {
        let (Some(session), Some(holder)) = (&mut self.session, &self.holder) else { return };
        let (owner, service) = (self.name.owner.to_string(), self.name.service.name());
        // If it fails, the lease expires.
        let _ = session.query(GIVE_UP, &[&owner, &service, holder]).await;
    }
}
