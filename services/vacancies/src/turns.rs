//! Councils take turns at the market. What many ask at the same moment is decided a few at a time, and whose is next goes round by
//! council: a system that sends a hundred requests at once gets as far ahead as its council's turns let it, and no farther. While fewer ask
//! than are decided at a time, nobody waits.

use care::CouncilId;
use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// How many are decided at a time: enough for a commit to be worth its while.
const AT_A_TIME: usize = 8;

/// Who is at it, and who waits. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Turns(Arc<Mutex<Queue>>);

#[derive(Default)]
struct Queue {
    at_it: usize,
    waiting: BTreeMap<CouncilId, VecDeque<oneshot::Sender<Turn>>>,
    /// Who had the last turn.
    last: Option<CouncilId>,
}

/// A turn; the next one has it when this is dropped.
#[derive(Debug)]
pub(crate) struct Turn(Option<Turns>);

impl std::fmt::Debug for Turns {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Turns")
    }
}

impl Turns {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the council's turn. Whoever gives up waiting is passed over.
    pub(crate) async fn of(&self, council: CouncilId) -> Turn {
        let turn = {
            let mut queue = self.queue();
            if queue.at_it < AT_A_TIME {
                queue.at_it += 1;
                return Turn(Some(self.clone()));
            }
            let (sender, turn) = oneshot::channel();
            queue.waiting.entry(council).or_default().push_back(sender);
            turn
        };
        // The sender is in the queue until it gives the turn.
        turn.await.unwrap_or(Turn(None))
    }
}

impl Queue {
    /// The longest waiting of the council after the one that had the last turn.
    fn next(&mut self) -> Option<oneshot::Sender<Turn>> {
        self.waiting.retain(|_, of_council| {
            of_council.retain(|waiting| !waiting.is_closed());
            !of_council.is_empty()
        });
        let after = self.last.map_or(Bound::Unbounded, Bound::Excluded);
        let next =
            self.waiting.range((after, Bound::Unbounded)).next().or_else(|| self.waiting.iter().next());
        let council = *next?.0;
        let of_council = self.waiting.get_mut(&council)?;
        let first = of_council.pop_front();
        if of_council.is_empty() {
            self.waiting.remove(&council);
        }
        self.last = Some(council);
        first
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let Some(turns) = self.0.take() else { return };
        loop {
            let next = {
                let mut queue = turns.queue();
                let next = queue.next();
                // In one look, so that nobody begins to wait in between for a turn that is not given on.
                if next.is_none() {
                    queue.at_it -= 1;
                }
                next
            };
            match next.map(|next| next.send(Turn(Some(turns.clone())))) {
                None | Some(Ok(())) => return,
                // It gave up. What comes back has the turn, which goes on to whoever is next after it.
                Some(Err(mut turn)) => turn.0 = None,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    fn council(gss: &str) -> CouncilId {
        gss.parse().unwrap()
    }

    #[tokio::test]
    async fn whose_turn_is_next_goes_round_by_council() {
        let turns = Turns::default();
        let (derby, durham, york) = (council("E06000015"), council("E06000047"), council("E06000014"));
        let mut at_it: Vec<Turn> = Vec::new();
        for _ in 0..AT_A_TIME {
            at_it.push(turns.of(derby).now_or_never().expect("nobody waits while there is room"));
        }
        let mut waiting = Vec::new();
        for who in [derby, derby, derby, derby, durham, york, durham] {
            let mut turn = Box::pin(turns.of(who));
            assert!(turn.as_mut().now_or_never().is_none());
            waiting.push((who, turn));
        }
        // The second of Derby's gives up.
        drop(waiting.remove(1));
        let mut served = Vec::new();
        while !waiting.is_empty() {
            drop(at_it.pop());
            let mut ready = None;
            for (place, (_, turn)) in waiting.iter_mut().enumerate() {
                if let Some(turn) = turn.as_mut().now_or_never() {
                    assert!(ready.replace((place, turn)).is_none(), "one at a time");
                }
            }
            let (place, turn) = ready.expect("a turn that ends is the next one's");
            served.push(waiting.remove(place).0);
            at_it.push(turn);
        }
        assert_eq!(served, [york, derby, durham, derby, durham, derby]);
        at_it.clear();
        assert_eq!(turns.queue().at_it, 0);
        assert!(turns.of(york).now_or_never().is_some());
    }

    #[tokio::test]
    async fn a_turn_that_nobody_took_up_is_not_lost() {
        let turns = Turns::default();
        let derby = council("E06000015");
        let mut at_it: Vec<Turn> = Vec::new();
        for _ in 0..AT_A_TIME {
            at_it.push(turns.of(derby).await);
        }
        let mut given_up = Box::pin(turns.of(derby));
        assert!(given_up.as_mut().now_or_never().is_none());
        // It is given the turn, and gone before it takes it up.
        at_it.clear();
        drop(given_up);
        assert_eq!(turns.queue().at_it, 0);
    }
}
