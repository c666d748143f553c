//! Specifications of a domain in given/when/then form, for the tests of every service's domain crate:
//!
//! ```text
//! given::<Market>([registered().into()]).when(command).then([opened().into()]).when(again).then_refused("PLACE_EXISTS");
//! ```
//!
//! Every step also checks what all domains promise: the decision is the same when asked twice, each event survives its
//! encoding, and the state after a snapshot is the state before it. What the state should be is for the caller to say
//! (`then_state`).

use crate::domain::{Decided, Domain, Event, Refusal};
use std::fmt::{Debug, Write};

/// A domain whose events so far have happened.
pub struct Given<D: Domain> {
    state: D::State,
}

/// What a decision gave, to be compared with what was expected.
pub struct Decision<D: Domain> {
    state: D::State,
    decided: Decided<D>,
}

/// The state after `events`; `[]` for a new log.
///
/// # Panics
/// When an event does not survive its encoding.
#[track_caller]
#[must_use]
pub fn given<D: Domain>(events: impl IntoIterator<Item = D::Event>) -> Given<D>
where
    D::Event: Debug + PartialEq,
{
    Given { state: D::State::default() }.and(events)
}

impl<D: Domain> Given<D>
where
    D::Event: Debug + PartialEq,
{
    /// The state after these events as well.
    ///
    /// # Panics
    /// When an event does not survive its encoding, or the state a snapshot.
    #[track_caller]
    #[must_use]
    pub fn and(mut self, events: impl IntoIterator<Item = D::Event>) -> Self {
        for event in events {
            let decoded = D::Event::decode(event.event_type(), event.version(), &event.encode());
            match decoded {
                Ok(decoded) => expect_same("the event after encoding and decoding", &event, &decoded),
                Err(error) => panic!("an event cannot be read back: {error}\n{event:#?}"),
            }
            D::evolve(&mut self.state, &event);
        }
        let snapshot = to_json(&self.state);
        match serde_json::from_str::<D::State>(&snapshot) {
            Ok(restored) => assert_eq!(to_json(&restored), snapshot, "the state changed in a snapshot"),
            Err(error) => panic!("a snapshot of the state cannot be read back: {error}\n{snapshot}"),
        }
        self
    }

    /// Decides `command` in this state.
    ///
    /// # Panics
    /// When the same command is decided differently the second time.
    #[track_caller]
    #[must_use]
    pub fn when(self, command: impl Into<D::Command>) -> Decision<D> {
        let command = command.into();
        let decided = D::decide(&self.state, &command);
        let again = D::decide(&self.state, &command);
        match (&decided, &again) {
            (Ok(first), Ok(second)) => expect_same("the second decision of the same command", first, second),
            (Err(first), Err(second)) => {
                assert_eq!(first.reason(), second.reason(), "refused differently the second time")
            }
            _ => panic!("the same command was accepted once and refused once"),
        }
        Decision { state: self.state, decided }
    }

    /// The state, for a test that goes on by itself.
    #[must_use]
    pub fn into_state(self) -> D::State {
        self.state
    }

    /// Looks at the state, to assert what it should be.
    #[track_caller]
    pub fn then_state(self, look: impl FnOnce(&D::State)) -> Self {
        look(&self.state);
        self
    }
}

impl<D: Domain> Decision<D>
where
    D::Event: Debug + PartialEq,
{
    /// Exactly these events were decided; gives the state after them.
    ///
    /// # Panics
    /// When it was refused, or other events were decided.
    #[track_caller]
    pub fn then(self, expected: impl IntoIterator<Item = D::Event>) -> Given<D> {
        let expected: Vec<_> = expected.into_iter().collect();
        let events = self.accepted();
        expect_same("the events", expected.as_slice(), events);
        self.go_on()
    }

    /// It was accepted and there was nothing to do.
    ///
    /// # Panics
    /// When it was refused, or something was decided.
    #[track_caller]
    pub fn then_nothing(self) -> Given<D> {
        self.then([])
    }

    /// It was accepted, and `look` asserts what the events should be.
    ///
    /// # Panics
    /// When it was refused.
    #[track_caller]
    pub fn then_events(self, look: impl FnOnce(&[D::Event])) -> Given<D> {
        look(self.accepted());
        self.go_on()
    }

    /// It was refused for `reason`; gives the refusal.
    ///
    /// # Panics
    /// When it was accepted, or refused for another reason.
    #[track_caller]
    pub fn then_refused(self, reason: &str) -> D::Rejection {
        match self.decided {
            Ok(events) => {
                panic!("expected the refusal {reason}, but these events were decided:\n{events:#?}")
            }
            Err(refusal) => {
                assert_eq!(refusal.reason(), reason, "refused for another reason: {refusal}");
                assert!(
                    reason
                        .bytes()
                        .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_'),
                    "the reason {reason} is not UPPER_SNAKE"
                );
                refusal
            }
        }
    }

    #[track_caller]
    fn accepted(&self) -> &[D::Event] {
        match &self.decided {
            Ok(events) => events,
            Err(refusal) => panic!("refused with {}: {refusal}", refusal.reason()),
        }
    }

    #[track_caller]
    fn go_on(self) -> Given<D> {
        let events = self.decided.unwrap_or_default();
        Given { state: self.state }.and(events)
    }
}

