//! Sets of nights, as runs that do not overlap.

use super::heard::Spans;
use care::{Date, Nights};

/// The nights of spans of days, each night once, in order.
pub(super) fn nights_of(spans: &Spans) -> Vec<Nights> {
    joined(spans.iter().map(|(from, until)| Nights::from_on(*from, *until)).collect())
}

/// The same nights in runs that neither overlap nor touch, in order.
pub(super) fn joined(mut nights: Vec<Nights>) -> Vec<Nights> {
    nights.sort_unstable_by_key(|run| (run.start(), run.end()));
    let mut runs: Vec<Nights> = Vec::with_capacity(nights.len());
    for run in nights {
        match runs.last_mut() {
            Some(last) if run.start() <= last.end() => {
                *last = between(last.start(), last.end().max(run.end()));
            }
            _ => runs.push(run),
        }
    }
    runs.retain(|run| !run.is_empty());
    runs
}

/// The nights that are in both.
pub(super) fn common(one: &[Nights], other: &[Nights]) -> Vec<Nights> {
    let pairs = one.iter().flat_map(|run| other.iter().map(move |of| (run, of)));
    let both = pairs.map(|(run, of)| between(run.start().max(of.start()), run.end().min(of.end())));
    both.filter(|run| !run.is_empty()).collect()
}

/// The nights that are in one and not in the other.
pub(super) fn without(one: &[Nights], other: &[Nights]) -> Vec<Nights> {
    let mut left = one.to_vec();
    for gone in other.iter().filter(|run| !run.is_empty()) {
        let cut = |run: &Nights| {
            let before = between(run.start(), run.end().min(gone.start()));
            let after = between(run.start().max(gone.end()), run.end());
            [before, after]
        };
        left = left.iter().flat_map(cut).filter(|run| !run.is_empty()).collect();
    }
    left
}

/// How many nights.
pub(super) fn count(nights: &[Nights]) -> i64 {
    nights.iter().map(Nights::count).sum()
}

/// The nights [from, until); none if it ends before it begins.
fn between(from: Date, until: Date) -> Nights {
    Nights::from_on(from, Some(until))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn may(from: i8, until: i8) -> Nights {
        between(date(2026, 5, from), date(2026, 5, until))
    }

    #[test]
    fn nights_are_in_a_set_once_and_sets_are_cut_by_each_other() {
        assert_eq!(joined(vec![may(5, 9), may(1, 3), may(3, 6), may(20, 20)]), [may(1, 9)]);
        let (one, other) = ([may(1, 10), may(20, 25)], [may(4, 6), may(9, 22)]);
        assert_eq!(common(&one, &other), [may(4, 6), may(9, 10), may(20, 22)]);
        assert_eq!(without(&one, &other), [may(1, 4), may(6, 9), may(22, 25)]);
        assert_eq!(without(&one, &[]), one);
        assert_eq!(count(&one), 14);
        assert!(without(&one, &[may(1, 30)]).is_empty() && common(&one, &[may(10, 20)]).is_empty());
    }
}
