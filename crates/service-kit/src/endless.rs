//! Calls that have no end of their own: how many there may be at once, and how they end when the service does.

use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

/// The endless calls of one kind.
pub struct Endless {
    permits: Arc<Semaphore>,
    /// True once they are to end.
    ending: watch::Sender<bool>,
}

impl Endless {
    /// So many at once.
    #[must_use]
    pub fn at_most(calls: usize) -> Self {
        Self { permits: Arc::new(Semaphore::new(calls)), ending: watch::Sender::new(false) }
    }

    /// Room for one more, which is free again when what this gives is dropped; none while there are too many.
    #[must_use]
    pub fn admit(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.permits).try_acquire_owned().ok()
    }

    /// Ends every call, now and from now on, so that a server can stop without waiting for them.
    pub fn end(&self) {
        self.ending.send_replace(true);
    }

    /// True once they are to end.
    #[must_use]
    pub fn ending(&self) -> watch::Receiver<bool> {
        self.ending.subscribe()
    }
}