#[track_caller]
fn to_json<S: serde::Serialize>(state: &S) -> String {
    match serde_json::to_string(state) {
        Ok(text) => text,
        Err(error) => panic!("the state has no JSON form: {error}"),
    }
}

#[track_caller]
fn expect_same<T: PartialEq + Debug + ?Sized>(what: &str, expected: &T, found: &T) {
    if expected != found {
        let (expected, found) = (format!("{expected:#?}"), format!("{found:#?}"));
        panic!("{what} differ (- expected, + found):\n{}", difference(&expected, &found));
    }
}

/// The lines of both texts in order, those of one alone marked; by longest common subsequence.
fn difference(expected: &str, found: &str) -> String {
    let (left, right): (Vec<_>, Vec<_>) = (expected.lines().collect(), found.lines().collect());
    let mut common = vec![vec![0_usize; right.len() + 1]; left.len() + 1];
    for (i, line) in left.iter().enumerate().rev() {
        for (j, other) in right.iter().enumerate().rev() {
            common[i][j] =
                if line == other { common[i + 1][j + 1] + 1 } else { common[i + 1][j].max(common[i][j + 1]) };
        }
    }
    let (mut i, mut j, mut text) = (0, 0, String::new());
    while i < left.len() || j < right.len() {
        let (mark, line) = if i < left.len() && j < right.len() && left[i] == right[j] {
            (i, j) = (i + 1, j + 1);
            (' ', left[i - 1])
        } else if j == right.len() || (i < left.len() && common[i + 1][j] >= common[i][j + 1]) {
            i += 1;
            ('-', left[i - 1])
        } else {
            j += 1;
            ('+', right[j - 1])
        };
        let _ = writeln!(text, "{mark} {line}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{difference, given};
    use crate::domain::{Decided, Domain, EventBody, Refusal, RefusalKind, StreamId};
    use crate::ids::CouncilId;
    use serde::{Deserialize, Serialize};

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    struct Counted {
        by: u32,
    }

    impl EventBody for Counted {
        const TYPE: &'static str = "Counted";
        fn stream(&self) -> StreamId {
            StreamId::new("counter", "one")
        }
        fn council(&self) -> Option<CouncilId> {
            None
        }
    }

    crate::events! { enum CounterEvent { Counted } }

    #[derive(Debug, thiserror::Error)]
    #[error("the counter stops at ten: count less")]
    struct TooMuch;

    impl Refusal for TooMuch {
        fn reason(&self) -> &'static str {
            "TOO_MUCH"
        }
        fn kind(&self) -> RefusalKind {
            RefusalKind::Precondition
        }
    }

    struct Counter;

    impl Domain for Counter {
        type State = u32;
        type Command = u32;
        type Event = CounterEvent;
        type Rejection = TooMuch;
        fn decide(state: &u32, by: &u32) -> Decided<Self> {
            match by {
                0 => Ok(vec![]),
                by if state + by > 10 => Err(TooMuch),
                by => Ok(vec![Counted { by: *by }.into()]),
            }
        }
        fn evolve(state: &mut u32, event: &CounterEvent) {
            let CounterEvent::Counted(counted) = event;
            *state += counted.by;
        }
    }

    #[test]
    fn a_scenario_goes_on_with_the_decided_events() {
        let end = given::<Counter>([Counted { by: 3 }.into()])
            .when(4_u32)
            .then([Counted { by: 4 }.into()])
            .when(0_u32)
            .then_nothing()
            .then_state(|state| assert_eq!(*state, 7));
        assert_eq!(
            end.when(4_u32).then_refused("TOO_MUCH").to_string(),
            "the counter stops at ten: count less"
        );
    }

    #[test]
    #[should_panic(expected = "-             by: 5,\n+             by: 4,")]
    fn other_events_than_expected_fail_with_their_difference() {
        let _ = given::<Counter>([]).when(4_u32).then([Counted { by: 5 }.into()]);
    }

    #[test]
    #[should_panic(expected = "refused with TOO_MUCH: the counter stops at ten")]
    fn an_unexpected_refusal_fails_with_its_words() {
        let _ = given::<Counter>([]).when(11_u32).then_nothing();
    }

    #[test]
    #[should_panic(expected = "expected the refusal TOO_MUCH")]
    fn an_unexpected_success_fails() {
        let _ = given::<Counter>([]).when(1_u32).then_refused("TOO_MUCH");
    }

    #[test]
    fn a_difference_keeps_the_common_lines() {
        assert_eq!(difference("a\nb\nc", "a\nx\nc"), "  a\n- b\n+ x\n  c\n");
    }
}
