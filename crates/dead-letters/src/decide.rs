//! What may be parked, and in which order letters are settled.

use crate::commands::{Command, DiscardLetter, LetterToPark, NoteRetried, ParkLetters};
use crate::events::{DeadLetterEvent, LetterDiscarded, LetterParked, LetterRetried};
use crate::rejection::DeadLetterRejection;
use crate::state::DeadLettersState;
use crate::{LETTERS_MAX, REASON_CHARS_MAX};
use care::StreamId;
use std::collections::BTreeSet;

type Decided = Result<Vec<DeadLetterEvent>, DeadLetterRejection>;

pub(crate) fn decide(state: &DeadLettersState, command: &Command) -> Decided {
    match command {
        Command::Park(park) => self::park(state, park),
        Command::Retried(retried) => note_retried(state, retried),
        Command::Discard(discard) => self::discard(state, discard),
    }
}

fn park(state: &DeadLettersState, park: &ParkLetters) -> Decided {
    let known = state.of(&park.source);
    let mut parked_now: BTreeSet<&StreamId> = BTreeSet::new();
    let mut last = 0;
    let mut events = Vec::new();
    for letter in &park.letters {
        if letter.position <= last {
            return Err(DeadLetterRejection::OutOfOrder { position: letter.position, last });
        }
        last = letter.position;
        if known.is_some_and(|known| known.holds(letter.position)) {
            continue;
        }
        let behind = known.is_some_and(|known| known.blocks(&letter.stream, letter.position))
            || parked_now.contains(&letter.stream);
        if letter.why.is_none() && !behind {
            return Err(DeadLetterRejection::NothingBefore {
                log: park.source.clone(),
                position: letter.position,
                stream: letter.stream.to_string(),
            });
        }
        parked_now.insert(&letter.stream);
        events.push(parked(park, letter).into());
    }
    if state.parked() + events.len() > LETTERS_MAX {
        return Err(DeadLetterRejection::Full { parked: state.parked() });
    }
    Ok(events)
}

fn parked(park: &ParkLetters, letter: &LetterToPark) -> LetterParked {
    let why = letter.why.as_deref().unwrap_or("an earlier event of its stream is parked");
    LetterParked {
        source: park.source.clone(),
        position: letter.position,
        stream: letter.stream.clone(),
        event_type: letter.event_type.clone(),
        version: letter.version,
        why: why.chars().take(REASON_CHARS_MAX).collect(),
        behind: letter.why.is_none(),
        at: park.at,
    }
}

fn note_retried(state: &DeadLettersState, retried: &NoteRetried) -> Decided {
    let NoteRetried { source, position, by, at } = retried;
    if state.of(source).is_some_and(|letters| letters.is_settled(*position)) {
        return Ok(Vec::new());
    }
    check_first(state, source, *position)?;
    Ok(vec![LetterRetried { source: source.clone(), position: *position, by: by.clone(), at: *at }.into()])
}

fn discard(state: &DeadLettersState, discard: &DiscardLetter) -> Decided {
    let DiscardLetter { source, position, by, reason, at } = discard;
    let chars = reason.chars().count();
    if reason.trim().is_empty() || chars > REASON_CHARS_MAX || reason.chars().any(char::is_control) {
        return Err(DeadLetterRejection::ReasonInvalid { chars });
    }
    check_first(state, source, *position)?;
    let (source, by, reason) = (source.clone(), by.clone(), reason.clone());
    Ok(vec![LetterDiscarded { source, position: *position, by, reason, at: *at }.into()])
}

/// That there is such a letter, and none of its stream before it.
fn check_first(state: &DeadLettersState, source: &str, position: u64) -> Result<(), DeadLetterRejection> {
    let letters = state.of(source);
    let Some((letters, letter)) =
        letters.and_then(|letters| letters.letter(position).map(|letter| (letters, letter)))
    else {
        return Err(DeadLetterRejection::Unknown { log: source.to_owned(), position });
    };
    match letters.first(&letter.stream) {
        Some(first) if first < position => Err(DeadLetterRejection::NotFirst {
            log: source.to_owned(),
            position,
            first,
            stream: letter.stream.to_string(),
        }),
        _ => Ok(()),
    }
}
