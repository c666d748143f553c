//! Calls that have no end of their own: how many there may be at once, how many of one caller's, and how they end when the service does.

use crate::errors::refused;
use crate::principal::Caller;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Status};

/// How many messages are on their way to a caller; the rest waits where it comes from.
const SENDING_MAX: usize = 64;

/// What an endless call is answered with.
pub type Told<T> = ReceiverStream<Result<T, Status>>;

/// Where it is told. It ends the call with the stream of whoever has gone away, so that what comes of a send need not be looked at.
pub type Teller<T> = mpsc::Sender<Result<T, Status>>;

/// The endless calls of one kind.
pub struct Endless {
    admitted: Arc<Admitted>,
    /// True once they are to end.
    ending: watch::Sender<bool>,
}

struct Admitted {
    at_most: usize,
    each: usize,
    /// How many each caller has.
    now: Mutex<BTreeMap<String, usize>>,
}

/// Room for a call, free again when this is dropped.
pub struct Admission {
    admitted: Arc<Admitted>,
    caller: String,
}

impl Endless {
    /// So many at once, and so many of one caller's, so that one that opens more and more leaves room for the others.
    #[must_use]
    pub fn at_most(calls: usize, each: usize) -> Self {
        let admitted = Admitted { at_most: calls, each, now: Mutex::default() };
        Self { admitted: Arc::new(admitted), ending: watch::Sender::new(false) }
    }

    /// Room for one more of a caller's; none while there are too many.
    #[must_use]
    pub fn admit(&self, caller: &str) -> Option<Admission> {
        let mut now = self.admitted.now.lock().unwrap_or_else(PoisonError::into_inner);
        let own = now.get(caller).copied().unwrap_or(0);
        if own >= self.admitted.each || now.values().sum::<usize>() >= self.admitted.at_most {
            return None;
        }
        now.insert(caller.to_owned(), own + 1);
        Some(Admission { admitted: Arc::clone(&self.admitted), caller: caller.to_owned() })
    }

    /// Room for one more, or the refusal of a caller's; `doing` is what all of this kind do, such as `watch the market`.
    ///
    /// # Errors
    /// `RESOURCE_EXHAUSTED`, reason `TOO_MANY_WATCHERS`.
    pub fn admit_watcher(&self, caller: &Caller, doing: &str) -> Result<Admission, Status> {
        self.admit(&caller.role.to_string()).ok_or_else(|| {
            let message = format!(
                "too many callers {doing} at the moment, or too many of yours: end one, or try again later"
            );
            refused(Code::ResourceExhausted, "TOO_MANY_WATCHERS", message, [])
        })
    }

    /// Answers a call with what `tell` tells, until that ends, the caller goes away or all calls are to end. An error is told last.
    pub fn answer<T, F>(&self, admission: Admission, tell: impl FnOnce(Teller<T>) -> F) -> Told<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<(), Status>> + Send + 'static,
    {
        let (sender, receiver) = mpsc::channel(SENDING_MAX);
        let (telling, mut ending) = (tell(sender.clone()), self.ending.subscribe());
        tokio::spawn(async move {
            let _admission = admission;
            let told = tokio::select! {
                told = telling => told,
                () = sender.closed() => return,
                _ = ending.wait_for(|ending| *ending) => return,
            };
            if let Err(status) = told {
                // Whoever went away meanwhile is not told.
                let _ = sender.send(Err(status)).await;
            }
        });
        ReceiverStream::new(receiver)
    }

    /// Ends every call, now and from now on, so that a server can stop without waiting for them.
    pub fn end(&self) {
        self.ending.send_replace(true);
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        let mut now = self.admitted.now.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = now.get_mut(&self.caller) {
            *own -= 1;
            if *own == 0 {
                now.remove(&self.caller);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_caller_leaves_room_for_others_and_room_is_free_again() {
        let calls = Endless::at_most(3, 2);
        let (one, two) = (calls.admit("derby"), calls.admit("derby"));
        assert!(one.is_some() && two.is_some() && calls.admit("derby").is_none(), "enough of Derby's");
        let three = calls.admit("durham");
        assert!(three.is_some() && calls.admit("york").is_none(), "enough of all");
        drop(one);
        assert!(calls.admit("york").is_some());
        drop((two, three));
        assert!(calls.admitted.now.lock().unwrap().is_empty());
    }
}
