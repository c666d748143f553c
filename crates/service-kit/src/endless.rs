//! Calls that have no end of their own: how many there may be at once, how many of one caller's, and how they end when the service does.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::watch;

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
