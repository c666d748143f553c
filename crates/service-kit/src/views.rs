//! Views of other services' logs, which are built anew at each start: whoever reads one waits, not long, until it is whole.

use crate::errors::unavailable;
use eventlog::LogId;
use exchange::Exchange;
use std::time::Duration;
use tokio::sync::watch;
use tonic::Status;

/// How long an answer may wait for a view.
const WAIT_MAX: Duration = Duration::from_secs(3);

/// Waits until a view has come to a position, for `patience` at most, and says whether it has.
async fn reaches(reached: &watch::Sender<u64>, position: u64, patience: Duration) -> bool {
    let mut reached = reached.subscribe();
    let there = reached.wait_for(|reached| *reached >= position);
    tokio::time::timeout(patience, there).await.is_ok_and(|there| there.is_ok())
}

/// Waits, not long, until a view of another log (`what` it shows, in words) has come to where that log is.
///
/// # Errors
/// When it has not, or how far the log has come is not told.
pub async fn caught_up(
    exchange: &dyn Exchange,
    source: LogId,
    reached: &watch::Sender<u64>,
    what: &str,
) -> Result<(), Status> {
    let head = tokio::time::timeout(WAIT_MAX, exchange.head(source))
        .await
        .map_err(|_| unavailable(format!("how far {what} has come is not told at the moment: try again")))?;
    let head = head.map_err(|error| unavailable(format!("{what} cannot be looked at: {error}")))?;
    if reaches(reached, head, WAIT_MAX).await {
        return Ok(());
    }
    Err(unavailable(format!("{what} as it is known here lags behind: try again")))
}
