//! Everything that is in the way of an award, in the order in which it is judged: all of it is told at once, and the first gives the reason.

use crate::rejection::Rejection;

/// What was found so far.
#[derive(Debug, Default)]
pub(super) struct Obstacles(Vec<Rejection>);

impl Obstacles {
    /// Whether nothing was found.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Notes an obstacle, once.
    pub(super) fn add(&mut self, found: Rejection) {
        if !self.0.contains(&found) {
            self.0.push(found);
        }
    }

    /// What a check gives; notes why where it gives nothing.
    pub(super) fn unless<T>(&mut self, checked: Result<T, Rejection>) -> Option<T> {
        checked.map_err(|found| self.add(found)).ok()
    }

    /// Refuses where anything was found.
    pub(super) fn none(self) -> Result<(), Rejection> {
        let mut found = self.0.into_iter();
        let Some(first) = found.next() else { return Ok(()) };
        let others: Vec<Rejection> = found.collect();
        Err(if others.is_empty() { first } else { Rejection::Several { first: Box::new(first), others } })
    }
}
