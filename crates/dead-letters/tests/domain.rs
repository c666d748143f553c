//! Each command, each refusal, the golden events, and that whatever is asked letters are settled once, in the order of their stream.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use care::spec::given;
use care::{Domain, Event, StreamId, Timestamp};
use dead_letters::{
    Command, DeadLetterEvent, DeadLetters, DeadLettersState, DiscardLetter, LETTERS_MAX, LetterDiscarded,
    LetterParked, LetterRetried, LetterToPark, NoteRetried, ParkLetters, REASON_CHARS_MAX,
};
use proptest::prelude::*;

const SOURCE: &str = "vacancies/region";

fn stream(name: &str) -> StreamId {
    StreamId::new("place", name)
}

fn letter(position: u64, name: &str, why: Option<&str>) -> LetterToPark {
    LetterToPark {
        position,
        stream: stream(name),
        event_type: "PlaceClaimed".to_owned(),
        version: 2,
        why: why.map(str::to_owned),
    }
}

fn park(letters: impl IntoIterator<Item = LetterToPark>) -> Command {
    let letters = letters.into_iter().collect();
    ParkLetters { source: SOURCE.to_owned(), letters, at: Timestamp::UNIX_EPOCH }.into()
}

fn parked(position: u64, name: &str, why: Option<&str>) -> DeadLetterEvent {
    LetterParked {
        source: SOURCE.to_owned(),
        position,
        stream: stream(name),
        event_type: "PlaceClaimed".to_owned(),
        version: 2,
        why: why.unwrap_or("an earlier event of its stream is parked").to_owned(),
        behind: why.is_none(),
        at: Timestamp::UNIX_EPOCH,
    }
    .into()
}

fn by() -> String {
    "service:vacancies/operator".to_owned()
}

fn note_retried(position: u64) -> Command {
    NoteRetried { source: SOURCE.to_owned(), position, by: by(), at: Timestamp::UNIX_EPOCH }.into()
}

fn retried(position: u64) -> DeadLetterEvent {
    LetterRetried { source: SOURCE.to_owned(), position, by: by(), at: Timestamp::UNIX_EPOCH }.into()
}

fn discard(position: u64, reason: &str) -> Command {
    let (source, reason) = (SOURCE.to_owned(), reason.to_owned());
    DiscardLetter { source, position, by: by(), reason, at: Timestamp::UNIX_EPOCH }.into()
}

fn discarded(position: u64, reason: &str) -> DeadLetterEvent {
    let (source, reason) = (SOURCE.to_owned(), reason.to_owned());
    LetterDiscarded { source, position, by: by(), reason, at: Timestamp::UNIX_EPOCH }.into()
}

#[test]
fn an_event_is_parked_once_and_what_is_later_in_its_stream_behind_it() {
    given::<DeadLetters>([])
        .when(park([letter(3, "a", Some("unknown")), letter(5, "a", None)]))
        .then([parked(3, "a", Some("unknown")), parked(5, "a", None)])
        .when(park([letter(3, "a", Some("unknown")), letter(5, "a", None), letter(9, "a", None)]))
        .then([parked(9, "a", None)])
        .then_state(|state| {
            let letters = state.of(SOURCE).unwrap();
            assert_eq!((state.parked(), letters.parked(), letters.of_stream(&stream("a"))), (3, 3, 3));
            assert!(letters.holds(5) && !letters.holds(4));
            assert!(letters.blocks(&stream("a"), 10) && letters.blocks(&stream("a"), 4));
            assert!(!letters.blocks(&stream("a"), 2), "what is before the letter is not behind it");
            assert!(!letters.blocks(&stream("b"), 10));
        })
        .when(park([letter(11, "b", None)]))
        .then_refused("DEAD_LETTER_NOTHING_BEFORE");
    given::<DeadLetters>([parked(3, "a", Some("unknown"))])
        .when(park([letter(2, "a", None)]))
        .then_refused("DEAD_LETTER_NOTHING_BEFORE");
    given::<DeadLetters>([])
        .when(park([letter(3, "a", Some("unknown")), letter(3, "b", Some("unknown"))]))
        .then_refused("DEAD_LETTERS_OUT_OF_ORDER");
}

#[test]
fn letters_are_settled_first_to_last_and_are_never_parked_again() {
    given::<DeadLetters>([parked(3, "a", Some("unknown")), parked(5, "a", None)])
        .when(note_retried(3))
        .then([retried(3)])
        .when(note_retried(3))
        .then_nothing()
        .when(park([letter(3, "a", Some("unknown"))]))
        .then_nothing()
        .when(discard(5, "obsolete"))
        .then([discarded(5, "obsolete")])
        .then_state(|state| {
            let letters = state.of(SOURCE).unwrap();
            assert_eq!((state.parked(), letters.first(&stream("a"))), (0, None));
            assert!(letters.holds(3) && letters.is_settled(5) && !letters.blocks(&stream("a"), 10));
        });
    let behind = || given::<DeadLetters>([parked(3, "a", Some("unknown")), parked(5, "a", None)]);
    behind().when(note_retried(5)).then_refused("DEAD_LETTER_NOT_FIRST");
    behind().when(discard(5, "obsolete")).then_refused("DEAD_LETTER_NOT_FIRST");
    behind().when(discard(4, "obsolete")).then_refused("DEAD_LETTER_UNKNOWN");
    given::<DeadLetters>([]).when(note_retried(1)).then_refused("DEAD_LETTER_UNKNOWN");
    for reason in ["", "  ", "two\nlines", &"x".repeat(REASON_CHARS_MAX + 1)] {
        behind().when(discard(3, reason)).then_refused("REASON_INVALID");
    }
}

