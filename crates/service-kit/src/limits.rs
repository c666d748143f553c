//! What every request is held to, wherever it is noticed.

use std::time::Duration;

/// The largest message taken, in bytes.
pub const MESSAGE_BYTES_MAX: usize = 256 * 1024;
/// How long a request may take until its answer begins; awards wait up to 30 s for their outcome. The access layer keeps it, since a
/// timeout of the transport's own comes without a reason.
pub(crate) const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);
