//! What every request is held to, wherever it is noticed.

use std::time::Duration;

/// The largest message taken, in bytes.
pub const MESSAGE_BYTES_MAX: usize = 256 * 1024;
/// The most bytes that a request's headers may have together, 32 added for each, as HTTP/2 counts them. The transport answers what is larger by itself, with
/// HTTP status 431 and no reason, so this is far above what a token or a trace needs: a token that is too long is refused with one.
pub(crate) const HEADER_BYTES_MAX: u32 = 64 * 1024;
/// How long a request may take until its answer begins; awards wait up to 30 s for their outcome. The access layer keeps it, since a
/// timeout of the transport's own comes without a reason.
pub(crate) const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);