#[test]
fn only_so_many_are_parked() {
    let many = |count: usize| (1..=count).map(|n| letter(n as u64, &n.to_string(), Some("unknown")));
    let full = given::<DeadLetters>([]).when(park(many(LETTERS_MAX))).then_events(|events| {
        assert_eq!(events.len(), LETTERS_MAX);
    });
    full.when(park([letter(LETTERS_MAX as u64 + 1, "a", Some("unknown"))])).then_refused("DEAD_LETTERS_FULL");
}

#[test]
fn what_was_wrong_is_kept_up_to_a_length() {
    given::<DeadLetters>([]).when(park([letter(1, "a", Some(&"é".repeat(9_000)))])).then_events(|events| {
        let [DeadLetterEvent::LetterParked(parked)] = events else { panic!("{events:?}") };
        assert_eq!(parked.why.chars().count(), REASON_CHARS_MAX);
    });
}

#[test]
fn letters_are_listed_after_any_of_them() {
    let mut state = DeadLettersState::default();
    for source in ["contracts/E06000015", SOURCE] {
        for position in [3, 5] {
            let event = LetterParked {
                source: source.to_owned(),
                position,
                stream: stream("a"),
                event_type: "X".to_owned(),
                version: 1,
                why: "unknown".to_owned(),
                behind: false,
                at: Timestamp::UNIX_EPOCH,
            };
            DeadLetters::evolve(&mut state, &event.into());
        }
    }
    let after = |after| -> Vec<(&str, u64)> {
        state.letters_after(after).map(|(source, position, _)| (source, position)).collect()
    };
    let council = "contracts/E06000015";
    assert_eq!(after(None), [(council, 3), (council, 5), (SOURCE, 3), (SOURCE, 5)]);
    assert_eq!(after(Some((council, 3))), [(council, 5), (SOURCE, 3), (SOURCE, 5)]);
    assert_eq!(after(Some((council, 9))), [(SOURCE, 3), (SOURCE, 5)]);
    assert_eq!(after(Some((SOURCE, u64::MAX))), []);
}

/// Events once released are for ever: these bytes must be readable by every later version.
#[test]
fn golden_events() {
    let goldens = [
        (
            parked(3, "SC1-01", Some("unknown")),
            r#"{"source":"vacancies/region","position":3,"stream":"place/SC1-01","event_type":"PlaceClaimed","version":2,"why":"unknown","behind":false,"at":"1970-01-01T00:00:00Z"}"#,
        ),
        (
            retried(3),
            r#"{"source":"vacancies/region","position":3,"by":"service:vacancies/operator","at":"1970-01-01T00:00:00Z"}"#,
        ),
        (
            discarded(3, "obsolete"),
            r#"{"source":"vacancies/region","position":3,"by":"service:vacancies/operator","reason":"obsolete","at":"1970-01-01T00:00:00Z"}"#,
        ),
    ];
    for (event, golden) in goldens {
        assert_eq!(String::from_utf8(event.encode()).unwrap(), golden);
        assert_eq!(DeadLetterEvent::decode(event.event_type(), 1, golden.as_bytes()).unwrap(), event);
        assert_eq!(event.stream().as_str(), "log/vacancies/region");
    }
}

fn any_command() -> impl Strategy<Value = Command> {
    let name = prop_oneof![Just("a"), Just("b")];
    prop_oneof![
        (1..12_u64, name, any::<bool>()).prop_map(|(position, name, bad)| park([letter(
            position,
            name,
            bad.then_some("unknown")
        )])),
        (1..12_u64).prop_map(note_retried),
        (1..12_u64).prop_map(|position| discard(position, "obsolete")),
    ]
}

proptest! {
    #[test]
    fn whatever_is_asked_a_letter_is_settled_once_and_first_of_its_stream(
        commands in proptest::collection::vec(any_command(), 1..60)
    ) {
        let mut state = DeadLettersState::default();
        let mut waiting: Vec<(u64, StreamId)> = Vec::new();
        let mut settled = Vec::new();
        for command in &commands {
            for event in DeadLetters::decide(&state, command).unwrap_or_default() {
                match &event {
                    DeadLetterEvent::LetterParked(parked) => {
                        let known = waiting.iter().any(|(position, _)| *position == parked.position);
                        prop_assert!(!known && !settled.contains(&parked.position), "parked twice");
                        waiting.push((parked.position, parked.stream.clone()));
                    }
                    DeadLetterEvent::LetterRetried(LetterRetried { position, .. })
                    | DeadLetterEvent::LetterDiscarded(LetterDiscarded { position, .. }) => {
                        let at = waiting.iter().position(|(waits, _)| waits == position).expect("it was parked");
                        let (_, stream) = waiting.remove(at);
                        let earlier = waiting.iter().any(|(other, of)| *of == stream && other < position);
                        prop_assert!(!earlier, "settled before the first of its stream");
                        settled.push(*position);
                    }
                }
                DeadLetters::evolve(&mut state, &event);
            }
            prop_assert_eq!(state.parked(), waiting.len());
            prop_assert_eq!(state.letters_after(None).count(), waiting.len());
        }
    }
}
